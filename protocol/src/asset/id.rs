//! An asset's own name: one spelling each.

use alloc::string::String;
use core::fmt;
use core::str::FromStr;

use serde::Serialize;

use super::error::AssetError;
use crate::json;

/// Own name of an asset, such as `BTC`: 1 to 20 of `A-Z`, `0-9` and, after the first, `.`, `_`, `-`.
///
/// Small letters and spaces are not possible, so that `btc` or `BTC ` cannot stand beside `BTC`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct AssetId(String);

impl AssetId {
    /// The longest id.
    pub const MAX_LENGTH: usize = 20;

    /// Checks the rule.
    ///
    /// # Errors
    /// [`AssetError::IdLength`], [`AssetError::IdCharacter`].
    pub fn new(text: impl Into<String>) -> Result<Self, AssetError> {
        let text = text.into();
        if text.is_empty() || text.len() > Self::MAX_LENGTH {
            return Err(AssetError::IdLength {
                length: text.chars().count(),
            });
        }
        let wrong = text.chars().enumerate().find(|&(index, c)| {
            !(c.is_ascii_uppercase()
                || c.is_ascii_digit()
                || (index > 0 && matches!(c, '.' | '_' | '-')))
        });
        match wrong {
            None => Ok(Self(text)),
            Some((index, _)) => Err(AssetError::IdCharacter {
                position: index.saturating_add(1),
            }),
        }
    }

    /// The id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

json::text!(AssetId, Self::new);
json::deserialize!(AssetId);

impl FromStr for AssetId {
    type Err = AssetError;

    fn from_str(text: &str) -> Result<Self, AssetError> {
        Self::new(text)
    }
}

impl TryFrom<String> for AssetId {
    type Error = AssetError;

    fn try_from(text: String) -> Result<Self, AssetError> {
        Self::new(text)
    }
}

impl fmt::Display for AssetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}
