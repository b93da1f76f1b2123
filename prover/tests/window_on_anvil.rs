//! `por window` over two attestations (ATTACKS B-07): which addresses are new, and what is said where that cannot be told.

mod nodes;
mod support;

use nodes::Node;
use serde_json::{Value, json};
use support::{NONCE, PERIOD, SNAPSHOT, Sample};

const HASH: &str = "0x0000000000000000000000000000000000000000000000000000000000000001";

fn attest(sample: &Sample, (period, snapshot): (&str, &str), blocks: &[&str], rows: &[&str]) {
    let header = "network,address,asset,amount,scheme,signature";
    sample.write("list.csv", format!("{header}\n{}\n", rows.join("\n")));
    let times = ["--period", period, "--snapshot", snapshot];
    let plan = [&["--ledger", "ledger.csv"][..], &times].concat();
    sample.por("plan", &plan).expect(0);
    sample.por("build", &[]).expect(0);
    let mut terms = vec!["--reserves", "list.csv", "--block-header", "header.hex"];
    terms.extend(["--nonce", NONCE]);
    for block in blocks {
        terms.extend(["--block", block]);
    }
    sample.por("attest", &terms).expect(0);
    sample.publish_anyway().expect(0);
}

fn window(sample: &Sample, node: &Node, more: &[&str]) -> support::Done {
    let own = ["window", "publication", "--policy", "exchange/policy"];
    let around = ["--blocks", "2", "--ethereum-rpc", &node.url];
    sample.anyone(&[&own[..], &around, more].concat())
}

fn new_of(done: &support::Done) -> Value {
    let window: Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!(window["coins"].as_array().unwrap().len(), 1);
    assert_eq!(window["coins"][0]["instance"], "eip155:1/slip44:60");
    window["coins"][0]["new"].clone()
}

#[test]
fn b_07_new_addresses_are_counted_and_a_damaged_list_hides_none() {
    let node = Node::anvil(1);
    node.call("anvil_mine", json!(["0x14"]));
    let sample = Sample::new(&["BTC", "ETH"], 16);
    let reserves = sample.read("reserves.csv");
    let header = reserves.lines().next().unwrap();
    assert_eq!(header, "network,address,asset,amount,scheme,signature");
    let of = |network: &str| -> Vec<&str> {
        let lines = reserves.lines().filter(|line| line.starts_with(network));
        lines.collect()
    };
    let (ether, bitcoin) = (of("eip155:1,"), of("bip122:"));
    let ethereum = format!("eip155:1=8={HASH}");
    attest(&sample, (PERIOD, SNAPSHOT), &[&ethereum], &ether[1..]);
    let done = window(&sample, &node, &["--json"]).expect(0);
    assert_eq!(new_of(&done), Value::Null, "nothing is before the first");

    let ethereum = format!("eip155:1=12={HASH}");
    let blocks = [support::BLOCKS[0], &ethereum];
    let rows = [&ether[..], &bitcoin].concat();
    let next = ("2025-11", "2025-11-30T00:00:00Z");
    attest(&sample, next, &blocks, &rows);
    let done = window(&sample, &node, &["--json"]).expect(0);
    assert_eq!(new_of(&done), json!(1));
    // Nobody was asked about the other chain's coins, and that is said.
    let words = "No node was asked about bip122:000000000019d6689c085ae165831e93/slip44:0.";
    assert!(done.err.contains(words), "{done:?}");
    window(&sample, &node, &[]).says(0, &["1 not in the list before"]);

    // A byte of the earlier list, or the list itself, gone: new addresses are not passed over in silence.
    let earlier = "publication/attestations/000000/reserves.jsonl";
    let whole = sample.read(earlier);
    sample.edit(earlier, "\"amount\":\"", "\"amount\":\"9");
    let done = window(&sample, &node, &["--json"]);
    assert_eq!((done.code, new_of(&done)), (6, Value::Null), "{done:?}");
    assert!(
        done.err.contains("cannot be told; attestation 0: "),
        "{done:?}"
    );
    std::fs::remove_file(sample.at(earlier)).unwrap();
    let done = window(&sample, &node, &["--json"]);
    assert_eq!((done.code, new_of(&done)), (6, Value::Null), "{done:?}");
    sample.write(earlier, whole);
    assert_eq!(new_of(&window(&sample, &node, &["--json"]).expect(0)), 1);
}
