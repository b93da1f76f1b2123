//! `por holdings`: what a regulator asks of reserves, with what each part rests on (ATTACKS 4.7 B-05, B-06).

mod support;

use serde_json::Value;
use support::Sample;

const ETH: &str = "eip155:1/slip44:60";
const WETH: &str = "eip155:1/erc20:0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2";
const COLUMNS: &str = "encumbered,custody,custodian,staked,lent";

/// An exchange whose ether stands at four addresses; `said` is what follows the six columns of each.
fn sample(said: [&str; 4]) -> Sample {
    let sample = Sample::new(&["ETH"], 16);
    let weth = format!("[[asset.instance]]\nid = \"{WETH}\"\ndecimals = 18\n");
    let assets = sample.read("exchange/assets.toml");
    sample.write("exchange/assets.toml", format!("{assets}\n{weth}"));
    sample.edit(
        "exchange/assets.toml",
        "id = \"ETH\"\n",
        "id = \"ETH\"\nown_token = true\n",
    );
    let reserves = sample.read("reserves.csv");
    let mut rows = format!("network,address,asset,amount,scheme,signature,{COLUMNS}\n");
    let amounts = [(ETH, "10"), (ETH, "5"), (ETH, "3"), (WETH, "2.5")];
    let lines = reserves.lines().skip(1);
    assert_eq!(lines.clone().count(), said.len());
    for ((line, (coin, amount)), said) in lines.zip(amounts).zip(said) {
        let fields: Vec<&str> = line.split(',').collect();
        rows += &format!(
            "{},{},{coin},{amount},{},{},{said}\n",
            fields[0], fields[1], fields[4], fields[5]
        );
    }
    sample.write("reserves.csv", rows);
    sample.plan(&[]).expect(0);
    sample.por("build", &[]).expect(0);
    sample
}

const SAID: [&str; 4] = [
    ",cold,Vault Trust,,",
    ",warm,Vault Trust,2,",
    "1,hot,,,0.5",
    ",,,,",
];

fn holdings(sample: &Sample, more: &[&str]) -> support::Done {
    let own = ["holdings", "publication", "--policy", "exchange/policy"];
    sample.anyone(&[&own, more].concat())
}

#[test]
fn reserves_stand_in_the_columns_of_a_regulator_with_what_each_rests_on() {
    let sample = sample(SAID);
    sample.attest().expect(0);
    sample.publish_anyway().expect(0);
    let done = holdings(&sample, &["--csv"]).expect(0);
    let own = |line: &str| line.strip_prefix("ETH,yes,").unwrap().to_string();
    let rows: Vec<String> = done.out.lines().skip(1).map(own).collect();
    let expected = [
        &format!("coin,{WETH},yes,2.5,signed_reading,D,list"),
        &format!("coin,{ETH},no,18,signed_reading,D,list"),
        "custody,,,2.5,signed_reading,D,not stated",
        "custody,cold,,10,signed_reading,D,said",
        "custody,hot,,3,signed_reading,D,said",
        "custody,warm,,5,signed_reading,D,said",
        "custodian,,,5.5,signed_reading,D,not stated",
        "custodian,Vault Trust,,15,signed_reading,D,said",
        "staked,,,2,signed_reading,D,said",
        "encumbered,,,1,signed_reading,D,said",
        "lent,,,0.5,signed_reading,D,said",
    ];
    assert_eq!(rows, expected);

    holdings(&sample, &[]).says(
        0,
        &[
            "ETH: 20.5, its own token",
            "(wrapped), balance: class D (signed_reading)",
            "with your own nodes raises",
            "48.78 %",
            "not stated",
        ],
    );
    let done = holdings(&sample, &["--json"]).expect(0);
    let found: Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!(found[0]["own_token"], true);
    assert_eq!(found[0]["decimals"], 18);
    assert_eq!(found[0]["reserves"], "20500000000000000000");
    assert_eq!(found[0]["parts"].as_array().unwrap().len(), expected.len());
    assert_eq!(found[0]["parts"][0]["class"], "D");

    // What is lent covers nothing, because it is encumbered; what is staked does.
    let report = sample.audit(&["--json"]);
    let report: Value = serde_json::from_str(&report.out).unwrap();
    let sum = &report["books"][0]["reserves"][0];
    assert_eq!(sum["amount"], "19500000000");
    assert_eq!(sum["encumbered"], "1000000000");
}

#[test]
fn holdings_of_a_publication_that_was_changed_are_not_shown() {
    let sample = sample(SAID);
    sample.attest().expect(0);
    sample.publish_anyway().expect(0);
    let rows = "publication/attestations/000000/reserves.jsonl";
    sample.edit(rows, "\"cold\"", "\"warm\"");
    let done = holdings(&sample, &[]);
    assert!(done.out.is_empty());
    done.says(1, &["reserves-complete"]);
}

#[test]
fn what_an_exchange_says_must_not_contradict_its_row() {
    for (said, why) in [
        (",icy,,,", "custody: there is no such kind"),
        (",,=HYPERLINK(1),,", "a name starts with none of"),
        (",,,3.5,", "more is staked than there is"),
        ("0.4,,,,0.5", "what is lent is encumbered too"),
        (",,,,0.5", "what is lent is encumbered too"),
        (",,,0,", "a part of nothing is left out"),
        (",,,-1,", "staked: "),
    ] {
        let sample = sample([",,,,", ",,,,", said, ",,,,"]);
        let done = sample.attest();
        done.refuses(3, &["reserves.csv:4: ", why]);
    }
}
