//! What a regulator is told of sealed totals (SPEC §6): each total, with a proof that the root of its book opens to it.
//!
//! Claim of [`Disclosure::verify`]: for every sealed book of the attestation, the disclosed total is the one that its root
//! commits to. The proof is that of a public total, so the blinding sum is never shown, and whoever holds the disclosure can
//! show it to others: it is signed by the mathematics, not by a confidant. Cost: one small multiscalar multiplication a book.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde::Serialize;

use crate::amount::Amount;
use crate::attestation::Attestation;
use crate::book_row::{BookRow, Total, book_name};
use crate::digest::Digest;
use crate::error::Error;
use crate::hex_bytes::HexBytes;
use crate::json;
use crate::kind::Kind;
use crate::liabilities::{TOTAL_PROOF_BYTES, verify_total};
use crate::suite::{require, require_format};

/// The `format` member.
pub const DISCLOSURE_FORMAT: &str = "por/disclosure/v1";
/// 4,096 books of less than 1 KiB.
pub const MAX_DISCLOSURE_BYTES: usize = 4 << 20;

/// One total.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DisclosedTotal {
    /// Id of the asset.
    pub asset: String,
    /// The kind of book.
    pub kind: Kind,
    /// Atoms.
    pub total: Amount,
    /// 64 bytes.
    pub proof: HexBytes,
}

json::object!(DisclosedTotal {
    asset,
    kind,
    total,
    proof
});
json::deserialize!(DisclosedTotal);

/// The sealed totals of one attestation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Disclosure {
    /// [`DISCLOSURE_FORMAT`].
    pub format: String,
    /// SHA-256 of the attestation's exact bytes.
    pub attestation: Digest,
    /// Every sealed book, once.
    pub books: Vec<DisclosedTotal>,
}

json::object!(Disclosure {
    format,
    attestation,
    books
});

/// A sealed book and the total that was proven for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenedTotal<'a> {
    /// The book's row.
    pub row: &'a BookRow,
    /// Atoms.
    pub total: Amount,
}

impl Disclosure {
    /// Parses a disclosure.
    ///
    /// # Errors
    /// [`Error::Syntax`], [`Error::TooLarge`], [`Error::Unsupported`] for another version.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let limit = MAX_DISCLOSURE_BYTES;
        require_format("disclosure format", bytes, limit, DISCLOSURE_FORMAT)?;
        let parsed: Self = json::parse("disclosure", bytes, limit)?;
        require("disclosure format", &parsed.format, DISCLOSURE_FORMAT)?;
        Ok(parsed)
    }

    /// Proves each total against the rows of the attestation, which the caller has authenticated: one result for every
    /// sealed book, in the order of the rows.
    ///
    /// # Errors
    /// [`Error::Mismatch`] for another attestation's, or a book that is none of its sealed ones; [`Error::Duplicate`];
    /// [`Error::Missing`] for a sealed book that is not disclosed; [`Error::TotalOpening`] for a false total.
    pub fn verify<'a>(
        &self,
        digest: &Digest,
        attestation: &Attestation,
        rows: &'a [BookRow],
    ) -> Result<Vec<OpenedTotal<'a>>, Error> {
        let refuse = |why: String| Error::Mismatch {
            what: "disclosure",
            why,
        };
        if self.attestation != *digest {
            return Err(refuse("it is of another attestation".to_string()));
        }
        for (index, book) in self.books.iter().enumerate() {
            let name = book_name(&book.asset, book.kind);
            if self
                .books
                .iter()
                .skip(index.saturating_add(1))
                .any(|other| book.is_of(other))
            {
                return Err(Error::Duplicate {
                    what: "disclosed book",
                    found: name,
                });
            }
            let sealed = |row: &&BookRow| book.is_for(row) && row.is_sealed();
            if !rows.iter().any(|row| sealed(&row)) {
                return Err(refuse(alloc::format!(
                    "{name} is no sealed book of the attestation"
                )));
            }
        }
        rows.iter()
            .filter(|row| row.is_sealed())
            .map(|row| {
                let book = self.books.iter().find(|book| book.is_for(row));
                let book = book.ok_or(Error::Missing {
                    what: "total of a sealed book",
                })?;
                book.verify(attestation, row)?;
                Ok(OpenedTotal {
                    row,
                    total: book.total,
                })
            })
            .collect()
    }
}

impl DisclosedTotal {
    fn is_of(&self, other: &Self) -> bool {
        self.asset == other.asset && self.kind == other.kind
    }

    fn is_for(&self, row: &BookRow) -> bool {
        self.asset == row.asset.id().as_str() && self.kind == row.kind
    }

    fn verify(&self, attestation: &Attestation, row: &BookRow) -> Result<(), Error> {
        let found = self.proof.0.len() as u64;
        let proof = self
            .proof
            .0
            .as_slice()
            .try_into()
            .map_err(|_| Error::Length {
                what: "total proof",
                expected: TOTAL_PROOF_BYTES as u64,
                found,
            })?;
        let ctx = attestation.context(row)?.ctx();
        verify_total(&ctx, &row.root.node(), self.total, proof)
    }
}

impl BookRow {
    /// Whether its total is sealed.
    #[must_use]
    pub const fn is_sealed(&self) -> bool {
        matches!(self.total, Total::Sealed { .. })
    }
}
