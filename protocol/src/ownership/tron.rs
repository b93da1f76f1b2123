//! TRON accounts: the key of an EVM account behind another address and another prefix.
//!
//! Checked: `Keccak-256(Q)[12..]` is the address's hash for the key `Q` that the signature recovers over
//! * `tip191` (TronWeb `signMessageV2`):
//!   `Keccak-256(0x19 ‖ "TRON Signed Message:\n" ‖ decimal length ‖ message)`;
//! * `tron-v1` (TronWeb `trx.sign` of a hex text): `Keccak-256(0x19 ‖ "TRON Signed Message:\n32" ‖ Keccak-256(message))`.
//!
//! Version 1 writes the length 32 whatever it is given, so that it only makes sense over a digest: wallets are handed
//! the hex of `Keccak-256(message)`. Given anything else, the signed bytes could be cut in two places; such signatures
//! are not judged by this scheme. The digest is computed here, never taken.
//!
//! Signatures are `0x` and 130 hex digits, `r ‖ s ‖ v`, `v` being 27 or 28.
//!
//! Cost: one recovery. Source: TIP-191; TronWeb 6, `trx.sign` and `utils.message`.

use super::address::Address;
use super::error::OwnershipError;
use super::evm::recover;
use super::hash::keccak256;
use super::network::Network;
use super::scheme::Scheme;
use alloc::string::ToString;

/// Checks one signature of version 2.
pub(super) fn verify_tip191(
    address: &Address,
    message: &[u8],
    signature: &str,
) -> Result<(), OwnershipError> {
    let length = message.len().to_string();
    let digest = keccak256(&[b"\x19TRON Signed Message:\n", length.as_bytes(), message]);
    verify_digest(Scheme::Tip191, address, &digest, signature)
}

/// Checks one signature of version 1 over the message's Keccak-256.
pub(super) fn verify_v1(
    address: &Address,
    message: &[u8],
    signature: &str,
) -> Result<(), OwnershipError> {
    let digest = keccak256(&[b"\x19TRON Signed Message:\n32", &keccak256(&[message])]);
    verify_digest(Scheme::TronV1, address, &digest, signature)
}

fn verify_digest(
    scheme: Scheme,
    address: &Address,
    digest: &[u8; 32],
    signature: &str,
) -> Result<(), OwnershipError> {
    let network = *address.network();
    let Network::Tron(chain) = network else {
        return Err(OwnershipError::SchemeNotForNetwork { scheme, network });
    };
    let signer = Address::from_tron(chain, recover(digest, signature)?)?;
    if signer != *address {
        return Err(OwnershipError::WrongSigner {
            expected: address.to_string(),
            found: signer.to_string(),
        });
    }
    Ok(())
}
