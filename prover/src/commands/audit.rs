//! `por audit`: checks a whole publication.

use std::path::PathBuf;

use por_protocol::digest::Digest;

use super::balances::BalanceArgs;
use super::{audit_exit, now, print_report, read_policy};
use crate::error::{Error, Exit};
use crate::publication::{AuditOptions, Part, Scope, UnitRecord, audit_place};
use crate::terminal::report_text::Question;

/// Check a whole publication: every tile, sum, total, signature and reserve
#[derive(Debug, clap::Args)]
pub struct Audit {
    /// The publication: a folder, or a URL (https://, s3://, gs://, az://)
    #[arg(value_name = "DIR|URL")]
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
    /// Verify the tiles of one of several parts, such as 2/8, and leave the others' as "cannot tell" (exit code 6)
    #[arg(long, value_name = "I/N", default_value_t)]
    pub part: Part,
    /// Note in this file which tiles are verified, and go on from there next time. The lines of all parts' files together
    /// are the file of the whole: name it without --part for the verdict
    #[arg(long, value_name = "FILE")]
    pub resume: Option<PathBuf>,
    /// Print the report as JSON
    #[arg(long)]
    pub json: bool,
}

impl Audit {
    /// # Errors
    /// [`Error::Io`] or [`Error::Remote`] if the publication cannot be read; whatever is wrong with the publication is in the report.
    pub fn run(self) -> Result<Exit, Error> {
        let policy = self.policy.as_deref().map(read_policy).transpose()?;
        let balances = self.balances.read()?;
        let options = AuditOptions {
            balances: &balances,
            policy: policy.as_ref().map(|(text, _)| text.as_slice()),
            now: now(),
            sequence: self.sequence,
            progress: true,
        };
        let record = self.resume.as_deref().map(UnitRecord::open).transpose()?;
        let scope = Scope {
            part: self.part,
            record: record.as_ref(),
        };
        let report = audit_place(&self.publication, &options, &scope)?;
        record.map_or(Ok(()), UnitRecord::finish)?;
        let policy = policy.map_or_else(
            || "none: nothing tells who signed".into(),
            |(text, _)| format!("SHA-256 {}", Digest::of(&text)),
        );
        let mut brought = vec![("policy", policy)];
        if self.part != Part::default() {
            brought.push(("part", self.part.to_string()));
        }
        print_report(&report, Question::BooksTrue, &brought, self.json)?;
        Ok(audit_exit(&report))
    }
}
