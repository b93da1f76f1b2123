//! What was read: files with their digests, rows, exact totals, and hints at damage that is no error.

use std::fmt;
use std::path::PathBuf;

use por_protocol::amount::{Amount, ExactAmount};
use por_protocol::asset::AssetId;
use serde::Serialize;

use super::error::{Place, path_as_text};
use super::source::FileDigest;

/// What a ledger was read from, and what it adds up to.
#[derive(Clone, Debug, Serialize)]
pub struct LedgerReport {
    /// The files in the order given.
    pub files: Vec<FileReport>,
    /// The databases in the order given, behind the files.
    pub databases: Vec<DatabaseReport>,
    /// Rows of all sources.
    pub rows: u64,
    /// One entry per asset, in the order of the asset table.
    pub assets: Vec<AssetReport>,
    /// What customers owe, of each asset whose debts were read; nothing of it is subtracted anywhere.
    pub debts: Vec<DebtReport>,
    /// What looks odd but is allowed.
    pub hints: Vec<Hint>,
}

/// One file that was read.
#[derive(Clone, Debug, Serialize)]
pub struct FileReport {
    /// The file, as it was given.
    #[serde(serialize_with = "path_as_text")]
    pub file: PathBuf,
    /// How it is written.
    pub format: Format,
    /// Its length in bytes.
    pub bytes: u64,
    /// Its rows, the header not counted.
    pub rows: u64,
    /// SHA-256 of its bytes.
    pub sha256: FileDigest,
    /// Columns that were not read, because they follow from others.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub not_read: Vec<String>,
}

/// One database that was read.
#[derive(Clone, Debug, Serialize)]
pub struct DatabaseReport {
    /// Its URL, without user and password.
    pub database: String,
    /// Whether the connection was by TLS; without it only on this machine.
    pub tls: bool,
    /// The statement whose rows were sent.
    pub query: String,
    /// The version that the server says it is.
    pub server_version: String,
    /// The snapshot: `xmin:xmax:` and the transactions between them that were open, which are not in it.
    pub snapshot: String,
    /// When the transaction began, by the server's clock.
    pub snapshot_time: String,
    /// Length of what it sent, as CSV with a header.
    pub bytes: u64,
    /// Its rows.
    pub rows: u64,
    /// SHA-256 of what it sent: of the file that `\copy (<query>) TO … CSV HEADER` of psql would write.
    pub sha256: FileDigest,
}

/// How a source is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Format {
    /// `account,asset,amount` in CSV.
    Csv,
    /// A row per account with columns of equity and debt per asset, in CSV.
    CsvEquityAndDebt,
    /// Three columns in Apache Parquet.
    Parquet,
}

/// What a reader found in one source.
#[derive(Debug)]
pub(super) struct Content {
    pub(super) format: Format,
    pub(super) rows: u64,
    pub(super) not_read: Vec<String>,
}

impl Content {
    /// Rows of account, asset and amount.
    pub(super) fn of_rows(format: Format, rows: u64) -> Self {
        Self {
            format,
            rows,
            not_read: Vec::new(),
        }
    }
}

/// What is owed of one asset.
#[derive(Clone, Debug, Serialize)]
pub struct AssetReport {
    /// The asset.
    pub asset: AssetId,
    /// Its rows; each is another account.
    pub rows: u64,
    /// The exact sum, at the asset's ledger decimals.
    pub exact_total: ExactAmount,
    /// The sum of the accounts' amounts, each rounded up to the asset's decimals.
    pub total: Amount,
}

/// What customers owe of one asset.
#[derive(Clone, Debug, Serialize)]
pub struct DebtReport {
    /// The asset.
    pub asset: AssetId,
    /// Accounts that owe more than nothing.
    pub accounts: u64,
    /// The exact sum, at the asset's ledger decimals.
    pub exact_total: ExactAmount,
}

/// Something that looks like damage done on the way, to be looked at by a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "hint", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Hint {
    /// Accounts that look like numbers which a spreadsheet has rewritten: `1E5`, `123.0`.
    SpreadsheetAccount {
        /// The first of them.
        first: Place,
        /// How many there are.
        count: u64,
    },
    /// Accounts with U+FFFD, which programs write where they could not decode a character.
    ReplacementCharacter {
        /// The first of them.
        first: Place,
        /// How many there are.
        count: u64,
    },
    /// An asset of the table that no row mentions.
    AssetWithoutRows {
        /// The asset.
        asset: AssetId,
    },
}

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SpreadsheetAccount { first, count } => write!(
                f,
                "{first}: the account looks like a number that a spreadsheet has rewritten ({count} such rows); \
                 compare it with the source"
            ),
            Self::ReplacementCharacter { first, count } => write!(
                f,
                "{first}: the account holds U+FFFD, the mark of a character lost in conversion ({count} such rows); \
                 compare it with the source"
            ),
            Self::AssetWithoutRows { asset } => {
                write!(
                    f,
                    "the asset table lists {asset}, but no row does; its book will be empty"
                )
            }
        }
    }
}
