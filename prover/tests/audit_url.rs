//! `por audit` of a publication where it lies: the same verdict as of a folder, and none where the host or the network fails.
#![allow(missing_docs, reason = "tests")]

#[path = "support/static_host.rs"]
mod static_host;
mod support;

use std::fs;
use std::sync::OnceLock;

use static_host::{Rule, StaticHost};
use support::{Done, Sample};

/// Two books with three levels of tiles, and an annex.
fn published() -> &'static Sample {
    static PUBLISHED: OnceLock<Sample> = OnceLock::new();
    PUBLISHED.get_or_init(|| {
        let sample = Sample::new(&["BTC", "ETH"], 60);
        sample
            .plan(&["--leaves", "BTC=272", "--leaves", "ETH=80"])
            .expect(0);
        sample.por("build", &[]).expect(0);
        sample.write("letter.txt", "We looked.\n");
        sample.attest_with(&["--annex", "letter.txt"]).expect(0);
        sample.publish().expect(0);
        sample
    })
}

fn audit(sample: &Sample, place: &str) -> Done {
    sample.anyone(&["audit", place, "--policy", "exchange/policy", "--json"])
}

/// What the report of a publication begins with that passes.
const VERIFIED: &str = "{\"format\":\"por/report/v1\",\"included\":\"verified\"";
const FOLDER: &str = "attestations/000000";

#[test]
fn a_publication_is_audited_where_it_lies_with_the_same_verdict() {
    let sample = published();
    let host = StaticHost::of(&sample.at("publication"));
    let (here, there) = (audit(sample, "publication"), audit(sample, &host.url()));
    assert_eq!(there.err, here.err);
    // All but the number of files: a host lists none.
    let without_files = |report: &str| {
        let mut report: serde_json::Value = serde_json::from_str(report).unwrap();
        for check in report["checks"].as_array_mut().unwrap() {
            if check["id"] == "files-expected" {
                check["facts"] = serde_json::Value::Null;
            }
        }
        report
    };
    assert_eq!(without_files(&there.out), without_files(&here.out));
    assert_ne!(there.out, here.out);
    assert_eq!(there.code, here.code);
    assert!(there.out.starts_with(VERIFIED), "{}", there.out);
    // Each file once, packs among them, and nothing that names a checker.
    let asked = host.asked();
    let unique: std::collections::BTreeSet<_> = asked.iter().collect();
    assert_eq!(unique.len(), asked.len(), "{asked:?}");
    let packs = asked.iter().filter(|path| path.ends_with(".pack")).count();
    assert_eq!(packs, 3 + 2);
    assert!(asked.contains(&format!("{FOLDER}/annexes/letter.txt")));
}

#[test]
fn a_host_that_alters_drops_or_cuts_files_is_found_out_and_named() {
    let sample = published();
    let host = StaticHost::of(&sample.at("publication"));
    let pack = format!("{FOLDER}/tiles/BTC-owed/1/000000.pack");
    let good = fs::read(sample.at(&format!("publication/{pack}"))).unwrap();
    let mut altered = good.clone();
    altered[2000] ^= 1;
    let longer = [good.as_slice(), b"x"].concat();
    let much_longer = [good.as_slice(), &good].concat();
    for (path, rule, named) in [
        (
            pack.as_str(),
            Rule::Instead(altered),
            "siblings-non-negative",
        ),
        (&pack, Rule::Instead(longer), "another length"),
        (&pack, Rule::Instead(much_longer), "another length"),
        (
            &pack,
            Rule::Instead(good[1952..].to_vec()),
            "another length",
        ),
        (&pack, Rule::Missing, "is missing"),
        (
            &format!("{FOLDER}/books.jsonl"),
            Rule::Missing,
            "books.jsonl",
        ),
        (
            &format!("{FOLDER}/reserves.jsonl"),
            Rule::Instead(b"{}\n".to_vec()),
            "reserves.jsonl",
        ),
        (
            &format!("{FOLDER}/annexes/letter.txt"),
            Rule::Instead(b"We looked!\n".to_vec()),
            "letter.txt",
        ),
        (
            &format!("{FOLDER}/annexes/letter.txt"),
            Rule::Missing,
            "annex",
        ),
        (
            "log/checkpoint",
            Rule::Instead(b"not a note\n".to_vec()),
            "/log/checkpoint: signed note is not valid",
        ),
        (
            "log/tile/entries/000.p/1",
            Rule::Missing,
            "log/tile/entries/000.p/1 is missing",
        ),
    ] {
        host.rule(path, rule.clone());
        let done = audit(sample, &host.url());
        assert!(
            done.code == 1,
            "{path} {rule:?}: {} {} {}",
            done.code,
            done.out,
            done.err
        );
        let said = done.out + &done.err;
        assert!(!said.starts_with(VERIFIED), "{path}: {said}");
        assert!(said.contains(named), "{path} {named}: {said}");
        host.forget_rules();
    }
    host.rule("log/checkpoint", Rule::Missing);
    audit(sample, &host.url()).refuses(
        3,
        &["there is no http", "/log/checkpoint", "Check the address"],
    );
    host.forget_rules();
    audit(sample, &host.url()).expect(0);
}

#[test]
fn a_file_that_is_too_long_is_refused_in_a_report_as_in_a_folder() {
    let sample = published();
    let host = StaticHost::of(&sample.at("publication"));
    let letter = format!("{FOLDER}/annexes/letter.txt");
    for more in [1, 2, 3, 5000] {
        let mut longer = b"We looked.\n".to_vec();
        longer.resize(longer.len() + more, b'!');
        host.rule(&letter, Rule::Instead(longer));
        let done = audit(sample, &host.url()).expect(1);
        assert!(done.out.contains("\"annexes-present\""), "{}", done.out);
    }
    host.forget_rules();
    let json = format!("{FOLDER}/attestation.json");
    host.rule(&json, Rule::Instead(vec![b' '; 70_000]));
    audit(sample, &host.url()).says(1, &["too-large"]);
}

#[test]
fn of_a_log_that_the_policy_does_not_know_no_list_is_fetched() {
    let sample = published();
    let host = StaticHost::of(&sample.at("publication"));
    let home = tempfile::tempdir().unwrap();
    let home = home.path().join("other");
    let other = [
        "init",
        "--entity",
        "Other",
        "--log-origin",
        support::ORIGIN,
        "--home",
    ];
    let other = [&other[..], &[home.to_str().unwrap()]].concat();
    sample.anyone(&other).expect(0);
    let policy = home.join("policy");
    let arguments = ["audit", &host.url(), "--policy", policy.to_str().unwrap()];
    sample.anyone(&arguments).says(
        1,
        &[
            "NOT VERIFIED",
            "FAIL  2 attestation-signed",
            "nothing more is fetched",
        ],
    );
    let lists = ["books.jsonl", "reserves.jsonl", "annexes", "tiles"];
    let asked = host.asked();
    assert!(
        !asked
            .iter()
            .any(|path| lists.iter().any(|list| path.contains(list))),
        "{asked:?}"
    );
    // Without a policy nobody was asked for: all that can be looked at is looked at.
    sample.anyone(&["audit", &host.url()]).expect(6);
    assert!(host.asked().iter().any(|path| path.contains("books.jsonl")));
}

#[test]
fn a_host_or_a_network_that_fails_is_no_verdict() {
    let sample = published();
    let host = StaticHost::of(&sample.at("publication"));
    let pack = format!("{FOLDER}/tiles/BTC-owed/1/000000.pack");
    for (path, rule) in [
        (pack.as_str(), Rule::Status(503)),
        (&pack, Rule::Cut(1000)),
        (&format!("{FOLDER}/books.jsonl"), Rule::Status(500)),
        (&format!("{FOLDER}/books.jsonl"), Rule::Cut(10)),
        ("log/checkpoint", Rule::Status(403)),
        ("log/checkpoint", Rule::Status(302)),
    ] {
        host.rule(path, rule.clone());
        let done = audit(sample, &host.url());
        assert_eq!(done.out, "", "{path} {rule:?}");
        done.refuses(4, &["http://"]);
        host.forget_rules();
    }
    audit(sample, "http://127.0.0.1:9").refuses(4, &["http://127.0.0.1:9"]);
    audit(sample, "ftp://example.org/x").refuses(3, &["folders and buckets"]);
    audit(sample, "https://user:hunter2@example.org/x").refuses(3, &["more than a host"]);
    // What was brought is gone again. (A folder of its own: other audits are at work at the same time.)
    let brought = tempfile::tempdir().unwrap();
    host.rule(&pack, Rule::Cut(1000));
    let arguments = ["audit", &host.url(), "--policy", "exchange/policy"];
    let mut failing = support::command(sample.path(), &arguments);
    support::run(failing.env("TMPDIR", brought.path())).expect(4);
    assert_eq!(fs::read_dir(brought.path()).unwrap().count(), 0);
}

#[test]
fn parts_of_an_audit_from_a_url_go_together() {
    let sample = published().copy();
    let host = StaticHost::of(&sample.at("publication"));
    for part in ["1/2", "2/2"] {
        let place = host.url();
        let arguments = [
            "audit",
            &place,
            "--policy",
            "exchange/policy",
            "--resume",
            "record",
            "--part",
            part,
        ];
        let done = sample.anyone(&arguments);
        assert!(matches!(done.code, 0 | 6), "{}", done.err);
    }
    let whole = [
        "audit",
        &host.url(),
        "--policy",
        "exchange/policy",
        "--resume",
        "record",
    ];
    sample.anyone(&whole).expect(0);
}
