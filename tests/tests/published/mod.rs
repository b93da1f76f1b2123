//! The sample exchange as a publication: a folder that the auditor of `por audit` reads.
#![allow(dead_code, reason = "each test binary uses its own part of it")]

use std::path::Path;

use acceptance::sample::{NOW, SampleExchange, Terms};
use por_protocol::attestation::Attestation;
use por_protocol::log::tiles::LogTree;
use por_protocol::log::{Checkpoint, TreeSize};
use por_protocol::note::KeyName;
use por_protocol::report::Report;
use por_prover::chains::recheck::BalanceChecks;
use por_prover::publication::{AuditOptions, Publication, audit};
use tempfile::TempDir;

/// Writes the exchange's honest attestation and everything below it.
pub fn publish(exchange: &SampleExchange) -> TempDir {
    publish_as(exchange, &exchange.attestation())
}

/// As [`publish`], under any attestation, signed.
pub fn publish_as(exchange: &SampleExchange, attestation: &Attestation) -> TempDir {
    let folder = TempDir::new().unwrap();
    add_to(folder.path(), exchange, attestation);
    folder
}

/// Adds an attestation to a publication.
pub fn add_to(folder: &Path, exchange: &SampleExchange, attestation: &Attestation) {
    let note = exchange.sign(attestation);
    let own = Publication::at(folder).attestation(attestation.sequence);
    std::fs::create_dir_all(own.path()).unwrap();
    let text = &note[..=note.rfind("\n\n").unwrap()];
    std::fs::write(own.json(), text).unwrap();
    std::fs::write(own.note(), &note).unwrap();
    std::fs::write(own.books(), lines(&exchange.row_bytes())).unwrap();
    std::fs::write(own.reserves(), lines(&exchange.reserve_bytes())).unwrap();
    for book in &exchange.books {
        let tiles = own.tiles(&book.row.name().replace('/', "-"));
        for (level, records) in (1..).zip(&book.tree.levels) {
            let level = tiles.join(i32::to_string(&level));
            std::fs::create_dir_all(&level).unwrap();
            std::fs::write(level.join("000000.pack"), records.concat()).unwrap();
        }
    }
    write_log(folder, &exchange.terms);
}

/// Writes the log of all attestations that are there, by their sequence, with a head that the log key signs.
pub fn write_log(folder: &Path, terms: &Terms) {
    let publication = Publication::at(folder);
    let sequences = publication.sequences().unwrap();
    let read = |sequence: &u64| std::fs::read(publication.attestation(*sequence).json()).unwrap();
    write_entries(
        folder,
        terms,
        &sequences.iter().map(read).collect::<Vec<_>>(),
    );
}

/// Writes a log of any entries.
pub fn write_entries(folder: &Path, terms: &Terms, entries: &[Vec<u8>]) {
    let tree = LogTree::new(entries.to_vec());
    for file in tree.files(TreeSize::new(0)).unwrap() {
        let path = folder.join("log").join(file.path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, file.bytes).unwrap();
    }
    let head = Checkpoint {
        origin: KeyName::new(&terms.log_origin).unwrap(),
        size: TreeSize::new(entries.len() as u64),
        root: tree.root(),
    };
    let note = terms.log_key().sign(&head.to_text()).unwrap();
    std::fs::write(folder.join("log/checkpoint"), note).unwrap();
}

/// Audits the last attestation.
pub fn audit_folder(folder: &Path, exchange: &SampleExchange) -> Report {
    audit_with(folder, exchange, &[])
}

/// As [`audit_folder`], by an auditor who knows the hashes of these chains' blocks.
pub fn audit_with(folder: &Path, exchange: &SampleExchange, blocks: &[(&str, &str)]) -> Report {
    let policy = exchange.terms.policy();
    let own = |(network, hash): &(&str, &str)| (String::from(*network), String::from(*hash));
    let balances = BalanceChecks {
        confirm_blocks: blocks.iter().map(own).collect(),
        ..BalanceChecks::offline().unwrap()
    };
    let options = AuditOptions {
        balances: &balances,
        policy: Some(policy.as_bytes()),
        now: NOW,
        sequence: None,
        progress: false,
    };
    audit(&Publication::at(folder), &options).unwrap()
}

/// Publishes and audits.
pub fn audited(exchange: &SampleExchange) -> Report {
    let folder = publish(exchange);
    audit_folder(folder.path(), exchange)
}

fn lines(rows: &[Vec<u8>]) -> Vec<u8> {
    rows.iter()
        .flat_map(|row| [row.as_slice(), b"\n"].concat())
        .collect()
}
