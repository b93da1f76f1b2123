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

mod atoms;
mod decimals;
mod digits;
mod error;
mod exact;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

pub use self::atoms::Amount;
pub use self::decimals::Decimals;
pub use self::error::AmountError;
pub use self::exact::ExactAmount;
