//! Amounts, accounts, assets, periods, policies, notes, row paths: one line of text each.

use por_protocol::digest::Digest;
use por_protocol::merkle::RowTree;
use por_protocol::note::{KeyName, SecretKey};

use super::Cases;
use crate::sample::{Terms, witness};

/// The example key of Go's `note` package.
const KEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";

pub(super) fn add(cases: &mut Cases) {
    amounts(cases);
    accounts(cases);
    assets(cases);
    periods(cases);
    policies(cases);
    notes(cases);
    row_paths(cases);
}

fn amounts(cases: &mut Cases) {
    for (case, text, expect, steps) in [
        ("whole", "12", "ok", "1200000000"),
        ("fraction", "0.00000001", "ok", "1"),
        ("trailing-zeros", "1.50000000", "ok", "150000000"),
        ("zero", "0", "ok", "0"),
        ("empty", "", "amount-empty", ""),
        ("plus", "+5", "amount-sign", ""),
        ("minus", "-5", "amount-sign", ""),
        ("exponent", "1e3", "amount-exponent", ""),
        ("leading-zero", "007", "amount-leading-zero", ""),
        ("thousands", "1,000", "amount-character", ""),
        ("underscore", "1_000", "amount-character", ""),
        ("space", "1 ", "amount-character", ""),
        ("two-points", "1.2.3", "amount-character", ""),
        ("hexadecimal", "0x10", "amount-character", ""),
        ("full-width-digit", "１", "amount-character", ""),
        ("no-whole", ".5", "amount-missing-whole", ""),
        ("no-fraction", "5.", "amount-missing-fraction", ""),
        (
            "nine-decimals",
            "0.000000001",
            "amount-too-many-decimals",
            "",
        ),
        (
            "nine-decimals-of-zeros",
            "0.000000000",
            "amount-too-many-decimals",
            "",
        ),
        (
            "largest-whole",
            "3402823669209384634633746074317",
            "ok",
            "340282366920938463463374607431700000000",
        ),
        (
            "too-large",
            "3402823669209384634633746074318",
            "amount-too-large",
            "",
        ),
    ] {
        let vector = cases.add(
            "amount-units",
            case,
            "An amount of units at 8 decimals, as ledgers write it.",
            &[("text", text), ("decimals", "8")],
            expect,
        );
        if expect == "ok" {
            vector.giving("steps", steps);
        }
    }
    for (case, text, expect) in [
        ("largest", "18446744073709551615", "ok"),
        ("zero", "0", "ok"),
        ("two-to-64", "18446744073709551616", "amount-too-large"),
        ("plus", "+1", "amount-sign"),
        ("minus", "-1", "amount-sign"),
        ("leading-zero", "00", "amount-leading-zero"),
        ("point", "1.0", "amount-character"),
        ("exponent", "1E21", "amount-exponent"),
        ("empty", "", "amount-empty"),
    ] {
        let description = "An amount of atoms, as JSON strings hold it.";
        let vector = cases.add(
            "amount-integer",
            case,
            description,
            &[("text", text)],
            expect,
        );
        if expect == "ok" {
            vector.giving("atoms", text);
        }
    }
}

fn accounts(cases: &mut Cases) {
    let (longest, too_long) = ("a".repeat(128), "a".repeat(129));
    for (case, text, expect) in [
        ("email", "amara.00000@example.com", "ok"),
        ("composed", "Zoë 東京", "ok"),
        ("leading-zeros", "00123", "ok"),
        ("markup", "<img onerror>", "ok"),
        ("longest", longest.as_str(), "ok"),
        ("too-long", &too_long, "text-too-long"),
        ("empty", "", "text-empty"),
        ("nul", "a\u{0}b", "text-control"),
        ("line-feed", "a\nb", "text-control"),
        ("escape", "\u{1b}[2Ja", "text-control"),
        ("trailing-space", "amara ", "text-edge-space"),
        ("leading-space", " amara", "text-edge-space"),
        ("no-break-space", "a\u{a0}b", "text-unusual-space"),
        ("zero-width-joiner", "a\u{200d}b", "text-invisible"),
        ("right-to-left-override", "a\u{202e}b", "text-invisible"),
        ("variation-selector", "a\u{fe0f}", "text-invisible"),
        ("private-use", "a\u{e000}", "text-private-use"),
        ("unassigned", "a\u{378}", "text-unassigned"),
        ("decomposed", "Zoe\u{308}", "text-not-normalised"),
        ("angstrom-sign", "\u{212b}", "text-not-normalised"),
    ] {
        let description = "An account identifier, byte for byte.";
        cases.add("account", case, description, &[("text", text)], expect);
    }
}

fn assets(cases: &mut Cases) {
    let description = "The id of an asset.";
    for (case, text, expect) in [
        ("id", "BTC", "ok"),
        ("id-longest", "A0123456789._-012345", "ok"),
        ("id-empty", "", "asset-id-length"),
        ("id-too-long", "A0123456789._-0123456", "asset-id-length"),
        ("id-lower-case", "btc", "asset-id-character"),
        ("id-trailing-space", "BTC ", "asset-id-character"),
        ("id-leading-point", ".BTC", "asset-id-character"),
        ("id-cyrillic", "ВТС", "asset-id-character"),
    ] {
        cases.add("asset", case, description, &[("id", text)], expect);
    }
    let description = "An instance: a CAIP-19 id in its one spelling.";
    for (case, text, expect) in [
        (
            "instance-bitcoin",
            "bip122:000000000019d6689c085ae165831e93/slip44:0",
            "ok",
        ),
        (
            "instance-token",
            "eip155:1/erc20:0xdac17f958d2ee523a2206206994597c13d831ec7",
            "ok",
        ),
        (
            "instance-capitals",
            "eip155:1/erc20:0xdAC17F958D2ee523a2206206994597C13D831ec7",
            "instance-spelling",
        ),
        (
            "instance-leading-zero",
            "eip155:01/slip44:60",
            "instance-spelling",
        ),
        (
            "instance-other-standard",
            "eip155:56/bep20:0x55d398326f99059ff775485246999027b3197955",
            "instance-spelling",
        ),
        (
            "instance-mint",
            "solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp/token:EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v",
            "ok",
        ),
        (
            "instance-mint-too-long",
            "solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp/token:1EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v",
            "instance-spelling",
        ),
        (
            "instance-contract-in-hexadecimal",
            "tron:728126428/trc20:41a614f803b6fd780986a42c78ec9c7f77e6ded13c",
            "instance-spelling",
        ),
        ("instance-no-asset", "eip155:1", "instance-form"),
        ("instance-empty", "", "instance-form"),
    ] {
        cases.add("asset", case, description, &[("instance", text)], expect);
    }
    let description = "A table of assets: `<id> <instance>…` a line.";
    for (case, text, expect) in [
        ("table", "BTC a-b1:1/slip44:0\nETH eip155:1/slip44:60", "ok"),
        (
            "table-asset-twice",
            "BTC a-b1:1/slip44:0\nBTC a-b1:2/slip44:0",
            "asset-duplicate",
        ),
        (
            "table-instance-twice",
            "BTC a-b1:1/slip44:0\nETH a-b1:1/slip44:0",
            "instance-duplicate",
        ),
        (
            "table-instance-twice-by-case",
            "BTC a-b1:1/x-y:aa\nETH a-b1:1/x-y:AA",
            "instance-duplicate",
        ),
        (
            "table-instance-twice-by-standard",
            "BTC a-b1:1/x-y:aa\nETH a-b1:1/x-z:aa",
            "instance-duplicate",
        ),
        ("table-no-instance", "BTC", "instance-count"),
        ("table-empty", "", "asset-count"),
    ] {
        cases.add("asset", case, description, &[("table", text)], expect);
    }
}

fn periods(cases: &mut Cases) {
    for (case, text, expect) in [
        ("month", "2026-10", "ok"),
        ("day", "2024-02-29", "ok"),
        ("day-that-is-not", "2026-02-29", "field"),
        ("month-that-is-not", "2026-13", "field"),
        ("year", "2026", "field"),
        ("short-month", "2026-1", "field"),
        ("time", "2026-10-31T00:00:00Z", "field"),
        ("trailing-space", "2026-10 ", "field"),
        ("empty", "", "field"),
    ] {
        let description = "The period of an attestation.";
        cases.add("period", case, description, &[("text", text)], expect);
    }
}

fn policies(cases: &mut Cases) {
    let log = Terms::default().log_key().public();
    let (witness, other) = (witness(1).public(), witness(2).public());
    let role = Terms::default().statement_key().public();
    let ours = Terms::default().policy();
    for (case, text, expect) in [
        ("no-witnesses", ours.clone(), "ok"),
        (
            "witnesses",
            format!(
                "# ours\n\nlog {KEY} https://example.com\nwitness w {witness}\ngroup g all w\nquorum g\n"
            ),
            "ok",
        ),
        ("empty", String::new(), "syntax"),
        ("no-quorum", format!("log {KEY}\n"), "syntax"),
        ("no-log", "quorum none\n".into(), "syntax"),
        (
            "two-logs",
            format!("log {KEY}\nlog {log}\nquorum none\n"),
            "syntax",
        ),
        (
            "log-key-as-witness",
            format!("log {KEY}\nwitness w {log}\nquorum w\n"),
            "syntax",
        ),
        (
            "witness-key-as-log",
            format!("log {witness}\nquorum none\n"),
            "syntax",
        ),
        (
            "groups",
            format!(
                "log {log}\nwitness a {witness}\nwitness b {other}\ngroup g 1 a b\nquorum g\n#por maximum-head-age 45d\n#por maximum-signature-age 400d\n"
            ),
            "ok",
        ),
        (
            "member-in-two-groups",
            format!("log {log}\nwitness a {witness}\ngroup g 1 a\ngroup h 1 a\nquorum g\n"),
            "syntax",
        ),
        (
            "approvals",
            format!("log {log}\nquorum none\n#por approver cfo {role}\n#por approvals all cfo\n"),
            "ok",
        ),
        (
            "approvals-of-nobody",
            format!("log {log}\nquorum none\n#por approvals 1 cfo\n"),
            "syntax",
        ),
        (
            "unknown-own-line",
            format!("log {log}\nquorum none\n#por trust everybody\n"),
            "syntax",
        ),
        (
            "two-quorums",
            format!("log {KEY}\nquorum none\nquorum none\n"),
            "syntax",
        ),
        (
            "unknown-line",
            format!("log {KEY}\nage 30d\nquorum none\n"),
            "syntax",
        ),
        ("unknown-quorum", format!("log {KEY}\nquorum g\n"), "syntax"),
        (
            "witness-twice",
            format!("log {KEY}\nwitness a {witness}\nwitness b {witness}\nquorum a\n"),
            "syntax",
        ),
        (
            "threshold-zero",
            format!("log {KEY}\nwitness a {witness}\ngroup g 0 a\nquorum g\n"),
            "syntax",
        ),
        (
            "threshold-too-high",
            format!("log {KEY}\nwitness a {witness}\ngroup g 2 a\nquorum g\n"),
            "syntax",
        ),
        (
            "member-twice",
            format!("log {KEY}\nwitness a {witness}\ngroup g 2 a a\nquorum g\n"),
            "syntax",
        ),
        (
            "key-id-of-another",
            "log PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW\nquorum none\n"
                .into(),
            "syntax",
        ),
        (
            "too-large",
            format!("{}\n", "#".repeat(64 * 1024)),
            "too-large",
        ),
    ] {
        let description = "The verifier's trust root.";
        cases.add("policy", case, description, &[("text", &text)], expect);
    }
}

fn notes(cases: &mut Cases) {
    let key = |name: &str, number: u8| {
        let mut seed = [number; 32];
        seed[0] = 1;
        SecretKey::new(KeyName::new(name).expect("a name"), &seed).expect("a usable seed")
    };
    let (ours, other) = (key("sample.example/por", 7), key("other.example/por", 8));
    let imposter = key("sample.example/por", 9);
    let public = ours.public().to_string();
    let text = "five\n\nlines\n";
    let line = |key: &SecretKey| key.signature_line(text).expect("a note");
    let honest = format!("{text}\n{}", line(&ours));
    let forged = ours.signature_line("six\n").expect("a note");
    let short = format!("{text}\n— sample.example/por {}\n", "AAAAAA==");
    let mut cut = honest.clone();
    cut.pop();
    let capital = super::changed(&honest, "five", "Five");
    for (case, description, note, expect) in [
        (
            "signed",
            "Signed by the expected key.",
            honest.clone(),
            "ok",
        ),
        (
            "also-by-another",
            "A signature by a key nobody asked about is ignored.",
            format!("{text}\n{}{}", line(&other), line(&ours)),
            "ok",
        ),
        (
            "by-another",
            "Signed by another key only.",
            format!("{text}\n{}", line(&other)),
            "signature",
        ),
        (
            "same-name",
            "Signed by another key of the same name.",
            format!("{text}\n{}", line(&imposter)),
            "signature",
        ),
        (
            "twice",
            "One key signed twice.",
            format!("{text}\n{}{}", line(&ours), line(&ours)),
            "signature",
        ),
        (
            "one-false",
            "A true and a false signature of the same key.",
            format!("{text}\n{}{forged}", line(&ours)),
            "signature",
        ),
        (
            "text-changed",
            "One letter of the text changed.",
            capital,
            "signature",
        ),
        (
            "short-signature",
            "A signature of no bytes.",
            short,
            "signature",
        ),
        (
            "unsigned",
            "No signature line.",
            format!("{text}\n"),
            "syntax",
        ),
        (
            "no-empty-line",
            "No empty line before the signatures.",
            format!("five\n{}", line(&ours)),
            "syntax",
        ),
        (
            "no-last-line-feed",
            "The last line feed is missing.",
            cut,
            "syntax",
        ),
        (
            "carriage-return",
            "A carriage return in the text.",
            honest.replace('\n', "\r\n"),
            "syntax",
        ),
        (
            "hyphen",
            "A hyphen where the dash belongs.",
            honest.replace('—', "-"),
            "syntax",
        ),
        ("empty", "Nothing.", String::new(), "syntax"),
    ] {
        let input = [("note", note.as_str()), ("key", &public)];
        let vector = cases.add("note", case, description, &input, expect);
        if expect == "ok" {
            vector.giving("text", text);
        }
    }
    let golang = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
    cases.add(
        "note",
        "of-go",
        "The example of Go's `note` package.",
        &[("note", golang), ("key", KEY)],
        "ok",
    );
    let weak = "w+5e5e5e5e+AQEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    cases.add(
        "note",
        "weak-key",
        "A key of small order verifies anything.",
        &[("note", golang), ("key", weak)],
        "weak-key",
    );
    let other_type = "PeterNeumann+c74f20a3+Ahpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    cases.add(
        "note",
        "key-of-another-type",
        "Only Ed25519 keys are known.",
        &[("note", golang), ("key", other_type)],
        "field",
    );
}

fn row_paths(cases: &mut Cases) {
    let rows: Vec<String> = (0..7).map(|row| format!("row {row}")).collect();
    let tree = RowTree::new(rows.iter().map(String::as_bytes));
    let words = |path: &[Digest]| {
        let words: Vec<String> = path.iter().map(ToString::to_string).collect();
        words.join(" ")
    };
    let root = tree.root().to_string();
    let path = tree.path(6);
    let (honest, nothing) = (words(&path), String::new());
    let longer = format!("{honest} {root}");
    let reversed = words(&path.iter().rev().copied().collect::<Vec<_>>());
    for (case, description, row, index, count, path, expect) in [
        (
            "last-of-seven",
            "An odd node is promoted.",
            "row 6",
            "6",
            "7",
            &honest,
            "ok",
        ),
        (
            "other-row",
            "Another row at this place.",
            "row 5",
            "6",
            "7",
            &honest,
            "mismatch",
        ),
        (
            "other-index",
            "The row at another place.",
            "row 6",
            "5",
            "7",
            &honest,
            "mismatch",
        ),
        (
            "index-beyond",
            "An index that is not below the count.",
            "row 6",
            "7",
            "7",
            &honest,
            "mismatch",
        ),
        (
            "no-rows",
            "A row of no rows.",
            "row 6",
            "0",
            "0",
            &nothing,
            "mismatch",
        ),
        (
            "too-short",
            "A path without its last hashes.",
            "row 6",
            "6",
            "7",
            &nothing,
            "mismatch",
        ),
        (
            "too-long",
            "A path with a hash too many.",
            "row 6",
            "6",
            "7",
            &longer,
            "mismatch",
        ),
        (
            "reversed",
            "The path from the root down.",
            "row 6",
            "6",
            "7",
            &reversed,
            "mismatch",
        ),
    ] {
        let input = [
            ("row", row),
            ("index", index),
            ("count", count),
            ("path", path),
            ("root", &root),
        ];
        cases.add("row-path", case, description, &input, expect);
    }
    let single = RowTree::new([b"row 0".as_slice()]).root().to_string();
    let input = [
        ("row", "row 0"),
        ("index", "0"),
        ("count", "1"),
        ("path", ""),
        ("root", &single),
    ];
    cases.add(
        "row-path",
        "only-row",
        "One row is its own tree: SHA-256 of a zero byte and the row.",
        &input,
        "ok",
    );
}
