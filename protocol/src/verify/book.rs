//! What is said of one book after its checks: whether its reserves cover it (step 24), and its facts.

use alloc::format;
use alloc::string::ToString;

use crate::balances::Classes;
use crate::book_row::{BookRow, Total};
use crate::coverage::{coverage, reserve_facts, weakest_class};
use crate::error::Error;
use crate::report::{BookFacts, Checks, Covered, Step, Tiles, TotalFacts};

/// Step 24: coverage of one book's asset, after all other steps of it were recorded. Figures that do not hold cover
/// nothing.
pub fn record_coverage(checks: &mut Checks, name: &str, row: &BookRow, tiles: Tiles) -> Covered {
    let (covered, result) = if checks.figures_hold(name, tiles) {
        match coverage(row) {
            (Covered::NotCovered, facts) => {
                let figure = |name| facts.get(name).cloned().unwrap_or_default();
                let why = format!(
                    "reserves of {} atoms, {} required",
                    figure("reserves"),
                    figure("required")
                );
                let what = "coverage";
                (Covered::NotCovered, Err(Error::Mismatch { what, why }))
            }
            (covered, facts) => (covered, Ok(facts)),
        }
    } else {
        let what = "an authentic and proven total";
        (Covered::CannotTell, Err(Error::Missing { what }))
    };
    checks.record(Step::Covered, Some(name), result);
    covered
}

/// The facts of a row, with the verdicts recorded so far.
pub fn book_facts(
    row: &BookRow,
    checks: &Checks,
    covered: Covered,
    classes: &Classes,
) -> BookFacts {
    BookFacts {
        asset: row.asset.id().as_str().to_string(),
        name: row.asset.name().to_string(),
        kind: row.kind.as_str().to_string(),
        decimals: row.asset.decimals().get(),
        ledger_decimals: row.asset.ledger_decimals().get(),
        leaf_count: row.leaf_count,
        index: None,
        exact: None,
        amount: None,
        included: checks.included_in(&row.name()),
        total: match &row.total {
            Total::Public { amount, .. } => TotalFacts::Public {
                amount: amount.to_string(),
            },
            Total::Sealed { bound, .. } => TotalFacts::Sealed {
                bound: bound.to_string(),
            },
        },
        reserves: reserve_facts(row, classes),
        covered,
        class: weakest_class(row, classes).filter(|_| covered != Covered::CannotTell),
    }
}
