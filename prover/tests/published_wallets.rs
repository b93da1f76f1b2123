//! `por ownership import` on the files that the largest publisher of addresses has published, and on damaged ones.

mod support;

use std::fs;
use std::path::Path;

use serde_json::Value;

const SIGNATURES: &str = include_str!("../../fixtures/published-wallets/signatures.json");
const SEVEN: &str = "coin,address,amount,message,signature1,signature2,redeem script/ public key";
const NINE: &str =
    "digitalAsset,network,address,signedMessage,signedMessage2,message,publicKey,owner1,owner2";
const ELEVEN: &str = "coin,Network,Snapshot Height,address,amount,message,signature1,signature2,redeem script/ public key, eoa1, eoa2";

/// Rows, summary and exit code of an import.
struct Imported {
    rows: Vec<Value>,
    summary: Value,
    code: i32,
}

impl Imported {
    fn verdict(&self, row: usize) -> (&str, &str) {
        let text = |key: &str| self.rows[row][key].as_str().unwrap();
        (text("verdict"), text("reason"))
    }
}

fn import_bytes(bytes: &[u8]) -> Imported {
    let folder = support::new_folder();
    fs::write(folder.path().join("wallets.csv"), bytes).unwrap();
    let arguments = ["ownership", "import", "wallets.csv", "--json"];
    let done = support::por_in(folder.path(), &arguments);
    let mut rows: Vec<Value> = done
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let summary = rows
        .pop()
        .map_or(Value::Null, |last| last["summary"].clone());
    Imported {
        rows,
        summary,
        code: done.code,
    }
}

fn import(header: &str, rows: &[String]) -> Imported {
    import_bytes(format!("{header}\n{}\n", rows.join("\n")).as_bytes())
}

fn published(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/published-wallets");
    fs::read(folder.join(name)).unwrap()
}

/// A published signature as a row of nine columns if it is of that layout's time, else of seven.
fn row(signature: &Value) -> (&'static str, String) {
    let text = |keys: &[&str]| {
        let found = keys.iter().find_map(|key| signature[*key].as_str());
        found.unwrap_or_default().to_owned()
    };
    let (coin, address, message) = (text(&["coin"]), text(&["addr"]), text(&["msg"]));
    let (one, two) = (text(&["sign1", "sign"]), text(&["sign2"]));
    let extra = text(&["script", "pub", "pubKey"]);
    if signature["test"] == "TestVerifyTemplate" {
        (
            NINE,
            format!("{coin},{coin},{address},{one},{two},{message},{extra},,"),
        )
    } else {
        (
            SEVEN,
            format!("{coin},{address},1,{message},{one},{two},{extra}"),
        )
    }
}

#[test]
fn the_independently_checked_signatures_are_undated() {
    let file: Value = serde_json::from_str(SIGNATURES).unwrap();
    let mut judged = 0;
    for signature in file["rows"].as_array().unwrap() {
        if !signature["independent_check"]
            .as_str()
            .unwrap()
            .starts_with("valid")
        {
            continue;
        }
        let (header, row) = row(signature);
        let imported = import(header, &[row]);
        assert_eq!(imported.verdict(0), ("undated", "ok"), "{signature}");
        assert_eq!(imported.code, 0);
        judged += 1;
    }
    assert_eq!(judged, 21);
}

/// What nobody else had checked: the rest of the published signatures, by chain. None is passed that cannot be judged.
#[test]
fn the_other_published_signatures_hold_or_are_undecided() {
    let file: Value = serde_json::from_str(SIGNATURES).unwrap();
    let mut found = std::collections::BTreeMap::<String, u32>::new();
    for signature in file["rows"].as_array().unwrap() {
        if signature["independent_check"]
            .as_str()
            .unwrap()
            .starts_with("valid")
        {
            continue;
        }
        let (header, row) = row(signature);
        let imported = import(header, &[row]);
        let (verdict, reason) = imported.verdict(0);
        let coin = signature["coin"].as_str().unwrap();
        let expected = match coin {
            "SOL" | "APTOS" | "SUI" | "DOT" | "NEAR" | "ADA" | "BCHN" | "OKB-OKC20"
            | "LTCK-OKC20" | "LUNC" => "undated",
            // One of them is written in a form that this network's addresses do not have.
            "OKT" if signature["addr"].as_str().unwrap().starts_with("ex1") => "invalid",
            "OKT" => "undated",
            _ => "undecided",
        };
        assert_eq!(verdict, expected, "{reason}: {signature}");
        *found.entry(verdict.to_owned()).or_default() += 1;
    }
    assert_eq!(found.values().sum::<u32>(), 35);
    assert_eq!(found["invalid"], 1);
}

#[test]
fn every_layout_is_known_by_its_header() {
    for (name, columns, rows) in [
        ("seven-columns.csv", 7, 33),
        ("nine-columns.csv", 9, 9),
        ("eleven-columns.csv", 11, 5),
        ("twelve-columns.csv", 12, 3),
    ] {
        let imported = import_bytes(&published(name));
        assert_eq!(imported.summary["columns"], columns, "{name}");
        assert_eq!(imported.summary["rows"], rows, "{name}");
        assert_eq!(imported.rows.len(), rows, "{name}");
    }
}

#[test]
fn published_rows_of_seven_columns_are_undated() {
    let imported = import_bytes(&published("seven-columns.csv"));
    for (index, row) in imported.rows.iter().enumerate() {
        assert_eq!(imported.verdict(index), ("undated", "ok"), "{row}");
    }
    assert_eq!(imported.code, 0);
}

#[test]
fn published_rows_of_nine_columns_are_undated_where_they_can_be_judged() {
    let imported = import_bytes(&published("nine-columns.csv"));
    for (index, row) in imported.rows.iter().enumerate() {
        // Their curves are not judged here, and an account's name is no key.
        let expected = match row["network"].as_str().unwrap() {
            "STARKNET" | "Vaulta" => "undecided",
            _ => "undated",
        };
        assert_eq!(imported.verdict(index).0, expected, "{row}");
    }
    assert_eq!(imported.code, 6);
}

/// The rows of these layouts mix real signatures with made-up addresses.
#[test]
fn published_rows_with_owners_are_not_those_of_the_address() {
    for (name, expected) in [
        (
            "eleven-columns.csv",
            &[
                "undated",
                "undated",
                "owner-not-linked",
                "undecided",
                "undecided",
            ][..],
        ),
        (
            "twelve-columns.csv",
            &["undated", "owner-not-linked", "owner-not-linked"],
        ),
    ] {
        let imported = import_bytes(&published(name));
        let found: Vec<&str> = (0..imported.rows.len())
            .map(|row| imported.verdict(row).0)
            .collect();
        assert_eq!(found, expected, "{name}");
        assert_eq!(imported.code, 6, "{name}");
        // The same owners in every row.
        assert_eq!(imported.summary["signers"], 2, "{name}");
    }
}

/// A row of ETH that holds, in eleven columns, and its parts.
fn eth() -> (String, String, String) {
    let file: Value = serde_json::from_str(SIGNATURES).unwrap();
    let mut rows = file["rows"].as_array().unwrap().iter();
    let found = rows.find(|row| row["coin"] == "ETH").unwrap();
    let text = |key: &str| found[key].as_str().unwrap().to_owned();
    (text("addr"), text("msg"), text("sign"))
}

#[test]
fn an_owners_signature_does_not_count_for_a_contract() {
    let (owner, message, signature) = eth();
    let contract = "0x57e2dcd253527a0f70c6a3de3556f6e6e163f19c";
    let row = |address: &str, signatures: &str, owners: &str| {
        format!("ETH,ETH,1,{address},1,{message},{signatures},,{owners}")
    };
    let imported = import(
        ELEVEN,
        &[row(
            contract,
            &format!("{signature},"),
            &format!("{owner},"),
        )],
    );
    let (verdict, reason) = imported.verdict(0);
    assert_eq!(verdict, "owner-not-linked");
    assert!(reason.starts_with("owner-not-linked"), "{reason}");
    assert_eq!(imported.code, 6);
    assert_eq!(imported.summary["undated"], 0);
    assert_eq!(imported.summary["addresses"], 0);

    // The owner that is the address speaks for itself.
    let imported = import(
        ELEVEN,
        &[row(&owner, &format!("{signature},"), &format!("{owner},"))],
    );
    assert_eq!(imported.verdict(0).0, "undated");

    // Without the owner named, the contract itself would have signed.
    let imported = import(ELEVEN, &[row(contract, &format!("{signature},"), ",")]);
    assert_eq!(imported.verdict(0).0, "invalid");
    assert!(imported.verdict(0).1.starts_with("wrong-signer"));
}

#[test]
fn one_signer_twice_is_one_signer() {
    let (owner, message, signature) = eth();
    let contract = "0x57e2dcd253527a0f70c6a3de3556f6e6e163f19c";
    let upper = format!("0x{}", owner[2..].to_lowercase());
    let row = format!("ETH,ETH,1,{contract},1,{message},{signature},{signature},,{owner},{upper}");
    let imported = import(ELEVEN, &[row]);
    assert_eq!(imported.verdict(0).0, "invalid");
    assert!(imported.verdict(0).1.starts_with("signer-repeated"));

    // Two keys of three are needed, and one stands twice.
    let file: Value = serde_json::from_str(SIGNATURES).unwrap();
    let mut rows = file["rows"].as_array().unwrap().iter();
    let mut multisig = rows
        .find(|row| row["independent_check"] == "valid multisig")
        .unwrap()
        .clone();
    multisig["sign2"] = multisig["sign1"].clone();
    let (header, text) = self::row(&multisig);
    let imported = import(header, &[text]);
    assert_eq!(imported.verdict(0).0, "invalid");
    assert!(imported.verdict(0).1.starts_with("signer-repeated"));
    multisig["sign2"] = Value::String(String::new());
    let (header, text) = self::row(&multisig);
    let imported = import(header, &[text]);
    assert!(imported.verdict(0).1.starts_with("threshold-missed"));

    // Across rows the signer is counted once.
    let row = format!("ETH,{owner},1,{message},{signature},,");
    let base = format!("BASE,{owner},1,{message},{signature},,");
    let imported = import(SEVEN, &[row.clone(), row, base]);
    assert_eq!(imported.summary["undated"], 3);
    assert_eq!(imported.summary["addresses"], 2);
    assert_eq!(imported.summary["signers"], 1);
}

#[test]
fn a_row_that_cannot_be_decoded_is_never_undated() {
    let (address, message, signature) = eth();
    let good = format!("ETH,{address},1,{message},{signature},,");
    let cut = &signature[..signature.len() - 2];
    let mut bytes = format!("{SEVEN}\n{good}\n").into_bytes();
    let bad: Vec<Vec<u8>> = vec![
        format!("ETH,{address},1,{message},,,").into(),
        format!("ETH,{address},1,,{signature},,").into(),
        format!("ETH,{address},1,{message},{cut},,").into(),
        format!("ETH,{address},1,{message},{signature}00,,").into(),
        format!("ETH,{address},1,{message} ,{signature},,").into(),
        format!("ETH,{address}00,1,{message},{signature},,").into(),
        format!("ETH,,1,{message},{signature},,").into(),
        format!("ETH,{address},1,{message},{signature},{signature},").into(),
        format!("ETH,{address},1,{message},{signature},,zz").into(),
        format!("ETH,{address},1,{message},{signature},,,more").into(),
        format!("ETH,\"{address},1,{message},{signature},,").into(),
        [b"ETH,\xff,".as_slice(), good.as_bytes()].concat(),
        b"ETH".to_vec(),
        b",,,,,,".to_vec(),
        "x".repeat(2 * 1024 * 1024).into(),
    ];
    for line in &bad {
        bytes.extend_from_slice(line);
        bytes.push(b'\n');
    }
    bytes.extend_from_slice(good.as_bytes());
    let imported = import_bytes(&bytes);
    assert_eq!(imported.rows.len(), bad.len() + 2);
    for index in 1..=bad.len() {
        let verdict = imported.verdict(index).0;
        assert!(matches!(verdict, "invalid" | "undecided"), "{index}");
        assert_eq!(imported.rows[index]["line"], index + 2);
    }
    for index in [0, bad.len() + 1] {
        assert_eq!(imported.verdict(index).0, "undated");
    }
    assert_eq!(imported.code, 1);
}

#[test]
fn a_file_without_layout_or_rows_is_bad_input() {
    for bytes in [
        "".as_bytes(),
        b"coin,snapshot height,amount\nETH,-,6\n",
        SEVEN.as_bytes(),
        b"\xff\xfec\0o\0i\0n\0",
    ] {
        assert_eq!(import_bytes(bytes).code, 3);
    }
    let folder = support::new_folder();
    let done = support::por_in(folder.path(), &["ownership", "import", "none.csv"]);
    assert_eq!(done.code, 4);
}

#[test]
fn people_are_told_that_nothing_is_dated_and_no_terminal_is_driven() {
    let (address, message, signature) = eth();
    let folder = support::new_folder();
    let rows = format!(
        "{SEVEN}\nETH,{address},1,{message},{signature},,\nETH,\u{1b}[2J{address},1,\u{202e},{signature},,\n"
    );
    fs::write(folder.path().join("wallets.csv"), rows).unwrap();
    let done = support::por_in(folder.path(), &["ownership", "import", "wallets.csv"]);
    assert!(
        done.out.contains("undated: signed \"I am an OKX address\""),
        "{}",
        done.out
    );
    assert!(
        done.out.contains("2 rows in 7 columns: 1 undated"),
        "{}",
        done.out
    );
    assert!(
        done.out.contains("neither when nor for whom"),
        "{}",
        done.out
    );
    assert!(!done.out.contains(['\u{1b}', '\u{202e}']));
    assert_eq!(done.code, 1);
}
