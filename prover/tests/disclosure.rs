//! What a regulator is told of sealed totals: `por disclose` and `por open`, with files of the reference implementation of
//! age in both directions; a false total is never shown.
#![allow(missing_docs, reason = "tests")]

#[path = "support/packages.rs"]
mod packages;
mod support;

use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use serde_json::{Value, json};
use support::{Done, Sample, tree};

const OPEN: [&str; 8] = [
    "open",
    "opening.age",
    "--identity",
    "regulator.key",
    "--publication",
    "publication",
    "--policy",
    "exchange/policy",
];

/// The reference implementation's key file, and its public key.
fn keygen(sample: &Sample, name: &str) -> String {
    packages::install("age");
    let path = sample.at(name);
    let made = Command::new("age-keygen").arg("-o").arg(&path).output();
    assert!(made.unwrap().status.success());
    let text = sample.read(name);
    let public = text
        .lines()
        .find_map(|line| line.strip_prefix("# public key: "));
    public.unwrap().to_owned()
}

/// The reference implementation, with something on its standard input.
fn age(arguments: &[&str], input: &[u8]) -> Vec<u8> {
    let mut child = Command::new("age")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let done = child.wait_with_output().unwrap();
    assert!(done.status.success());
    done.stdout
}

/// BTC public, ETH sealed; published; disclosed to the key in `regulator.key`, whose public part is given too.
fn disclosed() -> &'static (Sample, String) {
    static SAMPLE: OnceLock<(Sample, String)> = OnceLock::new();
    SAMPLE.get_or_init(|| {
        let sample = Sample::new(&["BTC", "ETH"], 60);
        let recipient = keygen(&sample, "regulator.key");
        sample
            .plan(&["--leaves", "BTC=256", "--seal", "ETH"])
            .expect(0);
        sample.por("build", &[]).expect(0);
        sample.attest().expect(0);
        sample.publish_anyway().expect(0);
        disclose(&sample, &recipient).says(0, &["the totals of 1 sealed books, for 1 recipients"]);
        (sample, recipient)
    })
}

fn disclose(sample: &Sample, recipient: &str) -> Done {
    sample.por(
        "disclose",
        &["--recipient", recipient, "--out", "opening.age"],
    )
}

fn plain(sample: &Sample) -> Value {
    let sealed = std::fs::read(sample.at("opening.age")).unwrap();
    let key = sample.at("regulator.key");
    let json = age(&["-d", "-i", key.to_str().unwrap()], &sealed);
    serde_json::from_slice(&json).unwrap()
}

#[test]
fn a_regulator_sees_the_sealed_total_and_nobody_else_does() {
    let (sample, _) = disclosed();
    let opened = sample
        .anyone(&OPEN)
        .says(0, &["VERIFIED", "ETH", "covered", "in public: at most"]);
    let json = sample.anyone(&[&OPEN[..], &["--json"]].concat()).expect(0);
    let json: Value = serde_json::from_str(&json.out).unwrap();
    let total = json[0]["total"].as_str().unwrap();
    // What the ledger says, to the atom.
    let report = sample.read("exchange/runs/000000/ledger.json");
    assert!(report.contains(total), "{total} in {report}");
    assert_eq!(
        json.as_array().unwrap().len(),
        1,
        "public totals are no secret"
    );
    assert!(!opened.out.contains("BTC"));
    // The reference implementation opens the same file and finds the same total.
    assert_eq!(plain(sample)["books"][0]["total"], total);
    // Nothing public holds it.
    for (name, bytes) in tree(&sample.at("publication")) {
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains(total), "{name}");
    }
    let mode = |name: &str| sample.at(name).metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("opening.age"), 0o600);
    assert_eq!(
        mode("exchange/runs/000000/build/ETH-owed/total.json"),
        0o600
    );
}

/// A file with what the reference implementation encrypts.
fn encrypted(sample: &Sample, recipient: &str, plain: &Value) {
    let bytes = serde_json::to_vec(plain).unwrap();
    let sealed = age(&["-r", recipient], &bytes);
    std::fs::write(sample.at("opening.age"), sealed).unwrap();
}

#[test]
fn what_is_not_the_published_total_is_never_shown() {
    let (honest, recipient) = disclosed();
    let honest_plain = plain(honest);
    let sample = honest.copy();
    encrypted(&sample, recipient, &honest_plain);
    sample.anyone(&OPEN).says(0, &["VERIFIED"]);

    let total: u64 = honest_plain["books"][0]["total"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    let change = |pointer: &str, value: Value| {
        let mut changed = honest_plain.clone();
        *changed.pointer_mut(pointer).unwrap() = value;
        changed
    };
    let proof = honest_plain["books"][0]["proof"].as_str().unwrap();
    let mut other_proof = proof.to_owned();
    other_proof.replace_range(126..128, if proof.ends_with("00") { "01" } else { "00" });
    let twice = json!([honest_plain["books"][0], honest_plain["books"][0]]);
    for (what, changed, code, said) in [
        (
            "one atom less",
            change("/books/0/total", json!((total - 1).to_string())),
            1,
            "total",
        ),
        (
            "one atom more",
            change("/books/0/total", json!((total + 1).to_string())),
            1,
            "total",
        ),
        (
            "a number",
            change("/books/0/total", json!(total)),
            3,
            "disclosure",
        ),
        (
            "another proof",
            change("/books/0/proof", json!(other_proof)),
            1,
            "total",
        ),
        (
            "a short proof",
            change("/books/0/proof", json!(&proof[2..])),
            1,
            "total proof",
        ),
        (
            "another attestation",
            change("/attestation", json!("00".repeat(32))),
            1,
            "another attestation",
        ),
        ("no books", change("/books", json!([])), 1, "sealed book"),
        ("a book twice", change("/books", twice), 1, "disclosed book"),
        (
            "a public book",
            change("/books/0/asset", json!("BTC")),
            1,
            "no sealed book",
        ),
        (
            "another version",
            change("/format", json!("por/disclosure/v2")),
            5,
            "disclosure",
        ),
    ] {
        encrypted(&sample, recipient, &changed);
        let done = sample.anyone(&OPEN);
        assert_eq!(done.code, code, "{what}\n{}{}", done.out, done.err);
        assert_eq!(done.out, "", "{what}");
        assert!(done.err.contains(said), "{what}: {}", done.err);
    }
}

#[test]
fn only_the_named_keys_open_it_and_only_in_private() {
    let (honest, recipient) = disclosed();
    let sample = honest.copy();
    // A stranger's key.
    let stranger = keygen(&sample, "stranger.key");
    assert_ne!(stranger, *recipient);
    let mut open = OPEN;
    open[3] = "stranger.key";
    sample
        .anyone(&open)
        .refuses(3, &["opening.age", "encrypted to other keys"]);
    // A key that others can read, one that is none, and one that is not there.
    let public = std::fs::Permissions::from_mode(0o644);
    std::fs::set_permissions(sample.at("regulator.key"), public).unwrap();
    sample
        .anyone(&OPEN)
        .refuses(4, &["regulator.key", "chmod 600"]);
    let private = std::fs::Permissions::from_mode(0o600);
    std::fs::set_permissions(sample.at("regulator.key"), private).unwrap();
    let mut open = OPEN;
    open[3] = "exchange/keys/log.key";
    sample.anyone(&open).refuses(3, &["no age identity"]);
    // A byte changed on the way, a file cut short, no age file at all.
    let sealed = std::fs::read(sample.at("opening.age")).unwrap();
    let mut damaged = sealed.clone();
    *damaged.last_mut().unwrap() ^= 1;
    for bytes in [&damaged[..], &sealed[..sealed.len() - 20], b"{}\n"] {
        std::fs::write(sample.at("opening.age"), bytes).unwrap();
        sample.anyone(&OPEN).refuses(3, &["opening.age"]);
    }
    std::fs::write(sample.at("opening.age"), &sealed).unwrap();
    // Another exchange's policy, and a publication whose rows were changed.
    sample.edit("exchange/policy", "+", "+0");
    sample.anyone(&OPEN).refuses(3, &["exchange/policy"]);
    std::fs::copy(honest.at("exchange/policy"), sample.at("exchange/policy")).unwrap();
    let rows = "publication/attestations/000000/books.jsonl";
    sample.write(rows, sample.read(rows).replace("ETH", "ETC"));
    sample.anyone(&OPEN).refuses(1, &["books-complete"]);
}

#[test]
fn it_is_never_written_where_others_see_it_or_over_something() {
    let (sample, recipient) = disclosed();
    disclose(sample, recipient).refuses(4, &["opening.age", "exists already"]);
    let into = |out: &str| sample.por("disclose", &["--recipient", recipient, "--out", out]);
    into("publication/opening.age").refuses(3, &["lies in a publication"]);
    sample
        .por("disclose", &["--recipient", "age1none", "--out", "x.age"])
        .says(2, &["age1none"]);
    let open = Sample::new(&["BTC"], 60);
    open.plan(&["--leaves", "BTC=256"]).expect(0);
    open.por("build", &[]).expect(0);
    open.attest().expect(0);
    disclose(&open, recipient).refuses(3, &["no total of this attestation is sealed"]);
    assert!(!open.at("opening.age").exists());
}
