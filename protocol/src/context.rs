//! The context of one book, which enters every hash, transcript and derivation of its tree (SPEC §3).
//!
//! `ctx = SHA-256("por/ctx/v1" ‖ LP(log origin) ‖ LP(period) ‖ u64 sequence ‖ u64 snapshot time ‖ LP(asset) ‖ LP(kind)
//! ‖ u8 decimals ‖ u64 leaf count)`. Nothing made for one book, month, correction or exchange fits another.

use crate::digest::{Digest, Encoder};
use crate::liabilities::Shape;

/// Everything that `ctx` binds.
#[derive(Clone, Copy, Debug)]
pub struct BookContext<'a> {
    /// Origin of the exchange's log.
    pub log_origin: &'a str,
    /// Period, such as `2026-10`.
    pub period: &'a str,
    /// Sequence number of the attestation; a correction has a new one.
    pub sequence: u64,
    /// Snapshot instant, Unix seconds.
    pub snapshot_time: u64,
    /// Asset id.
    pub asset: &'a str,
    /// Book kind: `owed`.
    pub kind: &'a str,
    /// Decimals of the book's atoms.
    pub decimals: u8,
    /// Leaf count and the levels that follow from it.
    pub shape: Shape,
}

/// The digest of a [`BookContext`], 32 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ctx(Digest);

impl Ctx {
    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }
}

impl BookContext<'_> {
    /// The digest that stands for this context everywhere.
    #[must_use]
    pub fn ctx(&self) -> Ctx {
        Ctx(Encoder::new("por/ctx/v1")
            .variable(self.log_origin.as_bytes())
            .variable(self.period.as_bytes())
            .u64(self.sequence)
            .u64(self.snapshot_time)
            .variable(self.asset.as_bytes())
            .variable(self.kind.as_bytes())
            .u8(self.decimals)
            .u64(self.shape.leaf_count())
            .digest())
    }
}

/// What tests of other modules bind to.
#[cfg(test)]
pub(crate) mod testing {
    use super::{BookContext, Ctx};
    use crate::liabilities::Shape;

    /// The context of a book of 256 leaves.
    pub(crate) fn sample_ctx(period: &str) -> Ctx {
        BookContext {
            log_origin: "example.com/por",
            period,
            sequence: 0,
            snapshot_time: 1_790_000_000,
            asset: "BTC",
            kind: "owed",
            decimals: 8,
            shape: Shape::new(256).unwrap(),
        }
        .ctx()
    }
}
