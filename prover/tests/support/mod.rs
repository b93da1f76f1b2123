//! Runs the built `por` on a small sample, in a folder of its own.
#![allow(dead_code, reason = "each test binary uses its own part")]
#![allow(missing_docs, reason = "tests")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Once;
use std::time::Duration;

use por_protocol::ownership::{BitcoinBlock, Challenge, ChallengeNonce};
use por_prover::demo::{sample_ledger, sample_reserves};
use tempfile::TempDir;

pub const ENTITY: &str = "Sample Exchange";
pub const ORIGIN: &str = "sample.example/por";
pub const NONCE: &str = "0123456789abcdef";
pub const SNAPSHOT: &str = "2025-10-31T00:00:00Z";
pub const PERIOD: &str = "2025-10";
const HEADER: &str = include_str!("../../../fixtures/bitcoin/mainnet-968566.hex");
const ASSETS: &str = include_str!("../../../fixtures/assets/sample.toml");
pub const BLOCKS: [&str; 2] = [
    "bip122:000000000019d6689c085ae165831e93=972000=0000000000000000000000000000000000000000000000000000000000000001",
    "eip155:1=25600000=0x0000000000000000000000000000000000000000000000000000000000000001",
];

/// Every command of the program with its words after `por`, the first ones first; groups of commands are among them.
pub fn commands() -> Vec<(Vec<String>, clap::Command)> {
    let mut found = vec![(
        Vec::new(),
        <por_prover::commands::Cli as clap::CommandFactory>::command(),
    )];
    let mut next = 0;
    while let Some((words, command)) = found.get(next).cloned() {
        let below = command
            .get_subcommands()
            .filter(|below| below.get_name() != "help");
        found.extend(below.map(|below| {
            let word = below.get_name().to_owned();
            ([words.clone(), vec![word]].concat(), below.clone())
        }));
        next += 1;
    }
    found.remove(0);
    assert!(found.len() >= 40, "{} commands", found.len());
    found
}

/// How a `por` process ended.
#[derive(Debug)]
pub struct Done {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Done {
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "\n{}\n{}", self.out, self.err);
        self
    }

    /// The exit code, and every part in what it printed for people.
    #[track_caller]
    pub fn says(self, code: i32, parts: &[&str]) -> Self {
        let done = self.expect(code);
        for part in parts {
            let both = format!("{}{}", done.out, done.err);
            assert!(both.contains(part), "no {part:?} in:\n{both}");
        }
        done
    }

    /// A refusal as a person needs it: what and where in the first line, what to do after it; no data.
    #[track_caller]
    pub fn refuses(self, code: i32, parts: &[&str]) -> Self {
        let done = self.says(code, parts);
        assert_eq!(done.out, "", "data on a refusal");
        assert!(done.err.starts_with("por: "), "{}", done.err);
        let mut lines = done.err.lines();
        assert!(
            lines.nth(1).is_some_and(|line| !line.trim().is_empty()),
            "no remedy: {}",
            done.err
        );
        done
    }
}

pub fn command<S: AsRef<std::ffi::OsStr>>(folder: &Path, arguments: &[S]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_por"));
    command
        .current_dir(folder)
        .args(arguments)
        .env_remove("COLUMNS")
        .stdin(Stdio::null());
    command
}

pub fn por_in<S: AsRef<std::ffi::OsStr>>(folder: &Path, arguments: &[S]) -> Done {
    run(&mut command(folder, arguments))
}

pub fn run(command: &mut Command) -> Done {
    let output = command.output().unwrap();
    Done {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// An exchange in a folder: `assets.toml`, `ledger.csv`, `header.hex`, `reserves.csv`, `exchange/`, later `publication/`.
/// Commands run in the folder with relative names.
#[derive(Debug)]
pub struct Sample {
    folder: TempDir,
}

impl Sample {
    /// Initialised, with a ledger of that many accounts in these assets of the sample.
    pub fn new(assets: &[&str], accounts: u64) -> Self {
        let sample = Self {
            folder: new_folder(),
        };
        let (csv, totals) = sample_ledger(accounts, 1);
        let of_asset = |line: &&str| {
            assets
                .iter()
                .any(|asset| line.contains(&format!(",{asset},")))
        };
        sample.write("assets.toml", asset_table(assets));
        sample.write("ledger.csv", keep(&csv, of_asset));
        sample.write("header.hex", HEADER);
        let reserves = sample_reserves(&totals, 1, &challenge()).unwrap();
        sample.write("reserves.csv", keep(&reserves, of_asset));
        sample
            .por(
                "init",
                &[
                    "--entity",
                    ENTITY,
                    "--log-origin",
                    ORIGIN,
                    "--assets",
                    "assets.toml",
                ],
            )
            .expect(0);
        sample
    }

    /// With a plan, too.
    pub fn planned(assets: &[&str], accounts: u64) -> Self {
        let sample = Self::new(assets, accounts);
        sample.plan(&[]).expect(0);
        sample
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn at(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.at(name), content).unwrap();
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.at(name)).unwrap()
    }

    /// Replaces one piece of a text file.
    #[track_caller]
    pub fn edit(&self, name: &str, from: &str, to: &str) {
        let text = self.read(name);
        assert!(text.contains(from), "no {from:?} in {name}");
        self.write(name, text.replacen(from, to, 1));
    }

    /// A command of the exchange.
    pub fn por(&self, command: &str, arguments: &[&str]) -> Done {
        let mut all = vec![command, "--home", "exchange"];
        all.extend(arguments);
        por_in(self.path(), &all)
    }

    /// A command of anybody.
    pub fn anyone(&self, arguments: &[&str]) -> Done {
        por_in(self.path(), arguments)
    }

    pub fn plan(&self, arguments: &[&str]) -> Done {
        let mut all = vec![
            "--ledger",
            "ledger.csv",
            "--period",
            PERIOD,
            "--snapshot",
            SNAPSHOT,
        ];
        all.extend(arguments);
        self.por("plan", &all)
    }

    pub fn attest(&self) -> Done {
        self.attest_with(&[])
    }

    pub fn attest_with(&self, arguments: &[&str]) -> Done {
        let mut all = vec![
            "--reserves",
            "reserves.csv",
            "--block-header",
            "header.hex",
            "--nonce",
            NONCE,
            "--block",
            BLOCKS[0],
            "--block",
            BLOCKS[1],
        ];
        all.extend(arguments);
        self.por("attest", &all)
    }

    pub fn publish(&self) -> Done {
        self.por("publish", &["--to", "publication"])
    }

    /// As [`Sample::publish`], whatever the reserves cover: a book of few accounts is sealed by a bound that the sample's
    /// reserves need not reach.
    pub fn publish_anyway(&self) -> Done {
        self.por("publish", &["--to", "publication", "--under-reserved"])
    }

    /// From the plan to the publication.
    pub fn finish(&self) {
        self.por("build", &[]).expect(0);
        self.attest().expect(0);
        self.publish_anyway().expect(0);
    }

    pub fn audit(&self, arguments: &[&str]) -> Done {
        let mut all = vec!["audit", "publication", "--policy", "exchange/policy"];
        all.extend(arguments);
        self.anyone(&all)
    }

    /// The first account of the ledger.
    pub fn account(&self) -> String {
        let ledger = self.read("ledger.csv");
        let row = ledger.lines().nth(1).unwrap();
        row.split(',').next().unwrap().into()
    }

    /// The whole folder once more, with its modes.
    pub fn copy(&self) -> Self {
        let folder = new_folder();
        copy_tree(self.path(), folder.path());
        Self { folder }
    }

    /// No staging folder, no temporary file, anywhere.
    #[track_caller]
    pub fn has_no_leftovers(&self) {
        for name in tree(self.path()).keys() {
            let loose = |part: &str| part.ends_with(".tmp") || part.ends_with(".staging");
            assert!(!name.split('/').any(loose), "{name} was left behind");
        }
        for entry in fs::read_dir(self.path()).unwrap() {
            let name = entry.unwrap().file_name();
            assert!(
                !name.to_string_lossy().ends_with("ing"),
                "{name:?} was left behind"
            );
        }
    }
}

/// A folder with spaces in its name. Samples that tests share live in statics, which nothing drops: what runs of more than
/// an hour ago have left is deleted here.
pub fn new_folder() -> TempDir {
    const PREFIX: &str = "por cli ";
    static SWEPT: Once = Once::new();
    let base = Path::new(env!("CARGO_TARGET_TMPDIR"));
    SWEPT.call_once(|| {
        for entry in fs::read_dir(base).unwrap().flatten() {
            let ours = entry.file_name().to_string_lossy().starts_with(PREFIX);
            let written = entry.metadata().and_then(|found| found.modified());
            let age = written.ok().and_then(|written| written.elapsed().ok());
            if ours && age.is_some_and(|age| age > Duration::from_secs(3600)) {
                // Another run may sweep at the same time.
                let _ = fs::remove_dir_all(entry.path());
            }
        }
    });
    let builder = tempfile::Builder::new().prefix(PREFIX).tempdir_in(base);
    builder.unwrap()
}

/// The challenge that the sample's addresses sign.
pub fn challenge() -> Challenge {
    let block = BitcoinBlock::from_bytes(&hex::decode(HEADER.trim_end()).unwrap()).unwrap();
    let nonce = ChallengeNonce::from_bytes(&hex::decode(NONCE).unwrap()).unwrap();
    Challenge::new(ENTITY, ORIGIN, block, nonce).unwrap()
}

fn asset_table(assets: &[&str]) -> String {
    let wanted = |block: &&str| {
        assets
            .iter()
            .any(|asset| block.starts_with(&format!("id = \"{asset}\"")))
    };
    ASSETS
        .split("[[asset]]\n")
        .filter(wanted)
        .map(|block| format!("[[asset]]\n{block}"))
        .collect()
}

/// The header and the lines that `wanted` keeps.
fn keep(csv: &str, wanted: impl Fn(&&str) -> bool) -> String {
    let header = csv.lines().take(1);
    let rows = csv.lines().skip(1).filter(wanted);
    header.chain(rows).map(|line| format!("{line}\n")).collect()
}

/// Every file below a folder, by its name relative to it.
pub fn tree(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    walk(folder, folder, &mut files);
    files
}

fn walk(base: &Path, folder: &Path, files: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(base, &path, files);
        } else {
            let name = path.strip_prefix(base).unwrap().to_str().unwrap();
            files.insert(name.into(), fs::read(&path).unwrap_or_default());
        }
    }
}

pub fn copy_tree(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    fs::set_permissions(to, fs::metadata(from).unwrap().permissions()).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_tree(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), &target).unwrap();
        }
    }
}
