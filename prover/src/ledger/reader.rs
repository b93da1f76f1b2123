//! Reads one ledger from all of its sources, in the order in which they are given.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use por_protocol::asset::AssetTable;

use super::Ledger;
use super::csv;
use super::error::{LedgerError, Reason};
use super::intake::Intake;
use super::parquet;
use super::postgres::Database;
use super::report::{FileReport, LedgerReport};
use super::source::Source;
use crate::build::sorted_runs::RUN_BYTES;
use crate::error::Error;

/// Most sources of one ledger: rows remember theirs in 16 bits.
const MAX_SOURCES: usize = 1 << 16;

/// Where a ledger lies.
#[derive(Clone, Debug, Default)]
pub struct LedgerSources {
    /// Files: CSV or Parquet.
    pub files: Vec<PathBuf>,
    /// Files that name a PostgreSQL database each, and who reads it.
    pub databases: Vec<PathBuf>,
}

/// Reads one ledger. What is large of it lies below `folder` afterwards, in private files: `rows/<asset>-owed.rows`.
///
/// # Errors
/// [`Error::Ledger`] with the first mistake, by the order of sources and lines; an account that has two rows for an asset
/// is found last, across all sources, and both places are named. [`Error::Io`] for the files below `folder`.
pub fn read_ledger(
    sources: &LedgerSources,
    assets: &AssetTable,
    folder: &Path,
) -> Result<Ledger, Error> {
    read_within(sources, assets, folder, RUN_BYTES)
}

/// The same, sorting with `run_bytes` of memory.
pub(super) fn read_within(
    sources: &LedgerSources,
    assets: &AssetTable,
    folder: &Path,
    run_bytes: usize,
) -> Result<Ledger, Error> {
    let found = sources.files.len() + sources.databases.len();
    if found == 0 {
        return Err(LedgerError::file(Path::new(""), Reason::NoFiles).into());
    }
    if found > MAX_SOURCES {
        let max = MAX_SOURCES;
        let reason = Reason::TooManyFiles { found, max };
        return Err(LedgerError::file(Path::new(""), reason).into());
    }
    let mut reader = Reader {
        intake: Intake::new(assets, folder, run_bytes)?,
        names: Vec::new(),
        files: Vec::new(),
        identities: HashMap::new(),
    };
    for path in &sources.files {
        reader.read_file(path)?;
    }
    let mut databases = Vec::new();
    for path in &sources.databases {
        let database = Database::open(path)?;
        let number = reader.number(database.name());
        databases.push(database.read(&mut reader.intake, number)?);
    }
    let of_files = reader.files.iter().map(|file| file.rows);
    let of_databases = databases.iter().map(|database| database.rows);
    let report = LedgerReport {
        rows: of_files.chain(of_databases).sum(),
        files: reader.files,
        databases,
        assets: Vec::new(),
        debts: Vec::new(),
        hints: Vec::new(),
    };
    reader.intake.finish(folder, &reader.names, report)
}

/// Everything that is known between two sources.
struct Reader<'a> {
    intake: Intake<'a>,
    /// What errors call the sources, in the order of reading.
    names: Vec<PathBuf>,
    files: Vec<FileReport>,
    identities: HashMap<(u64, u64), usize>,
}

impl Reader<'_> {
    /// The number of the source that is read next, which errors call `name`.
    fn number(&mut self, name: &Path) -> u16 {
        let number = u16::try_from(self.names.len()).expect("the number of sources was checked");
        self.names.push(name.to_owned());
        number
    }

    fn read_file(&mut self, path: &Path) -> Result<(), Error> {
        let mut source = Source::open(path)?;
        if let Some(first) = self.identities.insert(source.identity(), self.files.len()) {
            let first = self.files[first].file.clone();
            return Err(LedgerError::file(path, Reason::SameFile { first }).into());
        }
        let number = self.number(path);
        let read = if source.begins_with(parquet::MAGIC)? {
            let file = source.hash_whole()?;
            parquet::read_file(&mut self.intake, path, number, file)
        } else {
            csv::read_text(&mut self.intake, path, number, source.reader())
        };
        // A mistake in a file that changes is a symptom of the change.
        source.check_unchanged()?;
        let content = read.map_err(|stop| stop.at(path))?;
        let (sha256, bytes) = source.finish()?;
        if let Some(same) = self.files.iter().find(|file| file.sha256 == sha256) {
            let first = same.file.clone();
            return Err(LedgerError::file(path, Reason::SameContent { first }).into());
        }
        self.files.push(FileReport {
            file: path.to_owned(),
            format: content.format,
            bytes,
            rows: content.rows,
            sha256,
            not_read: content.not_read,
        });
        Ok(())
    }
}
