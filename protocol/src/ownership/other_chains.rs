//! Chains beside Bitcoin, EVM, TRON and Solana: their CAIP-2 references and what their addresses begin with.
//!
//! Source: CAIP-2 and its namespaces `bip122` (a coin that split off is named by its first own block), `xrpl`,
//! `cosmos`, `cip34`, `aptos`, `sui`, `polkadot`, `near`; the coins' `chainparams.cpp`; SLIP-173 for the prefixes of bech32 texts.

/// A chain of another coin whose software descends from Bitcoin's: same scripts, other bytes in front.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UtxoChain {
    /// Litecoin.
    Litecoin,
    /// Dogecoin.
    Dogecoin,
    /// Bitcoin Cash, after it split off at height 478,559.
    BitcoinCash,
    /// Dash.
    Dash,
}

/// An XRP Ledger network; all write the same addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum XrplChain {
    /// The main network.
    Mainnet,
    /// The test network.
    Testnet,
    /// The developers' network.
    Devnet,
}

/// A Cosmos SDK chain whose accounts are `HASH160` of a secp256k1 key under one bech32 prefix.
///
/// A table and not any chain id: the prefix is no part of the id, and some chains hash their keys otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CosmosChain {
    /// Cosmos Hub.
    CosmosHub,
    /// Osmosis.
    Osmosis,
    /// Celestia.
    Celestia,
    /// Terra Classic.
    TerraClassic,
    /// Terra.
    Terra,
    /// Noble.
    Noble,
    /// Axelar.
    Axelar,
    /// dYdX.
    Dydx,
    /// Akash.
    Akash,
    /// Neutron.
    Neutron,
    /// Sei.
    Sei,
    /// THORChain.
    Thorchain,
}

/// A Cardano network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CardanoChain {
    /// The main network.
    Mainnet,
    /// The test network that follows the main network.
    Preprod,
    /// The test network that runs ahead of it.
    Preview,
}

/// A chain whose plain addresses are one Ed25519 key or its hash; the main network of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ed25519Chain {
    /// Aptos.
    Aptos,
    /// Sui.
    Sui,
    /// Polkadot.
    Polkadot,
    /// NEAR.
    Near,
}

impl UtxoChain {
    pub(super) const ALL: [Self; 4] = [
        Self::Litecoin,
        Self::Dogecoin,
        Self::BitcoinCash,
        Self::Dash,
    ];

    /// CAIP-2 reference: 32 hex digits of the hash of the genesis block; of block 478,559 for Bitcoin Cash.
    pub(super) fn reference(self) -> &'static str {
        match self {
            Self::Litecoin => "12a765e31ffd4059bada1e25190f6e98",
            Self::Dogecoin => "1a91e3dace36e2be3bf030a65679fe82",
            Self::BitcoinCash => "000000000000000000651ef99cb9fcbe",
            Self::Dash => "00000ffd590b1485b3caadc19b22e637",
        }
    }

    /// Version byte of P2PKH addresses.
    pub(super) fn p2pkh_version(self) -> u8 {
        match self {
            Self::Litecoin => 0x30,
            Self::Dogecoin => 0x1e,
            Self::BitcoinCash => 0x00,
            Self::Dash => 0x4c,
        }
    }

    /// Version byte of P2SH addresses. Litecoin's old one, 5, is Bitcoin's and told nobody which coin was meant.
    pub(super) fn p2sh_version(self) -> u8 {
        match self {
            Self::Litecoin => 0x32,
            Self::Dogecoin => 0x16,
            Self::BitcoinCash => 0x05,
            Self::Dash => 0x10,
        }
    }

    /// Human-readable part of segwit addresses, where the coin has segwit.
    pub(super) fn segwit_prefix(self) -> Option<&'static str> {
        match self {
            Self::Litecoin => Some("ltc"),
            _ => None,
        }
    }

    /// Leads every signed message; the first byte is the length of the rest. Dash kept its first name.
    pub(super) fn message_prefix(self) -> &'static [u8] {
        match self {
            Self::Litecoin => b"\x19Litecoin Signed Message:\n",
            Self::Dogecoin => b"\x19Dogecoin Signed Message:\n",
            Self::BitcoinCash => b"\x18Bitcoin Signed Message:\n",
            Self::Dash => b"\x19DarkCoin Signed Message:\n",
        }
    }
}

impl XrplChain {
    pub(super) const ALL: [Self; 3] = [Self::Mainnet, Self::Testnet, Self::Devnet];

    /// CAIP-2 reference: the network id.
    pub(super) fn reference(self) -> &'static str {
        match self {
            Self::Mainnet => "0",
            Self::Testnet => "1",
            Self::Devnet => "2",
        }
    }
}

impl CosmosChain {
    pub(super) const ALL: [Self; 12] = [
        Self::CosmosHub,
        Self::Osmosis,
        Self::Celestia,
        Self::TerraClassic,
        Self::Terra,
        Self::Noble,
        Self::Axelar,
        Self::Dydx,
        Self::Akash,
        Self::Neutron,
        Self::Sei,
        Self::Thorchain,
    ];

    /// CAIP-2 reference: the chain id.
    pub(super) fn reference(self) -> &'static str {
        match self {
            Self::CosmosHub => "cosmoshub-4",
            Self::Osmosis => "osmosis-1",
            Self::Celestia => "celestia",
            Self::TerraClassic => "columbus-5",
            Self::Terra => "phoenix-1",
            Self::Noble => "noble-1",
            Self::Axelar => "axelar-dojo-1",
            Self::Dydx => "dydx-mainnet-1",
            Self::Akash => "akashnet-2",
            Self::Neutron => "neutron-1",
            Self::Sei => "pacific-1",
            Self::Thorchain => "thorchain-1",
        }
    }

    /// Human-readable part of account addresses. The two Terra chains share one.
    pub(super) fn prefix(self) -> &'static str {
        match self {
            Self::CosmosHub => "cosmos",
            Self::Osmosis => "osmo",
            Self::Celestia => "celestia",
            Self::TerraClassic | Self::Terra => "terra",
            Self::Noble => "noble",
            Self::Axelar => "axelar",
            Self::Dydx => "dydx",
            Self::Akash => "akash",
            Self::Neutron => "neutron",
            Self::Sei => "sei",
            Self::Thorchain => "thor",
        }
    }
}

impl CardanoChain {
    pub(super) const ALL: [Self; 3] = [Self::Mainnet, Self::Preprod, Self::Preview];

    /// CAIP-2 reference: network id and network magic (CIP-34).
    pub(super) fn reference(self) -> &'static str {
        match self {
            Self::Mainnet => "1-764824073",
            Self::Preprod => "0-1",
            Self::Preview => "0-2",
        }
    }

    /// The network id inside an address (CIP-19). The test networks share one.
    pub(super) fn network_id(self) -> u8 {
        match self {
            Self::Mainnet => 1,
            Self::Preprod | Self::Preview => 0,
        }
    }
}

impl Ed25519Chain {
    pub(super) const ALL: [Self; 4] = [Self::Aptos, Self::Sui, Self::Polkadot, Self::Near];

    /// CAIP-2 id: each has a namespace of its own.
    pub(super) fn id(self) -> &'static str {
        match self {
            Self::Aptos => "aptos:1",
            Self::Sui => "sui:mainnet",
            Self::Polkadot => "polkadot:91b171bb158e2d3848fa23a9f1c25182",
            Self::Near => "near:mainnet",
        }
    }
}
