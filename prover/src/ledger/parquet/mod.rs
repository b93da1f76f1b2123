//! Ledgers in Apache Parquet: the flat columns `account`, `asset` (text) and `amount` (decimal or text), in any order.
//!
//! Checked here: that there are exactly these columns, none nested, of types that hold an amount exactly. Floating point
//! is refused: 0.1 is not in it, and what was rounded when it was written cannot be told. So are bare integers, which
//! could be units or atoms. A null is no amount. Every row group has the rows that it claims, in every column, and
//! the file as a whole, too.
//!
//! Memory: the pages that are being read, each refused above [`chunk::MAX_PAGE`], and the footer, refused above
//! [`chunk::MAX_FOOTER`]: a claim reserves nothing that the file does not have.
//! Rows are numbered from 1 in errors, columns by their position in the file.
//! Source: Apache Parquet format 2.12.

mod chunk;
mod column;

use std::cell::Cell;
use std::fs::File;
use std::panic::{self, AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Arc, Once};

use parquet::basic::{ConvertedType, Type};
use parquet::errors::ParquetError;
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader, RowGroupMetaData};
use parquet::schema::types::ColumnDescriptor;
use por_protocol::account::AccountId;
use por_protocol::amount::ExactAmount;

use self::chunk::Chunk;
use self::column::Column;
use super::csv::{ACCOUNT, AMOUNT, ASSET, COLUMNS, column_named};
use super::error::{Reason, escaped};
use super::intake::{At, Intake};
use super::lines::{Fault, Stop};
use super::report::{Content, Format};

/// What such a file begins and ends with.
pub(super) const MAGIC: &[u8] = b"PAR1";
/// Rows that are decoded at a time.
const BATCH: usize = 1024;
/// Longest message of the Parquet library that is repeated, in characters.
const SHOWN: usize = 200;

/// Reads all rows of a file.
pub(super) fn read_file(
    intake: &mut Intake<'_>,
    path: &Path,
    source: u16,
    file: File,
) -> Result<Content, Stop> {
    // The library checks most of what a file claims, and asserts some of it: that a page with references has a dictionary.
    let read = AssertUnwindSafe(|| read(intake, path, source, file));
    let read = without_message(|| catch_unwind(read));
    read.unwrap_or_else(|_| Err(unreadable("its parts contradict each other").into()))
}

/// Runs `work`, of which a panic on this thread says nothing: it is an error of the file, and no text about what is in
/// it may be printed.
fn without_message<T>(work: impl FnOnce() -> T) -> T {
    thread_local! {
        static SILENT: Cell<bool> = const { Cell::new(false) };
    }
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let others = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !SILENT.get() {
                others(info);
            }
        }));
    });
    SILENT.set(true);
    let done = work();
    SILENT.set(false);
    done
}

fn read(intake: &mut Intake<'_>, path: &Path, source: u16, file: File) -> Result<Content, Stop> {
    let chunk = Chunk::open(file)?;
    let metadata = ParquetMetaDataReader::new()
        .parse_and_finish(&chunk)
        .map_err(library)?;
    let order = check_columns(&metadata)?;
    let pages = Arc::new(chunk.of_pages());
    let mut rows = 0;
    for group in metadata.row_groups() {
        let count = check_group(group, pages.length())?;
        let mut columns = Vec::with_capacity(order.len());
        for (position, name) in order.into_iter().zip(COLUMNS) {
            columns.push(Column::open(&pages, group.column(position), name, count)?);
        }
        let [accounts, assets, amounts] = &mut columns[..] else {
            return Err(unreadable("it has not three columns").into());
        };
        let mut left = count;
        while left > 0 {
            let together = left.min(BATCH as u64) as usize;
            for (column, position) in [&mut *accounts, assets, amounts].into_iter().zip(order) {
                let null = column.read(together, count - left)?;
                if let Some(row) = null {
                    return Err(Fault::in_row(rows + row, position, Reason::Null).into());
                }
            }
            for index in 0..together {
                rows += 1;
                let at = At { source, line: rows };
                let fault =
                    |column: usize| move |reason| Fault::in_row(rows, order[column], reason);
                let account = accounts.text(index).map_err(fault(ACCOUNT))?;
                let asset = assets.text(index).map_err(fault(ASSET))?;
                let amount = amounts.text(index).map_err(fault(AMOUNT))?;
                take_row(intake, path, at, order, [&account, &asset, &amount])?;
            }
            left -= together as u64;
        }
        for column in &mut columns {
            column.check_end()?;
        }
    }
    if u64::try_from(metadata.file_metadata().num_rows()) != Ok(rows) {
        let claimed = metadata.file_metadata().num_rows();
        return Err(unreadable(&format!("it claims {claimed} rows and has {rows}")).into());
    }
    if rows == 0 {
        return Err(Fault::file(Reason::NoRows).into());
    }
    Ok(Content::of_rows(Format::Parquet, rows))
}

fn take_row(
    intake: &mut Intake<'_>,
    path: &Path,
    at: At,
    order: [usize; 3],
    [account, asset, amount]: [&str; 3],
) -> Result<(), Stop> {
    let fault = |column: usize, reason| Fault::in_row(at.line, order[column], reason);
    AccountId::check(account).map_err(|error| fault(ACCOUNT, Reason::Account(error)))?;
    let asset = intake.asset(asset).map_err(|reason| fault(ASSET, reason))?;
    let amount = ExactAmount::from_units(amount, intake.at(asset).ledger_decimals())
        .map_err(|error| fault(AMOUNT, Reason::Amount(error)))?;
    intake
        .push(account, asset, amount, at)?
        .map_err(|reason| fault(AMOUNT, reason))?;
    intake.look_at(account, || fault(ACCOUNT, Reason::Empty).place(path));
    Ok(())
}

/// The positions of the three columns.
fn check_columns(metadata: &ParquetMetaData) -> Result<[usize; 3], Fault> {
    let schema = metadata.file_metadata().schema_descr();
    let mut order = [None; 3];
    let fields = schema.root_schema().get_fields();
    for (position, field) in fields.iter().enumerate() {
        let fault = |reason| Fault::in_header(position, reason);
        let column = column_named(field.name()).map_err(fault)?;
        let name = COLUMNS[column];
        // With a group before it, a column's position would be another.
        if field.is_group() || schema.column(position).max_rep_level() > 0 {
            return Err(fault(Reason::Nested { name }));
        }
        check_type(name, &schema.column(position)).map_err(fault)?;
        if order[column].replace(position).is_some() {
            return Err(fault(Reason::DuplicateColumn { name: name.into() }));
        }
    }
    let place = |column: usize| {
        let name = COLUMNS[column].into();
        order[column].ok_or_else(|| Fault::in_header(fields.len(), Reason::MissingColumn { name }))
    };
    Ok([place(ACCOUNT)?, place(ASSET)?, place(AMOUNT)?])
}

fn check_type(name: &'static str, column: &ColumnDescriptor) -> Result<(), Reason> {
    let amount = name == COLUMNS[AMOUNT];
    let found = match (column.physical_type(), column.converted_type()) {
        (Type::BYTE_ARRAY, ConvertedType::UTF8) => return Ok(()),
        (
            Type::INT32 | Type::INT64 | Type::BYTE_ARRAY | Type::FIXED_LEN_BYTE_ARRAY,
            ConvertedType::DECIMAL,
        ) if amount => {
            let (precision, scale) = (column.type_precision(), column.type_scale());
            if precision <= 38 && (0..=precision).contains(&scale) {
                return Ok(());
            }
            format!("decimals of {precision} digits, {scale} of them behind the point; at most 38 are read").into()
        }
        (_, ConvertedType::DECIMAL) => "decimals".into(),
        (Type::FLOAT | Type::DOUBLE, _) => {
            "floating-point numbers, which hold no exact amounts".into()
        }
        (Type::INT32 | Type::INT64, _) if amount => {
            "integers, which could be units or atoms".into()
        }
        (Type::INT32 | Type::INT64 | Type::INT96, _) => "integers or times".into(),
        (Type::BOOLEAN, _) => "truth values".into(),
        (Type::BYTE_ARRAY | Type::FIXED_LEN_BYTE_ARRAY, _) => {
            "bytes that are not marked as text".into()
        }
    };
    Err(Reason::ColumnType { name, found })
}

/// What the library asserts, and what would make it reserve memory for a claim; the number of rows.
fn check_group(group: &RowGroupMetaData, length: u64) -> Result<u64, Fault> {
    for column in group.columns() {
        let start = column.dictionary_page_offset();
        let start = u64::try_from(start.unwrap_or(column.data_page_offset()));
        let size = u64::try_from(column.compressed_size());
        let end = start
            .ok()
            .zip(size.ok())
            .and_then(|(start, size)| start.checked_add(size));
        if end.is_none_or(|end| end > length) || column.data_page_offset() < 0 {
            return Err(unreadable("a column lies outside of the file"));
        }
        if column.file_path().is_some() {
            return Err(unreadable("a column lies in another file"));
        }
    }
    u64::try_from(group.num_rows()).map_err(|_| unreadable("a row group has less than no rows"))
}

fn unreadable(why: &str) -> Fault {
    Fault::file(Reason::Parquet {
        message: escaped(why, SHOWN),
    })
}

fn library(error: ParquetError) -> Fault {
    match error {
        // An error of the disk, not of the file.
        ParquetError::External(source) => match source.downcast::<std::io::Error>() {
            // A read beyond the end is by what the file claims.
            Ok(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
                unreadable("it ends where it claims to go on")
            }
            Ok(error) => Fault::file(Reason::Io(*error)),
            Err(source) => unreadable(&source.to_string()),
        },
        error => unreadable(&error.to_string()),
    }
}
