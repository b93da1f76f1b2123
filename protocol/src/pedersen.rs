//! The two generators of Pedersen commitments: those of `bulletproofs::PedersenGens`, without the library's prover.
//!
//! `B` is the Ristretto base point; `B̃` is SHA3-512 of its encoding, hashed to the group, so that nobody knows its
//! logarithm to `B`. They are constants of the protocol: never read from a file, pinned by a test against the library's.
//! Cost: `B̃` is one hash to the group, some 10 µs.

use curve25519_dalek::constants::{RISTRETTO_BASEPOINT_COMPRESSED, RISTRETTO_BASEPOINT_POINT};
use curve25519_dalek::ristretto::RistrettoPoint;
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::VartimeMultiscalarMul as _;
use sha3::{Digest as _, Sha3_512};

/// `B`, which carries the value.
pub(crate) const VALUE: RistrettoPoint = RISTRETTO_BASEPOINT_POINT;

/// `B̃`, which carries the blinding.
pub(crate) fn blinding() -> RistrettoPoint {
    let uniform = Sha3_512::digest(RISTRETTO_BASEPOINT_COMPRESSED.as_bytes());
    RistrettoPoint::from_uniform_bytes(&uniform.into())
}

/// `Σ scalarᵢ·pointᵢ` of public values, as fast as there are many: the one place that asks the library, which compiles its
/// two methods anew for each kind of list.
pub(crate) fn weighted_sum(scalars: &[Scalar], points: &[&RistrettoPoint]) -> RistrettoPoint {
    RistrettoPoint::vartime_multiscalar_mul(scalars, points.iter().copied())
}

#[cfg(test)]
mod tests {
    use bulletproofs::PedersenGens;

    use super::*;

    #[test]
    fn r_11_the_generators_are_the_library_s() {
        let library = PedersenGens::default();
        assert_eq!((VALUE, blinding()), (library.B, library.B_blinding));
    }
}
