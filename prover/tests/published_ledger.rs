//! A ledger that nobody here made up: the equity side of a published sample, from plan to a publication without reserves.

use std::path::Path;
use std::process::{Command, Output};

fn por(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_por"))
        .args(arguments)
        .output()
        .expect("por starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("por prints UTF-8")
}

#[test]
fn the_published_sample_ledger_is_built_audited_and_not_covered_by_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures");
    let fixture = |name: &str| fixtures.join(name).to_str().unwrap().to_owned();
    let (home, public, policy) = (at("exchange"), at("public"), at("exchange/policy"));
    let sample = |name: &str| fixture(&format!("ledgers/published-sample/{name}"));
    let header = fixture("bitcoin/mainnet-968566.hex");
    std::fs::write(
        at("reserves.csv"),
        "network,address,asset,amount,scheme,signature\n",
    )
    .unwrap();

    let succeeds = |arguments: &[&str]| {
        let done = por(arguments);
        assert!(done.status.success(), "{}", text(&done.stderr));
        text(&done.stderr)
    };
    let entity = [
        "--entity",
        "Published",
        "--log-origin",
        "sample.example/por",
    ];
    let assets = sample("assets.toml");
    succeeds(&[&["init", "--home", &home, "--assets", &assets], &entity[..]].concat());
    let ledger = sample("ledger.csv");
    let time = ["--period", "2026-10", "--snapshot", "2026-10-31T00:00:00Z"];
    let planned = succeeds(&[&["plan", "--home", &home, "--ledger", &ledger], &time[..]].concat());
    for asset in ["BTC", "ETH", "BNB", "SHIB"] {
        let line = planned.lines().find(|line| line.trim().starts_with(asset));
        assert!(
            line.is_some_and(|line| line.contains("100 rows, 256 leaves")),
            "{planned}"
        );
    }
    succeeds(&["build", "--home", &home]);
    let reserves = at("reserves.csv");
    succeeds(&[
        "attest",
        "--home",
        &home,
        "--reserves",
        &reserves,
        "--block-header",
        &header,
    ]);
    succeeds(&["publish", "--home", &home, "--to", &public]);

    let audited = por(&["audit", &public, "--policy", &policy, "--json"]);
    assert_eq!(
        audited.status.code(),
        Some(1),
        "under-reserved is an answer of its own"
    );
    let report: serde_json::Value = serde_json::from_slice(&audited.stdout).unwrap();
    assert_eq!(report["included"], "verified");
    // Summed from the file by another tool, in satoshi: see fixtures/ledgers/published-sample/README.md.
    assert_eq!(report["books"][0]["total"]["amount"], "4892813120077");
    assert!(
        report["books"]
            .as_array()
            .unwrap()
            .iter()
            .all(|book| book["covered"] == "not_covered")
    );
}
