//! What one asset's customers are owed: sums in memory, rows sorted by account in a private file.

use std::fmt;
use std::path::PathBuf;

use por_protocol::account::AccountId;
use por_protocol::amount::{Amount, ExactAmount};
use por_protocol::asset::{Asset, AssetId};

use super::error::Reason;
use super::report::AssetReport;
use crate::build::RowsFile;
use crate::error::Error;

/// What one asset's customers are owed: one row per account, sorted by the account's bytes.
pub struct AssetRows {
    asset: AssetId,
    rows: u64,
    holders: u64,
    exact_total: ExactAmount,
    total: Amount,
    path: PathBuf,
}

impl AssetRows {
    /// Before the first row.
    pub(super) fn none(asset: &Asset) -> Self {
        Self {
            asset: asset.id().clone(),
            rows: 0,
            holders: 0,
            exact_total: ExactAmount::ZERO,
            total: Amount::ZERO,
            path: PathBuf::new(),
        }
    }

    /// Counts a row of this asset in.
    pub(super) fn add(&mut self, asset: &Asset, amount: ExactAmount) -> Result<(), Reason> {
        let (from, to) = (asset.ledger_decimals(), asset.decimals());
        let too_large = |_| Reason::TotalTooLarge {
            asset: self.asset.clone(),
            decimals: to,
        };
        let rounded = amount.round_up(from, to).map_err(too_large)?;
        let total = self.total.checked_add(rounded).map_err(too_large)?;
        self.exact_total = self.exact_total.checked_add(amount).map_err(too_large)?;
        self.total = total;
        self.rows += 1;
        self.holders += u64::from(amount.steps() > 0);
        Ok(())
    }

    /// The rows lie in this file.
    pub(super) fn lie_in(&mut self, path: PathBuf) {
        self.path = path;
    }

    /// The asset.
    #[must_use]
    pub fn asset(&self) -> &AssetId {
        &self.asset
    }

    /// How many rows there are; each is another account.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.rows
    }

    /// Is the asset owed to nobody?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// How many accounts are owed more than nothing.
    #[must_use]
    pub fn holders(&self) -> u64 {
        self.holders
    }

    /// Hands the rows to `take` in the order of accounts; the amounts are at the asset's ledger decimals.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::Input`] if the file was changed by something else.
    pub fn for_each(&self, mut take: impl FnMut(AccountId, ExactAmount)) -> Result<(), Error> {
        for row in RowsFile::open(&self.path)?.iter() {
            let (_, account, amount) = row?;
            take(account, amount);
        }
        Ok(())
    }

    /// The exact sum, at the asset's ledger decimals.
    #[must_use]
    pub fn exact_total(&self) -> ExactAmount {
        self.exact_total
    }

    /// The sum of the amounts, each rounded up to the asset's decimals.
    #[must_use]
    pub fn total(&self) -> Amount {
        self.total
    }
}

/// Shows how many rows there are, and nothing of them.
impl fmt::Debug for AssetRows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AssetRows")
            .field("asset", &self.asset)
            .field("rows", &self.rows)
            .finish_non_exhaustive()
    }
}

impl From<&AssetRows> for AssetReport {
    fn from(rows: &AssetRows) -> Self {
        Self {
            asset: rows.asset.clone(),
            rows: rows.rows,
            exact_total: rows.exact_total,
            total: rows.total,
        }
    }
}
