//! The library is the oracle: given the same transcript and randomness, [`RangeProver`] and
//! `bulletproofs::RangeProof::prove_multiple_with_rng` give the same bytes.

use bulletproofs::{BulletproofGens, PedersenGens, RangeProof};
use curve25519_dalek::scalar::Scalar;
use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;
use std::sync::OnceLock;

use super::{BITS, ProofSeed, RangeContext, RangeProver, proof_bytes};
use crate::amount::Amount;
use crate::context::testing::sample_ctx;
use crate::liabilities::Position;

fn ours() -> &'static RangeProver {
    static PROVER: OnceLock<RangeProver> = OnceLock::new();
    PROVER.get_or_init(RangeProver::default)
}

/// What [`RangeProver::prove`] was before there was a prover of our own: SPEC §5.3 in terms of the library.
fn library(
    context: &RangeContext<'_>,
    values: &[u64],
    blindings: &[Scalar],
    seed: [u8; 32],
) -> Vec<u8> {
    static GENERATORS: OnceLock<BulletproofGens> = OnceLock::new();
    let generators = GENERATORS.get_or_init(|| BulletproofGens::new(BITS, 16));
    let mut transcript = context.transcript();
    let mut builder = transcript.build_rng();
    for value in values {
        builder = builder.rekey_with_witness_bytes(b"value", &value.to_le_bytes());
    }
    for blinding in blindings {
        builder = builder.rekey_with_witness_bytes(b"blinding", blinding.as_bytes());
    }
    let mut rng = builder.finalize(&mut ChaCha20Rng::from_seed(seed));
    let proved = RangeProof::prove_multiple_with_rng(
        generators,
        &PedersenGens::default(),
        &mut transcript,
        values,
        blindings,
        BITS,
        &mut rng,
    );
    proved.unwrap().0.to_bytes()
}

fn check(context: &RangeContext<'_>, values: &[u64], blindings: &[Scalar], seed: [u8; 32]) {
    let proof = ours()
        .prove(context, values, blindings, ProofSeed(seed))
        .unwrap();
    assert_eq!(proof.len(), proof_bytes(values.len()));
    assert_eq!(proof, library(context, values, blindings, seed));
}

fn arb_value() -> impl Strategy<Value = u64> {
    prop_oneof![
        Just(0),
        Just(1),
        Just(u64::MAX),
        Just(1 << 63),
        any::<u64>(),
        (any::<u64>(), 0..64_u32).prop_map(|(value, shift)| value >> shift),
    ]
}

fn arb_scalar() -> impl Strategy<Value = Scalar> {
    prop_oneof![
        Just(Scalar::ONE),
        Just(-Scalar::ONE),
        any::<[u8; 32]>().prop_map(Scalar::from_bytes_mod_order),
    ]
}

fn arb_openings(values: usize) -> impl Strategy<Value = Vec<(u64, Scalar)>> {
    prop::collection::vec((arb_value(), arb_scalar()), values)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn proofs_of_a_bound_are_the_library_s(
        openings in arb_openings(1),
        seed: [u8; 32],
        bound: u64,
        root_hash: [u8; 32],
    ) {
        let (values, blindings): (Vec<_>, Vec<_>) = openings.into_iter().unzip();
        let bound = Amount::from_atoms(bound);
        let context = RangeContext::Bound { ctx: &sample_ctx("2026-10"), bound, root_hash: &root_hash };
        check(&context, &values, &blindings, seed);
    }

    #[test]
    fn proofs_of_few_values_are_the_library_s(
        openings in (0..4_u32).prop_flat_map(|log| arb_openings(1 << log)),
        seed: [u8; 32],
        level: u8,
        index: u64,
    ) {
        let (values, blindings): (Vec<_>, Vec<_>) = openings.into_iter().unzip();
        let context = RangeContext::Tile { ctx: &sample_ctx("2026-10"), position: Position { level, index } };
        check(&context, &values, &blindings, seed);
    }
}

proptest! {
    // A fifth of a second each, most of it the library's.
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn proofs_of_tiles_are_the_library_s(
        openings in arb_openings(16),
        seed: [u8; 32],
        level: u8,
        index: u64,
    ) {
        let (values, blindings): (Vec<_>, Vec<_>) = openings.into_iter().unzip();
        let context = RangeContext::Tile { ctx: &sample_ctx("2026-10"), position: Position { level, index } };
        check(&context, &values, &blindings, seed);
    }
}

#[test]
fn proofs_of_extreme_values_are_the_library_s() {
    let ctx = sample_ctx("2026-10");
    let position = Position { level: 1, index: 7 };
    let context = RangeContext::Tile {
        ctx: &ctx,
        position,
    };
    for (value, blinding) in [
        (0, Scalar::ONE),
        (u64::MAX, -Scalar::ONE),
        // The prover's callers refuse a blinding of zero; the bytes would be the library's even so.
        (0, Scalar::ZERO),
        (u64::MAX, Scalar::ZERO),
    ] {
        for values in [1, 2, 16] {
            check(
                &context,
                &vec![value; values],
                &vec![blinding; values],
                [9; 32],
            );
        }
    }
}

#[test]
fn r_02_other_numbers_of_values_are_refused_as_the_library_does() {
    let ctx = sample_ctx("2026-10");
    let position = Position { level: 1, index: 0 };
    let context = RangeContext::Tile {
        ctx: &ctx,
        position,
    };
    for (values, blindings) in [(0, 0), (3, 3), (17, 17), (32, 32), (2, 1), (1, 2)] {
        let refused = ours().prove(
            &context,
            &vec![5; values],
            &vec![Scalar::ONE; blindings],
            ProofSeed([1; 32]),
        );
        assert_eq!(refused.unwrap_err().code(), "count");
    }
}
