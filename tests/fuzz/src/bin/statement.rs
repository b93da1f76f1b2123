//! A customer's statement, raw. Whatever is done to it, nothing panics, and none is *verified* but one that says what the
//! sample's exchange has signed.
#![no_main]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use acceptance::sample::SampleExchange;
use acceptance::vectors::Vector;
use base64ct::{Base64, Encoding as _};
use libfuzzer_sys::fuzz_target;
use por_protocol::note::Note;
use por_protocol::report::Included;
use por_protocol::statement::Statement;
use por_protocol::verify::{Trust, Verifier};

/// What the files are judged by, and what was signed.
struct Judge {
    policy: String,
    signed: BTreeSet<String>,
    verifier: Verifier,
}

impl Judge {
    fn verifies(&self, file: &[u8]) -> bool {
        let trust = Trust {
            policy: Some(self.policy.as_bytes()),
            account: None,
            now: Some(1_800_000_000),
        };
        self.verifier.statement(file, &trust).included == Included::Verified
    }
}

/// Knows the cores of all vectors that are verified: the fuzzer must make no other.
fn judge() -> &'static Judge {
    static JUDGE: OnceLock<Judge> = OnceLock::new();
    JUDGE.get_or_init(|| {
        let mut judge = Judge {
            policy: SampleExchange::small().terms.policy(),
            signed: BTreeSet::new(),
            verifier: Verifier::default(),
        };
        let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/vectors");
        for object in ["statement", "report"] {
            for entry in fs::read_dir(vectors.join(object)).expect("vectors") {
                let text = fs::read(entry.expect("a vector").path()).expect("its text");
                let vector: Vector = serde_json::from_slice(&text).expect("a vector");
                let file = Base64::decode_vec(&vector.input["file"]).expect("a statement");
                if judge.verifies(&file) {
                    judge.signed.insert(core(&file));
                }
            }
        }
        assert!(judge.signed.len() > 1);
        judge
    })
}

fn core(file: &[u8]) -> String {
    let statement = Statement::parse(file).expect("a statement that was verified");
    let note = Note::parse(statement.core).expect("its core");
    note.unverified_text().to_owned()
}

fuzz_target!(|file: &[u8]| {
    let judge = judge();
    assert!(!judge.verifies(file) || judge.signed.contains(&core(file)));
});
