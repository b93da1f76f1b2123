//! An address, read strictly for one network and kept in its one canonical spelling.
//!
//! Checked: the address belongs to the network; EVM: `0x` and 40 hex digits, all lower-case or with the exact
//! EIP-55 capitals, not zero; Bitcoin: see `bitcoin_address`; TRON: Base58Check with version 0x41; Solana: Base58 of
//! exactly 32 bytes; other coins' scripts, XRP Ledger, Cosmos and Cardano: see `utxo_address`, `xrpl`, `adr36`,
//! `cardano_address`, `ed25519_address`. TRON, Solana and the XRP Ledger write the same addresses on all their networks, so that nothing
//! about the network can be checked there.
//!
//! Two spellings of one address compare equal, so that duplicates are found by comparing values.
//!
//! Not checked: that anybody holds the key, whether an EVM or TRON address is a contract, and whether a Solana
//! address is a point of the curve: those off it belong to programs, and no signature of theirs verifies.
//!
//! Source: EIP-55; TRON developer hub, "Account"; Solana documentation, "Accounts".

use super::cardano_address::CardanoAddress;
use super::error::OwnershipError;
use super::hash::keccak256;
use super::network::{BitcoinChain, Network, SolanaCluster, TronChain};
use super::other_chains::UtxoChain;
use super::{adr36, base58, bitcoin_address, cardano_address, ed25519_address, utxo_address, xrpl};
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// Version byte of a TRON address.
const TRON_VERSION: u8 = 0x41;

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
    /// The last 20 bytes of Keccak-256 of the public key, as on an EVM chain.
    Tron([u8; 20]),
    /// The Ed25519 public key itself.
    Solana([u8; 32]),
    /// `HASH160` of a public key, compressed or not.
    P2pkh([u8; 20]),
    /// `HASH160` of a script.
    P2sh([u8; 20]),
    /// `HASH160` of a compressed public key.
    P2wpkh([u8; 20]),
    /// SHA-256 of a script.
    P2wsh([u8; 32]),
    /// The x-coordinate of a Taproot output key.
    P2tr([u8; 32]),
    /// `HASH160` of an XRP Ledger account's master key, 33 bytes of either curve.
    Xrpl([u8; 20]),
    /// `HASH160` of a compressed secp256k1 key.
    Cosmos([u8; 20]),
    /// An Ed25519 key or its hash.
    Ed25519([u8; 32]),
    /// What a Shelley address holds.
    Cardano(CardanoAddress),
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
            Network::Bitcoin(chain) => bitcoin_address::parse(*chain, text),
            Network::Tron(chain) => match base58::decode_address(text)? {
                (TRON_VERSION, hash) => Self::from_tron(*chain, hash),
                _ => Err(OwnershipError::AddressMalformed),
            },
            Network::Solana(cluster) => {
                let key = base58::decode(text).ok_or(OwnershipError::AddressMalformed)?;
                Ok(Self::from_solana(*cluster, key))
            }
            Network::Utxo(chain) => utxo_address::parse(*chain, text),
            Network::Xrpl(chain) => xrpl::parse_address(*chain, text),
            Network::Cosmos(chain) => adr36::parse_address(*chain, text),
            Network::Cardano(chain) => cardano_address::parse(*chain, text),
            Network::Ed25519(chain) => ed25519_address::parse(*chain, text),
        }
    }

    /// The network the address belongs to.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// The canonical spelling: EIP-55 capitals, lower-case bech32 or CashAddr with its prefix, or Base58.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The locking script that pays to the address, where the network has such scripts.
    pub fn script_pubkey(&self) -> Option<Vec<u8>> {
        match &self.kind {
            AddressKind::Evm(_)
            | AddressKind::Tron(_)
            | AddressKind::Solana(_)
            | AddressKind::Xrpl(_)
            | AddressKind::Cosmos(_)
            | AddressKind::Ed25519(_)
            | AddressKind::Cardano(_) => None,
            // DUP HASH160 <hash> EQUALVERIFY CHECKSIG
            AddressKind::P2pkh(hash) => {
                Some([&[0x76, 0xa9, 0x14], hash.as_slice(), &[0x88, 0xac]].concat())
            }
            // HASH160 <hash> EQUAL
            AddressKind::P2sh(hash) => Some([&[0xa9, 0x14], hash.as_slice(), &[0x87]].concat()),
            // OP_0 or OP_1, then one push of the program.
            AddressKind::P2wsh(program) => Some([&[0x00, 0x20], program.as_slice()].concat()),
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

    pub(super) fn from_tron(chain: TronChain, hash: [u8; 20]) -> Result<Self, OwnershipError> {
        if hash == [0; 20] {
            return Err(OwnershipError::AddressZero);
        }
        Ok(Self {
            network: Network::Tron(chain),
            kind: AddressKind::Tron(hash),
            text: base58::encode_address(TRON_VERSION, &hash),
        })
    }

    pub(super) fn from_solana(cluster: SolanaCluster, key: [u8; 32]) -> Self {
        Self {
            network: Network::Solana(cluster),
            kind: AddressKind::Solana(key),
            text: base58::encode(&key),
        }
    }

    pub(super) fn from_bitcoin(
        chain: BitcoinChain,
        kind: AddressKind,
    ) -> Result<Self, OwnershipError> {
        Ok(Self {
            network: Network::Bitcoin(chain),
            kind,
            text: bitcoin_address::text(chain, &kind)?,
        })
    }

    pub(super) fn from_utxo(chain: UtxoChain, kind: AddressKind) -> Result<Self, OwnershipError> {
        let text = utxo_address::text(chain, &kind)?;
        Ok(Self::with_text(Network::Utxo(chain), kind, text))
    }

    /// An address whose canonical text the caller made from `kind`.
    pub(super) fn with_text(network: Network, kind: AddressKind, text: String) -> Self {
        Self {
            network,
            kind,
            text,
        }
    }

    pub(super) fn from_p2wpkh(
        chain: BitcoinChain,
        program: [u8; 20],
    ) -> Result<Self, OwnershipError> {
        Self::from_bitcoin(chain, AddressKind::P2wpkh(program))
    }

    pub(super) fn from_p2tr(
        chain: BitcoinChain,
        program: [u8; 32],
    ) -> Result<Self, OwnershipError> {
        Self::from_bitcoin(chain, AddressKind::P2tr(program))
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

#[cfg(test)]
mod tests {
    use super::*;
    use OwnershipError::*;
    use bech32::{
        Bech32, Bech32m, ByteIterExt, Checksum, Fe32, Fe32IterExt, Hrp, NoChecksum, segwit,
    };

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
        let error = parse(MAINNET, "BC1SW50QGDZ25J").unwrap_err();
        assert_eq!(error, ScriptUnsupported);
        assert!(error.is_undecided());
    }

    /// One address of each kind; the scripts are those of BIP-16, BIP-141 and BIP-173.
    #[test]
    fn scripts_are_those_of_their_kinds() {
        for (network, text, script) in [
            (
                MAINNET,
                "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2",
                "76a91477bff20c60e522dfaa3350c39b030a5d004e839a88ac",
            ),
            (
                MAINNET,
                "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy",
                "a914b472a266d0bd89c13706a4132ccfb16f7c3b9fcb87",
            ),
            (
                MAINNET,
                "bc1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3qccfmv3",
                "00201863143c14c5166804bd19203356da136c985678cd4d27a1b8c6329604903262",
            ),
            (
                REGTEST,
                "mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn",
                "76a914243f1394f44554f4ce3fd68649c19adc483ce92488ac",
            ),
            (
                TESTNET,
                "2MzQwSSnBHWHqSAqtTVQ6v47XtaisrJa1Vc",
                "a9144e9f39ca4688ff102128ea4ccda34105324305b087",
            ),
        ] {
            let address = parse(network, text).unwrap();
            assert_eq!(address.as_str(), text);
            assert_eq!(hex::encode(address.script_pubkey().unwrap()), script);
        }
    }

    #[test]
    fn tron_and_solana_addresses_have_exact_forms() {
        let tron = "TEjxQjU3CxkFrSDcPfHwZXSuPpCpdQ27NJ";
        assert_eq!(parse("tron:728126428", tron).unwrap().as_str(), tron);
        assert_eq!(
            parse("tron:728126428", &tron.replace("NJ", "NK")),
            Err(AddressChecksum)
        );
        assert_eq!(
            parse("tron:728126428", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"),
            Err(AddressMalformed)
        );
        assert_eq!(
            parse("tron:728126428", "T9yD14Nj9j7xAB4dbGeiX9h8unkKHxuWwb"),
            Err(AddressZero)
        );
        let solana = "solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp";
        let key = "7bzoTJhZmpU1vQVjN63fQ3iVYmWCVgQh1sYSqsjuapU9";
        assert_eq!(parse(solana, key).unwrap().as_str(), key);
        for text in ["", &key[..40], &alloc::format!("1{key}"), tron] {
            assert_eq!(parse(solana, text), Err(AddressMalformed), "{text}");
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
