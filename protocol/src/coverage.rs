//! Coverage of one asset, computed from figures: text about it is never believed (SPEC §9 step 24).

use alloc::string::ToString;
use alloc::vec::Vec;

use crate::balances::{Class, Classes};
use crate::book_row::BookRow;
use crate::report::{Covered, Facts, ReserveFacts};

/// Reserves against what is required, and the weakest class they rest on.
pub(crate) fn coverage(row: &BookRow) -> (Covered, Facts) {
    // Each sum fits an amount; all of them may not, and an asset is no less covered for it.
    let atoms = row.reserves.iter().map(|sum| sum.amount.atoms());
    let reserves = atoms.fold(0_u128, |all, sum| all.saturating_add(sum.into()));
    let required = u128::from(row.required().atoms());
    let mut facts = Facts::new();
    facts.insert("reserves", reserves.to_string());
    facts.insert("required", required.to_string());
    let covered = if reserves >= required {
        Covered::Covered
    } else {
        Covered::NotCovered
    };
    (covered, facts)
}

/// The row's reserves with the class that each kind of evidence has after the checker's own work.
pub(crate) fn reserve_facts(row: &BookRow, classes: &Classes) -> Vec<ReserveFacts> {
    row.reserves
        .iter()
        .map(|sum| ReserveFacts {
            evidence: sum.evidence.as_str(),
            class: classes.class(row.asset.id(), sum.evidence).as_str(),
            amount: sum.amount.to_string(),
            encumbered: sum.encumbered.map(|amount| amount.to_string()),
        })
        .collect()
}

/// The weakest class among the row's reserves (D is weaker than A).
pub(crate) fn weakest_class(row: &BookRow, classes: &Classes) -> Option<&'static str> {
    row.reserves
        .iter()
        .map(|sum| classes.class(row.asset.id(), sum.evidence))
        .max()
        .map(Class::as_str)
}
