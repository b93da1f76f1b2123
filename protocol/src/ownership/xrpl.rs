//! XRP Ledger accounts: the address is the hash of the master key, which signs the message on either curve.
//!
//! Checked: `public_key` is 33 bytes, `02` or `03` and x of secp256k1, or `ed` and an Ed25519 key; the signature over
//! the message holds: ECDSA in strict DER with low s over the first half of SHA-512, or Ed25519 over the bytes; then
//! `HASH160(public_key)` is the account. The signature text is upper-case hex, as the ledger's libraries print it.
//!
//! The ledger signs its transactions the same way behind four bytes, three capitals and a zero (`STX\0`, …). Messages that
//! begin so are refused: they would be a second reading of one signature.
//!
//! *Undecided*: a signature that holds, by another key. An account may name a regular key or a list of signers, and whether
//! it did stands in the ledger only. For the same reason a pass is no more than the master key's: an account can switch
//! it off.
//!
//! Cost: one signature check. Source: XRP Ledger documentation, "Cryptographic Keys", "Accounts", "Serialization"
//! (hash prefixes); `sign` and `verify` of ripple-keypairs.

use super::address::{Address, AddressKind};
use super::base58;
use super::ecdsa;
use super::ed25519::{self, SIGNATURE_BYTES};
use super::error::OwnershipError;
use super::hash::{hash160, sha512_half};
use super::network::Network;
use super::other_chains::XrplChain;
use super::scheme::Scheme;
use alloc::string::ToString;
use alloc::vec::Vec;

/// Version byte of an account address.
const ACCOUNT_VERSION: u8 = 0;

/// Leads an Ed25519 key, so that it is as long as one of secp256k1.
const ED25519_PREFIX: u8 = 0xed;

/// Longest DER signature: two integers of 33 bytes.
const MAX_DER_BYTES: usize = 72;

/// Reads a classic address. X-addresses carry a tag and are no other name of an account.
///
/// # Errors
///
/// `AddressMalformed`, `AddressChecksum`, `AddressZero`.
pub(super) fn parse_address(chain: XrplChain, text: &str) -> Result<Address, OwnershipError> {
    match base58::decode_xrpl_address(text)? {
        (ACCOUNT_VERSION, hash) => address(chain, hash),
        _ => Err(OwnershipError::AddressMalformed),
    }
}

fn address(chain: XrplChain, hash: [u8; 20]) -> Result<Address, OwnershipError> {
    // ACCOUNT_ZERO and ACCOUNT_ONE, which nobody holds a key of.
    if matches!(hash, [zeros @ .., 0 | 1] if zeros == [0; 19]) {
        return Err(OwnershipError::AddressZero);
    }
    let text = base58::encode_xrpl_address(ACCOUNT_VERSION, &hash);
    let kind = AddressKind::Xrpl(hash);
    Ok(Address::with_text(Network::Xrpl(chain), kind, text))
}

/// Checks one signature over the message.
pub(super) fn verify(
    claimed: &Address,
    message: &[u8],
    public_key: &[u8],
    signature: &str,
) -> Result<(), OwnershipError> {
    let Network::Xrpl(chain) = *claimed.network() else {
        return Err(OwnershipError::SchemeNotForNetwork {
            scheme: Scheme::Xrpl,
            network: *claimed.network(),
        });
    };
    if matches!(message, [b'A'..=b'Z', b'A'..=b'Z', b'A'..=b'Z', 0, ..]) {
        return Err(OwnershipError::MessageKind);
    }
    let signature = decode(signature)?;
    match public_key.split_first_chunk::<1>() {
        Some(([ED25519_PREFIX], key)) => {
            let key = key
                .try_into()
                .map_err(|_| OwnershipError::PublicKeyMalformed)?;
            let signature =
                signature
                    .as_slice()
                    .try_into()
                    .map_err(|_| OwnershipError::SignatureLength {
                        expected: SIGNATURE_BYTES,
                        found: signature.len(),
                    })?;
            ed25519::verify(key, message, signature)?;
        }
        _ => {
            let key = ecdsa::public_key(public_key, false)?;
            let signature = ecdsa::from_der(&signature)?;
            if !ecdsa::holds(&key, &sha512_half(message), &signature) {
                return Err(OwnershipError::SignatureFalse);
            }
        }
    }
    let signer = address(chain, hash160(public_key))?;
    if signer == *claimed {
        Ok(())
    } else {
        Err(OwnershipError::KeyNeedsLedger {
            expected: claimed.to_string(),
            found: signer.to_string(),
        })
    }
}

fn decode(text: &str) -> Result<Vec<u8>, OwnershipError> {
    // Length before content: nothing longer is decoded.
    if text.len() > 2 * MAX_DER_BYTES {
        return Err(OwnershipError::SignatureLength {
            expected: MAX_DER_BYTES,
            found: text.len() / 2,
        });
    }
    if text.bytes().any(|b| b.is_ascii_lowercase()) {
        return Err(OwnershipError::SignatureEncoding);
    }
    hex::decode(text).map_err(|_| OwnershipError::SignatureEncoding)
}

#[cfg(test)]
mod tests {
    use super::*;
    use OwnershipError::*;

    /// The genesis account, whose seed is `masterpassphrase` (XRP Ledger documentation, "Accounts").
    const GENESIS: &str = "rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh";
    const GENESIS_KEY: &str = "0330e7fc9d56bb25d6893ba3f317ae5bcf33b3291bd63db32654a313222f7fd020";

    #[test]
    fn the_genesis_account_is_the_hash_of_its_key() {
        let hash = hash160(&hex::decode(GENESIS_KEY).unwrap());
        let address = address(XrplChain::Mainnet, hash).unwrap();
        assert_eq!(address.as_str(), GENESIS);
        assert_eq!(parse_address(XrplChain::Mainnet, GENESIS), Ok(address));
    }

    #[test]
    fn s_04_accounts_without_a_key_are_refused() {
        for text in ["rrrrrrrrrrrrrrrrrrrrrhoLvTp", "rrrrrrrrrrrrrrrrrrrrBZbvji"] {
            assert_eq!(
                parse_address(XrplChain::Mainnet, text),
                Err(AddressZero),
                "{text}"
            );
        }
    }

    #[test]
    fn s_09_only_classic_addresses_are_read() {
        for (text, error) in [
            ("", AddressMalformed),
            (&GENESIS[1..], AddressMalformed),
            ("rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTi", AddressChecksum),
            (
                "XVLhHMPHU98es4dbozjVtdWzVrDjtV8AqEL4xcZj5whKbmc",
                AddressMalformed,
            ),
            ("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", AddressChecksum),
            ("snoPBrXtMeMyMHUVTgbuqAfg1SUTb", AddressMalformed),
        ] {
            assert_eq!(
                parse_address(XrplChain::Mainnet, text),
                Err(error),
                "{text}"
            );
        }
    }
}
