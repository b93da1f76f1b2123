//! ATTACKS S-08 on a real node and real contracts: a Safe 1.4.1 of three owners, a contract that says yes to everything, and
//! an account that runs another's code.

mod nodes;
mod support;

use std::collections::BTreeSet;
use std::time::SystemTime;

use nodes::{Node, installed};
use por_protocol::balances::{MAGIC_ANSWER, is_yes};
use por_protocol::ownership::testing::SampleKey;
use por_protocol::ownership::{Address, EvmChainId, Network, SafeOwners, eip1271_hash};
use por_protocol::state_proof::keccak256;
use serde_json::{Value, json};
use support::{Sample, challenge};

const CHAIN: u64 = 31337;
const NETWORK: &str = "eip155:31337";
const ETHER: u128 = 1_000_000_000_000_000_000;
/// `PUSH4 1626ba7e PUSH1 e0 SHL PUSH1 0 MSTORE PUSH1 20 PUSH1 0 RETURN`, behind the code that deploys it.
const SAYS_YES: &str = "0x6010600c60003960106000f3631626ba7e60e01b60005260206000f3";

fn key(number: u8) -> SampleKey {
    SampleKey::from_secret(&[number; 32]).unwrap()
}

fn own(number: u8) -> Address {
    key(number)
        .evm_address(EvmChainId::new(CHAIN).unwrap())
        .unwrap()
}

fn parse(text: &str) -> Address {
    Address::parse(&NETWORK.parse::<Network>().unwrap(), text).unwrap()
}

fn bytes_of(address: &Address) -> [u8; 20] {
    let mut bytes = [0; 20];
    hex::decode_to_slice(&address.as_str()[2..], &mut bytes).unwrap();
    bytes
}

fn word(value: u128) -> String {
    format!("{value:064x}")
}

fn padded(address: &Address) -> String {
    format!("{:0>64}", address.as_str()[2..].to_lowercase())
}

#[track_caller]
fn send(node: &Node, transaction: Value) -> Value {
    let hash = node.call("eth_sendTransaction", json!([transaction]));
    node.wait_for(|node| node.call("eth_getTransactionReceipt", json!([hash])) != Value::Null);
    let receipt = node.call("eth_getTransactionReceipt", json!([hash]));
    assert_eq!(receipt["status"], "0x1", "{receipt}");
    receipt
}

fn deploy(node: &Node, from: &str, code: &str) -> Address {
    let receipt = send(
        node,
        json!({ "from": from, "data": code, "gas": "0x989680" }),
    );
    parse(&receipt["contractAddress"].as_str().unwrap().to_lowercase())
}

fn bytecode(path: &str) -> String {
    let folder = "npm/node_modules/@safe-global/safe-contracts/build/artifacts/contracts";
    let path = installed().join(folder).join(path);
    let artifact: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    artifact["bytecode"].as_str().unwrap().to_string()
}

struct Story {
    node: Node,
    height: u64,
    /// A Safe of the keys 1, 2, 3, of which two must sign.
    safe: Address,
    yes: Address,
}

fn story() -> Story {
    story_on(CHAIN)
}

/// Two ether each at the Safe, at the contract that says yes, at the delegated account of key 7 and the plain one of key 8.
fn story_on(chain: u64) -> Story {
    let node = Node::anvil(chain);
    let account = node.call("eth_accounts", json!([]))[0].clone();
    let from = account.as_str().unwrap();
    let singleton = deploy(&node, from, &bytecode("Safe.sol/Safe.json"));
    let handler = deploy(
        &node,
        from,
        &bytecode("handler/CompatibilityFallbackHandler.sol/CompatibilityFallbackHandler.json"),
    );
    let proxy = bytecode("proxies/SafeProxy.sol/SafeProxy.json");
    let safe = deploy(&node, from, &format!("{proxy}{}", padded(&singleton)));
    // setup(owners, threshold, to, data, fallbackHandler, paymentToken, payment, paymentReceiver)
    let setup = [
        "0xb63e800d".to_string(),
        word(0x100),
        word(2),
        word(0),
        word(0x180),
        padded(&handler),
        word(0),
        word(0),
        word(0),
        word(3),
        padded(&own(1)),
        padded(&own(2)),
        padded(&own(3)),
        word(0),
    ]
    .concat();
    send(
        &node,
        json!({ "from": from, "to": safe.as_str(), "data": setup, "gas": "0x989680" }),
    );
    let yes = deploy(&node, from, SAYS_YES);
    // The state that a set-code transaction leaves; the block below seals it.
    let code = format!("0xef0100{}", &yes.as_str()[2..].to_lowercase());
    node.call("anvil_setCode", json!([own(7).as_str(), code]));
    for to in [&safe, &yes, &own(7), &own(8)] {
        let value = format!("{:#x}", 2 * ETHER);
        // The contract that says yes takes a call with any data, and so a payment.
        send(
            &node,
            json!({ "from": from, "to": to.as_str(), "value": value, "gas": "0x989680" }),
        );
    }
    let height = node.call("eth_blockNumber", json!([]));
    let height = u64::from_str_radix(&height.as_str().unwrap()[2..], 16).unwrap();
    Story {
        node,
        height,
        safe,
        yes,
    }
}

fn owners(safe: &Address, numbers: &[u8], threshold: usize) -> SafeOwners {
    let owners: BTreeSet<_> = numbers
        .iter()
        .map(|number| bytes_of(&own(*number)))
        .collect();
    SafeOwners::new(
        EvmChainId::new(CHAIN).unwrap(),
        bytes_of(safe),
        owners,
        threshold,
    )
    .unwrap()
}

/// Signatures of these keys, in the order of their addresses; the last by `personal_sign` of the hash if `eth_sign`.
fn signed(safe: &Address, message: &str, numbers: &[u8], eth_sign: bool) -> String {
    let state = owners(safe, &[1, 2, 3], 2);
    let mut sorted = numbers.to_vec();
    sorted.sort_by_key(|number| bytes_of(&own(*number)));
    let last = sorted.last().copied();
    let mut blob = String::from("0x");
    for number in sorted {
        let text = if eth_sign && Some(number) == last {
            let hash = state.message_hash(message.as_bytes());
            let plain = key(number).sign_eip191(&hash).unwrap();
            let v = u8::from_str_radix(&plain[130..], 16).unwrap();
            format!("{}{:02x}", &plain[..130], v + 4)
        } else {
            key(number).sign_safe(&state, message.as_bytes()).unwrap()
        };
        blob.push_str(&text[2..]);
    }
    blob
}

fn exchange(story: &Story) -> Sample {
    exchange_on(story, NETWORK)
}

fn exchange_on(story: &Story, network: &str) -> Sample {
    let sample = Sample::new(&["ETH"], 20);
    sample.write(
        "assets.toml",
        format!(
            "[[asset]]\nid = \"ETH\"\nname = \"Ether\"\ndecimals = 9\n\
             [[asset.instance]]\nid = \"{network}/slip44:60\"\ndecimals = 18\n"
        ),
    );
    std::fs::remove_dir_all(sample.at("exchange")).unwrap();
    let terms = ["--entity", support::ENTITY, "--log-origin", support::ORIGIN];
    sample
        .por("init", &[&terms[..], &["--assets", "assets.toml"]].concat())
        .expect(0);
    let lines: String = (0..20)
        .map(|number| format!("u{number},ETH,0.1\n"))
        .collect();
    sample.write("ledger.csv", format!("account,asset,amount\n{lines}"));
    sample.write(
        "chains.toml",
        format!(
            "[[chain]]\nnetwork = \"{network}\"\nheight = {}\n\
             [[chain.node]]\nname = \"own anvil\"\nurl = \"{}\"\n",
            story.height, story.node.url
        ),
    );
    let now = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
    let (period, ledger) = (&now[..7], "ledger.csv");
    sample
        .por(
            "plan",
            &["--ledger", ledger, "--period", period, "--snapshot", &now],
        )
        .expect(0);
    sample.por("build", &[]).expect(0);
    sample
}

fn list(sample: &Sample, lines: &[(&Address, &str, &str)]) {
    list_on(sample, NETWORK, lines);
}

fn list_on(sample: &Sample, network: &str, lines: &[(&Address, &str, &str)]) {
    let lines: String = lines
        .iter()
        .map(|(address, scheme, signature)| {
            format!("{network},{address},ETH,{scheme},{signature}\n")
        })
        .collect();
    sample.write(
        "list.csv",
        format!("network,address,asset,scheme,signature\n{lines}"),
    );
}

fn collect(sample: &Sample, out: &str) -> support::Done {
    let arguments = "reserves collect --home exchange --config chains.toml --reserves list.csv \
                     --block-header header.hex --nonce";
    let arguments: Vec<&str> = arguments.split_whitespace().collect();
    sample.anyone(&[&arguments[..], &[support::NONCE, "--out", out]].concat())
}

/// The annex with its first record of a kind changed, which stays JSON.
fn changed(records: &str, kind: &str, change: impl FnOnce(&mut Value)) -> String {
    let mut change = Some(change);
    let line = |line: &str| {
        let mut record: Value = serde_json::from_str(line).unwrap();
        let Some(inner) = record.get_mut(kind) else {
            return line.to_string() + "\n";
        };
        if let Some(change) = change.take() {
            change(inner);
        }
        record.to_string() + "\n"
    };
    let text: String = records.lines().map(line).collect();
    assert!(text != records, "nothing was changed");
    text
}

fn attest(sample: &Sample, folder: &str) -> support::Done {
    let reserves = format!("{folder}/reserves.csv");
    let terms = ["--block-header", "header.hex", "--nonce", support::NONCE];
    let files = ["--reserves", &reserves, "--collected", folder];
    sample.por("attest", &[&terms[..], &files].concat())
}

fn audit(sample: &Sample, arguments: &[&str]) -> (i32, Value) {
    let done = sample.audit(&[&["--json"][..], arguments].concat());
    let report = serde_json::from_str(&done.out).unwrap_or_else(|_| panic!("{done:?}"));
    (done.code, report)
}

fn class(report: &Value) -> &str {
    report["books"][0]["reserves"][0]["class"].as_str().unwrap()
}

#[test]
fn s_08_a_safe_speaks_by_its_storage_and_its_answer_and_a_yes_sayer_never() {
    let story = story();
    let Story {
        node, safe, yes, ..
    } = &story;
    let sample = exchange(&story);
    let text = challenge().text(safe);
    let good = signed(safe, &text, &[3, 1], true);

    // The contract's own word on what this program computes: the hash, both kinds of signatures, and what is false.
    let ask = |signature: &str| {
        let bytes = (signature.len() - 2) / 2;
        let data = format!(
            "0x1626ba7e{}{}{}{}{}",
            hex::encode(eip1271_hash(text.as_bytes())),
            word(64),
            word(bytes as u128),
            &signature[2..],
            "0".repeat(2 * (bytes.next_multiple_of(32) - bytes))
        );
        let call = json!([{ "to": safe.as_str(), "data": data }, "latest"]);
        let answer = node.client().call::<String>("eth_call", call).ok();
        answer.is_some_and(|answer| is_yes(&hex::decode(&answer[2..]).unwrap()))
    };
    let state = owners(safe, &[1, 2, 3], 2);
    for numbers in [&[1_u8, 2][..], &[1, 3], &[2, 3], &[1, 2, 3]] {
        for eth_sign in [false, true] {
            let signature = signed(safe, &text, numbers, eth_sign);
            assert!(ask(&signature), "{numbers:?} {eth_sign}");
            assert_eq!(state.verify(text.as_bytes(), &signature), Ok(()));
        }
    }
    for bad in [
        signed(safe, &text, &[1], false),
        signed(safe, &text, &[1, 4], false),
        signed(safe, "another text", &[1, 2], false),
        signed(yes, &text, &[1, 2], false),
    ] {
        assert!(!ask(&bad));
        assert!(state.verify(text.as_bytes(), &bad).is_err());
    }

    let delegated = own(7);
    let plain = own(8);
    let by_key = |number: u8| key(number).sign_eip191(challenge().text(&own(number)).as_bytes());
    let (seven, eight) = (by_key(7).unwrap(), by_key(8).unwrap());
    list(
        &sample,
        &[
            (safe, "safe", &good),
            (&delegated, "eip191", &seven),
            (&plain, "eip191", &eight),
        ],
    );
    collect(&sample, "collected").expect(0);
    // What is signed is judged first: a signature of one owner, the annex left out or altered.
    let whole = sample.read("collected/reserves.csv");
    sample.write(
        "collected/reserves.csv",
        whole.replace(&good, &signed(safe, &text, &[1], false)),
    );
    attest(&sample, "collected").refuses(3, &["1 signature(s) of the 2"]);
    sample.write("collected/reserves.csv", &whole);
    let annex = "collected/annexes/wallets-31337.jsonl";
    let records = sample.read(annex);
    list(&sample, &[(safe, "safe", &good)]);
    collect(&sample, "alone").expect(0);
    let theirs = "alone/annexes/wallets-31337.jsonl";
    std::fs::remove_file(sample.at(theirs)).unwrap();
    attest(&sample, "alone").refuses(3, &["needs state"]);
    // A record of nobody's: of the row that is not there.
    sample.write(theirs, &records);
    attest(&sample, "alone").refuses(3, &[&format!("the record of {delegated} is no row's")]);
    let owners = |change: &dyn Fn(&mut Vec<Value>)| {
        changed(&records, "safe", |safe| {
            change(safe["owners"].as_array_mut().unwrap())
        })
    };
    let stranger = own(4).to_string();
    for (damaged, why) in [
        (
            owners(&|owners| drop(owners.pop())),
            "Safe's storage goes on",
        ),
        (owners(&|owners| owners.clear()), "Safe's storage goes on"),
        (
            owners(&|owners| owners.swap(0, 1)),
            "are not the list in the Safe's storage",
        ),
        (
            owners(&|owners| owners[2]["address"] = json!(stranger)),
            "are not the list in the Safe's storage",
        ),
        // Nobody signs for key 8 but itself, and its account runs no code.
        (
            changed(&records, "delegated", |record| {
                record["address"] = json!(plain.as_str())
            }),
            "Merkle-Patricia proof: ",
        ),
    ] {
        sample.write(annex, damaged);
        attest(&sample, "collected").refuses(3, &[why]);
    }
    // The delegation kept quiet: the account's own code hash tells.
    let told: Vec<&str> = records
        .lines()
        .filter(|line| !line.contains("delegated"))
        .collect();
    sample.write(annex, told.join("\n") + "\n");
    attest(&sample, "collected").refuses(3, &["no record of the wallets annex says whose"]);
    sample.write(annex, &records);
    attest(&sample, "collected").expect(0);
    sample.publish_anyway().expect(0);

    let (code, report) = audit(&sample, &[]);
    assert_eq!(
        (code, class(&report)),
        (0, "A, block unconfirmed"),
        "{report}"
    );
    let facts = report.to_string();
    assert!(facts.contains("\"wallets_by_state\":\"1\""), "{facts}");
    assert!(
        facts.contains(&format!("\"delegated\":\"{delegated}\"")),
        "{facts}"
    );
    let (code, report) = audit(&sample, &["--ethereum-rpc", &node.url]);
    assert_eq!((code, class(&report)), (0, "A"), "{report}");
}

#[test]
fn s_08_an_answer_counts_when_it_was_asked_again_and_a_yes_sayer_is_refused() {
    let story = story();
    let Story {
        node, safe, yes, ..
    } = &story;
    let sample = exchange(&story);
    let text = challenge().text(safe);
    let good = signed(safe, &text, &[1, 2], false);
    list(&sample, &[(safe, "eip1271", &good)]);
    collect(&sample, "asked").expect(0);
    attest(&sample, "asked").expect(0);
    sample.publish_anyway().expect(0);
    let (code, report) = audit(&sample, &[]);
    assert_eq!(
        (code, class(&report)),
        (0, "D"),
        "the exchange's own word: {report}"
    );
    let (code, report) = audit(&sample, &["--ethereum-rpc", &node.url]);
    assert_eq!((code, class(&report)), (0, "B"), "{report}");
    // Without its annex the row needs state. Nothing shows it to be false, but that the file which is bound is gone.
    let annex = "publication/attestations/000000/annexes/wallets-31337.jsonl";
    std::fs::rename(sample.at(annex), sample.at("aside")).unwrap();
    let (code, report) = audit(&sample, &[]);
    let outcome = |id: &str| {
        let checks = report["checks"].as_array().unwrap();
        let check = checks.iter().find(|check| check["id"] == id).unwrap();
        (check["outcome"].clone(), check["reason"].clone())
    };
    assert_eq!(
        outcome("ownership"),
        (json!("cannot_tell"), json!("missing"))
    );
    assert_eq!(outcome("annexes-present").0, "failed");
    assert_eq!(code, 1, "{report}");
    std::fs::rename(sample.at("aside"), sample.at(annex)).unwrap();

    // The node says yes to both, and the yes-sayer's row is refused by name; so is a no.
    let sample = exchange(&story);
    let signature = signed(yes, &challenge().text(yes), &[1, 2], false);
    list(&sample, &[(yes, "eip1271", &signature)]);
    collect(&sample, "yes").expect(0);
    attest(&sample, "yes").refuses(3, &["says yes to what nobody signed"]);
    // Covered up in the annex, it is found by the auditor's own probe.
    let annex = "yes/annexes/wallets-31337.jsonl";
    let magic = format!("{}{}", hex::encode(MAGIC_ANSWER), "0".repeat(56));
    let records = sample.read(annex);
    let (asked, probed) = records.rsplit_once(&magic).unwrap();
    sample.write(annex, format!("{asked}{probed}"));
    attest(&sample, "yes").expect(0);
    sample.publish_anyway().expect(0);
    let (code, report) = audit(&sample, &["--ethereum-rpc", &node.url]);
    assert_eq!(code, 1, "{report}");
    assert!(
        report
            .to_string()
            .contains("says yes to what nobody signed"),
        "{report}"
    );

    let sample = exchange(&story);
    list(
        &sample,
        &[(safe, "eip1271", &signed(safe, &text, &[1], false))],
    );
    collect(&sample, "no").expect(0);
    attest(&sample, "no").refuses(3, &["says no"]);
    // A contract that is no Safe has no owners in its storage.
    list(&sample, &[(yes, "safe", &signature)]);
    collect(&sample, "none").refuses(1, &["no list of owners that ends"]);

    // Without state there is no verdict, whatever the signature (S-08).
    for scheme in ["eip1271", "safe"] {
        let line = json!({
            "network": NETWORK, "scheme": scheme, "address": safe.as_str(),
            "message": text, "signatures": [good],
        });
        sample.write("claims.jsonl", format!("{line}\n"));
        let done = sample
            .anyone(&["ownership", "verify", "--batch", "claims.jsonl"])
            .expect(6);
        assert!(
            done.out.contains("\"undecided\"") && done.out.contains("needs-state"),
            "{}",
            done.out
        );
    }
}

/// The code hashes of the list are those of the packages' own contracts, all of them.
#[test]
fn listed_contracts_are_the_published_ones() {
    let listed = include_str!("../../protocol/src/balances/contracts.json");
    let listed: Value = serde_json::from_str(listed).unwrap();
    let both = ["proxies", "singletons"];
    let mut found = Vec::new();
    for entry in both
        .iter()
        .flat_map(|kind| listed[kind].as_array().unwrap())
    {
        let name = entry["name"].as_str().unwrap();
        let (contract, version) = name.split_once(' ').unwrap();
        let package = match version {
            "1.4.1" => "@safe-global/safe-contracts",
            "1.3.0" => "@gnosis.pm/safe-contracts",
            _ => panic!("no package for {name}"),
        };
        let room = if contract.ends_with("Proxy") {
            "proxies/"
        } else {
            ""
        };
        let path = installed().join(format!(
            "npm/node_modules/{package}/build/artifacts/contracts/{room}{contract}.sol/{contract}.json"
        ));
        let artifact: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let code = artifact["deployedBytecode"].as_str().unwrap();
        let hash = keccak256(&hex::decode(&code[2..]).unwrap());
        assert_eq!(entry["code_hash"], hex::encode(hash), "{name}");
        found.push(name);
    }
    assert_eq!(found.len(), 6, "{found:?}");
}

/// Rows of a published wallet file: owners of a contract sign a fixed text, and the Safe's storage says whether they own it.
#[test]
fn an_owners_signature_counts_where_the_storage_of_the_safe_names_it() {
    const ETHEREUM: &str = "eip155:1";
    let story = story_on(1);
    let safe = &story.safe;
    let sample = exchange_on(&story, ETHEREUM);
    let any = signed(safe, "any text", &[1, 2], false);
    list_on(&sample, ETHEREUM, &[(safe, "safe", &any)]);
    collect(&sample, "safes").expect(0);

    let text = "I am an address of Sample Exchange";
    let signature = |number: u8| {
        let hash = keccak256(text.as_bytes());
        key(number).sign_eip191(&hash).unwrap()
    };
    let row = |network: &str, address: &Address, one: u8, two: Option<u8>| {
        let sign = |number: Option<u8>| number.map(signature).unwrap_or_default();
        let name = |number: Option<u8>| number.map(|n| own(n).to_string()).unwrap_or_default();
        format!(
            "ETH,{network},1,{address},1,{text},{},{},,{},{}\n",
            sign(Some(one)),
            sign(two),
            name(Some(one)),
            name(two)
        )
    };
    let header = "coin,Network,Snapshot Height,address,amount,message,signature1,signature2,\
                  redeem script/ public key, eoa1, eoa2";
    let import = |rows: &[String], more: &[&str]| {
        sample.write("wallets.csv", format!("{header}\n{}", rows.concat()));
        let own = ["ownership", "import", "wallets.csv", "--json"];
        let done = sample.anyone(&[&own[..], more].concat());
        let lines = done.out.lines();
        let lines: Vec<Value> = lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        (done.code, lines)
    };
    let linked = ["--collected", "safes"];
    let two = row("ETH", safe, 1, Some(2));
    let (code, lines) = import(&[two.clone(), row("ETH", safe, 3, Some(1))], &linked);
    assert_eq!(code, 0, "{lines:?}");
    for line in &lines[..2] {
        assert_eq!(line["verdict"], "owner-linked");
        let why = format!(
            "owner-linked: by the Safe's storage at block {}, unconfirmed",
            story.height
        );
        assert_eq!(line["reason"], why);
    }
    let summary = &lines[2]["summary"];
    assert_eq!(
        (&summary["owner_linked"], &summary["undated"]),
        (&json!(2), &json!(0))
    );
    assert_eq!(
        (&summary["addresses"], &summary["signers"]),
        (&json!(0), &json!(3))
    );
    // For people.
    let done = sample.anyone(&["ownership", "import", "wallets.csv", "--collected", "safes"]);
    done.says(
        0,
        &[
            "2 signed by owners with a link, 0 by owners without one",
            "unconfirmed",
        ],
    );

    // Fewer than the threshold, a stranger beside an owner, another contract, another chain, and nothing collected.
    for row in [
        row("ETH", safe, 1, None),
        row("ETH", safe, 1, Some(4)),
        row("ETH", &story.yes, 1, Some(2)),
        row("BASE", safe, 1, Some(2)),
    ] {
        let (code, lines) = import(&[row], &linked);
        assert_eq!(
            (code, &lines[0]["verdict"]),
            (6, &json!("owner-not-linked")),
            "{lines:?}"
        );
    }
    let (code, lines) = import(std::slice::from_ref(&two), &[]);
    assert_eq!(
        (code, &lines[0]["verdict"]),
        (6, &json!("owner-not-linked"))
    );
    // The very same Safe at the same address of another chain links nothing here.
    let other = self::story();
    assert_eq!(other.safe, story.safe);
    let elsewhere = exchange(&other);
    list(&elsewhere, &[(safe, "safe", &any)]);
    collect(&elsewhere, "safes").expect(0);
    let folder = elsewhere.at("safes");
    let (code, lines) = import(
        std::slice::from_ref(&two),
        &["--collected", folder.to_str().unwrap()],
    );
    assert_eq!(
        (code, &lines[0]["verdict"]),
        (6, &json!("owner-not-linked"))
    );

    // What does not hold links nothing, and is no reason to go on.
    let annex = "safes/annexes/wallets-1.jsonl";
    let records = sample.read(annex);
    let swapped = changed(&records, "safe", |safe| {
        safe["owners"].as_array_mut().unwrap().swap(0, 1)
    });
    sample.write(annex, swapped);
    assert_eq!(import(std::slice::from_ref(&two), &linked).0, 3);
    assert_eq!(import(&[two], &["--collected", "nowhere"]).0, 4);
}
