//! What moved around a snapshot: balances of the listed addresses some blocks before it, at it, and after it, as the
//! checker's own node has them (ATTACKS B-07).
//!
//! Coins that were borrowed for the snapshot are there like any others, and no proof can tell. That they came right before
//! it and left right after it can be seen, by whoever asks a node of the own: nothing here is taken from the exchange but
//! the list of addresses.

use std::collections::{BTreeMap, BTreeSet};

use por_protocol::amount::ExactAmount;
use por_protocol::asset::InstanceId;
use por_protocol::attestation::Snapshot;
use por_protocol::ownership::{Address, Network};
use por_protocol::reserve_row::ReserveRow;
use por_protocol::state_proof::EvmAddress;
use serde::Serialize;

use super::bitcoin::BitcoinNode;
use super::error::{ChainError, Fault};
use super::evm::{EvmNode, exact_of};
use super::json_rpc::JsonRpc;
use super::recheck::block_of;

/// One coin's movements around the snapshot, over all listed addresses. Amounts are integers at the instance's decimals.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Movement {
    /// CAIP-19 id.
    pub instance: InstanceId,
    /// Of which blocks.
    pub heights: Heights,
    /// Sum before.
    pub before: ExactAmount,
    /// Sum at the snapshot.
    pub at: ExactAmount,
    /// Sum after.
    pub after: Option<ExactAmount>,
    /// What came to these addresses between the first two: the sum of each one's increase.
    pub came: ExactAmount,
    /// What left them between the last two.
    pub left: Option<ExactAmount>,
    /// Addresses listed.
    pub addresses: usize,
    /// Of them, those that held nothing before.
    pub empty_before: usize,
    /// Of them, those that the attestation before did not list; `null` where there is none to compare with.
    pub new: Option<usize>,
}

/// Heights of the blocks that are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Heights {
    /// Before the snapshot.
    pub before: u64,
    /// The snapshot's.
    pub at: u64,
    /// After it, where the chain has come so far.
    pub after: Option<u64>,
}

/// Counts the addresses that `now` lists and the attestation before it, whose list is `before`, does not.
pub fn count_new(movements: &mut [Movement], now: &[ReserveRow], before: &[ReserveRow]) {
    let known: BTreeSet<_> = before.iter().map(place).collect();
    for movement in movements {
        let of_coin = |row: &&ReserveRow| row.instance == movement.instance;
        let listed = now.iter().filter(of_coin).map(place);
        movement.new = Some(listed.filter(|place| !known.contains(place)).count());
    }
}

/// Balances by instance and address.
type Balances = BTreeMap<(InstanceId, String), ExactAmount>;

/// Movements on the chain of an EVM node, within `blocks` of the snapshot.
///
/// # Errors
/// [`ChainError`]; [`Fault::NotAvailable`] where the node does not keep the state of then.
pub fn evm_window(
    rpc: &JsonRpc,
    snapshot: &Snapshot,
    rows: &[ReserveRow],
    blocks: u64,
) -> Result<Vec<Movement>, ChainError> {
    let node = EvmNode::connect(rpc)?;
    let block = block_of(snapshot, &node.network(), |fault, why| {
        node.fault(fault, why)
    })?;
    let unreadable = |row: &ReserveRow| {
        let why = format!("{} at {} cannot be asked for", row.instance, row.address);
        node.fault(Fault::NotAvailable, why)
    };
    let (mut native, mut tokens) = (Vec::new(), Vec::new());
    for row in rows.iter().filter(|row| row.network == block.network) {
        let holder = EvmAddress::from_hex(&row.address).ok_or_else(|| unreadable(row))?;
        match row.instance.as_str().split_once("/erc20:") {
            None => native.push((row, holder)),
            Some((_, contract)) => {
                let contract = EvmAddress::from_hex(contract).ok_or_else(|| unreadable(row))?;
                tokens.push((row, (contract, holder)));
            }
        }
    }
    let balances = |height: u64| -> Result<Balances, ChainError> {
        let holders: Vec<_> = native.iter().map(|(_, holder)| *holder).collect();
        let asked: Vec<_> = tokens.iter().map(|(_, asked)| *asked).collect();
        let mut found = Balances::new();
        let held = node.native_balances(&holders, height, |_| ())?;
        for ((row, _), amount) in native.iter().zip(held) {
            found.insert(place(row), amount);
        }
        let words = node.token_balances(&asked, height, |_| ())?;
        for ((row, _), word) in tokens.iter().zip(words) {
            found.insert(place(row), exact_of(&word).ok_or_else(|| unreadable(row))?);
        }
        Ok(found)
    };
    let tip = node.tip()?;
    movements((block.height, blocks, tip), balances, |why| {
        node.fault(Fault::Malformed, why)
    })
}

/// As [`evm_window`], on the chain of a Bitcoin node.
///
/// # Errors
/// As [`evm_window`].
pub fn bitcoin_window(
    rpc: &JsonRpc,
    snapshot: &Snapshot,
    rows: &[ReserveRow],
    blocks: u64,
) -> Result<Vec<Movement>, ChainError> {
    let node = BitcoinNode::connect(rpc)?;
    let block = block_of(snapshot, node.network(), |fault, why| {
        node.fault(fault, why)
    })?;
    let network: Option<Network> = block.network.parse().ok();
    let mut scripts = Vec::new();
    for row in rows.iter().filter(|row| row.network == block.network) {
        let script = network
            .as_ref()
            .and_then(|network| Address::parse(network, &row.address).ok())
            .and_then(|address| address.script_pubkey());
        let script = script.ok_or_else(|| {
            let why = format!("no script is known for {}", row.address);
            node.fault(Fault::NotAvailable, why)
        })?;
        scripts.push((row, script));
    }
    let asked: Vec<Vec<u8>> = scripts.iter().map(|(_, script)| script.clone()).collect();
    let overflow = |_| node.fault(Fault::Malformed, "its amounts add up to too much");
    let balances = |height: u64| -> Result<Balances, ChainError> {
        let hash = node.block_hash(height)?;
        let utxos = node.utxos(&asked, height, &hash, |_, _| ())?;
        let mut found = Balances::new();
        for (row, script) in &scripts {
            let mut own = utxos.values().filter(|utxo| utxo.script == *script);
            let sum = own.try_fold(ExactAmount::ZERO, |sum, utxo| sum.checked_add(utxo.amount));
            found.insert(place(row), sum.map_err(overflow)?);
        }
        Ok(found)
    };
    let tip = node.tip()?;
    movements((block.height, blocks, tip), balances, |why| {
        node.fault(Fault::Malformed, why)
    })
}

fn place(row: &ReserveRow) -> (InstanceId, String) {
    (row.instance.clone(), row.address.clone())
}

fn movements(
    (height, blocks, tip): (u64, u64, u64),
    balances: impl Fn(u64) -> Result<Balances, ChainError>,
    fault: impl Fn(&str) -> ChainError,
) -> Result<Vec<Movement>, ChainError> {
    let first = height.saturating_sub(blocks);
    let last = height.checked_add(blocks).filter(|last| *last <= tip);
    let heights = Heights {
        before: first,
        at: height,
        after: last,
    };
    let (before, at) = (balances(first)?, balances(height)?);
    let after = last.map(&balances).transpose()?;
    let mut found: BTreeMap<InstanceId, Movement> = BTreeMap::new();
    for (place, now) in &at {
        let movement = found.entry(place.0.clone()).or_insert_with(|| Movement {
            instance: place.0.clone(),
            heights,
            before: ExactAmount::ZERO,
            at: ExactAmount::ZERO,
            after: last.map(|_| ExactAmount::ZERO),
            came: ExactAmount::ZERO,
            left: last.map(|_| ExactAmount::ZERO),
            addresses: 0,
            empty_before: 0,
            new: None,
        });
        let then = before.get(place).copied().unwrap_or(ExactAmount::ZERO);
        let later = after.as_ref().map(|after| after.get(place).copied());
        let later = later.map(|later| later.unwrap_or(ExactAmount::ZERO));
        movement
            .count(then, *now, later)
            .ok_or_else(|| fault("its amounts add up to too much"))?;
    }
    Ok(found.into_values().collect())
}

impl Movement {
    /// Adds one address.
    fn count(
        &mut self,
        before: ExactAmount,
        at: ExactAmount,
        after: Option<ExactAmount>,
    ) -> Option<()> {
        let add = |sum: &mut ExactAmount, amount: ExactAmount| {
            *sum = sum.checked_add(amount).ok()?;
            Some(())
        };
        let increase = |from: ExactAmount, to: ExactAmount| {
            ExactAmount::from_steps(to.steps().saturating_sub(from.steps()))
        };
        self.addresses += 1;
        self.empty_before += usize::from(before == ExactAmount::ZERO);
        add(&mut self.before, before)?;
        add(&mut self.at, at)?;
        add(&mut self.came, increase(before, at))?;
        if let (Some(sum), Some(left), Some(after)) = (&mut self.after, &mut self.left, after) {
            add(sum, after)?;
            add(left, increase(after, at))?;
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(coin: &str, address: &str) -> ReserveRow {
        let row = serde_json::json!({
            "network": "eip155:1", "address": address, "instance": format!("eip155:1/{coin}"), "amount": "1",
            "evidence": "signed_reading", "scheme": "eip191", "signatures": [],
        });
        ReserveRow::parse(row.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn b_07_addresses_that_the_attestation_before_did_not_list_are_counted_by_coin() {
        let token = "erc20:0xdac17f958d2ee523a2206206994597c13d831ec7";
        let now = [
            row("slip44:60", "0xa"),
            row("slip44:60", "0xb"),
            row("slip44:60", "0xc"),
            row(token, "0xa"),
        ];
        let before = [
            row("slip44:60", "0xb"),
            row(token, "0xb"),
            row("slip44:60", "0xd"),
        ];
        let nothing = |_: u64| {
            Ok(now
                .iter()
                .map(|row| (place(row), ExactAmount::ZERO))
                .collect())
        };
        let mut found = movements((10, 1, 10), nothing, |_| unreachable!()).unwrap();
        assert!(found.iter().all(|movement| movement.new.is_none()));
        count_new(&mut found, &now, &before);
        let new: BTreeMap<&str, Option<usize>> = found
            .iter()
            .map(|movement| (movement.instance.as_str(), movement.new))
            .collect();
        assert_eq!(new["eip155:1/slip44:60"], Some(2));
        assert_eq!(new[format!("eip155:1/{token}").as_str()], Some(1));
    }
}
