//! Clocks that are wrong: whatever the machine's clock says, nothing is dated by it that somebody else must date, and no
//! signer's time runs backwards (F-09). The program has no way to be told the time; `faketime` changes the system's answer.
#![allow(missing_docs, reason = "tests")]

#[path = "support/history.rs"]
mod history;
#[path = "support/http.rs"]
mod http;
#[path = "support/packages.rs"]
mod packages;
mod support;
#[path = "support/witnesses.rs"]
mod witnesses;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use history::{attest_second, audit_passes, first_attested, log_at};
use por_protocol::note::Note;
use support::{Done, Sample, run, tree};
use witnesses::{Running, init};

/// A command under another clock.
fn at(time: &str, folder: &Path, arguments: &[&str]) -> Command {
    packages::install("faketime");
    let mut command = Command::new(env!("CARGO_BIN_EXE_por"));
    // Without the command of that name, which would stand between a test and the process that it ends. Deadlines are
    // counted by another clock, which stays true.
    command
        .current_dir(folder)
        .env("TZ", "UTC")
        .env("LD_PRELOAD", library())
        .env("FAKETIME", format!("@{time}"))
        .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
        .args(arguments)
        .stdin(Stdio::null());
    command
}

/// Where the system keeps the library of `faketime`.
fn library() -> PathBuf {
    let folders = std::fs::read_dir("/usr/lib").unwrap().flatten();
    let mut places = folders.map(|folder| folder.path().join("faketime/libfaketime.so.1"));
    places.find(|place| place.exists()).expect("libfaketime")
}

fn publish_at(time: &str, sample: &Sample) -> Done {
    let publish = ["publish", "--home", "exchange", "--to", "publication"];
    run(&mut at(time, sample.path(), &publish))
}

fn witness_at(time: &str, folder: &Path) -> Running {
    let place = folder.to_str().unwrap();
    let serve = [
        "witness",
        "serve",
        "--folder",
        place,
        "--listen",
        "127.0.0.1:0",
    ];
    Running::start_as(folder, at(time, folder, &serve))
}

#[test]
fn f_09_before_its_own_snapshot_nothing_is_published() {
    let sample = first_attested();
    for time in ["1970-01-02 00:00:00", "2025-10-30 23:00:00"] {
        publish_at(time, &sample).says(1, &["in-order", "not published"]);
        assert!(log_at(&sample.at("publication")).is_none(), "{time}");
        assert!(!sample.at("exchange/log/head").exists(), "{time}");
    }
    // Far in the future the same is published, byte for byte: no time of the publisher's goes in.
    let usual = sample.copy();
    usual.publish().expect(0);
    publish_at("2100-01-01 00:00:00", &sample).expect(0);
    assert!(tree(&sample.at("publication")) == tree(&usual.at("publication")));
    audit_passes(&sample);
    // Whoever audits with a clock that is before the snapshot is told so.
    let audit = ["audit", "publication", "--policy", "exchange/policy"];
    run(&mut at("1970-01-02 00:00:00", sample.path(), &audit)).says(1, &["in-order"]);
    // And the clock that ran backwards between two months changes nothing, as long as both are past.
    attest_second(&sample, "BTC=112");
    publish_at("2025-12-01 00:00:00", &sample).expect(0);
    audit_passes(&sample);
}

#[test]
fn f_09_a_leap_second_and_a_time_zone_change_nothing() {
    let sample = Sample::new(&["BTC"], 100);
    let plan = |zone: &str, snapshot: &str| {
        let sample = sample.copy();
        let arguments = ["--period", support::PERIOD, "--snapshot", snapshot];
        let home = ["plan", "--home", "exchange", "--ledger", "ledger.csv"];
        let mut command = support::command(sample.path(), &[&home[..], &arguments[..]].concat());
        let done = run(command.env("TZ", zone));
        let plan = std::fs::read_to_string(sample.at("exchange/runs/000000/plan.json"));
        (done, plan.ok())
    };
    let time = |plan: Option<String>| {
        let plan: serde_json::Value = serde_json::from_str(&plan.unwrap()).unwrap();
        plan["snapshot_time"].clone()
    };
    let (done, utc) = plan("UTC", support::SNAPSHOT);
    done.expect(0);
    let (done, far) = plan("Pacific/Kiritimati", support::SNAPSHOT);
    done.expect(0);
    let utc = time(utc);
    assert!(!utc.is_null());
    assert_eq!(utc, time(far));
    // Unix time has no 61st second: it is refused, or is the second after it.
    let (done, _) = plan("UTC", "2016-12-31T23:59:61Z");
    done.expect(3);
}

#[test]
fn l_06_an_audit_of_a_frozen_log_ends_with_6_and_a_statement_is_as_true_as_ever() {
    let sample = first_attested();
    let policy = sample.read("exchange/policy");
    let line = policy
        .lines()
        .find(|line| line.starts_with("log "))
        .unwrap();
    let folder = sample.at("witness");
    let key = init(
        &folder,
        "witness.example/w",
        line.strip_prefix("log ").unwrap(),
    );
    let seen = "2025-11-01 00:00:00";
    let witness = witness_at(seen, &folder);
    let url = witness.url();
    sample.write(
        "exchange/policy",
        format!("{line}\nwitness w {key} {url}\nquorum w\n#por maximum-head-age 45d\n"),
    );
    publish_at(seen, &sample).expect(0);
    let account = sample.account();
    sample
        .por("statement", &["--account", &account, "--out", "s.por"])
        .expect(0);
    let audit = ["audit", "publication", "--policy", "exchange/policy"];
    let audit_at = |time| run(&mut at(time, sample.path(), &audit));
    audit_at("2025-12-15 00:00:00").expect(0);
    let late = audit_at("2025-12-17 00:00:00").expect(6);
    assert!(late.out.contains("?    10 head-fresh"), "{}", late.out);
    let verify = ["verify", "s.por", "--policy", "exchange/policy"];
    run(&mut at("2035-12-17 00:00:00", sample.path(), &verify)).expect(0);
}

#[test]
fn f_09_a_witness_whose_clock_was_ahead_waits_for_time_to_pass() {
    let sample = first_attested();
    let policy = sample.read("exchange/policy");
    let log = policy
        .lines()
        .find_map(|line| line.strip_prefix("log "))
        .unwrap();
    sample.publish().expect(0);
    let note = sample.read("publication/log/checkpoint");
    let folder = sample.at("witness");
    let key = init(&folder, "witness.example/w", log);
    let ask = |running: &Running, old: u64| {
        let body = format!("old {old}\n\n{note}");
        http::ask(running.address, "POST", "/add-checkpoint", body.as_bytes())
    };
    let time_of = |answer: &http::Answer| {
        let signed = format!("{note}{}", answer.body);
        let note = Note::parse(signed.as_bytes()).unwrap();
        note.cosignature(&key).unwrap().unwrap().time
    };
    let mut ahead = witness_at("2099-01-01 00:00:00", &folder);
    let answer = ask(&ahead, 0);
    assert_eq!(answer.status, 200);
    assert!(time_of(&answer) >= 4_070_908_800);
    ahead.kill();
    let running = Running::start(&folder);
    assert_eq!(ask(&running, 1).status, 500, "its time would run backwards");
    drop(running);
    let later = witness_at("2099-01-02 00:00:00", &folder);
    let answer = ask(&later, 1);
    assert_eq!(answer.status, 200);
    assert!(time_of(&answer) > 4_070_908_800);
}
