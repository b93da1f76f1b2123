//! The sorted rows of one book, as the plan fixed them: private, in one file, and read where they lie, so that memory
//! does not grow with their number.
//!
//! Record: u8 length ‖ account ‖ u128 exact amount (little-endian), sorted by account bytes.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use por_protocol::account::AccountId;
use por_protocol::amount::ExactAmount;

use crate::error::Error;
use crate::files::durable;
use crate::files::secret_file;

/// Writes the rows of a book, which have to come sorted.
///
/// # Errors
/// [`Error::Io`].
pub fn write_rows(
    path: &Path,
    rows: impl Iterator<Item = (AccountId, ExactAmount)>,
) -> Result<(), Error> {
    let mut writer = RowsWriter::create(path)?;
    for (account, exact) in rows {
        writer.push(account.as_str(), exact)?;
    }
    writer.finish()
}

/// Writes the rows of a book one by one, under a temporary name until all are there.
pub struct RowsWriter {
    path: PathBuf,
    temporary: PathBuf,
    writer: BufWriter<File>,
}

impl RowsWriter {
    /// # Errors
    /// [`Error::Io`].
    pub fn create(path: &Path) -> Result<Self, Error> {
        let temporary = durable::temporary(path);
        Ok(Self {
            writer: BufWriter::new(secret_file::create_private(&temporary)?),
            path: path.to_owned(),
            temporary,
        })
    }

    /// Adds a row. The account is one by its rules, and stands behind that of the row before.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn push(&mut self, account: &str, exact: ExactAmount) -> Result<(), Error> {
        // An account has at most 128 bytes.
        let length = [u8::try_from(account.len()).unwrap_or(u8::MAX)];
        let steps = exact.steps().to_le_bytes();
        for part in [&length[..], account.as_bytes(), &steps[..]] {
            let written = self.writer.write_all(part);
            written.map_err(Error::io(&self.temporary))?;
        }
        Ok(())
    }

    /// Gives the file its name.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn finish(self) -> Result<(), Error> {
        let file: File = self.writer.into_inner().map_err(|error| Error::Io {
            path: self.temporary.clone(),
            source: error.into_error(),
        })?;
        durable::finish(file, &self.temporary, &self.path)
    }
}

/// Rows between two entries of the index in memory: 8 bytes for 64 rows.
const INDEX_EVERY: u64 = 64;
const LONGEST_RECORD: usize = 1 + 128 + 16;

/// The rows of a book on disk.
pub struct RowsFile {
    file: File,
    path: PathBuf,
    bytes: u64,
}

/// The rows of a book on disk, with an index of every 64th.
pub struct BookRows {
    file: RowsFile,
    count: u64,
    starts: Vec<u64>,
}

impl BookRows {
    /// Reads the file once, to check and to count its rows.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::Input`] if the file is not what [`write_rows`] writes.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let file = RowsFile::open(path)?;
        let mut starts = Vec::new();
        let mut count = 0;
        for row in file.iter() {
            let (start, _, _) = row?;
            if count % INDEX_EVERY == 0 {
                starts.push(start);
            }
            count += 1;
        }
        Ok(Self {
            file,
            count,
            starts,
        })
    }

    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.count
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The row that begins at byte `start`.
    ///
    /// # Errors
    /// As [`RowsFile::at`].
    pub fn at(&self, start: u64) -> Result<(AccountId, ExactAmount), Error> {
        self.file.at(start)
    }

    /// As [`RowsFile::iter`].
    pub fn iter(&self) -> impl Iterator<Item = Result<(u64, AccountId, ExactAmount), Error>> + '_ {
        self.file.iter()
    }

    /// The row of one account.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::Input`] if the file is damaged.
    pub fn find(&self, account: &str) -> Result<Option<(AccountId, ExactAmount)>, Error> {
        // The last entry of the index whose account is not behind the one looked for.
        let (mut low, mut high) = (0, self.starts.len());
        while low < high {
            let middle = low + (high - low) / 2;
            let (other, _) = self.at(self.starts[middle])?;
            if other.as_str().as_bytes() <= account.as_bytes() {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        let Some(start) = low.checked_sub(1).and_then(|entry| self.starts.get(entry)) else {
            return Ok(None);
        };
        for row in self.file.iter_from(*start).take(INDEX_EVERY as usize) {
            let (_, other, exact) = row?;
            if other.as_str() == account {
                return Ok(Some((other, exact)));
            }
        }
        Ok(None)
    }
}

impl RowsFile {
    /// Opens the file that [`write_rows`] wrote.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn open(path: &Path) -> Result<Self, Error> {
        let file = File::open(path).map_err(Error::io(path))?;
        Ok(Self {
            bytes: file.metadata().map_err(Error::io(path))?.len(),
            file,
            path: path.to_owned(),
        })
    }

    /// The row that begins at byte `start`.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::Input`] if no row begins there.
    pub fn at(&self, start: u64) -> Result<(AccountId, ExactAmount), Error> {
        let mut record = [0; LONGEST_RECORD];
        let left = self.bytes.saturating_sub(start);
        let length = usize::try_from(left)
            .unwrap_or(usize::MAX)
            .min(record.len());
        let record = &mut record[..length];
        self.file
            .read_exact_at(record, start)
            .map_err(Error::io(&self.path))?;
        let (row, _) = parse(record).ok_or_else(|| damaged(&self.path))?;
        Ok(row)
    }

    /// All rows, each with the byte it begins at, sorted by account; nothing more after an error.
    pub fn iter(&self) -> impl Iterator<Item = Result<(u64, AccountId, ExactAmount), Error>> + '_ {
        self.iter_from(0)
    }

    fn iter_from(
        &self,
        start: u64,
    ) -> impl Iterator<Item = Result<(u64, AccountId, ExactAmount), Error>> + '_ {
        let mut window = Window {
            rows: self,
            at: start,
            buffer: Vec::new(),
            used: 0,
        };
        let mut failed = false;
        std::iter::from_fn(move || {
            if failed {
                return None;
            }
            let next = window.next().transpose()?;
            failed = next.is_err();
            Some(next)
        })
    }
}

/// Reads on from a place in the file.
struct Window<'a> {
    rows: &'a RowsFile,
    /// Where the buffer's unused part begins in the file.
    at: u64,
    buffer: Vec<u8>,
    used: usize,
}

impl Window<'_> {
    const BYTES: u64 = 64 << 10;

    fn next(&mut self) -> Result<Option<(u64, AccountId, ExactAmount)>, Error> {
        if self.at == self.rows.bytes {
            return Ok(None);
        }
        if self.buffer.len() - self.used < LONGEST_RECORD {
            let bytes = (self.rows.bytes - self.at).min(Self::BYTES);
            self.buffer
                .resize(usize::try_from(bytes).unwrap_or(usize::MAX), 0);
            self.used = 0;
            self.rows
                .file
                .read_exact_at(&mut self.buffer, self.at)
                .map_err(Error::io(&self.rows.path))?;
        }
        let parsed = parse(self.buffer.get(self.used..).unwrap_or_default());
        let ((account, exact), length) = parsed.ok_or_else(|| damaged(&self.rows.path))?;
        let start = self.at;
        self.used += length;
        self.at += length as u64;
        Ok(Some((start, account, exact)))
    }
}

/// The row that a record begins with, and the record's length.
fn parse(bytes: &[u8]) -> Option<((AccountId, ExactAmount), usize)> {
    let account_end = 1 + usize::from(*bytes.first()?);
    let end = account_end + 16;
    let account = std::str::from_utf8(bytes.get(1..account_end)?).ok()?;
    let steps = u128::from_le_bytes(bytes.get(account_end..end)?.try_into().ok()?);
    Some((
        (
            AccountId::new(account).ok()?,
            ExactAmount::from_steps(steps),
        ),
        end,
    ))
}

fn damaged(path: &Path) -> Error {
    Error::input(
        path,
        "the file is damaged",
        "Start again with `por plan` and a new run.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(number: u64) -> AccountId {
        // Lengths from short to the longest there is.
        let width = 4 + usize::try_from(number % 125).unwrap();
        AccountId::new(format!("{number:0>4}{}", "x".repeat(width - 4))).unwrap()
    }

    #[test]
    fn rows_are_found_by_account_and_by_place_whatever_their_number() {
        let folder = tempfile::tempdir().unwrap();
        for count in [0_u64, 1, 63, 64, 65, 128, 1500] {
            let path = folder.path().join(count.to_string());
            let amount = |number: u64| ExactAmount::from_steps(u128::from(number) << 64);
            write_rows(
                &path,
                (0..count).map(|number| (account(number), amount(number))),
            )
            .unwrap();
            let rows = BookRows::read(&path).unwrap();
            assert_eq!((rows.len(), rows.is_empty()), (count, count == 0));
            let mut numbers = 0..;
            for row in rows.iter() {
                let (start, found, exact) = row.unwrap();
                let number = numbers.next().unwrap();
                assert_eq!((&found, exact), (&account(number), amount(number)));
                assert_eq!(rows.at(start).unwrap(), (found.clone(), exact));
                assert_eq!(rows.find(found.as_str()).unwrap(), Some((found, exact)));
            }
            assert_eq!(numbers.start, count);
            for absent in ["", "0", "0000y", "0063", "zzzz", "9999"] {
                assert_eq!(rows.find(absent).unwrap(), None, "{absent} of {count}");
            }
            assert!(rows.at(rows.file.bytes).is_err());
        }
    }

    #[test]
    fn a_damaged_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows");
        let rows = (0..200).map(|number| (account(number), ExactAmount::from_steps(1)));
        write_rows(&path, rows).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        for cut in [1, 17, 100] {
            std::fs::write(&path, &bytes[..bytes.len() - cut]).unwrap();
            assert!(BookRows::read(&path).is_err(), "{cut} bytes short");
        }
        let mut longer = bytes;
        longer.push(0);
        std::fs::write(&path, longer).unwrap();
        assert!(BookRows::read(&path).is_err());
    }
}
