//! Wrong input, wrong arguments, full disks and altered publications, as a person at the command line meets them:
//! the exit code, the place, what to do, and nothing half-made.
#![allow(missing_docs, reason = "tests")]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, symlink};
use std::path::Path;
use std::sync::OnceLock;

use por_protocol::digest::Digest;
use support::{Done, PERIOD, SNAPSHOT, Sample, command, por_in, tree};

/// Initialised, not planned.
fn exchange() -> &'static Sample {
    static EXCHANGE: OnceLock<Sample> = OnceLock::new();
    EXCHANGE.get_or_init(|| Sample::new(&["BTC", "ETH", "USDT"], 40))
}

/// Planned and built, one book.
fn built() -> &'static Sample {
    static BUILT: OnceLock<Sample> = OnceLock::new();
    BUILT.get_or_init(|| {
        let sample = Sample::new(&["BTC"], 40);
        sample.plan(&["--leaves", "BTC=48"]).expect(0);
        sample.por("build", &[]).expect(0);
        sample
    })
}

/// Published, 300 accounts, one book of three levels, one statement.
fn published() -> &'static Sample {
    static PUBLISHED: OnceLock<Sample> = OnceLock::new();
    PUBLISHED.get_or_init(|| {
        let sample = Sample::planned(&["BTC"], 300);
        sample.finish();
        let account = sample.account();
        sample
            .por("statement", &["--account", &account, "--out", "one.por"])
            .expect(0);
        sample
    })
}

const TILES: &str = "publication/attestations/000000/tiles/BTC-owed";

#[test]
fn d_rows_name_file_line_and_column_and_make_nothing() {
    const HEADER: &str = "account,asset,amount\n";
    let sample = exchange().copy();
    let before = tree(&sample.at("exchange"));
    let row = |row: &str| format!("{HEADER}ann,BTC,1\n{row}\n").into_bytes();
    let utf16: Vec<u8> = HEADER.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let utf16 = [&[0xff, 0xfe][..], &utf16].concat();
    let cases: [(&str, Vec<u8>, &str); 36] = [
        ("D-01", Vec::new(), "l.csv: is empty"),
        ("D-02", HEADER.into(), "l.csv: has a header but no rows"),
        (
            "D-03",
            "account,asset\nann,BTC\n".into(),
            "l.csv:1:14: the header has no column `amount`",
        ),
        (
            "D-04",
            "account,asset,amount,asset\n".into(),
            "l.csv:1:22: the column `asset` stands in the header twice",
        ),
        (
            "D-05",
            "account,BTC,ETH\n".into(),
            "l.csv:1:9: this column is none of",
        ),
        (
            "D-05 asset",
            row("bob,DOGE,1"),
            "l.csv:3:5: the asset `DOGE` is not in the asset table",
        ),
        ("D-05 case", row("bob,btc,1"), "l.csv:3:5: the asset `btc`"),
        (
            "D-06 short",
            row("bob,BTC"),
            "l.csv:3:8: the row has 2 fields",
        ),
        (
            "D-06 long",
            row("bob,BTC,1,2"),
            "l.csv:3:11: the row has 4 fields",
        ),
        (
            "D-07",
            format!("{HEADER}ann,BTC,\"1\n").into(),
            "l.csv:2:9: the quote that opens here",
        ),
        (
            "D-08",
            format!("{HEADER}\"a\nb\",BTC,1\n").into(),
            "l.csv:2:1: the quote that opens here",
        ),
        ("D-11", utf16, "l.csv: is in UTF-16"),
        (
            "D-12",
            format!("{HEADER}ann,BTC,1\rbob,BTC,1\n").into(),
            "carriage return",
        ),
        ("D-13 NUL", row("b\0b,BTC,1"), "l.csv:3:2: there is a NUL"),
        (
            "D-13 UTF-8",
            [&row("")[..], b"b\xffb,BTC,1\n"].concat(),
            "l.csv:3",
        ),
        ("D-14", row("bob,BTC,-1"), "l.csv:3:9"),
        ("D-14 zero", row("bob,BTC,-0"), "l.csv:3:9"),
        ("D-14 plus", row("bob,BTC,+5"), "l.csv:3:9"),
        ("D-15", row("bob,BTC,1e5"), "l.csv:3:10"),
        ("D-15 hex", row("bob,BTC,0x10"), "l.csv:3:10"),
        ("D-15 comma", row("bob,BTC,\"1,000.5\""), "l.csv:3:11"),
        ("D-16", row("bob,BTC,NaN"), "l.csv:3:9"),
        ("D-16 empty", row("bob,BTC,"), "l.csv:3:9"),
        (
            "D-17",
            row("bob,BTC,184467440737.09551616"),
            "l.csv:3:9: with this row the total of BTC does not fit",
        ),
        (
            "D-18",
            row("bob,BTC,0.123456789"),
            "l.csv:3:9: the amount has 9 decimals",
        ),
        ("D-19", row("bob,BTC,01"), "l.csv:3:9"),
        (
            "D-19 dot",
            row("bob,BTC,5."),
            "l.csv:3:9: the amount has no digit",
        ),
        ("D-20", row("bob,BTC,١"), "l.csv:3:9"),
        (
            "D-21",
            "account;asset;amount\n".into(),
            "l.csv:1:8: the columns are separated by semicolons",
        ),
        ("D-22", row("bob,BTC,184467440737.09551615"), "does not fit"),
        (
            "D-23",
            row("ann,BTC,1"),
            "l.csv:3: this account has a row for BTC already, at l.csv:2",
        ),
        ("D-25", b"\x1f\x8b\x08\0\0\0\0\0".to_vec(), "l.csv: is gzip"),
        ("I-02", row("bob ,BTC,1"), "l.csv:3:4: the account"),
        ("I-03", row("e\u{301}ve,BTC,1"), "l.csv:3:1: the account"),
        (
            "I-03 RTL",
            row("bob\u{202e},BTC,1"),
            "l.csv:3:4: the account",
        ),
        ("I-05", row(",BTC,1"), "l.csv:3:1: the account"),
    ];
    for (name, content, place) in cases {
        sample.write("l.csv", content);
        let done = plan(&sample, &["--ledger", "l.csv"]);
        println!("{name}: {}", done.err);
        done.refuses(3, &[place]);
        assert!(
            tree(&sample.at("exchange")) == before,
            "{name} made something"
        );
    }
    // I-05: too long for any customer.
    sample.write("l.csv", row(&format!("{},BTC,1", "a".repeat(129))));
    plan(&sample, &["--ledger", "l.csv"]).refuses(3, &["l.csv:3:", "the account"]);
    // I-01: far apart and in two files, both places are named.
    sample.write("a.csv", format!("{HEADER}ann,BTC,1\nbob,BTC,1\n"));
    sample.write("b.csv", format!("{HEADER}eve,BTC,1\nbob,BTC,2\n"));
    plan(&sample, &["--ledger", "a.csv", "--ledger", "b.csv"]).refuses(3, &["b.csv:3", "a.csv:3"]);
    // D-28, D-29.
    plan(&sample, &["--ledger", "a.csv", "--ledger", "./a.csv"]).refuses(3, &["is the same file"]);
    plan(&sample, &["--ledger", "exchange"]).refuses(3, &["a folder"]);
    plan(&sample, &["--ledger", "none.csv"]).refuses(4, &["none.csv", "Check the path"]);
    assert!(tree(&sample.at("exchange")) == before);
    sample.has_no_leftovers();
    // I-04: what a spreadsheet may have rewritten is kept apart, and a hint printed.
    sample.write(
        "l.csv",
        format!("{HEADER}00123,BTC,1\n123,BTC,1\n123.0,BTC,1\n1e5,BTC,1\n"),
    );
    plan(&sample, &["--ledger", "l.csv"]).says(0, &["4 rows", "hint:", "l.csv:4"]);
}

fn plan(sample: &Sample, arguments: &[&str]) -> Done {
    let mut all = vec!["--period", PERIOD, "--snapshot", SNAPSHOT];
    all.extend(arguments);
    sample.por("plan", &all)
}

#[test]
fn wrong_arguments_of_plan_are_refused_and_make_nothing() {
    let sample = exchange().copy();
    let before = tree(&sample.at("exchange"));
    let plan_at = |period, snapshot| {
        let all = [
            "--ledger",
            "ledger.csv",
            "--period",
            period,
            "--snapshot",
            snapshot,
        ];
        sample.por("plan", &all)
    };
    for period in ["2025", "2025-13", "2025-1", "2025-02-29", "October", ""] {
        plan_at(period, SNAPSHOT).refuses(3, &["--period", "YYYY-MM"]);
    }
    for snapshot in [
        "now",
        "2025-10-31",
        "2025-10-31T00:00:00+02:00",
        "1969-12-31T23:59:59Z",
        "2025-10-31T00:00:00.5Z",
        "2025-10-32T00:00:00Z",
    ] {
        plan_at(PERIOD, snapshot).refuses(3, &["--snapshot", "2026-10-31T00:00:00Z"]);
    }
    for (arguments, part) in [
        (&["--leaves", "BTC=17"][..], "17"),
        (&["--leaves", "BTC=16"], "40 rows do not fit 16 leaves"),
        (&["--leaves", "BTC=0"], "leaf count 0"),
        (&["--leaves", "BTC=many"], "not a number"),
        (&["--leaves", "BTC=2199023255552"], "2199023255552"),
        (&["--leaves", "BTC"], "BTC=65536"),
        (&["--leaves", "DOGE=64"], "no asset DOGE"),
        (
            &["--leaves", "BTC=64", "--leaves", "BTC=80"],
            "said of this asset before",
        ),
        (&["--seal", "BTC=0.1"], "below the total"),
        (&["--seal", "BTC=lots"], "--seal BTC"),
        (&["--seal", "BTC=999999999999"], "--seal BTC"),
        (&["--seal", "btc"], "no asset btc"),
        (&["--public", "BTC=5"], "takes no value"),
        (&["--expect-total", "BTC"], "the total is missing"),
        (&["--expect-total", "BTC=1e3"], "--expect-total BTC"),
        (&["--expect-total", "BTC=-1"], "--expect-total BTC"),
        (&["--expect-total", "DOGE=1"], "no asset DOGE"),
        (
            &["--expect-total", "BTC=1", "--expect-total", "BTC=1"],
            "said of this asset before",
        ),
        (
            &["--public", "BTC", "--seal", "BTC"],
            "said of this asset before",
        ),
    ] {
        sample.plan(arguments).refuses(3, &[part]);
    }
    assert!(tree(&sample.at("exchange")) == before);
    sample.has_no_leftovers();
    // No command line at all is usage.
    sample.por("plan", &[]).expect(2);
    sample.por("build", &["--threads", "two"]).expect(2);
    sample.anyone(&["publicate"]).expect(2);
}

#[test]
fn rows_that_do_not_add_up_to_the_control_total_are_refused() {
    let sample = Sample::new(&["BTC"], 40);
    sample.write(
        "ledger.csv",
        "account,asset,amount\nanna,BTC,0.10000001\nbert,BTC,2\ncleo,BTC,0\n",
    );
    let before = tree(&sample.at("exchange"));
    for (total, difference) in [
        ("2.1", "0.00000001 more"),
        ("2.10000002", "0.00000001 less"),
        ("0", "2.10000001 more"),
    ] {
        sample
            .plan(&["--expect-total", &format!("BTC={total}")])
            .refuses(3, &["the rows of BTC add up to", difference]);
    }
    assert!(tree(&sample.at("exchange")) == before);
    sample.has_no_leftovers();
    sample
        .plan(&["--expect-total", "BTC=2.10000001"])
        .says(0, &["ledger.json"]);
    let report: serde_json::Value =
        serde_json::from_str(&sample.read("exchange/runs/000000/ledger.json")).unwrap();
    assert_eq!(report["rows"], 3);
    assert_eq!(report["assets"][0]["exact_total"], "210000001");
    let digest = Digest::of(sample.read("ledger.csv").as_bytes());
    assert_eq!(report["files"][0]["sha256"], digest.to_string());
}

#[test]
fn wrong_folders_and_runs_are_named() {
    let sample = exchange();
    for command in [
        &["build"][..],
        &[
            "plan",
            "--ledger",
            "l",
            "--period",
            PERIOD,
            "--snapshot",
            SNAPSHOT,
        ],
    ] {
        por_in(sample.path(), command)
            .refuses(3, &["not an exchange's folder", "por init", "--home"]);
    }
    sample
        .por("build", &[])
        .refuses(3, &["no such run", "por plan"]);
    built()
        .por("build", &["--run", "7"])
        .refuses(3, &["no such run"]);
    built()
        .publish()
        .refuses(3, &["not attested", "por attest"]);
    built()
        .por("statement", &["--all", "--out", "all"])
        .refuses(3, &["not attested", "por attest"]);
    let again = ["--entity", "X", "--log-origin", "x.example/por"];
    sample.por("init", &again).refuses(4, &["folder already"]);
    for (flag, value) in [
        ("--log-origin", "two words"),
        ("--log-origin", ""),
        ("--entity", "a\u{7}b"),
        ("--entity", ""),
    ] {
        let (entity, origin) = if flag == "--entity" {
            (value, "x.example")
        } else {
            ("X", value)
        };
        let arguments = [
            "init",
            "--home",
            "new",
            "--entity",
            entity,
            "--log-origin",
            origin,
        ];
        sample.anyone(&arguments).refuses(3, &[flag]);
        assert!(!sample.at("new").exists());
    }
    sample.write("bad.toml", "[[asset]]\nid = \"BTC\"\n");
    let arguments = [
        "init",
        "--home",
        "new",
        "--entity",
        "X",
        "--log-origin",
        "x",
        "--assets",
        "bad.toml",
    ];
    sample.anyone(&arguments).refuses(3, &["bad.toml"]);
    assert!(!sample.at("new").exists());
}

#[test]
fn wrong_reserves_name_their_line_and_nothing_is_attested() {
    let sample = built().copy();
    let good = sample.read("reserves.csv");
    let rows: Vec<&str> = good.lines().collect();
    let fields: Vec<&str> = rows[2].split(',').collect();
    let with = |field: usize, value: &str| {
        let mut changed = fields.clone();
        changed[field] = value;
        changed.join(",")
    };
    let other = rows[1].rsplit(',').next().unwrap();
    for (line, part) in [
        (with(5, other), "ownership"),
        (with(5, ""), "ownership"),
        (with(4, "bip137"), "scheme"),
        (with(4, "eip191"), "scheme"),
        (with(0, "eip155:1"), "address"),
        (with(0, "dogecoin"), "network"),
        (with(1, "bc1qnot"), "address"),
        (with(2, "DOGE"), "no such coin"),
        (with(2, "ETH"), "no such coin"),
        (with(3, "-1"), "amount"),
        (with(3, "1e3"), "amount"),
        (with(3, "0.123456789"), "amount"),
        (rows[1].to_owned(), "stand in line 2 already"),
        (fields[..5].join(","), ""),
    ] {
        let changed = good.replacen(rows[2], &line, 1);
        sample.write("reserves.csv", changed);
        let done = sample.attest();
        println!("{}", done.err);
        done.refuses(3, &["reserves.csv:3: ", part]);
    }
    sample.write("reserves.csv", good.replacen("network", "chain", 1));
    sample
        .attest()
        .refuses(3, &["reserves.csv:1: ", "network,address,asset"]);
    sample.write("reserves.csv", &good);
    // Terms that the addresses did not sign, and blocks that are missing or malformed.
    let attest = |nonce: &str, header: &str, blocks: &[&str]| {
        let mut all = vec![
            "--reserves",
            "reserves.csv",
            "--block-header",
            header,
            "--nonce",
            nonce,
        ];
        blocks
            .iter()
            .for_each(|block| all.extend(["--block", block]));
        sample.por("attest", &all)
    };
    attest("00", "header.hex", &[]).refuses(3, &["reserves.csv:2: ", "por challenge"]);
    attest("xyz", "header.hex", &[]).refuses(3, &["--nonce", "hex"]);
    attest(&"00".repeat(65), "header.hex", &[]).refuses(3, &["--nonce"]);
    sample.write("easy.hex", format!("{}\n", "00".repeat(80)));
    attest(support::NONCE, "easy.hex", &[]).refuses(3, &["easy.hex", "getblockheader"]);
    attest(support::NONCE, "none.hex", &[]).says(4, &["none.hex"]);
    attest(support::NONCE, "header.hex", &[]).refuses(3, &["no --block for bip122:"]);
    attest(support::NONCE, "header.hex", &["bip122"]).expect(2);
    let block = "bip122:000000000019d6689c085ae165831e93=1=00";
    attest(support::NONCE, "header.hex", &[block, block]).expect(3);
    sample
        .attest_with(&["--annex", "none.pdf"])
        .refuses(4, &["none.pdf", "Check the path"]);
    sample.write("bad name.pdf", "");
    sample
        .attest_with(&["--annex", "bad name.pdf"])
        .refuses(3, &["annex name", "nothing was signed"]);
    assert!(!sample.at("exchange/runs/000000/attested").exists());
    sample.has_no_leftovers();
    sample.attest().expect(0);
    sample.attest().refuses(4, &["attested already", "--again"]);
}

#[test]
fn f_02_where_nobody_can_be_told_the_work_goes_on() {
    let sample = published();
    let full = || fs::OpenOptions::new().write(true).open("/dev/full");
    // A pipe whose reader has gone.
    let (reader, closed) = std::io::pipe().unwrap();
    drop(reader);
    let mut done = command(sample.path(), &["man", "--out", "man-1"]);
    let status = done.stderr(full().unwrap()).status().unwrap();
    assert_eq!(status.code(), Some(0));
    let mut done = command(sample.path(), &["man", "--out", "man-2"]);
    let status = done.stderr(closed).status().unwrap();
    assert_eq!(status.code(), Some(0));
    assert!(tree(&sample.at("man-1")).len() > 10);
    assert!(tree(&sample.at("man-1")) == tree(&sample.at("man-2")));
    // A refusal that cannot be told is one still.
    let mut refused = command(sample.path(), &["verify", "none.por"]);
    let status = refused.stderr(full().unwrap()).status().unwrap();
    assert_eq!(status.code(), Some(4));
}

#[test]
fn f_02_a_full_standard_output_is_an_io_error() {
    let sample = published();
    for arguments in [
        &["verify", "one.por", "--policy", "exchange/policy"][..],
        &["verify", "one.por", "--json"],
        &["audit", "publication", "--policy", "exchange/policy"],
        &["completions", "bash"],
    ] {
        let full = fs::OpenOptions::new()
            .write(true)
            .open("/dev/full")
            .unwrap();
        let done = support::run(command(sample.path(), arguments).stdout(full));
        done.says(4, &["standard output", "No space left"]);
    }
    for arguments in [
        &["verify", "none.por"][..],
        &["verify", "publication"],
        &["verify", "one.por", "--policy", "none"],
        &["audit", "none"],
        &["audit", "publication", "--policy", "none"],
    ] {
        let done = sample.anyone(arguments).expect(4);
        assert!(
            done.err.contains("none") || done.err.contains("publication"),
            "{}",
            done.err
        );
        assert_eq!(done.out, "");
    }
    // A device has no end.
    sample
        .anyone(&["verify", "/dev/zero"])
        .refuses(3, &["/dev/zero", "more than"]);
}

/// The statement with the length of its core put right, where the core begins the file and was changed.
fn with_core_length(file: &[u8]) -> Vec<u8> {
    let begin = b"por/statement/v1\ncore ";
    let Some(rest) = file.strip_prefix(&begin[..]) else {
        return file.to_vec();
    };
    let digits = rest.iter().position(|byte| *byte == b'\n').unwrap();
    let next = b"\nattestation ";
    let end = rest.windows(next.len()).rposition(|window| window == next);
    let core = &rest[digits + 1..end.unwrap()];
    let length = core.len().to_string();
    [begin, length.as_bytes(), b"\n", core, &rest[end.unwrap()..]].concat()
}

#[test]
fn verify_exits_by_its_verdict() {
    let sample = published().copy();
    let account = sample.account();
    let verify = |name: &str, arguments: &[&str]| {
        let mut all = vec!["verify", name];
        all.extend(arguments);
        sample.anyone(&all)
    };
    let trusted = ["--policy", "exchange/policy"];
    verify("one.por", &trusted).says(0, &["Included?  verified"]);
    verify("one.por", &[]).says(6, &["Included?  cannot tell"]);
    verify(
        "one.por",
        &[&trusted[..], &["--account", &account]].concat(),
    )
    .expect(0);
    verify(
        "one.por",
        &[&trusted[..], &["--account", "somebody@else"]].concat(),
    )
    .says(1, &["NOT VERIFIED", "account-expected"]);
    let file = fs::read(sample.at("one.por")).unwrap();
    let put = |name: &str, from: &str, to: &str| {
        let at = file
            .windows(from.len())
            .position(|window| window == from.as_bytes())
            .unwrap();
        sample.write(
            name,
            [&file[..at], to.as_bytes(), &file[at + from.len()..]].concat(),
        );
    };
    put("v2.por", "por/statement/v1\n", "por/statement/v2\n");
    verify("v2.por", &trusted).says(5, &["cannot tell", "por/statement/v2"]);
    put("amount.por", "\"amount\": \"", "\"amount\": \"9");
    verify("amount.por", &trusted).expect(1);
    put("name.por", &account, &account.to_uppercase());
    verify("name.por", &trusted).says(1, &["statement-signed"]);
    sample.write("cut.por", &file[..file.len() - 100]);
    verify("cut.por", &trusted).says(1, &["cut short"]);
    sample.write("empty.por", "");
    verify("empty.por", &trusted).says(1, &["Included?  NOT VERIFIED", "not a statement file"]);
    // I-06: nothing that a file says reaches the terminal as a control character.
    put("ansi.por", &account, &account.replacen('.', "\u{1b}", 1));
    put(
        "origin.por",
        "por/statement/v1\ncore",
        "por/statement/\u{1b}[2J\ncore",
    );
    // A core that nobody signed, whose key would clear the screen and paint a verdict; its book; a newline; a word turned.
    let painted = "\\u001b[2J\\u001b[HIncluded?  verified";
    put(
        "key.por",
        "\"no_other_balance\"",
        &format!("\"{painted}\": 0,\n  \"no_other_balance\""),
    );
    put(
        "asset.por",
        "\"asset\": \"",
        &format!("\"asset\": \"{painted}"),
    );
    put(
        "line.por",
        "\"kind\": \"owed\"",
        "\"kind\": \"\\nIncluded?  verified\\u202e\"",
    );
    put(
        "type.por",
        "\"exact\": \"",
        &format!("\"exact\": [], \"{painted}\": \""),
    );
    for name in [
        "ansi.por",
        "origin.por",
        "key.por",
        "asset.por",
        "line.por",
        "type.por",
    ] {
        let file = fs::read(sample.at(name)).unwrap();
        let file = with_core_length(&file);
        sample.write(name, file);
        for json in [&[][..], &["--json"]] {
            let done = verify(name, &[&trusted[..], json].concat());
            assert_ne!(done.code, 0, "{name}");
            let said = done.out.clone() + &done.err;
            let obeyed = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
            assert!(!said.contains(obeyed), "{name}: {said}");
            assert!(!said.contains("\nIncluded?"), "{name}: {said}");
            assert!(said.len() < 8_000, "{name}: {}", said.len());
        }
    }
    // A key of a megabyte fills no screen.
    put(
        "long.por",
        "\"no_other_balance\"",
        &format!("\"{}\"", "k".repeat(1_000_000)),
    );
    let long = with_core_length(&fs::read(sample.at("long.por")).unwrap());
    sample.write("long.por", long);
    let done = verify("long.por", &trusted).expect(1);
    assert!(done.out.len() < 8_000, "{}", done.out.len());
    // Another exchange's policy, and files that are none.
    let other = [
        "init",
        "--home",
        "other",
        "--entity",
        "Other",
        "--log-origin",
        support::ORIGIN,
    ];
    sample.anyone(&other).expect(0);
    verify("one.por", &["--policy", "other/policy"]).says(1, &["attestation-signed"]);
    sample.write("policy", "log nonsense\n");
    for json in [&[][..], &["--json"]] {
        let arguments = [&["--policy", "policy"], json].concat();
        verify("one.por", &arguments).refuses(3, &["line 1", "source you trust"]);
    }
}

#[test]
fn an_altered_publication_fails_its_audit_and_the_thing_is_named() {
    type Tamper = fn(&Sample);
    let flip = |sample: &Sample, name: &str, at: usize| {
        let mut bytes = fs::read(sample.at(name)).unwrap();
        bytes[at] ^= 1;
        sample.write(name, bytes);
    };
    let cases: [(&str, Tamper, &[&str]); 13] = [
        (
            "F-11 a bit in a proof",
            |_| (),
            &["FAIL", "siblings-non-negative", "tile", "1/3"],
        ),
        (
            "T-07 a pack is missing",
            |sample| {
                fs::remove_file(sample.at(&format!("{TILES}/1/000000.pack"))).unwrap();
            },
            &["files-expected", "tiles/BTC-owed/1/000000.pack is missing"],
        ),
        (
            "T-07 an extra pack",
            |sample| {
                fs::copy(
                    sample.at(&format!("{TILES}/1/000000.pack")),
                    sample.at(&format!("{TILES}/1/000001.pack")),
                )
                .unwrap();
            },
            &[
                "files-expected",
                "tiles/BTC-owed/1/000001.pack does not belong there",
            ],
        ),
        (
            "T-07 a tile twice",
            |sample| {
                let pack = format!("{TILES}/1/000000.pack");
                let mut bytes = fs::read(sample.at(&pack)).unwrap();
                bytes.copy_within(..1952, 1952);
                sample.write(&pack, bytes);
            },
            &["siblings-non-negative", "1/1"],
        ),
        (
            "T-07 a pack cut short",
            |sample| {
                let pack = format!("{TILES}/1/000000.pack");
                let bytes = fs::read(sample.at(&pack)).unwrap();
                sample.write(&pack, &bytes[..bytes.len() - 1]);
            },
            &["FAIL", "000000.pack"],
        ),
        (
            "T-07 a pack with more",
            |sample| {
                let pack = format!("{TILES}/1/000000.pack");
                let mut bytes = fs::read(sample.at(&pack)).unwrap();
                bytes.push(0);
                sample.write(&pack, bytes);
            },
            &["FAIL", "000000.pack"],
        ),
        (
            "T-07 two packs swapped",
            |sample| {
                let (one, two) = (
                    format!("{TILES}/1/000000.pack"),
                    format!("{TILES}/2/000000.pack"),
                );
                let kept = fs::read(sample.at(&one)).unwrap();
                fs::rename(sample.at(&two), sample.at(&one)).unwrap();
                sample.write(&two, kept);
            },
            &["FAIL", "siblings-non-negative"],
        ),
        (
            "F-07 a link for a pack",
            |sample| {
                let pack = sample.at(&format!("{TILES}/1/000000.pack"));
                fs::rename(&pack, sample.at("elsewhere")).unwrap();
                symlink(sample.at("elsewhere"), &pack).unwrap();
            },
            &["files-expected", "is a link"],
        ),
        (
            "M-11 a book that is not listed",
            |sample| {
                support::copy_tree(
                    &sample.at(TILES),
                    &sample.at("publication/attestations/000000/tiles/ETH-owed"),
                );
            },
            &["files-expected", "tiles/ETH-owed", "does not belong there"],
        ),
        (
            "a reserve is gone",
            |sample| {
                let name = "publication/attestations/000000/reserves.jsonl";
                let text = sample.read(name);
                sample.write(name, text.split_once('\n').unwrap().1);
            },
            &["reserves-complete", "reserves.jsonl"],
        ),
        (
            "a reserve has grown",
            |sample| {
                sample.edit(
                    "publication/attestations/000000/reserves.jsonl",
                    "\"amount\":\"",
                    "\"amount\":\"9",
                );
            },
            &["reserves-complete", "reserves.jsonl"],
        ),
        (
            "a book owes less",
            |sample| {
                sample.edit(
                    "publication/attestations/000000/books.jsonl",
                    "\"amount\":\"4",
                    "\"amount\":\"3",
                );
            },
            &["books-complete", "books.jsonl"],
        ),
        (
            "M-01 the attestation",
            |sample| {
                for name in ["attestation.json", "attestation.note"] {
                    sample.edit(
                        &format!("publication/attestations/000000/{name}"),
                        "Sample",
                        "Simple",
                    );
                }
            },
            &["attestation-signed"],
        ),
    ];
    for (number, (name, tamper, parts)) in cases.into_iter().enumerate() {
        let sample = published().copy();
        tamper(&sample);
        if number == 0 {
            flip(&sample, &format!("{TILES}/1/000000.pack"), 3 * 1952 + 1500);
        }
        let done = sample.audit(&[]);
        println!("{name}: {}", done.out);
        done.says(1, parts)
            .says(1, &["Books true?  NOT VERIFIED", "FAIL"]);
    }
    // Missing lists.
    for name in [
        "attestation.json",
        "attestation.note",
        "books.jsonl",
        "reserves.jsonl",
    ] {
        let sample = published().copy();
        fs::remove_file(sample.at(&format!("publication/attestations/000000/{name}"))).unwrap();
        sample.audit(&[]).says(1, &["well-formed", name]);
    }
    // Without a policy nobody can tell.
    published()
        .anyone(&["audit", "publication"])
        .says(6, &["cannot tell"]);
    published()
        .audit(&["--sequence", "3"])
        .refuses(3, &["no such attestation", "--sequence"]);
}

#[test]
fn u_03_one_leaf_for_two_accounts_is_not_built() {
    let sample = Sample::new(&["BTC"], 5);
    sample.edit(
        "ledger.csv",
        "account,asset,amount\n",
        "account,asset,amount\naaa,BTC,0\n",
    );
    sample.plan(&["--leaves", "BTC=16"]).expect(0);
    let honest = sample.copy();
    honest.por("build", &[]).expect(0);
    let leaves = "exchange/runs/000000/build/BTC-owed/leaves";
    // The leaf of the first row once more where padding was: nobody's balance changes, so the totals agree.
    let mut order = fs::read(honest.at(leaves)).unwrap();
    let padding = order
        .chunks_exact_mut(40)
        .find(|record| record[39] != 0)
        .unwrap();
    padding[32..].fill(0);
    fs::create_dir_all(sample.at(leaves).parent().unwrap()).unwrap();
    sample.write(leaves, order);
    // (That an audit finds it in a publication is attack 4.1's test.)
    sample
        .por("build", &[])
        .refuses(3, &["leaves", "not the one of this plan"]);
}

#[test]
fn m_08_times_that_do_not_run_forward_are_not_published() {
    let sample = published().copy();
    let plan = |period: &str, snapshot: &str| {
        let all = [
            "--ledger",
            "ledger.csv",
            "--period",
            period,
            "--snapshot",
            snapshot,
            "--leaves",
            "BTC=304",
        ];
        sample.por("plan", &all).expect(0);
        sample.por("build", &[]).expect(0);
        sample.attest().expect(0);
        sample.publish()
    };
    let before = tree(&sample.at("publication"));
    plan("2125-10", "2125-10-31T00:00:00Z")
        .refuses(1, &["not published", "in-order", "future", "set the clock"]);
    fs::remove_dir_all(sample.at("exchange/runs/000001")).unwrap();
    plan("2025-11", "2025-10-30T23:59:59Z").refuses(1, &["not published", "snapshot", "not later"]);
    fs::remove_dir_all(sample.at("exchange/runs/000001")).unwrap();
    plan("2025-10", "2025-11-30T00:00:00Z").refuses(
        1,
        &[
            "not published",
            "period 2025-10 follows 2025-10",
            "--replace 1",
        ],
    );
    assert!(tree(&sample.at("publication")) == before);
    sample.has_no_leftovers();
    fs::remove_dir_all(sample.at("exchange/runs/000001")).unwrap();
    // The month after it: published beside the first, which stays as it was.
    plan("2025-11", "2025-11-30T00:00:00Z").expect(0);
    let after = tree(&sample.at("publication"));
    let kept = |(name, content): (&String, &Vec<u8>)| after[name] == *content;
    let changed: Vec<_> = before.iter().filter(|file| !kept(*file)).collect();
    assert!(
        matches!(changed[..], [(name, _)] if name == "log/checkpoint"),
        "only the head of the log moves on"
    );
    let count = |tree: &BTreeMap<String, Vec<u8>>| {
        let names = tree.keys();
        names
            .filter(|name| name.starts_with("attestations/"))
            .count()
    };
    assert_eq!(count(&after), 2 * count(&before));
    sample.has_no_leftovers();
    sample.audit(&[]).says(0, &["Books true?  verified"]);
    sample.audit(&["--sequence", "0"]).expect(0);
    // The blindings are fresh (T-13, seen from outside).
    let pack =
        |sequence: &str| &after[&format!("attestations/{sequence}/tiles/BTC-owed/1/000000.pack")];
    assert!(
        pack("000000")
            .chunks(32)
            .zip(pack("000001").chunks(32))
            .all(|(old, new)| old != new)
    );
    // F-05: nothing is published twice, and the older statement is still true.
    sample
        .publish()
        .refuses(4, &["published already", "por plan"]);
    assert!(tree(&sample.at("publication")) == after);
    sample
        .anyone(&["verify", "one.por", "--policy", "exchange/policy"])
        .expect(0);
    // L-05: the first attestation cannot be taken out from under the second.
    fs::remove_dir_all(sample.at("publication/attestations/000000")).unwrap();
    sample.audit(&[]).says(
        1,
        &[
            "log-complete",
            "attestations/000000/attestation.json is missing",
        ],
    );
}

#[test]
fn publish_goes_only_where_a_publication_can_be() {
    let sample = built().copy();
    sample.attest().expect(0);
    let publish = |to: &str| sample.por("publish", &["--to", to]);
    // A folder of other things is left alone.
    fs::create_dir(sample.at("photos")).unwrap();
    sample.write("photos/index.html", "mine");
    publish("photos").refuses(4, &["photos", "other things", "Name a new folder"]);
    assert_eq!(tree(&sample.at("photos")).len(), 1);
    publish("header.hex").says(4, &["header.hex"]);
    publish("no/such/folder").refuses(4, &["does not exist", "Make that folder"]);
    assert!(!sample.at("no").exists());
    // Another exchange's publication too.
    support::copy_tree(&sample.at("photos"), &sample.at("foreign"));
    fs::create_dir(sample.at("foreign/attestations")).unwrap();
    sample.write("foreign/policy", "log other\n");
    publish("foreign").refuses(4, &["foreign/policy", "another policy"]);
    let page = ["--to", "paged", "--page", "photos"];
    sample
        .por("publish", &page)
        .refuses(3, &["photos/index.html", "npm run build"]);
    assert!(!sample.at("paged").exists());
    sample.has_no_leftovers();
    // A folder that is empty, spelt with a slash, by an absolute name with a space, or as `.`.
    fs::create_dir(sample.at("empty")).unwrap();
    publish("empty/").expect(0);
    let absolute = sample.at("an absolute name");
    publish(absolute.to_str().unwrap()).expect(0);
    fs::create_dir(sample.at("here")).unwrap();
    let home = sample.at("exchange");
    let arguments = ["publish", "--home", home.to_str().unwrap(), "--to", "."];
    por_in(&sample.at("here"), &arguments).expect(0);
    publish("new/").expect(0);
    for folder in ["an absolute name", "here", "new"] {
        assert!(
            tree(&sample.at(folder)) == tree(&sample.at("empty")),
            "{folder}"
        );
    }
    sample.has_no_leftovers();
    let policy = sample.at("exchange/policy");
    let arguments = ["audit", ".", "--policy", policy.to_str().unwrap()];
    por_in(&sample.at("here"), &arguments).expect(0);
    // Web servers read it, whoever runs them.
    for file in ["policy", "attestations/000000/books.jsonl"] {
        let mode = fs::metadata(sample.at("empty").join(file)).unwrap().mode();
        assert_eq!(mode & 0o044, 0o044, "{file}");
    }
}

#[test]
fn an_exchanges_folder_is_made_once_and_what_lies_there_stays() {
    let sample = Sample::new(&["BTC"], 5);
    let init = || {
        let names = ["--entity", support::ENTITY, "--log-origin", support::ORIGIN];
        sample.por("init", &[&names[..], &["--assets", "assets.toml"]].concat())
    };
    // Killed before its last file: the same command finishes it, with the same key.
    let before = tree(&sample.at("exchange"));
    fs::remove_file(sample.at("exchange/por.toml")).unwrap();
    init().says(0, &["name witnesses in policy"]);
    assert!(tree(&sample.at("exchange")) == before);
    for name in ["por.toml", "policy", "assets.toml"] {
        fs::remove_file(sample.at("exchange").join(name)).unwrap();
    }
    init().expect(0);
    assert!(tree(&sample.at("exchange")) == before);
    // What somebody wrote there is not overwritten.
    for name in ["policy", "assets.toml"] {
        let sample = sample.copy();
        fs::remove_file(sample.at("exchange/por.toml")).unwrap();
        let path = format!("exchange/{name}");
        sample.write(&path, "mine");
        let names = ["--entity", support::ENTITY, "--log-origin", support::ORIGIN];
        sample
            .por("init", &[&names[..], &["--assets", "assets.toml"]].concat())
            .refuses(4, &[&path, "other content"]);
        assert_eq!(sample.read(&path), "mine");
        assert!(!sample.at("exchange/por.toml").exists());
    }
    fs::remove_file(sample.at("exchange/por.toml")).unwrap();
    let other = ["--entity", "X", "--log-origin", "x.example/por"];
    sample
        .por("init", &other)
        .refuses(4, &["exchange/assets.toml"]);
    let other = [&other[..], &["--assets", "assets.toml"]].concat();
    sample
        .por("init", &other)
        .refuses(4, &["log.key", support::ORIGIN]);
}

#[test]
fn an_under_reserved_asset_fails_the_audit_and_not_the_statement() {
    let sample = built().copy();
    // Without its last address the sample holds less than it owes.
    let reserves = sample.read("reserves.csv");
    let lines: Vec<&str> = reserves.lines().collect();
    sample.write("reserves.csv", lines[..lines.len() - 1].join("\n") + "\n");
    sample.attest().says(0, &["BTC", "NOT COVERED"]);
    sample
        .publish()
        .refuses(1, &["do not cover", "BTC", "--under-reserved"]);
    assert!(!sample.at("publication").exists());
    let anyway = ["--to", "publication", "--under-reserved"];
    sample.por("publish", &anyway).says(0, &["NOT COVERED"]);
    sample.audit(&[]).says(
        1,
        &[
            "Books true?  verified",
            "BTC      NOT COVERED",
            "FAIL 24 covered [BTC/owed]",
        ],
    );
    let json = sample.audit(&["--json"]).expect(1).out;
    assert!(
        json.contains("\"included\":\"verified\"") && json.contains("\"covered\":\"not_covered\"")
    );
    let account = sample.account();
    sample
        .por("statement", &["--account", &account, "--out", "one.por"])
        .expect(0);
    let verify = ["verify", "one.por", "--policy", "exchange/policy", "--json"];
    let json = sample.anyone(&verify).expect(0).out;
    assert!(
        json.contains("\"included\":\"verified\"") && json.contains("\"covered\":\"not_covered\"")
    );
}

#[test]
fn a_book_of_few_accounts_is_sealed_and_works_to_the_end() {
    let sample = Sample::new(&["BTC"], 5);
    sample.plan(&["--leaves", "BTC=16"]).says(
        0,
        &["5 rows, 16 leaves, sealed total", "reach 1374.38953472"],
    );
    // The bound is the exchange's to choose: the default is up to twice the total.
    fs::remove_dir_all(sample.at("exchange/runs/000000")).unwrap();
    sample
        .plan(&["--leaves", "BTC=16", "--seal", "BTC=750"])
        .says(0, &["reach 750"]);
    sample.finish();
    sample
        .audit(&[])
        .says(0, &["liabilities sealed, at most", "covered"]);
    let account = sample.account();
    sample
        .por("statement", &["--account", &account, "--out", "one.por"])
        .expect(0);
    sample
        .anyone(&["verify", "one.por", "--policy", "exchange/policy"])
        .says(0, &["sealed, at most"]);
    // On request it is public; a bound of one's own is used as it is.
    sample
        .plan(&["--leaves", "BTC=16", "--public", "BTC"])
        .says(0, &["public total"]);
    sample
        .plan(&["--leaves", "BTC=16", "--seal", "BTC=50000"])
        .says(0, &["sealed total"]);
    let plan = sample.read("exchange/runs/000002/plan.json");
    assert!(plan.contains("\"bound\": \"5000000000000\""), "{plan}");
}

#[test]
fn statements_are_private_whole_and_never_overwrite() {
    let sample = Sample::new(&["BTC"], 5);
    let formulas = [
        "=HYPERLINK(1)",
        "+1",
        "-1",
        "@a",
        "<img src=x onerror=1>",
        "comma,\"quote\"",
    ];
    let mut ledger = String::from("account,asset,amount\n");
    for account in formulas {
        ledger += &format!("\"{}\",BTC,1\n", account.replace('"', "\"\""));
    }
    sample.write("ledger.csv", ledger);
    sample.plan(&["--leaves", "BTC=16"]).expect(0);
    sample.por("build", &[]).expect(0);
    sample.attest().expect(0);
    let statement = |arguments: &[&str]| sample.por("statement", arguments);
    statement(&["--all", "--out", "all"]).refuses(3, &["not published yet", "por publish"]);
    sample.publish_anyway().expect(0);
    statement(&["--all", "--out", "all"]).says(0, &["Wrote 6 statements to all"]);
    // I-06: the index opens in a spreadsheet, where nothing of it may run.
    let index = sample.read("all/index.csv");
    for line in [
        "'=HYPERLINK(1),",
        "'+1,",
        "'-1,",
        "'@a,",
        "<img src=x onerror=1>,",
        "\"comma,\"\"quote\"\"\",",
    ] {
        assert!(
            index.lines().any(|found| found.starts_with(line)),
            "{line} in {index}"
        );
    }
    for name in tree(&sample.at("all")).keys() {
        assert_eq!(
            fs::metadata(sample.at("all").join(name)).unwrap().mode() & 0o777,
            0o600
        );
    }
    assert_eq!(tree(&sample.at("all")).len(), 7);
    statement(&["--all", "--out", "all"])
        .refuses(4, &["all", "exists already", "Name a new folder"]);
    statement(&["--all", "--out", "all/"]).refuses(4, &["exists already"]);
    // One account: the same bytes as among all, twice the same, and no other file is touched.
    statement(&["--account", "+1", "--out", "one.por"]).expect(0);
    let one = fs::read(sample.at("one.por")).unwrap();
    assert!(tree(&sample.at("all")).values().any(|other| *other == one));
    statement(&["--account=+1", "--out", "one.por"]).expect(0);
    assert_eq!(
        fs::metadata(sample.at("one.por")).unwrap().mode() & 0o777,
        0o600
    );
    statement(&["--account", "@a", "--out", "one.por"]).refuses(4, &["one.por", "other content"]);
    statement(&["--account", "@a", "--out", "ledger.csv"]).refuses(4, &["ledger.csv"]);
    statement(&["--account", "@a", "--out", "all"]).refuses(4, &["no regular file"]);
    assert_eq!(fs::read(sample.at("one.por")).unwrap(), one);
    // Nobody's statement.
    statement(&["--account", "nobody", "--out", "no.por"])
        .refuses(3, &["in no book", "byte-exact"]);
    statement(&["--account", "+1 ", "--out", "no.por"]).expect(3);
    sample.write("list", "+1\r\n@a\n+1\n");
    statement(&["--list", "list", "--out", "some"]).says(0, &["Wrote 2 statements"]);
    for (list, place) in [
        ("+1\nnobody\n@a\n", "list:2: "),
        ("+1\n\n", "list:2: "),
        ("", "list: it names no account"),
    ] {
        sample.write("list", list);
        statement(&["--list", "list", "--out", "more"]).refuses(3, &[place]);
    }
    statement(&["--list", "none", "--out", "more"]).says(4, &["none"]);
    statement(&["--out", "more"]).expect(2);
    statement(&["--all", "--account", "+1", "--out", "more"]).expect(2);
    for name in ["no.por", "more"] {
        assert!(!sample.at(name).exists());
    }
    sample.has_no_leftovers();
}

#[test]
fn paths_with_spaces_and_homes_with_a_slash_work() {
    let sample = Sample::new(&["BTC"], 5);
    fs::rename(sample.at("exchange"), sample.at("my exchange")).unwrap();
    let home = sample.at("my exchange");
    let plan = [
        "plan",
        "--home",
        "my exchange/",
        "--ledger",
        "ledger.csv",
        "--period",
        PERIOD,
        "--snapshot",
        SNAPSHOT,
        "--leaves",
        "BTC=16",
    ];
    sample.anyone(&plan).expect(0);
    por_in(&home, &["build"]).expect(0);
    por_in(&home, &["build", "--home", "."]).expect(0);
    por_in(Path::new("/"), &["build", "--home", home.to_str().unwrap()]).expect(0);
}

#[test]
fn f_10_two_plans_at_once_are_one_too_many_and_a_killed_one_leaves_nothing() {
    let sample = exchange().copy();
    let before = tree(&sample.at("exchange"));
    let staging = sample.at("exchange/runs.tmp");
    fs::create_dir_all(staging.join("000007/sort")).unwrap();
    fs::write(
        staging.join("000007/sort/000000.run"),
        "left by a killed plan",
    )
    .unwrap();
    let lock = fs::File::create(staging.join("lock")).unwrap();
    fs::write(staging.join("lock"), "4711\n").unwrap();
    rustix::fs::flock(&lock, rustix::fs::FlockOperation::LockExclusive).unwrap();
    sample
        .plan(&[])
        .refuses(4, &["process 4711 is planning a run"]);
    assert!(staging.join("000007/sort/000000.run").exists());
    drop(lock);
    sample.plan(&["--expect-total", "BTC=0"]).expect(3);
    assert!(tree(&sample.at("exchange")) == before);
    sample.plan(&[]).expect(0);
    assert!(!staging.exists());
    sample.has_no_leftovers();
}
