//! `por ownership verify` as a person and as a script meet it.

mod support;

use std::fs;

use serde_json::{Value, json};

const WALLETS: &str = include_str!("../../fixtures/ownership/wallets.json");
const OTHER_CHAINS: &str = include_str!("../../fixtures/ownership/other-chains/claims.json");

/// Claims as batch lines.
fn claims() -> Vec<Value> {
    let mut claims: Vec<Value> = serde_json::from_str(WALLETS).unwrap();
    claims.extend(serde_json::from_str::<Vec<Value>>(OTHER_CHAINS).unwrap());
    for claim in &mut claims {
        claim.as_object_mut().unwrap().remove("by");
    }
    claims
}

fn claim(scheme: &str) -> Value {
    let mut claims = claims().into_iter();
    claims
        .find(|claim| {
            let said = claim["message"]
                .as_str()
                .is_some_and(|text| !text.is_empty());
            claim["scheme"] == scheme && (said || scheme == "eip712")
        })
        .unwrap()
}

/// Verdicts and reasons of a batch, and its exit code. Line numbers are checked on the way.
fn batch(lines: &[String]) -> (Vec<(String, String)>, i32) {
    let folder = support::new_folder();
    fs::write(folder.path().join("claims.jsonl"), lines.join("\n")).unwrap();
    let arguments = ["ownership", "verify", "--batch", "claims.jsonl"];
    let done = support::por_in(folder.path(), &arguments);
    let answers = done.out.lines().enumerate().map(|(index, line)| {
        let answer: Value = serde_json::from_str(line).unwrap();
        assert_eq!(answer["line"], index + 1);
        let text = |key: &str| answer[key].as_str().unwrap().to_string();
        (text("verdict"), text("reason"))
    });
    (answers.collect(), done.code)
}

fn verdict(claim: &Value) -> (String, String) {
    batch(&[claim.to_string()]).0.remove(0)
}

#[test]
fn wallets_claims_are_valid() {
    let claims = claims();
    let lines: Vec<String> = claims.iter().map(Value::to_string).collect();
    let (answers, code) = batch(&lines);
    assert_eq!(answers.len(), claims.len());
    for ((verdict, reason), claim) in answers.iter().zip(&claims) {
        assert_eq!(verdict, "valid", "{reason}: {claim}");
    }
    assert_eq!(code, 0);
}

#[test]
fn the_exit_code_is_that_of_the_worst_line() {
    let good = claim("eip191").to_string();
    let unknown = json!({"network": "ton:-239", "scheme": "ton", "address": "a", "message": "", "signatures": []});
    let unknown = unknown.to_string();
    let exit = |lines: &[&str]| {
        batch(
            &lines
                .iter()
                .map(|line| line.to_string())
                .collect::<Vec<_>>(),
        )
        .1
    };
    assert_eq!(exit(&[&good, &good]), 0);
    assert_eq!(exit(&[&good, &unknown]), 6);
    assert_eq!(exit(&[&unknown, "{}", &good]), 1);
    assert_eq!(exit(&[]), 3);
}

#[test]
fn malformed_lines_are_invalid_and_the_batch_goes_on() {
    let good = claim("eip191");
    let without = |key: &str| {
        let mut claim = good.clone();
        claim.as_object_mut().unwrap().remove(key);
        claim.to_string()
    };
    let with = |key: &str, value: Value| {
        let mut claim = good.clone();
        claim[key] = value;
        claim.to_string()
    };
    let long = format!("\"{}\"", "x".repeat(2 * 1024 * 1024));
    let lines = [
        String::new(),
        "[]".into(),
        "null".into(),
        "{".into(),
        without("network"),
        without("scheme"),
        without("address"),
        without("message"),
        without("signatures"),
        with("unknown", json!(1)),
        with("signatures", json!("0x00")),
        with("message", json!(1)),
        with("message_hex", json!("00")),
        with("script", json!("0g")),
        good.to_string()
            .replacen('{', "{\"network\":\"eip155:1\",", 1),
        long,
        good.to_string(),
    ];
    let (answers, code) = batch(&lines);
    assert_eq!(answers.len(), lines.len());
    for (index, (verdict, reason)) in answers.iter().enumerate() {
        let last = index + 1 == lines.len();
        assert_eq!(verdict, if last { "valid" } else { "invalid" }, "{index}");
        assert!(last || reason.starts_with("line-malformed: "), "{reason}");
    }
    assert_eq!(code, 1);
    assert!(answers[5].1.contains("scheme"), "{}", answers[5].1);
}

#[test]
fn networks_have_the_name_that_connectors_write_too() {
    let mut claim = claim("tip191");
    claim["network"] = json!("tron:0x2b6653dc");
    assert_eq!(verdict(&claim).0, "valid");
}

#[test]
fn s_07_typed_data_of_another_chain_is_refused() {
    let mut claim = claim("eip712");
    claim["network"] = json!("eip155:10");
    let (verdict, reason) = verdict(&claim);
    assert_eq!(verdict, "invalid");
    assert!(reason.starts_with("typed-data-other-chain"), "{reason}");
}

#[test]
fn s_11_typed_data_shows_nothing_that_is_not_signed() {
    let good = claim("eip712");
    let change = |pointer: &str, key: &str, value: Value| {
        let mut claim = good.clone();
        claim.pointer_mut(pointer).unwrap()[key] = value;
        verdict(&claim)
    };
    for (pointer, key, value, expected) in [
        ("/typed_data/message", "note", json!("x"), "invalid"),
        ("/typed_data/message/from", "note", json!("x"), "invalid"),
        ("/typed_data/message/from", "name", json!(null), "invalid"),
        ("/typed_data/message", "contents", json!("other"), "invalid"),
        ("/typed_data", "note", json!("x"), "invalid"),
        ("/typed_data", "primaryType", json!("None"), "invalid"),
        ("/typed_data", "primaryType", json!("Person"), "invalid"),
        ("/typed_data/domain", "note", json!("x"), "undecided"),
    ] {
        let (verdict, reason) = change(pointer, key, value);
        assert_eq!(verdict, expected, "{pointer}/{key}: {reason}");
    }
    let twice =
        good.to_string()
            .replacen("\"contents\":", "\"contents\":\"shown\",\"contents\":", 1);
    let (answers, _) = batch(&[twice]);
    assert_eq!(answers[0].0, "invalid", "{}", answers[0].1);
}

/// Each type has the next one twice: 2⁶⁰ members in 60 lines.
#[test]
fn typed_data_that_unfolds_without_end_is_undecided() {
    let mut types = serde_json::Map::new();
    for level in 0..60 {
        let next = format!("T{}", level + 1);
        let fields = json!([{"name": "a", "type": next}, {"name": "b", "type": next}]);
        types.insert(format!("T{level}"), fields);
    }
    types.insert("T60".into(), json!([{"name": "a", "type": "bool"}]));
    let mut claim = claim("eip712");
    claim["typed_data"] = json!({"types": types, "primaryType": "T0", "domain": {}, "message": {}});
    assert_eq!(verdict(&claim).0, "undecided");
    claim["typed_data"]["types"] = json!({"T0": [{"name": "a", "type": "T0[]"}]});
    assert_eq!(verdict(&claim).0, "undecided");
}

#[test]
fn a_person_checks_one_signature() {
    let claim = claim("multisig-signmessage");
    let folder = support::new_folder();
    let file = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_string();
    file("message", &text(&claim["message"]));
    let (first, second) = (&claim["signatures"][0], &claim["signatures"][1]);
    let arguments = |signatures: &[&Value]| {
        let mut arguments: Vec<String> = ["ownership", "verify", "--message-file", "message"]
            .map(String::from)
            .into();
        for key in ["network", "scheme", "address", "script"] {
            arguments.extend([format!("--{key}"), text(&claim[key])]);
        }
        for signature in signatures {
            arguments.extend(["--signature".into(), text(signature)]);
        }
        arguments
    };
    let run = |signatures: &[&Value]| support::por_in(folder.path(), &arguments(signatures));
    let done = run(&[first, second]).expect(0);
    assert!(done.out.starts_with("valid"), "{}", done.out);
    let done = run(&[first]).expect(1);
    assert!(done.out.contains("threshold-missed"), "{}", done.out);
    // Nothing at all is a fault of the command line.
    support::por_in(folder.path(), &["ownership", "verify"]).expect(2);
    let missing = ["ownership", "verify", "--batch", "none.jsonl"];
    support::por_in(folder.path(), &missing).expect(4);
}

/// What `por challenge --typed-data` prints is what the verifier of reserves builds for itself.
#[test]
fn the_twin_of_a_challenge_can_be_signed_by_any_wallet() {
    let sample = support::Sample::new(&["ETH"], 20);
    let address = claim("eip712")["address"].as_str().unwrap().to_string();
    let arguments = [
        "--block-header",
        "header.hex",
        "--network",
        "eip155:1",
        "--address",
        &address,
        "--typed-data",
    ];
    let twin = sample.por("challenge", &arguments).expect(0).out;
    let document: Value = serde_json::from_str(&twin).unwrap();
    assert_eq!(document["message"]["account"], address);
    assert_eq!(document["domain"]["chainId"], "1");
    // A signature of another document recovers to somebody: the document itself is well formed.
    let mut claim = claim("eip712");
    claim["typed_data"] = document;
    let (verdict, reason) = verdict(&claim);
    assert_eq!(verdict, "invalid");
    assert!(reason.starts_with("wrong-signer"), "{reason}");
}

/// The sample's reserves file, taken apart into answers and balances and imported again.
#[test]
fn signatures_are_imported_only_if_all_of_them_hold() {
    let sample = support::Sample::new(&["BTC", "ETH"], 20);
    let rows: Vec<Vec<String>> = sample
        .read("reserves.csv")
        .lines()
        .skip(1)
        .map(|line| line.split(',').map(String::from).collect())
        .collect();
    let balances: String = rows.iter().map(|row| row[..4].join(",") + "\n").collect();
    sample.write(
        "balances.csv",
        format!("network,address,asset,amount\n{balances}"),
    );
    let answer = |row: &Vec<String>| {
        json!({"network": row[0], "address": row[1], "scheme": row[4], "signatures": [row[5]]})
            .to_string()
    };
    let answers: Vec<String> = rows.iter().map(answer).collect();
    let import = |answers: &[String]| {
        sample.write("answers.jsonl", answers.join("\n"));
        let arguments = [
            "reserves",
            "import",
            "--home",
            "exchange",
            "--block-header",
            "header.hex",
            "--nonce",
            support::NONCE,
            "--answers",
            "answers.jsonl",
            "--balances",
            "balances.csv",
            "--out",
            "imported.csv",
        ];
        support::por_in(sample.path(), &arguments)
    };
    let exists = || sample.path().join("imported.csv").exists();

    let done = import(&answers[1..]).expect(3);
    assert!(done.err.contains("has not answered"), "{}", done.err);
    let twice = [&answers[..], &answers[..1]].concat();
    let done = import(&twice).expect(3);
    assert!(done.err.contains("earlier line"), "{}", done.err);
    let mut swapped = answers.clone();
    let mut other = rows[0].clone();
    other[5].clone_from(&rows[1][5]);
    swapped[0] = answer(&other);
    import(&swapped).expect(3);
    assert!(!exists());

    let own_word = "Next: por reserves collect, or por attest where the amounts are your own word.";
    import(&answers).says(0, &[own_word]);
    assert!(exists());
    assert_eq!(sample.read("imported.csv").lines().count(), rows.len() + 1);
    import(&answers).expect(4);
    // Columns in another order, and what `por reserves collect` adds to them.
    let imported = sample.read("imported.csv");
    let collected: String = rows
        .iter()
        .map(|row| {
            format!(
                "{},{},{},{},signed_reading,\n",
                row[2], row[0], row[1], row[3]
            )
        })
        .collect();
    sample.write(
        "balances.csv",
        format!("asset,network,address,amount,evidence,encumbered\n{collected}"),
    );
    std::fs::remove_file(sample.path().join("imported.csv")).unwrap();
    import(&answers).says(0, &["Next: por attest."]);
    let expected: Vec<String> = (imported.lines())
        .enumerate()
        .map(|(line, row)| match line {
            0 => format!("{row},evidence,encumbered"),
            _ => format!("{row},signed_reading,"),
        })
        .collect();
    let again = sample.read("imported.csv");
    assert_eq!(again.lines().collect::<Vec<_>>(), expected);
    for (header, why) in [
        ("asset,network,address", "the column amount is missing"),
        ("network,address,asset,amount,note", "`note` is unknown"),
        (
            "network,address,asset,amount,asset",
            "`asset` is unknown, or stands twice",
        ),
    ] {
        sample.write("balances.csv", format!("{header}\n"));
        let done = import(&answers).expect(3);
        assert!(done.err.contains(why), "{}", done.err);
    }
}

/// The challenge's block dates the signatures; the policy says how old they may be at the snapshot, to the second.
#[test]
fn s_01_signatures_beyond_the_policys_age_are_refused() {
    // The block of `header.hex` is of 2026-09-25T16:28:31Z.
    for (snapshot, code) in [("2026-09-26T16:28:31Z", 0), ("2026-09-26T16:28:32Z", 1)] {
        let sample = support::Sample::new(&["ETH"], 24);
        let times = ["--period", "2026-09", "--snapshot", snapshot];
        let plan = [&["--ledger", "ledger.csv"][..], &times].concat();
        sample.por("plan", &plan).expect(0);
        sample.finish();
        // Shown as signed after that block, where no age is asked for.
        let report = sample.audit(&["--json"]).expect(0).out;
        assert!(
            report.contains("\"signed_after\":\"2026-09-25T16:28:31Z\""),
            "{report}"
        );
        let policy = sample.read("exchange/policy");
        let age = "#por maximum-signature-age 1d\n";
        sample.write("exchange/policy", policy.clone() + age);
        let done = sample.audit(&[]).expect(code);
        let why = "older than the snapshot, the policy allows 1";
        assert_eq!(done.out.contains(why), code == 1, "{}", done.out);
        let age = age.replace("1d", "2d");
        sample.write("exchange/policy", policy + &age);
        sample.audit(&[]).expect(0);
    }
}
