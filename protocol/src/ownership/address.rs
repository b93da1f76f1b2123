//! An address, read strictly for one network and kept in its one canonical spelling.
//!
//! Checked: the address belongs to the network; EVM: `0x` and 40 hex digits, all lower-case or with the exact
//! EIP-55 capitals, not zero; Bitcoin: bech32 for version 0 and bech32m for version 1, whole text in one case,
//! zero padding bits, and a program this crate can judge (P2WPKH or P2TR).
//!
//! Two spellings of one address compare equal, so that duplicates are found by comparing values.
//!
//! Not checked: that anybody holds the key, and whether an EVM address is a contract.
//!
//! Source: EIP-55, BIP-141, BIP-173, BIP-350, BIP-341.

use super::error::OwnershipError;
use super::hash::keccak256;
use super::network::{BitcoinChain, Network};
use alloc::string::String;
use alloc::vec::Vec;
use bech32::primitives::decode::SegwitHrpstring;
use bech32::{Fe32, Hrp, segwit};
use core::fmt;

/// An address of one network, in canonical form.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    network: Network,
    kind: AddressKind,
    text: String,
}

/// What an address stands for; decides which signatures can speak for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum AddressKind {
    /// The last 20 bytes of Keccak-256 of the public key.
    Evm([u8; 20]),
    /// `HASH160` of a compressed public key.
    P2wpkh([u8; 20]),
    /// The x-coordinate of a Taproot output key.
    P2tr([u8; 32]),
}

impl Address {
    /// Reads the text of an address of `network`.
    ///
    /// # Errors
    ///
    /// `AddressMalformed`, `AddressChecksum`, `AddressOfOtherNetwork`, `AddressZero`; `ScriptUnsupported`
    /// (undecided) for addresses that exist but whose scripts this version does not judge.
    pub fn parse(network: &Network, text: &str) -> Result<Self, OwnershipError> {
        match network {
            Network::Evm(_) => Self::from_evm(*network, parse_evm(text)?),
            Network::Bitcoin(chain) => parse_bitcoin(*chain, text),
        }
    }

    /// The network the address belongs to.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// The canonical spelling: EIP-55 capitals, or lower-case bech32.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The locking script that pays to the address, where the network has such scripts.
    pub fn script_pubkey(&self) -> Option<Vec<u8>> {
        // OP_0 or OP_1, then one push of the program.
        match &self.kind {
            AddressKind::Evm(_) => None,
            AddressKind::P2wpkh(program) => Some([&[0x00, 0x14], program.as_slice()].concat()),
            AddressKind::P2tr(program) => Some([&[0x51, 0x20], program.as_slice()].concat()),
        }
    }

    pub(super) fn kind(&self) -> &AddressKind {
        &self.kind
    }

    pub(super) fn from_evm(network: Network, bytes: [u8; 20]) -> Result<Self, OwnershipError> {
        if bytes == [0; 20] {
            return Err(OwnershipError::AddressZero);
        }
        Ok(Self {
            network,
            kind: AddressKind::Evm(bytes),
            text: eip55(&bytes),
        })
    }

    pub(super) fn from_p2wpkh(
        chain: BitcoinChain,
        program: [u8; 20],
    ) -> Result<Self, OwnershipError> {
        Self::from_program(
            chain,
            segwit::VERSION_0,
            &program,
            AddressKind::P2wpkh(program),
        )
    }

    pub(super) fn from_p2tr(
        chain: BitcoinChain,
        program: [u8; 32],
    ) -> Result<Self, OwnershipError> {
        Self::from_program(
            chain,
            segwit::VERSION_1,
            &program,
            AddressKind::P2tr(program),
        )
    }

    fn from_program(
        chain: BitcoinChain,
        version: Fe32,
        program: &[u8],
        kind: AddressKind,
    ) -> Result<Self, OwnershipError> {
        let hrp =
            Hrp::parse(chain.address_prefix()).map_err(|_| OwnershipError::AddressMalformed)?;
        let text =
            segwit::encode(hrp, version, program).map_err(|_| OwnershipError::AddressMalformed)?;
        Ok(Self {
            network: Network::Bitcoin(chain),
            kind,
            text,
        })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn parse_evm(text: &str) -> Result<[u8; 20], OwnershipError> {
    let digits = text
        .strip_prefix("0x")
        .ok_or(OwnershipError::AddressMalformed)?;
    let mut bytes = [0; 20];
    hex::decode_to_slice(digits, &mut bytes).map_err(|_| OwnershipError::AddressMalformed)?;
    // One mistyped digit goes unseen in an all-lower-case address: it carries no checksum.
    let lower_case = !digits.bytes().any(|b| b.is_ascii_uppercase());
    if lower_case || eip55(&bytes) == text {
        Ok(bytes)
    } else {
        Err(OwnershipError::AddressChecksum)
    }
}

/// EIP-55: a letter is a capital where the digit of Keccak-256 of the lower-case text is 8 or more.
fn eip55(bytes: &[u8; 20]) -> String {
    let lower = hex::encode(bytes);
    let pattern = hex::encode(keccak256(&[lower.as_bytes()]));
    let cased = lower
        .chars()
        .zip(pattern.chars())
        .map(|(digit, pattern)| match pattern {
            '8'..='9' | 'a'..='f' => digit.to_ascii_uppercase(),
            _ => digit,
        });
    "0x".chars().chain(cased).collect()
}

fn parse_bitcoin(chain: BitcoinChain, text: &str) -> Result<Address, OwnershipError> {
    let other_network = OwnershipError::AddressOfOtherNetwork {
        network: Network::Bitcoin(chain),
    };
    let Ok(segwit) = SegwitHrpstring::new(text) else {
        return Err(match legacy_main_network(text) {
            Some(main) if main == (chain == BitcoinChain::Mainnet) => {
                OwnershipError::ScriptUnsupported
            }
            Some(_) => other_network,
            None => OwnershipError::AddressMalformed,
        });
    };
    match segwit.hrp().to_lowercase().as_str() {
        prefix if prefix == chain.address_prefix() => {}
        "bc" | "tb" | "bcrt" => return Err(other_network),
        _ => return Err(OwnershipError::AddressMalformed),
    }
    let program: Vec<u8> = segwit.byte_iter().collect();
    let address = match (segwit.witness_version().to_u8(), program.len()) {
        (0, 20) => {
            let program = program
                .try_into()
                .map_err(|_| OwnershipError::AddressMalformed)?;
            Address::from_p2wpkh(chain, program)?
        }
        (1, 32) => {
            let program = program
                .try_into()
                .map_err(|_| OwnershipError::AddressMalformed)?;
            Address::from_p2tr(chain, program)?
        }
        // P2WSH, and programs whose rules are not set yet.
        _ => return Err(OwnershipError::ScriptUnsupported),
    };
    // Whatever the decoder let pass: the text must be the canonical one, up to all capitals.
    if address.text == text || address.text.to_ascii_uppercase() == text {
        Ok(address)
    } else {
        Err(OwnershipError::AddressMalformed)
    }
}

/// Does the text look like a base58 address (P2PKH or P2SH), and is it one of the main network?
///
/// Only the first letter and the alphabet are looked at: the answer chooses between two refusals.
fn legacy_main_network(text: &str) -> Option<bool> {
    let base58 = |b: u8| b.is_ascii_alphanumeric() && !matches!(b, b'0' | b'O' | b'I' | b'l');
    if !(26..=35).contains(&text.len()) || !text.bytes().all(base58) {
        return None;
    }
    match text.bytes().next() {
        Some(b'1' | b'3') => Some(true),
        Some(b'm' | b'n' | b'2') => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use OwnershipError::*;
    use bech32::{Bech32, Bech32m, ByteIterExt, Checksum, Fe32IterExt, NoChecksum};

    const MAINNET: &str = "bip122:000000000019d6689c085ae165831e93";
    const TESTNET: &str = "bip122:00000000da84f2bafbbc53dee25a72ae";
    const REGTEST: &str = "bip122:0f9188f13cb7b2c71f2a335e3a4fc328";

    fn parse(network: &str, text: &str) -> Result<Address, OwnershipError> {
        Address::parse(&network.parse().unwrap(), text)
    }

    /// The examples of EIP-55, section "Test Cases".
    #[test]
    fn eip55_examples_are_canonical() {
        for text in [
            "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
            "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
            "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
            "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
        ] {
            assert_eq!(parse("eip155:1", text).unwrap().as_str(), text);
            assert_eq!(
                parse("eip155:1", &text.to_lowercase()).unwrap().as_str(),
                text
            );
        }
    }

    #[test]
    fn wrong_capitals_are_refused() {
        let good = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
        let upper = alloc::format!("0x{}", good[2..].to_uppercase());
        assert_eq!(parse("eip155:1", &upper), Err(AddressChecksum));
        assert_eq!(
            parse("eip155:1", &good.replace("Aed", "aed")),
            Err(AddressChecksum)
        );
    }

    #[test]
    fn s_09_evm_addresses_have_an_exact_length() {
        let good = "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed";
        for text in [
            "",
            "0x",
            &good[2..],
            &good[..41],
            &alloc::format!("{good}00"),
            &alloc::format!(" {good}"),
            &alloc::format!("{good}\n"),
            &good.replace("0x", "0X"),
            &good.replace("ed", "eg"),
        ] {
            assert_eq!(parse("eip155:1", text), Err(AddressMalformed), "{text:?}");
        }
    }

    #[test]
    fn s_04_the_zero_address_is_refused() {
        assert_eq!(
            parse("eip155:1", &alloc::format!("0x{}", "00".repeat(20))),
            Err(AddressZero)
        );
    }

    /// The examples of BIP-173 and BIP-350.
    #[test]
    fn segwit_scripts_are_those_of_the_bips() {
        let p2wpkh = parse(MAINNET, "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4").unwrap();
        assert_eq!(
            p2wpkh.as_str(),
            "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"
        );
        assert_eq!(
            hex::encode(p2wpkh.script_pubkey().unwrap()),
            "0014751e76e8199196d454941c45d1b3a323f1433bd6"
        );
        let p2tr = parse(
            TESTNET,
            "tb1pqqqqp399et2xygdj5xreqhjjvcmzhxw4aywxecjdzew6hylgvsesf3hn0c",
        )
        .unwrap();
        assert_eq!(
            hex::encode(p2tr.script_pubkey().unwrap()),
            "5120000000c4a5cad46221b2a187905e5266362b99d5e91c6ce24d165dab93e86433"
        );
    }

    /// A segwit address whose checksum is of the kind given, right or wrong for its version.
    fn encode<Ck: Checksum>(version: Fe32, program: &[u8]) -> String {
        let hrp = Hrp::parse("tb").unwrap();
        let fes = program.iter().copied().bytes_to_fes();
        fes.with_checksum::<Ck>(&hrp)
            .with_witness_version(version)
            .chars()
            .collect()
    }

    #[test]
    fn checksums_of_the_other_version_are_refused() {
        let p2wpkh = [7; 20];
        let p2tr = [7; 32];
        assert!(parse(TESTNET, &encode::<Bech32>(segwit::VERSION_0, &p2wpkh)).is_ok());
        assert!(parse(TESTNET, &encode::<Bech32m>(segwit::VERSION_1, &p2tr)).is_ok());
        for text in [
            encode::<Bech32m>(segwit::VERSION_0, &p2wpkh),
            encode::<Bech32>(segwit::VERSION_1, &p2tr),
            encode::<Bech32>(segwit::VERSION_0, &[7; 21]),
            encode::<NoChecksum>(segwit::VERSION_0, &p2wpkh),
        ] {
            assert_eq!(parse(TESTNET, &text), Err(AddressMalformed), "{text}");
        }
    }

    #[test]
    fn mixed_case_and_stray_characters_are_refused() {
        let good = encode::<Bech32m>(segwit::VERSION_1, &[7; 32]);
        for text in [
            good.replacen("tb1p", "tb1P", 1),
            good.replacen("tb", "TB", 1),
            alloc::format!(" {good}"),
            alloc::format!("{good}\n"),
            alloc::format!("{good}q"),
            good[..good.len() - 1].into(),
            "tb1q".into(),
            "tb1".into(),
            "tb".into(),
            "".into(),
        ] {
            assert_eq!(parse(TESTNET, &text), Err(AddressMalformed), "{text:?}");
        }
    }

    #[test]
    fn s_07_addresses_of_other_networks_are_refused() {
        let mainnet = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4";
        for network in [TESTNET, REGTEST] {
            let expected = AddressOfOtherNetwork {
                network: network.parse().unwrap(),
            };
            assert_eq!(parse(network, mainnet), Err(expected.clone()));
            assert_eq!(
                parse(network, "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2"),
                Err(expected)
            );
        }
        let expected = AddressOfOtherNetwork {
            network: MAINNET.parse().unwrap(),
        };
        assert_eq!(
            parse(MAINNET, "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx"),
            Err(expected)
        );
        assert_eq!(parse("eip155:1", mainnet), Err(AddressMalformed));
        assert_eq!(
            parse(MAINNET, "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed"),
            Err(AddressMalformed)
        );
    }

    #[test]
    fn s_06_scripts_without_a_rule_here_are_undecided() {
        for text in [
            "bc1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3qccfmv3",
            "BC1SW50QGDZ25J",
            "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2",
            "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy",
        ] {
            let error = parse(MAINNET, text).unwrap_err();
            assert_eq!(error, ScriptUnsupported, "{text}");
            assert!(error.is_undecided());
        }
    }

    #[test]
    fn s_12_same_address_in_two_spellings_is_one() {
        let pairs = [
            (
                "eip155:1",
                "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
                "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed",
            ),
            (
                MAINNET,
                "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
                "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4",
            ),
        ];
        for (network, one, two) in pairs {
            assert_eq!(parse(network, one), parse(network, two));
        }
        // The same key on two chains is two honest reserves.
        assert_ne!(
            parse("eip155:1", pairs[0].1),
            parse("eip155:10", pairs[0].1)
        );
    }
}
