//! The one result of verification, shared by the CLI, the page and the WASM: two verdicts that never mix,
//! a list of named checks, and what is not proven.
//!
//! A `Report` holds facts and identifiers; `claim` and `text` are their English sentences.

mod checks;
mod step;

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use serde::Serialize;

pub use self::checks::{Checks, Tiles};
pub use self::step::Step;

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

/// Named facts of a check.
pub type Facts = BTreeMap<&'static str, String>;

/// Named facts, one by one: a map made of an array sorts and packs it, by code that is compiled for each length.
pub fn facts(named: impl IntoIterator<Item = (&'static str, String)>) -> Facts {
    let mut facts = Facts::new();
    facts.extend(named);
    facts
}
