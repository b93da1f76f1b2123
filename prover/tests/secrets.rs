//! Keys, openings, accounts and balances stay where they belong: rows K-01 to K-08 of the attack catalogue.
//!
//! K-06, the timing of secret comparisons, has nothing to measure: no command compares a secret with something that a
//! stranger supplies. Signing and commitments are constant time in their libraries.
#![allow(missing_docs, reason = "tests")]

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::Path;
use std::sync::OnceLock;

use por_protocol::hex_bytes::HexSecret;
use por_protocol::liabilities::{Blinding, Salt};
use por_protocol::note::{KeyName, Note, SecretKey};
use por_protocol::run_key::RunKey;
use por_protocol::statement::{Core, Statement};
use por_prover::ledger::{LedgerSources, read_asset_table, read_ledger};
use support::{Done, Sample, tree};

const RUN: &str = "exchange/runs/000000";
const RUN_KEY: &str = "exchange/runs/000000/run.key";
const STATEMENT_KEY: &str = "exchange/runs/000000/statement.key";
const LOG_KEY: &str = "exchange/keys/log.key";
const LEDGER_ROWS: u64 = 30;

/// Planned: 30 accounts whose names and balances no other text holds.
fn planned() -> &'static Sample {
    static PLANNED: OnceLock<Sample> = OnceLock::new();
    PLANNED.get_or_init(|| {
        let sample = Sample::new(&["BTC"], 300);
        let rows = (0..LEDGER_ROWS).map(|row| format!("{},BTC,{}\n", account(row), balance(row)));
        let ledger: String = std::iter::once("account,asset,amount\n".into())
            .chain(rows)
            .collect();
        sample.write("ledger.csv", ledger);
        sample.plan(&["--leaves", "BTC=32"]).expect(0);
        sample
    })
}

/// The same, built.
fn built() -> &'static Sample {
    static BUILT: OnceLock<Sample> = OnceLock::new();
    BUILT.get_or_init(|| {
        let sample = planned().copy();
        sample.por("build", &[]).expect(0);
        sample
    })
}

/// The same, attested.
fn attested() -> &'static Sample {
    static ATTESTED: OnceLock<Sample> = OnceLock::new();
    ATTESTED.get_or_init(|| {
        let sample = built().copy();
        sample.attest().expect(0);
        sample
    })
}

fn published() -> &'static Sample {
    static PUBLISHED: OnceLock<Sample> = OnceLock::new();
    PUBLISHED.get_or_init(|| {
        let sample = attested().copy();
        sample.publish().expect(0);
        sample
    })
}

fn account(row: u64) -> String {
    format!("zyx-customer-{row:03}@hidden.example")
}

/// Units; the atoms are the same digits without the point.
fn balance(row: u64) -> String {
    format!("3.{:08}", 14_159_265 + row * 7_654_321 % 80_000_000)
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn k_01_no_command_takes_a_key_as_an_argument() {
    const REFUSED: [&str; 4] = ["run-key", "log-key", "signing-key", "statement-key"];
    let sample = planned();
    let key = "9f".repeat(32);
    let secret = |flag: &str| {
        let words = ["key", "secret", "token", "password"];
        words.iter().any(|word| flag.contains(word)) && !flag.contains("public")
    };
    for (words, command) in support::commands() {
        let refuses = |argument: &str| {
            let words = words.iter().map(String::as_str);
            let all: Vec<&str> = words.chain([argument]).collect();
            let done = sample.anyone(&all).expect(2);
            assert!(!done.err.contains(&key), "{all:?}: {}", done.err);
        };
        // A flag of such a name takes the place of a secret, never the secret.
        for argument in command.get_arguments() {
            let flag = argument.get_long().unwrap_or_default();
            let values = argument.get_value_names().unwrap_or_default();
            let place = |value: &clap::builder::Str| ["FILE", "DIR"].contains(&value.as_str());
            assert!(
                !secret(flag) || values.iter().all(place),
                "{words:?} --{flag} {values:?}"
            );
            assert!(!REFUSED.contains(&flag), "{words:?} --{flag}");
        }
        for flag in REFUSED {
            refuses(&format!("--{flag}={key}"));
        }
        if command.get_positionals().next().is_none() && command.get_subcommands().next().is_none()
        {
            refuses(&key);
        }
    }
}

#[test]
fn k_02_loose_linked_and_malformed_key_files_are_refused_with_what_to_do() {
    type Command = fn(&Sample) -> Done;
    let build: Command = |sample| sample.por("build", &[]);
    let attest: Command = Sample::attest;
    let statement: Command =
        |sample| sample.por("statement", &["--account", &account(0), "--out", "s.por"]);
    for (from, key, command) in [
        (planned(), RUN_KEY, build),
        (built(), LOG_KEY, attest),
        (published(), STATEMENT_KEY, statement),
        (published(), RUN_KEY, statement),
    ] {
        let sample = from.copy();
        let path = sample.at(key);
        let good = fs::read(&path).unwrap();
        for loose in [0o644, 0o640, 0o604, 0o620] {
            mode(&path, loose);
            command(&sample).refuses(4, &[key, "chmod 600"]);
        }
        mode(&path, 0o600);
        let away = sample.at("away");
        fs::rename(&path, &away).unwrap();
        command(&sample).says(4, &[key, "No such file"]);
        symlink(&away, &path).unwrap();
        command(&sample).refuses(4, &[key, "symbolic link"]);
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        command(&sample).refuses(4, &[key, "regular file"]);
        fs::remove_dir(&path).unwrap();
        fs::rename(&away, &path).unwrap();
        let long = "f".repeat(5_000);
        for (content, code) in [
            ("", 4),
            (long.as_str(), 4),
            // K-07: keys come from the operating system, and have 256 bits.
            ("password\n", 3),
            ("aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbb\n", 3),
            (
                "0000000000000000000000000000000000000000000000000000000000000000\n",
                3,
            ),
            (
                "PRIVATE+KEY+sample.example/por+00000000+AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n",
                3,
            ),
        ] {
            fs::write(&path, content).unwrap();
            let done = command(&sample).refuses(code, &[key]);
            let shown = !content.is_empty() && done.err.contains(content.trim_end());
            assert!(!shown, "the error shows the key file: {}", done.err);
        }
        // One line is one line, with its line feed or without.
        fs::write(&path, good.strip_suffix(b"\n").unwrap()).unwrap();
        command(&sample).expect(0);
    }
}

/// Everything that nobody but the exchange and one customer may see, as it could be written.
fn needles(sample: &Sample) -> Vec<Vec<u8>> {
    let run_key = sample.read(RUN_KEY);
    let mut needles = vec![
        run_key.trim_end().as_bytes().to_vec(),
        hex::decode(run_key.trim_end()).unwrap(),
    ];
    for key in [LOG_KEY, STATEMENT_KEY] {
        let text = sample.read(key);
        // PRIVATE+KEY+name+id+base64, where the base64 may hold a plus of its own.
        needles.push(text.trim_end().splitn(5, '+').nth(4).unwrap().into());
        needles.push(b"PRIVATE+KEY".to_vec());
    }
    for row in 0..LEDGER_ROWS {
        needles.push(account(row).into());
        needles.push(balance(row).into());
        needles.push(balance(row).replace('.', "").into());
        let out = format!("opened-{row}.por");
        sample
            .por("statement", &["--account", &account(row), "--out", &out])
            .expect(0);
        let file = fs::read(sample.at(&out)).unwrap();
        fs::remove_file(sample.at(&out)).unwrap();
        let note = Note::parse(Statement::parse(&file).unwrap().core).unwrap();
        for book in Core::parse(note.unverified_text()).unwrap().books {
            for HexSecret(secret) in [&book.blinding, &book.salt] {
                needles.push(secret.to_vec());
                needles.push(hex::encode(secret).into());
            }
        }
    }
    needles
}

#[track_caller]
fn holds_none(name: &str, text: &[u8], needles: &[Vec<u8>]) {
    for needle in needles {
        let found = text.windows(needle.len()).any(|window| window == needle);
        assert!(!found, "{name} holds {}", String::from_utf8_lossy(needle));
    }
}

#[test]
fn k_03_nothing_that_is_printed_published_or_left_behind_shows_a_secret() {
    let sample = planned().copy();
    let temporary = sample.at("tmp");
    fs::create_dir(&temporary).unwrap();
    let mut printed = Vec::new();
    let mut por = |arguments: &[&str], code: i32| {
        let mut command = support::command(sample.path(), arguments);
        let done = support::run(
            command
                .env("TMPDIR", &temporary)
                .env("RUST_BACKTRACE", "full"),
        );
        assert_eq!(done.code, code, "{arguments:?}\n{}", done.err);
        printed.push((arguments.join(" "), format!("{}{}", done.out, done.err)));
    };
    // Mistakes in the row of a customer: the place is named, the row is not repeated.
    let plan = |ledger| {
        [
            "plan",
            "--home",
            "exchange",
            "--ledger",
            ledger,
            "--period",
            "2025-10",
            "--snapshot",
            support::SNAPSHOT,
        ]
    };
    let ledger = sample.read("ledger.csv");
    for (name, bad) in [
        (
            "twice.csv",
            format!("{ledger}{},BTC,{}\n", account(3), balance(3)),
        ),
        (
            "amount.csv",
            ledger.replace(&balance(5), &format!("-{}", balance(5))),
        ),
        (
            "decimals.csv",
            ledger.replace(&balance(5), &format!("{}1", balance(5))),
        ),
        (
            "edge.csv",
            ledger.replace(&account(7), &format!("{} ", account(7))),
        ),
        ("fields.csv", ledger.replace(",BTC,", ",BTC,,")),
        ("header.csv", ledger.replace("account,asset,amount\n", "")),
    ] {
        sample.write(name, bad);
        por(&plan(name), 3);
    }
    sample.edit(RUN_KEY, "", "00");
    por(&["build", "--home", "exchange"], 3);
    let text = sample.read(RUN_KEY);
    sample.write(RUN_KEY, &text[2..]);
    por(&["build", "--home", "exchange"], 0);
    for (name, done) in [
        ("attest", sample.attest().expect(0)),
        ("attest twice", sample.attest().expect(4)),
        ("publish", sample.publish().expect(0)),
        ("publish twice", sample.publish().expect(4)),
        ("audit", sample.audit(&["--json"]).expect(0)),
        ("list", {
            sample.write("list", format!("{}\nnobody\n", account(1)));
            sample
                .por("statement", &["--list", "list", "--out", "all"])
                .expect(3)
        }),
        (
            "all",
            sample
                .por("statement", &["--all", "--out", "all"])
                .expect(0),
        ),
    ] {
        printed.push((name.into(), format!("{}{}", done.out, done.err)));
    }
    let needles = needles(&sample);
    for (name, text) in &printed {
        holds_none(name, text.as_bytes(), &needles);
    }
    for (name, content) in tree(&sample.at("publication")) {
        holds_none(&name, name.as_bytes(), &needles);
        holds_none(&name, &content, &needles);
    }
    assert!(tree(&temporary).is_empty());
    fs::remove_dir(&temporary).unwrap();
    sample.has_no_leftovers();
    // What is private is nobody else's to read; folders on the way count.
    for folder in ["exchange", "exchange/keys", "exchange/runs", RUN, "all"] {
        assert_eq!(
            fs::metadata(sample.at(folder)).unwrap().mode() & 0o077,
            0,
            "{folder}"
        );
    }
    for file in [
        LOG_KEY,
        RUN_KEY,
        STATEMENT_KEY,
        "exchange/runs/000000/plan.json",
        "all/index.csv",
    ] {
        assert_eq!(
            fs::metadata(sample.at(file)).unwrap().mode() & 0o777,
            0o600,
            "{file}"
        );
    }
    for (name, _) in tree(&sample.at("all")) {
        holds_none("a file name", name.as_bytes(), &needles);
        assert_eq!(
            fs::metadata(sample.at("all").join(name)).unwrap().mode() & 0o777,
            0o600
        );
    }
}

#[test]
fn k_03_debug_output_shows_no_secret() {
    let bytes: [u8; 32] = std::array::from_fn(|byte| 32 - byte as u8);
    let key = SecretKey::new(KeyName::new("a").unwrap(), &bytes).unwrap();
    let sorted = tempfile::tempdir().unwrap();
    let ledger = read_ledger(
        &LedgerSources {
            files: vec![planned().at("ledger.csv")],
            ..LedgerSources::default()
        },
        &read_asset_table(&planned().at("exchange/assets.toml")).unwrap(),
        sorted.path(),
    );
    let shown = format!(
        "{:?} {:#?} {:?} {:?} {:?} {:#?}",
        RunKey::from_bytes(bytes).unwrap(),
        key,
        HexSecret(bytes),
        Blinding::from_bytes(bytes).unwrap(),
        Salt::from_bytes(bytes),
        ledger.unwrap(),
    );
    let decimal = format!("{bytes:?}");
    for secret in [
        hex::encode(bytes).as_str(),
        &decimal,
        &account(0),
        &balance(0),
        "14159265",
    ] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

/// The kernel gives `/proc/<pid>` of a process that must not be dumped to root, whoever runs it.
#[test]
#[cfg(target_os = "linux")]
fn k_03_the_process_cannot_be_dumped() {
    use std::os::unix::process::CommandExt as _;
    const NOBODY: u32 = 65_534;
    let folder = tempfile::tempdir().unwrap();
    mode(folder.path(), 0o755);
    let (binary, pipe) = (folder.path().join("por"), folder.path().join("pipe"));
    fs::copy(env!("CARGO_BIN_EXE_por"), &binary).unwrap();
    mode(&binary, 0o755);
    let made = std::process::Command::new("mkfifo")
        .arg("-m")
        .arg("666")
        .arg(&pipe)
        .status();
    assert!(made.unwrap().success());
    let own = fs::metadata("/proc/self").unwrap().uid();
    let run = |program: &Path, arguments: &[&Path]| {
        let mut command = std::process::Command::new(program);
        command.args(arguments);
        if own == 0 {
            command.uid(NOBODY).gid(NOBODY);
        }
        let mut child = command.spawn().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(300));
        let owner = fs::metadata(format!("/proc/{}/environ", child.id()))
            .unwrap()
            .uid();
        child.kill().unwrap();
        child.wait().unwrap();
        owner
    };
    // It waits for somebody to write into the pipe.
    assert_eq!(run(&binary, &[Path::new("verify"), &pipe]), 0);
    // The same with a program that may be dumped, to know that the test can tell.
    assert_ne!(run(Path::new("cat"), &[&pipe]), 0);
}

#[test]
fn k_04_the_publication_holds_the_allowed_files_and_no_others() {
    let sample = attested().copy();
    // What is not on the list is not taken, even from the attested folder.
    fs::copy(
        sample.at(RUN_KEY),
        sample.at(&format!("{RUN}/attested/run.key")),
    )
    .unwrap();
    fs::copy(
        sample.at(RUN_KEY),
        sample.at(&format!("{RUN}/build/BTC-owed/run.key")),
    )
    .unwrap();
    sample.publish().expect(0);
    let found: BTreeSet<String> = tree(&sample.at("publication")).into_keys().collect();
    let attestation = "attestations/000000";
    let allowed = [
        "policy".to_owned(),
        ".well-known/proof-of-reserves.json".to_owned(),
        "log/checkpoint".to_owned(),
        "log/tile/0/000.p/1".to_owned(),
        "log/tile/entries/000.p/1".to_owned(),
        format!("{attestation}/attestation.json"),
        format!("{attestation}/attestation.note"),
        format!("{attestation}/books.jsonl"),
        format!("{attestation}/reserves.jsonl"),
        format!("{attestation}/tiles/BTC-owed/1/000000.pack"),
        format!("{attestation}/tiles/BTC-owed/2/000000.pack"),
    ];
    assert_eq!(found, allowed.into_iter().collect());
}

#[test]
fn k_04_a_secret_among_the_tiles_is_not_published() {
    for (from, to) in [
        (RUN_KEY, "build/BTC-owed/tiles/1/run.key"),
        (STATEMENT_KEY, "build/BTC-owed/tiles/000000.secret"),
        ("ledger.csv", "build/BTC-owed/tiles/1/000001.pack"),
    ] {
        let sample = attested().copy();
        fs::copy(sample.at(from), sample.at(&format!("{RUN}/{to}"))).unwrap();
        let name = Path::new(to).file_name().unwrap().to_str().unwrap();
        sample.publish().refuses(
            1,
            &[
                "not published",
                "files-expected",
                name,
                "does not belong there",
            ],
        );
        assert!(!sample.at("publication").exists());
        sample.has_no_leftovers();
    }
    // A link is not copied as what it points to under an allowed name.
    let sample = attested().copy();
    let pack = sample.at(&format!("{RUN}/build/BTC-owed/tiles/1/000000.pack"));
    fs::remove_file(&pack).unwrap();
    symlink(sample.at(RUN_KEY), &pack).unwrap();
    sample.publish().expect(1);
    assert!(!sample.at("publication").exists());
    sample.has_no_leftovers();
}

#[test]
fn k_04_the_publication_never_lies_around_or_inside_the_keys() {
    let sample = attested().copy();
    let absolute = sample.at("exchange");
    let cwd = sample.at("exchange");
    symlink(&cwd, sample.at("link")).unwrap();
    for to in [
        "exchange",
        "exchange/",
        "./exchange/.",
        "exchange/runs",
        RUN,
        "exchange/runs/000000/public",
        ".",
        "link",
        absolute.to_str().unwrap(),
    ] {
        let done = sample.por("publish", &["--to", to]);
        assert!([3, 4].contains(&done.code), "{to}: {}", done.err);
        assert!(!sample.at("exchange/attestations").exists());
    }
    // The same from inside: `.` and the absolute name are one folder.
    for to in [absolute.to_str().unwrap(), ".", "../exchange"] {
        let done = support::por_in(&cwd, &["publish", "--to", to]);
        assert!([3, 4].contains(&done.code), "{to}: {}", done.err);
    }
    assert!(!sample.at("exchange/attestations").exists());
    sample.has_no_leftovers();
}

#[test]
fn k_04_no_statement_is_written_into_a_publication() {
    let sample = attested().copy();
    sample.publish().expect(0);
    let published = tree(&sample.at("publication"));
    for out in ["publication/s.por", "publication/attestations/000000/s.por"] {
        let one = ["--account", &account(0), "--out", out];
        sample
            .por("statement", &one)
            .refuses(3, &["lies in a publication", "Name a place"]);
    }
    let all = ["--all", "--out", "publication/all"];
    sample
        .por("statement", &all)
        .refuses(3, &["lies in a publication"]);
    // Folders that do not exist yet would be made there, by any name that leads there.
    symlink(sample.at("publication"), sample.at("link")).unwrap();
    for out in [
        "publication/new/all",
        "publication/new/../all",
        "none/../publication/all",
        "link/new/all",
    ] {
        sample
            .por("statement", &["--all", "--out", out])
            .refuses(3, &["lies in a publication"]);
        sample
            .por("statement", &["--all", "--archive", out])
            .refuses(3, &["lies in a publication"]);
        let shards = ["shard", "run", "--home", "exchange", "--out", out];
        sample
            .anyone(&shards)
            .refuses(3, &["lies in a publication"]);
        sample
            .por("approve", &["--role", "cfo", "--new-key", out])
            .refuses(3, &["lies in a publication"]);
    }
    let shards = ["shard", "run", "--home", "exchange", "--out", "publication"];
    sample
        .anyone(&shards)
        .refuses(3, &["lies in a publication"]);
    assert!(tree(&sample.at("publication")) == published);
    assert!(!sample.at("none").exists());
}

#[test]
fn k_05_another_key_plan_or_rows_are_refused_before_any_work() {
    let untouched = |sample: &Sample, parts: &[&str]| {
        let before = files(sample);
        sample.por("build", &[]).refuses(3, parts);
        assert!(files(sample) == before, "something was written");
    };
    let fresh = planned();
    for resumed in [false, true] {
        let start = || {
            let sample = fresh.copy();
            if resumed {
                // Begun, and stopped before the first tile.
                let run = por_prover::home::Home::at(&sample.at("exchange"))
                    .run(None)
                    .unwrap();
                run.begin_build(&run.plan().unwrap().1).unwrap();
            }
            sample
        };
        let sample = start();
        sample.write(RUN_KEY, format!("{}\n", "5a3c".repeat(16)));
        untouched(&sample, &["do not belong together", "backup", "por plan"]);

        let sample = start();
        let rows = sample.at(&format!("{RUN}/rows/BTC-owed.rows"));
        let mut bytes = fs::read(&rows).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        fs::write(&rows, &bytes).unwrap();
        untouched(&sample, &["do not belong together"]);
        bytes.truncate(bytes.len() - 1);
        fs::write(&rows, &bytes).unwrap();
        untouched(&sample, &["BTC-owed.rows", "damaged"]);

        let sample = start();
        sample.edit(&format!("{RUN}/plan.json"), "\"rows\": 30", "\"rows\": 29");
        if resumed {
            untouched(&sample, &["another plan.json", "backup"]);
        }
    }
    // A plan that is changed once the build has begun never meets files of the other one, whatever changed in it.
    for (from, to) in [
        ("2025-10", "2025-11"),
        ("\"leaf_count\": 32", "\"leaf_count\": 48"),
    ] {
        for from_sample in [built(), attested()] {
            let sample = from_sample.copy();
            sample.edit(&format!("{RUN}/plan.json"), from, to);
            untouched(&sample, &["another plan.json", "backup", "por plan"]);
        }
        let sample = built().copy();
        sample.edit(&format!("{RUN}/plan.json"), from, to);
        sample.attest().refuses(3, &["another plan"]);
        assert!(!sample.at(&format!("{RUN}/attested")).exists());
    }
}

/// Every file but the lock, with its content and the time it was last written.
fn files(sample: &Sample) -> Vec<(String, Vec<u8>, i64, i64)> {
    tree(sample.path())
        .into_iter()
        .filter(|(name, _)| !name.ends_with("/lock"))
        .map(|(name, content)| {
            let found = fs::metadata(sample.path().join(&name)).unwrap();
            (name, content, found.mtime(), found.mtime_nsec())
        })
        .collect()
}

#[test]
fn k_07_every_plan_draws_another_key_of_256_bits() {
    let sample = Sample::planned(&["BTC"], 30);
    sample.plan(&[]).expect(0);
    let keys = ["000000", "000001"].map(|run| sample.read(&format!("exchange/runs/{run}/run.key")));
    assert_ne!(keys[0], keys[1]);
    for key in keys {
        let bytes = hex::decode(key.strip_suffix('\n').unwrap()).unwrap();
        assert_eq!(bytes.len(), 32);
        assert!(bytes.iter().collect::<BTreeSet<_>>().len() > 16, "random");
    }
}

#[test]
fn k_08_each_step_needs_its_own_key_and_no_other() {
    let sample = planned().copy();
    let hide = |name: &str| fs::rename(sample.at(name), sample.at("hidden")).unwrap();
    let show = |name: &str| fs::rename(sample.at("hidden"), sample.at(name)).unwrap();
    hide("exchange/keys");
    sample.por("build", &[]).expect(0);
    sample.attest().says(4, &["log.key"]);
    assert!(!sample.at(&format!("{RUN}/attested")).exists());
    show("exchange/keys");
    hide(RUN_KEY);
    sample.por("build", &[]).says(4, &["run.key"]);
    sample.attest().expect(0);
    show(RUN_KEY);
    hide("exchange/keys");
    sample.publish().says(4, &["log.key"]);
    show("exchange/keys");
    // The head is signed without any secret of the customers.
    hide(RUN_KEY);
    let statement_key = fs::read(sample.at(STATEMENT_KEY)).unwrap();
    fs::remove_file(sample.at(STATEMENT_KEY)).unwrap();
    sample.publish().expect(0);
    show(RUN_KEY);
    fs::write(sample.at(STATEMENT_KEY), statement_key).unwrap();
    mode(&sample.at(STATEMENT_KEY), 0o600);
    hide("exchange/keys");
    let one = ["--account", &account(0), "--out", "one.por"];
    sample.por("statement", &one).expect(0);
    show("exchange/keys");
    // Checking needs the policy and nothing else of the exchange.
    fs::copy(sample.at("exchange/policy"), sample.at("policy")).unwrap();
    hide("exchange");
    sample
        .anyone(&["verify", "one.por", "--policy", "policy"])
        .expect(0);
    sample
        .anyone(&["audit", "publication", "--policy", "policy"])
        .expect(0);
    show("exchange");
    hide(STATEMENT_KEY);
    sample
        .por("statement", &["--all", "--out", "all"])
        .says(4, &["statement.key"]);
    assert!(!sample.at("all").exists());
    sample.has_no_leftovers();
}
