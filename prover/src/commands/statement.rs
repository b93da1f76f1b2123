//! `por statement`: writes the file that a customer checks.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use por_protocol::account::AccountId;
use rayon::prelude::*;
use zeroize::Zeroizing;

use super::{HomeArg, RunArg};
use crate::error::{Error, Exit};
use crate::files::durable::{self, Staging};
use crate::files::secret_file;
use crate::home::Home;
use crate::publication::Publication;
use crate::statements::{Archive, ArchiveWriter, Balances, Content, Header, Issuer, file_name};
use crate::tell;
use crate::terminal::progress;

/// Accounts whose statements are made at a time, on all threads.
const BATCH: usize = 4096;

/// Write customers' statements: one account, a list, or all
#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("who").required(true).args(["account", "list", "all"])))]
#[command(group(clap::ArgGroup::new("where").required(true).args(["out", "archive", "openings"])))]
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
    pub out: Option<PathBuf>,
    /// With --all: one private file with every statement, to be read with --from
    #[arg(long, value_name = "FILE", conflicts_with_all = ["account", "list"])]
    pub archive: Option<PathBuf>,
    /// With --all: one private file with the signed openings alone, for `por serve`
    #[arg(long, value_name = "FILE", conflicts_with_all = ["account", "list"])]
    pub openings: Option<PathBuf>,
    /// Take the statements from this archive; needs neither keys nor the exchange's folder
    #[arg(long, value_name = "FILE", requires = "out", conflicts_with_all = ["all", "home", "run"])]
    pub from: Option<PathBuf>,
}

/// Where statements come from.
enum Source {
    Run(Box<Issuer>),
    Archive(Archive),
}

impl StatementCommand {
    /// # Errors
    /// [`Error::Refused`] for an account that is in no book, [`Error::Io`].
    pub fn run(self) -> Result<Exit, Error> {
        for path in [&self.out, &self.archive, &self.openings] {
            path.as_deref().map_or(Ok(()), Publication::refuse_around)?;
        }
        let source = match &self.from {
            Some(archive) => Source::Archive(Archive::open(archive)?),
            None => {
                let run = Home::at(&self.home.home).run(self.run.run)?;
                Source::Run(Box::new(Issuer::open(&run)?))
            }
        };
        match (&self.out, &self.archive, &self.openings, &source) {
            (Some(out), ..) => self.write_files(&source, out)?,
            (_, Some(path), _, Source::Run(issuer)) => {
                write_archive(issuer, Content::Statements, path)?;
            }
            (_, _, Some(path), Source::Run(issuer)) => {
                write_archive(issuer, Content::Openings, path)?;
            }
            // clap asks for one of them, and for `--out` with `--from`.
            _ => return Ok(Exit::Usage),
        }
        Ok(Exit::Ok)
    }

    fn write_files(&self, source: &Source, out: &Path) -> Result<(), Error> {
        if let Some(account) = &self.account {
            let file = source
                .find(account)?
                .ok_or_else(|| unknown("this account"))?;
            write_one(out, &file)?;
            tell!(
                "Wrote {} ({} bytes). It is private: it shows a balance.",
                out.display(),
                file.len()
            );
            return Ok(());
        }
        // The folder appears whole or not at all.
        if out.exists() {
            return Err(Error::InTheWay {
                path: out.to_owned(),
                why: "the folder exists already".into(),
                remedy: "Name a new folder.".into(),
            });
        }
        let listed = match &self.list {
            Some(path) => Some(read_list(path, source)?),
            None => None,
        };
        let staging = Staging::at(durable::temporary(out))?;
        secret_file::create_private_dir(staging.path())?;
        let mut index = Index::create(&staging.path().join("index.csv"))?;
        let bar = progress::bar(0, "statements");
        let write = |account: &str, file: &[u8]| {
            let path = staging.path().join(file_name(account));
            let mut output = secret_file::create_private(&path)?;
            // The folder gets its name at the end: no power loss may leave it with files that are empty.
            let written = output.write_all(file).and_then(|()| output.sync_all());
            written.map_err(Error::io(&path))
        };
        match (listed, source) {
            (Some(accounts), _) => {
                bar.set_length(accounts.len() as u64);
                accounts.par_iter().try_for_each(|account| {
                    let file = source.find(account)?.ok_or_else(|| unknown("an account"))?;
                    write(account, &file)?;
                    bar.inc(1);
                    Ok::<_, Error>(())
                })?;
                accounts.iter().try_for_each(|account| index.add(account))?;
            }
            (None, Source::Run(issuer)) => {
                // How many accounts there are is known only at the end; how many balances, before.
                bar.set_message("balances");
                bar.set_length(issuer.rows());
                in_batches(issuer, |batch| {
                    batch.par_iter().try_for_each(|(account, balances)| {
                        write(account.as_str(), &issuer.issue(account, balances)?)?;
                        bar.inc(balances.len() as u64);
                        Ok::<_, Error>(())
                    })?;
                    let mut accounts = batch.iter().map(|(account, _)| account.as_str());
                    accounts.try_for_each(|account| index.add(account))
                })?;
            }
            // clap keeps `--all` and `--from` apart.
            (None, Source::Archive(_)) => {}
        }
        bar.finish_and_clear();
        let count = index.finish()?;
        staging.rename(out)?;
        tell!("Wrote {count} statements to {}.", out.display());
        Ok(())
    }
}

impl Source {
    /// The statement of an account; `None` if it is in no book.
    fn find(&self, account: &str) -> Result<Option<Zeroizing<Vec<u8>>>, Error> {
        match self {
            Self::Run(issuer) => {
                let balances = issuer.balances(account)?;
                if balances.is_empty() {
                    return Ok(None);
                }
                let account = AccountId::new(account).map_err(|error| {
                    Error::refused(error.to_string(), "Name an account of the ledger.")
                })?;
                issuer.issue(&account, &balances).map(Some)
            }
            Self::Archive(archive) if archive.header().content == Content::Statements => {
                archive.find(account)
            }
            Self::Archive(_) => Err(Error::refused(
                "the archive holds signed openings alone, which are no statements",
                "Name an archive that `por statement --all --archive` wrote, or serve this one with `por serve`.",
            )),
        }
    }

    /// Whether the account is in some book.
    fn knows(&self, account: &str) -> Result<bool, Error> {
        match self {
            Self::Run(issuer) => Ok(!issuer.balances(account)?.is_empty()),
            Self::Archive(archive) => Ok(archive.find(account)?.is_some()),
        }
    }
}

/// Every account with its balances, so many at a time.
fn in_batches(
    issuer: &Issuer,
    mut work: impl FnMut(&[(AccountId, Balances)]) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut accounts = issuer.accounts();
    loop {
        let batch = accounts
            .by_ref()
            .take(BATCH)
            .collect::<Result<Vec<_>, _>>()?;
        if batch.is_empty() {
            return Ok(());
        }
        work(&batch)?;
    }
}

/// Writes all statements, or their signed cores, to one file.
fn write_archive(issuer: &Issuer, content: Content, path: &Path) -> Result<(), Error> {
    if path.exists() {
        return Err(Error::InTheWay {
            path: path.to_owned(),
            why: "the file exists already".into(),
            remedy: "Name a new file, or move this one away.".into(),
        });
    }
    let attachments = issuer.attachments();
    let header = Header {
        content,
        attestation: *attachments.digest(),
        sequence: attachments.attestation().sequence,
        log_proof: attachments.log_proof().to_owned(),
    };
    let mut writer = ArchiveWriter::create(path, &header)?;
    let bar = progress::bar(issuer.rows(), "balances");
    in_batches(issuer, |batch| {
        let made = batch.par_iter().map(|(account, balances)| match content {
            Content::Statements => issuer.issue(account, balances),
            Content::Openings => {
                let core = issuer.sign(account, balances)?;
                Ok(Zeroizing::new(core.note.as_bytes().to_vec()))
            }
        });
        let made = made.collect::<Result<Vec<_>, Error>>()?;
        for ((account, balances), record) in batch.iter().zip(&made) {
            writer.push(account, record)?;
            bar.inc(balances.len() as u64);
        }
        Ok(())
    })?;
    let count = writer.finish()?;
    bar.finish_and_clear();
    tell!(
        "Wrote {} of {count} accounts to {}. It is private: it shows balances.",
        match content {
            Content::Statements => "the statements",
            Content::Openings => "the signed openings",
        },
        path.display()
    );
    Ok(())
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

/// One account on each line; every one must be there, so that a misspelt one is found at its line.
fn read_list(path: &Path, source: &Source) -> Result<Vec<String>, Error> {
    let text = std::fs::read_to_string(path).map_err(Error::io(path))?;
    let mut accounts = BTreeSet::new();
    for (line, account) in (1..).zip(text.lines()) {
        if !source.knows(account)? {
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
struct Index {
    path: PathBuf,
    writer: csv::Writer<std::fs::File>,
    count: u64,
}

impl Index {
    fn create(path: &Path) -> Result<Self, Error> {
        let mut index = Self {
            path: path.to_owned(),
            writer: csv::Writer::from_writer(secret_file::create_private(path)?),
            count: 0,
        };
        index.write(["account", "file"])?;
        Ok(index)
    }

    fn add(&mut self, account: &str) -> Result<(), Error> {
        let formula = account.starts_with(['=', '+', '-', '@']);
        let shown = if formula {
            format!("'{account}")
        } else {
            account.to_owned()
        };
        self.count += 1;
        self.write([shown.as_str(), &file_name(account)])
    }

    fn write(&mut self, record: [&str; 2]) -> Result<(), Error> {
        let written = self.writer.write_record(record);
        written.map_err(|error| Error::io(&self.path)(error.into()))
    }

    fn finish(self) -> Result<u64, Error> {
        let file = self.writer.into_inner().map_err(|error| Error::Io {
            path: self.path.clone(),
            source: error.into_error(),
        })?;
        file.sync_all().map_err(Error::io(&self.path))?;
        durable::sync_parent(&self.path)?;
        Ok(self.count)
    }
}
