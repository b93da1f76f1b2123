//! ATTACKS 4.7 on a real Bitcoin node in regtest: the unspent outputs of a past block, after the coins have moved.

mod nodes;
mod support;

use std::collections::BTreeMap;
use std::time::SystemTime;

use nodes::Node;
use por_protocol::amount::{Decimals, ExactAmount};
use por_protocol::ownership::testing::SampleKey;
use por_protocol::ownership::{Address, BitcoinChain};
use por_prover::chains::Fault;
use por_prover::chains::bitcoin::BitcoinNode;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use support::{Sample, challenge};

const NETWORK: &str = "bip122:0f9188f13cb7b2c71f2a335e3a4fc328";

/// A node with a wallet that has coins to spend.
fn funded() -> Node {
    let node = Node::knots();
    node.call("createwallet", json!(["tests"]));
    let own = node.wallet("getnewaddress", json!([]));
    node.call("generatetoaddress", json!([105, own]));
    node
}

fn mine(node: &Node, blocks: u64) {
    let own = node.wallet("getnewaddress", json!([]));
    node.call("generatetoaddress", json!([blocks, own]));
}

/// Height and hash of the tip, once the index of MuHashes has it.
fn tip(node: &Node) -> (u64, String) {
    let height = node.call("getblockcount", json!([])).as_u64().unwrap();
    node.wait_for(|node| {
        let index = &node.call("getindexinfo", json!([]))["coinstatsindex"];
        index["synced"] == true && index["best_block_height"] == height
    });
    let hash = node.call("getblockhash", json!([height]));
    (height, hash.as_str().unwrap().into())
}

/// Everything that the wallet can spend goes to a new address of it.
fn move_everything(node: &Node) {
    let to = node.wallet("getnewaddress", json!([]));
    let sent = node.wallet("sendall", json!([[to]]));
    assert_eq!(sent["complete"], true, "{sent}");
    mine(node, 3);
}

#[test]
fn old_outputs_of_every_kind_of_script_are_found_after_they_were_spent() {
    let node = funded();
    println!("{}", node.call("getnetworkinfo", json!([]))["subversion"]);
    let mut scripts = Vec::new();
    let mut pay = |address: &Value, amount: &str| {
        node.wallet("sendtoaddress", json!([address, amount]));
        let info = node.call("validateaddress", json!([address]));
        scripts.push(hex::decode(info["scriptPubKey"].as_str().unwrap()).unwrap());
    };
    // P2PKH, P2SH-P2WPKH, P2WPKH, P2TR.
    for (kind, amount) in [
        ("legacy", "0.10000001"),
        ("p2sh-segwit", "0.2"),
        ("bech32", "0.3"),
        ("bech32m", "0.4"),
    ] {
        pay(&node.wallet("getnewaddress", json!(["", kind])), amount);
    }
    let one = node.wallet(
        "getaddressinfo",
        json!([node.wallet("getnewaddress", json!(["", "bech32"]))]),
    );
    let p2wsh = node.call("createmultisig", json!([1, [one["pubkey"]], "bech32"]));
    pay(&p2wsh["address"], "0.5");
    // A coinbase of its own, and an address that was never paid.
    let miner = node.wallet("getnewaddress", json!(["", "bech32"]));
    node.call("generatetoaddress", json!([1, miner]));
    let info = node.call("validateaddress", json!([miner]));
    scripts.push(hex::decode(info["scriptPubKey"].as_str().unwrap()).unwrap());
    scripts.push([&[0x00, 0x14][..], &[7; 20]].concat());

    let (height, hash) = tip(&node);
    let client = node.client();
    let ours = BitcoinNode::connect(&client).unwrap();
    assert_eq!(ours.network(), NETWORK);
    let before = ours.utxos(&scripts, height, &hash, |_, _| ()).unwrap();
    let muhash = ours.muhash(height, &hash).unwrap();
    let eight = Decimals::new(8).unwrap();
    let found: BTreeMap<_, _> = before
        .values()
        .map(|utxo| (&utxo.script, utxo.amount.to_units(eight)))
        .collect();
    let expected = ["0.10000001", "0.2", "0.3", "0.4", "0.5"];
    for (script, amount) in scripts.iter().zip(expected) {
        assert_eq!(found[script], amount);
    }
    assert!(
        before
            .values()
            .any(|utxo| utxo.coinbase && utxo.height == height)
    );
    assert_eq!(before.len(), 6);

    move_everything(&node);
    let (later, later_hash) = tip(&node);
    let after = ours.utxos(&scripts, later, &later_hash, |_, _| ()).unwrap();
    assert_eq!(
        after.len(),
        2,
        "only the multisig output and the immature coinbase stayed"
    );
    let again = ours.utxos(&scripts, height, &hash, |_, _| ()).unwrap();
    assert_eq!(
        again, before,
        "the old block's outputs, from a set that no longer holds them"
    );
    assert_eq!(ours.muhash(height, &hash).unwrap(), muhash);
    assert_ne!(ours.muhash(later, &later_hash).unwrap(), muhash);

    b_03_reorganised_blocks_are_noticed(&node, &ours, &scripts, height, &hash);
}

fn b_03_reorganised_blocks_are_noticed(
    node: &Node,
    ours: &BitcoinNode<'_>,
    scripts: &[Vec<u8>],
    height: u64,
    hash: &str,
) {
    let future = ours
        .utxos(scripts, height + 1000, hash, |_, _| ())
        .unwrap_err();
    assert_eq!(future.fault, Fault::NotAvailable);
    assert_eq!(
        ours.block_hash(height + 1000).unwrap_err().fault,
        Fault::NotAvailable
    );
    let wrong = "11".repeat(32);
    assert_eq!(
        ours.utxos(scripts, height, &wrong, |_, _| ())
            .unwrap_err()
            .fault,
        Fault::OtherBlock
    );
    assert_eq!(
        ours.muhash(height, &wrong).unwrap_err().fault,
        Fault::OtherBlock
    );
    node.call("invalidateblock", json!([hash]));
    mine(node, 8);
    tip(node);
    assert_ne!(ours.block_hash(height).unwrap(), hash);
    let replaced = ours.utxos(scripts, height, hash, |_, _| ()).unwrap_err();
    assert_eq!(replaced.fault, Fault::OtherBlock, "{replaced}");
    assert!(replaced.fault.is_false());
}

fn key(number: u8) -> SampleKey {
    SampleKey::from_secret(&[number; 32]).unwrap()
}

fn address(number: u8) -> Address {
    key(number).p2wpkh_address(BitcoinChain::Regtest).unwrap()
}

/// The private key in the form that wallets import (base58check of 0xef, the key and 0x01).
fn wif(number: u8) -> String {
    const ALPHABET: &[u8] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    let payload = [&[0xef][..], &[number; 32], &[1]].concat();
    let check = Sha256::digest(Sha256::digest(&payload));
    let mut number: Vec<u8> = [&payload[..], &check[..4]].concat();
    let mut digits = Vec::new();
    while number.iter().any(|byte| *byte != 0) {
        let mut rest = 0_u32;
        for byte in &mut number {
            let value = rest * 256 + u32::from(*byte);
            *byte = (value / 58) as u8;
            rest = value % 58;
        }
        digits.push(ALPHABET[rest as usize]);
    }
    digits.reverse();
    String::from_utf8(digits).unwrap()
}

/// An exchange whose coins lie at three addresses at a block, and have left them since.
fn exchange(node: &Node) -> (Sample, u64) {
    let taproot = key(2).p2tr_address(BitcoinChain::Regtest).unwrap();
    node.wallet("sendtoaddress", json!([address(1).as_str(), "1.5"]));
    node.wallet("sendtoaddress", json!([address(1).as_str(), "0.00001"]));
    node.wallet("sendtoaddress", json!([taproot.as_str(), "2.25"]));
    let waiting = |node: &Node| {
        node.call("getrawmempool", json!([]))
            .as_array()
            .map(Vec::len)
    };
    node.wait_for(|node| waiting(node) == Some(3));
    // A node may leave a payment for its next block.
    while waiting(node) != Some(0) {
        mine(node, 1);
    }
    node.call("generatetoaddress", json!([1, address(3).as_str()]));
    let (height, _) = tip(node);
    for descriptor in [format!("wpkh({})", wif(1)), format!("tr({})", wif(2))] {
        let info = node.call("getdescriptorinfo", json!([descriptor]));
        let checked = format!("{descriptor}#{}", info["checksum"].as_str().unwrap());
        let done = node.wallet(
            "importdescriptors",
            json!([[{ "desc": checked, "timestamp": 0 }]]),
        );
        assert_eq!(done[0]["success"], true, "{done}");
    }
    move_everything(node);
    tip(node);

    let sample = Sample::new(&["BTC"], 20);
    sample.write(
        "assets.toml",
        format!(
            "[[asset]]\nid = \"BTC\"\nname = \"Bitcoin\"\ndecimals = 8\n\
             [[asset.instance]]\nid = \"{NETWORK}/slip44:0\"\ndecimals = 8\n"
        ),
    );
    std::fs::remove_dir_all(sample.at("exchange")).unwrap();
    let terms = ["--entity", support::ENTITY, "--log-origin", support::ORIGIN];
    sample
        .por("init", &[&terms[..], &["--assets", "assets.toml"]].concat())
        .expect(0);
    let mut ledger = String::from("account,asset,amount\n");
    for number in 0..20 {
        ledger.push_str(&format!("u{number},BTC,0.1\n"));
    }
    sample.write("ledger.csv", ledger);
    let mut list = String::from("network,address,asset,scheme,signature\n");
    for (address, signature) in [
        (
            address(1),
            key(1).sign_bip322_p2wpkh(challenge().text(&address(1)).as_bytes()),
        ),
        (
            taproot.clone(),
            key(2).sign_bip322_p2tr(challenge().text(&taproot).as_bytes()),
        ),
        (
            address(3),
            key(3).sign_bip322_p2wpkh(challenge().text(&address(3)).as_bytes()),
        ),
    ] {
        list.push_str(&format!(
            "{NETWORK},{address},BTC,bip322-simple,{}\n",
            signature.unwrap()
        ));
    }
    sample.write("list.csv", list);
    sample.write("chains.toml", config(node, height));
    let now = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
    sample
        .por(
            "plan",
            &[
                "--ledger",
                "ledger.csv",
                "--period",
                &now[..7],
                "--snapshot",
                &now,
            ],
        )
        .expect(0);
    sample.por("build", &[]).expect(0);
    (sample, height)
}

fn config(node: &Node, height: u64) -> String {
    format!(
        "[[chain]]\nnetwork = \"{NETWORK}\"\nheight = {height}\n\
         [[chain.node]]\nname = \"own node\"\nurl = \"{}\"\ncredentials = \"{}\"\n",
        node.url,
        node.cookie().display()
    )
}

fn collect(sample: &Sample) -> support::Done {
    let arguments = [
        "reserves",
        "collect",
        "--home",
        "exchange",
        "--config",
        "chains.toml",
    ];
    sample.anyone(
        &[
            &arguments[..],
            &["--reserves", "list.csv", "--out", "collected"],
        ]
        .concat(),
    )
}

fn audit(sample: &Sample, node: Option<&Node>) -> (i32, Value) {
    let mut arguments = vec!["--json".to_string()];
    if let Some(node) = node {
        let cookie = node.cookie().display().to_string();
        arguments.extend(["--bitcoin-rpc".into(), node.url.clone()]);
        arguments.extend(["--bitcoin-credentials".into(), cookie]);
    }
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = sample.audit(&arguments);
    let report = serde_json::from_str(&done.out).unwrap_or_else(|_| panic!("{done:?}"));
    (done.code, report)
}

#[test]
fn reserves_of_a_past_block_are_collected_attested_and_listed_again() {
    let node = funded();
    let (sample, _) = exchange(&node);
    // Without the cookie, the node does not answer; and no error shows one.
    sample.edit("chains.toml", "credentials", "#");
    collect(&sample).refuses(6, &["not authorized"]);
    sample.edit("chains.toml", "#", "credentials");
    collect(&sample).expect(0);
    let list = sample.read("collected/reserves.csv");
    let ends: Vec<&str> = list
        .lines()
        .skip(1)
        .map(|line| line.splitn(6, ',').last().unwrap())
        .collect();
    assert_eq!(ends[..2], ["1.50001,utxo_set,", "2.25,utxo_set,"]);
    let mined: Vec<&str> = ends[2].split(',').collect();
    assert_eq!(
        mined[0], mined[2],
        "a coinbase that cannot be spent yet is encumbered"
    );
    assert_eq!(mined[0], "50");
    let terms = ["--block-header", "header.hex", "--nonce", support::NONCE];
    let folder = [
        "--reserves",
        "collected/reserves.csv",
        "--collected",
        "collected",
    ];
    sample
        .por("attest", &[&terms[..], &folder].concat())
        .expect(0);
    sample.publish_anyway().expect(0);

    let (code, report) = audit(&sample, None);
    assert_eq!(code, 0, "{report}");
    let sum = &report["books"][0]["reserves"][0];
    assert_eq!(
        (&sum["class"], &sum["amount"]),
        (&json!("D"), &json!("375001000"))
    );
    let eight = Decimals::new(8).unwrap();
    let immature = ExactAmount::from_units(mined[0], eight)
        .unwrap()
        .to_string();
    assert_eq!(sum["encumbered"], json!(immature));

    let (code, report) = audit(&sample, Some(&node));
    assert_eq!(code, 0, "{report}");
    assert_eq!(report["books"][0]["reserves"][0]["class"], "B");
    let checks = report["checks"].as_array().unwrap();
    let confirmed = checks
        .iter()
        .find(|check| check["id"] == "balances-confirmed")
        .unwrap();
    assert_eq!(confirmed["facts"]["muhash"], "the same");

    b_07_coins_that_came_for_the_snapshot_are_seen(&sample, &node);
    b_02_another_chain_confirms_nothing(&sample);
    b_01_b_03_false_outputs_are_found(&node);
    b_01_b_06_readings_are_compared_with_the_nodes_own_outputs(&node);
}

fn b_07_coins_that_came_for_the_snapshot_are_seen(sample: &Sample, node: &Node) {
    let cookie = node.cookie().display().to_string();
    let done = sample.anyone(&[
        "window",
        "publication",
        "--policy",
        "exchange/policy",
        "--blocks",
        "3",
        "--bitcoin-rpc",
        &node.url,
        "--bitcoin-credentials",
        &cookie,
        "--json",
    ]);
    let window: Value = serde_json::from_str(&done.expect(0).out).unwrap();
    let coins = &window["coins"][0];
    assert_eq!(
        (&coins["asset"], &coins["decimals"]),
        (&json!("BTC"), &json!(8))
    );
    assert_eq!(
        (&coins["before"], &coins["at"]),
        (&json!("0"), &json!("5375001000"))
    );
    assert_eq!(coins["came"], coins["at"]);
    // The two that could be spent left; the third is the miner's reward, which cannot move yet.
    assert_eq!(
        (&coins["after"], &coins["left"]),
        (&json!("5000000000"), &json!("375001000"))
    );
}

fn b_02_another_chain_confirms_nothing(sample: &Sample) {
    let other = funded();
    mine(&other, 20);
    tip(&other);
    let (code, report) = audit(sample, Some(&other));
    assert_eq!(code, 1, "the same genesis, other blocks: {report}");
    assert_eq!(report["books"][0]["reserves"][0]["class"], "D");
    let wrong = format!("{}/none", other.folder.path().display());
    let done = sample.audit(&["--bitcoin-rpc", &other.url, "--bitcoin-credentials", &wrong]);
    assert_eq!(done.code, 4, "{done:?}");
}

/// An exchange that adds an output which never was, with a signature over all of it.
fn b_01_b_03_false_outputs_are_found(node: &Node) {
    let (sample, _) = exchange(node);
    collect(&sample).expect(0);
    let annex = format!("collected/annexes/utxo-{}.jsonl", &NETWORK[7..]);
    let line = format!(
        "{{\"utxo\":{{\"address\":\"{}\",\"outpoint\":\"{}:0\",\"amount\":\"100000000\",\"height\":5,\"coinbase\":false}}}}\n",
        address(1),
        "ab".repeat(32)
    );
    sample.write(&annex, sample.read(&annex) + &line);
    let list = sample.read("collected/reserves.csv");
    let own = list
        .lines()
        .find(|line| line.contains(address(1).as_str()))
        .unwrap();
    let amount = own
        .rsplitn(3, ',')
        .last()
        .unwrap()
        .rsplit(',')
        .next()
        .unwrap();
    let eight = Decimals::new(8).unwrap();
    let more = ExactAmount::from_units(amount, eight).unwrap().steps() + 100_000_000;
    let more = ExactAmount::from_steps(more).to_units(eight);
    sample.edit(
        "collected/reserves.csv",
        &format!(",{amount},utxo_set"),
        &format!(",{more},utxo_set"),
    );
    let terms = ["--block-header", "header.hex", "--nonce", support::NONCE];
    let folder = [
        "--reserves",
        "collected/reserves.csv",
        "--collected",
        "collected",
    ];
    sample
        .por("attest", &[&terms[..], &folder].concat())
        .expect(0);
    sample.publish_anyway().expect(0);
    let (code, report) = audit(&sample, None);
    assert_eq!(
        (code, &report["books"][0]["reserves"][0]["class"]),
        (0, &json!("D"))
    );
    let (code, report) = audit(&sample, Some(node));
    assert_eq!(code, 1, "{report}");
    assert_eq!(report["books"][0]["reserves"][0]["class"], "D");
}

/// Balances that were read by hand, true ones and others: the checker's own node lists the outputs.
fn b_01_b_06_readings_are_compared_with_the_nodes_own_outputs(node: &Node) {
    let (sample, height) = exchange(node);
    collect(&sample).expect(0);
    let list = sample.read("collected/reserves.csv");
    let mined = list.lines().last().unwrap().rsplit(',').next().unwrap();
    let hash = node.call("getblockhash", json!([height]));
    let block = format!("{NETWORK}={height}={}", hash.as_str().unwrap());
    let read = list.replace(",utxo_set,", ",signed_reading,");
    let end = format!(",signed_reading,{mined}\n");
    for (from, to, why) in [
        ("", "", ""),
        (",1.50001,", ",1.50002,", "the balance is another"),
        (",2.25,", ",2.24,", "the balance is another"),
        (&end, ",signed_reading,\n", "more of it is encumbered"),
    ] {
        let claimed = sample.copy();
        assert!(read.contains(from));
        claimed.write("read.csv", read.replacen(from, to, 1));
        let terms = ["--block-header", "header.hex", "--nonce", support::NONCE];
        let list = ["--reserves", "read.csv", "--block", &block];
        claimed
            .por("attest", &[&terms[..], &list].concat())
            .expect(0);
        claimed.publish().expect(0);
        let (code, report) = audit(&claimed, None);
        assert_eq!((code, class(&report)), (0, "D"), "{report}");
        let (code, report) = audit(&claimed, Some(node));
        let expected = if why.is_empty() { (0, "B") } else { (1, "D") };
        assert_eq!((code, class(&report)), expected, "{report}");
        assert!(report.to_string().contains(why), "{report}");
    }
}

fn class(report: &Value) -> &str {
    report["books"][0]["reserves"][0]["class"].as_str().unwrap()
}
