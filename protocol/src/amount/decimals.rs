//! How finely an asset is kept.

use core::fmt;

use serde::Serialize;

use super::error::AmountError;
use crate::json::{self, FromJson, Mistake};

/// Number of decimals of an asset or of one of its instances: one unit is `10^d` atoms, `0 ≤ d ≤ 38`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(into = "u8")]
pub struct Decimals(u8);

json::deserialize!(Decimals);

impl FromJson for Decimals {
    fn from_json(value: json::Value) -> Result<Self, Mistake> {
        let value = u8::from_json(value)?;
        Self::new(value).map_err(|error| Mistake::new(&error))
    }
}

impl Decimals {
    /// The most decimals possible: `10^38` is the largest power of ten below `2^128`.
    pub const MAX: u8 = 38;

    /// Checks the range.
    ///
    /// # Errors
    /// [`AmountError::DecimalsTooLarge`].
    pub const fn new(value: u8) -> Result<Self, AmountError> {
        if value <= Self::MAX {
            Ok(Self(value))
        } else {
            Err(AmountError::DecimalsTooLarge { found: value })
        }
    }

    /// The number.
    pub const fn get(self) -> u8 {
        self.0
    }

    /// Atoms of one unit, `10^d`.
    pub(super) const fn scale(self) -> u128 {
        // 10^38 < 2^128: never saturates.
        10u128.saturating_pow(self.0 as u32)
    }

    /// `10^(self − other)`, or 1 where `other` is larger.
    pub(super) const fn scale_over(self, other: Self) -> u128 {
        Self(self.0.saturating_sub(other.0)).scale()
    }
}

impl TryFrom<u8> for Decimals {
    type Error = AmountError;

    fn try_from(value: u8) -> Result<Self, AmountError> {
        Self::new(value)
    }
}

impl From<Decimals> for u8 {
    fn from(decimals: Decimals) -> u8 {
        decimals.get()
    }
}

impl fmt::Display for Decimals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
