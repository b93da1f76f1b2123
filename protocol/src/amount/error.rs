//! What is wrong with the text of an amount, or with a sum.

use alloc::format;
use alloc::string::String;

use thiserror::Error;

use super::decimals::Decimals;

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
