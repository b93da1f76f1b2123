//! Reading files of a publication: whatever stands where a file is looked for, nothing is followed and nothing blocks.

use std::fs::{File, FileType};
use std::io::{Error as IoError, ErrorKind, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use super::target::too_long;
use crate::error::Error;

/// Opens a regular file; `None` if there is none.
///
/// # Errors
/// [`ErrorKind::InvalidInput`] for a link, a folder, a pipe or a device; what the operating system says.
pub(super) fn open_regular(path: &Path) -> std::io::Result<Option<File>> {
    // A pipe that nobody writes to would hold the opener for ever.
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let opened = File::options()
        .read(true)
        .custom_flags(flags.bits().cast_signed())
        .open(path);
    let strange = |what: &str| Err(IoError::new(ErrorKind::InvalidInput, what));
    match opened {
        Ok(file) if file.metadata()?.is_file() => Ok(Some(file)),
        Ok(_) => strange("it is no regular file"),
        Err(error) if is_absent(&error) => Ok(None),
        Err(error) if error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) => {
            strange("it is a link")
        }
        Err(error) => Err(error),
    }
}

/// Whether the error says that nothing stands there.
pub(super) fn is_absent(error: &IoError) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

/// The bytes of a regular file, at most `limit`; `None` if there is none.
///
/// # Errors
/// [`Error::Io`], [`Error::Input`] for a longer file.
pub(super) fn read_limited(path: &Path, limit: u64) -> Result<Option<Vec<u8>>, Error> {
    let Some(file) = open_regular(path).map_err(Error::io(path))? else {
        return Ok(None);
    };
    let mut bytes = Vec::new();
    file.take(limit.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(Error::io(path))?;
    if bytes.len() as u64 > limit {
        return Err(too_long(path, limit));
    }
    Ok(Some(bytes))
}

/// Everything below a folder but folders, by its path from there, in order. Links are not followed.
///
/// # Errors
/// [`Error::Io`].
pub(super) fn entries_below(folder: &Path) -> Result<Vec<(PathBuf, FileType)>, Error> {
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(below) = folders.pop() {
        let path = folder.join(&below);
        for entry in std::fs::read_dir(&path).map_err(Error::io(&path))? {
            let entry = entry.map_err(Error::io(&path))?;
            let name = below.join(entry.file_name());
            let kind = entry.file_type().map_err(Error::io(&path))?;
            if kind.is_dir() {
                folders.push(name);
            } else {
                found.push((name, kind));
            }
        }
    }
    found.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(found)
}

/// As [`entries_below`], the paths alone.
///
/// # Errors
/// [`Error::Io`].
pub(super) fn files_below(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let entries = entries_below(folder)?;
    Ok(entries.into_iter().map(|(path, _)| path).collect())
}
