//! Ledgers in Parquet files that pyarrow wrote: every type that is read gives the rows of the same ledger in CSV, and
//! what holds no exact amounts, or is not what it claims to be, is refused.
#![allow(missing_docs, reason = "tests")]

#[path = "support/python.rs"]
mod python;
mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use por_prover::error::Error;
use por_prover::ledger::{Ledger, LedgerSources, read_asset_table, read_ledger};
use support::{PERIOD, SNAPSHOT, Sample};
use tempfile::TempDir;

const REQUIREMENTS: &str = include_str!("parquet/requirements.txt");
const LEDGER: &str = "account,asset,amount\nann,BTC,0.0001\nZoë,ETH,12345.1234\nbob,USDT,0\neve,BTC,99999.5\n\
                      00123,ETH,1\nann,USDT,7.25\nbob,BTC,3\nann,ETH,10\n";

/// The files, written once.
fn files() -> &'static Path {
    static FILES: OnceLock<TempDir> = OnceLock::new();
    FILES
        .get_or_init(|| {
            let folder = tempfile::tempdir().unwrap();
            fs::write(folder.path().join("ledger.csv"), LEDGER).unwrap();
            write(folder.path(), &[]);
            folder
        })
        .path()
}

fn write(folder: &Path, arguments: &[&str]) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/parquet/write.py");
    let written = Command::new(python::with("pyarrow", REQUIREMENTS))
        .arg(script)
        .arg(folder)
        .args(arguments)
        .status()
        .unwrap();
    assert!(written.success());
}

fn file(name: &str) -> PathBuf {
    files().join(name)
}

/// Reads a ledger; its rows lie in the folder.
fn read(path: &Path) -> Result<(TempDir, Ledger), Error> {
    let assets = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/assets/sample.toml");
    let folder = tempfile::tempdir().unwrap();
    let sources = LedgerSources {
        files: vec![path.to_owned()],
        ..LedgerSources::default()
    };
    let ledger = read_ledger(&sources, &read_asset_table(&assets).unwrap(), folder.path())?;
    Ok((folder, ledger))
}

/// Code and message, the folder left out; an exit code of 3.
fn refuse(path: &Path) -> (&'static str, String) {
    match read(path) {
        Err(Error::Ledger(error)) => {
            assert_eq!(error.exit_code(), 3, "{error}");
            let folder = format!("{}/", path.parent().unwrap().display());
            (error.code(), error.to_string().replace(&folder, ""))
        }
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("{} was read", path.display()),
    }
}

fn rows(ledger: &Ledger) -> Vec<(String, String, u128)> {
    let mut rows = Vec::new();
    for asset in ledger.assets() {
        let id = asset.asset().to_string();
        asset
            .for_each(|account, amount| {
                rows.push((id.clone(), account.to_string(), amount.steps()));
            })
            .unwrap();
    }
    rows
}

#[test]
fn every_exact_type_and_every_way_to_write_it_gives_the_rows_of_the_csv_file() {
    let (_folder, csv) = read(&file("ledger.csv")).unwrap();
    let expected = rows(&csv);
    assert_eq!(expected.len(), 8);
    let mut count = 0;
    for entry in fs::read_dir(files()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if !name.starts_with("good-") {
            continue;
        }
        let (_folder, ledger) = read(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(rows(&ledger), expected, "{name}");
        let report = serde_json::to_value(ledger.report()).unwrap();
        assert_eq!(
            (&report["rows"], &report["files"][0]["format"]),
            (&8.into(), &"parquet".into())
        );
        let digest = por_protocol::digest::Digest::of(&fs::read(&path).unwrap());
        assert_eq!(report["files"][0]["sha256"], digest.to_string(), "{name}");
        count += 1;
    }
    assert_eq!(count, 14);
}

#[test]
fn d_26_what_is_not_an_exact_flat_table_is_refused() {
    for (name, code, message) in [
        (
            "float64",
            "column-type",
            ":3: the column `amount` holds floating-point numbers",
        ),
        (
            "float32",
            "column-type",
            ":3: the column `amount` holds floating-point numbers",
        ),
        (
            "integer",
            "column-type",
            ":3: the column `amount` holds integers",
        ),
        (
            "decimal-76",
            "column-type",
            ":3: the column `amount` holds decimals of 76 digits",
        ),
        (
            "boolean",
            "column-type",
            ":3: the column `amount` holds truth values",
        ),
        (
            "account-integer",
            "column-type",
            ":1: the column `account` holds integers",
        ),
        (
            "account-binary",
            "column-type",
            ":1: the column `account` holds bytes",
        ),
        (
            "account-date",
            "column-type",
            ":1: the column `account` holds integers or times",
        ),
        ("null-amount", "row-null", ":2:3: there is no value (null)"),
        ("null-account", "row-null", ":1:1: there is no value (null)"),
        ("null-asset", "row-null", ":2:2: there is no value (null)"),
        ("list", "column-nested", ":3: the column `amount` is nested"),
        (
            "struct",
            "column-nested",
            ":3: the column `amount` is nested",
        ),
        (
            "column",
            "header-unknown-column",
            ":4: this column is none of",
        ),
        (
            "case",
            "header-unknown-column",
            ":3: this column is none of",
        ),
        (
            "missing",
            "header-missing-column",
            "the header has no column `asset`",
        ),
        (
            "column-twice",
            "header-duplicate-column",
            ":2: the column `account` stands",
        ),
        ("empty", "input-no-rows", ": has a header but no rows"),
        ("negative", "amount-sign", ":2:3: "),
        ("nan", "amount-character", ":2:3: "),
        (
            "precise",
            "amount-too-many-decimals",
            ":2:3: the amount has 9 decimals",
        ),
        ("asset", "asset-unknown", ":2:2: the asset `btc`"),
        ("account", "text-edge-space", ":2:1: the account"),
        (
            "twice",
            "row-duplicate",
            ":2: this account has a row for BTC already",
        ),
        (
            "total",
            "total-too-large",
            ":2:3: with this row the total of BTC does not fit",
        ),
        ("gzip", "input-parquet", "GZIP"),
    ] {
        let (found, said) = refuse(&file(&format!("bad-{name}.parquet")));
        println!("{said}");
        assert_eq!(found, code, "{said}");
        assert!(
            said.to_lowercase().contains(&message.to_lowercase()),
            "{name}: {said}"
        );
    }
}

/// Reading it must not take the 200 MB that one of its pages claims.
#[test]
fn d_25_a_bomb_is_refused_by_its_claim() {
    let (code, said) = refuse(&file("bad-bomb.parquet"));
    assert_eq!(code, "input-parquet", "{said}");
    assert!(said.contains("and 67108864 are read at the most"), "{said}");
}

#[test]
fn d_26_a_file_that_is_cut_or_has_another_footer_is_refused() {
    let whole = fs::read(file("good-fixed.parquet")).unwrap();
    let path = file("changed.parquet");
    let refuse_bytes = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        refuse(&path)
    };
    for length in (4..whole.len()).step_by(3) {
        let (code, said) = refuse_bytes(&whole[..length]);
        assert_eq!(code, "input-parquet", "{length}: {said}");
    }
    let footer = whole.len() - 8;
    for claim in [0, 1, footer as u32, u32::MAX, 1 << 30] {
        let mut changed = whole.clone();
        changed[footer..footer + 4].copy_from_slice(&claim.to_le_bytes());
        assert_eq!(refuse_bytes(&changed).0, "input-parquet", "{claim}");
    }
    let mut encrypted = whole.clone();
    encrypted[footer + 4..].copy_from_slice(b"PARE");
    assert_eq!(refuse_bytes(&encrypted).0, "input-parquet");
}

/// Every byte of a file, set to another value in turn: the ledger is read as it was, or refused, or other amounts stand in it
/// (a digest is what tells), and nothing ends the program, hangs or takes memory by a claim.
#[test]
fn d_26_no_changed_byte_ends_the_program() {
    let assets = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/assets/sample.toml");
    let assets = read_asset_table(&assets).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("changed.parquet");
    let (mut read, mut refused) = (0, 0);
    for name in [
        "good-snappy",
        "good-text",
        "good-required",
        "good-version-2",
    ] {
        let whole = fs::read(file(&format!("{name}.parquet"))).unwrap();
        let values = [0xff, 0x01, 0x80].into_iter().cycle();
        for (at, value) in (0..whole.len()).zip(values) {
            let mut changed = whole.clone();
            changed[at] ^= value;
            fs::write(&path, &changed).unwrap();
            let sources = LedgerSources {
                files: vec![path.clone()],
                ..LedgerSources::default()
            };
            match read_ledger(&sources, &assets, &folder.path().join("rows")) {
                Ok(_) => read += 1,
                Err(Error::Ledger(error)) => {
                    assert_eq!(error.exit_code(), 3, "{name} {at}: {error}");
                    refused += 1;
                }
                Err(other) => panic!("{name} {at}: {other}"),
            }
        }
    }
    println!("{read} read, {refused} refused");
    assert!(read > 0 && refused > read);
}

/// The footer says 10⁹ where there are 12,345 rows: everywhere, or in one place of the five.
#[test]
fn d_26_a_billion_claimed_rows_are_refused_when_the_first_is_missing() {
    let whole = fs::read(file("many.parquet")).unwrap();
    let (length, end) = (whole.len(), 8);
    let footer_length = u32::from_le_bytes(whole[length - end..][..4].try_into().unwrap());
    let start = length - end - footer_length as usize;
    // 64-bit fields of Thrift's compact protocol, zigzag varints: 12,345 and 10^9.
    let (claim, billion) = (
        [0x16, 0xf2, 0xc0, 0x01],
        [0x16, 0x80, 0xa8, 0xd6, 0xb9, 0x07],
    );
    let footer = &whole[start..length - end];
    let places: Vec<_> = (0..footer.len())
        .filter(|&at| footer[at..].starts_with(&claim))
        .collect();
    assert_eq!(
        places.len(),
        5,
        "rows of the file, of its row group, values of three columns"
    );
    let path = file("claims.parquet");
    let claims = |places: &[usize]| {
        let mut changed = whole[..start].to_vec();
        let mut at = 0;
        for &place in places {
            changed.extend_from_slice(&footer[at..place]);
            changed.extend_from_slice(&billion);
            at = place + claim.len();
        }
        changed.extend_from_slice(&footer[at..]);
        let new_length = u32::try_from(changed.len() - start).unwrap();
        changed.extend_from_slice(&new_length.to_le_bytes());
        changed.extend_from_slice(b"PAR1");
        fs::write(&path, &changed).unwrap();
        read(&path)
    };
    assert!(claims(&[]).is_ok());
    let mut refused = 0;
    for chosen in [
        &places[..],
        &places[..1],
        &places[1..2],
        &places[2..3],
        &places[3..4],
        &places[4..],
    ] {
        match claims(chosen) {
            Err(Error::Ledger(error)) => {
                println!("{error}");
                assert_eq!(error.code(), "input-parquet", "{error}");
                refused += 1;
            }
            Err(other) => panic!("{other}"),
            // The number of a column's values is only advice; the rows that are there were read, all of them.
            Ok((_folder, ledger)) => assert_eq!(ledger.report().rows, 12_345),
        }
    }
    assert!(refused >= 3, "{refused}");
}

#[test]
fn d_23_d_28_a_row_in_two_files_and_a_file_twice_are_refused_with_their_places() {
    let sample = Sample::new(&["BTC", "ETH", "USDT"], 40);
    for name in ["good-fixed.parquet", "good-text.parquet"] {
        fs::copy(file(name), sample.at(name)).unwrap();
    }
    let plan = |files: [&str; 2]| {
        let time = ["--period", PERIOD, "--snapshot", SNAPSHOT];
        sample.por(
            "plan",
            &[&["--ledger", files[0], "--ledger", files[1]][..], &time].concat(),
        )
    };
    plan(["good-fixed.parquet", "good-text.parquet"]).refuses(
        3,
        &["good-text.parquet:1: this account has a row for BTC already, at good-fixed.parquet:1 (2 more"],
    );
    plan(["good-fixed.parquet", "./good-fixed.parquet"]).refuses(3, &["is the same file"]);
    assert!(!sample.at("exchange/runs").exists());
    sample.has_no_leftovers();
    let time = ["--period", PERIOD, "--snapshot", SNAPSHOT];
    let expect = [
        "--ledger",
        "good-fixed.parquet",
        "--expect-total",
        "BTC=100002.5001",
    ];
    sample
        .por("plan", &[&expect[..], &time].concat())
        .says(0, &["8 rows from 1 source(s)"]);
}

/// A million rows with dictionary, scale 18 and one row group: what is held is pages and one run of the sort.
#[test]
fn a_million_rows_are_read_in_bounded_memory() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &["1000000"]);
    let path = folder.path().join("rows-1000000.parquet");
    // "5" resets the peak to what is used now (proc(5)); other tests of this process may add to it.
    fs::write("/proc/self/clear_refs", "5").unwrap();
    let before = memory_mb("VmRSS:");
    let (_folder, ledger) = read(&path).unwrap();
    let grown = memory_mb("VmHWM:").saturating_sub(before);
    println!("{grown} MB for {} rows", ledger.report().rows);
    assert_eq!(ledger.report().rows, 1_000_000);
    assert_eq!(
        ledger.report().assets[0].exact_total.steps(),
        499_999_500_000
    );
    assert!(grown < 300, "{grown} MB");
}

fn memory_mb(mark: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix(mark))
        .unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1024
}
