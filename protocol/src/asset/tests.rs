use super::*;
use alloc::string::ToString;
use alloc::vec;
use alloc::{borrow::ToOwned, format};
use proptest::prelude::*;

const BTC: &str = "bip122:000000000019d6689c085ae165831e93/slip44:0";
const ETH: &str = "eip155:1/slip44:60";
const USDT: &str = "eip155:1/erc20:0xdac17f958d2ee523a2206206994597c13d831ec7";

fn instance(id: &str, decimals: u8) -> Instance {
    Instance {
        id: InstanceId::new(id).unwrap(),
        decimals: Decimals::new(decimals).unwrap(),
    }
}

fn asset(id: &str, decimals: u8, instances: &[(&str, u8)]) -> Asset {
    let instances = instances
        .iter()
        .map(|(id, decimals)| instance(id, *decimals))
        .collect();
    Asset::new(
        AssetId::new(id).unwrap(),
        "a coin".to_owned(),
        Decimals::new(decimals).unwrap(),
        instances,
    )
    .unwrap()
}

fn instance_code(text: &str) -> Result<(), &'static str> {
    InstanceId::new(text).map(|_| ()).map_err(|e| e.code())
}

#[test]
fn m_06_an_asset_id_has_no_variants_of_case_or_space() {
    for text in [
        "BTC",
        "1INCH",
        "USDT.E",
        "A",
        "A-B_C",
        "ABCDEFGHIJKLMNOPQRST",
    ] {
        assert_eq!(AssetId::new(text).unwrap().as_str(), text);
    }
    for text in ["", "ABCDEFGHIJKLMNOPQRSTU"] {
        assert_eq!(
            AssetId::new(text).unwrap_err().code(),
            "asset-id-length",
            "{text}"
        );
    }
    for text in [
        "btc",
        "BTC ",
        " BTC",
        "B TC",
        "ВТС",
        "Btc",
        ".A",
        "-A",
        "A\0",
        "A/B",
        "A\u{200b}",
    ] {
        assert_eq!(
            AssetId::new(text).unwrap_err().code(),
            "asset-id-character",
            "{text}"
        );
    }
}

#[test]
fn m_06_an_asset_stands_in_a_table_once() {
    let twice = vec![
        asset("ETH", 8, &[(ETH, 18)]),
        asset("BTC", 8, &[(BTC, 8)]),
        asset("ETH", 8, &[(USDT, 6)]),
    ];
    let error = AssetTable::new(twice).unwrap_err();
    assert_eq!((error.code(), error.index()), ("asset-duplicate", Some(2)));
    assert_eq!(AssetTable::new(vec![]).unwrap_err().code(), "asset-count");
    let many = (0..=AssetTable::MAX_ASSETS)
        .map(|i| {
            asset(
                &format!("A{i}"),
                8,
                &[(&format!("eip155:{i}/slip44:60"), 18)],
            )
        })
        .collect();
    assert_eq!(AssetTable::new(many).unwrap_err().code(), "asset-count");
}

#[test]
fn s_12_an_instance_belongs_to_one_asset() {
    let error = AssetTable::new(vec![
        asset("ETH", 8, &[(ETH, 18)]),
        asset("WETH", 8, &[(USDT, 6), (ETH, 18)]),
    ]);
    let error = error.unwrap_err();
    assert_eq!(error.code(), "instance-duplicate");
    assert_eq!(
        error.to_string(),
        "the instance eip155:1/slip44:60 of WETH is listed before, under ETH"
    );
    let within = AssetTable::new(vec![asset("ETH", 8, &[(ETH, 18), (ETH, 18)])]);
    assert_eq!(within.unwrap_err().code(), "instance-duplicate");
    for (one, other) in [
        ("a-b1:1/x-y:aa", "a-b1:1/x-y:AA"),
        ("sui:mainnet/coin:X", "sui:mainnet/token:X"),
    ] {
        let twice = AssetTable::new(vec![
            asset("A", 6, &[(one, 6)]),
            asset("B", 6, &[(other, 6)]),
        ]);
        assert_eq!(twice.unwrap_err().code(), "instance-duplicate", "{other}");
    }
    // The same number on another chain, and a token whose name is a number, are others.
    let three = [ETH, "eip155:10/slip44:60", "sui:mainnet/coin:60"];
    let table = AssetTable::new(vec![asset("A", 6, &three.map(|id| (id, 18)))]);
    assert!(table.is_ok());
}

#[test]
fn s_12_a_chain_has_one_token_standard_and_its_contracts_one_spelling() {
    let usdt = "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t";
    let usdc = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v";
    let solana = "solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp";
    for text in [
        format!("tron:728126428/trc20:{usdt}"),
        format!("{solana}/token:{usdc}"),
        "tron:728126428/slip44:195".into(),
        "xrpl:0/slip44:144".into(),
    ] {
        assert_eq!(instance_code(&text), Ok(()), "{text}");
    }
    for text in [
        USDT.replace("eip155:1", "eip155:56")
            .replace("erc20", "bep20"),
        USDT.replace("erc20", "erc721"),
        USDT.replace("erc20", "trc20"),
        format!("tron:728126428/trc10:{usdt}"),
        format!("tron:728126428/token:{usdt}"),
        format!("{solana}/spl:{usdc}"),
        format!("{solana}/nft:{usdc}"),
        "xrpl:0/token:USD".into(),
        BTC.replace("slip44", "token"),
        // Another letter case or length, and the hexadecimal form, are no second spelling.
        format!("tron:728126428/trc20:{}", usdt.to_lowercase()),
        "tron:728126428/trc20:41a614f803b6fd780986a42c78ec9c7f77e6ded13c".into(),
        "tron:728126428/trc20:0xa614f803b6fd780986a42c78ec9c7f77e6ded13c".into(),
        format!("tron:0x2b6653dc/trc20:{usdt}"),
        format!("{solana}/token:1{usdc}"),
        format!("{solana}/token:{}", &usdc[..30]),
    ] {
        assert_eq!(instance_code(&text), Err("instance-spelling"), "{text}");
    }
    let bep20 = USDT.replace("erc20", "bep20");
    assert_eq!(
        InstanceId::new(bep20).unwrap_err().to_string(),
        "the asset namespace of the instance is not in its canonical form: `slip44` or `erc20` on eip155 chains"
    );
}

#[test]
fn instances_have_the_form_of_caip_19() {
    for text in [
        BTC,
        ETH,
        USDT,
        "cosmos:cosmoshub-4/slip44:118",
        "solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp/token:EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v",
        "sui:mainnet/coin:0x2%3A%3Asui%3A%3ASUI",
    ] {
        assert_eq!(instance_code(text), Ok(()), "{text}");
    }
    for text in [
        "",
        "/",
        ":/:",
        "eip155",
        "eip155:1",
        "eip155:1/slip44",
        "eip155/slip44:60",
        "EIP155:1/slip44:60",
        "ei:1/slip44:60",
        "eip155eip:1/slip44:60",
        "eip155:/slip44:60",
        "eip155:1/slip44:",
        "eip155:1/slip44:60/1",
        "eip155:1/slip44:60:1",
        "eip155:1/slip44:6 0",
        "eip155:1/slip44:60\n",
        " eip155:1/slip44:60",
        "eip155:1//slip44:60",
        "eip155:1/slip44:é",
        &format!("eip155:{}/slip44:60", "1".repeat(33)),
        &format!("eip155:1/slip44:{}", "1".repeat(129)),
    ] {
        assert_eq!(instance_code(text), Err("instance-form"), "{text}");
    }
    assert_eq!(InstanceId::new(USDT).unwrap().chain(), "eip155:1");
}

#[test]
fn s_12_an_instance_has_one_spelling() {
    for text in [
        "eip155:01/slip44:60",
        "eip155:x/slip44:60",
        "eip155:1/slip44:060",
        "eip155:1/slip44:eth",
        "eip155:1/erc20:0xdAC17F958D2ee523a2206206994597C13D831ec7",
        "eip155:1/erc20:0Xdac17f958d2ee523a2206206994597c13d831ec7",
        "eip155:1/erc20:dac17f958d2ee523a2206206994597c13d831ec7",
        "eip155:1/erc20:0xdac17f958d2ee523a2206206994597c13d831e",
        "bip122:000000000019D6689C085AE165831E93/slip44:0",
        "bip122:000000000019d6689c085ae165831e9/slip44:0",
        "sui:mainnet/coin:0x2%3a%3asui",
        "sui:mainnet/coin:%41",
        "sui:mainnet/coin:a%",
        "sui:mainnet/coin:a%3",
    ] {
        assert_eq!(instance_code(text), Err("instance-spelling"), "{text}");
    }
}

#[test]
fn ledger_decimals_are_those_of_the_finest_instance() {
    let bsc = "eip155:56/erc20:0x55d398326f99059ff775485246999027b3197955";
    assert_eq!(
        asset("USDT", 6, &[(USDT, 6), (bsc, 18)])
            .ledger_decimals()
            .get(),
        18
    );
    assert_eq!(asset("BTC", 11, &[(BTC, 8)]).ledger_decimals().get(), 11);
}

#[test]
fn an_asset_needs_a_name_and_an_instance() {
    let new = |name: &str, instances| {
        Asset::new(
            AssetId::new("ETH").unwrap(),
            name.to_owned(),
            Decimals::new(8).unwrap(),
            instances,
        )
        .map_err(|e| e.code())
    };
    assert_eq!(new("", vec![instance(ETH, 18)]), Err("asset-name"));
    assert_eq!(
        new("Ether\u{202e}", vec![instance(ETH, 18)]),
        Err("asset-name")
    );
    assert_eq!(
        new(&"é".repeat(33), vec![instance(ETH, 18)]),
        Err("asset-name")
    );
    assert_eq!(new("Ether", vec![]), Err("instance-count"));
    assert_eq!(
        new("Ether", vec![instance(ETH, 18); 257]),
        Err("instance-count")
    );
}

#[test]
fn u_14_assets_are_read_from_named_fields_only() {
    let good = r#"[{"id":"ETH","name":"Ether","decimals":8,"instance":[{"id":"eip155:1/slip44:60","decimals":18}]}]"#;
    let table: AssetTable = serde_json::from_str(good).unwrap();
    assert_eq!(serde_json::to_string(&table).unwrap(), good);
    assert_eq!(
        table
            .find("ETH")
            .map(|(index, asset)| (index, asset.name())),
        Some((0, "Ether"))
    );
    assert!(table.find("BTC").is_none());
    for (from, to) in [
        (
            r#"{"id":"eip155:1/slip44:60","decimals":18}"#,
            r#"["eip155:1/slip44:60",18]"#,
        ),
        (r#""decimals":8"#, r#""decimals":8,"decimals":8"#),
        (r#""decimals":8"#, r#""decimals":8,"colour":1"#),
        (r#""decimals":8"#, r#""decimals":"8""#),
        (r#""decimals":8"#, r#""decimals":39"#),
        (r#""decimals":8,"#, ""),
        (r#""decimals":18"#, r#""decimals":18,"x":1"#),
        ("ETH", "eth"),
        ("slip44:60", "slip44:060"),
    ] {
        assert!(
            serde_json::from_str::<AssetTable>(&good.replace(from, to)).is_err(),
            "{to}"
        );
    }
    assert!(serde_json::from_str::<AssetTable>(r#"[["ETH","Ether",8,[]]]"#).is_err());
    assert!(serde_json::from_str::<AssetTable>("[]").is_err());
}

proptest! {
    #[test]
    fn no_text_panics(text in any::<String>()) {
        let _ = AssetId::new(text.clone()).map_err(|e| e.to_string());
        let _ = InstanceId::new(text).map_err(|e| e.to_string());
    }

    #[test]
    fn no_nearly_right_instance_panics(text in "[a-z0-9]{0,9}:?[a-zA-Z0-9%_-]{0,33}/?[a-z0-9]{0,9}:?[a-zA-Z0-9%.]{0,20}") {
        if let Ok(id) = InstanceId::new(text.clone()) {
            prop_assert_eq!(id.as_str(), text);
        }
    }
}
