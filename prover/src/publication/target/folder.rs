//! A publication in a local folder.
//!
//! Every file is written whole under one temporary name in the root, flushed, and then given its own name: a file that
//! never changes by a link, which fails if something is there, a file that may change by a rename. So each is whole or
//! absent, and what a killed writer leaves is that one temporary file, which the next writer removes. Writers take turns by
//! a lock.
//!
//! Links are refused wherever they stand. Every folder is opened by the one above it, and every file is named within its
//! open folder: whoever puts a link in the place of a folder between two steps changes nothing.

use std::fs::File;
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, FileType, FlockOperation, Mode, OFlags, flock};
use rustix::io::Errno;
use rustix::path::Arg;

use super::{other_bytes, too_long, was_faster};
use crate::error::Error;
use crate::files::durable::sync_parent;
use crate::publication::{TOP_FILES, TOP_FOLDERS};

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
                        TOP_FOLDERS.contains(&name)
                            || TOP_FILES.contains(&name)
                            || (name.starts_with('.') && name.ends_with(".tmp"))
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
        match self.place(path, Missing::IsNone)? {
            Some(place) => place.read(limit),
            None => Ok(None),
        }
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
        if place.has(again)? {
            return place.flush_names();
        }
        let root = self.write_temporary(write)?;
        let linked = rustix::fs::linkat(
            &root,
            TEMPORARY,
            &place.folder,
            &place.name,
            AtFlags::empty(),
        );
        rustix::fs::unlinkat(&root, TEMPORARY, AtFlags::empty())
            .map_err(|error| Error::io(&self.path)(error.into()))?;
        match linked {
            // Another publisher was faster; whether with the same bytes, the next attempt tells.
            Err(Errno::EXIST) => Err(other_bytes(place.shown)),
            Err(error) => Err(Error::io(&place.shown)(error.into())),
            Ok(()) => place.flush_names(),
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
        let present = place.read(u64::MAX >> 1)?;
        if present.as_deref() == Some(bytes) {
            return place.flush_names();
        }
        if let Some(expected) = expected
            && present.as_deref() != expected
        {
            return Err(was_faster(place.shown));
        }
        let root = self.write_temporary(|file| file.write_all(bytes))?;
        rustix::fs::renameat(&root, TEMPORARY, &place.folder, &place.name)
            .map_err(|error| Error::io(&place.shown)(error.into()))?;
        place.flush_names()
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
        let folder = open_folder(rustix::fs::CWD, &self.path)
            .map_err(|error| Error::io(&self.path)(error.into()))?;
        flock(&folder, FlockOperation::LockExclusive)
            .map_err(|error| Error::io(&self.path)(error.into()))?;
        Ok(Some(folder))
    }

    /// Makes the folder itself, if it is not there, and flushes its name: whoever made it may have been killed before it
    /// came to that.
    pub(in crate::publication) fn make(&self) -> Result<(), Error> {
        match std::fs::create_dir(&self.path) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => {
                Err(Error::io(&self.path)(error))
            }
            _ => sync_parent(&self.path),
        }
    }

    /// For a caller that holds the folder's lock for longer than one file: it is not taken a second time.
    pub(in crate::publication) fn held(self) -> Self {
        Self { held: true, ..self }
    }

    /// The place of a file, with the folders above it.
    fn prepare(&self, path: &str) -> Result<Place, Error> {
        let place = self.place(path, Missing::IsMade)?;
        place.ok_or_else(|| Error::io(&self.path)(ErrorKind::NotFound.into()))
    }

    /// The place of a file; `None` where a folder above it is missing and not to be made.
    fn place(&self, path: &str, missing: Missing) -> Result<Option<Place>, Error> {
        let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
        let mut shown = self.path.clone();
        let root = match open_folder(rustix::fs::CWD, &self.path) {
            Err(Errno::NOENT) if missing == Missing::IsNone => return Ok(None),
            opened => opened.map_err(|error| Error::io(&shown)(error.into()))?,
        };
        let (mut within, mut above) = (root, Vec::new());
        for part in folders.split('/').filter(|part| !part.is_empty()) {
            shown.push(part);
            let opened = match (open_folder(&within, part), missing) {
                (Err(Errno::NOENT), Missing::IsNone) => return Ok(None),
                (Err(Errno::NOENT), Missing::IsMade) => rustix::fs::mkdirat(&within, part, FOLDER)
                    .and_then(|()| open_folder(&within, part)),
                (opened, _) => opened,
            };
            let folder = opened.map_err(|error| {
                if is_link(&within, part) {
                    link(shown.clone())
                } else {
                    Error::io(&shown)(error.into())
                }
            })?;
            above.push(std::mem::replace(&mut within, folder));
        }
        shown.push(name);
        Ok(Some(Place {
            folder: within,
            above,
            name: name.to_owned(),
            shown,
        }))
    }

    /// Writes a whole file under the temporary name. Gives the root, in which it lies.
    fn write_temporary(
        &self,
        write: impl FnOnce(&mut File) -> std::io::Result<()>,
    ) -> Result<File, Error> {
        let shown = self.path.join(TEMPORARY);
        let io = |error: Errno| Error::io(&shown)(error.into());
        let root = open_folder(rustix::fs::CWD, &self.path).map_err(io)?;
        // What a killed writer left.
        match rustix::fs::unlinkat(&root, TEMPORARY, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => {}
            Err(error) => return Err(io(error)),
        }
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let opened = rustix::fs::openat(&root, TEMPORARY, flags, FILE).map_err(io)?;
        let mut file = File::from(opened);
        let written = write(&mut file)
            // Public files are readable by the web server, whatever the umask.
            .and_then(|()| rustix::fs::fchmod(&file, FILE).map_err(Into::into))
            .and_then(|()| file.sync_all());
        if let Err(error) = written {
            // Nothing half-written stays where readers could meet it.
            let _ = rustix::fs::unlinkat(&root, TEMPORARY, AtFlags::empty());
            return Err(Error::io(&shown)(error));
        }
        Ok(root)
    }
}

/// What becomes of a folder that is missing above a file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Missing {
    IsNone,
    IsMade,
}

/// Permissions of a public file, and of a folder before the umask.
const FILE: Mode = Mode::from_raw_mode(0o644);
const FOLDER: Mode = Mode::from_raw_mode(0o777);

/// A file's place: its name in an open folder, and those above that one, from the root down.
struct Place {
    folder: File,
    above: Vec<File>,
    name: String,
    shown: PathBuf,
}

impl Place {
    /// The file, if there is one.
    fn open(&self) -> Result<Option<File>, Error> {
        // A pipe that nobody writes to would hold the opener for ever.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = match rustix::fs::openat(&self.folder, &self.name, flags, Mode::empty()) {
            Ok(file) => File::from(file),
            Err(Errno::NOENT) => return Ok(None),
            Err(Errno::LOOP) => return Err(link(self.shown.clone())),
            Err(error) => return Err(Error::io(&self.shown)(error.into())),
        };
        let found = file.metadata().map_err(Error::io(&self.shown))?;
        if found.is_file() {
            return Ok(Some(file));
        }
        Err(Error::InTheWay {
            path: self.shown.clone(),
            why: "it is no regular file".into(),
            remedy: "A publication holds files and folders alone: remove it.".into(),
        })
    }

    fn read(&self, limit: u64) -> Result<Option<Vec<u8>>, Error> {
        let Some(file) = self.open()? else {
            return Ok(None);
        };
        let mut bytes = Vec::new();
        file.take(limit.saturating_add(1))
            .read_to_end(&mut bytes)
            .map_err(Error::io(&self.shown))?;
        if bytes.len() as u64 > limit {
            return Err(too_long(&self.shown, limit));
        }
        Ok(Some(bytes))
    }

    /// Whether the file is there with these bytes; other bytes are in the way.
    fn has<R: std::io::Read>(
        &self,
        again: impl FnOnce() -> Result<R, Error>,
    ) -> Result<bool, Error> {
        let Some(mut present) = self.open()? else {
            return Ok(false);
        };
        let mut wanted = again()?;
        let (mut a, mut b) = (Vec::new(), Vec::new());
        loop {
            a.clear();
            b.clear();
            (&mut present)
                .take(BLOCK as u64)
                .read_to_end(&mut a)
                .and_then(|_| (&mut wanted).take(BLOCK as u64).read_to_end(&mut b))
                .map_err(Error::io(&self.shown))?;
            if a != b {
                return Err(other_bytes(self.shown.clone()));
            }
            if a.is_empty() {
                return Ok(true);
            }
        }
    }

    /// Flushes the name of the file and of every folder above it. Also where they were there before: whoever made them may
    /// have been killed before it came to that, and what is published later must not outlive them.
    fn flush_names(&self) -> Result<(), Error> {
        for folder in std::iter::once(&self.folder).chain(self.above.iter().rev()) {
            folder.sync_all().map_err(Error::io(&self.shown))?;
        }
        Ok(())
    }
}

/// A folder, and no link to one.
fn open_folder(within: impl AsFd, name: impl Arg) -> Result<File, Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    rustix::fs::openat(within, name, flags, Mode::empty()).map(File::from)
}

fn is_link(within: &File, name: &str) -> bool {
    rustix::fs::statat(within, name, AtFlags::SYMLINK_NOFOLLOW)
        .is_ok_and(|found| FileType::from_raw_mode(found.st_mode).is_symlink())
}

fn link(path: PathBuf) -> Error {
    Error::InTheWay {
        path,
        why: "it is a link".into(),
        remedy: "A publication holds no links: remove it.".into(),
    }
}
