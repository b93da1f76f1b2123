//! The staged copy: everything that one publication is going to add, and nothing else of the run folder; an allow-list, file
//! by file. It is what the audit looks at and what is then copied out.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::AttestationFolder;
use super::files::files_below;
use super::page::{PAGE_DIGESTS, page_digests};
use crate::error::Error;
use crate::home::{Run, folder_name};

/// The page's two forms: hosted, with its parts beside it, and one file that works from a disk.
pub const PAGE_FORMS: [&str; 2] = ["index.html", "verify.html"];

/// What both hold where the policy belongs.
const POLICY_PLACE: &str = "%POR_POLICY%";

/// Everything of one attestation.
///
/// # Errors
/// [`Error::Io`], [`Error::Protocol`].
pub fn stage_attestation(run: &Run, to: &AttestationFolder) -> Result<(), Error> {
    let (plan, _) = run.plan()?;
    let attested = AttestationFolder::at(&run.attested_path());
    std::fs::create_dir_all(to.path()).map_err(Error::io(to.path()))?;
    for (from, to) in [
        (attested.json(), to.json()),
        (attested.note(), to.note()),
        (attested.books(), to.books()),
        (attested.reserves(), to.reserves()),
    ] {
        stage_file(&from, &to)?;
    }
    if attested.annexes().exists() {
        stage_tree(&attested.annexes(), &to.annexes())?;
    }
    for book in &plan.books {
        stage_tree(
            &run.book_path(book).join("tiles"),
            &to.tiles(&folder_name(book)),
        )?;
    }
    Ok(())
}

/// The page with the policy compiled in, the page's only trust root; and the digests of its files.
///
/// # Errors
/// [`Error::Input`] for what is no page, [`Error::Io`].
pub fn stage_page(page: &Path, to: &Path, policy: &[u8]) -> Result<(), Error> {
    check_page(page, page)?;
    stage_tree(page, to)?;
    for form in PAGE_FORMS {
        let path = to.join(form);
        let html = with_policy(&page.join(form), policy)?;
        // A file of its own: the staged name may be a link to the page's.
        std::fs::remove_file(&path).map_err(Error::io(&path))?;
        std::fs::write(&path, html).map_err(Error::io(&path))?;
    }
    let list = to.join(PAGE_DIGESTS);
    std::fs::write(&list, page_digests(to, None)?).map_err(Error::io(&list))
}

/// One form of the built page, with the policy in its place.
///
/// # Errors
/// [`Error::Input`] where there is no single place for it, [`Error::Io`].
pub fn with_policy(form: &Path, policy: &[u8]) -> Result<String, Error> {
    let html = std::fs::read_to_string(form).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Error::input(
            form,
            "the page is not complete",
            "Give the folder that `npm run build` writes.",
        ),
        _ => Error::io(form)(error),
    })?;
    if html.matches(POLICY_PLACE).count() != 1 {
        return Err(Error::input(
            form,
            "it has no single place for the policy",
            "Give the folder that `npm run build` writes.",
        ));
    }
    Ok(html.replace(POLICY_PLACE, &escape_html(&String::from_utf8_lossy(policy))))
}

/// Whether this form of a published page holds this policy and no other.
#[must_use]
pub fn holds_policy(html: &[u8], policy: &[u8]) -> bool {
    // It stands alone in its element, and holds no angle bracket itself.
    let element = format!(">{}<", escape_html(&String::from_utf8_lossy(policy)));
    let mut places = html.windows(element.len());
    places.any(|place| place == element.as_bytes())
}

/// A page is its two forms and `assets/` with files of these kinds; whatever else lies there is not published.
fn check_page(page: &Path, folder: &Path) -> Result<(), Error> {
    for entry in std::fs::read_dir(folder).map_err(Error::io(folder))? {
        let path = entry.map_err(Error::io(folder))?.path();
        let kind = std::fs::symlink_metadata(&path)
            .map_err(Error::io(&path))?
            .file_type();
        let ending = path.extension().and_then(|ending| ending.to_str());
        let expected = if folder == page {
            (kind.is_file() && PAGE_FORMS.iter().any(|form| path.ends_with(form)))
                || (kind.is_dir() && path.ends_with("assets"))
        } else {
            kind.is_file() && matches!(ending, Some("js" | "css" | "json" | "wasm"))
        };
        if !expected {
            return Err(Error::input(
                &path,
                "it is no part of the page",
                "Give the folder that `npm run build` writes, and nothing else in it.",
            ));
        }
        if kind.is_dir() {
            check_page(page, &path)?;
        }
    }
    Ok(())
}

fn escape_html(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// A second name for the file where the file system allows it, so that packs are not written twice; else a copy.
fn stage_file(from: &Path, to: &Path) -> Result<(), Error> {
    if std::fs::hard_link(from, to).is_ok() {
        return Ok(());
    }
    std::fs::copy(from, to).map_err(Error::io(from))?;
    std::fs::set_permissions(to, std::fs::Permissions::from_mode(0o644)).map_err(Error::io(to))
}

fn stage_tree(from: &Path, to: &Path) -> Result<(), Error> {
    for file in files_below(from)? {
        let target = to.join(&file);
        if let Some(parent) = target.parent() {
            std::fs::create_dir_all(parent).map_err(Error::io(parent))?;
        }
        stage_file(&from.join(&file), &target)?;
    }
    Ok(())
}
