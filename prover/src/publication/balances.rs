//! Steps 17 and 18 of an audit: each balance against its evidence, and against the checker's own nodes.

use std::collections::BTreeMap;

use por_protocol::attestation::Attestation;
use por_protocol::balances::{BalanceEvidence, Classes, is_evidence, verify_balances};
use por_protocol::book_row::BookRow;
use por_protocol::error::Error as ProtocolError;
use por_protocol::report::{Checks, Step};
use por_protocol::reserve_row::ReserveRow;

use super::AttestationFolder;
use crate::chains::recheck::BalanceChecks;

/// Records step 17, and step 18 if anything was asked for. Gives whether the balances are what their evidence says, and
/// the classes that follow.
pub(super) fn check_balances(
    checks: &mut Checks,
    own: &BalanceChecks,
    folder: &AttestationFolder,
    attestation: &Attestation,
    (books, rows): (&[BookRow], &[ReserveRow]),
    intact: bool,
) -> (bool, Classes) {
    let annexes = match read_evidence(folder, attestation) {
        Ok(annexes) if intact => annexes,
        Ok(_) => {
            let what = "rows and annexes that are what the attestation is bound to";
            checks.record(
                Step::BalancesEvidenced,
                None,
                Err(ProtocolError::Missing { what }),
            );
            return (false, Classes::unchecked());
        }
        Err(error) => {
            checks.record(Step::BalancesEvidenced, None, Err(error));
            return (false, Classes::unchecked());
        }
    };
    let assets: Vec<_> = books.iter().map(|book| &book.asset).collect();
    let evidence = BalanceEvidence {
        snapshot: &attestation.snapshot,
        assets: &assets,
        rows,
        annexes: &annexes,
    };
    let result = verify_balances(&evidence, &own.tokens);
    let evidenced = checks.record(Step::BalancesEvidenced, None, result);
    let mut classes = Classes::unchecked();
    if own.is_asked() {
        let (confirmed, result) = own.run(&attestation.snapshot, rows, &annexes);
        checks.record(Step::BalancesConfirmed, None, result);
        if evidenced {
            classes = Classes::of(books, rows, &attestation.snapshot, &confirmed);
        }
    } else if evidenced {
        classes = Classes::of(books, rows, &attestation.snapshot, &Default::default());
    }
    (evidenced, classes)
}

/// The annexes that hold evidence; step 11 has checked their digests.
fn read_evidence(
    folder: &AttestationFolder,
    attestation: &Attestation,
) -> Result<BTreeMap<String, Vec<u8>>, ProtocolError> {
    let annexes = attestation.annexes.iter();
    annexes
        .filter(|annex| is_evidence(&annex.name))
        .map(|annex| {
            let bytes = std::fs::read(folder.annexes().join(&annex.name));
            let bytes = bytes.map_err(|_| ProtocolError::Mismatch {
                what: "annex",
                why: format!("{} cannot be read", annex.name),
            });
            Ok((annex.name.clone(), bytes?))
        })
        .collect()
}
