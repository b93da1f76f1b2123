//! `por verify`: checks one statement, as the page does.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use por_protocol::statement::MAX_STATEMENT_BYTES;
use por_protocol::verify::{Trust, verify_statement};

use super::{now, print_report, read_policy, report_exit};
use crate::error::{Error, Exit};
use crate::terminal::report_text::Question;

/// Check a customer's statement
#[derive(Debug, clap::Args)]
pub struct Verify {
    /// The statement file
    pub statement: PathBuf,
    /// The policy: the exchange's public key, from a source you trust. Without it the answer is "cannot tell"
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// Your account, to be sure that the statement is yours
    #[arg(long)]
    pub account: Option<String>,
    /// Print the report as JSON
    #[arg(long)]
    pub json: bool,
}

impl Verify {
    /// # Errors
    /// [`Error::Io`] if a file cannot be read; whatever is wrong with the statement is in the report.
    pub fn run(self) -> Result<Exit, Error> {
        let statement = read_statement(&self.statement)?;
        let policy = self.policy.as_deref().map(read_policy).transpose()?;
        let trust = Trust {
            policy: policy.as_ref().map(|(text, _)| text.as_slice()),
            account: self.account.as_deref(),
            now: Some(now()),
        };
        let report = verify_statement(&statement, &trust);
        print_report(&report, Question::Included, &[], self.json)?;
        Ok(report_exit(&report))
    }
}

/// Reads no more than a statement can have, whatever the file says of its size: a device or pipe says nothing.
fn read_statement(path: &Path) -> Result<Vec<u8>, Error> {
    let limit = MAX_STATEMENT_BYTES as u64;
    let mut statement = Vec::new();
    File::open(path)
        .and_then(|file| file.take(limit + 1).read_to_end(&mut statement))
        .map_err(Error::io(path))?;
    if statement.len() as u64 > limit {
        return Err(Error::input(
            path,
            format!("it has more than the {limit} bytes that a statement can have"),
            "Name the file that the exchange gave you.",
        ));
    }
    Ok(statement)
}
