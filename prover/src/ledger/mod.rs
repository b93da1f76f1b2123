//! Ledgers: what customers are owed, read strictly from files.
//!
//! A ledger has one row per account and asset (`account,asset,amount`). Reading it either succeeds as a whole or names
//! the file, line and column of the first mistake, and nothing is written either way. What is *not* checked: that
//! the ledger is complete, and that its numbers are those of the exchange's own books.

mod asset_table;
mod csv;
mod error;
mod intake;
mod lines;
mod parquet;
mod postgres;
mod reader;
mod report;
mod rows;
mod source;

pub use asset_table::read_asset_table;
pub use error::{LedgerError, Place, Reason};
pub use reader::{LedgerSources, read_ledger};
pub use report::{AssetReport, DatabaseReport, DebtReport, FileReport, Format, Hint, LedgerReport};
pub use rows::AssetRows;
pub use source::FileDigest;

/// What all customers are owed, and where that was read.
///
/// `Debug` shows no account and no amount.
#[derive(Debug)]
pub struct Ledger {
    assets: Vec<AssetRows>,
    report: LedgerReport,
}

impl Ledger {
    /// The rows of each asset, in the order of the asset table; an asset without rows is there, too.
    #[must_use]
    pub fn assets(&self) -> &[AssetRows] {
        &self.assets
    }

    /// What was read, from where, with digests and totals.
    #[must_use]
    pub fn report(&self) -> &LedgerReport {
        &self.report
    }
}
