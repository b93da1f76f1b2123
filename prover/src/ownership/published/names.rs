//! What the publisher calls a chain, the chain it is, and the one scheme its rows are signed by.
//!
//! The files name no scheme. Each name has exactly one here; nothing is tried in turn. TRON alone has two, by layout: the
//! older files were signed with version 1, the layout of nine columns with version 2.
//!
//! Source: okx/proof-of-reserves, `common/coin.go`; CAIP-2 ids of the namespaces.

use por_protocol::ownership::Scheme;

use super::layout::Layout;

const BITCOIN: &str = "bip122:000000000019d6689c085ae165831e93";
const TRON: &str = "tron:728126428";
const SOLANA: &str = "solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp";

/// A chain and how its addresses sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chain {
    /// CAIP-2 id.
    pub network: &'static str,
    /// The scheme of a row that stands for one key; several signatures over a script are `multisig-signmessage`.
    pub scheme: Scheme,
}

/// The chain that a name stands for, in any case.
pub fn chain(layout: Layout, name: &str) -> Option<Chain> {
    let name = name.to_ascii_uppercase();
    let (network, scheme) = match name.as_str() {
        "BTC" | "USDT-OMNI" => (BITCOIN, Scheme::SignMessage),
        "BCH" | "BCHN" => (
            "bip122:000000000000000000651ef99cb9fcbe",
            Scheme::SignMessage,
        ),
        "LTC" => (
            "bip122:12a765e31ffd4059bada1e25190f6e98",
            Scheme::SignMessage,
        ),
        "DOGE" => (
            "bip122:1a91e3dace36e2be3bf030a65679fe82",
            Scheme::SignMessage,
        ),
        "DASH" => (
            "bip122:00000ffd590b1485b3caadc19b22e637",
            Scheme::SignMessage,
        ),
        "TRX" | "TRON" | "USDT-TRC20" | "USDC-TRC" => (
            TRON,
            match layout {
                Layout::Nine => Scheme::Tip191,
                Layout::Seven | Layout::Eleven | Layout::Twelve => Scheme::TronV1,
            },
        ),
        "SOL" | "USDC-SPL" | "USDT-SPL" => (SOLANA, Scheme::Ed25519Prefixed),
        "ADA" => ("cip34:1-764824073", Scheme::Ed25519Prefixed),
        "APT" | "APTOS" | "APTOS-FA" | "USDT-APTOS" | "USDC-APTOS" => {
            ("aptos:1", Scheme::Ed25519Prefixed)
        }
        "SUI" | "USDC-SUI" => ("sui:mainnet", Scheme::Ed25519Prefixed),
        "DOT" => (
            "polkadot:91b171bb158e2d3848fa23a9f1c25182",
            Scheme::Ed25519Prefixed,
        ),
        "NEAR" => ("near:mainnet", Scheme::Ed25519Prefixed),
        "LUNC" => ("cosmos:columbus-5", Scheme::EcdsaPrefixed),
        // A chain of the publisher's own, whose rows are signed behind the prefix.
        "OKT" | "OKC" | "USDT-OKC20" | "USDC-OKC20" | "OKB-OKC20" | "LTCK-OKC20" | "FILK-OKC20"
        | "SHIBK-KIP20" | "DOTK-OKC20" | "ETCK-KIP20" | "XRPK-KIP20" | "UNIK-OKC20"
        | "BCHK-KIP20" | "BABYDOGE-KIP20" | "LINKK-OKC20" | "TRXK-KIP20" | "ETHK-OKC20" => {
            ("eip155:66", Scheme::EcdsaPrefixed)
        }
        _ => (evm(&name)?, Scheme::Eip191Keccak),
    };
    Some(Chain { network, scheme })
}

fn evm(name: &str) -> Option<&'static str> {
    Some(match name {
        "ETH" | "USDT-ERC20" | "USDC" | "SHIB" | "UNI" | "LINK" | "BLUR" | "PEOPLE" => "eip155:1",
        "OPTIMISM" | "ETH-OPTIMISM" | "USDT-OPTIMISM" | "USDC-OPTIMISM" | "USDC-OPTIMISM-FF85" => {
            "eip155:10"
        }
        "BSC" | "BABYDOGE-BSC" => "eip155:56",
        "ETC" => "eip155:61",
        "UNICHAIN" => "eip155:130",
        "POLYGON" | "USDT-POLY" | "POLY-USDC" | "POLY-USDC-3359" => "eip155:137",
        "XLAYER" | "OKB-X1" | "OKB-X1-ETH" | "OKB-X1-USDT" | "OKB-X1-USDC" => "eip155:196",
        "ZKSYNC2" => "eip155:324",
        "CFX_EVM" => "eip155:1030",
        "CORE" => "eip155:1116",
        "STORY" => "eip155:1514",
        "MERLIN_BTC" => "eip155:4200",
        "BASE" | "USDC-BASE" => "eip155:8453",
        "ETHW" => "eip155:10001",
        "ARBITRUM"
        | "ETH-ARBITRUM"
        | "USDT-ARBITRUM"
        | "USDC-ARBITRUM"
        | "USDC-ARBITRUM-NATIVE" => "eip155:42161",
        "AVAXC" | "USDT-AVAXC" | "USDC-AVAXC" => "eip155:43114",
        "ETH-LINEA" | "ETH_LINEA" => "eip155:59144",
        "BERA" => "eip155:80094",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use por_protocol::ownership::Network;

    use super::*;

    #[test]
    fn every_chain_is_one_that_is_known() {
        for name in [
            "BTC", "BCHN", "LTC", "DOGE", "DASH", "TRX", "SOL", "ADA", "APTOS", "SUI", "DOT",
            "NEAR", "LUNC", "OKT", "ETH", "etc",
        ] {
            let chain = chain(Layout::Nine, name).unwrap();
            assert_eq!(
                chain.network.parse::<Network>().unwrap().to_string(),
                chain.network
            );
        }
        assert_eq!(chain(Layout::Nine, "BSV"), None);
        assert_eq!(chain(Layout::Nine, ""), None);
    }

    #[test]
    fn s_10_a_layout_has_one_scheme_for_a_chain() {
        assert_eq!(chain(Layout::Nine, "TRON").unwrap().scheme, Scheme::Tip191);
        for layout in [Layout::Seven, Layout::Eleven, Layout::Twelve] {
            assert_eq!(chain(layout, "TRON").unwrap().scheme, Scheme::TronV1);
        }
    }
}
