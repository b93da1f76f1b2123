//! Where publications go: folders, buckets of a real server of the S3 API (moto), servers that cheat; and mirrors of all of
//! these.
#![allow(missing_docs, reason = "tests")]

#[path = "support/faults.rs"]
mod faults;
#[path = "moto/server.rs"]
mod moto;
#[path = "support/packages.rs"]
mod packages;
#[path = "support/python.rs"]
mod python;
#[path = "moto/quirky.rs"]
mod quirky;
mod support;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use moto::Moto;
use por_protocol::log::{Conflict, Evidence};
use por_protocol::policy::Policy;
use quirky::{Quirk, Quirky};
use support::{Done, Sample, command, copy_tree, por_in, tree};

const SECRET: &str = "never+to/be=printed";
const KEY_ID: &str = "AKIANEVERPRINTED";

/// One small book, attested and not yet published.
fn attested() -> &'static Sample {
    static ATTESTED: OnceLock<Sample> = OnceLock::new();
    ATTESTED.get_or_init(|| {
        let sample = Sample::new(&["BTC"], 40);
        sample.plan(&["--leaves", "BTC=48"]).expect(0);
        build(&sample);
        sample
    })
}

fn build(sample: &Sample) {
    sample.por("build", &[]).expect(0);
    sample.attest().expect(0);
}

/// The month after, attested.
fn next_month(sample: &Sample) {
    let plan = [
        "--ledger",
        "ledger.csv",
        "--period",
        "2025-11",
        "--snapshot",
        "2025-11-30T00:00:00Z",
        "--leaves",
        "BTC=48",
    ];
    sample.por("plan", &plan).expect(0);
    build(sample);
}

/// A command with what the environment says of a bucket.
fn with_bucket(command: &mut Command, endpoint: &str) {
    command
        .env("AWS_ENDPOINT", endpoint)
        .env("AWS_ALLOW_HTTP", "true")
        .env("AWS_REGION", "us-east-1")
        .env("AWS_ACCESS_KEY_ID", KEY_ID)
        .env("AWS_SECRET_ACCESS_KEY", SECRET);
}

fn publish_command(sample: &Sample, endpoint: &str, to: &str) -> Command {
    let mut command = command(
        sample.path(),
        &["publish", "--home", "exchange", "--to", to],
    );
    with_bucket(&mut command, endpoint);
    command
}

fn publish_to(sample: &Sample, endpoint: &str, to: &str) -> Done {
    support::run(&mut publish_command(sample, endpoint, to))
}

fn mirror_from(sample: &Sample, endpoint: &str, from: &str, folder: &str) -> Done {
    let arguments = ["mirror", from, folder, "--policy", "exchange/policy"];
    let mut command = command(sample.path(), &arguments);
    with_bucket(&mut command, endpoint);
    support::run(&mut command)
}

fn mirror(sample: &Sample, from: &str, more: &[&str]) -> Done {
    let arguments = ["mirror", from, "mirror", "--policy", "exchange/policy"];
    sample.anyone(&[&arguments[..], more].concat())
}

fn audit(sample: &Sample, folder: &str) -> Done {
    sample.anyone(&["audit", folder, "--policy", "exchange/policy"])
}

// Buckets.

#[test]
fn a_publication_in_a_bucket_is_served_as_it_should_and_audits_when_mirrored_down() {
    let (moto, sample) = (Moto::shared(), attested().copy());
    moto.make_bucket("served");
    publish_to(&sample, moto.endpoint(), "s3://served/a/b").expect(0);
    let names = moto.list("served");
    assert!(names.contains(&"a/b/log/checkpoint".to_string()));
    assert!(
        !names.iter().any(|name| name.contains("por-probe")),
        "{names:?}"
    );
    let text = "text/plain; charset=utf-8";
    let for_ever = "public, max-age=31536000, immutable";
    let pack = "attestations/000000/tiles/BTC-owed/1/000000.pack";
    for (name, kind, cache) in [
        ("log/checkpoint", text, "no-cache"),
        ("policy", text, "no-cache"),
        (
            "attestations/000000/attestation.json",
            "application/json",
            for_ever,
        ),
        ("attestations/000000/attestation.note", text, for_ever),
        (
            "attestations/000000/books.jsonl",
            "application/x-ndjson",
            for_ever,
        ),
        (pack, "application/octet-stream", for_ever),
        ("log/tile/0/000.p/1", "application/octet-stream", for_ever),
    ] {
        let (found_kind, found_cache, encoding, _) = moto.get(&format!("served/a/b/{name}"));
        assert_eq!(
            (found_kind.as_str(), found_cache.as_str()),
            (kind, cache),
            "{name}"
        );
        assert_eq!(encoding, None, "{name}");
    }
    mirror_from(&sample, moto.endpoint(), "s3://served/a/b", "mirror").expect(0);
    audit(&sample, "mirror").expect(0);
    let mirrored = tree(&sample.at("mirror"));
    for name in names {
        let below = name.strip_prefix("a/b/").unwrap();
        if !below.starts_with(".well-known") {
            assert!(
                mirrored[below] == moto.get(&format!("served/{name}")).3,
                "{name}"
            );
        }
    }
    // Once is enough.
    publish_to(&sample, moto.endpoint(), "s3://served/a/b")
        .refuses(4, &["this attestation is published already"]);
    // All but the discovery file, which says where the original is.
    assert_eq!(moto.list("served").len(), mirrored.len() + 1);
}

#[test]
fn a_publication_that_was_cut_off_in_a_bucket_is_finished_by_the_same_command() {
    let (moto, sample) = (Moto::shared(), attested().copy());
    moto.make_bucket("begun");
    let put = |name: &str, from: &str| {
        let url = format!("{}/begun/{name}", moto.endpoint());
        ureq::put(url)
            .send(&fs::read(sample.at(from)).unwrap())
            .unwrap();
    };
    let attested = "exchange/runs/000000/attested";
    for name in ["attestation.json", "books.jsonl"] {
        put(
            &format!("attestations/000000/{name}"),
            &format!("{attested}/{name}"),
        );
    }
    publish_to(&sample, moto.endpoint(), "s3://begun").expect(0);
    mirror_from(&sample, moto.endpoint(), "s3://begun", "mirror").expect(0);
}

#[test]
fn l_12_of_two_publishers_with_one_key_exactly_one_wins_and_the_log_stays_linear() {
    let moto = Moto::shared();
    moto.make_bucket("races");
    let base = Sample::new(&["BTC"], 40);
    let publishers = [base.copy(), base.copy()];
    for publisher in &publishers {
        publisher.plan(&["--leaves", "BTC=48"]).expect(0);
        build(publisher);
    }
    let mut wins = [0, 0];
    for race in 0..20 {
        let to = format!("s3://races/{race}");
        let homes = [publishers[0].copy(), publishers[1].copy()];
        // Neither is always the first to start.
        let order = if race % 2 == 0 { [0, 1] } else { [1, 0] };
        let started = order.map(|who| {
            let mut command = publish_command(&homes[who], moto.endpoint(), &to);
            let started = command
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn();
            (who, started.unwrap())
        });
        let mut winners = Vec::new();
        for (who, child) in started {
            let done = child.wait_with_output().unwrap();
            let said = String::from_utf8_lossy(&done.stderr).into_owned();
            match done.status.code() {
                Some(0) => winners.push(who),
                Some(4) => assert!(
                    said.contains("another publisher") || said.contains("published already"),
                    "{said}"
                ),
                code => panic!("{code:?}: {said}"),
            }
        }
        assert_eq!(winners.len(), 1, "race {race}");
        wins[winners[0]] += 1;
        let (winner, loser) = (&homes[winners[0]], &homes[1 - winners[0]]);
        let own = fs::read(winner.at("exchange/runs/000000/attested/attestation.json")).unwrap();
        let public = format!("races/{race}/attestations/000000/attestation.json");
        assert!(moto.get(&public).3 == own);
        // It stays lost.
        publish_to(loser, moto.endpoint(), &to).expect(4);
        let done = mirror_from(winner, moto.endpoint(), &to, "mirror").expect(0);
        assert!(done.err.contains("Mirrored 1 entries"), "{}", done.err);
    }
    eprintln!("20 races: {} to {}", wins[0], wins[1]);
}

#[test]
fn l_12_a_checkpoint_that_moves_in_the_last_moment_is_not_overwritten() {
    let sample = attested().copy();
    let server = Quirky::start(Quirk::Faster("log/checkpoint"));
    publish_to(&sample, &server.endpoint, "s3://bucket/p")
        .refuses(4, &["log/checkpoint", "another publisher was faster"]);
    let files = server.files.lock().unwrap();
    assert_eq!(
        files["bucket/p/log/checkpoint"],
        b"written by somebody else\n"
    );
}

#[test]
fn a_server_that_overwrites_what_it_must_not_is_refused_before_anything_is_written() {
    for (quirk, named) in [
        (Quirk::Overwrites, "If-None-Match"),
        (Quirk::ForgetsVersions, "If-Match"),
    ] {
        let (sample, server) = (attested().copy(), Quirky::start(quirk));
        publish_to(&sample, &server.endpoint, "s3://bucket/p").refuses(
            4,
            &[
                "s3://bucket/p: it says Ok to a write that must fail",
                named,
                "overwrites",
                "Use a service that keeps conditional writes",
            ],
        );
        assert_eq!(server.names(), Vec::<String>::new());
    }
    // The same server without the fault will do.
    let (sample, server) = (attested().copy(), Quirky::start(Quirk::Honest));
    publish_to(&sample, &server.endpoint, "s3://bucket/p").expect(0);
    assert!(!server.names().iter().any(|name| name.contains("por-probe")));
}

#[test]
fn whatever_goes_wrong_with_a_bucket_no_credential_is_printed() {
    let sample = attested().copy();
    let unseen = |done: &Done| {
        for secret in [SECRET, KEY_ID, "Signature=", "hunter2"] {
            let printed = format!("{}{}", done.out, done.err);
            assert!(!printed.contains(secret), "{secret} in {printed}");
        }
    };
    let denies = Quirky::start(Quirk::Denies).endpoint;
    let redirects = Quirky::start(Quirk::Redirects).endpoint;
    for (endpoint, to, code, said) in [
        (denies.as_str(), "s3://bucket/p", 4, "access is denied"),
        (&redirects, "s3://bucket/p", 4, "status 302"),
        (
            "http://127.0.0.1:9",
            "s3://bucket/p",
            4,
            "Connection refused",
        ),
        (
            &denies,
            "s3://key:hunter2@bucket/p",
            3,
            "more than a bucket and a folder",
        ),
        (
            &denies,
            "s3://bucket/p?password=hunter2",
            3,
            "more than a bucket and a folder",
        ),
        (&denies, "ftp://bucket/p", 3, "folders and buckets"),
        (&denies, "https://bucket/p", 3, "folders and buckets"),
        (&denies, "s3://", 3, "no bucket"),
    ] {
        let done = publish_to(&sample, endpoint, to).refuses(code, &[said]);
        unseen(&done);
    }
    // Plain HTTP only where the environment says so.
    let mut command = publish_command(&sample, &denies, "s3://bucket/p");
    let done = support::run(command.env_remove("AWS_ALLOW_HTTP"));
    unseen(&done.refuses(4, &["plain HTTP is refused"]));
    // Switched off, conditional writes are missing as much as where they are not kept.
    let honest = Quirky::start(Quirk::Honest);
    let mut command = publish_command(&sample, &honest.endpoint, "s3://bucket/p");
    let done = support::run(command.env("AWS_CONDITIONAL_PUT", "disabled"));
    unseen(&done.refuses(4, &["conditional writes"]));
    assert_eq!(honest.names(), Vec::<String>::new());
}

#[test]
fn a_bucket_that_is_not_there_is_named() {
    let sample = attested().copy();
    publish_to(&sample, Moto::shared().endpoint(), "s3://absent/p")
        .refuses(4, &["s3://absent/p", "no such bucket", "Make it first"]);
}

// Folders.

#[test]
fn f_04_a_read_only_or_missing_folder_ends_with_4() {
    let sample = attested().copy();
    sample
        .por("publish", &["--to", "missing/publication"])
        .refuses(4, &["missing/publication", "does not exist"]);
    fs::create_dir(sample.at("read-only")).unwrap();
    // Root may write whatever the mode says: only a mount stops it. So the command runs in a mount namespace of its own.
    let mut command = Command::new("unshare");
    command.current_dir(sample.path()).arg("--mount");
    if !rustix::process::geteuid().is_root() {
        command.arg("--map-root-user");
    }
    let script =
        "mount --bind read-only read-only && mount -o remount,bind,ro read-only && exec \"$@\"";
    command.args(["sh", "-c", script, "sh", env!("CARGO_BIN_EXE_por")]);
    command.args(["publish", "--home", "exchange", "--to", "read-only"]);
    support::run(&mut command).refuses(4, &["read-only", "Read-only file system"]);
    assert!(tree(&sample.at("read-only")).is_empty());
    // Nothing of that is remembered.
    sample.publish().expect(0);
    sample.audit(&[]).expect(0);
}

#[test]
fn f_04_what_this_machine_cannot_look_at_is_no_verdict() {
    let sample = two_months().copy();
    let audit = ["audit", "publication", "--policy", "exchange/policy"];
    for file in [
        "log/checkpoint",
        "log/tile/0/000.p/2",
        "attestations/000000/attestation.json",
        "attestations/000001/books.jsonl",
        "attestations/000001/tiles/BTC-owed/1/000000.pack",
    ] {
        let file = sample.at(&format!("publication/{file}"));
        for (calls, error, said) in [
            ("openat", "EMFILE", "Too many open files"),
            ("openat", "EACCES", "Permission denied"),
            ("read,pread64", "EIO", "Input/output error"),
        ] {
            let (done, hits) = faults::at_file(sample.path(), &audit, &file, calls, error);
            assert!(hits > 0, "{} is not looked at", file.display());
            done.refuses(4, &[said, file.file_name().unwrap().to_str().unwrap()]);
        }
    }
}

#[test]
fn f_05_other_content_in_the_way_is_compared_and_never_overwritten() {
    for name in [
        "attestations/000000/attestation.json",
        "attestations/000000/tiles/BTC-owed/1/000000.pack",
    ] {
        let sample = attested().copy();
        let path = sample.at(&format!("publication/{name}"));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::copy(
            sample.at("exchange/policy"),
            sample.at("publication/policy"),
        )
        .unwrap();
        fs::write(&path, "of another epoch\n").unwrap();
        sample
            .publish()
            .refuses(4, &[name, "it is there already, with other content"]);
        assert_eq!(fs::read(&path).unwrap(), b"of another epoch\n");
        assert!(!sample.at("publication/log/checkpoint").exists());
    }
}

#[test]
fn f_07_a_link_in_the_way_is_refused_and_not_followed() {
    for name in [
        "attestations",
        "attestations/000000",
        "attestations/000000/attestation.json",
        "log",
    ] {
        let sample = attested().copy();
        sample.write("elsewhere.txt", "untouched\n");
        fs::create_dir(sample.at("elsewhere")).unwrap();
        let path = sample.at(&format!("publication/{name}"));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::copy(
            sample.at("exchange/policy"),
            sample.at("publication/policy"),
        )
        .unwrap();
        let to = if name.ends_with("json") {
            "elsewhere.txt"
        } else {
            "elsewhere"
        };
        std::os::unix::fs::symlink(sample.at(to), &path).unwrap();
        sample.publish().refuses(4, &[name, "it is a link"]);
        assert_eq!(sample.read("elsewhere.txt"), "untouched\n");
        assert!(tree(&sample.at("elsewhere")).is_empty());
    }
}

#[test]
fn f_07_a_pipe_in_the_way_blocks_nobody() {
    let pipe = |path: &Path| {
        fs::remove_file(path).unwrap();
        let made = Command::new("mkfifo").arg(path).status().unwrap();
        assert!(made.success());
    };
    let sample = two_months().copy();
    let rows = sample.at("publication/attestations/000001/books.jsonl");
    pipe(&rows);
    audit(&sample, "publication").says(1, &["books.jsonl", "is no regular file"]);
    let sample = attested().copy();
    fs::create_dir_all(sample.at("publication")).unwrap();
    sample.write("publication/policy", "");
    pipe(&sample.at("publication/policy"));
    sample
        .publish()
        .refuses(4, &["policy", "it is no regular file"]);
}

// Mirrors.

/// Two months published, the first of them also by itself in `first`.
fn two_months() -> &'static Sample {
    static MONTHS: OnceLock<Sample> = OnceLock::new();
    MONTHS.get_or_init(|| {
        let sample = attested().copy();
        sample.publish().expect(0);
        copy_tree(&sample.at("publication"), &sample.at("first"));
        copy_tree(&sample.at("exchange"), &sample.at("exchange-first"));
        next_month(&sample);
        sample.publish().expect(0);
        sample
    })
}

/// As [`two_months`], and in `forked` another second month by the same key: the signer's memory of the first was erased.
fn forked() -> &'static Sample {
    static FORKED: OnceLock<Sample> = OnceLock::new();
    FORKED.get_or_init(|| {
        let sample = two_months().copy();
        fs::rename(sample.at("exchange"), sample.at("exchange-honest")).unwrap();
        fs::rename(sample.at("exchange-first"), sample.at("exchange")).unwrap();
        fs::rename(sample.at("publication"), sample.at("honest")).unwrap();
        copy_tree(&sample.at("first"), &sample.at("publication"));
        next_month(&sample);
        sample.publish().expect(0);
        fs::rename(sample.at("publication"), sample.at("forked")).unwrap();
        fs::rename(sample.at("honest"), sample.at("publication")).unwrap();
        sample
    })
}

fn verifies_as_evidence(sample: &Sample) {
    let policy = Policy::parse(&fs::read(sample.at("exchange/policy")).unwrap()).unwrap();
    let kept = fs::read_dir(sample.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.to_string_lossy().contains(".evidence-"))
        .expect("no evidence was written");
    let evidence = Evidence::parse(&fs::read(kept).unwrap()).unwrap();
    assert!(matches!(
        evidence.verify(&policy).unwrap(),
        Conflict::Heads { .. }
    ));
}

#[test]
fn a_mirror_is_extended_and_audits_like_the_publication() {
    let sample = two_months().copy();
    let done = mirror(&sample, "first", &[]).expect(0);
    assert!(done.err.contains("Mirrored 1 entries"), "{}", done.err);
    let host = Quirky::start(Quirk::Host(sample.at("publication")));
    let done = mirror(&sample, &host.endpoint, &[]).expect(0);
    assert!(done.err.contains("Mirrored 2 entries"), "{}", done.err);
    audit(&sample, "mirror").expect(0);
    sample
        .anyone(&[
            "audit",
            "mirror",
            "--policy",
            "exchange/policy",
            "--sequence",
            "0",
        ])
        .expect(0);
    let before = tree(&sample.at("mirror"));
    mirror(&sample, &host.endpoint, &[]).expect(0);
    assert!(tree(&sample.at("mirror")) == before);
    sample.has_no_leftovers();
}

#[test]
fn l_02_a_mirror_is_not_rolled_back() {
    let sample = two_months().copy();
    mirror(&sample, "publication", &[]).expect(0);
    let before = tree(&sample.at("mirror"));
    mirror(&sample, "first", &[]).refuses(1, &["a log of 1 entries; the mirror has 2"]);
    assert!(tree(&sample.at("mirror")) == before);
}

#[test]
fn l_01_a_log_of_two_histories_is_not_mirrored_and_leaves_evidence() {
    let sample = forked().copy();
    mirror(&sample, "publication", &[]).expect(0);
    let before = tree(&sample.at("mirror"));
    mirror(&sample, "forked", &[]).refuses(1, &["signed two histories", ".evidence-"]);
    assert!(tree(&sample.at("mirror")) == before);
    verifies_as_evidence(&sample);
}

#[test]
fn f_11_what_a_host_damages_is_named_and_never_reaches_the_mirror() {
    let pack = "attestations/000000/tiles/BTC-owed/1/000000.pack";
    for (name, said) in [
        (pack, "node-hash"),
        ("attestations/000000/books.jsonl", "books.jsonl"),
        ("attestations/000000/attestation.json", "attestation"),
        ("log/tile/0/000.p/1", "log/tile/0/000.p/1: it is damaged"),
        ("log/tile/entries/000.p/1", "log"),
        ("log/checkpoint", "log/checkpoint"),
    ] {
        let sample = two_months().copy();
        let path = sample.at(&format!("first/{name}"));
        let mut content = fs::read(&path).unwrap();
        let last = content.len() - 3;
        content[last] ^= 1;
        fs::write(&path, content).unwrap();
        let host = Quirky::start(Quirk::Host(sample.at("first")));
        mirror(&sample, &host.endpoint, &[]).says(1, &[said]);
        assert!(!sample.at("mirror").exists(), "{name}");
    }
    let sample = two_months().copy();
    fs::remove_file(sample.at("first").join(pack)).unwrap();
    mirror(&sample, "first", &[]).refuses(1, &[pack, "it is missing"]);
    let longer = [
        fs::read(sample.at("publication").join(pack)).unwrap(),
        vec![0; 9],
    ]
    .concat();
    fs::write(sample.at("first").join(pack), longer).unwrap();
    mirror(&sample, "first", &[]).refuses(3, &[pack, "bytes"]);
    let host = Quirky::start(Quirk::Redirects);
    mirror(&sample, &host.endpoint, &[]).refuses(4, &["redirects are not followed"]);
    mirror(&sample, "no-such-folder", &[]).refuses(1, &["no log/checkpoint"]);
    assert!(!sample.at("mirror").exists());
}

#[test]
fn a_mirror_cosigns_once_and_never_two_histories() {
    let sample = forked().copy();
    let witness = |arguments: &[&str]| {
        let folder = ["--folder", "w"];
        sample.anyone(&[&["witness", arguments[0]][..], &folder, &arguments[1..]].concat())
    };
    witness(&["init", "--name", "auditor.example/w1"]).expect(0);
    mirror(&sample, "publication", &["--cosign", "w"])
        .refuses(3, &["does not follow", "por witness follow"]);
    let policy = sample.read("exchange/policy");
    let log = policy.lines().find_map(|line| line.strip_prefix("log "));
    let key = log.unwrap().split(' ').next().unwrap();
    witness(&["follow", key]).expect(0);
    let cosigned = |sample: &Sample| {
        let note = sample.read("mirror/log/checkpoint");
        note.matches("\n— auditor.example/w1 ").count()
    };
    mirror(&sample, "first", &["--cosign", "w"]).says(0, &["cosigned its head"]);
    assert_eq!(cosigned(&sample), 1);
    mirror(&sample, "publication", &["--cosign", "w"]).expect(0);
    assert_eq!(cosigned(&sample), 1);
    audit(&sample, "mirror").expect(0);
    // The same head once more, with and without: one cosignature stays.
    mirror(&sample, "publication", &["--cosign", "w"]).expect(0);
    mirror(&sample, "publication", &[]).expect(0);
    assert_eq!(cosigned(&sample), 1);
    // A new mirror has no memory; the witness has.
    fs::remove_dir_all(sample.at("mirror")).unwrap();
    mirror(&sample, "first", &["--cosign", "w"]).refuses(1, &["cosigned a larger log"]);
    fs::remove_dir_all(sample.at("mirror")).unwrap();
    mirror(&sample, "forked", &["--cosign", "w"]).refuses(1, &["signed two histories"]);
    assert!(!sample.at("mirror/log/checkpoint").exists());
    verifies_as_evidence(&sample);
}

#[test]
fn a_mirror_is_made_nowhere_else_than_where_it_belongs() {
    let sample = two_months().copy();
    fs::create_dir(sample.at("mirror")).unwrap();
    sample.write("mirror/letters.txt", "private\n");
    mirror(&sample, "publication", &[]).refuses(4, &["holds other things than a publication"]);
    let strangers = por_in(
        Path::new(sample.path()),
        &["mirror", "publication", "copy", "--policy", "letters"],
    );
    strangers.refuses(4, &["letters"]);
    for url in ["https://user:hunter2@host/p", "http://host/?token=hunter2"] {
        let done = mirror_from(&sample, "http://127.0.0.1:9", url, "copy").refuses(3, &["address"]);
        assert!(!done.err.contains("hunter2"), "{}", done.err);
    }
}
