//! Figures of the log: what its proof adds to checking a statement, and what a whole log costs.
//!
//! `cargo bench -p por-prover --bench log`; wall clock, medians of 31 runs on one thread.

use std::time::Instant;

use por_protocol::attestation::{Attestation, Rows, Snapshot, statement_key_name};
use por_protocol::digest::Digest;
use por_protocol::log::tiles::LogTree;
use por_protocol::log::{Checkpoint, LogProof, TreeSize, compare_heads};
use por_protocol::merkle::RowTree;
use por_protocol::note::{KeyName, Note, SecretKey, WitnessSecretKey};
use por_protocol::period::Period;
use por_protocol::policy::Policy;
use por_protocol::suite::{ATTESTATION_FORMAT, SUITE};
use por_prover::publication::Publication;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// 21 years of months.
const ENTRIES: u32 = 256;

fn main() -> Result<()> {
    let origin = KeyName::new("example.com/por")?;
    let log = SecretKey::new(origin.clone(), &seed(1))?;
    let witnesses: Vec<WitnessSecretKey> = (2..7)
        .map(|number| {
            let name = KeyName::new(&format!("witness.example/{number}"))?;
            Ok(WitnessSecretKey::new(name, &seed(number))?)
        })
        .collect::<Result<_>>()?;
    let mut text = format!("log {}\n", log.public());
    for (number, witness) in witnesses.iter().enumerate() {
        text += &format!("witness w{number} {}\n", witness.public());
    }
    text += "group g 3 w0 w1 w2 w3 w4\nquorum g\n";
    let policy = Policy::parse(text.as_bytes())?;

    let entries: Vec<Vec<u8>> = (0..ENTRIES)
        .map(|n| attestation(n, &origin))
        .collect::<Result<_>>()?;
    let tree = LogTree::new(entries.clone());
    let head = Checkpoint {
        origin,
        size: TreeSize::new(ENTRIES.into()),
        root: tree.root(),
    }
    .to_text();
    let mut note = log.sign(&head)?;
    for witness in &witnesses {
        note += &witness.cosign(&head, 1_800_000_000)?;
    }
    let proof = LogProof {
        index: 128,
        path: RowTree::from_leaves(tree.leaves()).path(128),
        checkpoint: note.as_bytes(),
    }
    .to_text();

    println!("| figure | measured | bar |");
    println!("|---|--:|--:|");
    let inclusion = median(|| {
        let proof = LogProof::parse(proof.as_bytes())?;
        let (note, _) = proof.checkpoint()?;
        let head = policy.head(&note)?;
        policy.witnessed(&note)?;
        Ok(proof.verify_inclusion(&entries[128], &head)?)
    })?;
    println!("| log proof of a statement, five cosignatures | {inclusion:.2} ms | 2 ms |");

    let folder = tempfile::tempdir()?;
    let files = tree.files(TreeSize::new(0))?;
    for file in &files {
        let path = folder.path().join("log").join(&file.path);
        std::fs::create_dir_all(path.parent().ok_or("no folder")?)?;
        std::fs::write(path, &file.bytes)?;
    }
    std::fs::write(folder.path().join("log/checkpoint"), &note)?;
    let remembered = {
        let older = LogTree::new(entries[..200].to_vec());
        let head = Checkpoint {
            origin: log.public().name().clone(),
            size: TreeSize::new(200),
            root: older.root(),
        };
        log.sign(&head.to_text())?
    };
    let check = median(|| {
        let log = Publication::at(folder.path()).log()?.ok_or("no log")?;
        let note = Note::parse(log.note())?;
        policy.head(&note)?;
        policy.witnessed(&note)?;
        match compare_heads(
            &policy,
            remembered.as_bytes(),
            log.note(),
            log.state().leaves(),
        )? {
            None => Ok(()),
            Some(_) => Err("the heads conflict".into()),
        }
    })?;
    println!(
        "| check of a log of {ENTRIES} entries against a remembered head | {check:.1} ms | 50 ms |"
    );
    Ok(())
}

fn seed(number: u8) -> [u8; 32] {
    let mut seed = [number; 32];
    seed[0] = 0x5e;
    seed
}

fn attestation(number: u32, origin: &KeyName) -> Result<Vec<u8>> {
    let key = SecretKey::new(statement_key_name(origin.as_str())?, &seed(99))?;
    let rows = |count| Rows {
        count,
        root: Digest::of(b"rows"),
    };
    let attestation = Attestation {
        format: ATTESTATION_FORMAT.into(),
        suite: SUITE.into(),
        entity: "Example Exchange".into(),
        log_origin: origin.as_str().into(),
        period: Period::new(&format!("{}-{:02}", 2026 + number / 12, 1 + number % 12))?,
        sequence: number.into(),
        supersedes: None,
        snapshot: Snapshot {
            time: 1_767_225_600 + u64::from(number) * 2_629_746,
            blocks: Vec::new(),
        },
        statement_key: key.public().to_string(),
        books: rows(500),
        reserves: rows(0),
        challenge: None,
        annexes: Vec::new(),
    };
    Ok(serde_json::to_vec_pretty(&attestation)?)
}

fn median(mut work: impl FnMut() -> Result<()>) -> Result<f64> {
    let mut times = Vec::new();
    for _ in 0..31 {
        let start = Instant::now();
        work()?;
        times.push(start.elapsed().as_secs_f64() * 1000.0);
    }
    times.sort_by(f64::total_cmp);
    Ok(times[times.len() / 2])
}
