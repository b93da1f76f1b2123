//! What is wrong with an asset, an instance or a table of them.

use core::fmt;

use thiserror::Error;

use super::id::AssetId;
use super::instance_id::InstanceId;
use super::{Asset, AssetTable};
use crate::account::TextError;

/// Why something is no asset, no instance or no table of them.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AssetError {
    /// The length of an asset id is not 1 to 20.
    #[error(
        "an asset id has 1 to {} characters, this one has {length}",
        AssetId::MAX_LENGTH
    )]
    IdLength {
        /// Its length in characters.
        length: usize,
    },
    /// A character that no asset id holds, or not at its start.
    #[error(
        "an asset id is made of A-Z, 0-9 and, after the first, `.`, `_`, `-` (character {position} is another)"
    )]
    IdCharacter {
        /// Where it stands, from 1, in characters.
        position: usize,
    },
    /// The name of an asset breaks the rules for names.
    #[error("the name of the asset {0}")]
    Name(#[source] TextError),
    /// A part of an instance does not have the form that CAIP-2 or CAIP-19 gives it.
    #[error(
        "the {part} of the instance does not have the form of CAIP-19, `namespace:reference/namespace:reference`"
    )]
    InstanceForm {
        /// Which part.
        part: InstancePart,
    },
    /// A part of an instance is valid but not written in its one canonical way.
    #[error("the {part} of the instance is not in its canonical form: {expected}")]
    InstanceSpelling {
        /// Which part.
        part: InstancePart,
        /// What it has to be, in words.
        expected: &'static str,
    },
    /// An asset lists no instance or too many.
    #[error(
        "the asset {asset} has {found} instances; 1 to {} are possible",
        Asset::MAX_INSTANCES
    )]
    InstanceCount {
        /// The asset.
        asset: AssetId,
        /// How many it lists.
        found: usize,
    },
    /// A table lists no asset or too many.
    #[error(
        "the table has {found} assets; 1 to {} are possible",
        AssetTable::MAX_ASSETS
    )]
    AssetCount {
        /// How many it lists.
        found: usize,
    },
    /// An asset id stands in the table twice.
    #[error("the asset {asset} is listed twice")]
    DuplicateAsset {
        /// The asset.
        asset: AssetId,
        /// Position of the second, from 0.
        index: usize,
    },
    /// An instance is listed twice: under two assets, or under one.
    #[error("the instance {instance} of {second} is listed before, under {first}")]
    DuplicateInstance {
        /// The instance, as the second spells it.
        instance: InstanceId,
        /// The asset that lists it first.
        first: AssetId,
        /// The asset that lists it again.
        second: AssetId,
        /// Position of the second asset, from 0.
        index: usize,
    },
}

impl AssetError {
    /// Stable identifier in kebab-case.
    pub fn code(&self) -> &'static str {
        match self {
            Self::IdLength { .. } => "asset-id-length",
            Self::IdCharacter { .. } => "asset-id-character",
            Self::Name(_) => "asset-name",
            Self::InstanceForm { .. } => "instance-form",
            Self::InstanceSpelling { .. } => "instance-spelling",
            Self::InstanceCount { .. } => "instance-count",
            Self::AssetCount { .. } => "asset-count",
            Self::DuplicateAsset { .. } => "asset-duplicate",
            Self::DuplicateInstance { .. } => "instance-duplicate",
        }
    }

    /// Position in the table of the asset that the error is about, from 0, where the error is about a table.
    pub fn index(&self) -> Option<usize> {
        match self {
            Self::DuplicateAsset { index, .. } | Self::DuplicateInstance { index, .. } => {
                Some(*index)
            }
            _ => None,
        }
    }
}

/// One of the four parts of an instance, or the whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InstancePart {
    /// All of it: a separator is missing or stands twice.
    Whole,
    /// What stands before the first colon: `eip155`.
    ChainNamespace,
    /// What stands before the slash: `1`.
    ChainReference,
    /// What stands before the second colon: `erc20`.
    AssetNamespace,
    /// What stands last: a contract or a coin number.
    AssetReference,
}

impl fmt::Display for InstancePart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Whole => "text",
            Self::ChainNamespace => "chain namespace",
            Self::ChainReference => "chain reference",
            Self::AssetNamespace => "asset namespace",
            Self::AssetReference => "asset reference",
        })
    }
}
