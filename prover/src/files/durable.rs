//! Writing files so that a crash leaves the old state or the new: temporary name, fsync, rename, fsync of the folder.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::error::Error;

/// The temporary name beside `path`.
#[must_use]
pub fn temporary(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".tmp");
    path.with_file_name(name)
}

/// Writes `content` to `path` in one step.
///
/// # Errors
/// [`Error::Io`].
pub fn write(path: &Path, content: &[u8]) -> Result<(), Error> {
    let temporary = temporary(path);
    let mut file = File::create(&temporary).map_err(Error::io(&temporary))?;
    file.write_all(content).map_err(Error::io(&temporary))?;
    finish(file, &temporary, path)
}

/// Writes `content`, which only the owner may read, to `path` in one step.
///
/// # Errors
/// [`Error::Io`].
pub fn write_private(path: &Path, content: &[u8]) -> Result<(), Error> {
    let temporary = temporary(path);
    let mut file = crate::files::secret_file::create_private(&temporary)?;
    file.write_all(content).map_err(Error::io(&temporary))?;
    finish(file, &temporary, path)
}

/// Makes a written temporary file the file at `path`.
///
/// # Errors
/// [`Error::Io`].
pub fn finish(file: File, temporary: &Path, path: &Path) -> Result<(), Error> {
    file.sync_all().map_err(Error::io(temporary))?;
    drop(file);
    std::fs::rename(temporary, path).map_err(Error::io(path))?;
    sync_parent(path)
}

/// A folder that is filled under a temporary name and deleted again unless it is kept: what fails leaves nothing behind.
#[derive(Debug)]
pub struct Staging(PathBuf);

impl Staging {
    /// The folder at `path`, emptied of what a killed run may have left. The caller makes it.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn at(path: PathBuf) -> Result<Self, Error> {
        match std::fs::remove_dir_all(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::Io {
                path,
                source: error,
            }),
            _ => Ok(Self(path)),
        }
    }

    /// The folder at `path` as it is.
    #[must_use]
    pub fn hold(path: PathBuf) -> Self {
        Self(path)
    }

    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Gives the folder its own name, where nothing may be but an empty folder.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn rename(mut self, to: &Path) -> Result<(), Error> {
        std::fs::rename(&self.0, to).map_err(Error::io(to))?;
        // Nothing of that name is ours any more.
        self.0 = PathBuf::new();
        sync_parent(to)
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        // Where this fails, the next run deletes what stays.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Flushes the folder entry of `path`.
///
/// # Errors
/// [`Error::Io`].
pub fn sync_parent(path: &Path) -> Result<(), Error> {
    let parent = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    File::open(parent)
        .and_then(|folder| folder.sync_all())
        .map_err(Error::io(parent))
}
