//! The assets of an attestation: none stands twice, and neither does a coin.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::Asset;
use super::error::AssetError;

/// All assets of an attestation in the order given; ids and instances are unique.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Asset>")]
pub struct AssetTable(Vec<Asset>);

impl AssetTable {
    /// The most assets: ten times what the largest exchange lists, and no input may ask for unbounded memory.
    pub const MAX_ASSETS: usize = 4_096;

    /// Checks that there is an asset, and that no id and no instance stands twice.
    ///
    /// Instances are compared by [`super::InstanceId::key`]: two that differ only in case, or in what the token standard is
    /// called, would be one contract counted twice.
    ///
    /// # Errors
    /// [`AssetError::AssetCount`], [`AssetError::DuplicateAsset`], [`AssetError::DuplicateInstance`].
    pub fn new(assets: Vec<Asset>) -> Result<Self, AssetError> {
        if assets.is_empty() || assets.len() > Self::MAX_ASSETS {
            return Err(AssetError::AssetCount {
                found: assets.len(),
            });
        }
        let mut ids = BTreeMap::new();
        let mut instances = BTreeMap::new();
        for (index, asset) in assets.iter().enumerate() {
            if ids.insert(asset.id(), ()).is_some() {
                return Err(AssetError::DuplicateAsset {
                    asset: asset.id().clone(),
                    index,
                });
            }
            for instance in asset.instances() {
                if let Some(first) = instances.insert(instance.id.key(), asset.id()) {
                    return Err(AssetError::DuplicateInstance {
                        instance: instance.id.clone(),
                        first: first.clone(),
                        second: asset.id().clone(),
                        index,
                    });
                }
            }
        }
        Ok(Self(assets))
    }

    /// The assets in the order given.
    pub fn iter(&self) -> core::slice::Iter<'_, Asset> {
        self.0.iter()
    }

    /// The assets in the order given.
    pub fn as_slice(&self) -> &[Asset] {
        &self.0
    }

    /// The asset of that id, with its position.
    pub fn find(&self, id: &str) -> Option<(usize, &Asset)> {
        self.iter()
            .enumerate()
            .find(|(_, asset)| asset.id().as_str() == id)
    }
}

impl TryFrom<Vec<Asset>> for AssetTable {
    type Error = AssetError;

    fn try_from(assets: Vec<Asset>) -> Result<Self, AssetError> {
        Self::new(assets)
    }
}

impl<'a> IntoIterator for &'a AssetTable {
    type Item = &'a Asset;
    type IntoIter = core::slice::Iter<'a, Asset>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
