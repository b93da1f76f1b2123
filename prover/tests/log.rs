//! The log from the command line: approvals, keys kept elsewhere, a change of key, heads compared, evidence kept.

mod support;

use std::fs;
use std::sync::OnceLock;

use por_protocol::note::{KeyName, SecretKey};
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
    refused().refuses(1, &["por approve"]);
    assert!(!sample.at("publication").exists());
    // The board's key is in a hardware module.
    let board =
        |arguments: &[&str]| sample.por("approve", &[&["--role", "board"], arguments].concat());
    board(&["--to-sign", "bytes"]).says(0, &["the key of board"]);
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
fn a_home_can_be_made_for_a_log_key_that_is_elsewhere() {
    let sample = Sample::new(&["BTC"], 24);
    let key = sample.read("exchange/keys/log.key");
    let key: SecretKey = SecretKey::from_text(key.trim_end()).unwrap();
    let key = key.public();
    let public = hex::encode(key.as_bytes());
    let init = |home: &str, log_key: &str| {
        let own = ["init", "--home", home, "--entity", "E", "--log-origin"];
        let key = [key.name().as_str(), "--log-public-key", log_key];
        sample.anyone(&[&own[..], &key].concat())
    };
    for wrong in [&public[2..], "", &format!("zz{}", &public[2..])] {
        init("elsewhere", wrong).refuses(3, &["--log-public-key"]);
        assert!(!sample.at("elsewhere/por.toml").exists());
    }
    init("elsewhere", &public).expect(0);
    assert!(!sample.at("elsewhere/keys/log.key").exists());
    let policy = sample.read("elsewhere/policy");
    assert!(policy.contains(&format!("log {key}\n")), "{policy}");
    // A home that has a key of its own keeps it.
    for file in ["exchange/por.toml", "exchange/assets.toml"] {
        fs::remove_file(sample.at(file)).unwrap();
    }
    init("exchange", &public).refuses(4, &["log.key", "--log-public-key"]);
}

#[test]
fn a_log_key_is_changed_for_one_in_a_hardware_module_and_that_for_another() {
    let sample = published().copy();
    let module = |name: &str, seed: u8| {
        let mut bytes = [seed; 32];
        bytes[0] = 1;
        let origin = KeyName::log_origin(support::ORIGIN).unwrap();
        let key = SecretKey::new(origin, &bytes).unwrap();
        sample.write(name, key.to_text());
        hex::encode(key.public().as_bytes())
    };
    let (first, second) = (module("first.key", 7), module("second.key", 9));
    let rotate = |arguments: &[&str]| {
        let own = ["log", "rotate", "--home", "exchange", "--to", "publication"];
        sample.anyone(&[&own[..], arguments].concat())
    };
    rotate(&["--new-public-key", &first]).expect(2);
    let to = |key: &str| rotate(&["--signatures", "signatures", "--new-public-key", key]);
    to(&first[2..]).refuses(3, &["--new-public-key"]);
    let changed = |key: &str, signers: &[(&str, &str)]| {
        for what in ["rotation", "checkpoint"] {
            let bytes = format!("signatures/{what}");
            let names: Vec<String> = signers
                .iter()
                .map(|(_, signer)| format!("{bytes}.{signer}.sig"))
                .collect();
            let said: Vec<&str> = names.iter().map(String::as_str).collect();
            to(key).says(0, &[&[bytes.as_str()], &said[..]].concat());
            let last = signers.len() - 1;
            for ((key_file, _), name) in signers[..last].iter().zip(&names) {
                sign_elsewhere(&sample, key_file, &bytes, name);
                // One of two signatures is not enough.
                to(key).says(0, &[&names[last]]);
            }
            let (key_file, name) = (signers[last].0, &names[last]);
            sample.write(name, "00".repeat(64));
            to(key).says(3, &[name, what]);
            sign_elsewhere(&sample, key_file, &bytes, name);
        }
        to(key).says(0, &["The log key is changed", "por witness follow"]);
        to(key).says(0, &["changed already"]);
        fs::remove_dir_all(sample.at("signatures")).unwrap();
        sample.audit(&[]).expect(0);
    };
    // From the file in the home to a module: the file is set aside.
    let old = sample.read("exchange/keys/log.key");
    changed(&first, &[("first.key", "new")]);
    assert!(!sample.at("exchange/keys/log.key").exists());
    assert_eq!(sample.read("exchange/keys/log.retired.key"), old);
    // From module to module.
    changed(&second, &[("first.key", "old"), ("second.key", "new")]);
    // The next month is signed by the last of them alone.
    built(&sample, "2025-11", "2025-11-30T00:00:00Z");
    let publish =
        |arguments: &[&str]| sample.por("publish", &[&["--to", "publication"], arguments].concat());
    for run in [
        &(|arguments: &[&str]| sample.attest_with(arguments)) as &dyn Fn(&[&str]) -> Done,
        &publish,
    ] {
        run(&["--to-sign", "bytes"]).expect(0);
        sign_elsewhere(&sample, "first.key", "bytes", "signature");
        run(&["--signature", "signature"]).refuses(3, &["signature"]);
        sign_elsewhere(&sample, "second.key", "bytes", "signature");
        run(&["--signature", "signature"]).expect(0);
    }
    sample.audit(&[]).expect(0);
    // And back to a file that is made here.
    let back = |sample: &Sample| {
        let own = ["log", "rotate", "--home", "exchange", "--to", "publication"];
        sample.anyone(&[&own[..], &["--signatures", "signatures"]].concat())
    };
    for what in ["rotation", "checkpoint"] {
        back(&sample).says(0, &[what, "old.sig"]);
        let (bytes, name) = (
            format!("signatures/{what}"),
            format!("signatures/{what}.old.sig"),
        );
        sign_elsewhere(&sample, "second.key", &bytes, &name);
    }
    back(&sample).says(0, &["The log key is changed"]);
    assert!(sample.at("exchange/keys/log.key").exists());
    sample.audit(&[]).expect(0);
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
fn an_attestation_by_a_key_that_was_replaced_before_it_was_logged_is_made_again() {
    let sample = published().copy();
    let rotate = ["log", "rotate", "--home", "exchange", "--to", "publication"];
    built(&sample, NEXT.0, NEXT.1);
    sample.attest().expect(0);
    let before = support::tree(sample.path());
    sample
        .anyone(&rotate)
        .refuses(4, &["run 1 is attested by the present key", "por publish"]);
    assert!(support::tree(sample.path()) == before);
    // Whoever gets there all the same, as with two homes, is stopped before anything is public.
    let attested = sample.at("exchange/runs/000001/attested");
    fs::rename(&attested, sample.at("aside")).unwrap();
    sample.anyone(&rotate).expect(0);
    fs::rename(sample.at("aside"), &attested).unwrap();
    let before = support::tree(&sample.at("publication"));
    sample.publish().refuses(
        1,
        &[
            "not published",
            "the log's key has been changed",
            "por attest --again",
        ],
    );
    assert!(support::tree(&sample.at("publication")) == before);
    sample.attest_with(&["--again"]).expect(0);
    sample.publish().expect(0);
    sample.audit(&[]).expect(0);
}

#[test]
fn a_rotation_checks_everything_before_it_changes_anything() {
    let sample = published().copy();
    let before = support::tree(sample.path());
    let rotate = |arguments: &[&str]| {
        let all = [&["log", "rotate", "--home", "exchange", "--to"], arguments].concat();
        sample.anyone(&all)
    };
    rotate(&["publicatoin"]).refuses(3, &["publicatoin has no log"]);
    // Another exchange's.
    let other = Sample::new(&["BTC"], 5);
    other.plan(&["--leaves", "BTC=16"]).expect(0);
    other.finish();
    let place = other.at("publication");
    rotate(&[place.to_str().unwrap()]).refuses(3, &["checkpoint"]);
    // A head that was signed and is not published: something waits to be finished.
    let head = sample.read("exchange/log/head");
    sample.write("exchange/log/head", head.replacen("\n1\n", "\n2\n", 1));
    rotate(&["publication"]).refuses(4, &["log/head", "not published", "por publish"]);
    sample.write("exchange/log/head", head);
    // A page that would go on to trust the old key alone.
    sample.write("publication/index.html", "<p>log x</p>");
    rotate(&["publication"]).refuses(4, &["index.html", "--page"]);
    fs::remove_file(sample.at("publication/index.html")).unwrap();
    assert!(support::tree(sample.path()) == before);
    rotate(&["publication"]).expect(0);
    // Done and killed before its last step: the key gets its place, and no third one is made.
    fs::rename(
        sample.at("exchange/keys/log.key"),
        sample.at("exchange/keys/log.next.key"),
    )
    .unwrap();
    fs::write(
        sample.at("exchange/keys/log.key"),
        &before["exchange/keys/log.key"],
    )
    .unwrap();
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    fs::set_permissions(sample.at("exchange/keys/log.key"), private).unwrap();
    rotate(&["publication"]).says(0, &["changed already"]);
    second_month(&sample).expect(0);
    sample.audit(&[]).expect(0);
}

#[test]
fn a_published_page_never_keeps_another_policy_than_the_one_in_force() {
    let sample = published().copy();
    fs::create_dir(sample.at("page")).unwrap();
    for form in ["page/index.html", "page/verify.html"] {
        sample.write(form, "<script>%POR_POLICY%</script>");
    }
    // A page for what is published already: nothing but what may change is written.
    let page = ["--to", "publication", "--page", "page"];
    let before = support::tree(&sample.at("publication"));
    sample.por("publish", &page).says(0, &["page", "anew"]);
    let mut after = support::tree(&sample.at("publication"));
    for new in ["index.html", "verify.html", "page.sha256"] {
        after.remove(new).expect(new);
    }
    assert!(after == before);
    let shown = || {
        sample
            .read("publication/index.html")
            .matches("log sample")
            .count()
    };
    assert_eq!(shown(), 1);
    // After a change of the policy, the page goes with it or nothing does.
    let rotate = ["log", "rotate", "--home", "exchange"];
    let with_page = [&rotate[..], &page[..]].concat();
    sample.anyone(&with_page[..5]).says(2, &["--to"]);
    sample
        .anyone(&with_page[..with_page.len() - 2])
        .refuses(4, &["index.html", "another policy", "--page"]);
    sample.anyone(&with_page).expect(0);
    assert_eq!(shown(), 2);
    assert_eq!(
        sample.read("publication/policy"),
        sample.read("exchange/policy")
    );
    built(&sample, NEXT.0, NEXT.1);
    sample.attest().expect(0);
    let policy = sample.read("exchange/policy");
    sample.write("exchange/policy", policy + "# another line\n");
    sample
        .publish()
        .refuses(4, &["index.html", "another policy", "--page"]);
    sample.por("publish", &page).expect(0);
    assert!(
        sample
            .read("publication/index.html")
            .contains("another line")
    );
    sample.audit(&[]).expect(0);
}

#[test]
fn a_run_that_nobody_has_seen_is_planned_and_attested_anew() {
    let sample = Sample::new(&["BTC"], 24);
    built(&sample, PERIOD, SNAPSHOT);
    sample.attest().expect(0);
    let key = sample.read("exchange/runs/000000/run.key");
    sample.attest().refuses(4, &["attested already", "--again"]);
    sample.write("letter.pdf", "an auditor's letter");
    sample
        .attest_with(&["--again", "--annex", "letter.pdf"])
        .expect(0);
    assert!(!sample.at("exchange/runs/000000/attested.old").exists());
    // The next run is planned, and said to wait for this one.
    let plan = |arguments: &[&str]| {
        let ledger = ["--ledger", "ledger.csv", "--leaves", "BTC=32"];
        let period = ["--period", NEXT.0, "--snapshot", NEXT.1];
        sample.por("plan", &[&ledger[..], &period[..], arguments].concat())
    };
    plan(&[]).says(
        0,
        &["run 0 is not published", "--replace 0", "BTC more exactly"],
    );
    plan(&["--replace", "7"]).refuses(3, &["no run 7"]);
    // Both go, and lie where their secrets can be found and destroyed.
    plan(&["--replace", "0"]).says(
        0,
        &["Planned run 0", "000000.abandoned-1", "000001.abandoned-1"],
    );
    let aside = "exchange/runs/000000.abandoned-1/run.key";
    assert_eq!(sample.read(aside), key);
    assert_ne!(sample.read("exchange/runs/000000/run.key"), key);
    sample.por("build", &[]).expect(0);
    sample.attest().expect(0);
    sample.publish().expect(0);
    sample.audit(&[]).expect(0);
    plan(&["--replace", "0"]).refuses(4, &["000000", "published", "correction"]);
    sample
        .attest_with(&["--again"])
        .refuses(4, &["000000", "published", "--supersedes"]);
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
