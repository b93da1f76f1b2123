//! Where a publication lives.

mod folder;

use std::path::{Path, PathBuf};

pub use folder::Folder;

use crate::error::Error;

/// A place that publications are written to.
pub enum Target {
    /// A local folder that any web host can serve.
    Folder(Folder),
}

impl Target {
    /// The place that a command line names.
    ///
    /// # Errors
    /// [`Error::InTheWay`] for a folder that holds other things, [`Error::Io`].
    pub fn open(name: &Path) -> Result<Self, Error> {
        Folder::open(name).map(Self::Folder)
    }

    /// How people call a file of it.
    #[must_use]
    pub fn place(&self, path: &str) -> PathBuf {
        match self {
            Self::Folder(folder) => folder.path().join(path),
        }
    }

    /// The bytes of a file, at most `limit`; `None` if there is none.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Input`] for a longer file.
    pub fn read(&self, path: &str, limit: u64) -> Result<Option<Vec<u8>>, Error> {
        match self {
            Self::Folder(folder) => folder.read(path, limit),
        }
    }

    /// Makes a file that never changes from a local one. One that is there already must have the same bytes.
    ///
    /// # Errors
    /// [`Error::InTheWay`] if it has others, [`Error::Io`].
    pub fn create(&self, path: &str, from: &Path) -> Result<(), Error> {
        match self {
            Self::Folder(folder) => folder.create(path, from),
        }
    }

    /// As [`Target::create`], from memory.
    ///
    /// # Errors
    /// As [`Target::create`].
    pub fn create_bytes(&self, path: &str, bytes: &[u8]) -> Result<(), Error> {
        match self {
            Self::Folder(folder) => folder.create_bytes(path, bytes),
        }
    }

    /// Writes a file that may change. With `expected`, only if it still holds those bytes (or does not exist).
    ///
    /// # Errors
    /// [`Error::InTheWay`] if it holds others: another publisher was faster; [`Error::Io`].
    pub fn replace(
        &self,
        path: &str,
        expected: Option<Option<&[u8]>>,
        bytes: &[u8],
    ) -> Result<(), Error> {
        match self {
            Self::Folder(folder) => folder.replace(path, expected, bytes),
        }
    }

    /// Refuses a place that secrets lie in, or that lies among secrets.
    ///
    /// # Errors
    /// [`Error::Refused`], [`Error::Io`].
    pub fn check_apart_from(&self, secrets: &Path) -> Result<(), Error> {
        match self {
            Self::Folder(folder) => folder.check_apart_from(secrets),
        }
    }
}
