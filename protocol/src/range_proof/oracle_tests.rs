//! The library is the oracle: on every proof tried, honest, corrupted or swapped, [`verify_batch`] and
//! `bulletproofs::RangeProof::verify_multiple` give the same verdict.

use bulletproofs::{BulletproofGens, PedersenGens, RangeProof};
use curve25519_dalek::ristretto::CompressedRistretto;
use curve25519_dalek::scalar::Scalar;
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};

use super::verify::{Challenged, WeightedSum};
use super::{
    Generators, ProofSeed, RangeContext, RangeProver, RangeStatement, proof_bytes, verify_batch,
};
use crate::context::Ctx;
use crate::context::testing::sample_ctx;
use crate::error::Error;
use crate::liabilities::{Commitment, Position};

struct Library {
    generators: BulletproofGens,
    pedersen: PedersenGens,
}

impl Library {
    fn new() -> Self {
        Self {
            generators: BulletproofGens::new(64, 16),
            pedersen: PedersenGens::default(),
        }
    }

    fn accepts(&self, statement: &RangeStatement<'_>, rng: &mut ChaCha20Rng) -> bool {
        let Ok(proof) = RangeProof::from_bytes(statement.proof) else {
            return false;
        };
        let commitments: Vec<CompressedRistretto> = statement
            .commitments
            .iter()
            .map(|commitment| CompressedRistretto(*commitment.as_bytes()))
            .collect();
        let mut transcript = statement.context.transcript();
        proof
            .verify_multiple_with_rng(
                &self.generators,
                &self.pedersen,
                &mut transcript,
                &commitments,
                64,
                rng,
            )
            .is_ok()
    }
}

/// One honest proof with its commitments.
#[derive(Clone)]
struct Proved {
    ctx: Ctx,
    position: Position,
    commitments: Vec<Commitment>,
    proof: Vec<u8>,
}

impl Proved {
    fn make(prover: &RangeProver, values: usize, index: u64, rng: &mut ChaCha20Rng) -> Self {
        let ctx = sample_ctx("2026-10");
        let position = Position { level: 1, index };
        let amounts: Vec<u64> = (0..values)
            .map(|_| rng.next_u64() >> (rng.next_u32() % 64))
            .collect();
        let blindings: Vec<Scalar> = (0..values)
            .map(|_| Scalar::from(rng.next_u64() | 1))
            .collect();
        let context = RangeContext::Tile {
            ctx: &ctx,
            position,
        };
        let proof = prover
            .prove(&context, &amounts, &blindings, ProofSeed([7; 32]))
            .unwrap();
        let commitments = amounts
            .iter()
            .zip(&blindings)
            .map(|(amount, r)| {
                Commitment::from_point(PedersenGens::default().commit(Scalar::from(*amount), *r))
                    .unwrap()
            })
            .collect();
        Self {
            ctx,
            position,
            commitments,
            proof,
        }
    }

    fn statement(&self) -> RangeStatement<'_> {
        RangeStatement {
            context: RangeContext::Tile {
                ctx: &self.ctx,
                position: self.position,
            },
            commitments: self.commitments.clone(),
            proof: &self.proof,
            record: &[],
        }
    }
}

/// Each way a valid proof is broken.
#[derive(Clone, Copy, Debug)]
enum Tweak {
    FlipBit,
    ReplaceWord,
    SwapWords,
    AddToScalar,
    NegatePoint,
    IdentityPoint,
    NonCanonicalScalar,
    Truncate,
    Extend,
    OtherPosition,
    OtherContext,
    SwapCommitments,
    ReplaceCommitment,
    OtherProof,
}

const TWEAKS: [Tweak; 14] = [
    Tweak::FlipBit,
    Tweak::ReplaceWord,
    Tweak::SwapWords,
    Tweak::AddToScalar,
    Tweak::NegatePoint,
    Tweak::IdentityPoint,
    Tweak::NonCanonicalScalar,
    Tweak::Truncate,
    Tweak::Extend,
    Tweak::OtherPosition,
    Tweak::OtherContext,
    Tweak::SwapCommitments,
    Tweak::ReplaceCommitment,
    Tweak::OtherProof,
];

fn below(rng: &mut ChaCha20Rng, end: usize) -> usize {
    rng.next_u32() as usize % end
}

fn apply(tweak: Tweak, honest: &Proved, other: &Proved, rng: &mut ChaCha20Rng) -> Proved {
    let mut broken = honest.clone();
    let words = broken.proof.len() / 32;
    let word = |index: usize| index * 32..(index + 1) * 32;
    let scalar_words = [4, 5, 6, words - 2, words - 1];
    let a_scalar = scalar_words[below(rng, 5)];
    let a_point = [0, 1, 2, 3, 7, 8, words - 3][below(rng, 7)];
    match tweak {
        Tweak::FlipBit => {
            let bit = below(rng, broken.proof.len() * 8);
            broken.proof[bit / 8] ^= 1 << (bit % 8);
        }
        Tweak::ReplaceWord => {
            let at = below(rng, words);
            let replacement = other.proof[word(at)].to_vec();
            broken.proof[word(at)].copy_from_slice(&replacement);
        }
        Tweak::SwapWords => {
            let (left, right) = (below(rng, words), below(rng, words));
            let (left_bytes, right_bytes) = (
                broken.proof[word(left)].to_vec(),
                broken.proof[word(right)].to_vec(),
            );
            broken.proof[word(left)].copy_from_slice(&right_bytes);
            broken.proof[word(right)].copy_from_slice(&left_bytes);
        }
        Tweak::AddToScalar => {
            let bytes: [u8; 32] = broken.proof[word(a_scalar)].try_into().unwrap();
            let scalar = Scalar::from_canonical_bytes(bytes).unwrap()
                + Scalar::from(u64::from(rng.next_u32()) + 1);
            broken.proof[word(a_scalar)].copy_from_slice(scalar.as_bytes());
        }
        Tweak::NegatePoint => {
            let point = CompressedRistretto::from_slice(&broken.proof[word(a_point)])
                .unwrap()
                .decompress()
                .unwrap();
            broken.proof[word(a_point)].copy_from_slice((-point).compress().as_bytes());
        }
        Tweak::IdentityPoint => broken.proof[word(a_point)].fill(0),
        Tweak::NonCanonicalScalar => {
            let order =
                hex::decode("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010")
                    .unwrap();
            let mut carry = 0;
            for (byte, order) in broken.proof[word(a_scalar)].iter_mut().zip(order) {
                let sum = u16::from(*byte) + u16::from(order) + carry;
                *byte = sum as u8;
                carry = sum >> 8;
            }
        }
        Tweak::Truncate => broken.proof.truncate(32 * below(rng, words)),
        Tweak::Extend => {
            let extra = 32 * (1 + below(rng, 2));
            broken.proof.extend(std::iter::repeat_n(0, extra));
        }
        Tweak::OtherPosition => broken.position.index += 1,
        Tweak::OtherContext => broken.ctx = sample_ctx("2026-11"),
        Tweak::SwapCommitments => broken.commitments.reverse(),
        Tweak::ReplaceCommitment => {
            let at = below(rng, broken.commitments.len());
            broken.commitments[at] = Commitment::void();
        }
        Tweak::OtherProof => broken.proof.clone_from(&other.proof),
    }
    broken
}

#[test]
fn r_08_batch_and_library_give_the_same_verdict_on_ten_thousand_proofs() {
    let (library, prover, ours) = (Library::new(), RangeProver::default(), Generators::new());
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let (mut cases, mut accepted) = (0, 0);
    // Mostly small proofs, which fail and pass in the same code as large ones; some of each size.
    for (values, rounds) in [(1, 560), (2, 120), (4, 25), (8, 10), (16, 6)] {
        for round in 0..rounds {
            let honest = Proved::make(&prover, values, round, &mut rng);
            let other = Proved::make(&prover, values, round, &mut rng);
            let tweaked = TWEAKS.map(|tweak| apply(tweak, &honest, &other, &mut rng));
            for proved in std::iter::once(&honest).chain(&tweaked) {
                let statement = proved.statement();
                let library = library.accepts(&statement, &mut rng);
                let batch = verify_batch(&ours, &[statement], &[]).is_ok();
                assert_eq!(library, batch, "{values} values, round {round}");
                cases += 1;
                accepted += u32::from(batch);
            }
        }
    }
    assert!(cases >= 10_000, "{cases} cases");
    // Honest ones, and the tweaks that change nothing (a reversed list of one, a word swapped with itself).
    assert!(
        accepted >= 721 && accepted < cases / 5,
        "{accepted} of {cases} accepted"
    );
}

#[test]
fn r_10_one_bad_proof_among_many_is_named() {
    let (prover, ours) = (RangeProver::default(), Generators::new());
    let mut rng = ChaCha20Rng::seed_from_u64(2);
    let mut proved: Vec<Proved> = (0..37)
        .map(|index| Proved::make(&prover, 1, index, &mut rng))
        .collect();
    let all = |proved: &[Proved]| {
        let statements: Vec<_> = proved.iter().map(Proved::statement).collect();
        verify_batch(&ours, &statements, b"entropy")
    };
    assert_eq!(all(&proved), Ok(()));
    for bad in [0, 1, 17, 18, 36] {
        let honest = proved[bad].clone();
        proved[bad].commitments = vec![Commitment::void()];
        assert_eq!(
            all(&proved),
            Err((
                bad,
                Error::Range {
                    level: 1,
                    index: bad as u64
                }
            ))
        );
        proved[bad] = honest;
    }
}

#[test]
fn r_10_one_bad_proof_among_a_hundred_thousand_is_named() {
    const PROOFS: usize = 100_000;
    let (prover, ours) = (RangeProver::default(), Generators::new());
    let honest = Proved::make(&prover, 1, 0, &mut ChaCha20Rng::seed_from_u64(8));
    // Each of them has a weight of its own, so the same proof over and over is as good as others.
    let mut statements = vec![honest.statement(); PROOFS];
    let mut bad = honest.clone();
    bad.position.index = 70_001;
    statements[70_001] = bad.statement();
    let fault = Error::Range {
        level: 1,
        index: 70_001,
    };
    assert_eq!(verify_batch(&ours, &statements, &[]), Err((70_001, fault)));
}

#[test]
fn r_09_errors_that_cancel_under_equal_weights_are_refused() {
    let (prover, ours) = (RangeProver::default(), Generators::new());
    let mut rng = ChaCha20Rng::seed_from_u64(3);
    let honest = Proved::make(&prover, 1, 0, &mut rng);
    // The last two scalars, a and b, move no challenge. The same proof with a + d and with a − d: both false, and their
    // errors are exact opposites, so equal weights would accept the pair.
    let at = honest.proof.len() - 64..honest.proof.len() - 32;
    let a = Scalar::from_canonical_bytes(honest.proof[at.clone()].try_into().unwrap()).unwrap();
    let shifted = |a: Scalar| {
        let mut broken = honest.clone();
        broken.proof[at.clone()].copy_from_slice(a.as_bytes());
        broken
    };
    let pair = [
        shifted(a + Scalar::from(5_u64)),
        shifted(a - Scalar::from(5_u64)),
    ];
    let statements: Vec<_> = pair.iter().map(Proved::statement).collect();
    let parsed: Vec<_> = statements
        .iter()
        .map(|statement| Challenged::replay(statement).unwrap())
        .collect();
    let mut equal = WeightedSum::new(64);
    for (statement, proof) in statements.iter().zip(&parsed) {
        equal.add(
            &statement.commitments,
            proof,
            Scalar::ONE,
            Scalar::from(2_u64),
        );
    }
    assert!(
        equal.vanishes(&ours),
        "the attack works against constant weights"
    );
    assert!(verify_batch(&ours, &statements, &[]).is_err());
}

#[test]
fn r_01_an_empty_batch_proves_nothing() {
    assert_eq!(
        verify_batch(&Generators::new(), &[], &[]),
        Err((
            0,
            Error::Missing {
                what: "range proof"
            }
        ))
    );
}

#[test]
fn r_02_number_of_values_and_length_are_checked_first() {
    let (prover, ours) = (RangeProver::default(), Generators::new());
    let mut rng = ChaCha20Rng::seed_from_u64(4);
    let honest = Proved::make(&prover, 2, 0, &mut rng);
    for values in [0, 3, 17, 32] {
        let mut broken = honest.clone();
        broken.commitments = vec![Commitment::void(); values];
        let error = verify_batch(&ours, &[broken.statement()], &[])
            .unwrap_err()
            .1;
        assert_eq!(error.code(), "count");
    }
    for length in [
        0,
        32,
        proof_bytes(2) - 1,
        proof_bytes(2) + 1,
        proof_bytes(4),
    ] {
        let mut broken = honest.clone();
        broken.proof.resize(length, 0);
        let error = verify_batch(&ours, &[broken.statement()], &[])
            .unwrap_err()
            .1;
        assert_eq!(error.code(), "length");
    }
}

#[test]
fn r_07_a_proof_for_a_value_out_of_range_is_false() {
    // The library happily "proves" 5 for a commitment to −5: nobody accepts it.
    let (library, prover, ours) = (Library::new(), RangeProver::default(), Generators::new());
    let mut rng = ChaCha20Rng::seed_from_u64(5);
    let mut proved = Proved::make(&prover, 1, 0, &mut rng);
    let r = Scalar::from(9_u64);
    let context = RangeContext::Tile {
        ctx: &proved.ctx,
        position: proved.position,
    };
    proved.proof = prover
        .prove(&context, &[5], &[r], ProofSeed([1; 32]))
        .unwrap();
    let minus_five = PedersenGens::default().commit(-Scalar::from(5_u64), r);
    proved.commitments = vec![Commitment::from_point(minus_five).unwrap()];
    assert!(!library.accepts(&proved.statement(), &mut rng));
    assert!(verify_batch(&ours, &[proved.statement()], &[]).is_err());
}

#[test]
fn t_14_proof_randomness_changes_with_values_blindings_context_and_seed() {
    let prover = RangeProver::default();
    let ctx = sample_ctx("2026-10");
    let prove = |value: u64, r: u64, index: u64, seed: u8| {
        let position = Position { level: 1, index };
        let context = RangeContext::Tile {
            ctx: &ctx,
            position,
        };
        prover
            .prove(
                &context,
                &[value],
                &[Scalar::from(r)],
                ProofSeed([seed; 32]),
            )
            .unwrap()
    };
    let base = prove(1, 2, 3, 4);
    assert_eq!(
        base,
        prove(1, 2, 3, 4),
        "the same inputs give the same bytes"
    );
    for other in [
        prove(2, 2, 3, 4),
        prove(1, 3, 3, 4),
        prove(1, 2, 4, 4),
        prove(1, 2, 3, 5),
    ] {
        // A, S, T₁, T₂ and every L, R differ.
        assert!(
            base.chunks(32)
                .zip(other.chunks(32))
                .all(|(left, right)| left != right)
        );
    }
}
