//! Balances on a Bitcoin chain: the unspent outputs of each address after the block.

use std::path::Path;

use por_protocol::amount::ExactAmount;
use por_protocol::attestation::SnapshotBlock;
use por_protocol::balances::{UtxoRecord, annex_name, is_immature};
use por_protocol::book_row::Evidence;
use por_protocol::hex_bytes::HexBytes;

use super::list::{Found, Line, wrong};
use super::{CollectedBlock, Harvest, jsonl};
use crate::chains::bitcoin::BitcoinNode;
use crate::chains::config::ChainConfig;
use crate::chains::error::{ChainError, Fault};
use crate::error::Error;
use crate::terminal::progress;

pub(super) fn collect_bitcoin(
    chain: &ChainConfig,
    nodes: &[BitcoinNode<'_>],
    list: &Path,
    lines: &mut [&mut Line],
    collected: &mut Harvest,
) -> Result<(), Error> {
    let mut scripts = Vec::new();
    for line in lines.iter() {
        scripts.push(line.address.script_pubkey().ok_or_else(|| {
            let why = "no script is known for this address";
            wrong(list, line.number, why, "Leave it out, or read it by hand.")
        })?);
    }
    let Some(first) = nodes.first() else {
        return Err(ChainError::new(&chain.network, Fault::Unreachable, "it has no node").into());
    };
    let height = match chain.height {
        Some(height) => height,
        None => first.tip()?.saturating_sub(chain.depth),
    };
    let hash = first.block_hash(height)?;
    let muhash = first.muhash(height, &hash)?;
    let bar = progress::bar(0, "blocks undone");
    let undone = |done, of| {
        bar.set_length(of);
        bar.set_position(done);
    };
    let utxos = first.utxos(&scripts, height, &hash, undone)?;
    for node in nodes.iter().skip(1) {
        let other = node.block_hash(height)?;
        if other != hash {
            let why = format!("block {height} is {other} there, and {hash} at the first node");
            return Err(node.fault(Fault::Disagreement, why).into());
        }
        if node.muhash(height, &hash)? != muhash
            || node.utxos(&scripts, height, &hash, undone)? != utxos
        {
            let why = "it has other unspent outputs than the first node";
            return Err(node.fault(Fault::Disagreement, why).into());
        }
    }
    bar.finish_and_clear();
    let mut records = vec![UtxoRecord::Block {
        network: chain.network.clone(),
        header: HexBytes(first.header(&hash)?),
    }];
    for (line, script) in lines.iter_mut().zip(&scripts) {
        let (mut amount, mut immature) = (ExactAmount::ZERO, ExactAmount::ZERO);
        let overflow = |_| first.fault(Fault::Malformed, "its amounts add up to too much");
        for (outpoint, utxo) in utxos.iter().filter(|(_, utxo)| utxo.script == *script) {
            amount = amount.checked_add(utxo.amount).map_err(overflow)?;
            if utxo.coinbase && is_immature(height, utxo.height) {
                immature = immature.checked_add(utxo.amount).map_err(overflow)?;
            }
            records.push(UtxoRecord::Utxo {
                address: line.address.as_str().into(),
                outpoint: *outpoint,
                amount: utxo.amount,
                height: utxo.height,
                coinbase: utxo.coinbase,
            });
        }
        line.found = Some(Found {
            amount,
            // Whether what is pledged is among what is immature, nobody said: it is counted as if it were not.
            encumbered: immature
                .checked_add(line.pledged)
                .map_err(overflow)?
                .min(amount),
            staked: ExactAmount::ZERO,
            evidence: Evidence::UtxoSet,
        });
    }
    let network = lines.first().map(|line| line.network);
    let name = network
        .and_then(|network| annex_name(&network))
        .unwrap_or_default();
    collected.annexes.insert(name, jsonl(&records));
    collected.blocks.push(CollectedBlock {
        block: SnapshotBlock {
            network: chain.network.clone(),
            height,
            hash,
            muhash: Some(muhash),
        },
        // The annex has its header.
        time: None,
    });
    Ok(())
}
