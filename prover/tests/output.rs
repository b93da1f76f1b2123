//! The words of the command line, kept as files: every change of a message a person sees is reviewed as a diff.
//!
//! `POR_UPDATE_SNAPSHOTS=1 cargo test --release -p por-prover --test output` writes them anew.
#![allow(missing_docs, reason = "tests")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use support::Sample;

/// Two books, one of them with more decimals in the ledger than in its leaves, published; a statement.
fn published() -> &'static Sample {
    static PUBLISHED: OnceLock<Sample> = OnceLock::new();
    PUBLISHED.get_or_init(|| {
        let sample = Sample::new(&["BTC", "ETH"], 40);
        sample
            .plan(&["--leaves", "BTC=48", "--leaves", "ETH=48"])
            .expect(0);
        sample.finish();
        let account = sample.account();
        sample
            .por("statement", &["--account", &account, "--out", "one.por"])
            .expect(0);
        sample
    })
}

#[track_caller]
fn matches_snapshot(name: &str, found: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots");
    let path: PathBuf = folder.join(format!("{name}.txt"));
    if std::env::var_os("POR_UPDATE_SNAPSHOTS").is_some() {
        fs::create_dir_all(&folder).unwrap();
        fs::write(&path, found).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    let differs = expected
        .lines()
        .zip(found.lines())
        .position(|(old, new)| old != new);
    assert!(
        expected == found,
        "{name} is not as kept from line {} on:\n{found}",
        differs.map_or(
            expected.lines().count().min(found.lines().count()),
            |line| line
        ) + 1
    );
}

/// Digests differ from run to run, because every plan draws another key.
fn without_digests(text: &str) -> String {
    text.split_inclusive(|c: char| !c.is_ascii_hexdigit())
        .map(|piece| {
            let word = piece.trim_end_matches(|c: char| !c.is_ascii_hexdigit());
            if word.len() == 64 {
                piece.replace(word, "<digest>")
            } else {
                piece.into()
            }
        })
        .collect()
}

#[test]
fn every_help_page_is_as_kept() {
    let folder = Path::new(".");
    let done = support::por_in(folder, &["--help"]).expect(0);
    matches_snapshot("help", &done.out);
    for (words, _) in support::commands() {
        let done = support::por_in(folder, &[&words[..], &["--help".into()]].concat()).expect(0);
        assert_eq!(done.err, "");
        matches_snapshot(&format!("help-{}", words.join("-")), &done.out);
    }
}

#[test]
fn the_report_of_a_statement_is_as_kept() {
    let sample = published();
    let account = sample.account();
    let trusted = [
        "verify",
        "one.por",
        "--policy",
        "exchange/policy",
        "--account",
        &account,
    ];
    let done = sample.anyone(&trusted).expect(0);
    assert_eq!(
        done.err, "",
        "what is for people at work stays on standard error"
    );
    matches_snapshot("verify", &without_digests(&done.out));
    let done = sample.anyone(&["verify", "one.por"]).expect(6);
    matches_snapshot("verify-without-policy", &without_digests(&done.out));
    let wrong = [
        "verify",
        "one.por",
        "--policy",
        "exchange/policy",
        "--account",
        "somebody",
    ];
    let done = sample.anyone(&wrong).expect(1);
    matches_snapshot("verify-wrong-account", &without_digests(&done.out));
}

#[test]
fn the_report_of_an_audit_is_as_kept() {
    let sample = published();
    let done = sample.audit(&[]).expect(0);
    assert_eq!(done.err, "");
    matches_snapshot("audit", &without_digests(&done.out));
    let sample = sample.copy();
    let pack = sample.at("publication/attestations/000000/tiles/ETH-owed/1/000000.pack");
    let mut bytes = fs::read(&pack).unwrap();
    bytes[1_000] ^= 1;
    fs::write(&pack, bytes).unwrap();
    let done = sample.audit(&[]).expect(1);
    matches_snapshot("audit-damaged-tile", &without_digests(&done.out));
}

#[test]
fn the_reports_as_json_are_one_line_of_json_and_nothing_else() {
    let sample = published();
    for arguments in [
        &["verify", "one.por", "--policy", "exchange/policy", "--json"][..],
        &[
            "audit",
            "publication",
            "--policy",
            "exchange/policy",
            "--json",
        ],
    ] {
        let done = sample.anyone(arguments).expect(0);
        assert_eq!(done.err, "");
        assert_eq!(done.out.lines().count(), 1);
        let report: serde_json::Value = serde_json::from_str(&done.out).unwrap();
        assert_eq!(report["format"], "por/report/v1");
        assert_eq!(report["included"], "verified");
        assert!(!report["not_proven"].as_array().unwrap().is_empty());
    }
}

#[test]
fn the_challenge_is_printed_byte_for_byte() {
    let sample = published();
    let row = sample
        .read("reserves.csv")
        .lines()
        .nth(1)
        .unwrap()
        .to_owned();
    let mut fields = row.split(',');
    let (network, address) = (fields.next().unwrap(), fields.next().unwrap());
    let one = [
        "--block-header",
        "header.hex",
        "--nonce",
        support::NONCE,
        "--network",
        network,
        "--address",
        address,
    ];
    let text = sample.por("challenge", &one).expect(0).out;
    matches_snapshot("challenge", &text);
    let all = [
        "--block-header",
        "header.hex",
        "--nonce",
        support::NONCE,
        "--addresses",
        "reserves.csv",
        "--out",
        "texts",
    ];
    sample
        .por("challenge", &all)
        .says(0, &["Wrote 8 texts to texts"]);
    let texts = support::tree(&sample.at("texts"));
    assert!(texts.values().any(|other| *other == text.as_bytes()));
    fs::remove_dir_all(sample.at("texts")).unwrap();
    sample.write("addresses.csv", "network,address\neip155:1,0x00\n");
    let all = [
        "--block-header",
        "header.hex",
        "--addresses",
        "addresses.csv",
        "--out",
        "texts",
    ];
    sample
        .por("challenge", &all)
        .refuses(3, &["addresses.csv:2: address"]);
    assert!(!sample.at("texts").exists());
}

/// A partner who signs for an exchange's address, or a customer whose address it is, cannot be told from the exchange.
#[test]
fn s_14_consent_of_a_partner_cannot_be_seen_and_every_report_says_so() {
    let sample = published();
    let said = "they may be borrowed, pledged or shown with a partner's consent";
    let audit = ["audit", "publication", "--policy", "exchange/policy"];
    let verify = ["verify", "one.por", "--policy", "exchange/policy"];
    for arguments in [audit, verify] {
        let words = sample.anyone(&arguments).expect(0).out;
        let one_line: Vec<_> = words.split_whitespace().collect();
        assert!(one_line.join(" ").contains(said), "{words}");
        let json = sample
            .anyone(&[&arguments[..], &["--json"]].concat())
            .expect(0);
        assert!(json.out.contains(said), "{}", json.out);
    }
}

#[test]
fn completions_and_manual_pages_can_be_used() {
    let sample = published();
    let commands: Vec<Vec<String>> = support::commands()
        .into_iter()
        .map(|(words, _)| words)
        .collect();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let done = sample.anyone(&["completions", shell]).expect(0);
        let words = commands.iter().flatten().map(String::as_str);
        for word in words.chain(["--ledger", "--snapshot"]) {
            let word = word.trim_start_matches('-');
            assert!(done.out.contains(word), "{shell} completes no {word}");
        }
    }
    sample.write(
        "por.bash",
        sample.anyone(&["completions", "bash"]).expect(0).out,
    );
    let syntax = std::process::Command::new("bash")
        .arg("-n")
        .arg(sample.at("por.bash"))
        .status();
    assert!(syntax.unwrap().success());
    sample
        .anyone(&["man", "--out", "man"])
        .says(0, &["Wrote manual pages to man"]);
    let pages = support::tree(&sample.at("man"));
    for command in commands {
        let page =
            String::from_utf8_lossy(&pages[&format!("por-{}.1", command.join("-"))]).into_owned();
        assert!(
            page.contains(".TH") && page.contains(".SH DESCRIPTION"),
            "{page}"
        );
    }
    assert!(pages.contains_key("por.1"));
}

#[test]
fn the_demo_runs_to_the_end_and_leaves_what_it_says() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let demo = ["demo", "--out", "a demo", "--accounts", "25"];
    let done = support::por_in(folder.path(), &demo).says(
        0,
        &["$ por plan", "Included?  verified", "Books true?  verified"],
    );
    assert_eq!(done.out.matches(" covered ").count(), 6 + 6, "{}", done.out);
    support::por_in(folder.path(), &demo).refuses(4, &["a demo", "exists already"]);
}
