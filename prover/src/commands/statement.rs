//! `por statement`: writes the file that a customer checks.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::{HomeArg, RunArg};
use crate::durable::{self, Staging};
use crate::error::{Error, Exit};
use crate::home::Home;
use crate::progress;
use crate::publication::Publication;
use crate::secret_file;
use crate::statements::{Issuer, file_name};
use crate::tell;

/// Write customers' statements: one account, a list, or all
#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("who").required(true).args(["account", "list", "all"])))]
pub struct StatementCommand {
    /// The exchange's folder.
    #[command(flatten)]
    pub home: HomeArg,
    /// The run.
    #[command(flatten)]
    pub run: RunArg,
    /// One account, as the customer knows it
    #[arg(long)]
    pub account: Option<String>,
    /// File with one account on each line
    #[arg(long, value_name = "FILE")]
    pub list: Option<PathBuf>,
    /// Every account of the run
    #[arg(long)]
    pub all: bool,
    /// File for --account, folder for --list and --all
    #[arg(long, value_name = "PATH")]
    pub out: PathBuf,
}

impl StatementCommand {
    /// # Errors
    /// [`Error::Refused`] for an account that is in no book, [`Error::Io`].
    pub fn run(self) -> Result<Exit, Error> {
        let run = Home::at(&self.home.home).run(self.run.run)?;
        if Publication::surrounds(&self.out) {
            return Err(Error::refused(
                format!("{} lies in a publication", self.out.display()),
                "Name a place that is not public: a statement shows a balance.",
            ));
        }
        let issuer = Issuer::open(&run)?;
        if let Some(account) = &self.account {
            let file = issuer
                .issue(account)?
                .ok_or_else(|| unknown("this account"))?;
            write_one(&self.out, &file)?;
            tell!(
                "Wrote {} ({} bytes). It is private: it shows a balance.",
                self.out.display(),
                file.len()
            );
            return Ok(Exit::Ok);
        }
        let accounts: Vec<String> = match &self.list {
            Some(path) => read_list(path, &issuer.accounts()?)?,
            None => issuer.accounts()?.into_iter().collect(),
        };
        // The folder appears whole or not at all.
        if self.out.exists() {
            return Err(Error::InTheWay {
                path: self.out,
                why: "the folder exists already".into(),
                remedy: "Name a new folder.".into(),
            });
        }
        let staging = Staging::at(durable::temporary(&self.out))?;
        secret_file::create_private_dir(staging.path())?;
        let bar = progress::bar(accounts.len() as u64, "statements");
        accounts.par_iter().try_for_each(|account| {
            let file = issuer
                .issue(account)?
                .ok_or_else(|| unknown("an account"))?;
            let path = staging.path().join(file_name(account));
            let mut output = secret_file::create_private(&path)?;
            output.write_all(&file).map_err(Error::io(&path))?;
            bar.inc(1);
            Ok::<_, Error>(())
        })?;
        bar.finish_and_clear();
        write_index(&staging.path().join("index.csv"), &accounts)?;
        staging.rename(&self.out)?;
        tell!(
            "Wrote {} statements to {}.",
            accounts.len(),
            self.out.display()
        );
        Ok(Exit::Ok)
    }
}

fn unknown(who: &str) -> Error {
    Error::refused(
        format!("{who} is in no book of this run"),
        "Check the spelling: accounts are byte-exact.",
    )
}

/// Writes one statement; the same bytes may stand there already, anything else is never overwritten.
fn write_one(path: &Path, file: &[u8]) -> Result<(), Error> {
    let in_the_way = |why: &str| Error::InTheWay {
        path: path.to_owned(),
        why: why.into(),
        remedy: "Name a new file, or move this one away.".into(),
    };
    match std::fs::symlink_metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            durable::write_private(path, file)
        }
        Err(error) => Err(Error::io(path)(error)),
        Ok(found) if !found.is_file() => Err(in_the_way("it exists and is no regular file")),
        Ok(_) if std::fs::read(path).map_err(Error::io(path))? != file => {
            Err(in_the_way("a file with other content exists already"))
        }
        // Written again, so that its mode is right.
        Ok(_) => durable::write_private(path, file),
    }
}

/// One account on each line; every one must be in the run, so that a misspelt one is found at its line.
fn read_list(path: &Path, known: &BTreeSet<String>) -> Result<Vec<String>, Error> {
    let text = std::fs::read_to_string(path).map_err(Error::io(path))?;
    let mut accounts = BTreeSet::new();
    for (line, account) in (1..).zip(text.lines()) {
        if !known.contains(account) {
            return Err(Error::Line {
                path: path.to_owned(),
                line,
                why: "this account is in no book of this run".into(),
                remedy:
                    "Check the spelling: accounts are byte-exact, and there are no empty lines."
                        .into(),
            });
        }
        accounts.insert(account.to_owned());
    }
    if accounts.is_empty() {
        return Err(Error::input(
            path,
            "it names no account",
            "Write one account on each line.",
        ));
    }
    Ok(accounts.into_iter().collect())
}

/// Which file is whose. A field that a spreadsheet would run as a formula gets a leading apostrophe.
fn write_index(path: &Path, accounts: &[String]) -> Result<(), Error> {
    let fault = |error: csv::Error| Error::Io {
        path: path.to_owned(),
        source: error.into(),
    };
    let mut writer = csv::Writer::from_writer(secret_file::create_private(path)?);
    writer.write_record(["account", "file"]).map_err(fault)?;
    for account in accounts {
        let formula = account.starts_with(['=', '+', '-', '@']);
        let shown = if formula {
            format!("'{account}")
        } else {
            account.clone()
        };
        writer
            .write_record([shown, file_name(account)])
            .map_err(fault)?;
    }
    writer.flush().map_err(Error::io(path))
}
