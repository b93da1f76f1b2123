//! Bit rot after publishing: whichever file of a publication it strikes, `por audit` finds it and says which (F-11).
#![allow(missing_docs, reason = "tests")]

#[path = "support/history.rs"]
mod history;
mod support;

use std::fs;

use history::{audit_passes, first_attested, prepare_second};
use support::{Sample, tree};

/// What does not decide: the auditor brings the policy, and the signpost is none of the proof.
const NOT_JUDGED: [&str; 3] = ["policy", ".well-known/proof-of-reserves.json", ".por.lock"];

fn two_months() -> Sample {
    let sample = first_attested();
    sample.publish().expect(0);
    // With a change of key between them, and an annex.
    let rotate = ["log", "rotate", "--home", "exchange", "--to", "publication"];
    sample.anyone(&rotate).expect(0);
    sample.write("agreement.pdf", "between the exchange and its custodian\n");
    prepare_second(&sample, "BTC=112");
    sample.attest_with(&["--annex", "agreement.pdf"]).expect(0);
    sample.publish().expect(0);
    audit_passes(&sample);
    sample
}

/// What an audit must call a file that is damaged: its place, or the object it holds.
fn names_of(file: &str) -> Vec<String> {
    let last = file.rsplit('/').next().unwrap().to_owned();
    match last.as_str() {
        // Two forms of one object, which must say the same.
        "attestation.json" | "attestation.note" => vec![
            file.into(),
            last.clone(),
            "attestation is".into(),
            "attestation does".into(),
            "attestation, ".into(),
        ],
        "checkpoint" => vec!["checkpoint".into(), "log".into()],
        _ if file.ends_with(".pack") => vec![file.into(), "tile".into()],
        // Where every entry has its form, and their hashes are not those of the head, one of the two is damaged.
        _ if file.contains("/entries/") => {
            vec![file.into(), "its entries are not those of its head".into()]
        }
        _ if file.starts_with("log/") => vec![file.into()],
        _ => vec![last],
    }
}

#[test]
fn f_11_a_flipped_bit_in_any_file_is_found_and_named() {
    let sample = two_months();
    let files = tree(&sample.at("publication"));
    assert!(files.len() > 17, "{:?}", files.keys());
    let mut unnamed = Vec::new();
    for (file, bytes) in &files {
        if NOT_JUDGED.contains(&file.as_str()) {
            continue;
        }
        let sequence = if file.starts_with("attestations/000000") {
            "0"
        } else {
            "1"
        };
        let path = sample.at("publication").join(file);
        for at in [0, bytes.len() / 3, bytes.len() - 2] {
            let mut rotten = bytes.clone();
            rotten[at] ^= 1;
            fs::write(&path, &rotten).unwrap();
            let found = sample.audit(&["--sequence", sequence]);
            let named = names_of(file);
            let named = named.iter().any(|name| found.out.contains(name.as_str()));
            if found.code != 1 || !named {
                let said = found
                    .out
                    .lines()
                    .filter(|line| line.contains("FAIL") || line.starts_with("   "));
                let said: Vec<_> = said.collect();
                unnamed.push(format!(
                    "{file} at {at}: {} {said:?} {}",
                    found.code, found.err
                ));
            }
        }
        // Cut short.
        fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
        let cut = sample.audit(&["--sequence", sequence]);
        if cut.code != 1 {
            unnamed.push(format!("{file} cut: {}", cut.code));
        }
        fs::write(&path, bytes).unwrap();
    }
    assert!(unnamed.is_empty(), "{unnamed:#?}");
    audit_passes(&sample);
}
