//! Cosmos SDK accounts: ADR-36, an off-chain message in the shape of a transaction that no chain takes.
//!
//! Checked: the address is bech32 of `HASH160(public_key)` under the chain's prefix, and the compressed secp256k1 key
//! signed SHA-256 of the one canonical JSON text
//!
//! ```text
//! {"account_number":"0","chain_id":"","fee":{"amount":[],"gas":"0"},"memo":"","msgs":[{"type":"sign/MsgSignData",
//! "value":{"data":"<base64 of the message>","signer":"<address>"}}],"sequence":"0"}
//! ```
//!
//! (without the line feed), which is built here. The signature is `r ‖ s` with low s, as strict base64.
//!
//! The chain id inside is empty: two chains with one prefix share a signature, unless the message names the chain, as the
//! challenge does.
//!
//! *Undecided*: addresses of 32 bytes, which are contracts' and modules'.
//!
//! Cost: one signature check. Source: Cosmos SDK ADR-036; ADR-028 for addresses; amino JSON (`StdSignDoc`).

use super::address::{Address, AddressKind};
use super::ecdsa;
use super::error::OwnershipError;
use super::hash::{hash160, sha256};
use super::network::Network;
use super::other_chains::CosmosChain;
use super::scheme::Scheme;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use base64ct::{Base64, Encoding};
use bech32::primitives::decode::CheckedHrpstring;
use bech32::{Bech32, Hrp};

/// `r ‖ s`.
const SIGNATURE_BYTES: usize = 64;

/// Longest address text that is looked at: BIP-173's bound.
const MAX_TEXT_BYTES: usize = 90;

/// Reads an account address.
///
/// # Errors
///
/// `AddressMalformed`, `AddressOfOtherNetwork` for another known chain's prefix, `AddressUnsupported` for 32 bytes.
pub(super) fn parse_address(chain: CosmosChain, text: &str) -> Result<Address, OwnershipError> {
    let malformed = OwnershipError::AddressMalformed;
    if text.len() > MAX_TEXT_BYTES {
        return Err(malformed);
    }
    let decoded = CheckedHrpstring::new::<Bech32>(text).map_err(|_| malformed.clone())?;
    let found = decoded.hrp().to_lowercase();
    if found != chain.prefix() {
        let known = CosmosChain::ALL
            .into_iter()
            .any(|other| other.prefix() == found);
        return Err(if known {
            OwnershipError::AddressOfOtherNetwork {
                network: Network::Cosmos(chain),
            }
        } else {
            malformed
        });
    }
    let bytes: Vec<u8> = decoded.byte_iter().collect();
    if bytes.len() == 32 {
        return Err(OwnershipError::AddressUnsupported);
    }
    let hash = bytes.try_into().map_err(|_| malformed.clone())?;
    let address = address(chain, hash)?;
    // The decoder takes padding bits as they are: the text must be the canonical one, up to all capitals.
    if address.as_str() == text || address.as_str().to_ascii_uppercase() == text {
        Ok(address)
    } else {
        Err(malformed)
    }
}

/// The address of a key's hash.
///
/// # Errors
///
/// None that can be reached.
pub(super) fn address(chain: CosmosChain, hash: [u8; 20]) -> Result<Address, OwnershipError> {
    let malformed = OwnershipError::AddressMalformed;
    let prefix = Hrp::parse(chain.prefix()).map_err(|_| malformed.clone())?;
    let text = bech32::encode::<Bech32>(prefix, &hash).map_err(|_| malformed)?;
    let kind = AddressKind::Cosmos(hash);
    Ok(Address::with_text(Network::Cosmos(chain), kind, text))
}

/// Checks one signature over the sign document around the message.
pub(super) fn verify(
    claimed: &Address,
    message: &[u8],
    public_key: &[u8],
    signature: &str,
) -> Result<(), OwnershipError> {
    let Network::Cosmos(chain) = *claimed.network() else {
        return Err(OwnershipError::SchemeNotForNetwork {
            scheme: Scheme::Adr36,
            network: *claimed.network(),
        });
    };
    let signature = decode(signature)?;
    let key = ecdsa::public_key(public_key, false)?;
    let signer = address(chain, hash160(public_key))?;
    if signer != *claimed {
        return Err(OwnershipError::WrongSigner {
            expected: claimed.to_string(),
            found: signer.to_string(),
        });
    }
    let digest = sha256(sign_document(claimed, message).as_bytes());
    if ecdsa::holds(&key, &digest, &signature) {
        Ok(())
    } else {
        Err(OwnershipError::SignatureFalse)
    }
}

/// Keys in the order of their letters, no spaces; neither base64 nor bech32 has anything to escape.
fn sign_document(signer: &Address, message: &[u8]) -> String {
    let data = Base64::encode_string(message);
    format!(
        r#"{{"account_number":"0","chain_id":"","fee":{{"amount":[],"gas":"0"}},"memo":"","msgs":[{{"type":"sign/MsgSignData","value":{{"data":"{data}","signer":"{signer}"}}}}],"sequence":"0"}}"#
    )
}

fn decode(text: &str) -> Result<k256::ecdsa::Signature, OwnershipError> {
    let mut buffer = [0; SIGNATURE_BYTES];
    let bytes = Base64::decode(text, &mut buffer).map_err(|_| OwnershipError::SignatureEncoding)?;
    if bytes.len() != SIGNATURE_BYTES {
        return Err(OwnershipError::SignatureLength {
            expected: SIGNATURE_BYTES,
            found: bytes.len(),
        });
    }
    match bytes.as_chunks::<32>().0 {
        [r, s] => ecdsa::from_scalars(*r, *s),
        _ => Err(OwnershipError::SignatureEncoding),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use OwnershipError::*;

    const HUB: CosmosChain = CosmosChain::CosmosHub;

    /// From cosmjs's documentation of bech32.
    const TEXT: &str = "cosmos1pkptre7fdkl6gfrzlesjjvhxhlc3r4gmmk8rs6";

    #[test]
    fn an_address_has_one_canonical_text() {
        let address = parse_address(HUB, TEXT).unwrap();
        assert_eq!(address.as_str(), TEXT);
        assert_eq!(parse_address(HUB, &TEXT.to_uppercase()), Ok(address));
        for bad in [
            TEXT.replacen('p', "P", 1),
            TEXT.replace("rs6", "rs7"),
            TEXT.replace("cosmos1", "cosmo1"),
            format!(" {TEXT}"),
            "cosmos1".repeat(1_000),
            String::new(),
        ] {
            assert_eq!(parse_address(HUB, &bad), Err(AddressMalformed), "{bad:.80}");
        }
    }

    #[test]
    fn s_07_another_chains_prefix_is_refused() {
        assert_eq!(
            parse_address(CosmosChain::Osmosis, TEXT),
            Err(AddressOfOtherNetwork {
                network: Network::Cosmos(CosmosChain::Osmosis)
            })
        );
    }

    #[test]
    fn s_06_contract_addresses_are_undecided() {
        let prefix = Hrp::parse("cosmos").unwrap();
        let text = bech32::encode::<Bech32>(prefix, &[7; 32]).unwrap();
        let error = parse_address(HUB, &text).unwrap_err();
        assert_eq!(error, AddressUnsupported);
        assert!(error.is_undecided());
    }

    /// Checksum of bech32m, and nonzero padding bits under a right checksum.
    #[test]
    fn s_09_other_encodings_of_the_same_bytes_are_refused() {
        use bech32::{ByteIterExt, Fe32, Fe32IterExt};
        let prefix = Hrp::parse("cosmos").unwrap();
        let other = bech32::encode::<bech32::Bech32m>(prefix, &[7; 20]).unwrap();
        assert_eq!(parse_address(HUB, &other), Err(AddressMalformed));
        // 21 bytes leave two padding bits; 20 leave none, so that there is nothing to vary.
        let fes: Vec<Fe32> = [7_u8; 20].iter().copied().bytes_to_fes().collect();
        assert_eq!(fes.len() * 5, 160);
        let padded = fes.into_iter().chain([Fe32::P]);
        let text: String = padded.with_checksum::<Bech32>(&prefix).chars().collect();
        assert_eq!(parse_address(HUB, &text), Err(AddressMalformed));
    }
}
