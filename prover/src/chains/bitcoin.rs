//! A node of a Bitcoin chain: the unspent outputs of given scripts at a past block, and the MuHash of the whole set.
//!
//! A node keeps the set at its tip only. The set at the height `H` below it is found without rolling the node back: scan
//! the tip once (`scantxoutset`), then undo its blocks down to `H + 1` with `getblock` at verbosity 3, which tells what
//! each input spent. The walk follows the links from the scanned tip, so that a reorganisation meanwhile cannot mix chains.
//!
//! Cost: one scan of the set, and one block for each block since the snapshot.
//! Source: the RPC documentation of Bitcoin Core 29.

use std::collections::{BTreeMap, HashSet};

use por_protocol::amount::{Decimals, ExactAmount};
use por_protocol::balances::OutPoint;
use por_protocol::digest::Digest;
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use super::error::{ChainError, Fault};
use super::json_rpc::JsonRpc;

/// Decimals of every Bitcoin amount that a node prints.
const DECIMALS: u8 = 8;
/// Where a header has its time.
const TIME: std::ops::Range<usize> = 68..72;
/// Most blocks that are undone: a month.
const MAX_DEPTH: u64 = 4500;

/// A node that was asked which chain it is of.
#[derive(Debug)]
pub struct BitcoinNode<'a> {
    rpc: &'a JsonRpc,
    network: String,
}

/// An unspent output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Utxo {
    /// The script it pays to.
    pub script: Vec<u8>,
    /// In satoshi.
    pub amount: ExactAmount,
    /// Height of the block that made it.
    pub height: u64,
    /// Whether it pays a miner.
    pub coinbase: bool,
}

#[derive(Deserialize)]
struct ChainInfo {
    blocks: u64,
    #[serde(default)]
    pruned: bool,
    #[serde(default)]
    pruneheight: u64,
}

#[derive(Deserialize)]
struct Scan {
    success: bool,
    height: u64,
    bestblock: String,
    unspents: Vec<ScannedUtxo>,
}

#[derive(Deserialize)]
struct ScannedUtxo {
    txid: String,
    vout: u32,
    #[serde(rename = "scriptPubKey")]
    script: String,
    amount: Box<RawValue>,
    coinbase: bool,
    height: u64,
}

#[derive(Deserialize)]
struct Block {
    hash: String,
    height: u64,
    previousblockhash: Option<String>,
    tx: Vec<Transaction>,
}

#[derive(Deserialize)]
struct Transaction {
    txid: String,
    vin: Vec<Input>,
    vout: Vec<Output>,
}

#[derive(Deserialize)]
struct Input {
    txid: Option<String>,
    vout: Option<u32>,
    coinbase: Option<String>,
    prevout: Option<PreviousOutput>,
}

#[derive(Deserialize)]
struct PreviousOutput {
    generated: bool,
    height: u64,
    value: Box<RawValue>,
    #[serde(rename = "scriptPubKey")]
    script: Script,
}

#[derive(Deserialize)]
struct Output {
    n: u32,
    #[serde(rename = "scriptPubKey")]
    script: Script,
}

#[derive(Deserialize)]
struct Script {
    hex: String,
}

#[derive(Deserialize)]
struct SetInfo {
    height: u64,
    bestblock: String,
    muhash: String,
}

impl<'a> BitcoinNode<'a> {
    /// Asks the node for its genesis block, which names its chain.
    ///
    /// # Errors
    /// [`ChainError`].
    pub fn connect(rpc: &'a JsonRpc) -> Result<Self, ChainError> {
        let genesis: String = rpc.call("getblockhash", json!([0]))?;
        let hash = Digest::from_hex(&genesis)
            .ok_or_else(|| rpc.fault(Fault::Malformed, "getblockhash: it is no hash"))?;
        let reference: String = hash.to_string().chars().take(32).collect();
        Ok(Self {
            rpc,
            network: format!("bip122:{reference}"),
        })
    }

    /// CAIP-2 id of its chain.
    #[must_use]
    pub fn network(&self) -> &str {
        &self.network
    }

    /// The node as people know it.
    #[must_use]
    pub fn shown(&self) -> &str {
        self.rpc.shown()
    }

    /// A fault of this node.
    pub fn fault(&self, fault: Fault, why: impl Into<String>) -> ChainError {
        self.rpc.fault(fault, why)
    }

    /// Height of its last block.
    ///
    /// # Errors
    /// [`ChainError`].
    pub fn tip(&self) -> Result<u64, ChainError> {
        Ok(self.info()?.blocks)
    }

    fn info(&self) -> Result<ChainInfo, ChainError> {
        self.rpc.call("getblockchaininfo", json!([]))
    }

    /// Hash of the block at a height, as displayed.
    ///
    /// # Errors
    /// [`ChainError`]; [`Fault::NotAvailable`] where the node has no such block yet.
    pub fn block_hash(&self, height: u64) -> Result<String, ChainError> {
        let tip = self.tip()?;
        if tip < height {
            let why = format!("it has blocks up to {tip}, not {height}");
            return Err(self.fault(Fault::NotAvailable, why));
        }
        let hash: String = self.rpc.call("getblockhash", json!([height]))?;
        match Digest::from_hex(&hash) {
            Some(_) => Ok(hash),
            None => Err(self.fault(Fault::Malformed, "getblockhash: it is no hash")),
        }
    }

    /// The 80 bytes of a block's header.
    ///
    /// # Errors
    /// [`ChainError`].
    pub fn header(&self, hash: &str) -> Result<Vec<u8>, ChainError> {
        let header: String = self.rpc.call("getblockheader", json!([hash, false]))?;
        hex::decode(header)
            .ok()
            .filter(|header| header.len() == 80)
            .ok_or_else(|| self.fault(Fault::Malformed, "getblockheader: it has not 80 bytes"))
    }

    /// A block's own time, in Unix seconds.
    ///
    /// # Errors
    /// [`ChainError`].
    pub fn time(&self, hash: &str) -> Result<u64, ChainError> {
        let header = self.header(hash)?;
        let time = header.get(TIME).and_then(|time| time.try_into().ok());
        let time = time.map(u32::from_le_bytes).map(u64::from);
        time.ok_or_else(|| self.fault(Fault::Malformed, "getblockheader: it has no time"))
    }

    /// MuHash of the whole set of unspent outputs after a block.
    ///
    /// # Errors
    /// [`ChainError`]; [`Fault::NotAvailable`] where the node has no index of it (`-coinstatsindex`).
    pub fn muhash(&self, height: u64, hash: &str) -> Result<Digest, ChainError> {
        const METHOD: &str = "gettxoutsetinfo";
        let info: Result<SetInfo, _> = self.rpc.call(METHOD, json!(["muhash", height]));
        let info = match info {
            // Without the index, only the tip's set is known.
            Err(error) if error.fault == Fault::NodeError => {
                let tip: SetInfo = self.rpc.call(METHOD, json!(["muhash"]))?;
                if tip.height != height {
                    return Err(self.fault(Fault::NotAvailable, error.why));
                }
                tip
            }
            other => other?,
        };
        if info.bestblock != hash {
            return Err(self.fault(
                Fault::OtherBlock,
                format!(
                    "{METHOD}: block {height} is {}, not {hash}",
                    shorten(&info.bestblock)
                ),
            ));
        }
        Digest::from_hex(&info.muhash)
            .ok_or_else(|| self.fault(Fault::Malformed, format!("{METHOD}: it is no hash")))
    }

    /// The unspent outputs of `scripts` after the block at `height`, which must be `hash`.
    ///
    /// # Errors
    /// [`ChainError`]; [`Fault::OtherBlock`] where the node's chain has another block there.
    pub fn utxos(
        &self,
        scripts: &[Vec<u8>],
        height: u64,
        hash: &str,
        mut undone: impl FnMut(u64, u64),
    ) -> Result<BTreeMap<OutPoint, Utxo>, ChainError> {
        let info = self.info()?;
        if info.blocks < height {
            let why = format!("it has blocks up to {}, not {height}", info.blocks);
            return Err(self.fault(Fault::NotAvailable, why));
        }
        if info.blocks - height > MAX_DEPTH {
            let why = format!("{height} is more than {MAX_DEPTH} blocks below its tip");
            return Err(self.fault(Fault::NotAvailable, why));
        }
        if info.pruned && info.blocks > height && info.pruneheight > height + 1 {
            let why = format!(
                "it is pruned below {}, and {height} is asked for",
                info.pruneheight
            );
            return Err(self.fault(Fault::NotAvailable, why));
        }
        let descriptors: Vec<String> = scripts
            .iter()
            .map(|script| format!("raw({})", hex::encode(script)))
            .collect();
        let scan: Scan = self
            .rpc
            .call("scantxoutset", json!(["start", descriptors]))?;
        if !scan.success || scan.height < height {
            return Err(self.fault(Fault::NotAvailable, "scantxoutset: the scan did not finish"));
        }
        let scripts: HashSet<&[u8]> = scripts.iter().map(Vec::as_slice).collect();
        let mut set = BTreeMap::new();
        for utxo in &scan.unspents {
            let script = self.script(&utxo.script)?;
            if !scripts.contains(script.as_slice()) {
                return Err(self.fault(Fault::Malformed, "scantxoutset: it found other scripts"));
            }
            let found = Utxo {
                script,
                amount: self.amount(&utxo.amount)?,
                height: utxo.height,
                coinbase: utxo.coinbase,
            };
            if set
                .insert(self.outpoint(&utxo.txid, utxo.vout)?, found)
                .is_some()
            {
                return Err(self.fault(Fault::Malformed, "scantxoutset: an output stands twice"));
            }
        }
        let mut at = (scan.height, scan.bestblock);
        while at.0 > height {
            undone(scan.height - at.0, scan.height - height);
            at = self.undo(&at, &scripts, &mut set)?;
        }
        if at.1 != hash {
            let why = format!("its block {height} is {}, not {hash}", shorten(&at.1));
            return Err(self.fault(Fault::OtherBlock, why));
        }
        Ok(set)
    }

    /// Undoes one block on the set, and gives the one below it.
    fn undo(
        &self,
        (height, hash): &(u64, String),
        scripts: &HashSet<&[u8]>,
        set: &mut BTreeMap<OutPoint, Utxo>,
    ) -> Result<(u64, String), ChainError> {
        let malformed =
            |why: &str| self.fault(Fault::Malformed, format!("getblock {height}: {why}"));
        let block: Block = self.rpc.call("getblock", json!([hash, 3]))?;
        if block.hash != *hash || block.height != *height {
            return Err(malformed("it is another block"));
        }
        for transaction in block.tx.iter().rev() {
            for output in &transaction.vout {
                if scripts.contains(self.script(&output.script.hex)?.as_slice()) {
                    set.remove(&self.outpoint(&transaction.txid, output.n)?);
                }
            }
            for input in &transaction.vin {
                let (Some(txid), Some(vout)) = (&input.txid, input.vout) else {
                    match input.coinbase {
                        Some(_) => continue,
                        None => return Err(malformed("an input spends nothing")),
                    }
                };
                let Some(spent) = &input.prevout else {
                    let why = format!("getblock {height}: it no longer knows what was spent");
                    return Err(self.fault(Fault::NotAvailable, why));
                };
                let script = self.script(&spent.script.hex)?;
                if scripts.contains(script.as_slice()) {
                    let utxo = Utxo {
                        script,
                        amount: self.amount(&spent.value)?,
                        height: spent.height,
                        coinbase: spent.generated,
                    };
                    set.insert(self.outpoint(txid, vout)?, utxo);
                }
            }
        }
        let below = block
            .previousblockhash
            .ok_or_else(|| malformed("it has none below"))?;
        Ok((height - 1, below))
    }

    fn script(&self, text: &str) -> Result<Vec<u8>, ChainError> {
        hex::decode(text).map_err(|_| self.fault(Fault::Malformed, "a script is not hex"))
    }

    fn outpoint(&self, txid: &str, vout: u32) -> Result<OutPoint, ChainError> {
        format!("{txid}:{vout}")
            .parse()
            .map_err(|_| self.fault(Fault::Malformed, "a transaction's id is no hash"))
    }

    /// Exact, from the digits the node wrote: no binary fraction in between.
    fn amount(&self, digits: &RawValue) -> Result<ExactAmount, ChainError> {
        Decimals::new(DECIMALS)
            .and_then(|decimals| ExactAmount::from_units(digits.get(), decimals))
            .map_err(|error| self.fault(Fault::Malformed, format!("an amount: {error}")))
    }
}

fn shorten(text: &str) -> String {
    text.chars().take(64).flat_map(char::escape_debug).collect()
}
