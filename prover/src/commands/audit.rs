//! `por audit`: checks a whole publication.

use std::path::PathBuf;

use super::balances::BalanceArgs;
use super::{audit_exit, now, print_report, read_policy};
use crate::error::{Error, Exit};
use crate::publication::{AuditOptions, Publication, audit};
use crate::report_text::Question;

/// Check a whole publication: every tile, sum, total, signature and reserve
#[derive(Debug, clap::Args)]
pub struct Audit {
    /// The publication's folder
    pub publication: PathBuf,
    /// The policy: the exchange's public key, from a source you trust. Without it the answer is "cannot tell"
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// Sequence of the attestation to audit [default: the last one]
    #[arg(long)]
    pub sequence: Option<u64>,
    /// What to check balances with.
    #[command(flatten)]
    pub balances: BalanceArgs,
    /// Print the report as JSON
    #[arg(long)]
    pub json: bool,
}

impl Audit {
    /// # Errors
    /// [`Error::Io`] if the folder cannot be read; whatever is wrong with the publication is in the report.
    pub fn run(self) -> Result<Exit, Error> {
        let policy = read_policy(self.policy.as_deref())?;
        let balances = self.balances.read()?;
        let options = AuditOptions {
            balances: &balances,
            policy: policy.as_deref(),
            now: now(),
            sequence: self.sequence,
            progress: true,
        };
        let report = audit(&Publication::at(&self.publication), &options)?;
        print_report(&report, Question::BooksTrue, self.json)?;
        Ok(audit_exit(&report))
    }
}
