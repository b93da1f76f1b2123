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

mod bitcoin;
mod evm;
mod list;
mod readings;
mod wallets;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use por_protocol::amount::ExactAmount;
use por_protocol::asset::AssetTable;
use por_protocol::attestation::SnapshotBlock;
use por_protocol::balances::{READINGS_ANNEX, ReadingRecord, check_time};
use por_protocol::book_row::Evidence;
use por_protocol::ownership::{Challenge, Network};
use por_protocol::state_proof::TokenRegistry;
use serde::{Deserialize, Serialize};

use self::bitcoin::collect_bitcoin;
use self::evm::collect_evm;
use self::list::{Found, Line, filled, read_list, wrong};
use self::readings::collect_readings;
use super::bitcoin::BitcoinNode;
use super::config::{ChainConfig, ChainsConfig};
use super::error::{ChainError, Fault};
use super::evm::EvmNode;
use super::reading::reader;
use crate::error::Error;
use crate::files::durable::{self, Staging};

/// One entry of `snapshot.json`.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct CollectedBlock {
    #[serde(flatten)]
    block: SnapshotBlock,
    /// Its own time, in Unix seconds, where evidence does not tell it: only `attest` knows the snapshot's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    time: Option<u64>,
}

/// What was found on all chains.
#[derive(Default)]
struct Harvest {
    blocks: Vec<CollectedBlock>,
    annexes: BTreeMap<String, Vec<u8>>,
    readings: Vec<ReadingRecord>,
}

/// What the collecting side knows beside nodes.
#[derive(Clone, Copy)]
struct Known<'a> {
    tokens: &'a TokenRegistry,
    /// What contract wallets were to sign.
    challenge: Option<&'a Challenge>,
}

/// A folder that [`collect`] wrote.
#[derive(Debug)]
pub struct Collected {
    blocks: Vec<CollectedBlock>,
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

    /// The block of each chain.
    #[must_use]
    pub fn blocks(&self) -> Vec<SnapshotBlock> {
        let blocks = self.blocks.iter();
        blocks.map(|collected| collected.block.clone()).collect()
    }

    /// The block of each chain, for a snapshot at `time`.
    ///
    /// # Errors
    /// [`Error::Refused`] for a block of another time (SPEC §7.5): readings do not carry it, and an old block with balances
    /// that have left since would pass every check but an auditor's own node.
    pub fn blocks_at(&self, time: u64) -> Result<Vec<SnapshotBlock>, Error> {
        for CollectedBlock { block, time: own } in &self.blocks {
            let remedy = "Collect again at a block of the snapshot's time; nothing was signed.";
            own.map_or(Ok(()), |own| check_time(time, own))
                .map_err(|error| Error::refused(format!("{}: {error}", block.network), remedy))?;
        }
        Ok(self.blocks())
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

/// Collects balances and evidence of all lines of `list` into the new folder `out`. `challenge` is what contracts are asked
/// about by lines of the scheme `eip1271`.
///
/// # Errors
/// [`Error::Line`] for a wrong line, [`Error::Chain`] for what a node does or says, [`Error::InTheWay`], [`Error::Io`].
pub fn collect(
    config: &ChainsConfig,
    assets: &AssetTable,
    tokens: &TokenRegistry,
    challenge: Option<&Challenge>,
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
        let known = Known { tokens, challenge };
        collect_chain(config, chain, known, list, &mut lines, &mut collected)?;
    }
    write(out, &header, &records, &lines, &collected)?;
    Ok(summary)
}

fn collect_chain(
    config: &ChainsConfig,
    chain: &ChainConfig,
    known: Known<'_>,
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
                let node = EvmNode::connect(&client.rpc)?;
                expect_chain(&node.network(), chain, |why| {
                    node.fault(Fault::WrongChain, why)
                })?;
                nodes.push((*name, node));
            }
            Ok(collect_evm(chain, &nodes, known, lines, collected)?)
        }
        Some(network) if !matches!(network, Network::Bitcoin(_)) => {
            let mut nodes = Vec::new();
            for (name, client) in &clients {
                let node = reader(&chain.network, client)?;
                expect_chain(&node.network(), chain, |why| {
                    node.fault(Fault::WrongChain, why)
                })?;
                nodes.push((*name, node));
            }
            Ok(collect_readings(chain, &nodes, lines, collected)?)
        }
        _ => {
            let mut nodes = Vec::new();
            for (_, client) in &clients {
                let node = BitcoinNode::connect(&client.rpc)?;
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
            staked: ExactAmount::ZERO,
            evidence: Evidence::SignedReading,
        });
        collected.readings.push(ReadingRecord {
            instance: line.instance.id.clone(),
            address: line.address.as_str().into(),
            amount,
            node: node.name.clone(),
            slot,
            answered: None,
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
    blocks.sort_by(|left, right| left.block.network.cmp(&right.block.network));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b_03_a_block_of_another_time_is_not_attested() {
        const TIME: u64 = 1_761_868_800;
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("annexes")).unwrap();
        let collected = |entry: &str| {
            std::fs::write(folder.path().join("snapshot.json"), entry).unwrap();
            Collected::read(folder.path())
        };
        let block =
            |time: &str| format!("[{{\"network\":\"xrpl:0\",\"height\":7,\"hash\":\"00\"{time}}}]");
        for (time, near) in [
            (TIME, true),
            (TIME + 7_200, true),
            (TIME - 7_201, false),
            (TIME + 7_201, false),
        ] {
            let blocks = collected(&block(&format!(",\"time\":{time}"))).unwrap();
            assert_eq!(blocks.blocks_at(TIME).is_ok(), near, "{time}");
        }
        // Where the evidence has the header, it tells the time.
        let blocks = collected(&block("")).unwrap().blocks_at(TIME).unwrap();
        assert_eq!((blocks[0].height, blocks[0].muhash), (7, None));
        assert!(collected(&block(",\"times\":1")).is_err());
    }
}
