//! What can be wrong with a ledger or an asset table: where, why, and what to do about it.
//!
//! A message names a place and a rule. It repeats no account and no amount, because messages end in tickets and logs;
//! the text of an unknown asset is shown, escaped and cut.

use std::borrow::Cow;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use por_protocol::account::{AccountId, TextError};
use por_protocol::amount::{AmountError, Decimals};
use por_protocol::asset::{AssetError, AssetId};
use serde::{Serialize, Serializer};
use thiserror::Error;

/// Longest foreign text that a message repeats, in characters.
const SHOWN_CHARACTERS: usize = 40;

/// A place in an input file. Lines and columns count from 1, columns in characters; a byte order mark is no column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The file, as it was given.
    #[serde(serialize_with = "path_as_text")]
    pub file: PathBuf,
    /// The line, where the mistake is in one.
    pub line: Option<u64>,
    /// The column, where the mistake is at one.
    pub column: Option<u64>,
}

impl Place {
    /// A file as a whole.
    pub(super) fn file(file: &Path) -> Self {
        Self {
            file: file.to_owned(),
            line: None,
            column: None,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&escaped(&self.file.to_string_lossy(), usize::MAX))?;
        for number in [self.line, self.column].into_iter().flatten() {
            write!(f, ":{number}")?;
        }
        Ok(())
    }
}

/// Why an input was refused.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Reason {
    /// The file cannot be opened or read.
    #[error("cannot be read: {0}")]
    Io(#[source] io::Error),
    /// No file was given.
    #[error("no ledger was given")]
    NoFiles,
    /// More files than a place can count.
    #[error("{found} files were given, at most {max} can be read")]
    TooManyFiles {
        /// How many.
        found: usize,
        /// The most possible.
        max: usize,
    },
    /// A folder, pipe, socket or device.
    #[error("is {found}, not a regular file")]
    NotAFile {
        /// What it is.
        found: &'static str,
    },
    /// The same file again, perhaps through a link.
    #[error("is the same file as {}", Place::file(first))]
    SameFile {
        /// The name it was read under.
        first: PathBuf,
    },
    /// Another file with the same bytes.
    #[error("has the same content as {}", Place::file(first))]
    SameContent {
        /// The file that was read before.
        first: PathBuf,
    },
    /// Size, times or identity of the file were different after reading.
    #[error("changed while it was read")]
    Changed,
    /// There is not a byte in the file, or nothing but a byte order mark.
    #[error("is empty")]
    Empty,
    /// There is a header and nothing else.
    #[error("has a header but no rows")]
    NoRows,
    /// The file is something else than text.
    #[error("is {found}, not CSV text")]
    Format {
        /// What it is.
        found: &'static str,
    },
    /// The file is in UTF-16.
    #[error("is in UTF-16, not UTF-8")]
    Utf16,
    /// Bytes that are no UTF-8.
    #[error("there is a byte that is not valid UTF-8")]
    InvalidUtf8,
    /// A byte 0.
    #[error("there is a NUL character")]
    Nul,
    /// A carriage return that is not followed by a line feed.
    #[error("there is a carriage return without a line feed")]
    CarriageReturn,
    /// A line above the limit.
    #[error("the line is longer than {max} bytes")]
    LineTooLong {
        /// The limit.
        max: usize,
    },
    /// The last line is not ended.
    #[error("the last line has no line end, so the file may have been cut short")]
    MissingLineEnd,
    /// A line without anything.
    #[error("the line is empty")]
    EmptyLine,
    /// A quote is opened and not closed on the same line.
    #[error("the quote that opens here is not closed on this line")]
    UnclosedQuote,
    /// A quote inside a field that does not start with one.
    #[error("there is a quote inside a field that is not quoted")]
    QuoteInField,
    /// Something else than a comma behind a closing quote.
    #[error("there is text behind the closing quote")]
    TextAfterQuote,
    /// The header is separated by something else than commas.
    #[error("the columns are separated by {found}, not by commas")]
    Separator {
        /// By what.
        found: &'static str,
    },
    /// A column of the header is none of the three.
    #[error("this column is none of `account`, `asset`, `amount`")]
    UnknownColumn {
        /// The column it would be, if letter case and spaces did not matter.
        meant: Option<&'static str>,
    },
    /// A column stands in the header twice.
    #[error("the column `{}` stands in the header twice", excerpt(name))]
    DuplicateColumn {
        /// Which.
        name: Cow<'static, str>,
    },
    /// A column is not in the header.
    #[error("the header has no column `{}`", excerpt(name))]
    MissingColumn {
        /// Which.
        name: Cow<'static, str>,
    },
    /// A column of a ledger with equity and debt is none of its kinds.
    #[error(
        "this column is none of `id`, `rn`, `e_…`, `d_…`, or an asset's net balance, collateral and their total"
    )]
    UnknownPosition,
    /// A column is of a type that is not read.
    #[error("the column `{name}` holds {found}")]
    ColumnType {
        /// Which.
        name: &'static str,
        /// What it holds.
        found: Cow<'static, str>,
    },
    /// A column lies within another, or its values are lists.
    #[error("the column `{name}` is nested")]
    Nested {
        /// Which.
        name: &'static str,
    },
    /// A database could not be read, or not to its end.
    #[error("cannot be read: {message}")]
    Database {
        /// What it or the connection says, escaped.
        message: String,
    },
    /// A row has nothing in a column.
    #[error("there is no value (null)")]
    Null,
    /// A file of rows in binary that is not as its format says.
    #[error("is not a Parquet file that can be read: {message}")]
    Parquet {
        /// What its reader says, escaped.
        message: String,
    },
    /// A row does not have the fields of the header.
    #[error("the row has {found} fields instead of {expected}")]
    FieldCount {
        /// How many there are.
        found: usize,
        /// How many there have to be.
        expected: usize,
    },
    /// An account identifier breaks the rules.
    #[error("the account {0}")]
    Account(#[source] TextError),
    /// An asset is not in the table.
    #[error("the asset `{found}` is not in the asset table")]
    UnknownAsset {
        /// The text, escaped and cut.
        found: String,
        /// The asset it would be, if letter case and spaces did not matter.
        meant: Option<AssetId>,
    },
    /// An amount breaks the rules.
    #[error("{0}")]
    Amount(#[source] AmountError),
    /// What is owed of an asset is `2^64` atoms or more.
    #[error(
        "with this row the total of {asset} does not fit: at {decimals} decimals it reaches 2^64 atoms"
    )]
    TotalTooLarge {
        /// The asset.
        asset: AssetId,
        /// The decimals of its book.
        decimals: Decimals,
    },
    /// An account has two rows for the same asset.
    #[error("this account has a row for {asset} already, at {first}{}", and_more(*.more))]
    DuplicateRow {
        /// The asset.
        asset: AssetId,
        /// The row that was read first.
        first: Place,
        /// How many more such rows there are.
        more: u64,
    },
    /// An account has two rows in ledgers that give it one.
    #[error("this account has a row already, at {first}{}", and_more(*.more))]
    DuplicateAccount {
        /// The row that was read first.
        first: Place,
        /// How many more such rows there are.
        more: u64,
    },
    /// A file above the limit.
    #[error("has more than {max} bytes")]
    FileTooLarge {
        /// The limit.
        max: u64,
    },
    /// The asset table is no valid TOML, or not of the expected form.
    #[error("{message}")]
    Toml {
        /// What the reader of TOML says, escaped.
        message: String,
    },
    /// The assets contradict each other.
    #[error("{0}")]
    Table(#[source] AssetError),
    /// A native coin has another number or other decimals than its chain gives it.
    #[error("{0}")]
    NativeCoin(#[source] por_protocol::error::Error),
}

/// An input that was refused.
#[derive(Debug)]
pub struct LedgerError {
    place: Box<Place>,
    reason: Box<Reason>,
}

impl LedgerError {
    pub(super) fn new(place: Place, reason: Reason) -> Self {
        Self {
            place: Box::new(place),
            reason: Box::new(reason),
        }
    }

    pub(super) fn file(file: &Path, reason: Reason) -> Self {
        Self::new(Place::file(file), reason)
    }

    /// Where the mistake is.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// What is wrong.
    pub fn reason(&self) -> &Reason {
        &self.reason
    }

    /// Exit code of the process: 3 for bad input, 4 where the file could not be read.
    pub fn exit_code(&self) -> u8 {
        match *self.reason {
            Reason::Io(_) | Reason::Database { .. } => 4,
            _ => 3,
        }
    }

    /// Stable identifier in kebab-case.
    pub fn code(&self) -> &'static str {
        match &*self.reason {
            Reason::Io(_) => "input-io",
            Reason::NoFiles => "input-no-files",
            Reason::TooManyFiles { .. } => "input-too-many-files",
            Reason::NotAFile { .. } => "input-not-a-file",
            Reason::SameFile { .. } => "input-same-file",
            Reason::SameContent { .. } => "input-same-content",
            Reason::Changed => "input-changed",
            Reason::Empty => "input-empty",
            Reason::NoRows => "input-no-rows",
            Reason::Format { .. } => "input-format",
            Reason::Utf16 => "input-utf-16",
            Reason::InvalidUtf8 => "input-invalid-utf-8",
            Reason::Nul => "input-nul",
            Reason::CarriageReturn => "line-carriage-return",
            Reason::LineTooLong { .. } => "line-too-long",
            Reason::MissingLineEnd => "line-end-missing",
            Reason::EmptyLine => "line-empty",
            Reason::UnclosedQuote => "quote-unclosed",
            Reason::QuoteInField => "quote-in-field",
            Reason::TextAfterQuote => "quote-text-after",
            Reason::Separator { .. } => "header-separator",
            Reason::UnknownColumn { .. } => "header-unknown-column",
            Reason::DuplicateColumn { .. } => "header-duplicate-column",
            Reason::MissingColumn { .. } => "header-missing-column",
            Reason::UnknownPosition => "header-unknown-position",
            Reason::ColumnType { .. } => "column-type",
            Reason::Nested { .. } => "column-nested",
            Reason::Null => "row-null",
            Reason::Database { .. } => "input-database",
            Reason::Parquet { .. } => "input-parquet",
            Reason::FieldCount { .. } => "row-field-count",
            Reason::Account(error) => error.code(),
            Reason::UnknownAsset { .. } => "asset-unknown",
            Reason::Amount(error) => error.code(),
            Reason::TotalTooLarge { .. } => "total-too-large",
            Reason::DuplicateRow { .. } => "row-duplicate",
            Reason::DuplicateAccount { .. } => "account-duplicate",
            Reason::FileTooLarge { .. } => "input-too-large",
            Reason::Toml { .. } => "asset-table-form",
            Reason::Table(error) => error.code(),
            Reason::NativeCoin(_) => "native-coin",
        }
    }

    /// What to do about it, in one sentence.
    pub fn remedy(&self) -> String {
        match &*self.reason {
            Reason::Io(_) => "check the path and that you may read it".into(),
            Reason::NoFiles => "name at least one file or database".into(),
            Reason::TooManyFiles { .. } => "join the files first".into(),
            Reason::NotAFile { .. } => "write the data to a file first: only a file can be checked for changes".into(),
            Reason::SameFile { .. } | Reason::SameContent { .. } => {
                "name each file once, or all of its balances would count twice".into()
            }
            Reason::Changed => "read a copy that nothing writes to".into(),
            Reason::Empty => "the first line has to be the header, such as `account,asset,amount`".into(),
            Reason::NoRows => "check the export; leave the file out if it is meant to have no rows".into(),
            Reason::Format { found } if found.ends_with("data") => {
                "decompress it first: compressed input is not read".into()
            }
            Reason::Format { .. } | Reason::Utf16 | Reason::InvalidUtf8 | Reason::Nul => {
                "export it as CSV in UTF-8".into()
            }
            Reason::CarriageReturn => "end every line with LF or CR LF".into(),
            Reason::LineTooLong { .. } => "check the line ends: a row of a ledger has a few hundred bytes".into(),
            Reason::MissingLineEnd => "if the file is complete, end its last line; if not, export it again".into(),
            Reason::EmptyLine => "remove the line, at the end of the file, too".into(),
            Reason::UnclosedQuote => "close it; no value of a ledger has a line break inside".into(),
            Reason::QuoteInField => "quote the whole field and write the inner quote twice".into(),
            Reason::TextAfterQuote => "put a comma behind it, or write a quote inside the field twice".into(),
            Reason::Separator { .. } => "export it again with commas (and amounts with a decimal point)".into(),
            Reason::UnknownColumn { meant: Some(name) } => format!("write it `{name}`, in small letters"),
            Reason::UnknownColumn { meant: None } => {
                "the first line has to name exactly `account`, `asset` and `amount`, in any order".into()
            }
            Reason::DuplicateColumn { .. } => "keep one of the two columns".into(),
            Reason::MissingColumn { name } if name.starts_with(['d', 'e']) => {
                "give each asset both columns, what its customers are owed (`e_`) and what they owe (`d_`)".into()
            }
            Reason::UnknownPosition => {
                "leave the column out, or write the ledger as `account,asset,amount`".into()
            }
            Reason::ColumnType { name, .. } if *name == "amount" => {
                "cast it to a decimal type or to text in the program that has the exact value".into()
            }
            Reason::ColumnType { .. } => "cast it to text".into(),
            Reason::Nested { .. } => "write three flat columns, `account`, `asset` and `amount`".into(),
            Reason::Database { .. } => {
                "check the settings and the server; nothing was planned, and the same command starts again".into()
            }
            Reason::Null => "write 0 where nothing is owed, or remove the row".into(),
            Reason::Parquet { .. } => "export it again, and compare its size and digest with the source's".into(),
            Reason::MissingColumn { .. } => {
                "the header has to name exactly `account`, `asset` and `amount`, in any order".into()
            }
            Reason::FieldCount { found, expected } if found > expected => {
                "quote a field that holds a comma; amounts have a decimal point and no thousands separator".into()
            }
            Reason::FieldCount { .. } => "give every row an account, an asset and an amount".into(),
            Reason::Account(error) => match error {
                TextError::EdgeSpace { .. } => "remove the space, or every customer of that name sees another account".into(),
                TextError::NotNormalised { .. } => "convert the identifiers to normalisation form C".into(),
                _ => format!(
                    "an account has 1 to {} bytes and no control, invisible or unassigned character",
                    AccountId::MAX_BYTES
                ),
            },
            Reason::UnknownAsset { meant: Some(asset), .. } => format!("write `{asset}`"),
            Reason::UnknownAsset { meant: None, .. } => "add it to the asset table, or remove its rows".into(),
            Reason::Amount(error) => match error {
                AmountError::Empty => "write 0 where nothing is owed, or remove the row".into(),
                AmountError::Sign { .. } => "a debt is not a negative balance: leave it out of this ledger".into(),
                AmountError::TooManyDecimals { allowed, .. } => {
                    format!("write at most {allowed} decimals, or correct the decimals of the asset's instances")
                }
                AmountError::TooLarge { .. } => "check the amount and that it is in units, not in atoms".into(),
                _ => "write units as plain digits with a decimal point, such as 1234.5".into(),
            },
            Reason::TotalTooLarge { .. } => {
                "lower the asset's `decimals` in the asset table: each account is then rounded up once".into()
            }
            Reason::DuplicateRow { .. } => "sum each account's rows for an asset into one".into(),
            Reason::DuplicateAccount { .. } => "sum each account's rows into one".into(),
            Reason::FileTooLarge { .. } => "check that it is an asset table".into(),
            Reason::Toml { .. } => {
                "write `[[asset]]` with id, name, decimals and `[[asset.instance]]` with id, decimals".into()
            }
            Reason::Table(AssetError::DuplicateAsset { .. }) => "list all instances under one `[[asset]]`".into(),
            Reason::Table(AssetError::DuplicateInstance { .. }) => {
                "keep it under one asset: its reserves can cover only one book".into()
            }
            Reason::Table(_) => "correct the asset table".into(),
            Reason::NativeCoin(_) => {
                "write the chain's own number and decimals: verifiers know them, and refuse others".into()
            }
        }
    }
}

impl fmt::Display for LedgerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.place.file.as_os_str().is_empty() {
            return self.reason.fmt(f);
        }
        write!(f, "{}: {}", self.place, self.reason)
    }
}

impl std::error::Error for LedgerError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        std::error::Error::source(&*self.reason)
    }
}

/// Foreign text so that no terminal acts on it: letters, digits and printable ASCII stay, the rest is escaped.
pub(super) fn escaped(text: &str, characters: usize) -> String {
    let mut shown = String::new();
    let mut rest = text.chars();
    for c in rest.by_ref().take(characters) {
        if c == ' ' || c.is_ascii_graphic() || (!c.is_ascii() && c.is_alphanumeric()) {
            shown.push(c);
        } else {
            shown.extend(c.escape_unicode());
        }
    }
    if rest.next().is_some() {
        shown.push('…');
    }
    shown
}

/// Foreign text, escaped and cut for a message.
pub(super) fn excerpt(text: &str) -> String {
    escaped(text, SHOWN_CHARACTERS)
}

/// A path as text for JSON; bytes that are no UTF-8 are replaced.
pub(super) fn path_as_text<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&path.to_string_lossy())
}

fn and_more(more: u64) -> String {
    if more == 0 {
        String::new()
    } else {
        format!(" ({more} more rows are repeated)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn i_06_foreign_text_cannot_act_on_a_terminal() {
        assert_eq!(
            escaped("a\u{1b}[31m\u{202e}é b\u{200b}", 99),
            "a\\u{1b}[31m\\u{202e}é b\\u{200b}"
        );
        assert_eq!(
            excerpt(&"x".repeat(1_000_000)),
            format!("{}…", "x".repeat(40))
        );
        let error = LedgerError::file(Path::new("a\u{1b}[2J.csv"), Reason::Empty);
        assert_eq!(error.to_string(), "a\\u{1b}[2J.csv: is empty");
    }

    #[test]
    fn every_error_says_what_to_do() {
        let error = LedgerError::new(
            Place {
                file: "a.csv".into(),
                line: Some(7),
                column: Some(3),
            },
            Reason::Amount(AmountError::Sign { found: '-' }),
        );
        assert_eq!(error.to_string(), "a.csv:7:3: the amount has a sign (`-`)");
        assert_eq!(
            error.remedy(),
            "a debt is not a negative balance: leave it out of this ledger"
        );
        assert_eq!((error.code(), error.exit_code()), ("amount-sign", 3));
    }
}
