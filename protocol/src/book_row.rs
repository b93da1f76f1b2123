//! A row of `books.jsonl`: what the attestation says of one book (SPEC §7.2). Its exact bytes are a leaf under the
//! attestation's books root.

use alloc::collections::BTreeSet;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde::Serialize;

use crate::amount::Amount;
use crate::asset::Asset;
use crate::digest::Digest;
use crate::error::Error;
use crate::hex_bytes::HexBytes;
use crate::json::{self, FromJson, Mistake};
use crate::kind::Kind;
use crate::liabilities::{Commitment, Node, Shape};

/// An asset may have 256 instances of some 100 bytes; a row of more is no row.
pub const MAX_ROW_BYTES: usize = 64 * 1024;

/// The root node of a book.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Root {
    /// Commitment to the total.
    pub commitment: Commitment,
    /// Hash of the root tile's record.
    pub hash: Digest,
}

json::object!(Root { commitment, hash });
json::deserialize!(Root);

impl Root {
    /// As a node of the tree.
    #[must_use]
    pub const fn node(&self) -> Node {
        Node {
            commitment: self.commitment,
            hash: self.hash,
        }
    }
}

/// The liabilities total of a book as published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Total {
    /// The total, with a proof that the root opens to it.
    Public {
        /// Atoms.
        amount: Amount,
        /// 64 bytes.
        proof: HexBytes,
    },
    /// A bound, with a proof that the total does not exceed it.
    Sealed {
        /// Atoms.
        bound: Amount,
        /// 672 bytes.
        proof: HexBytes,
    },
}

impl FromJson for Total {
    fn from_json(value: json::Value) -> Result<Self, Mistake> {
        let (name, inner) = value.variant()?;
        match name.as_str() {
            "public" => json::fields!(json::content(inner)?, Self::Public { amount, proof }),
            "sealed" => json::fields!(json::content(inner)?, Self::Sealed { bound, proof }),
            _ => Err(Mistake::UnknownVariant(name)),
        }
    }
}

json::deserialize!(Total);

/// What an amount of reserves rests on; its class is in `balances`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// A state proof against the header of the snapshot's block.
    EvmStateProof,
    /// The unspent outputs at the snapshot's block.
    UtxoSet,
    /// What a token's contract answers at the snapshot's block.
    ContractCall,
    /// Readings of several named nodes that agree.
    AgreedReadings,
    /// A reading that the exchange signs with the attestation.
    SignedReading,
}

impl FromJson for Evidence {
    fn from_json(value: json::Value) -> Result<Self, Mistake> {
        json::named(value, &Self::ALL, Self::as_str)
    }
}

json::deserialize!(Evidence);

impl Evidence {
    /// All kinds, from the best to the weakest.
    pub const ALL: [Self; 5] = [
        Self::EvmStateProof,
        Self::UtxoSet,
        Self::ContractCall,
        Self::AgreedReadings,
        Self::SignedReading,
    ];

    /// As it stands in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EvmStateProof => "evm_state_proof",
            Self::UtxoSet => "utxo_set",
            Self::ContractCall => "contract_call",
            Self::AgreedReadings => "agreed_readings",
            Self::SignedReading => "signed_reading",
        }
    }
}

/// A sum of reserves of one kind of evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReserveSum {
    /// What it rests on.
    pub evidence: Evidence,
    /// Free atoms, rounded down once after summing at full precision.
    pub amount: Amount,
    /// Encumbered atoms, which cover nothing, rounded down likewise; absent where there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encumbered: Option<Amount>,
}

json::object!(ReserveSum {
    evidence,
    amount,
    encumbered: present
});

/// One row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BookRow {
    /// The asset with its decimals and instances.
    pub asset: Asset,
    /// The kind of book.
    pub kind: Kind,
    /// Leaves, padding included.
    pub leaf_count: u64,
    /// The root node.
    pub root: Root,
    /// The total.
    pub total: Total,
    /// Reserves of the asset by evidence; the same evidence stands once.
    pub reserves: Vec<ReserveSum>,
}

json::object!(BookRow {
    asset,
    kind,
    leaf_count,
    root,
    total,
    reserves
});

impl BookRow {
    /// Parses the exact bytes of a row.
    ///
    /// # Errors
    /// [`Error::Syntax`], [`Error::TooLarge`], [`Error::LeafCount`], [`Error::Duplicate`].
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let row: Self = json::parse("book row", bytes, MAX_ROW_BYTES)?;
        Shape::new(row.leaf_count)?;
        for (index, sum) in row.reserves.iter().enumerate() {
            if row
                .reserves
                .iter()
                .take(index)
                .any(|other| other.evidence == sum.evidence)
            {
                return Err(Error::Duplicate {
                    what: "evidence",
                    found: sum.evidence.as_str().into(),
                });
            }
        }
        Ok(row)
    }

    /// `BTC/owed`: names the book in reports and errors.
    #[must_use]
    pub fn name(&self) -> String {
        book_name(self.asset.id().as_str(), self.kind)
    }

    /// All free reserves of the asset, whatever their evidence.
    ///
    /// # Errors
    /// [`Error::TotalOverflow`].
    pub fn reserves_total(&self) -> Result<Amount, Error> {
        Amount::checked_sum(self.reserves.iter().map(|sum| sum.amount))
            .map_err(|_| Error::TotalOverflow)
    }

    /// The amount that reserves must reach: the total, or the bound of a sealed one.
    #[must_use]
    pub const fn required(&self) -> Amount {
        match &self.total {
            Total::Public { amount, .. } => *amount,
            Total::Sealed { bound, .. } => *bound,
        }
    }
}

/// Checks that no book stands twice, and no coin under two assets: it would back both.
///
/// # Errors
/// [`Error::Duplicate`].
pub fn check_distinct(rows: &[BookRow]) -> Result<(), Error> {
    let mut names = BTreeSet::new();
    let mut coins = BTreeSet::new();
    for row in rows {
        if !names.insert(row.name()) {
            return Err(Error::Duplicate {
                what: "book",
                found: row.name(),
            });
        }
        for instance in row.asset.instances() {
            if !coins.insert(instance.id.key()) {
                return Err(Error::Duplicate {
                    what: "instance",
                    found: instance.id.to_string(),
                });
            }
        }
    }
    Ok(())
}

/// `<asset>/<kind>`.
pub(crate) fn book_name(asset: &str, kind: Kind) -> String {
    let mut name = asset.to_string();
    name.push('/');
    name.push_str(kind.as_str());
    name
}
