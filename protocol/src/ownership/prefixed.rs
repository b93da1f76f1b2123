//! Signatures behind the prefix of the largest published address file: one text for every chain that has no own.
//!
//! Checked, over `framed = 0x14 ‖ "OKX Signed Message:\n" ‖ CompactSize(length) ‖ message`:
//! * `ed25519-prefixed`: Ed25519 over `framed` by `public_key`, 32 bytes, whose address is the claimed one. `0x` and
//!   128 lower-case hex digits;
//! * `ecdsa-prefixed`: the key recovered over `Keccak-256(framed)` has the claimed address. `0x` and 130 lower-case hex
//!   digits, `r ‖ s ‖ v`, `v` being 27 or 28.
//!
//! The prefix keeps such a signature apart from transactions and from every other scheme here: no frame and no other prefix
//! begins so, and `solana`, over bare bytes of the same addresses, refuses messages that do.
//!
//! Cost: one signature check. Source: okx/proof-of-reserves, `common/coin.go` and `common/hash.go`, and its published
//! signatures, all of which hold.

use super::address::{Address, AddressKind};
use super::ed25519::{self, SIGNATURE_BYTES};
use super::error::OwnershipError;
use super::hash::{blake2b_224, hash160, keccak256};
use super::network::Network;
use super::scheme::Scheme;
use super::script::compact_size;
use super::{adr36, cardano_address, ed25519_address, evm};
use alloc::string::ToString;
use alloc::vec::Vec;

/// Leads every such message; the first byte is the length of the rest.
pub(super) const PREFIX: &[u8] = b"\x14OKX Signed Message:\n";

/// Checks one Ed25519 signature by `public_key`.
pub(super) fn verify_ed25519(
    claimed: &Address,
    message: &[u8],
    public_key: &[u8],
    signature: &str,
) -> Result<(), OwnershipError> {
    let key: [u8; 32] = public_key
        .try_into()
        .map_err(|_| OwnershipError::PublicKeyMalformed)?;
    let signer = match (*claimed.network(), *claimed.kind()) {
        (Network::Solana(cluster), _) => Address::from_solana(cluster, key),
        (Network::Ed25519(chain), _) => ed25519_address::of_key(chain, &key),
        (Network::Cardano(chain), AddressKind::Cardano(parts)) => {
            cardano_address::address(chain, parts.with_payment(blake2b_224(&key)))?
        }
        _ => {
            return Err(OwnershipError::SchemeNotForNetwork {
                scheme: Scheme::Ed25519Prefixed,
                network: *claimed.network(),
            });
        }
    };
    check_signer(claimed, &signer)?;
    ed25519::verify(&key, &framed(message), &decode(signature)?)
}

/// Checks one recoverable ECDSA signature.
pub(super) fn verify_ecdsa(
    claimed: &Address,
    message: &[u8],
    signature: &str,
) -> Result<(), OwnershipError> {
    if signature.bytes().any(|b| b.is_ascii_uppercase()) {
        return Err(OwnershipError::SignatureEncoding);
    }
    let key = evm::recover_key(&keccak256(&[&framed(message)]), signature)?;
    let signer = match *claimed.network() {
        Network::Evm(_) => Address::from_evm(*claimed.network(), evm::address_bytes(&key)?)?,
        Network::Cosmos(chain) => {
            adr36::address(chain, hash160(key.to_encoded_point(true).as_bytes()))?
        }
        network => {
            return Err(OwnershipError::SchemeNotForNetwork {
                scheme: Scheme::EcdsaPrefixed,
                network,
            });
        }
    };
    check_signer(claimed, &signer)
}

fn framed(message: &[u8]) -> Vec<u8> {
    [PREFIX, &compact_size(message.len()), message].concat()
}

fn check_signer(claimed: &Address, signer: &Address) -> Result<(), OwnershipError> {
    if signer == claimed {
        Ok(())
    } else {
        Err(OwnershipError::WrongSigner {
            expected: claimed.to_string(),
            found: signer.to_string(),
        })
    }
}

fn decode(text: &str) -> Result<[u8; SIGNATURE_BYTES], OwnershipError> {
    let digits = text
        .strip_prefix("0x")
        .ok_or(OwnershipError::SignatureEncoding)?;
    if digits.len() != 2 * SIGNATURE_BYTES {
        return Err(OwnershipError::SignatureLength {
            expected: SIGNATURE_BYTES,
            found: digits.len() / 2,
        });
    }
    if digits.bytes().any(|b| b.is_ascii_uppercase()) {
        return Err(OwnershipError::SignatureEncoding);
    }
    let mut bytes = [0; SIGNATURE_BYTES];
    hex::decode_to_slice(digits, &mut bytes).map_err(|_| OwnershipError::SignatureEncoding)?;
    Ok(bytes)
}
