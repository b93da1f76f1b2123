//! The attestation: the signed statement of one snapshot (SPEC §7).
//!
//! `attestation.json` is the text of a C2SP signed note and (with the log) the log entry: its exact bytes are hashed and
//! signed, never re-serialised to verify. What is longer than a log entry allows stands in rows and annexes it binds.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde::Serialize;

use crate::account::check_text;
use crate::book_row::{BookRow, Total, check_distinct};
use crate::context::{BookContext, Ctx};
use crate::digest::Digest;
use crate::error::Error;
use crate::hex_bytes::HexBytes;
use crate::json;
use crate::liabilities::{SealedTotal, Shape, TOTAL_PROOF_BYTES, verify_bound, verify_total};
use crate::merkle::RowTree;
use crate::note::{KeyName, PublicKey};
use crate::period::Period;
use crate::range_proof::{Entropy, Generators};
use crate::report::AttestationFacts;
use crate::suite::{ATTESTATION_FORMAT, SUITE, require, require_format};

/// A log entry is at most this long (C2SP tlog-tiles).
pub const MAX_ATTESTATION_BYTES: usize = 65_535;
/// Most bytes of an entity name.
const MAX_ENTITY_BYTES: usize = 128;
/// Most bytes of a regulator's nonce.
const MAX_NONCE_BYTES: usize = 64;

/// A block of the snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SnapshotBlock {
    /// CAIP-2 id of the chain.
    pub network: String,
    /// Height.
    pub height: u64,
    /// Hash as the chain's own tools print it.
    pub hash: String,
    /// MuHash of all unspent outputs after the block (`gettxoutsetinfo muhash`), where reserves rest on outputs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub muhash: Option<Digest>,
}

json::object!(SnapshotBlock {
    network,
    height,
    hash,
    muhash: present
});
json::deserialize!(SnapshotBlock);

/// The instant, and the block of each chain that stands for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Snapshot {
    /// Unix seconds.
    pub time: u64,
    /// One block for each chain.
    pub blocks: Vec<SnapshotBlock>,
}

json::object!(Snapshot { time, blocks });

/// What dates the ownership signatures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChallengeTerms {
    /// 80-byte header of a recent Bitcoin block.
    pub block: HexBytes,
    /// The regulator's nonce, 0 to 64 bytes.
    pub nonce: HexBytes,
}

json::object!(ChallengeTerms { block, nonce });

/// A list of rows bound by count and RFC 6962 root.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rows {
    /// Number of rows.
    pub count: u64,
    /// RFC 6962 root over the exact row bytes.
    pub root: Digest,
}

json::object!(Rows { count, root });

impl Rows {
    /// Checks that the list called `what` has these rows: their number, and the root over their exact bytes.
    ///
    /// # Errors
    /// [`Error::Count`], [`Error::Mismatch`].
    pub fn check(&self, what: &'static str, rows: &[&[u8]]) -> Result<(), Error> {
        if rows.len() as u64 != self.count {
            return Err(Error::Count {
                what,
                expected: self.count,
                found: rows.len() as u64,
            });
        }
        if RowTree::new(rows.iter().copied()).root() != self.root {
            return Err(Error::Mismatch {
                what,
                why: "its rows are not those of the signed root".into(),
            });
        }
        Ok(())
    }
}

/// Splits the list called `what` into exact row bytes. Every row ends in a line feed; an empty list has no rows.
///
/// # Errors
/// [`Error::Syntax`] for a last row without its end.
pub fn split_rows<'a>(what: &'static str, list: &'a [u8]) -> Result<Vec<&'a [u8]>, Error> {
    if list.is_empty() {
        return Ok(Vec::new());
    }
    let rows = list.strip_suffix(b"\n").ok_or_else(|| Error::Syntax {
        what,
        why: "its last row does not end in a line feed".into(),
    })?;
    Ok(rows.split(|byte| *byte == b'\n').collect())
}

/// A file bound by size and digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Annex {
    /// File name within the publication's `annexes` folder.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256.
    pub sha256: Digest,
}

json::object!(Annex { name, size, sha256 });

/// An attestation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Attestation {
    /// [`ATTESTATION_FORMAT`].
    pub format: String,
    /// [`SUITE`].
    pub suite: String,
    /// Name of the exchange.
    pub entity: String,
    /// Origin of its log.
    pub log_origin: String,
    /// Month or day.
    pub period: Period,
    /// Position in the log, from 0.
    pub sequence: u64,
    /// Sequence of the attestation that this one corrects.
    pub supersedes: Option<u64>,
    /// The instant.
    pub snapshot: Snapshot,
    /// C2SP vkey that signs statements of this attestation.
    pub statement_key: String,
    /// Rows of `books.jsonl`.
    pub books: Rows,
    /// Rows of `reserves.jsonl`.
    pub reserves: Rows,
    /// What dates the ownership signatures; `null` where there are no reserves.
    pub challenge: Option<ChallengeTerms>,
    /// Longer files.
    pub annexes: Vec<Annex>,
}

json::object!(Attestation {
    format,
    suite,
    entity,
    log_origin,
    period,
    sequence,
    supersedes,
    snapshot,
    statement_key,
    books,
    reserves,
    challenge,
    annexes
});

impl Attestation {
    /// Parses and checks the exact bytes.
    ///
    /// # Errors
    /// [`Error::Unsupported`], [`Error::Syntax`], [`Error::TooLarge`], [`Error::Field`], [`Error::Duplicate`],
    /// [`Error::Vacuous`].
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let limit = MAX_ATTESTATION_BYTES;
        require_format("attestation format", bytes, limit, ATTESTATION_FORMAT)?;
        let attestation: Self = json::parse("attestation", bytes, MAX_ATTESTATION_BYTES)?;
        attestation.check()?;
        Ok(attestation)
    }

    /// What a report says of the attestation with these bytes.
    #[must_use]
    pub fn facts(&self, bytes: &[u8]) -> AttestationFacts {
        AttestationFacts {
            entity: self.entity.clone(),
            log_origin: self.log_origin.clone(),
            period: self.period.to_string(),
            sequence: self.sequence,
            snapshot_time: self.snapshot.time,
            digest: Digest::of(bytes).to_string(),
        }
    }

    /// # Errors
    /// As [`Attestation::parse`].
    pub fn check(&self) -> Result<(), Error> {
        let field = |what, why: &str| Error::Field {
            what,
            why: why.into(),
        };
        require("attestation format", &self.format, ATTESTATION_FORMAT)?;
        require("suite", &self.suite, SUITE)?;
        check_text(&self.entity, MAX_ENTITY_BYTES).map_err(|error| Error::Field {
            what: "entity",
            why: error.to_string(),
        })?;
        KeyName::log_origin(&self.log_origin)?;
        self.statement_public_key()?;
        if self.books.count == 0 {
            return Err(Error::Vacuous {
                what: "the attestation's list of books",
            });
        }
        if self.supersedes.is_some_and(|old| old >= self.sequence) {
            return Err(field("supersedes", "it must name an earlier sequence"));
        }
        for (index, block) in self.snapshot.blocks.iter().enumerate() {
            if self
                .snapshot
                .blocks
                .iter()
                .take(index)
                .any(|other| other.network == block.network)
            {
                return Err(Error::Duplicate {
                    what: "snapshot block of",
                    found: block.network.clone(),
                });
            }
        }
        match &self.challenge {
            Some(terms) if terms.nonce.0.len() > MAX_NONCE_BYTES => {
                return Err(field("nonce", "it has more than 64 bytes"));
            }
            None if self.reserves.count > 0 => {
                // Not "missing": the exchange left out what it had to sign.
                return Err(field("challenge", "reserves need one"));
            }
            _ => {}
        }
        for (index, annex) in self.annexes.iter().enumerate() {
            check_annex_name(&annex.name)?;
            let same = |other: &Annex| other.name.eq_ignore_ascii_case(&annex.name);
            if self.annexes.iter().take(index).any(same) {
                return Err(Error::Duplicate {
                    what: "annex",
                    found: annex.name.clone(),
                });
            }
        }
        Ok(())
    }

    /// The key that signs statements; its name is `<log origin>/statement`, so that it is no other key of the exchange.
    ///
    /// # Errors
    /// [`Error::Field`] for another name, or whatever is wrong with the key.
    pub fn statement_public_key(&self) -> Result<PublicKey, Error> {
        let key = PublicKey::from_vkey(&self.statement_key)?;
        if key.name() != &statement_key_name(&self.log_origin)? {
            return Err(Error::Field {
                what: "statement key",
                why: "its name must be <log origin>/statement".into(),
            });
        }
        Ok(key)
    }

    /// The rows of `list`, byte for byte a `books.jsonl`, if it is the one that this attestation is bound to and holds each
    /// book and each coin once (step 11).
    ///
    /// # Errors
    /// As [`split_rows`], [`Rows::check`], [`BookRow::parse`] and [`check_distinct`].
    pub fn bound_books(&self, list: &[u8]) -> Result<Vec<BookRow>, Error> {
        let rows = split_rows("books.jsonl", list)?;
        self.books.check("books.jsonl", &rows)?;
        let rows = rows.into_iter().map(BookRow::parse);
        let rows = rows.collect::<Result<Vec<_>, _>>()?;
        check_distinct(&rows)?;
        Ok(rows)
    }

    /// The context of a book under this attestation.
    ///
    /// # Errors
    /// [`Error::LeafCount`].
    pub fn context<'a>(&'a self, row: &'a BookRow) -> Result<BookContext<'a>, Error> {
        Ok(BookContext {
            log_origin: &self.log_origin,
            period: self.period.as_str(),
            sequence: self.sequence,
            snapshot_time: self.snapshot.time,
            asset: row.asset.id().as_str(),
            kind: row.kind.as_str(),
            decimals: row.asset.decimals().get(),
            shape: Shape::new(row.leaf_count)?,
        })
    }
}

/// `<log origin>/statement`.
///
/// # Errors
/// [`Error::Field`] if that is too long for a key name.
pub fn statement_key_name(log_origin: &str) -> Result<KeyName, Error> {
    KeyName::new(&alloc::format!("{log_origin}/statement"))
}

/// A plain file name that is the same file on every system: no path, no device name, no leading dot.
fn check_annex_name(name: &str) -> Result<(), Error> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let stem = name
        .split('.')
        .next()
        .unwrap_or_default()
        .to_ascii_uppercase();
    let device = matches!(stem.as_str(), "CON" | "PRN" | "AUX" | "NUL")
        || (stem.len() == 4 && (stem.starts_with("COM") || stem.starts_with("LPT")));
    let edges = name.starts_with(['.', '-']) || name.ends_with('.');
    if name.is_empty() || name.len() > 100 || !name.bytes().all(plain) || edges || device {
        return Err(Error::Field {
            what: "annex name",
            why: "expected 1 to 100 of A-Z a-z 0-9 . _ - that every system can store".into(),
        });
    }
    Ok(())
}

/// Checks the published total of a row against its root.
///
/// # Errors
/// [`Error::Length`], [`Error::TotalOpening`], [`Error::TotalBound`], and what is malformed about a proof.
pub fn verify_row_total(
    generators: &Generators,
    ctx: &Ctx,
    row: &BookRow,
    entropy: Entropy<'_>,
) -> Result<(), Error> {
    let root = row.root.node();
    match &row.total {
        Total::Public { amount, proof } => {
            let found = proof.0.len() as u64;
            let proof = proof.0.as_slice().try_into().map_err(|_| Error::Length {
                what: "total proof",
                expected: TOTAL_PROOF_BYTES as u64,
                found,
            })?;
            verify_total(ctx, &root, *amount, proof)
        }
        Total::Sealed { bound, proof } => {
            let sealed = SealedTotal {
                bound: *bound,
                proof: proof.0.clone(),
            };
            verify_bound(generators, ctx, &root, &sealed, entropy)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn m_14_annex_names_cannot_leave_their_folder() {
        for bad in [
            "",
            ".",
            "..",
            "../x",
            "/etc/passwd",
            "a/b",
            "a\\b",
            "CON",
            "con.txt",
            "nul",
            "COM1",
            "lpt9.pdf",
            ".hidden",
            "-rf",
            "x.",
            "é",
            "a b",
        ] {
            assert!(check_annex_name(bad).is_err(), "{bad}");
        }
        assert!(check_annex_name("Auditors_letter-2026.pdf").is_ok());
    }
}
