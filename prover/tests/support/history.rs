//! A history of two months: the first published, the second built and attested.
#![allow(dead_code, reason = "each test binary uses its own part")]

use std::path::Path;

use por_protocol::log::{Checkpoint, History};
use por_protocol::note::Note;
use por_prover::log::PublishedLog;
use por_prover::publication::Publication;

use crate::support::{Done, Sample};

/// The snapshot after the sample's.
pub const SECOND: [&str; 4] = ["--period", "2025-11", "--snapshot", "2025-11-30T00:00:00Z"];

/// Plans, builds and attests the second month. With other `leaves`, it is another attestation.
pub fn attest_second(sample: &Sample, leaves: &str) {
    prepare_second(sample, leaves);
    sample.attest().expect(0);
}

/// As [`attest_second`], to be attested.
pub fn prepare_second(sample: &Sample, leaves: &str) {
    let ledger = ["--ledger", "ledger.csv", "--leaves", leaves];
    sample
        .por("plan", &[&ledger[..], &SECOND[..]].concat())
        .expect(0);
    sample.por("build", &["--threads", "1"]).expect(0);
}

/// One small book, planned, built and attested; nothing is published.
pub fn first_attested() -> Sample {
    let sample = Sample::new(&["BTC"], 100);
    sample.plan(&["--leaves", "BTC=112"]).expect(0);
    sample.por("build", &["--threads", "1"]).expect(0);
    sample.attest().expect(0);
    sample
}

/// The published checkpoint's note.
pub fn checkpoint(sample: &Sample) -> String {
    sample.read("publication/log/checkpoint")
}

/// How many entries the published head has.
pub fn entries(note: &str) -> u64 {
    let note = Note::parse(note.as_bytes()).unwrap();
    Checkpoint::parse(note.unverified_text())
        .unwrap()
        .size
        .get()
}

/// The published log, read whole: its entries are those of its head, and its history keeps the rules.
pub fn log_at(publication: &Path) -> Option<PublishedLog> {
    Publication::at(publication).log().unwrap()
}

/// The periods that a history tells of.
pub fn sequences(history: &History) -> Vec<u64> {
    let logged = history.attestations().iter();
    logged.map(|logged| logged.sequence).collect()
}

/// An audit of everything that is published.
#[track_caller]
pub fn audit_passes(sample: &Sample) -> Done {
    let done = sample.audit(&["--json"]);
    let report: serde_json::Value = serde_json::from_str(&done.out).expect(&done.err);
    let checks = report["checks"].as_array().unwrap().iter();
    let failed: Vec<_> = checks
        .filter(|check| check["outcome"] != "passed")
        .collect();
    assert_eq!(report["included"], "verified", "{failed:?}");
    done
}
