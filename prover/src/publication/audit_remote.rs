//! Auditing a publication where it lies: on a web host or in a bucket.
//!
//! The log and what is signed are brought first, then the lists and annexes of an attestation that the policy vouches for,
//! where there is one. Packs are brought one by one while the trees are walked, and only the last ones are
//! kept: [`KEPT_PACKS`] of 8 MB, however large the publication is. What a host does not have speaks against the
//! publication; a host or a network that fails says nothing about it, and ends the audit with an error.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use por_protocol::error::Error as ProtocolError;
use por_protocol::log::{LogEntry, MAX_ENTRY_BYTES, TreeSize};
use por_protocol::report::Report;

use super::audit::{
    AuditOptions, MAX_ANNEX_BYTES, MAX_LIST_BYTES, SignedFiles, audit_files, audit_within,
};
use super::audit_tree::Scope;
use super::audited_files::AuditedFiles;
use super::files::open_regular;
use super::source::Source;
use super::{MAX_NOTE_BYTES, Publication, sequence_folder, target};
use crate::error::Error;
use crate::log::{LOG_FOLDER, PublishedLog};

/// Packs on disk at a time.
const KEPT_PACKS: usize = 64;

/// Audits one attestation of the publication that a command line names: a folder, or a URL.
///
/// # Errors
/// As [`audit_within`]; [`Error::Remote`] where a host cannot be asked, [`Error::Refused`] for what is no publication's URL.
pub fn audit_place(
    name: &Path,
    options: &AuditOptions<'_>,
    scope: &Scope<'_>,
) -> Result<Report, Error> {
    if target::url(name).is_none() {
        return audit_within(&Publication::at(name), options, scope);
    }
    let brought = tempfile::Builder::new()
        .prefix("por-audit-")
        .tempdir()
        .map_err(Error::io(&std::env::temp_dir()))?;
    let remote = Remote {
        source: Source::open(name)?,
        root: brought.path().to_owned(),
    };
    remote.bring_log(options.sequence)?;
    let looked = AuditedFiles::with_packs_from(RemotePacks {
        remote,
        kept: Mutex::default(),
    });
    audit_files(&Publication::at(brought.path()), looked, options, scope)
}

/// A publication elsewhere, and the folder that its files are brought to.
struct Remote {
    source: Source,
    root: PathBuf,
}

impl Remote {
    /// The log, and what is signed of each entry: without a log nothing tells which attestation is meant.
    fn bring_log(&self, sequence: Option<u64>) -> Result<(), Error> {
        let folder = self.root.join("attestations");
        std::fs::create_dir(&folder).map_err(Error::io(&folder))?;
        let log = PublishedLog::read(|path, limit| {
            let found = self.source.read(path, limit)?;
            if let Some(bytes) = &found {
                self.write(path, bytes)?;
            }
            Ok(found)
        });
        let log = match log {
            Ok(Some(log)) => log,
            Ok(None) => {
                let place = self.source.place("log/checkpoint");
                return Err(Error::refused(
                    format!("there is no {}", place.display()),
                    "Check the address: it is that of the folder which holds `log` and `attestations`.",
                ));
            }
            Err(Error::Protocol { what, source })
                if !matches!(source, ProtocolError::Unsupported { .. }) =>
            {
                return Err(Error::Untrue {
                    place: self.source.place(&what).display().to_string(),
                    why: source.to_string(),
                    remedy:
                        "Tell whoever runs the host; another copy of the publication may be whole."
                            .into(),
                });
            }
            Err(error) => return Err(error),
        };
        let files = log.state().files(TreeSize::new(0)).unwrap_or_default();
        for file in files {
            let path = format!("{LOG_FOLDER}/{}", file.path);
            if !self.root.join(&path).exists() {
                self.bring(&path, file.bytes.len() as u64)?;
            }
        }
        let last = log.history().attestations().last();
        let audited = sequence.or(last.map(|logged| logged.sequence));
        let mut next = 0;
        for (index, entry) in (0_u64..).zip(log.state().entries()) {
            match LogEntry::parse(entry) {
                Ok(LogEntry::Attestation(_)) => {
                    let folder = format!("attestations/{}", sequence_folder(next));
                    self.bring(
                        &format!("{folder}/attestation.json"),
                        MAX_ENTRY_BYTES as u64,
                    )?;
                    if audited == Some(next) {
                        self.bring(&format!("{folder}/attestation.note"), MAX_NOTE_BYTES)?;
                    }
                    next += 1;
                }
                Ok(LogEntry::KeyRotation(_)) => {
                    let path = format!("rotations/{}.note", sequence_folder(index));
                    self.bring(&path, MAX_NOTE_BYTES)?;
                }
                // The audit says what is wrong with it.
                Err(_) => break,
            }
        }
        Ok(())
    }

    /// Copies a file, if there is one; of one that is too long, a byte or two more than it may have.
    fn bring(&self, path: &str, limit: u64) -> Result<Option<u64>, Error> {
        let to = self.place(path)?;
        let mut file = BufWriter::new(File::create(&to).map_err(Error::io(&to))?);
        let limit = limit.saturating_add(1);
        let copied = match self.source.copy(path, limit, &mut file) {
            // The audit measures what was brought, and says that it is too long.
            Err(Error::Input { .. }) => Some(limit),
            copied => copied?,
        };
        file.flush().map_err(Error::io(&to))?;
        drop(file);
        if copied.is_none() {
            std::fs::remove_file(&to).map_err(Error::io(&to))?;
        }
        Ok(copied)
    }

    fn write(&self, path: &str, bytes: &[u8]) -> Result<(), Error> {
        let to = self.place(path)?;
        std::fs::write(&to, bytes).map_err(Error::io(&to))
    }

    /// Where a file of the publication is brought to; its folder is made.
    fn place(&self, path: &str) -> Result<PathBuf, Error> {
        let to = self.root.join(path);
        if let Some(parent) = to.parent() {
            std::fs::create_dir_all(parent).map_err(Error::io(parent))?;
        }
        Ok(to)
    }
}

/// Packs that are brought when they are read.
pub(super) struct RemotePacks {
    remote: Remote,
    /// The packs that are there, from the one brought first.
    kept: Mutex<VecDeque<PathBuf>>,
}

impl RemotePacks {
    /// The lists and annexes of one attestation.
    pub(super) fn bring_lists(&self, sequence: u64, signed: &SignedFiles) -> Result<(), Error> {
        let folder = format!("attestations/{}", sequence_folder(sequence));
        // One that cannot be read has no lists.
        let Ok((_, attestation)) = signed.parse() else {
            return Ok(());
        };
        for list in ["books.jsonl", "reserves.jsonl"] {
            self.remote
                .bring(&format!("{folder}/{list}"), MAX_LIST_BYTES)?;
        }
        for annex in &attestation.annexes {
            // Step 15 refuses a longer one by its size alone.
            if annex.size <= MAX_ANNEX_BYTES {
                let path = format!("{folder}/annexes/{}", annex.name);
                self.remote.bring(&path, annex.size)?;
            }
        }
        Ok(())
    }

    /// A pack at this path below the publication's copy; `None` if there is none of this length.
    ///
    /// # Errors
    /// [`Error::Remote`], [`Error::Io`].
    pub(super) fn open(&self, path: &Path, length: u64) -> Result<Option<File>, Error> {
        // One at a time: threads that need the same pack wait for it, and a host is not asked twice.
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = open_regular(path).map_err(Error::io(path))? {
            return Ok(Some(file));
        }
        let Ok(below) = path.strip_prefix(&self.remote.root) else {
            return Ok(None);
        };
        let copied = self.remote.bring(&below.to_string_lossy(), length)?;
        if copied != Some(length) {
            if path.exists() {
                std::fs::remove_file(path).map_err(Error::io(path))?;
            }
            return Ok(None);
        }
        kept.push_back(path.to_owned());
        if kept.len() > KEPT_PACKS
            && let Some(oldest) = kept.pop_front()
        {
            // Whoever reads it has it open.
            std::fs::remove_file(&oldest).map_err(Error::io(&oldest))?;
        }
        open_regular(path).map_err(Error::io(path))
    }
}
