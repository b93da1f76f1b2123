//! Ledgers in CSV: one row per account and asset, `account,asset,amount`; or one row per account with columns of equity
//! and debt, which `equity_and_debt.rs` reads.
//!
//! Checked here: that the first line names exactly these columns, each once, in any order and in small letters; that
//! every row has an account, an asset of the table and an amount of that asset. How bytes become fields is in `lines.rs`.
//!
//! Cost: one pass, memory of one line.

mod equity_and_debt;

use std::io::BufRead;
use std::path::Path;

use por_protocol::account::AccountId;
use por_protocol::amount::ExactAmount;

use super::error::Reason;
use super::intake::{At, Intake};
use super::lines::{Fault, Line, Lines, Stop};
use super::report::{Content, Format};
use equity_and_debt::Columns;

/// The columns in the order in which this module numbers them.
pub(super) const COLUMNS: [&str; 3] = ["account", "asset", "amount"];
pub(super) const ACCOUNT: usize = 0;
pub(super) const ASSET: usize = 1;
pub(super) const AMOUNT: usize = 2;

/// Reads all rows of one text, from its first byte on. `path` is its name, `source` its number.
pub(super) fn read_text(
    intake: &mut Intake<'_>,
    path: &Path,
    source: u16,
    reader: impl BufRead,
) -> Result<Content, Stop> {
    let mut lines = Lines::new(reader)?;
    let mut fields = Vec::new();
    let header = lines
        .next(&mut fields)?
        .ok_or_else(|| Fault::file(Reason::Empty))?;
    let content = if Columns::are_named_in(&header) {
        let columns = Columns::read(intake, &header)?;
        let rows = equity_and_debt::read_rows(intake, &columns, path, source, &mut lines)?;
        Content {
            format: Format::CsvEquityAndDebt,
            rows,
            not_read: columns.not_read(),
        }
    } else {
        let order = read_header(&header)?;
        let mut rows = 0;
        while let Some(line) = lines.next(&mut fields)? {
            read_row(intake, path, source, &line, order)?;
            rows += 1;
        }
        Content::of_rows(Format::Csv, rows)
    };
    if content.rows == 0 {
        return Err(Fault::file(Reason::NoRows).into());
    }
    Ok(content)
}

fn read_row(
    intake: &mut Intake<'_>,
    path: &Path,
    source: u16,
    line: &Line<'_>,
    order: [usize; 3],
) -> Result<(), Stop> {
    check_field_count(line, COLUMNS.len())?;
    let [account, asset, amount] = order.map(|column| &line.fields[column]);

    let account_text = account.value(line.text);
    AccountId::check(&account_text).map_err(|error| {
        let at = account.position(line.text, error.offset());
        line.fault(at, Reason::Account(error))
    })?;

    let asset_text = asset.value(line.text);
    let index = intake
        .asset(&asset_text)
        .map_err(|reason| line.fault(asset.start, reason))?;

    let amount_text = amount.value(line.text);
    let decimals = intake.at(index).ledger_decimals();
    let value = ExactAmount::from_units(&amount_text, decimals).map_err(|error| {
        let at = amount.position(line.text, error.offset());
        line.fault(at, Reason::Amount(error))
    })?;
    let at = At {
        source,
        line: line.number,
    };
    intake
        .push(&account_text, index, value, at)?
        .map_err(|reason| line.fault(amount.start, reason))?;
    intake.look_at(&account_text, || {
        line.fault(account.start, Reason::Empty).place(path)
    });
    Ok(())
}

/// As many fields as the header has columns.
fn check_field_count(line: &Line<'_>, expected: usize) -> Result<(), Fault> {
    let found = line.fields.len();
    if found == expected {
        return Ok(());
    }
    // The first field too many, or the end of the line.
    let extra = line.fields.get(expected);
    let at = extra.map_or(line.text.len(), |field| field.start);
    Err(line.fault(at, Reason::FieldCount { found, expected }))
}

/// The number of the column of that name.
pub(super) fn column_named(text: &str) -> Result<usize, Reason> {
    COLUMNS
        .iter()
        .position(|name| *name == text)
        .ok_or_else(|| {
            // The text is not repeated: without a header it is a customer's row.
            let mut names = COLUMNS.into_iter();
            let meant = names.find(|name| text.trim().eq_ignore_ascii_case(name));
            Reason::UnknownColumn { meant }
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
        let column = column_named(&text).map_err(|reason| line.fault(field.start, reason))?;
        if order[column].replace(position).is_some() {
            return Err(line.fault(
                field.start,
                Reason::DuplicateColumn {
                    name: COLUMNS[column].into(),
                },
            ));
        }
    }
    let place = |column: usize| {
        order[column].ok_or_else(|| {
            line.fault(
                line.text.len(),
                Reason::MissingColumn {
                    name: COLUMNS[column].into(),
                },
            )
        })
    };
    Ok([place(ACCOUNT)?, place(ASSET)?, place(AMOUNT)?])
}

#[cfg(test)]
mod tests;
