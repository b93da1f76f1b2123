//! Ledgers in CSV: one row per account and asset, `account,asset,amount`.
//!
//! Checked here: that the first line names exactly these columns, each once, in any order and in small letters; that
//! every row has an account, an asset of the table and an amount of that asset; that no file is read twice; that no
//! account has two rows for an asset. How bytes become fields is in `lines.rs`.
//!
//! Cost: one pass, memory of one line beyond the rows.

use std::collections::HashMap;
use std::io::BufRead;
use std::path::{Path, PathBuf};

use por_protocol::account::AccountId;
use por_protocol::asset::AssetTable;

use super::Ledger;
use super::error::{LedgerError, Place, Reason, excerpt};
use super::lines::{Fault, Line, Lines};
use super::report::{FileReport, Hint, LedgerReport};
use super::rows::Collector;
use super::source::Source;

/// Most files of one ledger: rows remember their file in 16 bits.
const MAX_FILES: usize = 1 << 16;

/// The columns in the order in which this module numbers them.
const COLUMNS: [&str; 3] = ["account", "asset", "amount"];
const ACCOUNT: usize = 0;
const ASSET: usize = 1;
const AMOUNT: usize = 2;

/// Reads one ledger from any number of files.
///
/// # Errors
/// The first mistake, by the order of files and lines; an account that has two rows for an asset is found last,
/// across all files, and both places are named.
pub fn read_csv(paths: &[PathBuf], assets: &AssetTable) -> Result<Ledger, LedgerError> {
    if paths.is_empty() {
        return Err(LedgerError::file(Path::new(""), Reason::NoFiles));
    }
    if paths.len() > MAX_FILES {
        let reason = Reason::TooManyFiles {
            found: paths.len(),
            max: MAX_FILES,
        };
        return Err(LedgerError::file(Path::new(""), reason));
    }
    let mut reader = LedgerReader::new(assets);
    for path in paths {
        reader.read_file(path)?;
    }
    reader.finish()
}

/// Everything that is known between two files.
struct LedgerReader<'a> {
    positions: HashMap<&'a str, usize>,
    assets: &'a AssetTable,
    collectors: Vec<Collector>,
    files: Vec<FileReport>,
    identities: HashMap<(u64, u64), usize>,
    spreadsheet: Sightings,
    replaced: Sightings,
}

impl<'a> LedgerReader<'a> {
    fn new(assets: &'a AssetTable) -> Self {
        Self {
            positions: assets
                .iter()
                .enumerate()
                .map(|(index, asset)| (asset.id().as_str(), index))
                .collect(),
            assets,
            collectors: assets.iter().map(Collector::new).collect(),
            files: Vec::new(),
            identities: HashMap::new(),
            spreadsheet: Sightings::default(),
            replaced: Sightings::default(),
        }
    }

    fn read_file(&mut self, path: &Path) -> Result<(), LedgerError> {
        let mut source = Source::open(path)?;
        if let Some(first) = self.identities.insert(source.identity(), self.files.len()) {
            let first = self.files[first].file.clone();
            return Err(LedgerError::file(path, Reason::SameFile { first }));
        }
        let read = self.read_rows(path, source.reader());
        // A mistake in a file that changes is a symptom of the change.
        source.check_unchanged()?;
        let rows = read.map_err(|fault| fault.at(path))?;
        let (sha256, bytes) = source.finish()?;
        if let Some(same) = self.files.iter().find(|file| file.sha256 == sha256) {
            return Err(LedgerError::file(
                path,
                Reason::SameContent {
                    first: same.file.clone(),
                },
            ));
        }
        self.files.push(FileReport {
            file: path.to_owned(),
            bytes,
            rows,
            sha256,
        });
        Ok(())
    }

    /// Reads all rows of one file, from its first byte on, and counts them.
    fn read_rows(&mut self, path: &Path, reader: impl BufRead) -> Result<u64, Fault> {
        let file = u16::try_from(self.files.len()).expect("the number of files was checked");
        let mut lines = Lines::new(reader)?;
        let mut fields = Vec::new();
        let header = lines
            .next(&mut fields)?
            .ok_or_else(|| Fault::file(Reason::Empty))?;
        let order = read_header(&header)?;
        let mut rows = 0;
        while let Some(line) = lines.next(&mut fields)? {
            self.read_row(path, file, &line, order)?;
            rows += 1;
        }
        if rows == 0 {
            Err(Fault::file(Reason::NoRows))
        } else {
            Ok(rows)
        }
    }

    fn read_row(
        &mut self,
        path: &Path,
        file: u16,
        line: &Line<'_>,
        order: [usize; 3],
    ) -> Result<(), Fault> {
        let expected = COLUMNS.len();
        if line.fields.len() != expected {
            // The first field too many, or the end of the line.
            let at = line
                .fields
                .get(expected)
                .map_or(line.text.len(), |field| field.start);
            return Err(line.fault(
                at,
                Reason::FieldCount {
                    found: line.fields.len(),
                    expected,
                },
            ));
        }
        let [account, asset, amount] = order.map(|column| &line.fields[column]);

        let account_text = account.value(line.text);
        AccountId::check(&account_text).map_err(|error| {
            line.fault(
                account.position(line.text, error.offset()),
                Reason::Account(error),
            )
        })?;

        let asset_text = asset.value(line.text);
        let Some(&index) = self.positions.get(&*asset_text) else {
            return Err(line.fault(asset.start, self.unknown_asset(&asset_text)));
        };

        let amount_text = amount.value(line.text);
        let collector = &mut self.collectors[index];
        let value = collector.parse(&amount_text).map_err(|error| {
            line.fault(
                amount.position(line.text, error.offset()),
                Reason::Amount(error),
            )
        })?;
        collector
            .push(&account_text, value, file, line.number)
            .map_err(|reason| line.fault(amount.start, reason))?;

        for (sightings, seen) in [
            (
                &mut self.spreadsheet,
                looks_like_a_rewritten_number(&account_text),
            ),
            (
                &mut self.replaced,
                account_text.contains(char::REPLACEMENT_CHARACTER),
            ),
        ] {
            if seen {
                sightings.add(|| line.fault(account.start, Reason::Empty).place(path));
            }
        }
        Ok(())
    }

    fn unknown_asset(&self, text: &str) -> Reason {
        let meant = text.trim().to_ascii_uppercase();
        let meant = self
            .assets
            .find(&meant)
            .map(|(_, asset)| asset.id().clone());
        Reason::UnknownAsset {
            found: excerpt(text),
            meant,
        }
    }

    fn finish(self) -> Result<Ledger, LedgerError> {
        let Self {
            collectors,
            files,
            spreadsheet,
            replaced,
            ..
        } = self;
        let place = |file: u16, line: u64| Place {
            file: files[usize::from(file)].file.clone(),
            line: Some(line),
            column: None,
        };
        let assets: Vec<_> = collectors
            .into_iter()
            .map(|rows| rows.finish(place))
            .collect::<Result<_, _>>()?;
        let hints = [
            spreadsheet.first.map(|first| Hint::SpreadsheetAccount {
                first,
                count: spreadsheet.count,
            }),
            replaced.first.map(|first| Hint::ReplacementCharacter {
                first,
                count: replaced.count,
            }),
        ];
        let unused = assets.iter().filter(|rows| rows.is_empty());
        let unused = unused.map(|rows| Hint::AssetWithoutRows {
            asset: rows.asset().clone(),
        });
        let report = LedgerReport {
            rows: files.iter().map(|file| file.rows).sum(),
            assets: assets.iter().map(Into::into).collect(),
            hints: hints.into_iter().flatten().chain(unused).collect(),
            files,
        };
        Ok(Ledger { assets, report })
    }
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
fn looks_like_a_rewritten_number(account: &str) -> bool {
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

/// Where in the header each column stands.
fn read_header(line: &Line<'_>) -> Result<[usize; 3], Fault> {
    if let ([_], false) = (line.fields, COLUMNS.contains(&line.text)) {
        let separator = [(';', "semicolons"), ('\t', "tabs"), ('|', "vertical bars")];
        for (separator, found) in separator {
            if let Some(at) = line.text.find(separator) {
                return Err(line.fault(at, Reason::Separator { found }));
            }
        }
    }
    let mut order = [None; 3];
    for (position, field) in line.fields.iter().enumerate() {
        let text = field.value(line.text);
        let Some(column) = COLUMNS.iter().position(|name| *name == text) else {
            // The text is not repeated: without a header it is a customer's row.
            let meant = COLUMNS
                .into_iter()
                .find(|name| text.trim().eq_ignore_ascii_case(name));
            return Err(line.fault(field.start, Reason::UnknownColumn { meant }));
        };
        if order[column].replace(position).is_some() {
            return Err(line.fault(
                field.start,
                Reason::DuplicateColumn {
                    name: COLUMNS[column],
                },
            ));
        }
    }
    let place = |column: usize| {
        order[column].ok_or_else(|| {
            line.fault(
                line.text.len(),
                Reason::MissingColumn {
                    name: COLUMNS[column],
                },
            )
        })
    };
    Ok([place(ACCOUNT)?, place(ASSET)?, place(AMOUNT)?])
}

#[cfg(test)]
mod tests;
