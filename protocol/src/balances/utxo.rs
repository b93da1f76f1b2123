//! `utxo-<CAIP-2 reference>.jsonl`: the header of the snapshot's block and the unspent outputs of the reserves' scripts.
//!
//! A list cannot show that its outputs were unspent: only a node can, which is asked again for class B. What the list
//! adds without one: no output counts twice, the block's header carries its own work, and the whole set of outputs at that
//! block is pinned by its MuHash, so that two answers to "which outputs were there" can be told apart for ever.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

use serde::Serialize;

use super::evm::about;
use super::{MAX_RECORD_BYTES, check_time, lines, mismatch};
use crate::amount::ExactAmount;
use crate::attestation::SnapshotBlock;
use crate::digest::decode_hex;
use crate::error::Error;
use crate::hex_bytes::HexBytes;
use crate::json::{self, FromJson, Mistake};
use crate::ownership::{BitcoinBlock, BitcoinChain, Network, POW_FLOOR, Target};
use crate::reserve_row::ReserveRow;

const WHAT: &str = "UTXO annex";
/// Blocks until the coins of a new block may be spent (consensus rule `COINBASE_MATURITY`).
const COINBASE_MATURITY: u64 = 100;
/// The least work there is: regtest's target. A test network's header shows nothing else.
const NO_FLOOR: u32 = 0x207f_ffff;

/// `<txid>:<index>`, the transaction's id as displayed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(into = "String")]
pub struct OutPoint {
    txid: [u8; 32],
    index: u32,
}

json::text!(OutPoint, Self::from_str);

impl FromStr for OutPoint {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let wrong = || Error::Field {
            what: "outpoint",
            why: "expected 64 lower-case hex digits, a colon and a number".into(),
        };
        let (txid, index) = text.split_once(':').ok_or_else(wrong)?;
        let canonical = index == "0" || !index.starts_with(['0', '+']);
        Ok(Self {
            txid: decode_hex(txid).ok_or_else(wrong)?,
            index: index.parse().ok().filter(|_| canonical).ok_or_else(wrong)?,
        })
    }
}

impl TryFrom<String> for OutPoint {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<OutPoint> for String {
    fn from(outpoint: OutPoint) -> Self {
        outpoint.to_string()
    }
}

impl fmt::Display for OutPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", hex::encode(self.txid), self.index)
    }
}

/// One line of the annex.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum UtxoRecord {
    /// The first line, and no other.
    Block {
        /// CAIP-2 id of the chain.
        network: String,
        /// The 80 bytes of the header.
        header: HexBytes,
    },
    /// An unspent output.
    Utxo {
        /// Canonical address that it pays to.
        address: String,
        /// Which output.
        outpoint: OutPoint,
        /// In the chain's smallest unit.
        amount: ExactAmount,
        /// Height of the block that made it.
        height: u64,
        /// Whether it pays a miner.
        coinbase: bool,
    },
}

impl FromJson for UtxoRecord {
    fn from_json(value: json::Value) -> Result<Self, Mistake> {
        let (name, inner) = value.variant()?;
        match name.as_str() {
            "block" => json::fields!(json::content(inner)?, Self::Block { network, header }),
            "utxo" => json::fields!(
                json::content(inner)?,
                Self::Utxo {
                    address,
                    outpoint,
                    amount,
                    height,
                    coinbase
                }
            ),
            _ => Err(Mistake::UnknownVariant(name)),
        }
    }
}

/// Whether a coinbase output of `height` cannot be spent yet in the block after `snapshot`.
#[must_use]
pub const fn is_immature(snapshot: u64, height: u64) -> bool {
    snapshot.saturating_add(1).saturating_sub(height) < COINBASE_MATURITY
}

#[derive(Clone, Debug)]
struct Output {
    address: String,
    outpoint: OutPoint,
    amount: ExactAmount,
    height: u64,
    coinbase: bool,
}

/// What the outputs of one address add up to.
#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    amount: ExactAmount,
    immature: ExactAmount,
}

/// An annex, parsed: no output stands twice.
#[derive(Clone, Debug)]
pub struct UtxoAnnex {
    block: BitcoinBlock,
    outputs: Vec<Output>,
}

impl UtxoAnnex {
    /// Parses the exact bytes of the annex of `network`.
    ///
    /// # Errors
    /// [`Error::Syntax`], [`Error::TooLarge`], [`Error::Duplicate`] for an output that stands twice, [`Error::Mismatch`],
    /// [`Error::Field`].
    pub fn parse(network: &Network, bytes: &[u8]) -> Result<Self, Error> {
        let mut lines = lines(WHAT, bytes)?;
        let first = lines.next().unwrap_or_default();
        let block = match json::parse(WHAT, first, MAX_RECORD_BYTES)? {
            UtxoRecord::Block {
                network: own,
                header,
            } if own == network.to_string() => {
                BitcoinBlock::from_bytes(&header.0).map_err(|error| refuse(&error))?
            }
            _ => return mismatch(WHAT, format!("its first line is no block of {network}")),
        };
        let mut annex = Self {
            block,
            outputs: Vec::new(),
        };
        let mut seen = BTreeSet::new();
        for line in lines {
            let UtxoRecord::Utxo {
                address,
                outpoint,
                amount,
                height,
                coinbase,
            } = json::parse(WHAT, line, MAX_RECORD_BYTES)?
            else {
                return mismatch(WHAT, "it has a second block");
            };
            if !seen.insert(outpoint) {
                return Err(Error::Duplicate {
                    what: "output",
                    found: outpoint.to_string(),
                });
            }
            annex.outputs.push(Output {
                address,
                outpoint,
                amount,
                height,
                coinbase,
            });
        }
        Ok(annex)
    }

    /// Outpoint, address, amount, height and whether it is a coinbase, of each output.
    pub fn outputs(&self) -> impl Iterator<Item = (OutPoint, &str, ExactAmount, u64, bool)> {
        self.outputs.iter().map(|output| {
            let Output {
                outpoint,
                address,
                amount,
                height,
                coinbase,
            } = output;
            (*outpoint, address.as_str(), *amount, *height, *coinbase)
        })
    }

    /// Checks the rows of this chain that rest on the annex, and that every output is some row's.
    pub(super) fn verify(
        &self,
        network: &Network,
        block: &SnapshotBlock,
        time: u64,
        rows: &[&ReserveRow],
    ) -> Result<(), Error> {
        if self.block.hash().to_string() != block.hash {
            let why = format!(
                "the header is of {}, the snapshot's block is {}",
                self.block.hash(),
                json::shorten(&block.hash)
            );
            return mismatch("Bitcoin header", why);
        }
        let floor = match network {
            Network::Bitcoin(BitcoinChain::Mainnet) => POW_FLOOR,
            _ => Target::from_compact(NO_FLOOR).map_err(|error| refuse(&error))?,
        };
        self.block
            .verify_work(&floor)
            .map_err(|error| refuse(&error))?;
        check_time(time, self.block.time().seconds())?;
        if block.muhash.is_none() {
            return mismatch(
                "snapshot",
                format!("reserves rest on outputs of {network}, and its block has no muhash"),
            );
        }
        let mut sums: BTreeMap<&str, Sum> = rows
            .iter()
            .map(|row| (row.address.as_str(), Sum::default()))
            .collect();
        for (outpoint, address, amount, height, coinbase) in self.outputs() {
            let Some(sum) = sums.get_mut(address) else {
                return mismatch(WHAT, format!("{outpoint} is no reserve row's"));
            };
            if height > block.height {
                return mismatch(
                    WHAT,
                    format!("{outpoint} is of a block after the snapshot's"),
                );
            }
            let add = |sum: ExactAmount| sum.checked_add(amount).map_err(|_| Error::TotalOverflow);
            sum.amount = add(sum.amount)?;
            if coinbase && is_immature(block.height, height) {
                sum.immature = add(sum.immature)?;
            }
        }
        for row in rows {
            let sum = sums.get(row.address.as_str()).copied().unwrap_or_default();
            if sum.amount != row.amount {
                let why = format!("the row says {}, its outputs {}", row.amount, sum.amount);
                return Err(about(
                    row,
                    Error::Mismatch {
                        what: "balance",
                        why,
                    },
                ));
            }
            if sum.immature > row.encumbered.unwrap_or_default() {
                let why = format!(
                    "{} cannot be spent yet and are not encumbered",
                    sum.immature
                );
                let what = "encumbered amount";
                return Err(about(row, Error::Mismatch { what, why }));
            }
        }
        Ok(())
    }
}

fn refuse(error: &crate::ownership::OwnershipError) -> Error {
    Error::Field {
        what: "Bitcoin header",
        why: error.to_string(),
    }
}
