//! ATTACKS S-13: what two exchanges both list as their own, as `por compare` finds it.
#![allow(missing_docs, reason = "tests")]

mod support;

use std::fs;
use std::path::Path;

use por_protocol::merkle::RowTree;
use por_protocol::ownership::testing::SampleKey;
use por_protocol::ownership::{
    Address, BitcoinBlock, BitcoinChain, Challenge, ChallengeNonce, EvmChainId, Target,
};
use serde_json::{Value, json};
use support::Done;
use tempfile::TempDir;

const REGTEST: &str = "bip122:0f9188f13cb7b2c71f2a335e3a4fc328";
const HEADER: &str = include_str!("../../fixtures/bitcoin/mainnet-968566.hex");
const ASSETS: &str = r#"
[[asset]]
id = "BTC"
name = "Bitcoin"
decimals = 8
[[asset.instance]]
id = "bip122:0f9188f13cb7b2c71f2a335e3a4fc328/slip44:0"
decimals = 8
[[asset]]
id = "ETH"
name = "Ether"
decimals = 9
[[asset.instance]]
id = "eip155:1/slip44:60"
decimals = 18
[[asset.instance]]
id = "eip155:10/slip44:60"
decimals = 18
[[asset]]
id = "USDT"
name = "Tether USD"
decimals = 6
[[asset.instance]]
id = "eip155:1/erc20:0xdac17f958d2ee523a2206206994597c13d831ec7"
decimals = 6
"#;

/// What an exchange lists: keys with the chain of their EVM address, which holds ether; keys whose address on `eip155:1`
/// holds a token; and keys with the outputs of their P2WPKH address, each the first byte of a transaction id.
struct Lists<'a> {
    evm: &'a [(u8, u64)],
    tokens: &'a [u8],
    bitcoin: &'a [(u8, &'a [u8])],
}

/// A folder with two exchanges, `alpha` and `beta`; commands run in it.
struct Pair(TempDir);

impl Pair {
    /// Alpha takes its snapshot at midnight, Beta at `time` of the same day.
    fn new(alpha: &Lists<'_>, beta: &Lists<'_>, time: &str) -> Self {
        let pair = Self(support::new_folder());
        pair.publish("alpha", alpha, "2025-10-31T00:00:00Z");
        pair.publish("beta", beta, &format!("2025-10-31T{time}Z"));
        pair
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// From `init` to `publish`: the publication is `<name>/public`, the policy `<name>/exchange/policy`.
    fn publish(&self, name: &str, lists: &Lists<'_>, snapshot: &str) {
        let folder = self.path().join(name);
        let annexes = folder.join("collected/annexes");
        fs::create_dir_all(&annexes).unwrap();
        let write = |file: &str, content: String| fs::write(folder.join(file), content).unwrap();
        let origin = format!("{name}.example/por");
        let block = BitcoinBlock::from_bytes(&hex::decode(HEADER.trim_end()).unwrap()).unwrap();
        let challenge = Challenge::new(name, &origin, block, ChallengeNonce::default()).unwrap();
        let mut rows = String::from("network,address,asset,amount,scheme,signature,evidence\n");
        let ether = lists.evm.iter().map(|(key, chain)| (*key, *chain, "ETH"));
        let tokens = lists.tokens.iter().map(|key| (*key, 1, "USDT"));
        for (secret, chain, asset) in ether.chain(tokens) {
            let address = evm(secret, chain);
            let text = challenge.text(&address);
            let signature = key(secret).sign_eip191(text.as_bytes()).unwrap();
            rows += &format!(
                "eip155:{chain},{address},{asset},2.5,eip191,{signature},signed_reading\n"
            );
        }
        let time = humantime::parse_rfc3339(snapshot).unwrap();
        let time = time.duration_since(std::time::UNIX_EPOCH).unwrap();
        let (header, hash) = mined(time.as_secs());
        let mut annex = vec![json!({"block": {"network": REGTEST, "header": header}})];
        for (secret, outputs) in lists.bitcoin {
            let address = bitcoin(*secret);
            let text = challenge.text(&address);
            let signature = key(*secret).sign_bip322_p2wpkh(text.as_bytes()).unwrap();
            let amount = outputs.len();
            rows +=
                &format!("{REGTEST},{address},BTC,{amount},bip322-simple,{signature},utxo_set\n");
            annex.extend(outputs.iter().map(|byte| {
                let output = json!({
                    "address": address.as_str(), "outpoint": outpoint(*byte),
                    "amount": "100000000", "height": 7, "coinbase": false,
                });
                json!({ "utxo": output })
            }));
        }
        let mut blocks = vec![
            json!({"network": "eip155:1", "height": 1, "hash": "0x01"}),
            json!({"network": "eip155:10", "height": 1, "hash": "0x02"}),
        ];
        if !lists.bitcoin.is_empty() {
            let annex: Vec<String> = annex.iter().map(|line| format!("{line}\n")).collect();
            write(
                &format!("collected/annexes/utxo-{}.jsonl", &REGTEST[7..]),
                annex.concat(),
            );
            let muhash = "11".repeat(32);
            blocks.push(json!({"network": REGTEST, "height": 101, "hash": hash, "muhash": muhash}));
        }
        write("collected/snapshot.json", json!(blocks).to_string());
        write("collected/reserves.csv", rows);
        write("assets.toml", ASSETS.into());
        write("header.hex", HEADER.into());
        write(
            "ledger.csv",
            "account,asset,amount\nu1,BTC,0.5\nu1,ETH,1.5\nu1,USDT,1\n".into(),
        );
        let por = |line: &str| {
            let arguments: Vec<&str> = line.split(' ').collect();
            support::por_in(&folder, &arguments).expect(0);
        };
        por(&format!(
            "init --home exchange --entity {name} --log-origin {origin} --assets assets.toml"
        ));
        por(&format!(
            "plan --home exchange --ledger ledger.csv --leaves BTC=16 --leaves ETH=16 --leaves USDT=16 --period 2025-10 --snapshot {snapshot}"
        ));
        por("build --home exchange");
        por(
            "attest --home exchange --reserves collected/reserves.csv --collected collected --block-header header.hex",
        );
        por("publish --home exchange --to public --under-reserved");
    }

    fn compare(&self, more: &[&str]) -> Done {
        let arguments = [&["compare", "alpha/public", "beta/public"], more].concat();
        support::por_in(self.path(), &arguments)
    }

    fn compare_by_policies(&self, more: &[&str]) -> Done {
        let policies = [
            "--policy-a",
            "alpha/exchange/policy",
            "--policy-b",
            "beta/exchange/policy",
        ];
        self.compare(&[&policies, more].concat())
    }

    /// Beta writes its list of reserves anew, and an attestation that fits it. The signature it cannot have is left as it was.
    fn rewrite_beta(&self, from: &str, to: &str) {
        let folder = self.path().join("beta/public/attestations/000000");
        let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
        let root = |rows: &str| {
            let rows: Vec<&[u8]> = rows.trim_end().split('\n').map(str::as_bytes).collect();
            RowTree::new(rows).root().to_string()
        };
        let old = read("reserves.jsonl");
        assert!(old.contains(from), "no {from} in {old}");
        let new = old.replace(from, to);
        for name in ["attestation.json", "attestation.note"] {
            let text = read(name);
            assert!(text.contains(&root(&old)));
            fs::write(folder.join(name), text.replace(&root(&old), &root(&new))).unwrap();
        }
        fs::write(folder.join("reserves.jsonl"), new).unwrap();
    }
}

fn key(secret: u8) -> SampleKey {
    SampleKey::from_secret(&[secret; 32]).unwrap()
}

fn evm(secret: u8, chain: u64) -> Address {
    let chain = EvmChainId::new(chain).unwrap();
    key(secret).evm_address(chain).unwrap()
}

fn bitcoin(secret: u8) -> Address {
    key(secret).p2wpkh_address(BitcoinChain::Regtest).unwrap()
}

fn outpoint(byte: u8) -> String {
    format!("{byte:02x}{}:0", "00".repeat(31))
}

/// A header of that time with regtest's work, and its hash.
fn mined(time: u64) -> (String, String) {
    let least = Target::from_compact(0x207f_ffff).unwrap();
    let time = u32::try_from(time).unwrap().to_le_bytes();
    let found = (0_u32..).find_map(|nonce| {
        let bits = 0x207f_ffff_u32.to_le_bytes();
        let parts = [&[1, 0, 0, 0][..], &[0; 32], &[9; 32], &time, &bits];
        let header = [&parts.concat()[..], &nonce.to_le_bytes()].concat();
        let block = BitcoinBlock::from_bytes(&header).unwrap();
        block.verify_work(&least).ok()?;
        Some((hex::encode(&header), block.hash().to_string()))
    });
    found.unwrap()
}

fn parsed(done: &Done) -> Value {
    assert_eq!(done.out.lines().count(), 1);
    serde_json::from_str(&done.out).unwrap()
}

const ALPHA: Lists<'_> = Lists {
    evm: &[(1, 1), (2, 1)],
    tokens: &[],
    bitcoin: &[(3, &[0xa1, 0xa2])],
};

#[test]
fn s_13_two_honest_exchanges_share_nothing() {
    let beta = Lists {
        evm: &[(4, 1), (5, 10)],
        tokens: &[],
        bitcoin: &[(6, &[0xb1])],
    };
    let pair = Pair::new(&ALPHA, &beta, "00:00:00");
    pair.compare_by_policies(&[]).says(
        0,
        &[
            "Listed by both?  nothing",
            "alpha (alpha.example/por)",
            "3 addresses, 2 unspent outputs",
            "Between the snapshots: none, they are of the same instant",
            "authentic    yes",
            "What it does not mean: that no coins were lent.",
        ],
    );
    let report = parsed(&pair.compare_by_policies(&["--json"]).expect(0));
    assert_eq!(report["format"], "por/comparison/v1");
    assert_eq!(report["verdict"], "nothing_shared");
    for found in ["addresses", "outpoints", "keys"] {
        assert_eq!(report[found], json!([]), "{found}");
    }
    for side in report["sides"].as_array().unwrap() {
        assert_eq!(side["listed"]["authenticated"], true);
    }
    // Without policies the lists are compared as well, and nothing is claimed about who wrote them.
    let done = pair.compare(&["--policy-a", "alpha/exchange/policy"]);
    let done = done.says(0, &["authentic    not checked: without a policy"]);
    assert_eq!(done.out.matches("authentic    yes").count(), 1);
}

#[test]
fn s_13_a_shared_address_is_found() {
    let beta = Lists {
        evm: &[(2, 1), (5, 1)],
        tokens: &[],
        bitcoin: &[(3, &[0xb1])],
    };
    let pair = Pair::new(&ALPHA, &beta, "03:00:00");
    let ether = evm(2, 1);
    let done = pair.compare_by_policies(&[]).says(
        1,
        &[
            "Listed by both?  yes",
            "Between the snapshots: 3h",
            "Addresses that both list: 2",
            ether.as_str(),
            bitcoin(3).as_str(),
            "Unspent outputs that both list: 0",
            "both count its eip155:1/slip44:60",
            "What it does not mean: that either lies.",
        ],
    );
    let line = "2.5 of eip155:1/slip44:60; the address signed for this exchange";
    assert_eq!(done.out.matches(line).count(), 2, "{}", done.out);
    let report = parsed(&pair.compare(&["--json"]).expect(1));
    assert_eq!(
        (&report["verdict"], &report["seconds_apart"]),
        (&json!("shared"), &json!(10_800))
    );
    let shared = &report["addresses"][1];
    assert_eq!(shared["address"], ether.as_str());
    assert_eq!(shared["counted_twice"], json!(["eip155:1/slip44:60"]));
    for side in [0, 1] {
        assert_eq!(shared["sides"][side][0]["ownership"], "proven");
        assert_eq!(shared["sides"][side][0]["units"], "2.5");
    }
}

#[test]
fn s_13_a_shared_address_with_different_coins_is_found_and_counts_none_twice() {
    let beta = Lists {
        evm: &[(4, 1)],
        tokens: &[2],
        bitcoin: &[],
    };
    let pair = Pair::new(&ALPHA, &beta, "00:00:00");
    let done = pair.compare_by_policies(&[]);
    done.says(1, &["Addresses that both list: 1", "so none twice"]);
    let report = parsed(&pair.compare(&["--json"]).expect(1));
    assert_eq!(report["addresses"][0]["counted_twice"], json!([]));
}

#[test]
fn s_13_a_shared_outpoint_is_found_whatever_address_it_is_listed_under() {
    let beta = Lists {
        evm: &[(4, 1)],
        tokens: &[],
        bitcoin: &[(6, &[0xb1, 0xa2])],
    };
    let pair = Pair::new(&ALPHA, &beta, "00:00:00");
    let report = parsed(&pair.compare_by_policies(&["--json"]).expect(1));
    assert_eq!(report["addresses"], json!([]));
    let [shared] = report["outpoints"].as_array().unwrap().as_slice() else {
        panic!("{report}");
    };
    assert_eq!(
        (&shared["network"], &shared["outpoint"]),
        (&json!(REGTEST), &json!(outpoint(0xa2)))
    );
    assert_eq!(shared["sides"][0]["address"], bitcoin(3).as_str());
    assert_eq!(shared["sides"][1]["address"], bitcoin(6).as_str());
    pair.compare_by_policies(&[]).says(
        1,
        &[
            "Unspent outputs that both list: 1",
            &outpoint(0xa2),
            "both count the same coins, at the same instant",
        ],
    );
}

#[test]
fn s_13_one_key_on_two_evm_chains_is_noted_and_counts_nothing_twice() {
    let beta = Lists {
        evm: &[(1, 10), (4, 1)],
        tokens: &[],
        bitcoin: &[],
    };
    let pair = Pair::new(&ALPHA, &beta, "00:00:00");
    let report = parsed(&pair.compare_by_policies(&["--json"]).expect(0));
    assert_eq!(
        report["keys"],
        json!([{"address": evm(1, 1).as_str(), "networks": [["eip155:1"], ["eip155:10"]]}])
    );
    pair.compare_by_policies(&[]).says(
        0,
        &["The same key on different chains, where no coin is counted twice: 1"],
    );
}

#[test]
fn s_13_another_spelling_hides_nothing() {
    for shared in [evm(2, 1), bitcoin(3)] {
        let beta = Lists {
            evm: &[(2, 1)],
            tokens: &[],
            bitcoin: &[(3, &[0xb1])],
        };
        let pair = Pair::new(&ALPHA, &beta, "00:00:00");
        let canonical = shared.as_str();
        // EIP-55 without its capitals, bech32 all in capitals.
        let other = match canonical.strip_prefix("0x") {
            Some(_) => canonical.to_lowercase(),
            None => canonical.to_uppercase(),
        };
        assert_ne!(canonical, other);
        pair.rewrite_beta(canonical, &other);
        let done = pair.compare(&[]).says(
            1,
            &[
                "Addresses that both list: 2",
                &format!("spelled {other}"),
                "the address did not sign for this exchange",
            ],
        );
        assert_eq!(done.out.matches("spelled").count(), 1);
        // What nobody signed is no exchange's: with its policy it is not compared at all.
        pair.compare_by_policies(&[])
            .says(6, &["cannot be compared", "attestation-signed"]);
    }
}

#[test]
fn s_13_an_address_that_cannot_be_read_is_compared_letter_by_letter_and_said() {
    let beta = Lists {
        evm: &[(4, 1)],
        tokens: &[],
        bitcoin: &[(6, &[0xb1])],
    };
    let pair = Pair::new(&ALPHA, &beta, "00:00:00");
    pair.rewrite_beta(evm(4, 1).as_str(), "0xNobody\\u001b[31m");
    let done = pair.compare(&[]).says(
        6,
        &[
            "Listed by both?  cannot tell",
            "not understood  eip155:1 0xNobody\\u{1b}[31m",
            "compared letter by letter only",
        ],
    );
    assert!(!done.out.contains('\u{1b}'));
    let report = parsed(&pair.compare(&["--json"]).expect(6));
    assert_eq!(report["verdict"], "cannot_tell");
    assert!(report["sides"][1]["listed"]["unread"][0].is_string());
}

#[test]
fn s_13_a_side_that_was_tampered_with_or_is_missing_is_not_compared() {
    let beta = Lists {
        evm: &[(2, 1)],
        tokens: &[],
        bitcoin: &[(3, &[0xa1])],
    };
    let pair = Pair::new(&ALPHA, &beta, "00:00:00");
    let folder = pair.path().join("beta/public/attestations/000000");
    let annex = folder.join(format!("annexes/utxo-{}.jsonl", &REGTEST[7..]));
    // One byte of a row, of an output, of the signature; then the files, one after the other.
    for (path, from, to, why) in [
        (
            folder.join("reserves.jsonl"),
            "2500",
            "3500",
            "not those of the signed root",
        ),
        (
            annex.clone(),
            "\"height\":7",
            "\"height\":8",
            "has another digest",
        ),
        (
            folder.join("attestation.note"),
            "beta",
            "bate",
            "is not the text of",
        ),
    ] {
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "no {from} in {text}");
        fs::write(&path, text.replacen(from, to, 1)).unwrap();
        for more in [&[][..], &["--policy-b", "beta/exchange/policy"]] {
            pair.compare(more).says(
                6,
                &[
                    "Listed by both?  cannot tell",
                    "B  beta/public\n   cannot be compared",
                    why,
                ],
            );
        }
        let report = parsed(&pair.compare(&["--json"]).expect(6));
        assert!(
            report["sides"][1]["unreadable"]
                .as_str()
                .unwrap()
                .contains(why)
        );
        assert_eq!(report["seconds_apart"], Value::Null);
        fs::write(&path, text).unwrap();
    }
    pair.compare(&[]).expect(1);
    for wrong in [["--sequence-b", "7"], ["--sequence-a", "1"]] {
        pair.compare(&wrong).says(6, &["cannot be compared"]);
    }
    let other = ["--policy-b", "alpha/exchange/policy"];
    pair.compare(&other).says(6, &["attestation-signed"]);
    fs::remove_file(&annex).unwrap();
    pair.compare(&[]).says(6, &["is missing"]);
    fs::remove_dir_all(pair.path().join("beta/public")).unwrap();
    pair.compare(&[])
        .says(6, &["B  beta/public\n   cannot be compared"]);
}

#[test]
fn s_13_two_attestations_of_one_exchange_are_said_to_be() {
    let pair = Pair::new(&ALPHA, &ALPHA, "00:00:00");
    let itself = ["compare", "alpha/public", "alpha/public"];
    let done = support::por_in(pair.path(), &itself);
    done.says(1, &["name the same log", "Addresses that both list: 3"]);
    // A policy that cannot be used is bad input, not a finding.
    fs::write(pair.path().join("policy"), "log\n").unwrap();
    pair.compare(&["--policy-a", "policy"])
        .refuses(3, &["policy"]);
}
