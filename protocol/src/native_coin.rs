//! A chain's own coin: what it is called, its SLIP-44 number and its decimals.
//!
//! Checked: that a native instance (`slip44`) of a chain in the table has the chain's number and decimals. An attestation
//! states both itself, and with 6 decimals instead of 18 every ether would count a million million times, at class A.
//! The table is the verifier's, like that of tokens; a chain that is not in it is named in the report.
//!
//! Where a chain's software knows no other number than 118 or none was registered for it, only decimals are compared.
//! Ether on a chain that settles on Ethereum is ether (60). Test networks have the numbers of what they test, and are
//! named in the report, for their coins are worth nothing.
//!
//! Source: SLIP-44; each chain's own documentation for decimals.

use alloc::{format, string::ToString};

use crate::asset::Instance;
use crate::error::Error;

/// The coin that a chain's fees are paid in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NativeCoin {
    /// What it is called: an asset of another id that counts it is told of.
    pub symbol: &'static str,
    /// SLIP-44 number, where one number is this coin's.
    pub number: Option<u32>,
    /// Decimals of the chain's amounts.
    pub decimals: u8,
    /// Whether the chain is a test network.
    pub is_test: bool,
}

const fn coin(symbol: &'static str, number: u32, decimals: u8) -> NativeCoin {
    NativeCoin {
        symbol,
        number: Some(number),
        decimals,
        is_test: false,
    }
}

const fn unnumbered(symbol: &'static str, decimals: u8) -> NativeCoin {
    NativeCoin {
        number: None,
        ..coin(symbol, 0, decimals)
    }
}

const fn test(coin: NativeCoin) -> NativeCoin {
    NativeCoin {
        is_test: true,
        ..coin
    }
}

const BITCOIN: NativeCoin = coin("BTC", 0, 8);
const ETHER: NativeCoin = coin("ETH", 60, 18);
const TRX: NativeCoin = coin("TRX", 195, 6);
const SOL: NativeCoin = coin("SOL", 501, 9);
const XRP: NativeCoin = coin("XRP", 144, 6);
const ADA: NativeCoin = coin("ADA", 1815, 6);

impl NativeCoin {
    /// The coin of a chain, by its CAIP-2 id; `None` for a chain that is not in the table.
    #[must_use]
    pub fn of(chain: &str) -> Option<Self> {
        Some(match chain {
            "bip122:000000000019d6689c085ae165831e93" => BITCOIN,
            "bip122:000000000933ea01ad0ee984209779ba"
            | "bip122:00000000da84f2bafbbc53dee25a72ae"
            | "bip122:00000008819873e925422c1ff0f99f7c"
            | "bip122:0f9188f13cb7b2c71f2a335e3a4fc328" => test(BITCOIN),
            "bip122:12a765e31ffd4059bada1e25190f6e98" => coin("LTC", 2, 8),
            "bip122:1a91e3dace36e2be3bf030a65679fe82" => coin("DOGE", 3, 8),
            "bip122:00000ffd590b1485b3caadc19b22e637" => coin("DASH", 5, 8),
            "bip122:000000000000000000651ef99cb9fcbe" => coin("BCH", 145, 8),
            "eip155:1" | "eip155:10" | "eip155:130" | "eip155:324" | "eip155:8453"
            | "eip155:42161" | "eip155:59144" => ETHER,
            "eip155:56" => coin("BNB", 714, 18),
            "eip155:61" => coin("ETC", 61, 18),
            "eip155:66" => unnumbered("OKT", 18),
            "eip155:137" => coin("POL", 966, 18),
            "eip155:196" => unnumbered("OKB", 18),
            "eip155:1030" => unnumbered("CFX", 18),
            "eip155:1116" => unnumbered("CORE", 18),
            "eip155:1514" => unnumbered("IP", 18),
            "eip155:10001" => unnumbered("ETHW", 18),
            "eip155:43114" => coin("AVAX", 9005, 18),
            "eip155:80094" => unnumbered("BERA", 18),
            "tron:728126428" => TRX,
            "tron:2494104990" | "tron:3448148188" => test(TRX),
            "solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp" => SOL,
            "solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1"
            | "solana:4uhcVJyU9pJkvQyS88uRDiswHScCKQY3" => test(SOL),
            "xrpl:0" => XRP,
            "xrpl:1" | "xrpl:2" => test(XRP),
            "cosmos:cosmoshub-4" => coin("ATOM", 118, 6),
            "cosmos:osmosis-1" => unnumbered("OSMO", 6),
            "cosmos:celestia" => unnumbered("TIA", 6),
            "cosmos:columbus-5" => coin("LUNC", 330, 6),
            "cosmos:phoenix-1" => coin("LUNA", 330, 6),
            "cosmos:axelar-dojo-1" => unnumbered("AXL", 6),
            "cosmos:dydx-mainnet-1" => unnumbered("DYDX", 18),
            "cosmos:akashnet-2" => unnumbered("AKT", 6),
            "cosmos:neutron-1" => unnumbered("NTRN", 6),
            "cosmos:pacific-1" => unnumbered("SEI", 6),
            "cosmos:thorchain-1" => coin("RUNE", 931, 8),
            "cip34:1-764824073" => ADA,
            "cip34:0-1" | "cip34:0-2" => test(ADA),
            "aptos:1" => coin("APT", 637, 8),
            "sui:mainnet" => coin("SUI", 784, 9),
            "polkadot:91b171bb158e2d3848fa23a9f1c25182" => coin("DOT", 354, 10),
            "near:mainnet" => coin("NEAR", 397, 24),
            _ => return None,
        })
    }

    /// The coin that an instance is, if it is native and its chain is in the table.
    ///
    /// # Errors
    /// [`Error::Mismatch`] where its number or decimals are not the chain's.
    pub fn check(instance: &Instance) -> Result<Option<Self>, Error> {
        let chain = instance.id.chain();
        let (Some(number), Some(coin)) = (instance.id.native(), Self::of(chain)) else {
            return Ok(None);
        };
        let own = coin.number.filter(|own| number != own.to_string());
        let why = if let Some(own) = own {
            format!("the coin of {chain} is slip44:{own}, not slip44:{number}")
        } else if instance.decimals.get() != coin.decimals {
            format!(
                "{} on {chain} has {} decimals, not {}",
                coin.symbol, coin.decimals, instance.decimals
            )
        } else {
            return Ok(Some(coin));
        };
        Err(Error::Mismatch {
            what: "native coin",
            why,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::amount::Decimals;
    use crate::ownership::Network;

    fn check(id: &str, decimals: u8) -> Result<Option<NativeCoin>, Error> {
        NativeCoin::check(&Instance {
            id: id.parse().unwrap(),
            decimals: Decimals::new(decimals).unwrap(),
        })
    }

    #[test]
    fn b_04_a_native_coin_has_its_chains_number_and_decimals() {
        let bitcoin = "bip122:000000000019d6689c085ae165831e93/slip44:0";
        for (id, decimals) in [
            (bitcoin, 8),
            ("eip155:1/slip44:60", 18),
            ("eip155:56/slip44:714", 18),
            ("tron:728126428/slip44:195", 6),
            ("solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp/slip44:501", 9),
            ("xrpl:0/slip44:144", 6),
            ("near:mainnet/slip44:397", 24),
        ] {
            assert!(check(id, decimals).unwrap().is_some(), "{id}");
            for other in [0, decimals - 1, decimals + 1, 38] {
                assert_eq!(check(id, other).unwrap_err().code(), "mismatch", "{id}");
            }
            let (chain, _) = id.split_once('/').unwrap();
            let other = format!("{chain}/slip44:9999999");
            assert_eq!(check(&other, decimals).unwrap_err().code(), "mismatch");
        }
        // A number that no coin has room for is none of this chain's either.
        assert!(check("eip155:1/slip44:4294967356", 18).is_err());
        // Chains without a number of their own, chains that nobody listed, and tokens.
        assert!(check("cosmos:osmosis-1/slip44:118", 6).unwrap().is_some());
        assert!(check("cosmos:osmosis-1/slip44:118", 18).is_err());
        assert_eq!(check("eip155:99999/slip44:60", 3), Ok(None));
        let token = "eip155:1/erc20:0xdac17f958d2ee523a2206206994597c13d831ec7";
        assert_eq!(check(token, 3), Ok(None));
    }

    #[test]
    fn chains_of_the_table_are_networks_and_networks_are_in_the_table() {
        for chain in [
            "bip122:000000000019d6689c085ae165831e93",
            "bip122:0f9188f13cb7b2c71f2a335e3a4fc328",
            "bip122:12a765e31ffd4059bada1e25190f6e98",
            "bip122:1a91e3dace36e2be3bf030a65679fe82",
            "bip122:000000000000000000651ef99cb9fcbe",
            "bip122:00000ffd590b1485b3caadc19b22e637",
            "tron:728126428",
            "tron:2494104990",
            "tron:3448148188",
            "solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp",
            "xrpl:0",
            "cosmos:cosmoshub-4",
            "cip34:1-764824073",
            "aptos:1",
            "sui:mainnet",
            "polkadot:91b171bb158e2d3848fa23a9f1c25182",
            "near:mainnet",
        ] {
            assert!(chain.parse::<Network>().is_ok(), "{chain}");
            assert!(NativeCoin::of(chain).is_some(), "{chain}");
        }
    }
}
