//! Files of a publication and its log, raw, by every reader that there is. What was read and is written reads the same.
#![no_main]

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::OnceLock;

use acceptance::sample::SampleExchange;
use libfuzzer_sys::fuzz_target;
use por_protocol::attestation::{Attestation, Snapshot};
use por_protocol::balances::{EvmAnnex, UtxoAnnex, Wallets, wallet_annex_name};
use por_protocol::book_row::BookRow;
use por_protocol::disclosure::Disclosure;
use por_protocol::error::Error;
use por_protocol::log::tiles::parse_bundle;
use por_protocol::log::{AddCheckpoint, Checkpoint, Evidence, LogEntry, LogProof, LogReading};
use por_protocol::note::Note;
use por_protocol::ownership::Network;
use por_protocol::plan::Plan;
use por_protocol::policy::Policy;
use por_protocol::reserve_row::ReserveRow;
use por_protocol::state_proof::EvmHeader;
use serde::Serialize;

/// Blocks of Bitcoin and Ethereum.
fn snapshot() -> &'static Snapshot {
    static SNAPSHOT: OnceLock<Snapshot> = OnceLock::new();
    SNAPSHOT.get_or_init(|| SampleExchange::small().attestation().snapshot)
}

fn reads_what_it_writes<T: Serialize + PartialEq + Debug>(
    parse: impl Fn(&[u8]) -> Result<T, Error>,
    bytes: &[u8],
) {
    if let Ok(parsed) = parse(bytes) {
        let written = serde_json::to_vec(&parsed).expect("it can be written");
        assert_eq!(parse(&written), Ok(parsed));
    }
}

fuzz_target!(|file: &[u8]| {
    let _ = Policy::parse(file);
    let _ = EvmHeader::parse(file);
    let _ = AddCheckpoint::parse(file);
    reads_what_it_writes(Plan::parse, file);
    reads_what_it_writes(Disclosure::parse, file);
    reads_what_it_writes(Evidence::parse, file);
    reads_what_it_writes(Attestation::parse, file);
    let _ = LogEntry::parse(file);
    for entries in [1, 2, 256] {
        let _ = parse_bundle(file, entries);
    }
    if let Ok(mut reading) = LogReading::begin(file) {
        let _ = reading.add(file);
        let _ = reading.finish();
    }
    if let Ok(proof) = LogProof::parse(file)
        && let Ok((_, head)) = proof.checkpoint()
    {
        let _ = proof.verify_inclusion(file, &head);
    }
    if let Ok(note) = Note::parse(file)
        && let Ok(head) = Checkpoint::of_note(&note)
    {
        assert_eq!(Checkpoint::parse(&head.to_text()), Ok(head));
    }
    let snapshot = snapshot();
    for block in &snapshot.blocks {
        let network: Network = block.network.parse().expect("a network");
        let _ = EvmAnnex::parse(&network, file);
        let _ = UtxoAnnex::parse(&network, file);
        if let Some(name) = wallet_annex_name(&network) {
            let _ = Wallets::read(snapshot, &BTreeMap::from([(name, file.to_vec())]));
        }
    }
    if let Ok(attestation) = Attestation::parse(file) {
        let _ = attestation.bound_books(file);
        let _ = attestation.challenge();
    }
    for row in file.split(|byte| *byte == b'\n').take(8) {
        reads_what_it_writes(ReserveRow::parse, row);
        reads_what_it_writes(BookRow::parse, row);
    }
});
