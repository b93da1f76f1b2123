//! A publication in a local folder.
//!
//! Every file is written whole under one temporary name in the root, flushed, and then given its own name: a file that
//! never changes by a link, which fails if something is there, a file that may change by a rename. So each is whole or
//! absent, and what a killed writer leaves is that one temporary file, which the next writer removes. Writers take turns by
//! a lock. Links are refused wherever they stand: what looks like a folder of the publication must be one.

use std::fs::File;
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, OFlags, flock};

use super::{other_bytes, too_long, was_faster};
use crate::durable::sync_parent;
use crate::error::Error;

/// What a publication holds at its top, and nothing else.
const OWN: [&str; 9] = [
    ".well-known",
    "assets",
    "attestations",
    "index.html",
    "log",
    "page.sha256",
    "policy",
    "rotations",
    "verify.html",
];
/// What is being written, in the root and nowhere else: readers go by names of a publication, and an audit of the log's
/// folder refuses whatever does not belong there.
const TEMPORARY: &str = ".por.tmp";
/// Compared at a time.
const BLOCK: usize = 1 << 16;

/// A folder.
#[derive(Clone, Debug)]
pub struct Folder {
    path: PathBuf,
    /// Whether the caller keeps other writers out already.
    held: bool,
}

impl Folder {
    /// A folder that is empty, a publication, or not there yet: the first write makes it.
    ///
    /// # Errors
    /// [`Error::InTheWay`] if it holds other things, or the folder above it does not exist; [`Error::Io`].
    pub fn open(path: &Path) -> Result<Self, Error> {
        let in_the_way = |why: &str, remedy: &str| Error::InTheWay {
            path: path.to_owned(),
            why: why.into(),
            remedy: remedy.into(),
        };
        match std::fs::read_dir(path) {
            Ok(entries) => {
                for entry in entries {
                    let name = entry.map_err(Error::io(path))?.file_name();
                    // A publisher that was killed leaves a hidden temporary file at worst.
                    let own = name.to_str().is_some_and(|name| {
                        OWN.contains(&name) || (name.starts_with('.') && name.ends_with(".tmp"))
                    });
                    let marks = ["attestations", "policy"];
                    let is_publication = marks
                        .iter()
                        .any(|mark| path.join(mark).symlink_metadata().is_ok());
                    if !own || !is_publication {
                        return Err(in_the_way(
                            "the folder holds other things than a publication",
                            "Name a new folder, an empty one, or a publication of this exchange.",
                        ));
                    }
                }
                // Without links, so that one folder has one name.
                let path = std::fs::canonicalize(path).map_err(Error::io(path))?;
                Ok(Self { path, held: false })
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
                    return Err(Error::io(path)(error));
                };
                let parent = if parent.as_os_str().is_empty() {
                    Path::new(".")
                } else {
                    parent
                };
                let parent = std::fs::canonicalize(parent).map_err(|_| {
                    in_the_way(
                        "the folder to make it in does not exist",
                        "Make that folder first.",
                    )
                })?;
                Ok(Self {
                    path: parent.join(name),
                    held: false,
                })
            }
            Err(error) => Err(Error::io(path)(error)),
        }
    }

    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn read(&self, path: &str, limit: u64) -> Result<Option<Vec<u8>>, Error> {
        let path = self.path.join(path);
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
        let _lock = self.lock()?;
        let place = self.prepare(path)?;
        if same(&place, again)? {
            return self.flush_names(&place);
        }
        let temporary = self.write_temporary(write)?;
        let linked = std::fs::hard_link(&temporary, &place);
        std::fs::remove_file(&temporary).map_err(Error::io(&temporary))?;
        match linked {
            // Another publisher was faster; whether with the same bytes, the next attempt tells.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(other_bytes(place)),
            Err(error) => Err(Error::io(&place)(error)),
            Ok(()) => self.flush_names(&place),
        }
    }

    pub(super) fn replace(
        &self,
        path: &str,
        expected: Option<Option<&[u8]>>,
        bytes: &[u8],
    ) -> Result<(), Error> {
        let _lock = self.lock()?;
        let place = self.prepare(path)?;
        let present = self.read(path, u64::MAX >> 1)?;
        if present.as_deref() == Some(bytes) {
            return self.flush_names(&place);
        }
        if let Some(expected) = expected
            && present.as_deref() != expected
        {
            return Err(was_faster(place));
        }
        let temporary = self.write_temporary(|file| file.write_all(bytes))?;
        std::fs::rename(&temporary, &place).map_err(Error::io(&place))?;
        self.flush_names(&place)
    }

    /// Flushes the name of a file and of every folder above it. Also where they were there before: whoever made them may
    /// have been killed before it came to that, and what is published later must not outlive them.
    fn flush_names(&self, place: &Path) -> Result<(), Error> {
        let above = place.ancestors().skip(1);
        for folder in above.take_while(|folder| folder.starts_with(&self.path)) {
            File::open(folder)
                .and_then(|folder| folder.sync_all())
                .map_err(Error::io(folder))?;
        }
        Ok(())
    }

    pub(super) fn check_apart_from(&self, secrets: &Path) -> Result<(), Error> {
        let secrets = std::fs::canonicalize(secrets).map_err(Error::io(secrets))?;
        // Both are without links: the target since it was opened.
        if secrets.starts_with(&self.path) || self.path.starts_with(&secrets) {
            return Err(Error::refused(
                "the publication and the run folder lie inside each other",
                "Publish to a folder that holds no secrets.",
            ));
        }
        Ok(())
    }

    /// Makes the folder itself, if it is not there, and keeps other writers out of it. A lock on the folder leaves no file
    /// in it; it is held for one file only, so waiting is shorter than a message about it.
    fn lock(&self) -> Result<Option<File>, Error> {
        self.make()?;
        if self.held {
            return Ok(None);
        }
        let folder = File::open(&self.path).map_err(Error::io(&self.path))?;
        flock(&folder, FlockOperation::LockExclusive)
            .map_err(|error| Error::io(&self.path)(error.into()))?;
        Ok(Some(folder))
    }

    /// Makes the folder itself, if it is not there.
    pub(in crate::publication) fn make(&self) -> Result<(), Error> {
        match std::fs::create_dir(&self.path) {
            Ok(()) => sync_parent(&self.path),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
            Err(error) => Err(Error::io(&self.path)(error)),
        }
    }

    /// For a caller that holds the folder's lock for longer than one file: it is not taken a second time.
    pub(in crate::publication) fn held(self) -> Self {
        Self { held: true, ..self }
    }

    /// Makes the folders above a file, and refuses links among them.
    fn prepare(&self, path: &str) -> Result<PathBuf, Error> {
        let mut place = self.path.clone();
        let mut parts = path.split('/').peekable();
        while let Some(part) = parts.next() {
            place.push(part);
            let link = match std::fs::symlink_metadata(&place) {
                Ok(found) => found.file_type().is_symlink(),
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    if parts.peek().is_some() {
                        std::fs::create_dir(&place).map_err(Error::io(&place))?;
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
        write: impl FnOnce(&mut File) -> std::io::Result<()>,
    ) -> Result<PathBuf, Error> {
        let temporary = self.path.join(TEMPORARY);
        // What a killed writer left.
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
