//! The rows of a ledger in memory: compact, sorted by account, each account once per asset.
//!
//! Claimed here: no account has two rows for one asset, wherever they stand; no total wraps, neither the exact one
//! (`u128`) nor that of the rounded amounts (`u64`).
//! Cost: 32 bytes a row and the bytes of its account; `O(n log n)` comparisons to sort.

use std::fmt;
use std::ops::Range;

use por_protocol::account::AccountId;
use por_protocol::amount::{Amount, AmountError, Decimals, ExactAmount};
use por_protocol::asset::{Asset, AssetId};

use super::error::{LedgerError, Place, Reason};
use super::report::AssetReport;

/// What one asset's customers are owed: one row per account, sorted by the account's bytes.
pub struct AssetRows {
    asset: AssetId,
    rows: Vec<Row>,
    accounts: String,
    exact_total: ExactAmount,
    total: Amount,
}

/// One row. The account lies in `AssetRows::accounts`, because a string of its own would take 40 bytes more.
struct Row {
    amount: ExactAmount,
    start: u64,
    line: u32,
    file: u16,
    length: u8,
}

impl Row {
    fn account(&self) -> Range<usize> {
        let start = usize::try_from(self.start).expect("it was the length of a string in memory");
        start..start + usize::from(self.length)
    }
}

impl AssetRows {
    /// The asset.
    pub fn asset(&self) -> &AssetId {
        &self.asset
    }

    /// How many rows there are; each is another account.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Is the asset owed to nobody?
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The row at that position in the order of accounts.
    pub fn get(&self, index: usize) -> Option<(AccountId, ExactAmount)> {
        self.rows.get(index).map(|row| self.read(row))
    }

    /// The rows in the order of accounts; the amounts are at the asset's ledger decimals.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (AccountId, ExactAmount)> + '_ {
        self.rows.iter().map(|row| self.read(row))
    }

    /// The exact sum, at the asset's ledger decimals.
    pub fn exact_total(&self) -> ExactAmount {
        self.exact_total
    }

    /// The sum of the amounts, each rounded up to the asset's decimals.
    pub fn total(&self) -> Amount {
        self.total
    }

    fn read(&self, row: &Row) -> (AccountId, ExactAmount) {
        let account = AccountId::new(&self.accounts[row.account()])
            .expect("it was checked when it was stored");
        (account, row.amount)
    }
}

/// Shows how many rows there are, and nothing of them.
impl fmt::Debug for AssetRows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AssetRows")
            .field("asset", &self.asset)
            .field("rows", &self.rows.len())
            .finish_non_exhaustive()
    }
}

/// Collects the rows of one asset in any order.
pub(super) struct Collector {
    rows: AssetRows,
    ledger_decimals: Decimals,
    decimals: Decimals,
}

impl Collector {
    pub(super) fn new(asset: &Asset) -> Self {
        let rows = AssetRows {
            asset: asset.id().clone(),
            rows: Vec::new(),
            accounts: String::new(),
            exact_total: ExactAmount::ZERO,
            total: Amount::ZERO,
        };
        Self {
            rows,
            ledger_decimals: asset.ledger_decimals(),
            decimals: asset.decimals(),
        }
    }

    /// Reads an amount of units of this asset.
    pub(super) fn parse(&self, text: &str) -> Result<ExactAmount, AmountError> {
        ExactAmount::from_units(text, self.ledger_decimals)
    }

    /// Stores a row. `account` has passed [`AccountId::check`]; `file` is its position in the list of files.
    pub(super) fn push(
        &mut self,
        account: &str,
        amount: ExactAmount,
        file: u16,
        line: u64,
    ) -> Result<(), Reason> {
        let rows = &mut self.rows;
        let too_large = |_| Reason::TotalTooLarge {
            asset: rows.asset.clone(),
            decimals: self.decimals,
        };
        let rounded = amount
            .round_up(self.ledger_decimals, self.decimals)
            .map_err(too_large)?;
        rows.total = rows.total.checked_add(rounded).map_err(too_large)?;
        rows.exact_total = rows.exact_total.checked_add(amount).map_err(too_large)?;
        rows.rows.push(Row {
            amount,
            start: rows.accounts.len() as u64,
            // Only named in errors; a file with more lines would not fit in memory.
            line: u32::try_from(line).unwrap_or(u32::MAX),
            file,
            length: u8::try_from(account.len()).expect("an account has at most 128 bytes"),
        });
        rows.accounts.push_str(account);
        Ok(())
    }

    /// Sorts the rows and refuses an account with two of them; `place` gives a file and a line their names.
    pub(super) fn finish(
        self,
        place: impl Fn(u16, u64) -> Place,
    ) -> Result<AssetRows, LedgerError> {
        let AssetRows {
            asset,
            mut rows,
            accounts,
            exact_total,
            total,
        } = self.rows;
        let account = |row: &Row| &accounts.as_bytes()[row.account()];
        // In place, since a stable sort would take half as much memory again; equal accounts in the order of reading.
        rows.sort_unstable_by(|a, b| {
            account(a)
                .cmp(account(b))
                .then_with(|| (a.file, a.line).cmp(&(b.file, b.line)))
        });
        let place = |row: &Row| place(row.file, u64::from(row.line));
        let mut repeated = rows
            .windows(2)
            .filter(|pair| account(&pair[0]) == account(&pair[1]));
        if let Some(pair) = repeated.next() {
            let more = repeated.count() as u64;
            return Err(LedgerError::new(
                place(&pair[1]),
                Reason::DuplicateRow {
                    asset,
                    first: place(&pair[0]),
                    more,
                },
            ));
        }
        Ok(AssetRows {
            asset,
            rows,
            accounts,
            exact_total,
            total,
        })
    }
}

impl From<&AssetRows> for AssetReport {
    fn from(rows: &AssetRows) -> Self {
        Self {
            asset: rows.asset.clone(),
            rows: rows.rows.len() as u64,
            exact_total: rows.exact_total,
            total: rows.total,
        }
    }
}
