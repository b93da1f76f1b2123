//! A build shared among machines: whoever makes the shards, the books are the same; and what a worker, a disk or the way
//! did to them is found before they are merged (ATTACKS 4.14).
#![allow(missing_docs, reason = "tests")]

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::OnceLock;

use support::{Done, Sample, copy_tree, tree};

/// Three books, planned, and what `por build` makes of them: each is one shard.
struct Planned {
    sample: Sample,
    built: Sample,
}

fn planned() -> &'static Planned {
    static PLANNED: OnceLock<Planned> = OnceLock::new();
    PLANNED.get_or_init(|| {
        let sample = Sample::new(&["BTC", "ETH", "USDT"], 40);
        let leaves = ["BTC=272", "ETH=64", "USDT=48"];
        let arguments: Vec<&str> = leaves.iter().flat_map(|leaf| ["--leaves", leaf]).collect();
        sample.plan(&arguments).expect(0);
        let built = sample.copy();
        built.por("build", &[]).expect(0);
        Planned { sample, built }
    })
}

const BUILD: &str = "exchange/runs/000000/build";
const BOOKS: [&str; 3] = ["BTC-owed", "ETH-owed", "USDT-owed"];

fn shard(sample: &Sample, arguments: &[&str]) -> Done {
    let (step, rest) = arguments.split_first().unwrap();
    let all = [&["shard", step, "--home", "exchange"], rest].concat();
    sample.anyone(&all)
}

/// Each book on a machine of its own, which has a copy of the run.
fn made_on_three_machines() -> Sample {
    static MADE: OnceLock<Sample> = OnceLock::new();
    let made = MADE.get_or_init(|| {
        let sample = planned().sample.copy();
        for (number, book) in BOOKS.iter().enumerate() {
            let worker = planned().sample.copy();
            let threads = (number + 1).to_string();
            let arguments = [
                "run",
                "--book",
                book,
                "--out",
                "made",
                "--threads",
                &threads,
            ];
            shard(&worker, &arguments).says(0, &["Made 1 shards", "private"]);
            copy_tree(&worker.at("made"), &sample.at(&format!("worker-{number}")));
        }
        sample
    });
    made.copy()
}

const ALL: [&str; 7] = [
    "merge", "--from", "worker-0", "--from", "worker-1", "--from", "worker-2",
];

fn tiles_and_books(sample: &Sample) -> std::collections::BTreeMap<String, Vec<u8>> {
    let mut files = tree(&sample.at(BUILD));
    files.retain(|name, _| name.contains("/tiles/") || name.ends_with("book.json"));
    files
}

#[test]
fn p_09_shards_of_any_machines_make_the_books_that_one_build_makes() {
    let sample = made_on_three_machines();
    shard(&sample, &ALL).says(0, &["Merged run 0", "Next: por attest.", "Destroy"]);
    let expected = tiles_and_books(&planned().built);
    assert_eq!(expected.len(), 3 + 3 + 2 + 2);
    assert!(tiles_and_books(&sample) == expected);
    // The secrets have done their work.
    let mut left = tree(&sample.at(BUILD));
    left.retain(|name, _| name.ends_with(".secret"));
    for number in 0..BOOKS.len() {
        let brought = tree(&sample.at(&format!("worker-{number}")));
        assert!(brought.keys().any(|name| name.ends_with(".tiles")));
        left.extend(brought);
    }
    left.retain(|name, _| name.ends_with(".secret") || name.ends_with("leaves"));
    assert!(left.is_empty(), "{:?}", left.keys());
    sample.attest().expect(0);
    sample.publish().expect(0);
}

#[test]
fn an_order_of_leaves_that_another_run_left_in_the_folder_is_found() {
    let sample = planned().sample.copy();
    let make = ["run", "--book", "ETH-owed", "--out", "made"];
    shard(&sample, &make).expect(0);
    // The shards went to the machine that merges; the order stayed. The next month has as many leaves.
    for name in ["000000.tiles", "000000.secret"] {
        fs::remove_file(sample.at(&format!("made/ETH-owed/{name}"))).unwrap();
    }
    let leaves = ["BTC=272", "ETH=64", "USDT=48"];
    let mut plan = vec!["--replace", "0"];
    plan.extend(leaves.iter().flat_map(|leaf| ["--leaves", leaf]));
    sample.plan(&plan).expect(0);
    shard(&sample, &make).refuses(
        3,
        &["made/ETH-owed/leaves", "not the one of this plan", "--out"],
    );
    assert!(!sample.at("made/ETH-owed/000000.secret").exists());
    fs::remove_dir_all(sample.at("made")).unwrap();
    shard(&sample, &make).expect(0);
}

#[test]
fn p_10_shards_that_come_when_all_is_built_are_said_to_be_late_and_change_nothing() {
    let sample = planned().built.copy();
    let before = tree(&sample.at(BUILD));
    copy_tree(&made_on_three_machines().at("worker-0"), &sample.at("late"));
    fs::write(sample.at("late/BTC-owed/000000.tiles"), "not even one").unwrap();
    shard(&sample, &["merge", "--from", "late"]).says(0, &["BTC-owed is built already"]);
    assert!(tree(&sample.at(BUILD)) == before);
}

#[test]
fn a_plan_of_shards_names_each_once_with_what_determines_it() {
    let sample = &planned().sample;
    let done = shard(sample, &["plan"]).expect(0);
    let lines: Vec<serde_json::Value> = done
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let plan = sample.read("exchange/runs/000000/plan.json");
    let digest = por_protocol::digest::Digest::of(plan.as_bytes()).to_string();
    let expected = [
        ("BTC-owed", 272, 17 + 2 + 1),
        ("ETH-owed", 64, 4 + 1),
        ("USDT-owed", 48, 3 + 1),
    ];
    assert_eq!(lines.len(), expected.len());
    for (line, (book, leaves, tiles)) in lines.iter().zip(expected) {
        assert_eq!(
            *line,
            serde_json::json!({
                "book": book, "shard": 0, "first_leaf": 0, "leaves": leaves, "tiles": tiles, "plan": digest
            })
        );
    }
}

#[test]
fn p_01_a_worker_goes_on_where_it_was_and_its_secrets_are_private() {
    let sample = planned().sample.copy();
    let run = ["run", "--out", "made", "--book", "ETH-owed"];
    shard(&sample, &run).expect(0);
    let first = tree(&sample.at("made"));
    let public = |name: &str| name.ends_with(".tiles") || name == "lock";
    for name in first.keys().filter(|name| !public(name)) {
        let mode = fs::metadata(sample.at("made").join(name))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    fs::remove_file(sample.at("made/ETH-owed/000000.secret")).unwrap();
    shard(&sample, &run).expect(0);
    let mut again = tree(&sample.at("made"));
    // It names the process that held it.
    again.insert("lock".into(), first["lock"].clone());
    assert!(again == first);
    for (arguments, named) in [
        (["--book", "DOGE-owed"], "no such shard"),
        (["--shard", "1"], "no such shard"),
    ] {
        let all = [&["run", "--out", "other"][..], &arguments].concat();
        shard(&sample, &all).refuses(3, &[named, "por shard plan"]);
    }
    shard(&sample, &["run", "--out", "x", "--shard", "3-1"]).expect(2);
    assert!(!sample.at("other").exists());
}

#[test]
fn p_02_a_shard_that_comes_twice_is_taken_once_and_two_that_differ_stop_the_merge() {
    let sample = made_on_three_machines();
    copy_tree(&sample.at("worker-0"), &sample.at("again"));
    let twice = [&ALL[..], &["--from", "again"]].concat();
    // Another machine with the same number and other bytes, whole by themselves.
    let other = Sample::new(&["BTC", "ETH", "USDT"], 40);
    other.plan(&["--leaves", "BTC=272"]).expect(0);
    let mut secret = fs::read(sample.at("again/BTC-owed/000000.secret")).unwrap();
    let mut tiles = fs::read(sample.at("again/BTC-owed/000000.tiles")).unwrap();
    tiles[5000] ^= 1;
    reseal(&mut secret, &tiles);
    fs::write(sample.at("again/BTC-owed/000000.secret"), &secret).unwrap();
    fs::write(sample.at("again/BTC-owed/000000.tiles"), &tiles).unwrap();
    shard(&sample, &twice).refuses(
        4,
        &["again/BTC-owed", "worker-0/BTC-owed", "broken or lies"],
    );
    fs::remove_dir_all(sample.at("again")).unwrap();
    copy_tree(&sample.at("worker-0"), &sample.at("again"));
    shard(&sample, &twice).expect(0);
}

/// The digest of the tiles and the checksum, as whoever makes a shard can write them.
fn reseal(secret: &mut [u8], tiles: &[u8]) {
    use por_protocol::digest::Digest;
    let at = 13 + 32 + 32 + 8;
    secret[at..at + 32].copy_from_slice(Digest::of(tiles).as_bytes());
    let end = secret.len() - 32;
    let checksum = Digest::of(&secret[..end]);
    secret[end..].copy_from_slice(checksum.as_bytes());
}

#[test]
fn p_03_missing_and_misplaced_shards_are_named_before_anything_is_built() {
    let sample = made_on_three_machines();
    let two = ["merge", "--from", "worker-0", "--from", "worker-2"];
    shard(&sample, &two).refuses(3, &["shards are missing: ETH-owed 0"]);
    assert!(!sample.at(BUILD).join("BTC-owed/book.json").exists());
    sample.por("attest", &[]).expect(2);
    // Another book's shard under this book's name.
    fs::rename(
        sample.at("worker-1/ETH-owed"),
        sample.at("worker-1/USDT-owed"),
    )
    .unwrap();
    let misplaced = ["merge", "--from", "worker-0", "--from", "worker-1"];
    shard(&sample, &misplaced).refuses(3, &["another book or of another place"]);
    fs::rename(
        sample.at("worker-1/USDT-owed"),
        sample.at("worker-1/ETH-owed"),
    )
    .unwrap();
    // What came first is kept.
    shard(&sample, &["merge", "--from", "worker-1"]).expect(0);
    assert!(tiles_and_books(&sample) == tiles_and_books(&planned().built));
    shard(&sample, &["merge", "--from", "nowhere"]).refuses(3, &["no folder of shards"]);
}

#[test]
fn p_04_p_05_a_shard_of_another_version_plan_or_run_key_is_refused() {
    let sample = made_on_three_machines();
    let secret = sample.at("worker-0/BTC-owed/000000.secret");
    let good = fs::read(&secret).unwrap();
    let mut newer = good.clone();
    newer[11] = b'2';
    fs::write(&secret, newer).unwrap();
    let refused = shard(&sample, &ALL).expect(5);
    assert!(
        refused
            .err
            .contains("shard format `por/shard/v2` is not supported"),
        "{}",
        refused.err
    );
    // Another plan of the same ledger: another run key.
    let other = Sample::new(&["BTC", "ETH", "USDT"], 40);
    other.plan(&["--leaves", "BTC=272"]).expect(0);
    shard(&other, &["run", "--book", "BTC-owed", "--out", "made"]).expect(0);
    for name in ["000000.secret", "000000.tiles"] {
        let from = other.at(&format!("made/BTC-owed/{name}"));
        fs::copy(from, sample.at(&format!("worker-0/BTC-owed/{name}"))).unwrap();
    }
    shard(&sample, &ALL).refuses(3, &["another plan"]);
    // A worker whose run key is not the plan's does not begin.
    let key = other.at("exchange/runs/000000/run.key");
    let worker = planned().sample.copy();
    fs::copy(key, worker.at("exchange/runs/000000/run.key")).unwrap();
    shard(&worker, &["run", "--out", "made"]).refuses(3, &["do not belong together"]);
}

#[test]
fn p_06_a_malicious_worker_s_shard_is_refused_whatever_it_changed() {
    let sample = made_on_three_machines();
    let (secret_path, tiles_path) = (
        sample.at("worker-0/BTC-owed/000000.secret"),
        sample.at("worker-0/BTC-owed/000000.tiles"),
    );
    let (secret, tiles) = (
        fs::read(&secret_path).unwrap(),
        fs::read(&tiles_path).unwrap(),
    );
    let with = |change: &dyn Fn(&mut Vec<u8>, &mut Vec<u8>), named: &str| {
        let (mut secret, mut tiles) = (secret.clone(), tiles.clone());
        change(&mut secret, &mut tiles);
        reseal(&mut secret, &tiles);
        fs::write(&secret_path, &secret).unwrap();
        fs::write(&tiles_path, &tiles).unwrap();
        shard(&sample, &ALL).refuses(3, &["000000.tiles", named, "Nothing of it was merged"]);
        assert!(!sample.at(BUILD).join("BTC-owed/tiles").exists());
    };
    let amount = 13 + 32 + 32 + 8 + 32;
    with(&|secret, _| secret[amount] ^= 1, "another sum");
    with(&|secret, _| secret[amount + 8] ^= 1, "");
    with(&|secret, _| secret[amount + 40] ^= 1, "");
    // A child of the last tile; a byte of its proof; two tiles changed with each other.
    with(&|_, tiles| tiles[10] ^= 1, "");
    with(&|_, tiles| tiles[1952 - 1] ^= 1, "");
    with(&|_, tiles| tiles[..2 * 1952].rotate_left(1952), "");
    // The account that was left out, for padding: the tiles of another tree, which fit each other.
    let other = planned().sample.copy();
    let ledger = other.read("ledger.csv");
    let fewer: Vec<&str> = ledger.lines().take(30).collect();
    other.write("ledger.csv", fewer.join("\n") + "\n");
    other.plan(&["--leaves", "BTC=272"]).expect(0);
    let arguments = ["run", "--run", "1", "--book", "BTC-owed", "--out", "made"];
    shard(&other, &arguments).expect(0);
    let theirs = fs::read(other.at("made/BTC-owed/000000.secret")).unwrap();
    let their_tiles = fs::read(other.at("made/BTC-owed/000000.tiles")).unwrap();
    with(
        &|secret, tiles| {
            let node = 13 + 32 + 32 + 8 + 32;
            secret[node..].copy_from_slice(&theirs[node..]);
            tiles.clone_from(&their_tiles);
        },
        "another sum",
    );
    fs::write(&secret_path, &secret).unwrap();
    fs::write(&tiles_path, &tiles).unwrap();
    shard(&sample, &ALL).expect(0);
}

#[test]
fn p_07_what_was_cut_off_or_altered_on_its_way_is_named() {
    let sample = made_on_three_machines();
    for name in ["000000.tiles", "000000.secret"] {
        let path = sample.at("worker-2/USDT-owed").join(name);
        let good = fs::read(&path).unwrap();
        let mut altered = good.clone();
        altered[40] ^= 1;
        for bad in [&good[..good.len() / 2], &[], &altered] {
            fs::write(&path, bad).unwrap();
            shard(&sample, &ALL).refuses(3, &["USDT-owed/000000.tiles", "damaged"]);
        }
        fs::remove_file(&path).unwrap();
        shard(&sample, &ALL).refuses(3, &["USDT-owed/000000.tiles", "damaged"]);
        fs::write(&path, good).unwrap();
    }
    shard(&sample, &ALL).expect(0);
}

#[test]
fn p_08_another_machine_finishes_what_one_began_to_merge() {
    let sample = made_on_three_machines();
    // Stopped behind the first book: a file in the way of its packs.
    let blocker = sample.at(BUILD).join("ETH-owed/tiles.tmp");
    fs::create_dir_all(blocker.parent().unwrap()).unwrap();
    fs::write(&blocker, "").unwrap();
    shard(&sample, &ALL).expect(4);
    assert!(sample.at(BUILD).join("BTC-owed/book.json").exists());
    let elsewhere = sample.copy();
    fs::remove_file(elsewhere.at(BUILD).join("ETH-owed/tiles.tmp")).unwrap();
    shard(&elsewhere, &ALL).expect(0);
    assert!(tiles_and_books(&elsewhere) == tiles_and_books(&planned().built));
}
