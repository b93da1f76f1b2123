//! `readings.jsonl`: what named nodes said, where no proof can be had.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde::Serialize;

use super::evm::about;
use super::{MAX_RECORD_BYTES, check_time, lines, mismatch};
use crate::account::check_text;
use crate::amount::ExactAmount;
use crate::asset::InstanceId;
use crate::attestation::Snapshot;
use crate::book_row::Evidence;
use crate::error::Error;
use crate::json;
use crate::report::{Facts, facts};
use crate::reserve_row::ReserveRow;

/// Name of the annex with readings of all chains.
pub const READINGS_ANNEX: &str = "readings.jsonl";
const WHAT: &str = "readings annex";
/// Most bytes of a node's name.
const MAX_NODE_BYTES: usize = 128;

/// One line of the annex: what one node said of one balance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReadingRecord {
    /// CAIP-19 id of the coin.
    pub instance: InstanceId,
    /// Canonical address.
    pub address: String,
    /// Balance, an integer at the instance's decimals.
    pub amount: ExactAmount,
    /// Name of the node, and so of whoever runs it.
    pub node: String,
    /// Height or slot of the snapshot's block, which the node was asked for.
    pub slot: u64,
    /// The later height or slot up to which the node answered, where it cannot answer for `slot` itself: the balance is of
    /// some block from `slot` to this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answered: Option<u64>,
    /// When it was asked, in Unix seconds.
    pub time: u64,
}

json::object!(ReadingRecord {
    instance,
    address,
    amount,
    node,
    slot,
    answered: present,
    time
});

/// Checks the readings that rows of the evidence `agreed_readings` and `signed_reading` rest on.
pub(super) fn verify(
    bytes: &[u8],
    snapshot: &Snapshot,
    rows: &[&ReserveRow],
) -> Result<Facts, Error> {
    let mut later = 0_u64;
    let mut readings: BTreeMap<(InstanceId, String), Vec<ReadingRecord>> = BTreeMap::new();
    if !bytes.is_empty() {
        for line in lines(WHAT, bytes)? {
            let reading: ReadingRecord = json::parse(WHAT, line, MAX_RECORD_BYTES)?;
            check_text(&reading.node, MAX_NODE_BYTES).map_err(|error| Error::Field {
                what: "name of a node",
                why: format!("{error}"),
            })?;
            later = later.saturating_add(u64::from(reading.answered.is_some()));
            let key = (reading.instance.clone(), reading.address.clone());
            readings.entry(key).or_default().push(reading);
        }
    }
    for row in rows {
        let key = (row.instance.clone(), row.address.clone());
        let own = readings.remove(&key).unwrap_or_default();
        verify_row(row, &own, snapshot).map_err(|error| about(row, error))?;
    }
    match readings.keys().next() {
        Some((instance, _)) => mismatch(WHAT, format!("a reading of {instance} is no row's")),
        None if later > 0 => Ok(facts([("readings_of_later_blocks", later.to_string())])),
        None => Ok(Facts::new()),
    }
}

fn verify_row(
    row: &ReserveRow,
    readings: &[ReadingRecord],
    snapshot: &Snapshot,
) -> Result<(), Error> {
    let block = snapshot
        .blocks
        .iter()
        .find(|block| block.network == row.network);
    let mut nodes = BTreeSet::new();
    for reading in readings {
        if !nodes.insert(reading.node.as_str()) {
            return Err(Error::Duplicate {
                what: "reading of a node",
                found: reading.node.clone(),
            });
        }
        if reading.amount != row.amount {
            let why = format!(
                "the row says {}, the node {} says {}",
                row.amount, reading.node, reading.amount
            );
            return mismatch("balance", why);
        }
        if block.is_none_or(|block| block.height != reading.slot) {
            let why = format!(
                "{} answered for another slot than the snapshot's",
                reading.node
            );
            return mismatch("reading", why);
        }
        // EVM and Bitcoin nodes answer for the block that is named; only others may say "later".
        let exact = ["eip155:", "bip122:"]
            .iter()
            .any(|chain| row.network.starts_with(chain));
        if reading
            .answered
            .is_some_and(|answered| exact || answered < reading.slot)
        {
            let why = format!(
                "{} answered for a block that cannot stand for it",
                reading.node
            );
            return mismatch("reading", why);
        }
        check_time(snapshot.time, reading.time)?;
    }
    if row.evidence == Evidence::AgreedReadings && nodes.len() < 2 {
        return mismatch("agreed readings", "fewer than two nodes are named");
    }
    Ok(())
}
