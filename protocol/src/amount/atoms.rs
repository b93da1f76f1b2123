//! Amounts of a book.

use alloc::string::String;
use core::fmt;
use core::str::FromStr;

use serde::{Serialize, Serializer};

use super::decimals::Decimals;
use super::digits::{units, whole};
use super::error::AmountError;
use crate::json;

/// Atoms of one asset, at the asset's own decimals: `0 ≤ v < 2^64`.
///
/// Written everywhere as a decimal integer, in JSON as a string.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount(u64);

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// The largest amount, `2^64 − 1` atoms.
    pub const MAX: Self = Self(u64::MAX);

    /// From a count of atoms.
    pub const fn from_atoms(atoms: u64) -> Self {
        Self(atoms)
    }

    /// The count of atoms.
    pub const fn atoms(self) -> u64 {
        self.0
    }

    /// The sum of two amounts.
    ///
    /// # Errors
    /// [`AmountError::TooLarge`] where the sum is `2^64` or more.
    pub fn checked_add(self, other: Self) -> Result<Self, AmountError> {
        self.0
            .checked_add(other.0)
            .map(Self)
            .ok_or(AmountError::TooLarge { bits: u64::BITS })
    }

    /// The sum of many amounts.
    ///
    /// # Errors
    /// [`AmountError::TooLarge`] where the sum is `2^64` or more.
    pub fn checked_sum(amounts: impl IntoIterator<Item = Self>) -> Result<Self, AmountError> {
        amounts.into_iter().try_fold(Self::ZERO, Self::checked_add)
    }

    /// The amount in units, exact and in its one canonical form: no trailing zeros, no point without a fraction.
    ///
    /// 150,000,000 atoms at 8 decimals are `1.5`, and 200,000,000 are `2`. [`super::ExactAmount::from_units`] reads it back.
    pub fn to_units(self, decimals: Decimals) -> String {
        units(u128::from(self.0), decimals)
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Amount(redacted)")
    }
}

/// Reads atoms: `0`, or digits that do not start with `0`, and nothing else.
///
/// `u64::from_str` is not used, because it takes `+1` and `007`.
impl FromStr for Amount {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Self, AmountError> {
        let value = whole(text)?;
        u64::try_from(value)
            .map(Self)
            .map_err(|_| AmountError::TooLarge { bits: u64::BITS })
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

json::text!(Amount, str::parse);

json::deserialize!(Amount);
