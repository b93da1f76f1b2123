//! The inner product argument (Bünz et al., 2018, §3.1), proved with folds put off.
//!
//! Each round halves the vectors a, b and the generators g, h, with a challenge u:
//!
//! ```text
//! L = Σ aₖ·gₖ₊ₙ + Σ bₖ₊ₙ·hₖ + ⟨a_low, b_high⟩·w·B        R = Σ aₖ₊ₙ·gₖ + Σ bₖ·hₖ₊ₙ + ⟨a_high, b_low⟩·w·B
//! aₖ ← u·aₖ + u⁻¹·aₖ₊ₙ      bₖ ← u⁻¹·bₖ + u·bₖ₊ₙ      gₖ ← u⁻¹·gₖ + u·gₖ₊ₙ      hₖ ← u·hₖ + u⁻¹·hₖ₊ₙ
//! ```
//!
//! The library computes every new generator at once, one double multiplication each: more than half of its time. Here a
//! generator is not computed but *written down* as a sum over the generators last computed (`Bases`), and L and R are
//! multiplications over those. After [`FOLD_AFTER`] rounds the sums have 2³ terms and are computed, all eight terms
//! sharing their doublings; then it begins anew on an eighth of the generators. The points are the same, so the bytes
//! are. Factors that all generators of a side share are kept apart, so one of the eight terms needs no multiplication.
//!
//! Cost for 1,024 bits: three rounds over all 2,048 generators, 256 sums of eight terms, three rounds over 256
//! generators, 32 such sums, four rounds over 32.
//!
//! Variable time. That is no leak: a and b are l(x) and r(x) of the range proof, which the protocol without this argument
//! (§4.1 there) sends to the verifier in clear, and which is zero-knowledge all the same. The argument only shortens.

use alloc::vec::Vec;

use curve25519_dalek::ristretto::RistrettoPoint;
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::VartimeMultiscalarMul as _;
use merlin::Transcript;

use super::transcript::ProofTranscript as _;

/// Rounds before the generators are computed. Two and four were measured slower: each round on unfolded generators costs
/// as much as the first, each doubling of the terms halves the number of sums.
const FOLD_AFTER: u32 = 3;

/// What is proved: ⟨a, b⟩, over generators gₖ and y⁻ᵏ·hₖ.
pub(super) struct InnerProduct<'a> {
    pub(super) g: &'a [RistrettoPoint],
    pub(super) h: &'a [RistrettoPoint],
    /// w·B, which the product stands on.
    pub(super) product_base: RistrettoPoint,
    pub(super) y_inverse: Scalar,
    pub(super) a: Vec<Scalar>,
    pub(super) b: Vec<Scalar>,
}

impl InnerProduct<'_> {
    /// Appends the proof's bytes: L, R of each round, a, b. The lengths are one power of two.
    pub(super) fn prove(self, transcript: &mut Transcript, proof: &mut Vec<u8>) {
        let Self {
            product_base,
            y_inverse,
            mut a,
            mut b,
            ..
        } = self;
        let mut g = Bases::new(self.g);
        let mut h = Bases::new(self.h);
        let y_powers: Vec<Scalar> =
            core::iter::successors(Some(Scalar::ONE), |power| Some(power * y_inverse))
                .take(a.len())
                .collect();
        while a.len() > 1 {
            let half = a.len() / 2;
            let (a_low, a_high) = a.split_at(half);
            let (b_low, b_high) = b.split_at(half);
            let (y_low, y_high) = y_powers.split_at(half);

            let mut left = Sum::of(inner_product(a_low, b_high), product_base);
            g.add(&mut left, Half::High, a_low, None);
            h.add(&mut left, Half::Low, b_high, Some(y_low));
            let mut right = Sum::of(inner_product(a_high, b_low), product_base);
            g.add(&mut right, Half::Low, a_high, None);
            h.add(&mut right, Half::High, b_low, Some(y_high));
            for (label, sum) in [(b"L", left), (b"R", right)] {
                let point = sum.point().compress();
                transcript.append_point(label, &point);
                proof.extend_from_slice(point.as_bytes());
            }

            let u = transcript.challenge(b"u");
            let u_inverse = u.invert();
            a = fold(a_low, a_high, &u, &u_inverse);
            b = fold(b_low, b_high, &u_inverse, &u);
            // y⁻ᵏ of the upper half is y⁻ᵏ of the lower times y⁻ⁿ: the latter goes into the sum's coefficient.
            let y_half = y_high.first().copied().unwrap_or(Scalar::ONE);
            g.halve(u_inverse, u * u);
            h.halve(u, u_inverse * u_inverse * y_half);
        }
        for scalar in a.iter().chain(&b) {
            proof.extend_from_slice(scalar.as_bytes());
        }
    }
}

pub(super) fn inner_product(left: &[Scalar], right: &[Scalar]) -> Scalar {
    left.iter()
        .zip(right)
        .map(|(left, right)| left * right)
        .sum()
}

fn fold(low: &[Scalar], high: &[Scalar], low_factor: &Scalar, high_factor: &Scalar) -> Vec<Scalar> {
    low.iter()
        .zip(high)
        .map(|(low, high)| low * low_factor + high * high_factor)
        .collect()
}

#[derive(Clone, Copy)]
enum Half {
    Low,
    High,
}

/// The generators of one side: the k-th of n is scale · Σ coefficients[q]·points[q·n + k].
struct Bases {
    points: Vec<RistrettoPoint>,
    /// The first is 1.
    coefficients: Vec<Scalar>,
    scale: Scalar,
}

impl Bases {
    fn new(points: &[RistrettoPoint]) -> Self {
        Self {
            points: points.to_vec(),
            coefficients: Vec::from([Scalar::ONE]),
            scale: Scalar::ONE,
        }
    }

    /// Number of generators.
    fn len(&self) -> usize {
        let blocks = self.coefficients.len();
        self.points.len().checked_div(blocks).unwrap_or(1).max(1)
    }

    /// Adds Σ scalars[k]·factors[k]·generator[k] to the sum, over one half of the generators.
    fn add<'a>(
        &'a self,
        sum: &mut Sum<'a>,
        half: Half,
        scalars: &[Scalar],
        factors: Option<&[Scalar]>,
    ) {
        let mut scaled: Vec<Scalar> = scalars.iter().map(|scalar| scalar * self.scale).collect();
        for (scalar, factor) in scaled.iter_mut().zip(factors.unwrap_or_default()) {
            *scalar *= factor;
        }
        let blocks = self.points.chunks_exact(self.len());
        for (index, (block, coefficient)) in blocks.zip(&self.coefficients).enumerate() {
            let (low, high) = block.split_at(self.len() / 2);
            sum.points.extend(match half {
                Half::Low => low,
                Half::High => high,
            });
            match index {
                0 => sum.scalars.extend_from_slice(&scaled),
                _ => sum
                    .scalars
                    .extend(scaled.iter().map(|scalar| scalar * coefficient)),
            }
        }
    }

    /// The generators of the next round: low + ratio·high, times `keep`.
    fn halve(&mut self, keep: Scalar, ratio: Scalar) {
        self.scale *= keep;
        self.coefficients = self
            .coefficients
            .iter()
            .flat_map(|coefficient| [*coefficient, coefficient * ratio])
            .collect();
        let generators = self.len();
        // Two generators more are not worth computing for the one round that is left.
        if self.coefficients.len() < 1 << FOLD_AFTER || generators <= 2 {
            return;
        }
        self.points = (0..generators)
            .map(|first| {
                let mut terms = self.points.iter().skip(first).step_by(generators);
                let one = terms.next().copied().unwrap_or_default();
                let (_, coefficients) = self
                    .coefficients
                    .split_first()
                    .unwrap_or((&Scalar::ONE, &[]));
                one + RistrettoPoint::vartime_multiscalar_mul(coefficients, terms)
            })
            .collect();
        self.coefficients = Vec::from([Scalar::ONE]);
    }
}

/// A multiscalar multiplication, gathered.
struct Sum<'a> {
    scalars: Vec<Scalar>,
    points: Vec<&'a RistrettoPoint>,
    own: (Scalar, RistrettoPoint),
}

impl Sum<'_> {
    fn of(scalar: Scalar, point: RistrettoPoint) -> Self {
        Self {
            scalars: Vec::new(),
            points: Vec::new(),
            own: (scalar, point),
        }
    }

    fn point(&self) -> RistrettoPoint {
        let (scalar, point) = &self.own;
        RistrettoPoint::vartime_multiscalar_mul(
            self.scalars.iter().chain([scalar]),
            self.points.iter().copied().chain([point]),
        )
    }
}
