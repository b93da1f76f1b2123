//! `por mirror`: copies and verifies a publication, and cosigns its head.

use std::path::{Path, PathBuf};

use super::{now, print_report, read_policy, report_exit};
use crate::error::{Error, Exit};
use crate::publication::{Mirror, Mirrored};
use crate::tell;
use crate::terminal::report_text::Question;

/// Copy a publication, audit it in full, and only then show it; extend a mirror only by what extends its log
#[derive(Debug, clap::Args)]
pub struct MirrorCommand {
    /// The publication: a folder, or a URL: https://, s3://, gs:// or az://
    #[arg(value_name = "DIR|URL")]
    from: PathBuf,
    /// The mirror: a folder that any web host can serve
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// The policy: the exchange's public key, from a source you trust
    #[arg(long, value_name = "FILE")]
    policy: PathBuf,
    /// Cosign the mirrored head as the witness in this folder (see `por witness`)
    #[arg(long, value_name = "WITNESS_DIR")]
    cosign: Option<PathBuf>,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

impl MirrorCommand {
    /// # Errors
    /// [`Error::Untrue`] for a publication that is not what it claims to be; [`Error::Remote`], [`Error::Io`].
    pub fn run(self) -> Result<Exit, Error> {
        let (policy, _) = read_policy(&self.policy)?;
        let mirror = Mirror {
            from: &self.from,
            folder: &self.folder,
            policy: &policy,
            witness: self.cosign.as_deref(),
            now: now(),
            progress: true,
        };
        let Mirrored { report, entries } = mirror.update()?;
        print_report(&report, Question::BooksTrue, &[], self.json)?;
        match entries {
            Some(entries) => tell!(
                "Mirrored {entries} entries of the log to {}{}.",
                self.folder.display(),
                cosigned(self.cosign.as_deref())
            ),
            None => tell!("The publication did not pass: the mirror was left as it was."),
        }
        Ok(report_exit(&report))
    }
}

fn cosigned(witness: Option<&Path>) -> &'static str {
    match witness {
        Some(_) => ", and cosigned its head",
        None => "",
    }
}
