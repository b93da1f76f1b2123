//! What a customer's verifier says of a file, and what a test expects of it.

use std::sync::OnceLock;

use por_protocol::report::{Included, Outcome, Report};
use por_protocol::verify::{Trust, Verifier};

use super::exchange::Terms;

/// 2026-12-31T00:00:00Z, after every snapshot of the samples.
pub const NOW: u64 = 1_798_675_200;

/// Verifies a file with the sample's policy.
#[must_use]
pub fn verify(file: &[u8]) -> Report {
    let policy = Terms::default().policy();
    verify_with(
        file,
        &Trust {
            policy: Some(policy.as_bytes()),
            account: None,
            now: Some(NOW),
        },
    )
}

/// Verifies a file with what the checker brings; the generators are made once.
#[must_use]
pub fn verify_with(file: &[u8], trust: &Trust<'_>) -> Report {
    static VERIFIER: OnceLock<Verifier> = OnceLock::new();
    VERIFIER
        .get_or_init(Verifier::default)
        .statement(file, trust)
}

/// The first check that failed (or, if none did, that could not be decided) with its reason, and the verdict.
///
/// # Panics
/// Unless it is this one.
#[track_caller]
pub fn assert_stops(report: &Report, included: Included, check: &str, reason: &str) {
    let find = |outcome| report.checks.iter().find(|check| check.outcome == outcome);
    let first = find(Outcome::Failed).or_else(|| find(Outcome::CannotTell));
    let found = first.map(|found| (found.id, found.reason.unwrap_or_default()));
    assert_eq!(found, Some((check, reason)), "{first:?}");
    assert_eq!(report.included, included);
}

/// Refused: exit code 1.
///
/// # Panics
/// Unless this check fails for this reason.
#[track_caller]
pub fn assert_refused(report: &Report, check: &str, reason: &str) {
    assert_stops(report, Included::NotVerified, check, reason);
}

/// Not shown to be false: exit code 6, or 5 if the reason is `unsupported`.
///
/// # Panics
/// Unless this check cannot be decided for this reason.
#[track_caller]
pub fn assert_undecided(report: &Report, check: &str, reason: &str) {
    assert_stops(report, Included::CannotTell, check, reason);
}

/// # Panics
/// Unless the verdict is *verified*.
#[track_caller]
pub fn assert_verified(report: &Report) {
    let unhappy: Vec<_> = report
        .checks
        .iter()
        .filter(|check| check.outcome != Outcome::Passed)
        .collect();
    assert_eq!(report.included, Included::Verified, "{unhappy:?}");
}
