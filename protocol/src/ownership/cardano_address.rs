//! Shelley addresses of Cardano whose payment part is one key's hash.
//!
//! # Layout
//!
//! `header ‖ payment part (28) ‖ rest`, the header being `type · 16 + network id`:
//!
//! | type | payment part | rest |
//! |---|---|---|
//! | 0, 2 | hash of a key | stake part (28): of a key, of a script |
//! | 6 | hash of a key | nothing |
//! | 14 | hash of a stake key: an address that holds rewards | nothing |
//!
//! *Undecided*: payment parts that are scripts' (1, 3, 5, 7, 15), pointers (4, 5) and Byron's addresses.
//!
//! Source: CIP-19; CIP-5 for the prefixes; bech32 (BIP-173) without its bound of 90 characters.

use super::address::{Address, AddressKind};
use super::error::OwnershipError;
use super::network::Network;
use super::other_chains::CardanoChain;
use alloc::string::String;
use alloc::vec::Vec;
use bech32::primitives::decode::CheckedHrpstring;
use bech32::{Bech32, Hrp};

/// A base address has 103 characters, on a test network 108.
const MAX_TEXT_BYTES: usize = 128;

/// BLAKE2b-224 of a key, or of a script.
type Hash = [u8; 28];

/// What an address holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::ownership) struct CardanoAddress {
    header: u8,
    payment: Hash,
    stake: Option<Hash>,
}

impl CardanoAddress {
    /// The hash of the key that spends.
    pub(super) fn payment(&self) -> &Hash {
        &self.payment
    }

    /// The same address with another payment key.
    pub(super) fn with_payment(self, payment: Hash) -> Self {
        Self { payment, ..self }
    }

    /// The bytes that `COSE_Sign1` names.
    pub(super) fn to_bytes(self) -> Vec<u8> {
        let mut bytes = Vec::from([self.header]);
        bytes.extend_from_slice(&self.payment);
        bytes.extend(self.stake.iter().flatten());
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, OwnershipError> {
        let malformed = OwnershipError::AddressMalformed;
        let (header, rest) = bytes.split_first().ok_or(malformed.clone())?;
        match header >> 4 {
            0 | 2 | 6 | 14 => {}
            1 | 3 | 4 | 5 | 7 | 8 | 15 => return Err(OwnershipError::AddressUnsupported),
            _ => return Err(malformed),
        }
        let (payment, rest) = rest.split_first_chunk::<28>().ok_or(malformed.clone())?;
        let stake = match header >> 4 {
            0 | 2 => Some(rest.try_into().map_err(|_| malformed)?),
            _ if rest.is_empty() => None,
            _ => return Err(malformed),
        };
        Ok(Self {
            header: *header,
            payment: *payment,
            stake,
        })
    }

    fn is_stake(self) -> bool {
        self.header >> 4 == 14
    }
}

/// Reads the text of an address.
///
/// # Errors
///
/// `AddressMalformed`, `AddressOfOtherNetwork`, `AddressUnsupported` (undecided).
pub(super) fn parse(chain: CardanoChain, text: &str) -> Result<Address, OwnershipError> {
    let malformed = OwnershipError::AddressMalformed;
    if text.len() > MAX_TEXT_BYTES {
        return Err(malformed);
    }
    let decoded = CheckedHrpstring::new::<Bech32>(text).map_err(|_| malformed.clone())?;
    let bytes: Vec<u8> = decoded.byte_iter().collect();
    let prefix = decoded.hrp().to_lowercase();
    if !matches!(
        prefix.as_str(),
        "addr" | "addr_test" | "stake" | "stake_test"
    ) {
        return Err(malformed);
    }
    let parts = CardanoAddress::from_bytes(&bytes)?;
    match parts.header & 0x0f {
        own if own == chain.network_id() => {}
        0 | 1 => {
            return Err(OwnershipError::AddressOfOtherNetwork {
                network: Network::Cardano(chain),
            });
        }
        _ => return Err(malformed),
    }
    let address = address(chain, parts)?;
    // The prefix says the network a second time, and padding bits could say anything.
    if address.as_str() == text || address.as_str().to_ascii_uppercase() == text {
        Ok(address)
    } else {
        Err(malformed)
    }
}

/// The address that has these parts.
///
/// # Errors
///
/// None that can be reached.
pub(super) fn address(
    chain: CardanoChain,
    parts: CardanoAddress,
) -> Result<Address, OwnershipError> {
    let malformed = OwnershipError::AddressMalformed;
    let prefix = match (parts.is_stake(), chain.network_id()) {
        (false, 1) => "addr",
        (false, _) => "addr_test",
        (true, 1) => "stake",
        (true, _) => "stake_test",
    };
    let prefix = Hrp::parse(prefix).map_err(|_| malformed.clone())?;
    let text: String =
        bech32::encode::<Bech32>(prefix, &parts.to_bytes()).map_err(|_| malformed)?;
    let kind = AddressKind::Cardano(parts);
    Ok(Address::with_text(Network::Cardano(chain), kind, text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use OwnershipError::*;

    const MAINNET: CardanoChain = CardanoChain::Mainnet;
    const PREPROD: CardanoChain = CardanoChain::Preprod;

    /// The test vectors of CIP-19, by their types.
    const BASE: &str = "addr1qx2fxv2umyhttkxyxp8x0dlpdt3k6cwng5pxj3jhsydzer3n0d3vllmyqwsx5wktcd8cc3sq835lu7drv2xwl2wywfgse35a3x";
    const SCRIPT_STAKE: &str = "addr1yx2fxv2umyhttkxyxp8x0dlpdt3k6cwng5pxj3jhsydzerkr0vd4msrxnuwnccdxlhdjar77j6lg0wypcc9uar5d2shs2z78ve";
    const ENTERPRISE: &str = "addr1vx2fxv2umyhttkxyxp8x0dlpdt3k6cwng5pxj3jhsydzers66hrl8";
    const REWARD: &str = "stake1uyehkck0lajq8gr28t9uxnuvgcqrc6070x3k9r8048z8y5gh6ffgw";
    const TEST_ENTERPRISE: &str = "addr_test1vz2fxv2umyhttkxyxp8x0dlpdt3k6cwng5pxj3jhsydzerspjrlsz";
    const SCRIPT: &str = "addr1z8phkx6acpnf78fuvxn0mkew3l0fd058hzquvz7w36x4gten0d3vllmyqwsx5wktcd8cc3sq835lu7drv2xwl2wywfgs9yc0hh";
    const POINTER: &str = "addr1gx2fxv2umyhttkxyxp8x0dlpdt3k6cwng5pxj3jhsydzer5pnz75xxcrzqf96k";

    #[test]
    fn the_vectors_of_cip_19_are_canonical() {
        for text in [BASE, SCRIPT_STAKE, ENTERPRISE, REWARD] {
            assert_eq!(parse(MAINNET, text).unwrap().as_str(), text);
            assert!(parse(MAINNET, &text.to_uppercase()).is_ok());
        }
        let test = parse(PREPROD, TEST_ENTERPRISE).unwrap();
        assert_eq!(test.as_str(), TEST_ENTERPRISE);
    }

    #[test]
    fn s_07_addresses_of_the_other_network_are_refused() {
        for (chain, text) in [(PREPROD, BASE), (MAINNET, TEST_ENTERPRISE)] {
            assert_eq!(
                parse(chain, text),
                Err(AddressOfOtherNetwork {
                    network: Network::Cardano(chain)
                })
            );
        }
    }

    #[test]
    fn s_06_scripts_and_pointers_are_undecided() {
        for text in [SCRIPT, POINTER] {
            let error = parse(MAINNET, text).unwrap_err();
            assert_eq!(error, AddressUnsupported, "{text}");
            assert!(error.is_undecided());
        }
    }

    #[test]
    fn s_09_other_lengths_prefixes_and_networks_are_refused() {
        let encode = |prefix: &str, bytes: &[u8]| {
            bech32::encode::<Bech32>(Hrp::parse(prefix).unwrap(), bytes).unwrap()
        };
        let mut bytes = [7; 29];
        bytes[0] = 0x61;
        assert!(parse(MAINNET, &encode("addr", &bytes)).is_ok());
        for text in [
            encode("stake", &bytes),
            encode("addr_test", &bytes),
            encode("address", &bytes),
            encode("addr", &bytes[..28]),
            encode("addr", &[bytes.as_slice(), &[0]].concat()),
            encode("addr", &[&[0x01], &bytes[1..]].concat()),
            encode("addr", &[&[0x62], &bytes[1..]].concat()),
            encode("addr", &[&[0x91], &bytes[1..]].concat()),
            encode("addr", &[]),
            ENTERPRISE.replacen('x', "X", 1),
            "addr1".repeat(1_000),
            String::new(),
        ] {
            assert_eq!(parse(MAINNET, &text), Err(AddressMalformed), "{text:.80}");
        }
    }
}
