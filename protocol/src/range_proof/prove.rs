//! Making range proofs: byte for byte those of `bulletproofs` 5.0.0, in about half its time.
//!
//! For values vⱼ with bits a_L and a_R = a_L − 1, nonces s_L, s_R and challenges y, z, x (Bünz et al., 2018, §4.2):
//!
//! ```text
//! A = ⟨a_L, G⟩ + ⟨a_R, H⟩ + α·B̃          S = ⟨s_L, G⟩ + ⟨s_R, H⟩ + ρ·B̃
//! l(x) = a_L − z + s_L·x                  r(x) = yⁱ·(a_R + z + s_R·x) + z²⁺ʲ·2ᵏ
//! t(x) = ⟨l(x), r(x)⟩ = t₀ + t₁·x + t₂·x²    T₁ = t₁·B + τ₁·B̃    T₂ = t₂·B + τ₂·B̃
//! ```
//!
//! The library plays a party for each value and adds up their A, S, T₁, T₂; here each is one sum over all values. S, its
//! dearest, becomes one multiscalar multiplication. The inner product argument for l(x), r(x) is [`super::inner_product`].
//!
//! **Randomness** is a function of context, values, blindings and a seed derived from the run key, so every prover gives
//! the same bytes, and a repeated shard repeats its proofs. Draw order is the library's and normative (SPEC §5.3): per
//! value a_blinding, s_blinding, s_L[64], s_R[64]; after the challenge z, per value t₁ and t₂.
//!
//! **Timing.** Whatever touches values, their bits or blindings is constant-time: commitments, A, the coefficients of
//! l, r and t, T₁, T₂, and all blindings. Variable time: (1) everything after x, on l(x) and r(x), which tell nothing (see
//! [`super::inner_product`]); (2) S in its nonces s_L, s_R. These are 2,048 scalars drawn for this proof alone; no later
//! run multiplies them again, so there is nothing to average over, and no value or blinding is among them. Whoever could
//! read single memory accesses of this process while it runs could recover s_L, and with l(x) the values; the prover runs
//! offline on a machine of the exchange's own, whose process holds the ledger anyway. Constant time for S as well costs a
//! quarter more.
//!
//! Cost: about 4 ms a value; 330 kB of generators. Nonces and bits are zeroized; the library of the group keeps copies of
//! the nonces' digits while it multiplies, and frees them as they are.

use alloc::vec::Vec;

use curve25519_dalek::ristretto::{CompressedRistretto, RistrettoPoint};
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::{MultiscalarMul as _, VartimeMultiscalarMul as _};
use rand_chacha::ChaCha20Rng;
use rand_core::{CryptoRng, RngCore, SeedableRng as _};
use subtle::{Choice, ConditionallySelectable as _};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::inner_product::{InnerProduct, inner_product};
use super::transcript::ProofTranscript as _;
use super::{BITS, Generators, RangeContext, bits, proof_bytes};
use crate::amount::Amount;
use crate::error::Error;
use crate::liabilities::Committer;

/// 32 secret bytes that seed one proof's randomness; derived, never reused for another context.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct ProofSeed(pub(crate) [u8; 32]);

/// The prover with its generators.
#[derive(Default)]
pub struct RangeProver {
    generators: Generators,
    committer: Committer,
}

impl RangeProver {
    /// Proves that every value is in [0, 2⁶⁴). Cost: about 4 ms a value.
    ///
    /// A prover proves a false statement without an error where values and commitments disagree; whoever calls this
    /// verifies the result before it is used.
    ///
    /// # Errors
    /// [`Error::Count`] if the lists differ in length or are not 1, 2, 4, 8 or 16 long.
    pub fn prove(
        &self,
        context: &RangeContext<'_>,
        values: &[u64],
        blindings: &[Scalar],
        seed: ProofSeed,
    ) -> Result<Vec<u8>, Error> {
        let halves = values
            .iter()
            .zip(blindings)
            .map(|(value, blinding)| self.committer.half(Amount::from_atoms(*value), blinding));
        let halves: Vec<RistrettoPoint> = halves.collect();
        let commitments = RistrettoPoint::double_and_compress_batch(&halves);
        self.prove_committed(context, &commitments, values, blindings, seed)
    }

    /// The same for whoever has the commitments already.
    pub(crate) fn prove_committed(
        &self,
        context: &RangeContext<'_>,
        commitments: &[CompressedRistretto],
        values: &[u64],
        blindings: &[Scalar],
        seed: ProofSeed,
    ) -> Result<Vec<u8>, Error> {
        let count = values.len();
        let fits = count.is_power_of_two() && bits(count) <= self.generators.g.len();
        if blindings.len() != count || commitments.len() != count || !fits {
            return Err(Error::Count {
                what: "values of a range proof",
                expected: blindings.len() as u64,
                found: count as u64,
            });
        }
        let generators = &self.generators;
        let (g, _) = generators
            .g
            .split_at_checked(bits(count))
            .unwrap_or_default();
        let (h, _) = generators
            .h
            .split_at_checked(bits(count))
            .unwrap_or_default();

        let mut transcript = context.transcript();
        let mut builder = transcript.build_rng();
        for value in values {
            let bytes = Zeroizing::new(value.to_le_bytes());
            builder = builder.rekey_with_witness_bytes(b"value", bytes.as_slice());
        }
        for blinding in blindings {
            builder = builder.rekey_with_witness_bytes(b"blinding", blinding.as_bytes());
        }
        let mut rng = builder.finalize(&mut ChaCha20Rng::from_seed(seed.0));

        let nonces = Nonces::draw(count, &mut rng);
        let big_a = commit_to_bits(values, g, h) + generators.b_blinding * nonces.a;
        let big_s = RistrettoPoint::vartime_multiscalar_mul(
            nonces.left.iter().chain(nonces.right.iter()),
            g.iter().chain(h),
        ) + generators.b_blinding * nonces.s;
        let (big_a, big_s) = (big_a.compress(), big_s.compress());
        transcript.begin_range_proof(commitments.iter().map(CompressedRistretto::as_bytes));
        transcript.append_point(b"A", &big_a);
        transcript.append_point(b"S", &big_s);
        let y = transcript.challenge(b"y");
        let z = transcript.challenge(b"z");

        let polynomials = Polynomials::new(values, &nonces, &y, &z);
        let t_1 = inner_product(&polynomials.l_0, &polynomials.r_1)
            + inner_product(&nonces.left, &polynomials.r_0);
        let t_2 = inner_product(&nonces.left, &polynomials.r_1);
        let (t_1, t_2) = (Zeroizing::new(t_1), Zeroizing::new(t_2));
        let (tau_1, tau_2) = draw_t_blindings(count, &mut rng);
        let commit = |value: &Scalar, blinding: &Scalar| {
            let bases = [generators.b, generators.b_blinding];
            RistrettoPoint::multiscalar_mul([value, blinding], bases).compress()
        };
        let (big_t_1, big_t_2) = (commit(&t_1, &tau_1), commit(&t_2, &tau_2));
        transcript.append_point(b"T_1", &big_t_1);
        transcript.append_point(b"T_2", &big_t_2);
        let x = transcript.challenge(b"x");

        let l = polynomials.left(&nonces, &x);
        let r = polynomials.right(&x);
        let t_x = inner_product(&l, &r);
        let zz = z * z;
        let value_blinding: Scalar = blindings
            .iter()
            .rev()
            .fold(Scalar::ZERO, |sum, blinding| sum * z + blinding);
        let t_x_blinding = zz * value_blinding + x * (*tau_1 + x * *tau_2);
        let e_blinding = nonces.a + x * nonces.s;
        transcript.append_scalar(b"t_x", &t_x);
        transcript.append_scalar(b"t_x_blinding", &t_x_blinding);
        transcript.append_scalar(b"e_blinding", &e_blinding);
        let w = transcript.challenge(b"w");

        let mut proof = Vec::with_capacity(proof_bytes(count));
        for point in [big_a, big_s, big_t_1, big_t_2] {
            proof.extend_from_slice(point.as_bytes());
        }
        for scalar in [t_x, t_x_blinding, e_blinding] {
            proof.extend_from_slice(scalar.as_bytes());
        }
        transcript.begin_inner_product(count);
        let argument = InnerProduct {
            g,
            h,
            product_base: w * generators.b,
            y_inverse: y.invert(),
            a: l,
            b: r,
        };
        argument.prove(&mut transcript, &mut proof);
        Ok(proof)
    }
}

/// The bits of a value from the lowest, without a branch on them.
fn bits_of(value: u64) -> impl Iterator<Item = Choice> {
    (0..BITS as u32).map(move |bit| Choice::from((value.wrapping_shr(bit) & 1) as u8))
}

/// ⟨a_L, G⟩ + ⟨a_R, H⟩: for each bit Gᵢ if it is set, −Hᵢ if not. Constant-time.
fn commit_to_bits(values: &[u64], g: &[RistrettoPoint], h: &[RistrettoPoint]) -> RistrettoPoint {
    let bits = values.iter().flat_map(|value| bits_of(*value));
    g.iter()
        .zip(h)
        .zip(bits)
        .map(|((g, h), bit)| RistrettoPoint::conditional_select(&-h, g, bit))
        .sum()
}

/// What is drawn before y and z: α, ρ (summed over the values), s_L, s_R.
struct Nonces {
    a: Scalar,
    s: Scalar,
    left: Zeroizing<Vec<Scalar>>,
    right: Zeroizing<Vec<Scalar>>,
}

impl Nonces {
    fn draw(values: usize, rng: &mut (impl RngCore + CryptoRng)) -> Self {
        let vector = || Zeroizing::new(Vec::with_capacity(bits(values)));
        let (mut left, mut right) = (vector(), vector());
        let (mut a, mut s) = (Scalar::ZERO, Scalar::ZERO);
        for _ in 0..values {
            a += Scalar::random(rng);
            s += Scalar::random(rng);
            left.extend((0..BITS).map(|_| Scalar::random(rng)));
            right.extend((0..BITS).map(|_| Scalar::random(rng)));
        }
        Self { a, s, left, right }
    }
}

impl Drop for Nonces {
    fn drop(&mut self) {
        self.a.zeroize();
        self.s.zeroize();
    }
}

/// τ₁ and τ₂, each summed over the values.
fn draw_t_blindings(
    values: usize,
    rng: &mut (impl RngCore + CryptoRng),
) -> (Zeroizing<Scalar>, Zeroizing<Scalar>) {
    let mut sums = (Zeroizing::new(Scalar::ZERO), Zeroizing::new(Scalar::ZERO));
    for _ in 0..values {
        *sums.0 += Scalar::random(rng);
        *sums.1 += Scalar::random(rng);
    }
    sums
}

/// l(x) = l₀ + s_L·x and r(x) = r₀ + r₁·x, a coefficient for each bit. Constant-time.
struct Polynomials {
    l_0: Zeroizing<Vec<Scalar>>,
    r_0: Zeroizing<Vec<Scalar>>,
    r_1: Zeroizing<Vec<Scalar>>,
}

impl Polynomials {
    fn new(values: &[u64], nonces: &Nonces, y: &Scalar, z: &Scalar) -> Self {
        let vector = || Zeroizing::new(Vec::with_capacity(bits(values.len())));
        let (mut l_0, mut r_0, mut r_1) = (vector(), vector(), vector());
        // a_L − z and a_R + z of a bit that is not set, and of one that is.
        let (left_0, left_1) = (-z, Scalar::ONE - z);
        let (right_0, right_1) = (z - Scalar::ONE, *z);
        let mut y_power = Scalar::ONE;
        let mut z_power = z * z;
        let mut s_right = nonces.right.iter();
        for value in values {
            // z²⁺ʲ·2ᵏ
            let mut term = z_power;
            for (bit, s_right) in bits_of(*value).zip(&mut s_right) {
                l_0.push(Scalar::conditional_select(&left_0, &left_1, bit));
                let right = Scalar::conditional_select(&right_0, &right_1, bit);
                r_0.push(y_power * right + term);
                r_1.push(y_power * s_right);
                y_power *= y;
                term += term;
            }
            z_power *= z;
        }
        Self { l_0, r_0, r_1 }
    }

    fn left(&self, nonces: &Nonces, x: &Scalar) -> Vec<Scalar> {
        let pairs = self.l_0.iter().zip(nonces.left.iter());
        pairs.map(|(l_0, s_left)| l_0 + s_left * x).collect()
    }

    fn right(&self, x: &Scalar) -> Vec<Scalar> {
        let pairs = self.r_0.iter().zip(self.r_1.iter());
        pairs.map(|(r_0, r_1)| r_0 + r_1 * x).collect()
    }
}
