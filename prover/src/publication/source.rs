//! Where a publication is read from: a folder, a bucket, or any web host.
//!
//! Nothing is listed: every file's name follows from the log, the attestations and their books. So a plain host of static
//! files is enough, and one that adds files adds nothing to what is read.

use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::OFlags;
use url::Url;

use super::target::{self, Bucket};
use crate::error::Error;
use crate::http::{Client, describe};

/// For one file, whatever its length: 512 MiB at one megabyte a second.
const DEADLINE: Duration = Duration::from_secs(600);
/// Read and written at a time.
const BLOCK: usize = 1 << 16;

/// A publication of somebody else.
pub(super) enum Source {
    /// A local folder.
    Folder(PathBuf),
    /// A bucket.
    Bucket(Box<Bucket>),
    /// A web host.
    Web {
        /// Address of the publication, without a slash at its end.
        base: String,
        /// How it is asked.
        client: Client,
    },
}

impl Source {
    /// The place that a command line names.
    pub(super) fn open(name: &Path) -> Result<Self, Error> {
        let Some(url) = target::url(name) else {
            return Ok(Self::Folder(name.to_owned()));
        };
        if !url.starts_with("https://") && !url.starts_with("http://") {
            return Bucket::open(url).map(Box::new).map(Self::Bucket);
        }
        // A URL that is refused may hold a password: it is not shown.
        let refuse = |why: &str| Error::refused(why, "Write https://HOST/FOLDER.");
        let parsed = Url::parse(url).map_err(|_| refuse("the publication's address is no URL"))?;
        if !parsed.username().is_empty()
            || parsed.password().is_some()
            || parsed.query().is_some()
            || parsed.fragment().is_some()
        {
            return Err(refuse(
                "the publication's address holds more than a host and a folder",
            ));
        }
        Ok(Self::Web {
            base: parsed.as_str().trim_end_matches('/').to_owned(),
            client: Client::new(DEADLINE),
        })
    }

    /// How people call a file of it.
    pub(super) fn place(&self, path: &str) -> PathBuf {
        match self {
            Self::Folder(folder) => folder.join(path),
            Self::Bucket(bucket) => bucket.place(path),
            Self::Web { base, .. } => format!("{base}/{path}").into(),
        }
    }

    /// The bytes of a file, at most `limit`; `None` if there is none.
    pub(super) fn read(&self, path: &str, limit: u64) -> Result<Option<Vec<u8>>, Error> {
        let mut bytes = Vec::new();
        Ok(self.copy(path, limit, &mut bytes)?.map(|_| bytes))
    }

    /// Copies a file of at most `limit` bytes block by block, and gives its length; `None` if there is none.
    pub(super) fn copy(
        &self,
        path: &str,
        limit: u64,
        to: &mut impl Write,
    ) -> Result<Option<u64>, Error> {
        let place = self.place(path);
        let copied = match self {
            Self::Bucket(bucket) => return bucket.copy(path, limit, to),
            Self::Folder(_) => {
                let file = File::options()
                    .read(true)
                    .custom_flags(OFlags::NOFOLLOW.bits().cast_signed())
                    .open(&place);
                match file {
                    Ok(file) => copy(file, limit, to).map_err(|fault| match fault {
                        Fault::Source(error) => Error::io(&place)(error),
                        Fault::Copy(error) => own_fault(&place, error),
                    })?,
                    Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
                    Err(error) => return Err(Error::io(&place)(error)),
                }
            }
            Self::Web { client, .. } => {
                let remote = |why: String| Error::Remote {
                    place: place.display().to_string(),
                    why,
                    remedy: "Check the address and the network, then start the same command again."
                        .into(),
                };
                let (status, body) = client
                    .get(&place.to_string_lossy())
                    .map_err(|error| remote(describe(&error)))?;
                match status {
                    200 => copy(body, limit, to).map_err(|fault| match fault {
                        Fault::Source(_) => remote("the connection broke".into()),
                        Fault::Copy(error) => own_fault(&place, error),
                    })?,
                    404 | 410 => return Ok(None),
                    300..400 => {
                        return Err(remote(format!(
                            "it answers with status {status}, and redirects are not followed"
                        )));
                    }
                    _ => return Err(remote(format!("it answers with status {status}"))),
                }
            }
        };
        if copied > limit {
            return Err(target::too_long(&place, limit));
        }
        Ok(Some(copied))
    }
}

/// Whose fault it is that a file was not copied.
#[derive(Debug)]
enum Fault {
    /// The place that it is read from.
    Source(std::io::Error),
    /// This machine, such as its full disk: no host is blamed for that.
    Copy(std::io::Error),
}

fn own_fault(place: &Path, error: std::io::Error) -> Error {
    Error::io(Path::new(&format!("the copy of {}", place.display())))(error)
}

/// Copies at most one byte more than `limit`.
fn copy(from: impl Read, limit: u64, to: &mut impl Write) -> Result<u64, Fault> {
    let mut from = from.take(limit.saturating_add(1));
    let mut block = vec![0; BLOCK];
    let mut copied = 0;
    loop {
        let read = match from.read(&mut block) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            read => read.map_err(Fault::Source)?,
        };
        let Some(part) = block.get(..read).filter(|part| !part.is_empty()) else {
            return Ok(copied);
        };
        to.write_all(part).map_err(Fault::Copy)?;
        copied += read as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Full;

    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(ErrorKind::StorageFull.into())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn f_02_a_full_disk_here_is_no_fault_of_the_host() {
        let mut copied = Vec::new();
        assert_eq!(copy(&b"abc"[..], 9, &mut copied).unwrap(), 3);
        assert_eq!(copied, b"abc");
        assert_eq!(copy(&b"abc"[..], 1, &mut Vec::new()).unwrap(), 2);
        let full = copy(&b"abc"[..], 9, &mut Full).unwrap_err();
        assert!(matches!(full, Fault::Copy(_)));
        let error = own_fault(
            Path::new("https://host.example/x"),
            ErrorKind::StorageFull.into(),
        );
        assert!(error.to_string().contains("Make room"), "{error}");
    }
}
