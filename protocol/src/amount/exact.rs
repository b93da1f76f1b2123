//! Amounts as fine as any source of an asset has them, and how they are rounded.

use alloc::string::String;
use core::fmt;
use core::str::FromStr;

use serde::{Serialize, Serializer};

use super::atoms::Amount;
use super::decimals::Decimals;
use super::digits::{append_digits, check_digits, units, whole};
use super::error::AmountError;
use crate::json;

/// Steps of an asset at its ledger's decimals (finer than, or as fine as, the atoms of its books): `0 ≤ v < 2^128`.
///
/// The decimals do not travel with it; they are the asset's `ledger_decimals`.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExactAmount(u128);

impl ExactAmount {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// From a count of steps.
    pub const fn from_steps(steps: u128) -> Self {
        Self(steps)
    }

    /// The count of steps.
    pub const fn steps(self) -> u128 {
        self.0
    }

    /// Reads a decimal number of units: `[0-9]+(\.[0-9]+)?`, no leading zeros but a single `0` before the point.
    ///
    /// No sign, exponent, space, separator of thousands or digit of another script; at most `decimals` digits after
    /// the point, zeros included.
    ///
    /// # Errors
    /// Every [`AmountError`] but `DecimalsTooLarge`.
    pub fn from_units(text: &str, decimals: Decimals) -> Result<Self, AmountError> {
        let (before, after) = match text.split_once('.') {
            Some((before, after)) => (before, Some(after)),
            None => (text, None),
        };
        if before.is_empty() && after.is_some() {
            return Err(AmountError::MissingWhole);
        }
        let value = whole(before)?;
        let fraction = after.unwrap_or_default();
        // The point itself is one byte.
        check_digits(fraction, before.len().saturating_add(1))?;
        if after.is_some() && fraction.is_empty() {
            return Err(AmountError::MissingFraction);
        }
        let too_many = AmountError::TooManyDecimals {
            allowed: decimals.get(),
            found: fraction.len(),
        };
        let given = u8::try_from(fraction.len())
            .ok()
            .and_then(|given| Decimals::new(given).ok())
            .ok_or(too_many)?;
        if given > decimals {
            return Err(too_many);
        }
        append_digits(value, fraction)
            .and_then(|value| value.checked_mul(decimals.scale_over(given)))
            .map(Self)
            .ok_or(AmountError::TooLarge { bits: u128::BITS })
    }

    /// The amount in units, exact and canonical as [`Amount::to_units`].
    pub fn to_units(self, decimals: Decimals) -> String {
        units(self.0, decimals)
    }

    /// The sum of two amounts of the same asset.
    ///
    /// # Errors
    /// [`AmountError::TooLarge`] where the sum is `2^128` or more.
    pub fn checked_add(self, other: Self) -> Result<Self, AmountError> {
        self.0
            .checked_add(other.0)
            .map(Self)
            .ok_or(AmountError::TooLarge { bits: u128::BITS })
    }

    /// Atoms at `to` decimals of an amount at `from` decimals, rounded up: for liabilities, once per account.
    ///
    /// # Errors
    /// [`AmountError::TooLarge`] where the result is `2^64` or more.
    pub fn round_up(self, from: Decimals, to: Decimals) -> Result<Amount, AmountError> {
        self.rescale(from, to, u128::div_ceil)
    }

    /// Atoms at `to` decimals of an amount at `from` decimals, rounded down: for reserves, once per asset.
    ///
    /// # Errors
    /// [`AmountError::TooLarge`] where the result is `2^64` or more.
    pub fn round_down(self, from: Decimals, to: Decimals) -> Result<Amount, AmountError> {
        self.rescale(from, to, |value, divisor| {
            value.checked_div(divisor).unwrap_or_default()
        })
    }

    /// At most one of the two scales is not 1. A power of ten is never 0, so that both divisions are defined.
    fn rescale(
        self,
        from: Decimals,
        to: Decimals,
        divide: fn(u128, u128) -> u128,
    ) -> Result<Amount, AmountError> {
        self.0
            .checked_mul(to.scale_over(from))
            .map(|value| divide(value, from.scale_over(to)))
            .and_then(|value| u64::try_from(value).ok())
            .map(Amount::from_atoms)
            .ok_or(AmountError::TooLarge { bits: u64::BITS })
    }
}

impl fmt::Display for ExactAmount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for ExactAmount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ExactAmount(redacted)")
    }
}

/// Reads steps: `0`, or digits that do not start with `0`, and nothing else.
impl FromStr for ExactAmount {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Self, AmountError> {
        whole(text).map(Self)
    }
}

impl Serialize for ExactAmount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

json::text!(ExactAmount, str::parse);

json::deserialize!(ExactAmount);
