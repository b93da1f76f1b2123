//! Addresses of Litecoin, Dogecoin, Bitcoin Cash and Dash.
//!
//! Checked: Base58Check with the coin's own version bytes; bech32 of version 0 under `ltc`; for Bitcoin Cash CashAddr
//! or the old Base58Check text, which both become CashAddr with its prefix.
//!
//! The old text of Bitcoin Cash is also one of Bitcoin: what an address cannot tell is left to the network named beside
//! it.
//!
//! Source: each coin's `chainparams.cpp`; BIP-173; CashAddr specification.

use super::address::{Address, AddressKind};
use super::base58;
use super::cash_address;
use super::error::OwnershipError;
use super::network::Network;
use super::other_chains::UtxoChain;
use alloc::string::String;
use alloc::vec::Vec;
use bech32::primitives::decode::SegwitHrpstring;
use bech32::{Hrp, segwit};

/// Version bytes of Bitcoin's networks, main and test.
const BITCOIN_VERSIONS: [u8; 4] = [0x00, 0x05, 0x6f, 0xc4];

/// Reads the text of an address of `chain`.
///
/// # Errors
///
/// As [`Address::parse`].
pub(super) fn parse(chain: UtxoChain, text: &str) -> Result<Address, OwnershipError> {
    if let Some(prefix) = chain.segwit_prefix()
        && let Ok(segwit) = SegwitHrpstring::new(text)
    {
        return parse_segwit(chain, prefix, &segwit, text);
    }
    if chain == UtxoChain::BitcoinCash
        && let Some(kind) = cash_address::decode(text)?
    {
        return Address::from_utxo(chain, kind);
    }
    let (version, hash) = base58::decode_address(text)?;
    let kind = if version == chain.p2pkh_version() {
        AddressKind::P2pkh(hash)
    } else if version == chain.p2sh_version() {
        AddressKind::P2sh(hash)
    } else {
        let others = UtxoChain::ALL
            .into_iter()
            .flat_map(|chain| [chain.p2pkh_version(), chain.p2sh_version()]);
        return Err(
            if others.chain(BITCOIN_VERSIONS).any(|known| known == version) {
                OwnershipError::AddressOfOtherNetwork {
                    network: Network::Utxo(chain),
                }
            } else {
                OwnershipError::AddressMalformed
            },
        );
    };
    Address::from_utxo(chain, kind)
}

fn parse_segwit(
    chain: UtxoChain,
    prefix: &str,
    segwit: &SegwitHrpstring<'_>,
    text: &str,
) -> Result<Address, OwnershipError> {
    match segwit.hrp().to_lowercase().as_str() {
        found if found == prefix => {}
        "bc" | "tb" | "bcrt" => {
            return Err(OwnershipError::AddressOfOtherNetwork {
                network: Network::Utxo(chain),
            });
        }
        _ => return Err(OwnershipError::AddressMalformed),
    }
    let program: Vec<u8> = segwit.byte_iter().collect();
    let malformed = |_| OwnershipError::AddressMalformed;
    let kind = match (segwit.witness_version().to_u8(), program.len()) {
        (0, 20) => AddressKind::P2wpkh(program.try_into().map_err(malformed)?),
        (0, 32) => AddressKind::P2wsh(program.try_into().map_err(malformed)?),
        // Taproot has no legacy signed message.
        _ => return Err(OwnershipError::ScriptUnsupported),
    };
    let address = Address::from_utxo(chain, kind)?;
    if address.as_str() == text || address.as_str().to_ascii_uppercase() == text {
        Ok(address)
    } else {
        Err(OwnershipError::AddressMalformed)
    }
}

/// The canonical text of an address.
///
/// # Errors
///
/// `AddressMalformed` for kinds that the coin does not have.
pub(super) fn text(chain: UtxoChain, kind: &AddressKind) -> Result<String, OwnershipError> {
    let malformed = OwnershipError::AddressMalformed;
    if chain == UtxoChain::BitcoinCash {
        return cash_address::encode(kind).ok_or(malformed);
    }
    let program: &[u8] = match kind {
        AddressKind::P2pkh(hash) => return Ok(base58::encode_address(chain.p2pkh_version(), hash)),
        AddressKind::P2sh(hash) => return Ok(base58::encode_address(chain.p2sh_version(), hash)),
        AddressKind::P2wpkh(program) => program,
        AddressKind::P2wsh(program) => program,
        _ => return Err(malformed),
    };
    let prefix = chain.segwit_prefix().and_then(|text| Hrp::parse(text).ok());
    segwit::encode(prefix.ok_or(malformed.clone())?, segwit::VERSION_0, program)
        .map_err(|_| malformed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use OwnershipError::*;

    const LITECOIN: UtxoChain = UtxoChain::Litecoin;

    #[test]
    fn published_addresses_are_canonical() {
        for (chain, text) in [
            (LITECOIN, "LectSLekhkxEQBHofNFHa3pVHndnb4Z9fN"),
            (LITECOIN, "MH7Qru4KFC6tLSiSq7bTWUDyiXERwzdqKp"),
            (
                LITECOIN,
                "ltc1qzvcgmntglcuv4smv3lzj6k8szcvsrmvk0phrr9wfq8w493r096ssm2fgsw",
            ),
            (UtxoChain::Dogecoin, "9vbpNnyNRZpSWzptDwxGhw2Vny2yJ4W9V2"),
            (UtxoChain::Dash, "7XswsaSt9HtGfrLvboEEzhsmPBSSky1mnu"),
        ] {
            assert_eq!(parse(chain, text).unwrap().as_str(), text);
        }
    }

    #[test]
    fn s_07_addresses_of_other_coins_are_refused() {
        let bitcoin = "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa";
        let texts = [
            "LectSLekhkxEQBHofNFHa3pVHndnb4Z9fN",
            "9vbpNnyNRZpSWzptDwxGhw2Vny2yJ4W9V2",
            "7XswsaSt9HtGfrLvboEEzhsmPBSSky1mnu",
        ];
        for chain in UtxoChain::ALL {
            let expected = AddressOfOtherNetwork {
                network: Network::Utxo(chain),
            };
            let own = texts
                .iter()
                .filter(|text| parse(chain, text) != Err(expected.clone()))
                .count();
            assert_eq!(own, usize::from(chain != UtxoChain::BitcoinCash));
            assert_eq!(
                parse(chain, bitcoin).is_ok(),
                chain == UtxoChain::BitcoinCash
            );
        }
        assert_eq!(
            parse(LITECOIN, "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"),
            Err(AddressOfOtherNetwork {
                network: Network::Utxo(LITECOIN)
            })
        );
    }

    /// Litecoin once wrote P2SH with Bitcoin's version byte.
    #[test]
    fn s_07_litecoins_old_script_addresses_are_refused() {
        let old = "3Fs7C97NmvhWUZ2pSjth9YbTxMv4sk9nHi";
        assert!(matches!(
            parse(LITECOIN, old),
            Err(AddressOfOtherNetwork { .. })
        ));
    }
}
