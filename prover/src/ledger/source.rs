//! One input file: opened only if it is a regular file, hashed while it is read, and compared with itself afterwards.
//!
//! Checked here: that identity, size and both times of the file are the same before and after reading, and that as
//! many bytes were read as it has. The change time is part of it, because a writer can set the modification time
//! back but not the change time. Not detected: a write within the clock tick of the file system in which the file
//! was opened, and one to a disk that keeps no times.

use std::fmt;
use std::fs::{File, Metadata};
use std::io::{self, BufRead as _, BufReader, Read, Take};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use serde::{Serialize, Serializer};
use sha2::{Digest, Sha256};

use super::error::{LedgerError, Reason};

/// Bytes read from the file at a time; larger blocks measured no faster.
const BLOCK: usize = 64 * 1024;

/// SHA-256 of a file's bytes, shown in hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileDigest([u8; 32]);

impl FileDigest {
    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for FileDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for FileDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FileDigest({self})")
    }
}

impl Serialize for FileDigest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// What the operating system says about a file that does not change.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}

/// An open input file.
pub(super) struct Source {
    path: PathBuf,
    stamp: Stamp,
    reader: BufReader<Hashing<Take<File>>>,
}

impl Source {
    /// Opens a regular file. What it is is asked first, since opening a pipe would wait for its writer.
    pub(super) fn open(path: &Path) -> Result<Self, LedgerError> {
        let io = |error| LedgerError::file(path, Reason::Io(error));
        check_regular(path, &std::fs::metadata(path).map_err(io)?)?;
        let file = File::open(path).map_err(io)?;
        let metadata = file.metadata().map_err(io)?;
        check_regular(path, &metadata)?;
        let stamp = Stamp::of(&metadata);
        // A file that grows for ever is read no further than it was long at first.
        let reader = Hashing::new(file.take(stamp.size));
        Ok(Self {
            path: path.to_owned(),
            stamp,
            reader: BufReader::with_capacity(BLOCK, reader),
        })
    }

    /// Device and inode: equal for all names of one file.
    pub(super) fn identity(&self) -> (u64, u64) {
        (self.stamp.device, self.stamp.inode)
    }

    /// Size in bytes when it was opened.
    pub(super) fn size(&self) -> u64 {
        self.stamp.size
    }

    pub(super) fn reader(&mut self) -> &mut BufReader<impl Read> {
        &mut self.reader
    }

    /// Whether the file begins with these bytes; asked before anything is read.
    pub(super) fn begins_with(&mut self, bytes: &[u8]) -> Result<bool, LedgerError> {
        let start = self.reader.fill_buf();
        let start = start.map_err(|error| LedgerError::file(&self.path, Reason::Io(error)))?;
        Ok(start.starts_with(bytes))
    }

    /// Reads the file to its end, so that its digest is known, and gives it to be read again by position.
    pub(super) fn hash_whole(&mut self) -> Result<File, LedgerError> {
        let hashed = io::copy(&mut self.reader, &mut io::sink());
        hashed
            .and_then(|_| self.reader.get_ref().inner.get_ref().try_clone())
            .map_err(|error| LedgerError::file(&self.path, Reason::Io(error)))
    }

    /// Fails if the file is no longer the one that was opened.
    pub(super) fn check_unchanged(&self) -> Result<(), LedgerError> {
        let now = self.reader.get_ref().inner.get_ref().metadata();
        let now = now.map_err(|error| LedgerError::file(&self.path, Reason::Io(error)))?;
        if Stamp::of(&now) == self.stamp {
            Ok(())
        } else {
            Err(LedgerError::file(&self.path, Reason::Changed))
        }
    }

    /// Digest and length of a file that was read to its end and did not change.
    pub(super) fn finish(self) -> Result<(FileDigest, u64), LedgerError> {
        self.check_unchanged()?;
        let (digest, bytes) = self.reader.into_inner().finish();
        if bytes != self.stamp.size {
            return Err(LedgerError::file(&self.path, Reason::Changed));
        }
        Ok((digest, bytes))
    }
}

fn check_regular(path: &Path, metadata: &Metadata) -> Result<(), LedgerError> {
    let kind = metadata.file_type();
    let found = match () {
        () if kind.is_file() => return Ok(()),
        () if kind.is_dir() => "a folder",
        () if kind.is_fifo() => "a pipe",
        () if kind.is_socket() => "a socket",
        () => "a device",
    };
    Err(LedgerError::file(path, Reason::NotAFile { found }))
}

/// Hashes what passes through.
pub(super) struct Hashing<R> {
    inner: R,
    hash: Sha256,
    bytes: u64,
}

impl<R: Read> Hashing<R> {
    pub(super) fn new(inner: R) -> Self {
        Self {
            inner,
            hash: Sha256::new(),
            bytes: 0,
        }
    }

    /// Digest and length of what was read.
    pub(super) fn finish(self) -> (FileDigest, u64) {
        (FileDigest(self.hash.finalize().into()), self.bytes)
    }
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.hash.update(&buffer[..read]);
        self.bytes += read as u64;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn reasons(change: impl FnOnce(&Path)) -> Option<&'static str> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        std::fs::write(&path, "12345678").unwrap();
        let mut source = Source::open(&path).unwrap();
        change(&path);
        source.reader().read_to_end(&mut Vec::new()).unwrap();
        source.finish().err().map(|error| error.code())
    }

    #[test]
    fn d_24_a_file_that_changes_while_it_is_read_is_refused() {
        let append = |path: &Path| {
            File::options()
                .append(true)
                .open(path)
                .unwrap()
                .write_all(b"9")
                .unwrap()
        };
        let cut = |path: &Path| {
            File::options()
                .write(true)
                .open(path)
                .unwrap()
                .set_len(3)
                .unwrap()
        };
        let set_back = |path: &Path| {
            // The times of a file are as fine as the kernel's tick, which is 10 ms at the most.
            std::thread::sleep(std::time::Duration::from_millis(25));
            let modified = std::fs::metadata(path).unwrap().modified().unwrap();
            let mut file = File::options().write(true).open(path).unwrap();
            file.write_all(b"8").unwrap();
            file.set_modified(modified).unwrap();
        };
        assert_eq!(reasons(|_| ()), None);
        assert_eq!(reasons(append), Some("input-changed"));
        assert_eq!(reasons(cut), Some("input-changed"));
        assert_eq!(reasons(set_back), Some("input-changed"));
    }

    /// printf 12345678 | sha256sum
    #[test]
    fn the_digest_is_that_of_sha256sum() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        std::fs::write(&path, "12345678").unwrap();
        let mut source = Source::open(&path).unwrap();
        source.reader().read_to_end(&mut Vec::new()).unwrap();
        let (digest, bytes) = source.finish().unwrap();
        assert_eq!(bytes, 8);
        assert_eq!(
            digest.to_string(),
            "ef797c8118f02dfb649607dd5d3f8c7623048c9c063d532cc95c5ed7a898a64f"
        );
    }
}
