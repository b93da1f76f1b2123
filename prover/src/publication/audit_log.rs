//! The part of an audit that is about the log: what the publication's history is, and whether all of it is there.

use std::collections::BTreeSet;
use std::io::ErrorKind;

use por_protocol::attestation::Attestation;
use por_protocol::error::Error as ProtocolError;
use por_protocol::log::tiles::{LogFile, MAX_BUNDLE_BYTES, bundles, parse_bundle};
use por_protocol::log::{LogEntry, LogProof, MAX_ENTRY_BYTES, TreeSize};
use por_protocol::note::Note;
use por_protocol::report::Facts;

use super::audited_files::AuditedFiles;
use super::files::read_limited;
use super::{MAX_NOTE_BYTES, Publication};
use crate::error::Error;
use crate::log::{LOG_FOLDER, PublishedLog, Successor};

/// A publication's log as far as it can be read; what is wrong with it is kept for the check that reports it.
pub(super) struct AuditedLog(Result<PublishedLog, ProtocolError>);

impl AuditedLog {
    /// # Errors
    /// [`Error::Io`] for a file that is there and cannot be looked at.
    pub(super) fn read(publication: &Publication) -> Result<Self, Error> {
        Ok(Self(match publication.log() {
            Err(Error::Io { path, source }) if source.kind() != ErrorKind::InvalidInput => {
                return Err(Error::Io { path, source });
            }
            Ok(Some(log)) => Ok(log),
            Ok(None) => Err(mismatch("there is no checkpoint")),
            // With the name of the file, where it is one that is malformed.
            Err(Error::Protocol { what, source }) if what != LOG_FOLDER => {
                Err(in_file(&what, &source))
            }
            Err(Error::Protocol { source, .. }) => Err(source),
            Err(error) => Err(mismatch(&error.to_string())),
        }))
    }

    /// Sequence of the last attestation in the log.
    pub(super) fn last(&self) -> Option<u64> {
        let log = self.0.as_ref().ok()?;
        Some(log.history().attestations().last()?.sequence)
    }

    /// The proof of the attestation of this sequence.
    pub(super) fn proof(&self, sequence: u64) -> Result<LogProof<'_>, ProtocolError> {
        let log = self.0.as_ref().map_err(Clone::clone)?;
        let logged = usize::try_from(sequence)
            .ok()
            .and_then(|sequence| log.history().attestations().get(sequence))
            .ok_or_else(|| mismatch(&format!("attestation {sequence} is not in it")))?;
        Ok(log.proof(logged.index))
    }

    /// Of step 9 what authenticity rests on: the key in force signed this attestation, and the head.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub(super) fn check_keys(
        &self,
        publication: &Publication,
        (sequence, note): (u64, &Note<'_>),
    ) -> Result<Result<Facts, ProtocolError>, Error> {
        let log = match &self.0 {
            Ok(log) => log,
            Err(error) => return Ok(Err(error.clone())),
        };
        let read = |path: &str, limit| read_limited(&publication.path().join(path), limit);
        match log.check_keys(read) {
            Err(Error::Protocol { what, source }) => return Ok(Err(in_file(&what, &source))),
            done => done?,
        }
        let mut attestations = log.history().attestations().iter();
        let logged = attestations.find(|logged| logged.sequence == sequence);
        let logged = logged.ok_or_else(|| mismatch("this attestation is not in it"));
        Ok(logged
            .and_then(|logged| logged.verify_key(note))
            .map(|()| Facts::new()))
    }

    /// Step 9: every file of the log and every entry's own copy is there and says the same; nothing else is there; keys
    /// followed each other as the entries say.
    pub(super) fn check_complete(
        &self,
        looked: &AuditedFiles,
        publication: &Publication,
        note: &Note<'_>,
        attestation: &Attestation,
    ) -> Result<Facts, ProtocolError> {
        let log = self.0.as_ref().map_err(Clone::clone)?;
        check_files(looked, publication, log)?;
        check_copies(looked, publication, log)?;
        let logged = log
            .history()
            .attestations()
            .iter()
            .find(|logged| logged.sequence == attestation.sequence);
        let Some(logged) = logged else {
            return Err(mismatch("this attestation is not in it"));
        };
        logged.verify_key(note)?;
        log.history().verify_head(&Note::parse(log.note())?)?;
        let mut facts = Facts::from([
            ("entries", log.head().size.to_string()),
            (
                "attestations",
                log.history().attestations().len().to_string(),
            ),
        ]);
        if let Some(by) = logged.superseded_by {
            facts.insert("superseded_by", by.to_string());
        }
        if let Some(old) = logged.supersedes {
            facts.insert("supersedes", old.to_string());
        }
        Ok(facts)
    }
}

fn in_file(file: &str, error: &ProtocolError) -> ProtocolError {
    ProtocolError::Syntax {
        what: "log",
        why: format!("{file}: {error}"),
    }
}

fn mismatch(why: &str) -> ProtocolError {
    ProtocolError::Mismatch {
        what: "log",
        why: why.into(),
    }
}

/// Files of the log's folder: those of its present size must be there; those of earlier sizes may be; all must hold what
/// the entries give, and no other file stands among them.
fn check_files(
    looked: &AuditedFiles,
    publication: &Publication,
    log: &PublishedLog,
) -> Result<(), ProtocolError> {
    let folder = publication.path().join(LOG_FOLDER);
    let below = looked.below("log", &folder)?;
    let mut found: BTreeSet<String> = below
        .iter()
        .map(|path| path.to_string_lossy().into_owned())
        .collect();
    found.remove("checkpoint");
    let begun = begun(looked, publication, log);
    let begun = |path: &String| begun.iter().find(|file| file.path == *path);
    for path in &found {
        let shown = path.escape_debug();
        let expected = log
            .state()
            .file(path)
            .or_else(|| begun(path).map(|file| file.bytes.clone()))
            .ok_or_else(|| mismatch(&format!("{LOG_FOLDER}/{shown} does not belong there")))?;
        let length = expected.len() as u64;
        if looked.length("log", &folder.join(path))? != length
            || looked.read("log", &folder.join(path), length)? != expected
        {
            return Err(mismatch(&format!("{LOG_FOLDER}/{shown} is damaged")));
        }
    }
    let needed = log
        .state()
        .files(TreeSize::new(0))
        .map_err(|error| mismatch(&error.to_string()))?;
    match needed.iter().find(|file| !found.contains(&file.path)) {
        Some(file) => Err(mismatch(&format!("{LOG_FOLDER}/{} is missing", file.path))),
        None => Ok(()),
    }
}

/// The files of the log with one more entry, where a publisher has begun to put them there: they come before the checkpoint
/// that speaks of them. Nothing else may lie there, and that entry must be one that the history allows.
fn begun(looked: &AuditedFiles, publication: &Publication, log: &PublishedLog) -> Vec<LogFile> {
    let next = || {
        let size = TreeSize::new(log.head().size.get().checked_add(1)?);
        let place = bundles(size).pop()?;
        let path = publication.path().join(LOG_FOLDER).join(&place.path);
        let bytes = looked.read("log", &path, MAX_BUNDLE_BYTES as u64).ok()?;
        let entry = parse_bundle(&bytes, place.entries).ok()?.pop()?.to_vec();
        let next = Successor::new(&log.head().origin, Some(log), entry).ok()?;
        next.files().ok()
    };
    next().unwrap_or_default()
}

/// Each entry's own file, beside the log: the attestations and the notes of key rotations.
fn check_copies(
    looked: &AuditedFiles,
    publication: &Publication,
    log: &PublishedLog,
) -> Result<(), ProtocolError> {
    let mut sequence = 0;
    for (index, entry) in (0_u64..).zip(log.state().entries()) {
        match LogEntry::parse(entry)? {
            LogEntry::Attestation(_) => {
                let path = publication.attestation(sequence).json();
                sequence += 1;
                if looked.read("log", &path, MAX_ENTRY_BYTES as u64)? != *entry {
                    let why = format!("{} is not entry {index}", path.display());
                    return Err(mismatch(&why));
                }
            }
            LogEntry::KeyRotation(rotation) => {
                let path = publication.rotation_path(index);
                let bytes = looked.read("log", &path, MAX_NOTE_BYTES)?;
                let place = path.display().to_string();
                let note = Note::parse(&bytes).map_err(|error| in_file(&place, &error))?;
                if note.unverified_text().as_bytes() != entry {
                    let why = format!("{} is not entry {index}", path.display());
                    return Err(mismatch(&why));
                }
                rotation.verify(&note)?;
            }
        }
    }
    Ok(())
}
