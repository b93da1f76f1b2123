//! EVM accounts: each speaks through the one key its address is the hash of.
//!
//! Checked: `Keccak-256(Q)[12..] = address` for the key `Q` that the signature `(r, s, v)` recovers over
//! * `eip191`: `Keccak-256(0x19 ‖ "Ethereum Signed Message:\n" ‖ decimal length ‖ message)`;
//! * `eip191-keccak`: the same over the 32 bytes `Keccak-256(message)`, as signers do that take only digests;
//! * `eip712`: `Keccak-256(0x19 ‖ 0x01 ‖ Keccak-256(domain) ‖ Keccak-256(message))` of the encoded structs.
//!
//! The message is always hashed here. A digest is never taken in its place: for a digest that the prover may
//! choose, signatures of any public key can be made up without its secret.
//!
//! Contract wallets have no such key: see the schemes `eip1271` and `safe`.
//!
//! Cost: one recovery. Source: EIP-191, version 0x45; EIP-712; SEC 1 §4.1.6 for recovery.

use super::address::Address;
use super::ecdsa;
use super::error::OwnershipError;
use super::hash::keccak256;
use super::typed_data::TypedData;
use alloc::string::ToString;
use k256::ecdsa::{RecoveryId, VerifyingKey};

/// `r ‖ s ‖ v`.
const SIGNATURE_BYTES: usize = 65;

/// Checks one signature by `personal_sign`.
pub(super) fn verify_eip191(
    address: &Address,
    message: &[u8],
    signature: &str,
) -> Result<(), OwnershipError> {
    verify_digest(address, &message_hash(message), signature)
}

/// Checks one signature by `personal_sign` of the message's Keccak-256.
pub(super) fn verify_eip191_keccak(
    address: &Address,
    message: &[u8],
    signature: &str,
) -> Result<(), OwnershipError> {
    verify_digest(address, &message_hash(&keccak256(&[message])), signature)
}

/// Checks one signature over typed data.
pub(super) fn verify_eip712(
    address: &Address,
    data: &TypedData,
    signature: &str,
) -> Result<(), OwnershipError> {
    verify_digest(address, &data.digest(), signature)
}

fn verify_digest(
    address: &Address,
    digest: &[u8; 32],
    signature: &str,
) -> Result<(), OwnershipError> {
    let signer = Address::from_evm(*address.network(), recover(digest, signature)?)?;
    if signer != *address {
        return Err(OwnershipError::WrongSigner {
            expected: address.to_string(),
            found: signer.to_string(),
        });
    }
    Ok(())
}

/// The 20 bytes of the account that signed `digest`: `0x` and 130 hex digits, `r ‖ s ‖ v`.
///
/// `v` is 27 or 28. Some devices print 0 or 1 instead; that is refused, because a signature accepted in two forms
/// is two signatures, and whoever holds such a text can add 27 to its last byte.
pub(super) fn recover(digest: &[u8; 32], signature: &str) -> Result<[u8; 20], OwnershipError> {
    address_bytes(&recover_key(digest, signature)?)
}

/// The key that signed `digest`.
pub(super) fn recover_key(
    digest: &[u8; 32],
    signature: &str,
) -> Result<VerifyingKey, OwnershipError> {
    let (r, s, v) = parse(signature)?;
    let id = match v {
        27 => RecoveryId::new(false, false),
        28 => RecoveryId::new(true, false),
        found => return Err(OwnershipError::RecoveryByte { found }),
    };
    ecdsa::recover(digest, &ecdsa::from_scalars(r, s)?, id)
}

/// Hash that `personal_sign` signs.
pub(super) fn message_hash(message: &[u8]) -> [u8; 32] {
    let length = message.len().to_string();
    keccak256(&[
        b"\x19Ethereum Signed Message:\n",
        length.as_bytes(),
        message,
    ])
}

/// The last 20 bytes of Keccak-256 over the 64 bytes of the uncompressed point.
pub(super) fn address_bytes(key: &VerifyingKey) -> Result<[u8; 20], OwnershipError> {
    let point = key.to_encoded_point(false);
    let coordinates = point
        .as_bytes()
        .split_first_chunk::<1>()
        .ok_or(OwnershipError::PublicKeyMalformed)?
        .1;
    let hash = keccak256(&[coordinates]);
    let (_, tail) = hash
        .split_last_chunk::<20>()
        .ok_or(OwnershipError::PublicKeyMalformed)?;
    Ok(*tail)
}

fn parse(text: &str) -> Result<([u8; 32], [u8; 32], u8), OwnershipError> {
    let digits = text
        .strip_prefix("0x")
        .ok_or(OwnershipError::SignatureEncoding)?;
    if !digits.len().is_multiple_of(2) {
        return Err(OwnershipError::SignatureEncoding);
    }
    // Length before content: nothing longer is decoded.
    if digits.len() != 2 * SIGNATURE_BYTES {
        return Err(OwnershipError::SignatureLength {
            expected: SIGNATURE_BYTES,
            found: digits.len() / 2,
        });
    }
    let mut bytes = [0; SIGNATURE_BYTES];
    hex::decode_to_slice(digits, &mut bytes).map_err(|_| OwnershipError::SignatureEncoding)?;
    let [scalars @ .., v] = bytes;
    let (r, s) = scalars
        .split_first_chunk::<32>()
        .ok_or(OwnershipError::SignatureEncoding)?;
    let s = s
        .try_into()
        .map_err(|_| OwnershipError::SignatureEncoding)?;
    Ok((*r, s, v))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of web3.js, `web3.eth.accounts.sign("Some data", …)`.
    const ADDRESS: &str = "0x2c7536E3605D9C16a7a3D7b1898e529396a65c23";
    const SIGNATURE: &str = "0xb91467e570a6466aa9e9876cbcd013baba02900b8979d43fe208a4a4f339f5fd\
                             6007e74cd82e037b800186422fc2da167c747ef045e5d18a5f5d4300f8e1a0291c";

    fn check(message: &[u8], signature: &str) -> Result<(), OwnershipError> {
        verify_eip191(
            &Address::parse(&"eip155:1".parse().unwrap(), ADDRESS).unwrap(),
            message,
            signature,
        )
    }

    #[test]
    fn a_wallets_signature_is_accepted() {
        assert_eq!(check(b"Some data", SIGNATURE), Ok(()));
        assert_eq!(
            hex::encode(message_hash(b"Some data")),
            "1da44b586eb0729ff70a73c326926f6ed5a25f5b056e7f47fbc6e58d86871655"
        );
    }

    #[test]
    fn another_message_recovers_another_signer() {
        assert_eq!(
            check(b"Some datb", SIGNATURE).unwrap_err().code(),
            "wrong-signer"
        );
    }

    #[test]
    fn s_03_other_recovery_bytes_are_refused() {
        for v in (0..=255).filter(|v| !matches!(v, 27 | 28)) {
            let signature = format!("{}{v:02x}", &SIGNATURE[..130]);
            assert_eq!(
                check(b"Some data", &signature),
                Err(OwnershipError::RecoveryByte { found: v })
            );
        }
    }

    #[test]
    fn s_09_the_text_has_an_exact_form() {
        assert_eq!(
            check(b"Some data", &SIGNATURE[..131]),
            Err(OwnershipError::SignatureEncoding)
        );
        assert_eq!(
            check(b"Some data", &SIGNATURE[2..]),
            Err(OwnershipError::SignatureEncoding)
        );
        assert_eq!(
            check(b"Some data", &SIGNATURE.replace("0x", "0X")),
            Err(OwnershipError::SignatureEncoding)
        );
        assert_eq!(
            check(b"Some data", &SIGNATURE.replace("b9", "bg")),
            Err(OwnershipError::SignatureEncoding)
        );
        for text in [
            "0x".to_string(),
            SIGNATURE[..130].to_string(),
            format!("{SIGNATURE}00"),
            format!("{SIGNATURE}  "),
        ] {
            assert_eq!(
                check(b"Some data", &text).unwrap_err().code(),
                "signature-length",
                "{text}"
            );
        }
    }
}
