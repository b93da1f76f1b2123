//! The chain an address lives on, by its CAIP-2 id.
//!
//! Checked: `namespace:reference` in CAIP-2's alphabet; an `eip155` reference is a positive decimal without
//! leading zeros; a `bip122` reference is the first 32 hex digits, a `solana` reference the first 32 Base58 characters
//! of a known genesis hash; a `tron` reference is the decimal chain id of a known chain (the last four bytes of its
//! genesis block hash, TIP-474); `xrpl`, `cosmos` and `cip34` references are those of known chains.
//!
//! Source: CAIP-2 (<https://chainagnostic.org/CAIPs/caip-2>) and its namespaces `eip155`, `bip122`, `tron`, `solana`,
//! `xrpl`, `cosmos`, `cip34`.

use super::error::OwnershipError;
use super::other_chains::{CardanoChain, CosmosChain, Ed25519Chain, UtxoChain, XrplChain};
use core::fmt;
use core::str::FromStr;

/// A chain, named by its CAIP-2 id; two names never denote the same chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Network {
    /// `eip155:<chain id>`.
    Evm(EvmChainId),
    /// `bip122:<first 32 hex digits of the genesis block hash>`.
    Bitcoin(BitcoinChain),
    /// `tron:<chain id>`.
    Tron(TronChain),
    /// `solana:<first 32 characters of the genesis hash>`.
    Solana(SolanaCluster),
    /// `bip122:<…>` of a coin whose software descends from Bitcoin's.
    Utxo(UtxoChain),
    /// `xrpl:<network id>`.
    Xrpl(XrplChain),
    /// `cosmos:<chain id>`.
    Cosmos(CosmosChain),
    /// `cip34:<network id>-<network magic>`.
    Cardano(CardanoChain),
    /// `aptos:1`, `sui:mainnet`, `polkadot:…`, `near:mainnet`.
    Ed25519(Ed25519Chain),
}

/// Chain id of EIP-155, 1 to 2⁶⁴ − 1.
///
/// CAIP-2 leaves room for 32 digits, but no chain id beyond 64 bits can be signed for in practice (EIP-2294
/// bounds them to 63 bits), so a longer one is refused rather than carried as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EvmChainId(u64);

/// A Bitcoin chain, told apart by its genesis block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BitcoinChain {
    /// The main network.
    Mainnet,
    /// The third test network.
    Testnet3,
    /// The fourth test network (BIP-94).
    Testnet4,
    /// The default signed test network (BIP-325).
    Signet,
    /// The local regression-test network.
    Regtest,
}

/// A TRON chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TronChain {
    /// The main network.
    Mainnet,
    /// The test network Shasta.
    Shasta,
    /// The test network Nile.
    Nile,
}

/// A Solana cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SolanaCluster {
    /// The main network (beta).
    Mainnet,
    /// The developers' network.
    Devnet,
    /// The test network.
    Testnet,
}

impl EvmChainId {
    /// A chain id from its number; zero is none.
    pub fn new(id: u64) -> Option<Self> {
        (id != 0).then_some(Self(id))
    }

    /// The number.
    pub fn get(self) -> u64 {
        self.0
    }
}

impl TronChain {
    const ALL: [Self; 3] = [Self::Mainnet, Self::Shasta, Self::Nile];

    /// CAIP-2 reference: 0x2b6653dc, 0x94a9059e and 0xcd8690dc in decimal.
    fn reference(self) -> &'static str {
        match self {
            Self::Mainnet => "728126428",
            Self::Shasta => "2494104990",
            Self::Nile => "3448148188",
        }
    }
}

impl SolanaCluster {
    const ALL: [Self; 3] = [Self::Mainnet, Self::Devnet, Self::Testnet];

    /// CAIP-2 reference: the genesis hash in Base58, cut to 32 characters.
    fn reference(self) -> &'static str {
        match self {
            Self::Mainnet => "5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp",
            Self::Devnet => "EtWTRABZaYq6iMfeYKouRu166VU2xqa1",
            Self::Testnet => "4uhcVJyU9pJkvQyS88uRDiswHScCKQY3",
        }
    }
}

impl BitcoinChain {
    const ALL: [Self; 5] = [
        Self::Mainnet,
        Self::Testnet3,
        Self::Testnet4,
        Self::Signet,
        Self::Regtest,
    ];

    /// CAIP-2 reference: the genesis block hash as displayed, cut to 32 hex digits.
    fn reference(self) -> &'static str {
        match self {
            Self::Mainnet => "000000000019d6689c085ae165831e93",
            Self::Testnet3 => "000000000933ea01ad0ee984209779ba",
            Self::Testnet4 => "00000000da84f2bafbbc53dee25a72ae",
            Self::Signet => "00000008819873e925422c1ff0f99f7c",
            Self::Regtest => "0f9188f13cb7b2c71f2a335e3a4fc328",
        }
    }

    /// Human-readable part of the chain's segwit addresses. The public test networks share one.
    pub(super) fn address_prefix(self) -> &'static str {
        match self {
            Self::Mainnet => "bc",
            Self::Testnet3 | Self::Testnet4 | Self::Signet => "tb",
            Self::Regtest => "bcrt",
        }
    }

    /// Version byte of the chain's P2PKH addresses. All but the main network share one.
    pub(super) fn p2pkh_version(self) -> u8 {
        match self {
            Self::Mainnet => 0x00,
            _ => 0x6f,
        }
    }

    /// Version byte of the chain's P2SH addresses. All but the main network share one.
    pub(super) fn p2sh_version(self) -> u8 {
        match self {
            Self::Mainnet => 0x05,
            _ => 0xc4,
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Evm(EvmChainId(id)) => write!(f, "eip155:{id}"),
            Self::Bitcoin(chain) => write!(f, "bip122:{}", chain.reference()),
            Self::Tron(chain) => write!(f, "tron:{}", chain.reference()),
            Self::Solana(cluster) => write!(f, "solana:{}", cluster.reference()),
            Self::Utxo(chain) => write!(f, "bip122:{}", chain.reference()),
            Self::Xrpl(chain) => write!(f, "xrpl:{}", chain.reference()),
            Self::Cosmos(chain) => write!(f, "cosmos:{}", chain.reference()),
            Self::Cardano(chain) => write!(f, "cip34:{}", chain.reference()),
            Self::Ed25519(chain) => f.write_str(chain.id()),
        }
    }
}

impl FromStr for Network {
    type Err = OwnershipError;

    /// Parses the one spelling that `Display` gives.
    ///
    /// # Errors
    ///
    /// `NetworkMalformed`, or `NetworkUnsupported` for a well-formed id of an unknown chain.
    fn from_str(text: &str) -> Result<Self, OwnershipError> {
        let (namespace, reference) = text
            .split_once(':')
            .ok_or(OwnershipError::NetworkMalformed)?;
        let namespace_ok = (3..=8).contains(&namespace.len())
            && namespace
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        let reference_ok = (1..=32).contains(&reference.len())
            && reference
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        if !namespace_ok || !reference_ok {
            return Err(OwnershipError::NetworkMalformed);
        }
        match namespace {
            "eip155" => {
                // `u64::from_str` alone would take `+1` and `007`.
                if reference.starts_with('0') || !reference.bytes().all(|b| b.is_ascii_digit()) {
                    return Err(OwnershipError::NetworkMalformed);
                }
                let id = reference
                    .parse()
                    .map_err(|_| OwnershipError::NetworkMalformed)?;
                Ok(Self::Evm(EvmChainId(id)))
            }
            "bip122" => {
                if reference.len() != 32
                    || !reference
                        .bytes()
                        .all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
                {
                    return Err(OwnershipError::NetworkMalformed);
                }
                let chain = BitcoinChain::ALL
                    .into_iter()
                    .find(|chain| chain.reference() == reference);
                let utxo = UtxoChain::ALL
                    .into_iter()
                    .find(|chain| chain.reference() == reference);
                chain
                    .map(Self::Bitcoin)
                    .or(utxo.map(Self::Utxo))
                    .ok_or(OwnershipError::NetworkUnsupported)
            }
            "tron" => {
                if reference.starts_with('0') || !reference.bytes().all(|b| b.is_ascii_digit()) {
                    return Err(OwnershipError::NetworkMalformed);
                }
                let chain = TronChain::ALL
                    .into_iter()
                    .find(|chain| chain.reference() == reference);
                chain
                    .map(Self::Tron)
                    .ok_or(OwnershipError::NetworkUnsupported)
            }
            "solana" => {
                let cluster = SolanaCluster::ALL
                    .into_iter()
                    .find(|cluster| cluster.reference() == reference);
                cluster
                    .map(Self::Solana)
                    .ok_or(OwnershipError::NetworkUnsupported)
            }
            "xrpl" => XrplChain::ALL
                .into_iter()
                .find(|chain| chain.reference() == reference)
                .map(Self::Xrpl)
                .ok_or(OwnershipError::NetworkUnsupported),
            "cosmos" => CosmosChain::ALL
                .into_iter()
                .find(|chain| chain.reference() == reference)
                .map(Self::Cosmos)
                .ok_or(OwnershipError::NetworkUnsupported),
            "cip34" => CardanoChain::ALL
                .into_iter()
                .find(|chain| chain.reference() == reference)
                .map(Self::Cardano)
                .ok_or(OwnershipError::NetworkUnsupported),
            _ => Ed25519Chain::ALL
                .into_iter()
                .find(|chain| chain.id() == text)
                .map(Self::Ed25519)
                .ok_or(OwnershipError::NetworkUnsupported),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn display_gives_back_the_parsed_text() {
        let known: Vec<String> = BitcoinChain::ALL
            .map(Network::Bitcoin)
            .into_iter()
            .chain(UtxoChain::ALL.map(Network::Utxo))
            .chain(XrplChain::ALL.map(Network::Xrpl))
            .chain(CosmosChain::ALL.map(Network::Cosmos))
            .chain(CardanoChain::ALL.map(Network::Cardano))
            .chain(Ed25519Chain::ALL.map(Network::Ed25519))
            .map(|network| network.to_string())
            .collect();
        for text in known.iter().map(String::as_str).chain([
            "eip155:1",
            "eip155:18446744073709551615",
            "tron:728126428",
            "tron:2494104990",
            "tron:3448148188",
            "solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp",
            "solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1",
            "solana:4uhcVJyU9pJkvQyS88uRDiswHScCKQY3",
        ]) {
            assert_eq!(text.parse::<Network>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn second_spellings_are_refused() {
        for text in [
            "",
            "eip155",
            "eip155:",
            "eip155:0",
            "eip155:01",
            "eip155:+1",
            "eip155:-1",
            "eip155: 1",
            "eip155:1 ",
            "eip155:0x1",
            "eip155:1:2",
            "eip155:18446744073709551616",
            "EIP155:1",
            "tron:0x2b6653dc",
            "tron:0728126428",
            "ei:1",
            "bip122:000000000019D6689C085AE165831E93",
            "bip122:000000000019d6689c085ae165831e9",
            "bip122:000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f",
        ] {
            assert_eq!(
                text.parse::<Network>(),
                Err(OwnershipError::NetworkMalformed),
                "{text:?}"
            );
        }
    }

    #[test]
    fn unknown_chains_are_undecided() {
        for text in [
            "solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdq",
            "tron:1",
            "ton:-239",
            "bip122:fdbe99b90c90bae7505796461471d89a",
            "xrpl:3",
            "xrpl:00",
            "cosmos:cosmoshub-3",
            "cosmos:injective-1",
            "cip34:1-0",
        ] {
            assert!(
                text.parse::<Network>().unwrap_err().is_undecided(),
                "{text}"
            );
        }
    }
}
