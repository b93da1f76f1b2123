//! What is published of a book's total (SPEC §6): the total itself with a proof that the root opens to it, or a bound
//! with a proof that the sealed total is at most the bound.
//!
//! Public: `C_root − total·B = R·B̃`, with a Schnorr proof of knowledge of R (64 bytes: K ‖ s).
//! K = k·B̃, c = challenge(ctx, root, total, K), s = k + c·R; check `s·B̃ = K + c·(C_root − total·B)`.
//!
//! Sealed: `S·B − C_root` commits to S − total with blinding −R; one range proof (672 bytes) that it is in [0, 2⁶⁴).
//! The total is a sum of at most 2⁴⁰ values below 2⁶⁴, so S − total in [0, 2⁶⁴) modulo the group order means total ≤ S.

use alloc::vec::Vec;

use curve25519_dalek::ristretto::CompressedRistretto;
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::IsIdentity;
use merlin::Transcript;
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};
use zeroize::Zeroizing;

use crate::amount::Amount;
use crate::context::Ctx;
use crate::error::Error;
use crate::liabilities::commitment::Commitment;
use crate::liabilities::tile::{ChildSecret, Node};
use crate::pedersen;
use crate::range_proof::{
    Entropy, Generators, ProofSeed, RangeContext, RangeProver, RangeStatement, Residue,
    proof_bytes, verify_batch,
};

/// Bytes of the proof of a public total.
pub const TOTAL_PROOF_BYTES: usize = 64;
/// Bytes of the proof of a sealed total's bound.
pub const BOUND_PROOF_BYTES: usize = proof_bytes(1);

/// A published bound on a total that is not shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedTotal {
    /// At least the total.
    pub bound: Amount,
    /// [`BOUND_PROOF_BYTES`] bytes.
    pub proof: Vec<u8>,
}

fn challenge(ctx: &Ctx, root: &Node, total: Amount, nonce: &CompressedRistretto) -> Scalar {
    let mut transcript = transcript(ctx, root, total);
    transcript.append_message(b"K", nonce.as_bytes());
    let mut wide = [0; 64];
    transcript.challenge_bytes(b"c", &mut wide);
    Scalar::from_bytes_mod_order_wide(&wide)
}

fn transcript(ctx: &Ctx, root: &Node, total: Amount) -> Transcript {
    let mut transcript = Transcript::new(b"por/total/v1");
    transcript.append_message(b"ctx", ctx.as_bytes());
    transcript.append_message(b"root commitment", root.commitment.as_bytes());
    transcript.append_message(b"root hash", root.hash.as_bytes());
    transcript.append_u64(b"total", total.atoms());
    transcript
}

/// Proves that `root` opens to its total, without showing the blinding sum.
#[must_use]
pub fn prove_total(
    ctx: &Ctx,
    root: &Node,
    secret: &ChildSecret,
    seed: ProofSeed,
) -> [u8; TOTAL_PROOF_BYTES] {
    // The nonce depends on the statement, the witness and the seed: another total can never meet the same nonce.
    let mut rng = transcript(ctx, root, secret.amount)
        .build_rng()
        .rekey_with_witness_bytes(b"blinding", secret.blinding.as_bytes())
        .finalize(&mut ChaCha20Rng::from_seed(seed.0));
    // Whoever learns the nonce learns the blinding sum from the proof.
    let mut wide = Zeroizing::new([0; 64]);
    rng.fill_bytes(wide.as_mut_slice());
    let k = Zeroizing::new(Scalar::from_bytes_mod_order_wide(&wide));
    let nonce = (*k * pedersen::blinding()).compress();
    let s = *k + challenge(ctx, root, secret.amount, &nonce) * secret.blinding;
    let mut proof = [0; TOTAL_PROOF_BYTES];
    let (left, right) = proof.split_at_mut(32);
    left.copy_from_slice(nonce.as_bytes());
    right.copy_from_slice(s.as_bytes());
    proof
}

/// # Errors
/// [`Error::Encoding`] and [`Error::Identity`] for a malformed proof, [`Error::TotalOpening`] if the root does not open
/// to `total`.
pub fn verify_total(
    ctx: &Ctx,
    root: &Node,
    total: Amount,
    proof: &[u8; TOTAL_PROOF_BYTES],
) -> Result<(), Error> {
    let malformed = || Error::Encoding {
        what: "total proof",
    };
    let (nonce, s) = proof.split_at(32);
    let nonce = CompressedRistretto::from_slice(nonce).map_err(|_| malformed())?;
    let nonce_point = nonce.decompress().ok_or_else(malformed)?;
    if nonce_point.is_identity() {
        return Err(Error::Identity {
            what: "total proof",
        });
    }
    let s: [u8; 32] = s.try_into().map_err(|_| malformed())?;
    let s = Option::<Scalar>::from(Scalar::from_canonical_bytes(s)).ok_or_else(malformed)?;
    let c = challenge(ctx, root, total, &nonce);
    // s·B̃ − c·C_root + c·total·B = K
    let c = Residue::from(c);
    let sum = pedersen::weighted_sum(
        &[
            s,
            (-c).to_scalar(),
            (c * Residue::from(total.atoms())).to_scalar(),
        ],
        &[
            &pedersen::blinding(),
            root.commitment.point(),
            &pedersen::VALUE,
        ],
    );
    if sum == nonce_point {
        Ok(())
    } else {
        Err(Error::TotalOpening)
    }
}

/// Proves that a sealed total is at most `bound`.
///
/// # Errors
/// [`Error::TotalBound`] if it is not.
pub fn prove_bound(
    prover: &RangeProver,
    ctx: &Ctx,
    root: &Node,
    secret: &ChildSecret,
    bound: Amount,
    seed: ProofSeed,
) -> Result<SealedTotal, Error> {
    let slack = bound
        .atoms()
        .checked_sub(secret.amount.atoms())
        .ok_or(Error::TotalBound)?;
    let context = RangeContext::Bound {
        ctx,
        bound,
        root_hash: root.hash.as_bytes(),
    };
    let blinding = Zeroizing::new([-secret.blinding]);
    let proof = prover.prove(&context, &[slack], blinding.as_slice(), seed)?;
    Ok(SealedTotal { bound, proof })
}

/// # Errors
/// [`Error::TotalBound`] if the proof is false, or what is malformed about it.
pub fn verify_bound(
    generators: &Generators,
    ctx: &Ctx,
    root: &Node,
    sealed: &SealedTotal,
    entropy: Entropy<'_>,
) -> Result<(), Error> {
    let bound = Scalar::from(sealed.bound.atoms());
    let bound_point = pedersen::weighted_sum(&[bound], &[&pedersen::VALUE]);
    let slack = Commitment::from_point(bound_point - root.commitment.point())?;
    let statement = RangeStatement {
        context: RangeContext::Bound {
            ctx,
            bound: sealed.bound,
            root_hash: root.hash.as_bytes(),
        },
        commitments: alloc::vec![slack],
        proof: &sealed.proof,
        record: &[],
    };
    verify_batch(generators, &[statement], entropy).map_err(|(_, error)| error)
}
