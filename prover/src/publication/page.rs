//! The digests of a page, as `sha256sum` writes and checks them: what is built from the same source has the same ones.

use std::fmt::Write as _;
use std::path::Path;

use por_protocol::digest::Digest;

use super::files::files_below;
use super::stage::{PAGE_FORMS, with_policy};
use crate::error::Error;

/// File of the publication that lists the digests of the page's files.
pub(super) const PAGE_DIGESTS: &str = "page.sha256";

/// The SHA-256 of every file below `page`, one line each, in the order of their paths; not of a list that lies there.
///
/// With a policy: the list that `por publish` writes for this built page and that policy.
///
/// # Errors
/// [`Error::Input`] for what is no built page where a policy is given, [`Error::Io`].
pub fn page_digests(page: &Path, policy: Option<&[u8]>) -> Result<String, Error> {
    let mut lines = String::new();
    for file in files_below(page)? {
        if file.as_os_str() == PAGE_DIGESTS {
            continue;
        }
        let path = page.join(&file);
        let bytes = match policy {
            Some(policy) if PAGE_FORMS.iter().any(|form| file.as_os_str() == *form) => {
                with_policy(&path, policy)?.into_bytes()
            }
            _ => std::fs::read(&path).map_err(Error::io(&path))?,
        };
        // Writing to a string cannot fail.
        let _ = writeln!(lines, "{}  {}", Digest::of(&bytes), file.display());
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::super::stage::stage_page;
    use super::*;

    fn built_page() -> tempfile::TempDir {
        let page = tempfile::tempdir().unwrap();
        std::fs::create_dir(page.path().join("assets")).unwrap();
        for (name, content) in [
            ("index.html", "<p>%POR_POLICY%</p>"),
            ("verify.html", "<b>%POR_POLICY%</b>"),
            ("assets/a.js", "abc"),
        ] {
            std::fs::write(page.path().join(name), content).unwrap();
        }
        page
    }

    #[test]
    fn the_list_is_what_sha256sum_writes() {
        // `printf abc | sha256sum`, FIPS 180-4's first example.
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let list = page_digests(built_page().path(), None).unwrap();
        let mut lines = list.lines();
        assert_eq!(lines.next(), Some(format!("{abc}  assets/a.js").as_str()));
        let names: Vec<_> = lines.filter_map(|line| line.split("  ").nth(1)).collect();
        assert_eq!(names, ["index.html", "verify.html"]);
        assert!(list.ends_with('\n'));
    }

    #[test]
    fn w_02_the_published_list_follows_from_the_page_and_the_policy_alone() {
        let page = built_page();
        let first = page_digests(page.path(), Some(b"log x\n")).unwrap();
        assert_eq!(first, page_digests(page.path(), Some(b"log x\n")).unwrap());
        let other = page_digests(page.path(), Some(b"log y\n")).unwrap();
        let changed = first.lines().zip(other.lines()).filter(|(a, b)| a != b);
        assert_eq!(changed.count(), 2);
        // What was published has that list beside it, and the list is not part of itself.
        let staged = tempfile::tempdir().unwrap();
        let to = staged.path().join("page");
        stage_page(page.path(), &to, b"log x\n").unwrap();
        assert_eq!(
            std::fs::read_to_string(to.join(PAGE_DIGESTS)).unwrap(),
            first
        );
        assert_eq!(page_digests(&to, None).unwrap(), first);
        // The built page stays as it was.
        assert!(page_digests(&to, Some(b"log x\n")).is_err());
    }
}
