//! Ed25519 signatures, read strictly: each has exactly one accepted encoding, and no key signs everything.
//!
//! Checked: `S < L`, canonical `A` and `R`, neither of small order, the equation without cofactor.
//! Source: RFC 8032 §5.1.7; "Taming the many EdDSAs" (Chalkias et al., 2020) for what it leaves open.

use super::error::OwnershipError;
use ed25519_dalek::{Signature, VerifyingKey};

/// `R ‖ S`.
pub(super) const SIGNATURE_BYTES: usize = 64;

/// Checks one signature.
///
/// # Errors
///
/// `PublicKeyMalformed`, `SignatureFalse`.
pub(super) fn verify(
    key: &[u8; 32],
    message: &[u8],
    signature: &[u8; SIGNATURE_BYTES],
) -> Result<(), OwnershipError> {
    let malformed = OwnershipError::PublicKeyMalformed;
    if !is_reduced(key) {
        return Err(malformed);
    }
    let key = VerifyingKey::from_bytes(key).map_err(|_| malformed.clone())?;
    // A key of small order would "sign" every message.
    if key.is_weak() {
        return Err(malformed);
    }
    key.verify_strict(message, &Signature::from_bytes(signature))
        .map_err(|_| OwnershipError::SignatureFalse)
}

/// Is y below 2²⁵⁵ − 19? The library takes the 19 values above it for the points that they are equal to.
fn is_reduced(key: &[u8; 32]) -> bool {
    match key {
        [0xed..=0xff, middle @ .., 0x7f | 0xff] => middle.iter().any(|byte| *byte != 0xff),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// y = 3 is the smallest y of a point that is not of small order; p + 3 says the same.
    #[test]
    fn s_05_a_key_has_one_encoding() {
        let mut small = [0; 32];
        small[0] = 3;
        assert_eq!(
            verify(&small, b"", &[0; 64]),
            Err(OwnershipError::SignatureFalse)
        );
        let mut large = [0xff; 32];
        large[0] = 0xf0;
        for last in [0x7f, 0xff] {
            large[31] = last;
            assert!(VerifyingKey::from_bytes(&large).is_ok());
            assert_eq!(
                verify(&large, b"", &[0; 64]),
                Err(OwnershipError::PublicKeyMalformed)
            );
        }
    }
}
