//! JSON documents: attestation, rows, plan, and the strictness of the parser they share.

use por_protocol::attestation::MAX_ATTESTATION_BYTES;
use por_protocol::digest::Digest;
use por_protocol::kind::Kind;
use por_protocol::plan::{Plan, PlannedBook, PlannedTotal};
use por_protocol::suite::{PLAN_FORMAT, SUITE};

use super::{Cases, changed};
use crate::sample::{SampleExchange, Terms, btc};

pub(super) fn add(cases: &mut Cases) {
    let exchange = SampleExchange::small();
    let attestation = serde_json::to_string(&exchange.attestation()).expect("it has a JSON form");
    let row = text(exchange.row_bytes().swap_remove(0));
    let reserve = text(exchange.reserve_bytes().swap_remove(0));
    attestations(cases, &attestation);
    book_rows(cases, &row);
    reserve_rows(cases, &reserve);
    plans(cases);
    json(cases, &attestation, &row, &reserve);
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).expect("JSON is UTF-8")
}

fn attestations(cases: &mut Cases, honest: &str) {
    let of = |from: &str, to: &str| changed(honest, from, to);
    let annex = |name: &str| {
        format!(
            r#"{{"name":"{name}","size":1,"sha256":"{}"}}"#,
            Digest::of(b"x")
        )
    };
    let annexes = |list: &str| of(r#""annexes":[]"#, &format!(r#""annexes":[{list}]"#));
    let block = r#""blocks":["#;
    let twice = r#""blocks":[{"network":"eip155:1","height":1,"hash":"0x00"},"#;
    let other_key = Terms {
        log_origin: "other.example/por".into(),
        ..Terms::default()
    };
    let ours = Terms::default().statement_key().public().to_string();
    let theirs = other_key.statement_key().public().to_string();
    let log_key = Terms::default().log_key().public().to_string();
    for (case, description, text, expect) in [
        ("honest", "An attestation.", honest.to_owned(), "ok"),
        (
            "annex",
            "A file bound by name, size and digest.",
            annexes(&annex("letter.pdf")),
            "ok",
        ),
        (
            "old-format",
            "An older format: no fallback to weaker rules.",
            of("por/attestation/v1", "por/attestation/v0"),
            "unsupported",
        ),
        (
            "new-format",
            "A newer format.",
            of("por/attestation/v1", "por/attestation/v2"),
            "unsupported",
        ),
        (
            "old-format-and-unknown-field",
            "Another format is unsupported whatever else it holds.",
            changed(
                &of("por/attestation/v1", "por/attestation/v2"),
                r#""entity""#,
                r#""critical":1,"entity""#,
            ),
            "unsupported",
        ),
        (
            "other-suite",
            "A suite with another hash.",
            of("sha256/v1", "sha1/v1"),
            "unsupported",
        ),
        (
            "unknown-field",
            "A field that this version does not know.",
            of(r#""entity""#, r#""critical":1,"entity""#),
            "syntax",
        ),
        (
            "no-suite",
            "A field is missing.",
            of(r#""suite":"por/ristretto255-bulletproofs-sha256/v1","#, ""),
            "syntax",
        ),
        (
            "no-books",
            "An attestation over nothing would be true of everybody.",
            of(r#""books":{"count":1"#, r#""books":{"count":0"#),
            "vacuous",
        ),
        (
            "supersedes-itself",
            "A correction of itself.",
            of(r#""supersedes":null"#, r#""supersedes":0"#),
            "field",
        ),
        (
            "period-that-is-not",
            "A month that does not exist.",
            of("2026-10", "2026-13"),
            "syntax",
        ),
        (
            "negative-time",
            "A snapshot before 1970.",
            of("1793404800", "-1793404800"),
            "syntax",
        ),
        (
            "time-as-float",
            "A time as a float.",
            of("1793404800", "1793404800.0"),
            "syntax",
        ),
        (
            "time-with-exponent",
            "A time with an exponent.",
            of("1793404800", "1e21"),
            "syntax",
        ),
        (
            "two-blocks-of-a-chain",
            "Two snapshot blocks of one chain.",
            of(block, twice),
            "duplicate",
        ),
        (
            "statement-key-of-another",
            "A statement key of another exchange.",
            of(&ours, &theirs),
            "field",
        ),
        (
            "log-key-as-statement-key",
            "The log key may not sign statements.",
            of(&ours, &log_key),
            "field",
        ),
        (
            "reserves-without-challenge",
            "Reserves and nothing that dates their signatures.",
            {
                let start = honest.find(r#""challenge":{"#).expect("a challenge");
                let end = honest.find(r#","annexes""#).expect("annexes");
                format!("{}\"challenge\":null{}", &honest[..start], &honest[end..])
            },
            "field",
        ),
        (
            "long-nonce",
            "A nonce of 65 bytes.",
            of("5eed", &"00".repeat(65)),
            "field",
        ),
        (
            "capital-hex",
            "Hex in capitals.",
            of("5eed", "5EED"),
            "syntax",
        ),
        (
            "entity-two-lines",
            "An entity of two lines.",
            of("Sample Exchange", "Sample\\nExchange"),
            "field",
        ),
        (
            "entity-empty",
            "No entity.",
            of("Sample Exchange", ""),
            "field",
        ),
        (
            "origin-with-space",
            "A log origin with a space.",
            of(
                r#""log_origin":"sample.example/por""#,
                r#""log_origin":"sample example""#,
            ),
            "field",
        ),
        (
            "origin-not-ascii",
            "A log origin that looks like another.",
            of(
                r#""log_origin":"sample.example/por""#,
                r#""log_origin":"ѕample.example/por""#,
            ),
            "field",
        ),
        (
            "annex-parent",
            "An annex outside its folder.",
            annexes(&annex("../x")),
            "field",
        ),
        (
            "annex-absolute",
            "An annex at the root.",
            annexes(&annex("/etc/passwd")),
            "field",
        ),
        (
            "annex-device",
            "An annex that is a device somewhere.",
            annexes(&annex("CON.txt")),
            "field",
        ),
        (
            "annex-twice-by-case",
            "Two annexes that are one file on some systems.",
            annexes(&format!("{},{}", annex("a.pdf"), annex("A.pdf"))),
            "duplicate",
        ),
        (
            "too-large",
            "Longer than a log entry can be.",
            honest.to_owned() + &" ".repeat(MAX_ATTESTATION_BYTES + 1 - honest.len()),
            "too-large",
        ),
    ] {
        cases.add("attestation", case, description, &[("text", &text)], expect);
    }
}

fn book_rows(cases: &mut Cases, honest: &str) {
    let of = |from: &str, to: &str| changed(honest, from, to);
    let root = &honest[honest.find(r#""commitment":""#).expect("a root") + 14..][..64];
    let amount = r#""amount":"2499999999""#;
    assert!(!honest.contains(amount));
    let total = &honest[honest.find(r#""total":"#).expect("a total")..];
    let total = &total[..total.find("}}").expect("its end") + 2];
    for (case, description, text, expect) in [
        ("honest", "A row.", honest.to_owned(), "ok"),
        (
            "leaf-count-0",
            "No leaves.",
            of(r#""leaf_count":16"#, r#""leaf_count":0"#),
            "leaf-count",
        ),
        (
            "leaf-count-17",
            "Not a multiple of 16.",
            of(r#""leaf_count":16"#, r#""leaf_count":17"#),
            "leaf-count",
        ),
        (
            "leaf-count-2-to-63",
            "Beyond 2⁴⁰: sums could wrap.",
            of(r#""leaf_count":16"#, r#""leaf_count":9223372036854775808"#),
            "leaf-count",
        ),
        (
            "leaf-count-2-to-40",
            "2⁴⁰ leaves.",
            of(r#""leaf_count":16"#, r#""leaf_count":1099511627776"#),
            "ok",
        ),
        (
            "root-identity",
            "The identity as root.",
            of(root, &"0".repeat(64)),
            "syntax",
        ),
        (
            "root-31-bytes",
            "A root of 31 bytes.",
            of(root, &root[2..]),
            "syntax",
        ),
        (
            "root-33-bytes",
            "A root of 33 bytes.",
            of(root, &format!("{root}00")),
            "syntax",
        ),
        (
            "root-capitals",
            "A root in capitals.",
            of(root, &root.to_uppercase()),
            "syntax",
        ),
        (
            "root-all-ones",
            "A root that is no group element.",
            of(root, &"f".repeat(64)),
            "syntax",
        ),
        (
            "unknown-kind",
            "A kind of book that this version does not know.",
            of(r#""kind":"owed""#, r#""kind":"lent""#),
            "unsupported",
        ),
        (
            "kind-twice",
            "A key twice.",
            of(r#""kind":"owed""#, r#""kind":"owed","kind":"owed""#),
            "syntax",
        ),
        (
            "no-total",
            "No total.",
            of(&format!("{total},"), ""),
            "syntax",
        ),
        (
            "two-totals",
            "A public and a sealed total at once.",
            of(
                total,
                r#""total":{"public":{"amount":"1","proof":""},"sealed":{"bound":"1","proof":""}}"#,
            ),
            "syntax",
        ),
        (
            "total-as-number",
            "A total as a JSON number, which other parsers round.",
            of(
                total,
                r#""total":{"public":{"amount":9007199254740993,"proof":""}}"#,
            ),
            "syntax",
        ),
        (
            "total-with-sign",
            "A total with a sign.",
            of(total, r#""total":{"public":{"amount":"+5","proof":""}}"#),
            "syntax",
        ),
        (
            "total-leading-zero",
            "A total with a leading zero.",
            of(total, r#""total":{"public":{"amount":"05","proof":""}}"#),
            "syntax",
        ),
        (
            "total-negative",
            "A negative total.",
            of(total, r#""total":{"public":{"amount":"-5","proof":""}}"#),
            "syntax",
        ),
        (
            "evidence-twice",
            "One kind of evidence twice.",
            of(
                r#""reserves":["#,
                r#""reserves":[{"evidence":"signed_reading","amount":"1"},"#,
            ),
            "duplicate",
        ),
        (
            "unknown-evidence",
            "Evidence that this version does not know.",
            of("signed_reading", "trust_me"),
            "unsupported",
        ),
        (
            "asset-lower-case",
            "An asset in small letters.",
            of(r#""id":"BTC""#, r#""id":"btc""#),
            "syntax",
        ),
        (
            "asset-trailing-space",
            "An asset with a space.",
            of(r#""id":"BTC""#, r#""id":"BTC ""#),
            "syntax",
        ),
        (
            "decimals-39",
            "More decimals than any amount can have.",
            of(r#""decimals":8,"instance""#, r#""decimals":39,"instance""#),
            "syntax",
        ),
        (
            "bit-length",
            "A bit length: a parameter of the proof is no field.",
            of(r#""kind""#, r#""bits":8,"kind""#),
            "syntax",
        ),
        (
            "proof-null",
            "A total without its proof.",
            of(total, r#""total":{"public":{"amount":"5","proof":null}}"#),
            "syntax",
        ),
        (
            "too-large",
            "More than a row can have.",
            honest.to_owned() + &" ".repeat(64 * 1024),
            "too-large",
        ),
    ] {
        cases.add("book-row", case, description, &[("text", &text)], expect);
    }
}

fn reserve_rows(cases: &mut Cases, honest: &str) {
    let of = |from: &str, to: &str| changed(honest, from, to);
    for (case, description, text, expect) in [
        ("honest", "A row.", honest.to_owned(), "ok"),
        (
            "amount-as-number",
            "An amount as a JSON number.",
            of(r#""2625000000""#, "2625000000"),
            "syntax",
        ),
        (
            "amount-negative",
            "A negative amount.",
            of("2625000000", "-2625000000"),
            "syntax",
        ),
        (
            "instance-capitals",
            "A coin in capitals.",
            of("slip44:0", "SLIP44:0"),
            "syntax",
        ),
        (
            "one-signature",
            "A text where a list is meant.",
            honest
                .replace(r#""signatures":["#, r#""signatures":"#)
                .replace("]}", "}"),
            "syntax",
        ),
        (
            "unknown-field",
            "A field that this version does not know.",
            of(r#""scheme""#, r#""label":"cold","scheme""#),
            "syntax",
        ),
    ] {
        cases.add("reserve-row", case, description, &[("text", &text)], expect);
    }
}

fn plans(cases: &mut Cases) {
    let book = btc();
    let plan = Plan {
        format: PLAN_FORMAT.into(),
        suite: SUITE.into(),
        log_origin: "sample.example/por".into(),
        period: por_protocol::period::Period::new("2026-10").expect("a period"),
        sequence: 0,
        snapshot_time: Terms::default().snapshot_time,
        books: vec![PlannedBook {
            asset: book.asset,
            kind: Kind::Owed,
            rows: 6,
            leaf_count: 16,
            total: PlannedTotal::Public,
        }],
        ledger_mac: Digest::of(b"sample"),
    };
    let honest = serde_json::to_string(&plan).expect("it has a JSON form");
    let of = |from: &str, to: &str| changed(&honest, from, to);
    let start = honest.find(r#""books":["#).expect("books") + 9;
    let end = honest.find(r#"],"ledger_mac""#).expect("their end");
    let entry = &honest[start..end];
    for (case, description, text, expect) in [
        ("honest", "A plan.", honest.clone(), "ok"),
        (
            "other-format",
            "Another format.",
            of("por/plan/v1", "por/plan/v2"),
            "unsupported",
        ),
        (
            "other-suite",
            "Another suite.",
            of("sha256/v1", "sha1/v1"),
            "unsupported",
        ),
        ("no-books", "No book.", of(entry, ""), "vacuous"),
        (
            "book-twice",
            "A book twice.",
            of(entry, &format!("{entry},{entry}")),
            "duplicate",
        ),
        (
            "more-rows-than-leaves",
            "More rows than leaves.",
            of(r#""rows":6"#, r#""rows":17"#),
            "leaf-count",
        ),
        (
            "leaf-count-24",
            "Not a multiple of 16.",
            of(r#""leaf_count":16"#, r#""leaf_count":24"#),
            "leaf-count",
        ),
        (
            "origin-with-space",
            "A log origin with a space.",
            of("sample.example/por", "sample example"),
            "field",
        ),
        (
            "sealed-without-bound",
            "A sealed total without its bound.",
            of(r#""public""#, r#"{"sealed":{}}"#),
            "syntax",
        ),
    ] {
        cases.add("plan", case, description, &[("text", &text)], expect);
    }
}

fn json(cases: &mut Cases, attestation: &str, row: &str, reserve: &str) {
    let of = |from: &str, to: &str| changed(attestation, from, to);
    let nested = format!("{}{}", "[".repeat(1000), "]".repeat(1000));
    let keys: Vec<String> = (0..65).map(|key| format!(r#""k{key}":0"#)).collect();
    let list: Vec<&str> = attestation.split(',').collect();
    for (case, description, kind, text, expect) in [
        (
            "white-space",
            "White space around and within is allowed.",
            "attestation",
            format!(" {}\n\t", of(r#""entity":"#, r#""entity" : "#)),
            "ok",
        ),
        (
            "escapes",
            "A letter written as an escape is that letter.",
            "attestation",
            of("Sample Exchange", "\\u0053ample Exchange"),
            "ok",
        ),
        ("empty", "Nothing.", "attestation", String::new(), "syntax"),
        ("null", "Null.", "attestation", "null".into(), "syntax"),
        (
            "list",
            "A list of the values where an object is meant.",
            "attestation",
            format!("[{}]", list.join(",")),
            "syntax",
        ),
        (
            "list-of-one",
            "A list of one.",
            "book-row",
            "[1]".into(),
            "syntax",
        ),
        (
            "duplicate-key",
            "A key twice, with other values.",
            "attestation",
            of(r#""sequence":0"#, r#""sequence":0,"sequence":1"#),
            "syntax",
        ),
        (
            "duplicate-key-escaped",
            "A key twice, once as an escape.",
            "attestation",
            of(r#""sequence":0"#, r#""sequence":0,"\u0073equence":1"#),
            "syntax",
        ),
        (
            "trailing-object",
            "A second object.",
            "attestation",
            format!("{attestation}{{}}"),
            "syntax",
        ),
        (
            "trailing-comma",
            "A comma before the end.",
            "reserve-row",
            reserve.replace("]}", "],}"),
            "syntax",
        ),
        (
            "comment",
            "A comment.",
            "attestation",
            format!("/* */{attestation}"),
            "syntax",
        ),
        (
            "byte-order-mark",
            "A byte order mark.",
            "attestation",
            format!("\u{feff}{attestation}"),
            "syntax",
        ),
        (
            "single-quotes",
            "Single quotes.",
            "book-row",
            row.replace('"', "'"),
            "syntax",
        ),
        (
            "lone-surrogate",
            "Half a surrogate pair.",
            "attestation",
            of("Sample Exchange", "\\ud800"),
            "syntax",
        ),
        (
            "control-character",
            "A raw line feed in a text.",
            "attestation",
            of("Sample Exchange", "Sample\nExchange"),
            "syntax",
        ),
        (
            "nan",
            "Not a number.",
            "attestation",
            of(r#""sequence":0"#, r#""sequence":NaN"#),
            "syntax",
        ),
        (
            "minus-zero",
            "Minus zero.",
            "attestation",
            of(r#""sequence":0"#, r#""sequence":-0"#),
            "syntax",
        ),
        (
            "leading-zero",
            "A number with a leading zero.",
            "attestation",
            of(r#""sequence":0"#, r#""sequence":00"#),
            "syntax",
        ),
        (
            "two-to-64",
            "A number of more than 64 bits.",
            "attestation",
            of(r#""sequence":0"#, r#""sequence":18446744073709551616"#),
            "syntax",
        ),
        (
            "number-as-text",
            "A number as a text.",
            "attestation",
            of(r#""sequence":0"#, r#""sequence":"0""#),
            "syntax",
        ),
        (
            "deep",
            "A thousand levels.",
            "attestation",
            nested,
            "syntax",
        ),
        (
            "many-keys",
            "65 keys in one object.",
            "attestation",
            format!("{{{}}}", keys.join(",")),
            "syntax",
        ),
        (
            "key-in-capitals",
            "Keys have one spelling.",
            "attestation",
            of(r#""sequence":0"#, r#""Sequence":0"#),
            "syntax",
        ),
    ] {
        cases.add(
            "json",
            case,
            description,
            &[("as", kind), ("text", &text)],
            expect,
        );
    }
}
