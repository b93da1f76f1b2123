//! Evidence that a log told two stories: two notes of its key that cannot both be honest (SPEC §7.6.4).
//!
//! Claim of [`Evidence::verify`]: the holder of the log's key signed both notes, and either they are heads of which the
//! larger does not begin with the smaller, or they are two attestations of one sequence number. A third party needs the
//! file and the log's key, and nothing else.
//!
//! Not evidence: a head that is only smaller than one seen before; a host may serve an old file.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde::Serialize;

use super::checkpoint::{Checkpoint, TreeSize};
use crate::attestation::Attestation;
use crate::digest::Digest;
use crate::error::Error;
use crate::json;
use crate::merkle::tree_root;
use crate::note::Note;
use crate::policy::Policy;
use crate::suite::{require, require_format};

/// Format of an evidence file.
pub const EVIDENCE_FORMAT: &str = "por/equivocation/v1";
/// Two attestations, or two heads with the leaf hashes of a log of 100,000 entries.
const MAX_BYTES: usize = 8 << 20;

/// Two signed notes, verbatim.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Evidence {
    /// [`EVIDENCE_FORMAT`].
    pub format: String,
    /// One note: a checkpoint or an attestation.
    pub first: String,
    /// The other, of the same kind.
    pub second: String,
    /// Leaf hashes of the larger head, where the two differ in size; else empty.
    pub leaves: Vec<Digest>,
}

json::object!(Evidence {
    format,
    first,
    second,
    leaves
});

/// What the evidence shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Conflict {
    /// Two heads.
    Heads {
        /// Origin of the log.
        origin: String,
        /// Entries of the smaller one.
        older: TreeSize,
        /// Entries of the larger one.
        newer: TreeSize,
    },
    /// Two attestations.
    Attestations {
        /// Origin of the log.
        origin: String,
        /// Their sequence number.
        sequence: u64,
    },
}

/// Compares two signed heads of the policy's log. `leaves` are the leaf hashes of the larger one, for heads of two sizes.
/// Gives evidence where they conflict.
///
/// # Errors
/// [`Error::Signature`] and the like where a note is not the log's; [`Error::Mismatch`] where `leaves` are not those of
/// the larger head, so that nothing can be told.
pub fn compare_heads(
    policy: &Policy,
    first: &[u8],
    second: &[u8],
    leaves: &[Digest],
) -> Result<Option<Evidence>, Error> {
    let (a, b) = (head(policy, first)?, head(policy, second)?);
    let leaves = if a.size == b.size { &[] } else { leaves };
    if !conflict_of_heads(&a, &b, leaves)? {
        return Ok(None);
    }
    let text = |note: &[u8]| String::from_utf8_lossy(note).into_owned();
    Ok(Some(Evidence {
        format: EVIDENCE_FORMAT.into(),
        first: text(first),
        second: text(second),
        leaves: leaves.to_vec(),
    }))
}

impl Evidence {
    /// Two notes that may be evidence; [`Evidence::verify`] tells.
    #[must_use]
    pub fn of_attestations(first: &str, second: &str) -> Self {
        Self {
            format: EVIDENCE_FORMAT.into(),
            first: first.into(),
            second: second.into(),
            leaves: Vec::new(),
        }
    }

    /// Parses a file.
    ///
    /// # Errors
    /// [`Error::Syntax`], [`Error::TooLarge`], [`Error::Unsupported`].
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        require_format("evidence", bytes, MAX_BYTES, EVIDENCE_FORMAT)?;
        let evidence: Self = json::parse("evidence", bytes, MAX_BYTES)?;
        require("evidence", &evidence.format, EVIDENCE_FORMAT)?;
        Ok(evidence)
    }

    /// What this shows against the holder of the policy's log key.
    ///
    /// # Errors
    /// [`Error::Mismatch`] where the two notes agree; [`Error::Signature`] where one is not the log's.
    pub fn verify(&self, policy: &Policy) -> Result<Conflict, Error> {
        let agree = || Error::Mismatch {
            what: "evidence",
            why: "both notes can be honest: they show nothing".into(),
        };
        // Text alone tells which kind it is; whether it is signed is judged then.
        let first = Note::parse(self.first.as_bytes())?;
        if Checkpoint::of_note(&first).is_ok() {
            let (a, b) = (
                head(policy, self.first.as_bytes())?,
                head(policy, self.second.as_bytes())?,
            );
            if !conflict_of_heads(&a, &b, &self.leaves)? {
                return Err(agree());
            }
            return Ok(Conflict::Heads {
                origin: a.origin.as_str().to_string(),
                older: a.size.min(b.size),
                newer: a.size.max(b.size),
            });
        }
        let (a, b) = (
            attestation(policy, self.first.as_bytes())?,
            attestation(policy, self.second.as_bytes())?,
        );
        let ((first, a), (second, b)) = (a, b);
        if first == second || a.sequence != b.sequence || !self.leaves.is_empty() {
            return Err(agree());
        }
        Ok(Conflict::Attestations {
            origin: a.log_origin,
            sequence: a.sequence,
        })
    }
}

/// A signed head of the policy's log.
fn head(policy: &Policy, note: &[u8]) -> Result<Checkpoint, Error> {
    let note = Note::parse(note)?;
    policy.head(&note)
}

/// A signed attestation of the policy's log, with its exact text.
fn attestation<'a>(policy: &Policy, note: &'a [u8]) -> Result<(&'a str, Attestation), Error> {
    let note = Note::parse(note)?;
    let (text, _) = note.verify_any("evidence", policy.logs())?;
    let attestation = Attestation::parse(text.as_bytes())?;
    if attestation.log_origin != policy.log_origin().as_str() {
        return Err(Error::Mismatch {
            what: "log origin",
            why: "the attestation is of another log".into(),
        });
    }
    Ok((text, attestation))
}

/// Whether the larger of two heads does not begin with the smaller.
fn conflict_of_heads(a: &Checkpoint, b: &Checkpoint, leaves: &[Digest]) -> Result<bool, Error> {
    if a.size == b.size {
        return Ok(a.root != b.root);
    }
    let (older, newer) = if a.size < b.size { (a, b) } else { (b, a) };
    if leaves.len() as u64 != newer.size.get() || tree_root(leaves) != newer.root {
        return Err(Error::Mismatch {
            what: "evidence",
            why: "the leaf hashes are not those of the larger head".into(),
        });
    }
    let begin = usize::try_from(older.size.get())
        .ok()
        .and_then(|size| leaves.get(..size))
        .unwrap_or(leaves);
    Ok(tree_root(begin) != older.root)
}
