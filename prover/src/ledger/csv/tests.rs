//! Every row of the catalogue of bad input, as far as it is CSV, under its own name.

use std::fs;
use std::io::{self, BufReader, Cursor, Read as _};
use std::ops::Deref;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;
use std::process::Command;

use por_protocol::asset::AssetTable;
use proptest::prelude::*;
use tempfile::TempDir;

use super::super::intake::looks_like_a_rewritten_number;
use super::super::lines::MAX_LINE;
use super::super::reader::{LedgerSources, read_within};
use super::super::{Hint, Ledger, LedgerError};
use super::*;
use crate::error::Error;

const HEADER: &str = "account,asset,amount\n";

fn assets() -> AssetTable {
    table(
        r#"
        asset = [
            { id = "BTC", name = "Bitcoin", decimals = 8, instance = [
                { id = "bip122:000000000019d6689c085ae165831e93/slip44:0", decimals = 8 } ] },
            { id = "ETH", name = "Ether", decimals = 8, instance = [
                { id = "eip155:1/slip44:60", decimals = 18 } ] },
            { id = "WEI", name = "Ether, kept in wei", decimals = 18, instance = [
                { id = "eip155:10/slip44:60", decimals = 18 } ] },
        ]"#,
    )
}

fn table(text: &str) -> AssetTable {
    #[derive(serde::Deserialize)]
    struct File {
        asset: AssetTable,
    }
    toml::from_str::<File>(text).unwrap().asset
}

/// A folder with the files `a.csv`, `b.csv`, …
struct Files {
    folder: TempDir,
    paths: Vec<PathBuf>,
}

impl Files {
    fn new<T: AsRef<[u8]>>(contents: &[T]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let names = ('a'..='z').map(|name| folder.path().join(format!("{name}.csv")));
        let paths: Vec<_> = names.take(contents.len()).collect();
        for (path, content) in paths.iter().zip(contents) {
            fs::write(path, content).unwrap();
        }
        Self { folder, paths }
    }

    fn read(&self) -> Result<Ledger, LedgerError> {
        self.read_within(usize::MAX)
    }

    /// Sorting with so much memory; what is sorted stays as long as these files.
    fn read_within(&self, run_bytes: usize) -> Result<Ledger, LedgerError> {
        let sources = LedgerSources {
            files: self.paths.clone(),
            ..LedgerSources::default()
        };
        let folder = self.folder.path().join("sorted");
        read_within(&sources, &assets(), &folder, run_bytes).map_err(|error| match error {
            Error::Ledger(error) => error,
            other => panic!("{other}"),
        })
    }

    /// Code and message of the error, the folder left out.
    fn refuse(&self) -> (&'static str, String) {
        let error = self.read().unwrap_err();
        assert_eq!(error.exit_code(), 3, "{error}");
        assert!(!error.remedy().is_empty());
        let folder = format!("{}/", self.folder.path().display());
        (error.code(), error.to_string().replace(&folder, ""))
    }
}

/// A ledger, and the folder where its rows lie.
struct Read {
    ledger: Ledger,
    _files: Files,
}

impl Deref for Read {
    type Target = Ledger;

    fn deref(&self) -> &Ledger {
        &self.ledger
    }
}

fn read(content: impl AsRef<[u8]>) -> Read {
    let files = Files::new(&[content]);
    Read {
        ledger: files.read().unwrap(),
        _files: files,
    }
}

/// Reads a text that lies in no file.
fn read_loose(reader: impl BufRead) -> Result<Content, Stop> {
    let (table, folder) = (assets(), tempfile::tempdir().unwrap());
    let mut intake = Intake::new(&table, folder.path(), usize::MAX).unwrap();
    read_text(&mut intake, Path::new("a.csv"), 0, reader)
}

/// Code, line and column of the error.
fn refuse(content: impl AsRef<[u8]>) -> (&'static str, Option<u64>, Option<u64>) {
    let files = Files::new(&[content]);
    let (code, _) = files.refuse();
    let error = files.read().unwrap_err();
    (code, error.place().line, error.place().column)
}

/// The refusal of one row, which stands in line 2.
fn refuse_row(row: &str) -> (&'static str, u64) {
    let (code, line, column) = refuse(format!("{HEADER}{row}\n"));
    assert_eq!(line, Some(2), "{row:?}");
    (code, column.expect("a row has columns"))
}

fn rows(ledger: &Ledger, asset: usize) -> Vec<(String, u128)> {
    let mut rows = Vec::new();
    ledger.assets()[asset]
        .for_each(|account, amount| rows.push((account.to_string(), amount.steps())))
        .unwrap();
    rows
}

#[test]
fn rows_come_out_by_asset_and_in_the_order_of_bytes() {
    let ledger = read(format!(
        "{HEADER}bob,ETH,2\nZoë,BTC,0.5\nann,ETH,1.000000000000000001\nann,BTC,0\n"
    ));
    assert_eq!(
        rows(&ledger, 0),
        [("Zoë".into(), 50_000_000), ("ann".into(), 0)]
    );
    assert_eq!(
        rows(&ledger, 1),
        [
            ("ann".into(), 1_000_000_000_000_000_001),
            ("bob".into(), 2 * 10u128.pow(18))
        ]
    );
    assert!(ledger.assets()[2].is_empty() && rows(&ledger, 2).is_empty());
}

#[test]
fn the_report_says_what_was_read() {
    let files = Files::new(&[
        format!("{HEADER}bob,ETH,2.000000001\nann,ETH,1\n"),
        format!("{HEADER}ann,BTC,3\n"),
    ]);
    let ledger = files.read().unwrap();
    let report = ledger.report();
    assert_eq!(report.rows, 3);
    assert_eq!(
        report
            .files
            .iter()
            .map(|file| (file.rows, file.bytes))
            .collect::<Vec<_>>(),
        [(2, 51), (1, 31)]
    );
    let totals: Vec<_> = report
        .assets
        .iter()
        .map(|a| (a.rows, a.exact_total.steps(), a.total.atoms()))
        .collect();
    assert_eq!(
        totals,
        [
            (1, 300_000_000, 300_000_000),
            (2, 3_000_000_001_000_000_000, 300_000_001),
            (0, 0, 0)
        ]
    );
    assert_eq!(
        report.hints,
        [Hint::AssetWithoutRows {
            asset: "WEI".parse().unwrap()
        }]
    );
}

#[test]
fn columns_may_stand_in_any_order_and_be_quoted() {
    let ledger = read("amount,account,asset\n1,\"a,\"\"b\"\"\",\"BTC\"\n\"2\",c,BTC\n");
    assert_eq!(
        rows(&ledger, 0),
        [("a,\"b\"".into(), 100_000_000), ("c".into(), 200_000_000)]
    );
    let ledger = read("\"asset\",\"amount\",\"account\"\nBTC,1,x\n");
    assert_eq!(rows(&ledger, 0), [("x".into(), 100_000_000)]);
}

#[test]
fn d_01_an_empty_file_is_refused() {
    assert_eq!(refuse(""), ("input-empty", None, None));
    assert_eq!(refuse("\u{feff}"), ("input-empty", None, None));
    assert_eq!(refuse("\n"), ("line-empty", Some(1), Some(1)));
}

#[test]
fn d_02_a_header_alone_is_refused() {
    assert_eq!(refuse(HEADER), ("input-no-rows", None, None));
    let files = Files::new(&[format!("{HEADER}a,BTC,1\n"), HEADER.into()]);
    assert_eq!(
        files.refuse(),
        ("input-no-rows", "b.csv: has a header but no rows".into())
    );
}

#[test]
fn d_03_a_missing_column_is_refused() {
    assert_eq!(
        refuse("account,amount\na,1\n"),
        ("header-missing-column", Some(1), Some(15))
    );
    assert_eq!(
        refuse("account\na\n"),
        ("header-missing-column", Some(1), Some(8))
    );
}

#[test]
fn d_04_a_duplicate_column_is_refused() {
    assert_eq!(
        refuse("account,asset,amount,asset\n"),
        ("header-duplicate-column", Some(1), Some(22))
    );
    assert_eq!(
        refuse("amount,amount,account\n"),
        ("header-duplicate-column", Some(1), Some(8))
    );
}

#[test]
fn d_05_an_unknown_column_is_refused() {
    assert_eq!(
        refuse("account,asset,amount,debt\na,BTC,1,0\n"),
        ("header-unknown-column", Some(1), Some(22))
    );
    assert_eq!(
        refuse("account,btc,eth\na,1,1\n"),
        ("header-unknown-column", Some(1), Some(9))
    );
    assert_eq!(
        refuse("account,asset,amount,\na,BTC,1,\n"),
        ("header-unknown-column", Some(1), Some(22))
    );
    // Another spelling is refused, too, but named.
    let files = Files::new(&["Account,asset,amount\na,BTC,1\n"]);
    assert_eq!(
        files.read().unwrap_err().remedy(),
        "write it `account`, in small letters"
    );
    let files = Files::new(&["account,asset, amount\na,BTC,1\n"]);
    assert_eq!(
        files.read().unwrap_err().remedy(),
        "write it `amount`, in small letters"
    );
    // A file without a header: the customer of its first row is not repeated.
    let (code, text) = Files::new(&["ann@example.org,BTC,1\n"]).refuse();
    assert_eq!(
        (code, text.contains("ann")),
        ("header-unknown-column", false)
    );
}

#[test]
fn d_05_an_unknown_asset_is_refused() {
    assert_eq!(refuse_row("a,DOGE,1"), ("asset-unknown", 3));
    assert_eq!(refuse_row("a,,1"), ("asset-unknown", 3));
    let files = Files::new(&[format!("{HEADER}a,btc ,1\n")]);
    assert_eq!(
        files.refuse().1,
        "a.csv:2:3: the asset `btc ` is not in the asset table"
    );
    assert_eq!(files.read().unwrap_err().remedy(), "write `BTC`");
    let files = Files::new(&[format!("{HEADER}a,\u{1b}[2J{},1\n", "x".repeat(1000))]);
    assert_eq!(
        files.refuse().1,
        format!(
            "a.csv:2:3: the asset `\\u{{1b}}[2J{}…` is not in the asset table",
            "x".repeat(36)
        )
    );
}

#[test]
fn d_06_short_and_long_rows_are_refused() {
    assert_eq!(refuse_row("a,BTC"), ("row-field-count", 6));
    assert_eq!(refuse_row("a"), ("row-field-count", 2));
    assert_eq!(refuse_row("a,BTC,1,"), ("row-field-count", 9));
    assert_eq!(refuse_row("a,BTC,1,x,y"), ("row-field-count", 9));
    assert_eq!(refuse_row(&",".repeat(50_000)), ("row-field-count", 4));
    assert_eq!(
        refuse(format!("{HEADER}a,BTC,1\n\nb,BTC,1\n")),
        ("line-empty", Some(3), Some(1))
    );
    assert_eq!(
        refuse(format!("{HEADER}a,BTC,1\n\n")),
        ("line-empty", Some(3), Some(1))
    );
    assert_eq!(
        refuse(format!("{HEADER}a,BTC,1\r\n\r\n")),
        ("line-empty", Some(3), Some(1))
    );
}

#[test]
fn d_07_an_unterminated_quote_at_eof_is_refused() {
    assert_eq!(refuse_row("a,BTC,\"1"), ("quote-unclosed", 7));
    assert_eq!(
        refuse(format!("{HEADER}a,BTC,\"1")),
        ("quote-unclosed", Some(2), Some(7))
    );
    assert_eq!(
        refuse(format!("{HEADER}a,BTC,\"")),
        ("quote-unclosed", Some(2), Some(7))
    );
    assert_eq!(refuse_row("a,BTC,\"1\"\""), ("quote-unclosed", 7));
    assert_eq!(refuse_row("a\"b,BTC,1"), ("quote-in-field", 2));
    assert_eq!(refuse_row("a,BTC,1\""), ("quote-in-field", 8));
    assert_eq!(refuse_row("\"a\"b,BTC,1"), ("quote-text-after", 4));
    assert_eq!(refuse_row("\"a\" ,BTC,1"), ("quote-text-after", 4));
}

#[test]
fn d_08_a_line_break_within_quotes_is_refused_where_the_quote_opens() {
    assert_eq!(
        refuse(format!("{HEADER}a,BTC,1\n\"b\nc\",BTC,1\n")),
        ("quote-unclosed", Some(3), Some(1))
    );
    assert_eq!(
        refuse(format!("{HEADER}\"b\r\nc\",BTC,1\r\n")),
        ("quote-unclosed", Some(2), Some(1))
    );
    assert_eq!(
        refuse(format!("{HEADER}\"b\rc\",BTC,1\n")),
        ("line-carriage-return", Some(2), Some(3))
    );
}

/// A reader of which nobody could hold the whole.
struct Counting<R>(R, u64);

impl<R: io::Read> io::Read for Counting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.0.read(buffer)?;
        self.1 += read as u64;
        Ok(read)
    }
}

#[test]
fn d_09_a_line_of_a_gigabyte_is_refused_in_bounded_memory() {
    for line in ["", HEADER, "account,asset,amount\na,BTC,\""] {
        let endless = Cursor::new(line).chain(io::repeat(b'1').take(1 << 30));
        let mut reader = BufReader::new(Counting(endless, 0));
        let Err(Stop::Fault(fault)) = read_loose(&mut reader) else {
            panic!("a line of a gigabyte was read");
        };
        assert_eq!(fault.at(Path::new("a.csv")).code(), "line-too-long");
        assert!(reader.get_ref().1 < 2 * MAX_LINE as u64);
    }
    let longest = format!("\"{}\",BTC,1", "\"\"".repeat(128));
    assert_eq!(read(format!("{HEADER}{longest}\n")).report().rows, 1);
    assert_eq!(
        refuse(format!("{HEADER}{}\n", "a".repeat(MAX_LINE))),
        ("line-too-long", Some(2), None)
    );
    assert_eq!(
        refuse_row(&"a".repeat(MAX_LINE - 1)),
        ("row-field-count", MAX_LINE as u64)
    );
}

#[test]
fn d_10_a_byte_order_mark_is_accepted_at_the_start_only() {
    assert_eq!(
        rows(&read(format!("\u{feff}{HEADER}a,BTC,1\n")), 0),
        [("a".into(), 100_000_000)]
    );
    assert_eq!(
        refuse("\u{feff}account,asset,x\n"),
        ("header-unknown-column", Some(1), Some(15))
    );
    assert_eq!(
        refuse(format!("\u{feff}\u{feff}{HEADER}a,BTC,1\n")),
        ("header-unknown-column", Some(1), Some(1))
    );
    assert_eq!(refuse_row("\u{feff}a,BTC,1"), ("text-invisible", 1));
}

#[test]
fn d_11_utf_16_is_refused_with_a_clear_message() {
    let text = format!("{HEADER}a,BTC,1\n");
    let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    for file in [
        [b"\xff\xfe", &little[..]].concat(),
        [b"\xfe\xff", &big[..]].concat(),
        little,
        big,
    ] {
        let files = Files::new(&[file]);
        assert_eq!(
            files.refuse(),
            ("input-utf-16", "a.csv: is in UTF-16, not UTF-8".into())
        );
    }
}

#[test]
fn d_12_line_ends_are_lf_or_cr_lf_and_a_lone_cr_is_refused() {
    let lf = format!("{HEADER}a,BTC,1\nb,BTC,2\n");
    for text in [
        lf.clone(),
        lf.replace('\n', "\r\n"),
        lf.replacen('\n', "\r\n", 1),
    ] {
        assert_eq!(
            rows(&read(text), 0),
            [("a".into(), 100_000_000), ("b".into(), 200_000_000)]
        );
    }
    assert_eq!(
        refuse(lf.replace('\n', "\r")),
        ("line-carriage-return", Some(1), Some(21))
    );
    assert_eq!(
        refuse(lf.replace('\n', "\r").repeat(50_000)),
        ("line-carriage-return", Some(1), None)
    );
    assert_eq!(
        refuse(format!("{HEADER}a,BTC,1\rb,BTC,1\n")),
        ("line-carriage-return", Some(2), Some(8))
    );
    assert_eq!(
        refuse(format!("{HEADER}a,BTC,1\r\r\n")),
        ("line-carriage-return", Some(2), Some(8))
    );
    assert_eq!(
        refuse(format!("{HEADER}a,BTC,1\r")),
        ("line-carriage-return", Some(2), Some(8))
    );
}

#[test]
fn d_13_nul_and_invalid_utf_8_are_refused() {
    assert_eq!(refuse_row("a\0,BTC,1"), ("input-nul", 2));
    assert_eq!(refuse_row("a,BTC,1\0"), ("input-nul", 8));
    let latin_1 = [HEADER.as_bytes(), b"\xc3\xa9b,BTC,1\nZo\xeb,BTC,1\n"].concat();
    assert_eq!(refuse(latin_1), ("input-invalid-utf-8", Some(3), Some(3)));
    let surrogate = [HEADER.as_bytes(), b"\xc3\xa9\xed\xa0\x80,BTC,1\n"].concat();
    assert_eq!(refuse(surrogate), ("input-invalid-utf-8", Some(2), Some(2)));
    let overlong = [HEADER.as_bytes(), b"\xc0\xaf,BTC,1\n"].concat();
    assert_eq!(refuse(overlong), ("input-invalid-utf-8", Some(2), Some(1)));
}

#[test]
fn d_14_signs_are_refused() {
    for amount in ["-1", "-0", "+5"] {
        assert_eq!(refuse_row(&format!("a,BTC,{amount}")), ("amount-sign", 7));
    }
}

#[test]
fn d_15_other_notations_are_refused() {
    assert_eq!(refuse_row("a,BTC,1e5"), ("amount-exponent", 8));
    assert_eq!(refuse_row("a,BTC,1E-3"), ("amount-exponent", 8));
    assert_eq!(refuse_row("a,BTC,0x10"), ("amount-character", 8));
    assert_eq!(refuse_row("a,BTC,1_000"), ("amount-character", 8));
    assert_eq!(refuse_row("a,BTC,\"1,000.5\""), ("amount-character", 9));
    assert_eq!(refuse_row("a,BTC,\"1 000\""), ("amount-character", 9));
    // Unquoted, the separator of thousands makes a field of its own.
    assert_eq!(refuse_row("a,BTC,1,000.5"), ("row-field-count", 9));
}

#[test]
fn d_16_words_and_nothing_are_no_amounts() {
    for amount in ["NaN", "inf", "null"] {
        assert_eq!(
            refuse_row(&format!("a,BTC,{amount}")),
            ("amount-character", 7)
        );
    }
    assert_eq!(refuse_row("a,BTC,"), ("amount-empty", 7));
    assert_eq!(refuse_row("a,BTC,\"\""), ("amount-empty", 8));
    assert_eq!(refuse_row("a,BTC,-"), ("amount-sign", 7));
}

#[test]
fn d_17_wei_work_and_what_does_not_fit_is_refused() {
    // 2^64 − 1, 2^64 and more wei: a book at 8 decimals holds them, rounded up once.
    let ledger = read(format!(
        "{HEADER}a,ETH,18.446744073709551615\nb,ETH,18.446744073709551616\nc,ETH,120000000.000000000000000001\n"
    ));
    let steps: Vec<_> = rows(&ledger, 1)
        .into_iter()
        .map(|(_, steps)| steps)
        .collect();
    assert_eq!(
        steps,
        [(1 << 64) - 1, 1 << 64, 120_000_000 * 10u128.pow(18) + 1]
    );
    assert_eq!(
        ledger.assets()[1].total().atoms(),
        2 * 1_844_674_408 + 12_000_000_000_000_001
    );
    // A book kept in wei itself ends at 2^64.
    assert_eq!(
        rows(&read(format!("{HEADER}a,WEI,18.446744073709551615\n")), 2),
        [("a".into(), (1 << 64) - 1)]
    );
    assert_eq!(
        refuse_row("a,WEI,18.446744073709551616"),
        ("total-too-large", 7)
    );
    assert_eq!(
        refuse_row("a,BTC,340282366920938463463374607431768211456"),
        ("amount-too-large", 7)
    );
}

#[test]
fn d_18_more_decimals_than_the_asset_are_refused() {
    assert_eq!(
        refuse_row("a,BTC,0.123456789"),
        ("amount-too-many-decimals", 7)
    );
    assert_eq!(
        refuse_row("a,BTC,0.100000000"),
        ("amount-too-many-decimals", 7)
    );
    let files = Files::new(&[format!("{HEADER}a,BTC,4711.123456789\n")]);
    assert_eq!(
        files.refuse().1,
        "a.csv:2:7: the amount has 9 decimals, the asset has 8"
    );
}

#[test]
fn d_19_leading_zeros_and_bare_points_are_refused() {
    assert_eq!(refuse_row("a,BTC,007"), ("amount-leading-zero", 7));
    assert_eq!(refuse_row("a,BTC,.5"), ("amount-missing-whole", 7));
    assert_eq!(refuse_row("a,BTC,. 5"), ("amount-missing-whole", 7));
    assert_eq!(refuse_row("a,BTC,5."), ("amount-missing-fraction", 7));
    assert_eq!(refuse_row("a,BTC, 5"), ("amount-character", 7));
}

#[test]
fn d_20_digits_of_other_scripts_are_refused() {
    assert_eq!(refuse_row("a,BTC,１２"), ("amount-character", 7));
    // Columns count characters, not bytes.
    assert_eq!(refuse_row("Zoë,BTC,1٣"), ("amount-character", 10));
}

#[test]
fn d_21_other_separators_are_named() {
    for (separator, found) in [(';', "semicolons"), ('\t', "tabs"), ('|', "vertical bars")] {
        let text = format!("{HEADER}a,BTC,1\n").replace(',', &separator.to_string());
        let expect = format!("a.csv:1:8: the columns are separated by {found}, not by commas");
        assert_eq!(Files::new(&[text]).refuse(), ("header-separator", expect));
    }
}

#[test]
fn d_22_t_12_a_total_of_two_to_the_64_is_refused_at_its_row() {
    let most = format!("{HEADER}a,BTC,184467440737.09551614\nb,BTC,0.00000001\n");
    assert_eq!(read(&most).assets()[0].total().atoms(), u64::MAX);
    let files = Files::new(&[most, format!("{HEADER}c,BTC,0\nd,BTC,0.00000001\n")]);
    let expect = "b.csv:3:7: with this row the total of BTC does not fit: at 8 decimals it reaches 2^64 atoms";
    assert_eq!(files.refuse(), ("total-too-large", expect.into()));
    // The rounded amounts are what counts: each of these is one atom more than its floor.
    let rounded =
        format!("{HEADER}a,ETH,184467440737.095516149999999999\nb,ETH,0.000000000000000001\n");
    assert_eq!(refuse(rounded).0, "total-too-large");
}

#[test]
fn d_23_i_01_an_account_twice_for_an_asset_is_refused_with_both_places() {
    let adjacent = Files::new(&[format!("{HEADER}a,BTC,1\na,BTC,1\n")]);
    let expect = "a.csv:3: this account has a row for BTC already, at a.csv:2";
    assert_eq!(adjacent.refuse(), ("row-duplicate", expect.into()));

    let far = (0..5000)
        .map(|i| format!("{i},ETH,1\n"))
        .collect::<String>();
    let apart = Files::new(&[format!("{HEADER}x,ETH,1\n{far}x,ETH,2\nx,BTC,1\n")]);
    let expect = "a.csv:5003: this account has a row for ETH already, at a.csv:2";
    assert_eq!(apart.refuse(), ("row-duplicate", expect.into()));

    let files = Files::new(&[
        format!("{HEADER}b,BTC,1\na,BTC,1\n"),
        format!("{HEADER}a,BTC,2\nb,BTC,2\nb,BTC,2\n"),
    ]);
    let expect =
        "b.csv:2: this account has a row for BTC already, at a.csv:3 (2 more rows are repeated)";
    assert_eq!(files.refuse(), ("row-duplicate", expect.into()));
}

#[test]
fn the_memory_of_the_sort_changes_neither_rows_nor_refusals() {
    let row = |row: u32| {
        format!(
            "a{},{},{row}\n",
            row * 7919 % 500,
            ["BTC", "ETH"][row as usize % 2]
        )
    };
    let text: String = (0..500).map(row).collect();
    let files = Files::new(&[format!("{HEADER}{text}")]);
    let whole = files.read().unwrap();
    let expected = [rows(&whole, 0), rows(&whole, 1)];
    let sums = serde_json::to_string(whole.report()).unwrap();
    assert_eq!((expected[0].len(), expected[1].len()), (250, 250));
    for run_bytes in [1, 200, 5_000] {
        let sorted = files.read_within(run_bytes).unwrap();
        assert_eq!([rows(&sorted, 0), rows(&sorted, 1)], expected);
        assert_eq!(serde_json::to_string(sorted.report()).unwrap(), sums);
    }
    // Three rows too many, far from those that they repeat; the first by account is named.
    let twice = [row(498), row(3), row(3)].concat();
    let files = Files::new(&[format!("{HEADER}{text}"), format!("{HEADER}{twice}")]);
    let error = files.read_within(200).unwrap_err();
    let second = files.paths[1].clone();
    assert_eq!(
        (&error.place().file, error.place().line),
        (&second, Some(2))
    );
    assert_eq!(error.to_string(), files.read().unwrap_err().to_string());
    let only = Files::new(&[format!("{HEADER}{text}{}", [row(3), row(3)].concat())]);
    let (code, message) = only.refuse();
    assert_eq!(code, "row-duplicate");
    assert_eq!(
        message,
        "a.csv:502: this account has a row for ETH already, at a.csv:5 (1 more rows are repeated)"
    );
    assert_eq!(only.read_within(200).unwrap_err().place().line, Some(502));
}

#[test]
fn d_25_compressed_input_is_not_read() {
    // printf 'account,asset,amount\n' | gzip -n | head -c 20: cut short; the bomb is no different.
    let gzip = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x4b\x4c\x4e\xce\x2f\xcd\x2b\xd1\x49\x2c";
    let expect = "a.csv: is gzip data, not CSV text";
    assert_eq!(
        Files::new(&[gzip]).refuse(),
        ("input-format", expect.into())
    );
    let remedy = Files::new(&[gzip]).read().unwrap_err().remedy();
    assert_eq!(remedy, "decompress it first: compressed input is not read");
    for (start, found) in [
        (&b"\x28\xb5\x2f\xfd\x04"[..], "zstd data"),
        (b"\xfd7zXZ\0\0", "xz data"),
        (b"BZh91AY", "bzip2 data"),
        (b"PK\x03\x04\x14", "a ZIP archive or a spreadsheet"),
    ] {
        let expect = format!("a.csv: is {found}, not CSV text");
        assert_eq!(Files::new(&[start]).refuse(), ("input-format", expect));
    }
}

#[test]
fn d_25_a_file_cut_short_is_refused() {
    let whole = format!("{HEADER}a,BTC,1.25\n");
    for length in 0..whole.len() {
        assert!(Files::new(&[&whole[..length]]).read().is_err(), "{length}");
    }
    assert_eq!(
        refuse(&whole[..whole.len() - 1]),
        ("line-end-missing", Some(2), Some(11))
    );
    assert_eq!(
        refuse(HEADER.trim_end()),
        ("line-end-missing", Some(1), Some(21))
    );
}

#[test]
fn d_28_a_file_given_twice_is_refused() {
    let text = format!("{HEADER}a,BTC,1\n");
    let mut files = Files::new(&[&text]);
    let first = files.paths[0].clone();
    let dotted = files.folder.path().join("./a.csv");
    let (soft, hard) = (
        files.folder.path().join("soft.csv"),
        files.folder.path().join("hard.csv"),
    );
    symlink(&first, &soft).unwrap();
    fs::hard_link(&first, &hard).unwrap();
    for other in [first.clone(), dotted, soft, hard] {
        files.paths = vec![first.clone(), other];
        assert_eq!(files.refuse().0, "input-same-file");
    }
    let copies = Files::new(&[&text, &text]);
    assert_eq!(
        copies.refuse(),
        (
            "input-same-content",
            "b.csv: has the same content as a.csv".into()
        )
    );
}

/// The catalogue has exit 3 for all bad input; a file that cannot be opened at all is exit 4 here, as DESIGN §8 says.
#[test]
fn d_29_pipes_folders_and_unreadable_files_are_refused() {
    let mut files = Files::new(&[""]);
    files.paths = vec![files.folder.path().to_owned()];
    assert_eq!(files.refuse().0, "input-not-a-file");

    // Nobody writes to the pipe: opening it would wait for ever.
    let pipe = files.folder.path().join("pipe");
    assert!(
        Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    files.paths = vec![pipe];
    assert_eq!(
        files.refuse(),
        (
            "input-not-a-file",
            "pipe: is a pipe, not a regular file".into()
        )
    );
    files.paths = vec!["/dev/null".into()];
    assert_eq!(
        files.refuse(),
        (
            "input-not-a-file",
            "/dev/null: is a device, not a regular file".into()
        )
    );

    files.paths = vec![files.folder.path().join("missing.csv")];
    let error = files.read().unwrap_err();
    assert_eq!((error.code(), error.exit_code()), ("input-io", 4));

    let locked = files.folder.path().join("a.csv");
    fs::write(&locked, format!("{HEADER}a,BTC,1\n")).unwrap();
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o000)).unwrap();
    files.paths = vec![locked.clone()];
    match fs::File::open(&locked) {
        // The superuser may read everything.
        Ok(_) => assert!(files.read().is_ok()),
        Err(_) => assert_eq!(files.read().unwrap_err().exit_code(), 4),
    }
}

#[test]
fn d_30_a_ledger_of_nobody_is_refused() {
    let error = Files::new::<&str>(&[]).read().unwrap_err();
    assert_eq!(
        (error.code(), error.exit_code(), error.to_string().as_str()),
        ("input-no-files", 3, "no ledger was given")
    );
    assert_eq!(refuse(HEADER).0, "input-no-rows");
}

#[test]
fn i_02_invisible_variants_of_an_account_are_refused() {
    assert_eq!(refuse_row("ann ,BTC,1"), ("text-edge-space", 4));
    assert_eq!(refuse_row(" ann,BTC,1"), ("text-edge-space", 1));
    assert_eq!(refuse_row("ann\u{a0},BTC,1"), ("text-edge-space", 4));
    assert_eq!(refuse_row("a\u{200d}nn,BTC,1"), ("text-invisible", 2));
    assert_eq!(refuse_row("ann\t,BTC,1"), ("text-control", 4));
    assert_eq!(
        refuse_row("\"\"\"Zoë\"\"\u{200d}\",BTC,1"),
        ("text-invisible", 9)
    );
    // Letter case is not touched: these are two customers.
    assert_eq!(
        read(format!("{HEADER}ann,BTC,1\nAnn,BTC,1\n")).assets()[0].len(),
        2
    );
}

#[test]
fn i_03_only_normal_form_c_is_an_account() {
    assert_eq!(refuse_row("Zoe\u{308},BTC,1"), ("text-not-normalised", 3));
    assert_eq!(refuse_row("a\u{202e}b,BTC,1"), ("text-invisible", 2));
    let ledger = read(format!(
        "{HEADER}Zoë,BTC,1\n１,BTC,1\n\u{430},BTC,1\na,BTC,1\n"
    ));
    assert_eq!(ledger.assets()[0].len(), 4);
}

#[test]
fn i_04_accounts_are_texts_and_spreadsheet_damage_is_hinted_at() {
    let ledger = read(format!(
        "{HEADER}00123,BTC,1\n123,BTC,2\n1E5,BTC,1\n123.0,BTC,1\n1.23E+10,BTC,1\n5a,BTC,1\n"
    ));
    let accounts: Vec<_> = rows(&ledger, 0)
        .into_iter()
        .map(|(account, _)| account)
        .collect();
    assert_eq!(accounts, ["00123", "1.23E+10", "123", "123.0", "1E5", "5a"]);
    let [Hint::SpreadsheetAccount { first, count: 3 }, ..] = &ledger.report().hints[..] else {
        panic!("{:?}", ledger.report().hints)
    };
    assert_eq!((first.line, first.column), (Some(4), Some(1)));
    let ledger = read(format!("{HEADER}Zo\u{fffd},BTC,1\n"));
    assert!(matches!(
        ledger.report().hints[0],
        Hint::ReplacementCharacter { count: 1, .. }
    ));
    for text in ["1e5", "12.5E-3", "1.00", "7e+12"] {
        assert!(looks_like_a_rewritten_number(text), "{text}");
    }
    for text in [
        "e5", "1e", "1e5x", "0x1e5", "1.", ".0", "1.5", "1.2.0", "12", "a1e5", "",
    ] {
        assert!(!looks_like_a_rewritten_number(text), "{text}");
    }
}

#[test]
fn i_05_an_account_is_never_empty_long_or_binary() {
    assert_eq!(refuse_row(",BTC,1"), ("text-empty", 1));
    assert_eq!(refuse_row("\"\",BTC,1"), ("text-empty", 2));
    assert_eq!(
        refuse_row(&format!("{},BTC,1", "a".repeat(129))),
        ("text-too-long", 1)
    );
    assert_eq!(refuse_row("a\u{1b}[2J,BTC,1"), ("text-control", 2));
    assert_eq!(
        refuse(format!("{HEADER}{},BTC,1\n", "a".repeat(10_000_000))).0,
        "line-too-long"
    );
}

#[test]
fn k_03_no_account_and_no_amount_leaves_in_errors_or_debug() {
    let ledger = read(format!("{HEADER}secret-name,BTC,4711.4711\n"));
    let mut shown = format!("{:?}", *ledger);
    ledger.assets()[0]
        .for_each(|account, amount| shown += &format!("{account:?} {amount:?}"))
        .unwrap();
    assert!(shown.len() > 200);
    assert!(
        !shown.contains("secret") && !shown.contains("4711"),
        "{shown}"
    );
    for row in [
        "secret-name,BTC,4711.4711x",
        "secret-name,DOGE,4711.4711",
        "secret-name,BTC,-4711.4711",
        "secret-name,BTC,4711.47114711471",
        "secret-name ,BTC,4711",
        "secret-name,BTC,4711\nsecret-name,BTC,4711",
        "secret-name,BTC,4711,4711",
        "secret-name,BTC,471147114711.4711",
        "secret-name,BTC,\"4711",
    ] {
        let error = Files::new(&[format!("{HEADER}{row}\n")])
            .read()
            .unwrap_err();
        let shown = format!("{error} {error:?} {}", error.remedy());
        assert!(
            !shown.contains("secret") && !shown.contains("4711"),
            "{shown}"
        );
    }
}

#[test]
fn the_report_is_json_with_amounts_as_strings() {
    let ledger = read(format!("{HEADER}a,BTC,1\n"));
    let json = toml::Value::try_from(ledger.report()).unwrap();
    assert_eq!(json["assets"][0]["exact_total"].as_str(), Some("100000000"));
    assert_eq!(json["files"][0]["sha256"].as_str().map(str::len), Some(64));
    assert_eq!(
        json["hints"][0]["hint"].as_str(),
        Some("asset-without-rows")
    );
}

const POSITIONS: &str =
    "rn,id,e_btc,d_btc,btc,vl_btc,m_btc,pm_btc,e_eth,d_eth,eth,total_net_balance_usdt\n";

#[test]
fn u_15_debts_are_reported_apart_and_never_netted() {
    let ledger = read(format!(
        "{POSITIONS}\
         0,ann,5,5,-0.00000000000001,0,0,0,0,3.000000000000000001,-3.0,1e3\n\
         1,bob,0.5,0,0.5,0,0,0,0,0,0,0\n\
         2,eve,0,7,-7.0,0,0,0,2,0,2,0\n"
    ));
    assert_eq!(
        rows(&ledger, 0),
        [("ann".into(), 500_000_000), ("bob".into(), 50_000_000)]
    );
    assert_eq!(rows(&ledger, 1), [("eve".into(), 2 * 10_u128.pow(18))]);
    let report = serde_json::to_value(ledger.report()).unwrap();
    let expected = serde_json::json!([
        { "asset": "BTC", "accounts": 2, "exact_total": "1200000000" },
        { "asset": "ETH", "accounts": 1, "exact_total": "3000000000000000001" },
    ]);
    assert_eq!(report["debts"], expected);
    assert_eq!(report["assets"][0]["exact_total"], "550000000");
    assert_eq!(
        (&report["rows"], &report["files"][0]["format"]),
        (&3.into(), &"csv-equity-and-debt".into())
    );
    let not_read = [
        "rn",
        "btc",
        "vl_btc",
        "m_btc",
        "pm_btc",
        "eth",
        "total_net_balance_usdt",
    ];
    assert_eq!(report["files"][0]["not_read"], serde_json::json!(not_read));
}

#[test]
fn columns_of_equity_and_debt_are_read_as_strictly() {
    let refuse_header = |header: &str| refuse(format!("{header}\n0,ann,1,0\n"));
    for (header, code, column) in [
        ("rn,id,e_btc", "header-missing-column", 7),
        ("rn,id,e_btc,d_eth", "header-missing-column", 7),
        ("rn,id,d_eth,e_btc,d_btc", "header-missing-column", 7),
        ("rn,id,e_btc,d_btc,e_btc", "header-duplicate-column", 19),
        ("rn,id,e_btc,d_btc,id", "header-duplicate-column", 19),
        ("rn,id,e_doge,d_doge", "asset-unknown", 7),
        ("rn,id,e_btc,d_btc,d_doge", "asset-unknown", 19),
        (
            "rn,id,e_btc,d_btc,e_ETH,d_ETH",
            "header-unknown-position",
            19,
        ),
        ("rn,id,e_btc,d_btc,doge", "header-unknown-position", 19),
        ("rn,id,e_btc,d_btc,vl_eth", "header-unknown-position", 19),
        ("rn,id,e_btc,d_btc,asset", "header-unknown-position", 19),
    ] {
        assert_eq!(
            refuse_header(header),
            (code, Some(1), Some(column)),
            "{header}"
        );
    }
    let header = "id,e_btc,d_btc\n";
    for (row, code, column) in [
        ("ann,-1,0", "amount-sign", 5),
        ("ann,1e-7,0", "amount-exponent", 6),
        ("ann,1,-1", "amount-sign", 7),
        ("ann,1,", "amount-empty", 7),
        ("ann,1,0.123456789", "amount-too-many-decimals", 7),
        ("ann,1", "row-field-count", 6),
        ("ann,1,0,0", "row-field-count", 9),
        ("ann ,1,0", "text-edge-space", 4),
    ] {
        let (found, line, at) = refuse(format!("{header}{row}\n"));
        assert_eq!((found, line, at), (code, Some(2), Some(column)), "{row}");
    }
    assert_eq!(refuse(header).0, "input-no-rows");
}

#[test]
fn i_01_an_account_with_two_rows_of_positions_is_refused_whatever_is_in_them() {
    let header = "id,e_btc,d_btc\n";
    let files = Files::new(&[
        format!("{header}ann,0,1\nbob,1,0\n"),
        format!("{header}eve,1,0\nann,0,2\n"),
    ]);
    let expected = "b.csv:3: this account has a row already, at a.csv:2";
    assert_eq!(files.refuse(), ("account-duplicate", expected.into()));
    // And in both layouts together.
    let files = Files::new(&[format!("{header}ann,1,0\n"), format!("{HEADER}ann,BTC,1\n")]);
    assert_eq!(files.refuse().0, "row-duplicate");
}

proptest! {
    #[test]
    fn random_bytes_never_panic(bytes in any::<Vec<u8>>(), header in any::<bool>()) {
        let content = if header { [HEADER.as_bytes(), &bytes].concat() } else { bytes };
        let _ = read_loose(Cursor::new(content));
    }

    #[test]
    fn nearly_right_text_never_panics(text in "([aé\"]{0,3},?(BTC|\"BTC\")?,?[0-9.\"]{0,4}\r?\n?){0,6}") {
        let _ = read_loose(Cursor::new(format!("{HEADER}{text}")));
    }

    #[test]
    fn what_is_written_is_read(
        ledger in prop::collection::btree_map("[a-zA-Zé0-9\",.@_]{1,20}", 0..=1u64 << 40, 1..30),
        quote in any::<bool>(),
        crlf in any::<bool>(),
    ) {
        let mut text = HEADER.to_owned();
        for (account, atoms) in &ledger {
            let amount = format!("{}.{:08}", atoms / 100_000_000, atoms % 100_000_000);
            if quote || account.contains([',', '"']) {
                text += &format!("\"{}\",\"BTC\",\"{amount}\"\n", account.replace('"', "\"\""));
            } else {
                text += &format!("{account},BTC,{amount}\n");
            }
        }
        if crlf {
            text = text.replace('\n', "\r\n");
        }
        let expect: Vec<_> = ledger.into_iter().map(|(account, atoms)| (account, u128::from(atoms))).collect();
        prop_assert_eq!(rows(&read(text), 0), expect);
    }
}
