//! Where a publication lives.

mod bucket;
mod connector;
mod fault;
mod folder;
mod probe;

use std::path::{Path, PathBuf};

pub use bucket::Bucket;
pub use folder::Folder;

use crate::error::Error;

/// A place that publications are written to.
pub enum Target {
    /// A local folder that any web host can serve.
    Folder(Folder),
    /// A bucket of an object store.
    Bucket(Box<Bucket>),
}

impl Target {
    /// The place that a command line names: a URL has `://`, all else is a folder.
    ///
    /// # Errors
    /// [`Error::InTheWay`] for a folder that holds other things, [`Error::Io`]; [`Error::Refused`] for a URL that is no
    /// bucket's, [`Error::Remote`].
    pub fn open(name: &Path) -> Result<Self, Error> {
        match url(name) {
            Some(url) => Bucket::open(url).map(Box::new).map(Self::Bucket),
            None => Folder::open(name).map(Self::Folder),
        }
    }

    /// Checks that writes there are as safe as a publication needs, before any work is done.
    ///
    /// # Errors
    /// [`Error::Remote`] for a bucket that overwrites what it must not.
    pub fn check_safe(&self) -> Result<(), Error> {
        match self {
            // Its own calls are: they fail where something stands.
            Self::Folder(_) => Ok(()),
            Self::Bucket(bucket) => bucket.probe(),
        }
    }

    /// How people call a file of it.
    #[must_use]
    pub fn place(&self, path: &str) -> PathBuf {
        match self {
            Self::Folder(folder) => folder.path().join(path),
            Self::Bucket(bucket) => bucket.place(path),
        }
    }

    /// The bytes of a file, at most `limit`; `None` if there is none.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Remote`], [`Error::Input`] for a longer file.
    pub fn read(&self, path: &str, limit: u64) -> Result<Option<Vec<u8>>, Error> {
        match self {
            Self::Folder(folder) => folder.read(path, limit),
            Self::Bucket(bucket) => bucket.read(path, limit),
        }
    }

    /// Makes a file that never changes from a local one. One that is there already must have the same bytes.
    ///
    /// # Errors
    /// [`Error::InTheWay`] if it has others, [`Error::Io`], [`Error::Remote`].
    pub fn create(&self, path: &str, from: &Path) -> Result<(), Error> {
        match self {
            Self::Folder(folder) => folder.create(path, from),
            Self::Bucket(bucket) => bucket.create(path, from),
        }
    }

    /// As [`Target::create`], for many files, each a path and a local file; in any order. `done` is called for each.
    ///
    /// # Errors
    /// As [`Target::create`], the first that came up.
    pub fn create_all(
        &self,
        files: &[(String, PathBuf)],
        done: impl Fn() + Sync,
    ) -> Result<(), Error> {
        match self {
            Self::Folder(folder) => files.iter().try_for_each(|(path, from)| {
                folder.create(path, from)?;
                done();
                Ok(())
            }),
            Self::Bucket(bucket) => bucket.create_all(files, done),
        }
    }

    /// As [`Target::create`], from memory.
    ///
    /// # Errors
    /// As [`Target::create`].
    pub fn create_bytes(&self, path: &str, bytes: &[u8]) -> Result<(), Error> {
        match self {
            Self::Folder(folder) => folder.create_bytes(path, bytes),
            Self::Bucket(bucket) => bucket.create_bytes(path, bytes),
        }
    }

    /// Writes a file that may change. With `expected`, only if it still holds those bytes (or does not exist).
    ///
    /// # Errors
    /// [`Error::InTheWay`] if it holds others: another publisher was faster; [`Error::Io`], [`Error::Remote`].
    pub fn replace(
        &self,
        path: &str,
        expected: Option<Option<&[u8]>>,
        bytes: &[u8],
    ) -> Result<(), Error> {
        match self {
            Self::Folder(folder) => folder.replace(path, expected, bytes),
            Self::Bucket(bucket) => bucket.replace(path, expected, bytes),
        }
    }

    /// Checks that a file that may change still holds these bytes (or does not exist).
    ///
    /// # Errors
    /// [`Error::InTheWay`] if it holds others: another publisher was faster; [`Error::Io`], [`Error::Remote`].
    pub fn check_unchanged(&self, path: &str, expected: Option<&[u8]>) -> Result<(), Error> {
        let present = self.read(path, u64::MAX >> 1)?;
        if present.as_deref() == expected {
            return Ok(());
        }
        Err(was_faster(self.place(path)))
    }

    /// Refuses a place that secrets lie in, or that lies among secrets.
    ///
    /// # Errors
    /// [`Error::Refused`], [`Error::Io`].
    pub fn check_apart_from(&self, secrets: &Path) -> Result<(), Error> {
        match self {
            Self::Folder(folder) => folder.check_apart_from(secrets),
            // On another machine: nothing of this one lies in it.
            Self::Bucket(_) => Ok(()),
        }
    }
}

/// The URL that a name is, if it is one.
pub(super) fn url(name: &Path) -> Option<&str> {
    name.to_str().filter(|name| name.contains("://"))
}

/// The content type of a file of a publication, by its name.
pub(crate) fn served_as(path: &str) -> &'static str {
    let name = path.rsplit('/').next().unwrap_or(path);
    match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("wasm") => "application/wasm",
        Some("json") => "application/json",
        Some("jsonl") => "application/x-ndjson",
        Some("note" | "sha256" | "txt") => "text/plain; charset=utf-8",
        Some("pdf") => "application/pdf",
        _ if matches!(path, "policy" | "log/checkpoint") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

pub(super) fn too_long(place: &Path, limit: u64) -> Error {
    Error::input(
        place,
        format!("it has more than {limit} bytes"),
        "It is no file of a publication.",
    )
}

fn other_bytes(path: PathBuf) -> Error {
    Error::InTheWay {
        path,
        why: "it is there already, with other content".into(),
        remedy: "Files of a publication never change: another publisher has begun this attestation. Find out whose it is; delete its folder only if the log does not name it.".into(),
    }
}

fn was_faster(path: PathBuf) -> Error {
    Error::InTheWay {
        path,
        why: "another publisher was faster".into(),
        remedy: "Look at what was published; a correction is a new run.".into(),
    }
}
