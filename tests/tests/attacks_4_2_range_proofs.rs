//! Attacks 4.2: range proofs. What needs the inside of the verifier stands beside it, in
//! `protocol/src/range_proof/oracle_tests.rs`; here are whole records and statements.

use acceptance::sample::{
    Lies, SampleExchange, Terms, TileDraft, assert_refused, btc, range_prover, verify,
};
use bulletproofs::{BulletproofGens, PedersenGens, RangeProof};
use curve25519_dalek::scalar::Scalar;
use merlin::Transcript;
use por_protocol::liabilities::{ARITY, Position, TILE_BYTES};
use por_protocol::range_proof::{RangeContext, proof_bytes};
use por_protocol::run_key::RunKey;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

/// A small statement whose tile is authentic, but for this change before it was hashed.
fn with(tile: &dyn Fn(&mut TileDraft)) -> Vec<u8> {
    let lie = |_: Position, draft: &mut TileDraft| tile(draft);
    let lies = Lies {
        tile: &lie,
        ..Lies::default()
    };
    let small = SampleExchange::small();
    let exchange = SampleExchange::rebuild(&Terms::default(), &[btc()], &lies, Some(small));
    exchange.statement("amara").encode()
}

fn assert_false_proof(file: &[u8]) {
    assert_refused(&verify(file), "siblings-non-negative", "range");
}

fn values(draft: &TileDraft) -> (Vec<u64>, Vec<Scalar>) {
    let value = |scalar: &Scalar| u64::from_le_bytes(scalar.as_bytes()[..8].try_into().unwrap());
    (
        draft
            .children
            .iter()
            .map(|child| value(&child.value))
            .collect(),
        draft.children.iter().map(|child| child.blinding).collect(),
    )
}

#[test]
fn r_01_a_record_without_its_proof_is_refused() {
    let mut parts = SampleExchange::small().statement("amara");
    parts.tiles[0].truncate(ARITY * 64);
    assert_refused(&verify(&parts.encode()), "well-formed", "length");
    // Zeros in its place: an authentic record that proves nothing.
    let zeroed = with(&|draft| draft.proof.fill(0));
    assert_refused(&verify(&zeroed), "siblings-non-negative", "identity");
}

#[test]
fn r_02_a_record_with_a_proof_too_many_or_of_fewer_values_is_refused() {
    let longer = with(&|draft| {
        let proof = draft.proof.clone();
        draft.proof.extend(proof);
    });
    assert_refused(&verify(&longer), "well-formed", "length");
    let (ctx, secrets) = (SampleExchange::small().books[0].ctx, some_key());
    let eight = with(&|draft| {
        let (values, blindings) = values(draft);
        let position = Position { level: 1, index: 0 };
        let context = RangeContext::Tile {
            ctx: &ctx,
            position,
        };
        let seed = secrets.tile_seed(&ctx, position);
        let proof = range_prover().prove(&context, &values[..8], &blindings[..8], seed);
        draft.proof = proof.unwrap();
        assert_eq!(draft.proof.len(), proof_bytes(8));
    });
    assert_refused(&verify(&eight), "well-formed", "length");
}

fn some_key() -> por_protocol::run_key::Secrets {
    let key = RunKey::from_bytes(*b"a run key of the attacks in 4.2.").unwrap();
    key.secrets(&por_protocol::digest::Digest::of(b"plan"))
}

/// The mutation test of "present but never executed": if `verify_batch` (or the step that calls it) answered `Ok`
/// without looking, this statement would be verified. Everything in it is authentic and sums up; one bit of one proof is
/// false, in each part of the proof that can be false on its own.
#[test]
fn r_03_a_false_proof_is_refused_in_every_part_of_it() {
    // t_x, its blinding, e's blinding; then a and b of the inner product.
    let words = proof_bytes(ARITY) / 32;
    for word in [4, 5, 6, words - 2, words - 1] {
        assert_false_proof(&with(&|draft| draft.proof[word * 32] ^= 1));
    }
    // A, S, T₁, T₂ and the first and last L and R, each replaced by another group element.
    for word in [0, 1, 2, 3, 7, 8, words - 4, words - 3] {
        let other = por_protocol::liabilities::Commitment::void();
        let swap = |draft: &mut TileDraft| {
            draft.proof[word * 32..][..32].copy_from_slice(other.as_bytes())
        };
        assert_false_proof(&with(&swap));
    }
}

#[test]
fn r_04_parameters_of_the_proof_are_no_fields() {
    for field in ["bits", "n", "m", "generators", "label", "depth"] {
        let mut parts = SampleExchange::small().statement("amara");
        let row = String::from_utf8(parts.rows[0].row.clone()).unwrap();
        parts.rows[0].row = row
            .replacen('{', &format!("{{\"{field}\":8,"), 1)
            .into_bytes();
        assert_refused(&verify(&parts.encode()), "well-formed", "syntax");
        let mut attestation = serde_json::to_value(SampleExchange::small().attestation()).unwrap();
        attestation[field] = 8.into();
        let text = attestation.to_string() + "\n";
        let note = Terms::default().log_key().sign(&text).unwrap();
        let parts = SampleExchange::small().statement_under_note("amara", note);
        assert_refused(&verify(&parts.encode()), "well-formed", "syntax");
    }
}

#[test]
fn r_05_the_proof_of_other_values_another_tile_or_another_month_is_refused() {
    let small = SampleExchange::small();
    let index = usize::try_from(small.books[0].index_of("amara").unwrap()).unwrap();
    // Two siblings exchanged under one proof; the customer's own leaf stays.
    let (one, other) = ((index + 1) % 16, (index + 2) % 16);
    assert_false_proof(&with(&|draft| draft.children.swap(one, other)));
    let next = SampleExchange::build(&Terms::next_month(), &[btc()], &Lies::default());
    let sibling_epoch = next.books[0].tree.levels[0][0][ARITY * 64..].to_vec();
    assert_false_proof(&with(&|draft| draft.proof.clone_from(&sibling_epoch)));
    // The same 16 values proven for another place, level or month.
    let (ctx, other_ctx, secrets) = (small.books[0].ctx, next.books[0].ctx, some_key());
    for (ctx, level, index) in [(ctx, 1, 1), (ctx, 2, 0), (other_ctx, 1, 0)] {
        assert_false_proof(&with(&|draft| {
            let position = Position { level, index };
            let context = RangeContext::Tile {
                ctx: &ctx,
                position,
            };
            let (values, blindings) = values(draft);
            let seed = secrets.tile_seed(&ctx, position);
            let proof = range_prover().prove(&context, &values, &blindings, seed);
            draft.proof = proof.unwrap();
        }));
    }
}

#[test]
fn r_06_a_proof_without_its_context_in_the_transcript_is_refused() {
    let (generators, pedersen) = (BulletproofGens::new(64, 16), PedersenGens::default());
    for label in [b"por/tile/v1".as_slice(), b"", b"AggregatedRangeProof"] {
        let label: &'static [u8] = label;
        assert_false_proof(&with(&|draft| {
            let (values, blindings) = values(draft);
            let (proof, _) = RangeProof::prove_multiple_with_rng(
                &generators,
                &pedersen,
                &mut Transcript::new(label),
                &values,
                &blindings,
                64,
                &mut ChaCha20Rng::seed_from_u64(6),
            )
            .unwrap();
            draft.proof = proof.to_bytes();
        }));
    }
    // Without V, and against an own verifier: r_08 of the oracle tests, in which every verdict is also the library's.
}

#[test]
fn r_07_values_out_of_range_are_refused_whatever_was_proven() {
    let slot = |draft: &TileDraft| {
        let own = SampleExchange::small().books[0].index_of("amara").unwrap();
        (usize::try_from(own).unwrap() + 1) % draft.children.len()
    };
    let two_to_64 = Scalar::from(u64::MAX) + Scalar::ONE;
    for value in [
        -Scalar::ONE,
        -Scalar::from(5_u64),
        two_to_64,
        two_to_64 * two_to_64,
    ] {
        assert_false_proof(&with(&|draft| {
            let slot = slot(draft);
            draft.children[slot].value = value;
        }));
    }
    // The prover itself takes amounts of 64 bits only, and verifies each tile before it gives it out (`self-check`).
}

#[test]
fn r_08_a_record_damaged_anywhere_by_a_host_is_refused_as_damaged() {
    let honest = SampleExchange::small().statement("amara");
    for word in 0..TILE_BYTES / 32 {
        let mut parts = honest.clone();
        parts.tiles[0][word * 32 + word % 32] ^= 1 << (word % 8);
        assert_refused(&verify(&parts.encode()), "leaf-included", "node-hash");
        let mut parts = honest.clone();
        parts.tiles[0].truncate(word * 32);
        assert_refused(&verify(&parts.encode()), "well-formed", "length");
    }
    for extra in [1, 32, 64] {
        let mut parts = honest.clone();
        parts.tiles[0].extend(vec![0; extra]);
        assert_refused(&verify(&parts.encode()), "well-formed", "length");
    }
}

#[test]
fn r_08_scalars_that_are_not_canonical_are_refused_in_an_authentic_record() {
    let order = hex::decode("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
    let order = order.unwrap();
    let words = proof_bytes(ARITY) / 32;
    for word in [4, 5, 6, words - 2, words - 1] {
        let file = with(&|draft| {
            let mut carry = 0_u16;
            for (byte, order) in draft.proof[word * 32..][..32].iter_mut().zip(&order) {
                let sum = u16::from(*byte) + u16::from(*order) + carry;
                *byte = sum.to_le_bytes()[0];
                carry = sum >> 8;
            }
        });
        assert_refused(&verify(&file), "siblings-non-negative", "encoding");
    }
}

#[test]
fn r_11_a_prover_with_other_generators_is_refused() {
    let (generators, mut pedersen) = (BulletproofGens::new(64, 16), PedersenGens::default());
    pedersen.B_blinding = pedersen.B * Scalar::from(5_u64);
    let (ctx, position) = (SampleExchange::small().books[0].ctx, 0_u64);
    assert_false_proof(&with(&|draft| {
        let (values, blindings) = values(draft);
        // The right transcript; only the generator of blindings is one whose logarithm the prover knows.
        let mut transcript = Transcript::new(b"por/tile/v1");
        transcript.append_message(b"ctx", ctx.as_bytes());
        transcript.append_u64(b"level", 1);
        transcript.append_u64(b"index", position);
        let (proof, _) = RangeProof::prove_multiple_with_rng(
            &generators,
            &pedersen,
            &mut transcript,
            &values,
            &blindings,
            64,
            &mut ChaCha20Rng::seed_from_u64(11),
        )
        .unwrap();
        draft.proof = proof.to_bytes();
    }));
}

#[test]
fn r_13_a_record_has_sixteen_commitments_and_the_file_supplies_no_others() {
    // Fewer or more are no record; voids are recomputed by the verifier (t_21 in group 4.1).
    for children in [15, 17] {
        let file = with(&|draft| {
            let mut others = draft.children.clone();
            others.resize(children, draft.children[0].clone());
            draft.children = others;
        });
        assert_refused(&verify(&file), "well-formed", "length");
    }
}
