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
    let publish = ["publish", "--home", &home, "--to", &public];
    let refused = por(&publish);
    assert_eq!(refused.status.code(), Some(1), "nothing covers it");
    succeeds(&[&publish[..], &["--under-reserved"]].concat());

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

/// The file as it is published, with its debts, net balances and collateral, gives the rows that another tool took from it.
#[test]
fn u_15_the_published_file_is_imported_as_it_is_and_its_debts_are_reported_apart() {
    let folder = tempfile::tempdir().unwrap();
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures");
    let sample = |name: &str| fixtures.join("ledgers/published-sample").join(name);
    let planned = |name: &str, ledger: &str| {
        let home = folder.path().join(name);
        let (home_text, assets) = (home.to_str().unwrap(), sample("assets.toml"));
        let init = [
            "init",
            "--entity",
            "P",
            "--log-origin",
            "p.example/por",
            "--home",
        ];
        let assets = ["--assets", assets.to_str().unwrap()];
        assert!(
            por(&[&init[..], &[home_text], &assets].concat())
                .status
                .success()
        );
        let time = ["--period", "2026-10", "--snapshot", "2026-10-31T00:00:00Z"];
        let ledger = sample(ledger);
        let ledger = [
            "plan",
            "--home",
            home_text,
            "--ledger",
            ledger.to_str().unwrap(),
        ];
        let done = por(&[&ledger[..], &time].concat());
        assert!(done.status.success(), "{}", text(&done.stderr));
        (home.join("runs/000000"), text(&done.stderr))
    };
    let (by_rows, _) = planned("rows", "ledger.csv");
    let (by_positions, said) = planned("positions", "sample_users0.csv");
    for asset in ["BTC", "ETH", "BNB", "SHIB"] {
        let name = format!("rows/{asset}-owed.rows");
        let read = |run: &Path| std::fs::read(run.join(&name)).unwrap();
        assert_eq!(read(&by_rows).len(), 100 * 81, "{asset}");
        assert!(read(&by_rows) == read(&by_positions), "{asset}");
        assert!(
            said.contains(&format!("{asset:<8} 100 accounts have debts")),
            "{said}"
        );
    }
    let report = std::fs::read_to_string(by_positions.join("ledger.json")).unwrap();
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["assets"][0]["exact_total"], "4892813120077");
    // awk -F, 'NR>1{split($4,p,"."); s+=p[1]*100000000+substr(p[2]"00000000",1,8)} END{printf "%.0f\n", s}'
    assert_eq!(report["debts"][0]["asset"], "BTC");
    assert_eq!(report["debts"][0]["exact_total"], "155814385564");
    assert_eq!(report["files"][0]["not_read"].as_array().unwrap().len(), 18);
}
