//! ECDSA signatures over secp256k1, read strictly: each one has exactly one accepted encoding.
//!
//! Checked: `1 ≤ r < n`, `1 ≤ s ≤ n/2`, and for DER the one encoding that BIP-66 allows.
//! Source: SEC 1 §4.1, BIP-66, BIP-146 (LOW_S).

use super::error::OwnershipError;
use k256::ecdsa::signature::hazmat::PrehashVerifier;
use k256::ecdsa::{RecoveryId, Signature, VerifyingKey};
use k256::elliptic_curve::PrimeField;
use k256::elliptic_curve::ops::{Invert, LinearCombination, Reduce};
use k256::elliptic_curve::point::DecompressPoint;
use k256::{AffinePoint, FieldBytes, ProjectivePoint, Scalar, U256};

/// A signature from its two scalars, big-endian.
///
/// # Errors
///
/// `ScalarOutOfRange`, `HighS`.
pub(super) fn from_scalars(r: [u8; 32], s: [u8; 32]) -> Result<Signature, OwnershipError> {
    let signature = Signature::from_scalars(FieldBytes::from(r), FieldBytes::from(s))
        .map_err(|_| OwnershipError::ScalarOutOfRange)?;
    match signature.normalize_s() {
        None => Ok(signature),
        Some(_) => Err(OwnershipError::HighS),
    }
}

/// The key that made a signature over `digest`, told apart from the other candidates by `id`.
///
/// # Errors
///
/// `KeyNotRecovered`.
pub(super) fn recover(
    digest: &[u8; 32],
    signature: &Signature,
    id: RecoveryId,
) -> Result<VerifyingKey, OwnershipError> {
    // Happens once in 2¹²⁸ signatures; the library does it right and slowly.
    if id.is_x_reduced() {
        return VerifyingKey::recover_from_prehash(digest, signature, id)
            .map_err(|_| OwnershipError::KeyNotRecovered);
    }
    // Q = r⁻¹·(s·R − z·G). The library checks the signature with Q once more, which holds by this very equation:
    // leaving that out halves the time.
    let not_recovered = OwnershipError::KeyNotRecovered;
    let (r, s) = signature.split_scalars();
    let z = <Scalar as Reduce<U256>>::reduce_bytes(&FieldBytes::from(*digest));
    let point: Option<AffinePoint> =
        AffinePoint::decompress(&r.to_repr(), u8::from(id.is_y_odd()).into()).into();
    let point = ProjectivePoint::from(point.ok_or(not_recovered.clone())?);
    let inverse: Option<Scalar> = r.as_ref().invert_vartime().into();
    let inverse = inverse.ok_or(not_recovered.clone())?;
    let key = ProjectivePoint::lincomb(
        &ProjectivePoint::GENERATOR,
        &inverse.mul(&z).negate(),
        &point,
        &inverse.mul(s.as_ref()),
    );
    // The identity is no key.
    VerifyingKey::from_affine(key.to_affine()).map_err(|_| not_recovered)
}

/// Does the key's signature over `digest` hold?
pub(super) fn holds(key: &VerifyingKey, digest: &[u8; 32], signature: &Signature) -> bool {
    key.verify_prehash(digest, signature).is_ok()
}

/// A public key in SEC 1 form: 33 bytes from 02 or 03, or, where `uncompressed` is allowed, 65 bytes from 04.
///
/// # Errors
///
/// `PublicKeyMalformed`; the hybrid forms 06 and 07 count as malformed (STRICTENC).
pub(super) fn public_key(bytes: &[u8], uncompressed: bool) -> Result<VerifyingKey, OwnershipError> {
    let form_ok = match bytes {
        [2 | 3, ..] => bytes.len() == 33,
        [4, ..] => uncompressed && bytes.len() == 65,
        _ => false,
    };
    if !form_ok {
        return Err(OwnershipError::PublicKeyMalformed);
    }
    VerifyingKey::from_sec1_bytes(bytes).map_err(|_| OwnershipError::PublicKeyMalformed)
}

/// A signature from strict DER: `30 len 02 len r 02 len s`, nothing after it.
///
/// # Errors
///
/// `DerMalformed`, `ScalarOutOfRange`, `HighS`.
pub(super) fn from_der(bytes: &[u8]) -> Result<Signature, OwnershipError> {
    let (content, rest) = der_element(0x30, bytes)?;
    let (r, content) = der_element(0x02, content)?;
    let (s, content) = der_element(0x02, content)?;
    if !rest.is_empty() || !content.is_empty() {
        return Err(OwnershipError::DerMalformed);
    }
    from_scalars(der_scalar(r)?, der_scalar(s)?)
}

/// Splits off one element of the given tag. Nothing here is long enough for a length of several bytes.
fn der_element(tag: u8, bytes: &[u8]) -> Result<(&[u8], &[u8]), OwnershipError> {
    match bytes {
        [first, length @ 0..=0x7f, rest @ ..] if *first == tag => rest
            .split_at_checked(usize::from(*length))
            .ok_or(OwnershipError::DerMalformed),
        _ => Err(OwnershipError::DerMalformed),
    }
}

/// A positive DER integer in its shortest form, as 32 bytes.
fn der_scalar(bytes: &[u8]) -> Result<[u8; 32], OwnershipError> {
    let digits = match bytes {
        [] | [0x80..=0xff, ..] => return Err(OwnershipError::DerMalformed),
        [0, 0..=0x7f, ..] => return Err(OwnershipError::DerMalformed),
        [0, digits @ ..] | digits => digits,
    };
    let start = 32_usize
        .checked_sub(digits.len())
        .ok_or(OwnershipError::DerMalformed)?;
    let mut scalar = [0; 32];
    for (byte, digit) in scalar.iter_mut().skip(start).zip(digits) {
        *byte = *digit;
    }
    Ok(scalar)
}

#[cfg(test)]
mod tests {
    use super::*;
    use OwnershipError::*;

    /// Group order n of secp256k1 (SEC 2 §2.4.1).
    const N: &str = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";
    /// (n − 1)/2, the largest low s.
    const HALF_N: &str = "7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0";

    fn scalar(text: &str) -> [u8; 32] {
        hex::decode(text).unwrap().try_into().unwrap()
    }

    fn one() -> [u8; 32] {
        scalar(&format!("{}01", "00".repeat(31)))
    }

    fn der(text: &str) -> Result<Signature, OwnershipError> {
        from_der(&hex::decode(text.replace(' ', "")).unwrap())
    }

    #[test]
    fn recovery_agrees_with_the_library() {
        let digest = [9; 32];
        for r in 1..=60_u8 {
            let mut r_bytes = [0; 32];
            r_bytes[31] = r;
            let signature = from_scalars(r_bytes, [r; 32]).unwrap();
            for id in 0..4 {
                let id = RecoveryId::from_byte(id).unwrap();
                let library = VerifyingKey::recover_from_prehash(&digest, &signature, id);
                assert_eq!(recover(&digest, &signature, id).ok(), library.ok());
            }
        }
    }

    #[test]
    fn s_03_scalars_out_of_range_are_refused() {
        for bad in [[0; 32], scalar(N), [0xff; 32]] {
            assert_eq!(from_scalars(bad, one()), Err(ScalarOutOfRange));
            assert_eq!(from_scalars(one(), bad), Err(ScalarOutOfRange));
        }
    }

    #[test]
    fn s_03_high_s_is_refused_from_the_first_value_on() {
        assert!(from_scalars(one(), scalar(HALF_N)).is_ok());
        let mut above = scalar(HALF_N);
        above[31] += 1;
        assert_eq!(from_scalars(one(), above), Err(HighS));
    }

    #[test]
    fn s_09_der_has_one_encoding() {
        assert!(der("3006 0201 01 0201 01").is_ok());
        assert!(der("3007 0202 0080 0201 01").is_ok());
        for bad in [
            "",
            "30",
            "3006",
            "3006 0201 01 0201",
            "3106 0201 01 0201 01",      // wrong tag
            "3006 0301 01 0201 01",      // wrong tag of r
            "3005 0201 01 0201 01",      // length too small
            "3007 0201 01 0201 01",      // length too large
            "3006 0201 01 0201 01 00",   // trailing byte
            "3007 0201 01 0201 01 00",   // trailing byte inside
            "308106 0201 01 0201 01",    // length in two bytes
            "3080 0201 01 0201 01 0000", // indefinite length
            "3007 0202 0001 0201 01",    // padded r
            "3007 0201 01 0202 0001",    // padded s
            "3006 0201 81 0201 01",      // negative r
            "3006 0201 01 0201 81",      // negative s
            "3005 0200 0201 01",         // empty r
            "3005 0201 01 0200",         // empty s
        ] {
            assert_eq!(der(bad), Err(DerMalformed), "{bad}");
        }
        let long = format!("3026 0221 01{} 0201 01", "00".repeat(32));
        assert_eq!(der(&long), Err(DerMalformed));
        assert_eq!(der("3006 0201 00 0201 01"), Err(ScalarOutOfRange));
    }

    /// The Bitcoin rules: strict DER and low s.
    #[test]
    fn s_03_wycheproof_secp256k1() {
        use crate::ownership::hash::sha256;
        let file: serde_json::Value = serde_json::from_str(include_str!(
            "../../../fixtures/wycheproof/ecdsa_secp256k1_sha256_bitcoin_test.json"
        ))
        .unwrap();
        let bytes = |value: &serde_json::Value| hex::decode(value.as_str().unwrap()).unwrap();
        let mut seen = 0;
        for group in file["testGroups"].as_array().unwrap() {
            let key = public_key(&bytes(&group["publicKey"]["uncompressed"]), true).unwrap();
            for test in group["tests"].as_array().unwrap() {
                let digest = sha256(&bytes(&test["msg"]));
                let passes = from_der(&bytes(&test["sig"]))
                    .is_ok_and(|signature| holds(&key, &digest, &signature));
                assert_eq!(passes, test["result"] == "valid", "{test}");
                seen += 1;
            }
        }
        assert_eq!(seen, file["numberOfTests"].as_u64().unwrap());
    }
}
