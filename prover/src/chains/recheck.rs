//! What a checker finds out with nodes of the own: are the snapshot's blocks blocks of their chains, and are the balances
//! that no proof shows the same there? (SPEC §10 step 18.)

use std::collections::{BTreeMap, BTreeSet};

use por_protocol::amount::ExactAmount;
use por_protocol::asset::Asset;
use por_protocol::attestation::{Attestation, Snapshot, SnapshotBlock};
use por_protocol::balances::{Confirmed, OutPoint, UtxoAnnex, annex_name, check_time, is_immature};
use por_protocol::book_row::Evidence;
use por_protocol::error::Error as ProtocolError;
use por_protocol::ownership::{Address, Network, Scheme};
use por_protocol::report::Facts;
use por_protocol::reserve_row::ReserveRow;
use por_protocol::state_proof::{EvmAddress, TokenRegistry};

use super::bitcoin::{BitcoinNode, Utxo};
use super::error::{ChainError, Fault};
use super::evm::{EvmNode, exact_of};
use super::json_rpc::JsonRpc;
use super::reading::ReaderClient;
use super::recheck_readings::recheck_readings;
use super::wallets::recheck_wallets;
use crate::error::Error;

/// What the checker brings for balances.
#[derive(Debug)]
pub struct BalanceChecks {
    /// Tokens the checker knows.
    pub tokens: TokenRegistry,
    /// CAIP-2 id and hash of blocks that the checker knows by other ways.
    pub confirm_blocks: Vec<(String, String)>,
    /// Clients of Bitcoin nodes.
    pub bitcoin: Vec<JsonRpc>,
    /// Clients of nodes of EVM chains.
    pub ethereum: Vec<JsonRpc>,
    /// CAIP-2 id and client of nodes of chains whose state is read and not proven.
    pub readers: Vec<(String, ReaderClient)>,
}

impl BalanceChecks {
    /// Nothing but the built-in token registry.
    ///
    /// # Errors
    /// None in fact: a test reads the registry.
    pub fn offline() -> Result<Self, Error> {
        Ok(Self {
            tokens: TokenRegistry::built_in().map_err(Error::protocol("token registry"))?,
            confirm_blocks: Vec::new(),
            bitcoin: Vec::new(),
            ethereum: Vec::new(),
            readers: Vec::new(),
        })
    }

    /// Whether anything was asked for that step 18 answers.
    #[must_use]
    pub fn is_asked(&self) -> bool {
        !(self.confirm_blocks.is_empty()
            && self.bitcoin.is_empty()
            && self.ethereum.is_empty()
            && self.readers.is_empty())
    }

    /// Asks all nodes. What they confirmed counts, even where another check went wrong.
    ///
    /// # Errors
    /// [`ProtocolError::Mismatch`] if anything was shown to be false, else [`ProtocolError::Unreachable`] or
    /// [`ProtocolError::Missing`] if anything could not be found out.
    pub fn run(
        &self,
        attestation: &Attestation,
        (assets, rows): (&[&Asset], &[ReserveRow]),
        annexes: &BTreeMap<String, Vec<u8>>,
    ) -> (Confirmed, Result<Facts, ProtocolError>) {
        let snapshot = &attestation.snapshot;
        let mut confirmed = Confirmed::default();
        let mut facts = Facts::new();
        let mut errors = Vec::new();
        let mut note = |result: Result<(), ProtocolError>| errors.extend(result.err());
        for (network, hash) in &self.confirm_blocks {
            note(confirmed.block(network, hash));
        }
        note(confirmed.check_blocks(snapshot).map(drop));
        for rpc in &self.ethereum {
            let coins = (&self.tokens, assets);
            let result = recheck_evm(rpc, attestation, coins, rows, &mut confirmed);
            note(result.map_err(|error| protocol(&error)));
        }
        for rpc in &self.bitcoin {
            let result = recheck_bitcoin(rpc, snapshot, rows, annexes, &mut confirmed, &mut facts);
            note(result.map_err(|error| protocol(&error)));
        }
        for (network, client) in &self.readers {
            let node = (network.as_str(), client);
            let result = recheck_readings(node, snapshot, assets, rows, &mut confirmed, &mut facts);
            note(result.map_err(|error| protocol(&error)));
        }
        let result = match errors.into_iter().reduce(ProtocolError::or_decided) {
            Some(error) => Err(error),
            None => confirmed.check_blocks(snapshot).map(|blocks| {
                facts.extend(blocks);
                facts
            }),
        };
        (confirmed, result)
    }
}

fn protocol(error: &ChainError) -> ProtocolError {
    let (what, why) = ("the checker's node", error.to_string().replace("\n  ", " "));
    if error.fault.is_false() {
        ProtocolError::Mismatch { what, why }
    } else {
        ProtocolError::Unreachable { what, why }
    }
}

pub(super) fn block_of<'a>(
    snapshot: &'a Snapshot,
    network: &str,
    fault: impl Fn(Fault, String) -> ChainError,
) -> Result<&'a SnapshotBlock, ChainError> {
    let block = snapshot
        .blocks
        .iter()
        .find(|block| block.network == network);
    block.ok_or_else(|| {
        let why = format!("it is a node of {network}, of which the attestation has no block");
        fault(Fault::NotAvailable, why)
    })
}

/// The chain's own word on the block's time: no evidence of a reading carries it.
pub(super) fn near(
    snapshot: &Snapshot,
    time: u64,
    fault: impl Fn(Fault, String) -> ChainError,
) -> Result<(), ChainError> {
    check_time(snapshot.time, time).map_err(|error| fault(Fault::False, error.to_string()))
}

pub(super) fn other_block(block: &SnapshotBlock, found: &str) -> String {
    let stated: String = block
        .hash
        .chars()
        .take(80)
        .flat_map(char::escape_debug)
        .collect();
    format!(
        "its block {} is {found}, the attestation says {stated}",
        block.height
    )
}

/// Evidence of `network` that only a node can confirm.
fn own<'a>(rows: &'a [ReserveRow], network: &str, asked: &[Evidence]) -> Vec<&'a ReserveRow> {
    let is_own = |row: &&ReserveRow| row.network == network && asked.contains(&row.evidence);
    rows.iter().filter(is_own).collect()
}

fn requeried(confirmed: &mut Confirmed, network: &str, rows: &[&ReserveRow]) {
    for row in rows {
        confirmed.requeried(network, row.evidence);
    }
}

fn recheck_evm(
    rpc: &JsonRpc,
    attestation: &Attestation,
    coins: (&TokenRegistry, &[&Asset]),
    rows: &[ReserveRow],
    confirmed: &mut Confirmed,
) -> Result<(), ChainError> {
    const ASKED: [Evidence; 3] = [
        Evidence::ContractCall,
        Evidence::AgreedReadings,
        Evidence::SignedReading,
    ];
    let snapshot = &attestation.snapshot;
    let node = EvmNode::connect(rpc)?;
    let network = node.network();
    let block = block_of(snapshot, &network, |fault, why| node.fault(fault, why))?;
    let header = node.block(block.height)?.header;
    let found = header.hash();
    if found != block.hash {
        return Err(node.fault(Fault::OtherBlock, other_block(block, &found)));
    }
    near(snapshot, header.time(), |fault, why| node.fault(fault, why))?;
    confirmed
        .block(&network, &block.hash)
        .map_err(|error| node.fault(Fault::Disagreement, error.to_string()))?;
    let asked = own(rows, &network, &ASKED);
    let wallets: Vec<&ReserveRow> = rows
        .iter()
        .filter(|row| row.network == network && row.scheme == Scheme::Eip1271.as_str())
        .collect();
    if asked.is_empty() && wallets.is_empty() {
        return Ok(());
    }
    if !wallets.is_empty() {
        let challenge = attestation.challenge();
        let challenge = challenge.map_err(|error| node.fault(Fault::False, error.to_string()))?;
        recheck_wallets(&node, &wallets, &challenge, block.height)?;
    }
    recheck_evm_balances(&node, block.height, coins, &asked)?;
    // The calls named a height: it must still be the same block.
    let again = node.block(block.height)?.header.hash();
    if again != block.hash {
        return Err(node.fault(Fault::OtherBlock, other_block(block, &again)));
    }
    requeried(confirmed, &network, &asked);
    if !wallets.is_empty() {
        confirmed.wallets_answered(&network);
    }
    Ok(())
}

/// Balances that no proof shows, and the decimals of contracts that no registry lists.
fn recheck_evm_balances(
    node: &EvmNode<'_>,
    height: u64,
    (tokens, assets): (&TokenRegistry, &[&Asset]),
    rows: &[&ReserveRow],
) -> Result<(), ChainError> {
    let (mut native, mut holders) = (Vec::new(), Vec::new());
    let (mut held, mut calls) = (Vec::new(), Vec::new());
    for row in rows {
        let unreadable = || {
            let why = format!("{} {} is not read here", row.instance, row.address);
            node.fault(Fault::NotAvailable, why)
        };
        let holder = EvmAddress::from_hex(&row.address).ok_or_else(unreadable)?;
        let coin = row.instance.as_str().split_once('/').map(|(_, coin)| coin);
        match coin.and_then(|coin| coin.split_once(':')) {
            Some(("slip44", _)) => {
                native.push(row);
                holders.push(holder);
            }
            Some(("erc20", contract)) => {
                let contract = EvmAddress::from_hex(contract).ok_or_else(unreadable)?;
                held.push(row);
                calls.push((contract, holder));
            }
            _ => return Err(unreadable()),
        }
    }
    let asked: BTreeMap<_, _> = held
        .iter()
        .zip(&calls)
        .filter(|(row, _)| tokens.find(&row.instance).is_none())
        .map(|(row, (contract, _))| (*contract, &row.instance))
        .collect();
    for (contract, id) in asked {
        let mut instances = assets.iter().flat_map(|asset| asset.instances());
        let instance = instances.find(|instance| instance.id == *id);
        let instance =
            instance.ok_or_else(|| node.fault(Fault::False, format!("{id} is in no book")))?;
        node.check_decimals(&contract, instance.decimals, height)?;
    }
    let natives = node.native_balances(&holders, height, |_| ())?;
    let words = node.token_balances(&calls, height, |_| ())?;
    let natives = native.into_iter().zip(natives.into_iter().map(Some));
    let words = words.iter().map(|word| exact_of(word));
    for (row, amount) in natives.chain(held.into_iter().zip(words)) {
        if amount != Some(row.amount) {
            let why = format!("{} {}: the balance is another", row.instance, row.address);
            return Err(node.fault(Fault::False, why));
        }
    }
    Ok(())
}

fn recheck_bitcoin(
    rpc: &JsonRpc,
    snapshot: &Snapshot,
    rows: &[ReserveRow],
    annexes: &BTreeMap<String, Vec<u8>>,
    confirmed: &mut Confirmed,
    facts: &mut Facts,
) -> Result<(), ChainError> {
    let node = BitcoinNode::connect(rpc)?;
    let network = node.network().to_string();
    let block = block_of(snapshot, &network, |fault, why| node.fault(fault, why))?;
    let found = node.block_hash(block.height)?;
    if found != block.hash {
        return Err(node.fault(Fault::OtherBlock, other_block(block, &found)));
    }
    confirmed
        .block(&network, &block.hash)
        .map_err(|error| node.fault(Fault::Disagreement, error.to_string()))?;
    if let Some(stated) = block.muhash {
        match node.muhash(block.height, &block.hash) {
            Ok(own) if own == stated => drop(facts.insert("muhash", "the same".into())),
            Ok(own) => {
                let why =
                    format!("the MuHash of its outputs is {own}, the attestation says {stated}");
                return Err(node.fault(Fault::False, why));
            }
            // The outputs are compared one by one below; the MuHash adds the rest of the set to what is pinned.
            Err(error) if error.fault == Fault::NotAvailable => {
                facts.insert(
                    "muhash",
                    "not checked: the node has no coinstatsindex".into(),
                );
            }
            Err(error) => return Err(error),
        }
    }
    let outputs = own(rows, &network, &[Evidence::UtxoSet]);
    let read = own(
        rows,
        &network,
        &[Evidence::AgreedReadings, Evidence::SignedReading],
    );
    if outputs.is_empty() && read.is_empty() {
        return Ok(());
    }
    let unreadable = |why: String| node.fault(Fault::NotAvailable, why);
    let parsed: Network = network
        .parse()
        .map_err(|_| unreadable(format!("{network} is not known to this version")))?;
    let mut scripts = BTreeMap::new();
    for row in outputs.iter().chain(&read) {
        let script = Address::parse(&parsed, &row.address)
            .ok()
            .and_then(|address| address.script_pubkey())
            .ok_or_else(|| unreadable(format!("no script is known for {}", row.address)))?;
        scripts.insert(script, *row);
    }
    let asked: Vec<Vec<u8>> = scripts.keys().cloned().collect();
    let utxos = node.utxos(&asked, block.height, &block.hash, |_, _| ())?;
    let of = |utxo: &Utxo| scripts.get(&utxo.script).copied();
    if !outputs.is_empty() {
        let name = annex_name(&parsed).unwrap_or_default();
        let annex = annexes
            .get(&name)
            .ok_or_else(|| unreadable(format!("{name} is missing")))
            .and_then(|bytes| {
                UtxoAnnex::parse(&parsed, bytes).map_err(|error| unreadable(error.to_string()))
            })?;
        let listed = |(outpoint, utxo): (&OutPoint, &Utxo)| {
            let row = of(utxo).filter(|row| row.evidence == Evidence::UtxoSet)?;
            let address = row.address.as_str();
            Some((*outpoint, address, utxo.amount, utxo.height, utxo.coinbase))
        };
        let true_set: BTreeSet<_> = utxos.iter().filter_map(listed).collect();
        let stated: BTreeSet<_> = annex.outputs().collect();
        if let Some((outpoint, ..)) = stated.symmetric_difference(&true_set).next() {
            let why = format!("{outpoint} is not the same unspent output there");
            return Err(node.fault(Fault::False, why));
        }
    }
    for row in &read {
        let says = |fault: Fault, why: &str| {
            node.fault(fault, format!("{} {}: {why}", row.instance, row.address))
        };
        if !row.instance.as_str().contains("/slip44:") {
            return Err(says(Fault::NotAvailable, "it is not read here"));
        }
        let (mut amount, mut immature) = (ExactAmount::ZERO, ExactAmount::ZERO);
        for utxo in utxos.values().filter(|utxo| of(utxo) == Some(*row)) {
            let overflow = |_| says(Fault::Malformed, "its outputs add up to too much");
            amount = amount.checked_add(utxo.amount).map_err(overflow)?;
            if utxo.coinbase && is_immature(block.height, utxo.height) {
                immature = immature.checked_add(utxo.amount).map_err(overflow)?;
            }
        }
        if amount != row.amount {
            return Err(says(Fault::False, "the balance is another"));
        }
        if immature > row.encumbered.unwrap_or(ExactAmount::ZERO) {
            return Err(says(Fault::False, "more of it is encumbered there"));
        }
    }
    if !read.is_empty() {
        // Of outputs, their annex tells the time.
        near(snapshot, node.time(&block.hash)?, |fault, why| {
            node.fault(fault, why)
        })?;
    }
    requeried(confirmed, &network, &outputs);
    requeried(confirmed, &network, &read);
    Ok(())
}
