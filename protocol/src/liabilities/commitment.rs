//! Pedersen commitments `C = v·B + r·B̃` over Ristretto255, with the generators of `crate::pedersen`.
//!
//! Decoding is strict: a non-canonical encoding and the identity are refused everywhere (SPEC §2).

use core::fmt;

#[cfg(feature = "tables")]
use curve25519_dalek::ristretto::RistrettoBasepointTable;
use curve25519_dalek::ristretto::{CompressedRistretto, RistrettoPoint};
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::{Identity as _, IsIdentity as _};
use serde::{Serialize, Serializer};
use subtle::{ConditionallySelectable as _, ConstantTimeEq as _};
use zeroize::Zeroize;

use crate::amount::Amount;
use crate::digest::decode_hex;
use crate::error::Error;
use crate::json::{self, FromJson, Mistake};
use crate::pedersen;

/// A group element that is not the identity, with its 32 canonical bytes. As text: lower-case hex.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Commitment {
    point: RistrettoPoint,
    bytes: CompressedRistretto,
}

impl Commitment {
    /// # Errors
    /// [`Error::Encoding`] if the bytes are not canonical, [`Error::Identity`] for the identity.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, Error> {
        let bytes = CompressedRistretto(*bytes);
        let point = bytes
            .decompress()
            .ok_or(Error::Encoding { what: "commitment" })?;
        Self::from_parts(point, bytes)
    }

    /// # Errors
    /// [`Error::Identity`] for the identity.
    pub fn from_point(point: RistrettoPoint) -> Result<Self, Error> {
        Self::from_parts(point, point.compress())
    }

    fn from_parts(point: RistrettoPoint, bytes: CompressedRistretto) -> Result<Self, Error> {
        if point.is_identity() {
            return Err(Error::Identity { what: "commitment" });
        }
        Ok(Self { point, bytes })
    }

    /// `B̃`, the commitment of a void slot: value 0, blinding 1, known to all.
    #[must_use]
    pub fn void() -> Self {
        let point = pedersen::blinding();
        Self {
            point,
            bytes: point.compress(),
        }
    }

    /// The 32 canonical bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        self.bytes.as_bytes()
    }

    /// The group element.
    #[must_use]
    pub const fn point(&self) -> &RistrettoPoint {
        &self.point
    }
}

impl fmt::Debug for Commitment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.as_bytes()))
    }
}

impl Serialize for Commitment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(self.as_bytes()))
    }
}

impl FromJson for Commitment {
    fn from_json(value: json::Value) -> Result<Self, Mistake> {
        let bytes = decode_hex(&value.text()?)
            .ok_or_else(|| Mistake::new(&"expected 64 lower-case hex characters"))?;
        Self::from_bytes(&bytes).map_err(|error| Mistake::new(&error))
    }
}

json::deserialize!(Commitment);

/// A secret, non-zero blinding scalar `r`; wiped when dropped, never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Blinding(Scalar);

impl Blinding {
    /// Reduces 64 uniform bytes modulo the group order (bias below 2⁻²⁵⁰).
    ///
    /// # Errors
    /// [`Error::ZeroBlinding`] if the result is zero.
    pub fn from_uniform(bytes: &[u8; 64]) -> Result<Self, Error> {
        Self::from_scalar(Scalar::from_bytes_mod_order_wide(bytes))
    }

    /// # Errors
    /// [`Error::ZeroBlinding`] if `scalar` is zero.
    pub fn from_scalar(scalar: Scalar) -> Result<Self, Error> {
        if scalar == Scalar::ZERO {
            Err(Error::ZeroBlinding)
        } else {
            Ok(Self(scalar))
        }
    }

    /// Decodes the 32 canonical bytes shown in an opening.
    ///
    /// # Errors
    /// [`Error::Encoding`] if not canonical, [`Error::ZeroBlinding`] if zero.
    pub fn from_bytes(bytes: [u8; 32]) -> Result<Self, Error> {
        let scalar = Option::<Scalar>::from(Scalar::from_canonical_bytes(bytes));
        Self::from_scalar(scalar.ok_or(Error::Encoding { what: "blinding" })?)
    }

    /// The 32 canonical bytes: handle as a secret.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; 32] {
        self.0.to_bytes()
    }

    /// The scalar: handle as a secret.
    #[must_use]
    pub const fn scalar(&self) -> &Scalar {
        &self.0
    }
}

impl Drop for Blinding {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for Blinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Blinding(secret)")
    }
}

/// Digits of an amount: 16 of 4 bits.
const DIGITS: usize = 16;

/// Commits in constant time from two fixed-base tables.
///
/// Works on *halved* points (over B/2 and B̃/2, so the point is C/2): the library's batch compression doubles what it
/// compresses, and costs 0.6 µs a point where compressing one alone costs 4.4 µs. Half-points add like points. The
/// library's table multiplies by 253 bits whatever the scalar; an amount has 64, so it has a table of its own.
pub struct Committer {
    /// Entry d of row i is d·16ⁱ·B/2.
    amounts: [[RistrettoPoint; 16]; DIGITS],
    blindings: Multiples,
}

impl Default for Committer {
    fn default() -> Self {
        let one_half = Scalar::from(2_u64).invert();
        let mut base = pedersen::VALUE * one_half;
        let amounts = [(); DIGITS].map(|()| {
            let mut next = RistrettoPoint::identity();
            let row = [(); 16].map(|()| {
                let entry = next;
                next += base;
                entry
            });
            base = next;
            row
        });
        Self {
            amounts,
            blindings: Multiples::of(pedersen::blinding() * one_half),
        }
    }
}

impl Committer {
    /// `C/2` for `C = v·B + r·B̃`.
    #[must_use]
    pub fn half(&self, amount: Amount, blinding: &Scalar) -> RistrettoPoint {
        let mut digits = amount.atoms();
        let mut sum = self.blindings.times(blinding);
        for row in &self.amounts {
            let digit = digits & 15;
            digits >>= 4;
            // Every entry is read, whatever the digit.
            let mut entry = RistrettoPoint::identity();
            for (candidate, value) in row.iter().zip(0_u64..) {
                entry.conditional_assign(candidate, value.ct_eq(&digit));
            }
            sum += entry;
        }
        sum
    }
}

/// Multiples of one point, by any secret scalar in the same time.
struct Multiples(
    #[cfg(feature = "tables")] RistrettoBasepointTable,
    #[cfg(not(feature = "tables"))] RistrettoPoint,
);

impl Multiples {
    fn of(point: RistrettoPoint) -> Self {
        #[cfg(feature = "tables")]
        let point = RistrettoBasepointTable::create(&point);
        Self(point)
    }

    fn times(&self, scalar: &Scalar) -> RistrettoPoint {
        &self.0 * scalar
    }
}

/// `v·B + r·B̃`, for verifiers: the opening is shown to them, so timing tells nobody anything new.
pub(crate) fn commit(amount: Amount, blinding: &Scalar) -> RistrettoPoint {
    pedersen::weighted_sum(
        &[Scalar::from(amount.atoms()), *blinding],
        &[&pedersen::VALUE, &pedersen::blinding()],
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r_11_generators_are_pinned() {
        assert_eq!(
            hex::encode(pedersen::VALUE.compress().as_bytes()),
            "e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76",
        );
        assert_eq!(
            hex::encode(pedersen::blinding().compress().as_bytes()),
            "8c9240b456a9e6dc65c377a1048d745f94a08cdb7f44cbcd7b46f34048871134",
        );
    }

    #[test]
    fn t_09_identity_is_refused() {
        assert_eq!(
            Commitment::from_bytes(&[0; 32]),
            Err(Error::Identity { what: "commitment" })
        );
        assert_eq!(Blinding::from_bytes([0; 32]), Err(Error::ZeroBlinding));
    }

    #[test]
    fn t_10_non_canonical_points_and_scalars_are_refused() {
        let p = hex::decode("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")
            .unwrap();
        let negative =
            hex::decode("0100000000000000000000000000000000000000000000000000000000000000")
                .unwrap();
        let mut high_bit = *Commitment::void().as_bytes();
        high_bit[31] |= 0x80;
        for bad in [
            p.try_into().unwrap(),
            [0xff; 32],
            negative.try_into().unwrap(),
            high_bit,
        ] {
            assert_eq!(
                Commitment::from_bytes(&bad),
                Err(Error::Encoding { what: "commitment" })
            );
        }
        let order = hex::decode("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010")
            .unwrap();
        assert_eq!(
            Blinding::from_bytes(order.try_into().unwrap()),
            Err(Error::Encoding { what: "blinding" })
        );
    }

    #[test]
    fn halves_double_to_the_commitment() {
        let committer = Committer::default();
        for (atoms, r) in [
            (0, 1_u64),
            (1, 2),
            (0xfedc_ba98_7654_3210, 3),
            (u64::MAX, 77),
        ] {
            let amount = Amount::from_atoms(atoms);
            let half = committer.half(amount, &Scalar::from(r));
            let compressed = RistrettoPoint::double_and_compress_batch([&half]);
            assert_eq!(compressed, [commit(amount, &Scalar::from(r)).compress()]);
        }
    }

    #[test]
    fn k_03_debug_shows_no_blinding() {
        let text = format!(
            "{:?}",
            Blinding::from_scalar(Scalar::from(123_456_789_u64)).unwrap()
        );
        assert_eq!(text, "Blinding(secret)");
    }
}
