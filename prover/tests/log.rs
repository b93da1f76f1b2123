//! The log from the command line: approvals, keys kept elsewhere, a change of key, heads compared, evidence kept.

mod support;

use std::fs;
use std::sync::OnceLock;

use por_protocol::note::SecretKey;
use support::{Done, PERIOD, SNAPSHOT, Sample};

const NEXT: (&str, &str) = ("2025-11", "2025-11-30T00:00:00Z");

/// A run of a small book, built.
fn built(sample: &Sample, period: &str, snapshot: &str) {
    let plan = [
        "--ledger",
        "ledger.csv",
        "--period",
        period,
        "--snapshot",
        snapshot,
        "--leaves",
        "BTC=32",
    ];
    sample.por("plan", &plan).expect(0);
    sample.por("build", &[]).expect(0);
}

/// The first month published.
fn published() -> &'static Sample {
    static PUBLISHED: OnceLock<Sample> = OnceLock::new();
    PUBLISHED.get_or_init(|| {
        let sample = Sample::new(&["BTC"], 24);
        built(&sample, PERIOD, SNAPSHOT);
        sample.attest().expect(0);
        sample.publish().expect(0);
        sample
    })
}

/// The month after it, with other blindings at each call.
fn second_month(sample: &Sample) -> Done {
    built(sample, NEXT.0, NEXT.1);
    sample.attest().expect(0);
    sample.publish()
}

fn check(sample: &Sample, arguments: &[&str]) -> Done {
    let mut all = vec!["log", "check", "publication", "--policy", "exchange/policy"];
    all.extend(arguments);
    sample.anyone(&all)
}

fn statement(sample: &Sample, out: &str, run: &str) {
    let account = sample.account();
    let arguments = ["--run", run, "--account", &account, "--out", out];
    sample.por("statement", &arguments).expect(0);
}

/// Signs the bytes of one file into another, as a hardware module would.
fn sign_elsewhere(sample: &Sample, key: &str, bytes: &str, signature: &str) {
    let key = SecretKey::from_text(sample.read(key).trim_end()).unwrap();
    let line = key.signature_line(&sample.read(bytes)).unwrap();
    let encoded = line.trim_end().rsplit(' ').next().unwrap();
    use base64ct::{Base64, Encoding as _};
    let signed = Base64::decode_vec(encoded).unwrap();
    // The line holds four bytes of key id before the 64 of the signature.
    sample.write(signature, Base64::encode_string(&signed[4..]) + "\n");
}

#[test]
fn an_attestation_is_logged_only_with_the_approvals_that_the_policy_asks_for() {
    let sample = Sample::new(&["BTC"], 24);
    let mut policy = sample.read("exchange/policy");
    for role in ["cfo", "auditor", "board"] {
        let key = format!("{role}.key");
        let made = sample
            .por("approve", &["--role", role, "--new-key", &key])
            .expect(0);
        policy += &made.out;
    }
    policy += "#por approvals 2 cfo auditor board\n";
    sample.write("exchange/policy", &policy);
    built(&sample, PERIOD, SNAPSHOT);
    sample.attest().expect(0);
    let approve = |role: &str, key: &str| sample.por("approve", &["--role", role, "--key", key]);
    let refused = || {
        sample
            .publish()
            .refuses(1, &["not published", "attestation-approved"])
    };
    refused();
    approve("cfo", "cfo.key").says(0, &["cfo approved attestation 0"]);
    refused();
    // One person is one role, whatever the number of signatures.
    approve("cfo", "cfo.key").refuses(4, &["has approved it already"]);
    approve("auditor", "cfo.key").refuses(3, &["cfo.key", "not the key"]);
    approve("janitor", "cfo.key").refuses(3, &["no approver `janitor`"]);
    refused();
    assert!(!sample.at("publication").exists());
    // The board's key is in a hardware module.
    let board =
        |arguments: &[&str]| sample.por("approve", &[&["--role", "board"], arguments].concat());
    board(&["--to-sign", "bytes"]).expect(0);
    sign_elsewhere(&sample, "auditor.key", "bytes", "signature");
    board(&["--signature", "signature"]).refuses(3, &["signature", "does not sign this"]);
    sign_elsewhere(&sample, "board.key", "bytes", "signature");
    board(&["--signature", "signature"]).expect(0);
    sample.publish().expect(0);
    let audited = sample.audit(&["--json"]).expect(0).out;
    assert!(
        audited.contains("\"approved_by\":\"cfo, board\""),
        "{audited}"
    );
    statement(&sample, "one.por", "0");
    let verify = |policy: &str| sample.anyone(&["verify", "one.por", "--policy", policy]);
    verify("exchange/policy").expect(0);
    // Whoever asks for more approvals than there are does not get them.
    sample.write("stricter", policy.replace("approvals 2", "approvals all"));
    verify("stricter").says(1, &["attestation-approved"]);
}

#[test]
fn a_log_key_that_never_is_on_this_machine_signs_by_files() {
    let sample = Sample::new(&["BTC"], 24);
    built(&sample, PERIOD, SNAPSHOT);
    fs::rename(sample.at("exchange/keys/log.key"), sample.at("hsm.key")).unwrap();
    sample.attest().says(4, &["log.key"]);
    for (what, run) in [
        (
            "attestation",
            &(|arguments: &[&str]| sample.attest_with(arguments)) as &dyn Fn(&[&str]) -> Done,
        ),
        ("checkpoint", &|arguments: &[&str]| {
            sample.por("publish", &[&["--to", "publication"], arguments].concat())
        }),
    ] {
        run(&["--to-sign", "bytes"]).says(0, &["bytes", "--signature"]);
        sample.write("signature", "00".repeat(64));
        run(&["--signature", "signature"]).refuses(3, &["signature", what]);
        sample.write("signature", "nonsense");
        run(&["--signature", "signature"]).refuses(3, &["no Ed25519 signature"]);
        sign_elsewhere(&sample, "hsm.key", "bytes", "signature");
        run(&["--signature", "signature"]).expect(0);
    }
    assert_eq!(
        sample.read("bytes").lines().count(),
        3,
        "a checkpoint was signed last"
    );
    sample.audit(&[]).expect(0);
    statement(&sample, "one.por", "0");
    sample
        .anyone(&["verify", "one.por", "--policy", "exchange/policy"])
        .expect(0);
}

#[test]
fn a_changed_log_key_keeps_old_statements_true_and_new_ones_by_the_new_key_alone() {
    let sample = published().copy();
    statement(&sample, "old.por", "0");
    fs::copy(sample.at("exchange/policy"), sample.at("old-policy")).unwrap();
    fs::copy(sample.at("exchange/keys/log.key"), sample.at("old.key")).unwrap();
    sample
        .por("log", &["rotate", "--to", "publication"])
        .expect(2);
    let rotate = ["log", "rotate", "--home", "exchange", "--to", "publication"];
    sample
        .anyone(&rotate)
        .says(0, &["The log key is changed", "por witness follow"]);
    assert_ne!(sample.read("old.key"), sample.read("exchange/keys/log.key"));
    assert!(!sample.at("exchange/keys/log.next.key").exists());
    second_month(&sample).expect(0);
    sample.audit(&[]).expect(0);
    sample.audit(&["--sequence", "0"]).expect(0);
    check(&sample, &[]).says(0, &["has 3 entries", "entry 2    attestation 1 of 2025-11"]);
    statement(&sample, "new.por", "1");
    let verify = |file: &str, policy: &str| sample.anyone(&["verify", file, "--policy", policy]);
    verify("old.por", "exchange/policy").expect(0);
    verify("new.por", "exchange/policy").expect(0);
    verify("old.por", "old-policy").expect(0);
    verify("new.por", "old-policy").says(1, &["attestation-signed"]);
    // The old key signs nothing that is accepted any more: an attestation after the rotation by it is found.
    let path = "publication/attestations/000001/attestation.note";
    let old = SecretKey::from_text(sample.read("old.key").trim_end()).unwrap();
    let text = sample.read("publication/attestations/000001/attestation.json");
    sample.write(path, old.sign(&text).unwrap());
    sample
        .audit(&[])
        .says(1, &["log-complete", "after a change of key"]);
}

#[test]
fn l_01_l_10_two_histories_are_found_and_leave_evidence_that_others_can_verify() {
    let honest = published().copy();
    check(&honest, &["--remembered", "head"]).says(0, &["has 1 entries"]);
    // The same home on another machine: two second months.
    let other = honest.copy();
    second_month(&honest).expect(0);
    second_month(&other).expect(0);
    // A head that was extended is remembered anew.
    check(&honest, &["--remembered", "head"]).says(0, &["has 2 entries"]);
    other.write("head", honest.read("head"));
    check(&other, &["--remembered", "head"])
        .says(1, &["NOT VERIFIED", "two histories", "equivocation.json"]);
    assert_eq!(
        other.read("head"),
        honest.read("head"),
        "a conflict is not remembered"
    );
    let verify = |policy: &str| {
        other.anyone(&[
            "log",
            "evidence",
            "verify",
            "equivocation.json",
            "--policy",
            policy,
        ])
    };
    verify("exchange/policy").says(0, &["VERIFIED", "signed two heads", "2 and 2 entries"]);
    // It shows nothing against anybody else, and nothing once it is touched.
    let stranger = Sample::new(&["BTC"], 5);
    other.write("strangers-policy", stranger.read("exchange/policy"));
    verify("strangers-policy").says(1, &["NOT VERIFIED"]);
    let evidence = other.read("equivocation.json");
    other.write(
        "equivocation.json",
        evidence.replacen("\\n2\\n", "\\n3\\n", 1),
    );
    verify("exchange/policy").says(1, &["NOT VERIFIED"]);
    // A customer of the one history meets the publication of the other.
    statement(&honest, "one.por", "1");
    other.write("one.por", fs::read(honest.at("one.por")).unwrap());
    check(&other, &["--statement", "one.por"]).says(1, &["the statement's head", "two histories"]);
}

#[test]
fn l_02_a_log_that_shrank_is_named_and_no_evidence_is_claimed() {
    let sample = published().copy();
    let before = sample.copy();
    second_month(&sample).expect(0);
    check(&sample, &["--remembered", "head"]).expect(0);
    before.write("head", sample.read("head"));
    check(&before, &["--remembered", "head"]).says(1, &["shows 1 entries", "has 2", "rolled back"]);
    assert!(!before.at("equivocation.json").exists());
}

#[test]
fn l_12_a_home_restored_from_an_old_backup_signs_nothing_that_forks() {
    let sample = published().copy();
    let backup = sample.copy();
    second_month(&sample).expect(0);
    // The backup meets the publication as it is now: its own second month does not follow.
    fs::remove_dir_all(backup.at("publication")).unwrap();
    support::copy_tree(&sample.at("publication"), &backup.at("publication"));
    let before = support::tree(&backup.at("publication"));
    second_month(&backup).refuses(4, &["another attestation of this number", "old backup"]);
    assert!(support::tree(&backup.at("publication")) == before);
    // A publication that lost its last entry gets no other one in its place.
    let rolled = sample.copy();
    fs::remove_dir_all(rolled.at("publication")).unwrap();
    support::copy_tree(&published().at("publication"), &rolled.at("publication"));
    fs::remove_dir_all(rolled.at("exchange/runs/000001")).unwrap();
    second_month(&rolled).refuses(4, &["log/head", "begun with another attestation"]);
    assert!(
        rolled.read("publication/log/checkpoint") == published().read("publication/log/checkpoint")
    );
}
