//! Assets: which coins there are, on which chains they live, and at how many decimals their books are kept.
//!
//! Checked here: that an asset and an instance have one spelling each, so that neither can be listed twice; and that
//! an instance counts for exactly one asset.
//!
//! Notation: an *instance* is one coin on one chain, named by a CAIP-19 asset type (`eip155:1/slip44:60`); it is what
//! a reserve holds. An *asset* is what customers are owed; its *decimals* say how many atoms its book has to a unit.
//! Formula: `ledger_decimals = max(decimals, decimals of every instance)`; sums are exact there, and rounded to
//! `decimals` once.
//! Cost: `O(n log n)` in the number of instances.
//! Source: CAIP-2 and CAIP-19 (chain and asset identifiers), SLIP-44 (coin numbers), EIP-55 (letter case of
//! addresses).

mod error;
mod id;
mod instance_id;
mod table;
#[cfg(test)]
mod tests;
mod wire;

use alloc::string::String;
use alloc::vec::Vec;

use serde::Serialize;

pub use self::error::{AssetError, InstancePart};
pub use self::id::AssetId;
pub use self::instance_id::InstanceId;
pub use self::table::AssetTable;
use self::wire::OwnToken;
use crate::account::check_text;
use crate::amount::Decimals;

/// One coin on one chain, and the decimals it has there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Instance {
    /// Which coin on which chain.
    pub id: InstanceId,
    /// Decimals of the amounts that the chain reports.
    pub decimals: Decimals,
}

/// What customers are owed: one book, backed by reserves in any of the asset's instances.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Asset {
    id: AssetId,
    name: String,
    decimals: Decimals,
    #[serde(rename = "instance")]
    instances: Vec<Instance>,
    #[serde(skip_serializing_if = "Option::is_none")]
    own_token: Option<OwnToken>,
}

impl Asset {
    /// The longest name, in bytes.
    pub const MAX_NAME_BYTES: usize = 64;
    /// The most instances: a coin lives on a few dozen chains at most, and no input may ask for unbounded memory.
    pub const MAX_INSTANCES: usize = 256;

    /// Checks the name (the rules of account identifiers, 1 to 64 bytes) and the number of instances.
    ///
    /// # Errors
    /// [`AssetError::Name`], [`AssetError::InstanceCount`].
    pub fn new(
        id: AssetId,
        name: String,
        decimals: Decimals,
        instances: Vec<Instance>,
    ) -> Result<Self, AssetError> {
        check_text(&name, Self::MAX_NAME_BYTES).map_err(AssetError::Name)?;
        if instances.is_empty() || instances.len() > Self::MAX_INSTANCES {
            return Err(AssetError::InstanceCount {
                asset: id,
                found: instances.len(),
            });
        }
        Ok(Self {
            id,
            name,
            decimals,
            instances,
            own_token: None,
        })
    }

    /// The same asset, said to be a token that the exchange issues itself.
    #[must_use]
    pub fn issued_by_the_exchange(self) -> Self {
        Self {
            own_token: Some(OwnToken),
            ..self
        }
    }

    /// Own id.
    pub fn id(&self) -> &AssetId {
        &self.id
    }

    /// Name for people.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Decimals of the asset's book: one unit is `10^decimals` atoms.
    pub fn decimals(&self) -> Decimals {
        self.decimals
    }

    /// The coins that back it; at least one.
    pub fn instances(&self) -> &[Instance] {
        &self.instances
    }

    /// Whether the exchange says that it issues this token itself: what such reserves are worth hangs on the exchange.
    pub const fn is_own_token(&self) -> bool {
        self.own_token.is_some()
    }

    /// Decimals at which the ledger and the reserves are summed before they are rounded to [`Asset::decimals`].
    pub fn ledger_decimals(&self) -> Decimals {
        self.instances
            .iter()
            .map(|instance| instance.decimals)
            .fold(self.decimals, Decimals::max)
    }
}
