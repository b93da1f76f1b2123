//! What a checker finds out with nodes of the own: are the snapshot's blocks blocks of their chains, and are the balances
//! that no proof shows the same there? (SPEC §10 step 18.)

use std::collections::{BTreeMap, BTreeSet};

use por_protocol::asset::Asset;
use por_protocol::attestation::{Attestation, Snapshot, SnapshotBlock};
use por_protocol::balances::{Confirmed, UtxoAnnex, annex_name};
use por_protocol::book_row::Evidence;
use por_protocol::error::Error as ProtocolError;
use por_protocol::ownership::{Address, Network, Scheme};
use por_protocol::report::Facts;
use por_protocol::reserve_row::ReserveRow;
use por_protocol::state_proof::{EvmAddress, TokenRegistry};

use super::bitcoin::BitcoinNode;
use super::error::{ChainError, Fault};
use super::evm::{EvmNode, exact_of};
use super::json_rpc::JsonRpc;
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
    pub readers: Vec<(String, JsonRpc)>,
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
            let result = recheck_evm(rpc, attestation, rows, &mut confirmed);
            note(result.map_err(|error| protocol(&error)));
        }
        for rpc in &self.bitcoin {
            let result = recheck_bitcoin(rpc, snapshot, rows, annexes, &mut confirmed, &mut facts);
            note(result.map_err(|error| protocol(&error)));
        }
        for (network, rpc) in &self.readers {
            let node = (network.as_str(), rpc);
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

fn recheck_evm(
    rpc: &JsonRpc,
    attestation: &Attestation,
    rows: &[ReserveRow],
    confirmed: &mut Confirmed,
) -> Result<(), ChainError> {
    let snapshot = &attestation.snapshot;
    let node = EvmNode::connect(rpc)?;
    let network = node.network();
    let block = block_of(snapshot, &network, |fault, why| node.fault(fault, why))?;
    let found = node.block(block.height)?.header.hash();
    if found != block.hash {
        return Err(node.fault(Fault::OtherBlock, other_block(block, &found)));
    }
    confirmed
        .block(&network, &block.hash)
        .map_err(|error| node.fault(Fault::Disagreement, error.to_string()))?;
    let calls: Vec<&ReserveRow> = rows
        .iter()
        .filter(|row| row.network == network && row.evidence == Evidence::ContractCall)
        .collect();
    let wallets: Vec<&ReserveRow> = rows
        .iter()
        .filter(|row| row.network == network && row.scheme == Scheme::Eip1271.as_str())
        .collect();
    if calls.is_empty() && wallets.is_empty() {
        return Ok(());
    }
    if !wallets.is_empty() {
        let challenge = attestation.challenge();
        let challenge = challenge.map_err(|error| node.fault(Fault::False, error.to_string()))?;
        recheck_wallets(&node, &wallets, &challenge, block.height)?;
    }
    let asked: Option<Vec<_>> = calls
        .iter()
        .map(|row| {
            let (_, contract) = row.instance.as_str().split_once("/erc20:")?;
            Some((
                EvmAddress::from_hex(contract)?,
                EvmAddress::from_hex(&row.address)?,
            ))
        })
        .collect();
    let asked = asked.ok_or_else(|| {
        node.fault(
            Fault::False,
            "a contract call is of no token, or of no address",
        )
    })?;
    let words = node.token_balances(&asked, block.height, |_| ())?;
    for (row, word) in calls.iter().zip(words) {
        if exact_of(&word) != Some(row.amount) {
            let why = format!("{} {}: the balance is another", row.instance, row.address);
            return Err(node.fault(Fault::False, why));
        }
    }
    // The calls named a height: it must still be the same block.
    let again = node.block(block.height)?.header.hash();
    if again != block.hash {
        return Err(node.fault(Fault::OtherBlock, other_block(block, &again)));
    }
    if !calls.is_empty() {
        confirmed.requeried(&network, Evidence::ContractCall);
    }
    if !wallets.is_empty() {
        confirmed.wallets_answered(&network);
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
    let own: BTreeSet<&str> = rows
        .iter()
        .filter(|row| row.network == network && row.evidence == Evidence::UtxoSet)
        .map(|row| row.address.as_str())
        .collect();
    if own.is_empty() {
        return Ok(());
    }
    let unreadable = |why: String| node.fault(Fault::NotAvailable, why);
    let parsed: Network = network
        .parse()
        .map_err(|_| unreadable(format!("{network} is not known to this version")))?;
    let name = annex_name(&parsed).unwrap_or_default();
    let annex = annexes
        .get(&name)
        .ok_or_else(|| unreadable(format!("{name} is missing")))
        .and_then(|bytes| {
            UtxoAnnex::parse(&parsed, bytes).map_err(|error| unreadable(error.to_string()))
        })?;
    let mut scripts = BTreeMap::new();
    for address in own {
        let script = Address::parse(&parsed, address)
            .ok()
            .and_then(|address| address.script_pubkey())
            .ok_or_else(|| unreadable(format!("no script is known for {address}")))?;
        scripts.insert(script, address);
    }
    let asked: Vec<Vec<u8>> = scripts.keys().cloned().collect();
    let utxos = node.utxos(&asked, block.height, &block.hash, |_, _| ())?;
    let true_set: BTreeSet<_> = utxos
        .iter()
        .map(|(outpoint, utxo)| {
            let address = scripts.get(&utxo.script).copied().unwrap_or_default();
            (*outpoint, address, utxo.amount, utxo.height, utxo.coinbase)
        })
        .collect();
    let stated: BTreeSet<_> = annex.outputs().collect();
    if let Some((outpoint, ..)) = stated.symmetric_difference(&true_set).next() {
        let why = format!("{outpoint} is not the same unspent output there");
        return Err(node.fault(Fault::False, why));
    }
    confirmed.requeried(&network, Evidence::UtxoSet);
    Ok(())
}
