//! Evidence classes, and what the checker has confirmed to give them.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::{String, ToString};

use serde::{Serialize, Serializer};

use crate::asset::AssetId;
use crate::attestation::{Snapshot, SnapshotBlock};
use crate::book_row::{BookRow, Evidence};
use crate::error::Error;
use crate::ownership::Scheme;
use crate::report::Facts;
use crate::reserve_row::ReserveRow;

/// How good evidence is after the checker's own work, from the best to the weakest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Proven against a block hash that the checker has confirmed.
    A,
    /// Re-queried by the checker's own node.
    B,
    /// Several named nodes agree.
    C,
    /// Proven against a block hash that nobody confirmed: a header can be invented, so it counts with D.
    BlockUnconfirmed,
    /// Signed by the exchange only.
    D,
}

impl Class {
    /// As reports show it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::B => "B",
            Self::C => "C",
            Self::BlockUnconfirmed => "A, block unconfirmed",
            Self::D => "D",
        }
    }

    /// Of a row before the checker has done anything: no more than this is said by evidence alone.
    #[must_use]
    pub fn unconfirmed(row: &ReserveRow) -> Self {
        Confirmed::default().of_row(&[], row)
    }
}

impl Serialize for Class {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// What the checker found out with nodes of the own, or was told by somebody the checker trusts. Never read from a file
/// that is judged.
#[derive(Clone, Debug, Default)]
pub struct Confirmed {
    blocks: BTreeMap<String, String>,
    disputed: BTreeSet<String>,
    requeried: BTreeSet<(String, Evidence)>,
    answered: BTreeSet<String>,
}

impl Confirmed {
    /// The chain `network` has, at the snapshot's height, the block with this hash. Where two are said, neither is
    /// confirmed, and nothing that is said later confirms one of them.
    ///
    /// # Errors
    /// [`Error::Mismatch`] where another hash was confirmed for the same chain.
    pub fn block(&mut self, network: &str, hash: &str) -> Result<(), Error> {
        let dispute = |why: String| Error::Mismatch {
            what: "confirmed block",
            why,
        };
        if self.disputed.contains(network) {
            return Err(dispute(format!(
                "{network} is confirmed at several, {hash} among them"
            )));
        }
        match self.blocks.get(network) {
            Some(other) if other != hash => {
                let why = format!("{network} is confirmed at {other} and at {hash}");
                self.blocks.remove(network);
                self.disputed.insert(network.into());
                Err(dispute(why))
            }
            Some(_) => Ok(()),
            None => {
                self.blocks.insert(network.into(), hash.into());
                Ok(())
            }
        }
    }

    /// All balances of this evidence on `network` were read again at the snapshot's block, and are the same.
    pub fn requeried(&mut self, network: &str, evidence: Evidence) {
        self.requeried.insert((network.into(), evidence));
    }

    /// All contract wallets on `network` were asked again at the snapshot's block: they said yes to their signatures, and
    /// no to what nobody signed.
    pub fn wallets_answered(&mut self, network: &str) {
        self.answered.insert(network.into());
    }

    /// Whether anything is confirmed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.blocks.is_empty() && self.requeried.is_empty() && self.answered.is_empty()
    }

    /// Checks that the snapshot's blocks are those confirmed.
    ///
    /// # Errors
    /// [`Error::Mismatch`] where the snapshot has another block, [`Error::Missing`] where it has none of that chain.
    pub fn check_blocks(&self, snapshot: &Snapshot) -> Result<Facts, Error> {
        let mut facts = Facts::new();
        for (network, hash) in &self.blocks {
            let Some(block) = snapshot
                .blocks
                .iter()
                .find(|block| block.network == *network)
            else {
                return Err(Error::Missing {
                    what: "a snapshot block of the chain that was confirmed",
                });
            };
            if block.hash != *hash {
                return Err(Error::Mismatch {
                    what: "block of the snapshot",
                    why: format!(
                        "the attestation has {} on {network}, the chain has {hash}",
                        crate::json::shorten(&block.hash)
                    ),
                });
            }
        }
        if !self.blocks.is_empty() {
            facts.insert("blocks_confirmed", self.blocks.len().to_string());
        }
        Ok(facts)
    }

    fn class(&self, blocks: &[SnapshotBlock], network: &str, evidence: Evidence) -> Class {
        let confirmed = || {
            let block = blocks.iter().find(|block| block.network == network);
            block.is_some_and(|block| self.blocks.get(network) == Some(&block.hash))
        };
        let requeried = || self.requeried.contains(&(network.into(), evidence)) && confirmed();
        match evidence {
            Evidence::EvmStateProof if confirmed() => Class::A,
            Evidence::EvmStateProof => Class::BlockUnconfirmed,
            _ if requeried() => Class::B,
            Evidence::UtxoSet | Evidence::ContractCall | Evidence::SignedReading => Class::D,
            Evidence::AgreedReadings => Class::C,
        }
    }
}

/// A balance is worth no more than the voice that claims it.
impl Confirmed {
    fn of_row(&self, blocks: &[SnapshotBlock], row: &ReserveRow) -> Class {
        let balance = self.class(blocks, &row.network, row.evidence);
        let state = self.class(blocks, &row.network, Evidence::EvmStateProof);
        let voice = match row.scheme.parse() {
            Ok(Scheme::Safe) => state,
            Ok(Scheme::Eip1271) if state == Class::A && self.answered.contains(&row.network) => {
                Class::B
            }
            Ok(Scheme::Eip1271) => Class::D,
            _ => Class::A,
        };
        balance.max(voice)
    }
}

/// The class of each sum of reserves.
///
/// A sum is as good as the weakest of its rows: half a chain confirmed confirms no sum over both halves.
#[derive(Clone, Debug, Default)]
pub struct Classes(BTreeMap<(AssetId, Evidence), Class>);

impl Classes {
    /// Nobody looked at the evidence (a customer's statement does not carry it): all rests on the exchange's signature.
    #[must_use]
    pub fn unchecked() -> Self {
        Self::default()
    }

    /// Of sums whose rows were all verified by [`super::verify_balances`].
    #[must_use]
    pub fn of(
        books: &[BookRow],
        rows: &[ReserveRow],
        snapshot: &Snapshot,
        confirmed: &Confirmed,
    ) -> Self {
        let mut assets = BTreeMap::new();
        for book in books {
            for instance in book.asset.instances() {
                assets.insert(&instance.id, book.asset.id());
            }
        }
        let mut classes = BTreeMap::new();
        for row in rows {
            let Some(asset) = assets.get(&row.instance) else {
                continue;
            };
            let class = confirmed.of_row(&snapshot.blocks, row);
            let weakest = classes
                .entry(((*asset).clone(), row.evidence))
                .or_insert(class);
            *weakest = class.max(*weakest);
        }
        Self(classes)
    }

    /// The class of one sum.
    #[must_use]
    pub fn class(&self, asset: &AssetId, evidence: Evidence) -> Class {
        let class = self.0.get(&(asset.clone(), evidence));
        class.copied().unwrap_or(Class::D)
    }
}
