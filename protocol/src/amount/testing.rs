//! Strategies for property tests.

use super::*;
use proptest::prelude::*;

/// Any amount of atoms.
pub(crate) fn arb_amount() -> impl Strategy<Value = Amount> {
    any::<u64>().prop_map(Amount::from_atoms)
}

/// Any exact amount.
pub(crate) fn arb_exact_amount() -> impl Strategy<Value = ExactAmount> {
    any::<u128>().prop_map(ExactAmount::from_steps)
}

/// Any number of decimals.
pub(crate) fn arb_decimals() -> impl Strategy<Value = Decimals> {
    (0..=Decimals::MAX).prop_map(|decimals| Decimals::new(decimals).unwrap())
}
