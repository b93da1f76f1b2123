//! The sorted rows of one book, as the plan fixed them: private, in one file.
//!
//! Record: u8 length ‖ account ‖ u128 exact amount (little-endian), sorted by account bytes.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;

use por_protocol::account::AccountId;
use por_protocol::amount::ExactAmount;

use crate::durable;
use crate::error::Error;
use crate::secret_file;

/// Writes the rows of a book.
///
/// # Errors
/// [`Error::Io`].
pub fn write_rows(
    path: &Path,
    rows: impl Iterator<Item = (AccountId, ExactAmount)>,
) -> Result<(), Error> {
    let temporary = durable::temporary(path);
    let mut writer = BufWriter::new(secret_file::create_private(&temporary)?);
    for (account, exact) in rows {
        let bytes = account.as_str().as_bytes();
        // An account has at most 128 bytes by its type.
        let length = [u8::try_from(bytes.len()).unwrap_or(u8::MAX)];
        for part in [&length[..], bytes, &exact.steps().to_le_bytes()[..]] {
            writer.write_all(part).map_err(Error::io(&temporary))?;
        }
    }
    let file: File = writer.into_inner().map_err(|error| Error::Io {
        path: temporary.clone(),
        source: error.into_error(),
    })?;
    durable::finish(file, &temporary, path)
}

/// The rows of a book in memory, and where each begins.
pub struct BookRows {
    bytes: Vec<u8>,
    starts: Vec<u64>,
}

impl BookRows {
    /// # Errors
    /// [`Error::Io`]; [`Error::Input`] if the file is not what [`write_rows`] writes.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let bytes = std::fs::read(path).map_err(Error::io(path))?;
        let mut starts = Vec::new();
        let mut at = 0;
        while at < bytes.len() {
            starts.push(at as u64);
            let (_, next) = parse(&bytes, at).ok_or_else(|| damaged(path))?;
            at = next;
        }
        Ok(Self { bytes, starts })
    }

    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.starts.len()
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }

    /// The row that begins at byte `start`.
    #[must_use]
    pub fn at(&self, start: u64) -> Option<(AccountId, ExactAmount)> {
        parse(&self.bytes, usize::try_from(start).ok()?).map(|(row, _)| row)
    }

    /// All rows, each with the byte it begins at, sorted by account.
    pub fn iter(&self) -> impl Iterator<Item = (u64, AccountId, ExactAmount)> + '_ {
        self.starts.iter().filter_map(|start| {
            self.at(*start)
                .map(|(account, exact)| (*start, account, exact))
        })
    }

    /// The row of one account.
    #[must_use]
    pub fn find(&self, account: &str) -> Option<(AccountId, ExactAmount)> {
        let index = self.starts.partition_point(|start| {
            self.at(*start)
                .is_some_and(|(other, _)| other.as_str().as_bytes() < account.as_bytes())
        });
        self.at(*self.starts.get(index)?)
            .filter(|(found, _)| found.as_str() == account)
    }
}

fn parse(bytes: &[u8], at: usize) -> Option<((AccountId, ExactAmount), usize)> {
    let length = usize::from(*bytes.get(at)?);
    let account_end = at + 1 + length;
    let end = account_end + 16;
    let account = std::str::from_utf8(bytes.get(at + 1..account_end)?).ok()?;
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
