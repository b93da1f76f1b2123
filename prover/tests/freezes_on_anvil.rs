//! A token's blacklist beside its balances (ATTACKS B-06), at a node: USDT's storage on a chain of Ethereum's id.

mod nodes;
mod support;

use std::time::SystemTime;

use nodes::Node;
use por_protocol::ownership::testing::SampleKey;
use por_protocol::ownership::{Address, EvmChainId};
use por_protocol::state_proof::{EvmAddress, TokenRegistry};
use serde_json::json;
use support::{NONCE, Sample, challenge};

const USDT: &str = "eip155:1/erc20:0xdac17f958d2ee523a2206206994597c13d831ec7";

fn key(number: u8) -> SampleKey {
    SampleKey::from_secret(&[number; 32]).unwrap()
}

fn address(number: u8) -> Address {
    key(number)
        .evm_address(EvmChainId::new(1).unwrap())
        .unwrap()
}

/// Writes a word where the registry says that the contract keeps it.
fn store(node: &Node, slot: [u8; 32], value: u64) {
    let (_, contract) = USDT.split_once("/erc20:").unwrap();
    let words = [format!("0x{}", hex::encode(slot)), format!("{value:#066x}")];
    node.call("anvil_setStorageAt", json!([contract, words[0], words[1]]));
}

#[test]
fn b_06_a_holder_in_the_tokens_blacklist_is_collected_and_attested_as_encumbered() {
    let node = Node::anvil(1);
    let tokens = TokenRegistry::built_in().unwrap();
    let token = tokens.find(&USDT.parse().unwrap()).unwrap();
    let (_, contract) = USDT.split_once("/erc20:").unwrap();
    node.call("anvil_setCode", json!([contract, "0x00"]));
    for (number, amount) in [(1, 7_000_000_u64), (2, 900_000_000_000)] {
        let holder = EvmAddress::of(&address(number)).unwrap();
        store(&node, token.layout.slot_of(&holder).unwrap(), amount);
    }
    let frozen = EvmAddress::of(&address(1)).unwrap();
    store(&node, token.frozen_slot_of(&frozen).unwrap(), 1);
    node.call("anvil_mine", json!(["0x2"]));

    let sample = Sample::new(&["USDT"], 24);
    let node_at = format!("url = \"{}\"\n", node.url);
    let chain = "[[chain]]\nnetwork = \"eip155:1\"\nheight = 2\n[[chain.node]]\nname = \"own\"\n";
    sample.write("chains.toml", chain.to_owned() + &node_at);
    let row = |number: u8| {
        let address = address(number);
        let signature = key(number).sign_eip191(challenge().text(&address).as_bytes());
        format!("eip155:1,{address},USDT,eip191,{}\n", signature.unwrap())
    };
    let header = "network,address,asset,scheme,signature\n";
    sample.write("list.csv", [header, &row(1), &row(2), &row(3)].concat());
    let terms = ["--block-header", "header.hex", "--nonce", NONCE];
    let files = ["--config", "chains.toml", "--reserves", "list.csv"];
    let collect = [&files[..], &terms, &["--out", "collected"]].concat();
    let mut arguments = vec!["reserves", "collect", "--home", "exchange"];
    arguments.extend(collect);
    sample.anyone(&arguments).expect(0);

    let now = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
    let times = ["--period", &now[..7], "--snapshot", &now];
    let plan = [&["--ledger", "ledger.csv"][..], &times].concat();
    sample.por("plan", &plan).expect(0);
    sample.por("build", &[]).expect(0);
    let attest = || {
        let files = [
            "--reserves",
            "collected/reserves.csv",
            "--collected",
            "collected",
        ];
        sample.por("attest", &[&files[..], &terms].concat())
    };
    // What is frozen stands as encumbered, the other holder's and nobody's coins do not.
    let whole = sample.read("collected/reserves.csv");
    let line = |number: u8| {
        let own = |line: &&str| line.contains(address(number).as_str());
        whole.lines().find(own).unwrap()
    };
    let columns: Vec<&str> = whole.lines().next().unwrap().split(',').collect();
    let encumbered = |number: u8| {
        let place = columns.iter().position(|name| *name == "encumbered");
        line(number).split(',').nth(place.unwrap()).unwrap()
    };
    assert_eq!([1, 2, 3].map(encumbered), ["7", "", ""], "{whole}");
    let free: Vec<String> = line(1)
        .split(',')
        .zip(&columns)
        .map(|(field, name)| if *name == "encumbered" { "" } else { field }.to_string())
        .collect();
    sample.write(
        "collected/reserves.csv",
        whole.replace(line(1), &free.join(",")),
    );
    attest().refuses(3, &["has frozen the address"]);
    sample.write("collected/reserves.csv", &whole);
    // The proof of the blacklist left out.
    let annex = "collected/annexes/evm-1.jsonl";
    let records = sample.read(annex);
    let cut: String = records
        .lines()
        .map(|line| {
            let mut record: serde_json::Value = serde_json::from_str(line).unwrap();
            if let Some(storage) = record.get_mut("storage") {
                assert!(storage.as_object_mut().unwrap().remove("frozen").is_some());
            }
            record.to_string() + "\n"
        })
        .collect();
    sample.write(annex, cut);
    attest().refuses(3, &["the annex has no such record"]);
    sample.write(annex, &records);
    attest().expect(0);
}
