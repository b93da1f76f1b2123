//! `por publish`: audits the attested run in full, then makes it public.

use std::path::PathBuf;

use super::{HomeArg, RunArg, now};
use crate::error::{Error, Exit};
use crate::home::Home;
use crate::publication::publish;

/// Audit the attested run in full, then make it public in a folder
#[derive(Debug, clap::Args)]
pub struct Publish {
    /// The exchange's folder.
    #[command(flatten)]
    pub home: HomeArg,
    /// The run.
    #[command(flatten)]
    pub run: RunArg,
    /// The publication: a folder that any web host can serve
    #[arg(long, value_name = "DIR")]
    pub to: PathBuf,
    /// The built page (web/dist) to publish with it
    #[arg(long, value_name = "DIR")]
    pub page: Option<PathBuf>,
}

impl Publish {
    /// # Errors
    /// [`Error::AuditFailed`], and then nothing is published; [`Error::InTheWay`]; [`Error::Io`].
    pub fn run(self) -> Result<Exit, Error> {
        let home = Home::at(&self.home.home);
        let run = home.run(self.run.run)?;
        let report = publish(
            &run,
            &home.policy_path(),
            self.page.as_deref(),
            &self.to,
            now(),
            true,
        )?;
        eprintln!(
            "Audited and published {} books to {}.",
            report.books.len(),
            self.to.display()
        );
        Ok(Exit::Ok)
    }
}
