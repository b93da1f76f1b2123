//! ATTACKS 4.7 on a real node of an EVM chain and a real token: balances of a past block, after the coins have moved.

mod nodes;
mod support;

use std::collections::BTreeSet;
use std::time::{Instant, SystemTime};

use nodes::{Node, installed};
use por_protocol::digest::Digest;
use por_protocol::ownership::testing::SampleKey;
use por_protocol::ownership::{Address, EvmChainId, Network};
use por_protocol::state_proof::{Account, EvmAddress};
use por_prover::chains::evm::EvmNode;
use serde_json::{Value, json};
use support::{Sample, challenge};

const CHAIN: u64 = 31337;
const NETWORK: &str = "eip155:31337";

fn key(number: u8) -> SampleKey {
    SampleKey::from_secret(&[number; 32]).unwrap()
}

fn address(number: u8) -> Address {
    key(number)
        .evm_address(EvmChainId::new(CHAIN).unwrap())
        .unwrap()
}

/// Sends a transaction from an account of the node's own, and gives its receipt.
#[track_caller]
fn send(node: &Node, transaction: Value) -> Value {
    let hash = node.call("eth_sendTransaction", json!([transaction]));
    node.wait_for(|node| node.call("eth_getTransactionReceipt", json!([hash])) != Value::Null);
    let receipt = node.call("eth_getTransactionReceipt", json!([hash]));
    assert_eq!(receipt["status"], "0x1", "{receipt}");
    receipt
}

fn word(value: u128) -> String {
    format!("{value:064x}")
}

/// Deploys OpenZeppelin's ERC20PresetFixedSupply; the whole supply goes to `owner`.
fn deploy(node: &Node, owner: &str, supply: u128) -> String {
    let path =
        "npm/node_modules/@openzeppelin/contracts/build/contracts/ERC20PresetFixedSupply.json";
    let artifact: Value =
        serde_json::from_slice(&std::fs::read(installed().join(path)).unwrap()).unwrap();
    let text = |text: &str| format!("{}{:0<64}", word(text.len() as u128), hex::encode(text));
    // (string name, string symbol, uint256 supply, address owner)
    let arguments = [
        word(0x80),
        word(0xc0),
        word(supply),
        format!("{:0>64}", &owner[2..]),
        text("Test Dollar"),
        text("TUSD"),
    ]
    .concat();
    let code = format!("{}{arguments}", artifact["bytecode"].as_str().unwrap());
    let receipt = send(
        node,
        json!({ "from": owner, "data": code, "gas": "0x4c4b40" }),
    );
    receipt["contractAddress"].as_str().unwrap().to_lowercase()
}

fn transfer_token(node: &Node, token: &str, from: &str, to: &Address, amount: u128) {
    let data = format!("0xa9059cbb{:0>64}{}", &to.as_str()[2..], word(amount));
    send(node, json!({ "from": from, "to": token, "data": data }));
}

fn transfer(node: &Node, from: &str, to: &str, wei: u128) {
    send(
        node,
        json!({ "from": from, "to": to, "value": format!("{wei:#x}") }),
    );
}

/// A chain with reserves at a block, from which they have moved since.
struct Story {
    node: Node,
    height: u64,
    tusd: String,
    meme: String,
}

const UNIT: u128 = 1_000_000_000_000_000_000;

/// 2 and 3 ether at addresses 1 and 2, none ever at 3; 700 and 40 TUSD at 1 and 2; 55 MEME at 1. Then all of it leaves.
fn story() -> Story {
    let node = Node::anvil(CHAIN);
    let owner = node.call("eth_accounts", json!([]))[0]
        .as_str()
        .unwrap()
        .to_string();
    let tusd = deploy(&node, &owner, 1_000_000_000_000_000_000_000);
    let meme = deploy(&node, &owner, 1_000_000 * UNIT);
    transfer(
        &node,
        &owner,
        address(1).as_str(),
        2_000_000_000_000_000_000,
    );
    transfer(
        &node,
        &owner,
        address(2).as_str(),
        3_000_000_000_000_000_000,
    );
    transfer_token(
        &node,
        &tusd,
        &owner,
        &address(1),
        700_000_000_000_000_000_000,
    );
    transfer_token(
        &node,
        &tusd,
        &owner,
        &address(2),
        40_000_000_000_000_000_000,
    );
    transfer_token(&node, &meme, &owner, &address(1), 55 * UNIT);
    let height = node.call("eth_blockNumber", json!([]));
    let height = u64::from_str_radix(&height.as_str().unwrap()[2..], 16).unwrap();
    for number in [1, 2] {
        let own = address(number);
        node.call("anvil_impersonateAccount", json!([own.as_str()]));
        for token in [&tusd, &meme] {
            let call = json!([{ "to": token, "data": format!("0x70a08231{:0>64}", &own.as_str()[2..]) }, "latest"]);
            let held = node.call("eth_call", call);
            let held = u128::from_str_radix(&held.as_str().unwrap()[2..], 16).unwrap();
            if held > 0 {
                let to = Address::parse(&NETWORK.parse::<Network>().unwrap(), &owner).unwrap();
                transfer_token(&node, token, own.as_str(), &to, held);
            }
        }
        transfer(&node, own.as_str(), &owner, 1_900_000_000_000_000_000);
    }
    Story {
        node,
        height,
        tusd,
        meme,
    }
}

fn now() -> String {
    humantime::format_rfc3339_seconds(SystemTime::now()).to_string()
}

/// An exchange that holds the story's reserves, planned and built.
fn exchange(story: &Story) -> Sample {
    exchange_of(story, 18)
}

/// The same, with MEME at so many decimals; its contract says 18.
fn exchange_of(story: &Story, decimals: u8) -> Sample {
    let sample = Sample::new(&["ETH"], 20);
    let Story { tusd, meme, .. } = story;
    sample.write(
        "assets.toml",
        format!(
            "[[asset]]\nid = \"ETH\"\nname = \"Ether\"\ndecimals = 9\n\
             [[asset.instance]]\nid = \"{NETWORK}/slip44:60\"\ndecimals = 18\n\
             [[asset]]\nid = \"TUSD\"\nname = \"Test Dollar\"\ndecimals = 6\n\
             [[asset.instance]]\nid = \"{NETWORK}/erc20:{tusd}\"\ndecimals = 18\n\
             [[asset]]\nid = \"MEME\"\nname = \"Meme\"\ndecimals = 0\n\
             [[asset.instance]]\nid = \"{NETWORK}/erc20:{meme}\"\ndecimals = {decimals}\n"
        ),
    );
    std::fs::remove_dir_all(sample.at("exchange")).unwrap();
    let terms = ["--entity", support::ENTITY, "--log-origin", support::ORIGIN];
    sample
        .por("init", &[&terms[..], &["--assets", "assets.toml"]].concat())
        .expect(0);
    let mut ledger = String::from("account,asset,amount\n");
    for number in 0..20 {
        ledger.push_str(&format!(
            "u{number},ETH,0.2\nu{number},TUSD,30\nu{number},MEME,2\n"
        ));
    }
    sample.write("ledger.csv", ledger);
    let tokens = json!({ "tokens": [{
        "instance": format!("{NETWORK}/erc20:{tusd}"), "symbol": "TUSD", "decimals": 18,
        "layout": { "solidity_mapping": { "slot": "00", "bits": 256 } },
    }] });
    sample.write("exchange/tokens.json", tokens.to_string());
    let mut list = String::from("network,address,asset,scheme,signature\n");
    for (number, asset) in [
        (1, "ETH"),
        (2, "ETH"),
        (3, "ETH"),
        (1, "TUSD"),
        (2, "TUSD"),
        (3, "TUSD"),
        (1, "MEME"),
    ] {
        let own = address(number);
        let signature = key(number)
            .sign_eip191(challenge().text(&own).as_bytes())
            .unwrap();
        list.push_str(&format!("{NETWORK},{own},{asset},eip191,{signature}\n"));
    }
    sample.write("list.csv", list);
    sample.write("chains.toml", config(&story.node.url, story.height));
    let now = now();
    let period = &now[..7];
    sample
        .por(
            "plan",
            &[
                "--ledger",
                "ledger.csv",
                "--period",
                period,
                "--snapshot",
                &now,
            ],
        )
        .expect(0);
    sample.por("build", &[]).expect(0);
    sample
}

fn config(url: &str, height: u64) -> String {
    format!(
        "[[chain]]\nnetwork = \"{NETWORK}\"\nheight = {height}\n\
         [[chain.node]]\nname = \"own anvil\"\nurl = \"{url}\"\n"
    )
}

fn collect(sample: &Sample, out: &str) -> support::Done {
    let arguments = [
        "reserves",
        "collect",
        "--home",
        "exchange",
        "--config",
        "chains.toml",
    ];
    sample.anyone(&[&arguments[..], &["--reserves", "list.csv", "--out", out]].concat())
}

fn attest(sample: &Sample, folder: &str) -> support::Done {
    let reserves = format!("{folder}/reserves.csv");
    let terms = ["--block-header", "header.hex", "--nonce", support::NONCE];
    sample.por(
        "attest",
        &[
            &terms[..],
            &["--reserves", &reserves, "--collected", folder],
        ]
        .concat(),
    )
}

fn audit(sample: &Sample, arguments: &[&str]) -> (i32, Value) {
    let tokens = ["--tokens", "exchange/tokens.json", "--json"];
    let done = sample.audit(&[&tokens[..], arguments].concat());
    let report = serde_json::from_str(&done.out).unwrap_or_else(|_| panic!("{done:?}"));
    (done.code, report)
}

/// Class and amount of each asset's reserves.
fn reserves(report: &Value) -> Vec<(String, String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_string();
    let books = report["books"].as_array().unwrap().iter();
    books
        .flat_map(|book| {
            let sums = book["reserves"].as_array().unwrap().iter();
            sums.map(|sum| {
                (
                    text(&book["asset"]),
                    text(&sum["class"]),
                    text(&sum["amount"]),
                )
            })
        })
        .collect()
}

fn classes(report: &Value) -> BTreeSet<String> {
    reserves(report)
        .into_iter()
        .map(|(_, class, _)| class)
        .collect()
}

fn reason(report: &Value, id: &str) -> String {
    let mut checks = report["checks"].as_array().unwrap().iter();
    let check = checks.find(|check| check["id"] == id).unwrap();
    format!("{} {}", check["outcome"].as_str().unwrap(), check["detail"])
}

#[test]
fn balances_of_a_past_block_are_collected_attested_and_confirmed() {
    let story = story();
    let sample = exchange(&story);
    collect(&sample, "collected").expect(0);
    let list = sample.read("collected/reserves.csv");
    let line = |number: u8, asset: &str| {
        let start = format!("{NETWORK},{},{asset},", address(number));
        let line = list.lines().find(|line| line.starts_with(&start)).unwrap();
        line.rsplitn(4, ',').take(3).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(line(1, "ETH"), " evm_state_proof 2");
    assert_eq!(line(2, "ETH"), " evm_state_proof 3");
    assert_eq!(
        line(3, "ETH"),
        " evm_state_proof 0",
        "an address that the state does not hold"
    );
    assert_eq!(line(1, "TUSD"), " evm_state_proof 700");
    assert_eq!(
        line(3, "TUSD"),
        " evm_state_proof 0",
        "a slot that the contract does not hold"
    );
    assert_eq!(
        line(1, "MEME"),
        " contract_call 55",
        "its layout is not registered"
    );
    collect(&sample, "collected").refuses(4, &["exists already"]);
    attest(&sample, "collected").expect(0);
    sample.publish_anyway().expect(0);

    // Without a node: proven against a block that nobody confirmed.
    let (code, report) = audit(&sample, &[]);
    assert_eq!(code, 0, "{report}");
    let expect = |class: &str, call: &str| {
        let of = |asset: &str, class: &str, amount: &str| {
            (asset.to_string(), class.to_string(), amount.to_string())
        };
        vec![
            of("ETH", class, "5000000000"),
            of("TUSD", class, "740000000"),
            of("MEME", call, "55"),
        ]
    };
    let sorted = |mut list: Vec<_>| {
        list.sort();
        list
    };
    assert_eq!(
        sorted(reserves(&report)),
        sorted(expect("A, block unconfirmed", "D"))
    );

    // The checker's own node gives A to proofs and B to what it answered again.
    let (code, report) = audit(&sample, &["--ethereum-rpc", &story.node.url]);
    assert_eq!(code, 0, "{report}");
    assert_eq!(sorted(reserves(&report)), sorted(expect("A", "B")));

    // A block hash from elsewhere gives A to proofs, and nothing to answers.
    let blocks: Value = serde_json::from_str(&sample.read("collected/snapshot.json")).unwrap();
    let hash = blocks[0]["hash"].as_str().unwrap();
    let (code, report) = audit(&sample, &["--confirm-block", &format!("{NETWORK}={hash}")]);
    assert_eq!(code, 0, "{report}");
    assert_eq!(sorted(reserves(&report)), sorted(expect("A", "D")));

    // A token that the checker does not know: what its proof means cannot be told.
    let done = sample.audit(&[]);
    done.says(6, &["balances-evidenced", "registry"]);

    b_02_other_chains_confirm_nothing(&sample);
    b_07_coins_that_came_for_the_snapshot_are_seen(&sample, &story);
    let url = story.node.url.clone();
    story.node.stop();
    let (code, report) = audit(&sample, &["--ethereum-rpc", &url]);
    assert_eq!(code, 6, "{report}");
    assert!(
        reason(&report, "balances-confirmed").starts_with("cannot_tell"),
        "{report}"
    );
    assert!(!classes(&report).contains("A") && !classes(&report).contains("B"));
}

/// What `por window` says as JSON.
fn window(sample: &Sample, node: &str, blocks: &str) -> Value {
    let policy = ["--policy", "exchange/policy", "--ethereum-rpc", node];
    let arguments = ["window", "publication", "--blocks", blocks, "--json"];
    let done = sample.anyone(&[&arguments[..], &policy].concat()).expect(0);
    let mut window: Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!(window["format"], "por/window/v1");
    let attested = sample.at("publication/attestations/000000/attestation.json");
    let digest = Digest::of(&std::fs::read(attested).unwrap());
    assert_eq!(window["attestation"], digest.to_string().as_str());
    window["coins"].take()
}

fn b_07_coins_that_came_for_the_snapshot_are_seen(sample: &Sample, story: &Story) {
    let movements = window(sample, &story.node.url, "5");
    let of = |instance: &str| {
        let ends = |movement: &&Value| movement["instance"].as_str().unwrap().ends_with(instance);
        movements.as_array().unwrap().iter().find(ends).unwrap()
    };
    let ether = of("slip44:60");
    assert_eq!(
        (&ether["asset"], &ether["decimals"]),
        (&json!("ETH"), &json!(18))
    );
    let (before, after) = (story.height - 5, story.height + 5);
    let heights = json!({ "before": before, "at": story.height, "after": after });
    assert_eq!(ether["heights"], heights);
    assert_eq!(
        (&ether["before"], &ether["at"]),
        (&json!("0"), &json!("5000000000000000000"))
    );
    assert_eq!(
        ether["came"], ether["at"],
        "all of it came within five blocks"
    );
    assert_eq!(
        (&ether["addresses"], &ether["empty_before"]),
        (&json!(3), &json!(3))
    );
    // Beside what was sent on, fees have left.
    let left: u128 = ether["left"].as_str().unwrap().parse().unwrap();
    assert!(
        (3_800_000_000_000_000_000..3_801_000_000_000_000_000).contains(&left),
        "{left}"
    );
    for (token, amount) in [
        (&story.tusd, "740000000000000000000"),
        (&story.meme, "55000000000000000000"),
    ] {
        let token = of(token);
        let came = (
            &token["before"],
            &token["came"],
            &token["left"],
            &token["after"],
        );
        assert_eq!(
            came,
            (&json!("0"), &json!(amount), &json!(amount), &json!("0"))
        );
    }
    // One block more, and the chain has not come so far.
    let later = window(sample, &story.node.url, "4");
    assert_ne!(later[0]["after"], Value::Null);
    story.node.call("anvil_rollback", json!([1]));
    let shorter = window(sample, &story.node.url, "5");
    assert_eq!(
        (&shorter[0]["after"], &shorter[0]["left"]),
        (&Value::Null, &Value::Null)
    );
    story.node.call("anvil_mine", json!(["0x1"]));
    // For people.
    let arguments = [
        "window",
        "publication",
        "--policy",
        "exchange/policy",
        "--blocks",
        "5",
    ];
    let done = sample.anyone(&[&arguments[..], &["--ethereum-rpc", &story.node.url]].concat());
    done.says(
        0,
        &[
            "came 5 (of 3 addresses, 3 were empty before)",
            "left 740",
            "no verdict",
        ],
    );
    sample.anyone(&arguments).refuses(3, &["no node is named"]);
    let down = ["--ethereum-rpc", "http://127.0.0.1:9"];
    sample
        .anyone(&[&arguments[..], &down].concat())
        .refuses(6, &["127.0.0.1:9"]);
    // Before the tokens were there, their contracts answer nothing: that is no zero.
    let arguments = [
        "window",
        "publication",
        "--policy",
        "exchange/policy",
        "--blocks",
        "7",
    ];
    let early = sample.anyone(&[&arguments[..], &["--ethereum-rpc", &story.node.url]].concat());
    early.refuses(6, &["eth_call"]);
}

fn b_02_other_chains_confirm_nothing(sample: &Sample) {
    // Another chain of the same id, as a fork or an impostor has it: it has another block at that height, or none yet.
    let fork = Node::anvil(CHAIN);
    let (code, report) = audit(sample, &["--ethereum-rpc", &fork.url]);
    assert_eq!(code, 6, "it has not got that far: {report}");
    fork.call("anvil_mine", json!(["0x40"]));
    let (code, report) = audit(sample, &["--ethereum-rpc", &fork.url]);
    assert_eq!(code, 1, "{report}");
    assert!(
        reason(&report, "balances-confirmed").contains("the attestation says"),
        "{report}"
    );
    assert!(!classes(&report).contains("A"), "{report}");
    // A chain of another id: the attestation has no block of it.
    let other = Node::anvil(1);
    let (code, report) = audit(sample, &["--ethereum-rpc", &other.url]);
    assert_eq!(code, 6, "{report}");
    // A hash by hand that is another.
    let wrong = format!("{NETWORK}=0x{}", "12".repeat(32));
    let (code, report) = audit(sample, &["--confirm-block", &wrong]);
    assert_eq!(code, 1, "{report}");
    assert!(!classes(&report).contains("A"), "{report}");
    let (code, _) = audit(sample, &["--confirm-block", "eip155:5=0x12"]);
    assert_eq!(code, 6);
}

#[test]
fn b_01_b_02_b_03_what_nodes_cannot_show_is_not_collected() {
    let story = story();
    let sample = exchange(&story);
    // A node of another chain.
    let other = Node::anvil(1);
    sample.write("chains.toml", config(&other.url, 1));
    collect(&sample, "wrong").refuses(1, &["eip155:1, not of eip155:31337"]);
    // A height that is not there yet.
    sample.write("chains.toml", config(&story.node.url, 1_000_000));
    collect(&sample, "wrong").refuses(6, &["it has no block 1000000"]);
    // Two nodes that disagree.
    let fork = Node::anvil(CHAIN);
    fork.call("anvil_mine", json!(["0x40"]));
    let both = config(&story.node.url, story.height)
        + &format!(
            "[[chain.node]]\nname = \"second\"\nurl = \"{}\"\n",
            fork.url
        );
    sample.write("chains.toml", &both);
    collect(&sample, "wrong").refuses(1, &["at the first node"]);
    // Nobody there.
    let url = fork.url.clone();
    fork.stop();
    sample.write("chains.toml", config(&url, story.height));
    collect(&sample, "wrong").refuses(6, &["eth_chainId"]);
    assert!(!sample.at("wrong").exists(), "nothing is written");
    // A balance that was raised after it was collected is not signed.
    sample.write("chains.toml", config(&story.node.url, story.height));
    collect(&sample, "collected").expect(0);
    sample.edit(
        "collected/reserves.csv",
        ",2,evm_state_proof",
        ",2.1,evm_state_proof",
    );
    attest(&sample, "collected").refuses(3, &["balance", "nothing was signed"]);
}

#[test]
fn a_thousand_proofs_come_in_one_batch_and_verify_within_a_second() {
    let story = story();
    let client = story.node.client();
    let node = EvmNode::connect(&client).unwrap();
    let block = node.block(story.height).unwrap();
    let addresses: Vec<EvmAddress> = (0..1000_u16)
        .map(|index| {
            let mut bytes = [7; 20];
            bytes[..2].copy_from_slice(&index.to_be_bytes());
            match index % 2 {
                0 => EvmAddress::from_bytes(bytes),
                _ => EvmAddress::of(&address(1 + (index % 3) as u8)).unwrap(),
            }
        })
        .collect();
    let start = Instant::now();
    let proofs = node
        .account_proofs(&addresses, story.height, |_| ())
        .unwrap();
    let fetched = start.elapsed();
    let start = Instant::now();
    for (address, proof) in addresses.iter().zip(&proofs) {
        Account::prove(block.header.state_root(), address, &proof.account).unwrap();
    }
    let verified = start.elapsed();
    println!("1000 proofs: fetched in {fetched:?}, verified in {verified:?}");
    assert!(verified.as_secs_f64() <= 1.0, "{verified:?}");
}

/// The list with amounts, as somebody would read them by hand, and the folder `by-hand` that is collected of it.
fn collect_by_hand(sample: &Sample, story: &Story, meme: &str) {
    let amounts = ["amount", "2", "3", "0", "700", "40", "0", meme];
    let list: String = sample
        .read("list.csv")
        .lines()
        .zip(amounts)
        .map(|(line, amount)| format!("{line},{amount}\n"))
        .collect();
    sample.write("list.csv", list);
    let config = config(&story.node.url, story.height);
    let (config, _) = config.split_once("url = ").unwrap();
    sample.write("chains.toml", config);
    collect(sample, "by-hand").expect(0);
}

fn attest_by_hand(sample: &Sample, story: &Story) {
    let client = story.node.client();
    let block = EvmNode::connect(&client).unwrap().block(story.height);
    let hash = block.unwrap().header.hash();
    let block = format!("{NETWORK}={}={hash}", story.height);
    let terms = ["--block-header", "header.hex", "--nonce", support::NONCE];
    let folder = [
        "--reserves",
        "by-hand/reserves.csv",
        "--collected",
        "by-hand",
    ];
    sample
        .por(
            "attest",
            &[&terms[..], &folder, &["--block", &block]].concat(),
        )
        .expect(0);
    sample.publish().expect(0);
}

#[test]
fn b_01_readings_of_an_evm_chain_are_read_again_by_the_checkers_own_node() {
    let story = story();
    let url = &story.node.url;
    let sample = exchange(&story);
    // Two nodes that agree; then the exchange's word alone.
    let agreed = sample.copy();
    let two = config(url, story.height).replace(
        "[[chain.node]]",
        "evidence = \"agreed_readings\"\n[[chain.node]]",
    ) + &format!("[[chain.node]]\nname = \"second\"\nurl = \"{url}\"\n");
    agreed.write("chains.toml", two);
    collect(&agreed, "collected").expect(0);
    attest(&agreed, "collected").expect(0);
    agreed.publish().expect(0);
    collect_by_hand(&sample, &story, "55");
    let honest = sample.copy();
    attest_by_hand(&honest, &story);
    for (sample, class) in [(&agreed, "C"), (&honest, "D")] {
        let (code, report) = audit(sample, &[]);
        assert_eq!((code, classes(&report)), (0, [class.to_string()].into()));
        let (code, report) = audit(sample, &["--ethereum-rpc", url]);
        assert_eq!(code, 0, "{report}");
        assert_eq!(classes(&report), ["B".to_string()].into(), "{report}");
    }
    // More or less of a coin, or of a token that the registry lists, or of one that it does not.
    for (asset, from, to) in [
        (
            "ETH",
            ",2,signed_reading",
            ",2.000000000000000001,signed_reading",
        ),
        ("ETH", ",0,signed_reading", ",1,signed_reading"),
        ("TUSD", ",40,signed_reading", ",39,signed_reading"),
        ("MEME", ",55,signed_reading", ",56,signed_reading"),
    ] {
        let liar = sample.copy();
        let edit = |text: &str, from: &str, to: &str| {
            let fits = |line: &&str| line.contains(&format!(",{asset},")) && line.contains(from);
            let line = text.lines().find(fits).unwrap().to_string();
            text.replace(&line, &line.replace(from, to))
        };
        let list = liar.read("by-hand/reserves.csv");
        liar.write("by-hand/reserves.csv", edit(&list, from, to));
        // The exchange's word may do without its records.
        std::fs::remove_file(liar.at("by-hand/annexes/readings.jsonl")).unwrap();
        attest_by_hand(&liar, &story);
        let (code, report) = audit(&liar, &[]);
        assert_eq!((code, classes(&report)), (0, ["D".to_string()].into()));
        let (code, report) = audit(&liar, &["--ethereum-rpc", url]);
        assert_eq!(code, 1, "{asset}: {report}");
        let why = reason(&report, "balances-confirmed");
        assert!(why.contains("the balance is another"), "{asset}: {why}");
        assert_eq!(classes(&report), ["D".to_string()].into(), "{asset}");
    }
}

#[test]
fn b_01_an_answer_that_no_contract_gave_is_found_by_the_checkers_own_node() {
    let story = story();
    let sample = exchange(&story);
    collect(&sample, "collected").expect(0);
    sample.edit(
        "collected/reserves.csv",
        ",55,contract_call",
        ",56,contract_call",
    );
    let annex = format!("collected/annexes/evm-{CHAIN}.jsonl");
    sample.edit(&annex, &word(55 * UNIT), &word(56 * UNIT));
    attest(&sample, "collected").expect(0);
    sample.publish().expect(0);
    let (code, report) = audit(&sample, &[]);
    assert_eq!(code, 0, "{report}");
    let (code, report) = audit(&sample, &["--ethereum-rpc", &story.node.url]);
    assert_eq!(code, 1, "{report}");
    let why = reason(&report, "balances-confirmed");
    assert!(
        why.contains(&story.meme) && why.contains("the balance is another"),
        "{why}"
    );
    assert!(!classes(&report).contains("B"), "{report}");
}

#[test]
fn b_04_a_contract_that_no_registry_lists_is_asked_for_its_decimals() {
    let story = story();
    // At 17 decimals, the same balance is ten times the coins.
    let sample = exchange_of(&story, 17);
    collect(&sample, "collected").refuses(1, &[&story.meme, "other decimals than 17"]);
    assert!(!sample.at("collected").exists());
    collect_by_hand(&sample, &story, "550");
    attest_by_hand(&sample, &story);
    let (code, report) = audit(&sample, &[]);
    assert_eq!(code, 0, "{report}");
    let (code, report) = audit(&sample, &["--ethereum-rpc", &story.node.url]);
    assert_eq!(code, 1, "{report}");
    let why = reason(&report, "balances-confirmed");
    assert!(why.contains("other decimals than 17"), "{why}");
}
