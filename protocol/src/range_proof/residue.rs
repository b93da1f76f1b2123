//! Scalars modulo ℓ in Montgomery form, for the verifier's long sums.
//!
//! A batch costs three multiplications and three additions for each of a proof's 1,024 bits. The group's library reduces
//! each result in full and keeps it packed: 90 ns and 20 ns; here x stands as x·2²⁵⁶ modulo ℓ in four 64-bit limbs, at
//! most 2ℓ: about 20 ns and 3 ns. Values are public, time is variable. Nothing but additions and multiplications of what
//! the library decoded happens here, and the library gets back what is multiplied by points. The verifier does all of its
//! arithmetic so: the library's own would be a second one in the page's module.
//!
//! ℓ = 2²⁵² + 27742317777372353535851937790883648493 (RFC 8032, §5.1).
//! Bound: a, b < 2ℓ give a·b/2²⁵⁶ + ℓ < 2ℓ, as 4ℓ < 2²⁵⁶, so a product needs no last subtraction (Montgomery, 1985).

use core::ops::{Add, AddAssign, Mul, MulAssign, Neg, Sub, SubAssign};

use alloc::vec::Vec;

use curve25519_dalek::scalar::Scalar;

type Limbs = [u64; 4];

/// ℓ, lowest limb first. Its third limb is zero.
const ORDER: Limbs = [0x5812_631a_5cf5_d3ed, 0x14de_f9de_a2f7_9cd6, 0, 1 << 60];
/// 2ℓ.
const TWICE_ORDER: Limbs = [0xb024_c634_b9eb_a7da, 0x29bd_f3bd_45ef_39ac, 0, 1 << 61];
/// −ℓ⁻¹ modulo 2⁶⁴.
const MINUS_INVERSE: u64 = 0xd2b5_1da3_1254_7e1b;
/// 2⁵¹² modulo ℓ.
const R_SQUARED: Limbs = [
    0xa406_11e3_449c_0f01,
    0xd00e_1ba7_6885_9347,
    0xceec_73d2_17f5_be65,
    0x0399_411b_7c30_9a3d,
];

/// A scalar modulo ℓ, below 2ℓ, in Montgomery form.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Residue(Limbs);

impl Residue {
    pub(crate) const ZERO: Self = Self([0; 4]);
    /// 2²⁵⁶ modulo ℓ.
    pub(crate) const ONE: Self = Self([
        0xd6ec_3174_8d98_951d,
        0xc6ef_5bf4_737d_cf70,
        0xffff_ffff_ffff_fffe,
        0x0fff_ffff_ffff_ffff,
    ]);

    /// The scalar it stands for.
    pub(crate) fn to_scalar(self) -> Scalar {
        let Self(limbs) = self * Self([1, 0, 0, 0]);
        let mut bytes = [0; 32];
        for (bytes, limb) in bytes.chunks_exact_mut(8).zip(limbs) {
            bytes.copy_from_slice(&limb.to_le_bytes());
        }
        Scalar::from_bytes_mod_order(bytes)
    }
}

impl Residue {
    /// Its inverse, by Fermat: the power ℓ − 2. Zero has none, and gives zero.
    fn inverse(self) -> Self {
        let [lowest, rest @ ..] = ORDER;
        let [a, b, c] = rest;
        let mut power = Self::ONE;
        for limb in [c, b, a, lowest.wrapping_sub(2)] {
            for bit in (0..u64::BITS).rev() {
                power *= power;
                if limb.wrapping_shr(bit) & 1 == 1 {
                    power *= self;
                }
            }
        }
        power
    }

    /// Inverts all of them with one inversion (Montgomery's trick), and returns the inverse of their product.
    pub(super) fn invert_all(residues: &mut [Self]) -> Self {
        let mut product = Self::ONE;
        let before: Vec<Self> = residues
            .iter()
            .map(|residue| {
                let before = product;
                product *= *residue;
                before
            })
            .collect();
        let inverse = product.inverse();
        let mut rest = inverse;
        for (residue, before) in residues.iter_mut().zip(before).rev() {
            let this = rest * before;
            rest *= *residue;
            *residue = this;
        }
        inverse
    }
}

impl From<u64> for Residue {
    fn from(value: u64) -> Self {
        Self([value, 0, 0, 0]) * Self(R_SQUARED)
    }
}

impl From<Scalar> for Residue {
    fn from(scalar: Scalar) -> Self {
        let mut limbs = [0; 4];
        let (words, _) = scalar.as_bytes().as_chunks();
        for (limb, word) in limbs.iter_mut().zip(words) {
            *limb = u64::from_le_bytes(*word);
        }
        Self(limbs) * Self(R_SQUARED)
    }
}

impl Mul for Residue {
    type Output = Self;

    #[inline]
    fn mul(self, other: Self) -> Self {
        let Self([a_0, a_1, a_2, a_3]) = self;
        let [mut t_0, mut t_1, mut t_2, mut t_3] = [0_u64; 4];
        for b in other.0 {
            // t + a·b, five limbs.
            let (s_0, carry) = a_0.carrying_mul_add(b, t_0, 0);
            let (s_1, carry) = a_1.carrying_mul_add(b, t_1, carry);
            let (s_2, carry) = a_2.carrying_mul_add(b, t_2, carry);
            let (s_3, s_4) = a_3.carrying_mul_add(b, t_3, carry);
            // The multiple of ℓ that clears the lowest limb, which is then dropped.
            let multiple = s_0.wrapping_mul(MINUS_INVERSE);
            let [order_0, order_1, _, order_3] = ORDER;
            let (_, carry) = multiple.carrying_mul_add(order_0, s_0, 0);
            let (r_0, carry) = multiple.carrying_mul_add(order_1, s_1, carry);
            let (r_1, carry) = s_2.carrying_add(carry, false);
            let (r_2, carry) = multiple.carrying_mul_add(order_3, s_3, u64::from(carry));
            // Below 2²⁵⁵ after each step: no carry is left.
            (t_0, t_1, t_2, t_3) = (r_0, r_1, r_2, s_4.wrapping_add(carry));
        }
        Self([t_0, t_1, t_2, t_3])
    }
}

impl MulAssign for Residue {
    #[inline]
    fn mul_assign(&mut self, other: Self) {
        *self = *self * other;
    }
}

impl Add for Residue {
    type Output = Self;

    #[inline]
    fn add(mut self, other: Self) -> Self {
        self += other;
        self
    }
}

impl Sub for Residue {
    type Output = Self;

    #[inline]
    fn sub(mut self, other: Self) -> Self {
        self -= other;
        self
    }
}

impl Neg for Residue {
    type Output = Self;

    fn neg(self) -> Self {
        Self::ZERO - self
    }
}

impl AddAssign for Residue {
    #[inline]
    fn add_assign(&mut self, other: Self) {
        // Below 4ℓ < 2²⁵⁶.
        let (sum, _) = add(&self.0, &other.0);
        let (reduced, borrow) = subtract(&sum, &TWICE_ORDER);
        self.0 = if borrow { sum } else { reduced };
    }
}

impl SubAssign for Residue {
    #[inline]
    fn sub_assign(&mut self, other: Self) {
        let (difference, borrow) = subtract(&self.0, &other.0);
        // A borrow means it is negative, above −2ℓ: the limbs wrap, and wrap back.
        let (raised, _) = add(&difference, &TWICE_ORDER);
        self.0 = if borrow { raised } else { difference };
    }
}

#[inline]
fn add(left: &Limbs, right: &Limbs) -> (Limbs, bool) {
    let ([a_0, a_1, a_2, a_3], [b_0, b_1, b_2, b_3]) = (*left, *right);
    let (s_0, carry) = a_0.carrying_add(b_0, false);
    let (s_1, carry) = a_1.carrying_add(b_1, carry);
    let (s_2, carry) = a_2.carrying_add(b_2, carry);
    let (s_3, carry) = a_3.carrying_add(b_3, carry);
    ([s_0, s_1, s_2, s_3], carry)
}

#[inline]
fn subtract(left: &Limbs, right: &Limbs) -> (Limbs, bool) {
    let ([a_0, a_1, a_2, a_3], [b_0, b_1, b_2, b_3]) = (*left, *right);
    let (d_0, borrow) = a_0.borrowing_sub(b_0, false);
    let (d_1, borrow) = a_1.borrowing_sub(b_1, borrow);
    let (d_2, borrow) = a_2.borrowing_sub(b_2, borrow);
    let (d_3, borrow) = a_3.borrowing_sub(b_3, borrow);
    ([d_0, d_1, d_2, d_3], borrow)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Scalars at the edges of limbs and of ℓ, and any other.
    fn arb_scalar() -> impl Strategy<Value = Scalar> {
        let limb = prop_oneof![Just(0), Just(1), Just(u64::MAX), any::<u64>()];
        prop_oneof![
            Just(Scalar::ZERO),
            Just(Scalar::ONE),
            Just(-Scalar::ONE),
            prop::array::uniform4(limb).prop_map(|limbs| {
                let bytes: Vec<u8> = limbs.iter().flat_map(|limb| limb.to_le_bytes()).collect();
                Scalar::from_bytes_mod_order(bytes.try_into().unwrap())
            }),
        ]
    }

    /// Below 2ℓ?
    fn in_bounds(residue: Residue) -> bool {
        subtract(&residue.0, &TWICE_ORDER).1
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 4096, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn arithmetic_is_the_library_s(
            start in arb_scalar(),
            steps in prop::collection::vec((0..3_u8, arb_scalar()), 1..24),
        ) {
            // Chains, so that operands reach the upper half of [0, 2ℓ) too.
            let (mut ours, mut library) = (Residue::from(start), start);
            for (step, scalar) in steps {
                let operand = Residue::from(scalar);
                match step {
                    0 => { ours += operand; library += scalar; }
                    1 => { ours -= operand; library -= scalar; }
                    _ => { ours *= operand; library *= scalar; }
                }
                prop_assert!(in_bounds(ours));
                prop_assert_eq!(ours.to_scalar(), library);
            }
        }

        #[test]
        fn inverses_are_the_library_s(scalars in prop::collection::vec(arb_scalar(), 0..12)) {
            let scalars: Vec<Scalar> = scalars.into_iter().filter(|s| *s != Scalar::ZERO).collect();
            let mut ours: Vec<Residue> = scalars.iter().copied().map(Residue::from).collect();
            let product = Residue::invert_all(&mut ours);
            prop_assert_eq!(product.to_scalar(), scalars.iter().product::<Scalar>().invert());
            for (ours, scalar) in ours.iter().zip(&scalars) {
                prop_assert!(in_bounds(*ours));
                prop_assert_eq!(ours.to_scalar(), scalar.invert());
            }
        }

        #[test]
        fn any_limbs_in_bounds_multiply_and_add_within_bounds(
            left in prop::array::uniform4(any::<u64>()),
            right in prop::array::uniform4(any::<u64>()),
        ) {
            let bounded = |[a, b, c, d]: Limbs| Residue([a, b, c, d % (1 << 61)]);
            let (left, right) = (bounded(left), bounded(right));
            let (product, mut sum, mut difference) = (left * right, left, left);
            sum += right;
            difference -= right;
            prop_assert!(in_bounds(product) && in_bounds(sum) && in_bounds(difference));
            let (a, b) = (left.to_scalar(), right.to_scalar());
            prop_assert_eq!(product.to_scalar(), a * b);
            prop_assert_eq!(sum.to_scalar(), a + b);
            prop_assert_eq!(difference.to_scalar(), a - b);
        }
    }

    #[test]
    fn constants_are_what_they_say() {
        assert_eq!(Residue::ONE.to_scalar(), Scalar::ONE);
        assert_eq!((-Residue::ONE).to_scalar(), -Scalar::ONE);
        assert_eq!(Residue::from(u64::MAX).to_scalar(), Scalar::from(u64::MAX));
        assert_eq!(Residue::ZERO.inverse().to_scalar(), Scalar::ZERO);
    }

    #[test]
    fn the_largest_operands_stay_in_bounds() {
        let (largest, _) = subtract(&TWICE_ORDER, &[1, 0, 0, 0]);
        let largest = Residue(largest);
        let (mut sum, mut difference) = (largest, Residue::ZERO);
        sum += largest;
        difference -= largest;
        for residue in [largest * largest, sum, difference] {
            assert!(in_bounds(residue));
        }
        let scalar = largest.to_scalar();
        assert_eq!((largest * largest).to_scalar(), scalar * scalar);
        assert_eq!(sum.to_scalar(), scalar + scalar);
        assert_eq!(difference.to_scalar(), -scalar);
    }
}
