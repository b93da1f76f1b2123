//! The one reader and writer of digits, so that all amounts obey one rule.

use alloc::format;
use alloc::string::{String, ToString};

use super::decimals::Decimals;
use super::error::AmountError;

/// A canonical decimal integer.
pub(super) fn whole(text: &str) -> Result<u128, AmountError> {
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
pub(super) fn check_digits(text: &str, offset: usize) -> Result<(), AmountError> {
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
pub(super) fn append_digits(value: u128, text: &str) -> Option<u128> {
    text.bytes().try_fold(value, |value, byte| {
        value
            .checked_mul(10)?
            .checked_add(u128::from(byte.saturating_sub(b'0')))
    })
}

/// The canonical text of `value / 10^decimals`.
pub(super) fn units(value: u128, decimals: Decimals) -> String {
    let scale = decimals.scale();
    let before = value.checked_div(scale).unwrap_or_default();
    let after = value.checked_rem(scale).unwrap_or_default();
    if after == 0 {
        return before.to_string();
    }
    let fraction = format!("{after:0>width$}", width = usize::from(decimals.get()));
    format!("{before}.{}", fraction.trim_end_matches('0'))
}
