//! Readings of chains without proofs, read again at a node of the checker's own (SPEC §10 step 18).
//!
//! What the node says of the snapshot's own block decides: another balance there is false. Some nodes answer for a later
//! block only. The same balance then shows that the keys' coins are still there, and raises no class; another one shows
//! nothing, for coins move.

use std::collections::{BTreeMap, BTreeSet};

use por_protocol::amount::ExactAmount;
use por_protocol::asset::{Asset, InstanceId};
use por_protocol::attestation::Snapshot;
use por_protocol::balances::Confirmed;
use por_protocol::book_row::Evidence;
use por_protocol::report::Facts;
use por_protocol::reserve_row::ReserveRow;

use super::error::{ChainError, Fault};
use super::reading::{Asked, ReaderClient, Reading, reader, token_of};
use super::recheck::{block_of, near, other_block};

/// Asks one node of `network` for every balance of its chain that rests on readings.
pub(super) fn recheck_readings(
    (network, client): (&str, &ReaderClient),
    snapshot: &Snapshot,
    assets: &[&Asset],
    rows: &[ReserveRow],
    confirmed: &mut Confirmed,
    facts: &mut Facts,
) -> Result<(), ChainError> {
    let node = reader(network, client)?;
    if node.network() != network {
        let why = format!("it is a node of {}, not of {network}", node.network());
        // The checker's own mistake: it says nothing about the exchange.
        return Err(node.fault(Fault::NotAvailable, why));
    }
    let block = block_of(snapshot, network, |fault, why| node.fault(fault, why))?;
    let found = node.block(block.height)?;
    if found.hash != block.hash {
        return Err(node.fault(Fault::OtherBlock, other_block(block, &found.hash)));
    }
    near(snapshot, found.time, |fault, why| node.fault(fault, why))?;
    confirmed
        .block(network, &block.hash)
        .map_err(|error| node.fault(Fault::Disagreement, error.to_string()))?;

    let decimals = decimals_of(assets);
    let own: Vec<&ReserveRow> = rows
        .iter()
        .filter(|row| row.network == network && is_reading(row.evidence))
        .collect();
    let asked: Option<Vec<Asked<'_>>> = own
        .iter()
        .map(|row| {
            Some(Asked {
                address: &row.address,
                token: token_of(&row.instance),
                decimals: *decimals.get(&row.instance)?,
            })
        })
        .collect();
    let asked = asked.ok_or_else(|| node.fault(Fault::False, "a coin is in no book".into()))?;
    let readings = node.read(&asked, block.height, &block.hash)?;
    if readings.len() != own.len() {
        return Err(node.fault(Fault::Malformed, "a balance is missing".into()));
    }
    let mut later = BTreeSet::new();
    let mut same_later = 0_u64;
    let mut moved = None;
    for (row, reading) in own.iter().zip(&readings) {
        match judge(row, reading) {
            Judged::Same => {}
            Judged::False(why) => return Err(node.fault(Fault::False, about(row, why))),
            Judged::SameLater => {
                later.insert(row.evidence.as_str());
                same_later += 1;
            }
            Judged::OtherLater => {
                later.insert(row.evidence.as_str());
                moved = moved.or(Some(*row));
            }
        }
    }
    // What was read of several requests must be of one chain.
    let again = node.block(block.height)?;
    if again.hash != block.hash {
        return Err(node.fault(Fault::OtherBlock, other_block(block, &again.hash)));
    }
    for evidence in [Evidence::AgreedReadings, Evidence::SignedReading] {
        let any = own.iter().any(|row| row.evidence == evidence);
        if any && !later.contains(evidence.as_str()) {
            confirmed.requeried(network, evidence);
        }
    }
    if same_later > 0 {
        facts.insert("same_at_a_later_block", same_later.to_string());
    }
    match moved {
        Some(row) => Err(node.fault(
            Fault::NotAvailable,
            about(
                row,
                "the balance, or what of it is encumbered, is another at a later block, and it does not answer for the snapshot's",
            ),
        )),
        None => Ok(()),
    }
}

const fn is_reading(evidence: Evidence) -> bool {
    matches!(evidence, Evidence::AgreedReadings | Evidence::SignedReading)
}

fn decimals_of(assets: &[&Asset]) -> BTreeMap<InstanceId, u8> {
    let instances = assets.iter().flat_map(|asset| asset.instances());
    instances
        .map(|instance| (instance.id.clone(), instance.decimals.get()))
        .collect()
}

/// What a reading shows of a row.
#[derive(Debug, PartialEq, Eq)]
enum Judged {
    Same,
    SameLater,
    OtherLater,
    False(&'static str),
}

fn judge(row: &ReserveRow, reading: &Reading) -> Judged {
    let more_held = reading.encumbered > row.encumbered.unwrap_or(ExactAmount::ZERO);
    match (reading.amount == row.amount, reading.answered) {
        (false, None) => Judged::False("the balance is another"),
        (true, None) if !more_held => Judged::Same,
        (true, None) if !reading.encumbered_later => {
            Judged::False("more of it is encumbered there")
        }
        (true, Some(_)) if !more_held => Judged::SameLater,
        // Coins may have moved since, and keys may have lost their power.
        _ => Judged::OtherLater,
    }
}

fn about(row: &ReserveRow, why: &str) -> String {
    format!("{} {}: {why}", row.instance, row.address)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(amount: u32, encumbered: u32) -> ReserveRow {
        let row = serde_json::json!({
            "network": "xrpl:0", "address": "rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh", "instance": "xrpl:0/slip44:144",
            "amount": amount.to_string(), "encumbered": encumbered.to_string(), "evidence": "signed_reading",
            "scheme": "xrpl", "signatures": [],
        });
        ReserveRow::parse(row.to_string().as_bytes()).unwrap()
    }

    fn reading(amount: u32, encumbered: u32, answered: Option<u64>) -> Reading {
        let exact = |steps: u32| ExactAmount::from_steps(steps.into());
        Reading {
            amount: exact(amount),
            encumbered: exact(encumbered),
            staked: ExactAmount::ZERO,
            answered,
            encumbered_later: answered.is_some(),
        }
    }

    #[test]
    fn b_01_only_a_reading_of_the_snapshots_block_shows_a_balance_to_be_true_or_false() {
        let row = row(100, 10);
        assert_eq!(judge(&row, &reading(100, 10, None)), Judged::Same);
        assert_eq!(judge(&row, &reading(100, 0, None)), Judged::Same);
        assert!(matches!(
            judge(&row, &reading(99, 10, None)),
            Judged::False(_)
        ));
        assert!(matches!(
            judge(&row, &reading(101, 10, None)),
            Judged::False(_)
        ));
        assert!(matches!(
            judge(&row, &reading(100, 11, None)),
            Judged::False(_)
        ));
        assert_eq!(judge(&row, &reading(100, 10, Some(7))), Judged::SameLater);
        assert_eq!(judge(&row, &reading(99, 10, Some(7))), Judged::OtherLater);
        assert_eq!(judge(&row, &reading(100, 11, Some(7))), Judged::OtherLater);
        // What is encumbered may be known of a later block only.
        let held_later = |encumbered| Reading {
            encumbered_later: true,
            ..reading(100, encumbered, None)
        };
        assert_eq!(judge(&row, &held_later(10)), Judged::Same);
        assert_eq!(judge(&row, &held_later(100)), Judged::OtherLater);
    }
}
