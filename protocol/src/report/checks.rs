//! The checks of a report while they are made, and the verdicts that follow from them.

use alloc::string::ToString;
use alloc::vec::Vec;

use super::step::Step;
use super::{
    BookFacts, Check, Facts, Included, LogFacts, NOT_PROVEN, Outcome, REPORT_FORMAT, Report,
    StatementFacts,
};
use crate::error::Error;
use crate::shown;

/// What the figures of a book rest on, beside the proofs of its tree (SPEC §9 and §10, step 24).
const FIGURES: [Step; 13] = [
    Step::AttestationSigned,
    Step::AttestationApproved,
    Step::AttestationLogged,
    Step::WitnessesCosigned,
    Step::InOrder,
    Step::StatementSigned,
    Step::LogComplete,
    Step::BooksComplete,
    Step::ReservesComplete,
    Step::Ownership,
    Step::ReservesSummed,
    Step::BalancesEvidenced,
    Step::BookListed,
];
/// Of these, and of the proofs, what no kind of check leaves out.
const NEEDED: [Step; 2] = [Step::AttestationSigned, Step::TotalProven];

/// Whether coverage rests on a look at the tiles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tiles {
    /// Step 22 must have passed: with a negative amount in the tree, the total is worth nothing.
    Judged,
    /// A reading of the log, which has no tiles and says so: coverage is that of the figures as they were signed.
    NotLookedAt,
}

/// The checks of a report while they are made. Every result goes in; none can be dropped. Whoever shows progress hears of
/// each one as it is made; what it heard decides nothing.
#[derive(Debug, Default)]
pub struct Checks(Vec<Check>, Option<fn(&Check)>);

impl Checks {
    /// No checks yet; `told` hears of each one.
    #[must_use]
    pub const fn telling(told: fn(&Check)) -> Self {
        Self(Vec::new(), Some(told))
    }

    /// Records how a step ended, in words that are fit to be shown, and tells whether it passed. What is missing or
    /// unsupported is "cannot tell"; every other error is a failure.
    pub fn record(&mut self, step: Step, book: Option<&str>, result: Result<Facts, Error>) -> bool {
        let (outcome, error, facts) = match result {
            Ok(facts) => (Outcome::Passed, None, facts),
            Err(error) if error.is_undecided() => (Outcome::CannotTell, Some(error), Facts::new()),
            Err(error) => (Outcome::Failed, Some(error), Facts::new()),
        };
        self.0.push(Check {
            step: step.number(),
            id: step.id(),
            claim: step.claim(),
            book: book.map(Into::into),
            outcome,
            reason: error.as_ref().map(Error::code),
            detail: error.map(|error| shown::line(&error.to_string())),
            facts,
        });
        if let (Some(told), Some(check)) = (self.1, self.0.last()) {
            told(check);
        }
        outcome == Outcome::Passed
    }

    /// Whether the figures of a book are worth comparing (step 24): by what is recorded, so that no caller has a list of
    /// its own. Each step of [`FIGURES`] that was made must have passed; the checker's own nodes must not contradict.
    pub(crate) fn figures_hold(&self, book: &str, tiles: Tiles) -> bool {
        let mut needed = Vec::from(NEEDED);
        if tiles == Tiles::Judged {
            needed.push(Step::SiblingsNonNegative);
        }
        for check in &self.0 {
            let is = |step: &Step| step.number() == check.step;
            let by_nodes = is(&Step::BalancesConfirmed);
            if !(by_nodes || needed.iter().chain(&FIGURES).any(is)) {
                continue;
            }
            if check.book.as_deref().is_some_and(|other| other != book) {
                continue;
            }
            match check.outcome {
                Outcome::Passed => needed.retain(|step| !is(step)),
                Outcome::CannotTell if by_nodes => {}
                _ => return false,
            }
        }
        needed.is_empty()
    }

    /// Whether this step was made, and passed wherever it was.
    #[must_use]
    pub fn passed(&self, step: Step) -> bool {
        let mut made = self.0.iter().filter(|check| check.step == step.number());
        made.next().is_some_and(|first| {
            first.outcome == Outcome::Passed && made.all(|check| check.outcome == Outcome::Passed)
        })
    }

    /// The verdict over all checks but coverage, which is a verdict of its own.
    #[must_use]
    pub fn included(&self) -> Included {
        verdict(self.0.iter())
    }

    /// The verdict over the checks of one book.
    #[must_use]
    pub fn included_in(&self, book: &str) -> Included {
        verdict(
            self.0
                .iter()
                .filter(|check| check.book.as_deref() == Some(book)),
        )
    }

    /// Finishes the report. An unfinished list of checks never gives a verdict better than "cannot tell": callers record
    /// each step they could not reach.
    #[must_use]
    pub fn into_report(
        self,
        statement: Option<StatementFacts>,
        log: Option<LogFacts>,
        books: Vec<BookFacts>,
    ) -> Report {
        Report {
            format: REPORT_FORMAT,
            included: self.included(),
            statement,
            attestation: None,
            log,
            checks: self.0,
            books,
            not_proven: NOT_PROVEN.to_vec(),
        }
    }
}

fn verdict<'a>(checks: impl Iterator<Item = &'a Check>) -> Included {
    let mut verdict = None;
    for check in checks.filter(|check| check.id != Step::Covered.id()) {
        let this = match check.outcome {
            Outcome::Passed => Included::Verified,
            Outcome::CannotTell => Included::CannotTell,
            Outcome::Failed => return Included::NotVerified,
        };
        if verdict != Some(Included::CannotTell) {
            verdict = Some(this);
        }
    }
    // No check at all verifies nothing.
    verdict.unwrap_or(Included::CannotTell)
}

#[cfg(test)]
mod tests {
    use core::sync::atomic::{AtomicU8, Ordering};

    use super::*;

    #[test]
    fn each_check_is_told_of_once_as_it_is_made_and_decides_nothing() {
        static LAST: AtomicU8 = AtomicU8::new(0);
        let told = |check: &Check| LAST.store(check.step, Ordering::Relaxed);
        let mut checks = Checks::telling(told);
        let missing = Error::Missing { what: "policy" };
        checks.record(Step::WellFormed, None, Ok(Facts::new()));
        assert_eq!(LAST.load(Ordering::Relaxed), 1);
        checks.record(Step::AttestationSigned, None, Err(missing.clone()));
        assert_eq!(LAST.load(Ordering::Relaxed), 2);
        let mut silent = Checks::default();
        silent.record(Step::WellFormed, None, Ok(Facts::new()));
        silent.record(Step::AttestationSigned, None, Err(missing));
        assert_eq!(
            checks.into_report(None, None, Vec::new()),
            silent.into_report(None, None, Vec::new())
        );
    }
}
