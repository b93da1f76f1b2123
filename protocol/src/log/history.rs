//! What a log may say, entry after entry (SPEC §7.6.2).
//!
//! A rotation counts only with its note, which both keys signed: whoever stole a retired key can write an entry that brings
//! it back, and cannot sign that note. And a retired key signs no head any more: see [`History::verify_head`].
//!
//! Claim of a [`History`] that took every entry: sequences count up from 0 without a gap, periods follow each other, no
//! snapshot is older than one before it, a correction names the attestation it replaces and stays in its period, and each
//! change of key begins where the last one ended.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::entry::{KeyRotation, LogEntry};
use crate::attestation::Attestation;
use crate::digest::Digest;
use crate::error::Error;
use crate::note::{Note, PublicKey};
use crate::period::Period;

/// An attestation in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logged {
    /// Index of its entry.
    pub index: u64,
    /// SHA-256 of its exact bytes.
    pub digest: Digest,
    /// Number among the attestations, from 0.
    pub sequence: u64,
    /// Its period.
    pub period: Period,
    /// Unix seconds.
    pub snapshot_time: u64,
    /// The attestation that it corrects.
    pub supersedes: Option<u64>,
    /// The correction that replaced it, where there is one.
    pub superseded_by: Option<u64>,
    /// The key that was in force, where any rotation names it.
    pub key: Option<PublicKey>,
}

impl Logged {
    /// Checks that the key in force at this entry signed the note of its attestation, not just any that the policy knows.
    ///
    /// # Errors
    /// [`Error::Signature`].
    pub fn verify_key(&self, note: &Note<'_>) -> Result<(), Error> {
        verify_in_force(
            "attestation, after a change of key",
            self.key.as_ref(),
            note,
        )
    }
}

fn verify_in_force(
    what: &'static str,
    key: Option<&PublicKey>,
    note: &Note<'_>,
) -> Result<(), Error> {
    match key {
        Some(key) => note.verify(what, key).map(drop),
        // Without a rotation the log had one key, and only the policy knows it.
        None => Ok(()),
    }
}

/// A log's entries so far.
#[derive(Clone, Debug)]
pub struct History {
    origin: String,
    entries: u64,
    attestations: Vec<Logged>,
    rotations: Vec<(u64, KeyRotation)>,
    key: Option<PublicKey>,
}

impl History {
    /// Of a log without entries.
    #[must_use]
    pub fn new(origin: &str) -> Self {
        Self {
            origin: origin.into(),
            entries: 0,
            attestations: Vec::new(),
            rotations: Vec::new(),
            key: None,
        }
    }

    /// Reads a whole log.
    ///
    /// # Errors
    /// As [`History::push`], for the first entry that breaks a rule.
    pub fn read(origin: &str, entries: &[impl AsRef<[u8]>]) -> Result<Self, Error> {
        let mut history = Self::new(origin);
        for entry in entries {
            history.push(entry.as_ref())?;
        }
        Ok(history)
    }

    /// Takes the next entry, if it may follow.
    ///
    /// # Errors
    /// [`Error::Order`], [`Error::Mismatch`] for another log's entry, and as [`LogEntry::parse`]. The history is as it was.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), Error> {
        match LogEntry::parse(bytes)? {
            LogEntry::Attestation(attestation) => {
                self.check_origin(&attestation.log_origin)?;
                self.check_attestation(&attestation)?;
                self.take(&attestation, Digest::of(bytes));
            }
            LogEntry::KeyRotation(rotation) => {
                self.check_origin(&rotation.log_origin)?;
                let (old, new) = rotation.keys()?;
                if self.key.as_ref().is_some_and(|key| *key != old) {
                    return Err(Error::Order {
                        what: "key rotation",
                        why: "it begins with another key than the one before it ended with".into(),
                    });
                }
                if self.key.is_none() {
                    for before in &mut self.attestations {
                        before.key = Some(old.clone());
                    }
                }
                self.key = Some(new);
                self.rotations.push((self.entries, rotation));
            }
        }
        self.entries = self.entries.saturating_add(1);
        Ok(())
    }

    /// Number of entries.
    #[must_use]
    pub const fn entries(&self) -> u64 {
        self.entries
    }

    /// The attestations, by sequence.
    #[must_use]
    pub fn attestations(&self) -> &[Logged] {
        &self.attestations
    }

    /// The key in force after the last entry, where a rotation names it.
    #[must_use]
    pub const fn key(&self) -> Option<&PublicKey> {
        self.key.as_ref()
    }

    /// The changes of key, each with the index of its entry.
    #[must_use]
    pub fn rotations(&self) -> &[(u64, KeyRotation)] {
        &self.rotations
    }

    /// Checks the note of the `number`-th change of key: both keys signed this very entry.
    ///
    /// # Errors
    /// [`Error::Missing`] if there are not so many; [`Error::Mismatch`] for another entry's note; as [`KeyRotation::verify`].
    pub fn verify_rotation(&self, number: usize, entry: &[u8], note: &[u8]) -> Result<(), Error> {
        let (index, rotation) = self.rotations.get(number).ok_or(Error::Missing {
            what: "change of key",
        })?;
        let note = Note::parse(note)?;
        if note.unverified_text().as_bytes() != entry {
            return Err(Error::Mismatch {
                what: "key rotation",
                why: format!("its note is not entry {index}"),
            });
        }
        rotation.verify(&note)
    }

    /// Checks that the key in force after the last entry signed the head with this note. A retired key that was stolen, or
    /// never destroyed, would otherwise sign heads for ever.
    ///
    /// # Errors
    /// [`Error::Signature`].
    pub fn verify_head(&self, note: &Note<'_>) -> Result<(), Error> {
        verify_in_force("checkpoint, after a change of key", self.key(), note)
    }

    fn check_origin(&self, origin: &str) -> Result<(), Error> {
        if origin == self.origin {
            return Ok(());
        }
        Err(Error::Mismatch {
            what: "log origin",
            why: format!("an entry is of `{}`", crate::json::shorten(origin)),
        })
    }

    fn check_attestation(&self, next: &Attestation) -> Result<(), Error> {
        let expected = self.attestations.len() as u64;
        if next.sequence != expected {
            return Err(Error::Order {
                what: "sequence",
                why: format!("{} stands where {expected} belongs", next.sequence),
            });
        }
        match next.supersedes {
            Some(old) => self.check_correction(next, old),
            None => self.check_successor(next),
        }
    }

    fn check_correction(&self, next: &Attestation, old: u64) -> Result<(), Error> {
        let refuse = |why: String| Error::Order {
            what: "correction",
            why,
        };
        let old = usize::try_from(old)
            .ok()
            .and_then(|old| self.attestations.get(old))
            .ok_or_else(|| refuse(format!("there is no attestation {old} to correct")))?;
        if let Some(by) = old.superseded_by {
            return Err(refuse(format!(
                "attestation {} was corrected by {by} already",
                old.sequence
            )));
        }
        if next.period != old.period {
            return Err(refuse(format!(
                "it is for {}, and what it corrects for {}",
                next.period, old.period
            )));
        }
        if next.snapshot.time < old.snapshot_time {
            return Err(refuse(
                "its snapshot is older than the one it corrects".into(),
            ));
        }
        Ok(())
    }

    fn check_successor(&self, next: &Attestation) -> Result<(), Error> {
        let regular = |logged: &&Logged| logged.supersedes.is_none();
        if let Some(last) = self.attestations.iter().rev().find(regular)
            && !last.period.is_followed_by(&next.period)
        {
            return Err(Error::Order {
                what: "attestation",
                why: format!("period {} follows {}", next.period, last.period),
            });
        }
        let latest = self
            .attestations
            .iter()
            .map(|logged| logged.snapshot_time)
            .max();
        if latest.is_some_and(|latest| next.snapshot.time <= latest) {
            return Err(Error::Order {
                what: "snapshot",
                why: "it is not later than the one before it".into(),
            });
        }
        Ok(())
    }

    fn take(&mut self, attestation: &Attestation, digest: Digest) {
        let old = attestation
            .supersedes
            .and_then(|old| usize::try_from(old).ok())
            .and_then(|old| self.attestations.get_mut(old));
        if let Some(old) = old {
            old.superseded_by = Some(attestation.sequence);
        }
        self.attestations.push(Logged {
            index: self.entries,
            digest,
            sequence: attestation.sequence,
            period: attestation.period.clone(),
            snapshot_time: attestation.snapshot.time,
            supersedes: attestation.supersedes,
            superseded_by: None,
            key: self.key.clone(),
        });
    }
}
