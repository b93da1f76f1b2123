//! Aggregated Bulletproofs range proofs (Bünz et al., 2018): each of `m` committed values is in [0, 2⁶⁴).
//!
//! Proofs are those of the crate `bulletproofs` 5.0.0, byte for byte, made in about half its time ([`RangeProver`]). It
//! verifies one proof at a time; [`verify_batch`] verifies many with one multiscalar multiplication, and gives the same
//! verdict (SPEC §5). The library itself is the oracle of the tests for both.

mod context;
mod generators;
mod inner_product;
#[cfg(test)]
mod oracle_tests;
mod prove;
#[cfg(test)]
mod prover_oracle_tests;
mod residue;
mod transcript;
mod verify;

pub use context::RangeContext;
pub use generators::Generators;
pub use prove::{ProofSeed, RangeProver};
pub(crate) use residue::Residue;
pub use verify::{Entropy, RangeStatement, verify_batch};

/// Bits of every range: amounts and sums of atoms are `u64`.
pub const BITS: usize = 64;

/// Bits of all `values` together.
pub(crate) const fn bits(values: usize) -> usize {
    BITS.saturating_mul(values)
}

/// Bytes of a proof over `values` values (a power of two): `32·(9 + 2·log₂(64·values))`.
#[must_use]
pub const fn proof_bytes(values: usize) -> usize {
    let rounds = match bits(values).checked_ilog2() {
        Some(rounds) => rounds as usize,
        None => 0,
    };
    rounds
        .saturating_mul(2)
        .saturating_add(9)
        .saturating_mul(32)
}
