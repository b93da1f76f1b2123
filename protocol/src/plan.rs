//! The plan: the canonical description of everything that determines the output of a build (SPEC §3.2).
//!
//! Its exact bytes are hashed into every derivation, so another ledger, scale, padding, period or version is another set
//! of blindings. It is private: it holds the number of rows of each book.

use alloc::string::String;
use alloc::vec::Vec;

use serde::Serialize;

use crate::amount::Amount;
use crate::asset::Asset;
use crate::context::BookContext;
use crate::digest::Digest;
use crate::error::Error;
use crate::json::{self, FromJson, Mistake};
use crate::kind::Kind;
use crate::liabilities::Shape;
use crate::note::KeyName;
use crate::period::Period;
use crate::suite::{PLAN_FORMAT, SUITE, require, require_format};

/// Smallest padded leaf count: a smaller one would tell how few customers there are.
pub const MIN_LEAVES: u64 = 256;
/// Below this many non-zero accounts a public total would be somebody's balance: the book is sealed by default.
pub const MIN_PUBLIC_ACCOUNTS: u64 = 20;
const MAX_BYTES: usize = 16 << 20;

/// How a book's total is to be published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PlannedTotal {
    /// The total itself.
    Public,
    /// Only a bound that it does not exceed.
    Sealed {
        /// The bound, at least the total.
        bound: Amount,
    },
}

impl FromJson for PlannedTotal {
    fn from_json(value: json::Value) -> Result<Self, Mistake> {
        let (name, inner) = value.variant()?;
        match name.as_str() {
            "public" => json::no_content(inner.as_ref()).map(|()| Self::Public),
            "sealed" => json::fields!(json::content(inner)?, Self::Sealed { bound }),
            _ => Err(Mistake::UnknownVariant(name)),
        }
    }
}

/// One book of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PlannedBook {
    /// The asset, with its decimals and instances.
    pub asset: Asset,
    /// The kind of book.
    pub kind: Kind,
    /// Rows of the ledger in this book.
    pub rows: u64,
    /// Leaves, padding included.
    pub leaf_count: u64,
    /// How the total is published.
    pub total: PlannedTotal,
}

json::object!(PlannedBook {
    asset,
    kind,
    rows,
    leaf_count,
    total
});

/// A plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// [`PLAN_FORMAT`].
    pub format: String,
    /// [`SUITE`].
    pub suite: String,
    /// Origin of the exchange's log.
    pub log_origin: String,
    /// Period of the attestation.
    pub period: Period,
    /// Sequence number of the attestation.
    pub sequence: u64,
    /// Snapshot instant, Unix seconds.
    pub snapshot_time: u64,
    /// Books in the order of the asset table.
    pub books: Vec<PlannedBook>,
    /// MAC of all sorted rows under the run key.
    pub ledger_mac: Digest,
}

json::object!(Plan {
    format,
    suite,
    log_origin,
    period,
    sequence,
    snapshot_time,
    books,
    ledger_mac
});

impl Plan {
    /// Parses and checks the exact bytes of a plan.
    ///
    /// # Errors
    /// [`Error::Unsupported`], [`Error::Syntax`], [`Error::Field`], [`Error::LeafCount`], [`Error::Duplicate`],
    /// [`Error::Vacuous`].
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        require_format("plan format", bytes, MAX_BYTES, PLAN_FORMAT)?;
        let plan: Self = json::parse("plan", bytes, MAX_BYTES)?;
        plan.check()?;
        Ok(plan)
    }

    /// # Errors
    /// As [`Plan::parse`].
    pub fn check(&self) -> Result<(), Error> {
        require("plan format", &self.format, PLAN_FORMAT)?;
        require("suite", &self.suite, SUITE)?;
        KeyName::log_origin(&self.log_origin)?;
        if self.books.is_empty() {
            return Err(Error::Vacuous {
                what: "the plan's list of books",
            });
        }
        for (index, book) in self.books.iter().enumerate() {
            let shape = Shape::new(book.leaf_count)?;
            if book.rows > shape.leaf_count() {
                return Err(Error::LeafCount {
                    found: book.leaf_count,
                });
            }
            let same = |other: &PlannedBook| {
                other.asset.id() == book.asset.id() && other.kind == book.kind
            };
            if self.books.iter().take(index).any(same) {
                return Err(Error::Duplicate {
                    what: "book",
                    found: book.asset.id().as_str().into(),
                });
            }
        }
        Ok(())
    }

    /// The context of one of its books.
    ///
    /// # Errors
    /// [`Error::LeafCount`] if the book's leaf count is not valid.
    pub fn context<'a>(&'a self, book: &'a PlannedBook) -> Result<BookContext<'a>, Error> {
        Ok(BookContext {
            log_origin: &self.log_origin,
            period: self.period.as_str(),
            sequence: self.sequence,
            snapshot_time: self.snapshot_time,
            asset: book.asset.id().as_str(),
            kind: book.kind.as_str(),
            decimals: book.asset.decimals().get(),
            shape: Shape::new(book.leaf_count)?,
        })
    }
}

/// Leaf count for `rows` rows: at least 256, rounded up as Padmé does (Nikitin et al., PURBs, 2019), which hides the
/// count in O(log log n) bits at a cost of at most 12 %; then to a multiple of 16.
///
/// # Errors
/// [`Error::LeafCount`] above 2⁴⁰ rows.
pub fn padded_leaf_count(rows: u64) -> Result<u64, Error> {
    let rows = rows.max(MIN_LEAVES);
    let exponent = rows.ilog2();
    let kept_bits = exponent.ilog2().saturating_add(1);
    let step = 1_u64
        .checked_shl(exponent.saturating_sub(kept_bits))
        .unwrap_or(1)
        .max(16);
    let padded = rows
        .checked_next_multiple_of(step)
        .ok_or(Error::LeafCount { found: rows })?;
    Shape::new(padded).map(|shape| shape.leaf_count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_follows_padme() {
        for (rows, leaves) in [
            (0, 256),
            (1, 256),
            (256, 256),
            (257, 272),
            (2_000, 2_048),
            (1_000_000, 1_015_808),
        ] {
            assert_eq!(padded_leaf_count(rows), Ok(leaves), "{rows} rows");
        }
        for rows in (256..1 << 40).step_by(987_654_321) {
            let leaves = padded_leaf_count(rows).unwrap();
            assert!(
                leaves >= rows && leaves - rows <= rows / 100 * 12 + 32,
                "{rows} rows, {leaves} leaves"
            );
        }
        assert!(padded_leaf_count((1 << 40) + 1).is_err());
        assert!(padded_leaf_count(u64::MAX).is_err());
    }
}
