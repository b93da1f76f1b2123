//! Coverage of one asset, computed from figures: text about it is never believed (SPEC §9 step 22).

use alloc::string::ToString;
use alloc::vec::Vec;

use crate::book_row::BookRow;
use crate::error::Error;
use crate::report::{Covered, Facts, ReserveFacts};

/// Reserves against what is required, and the weakest class they rest on.
pub(crate) fn coverage(row: &BookRow) -> Result<(Covered, Facts), Error> {
    let (reserves, required) = (row.reserves_total()?, row.required());
    let mut facts = Facts::new();
    facts.insert("reserves", reserves.to_string());
    facts.insert("required", required.to_string());
    let covered = if reserves >= required {
        Covered::Covered
    } else {
        Covered::NotCovered
    };
    Ok((covered, facts))
}

/// The row's reserves with the class that each kind of evidence has without work of the checker's own.
pub(crate) fn reserve_facts(row: &BookRow) -> Vec<ReserveFacts> {
    row.reserves
        .iter()
        .map(|sum| ReserveFacts {
            class: sum.evidence.class(),
            amount: sum.amount.to_string(),
        })
        .collect()
}

/// The weakest class among the row's reserves (D is weaker than A).
pub(crate) fn weakest_class(row: &BookRow) -> Option<&'static str> {
    row.reserves.iter().map(|sum| sum.evidence.class()).max()
}
