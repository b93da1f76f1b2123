//! A publication in a local folder.
//!
//! A file that never changes is written beside its place, flushed, and then linked there, which fails if something is
//! there; so it is whole or absent, and never overwritten. A file that may change is renamed into place under a lock.
//! Links are refused wherever they stand: what looks like a folder of the publication must be one.

use std::fs::File;
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, OFlags, flock};

use super::{other_bytes, too_long, was_faster};
use crate::durable::sync_parent;
use crate::error::Error;
use crate::publication::Publication;

/// The lock of writers.
const LOCK: &str = ".por.lock";
/// Compared at a time.
const BLOCK: usize = 1 << 16;

/// A folder.
#[derive(Clone, Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// A folder that is empty, a publication, or not there yet: it is made then.
    ///
    /// # Errors
    /// [`Error::InTheWay`], [`Error::Io`].
    pub fn open(path: &Path) -> Result<Self, Error> {
        let in_the_way = |why: &str, remedy: &str| Error::InTheWay {
            path: path.to_owned(),
            why: why.into(),
            remedy: remedy.into(),
        };
        match std::fs::read_dir(path) {
            Ok(mut entries) => {
                let begun = path.join(LOCK).exists();
                if entries.next().is_some() && !begun && !Publication::is_at(path) {
                    return Err(in_the_way(
                        "the folder holds other things than a publication",
                        "Name a new folder, an empty one, or a publication of this exchange.",
                    ));
                }
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                std::fs::create_dir(path).map_err(|error| match error.kind() {
                    ErrorKind::NotFound => in_the_way(
                        "the folder to make it in does not exist",
                        "Make that folder first.",
                    ),
                    _ => Error::io(path)(error),
                })?;
                sync_parent(path)?;
            }
            Err(error) => return Err(Error::io(path)(error)),
        }
        // Without links, so that one folder has one name.
        std::fs::canonicalize(path)
            .map(Self)
            .map_err(Error::io(path))
    }

    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    pub(super) fn read(&self, path: &str, limit: u64) -> Result<Option<Vec<u8>>, Error> {
        let path = self.0.join(path);
        let file = match open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Error::io(&path)(error)),
        };
        let mut bytes = Vec::new();
        file.take(limit.saturating_add(1))
            .read_to_end(&mut bytes)
            .map_err(Error::io(&path))?;
        if bytes.len() as u64 > limit {
            return Err(too_long(&path, limit));
        }
        Ok(Some(bytes))
    }

    pub(super) fn create(&self, path: &str, from: &Path) -> Result<(), Error> {
        let mut source = File::open(from).map_err(Error::io(from))?;
        self.link_new(
            path,
            |file| std::io::copy(&mut source, file).map(drop),
            || File::open(from).map_err(Error::io(from)),
        )
    }

    pub(super) fn create_bytes(&self, path: &str, bytes: &[u8]) -> Result<(), Error> {
        self.link_new(path, |file| file.write_all(bytes), || Ok(bytes))
    }

    fn link_new<R: std::io::Read>(
        &self,
        path: &str,
        write: impl FnOnce(&mut File) -> std::io::Result<()>,
        again: impl FnOnce() -> Result<R, Error>,
    ) -> Result<(), Error> {
        let place = self.prepare(path)?;
        if same(&place, again)? {
            return Ok(());
        }
        let temporary = self.write_temporary(&place, write)?;
        let linked = std::fs::hard_link(&temporary, &place);
        std::fs::remove_file(&temporary).map_err(Error::io(&temporary))?;
        match linked {
            // Another publisher was faster; whether with the same bytes, the next attempt tells.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(other_bytes(place)),
            Err(error) => Err(Error::io(&place)(error)),
            Ok(()) => sync_parent(&place),
        }
    }

    pub(super) fn replace(
        &self,
        path: &str,
        expected: Option<Option<&[u8]>>,
        bytes: &[u8],
    ) -> Result<(), Error> {
        let lock = self.0.join(LOCK);
        let file = File::options()
            .write(true)
            .create(true)
            .truncate(false)
            .custom_flags(nofollow())
            .open(&lock)
            .map_err(Error::io(&lock))?;
        // Held for a few writes only: waiting is shorter than a message about it.
        flock(&file, FlockOperation::LockExclusive)
            .map_err(|error| Error::io(&lock)(error.into()))?;
        let place = self.prepare(path)?;
        let present = self.read(path, u64::MAX >> 1)?;
        if present.as_deref() == Some(bytes) {
            return Ok(());
        }
        if let Some(expected) = expected
            && present.as_deref() != expected
        {
            return Err(was_faster(place));
        }
        let temporary = self.write_temporary(&place, |file| file.write_all(bytes))?;
        std::fs::rename(&temporary, &place).map_err(Error::io(&place))?;
        sync_parent(&place)
    }

    pub(super) fn check_apart_from(&self, secrets: &Path) -> Result<(), Error> {
        let secrets = std::fs::canonicalize(secrets).map_err(Error::io(secrets))?;
        if secrets.starts_with(&self.0) || self.0.starts_with(&secrets) {
            return Err(Error::refused(
                "the publication and the run folder lie inside each other",
                "Publish to a folder that holds no secrets.",
            ));
        }
        Ok(())
    }

    /// Makes the folders above a file, and refuses links among them.
    fn prepare(&self, path: &str) -> Result<PathBuf, Error> {
        let mut place = self.0.clone();
        let mut parts = path.split('/').peekable();
        while let Some(part) = parts.next() {
            place.push(part);
            let link = match std::fs::symlink_metadata(&place) {
                Ok(found) => found.file_type().is_symlink(),
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    if parts.peek().is_some() {
                        std::fs::create_dir(&place).map_err(Error::io(&place))?;
                        sync_parent(&place)?;
                    }
                    false
                }
                Err(error) => return Err(Error::io(&place)(error)),
            };
            if link {
                return Err(Error::InTheWay {
                    path: place,
                    why: "it is a link".into(),
                    remedy: "A publication holds no links: remove it.".into(),
                });
            }
        }
        Ok(place)
    }

    fn write_temporary(
        &self,
        place: &Path,
        write: impl FnOnce(&mut File) -> std::io::Result<()>,
    ) -> Result<PathBuf, Error> {
        let mut name = std::ffi::OsString::from(".");
        name.push(place.file_name().unwrap_or_default());
        name.push(format!(".{}.tmp", std::process::id()));
        let temporary = place.with_file_name(name);
        // What a killed process of this number left.
        match std::fs::remove_file(&temporary) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(Error::io(&temporary)(error));
            }
            _ => {}
        }
        let written = File::options()
            .write(true)
            .create_new(true)
            .custom_flags(nofollow())
            .open(&temporary)
            .and_then(|mut file| {
                write(&mut file)?;
                // Public files are readable by the web server, whatever the umask.
                file.set_permissions(std::fs::Permissions::from_mode(0o644))?;
                file.sync_all()
            });
        if let Err(error) = written {
            // Nothing half-written stays where readers could meet it.
            let _ = std::fs::remove_file(&temporary);
            return Err(Error::io(&temporary)(error));
        }
        Ok(temporary)
    }
}

fn nofollow() -> i32 {
    OFlags::NOFOLLOW.bits().cast_signed()
}

fn open(path: &Path) -> std::io::Result<File> {
    File::options()
        .read(true)
        .custom_flags(nofollow())
        .open(path)
}

/// Whether the file is there with these bytes; other bytes are in the way.
fn same<R: std::io::Read>(
    place: &Path,
    again: impl FnOnce() -> Result<R, Error>,
) -> Result<bool, Error> {
    let mut present = match open(place) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(Error::io(place)(error)),
    };
    let mut wanted = again()?;
    let (mut a, mut b) = (Vec::new(), Vec::new());
    loop {
        a.clear();
        b.clear();
        let io = Error::io(place);
        (&mut present)
            .take(BLOCK as u64)
            .read_to_end(&mut a)
            .and_then(|_| (&mut wanted).take(BLOCK as u64).read_to_end(&mut b))
            .map_err(io)?;
        if a != b {
            return Err(other_bytes(place.to_owned()));
        }
        if a.is_empty() {
            return Ok(true);
        }
    }
}
