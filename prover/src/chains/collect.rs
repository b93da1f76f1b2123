//! Balances and evidence of a list of addresses, from the exchange's own nodes.
//!
//! Reads `network,address,asset` and whatever columns stand beside them; writes a folder that `por attest --collected`
//! takes:
//!
//! ```text
//! reserves.csv      the list with amount, evidence and encumbered filled in
//! snapshot.json     the block of each chain
//! annexes/…         headers, proofs, outputs, readings (SPEC §7.5)
//! ```

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use por_protocol::amount::ExactAmount;
use por_protocol::asset::{AssetTable, Instance};
use por_protocol::attestation::SnapshotBlock;
use por_protocol::balances::{
    EvmRecord, READINGS_ANNEX, ReadingRecord, UtxoRecord, annex_name, is_immature,
};
use por_protocol::book_row::Evidence;
use por_protocol::hex_bytes::HexBytes;
use por_protocol::ownership::{Address, Network};
use por_protocol::state_proof::{Account, EvmAddress, StoredBalance, TokenRegistry};

use super::bitcoin::BitcoinNode;
use super::config::{ChainConfig, ChainsConfig};
use super::error::{ChainError, Fault};
use super::evm::{EvmBlock, EvmNode, exact_of};
use crate::durable::{self, Staging};
use crate::error::Error;
use crate::progress;
use crate::reserves::find_instance;

/// What one line of the list turns into.
struct Line {
    number: u64,
    network: Network,
    address: Address,
    instance: Instance,
    /// What the list itself says, for readings by hand.
    stated: String,
    /// What the list itself says is pledged or locked.
    pledged: ExactAmount,
    found: Option<Found>,
}

#[derive(Clone, Copy)]
struct Found {
    amount: ExactAmount,
    encumbered: ExactAmount,
    evidence: Evidence,
}

/// What was found on all chains.
#[derive(Default)]
struct Harvest {
    blocks: Vec<SnapshotBlock>,
    annexes: BTreeMap<String, Vec<u8>>,
    readings: Vec<ReadingRecord>,
}

/// A folder that [`collect`] wrote.
#[derive(Debug)]
pub struct Collected {
    /// The block of each chain.
    pub blocks: Vec<SnapshotBlock>,
    /// Files of evidence.
    pub annexes: Vec<PathBuf>,
}

impl Collected {
    /// Reads blocks and the names of annexes.
    ///
    /// # Errors
    /// [`Error::Input`], [`Error::Io`].
    pub fn read(folder: &Path) -> Result<Self, Error> {
        let path = folder.join("snapshot.json");
        let bytes = std::fs::read(&path).map_err(Error::io(&path))?;
        let blocks = serde_json::from_slice(&bytes).map_err(|error| {
            let remedy = "Collect again with `por reserves collect`.";
            Error::input(&path, error.to_string(), remedy)
        })?;
        let path = folder.join("annexes");
        let mut annexes = Vec::new();
        for entry in std::fs::read_dir(&path).map_err(Error::io(&path))? {
            annexes.push(entry.map_err(Error::io(&path))?.path());
        }
        annexes.sort();
        Ok(Self { blocks, annexes })
    }
}

/// What [`collect`] did.
#[derive(Clone, Copy, Debug)]
pub struct Summary {
    /// Lines of the list.
    pub reserves: usize,
    /// Chains asked.
    pub chains: usize,
}

/// Collects balances and evidence of all lines of `list` into the new folder `out`.
///
/// # Errors
/// [`Error::Line`] for a wrong line, [`Error::Chain`] for what a node does or says, [`Error::InTheWay`], [`Error::Io`].
pub fn collect(
    config: &ChainsConfig,
    assets: &AssetTable,
    tokens: &TokenRegistry,
    list: &Path,
    out: &Path,
) -> Result<Summary, Error> {
    if out.exists() {
        return Err(Error::InTheWay {
            path: out.to_owned(),
            why: "it exists already".into(),
            remedy: "Name a new folder: what was collected is never overwritten.".into(),
        });
    }
    let (header, records, mut lines) = read_list(list, assets)?;
    let mut chains: BTreeMap<String, Vec<&mut Line>> = BTreeMap::new();
    for line in &mut lines {
        chains
            .entry(line.network.to_string())
            .or_default()
            .push(line);
    }
    let summary = Summary {
        reserves: records.len(),
        chains: chains.len(),
    };
    let mut collected = Harvest::default();
    for (network, mut lines) in chains {
        let Some(chain) = config.find(&network) else {
            let line = lines.first().map_or(0, |line| line.number);
            let why = format!("the configuration names no node of {network}");
            return Err(wrong(list, line, &why, "Add a [[chain]] with its nodes."));
        };
        collect_chain(config, chain, tokens, list, &mut lines, &mut collected)?;
    }
    write(out, &header, &records, &lines, &collected)?;
    Ok(summary)
}

fn collect_chain(
    config: &ChainsConfig,
    chain: &ChainConfig,
    tokens: &TokenRegistry,
    list: &Path,
    lines: &mut [&mut Line],
    collected: &mut Harvest,
) -> Result<(), Error> {
    let mut clients = Vec::new();
    for node in &chain.node {
        if let Some(client) = config.client(node)? {
            clients.push((node.name.as_str(), client));
        }
    }
    let first = lines.first().map(|line| line.network);
    match first {
        _ if clients.is_empty() => by_hand(chain, list, lines, collected),
        Some(Network::Evm(_)) => {
            let mut nodes = Vec::new();
            for (name, client) in &clients {
                let node = EvmNode::connect(client)?;
                expect_chain(&node.network(), chain, |why| {
                    node.fault(Fault::WrongChain, why)
                })?;
                nodes.push((*name, node));
            }
            Ok(collect_evm(chain, &nodes, tokens, lines, collected)?)
        }
        _ => {
            let mut nodes = Vec::new();
            for (_, client) in &clients {
                let node = BitcoinNode::connect(client)?;
                expect_chain(node.network(), chain, |why| {
                    node.fault(Fault::WrongChain, why)
                })?;
                nodes.push(node);
            }
            collect_bitcoin(chain, &nodes, list, lines, collected)
        }
    }
}

fn expect_chain(
    found: &str,
    chain: &ChainConfig,
    fault: impl FnOnce(String) -> ChainError,
) -> Result<(), ChainError> {
    if found == chain.network {
        return Ok(());
    }
    Err(fault(format!(
        "it is a node of {found}, not of {}",
        chain.network
    )))
}

/// The block of the snapshot, on which all nodes must agree.
fn agreed_block(
    chain: &ChainConfig,
    nodes: &[(&str, EvmNode<'_>)],
) -> Result<EvmBlock, ChainError> {
    let mut agreed: Option<EvmBlock> = None;
    for (_, node) in nodes {
        let height = match (&agreed, chain.height) {
            (Some(block), _) => block.header.number(),
            (None, Some(height)) => height,
            (None, None) => node.tip()?.saturating_sub(chain.depth),
        };
        let block = node.block(height)?;
        if let Some(other) = agreed.as_ref().filter(|other| other.rlp != block.rlp) {
            let why = format!(
                "block {height} is {} there, and {} at the first node",
                block.header.hash(),
                other.header.hash()
            );
            return Err(node.fault(Fault::Disagreement, why));
        }
        agreed = agreed.or(Some(block));
    }
    agreed.ok_or_else(|| ChainError::new(&chain.network, Fault::Unreachable, "it has no node"))
}

fn collect_evm(
    chain: &ChainConfig,
    nodes: &[(&str, EvmNode<'_>)],
    tokens: &TokenRegistry,
    lines: &mut [&mut Line],
    collected: &mut Harvest,
) -> Result<(), ChainError> {
    let block = agreed_block(chain, nodes)?;
    let height = block.header.number();
    let bar = progress::bar(lines.len() as u64, "balances");
    let mut records = Vec::new();
    if chain.evidence == Some(Evidence::AgreedReadings) {
        read_evm(nodes, height, lines, collected, &bar)?;
    } else if let Some((_, node)) = nodes.first() {
        prove_native(node, &block, lines, &mut records, &bar)?;
        prove_tokens(node, &block, tokens, lines, &mut records, &bar)?;
        call_tokens(nodes, height, lines, &mut records, &bar)?;
    }
    bar.finish_and_clear();
    // What was read of several requests must be of one chain.
    for (_, node) in nodes {
        if node.block(height)?.rlp != block.rlp {
            let why = format!("block {height} was replaced while it was read");
            return Err(node.fault(Fault::OtherBlock, why));
        }
    }
    collected.blocks.push(SnapshotBlock {
        network: chain.network.clone(),
        height,
        hash: block.header.hash(),
        muhash: None,
    });
    if !records.is_empty() {
        let first = EvmRecord::Block {
            network: chain.network.clone(),
            header: HexBytes(block.rlp),
        };
        let network = lines.first().map(|line| line.network);
        let name = network
            .and_then(|network| annex_name(&network))
            .unwrap_or_default();
        let bytes = jsonl(std::iter::once(&first).chain(&records));
        collected.annexes.insert(name, bytes);
    }
    Ok(())
}

fn false_proof(node: &EvmNode<'_>, error: &impl std::fmt::Display) -> ChainError {
    node.fault(Fault::False, format!("eth_getProof: {error}"))
}

/// The 20 bytes of an address that was parsed as one of an EVM chain.
fn holder(line: &Line) -> EvmAddress {
    EvmAddress::of(&line.address).unwrap_or(EvmAddress::from_bytes([0; 20]))
}

fn contract(line: &Line) -> Option<EvmAddress> {
    let (_, contract) = line.instance.id.as_str().split_once("/erc20:")?;
    EvmAddress::from_hex(contract)
}

fn prove_native(
    node: &EvmNode<'_>,
    block: &EvmBlock,
    lines: &mut [&mut Line],
    records: &mut Vec<EvmRecord>,
    bar: &indicatif::ProgressBar,
) -> Result<(), ChainError> {
    let mut lines: Vec<_> = lines
        .iter_mut()
        .filter(|line| contract(line).is_none())
        .collect();
    let addresses: Vec<_> = lines.iter().map(|line| holder(line)).collect();
    let height = block.header.number();
    let proofs = node.account_proofs(&addresses, height, |done| bar.inc(done as u64))?;
    for ((line, address), proof) in lines.iter_mut().zip(&addresses).zip(proofs) {
        let account = Account::prove(block.header.state_root(), address, &proof.account)
            .map_err(|error| false_proof(node, &error))?;
        let amount = account.map_or(Ok(ExactAmount::ZERO), |account| account.balance());
        line.found = Some(Found {
            amount: amount.map_err(|error| false_proof(node, &error))?,
            encumbered: line.pledged,
            evidence: Evidence::EvmStateProof,
        });
        records.push(EvmRecord::Account {
            address: line.address.as_str().into(),
            proof: proof.account,
        });
    }
    Ok(())
}

fn prove_tokens(
    node: &EvmNode<'_>,
    block: &EvmBlock,
    tokens: &TokenRegistry,
    lines: &mut [&mut Line],
    records: &mut Vec<EvmRecord>,
    bar: &indicatif::ProgressBar,
) -> Result<(), ChainError> {
    let mut by_contract: BTreeMap<EvmAddress, Vec<(&mut Line, [u8; 32])>> = BTreeMap::new();
    for line in lines.iter_mut() {
        let slot = tokens
            .find(&line.instance.id)
            .and_then(|token| token.layout.slot_of(&holder(line)));
        if let (Some(contract), Some(slot)) = (contract(line), slot) {
            by_contract.entry(contract).or_default().push((line, slot));
        }
    }
    for (contract, mut lines) in by_contract {
        let slots: Vec<_> = lines.iter().map(|(_, slot)| *slot).collect();
        let proof = node.storage_proofs(contract, &slots, block.header.number(), |_| ())?;
        let account = Account::prove(block.header.state_root(), &contract, &proof.account)
            .map_err(|error| false_proof(node, &error))?;
        let text = format!("0x{}", hex::encode(contract.as_bytes()));
        let network = lines.first().map(|(line, _)| line.network);
        let address = network.and_then(|network| Address::parse(&network, &text).ok());
        let known = records.iter().any(|record| {
            matches!((record, &address), (EvmRecord::Account { address: other, .. }, Some(own)) if other == own.as_str())
        });
        if let Some(address) = address.filter(|_| !known) {
            records.push(EvmRecord::Account {
                address: address.as_str().into(),
                proof: proof.account,
            });
        }
        for ((line, slot), nodes) in lines.iter_mut().zip(proof.storage) {
            let token = tokens.find(&line.instance.id);
            let stored = match (&account, token) {
                (Some(account), Some(token)) => account
                    .storage(slot, &nodes)
                    .and_then(|word| token.layout.balance_in(&word))
                    .map_err(|error| false_proof(node, &error))?,
                _ => StoredBalance {
                    amount: ExactAmount::ZERO,
                    frozen: false,
                },
            };
            line.found = Some(Found {
                amount: stored.amount,
                encumbered: if stored.frozen {
                    stored.amount
                } else {
                    line.pledged
                },
                evidence: Evidence::EvmStateProof,
            });
            records.push(EvmRecord::Storage {
                instance: line.instance.id.clone(),
                address: line.address.as_str().into(),
                proof: nodes,
            });
            bar.inc(1);
        }
    }
    Ok(())
}

/// Tokens whose storage is not known, or holds no balances: what the contract answers, the same from all nodes.
fn call_tokens(
    nodes: &[(&str, EvmNode<'_>)],
    height: u64,
    lines: &mut [&mut Line],
    records: &mut Vec<EvmRecord>,
    bar: &indicatif::ProgressBar,
) -> Result<(), ChainError> {
    let mut lines: Vec<_> = lines
        .iter_mut()
        .filter(|line| line.found.is_none())
        .collect();
    let asked: Vec<_> = lines
        .iter()
        .filter_map(|line| Some((contract(line)?, holder(line))))
        .collect();
    if asked.is_empty() {
        return Ok(());
    }
    let mut agreed: Option<Vec<[u8; 32]>> = None;
    for (_, node) in nodes {
        let words = node.token_balances(&asked, height, |_| ())?;
        if agreed.as_ref().is_some_and(|agreed| *agreed != words) {
            let why = "eth_call: it returns another balance than the first node";
            return Err(node.fault(Fault::Disagreement, why));
        }
        agreed = agreed.or(Some(words));
    }
    for (line, word) in lines.iter_mut().zip(agreed.unwrap_or_default()) {
        let amount = exact_of(&word).ok_or_else(|| {
            let why = "balanceOf returned more than 128 bits";
            ChainError::new(&line.instance.id.to_string(), Fault::Malformed, why)
        })?;
        line.found = Some(Found {
            amount,
            encumbered: line.pledged,
            evidence: Evidence::ContractCall,
        });
        records.push(EvmRecord::Call {
            instance: line.instance.id.clone(),
            address: line.address.as_str().into(),
            result: HexBytes(word.to_vec()),
        });
        bar.inc(1);
    }
    Ok(())
}

/// What several nodes say, without proofs.
fn read_evm(
    nodes: &[(&str, EvmNode<'_>)],
    height: u64,
    lines: &mut [&mut Line],
    collected: &mut Harvest,
    bar: &indicatif::ProgressBar,
) -> Result<(), ChainError> {
    if let [(_, node)] = nodes {
        let why = "agreed readings need two nodes, and it is the only one";
        return Err(node.fault(Fault::NotAvailable, why));
    }
    for (name, node) in nodes {
        let (mut native, mut calls) = (Vec::new(), Vec::new());
        for line in lines.iter() {
            match contract(line) {
                None => native.push(holder(line)),
                Some(contract) => calls.push((contract, holder(line))),
            }
        }
        let mut native = node.native_balances(&native, height, |_| ())?.into_iter();
        let mut calls = node.token_balances(&calls, height, |_| ())?.into_iter();
        for line in lines.iter_mut() {
            let amount = match contract(line) {
                None => native.next(),
                Some(_) => calls.next().and_then(|word| exact_of(&word)),
            };
            let amount =
                amount.ok_or_else(|| node.fault(Fault::Malformed, "a balance is missing"))?;
            if line.found.is_some_and(|found| found.amount != amount) {
                let why = format!("the balance of {} is another there", line.address);
                return Err(node.fault(Fault::Disagreement, why));
            }
            line.found = Some(Found {
                amount,
                encumbered: line.pledged,
                evidence: Evidence::AgreedReadings,
            });
            collected.readings.push(ReadingRecord {
                instance: line.instance.id.clone(),
                address: line.address.as_str().into(),
                amount,
                node: (*name).into(),
                slot: height,
                time: now(),
            });
            bar.inc(1);
        }
    }
    Ok(())
}

fn collect_bitcoin(
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
            // What is pledged may be what is immature; both are never less than the larger of the two.
            encumbered: immature.max(line.pledged),
            evidence: Evidence::UtxoSet,
        });
    }
    let network = lines.first().map(|line| line.network);
    let name = network
        .and_then(|network| annex_name(&network))
        .unwrap_or_default();
    collected.annexes.insert(name, jsonl(&records));
    collected.blocks.push(SnapshotBlock {
        network: chain.network.clone(),
        height,
        hash,
        muhash: Some(muhash),
    });
    Ok(())
}

/// Nodes without a URL: the list's own amounts, read by hand there, and at which slot.
fn by_hand(
    chain: &ChainConfig,
    list: &Path,
    lines: &mut [&mut Line],
    collected: &mut Harvest,
) -> Result<(), Error> {
    let ([node], Some(slot)) = (chain.node.as_slice(), chain.height) else {
        return Err(Error::refused(
            format!(
                "{}: a reading by hand has one node and a height",
                chain.network
            ),
            "Name the one node that was read, and the height or slot it answered for.",
        ));
    };
    for line in lines.iter_mut() {
        let amount = ExactAmount::from_units(&line.stated, line.instance.decimals);
        let amount = amount.map_err(|error| {
            let remedy = "Write the balance that the node showed.";
            wrong(list, line.number, &format!("amount: {error}"), remedy)
        })?;
        line.found = Some(Found {
            amount,
            encumbered: line.pledged,
            evidence: Evidence::SignedReading,
        });
        collected.readings.push(ReadingRecord {
            instance: line.instance.id.clone(),
            address: line.address.as_str().into(),
            amount,
            node: node.name.clone(),
            slot,
            time: now(),
        });
    }
    Ok(())
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

fn jsonl<'a, T: serde::Serialize + 'a>(records: impl IntoIterator<Item = &'a T>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for record in records {
        // Types of strings, integers and bytes; writing them to memory cannot fail.
        bytes.extend(serde_json::to_vec(record).unwrap_or_default());
        bytes.push(b'\n');
    }
    bytes
}

type List = (csv::StringRecord, Vec<csv::StringRecord>, Vec<Line>);

fn read_list(path: &Path, assets: &AssetTable) -> Result<List, Error> {
    let malformed = |error: csv::Error| {
        let line = error.position().map_or(0, csv::Position::line);
        wrong(
            path,
            line,
            &error.to_string(),
            "Write: network,address,asset",
        )
    };
    let file = std::fs::File::open(path).map_err(Error::io(path))?;
    let mut reader = csv::Reader::from_reader(file);
    let header = reader.headers().map_err(malformed)?.clone();
    let column = |name: &str| header.iter().position(|column| column == name);
    let (Some(network), Some(address), Some(asset)) =
        (column("network"), column("address"), column("asset"))
    else {
        let why = "it has no columns network, address and asset";
        return Err(wrong(path, 1, why, "Write: network,address,asset"));
    };
    let (amount, pledged) = (column("amount"), column("encumbered"));
    let (mut records, mut lines) = (Vec::new(), Vec::new());
    let mut seen = BTreeMap::new();
    for record in reader.records() {
        let record = record.map_err(malformed)?;
        let number = record.position().map_or(0, csv::Position::line);
        let field = |column: usize| record.get(column).unwrap_or_default();
        let fail = |(why, remedy): (String, String)| wrong(path, number, &why, &remedy);
        let parsed: Network = field(network).parse().map_err(|error| {
            let why = format!("network: {error}");
            wrong(
                path,
                number,
                &why,
                "Name the chain by its CAIP-2 id, such as eip155:1.",
            )
        })?;
        let address = Address::parse(&parsed, field(address)).map_err(|error| {
            let why = format!("address: {error}");
            wrong(path, number, &why, "Write an address of this chain.")
        })?;
        let instance = find_instance(assets, field(network), field(asset))
            .map_err(fail)?
            .clone();
        let text = pledged.map(field).unwrap_or_default();
        let pledged = match text {
            "" => Ok(ExactAmount::ZERO),
            text => ExactAmount::from_units(text, instance.decimals),
        };
        let pledged = pledged.map_err(|error| {
            let why = format!("encumbered: {error}");
            wrong(
                path,
                number,
                &why,
                "Write plain decimal units, such as 12.5.",
            )
        })?;
        let key = (instance.id.clone(), address.as_str().to_string());
        if let Some(first) = seen.insert(key, number) {
            let why = format!("this coin and address stand in line {first} already");
            return Err(wrong(
                path,
                number,
                &why,
                "Write each address once for each coin.",
            ));
        }
        lines.push(Line {
            number,
            network: parsed,
            address,
            instance,
            stated: amount.map(field).unwrap_or_default().into(),
            pledged,
            found: None,
        });
        records.push(record);
    }
    Ok((header, records, lines))
}

/// The list with three columns filled in or added.
fn filled(
    header: &csv::StringRecord,
    records: &[csv::StringRecord],
    lines: &[Line],
) -> Result<Vec<u8>, csv::Error> {
    let added = ["amount", "evidence", "encumbered"];
    let mut writer = csv::Writer::from_writer(Vec::new());
    let kept: Vec<usize> = (0..header.len())
        .filter(|column| {
            !header
                .get(*column)
                .is_some_and(|name| added.contains(&name))
        })
        .collect();
    let names = kept.iter().filter_map(|column| header.get(*column));
    writer.write_record(names.chain(added))?;
    for (record, line) in records.iter().zip(lines) {
        let units = |amount: ExactAmount| amount.to_units(line.instance.decimals);
        let (amount, evidence, encumbered) = line.found.map_or_else(Default::default, |found| {
            let encumbered = match found.encumbered {
                ExactAmount::ZERO => String::new(),
                other => units(other),
            };
            (units(found.amount), found.evidence.as_str(), encumbered)
        });
        let fields = kept.iter().filter_map(|column| record.get(*column));
        writer.write_record(fields.chain([amount.as_str(), evidence, encumbered.as_str()]))?;
    }
    writer
        .into_inner()
        .map_err(|error| error.into_error().into())
}

fn write(
    out: &Path,
    header: &csv::StringRecord,
    records: &[csv::StringRecord],
    lines: &[Line],
    collected: &Harvest,
) -> Result<(), Error> {
    let staging = Staging::at(durable::temporary(out))?;
    let folder = staging.path();
    let annexes = folder.join("annexes");
    std::fs::create_dir_all(&annexes).map_err(Error::io(&annexes))?;
    let path = folder.join("reserves.csv");
    let bytes = filled(header, records, lines).map_err(|error| Error::Io {
        path: path.clone(),
        source: error.into(),
    })?;
    durable::write(&path, &bytes)?;
    let mut blocks = collected.blocks.clone();
    blocks.sort_by(|left, right| left.network.cmp(&right.network));
    let path = folder.join("snapshot.json");
    let text = serde_json::to_vec_pretty(&blocks).map_err(|error| Error::Io {
        path: path.clone(),
        source: error.into(),
    })?;
    durable::write(&path, &text)?;
    for (name, bytes) in &collected.annexes {
        durable::write(&annexes.join(name), bytes)?;
    }
    if !collected.readings.is_empty() {
        durable::write(&annexes.join(READINGS_ANNEX), &jsonl(&collected.readings))?;
    }
    staging.rename(out)
}

fn wrong(path: &Path, line: u64, why: &str, remedy: &str) -> Error {
    Error::Line {
        path: path.to_owned(),
        line,
        why: why.into(),
        remedy: remedy.into(),
    }
}
