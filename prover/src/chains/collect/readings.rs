//! Balances on chains without proofs: what one or several named nodes say.

use por_protocol::attestation::SnapshotBlock;
use por_protocol::balances::ReadingRecord;
use por_protocol::book_row::Evidence;

use super::list::{Found, Line};
use super::{CollectedBlock, Harvest, now};
use crate::chains::config::ChainConfig;
use crate::chains::error::{ChainError, Fault};
use crate::chains::reading::{Asked, Block, ChainReader, token_of};

/// Reads all lines at every node; the first one's block is the snapshot's, and all must agree.
pub(super) fn collect_readings(
    chain: &ChainConfig,
    nodes: &[(&str, Box<dyn ChainReader + '_>)],
    lines: &mut [&mut Line],
    collected: &mut Harvest,
) -> Result<(), ChainError> {
    let evidence = if nodes.len() > 1 {
        Evidence::AgreedReadings
    } else {
        Evidence::SignedReading
    };
    let mut agreed: Option<(u64, Block)> = None;
    for (name, node) in nodes {
        let height = match agreed.as_ref().map(|(height, _)| *height).or(chain.height) {
            Some(height) => height,
            None => node.tip()?.saturating_sub(chain.depth),
        };
        let block = node.block(height)?;
        if agreed.as_ref().is_some_and(|(_, other)| *other != block) {
            let why = format!(
                "block {height} is {} there, and another at the first node",
                block.hash
            );
            return Err(node.fault(Fault::Disagreement, why));
        }
        let owned: Vec<_> = lines
            .iter()
            .map(|line| {
                (
                    line.address.as_str().to_string(),
                    token_of(&line.instance.id).map(String::from),
                )
            })
            .collect();
        let asked: Vec<Asked<'_>> = owned
            .iter()
            .zip(lines.iter())
            .map(|((address, token), line)| Asked {
                address,
                token: token.as_deref(),
                decimals: line.instance.decimals.get(),
            })
            .collect();
        let readings = node.read(&asked, height, &block.hash)?;
        if readings.len() != lines.len() {
            return Err(node.fault(Fault::Malformed, "a balance is missing".into()));
        }
        for (line, reading) in lines.iter_mut().zip(readings) {
            let pledged = line.pledged.checked_add(reading.encumbered);
            let pledged = pledged.unwrap_or(reading.amount).min(reading.amount);
            let encumbered = if line.pledged > reading.amount {
                // The list pledges more than there is: for `attest` to refuse.
                line.pledged
            } else {
                pledged
            };
            let other = line.found.is_some_and(|found| {
                found.amount != reading.amount || found.encumbered != encumbered
            });
            if other {
                let why = format!("the balance of {} is another there", line.address);
                return Err(node.fault(Fault::Disagreement, why));
            }
            line.found = Some(Found {
                amount: reading.amount,
                encumbered,
                staked: reading.staked,
                evidence,
            });
            collected.readings.push(ReadingRecord {
                instance: line.instance.id.clone(),
                address: line.address.as_str().into(),
                amount: reading.amount,
                node: (*name).into(),
                slot: height,
                answered: reading.answered,
                time: now(),
            });
        }
        // What was read of several requests must be of one chain.
        if node.block(height)? != block {
            let why = format!("block {height} was replaced while it was read");
            return Err(node.fault(Fault::OtherBlock, why));
        }
        agreed = Some((height, block));
    }
    if let Some((height, block)) = agreed {
        collected.blocks.push(CollectedBlock {
            block: SnapshotBlock {
                network: chain.network.clone(),
                height,
                hash: block.hash,
                muhash: None,
            },
            time: Some(block.time),
        });
    }
    Ok(())
}
