//! Steps 17 and 18 of an audit: each balance against its evidence, and against the checker's own nodes.

use std::collections::BTreeMap;

use por_protocol::attestation::Attestation;
use por_protocol::balances::{BalanceEvidence, Classes, Confirmed, verify_balances};
use por_protocol::book_row::BookRow;
use por_protocol::error::Error as ProtocolError;
use por_protocol::report::{Checks, Step};
use por_protocol::reserve_row::ReserveRow;

use crate::chains::recheck::BalanceChecks;

/// Records step 17, and step 18 if anything was asked for; `annexes` are those with evidence, if all that they rest on is
/// what the attestation is bound to. Gives the classes that follow: none
/// where an own node contradicts, for then nobody knows what the rest of the answers is worth.
pub(super) fn check_balances(
    checks: &mut Checks,
    own: &BalanceChecks,
    attestation: &Attestation,
    (books, rows): (&[BookRow], &[ReserveRow]),
    annexes: Option<&BTreeMap<String, Vec<u8>>>,
) -> Classes {
    let snapshot = &attestation.snapshot;
    let Some(annexes) = annexes else {
        let what = "rows and annexes that are what the attestation is bound to";
        let missing = Err(ProtocolError::Missing { what });
        checks.record(Step::BalancesEvidenced, None, missing);
        return Classes::unchecked();
    };
    let assets: Vec<_> = books.iter().map(|book| &book.asset).collect();
    let evidence = BalanceEvidence {
        snapshot,
        assets: &assets,
        rows,
        annexes,
    };
    let result = verify_balances(&evidence, &own.tokens);
    let evidenced = checks.record(Step::BalancesEvidenced, None, result);
    let mut confirmed = Confirmed::default();
    let mut contradicted = false;
    if own.is_asked() {
        let (found, result) = own.run(attestation, (&assets, rows), annexes);
        contradicted = result.as_ref().is_err_and(|error| !error.is_undecided());
        checks.record(Step::BalancesConfirmed, None, result);
        confirmed = found;
    }
    if evidenced && !contradicted {
        Classes::of(books, rows, snapshot, &confirmed)
    } else {
        Classes::unchecked()
    }
}
