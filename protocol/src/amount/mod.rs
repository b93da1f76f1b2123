//! Amounts: how many atoms, and how a text of units becomes atoms without loss.
//!
//! Checked here: that a text is the one canonical way to write its number, that nothing wraps, and that
//! rounding happens once and in the stated direction (liabilities up, reserves down).
//!
//! Notation: an *atom* is the smallest step an asset is kept at; `d` decimals say that one unit is `10^d` atoms.
//! [`Amount`] counts the atoms of a book (`u64`). [`ExactAmount`] counts finer steps (`u128`), at the number of
//! decimals that no source of the asset exceeds, so that a sum is exact before it is rounded.
//! Formula: rounding from `f` to `t < f` decimals is `⌈v / 10^(f−t)⌉` or `⌊v / 10^(f−t)⌋`.
//! Cost: linear in the length of the text.
//!
//! Neither type shows its number in `Debug`: an amount is mostly somebody's balance, and `Debug` reaches logs and
//! panic texts.

use alloc::format;
use alloc::string::{String, ToString};
use core::fmt;
use core::str::FromStr;

use serde::{Serialize, Serializer};
use thiserror::Error;

use crate::json::{self, FromJson, Mistake};

/// Why a text is no amount, or a calculation has no result.
///
/// The offsets are in bytes from the start of the text. No variant repeats the number itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AmountError {
    /// The text is empty.
    #[error("the amount is empty")]
    Empty,
    /// The text starts with a plus or minus sign; a debt is not a negative balance.
    #[error("the amount has a sign (`{found}`)")]
    Sign {
        /// The sign.
        found: char,
    },
    /// The text is in scientific notation.
    #[error("the amount has an exponent (at byte {offset})")]
    Exponent {
        /// Where the `e` stands.
        offset: usize,
    },
    /// A character that is neither an ASCII digit nor the one decimal point.
    #[error("the amount holds {} (at byte {offset})", shown(*.found))]
    Character {
        /// Where it stands.
        offset: usize,
        /// The character.
        found: char,
    },
    /// A zero stands before other digits of the whole part, so that the number could be written in another way.
    #[error("the amount has a leading zero")]
    LeadingZero,
    /// No digit stands before the decimal point.
    #[error("the amount has no digit before the decimal point")]
    MissingWhole,
    /// No digit stands after the decimal point.
    #[error("the amount has no digit after the decimal point")]
    MissingFraction,
    /// There are more digits after the decimal point than the asset has, even if they are zeros.
    #[error("the amount has {found} decimals, the asset has {allowed}")]
    TooManyDecimals {
        /// How many the asset has.
        allowed: u8,
        /// How many the text has.
        found: usize,
    },
    /// The number, or the result of a calculation, does not fit.
    #[error("the amount does not fit in {bits} bits")]
    TooLarge {
        /// The width it has to fit in.
        bits: u32,
    },
    /// A number of decimals above [`Decimals::MAX`].
    #[error("{found} decimals, at most {} are possible", Decimals::MAX)]
    DecimalsTooLarge {
        /// The number of decimals asked for.
        found: u8,
    },
}

impl AmountError {
    /// Stable identifier in kebab-case.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "amount-empty",
            Self::Sign { .. } => "amount-sign",
            Self::Exponent { .. } => "amount-exponent",
            Self::Character { .. } => "amount-character",
            Self::LeadingZero => "amount-leading-zero",
            Self::MissingWhole => "amount-missing-whole",
            Self::MissingFraction => "amount-missing-fraction",
            Self::TooManyDecimals { .. } => "amount-too-many-decimals",
            Self::TooLarge { .. } => "amount-too-large",
            Self::DecimalsTooLarge { .. } => "decimals-too-large",
        }
    }

    /// Where in the text the mistake is, in bytes; 0 where it is about the whole.
    pub fn offset(&self) -> usize {
        match self {
            Self::Exponent { offset } | Self::Character { offset, .. } => *offset,
            _ => 0,
        }
    }
}

/// A character so that no terminal acts on it: printable ASCII as it is, everything by its code point.
fn shown(found: char) -> String {
    let code = u32::from(found);
    if found.is_ascii_graphic() {
        format!("`{found}` (U+{code:04X})")
    } else {
        format!("U+{code:04X}")
    }
}

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
    const fn scale(self) -> u128 {
        // 10^38 < 2^128: never saturates.
        10u128.saturating_pow(self.0 as u32)
    }

    /// `10^(self − other)`, or 1 where `other` is larger.
    const fn scale_over(self, other: Self) -> u128 {
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
    /// 150,000,000 atoms at 8 decimals are `1.5`, and 200,000,000 are `2`. [`ExactAmount::from_units`] reads it back.
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
            .map(Amount)
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

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Serialize for ExactAmount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

json::text!(Amount, str::parse);

json::deserialize!(Amount);

json::text!(ExactAmount, str::parse);

json::deserialize!(ExactAmount);

/// A canonical decimal integer: the only reader of digits, so that all amounts obey one rule.
fn whole(text: &str) -> Result<u128, AmountError> {
    if text.is_empty() {
        return Err(AmountError::Empty);
    }
    check_digits(text, 0)?;
    if text.len() > 1 && text.starts_with('0') {
        return Err(AmountError::LeadingZero);
    }
    append_digits(0, text).ok_or(AmountError::TooLarge { bits: u128::BITS })
}

/// ASCII digits only; `offset` is where `text` starts in the whole amount.
fn check_digits(text: &str, offset: usize) -> Result<(), AmountError> {
    let Some((index, found)) = text.char_indices().find(|(_, c)| !c.is_ascii_digit()) else {
        return Ok(());
    };
    let offset = offset.saturating_add(index);
    Err(match found {
        '+' | '-' if offset == 0 => AmountError::Sign { found },
        'e' | 'E' if offset > 0 => AmountError::Exponent { offset },
        _ => AmountError::Character { offset, found },
    })
}

/// `value` with the checked digits of `text` written behind it.
fn append_digits(value: u128, text: &str) -> Option<u128> {
    text.bytes().try_fold(value, |value, byte| {
        value
            .checked_mul(10)?
            .checked_add(u128::from(byte.saturating_sub(b'0')))
    })
}

/// The canonical text of `value / 10^decimals`.
fn units(value: u128, decimals: Decimals) -> String {
    let scale = decimals.scale();
    let before = value.checked_div(scale).unwrap_or_default();
    let after = value.checked_rem(scale).unwrap_or_default();
    if after == 0 {
        return before.to_string();
    }
    let fraction = format!("{after:0>width$}", width = usize::from(decimals.get()));
    format!("{before}.{}", fraction.trim_end_matches('0'))
}

/// Strategies for property tests.
#[cfg(test)]
pub(crate) mod testing {
    use super::*;
    use proptest::prelude::*;

    /// Any amount of atoms.
    pub(crate) fn arb_amount() -> impl Strategy<Value = Amount> {
        any::<u64>().prop_map(Amount)
    }

    /// Any exact amount.
    pub(crate) fn arb_exact_amount() -> impl Strategy<Value = ExactAmount> {
        any::<u128>().prop_map(ExactAmount)
    }

    /// Any number of decimals.
    pub(crate) fn arb_decimals() -> impl Strategy<Value = Decimals> {
        (0..=Decimals::MAX).prop_map(Decimals)
    }
}

#[cfg(test)]
mod tests {
    use super::testing::*;
    use super::*;
    use proptest::prelude::*;

    fn decimals(value: u8) -> Decimals {
        Decimals::new(value).unwrap()
    }

    fn exact(text: &str, places: u8) -> Result<u128, &'static str> {
        ExactAmount::from_units(text, decimals(places))
            .map(ExactAmount::steps)
            .map_err(|e| e.code())
    }

    #[test]
    fn d_14_a_sign_is_refused() {
        for text in ["-1", "-0", "+5", "-", "+", "+0.1"] {
            assert_eq!(exact(text, 8), Err("amount-sign"), "{text}");
            assert!(text.parse::<Amount>().is_err(), "{text}");
        }
    }

    #[test]
    fn d_15_other_notations_are_refused() {
        for (text, code) in [
            ("1e5", "amount-exponent"),
            ("1E-3", "amount-exponent"),
            ("1.5e3", "amount-exponent"),
            ("0x10", "amount-character"),
            ("1_000", "amount-character"),
            ("1,000.5", "amount-character"),
            ("1 000", "amount-character"),
            (" 1", "amount-character"),
            ("1 ", "amount-character"),
            ("1.0.0", "amount-character"),
            ("1'000", "amount-character"),
            ("1\u{a0}000", "amount-character"),
        ] {
            assert_eq!(exact(text, 18), Err(code), "{text}");
        }
    }

    #[test]
    fn d_16_words_and_nothing_are_refused() {
        assert_eq!(exact("", 8), Err("amount-empty"));
        for text in ["NaN", "inf", "Infinity", "null", "None", "\0"] {
            assert_eq!(exact(text, 8), Err("amount-character"), "{text:?}");
        }
    }

    #[test]
    fn d_17_the_limits_are_exact() {
        assert_eq!(
            "18446744073709551615".parse::<Amount>().map(Amount::atoms),
            Ok(u64::MAX)
        );
        assert_eq!(
            "18446744073709551616".parse::<Amount>(),
            Err(AmountError::TooLarge { bits: 64 })
        );
        // 2^64 wei is 18 ETH and a little: far from a limit.
        assert_eq!(exact("18.446744073709551616", 18), Ok(1 << 64));
        assert_eq!(
            exact("340282366920938463463374607431768211455", 0),
            Ok(u128::MAX)
        );
        assert_eq!(
            exact("340282366920938463463374607431768211456", 0),
            Err("amount-too-large")
        );
        assert_eq!(
            exact("3.40282366920938463463374607431768211456", 38),
            Err("amount-too-large")
        );
        assert_eq!(exact("340282366920938463464", 18), Err("amount-too-large"));
        assert_eq!(exact(&"9".repeat(1000), 18), Err("amount-too-large"));
    }

    #[test]
    fn d_18_more_decimals_than_the_asset_are_refused_zeros_included() {
        assert_eq!(exact("0.00000001", 8), Ok(1));
        assert_eq!(exact("1.50", 8), Ok(150_000_000));
        assert_eq!(exact("0.000000001", 8), Err("amount-too-many-decimals"));
        assert_eq!(exact("0.100000000", 8), Err("amount-too-many-decimals"));
        assert_eq!(exact("1.0", 0), Err("amount-too-many-decimals"));
        assert_eq!(
            exact(&format!("0.{}", "1".repeat(300)), 38),
            Err("amount-too-many-decimals")
        );
    }

    #[test]
    fn d_19_leading_zeros_and_bare_points_are_refused() {
        for (text, code) in [
            ("007", "amount-leading-zero"),
            ("00", "amount-leading-zero"),
            ("00.5", "amount-leading-zero"),
            (".5", "amount-missing-whole"),
            (".", "amount-missing-whole"),
            (". 5", "amount-missing-whole"),
            ("5.", "amount-missing-fraction"),
        ] {
            assert_eq!(exact(text, 8), Err(code), "{text}");
        }
        assert_eq!(exact("0", 8), Ok(0));
        assert_eq!(exact("0.0", 8), Ok(0));
    }

    #[test]
    fn d_20_digits_of_other_scripts_are_refused() {
        for text in ["１２", "٣", "1２", "1.٣", "１.5"] {
            assert_eq!(exact(text, 8), Err("amount-character"), "{text}");
        }
    }

    #[test]
    fn m_04_atoms_have_one_spelling() {
        for text in [
            "+5", "007", "-1", "1.0", "1e3", "1_000", "", " 1", "1 ", "0x1", "１",
        ] {
            assert!(text.parse::<Amount>().is_err(), "{text:?}");
            assert!(text.parse::<ExactAmount>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn m_04_amounts_in_json_are_strings() {
        assert_eq!(
            serde_json::to_string(&Amount::MAX).unwrap(),
            "\"18446744073709551615\""
        );
        assert_eq!(serde_json::from_str::<Amount>("\"7\"").unwrap(), Amount(7));
        for text in [
            "7",
            "7.0",
            "1e21",
            "\"+5\"",
            "\"07\"",
            "\"7.0\"",
            "null",
            "[7]",
            "\"18446744073709551616\"",
        ] {
            assert!(serde_json::from_str::<Amount>(text).is_err(), "{text}");
        }
        assert!(serde_json::from_str::<ExactAmount>("7").is_err());
        assert!(serde_json::from_str::<Decimals>("39").is_err());
        assert!(serde_json::from_str::<Decimals>("-1").is_err());
        assert!(serde_json::from_str::<Decimals>("\"8\"").is_err());
    }

    #[test]
    fn t_12_sums_never_wrap() {
        assert_eq!(
            Amount::MAX.checked_add(Amount(1)),
            Err(AmountError::TooLarge { bits: 64 })
        );
        assert_eq!(
            Amount::checked_sum([Amount(u64::MAX - 1), Amount(1)]),
            Ok(Amount::MAX)
        );
        assert!(Amount::checked_sum([Amount(u64::MAX), Amount(0), Amount(1)]).is_err());
        assert!(ExactAmount(u128::MAX).checked_add(ExactAmount(1)).is_err());
    }

    #[test]
    fn u_13_b_09_liabilities_round_up_and_reserves_down() {
        let (wei, kept) = (decimals(18), decimals(8));
        let value = ExactAmount::from_units("0.123456789", wei).unwrap();
        assert_eq!(value.round_up(wei, kept).unwrap(), Amount(12_345_679));
        assert_eq!(value.round_down(wei, kept).unwrap(), Amount(12_345_678));
        // An exact value is not moved, and one step above it is.
        let exact = ExactAmount(30_000_000_000);
        assert_eq!(exact.round_up(wei, kept), Ok(Amount(3)));
        assert_eq!(
            ExactAmount(30_000_000_001).round_up(wei, kept),
            Ok(Amount(4))
        );
        assert_eq!(ExactAmount(1).round_up(wei, kept), Ok(Amount(1)));
        assert_eq!(ExactAmount(0).round_up(wei, kept), Ok(Amount::ZERO));
        // To finer decimals nothing is rounded.
        assert_eq!(ExactAmount(5).round_down(kept, decimals(9)), Ok(Amount(50)));
        let edge = ExactAmount(u128::from(u64::MAX) * 10);
        assert_eq!(edge.round_up(decimals(1), decimals(0)), Ok(Amount::MAX));
        assert!(
            ExactAmount(u128::from(u64::MAX) * 10 + 1)
                .round_up(decimals(1), decimals(0))
                .is_err()
        );
        assert!(
            ExactAmount(u128::MAX)
                .round_up(decimals(0), decimals(38))
                .is_err()
        );
        assert!(
            ExactAmount(u128::MAX)
                .round_up(decimals(0), decimals(0))
                .is_err()
        );
    }

    #[test]
    fn units_have_one_canonical_text() {
        for (atoms, places, text) in [
            (150_000_000, 8, "1.5"),
            (200_000_000, 8, "2"),
            (1, 8, "0.00000001"),
            (0, 8, "0"),
            (70, 0, "70"),
        ] {
            assert_eq!(Amount(atoms).to_units(decimals(places)), text);
        }
        assert_eq!(
            ExactAmount(u128::MAX).to_units(decimals(38)),
            "3.40282366920938463463374607431768211455"
        );
    }

    #[test]
    fn k_03_debug_shows_no_amount() {
        assert_eq!(
            format!("{:?} {:?}", Amount(4711), ExactAmount(4711)),
            "Amount(redacted) ExactAmount(redacted)"
        );
    }

    #[test]
    fn an_offending_character_is_shown_harmlessly() {
        let error = ExactAmount::from_units("12\u{1b}[2J", decimals(8)).unwrap_err();
        assert_eq!(error.to_string(), "the amount holds U+001B (at byte 2)");
        let error = ExactAmount::from_units("1,5", decimals(8)).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the amount holds `,` (U+002C) (at byte 1)"
        );
    }

    proptest! {
        #[test]
        fn atoms_survive_display_and_parse(amount in arb_amount()) {
            prop_assert_eq!(amount.to_string().parse::<Amount>(), Ok(amount));
        }

        #[test]
        fn units_survive_display_and_parse(amount in arb_exact_amount(), places in arb_decimals()) {
            prop_assert_eq!(ExactAmount::from_units(&amount.to_units(places), places), Ok(amount));
            prop_assert_eq!(amount.to_string().parse::<ExactAmount>(), Ok(amount));
        }

        #[test]
        fn what_parses_is_the_only_spelling(text in "[0-9]{1,25}") {
            if let Ok(amount) = text.parse::<Amount>() {
                prop_assert_eq!(amount.to_string(), text);
            }
        }

        #[test]
        fn up_and_down_differ_by_at_most_one_atom(value in any::<u64>(), from in 0..=38u8, to in 0..=38u8) {
            let (from, to) = (decimals(from), decimals(to));
            let value = ExactAmount(u128::from(value));
            if let (Ok(up), Ok(down)) = (value.round_up(from, to), value.round_down(from, to)) {
                prop_assert!(up >= down && up.atoms() - down.atoms() <= 1);
            }
        }

        #[test]
        fn no_text_panics(text in any::<String>(), places in arb_decimals()) {
            let _ = ExactAmount::from_units(&text, places).map_err(|e| (e.code(), e.to_string(), e.offset()));
            let _ = text.parse::<Amount>();
        }

        #[test]
        fn no_nearly_right_text_panics(text in "[-+]?[0-9]{0,45}[.eE,]?[0-9]{0,45}", places in arb_decimals()) {
            let _ = ExactAmount::from_units(&text, places);
            let _ = text.parse::<ExactAmount>();
        }
    }
}
