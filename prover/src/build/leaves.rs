//! Which leaf stands where: the keyed order of accounts and padding (SPEC §3.4).
//!
//! A file of fixed records, in leaf order: order key (32 bytes) ‖ u64 source, where source is the byte in the rows file
//! at which the account's row begins, or `2⁶³ + j` for padding leaf j. It is private, and so small (40 bytes a leaf) that
//! shards and statements read it in place.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use por_protocol::context::Ctx;
use por_protocol::run_key::{Secrets, Subject};
use rayon::prelude::*;

use super::rows::BookRows;
use crate::durable;
use crate::error::Error;
use crate::secret_file;

const RECORD_BYTES: usize = 40;
/// Rows files stay far below 2⁶³ bytes, so the top bit is free to mark padding.
const PADDING: u64 = 1 << 63;

/// What stands in a leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The row that begins at this byte of the rows file.
    Row(u64),
    /// Padding leaf number `j`.
    Padding(u64),
}

/// The order of one book's leaves.
pub struct LeafIndex {
    file: File,
    path: PathBuf,
    leaves: u64,
}

impl LeafIndex {
    /// Computes and writes the order, unless it is there already.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn create(
        path: &Path,
        rows: &BookRows,
        leaf_count: u64,
        secrets: &Secrets,
        ctx: &Ctx,
    ) -> Result<Self, Error> {
        if !path.exists() {
            let starts: Vec<(u64, String)> = rows
                .iter()
                .map(|(start, account, _)| (start, account.as_str().to_owned()))
                .collect();
            let padding = leaf_count - starts.len() as u64;
            let rows = starts
                .into_par_iter()
                .map(|(start, account)| (secrets.order(ctx, Subject::Account(&account)), start));
            let padding = (0..padding).into_par_iter().map(|number| {
                (
                    secrets.order(ctx, Subject::Padding(number)),
                    PADDING | number,
                )
            });
            let mut records: Vec<([u8; 32], u64)> = rows.chain(padding).collect();
            records.par_sort_unstable();

            let temporary = durable::temporary(path);
            let mut writer = BufWriter::new(secret_file::create_private(&temporary)?);
            for (key, source) in records {
                writer
                    .write_all(&key)
                    .and_then(|()| writer.write_all(&source.to_le_bytes()))
                    .map_err(Error::io(&temporary))?;
            }
            let file = writer.into_inner().map_err(|error| Error::Io {
                path: temporary.clone(),
                source: error.into_error(),
            })?;
            durable::finish(file, &temporary, path)?;
        }
        Self::open(path, leaf_count)
    }

    /// Opens an order that was written before.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::Input`] if it has another number of leaves.
    pub fn open(path: &Path, leaf_count: u64) -> Result<Self, Error> {
        let file = File::open(path).map_err(Error::io(path))?;
        let bytes = file.metadata().map_err(Error::io(path))?.len();
        if bytes != leaf_count * RECORD_BYTES as u64 {
            return Err(Error::input(
                path,
                format!(
                    "it has {bytes} bytes, expected {RECORD_BYTES} for each of {leaf_count} leaves"
                ),
                "Delete it and run `por build` again.",
            ));
        }
        Ok(Self {
            file,
            path: path.to_owned(),
            leaves: leaf_count,
        })
    }

    /// What stands in the leaves from `first` on.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn sources(&self, first: u64, count: usize) -> Result<Vec<Source>, Error> {
        let mut bytes = vec![0; count * RECORD_BYTES];
        self.file
            .read_exact_at(&mut bytes, first * RECORD_BYTES as u64)
            .map_err(Error::io(&self.path))?;
        Ok(bytes
            .chunks_exact(RECORD_BYTES)
            .map(|record| parse(record).1)
            .collect())
    }

    /// The leaf of an account, by its order key.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn find(&self, key: &[u8; 32]) -> Result<Option<u64>, Error> {
        let (mut low, mut high) = (0, self.leaves);
        let mut record = [0; RECORD_BYTES];
        while low < high {
            let middle = low + (high - low) / 2;
            self.file
                .read_exact_at(&mut record, middle * RECORD_BYTES as u64)
                .map_err(Error::io(&self.path))?;
            match parse(&record).0.cmp(key) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Equal => return Ok(Some(middle)),
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        Ok(None)
    }
}

fn parse(record: &[u8]) -> ([u8; 32], Source) {
    let mut key = [0; 32];
    let mut source = [0; 8];
    key.copy_from_slice(&record[..32]);
    source.copy_from_slice(&record[32..RECORD_BYTES]);
    let source = u64::from_le_bytes(source);
    (
        key,
        if source & PADDING == 0 {
            Source::Row(source)
        } else {
            Source::Padding(source & !PADDING)
        },
    )
}
