//! Where every reader hands its rows: totals on the way, an external sort, and at the end one sorted file for each asset.
//!
//! Claimed here: no account has two rows for one asset, wherever they stand; no total wraps, neither the exact one
//! (`u128`) nor that of the rounded amounts (`u64`); memory does not depend on the number of rows.
//!
//! Sorted record: u16 asset (big-endian) ‖ account ‖ 0x00 ‖ u16 source (big-endian) ‖ u64 line (big-endian) ‖ u128 amount
//! (little-endian). No account holds a NUL, so the order of records is that of assets, then of the accounts' bytes, then
//! of reading. Ledgers that give an account one row for all of its assets add a record with the number behind that of the
//! last asset, so that such an account with two rows is found whatever is in them.
//!
//! Cost: `O(n log n)` comparisons; every row is written and read twice.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use indicatif::ProgressBar;
use por_protocol::amount::ExactAmount;
use por_protocol::asset::{Asset, AssetId, AssetTable};
use por_protocol::kind::Kind;

use super::Ledger;
use super::error::{LedgerError, Place, Reason, excerpt};
use super::report::{DebtReport, Hint, LedgerReport};
use super::rows::AssetRows;
use crate::build::RowsWriter;
use crate::build::sorted_runs::SortedRuns;
use crate::error::Error;
use crate::files::secret_file;
use crate::home::book_folder;
use crate::terminal::progress;

/// What is known of the rows between two sources.
pub(super) struct Intake<'a> {
    assets: &'a AssetTable,
    positions: HashMap<&'a str, usize>,
    rows: Vec<AssetRows>,
    /// What customers owe, of each asset whose debts were read.
    debts: Vec<Option<DebtReport>>,
    sorted: SortedRuns,
    bar: ProgressBar,
    record: Vec<u8>,
    spreadsheet: Sightings,
    replaced: Sightings,
}

/// Where a row stands: the number of its source, and its line there.
#[derive(Clone, Copy)]
pub(super) struct At {
    pub(super) source: u16,
    pub(super) line: u64,
}

impl<'a> Intake<'a> {
    /// For the assets of the table; sorts in `folder` with `run_bytes` of memory.
    pub(super) fn new(
        assets: &'a AssetTable,
        folder: &Path,
        run_bytes: usize,
    ) -> Result<Self, Error> {
        let positions = assets.iter().enumerate();
        Ok(Self {
            assets,
            positions: positions
                .map(|(index, asset)| (asset.id().as_str(), index))
                .collect(),
            rows: assets.iter().map(AssetRows::none).collect(),
            debts: assets.iter().map(|_| None).collect(),
            sorted: SortedRuns::new(folder.join("sort"), run_bytes)?,
            bar: progress::counter("rows read"),
            record: Vec::new(),
            spreadsheet: Sightings::default(),
            replaced: Sightings::default(),
        })
    }

    /// The position in the table of an asset, which is named exactly as there.
    pub(super) fn asset(&self, text: &str) -> Result<usize, Reason> {
        self.positions.get(text).copied().ok_or_else(|| {
            let meant = text.trim().to_ascii_uppercase();
            Reason::UnknownAsset {
                found: excerpt(text),
                meant: self
                    .assets
                    .find(&meant)
                    .map(|(_, asset)| asset.id().clone()),
            }
        })
    }

    /// The asset at a position of the table.
    pub(super) fn at(&self, asset: usize) -> &'a Asset {
        &self.assets.as_slice()[asset]
    }

    /// Takes a row. `account` has passed [`AccountId::check`]; `place` says where it stands.
    pub(super) fn push(
        &mut self,
        account: &str,
        asset: usize,
        amount: ExactAmount,
        at: At,
    ) -> Result<Result<(), Reason>, Error> {
        let table = self.at(asset);
        if let Err(reason) = self.rows[asset].add(table, amount) {
            return Ok(Err(reason));
        }
        self.sort(account, asset, amount, at)?;
        Ok(Ok(()))
    }

    /// Takes an account that has one row for all of its assets.
    pub(super) fn push_account(&mut self, account: &str, at: At) -> Result<(), Error> {
        self.sort(account, self.rows.len(), ExactAmount::ZERO, at)
    }

    fn sort(
        &mut self,
        account: &str,
        asset: usize,
        amount: ExactAmount,
        at: At,
    ) -> Result<(), Error> {
        let asset = u16::try_from(asset).expect("a table has fewer assets");
        self.record.clear();
        self.record.extend_from_slice(&asset.to_be_bytes());
        self.record.extend_from_slice(account.as_bytes());
        self.record.push(0);
        self.record.extend_from_slice(&at.source.to_be_bytes());
        self.record.extend_from_slice(&at.line.to_be_bytes());
        self.record.extend_from_slice(&amount.steps().to_le_bytes());
        self.bar.inc(1);
        self.sorted.push(&self.record)
    }

    /// Adds to what customers owe of an asset, which may be nothing.
    pub(super) fn add_debt(&mut self, asset: usize, amount: ExactAmount) -> Result<(), Reason> {
        let table = self.at(asset);
        let debt = self.debts[asset].get_or_insert_with(|| DebtReport {
            asset: table.id().clone(),
            accounts: 0,
            exact_total: ExactAmount::ZERO,
        });
        debt.exact_total = debt
            .exact_total
            .checked_add(amount)
            .map_err(Reason::Amount)?;
        debt.accounts += u64::from(amount.steps() > 0);
        Ok(())
    }

    /// Notes what is odd about an account, once for each row of it.
    pub(super) fn look_at(&mut self, account: &str, place: impl Fn() -> Place) {
        if looks_like_a_rewritten_number(account) {
            self.spreadsheet.add(&place);
        }
        if account.contains(char::REPLACEMENT_CHARACTER) {
            self.replaced.add(&place);
        }
    }

    /// Sorts the rows, refuses an account with two of them for an asset, and writes one file for each asset below
    /// `folder`. `sources` are the names that errors give to the sources.
    pub(super) fn finish(
        self,
        folder: &Path,
        sources: &[PathBuf],
        mut report: LedgerReport,
    ) -> Result<Ledger, Error> {
        let rows_folder = folder.join("rows");
        secret_file::create_private_dir(&rows_folder)?;
        let place = |at: At| Place {
            file: sources[usize::from(at.source)].clone(),
            line: Some(at.line),
            column: None,
        };
        let mut assets = self.rows;
        let mut merged = Merged {
            folder: &rows_folder,
            assets: &mut assets,
            open: None,
            next: 0,
            last: (Vec::new(), At { source: 0, line: 0 }),
            repeated: None,
            place: &place,
        };
        self.bar.finish_and_clear();
        let bar = progress::bar(self.bar.position(), "rows sorted");
        self.sorted.merge(|record| {
            bar.inc(1);
            merged.take(record)
        })?;
        bar.finish_and_clear();
        merged.finish()?;
        let hints = [
            self.spreadsheet
                .first
                .map(|first| Hint::SpreadsheetAccount {
                    first,
                    count: self.spreadsheet.count,
                }),
            self.replaced.first.map(|first| Hint::ReplacementCharacter {
                first,
                count: self.replaced.count,
            }),
        ];
        let unused = assets.iter().filter(|rows| rows.is_empty());
        let unused = unused.map(|rows| Hint::AssetWithoutRows {
            asset: rows.asset().clone(),
        });
        report.hints = hints.into_iter().flatten().chain(unused).collect();
        report.debts = self.debts.into_iter().flatten().collect();
        report.assets = assets.iter().map(Into::into).collect();
        Ok(Ledger { assets, report })
    }
}

/// The sorted records on their way into the files.
struct Merged<'a, P> {
    folder: &'a Path,
    assets: &'a mut [AssetRows],
    open: Option<RowsWriter>,
    /// The first asset that has no file yet; behind the last asset come the accounts with one row for all.
    next: usize,
    /// Asset and account of the last record, as it has them, and its place.
    last: (Vec<u8>, At),
    repeated: Option<Repeated>,
    place: &'a P,
}

/// An account with two rows for an asset, and how many more such rows the asset has.
struct Repeated {
    /// None where an account has one row for all of its assets.
    asset: Option<AssetId>,
    first: At,
    second: At,
    more: u64,
}

impl<P: Fn(At) -> Place> Merged<'_, P> {
    fn take(&mut self, record: &[u8]) -> Result<(), Error> {
        let (key, at, amount) = parse(record).ok_or_else(|| self.damaged())?;
        let [high, low, account @ ..] = key else {
            return Err(self.damaged());
        };
        let asset = usize::from(u16::from_be_bytes([*high, *low]));
        while self.next <= asset {
            self.open_next()?;
        }
        if self.last.0 == key {
            match &mut self.repeated {
                Some(repeated) => repeated.more += 1,
                none => {
                    *none = Some(Repeated {
                        asset: self.assets.get(asset).map(|rows| rows.asset().clone()),
                        first: self.last.1,
                        second: at,
                        more: 0,
                    });
                }
            }
        } else {
            self.last.0.clear();
            self.last.0.extend_from_slice(key);
            let account = std::str::from_utf8(account).map_err(|_| self.damaged())?;
            if let (Some(open), None) = (&mut self.open, &self.repeated) {
                open.push(account, amount)?;
            }
        }
        self.last.1 = at;
        Ok(())
    }

    /// Ends the file of one asset and begins that of the next.
    fn open_next(&mut self) -> Result<(), Error> {
        self.close()?;
        self.next += 1;
        let Some(rows) = self.assets.get_mut(self.next - 1) else {
            return Ok(());
        };
        let name = book_folder(rows.asset().as_str(), Kind::Owed.as_str());
        let path = self.folder.join(format!("{name}.rows"));
        self.open = Some(RowsWriter::create(&path)?);
        rows.lie_in(path);
        Ok(())
    }

    fn close(&mut self) -> Result<(), Error> {
        if let Some(Repeated {
            asset,
            first,
            second,
            more,
        }) = self.repeated.take()
        {
            let first = (self.place)(first);
            let reason = match asset {
                Some(asset) => Reason::DuplicateRow { asset, first, more },
                None => Reason::DuplicateAccount { first, more },
            };
            return Err(LedgerError::new((self.place)(second), reason).into());
        }
        self.open.take().map_or(Ok(()), RowsWriter::finish)
    }

    fn finish(mut self) -> Result<(), Error> {
        while self.next <= self.assets.len() {
            self.open_next()?;
        }
        self.close()
    }

    fn damaged(&self) -> Error {
        Error::input(
            self.folder,
            "a file that this program sorts in was changed by something else",
            "Keep others out of the exchange's folder, then start the same command again.",
        )
    }
}

/// Asset and account as they stand in the record, where it was read, and the amount.
fn parse(record: &[u8]) -> Option<(&[u8], At, ExactAmount)> {
    let (rest, amount) = record.split_last_chunk::<16>()?;
    let (rest, line) = rest.split_last_chunk::<8>()?;
    let (rest, source) = rest.split_last_chunk::<2>()?;
    let (0, key) = rest.split_last()? else {
        return None;
    };
    let at = At {
        source: u16::from_be_bytes(*source),
        line: u64::from_be_bytes(*line),
    };
    Some((
        key,
        at,
        ExactAmount::from_steps(u128::from_le_bytes(*amount)),
    ))
}

/// How often something odd was seen, and where first.
#[derive(Default)]
struct Sightings {
    first: Option<Place>,
    count: u64,
}

impl Sightings {
    fn add(&mut self, place: impl FnOnce() -> Place) {
        self.first.get_or_insert_with(place);
        self.count += 1;
    }
}

/// Digits, then an exponent or a fraction of zeros: how spreadsheets write `123` or `12345678901234567890` back.
pub(super) fn looks_like_a_rewritten_number(account: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !account.starts_with(|c: char| c.is_ascii_digit()) {
        return false;
    }
    if let Some((mantissa, exponent)) = account.split_once(['e', 'E']) {
        let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
        return digits(whole) && digits(fraction) && digits(exponent);
    }
    account.split_once('.').is_some_and(|(whole, zeros)| {
        digits(whole) && !zeros.is_empty() && zeros.bytes().all(|b| b == b'0')
    })
}
