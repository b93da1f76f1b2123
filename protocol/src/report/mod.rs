//! The one result of verification, shared by the CLI, the page and the WASM: two verdicts that never mix,
//! a list of named checks, and what is not proven.
//!
//! A `Report` holds facts and identifiers; `claim` and `text` are their English sentences.

use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use serde::Serialize;

use crate::error::Error;
use crate::shown;

/// Value of [`Report::format`].
pub const REPORT_FORMAT: &str = "por/report/v1";

/// Is this account in the attestation's books, with the amounts the statement shows?
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Included {
    /// Every required check ran and passed.
    Verified,
    /// A check ran and failed.
    NotVerified,
    /// Nothing failed, but something that is required was missing.
    CannotTell,
}

/// Are the reserves of one asset at least its liabilities?
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Covered {
    /// Reserves are at least the total, or at least the bound of a sealed total.
    Covered,
    /// Reserves are below the total or the bound.
    NotCovered,
    /// The figures are not authenticated, or a check they rest on failed.
    CannotTell,
}

/// How one check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Checked and true.
    Passed,
    /// Checked and false.
    Failed,
    /// Not checked, because something it needs is missing.
    CannotTell,
}

/// One named check of the numbered verification (SPEC §9).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// Step number in SPEC §9 and §10.
    pub step: u8,
    /// Stable identifier in kebab-case, such as `statement-signed`.
    pub id: &'static str,
    /// One plain English sentence: what is true when this check passes.
    pub claim: &'static str,
    /// The book this run of the check is about (`BTC/owed`), where it is about one.
    pub book: Option<String>,
    /// How it ended.
    pub outcome: Outcome,
    /// Identifier of the error, in kebab-case, where it did not pass.
    pub reason: Option<&'static str>,
    /// The error in words, where it did not pass.
    pub detail: Option<String>,
    /// Named facts for those who want to look closer (hashes, counts), as text.
    pub facts: BTreeMap<&'static str, String>,
}

/// What the statement says about itself; shown as unauthenticated until `included` is not `cannot_tell`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StatementFacts {
    /// Name of the exchange.
    pub entity: String,
    /// Origin of the exchange's log (C2SP key name).
    pub log_origin: String,
    /// Period of the attestation, such as `2026-10`.
    pub period: String,
    /// Sequence number of the attestation in its log.
    pub sequence: u64,
    /// Snapshot instant, seconds since 1970-01-01T00:00:00Z.
    pub snapshot_time: u64,
    /// Account identifier as the customer knows it.
    pub account: String,
    /// SHA-256 of the exact attestation bytes, hex.
    pub attestation: String,
}

impl StatementFacts {
    /// The attestation that the statement is of.
    #[must_use]
    pub fn signed(&self) -> AttestationFacts {
        AttestationFacts {
            entity: self.entity.clone(),
            log_origin: self.log_origin.clone(),
            period: self.period.clone(),
            sequence: self.sequence,
            snapshot_time: self.snapshot_time,
            digest: self.attestation.clone(),
        }
    }
}

/// The attestation that an audit looked at, by what it says of itself; steps 2 to 4 tell whose word that is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AttestationFacts {
    /// Name of the exchange.
    pub entity: String,
    /// Origin of the exchange's log (C2SP key name).
    pub log_origin: String,
    /// Period, such as `2026-10`.
    pub period: String,
    /// Sequence number in its log.
    pub sequence: u64,
    /// Snapshot instant, seconds since 1970-01-01T00:00:00Z.
    pub snapshot_time: u64,
    /// SHA-256 of the exact bytes, hex.
    pub digest: String,
}

/// The log head that the result rests on; its signatures were checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LogFacts {
    /// Origin of the log.
    pub origin: String,
    /// Entries of the head: corrections after them were not seen.
    pub size: u64,
    /// RFC 6962 root of the head, hex.
    pub root: String,
    /// Index of the attestation's entry.
    pub index: u64,
    /// When the head was current by its witnesses, in Unix seconds; `null` where the policy asks for no witnesses.
    pub time: Option<u64>,
    /// Names of the witnesses that cosigned the head, as the policy has them.
    pub witnesses: Vec<String>,
}

/// A sum of reserves of one kind of evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReserveFacts {
    /// Evidence class after the checker's own work: `A`, `A, block unconfirmed`, `B`, `C` or `D`.
    pub class: &'static str,
    /// What the exchange says it rests on, such as `evm_state_proof`.
    pub evidence: &'static str,
    /// Sum of free reserves in atoms, a decimal integer.
    pub amount: String,
    /// Sum of encumbered reserves in atoms, which cover nothing; `null` where there are none.
    pub encumbered: Option<String>,
}

/// The liabilities total of a book as published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum TotalFacts {
    /// The total itself.
    Public {
        /// Atoms, a decimal integer.
        amount: String,
    },
    /// A bound that is proven to be at least the total.
    Sealed {
        /// Atoms, a decimal integer.
        bound: String,
    },
}

/// One book of the report: the account's amount in it (statement only) and the coverage of its asset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BookFacts {
    /// Asset id, such as `BTC`.
    pub asset: String,
    /// Asset name, such as `Bitcoin`.
    pub name: String,
    /// Book kind: `owed`.
    pub kind: String,
    /// Atoms per unit are 10^decimals.
    pub decimals: u8,
    /// Decimals of `exact`.
    pub ledger_decimals: u8,
    /// Published leaf count, padding included.
    pub leaf_count: u64,
    /// Index of the account's leaf (statement only).
    pub index: Option<u64>,
    /// The balance as the ledger has it: an integer with `ledger_decimals` decimals (statement only).
    pub exact: Option<String>,
    /// The amount in the leaf: `exact` rounded up to atoms, an integer (statement only).
    pub amount: Option<String>,
    /// Verdict of this book's own checks (statement: is the leaf in; audit: are all tiles and the total true).
    pub included: Included,
    /// Liabilities.
    pub total: TotalFacts,
    /// Reserves by evidence class.
    pub reserves: Vec<ReserveFacts>,
    /// Coverage of this asset.
    pub covered: Covered,
    /// The weakest evidence class that the coverage rests on; `null` where it cannot be told.
    pub class: Option<&'static str>,
}

/// Something no result of `por` proves; printed with every report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct NotProven {
    /// Stable identifier in kebab-case.
    pub id: &'static str,
    /// One plain English sentence.
    pub text: &'static str,
}

/// The result of `verify` and `audit`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// [`REPORT_FORMAT`].
    pub format: &'static str,
    /// Headline verdict.
    pub included: Included,
    /// Facts of the statement; `null` where the file could not be read, and in an audit.
    pub statement: Option<StatementFacts>,
    /// What was audited; absent where nothing was, and from the report of a statement.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attestation: Option<AttestationFacts>,
    /// The log head; `null` where none could be authenticated.
    pub log: Option<LogFacts>,
    /// All checks in the order of SPEC §9.
    pub checks: Vec<Check>,
    /// Books in the order of the statement, or of `books.jsonl`.
    pub books: Vec<BookFacts>,
    /// What this result does not prove.
    pub not_proven: Vec<NotProven>,
}

impl Report {
    /// The same report, which tells what was audited.
    #[must_use]
    pub fn of(mut self, attestation: AttestationFacts) -> Self {
        self.attestation = Some(attestation);
        self
    }
}

/// What no report of `por` proves.
pub const NOT_PROVEN: [NotProven; 5] = [
    NotProven {
        id: "other-customers",
        text: "That every other customer is counted: each can only check the own account, so the proof grows with every customer who checks.",
    },
    NotProven {
        id: "other-debts",
        text: "That the exchange has no other debts, such as loans, bonds or claims outside these books.",
    },
    NotProven {
        id: "borrowed-coins",
        text: "That the coins shown are the exchange's own: they may be borrowed, pledged or shown with a partner's consent.",
    },
    NotProven {
        id: "fiat",
        text: "Anything about money in banks: only coins on public chains are compared.",
    },
    NotProven {
        id: "after-the-snapshot",
        text: "Anything after the snapshot: coins can move within the hour.",
    },
];

/// The steps of the numbered verification (SPEC §9 for statements, §10 for audits).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "each variant's claim is its documentation")]
pub enum Step {
    WellFormed,
    AttestationSigned,
    AttestationApproved,
    AttestationLogged,
    WitnessesCosigned,
    InOrder,
    StatementSigned,
    AccountExpected,
    LogComplete,
    HeadFresh,
    BooksComplete,
    ReservesComplete,
    Ownership,
    ReservesSummed,
    AnnexesPresent,
    FilesExpected,
    BalancesEvidenced,
    BalancesConfirmed,
    BookListed,
    AmountRounded,
    LeafIncluded,
    SiblingsNonNegative,
    TotalProven,
    Covered,
}

impl Step {
    /// Number, identifier and claim.
    const fn row(self) -> (u8, &'static str, &'static str) {
        match self {
            Self::WellFormed => (
                1,
                "well-formed",
                "Every file has the form that this version of the format requires.",
            ),
            Self::AttestationSigned => (
                2,
                "attestation-signed",
                "The attestation is signed by the exchange's log key that the policy names.",
            ),
            Self::AttestationApproved => (
                3,
                "attestation-approved",
                "The roles that the policy names have approved the attestation.",
            ),
            Self::AttestationLogged => (
                4,
                "attestation-logged",
                "The attestation is in the exchange's log, under a head that the log key signed.",
            ),
            Self::WitnessesCosigned => (
                5,
                "witnesses-cosigned",
                "As many witnesses have cosigned that head of the log as the policy asks for.",
            ),
            Self::InOrder => (
                6,
                "in-order",
                "The snapshot is not later than the log head, or, where no witness dates it, than now.",
            ),
            Self::StatementSigned => (
                7,
                "statement-signed",
                "The exchange signed this statement, for this attestation.",
            ),
            Self::AccountExpected => (
                8,
                "account-expected",
                "The statement is for the account you named.",
            ),
            Self::LogComplete => (
                9,
                "log-complete",
                "The log holds what its head is signed for, entry after entry, and its history keeps the rules.",
            ),
            Self::HeadFresh => (
                10,
                "head-fresh",
                "The head of the log is not older than the policy allows.",
            ),
            Self::BooksComplete => (
                11,
                "books-complete",
                "The list of books is the one that the attestation is bound to.",
            ),
            Self::ReservesComplete => (
                12,
                "reserves-complete",
                "The list of reserves is the one that the attestation is bound to.",
            ),
            Self::Ownership => (
                13,
                "ownership",
                "Each address has a signature over the dated challenge, and stands once.",
            ),
            Self::ReservesSummed => (
                14,
                "reserves-summed",
                "The reserves stated for each asset are the sum of its addresses, rounded down.",
            ),
            Self::AnnexesPresent => (
                15,
                "annexes-present",
                "Every annex has the size and the digest it should have.",
            ),
            Self::FilesExpected => (
                16,
                "files-expected",
                "The publication holds the files of its books and no others.",
            ),
            Self::BalancesEvidenced => (
                17,
                "balances-evidenced",
                "Each balance is what the evidence given for it says; the class says what that is worth.",
            ),
            Self::BalancesConfirmed => (
                18,
                "balances-confirmed",
                "The checker's own nodes have the snapshot's blocks, and say the same.",
            ),
            Self::BookListed => (
                19,
                "book-listed",
                "The attestation lists this book, with this root and this total.",
            ),
            Self::AmountRounded => (
                20,
                "amount-rounded",
                "The amount counted is the exact balance, rounded up.",
            ),
            Self::LeafIncluded => (
                21,
                "leaf-included",
                "The account's leaf, with this amount, is in the tree under the published root.",
            ),
            Self::SiblingsNonNegative => (
                22,
                "siblings-non-negative",
                "No amount in the tiles that were looked at is negative, so nothing can be subtracted from the total.",
            ),
            Self::TotalProven => (
                23,
                "total-proven",
                "The published total, or the bound on it, belongs to this root.",
            ),
            Self::Covered => (
                24,
                "covered",
                "The reserves of this asset are at least its liabilities.",
            ),
        }
    }

    /// Number of the step.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.row().0
    }

    /// Stable identifier in kebab-case.
    #[must_use]
    pub const fn id(self) -> &'static str {
        self.row().1
    }

    /// What is true when the step passes.
    #[must_use]
    pub const fn claim(self) -> &'static str {
        self.row().2
    }
}

/// Named facts of a check.
pub type Facts = BTreeMap<&'static str, String>;

/// Named facts, one by one: a map made of an array sorts and packs it, by code that is compiled for each length.
pub fn facts(named: impl IntoIterator<Item = (&'static str, String)>) -> Facts {
    let mut facts = Facts::new();
    facts.extend(named);
    facts
}

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
