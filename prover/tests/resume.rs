//! A build that is killed at any moment, started again, run on other numbers of threads or meddled with between two
//! starts gives the same bytes, or says why not (P-09, F-10, and F-01 for the build).
#![allow(missing_docs, reason = "tests")]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::Stdio;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use indicatif::ProgressBar;
use por_protocol::account::AccountId;
use por_protocol::amount::ExactAmount;
use por_protocol::book_row::Total;
use por_protocol::digest::Digest;
use por_protocol::kind::Kind;
use por_protocol::liabilities::{
    Node, PACK_TILES, Position, TILE_BYTES, TileProver, open_record, packs, verify_total,
};
use por_protocol::period::Period;
use por_protocol::plan::{Plan, PlannedBook, PlannedTotal};
use por_protocol::run_key::{RunKey, Subject};
use por_protocol::suite::{PLAN_FORMAT, SUITE};
use por_prover::build::{BookRows, Builder, BuiltBook, pack_path, write_rows};
use por_prover::error::Exit;
use por_prover::home::{Home, Run};
use por_prover::ledger::read_asset_table;
use por_prover::publication::Publication;
use support::{Sample, command, tree};

const BUILD: &str = "exchange/runs/000000/build";

/// Two books of 7 + 1 tiles, planned and not built; what an uninterrupted build makes of it; how long that takes.
fn reference() -> &'static (Sample, BTreeMap<String, Vec<u8>>, Duration) {
    static REFERENCE: OnceLock<(Sample, BTreeMap<String, Vec<u8>>, Duration)> = OnceLock::new();
    REFERENCE.get_or_init(|| {
        let planned = Sample::new(&["BTC", "USDT"], 100);
        planned
            .plan(&["--leaves", "BTC=112", "--leaves", "USDT=112"])
            .expect(0);
        let built = planned.copy();
        let start = Instant::now();
        built.por("build", &["--threads", "1"]).expect(0);
        let took = start.elapsed();
        let files = tree(&built.at(BUILD));
        assert_eq!(files["BTC-owed/tiles/1/000000.pack"].len(), 7 * TILE_BYTES);
        assert!(files.contains_key("USDT-owed/book.json"));
        assert!(!files.keys().any(|name| name.contains("shards")));
        (planned, files, took)
    })
}

/// Starts a command and kills it as soon as `due` says so; whether it was killed.
fn kill_when(sample: &Sample, what: &str, mut due: impl FnMut() -> bool) -> bool {
    let own = match what {
        "build" => ["--threads", "1"],
        _ => ["--to", "publication"],
    };
    let arguments = [&[what, "--home", "exchange"][..], &own].concat();
    let mut child = command(sample.path(), &arguments)
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    loop {
        if child.try_wait().unwrap().is_some() {
            return false;
        }
        if due() {
            child.kill().unwrap();
            child.wait().unwrap();
            return true;
        }
        std::thread::sleep(Duration::from_micros(200));
    }
}

/// Whatever a kill leaves: what looks finished is finished.
fn looks_finished_only_if_it_is(sample: &Sample) {
    let (_, whole, _) = reference();
    for book in ["BTC-owed", "USDT-owed"] {
        if sample.at(&format!("{BUILD}/{book}/book.json")).exists() {
            let found = tree(&sample.at(&format!("{BUILD}/{book}")));
            for (name, content) in whole.iter().filter(|(name, _)| name.starts_with(book)) {
                let name = name.split_once('/').unwrap().1;
                assert!(found[name] == *content, "{book}/{name}");
            }
        }
    }
}

/// Sixty-four threads beside it would leave whoever waits for the moment to kill a build no time to see it.
fn alone() -> std::sync::MutexGuard<'static, ()> {
    static ALONE: std::sync::Mutex<()> = std::sync::Mutex::new(());
    ALONE
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

#[test]
fn f_01_a_build_killed_at_any_moment_goes_on_and_gives_the_same_bytes() {
    let _alone = alone();
    let (planned, whole, took) = reference();
    let sample = planned.copy();
    let mut killed = 0;
    for part in 1..=8 {
        let start = Instant::now();
        killed += u32::from(kill_when(&sample, "build", || {
            start.elapsed() > *took * part / 9
        }));
        looks_finished_only_if_it_is(&sample);
    }
    assert!(killed >= 3, "only {killed} of the builds were killed");
    sample.por("build", &[]).expect(0);
    assert!(tree(&sample.at(BUILD)) == *whole);
    sample.has_no_leftovers();
}

#[test]
fn f_01_a_build_killed_as_each_file_appears_gives_the_same_bytes() {
    let _alone = alone();
    let (planned, whole, _) = reference();
    let sample = planned.copy();
    let mut killed = 0;
    for book in ["BTC-owed", "USDT-owed"] {
        for file in [
            "leaves.tmp",
            "leaves",
            "shards",
            "shards/000000.tiles",
            "shards/000000.secret",
            "tiles.tmp",
            "tiles/2/000000.pack",
            "book.json",
        ] {
            let path = sample.at(&format!("{BUILD}/{book}/{file}"));
            if !path.exists() {
                killed += u32::from(kill_when(&sample, "build", || path.exists()));
                looks_finished_only_if_it_is(&sample);
            }
        }
    }
    assert!(killed >= 6, "only {killed} of the builds were killed");
    sample.por("build", &[]).expect(0);
    assert!(tree(&sample.at(BUILD)) == *whole);
    // A build that is finished is left as it is.
    sample.por("build", &[]).expect(0);
    assert!(tree(&sample.at(BUILD)) == *whole);
}

#[test]
fn f_01_a_publish_killed_at_any_moment_leaves_the_old_publication_or_the_new() {
    let (planned, ..) = reference();
    let sample = planned.copy();
    // What counts is what the log says; files of an attestation that is not logged yet are not published.
    let logged = |sample: &Sample| {
        let log = Publication::at(&sample.at("publication")).log().unwrap();
        log.map_or(0, |log| log.history().attestations().len())
    };
    for month in 0..2 {
        if month == 1 {
            let plan = [
                "--ledger",
                "ledger.csv",
                "--period",
                "2025-11",
                "--snapshot",
                "2025-11-30T00:00:00Z",
                "--leaves",
                "BTC=112",
                "--leaves",
                "USDT=112",
            ];
            sample.por("plan", &plan).expect(0);
        }
        sample.por("build", &[]).expect(0);
        sample.attest().expect(0);
        let rehearsal = sample.copy();
        let start = Instant::now();
        rehearsal.publish().expect(0);
        let took = start.elapsed();
        for part in 1..=12 {
            let start = Instant::now();
            // The last ones fall into the moves at the end.
            let wait = took * (part + 12) / 24;
            kill_when(&sample, "publish", || start.elapsed() > wait);
            let found = logged(&sample);
            assert!(found == month || found == month + 1, "{found} attestations");
            if found > 0 {
                sample.audit(&[]).expect(0);
            }
        }
        let done = sample.publish();
        let killed_behind_its_last_step = logged(&sample) == month + 1 && done.code == 4;
        assert!(
            done.code == 0 || killed_behind_its_last_step,
            "{}",
            done.err
        );
        assert_eq!(logged(&sample), month + 1);
        assert!(tree(&sample.at("publication")) == tree(&rehearsal.at("publication")));
        sample.has_no_leftovers();
        sample.audit(&[]).expect(0);
    }
}

#[test]
fn p_09_one_two_seven_and_sixty_four_threads_give_the_same_bytes() {
    let _alone = alone();
    let (planned, whole, _) = reference();
    for threads in ["2", "7", "64"] {
        let sample = planned.copy();
        sample.por("build", &["--threads", threads]).expect(0);
        assert!(tree(&sample.at(BUILD)) == *whole, "{threads} threads");
    }
}

#[test]
fn f_10_a_second_process_on_a_run_is_refused_and_told_who_holds_it() {
    let (planned, ..) = reference();
    let sample = planned.copy();
    let run = Home::at(&sample.at("exchange")).run(Some(0)).unwrap();
    let lock = run.lock().unwrap();
    let pid = format!("process {} is working on this run", std::process::id());
    sample.por("build", &[]).refuses(4, &[&pid]);
    sample.attest().refuses(4, &[&pid]);
    sample.publish().refuses(4, &[&pid]);
    assert!(!sample.at("publication").exists());
    drop(lock);
    sample.attest().refuses(3, &["not built", "por build"]);
}

/// A run of three shards, the last one shorter, whose tiles have no proofs: 8,448 tiles with proofs take a quarter of an hour.
struct Shards {
    folder: tempfile::TempDir,
    plan: Plan,
    digest: Digest,
    key: RunKey,
}

const LEAVES: u64 = 2 * 65_536 + 4_096;
const ROWS: u64 = 1_000;

impl Shards {
    fn new() -> Self {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let table = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/assets/sample.toml");
        let asset = read_asset_table(&table)
            .unwrap()
            .iter()
            .next()
            .unwrap()
            .clone();
        let plan = Plan {
            format: PLAN_FORMAT.into(),
            suite: SUITE.into(),
            log_origin: support::ORIGIN.into(),
            period: Period::new(support::PERIOD).unwrap(),
            sequence: 0,
            snapshot_time: 1_761_868_800,
            books: vec![PlannedBook {
                asset,
                kind: Kind::Owed,
                rows: ROWS,
                leaf_count: LEAVES,
                total: PlannedTotal::Public,
            }],
            ledger_mac: Digest::of(b"not looked at here"),
        };
        let digest = Digest::of(&serde_json::to_vec_pretty(&plan).unwrap());
        let key = RunKey::from_bytes(std::array::from_fn(|byte| byte as u8)).unwrap();
        let shards = Self {
            folder,
            plan,
            digest,
            key,
        };
        let path = shards.run().rows_path(&shards.plan.books[0]);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let rows = (0..ROWS).map(|row| {
            let account = AccountId::new(format!("account-{row:04}")).unwrap();
            (account, ExactAmount::from_steps(u128::from(row)))
        });
        write_rows(&path, rows).unwrap();
        shards
    }

    fn run(&self) -> Run {
        Home::at(self.folder.path()).run_at(0)
    }

    fn book(&self) -> std::path::PathBuf {
        self.run().book_path(&self.plan.books[0])
    }

    fn build(&self) -> Result<BuiltBook, por_prover::error::Error> {
        let (run, book) = (self.run(), &self.plan.books[0]);
        let rows = BookRows::read(&run.rows_path(book)).unwrap();
        Builder {
            run: &run,
            plan: &self.plan,
            digest: &self.digest,
            secrets: &self.key.secrets(&self.digest),
            prover: &TileProver::without_proofs(),
            bar: &ProgressBar::hidden(),
        }
        .build(book, &rows)
    }
}

/// Recomputes the tree from the root down: every hash, sum and void of every level.
fn check_tree(shards: &Shards, built: &BuiltBook) {
    let context = shards.plan.context(&shards.plan.books[0]).unwrap();
    let (ctx, shape) = (context.ctx(), &context.shape);
    let tiles = shards.book().join("tiles");
    assert_eq!(shape.depth(), 5);
    let mut nodes: Vec<Node> = vec![built.root.node()];
    for level in (1..=shape.depth()).rev() {
        let mut records = Vec::new();
        for pack in 0..packs(shape, level) {
            let record = fs::read(pack_path(&tiles, level, pack)).unwrap();
            let expected = (shape.nodes(level) - pack * PACK_TILES).min(PACK_TILES);
            assert_eq!(
                record.len() as u64,
                expected * TILE_BYTES as u64,
                "{level}/{pack}"
            );
            records.extend(record);
        }
        let in_level = fs::read_dir(tiles.join(level.to_string())).unwrap().count();
        assert_eq!(in_level as u64, packs(shape, level));
        let mut below = Vec::new();
        for (index, record) in records.chunks_exact(TILE_BYTES).enumerate() {
            let position = Position {
                level,
                index: index as u64,
            };
            let tile = open_record(&ctx, shape, position, &nodes[index], record).unwrap();
            below.extend_from_slice(tile.children());
        }
        below.truncate(usize::try_from(shape.nodes(level - 1)).unwrap());
        nodes = below;
    }
    assert_eq!(nodes.len() as u64, LEAVES);
    let Total::Public { amount, proof } = &built.total else {
        panic!("the total was planned to be public");
    };
    assert_eq!(amount.atoms(), (0..ROWS).sum::<u64>());
    let proof = proof.0.as_slice().try_into().unwrap();
    verify_total(&ctx, &built.root.node(), *amount, proof).unwrap();
}

#[test]
fn p_01_shards_are_taken_over_made_again_or_refused_and_deleted_in_the_end() {
    let shards = Shards::new();
    // A file in the way of the packs stops the build behind its last shard.
    let (book, blocker) = (shards.book(), shards.book().join("tiles.tmp"));
    fs::create_dir_all(&book).unwrap();
    fs::write(&blocker, "").unwrap();
    assert_eq!(shards.build().unwrap_err().exit(), Exit::Io);
    let folder = book.join("shards");
    let file = |name: &str| folder.join(name);
    let first = tree(&folder);
    assert_eq!(first.len(), 6, "{:?}", first.keys());
    assert_eq!(first["000002.tiles"].len(), (256 + 16 + 1 + 1) * TILE_BYTES);
    for name in first.keys().filter(|name| name.ends_with(".secret")) {
        assert_eq!(fs::metadata(file(name)).unwrap().mode() & 0o777, 0o600);
    }

    // Damaged tiles and damaged or missing secrets are made again, the rest is taken over.
    let inode = |name: &str| fs::metadata(file(name)).unwrap().ino();
    let (kept, damaged) = (inode("000002.tiles"), inode("000000.tiles"));
    let mut tiles = first["000000.tiles"].clone();
    tiles[1_000_000] ^= 1;
    fs::write(file("000000.tiles"), tiles).unwrap();
    let mut secret = first["000001.secret"].clone();
    secret[13 + 64] ^= 1;
    fs::write(file("000001.secret"), secret).unwrap();
    assert_eq!(shards.build().unwrap_err().exit(), Exit::Io);
    assert!(tree(&folder) == first);
    assert_eq!(inode("000002.tiles"), kept);
    assert_ne!(inode("000000.tiles"), damaged);
    for missing in ["000002.secret", "000002.tiles"] {
        fs::remove_file(file(missing)).unwrap();
        assert_eq!(shards.build().unwrap_err().exit(), Exit::Io);
        assert!(tree(&folder) == first, "{missing}");
    }

    // P-04, P-05: a secret that is whole and of another plan is refused, not made again.
    let mut foreign = first["000001.secret"].clone();
    // Behind the first line.
    foreign[13..13 + 32].copy_from_slice(Digest::of(b"another plan").as_bytes());
    let end = foreign.len() - 32;
    let checksum = Digest::of(&foreign[..end]);
    foreign[end..].copy_from_slice(checksum.as_bytes());
    fs::write(file("000001.secret"), foreign).unwrap();
    let error = shards.build().unwrap_err();
    assert_eq!(error.exit(), Exit::BadInput);
    assert!(error.to_string().contains("another plan"), "{error}");
    fs::write(file("000001.secret"), &first["000001.secret"]).unwrap();

    fs::remove_file(&blocker).unwrap();
    let built = shards.build().unwrap();
    check_tree(&shards, &built);
    assert!(!folder.exists(), "the secrets have done their work");

    // Killed behind the last write and before the secrets were deleted: the next start deletes them.
    fs::create_dir(&folder).unwrap();
    fs::write(file("000000.secret"), &first["000000.secret"]).unwrap();
    assert_eq!(shards.build().unwrap(), built);
    assert!(!folder.exists());
}

#[test]
fn p_11_a_damaged_order_of_leaves_is_found_by_the_control_total() {
    let (planned, whole, _) = reference();
    let sample = planned.copy();
    let leaves = format!("{BUILD}/BTC-owed/leaves");
    // As if it had been damaged between two starts: the leaves of all accounts replaced by padding.
    let mut bytes = whole["BTC-owed/leaves"].clone();
    let padding = |record: &&mut [u8]| record[39] == 0;
    for record in bytes.chunks_exact_mut(40).filter(padding) {
        record[32..40].copy_from_slice(&((1_u64 << 63) | 1_000).to_le_bytes());
    }
    fs::create_dir_all(sample.at(&format!("{BUILD}/BTC-owed"))).unwrap();
    sample.write(&leaves, bytes);
    sample
        .por("build", &[])
        .refuses(3, &["BTC-owed/leaves", "not the one of this plan"]);
    // Even where each leaf has the order key of what stands in it.
    let run = Home::at(&sample.at("exchange")).run(None).unwrap();
    let (plan, digest) = run.plan().unwrap();
    let secrets = run.run_key().unwrap().secrets(&digest);
    let mut books = plan.books.iter();
    let book = books
        .find(|book| book.asset.id().as_str() == "BTC")
        .unwrap();
    let ctx = plan.context(book).unwrap().ctx();
    let mut bytes = whole["BTC-owed/leaves"].clone();
    for (number, record) in (1_000..).zip(bytes.chunks_exact_mut(40).filter(padding)) {
        record[..32].copy_from_slice(&secrets.order(&ctx, Subject::Padding(number)));
        record[32..].copy_from_slice(&((1_u64 << 63) | number).to_le_bytes());
    }
    sample.write(&leaves, bytes);
    sample.por("build", &[]).refuses(
        3,
        &[
            "another total than the rows",
            "BTC-owed",
            "Delete this folder",
        ],
    );
    fs::remove_dir_all(sample.at(&format!("{BUILD}/BTC-owed"))).unwrap();
    sample.por("build", &[]).expect(0);
    assert!(tree(&sample.at(BUILD)) == *whole);
}
