//! Reading what is judged. What is not there, or is no file, speaks against the publication; whatever else keeps this
//! machine from looking (too few descriptors, no permission, a bad disk) says nothing about it, so it ends the audit with an
//! error and never becomes part of a verdict.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{Error as IoError, ErrorKind, Read as _};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use por_protocol::digest::Digest;
use por_protocol::error::Error as ProtocolError;
use sha2::{Digest as _, Sha256};

use super::audit_remote::RemotePacks;
use super::files::{entries_below, is_absent, open_regular};
use crate::error::Error;

/// Files of a publication under audit, and the first of them that could not be looked at.
#[derive(Default)]
pub(super) struct AuditedFiles {
    fault: Mutex<Option<Error>>,
    /// Where packs come from that are not there.
    remote: Option<RemotePacks>,
}

impl AuditedFiles {
    /// Files of which the packs are brought one by one.
    pub(super) fn with_packs_from(remote: RemotePacks) -> Self {
        Self {
            fault: Mutex::default(),
            remote: Some(remote),
        }
    }

    /// Whether the publication is somewhere else, so that nobody can list its files.
    pub(super) const fn is_remote(&self) -> bool {
        self.remote.is_some()
    }

    /// Where files are brought from, if the publication is somewhere else.
    pub(super) const fn remote(&self) -> Option<&RemotePacks> {
        self.remote.as_ref()
    }

    /// Ends the audit: what was found, if all of it could be looked at.
    ///
    /// # Errors
    /// [`Error::Io`] for the first file that could not.
    pub(super) fn judge<T>(self, found: T) -> Result<T, Error> {
        let fault = self
            .fault
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        fault.map_or(Ok(found), Err)
    }

    /// Notes what kept this machine from looking.
    pub(super) fn fault(&self, what: &'static str, error: Error) -> ProtocolError {
        let mut first = self.fault.lock().unwrap_or_else(PoisonError::into_inner);
        first.get_or_insert(error);
        ProtocolError::Missing { what }
    }

    fn opened(&self, what: &'static str, path: &Path) -> Result<File, ProtocolError> {
        match open_regular(path) {
            Ok(Some(file)) => Ok(file),
            Ok(None) => Err(wrong(what, path, "is missing")),
            Err(error) => Err(self.why_not(what, path, error)),
        }
    }

    fn why_not(&self, what: &'static str, path: &Path, error: IoError) -> ProtocolError {
        match error.kind() {
            ErrorKind::InvalidInput => {
                let why = error.to_string();
                wrong(what, path, why.strip_prefix("it ").unwrap_or(&why))
            }
            _ => self.fault(what, Error::io(path)(error)),
        }
    }

    /// The bytes of a file, at most `limit`.
    pub(super) fn read(
        &self,
        what: &'static str,
        path: &Path,
        limit: u64,
    ) -> Result<Vec<u8>, ProtocolError> {
        let file = self.opened(what, path)?;
        let mut bytes = Vec::new();
        file.take(limit.saturating_add(1))
            .read_to_end(&mut bytes)
            .map_err(|error| self.why_not(what, path, error))?;
        let found = bytes.len() as u64;
        if found > limit {
            return Err(ProtocolError::TooLarge { what, limit, found });
        }
        Ok(bytes)
    }

    /// The digest of a file, read block by block.
    pub(super) fn digest(&self, what: &'static str, path: &Path) -> Result<Digest, ProtocolError> {
        let mut file = self.opened(what, path)?;
        let mut hash = Sha256::new();
        std::io::copy(&mut file, &mut hash).map_err(|error| self.why_not(what, path, error))?;
        Ok(Digest::from_bytes(hash.finalize().into()))
    }

    /// Fills `part` from byte `at` of a pack of this length on.
    pub(super) fn read_pack(
        &self,
        path: &Path,
        length: u64,
        part: &mut [u8],
        at: u64,
    ) -> Result<(), ProtocolError> {
        let what = "pack";
        let file = match &self.remote {
            None => self.opened(what, path)?,
            Some(remote) => match remote.open(path, length) {
                Ok(Some(file)) => file,
                Ok(None) => return Err(wrong(what, path, "is missing or has another length")),
                Err(error) => return Err(self.fault(what, error)),
            },
        };
        file.read_exact_at(part, at)
            .map_err(|error| match error.kind() {
                ErrorKind::UnexpectedEof => wrong(what, path, "is too short"),
                _ => self.why_not(what, path, error),
            })
    }

    /// Length of a file, in bytes.
    pub(super) fn length(&self, what: &'static str, path: &Path) -> Result<u64, ProtocolError> {
        let file = self.opened(what, path)?;
        let found = file.metadata();
        Ok(found
            .map_err(|error| self.why_not(what, path, error))?
            .len())
    }

    /// Paths of all files below a folder, from it. Anything but files and folders is refused.
    pub(super) fn below(
        &self,
        what: &'static str,
        folder: &Path,
    ) -> Result<BTreeSet<PathBuf>, ProtocolError> {
        let entries = match entries_below(folder) {
            Ok(entries) => entries,
            Err(Error::Io { path, source }) if is_absent(&source) => {
                return Err(wrong(what, &path, "is missing"));
            }
            Err(error) => return Err(self.fault(what, error)),
        };
        let strange = entries.iter().find(|(_, kind)| !kind.is_file());
        if let Some((path, kind)) = strange {
            let why = if kind.is_symlink() {
                "is a link"
            } else {
                "is no regular file"
            };
            return Err(wrong(what, &folder.join(path), why));
        }
        Ok(entries.into_iter().map(|(path, _)| path).collect())
    }
}

fn wrong(what: &'static str, path: &Path, why: &str) -> ProtocolError {
    let shown = path.display().to_string();
    ProtocolError::Mismatch {
        what,
        why: format!("{} {why}", shown.escape_debug()),
    }
}
