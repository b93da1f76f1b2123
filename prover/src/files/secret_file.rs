//! Files that hold secrets: mode 0600, made from the operating system's randomness, refused when anyone else can read
//! them (DESIGN §7). No error shows any of their content.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use por_protocol::note::{KeyName, SignerKey};
use por_protocol::run_key::RunKey;
use zeroize::Zeroizing;

use crate::error::Error;
use crate::files::durable;

/// Key files are a line of text; anything longer is another file.
const MAX_BYTES: u64 = 4096;

/// 32 bytes from the operating system.
///
/// # Errors
/// [`Error::Io`] if it has none to give.
pub fn random_32() -> Result<Zeroizing<[u8; 32]>, Error> {
    let mut bytes = Zeroizing::new([0; 32]);
    getrandom::fill(bytes.as_mut_slice()).map_err(|source| Error::Io {
        path: "the operating system's random numbers".into(),
        source: std::io::Error::other(source),
    })?;
    Ok(bytes)
}

/// Creates a file that only its owner can read, and refuses to replace one.
///
/// # Errors
/// [`Error::InTheWay`] if it exists, [`Error::Io`].
pub fn create(path: &Path, content: &[u8]) -> Result<(), Error> {
    // Whole or absent, and there for good before anything is signed with it: a key that a power loss took, or that is half
    // written, cannot be made again.
    let temporary = durable::temporary(path);
    let mut file = create_private(&temporary)?;
    let placed = file
        .write_all(content)
        .and_then(|()| file.sync_all())
        // A second name, which unlike a rename never takes the place of a file.
        .and_then(|()| std::fs::hard_link(&temporary, path));
    std::fs::remove_file(&temporary).map_err(Error::io(&temporary))?;
    placed.map_err(|source| {
        if source.kind() == std::io::ErrorKind::AlreadyExists {
            Error::InTheWay {
                path: path.to_owned(),
                why: "this secret exists already and is never overwritten".into(),
                remedy: "Move it away if you really mean to replace it.".into(),
            }
        } else {
            Error::Io {
                path: path.to_owned(),
                source,
            }
        }
    })?;
    durable::sync_parent(path)
}

/// Opens a secret file for reading after checking that nobody else could.
///
/// # Errors
/// [`Error::InTheWay`] for a link, another kind of file or loose permissions; [`Error::Io`].
pub fn open(path: &Path) -> Result<File, Error> {
    let refuse = |why: &str, remedy: &str| {
        Err(Error::InTheWay {
            path: path.to_owned(),
            why: why.into(),
            remedy: remedy.into(),
        })
    };
    let link = std::fs::symlink_metadata(path).map_err(Error::io(path))?;
    if link.file_type().is_symlink() {
        return refuse(
            "a secret must not be a symbolic link",
            "Put the file itself there.",
        );
    }
    // The link check above is for a clear message; this flag is what closes the race. A pipe would hold its opener.
    let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(flags.bits().cast_signed())
        .open(path)
        .map_err(Error::io(path))?;
    let metadata = file.metadata().map_err(Error::io(path))?;
    if !metadata.is_file() {
        return refuse(
            "a secret must be a regular file",
            "Put a regular file there.",
        );
    }
    if metadata.mode() & 0o077 != 0 {
        let remedy = format!("Run: chmod 600 {}", path.display());
        return refuse("its group or others have access to this secret", &remedy);
    }
    Ok(file)
}

/// Reads a secret key.
///
/// # Errors
/// As [`open`], and [`Error::InTheWay`] for a file too long for a key, or an empty one.
pub fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, Error> {
    let file = open(path)?;
    let bytes = file.metadata().map_err(Error::io(path))?.len();
    if bytes == 0 || bytes > MAX_BYTES {
        return Err(Error::InTheWay {
            path: path.to_owned(),
            why: "it has the wrong size for a secret key".into(),
            remedy: "Restore it from a backup.".into(),
        });
    }
    let mut content = Zeroizing::new(Vec::with_capacity(MAX_BYTES as usize));
    file.take(MAX_BYTES)
        .read_to_end(&mut content)
        .map_err(Error::io(path))?;
    Ok(content)
}

/// Writes a run key as one line of hex.
///
/// # Errors
/// As [`create`].
pub fn write_run_key(path: &Path, key: &RunKey) -> Result<(), Error> {
    let mut text = Zeroizing::new(hex::encode(key.as_bytes()));
    text.push('\n');
    create(path, text.as_bytes())
}

/// Reads a run key: 64 hex characters and a line feed.
///
/// # Errors
/// As [`read`]; [`Error::Input`] if it is malformed or weak.
pub fn read_run_key(path: &Path) -> Result<RunKey, Error> {
    let content = read(path)?;
    let malformed = || {
        Error::input(
            path,
            "it is not a run key",
            "A run key is 64 hex characters and a line feed.",
        )
    };
    let text = content.strip_suffix(b"\n").unwrap_or(&content);
    let mut bytes = Zeroizing::new([0; 32]);
    hex::decode_to_slice(text, bytes.as_mut_slice()).map_err(|_| malformed())?;
    RunKey::from_bytes(*bytes)
        .map_err(|error| Error::input(path, error.to_string(), "Only `por plan` makes run keys."))
}

/// Draws an Ed25519 key and writes it.
///
/// # Errors
/// As [`create`].
pub fn create_signing_key<const TYPE: u8>(
    path: &Path,
    name: KeyName,
) -> Result<SignerKey<TYPE>, Error> {
    let key = SignerKey::new(name, &*random_32()?).map_err(Error::protocol("signing key"))?;
    let mut text = key.to_text();
    text.push('\n');
    create(path, text.as_bytes())?;
    Ok(key)
}

/// Reads an Ed25519 key.
///
/// # Errors
/// As [`read`]; [`Error::Input`] if it is malformed or weak.
pub fn read_signing_key<const TYPE: u8>(path: &Path) -> Result<SignerKey<TYPE>, Error> {
    let content = read(path)?;
    let text =
        std::str::from_utf8(content.strip_suffix(b"\n").unwrap_or(&content)).unwrap_or_default();
    SignerKey::from_text(text)
        .map_err(|error| Error::input(path, error.to_string(), "Only `por` makes these key files."))
}

/// Creates a folder that only its owner can enter.
///
/// # Errors
/// [`Error::Io`].
pub fn create_private_dir(path: &Path) -> Result<(), Error> {
    use std::os::unix::fs::DirBuilderExt as _;
    let missing = path
        .ancestors()
        .skip(1)
        .take_while(|above| !above.as_os_str().is_empty() && !above.exists());
    let made: Vec<_> = std::iter::once(path).chain(missing).collect();
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(Error::io(path))?;
    // Its own name even where it was there: whoever made it may have been killed before it came to that.
    made.into_iter().try_for_each(durable::sync_parent)
}

/// Opens a new private file for writing; the caller renames it into place.
///
/// Whatever has this name is unlinked first, never opened: a link that somebody put there would lead the secret away,
/// and a file would keep its own mode.
///
/// # Errors
/// [`Error::Io`].
pub fn create_private(path: &Path) -> Result<File, Error> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(Error::io(path)(error));
        }
        _ => {}
    }
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(Error::io(path))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    #[test]
    fn f_07_a_link_at_the_temporary_name_does_not_lead_the_secret_away() {
        use std::io::Write as _;
        let dir = tempfile::tempdir().unwrap();
        let (path, elsewhere) = (dir.path().join("x.tmp"), dir.path().join("elsewhere"));
        std::fs::write(&elsewhere, "untouched").unwrap();
        symlink(&elsewhere, &path).unwrap();
        create_private(&path).unwrap().write_all(b"secret").unwrap();
        assert_eq!(std::fs::read(&elsewhere).unwrap(), b"untouched");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        create_private(&path).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
    }

    #[test]
    fn k_02_loose_links_empty_short_and_zero_keys_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("run.key");
        let key = RunKey::from_bytes(*random_32().unwrap()).unwrap();
        write_run_key(&path, &key).unwrap();
        assert!(read_run_key(&path).is_ok());
        let mode =
            |mode| std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        for loose in [0o644, 0o640, 0o604, 0o660] {
            mode(loose);
            let error = read_run_key(&path).unwrap_err();
            assert!(error.to_string().contains("chmod 600"), "{error}");
        }
        mode(0o600);
        let link = dir.path().join("link");
        symlink(&path, &link).unwrap();
        assert!(
            read_run_key(&link)
                .unwrap_err()
                .to_string()
                .contains("symbolic link")
        );
        for (name, content) in [
            ("empty", String::new()),
            ("short", "ab".repeat(16)),
            ("zero", "00".repeat(32)),
            ("weak", "password".to_string()),
            ("long", "ab".repeat(33)),
        ] {
            let path = dir.path().join(name);
            create(&path, content.as_bytes()).unwrap();
            let error = read_run_key(&path).unwrap_err().to_string();
            assert!(
                content.is_empty() || !error.contains(&content),
                "no error shows a secret: {error}"
            );
        }
        // A key of one line, with or without its line feed, is the same key.
        let bare = dir.path().join("bare");
        create(
            &bare,
            std::fs::read(&path).unwrap().strip_suffix(b"\n").unwrap(),
        )
        .unwrap();
        assert!(read_run_key(&bare).is_ok());
        assert!(
            write_run_key(&path, &key)
                .unwrap_err()
                .to_string()
                .contains("never overwritten")
        );
    }
}
