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
use super::sorted_runs::{RUN_BYTES, SortedRuns};
use crate::error::Error;
use crate::files::durable;
use crate::files::secret_file;

const RECORD_BYTES: usize = 40;
/// Rows files stay far below 2⁶³ bytes, so the top bit is free to mark padding.
const PADDING: u64 = 1 << 63;
/// Keys that are derived at a time, on all threads.
const BATCH: usize = 1 << 14;

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
            Self::write(path, rows, leaf_count, secrets, ctx, RUN_BYTES)?;
        }
        Self::open(path, leaf_count)
    }

    fn write(
        path: &Path,
        rows: &BookRows,
        leaf_count: u64,
        secrets: &Secrets,
        ctx: &Ctx,
        run_bytes: usize,
    ) -> Result<(), Error> {
        let mut runs = SortedRuns::new(path.with_extension("runs"), run_bytes)?;
        let mut all = rows.iter();
        loop {
            let batch = all
                .by_ref()
                .take(BATCH)
                .collect::<Result<Vec<_>, Error>>()?;
            if batch.is_empty() {
                break;
            }
            let keyed: Vec<_> = batch
                .par_iter()
                .map(|(start, account, _)| {
                    let subject = Subject::Account(account.as_str());
                    record(secrets.order(ctx, subject), *start)
                })
                .collect();
            keyed
                .into_iter()
                .try_for_each(|record| runs.push(&record))?;
        }
        let padding = leaf_count.saturating_sub(rows.len());
        for first in (0..padding).step_by(BATCH) {
            let numbers = first..padding.min(first + BATCH as u64);
            let keyed: Vec<_> = numbers
                .into_par_iter()
                .map(|number| {
                    let key = secrets.order(ctx, Subject::Padding(number));
                    record(key, PADDING | number)
                })
                .collect();
            keyed
                .into_iter()
                .try_for_each(|record| runs.push(&record))?;
        }
        let temporary = durable::temporary(path);
        let mut writer = BufWriter::new(secret_file::create_private(&temporary)?);
        runs.merge(|record| writer.write_all(record).map_err(Error::io(&temporary)))?;
        let file = writer.into_inner().map_err(|error| Error::Io {
            path: temporary.clone(),
            source: error.into_error(),
        })?;
        durable::finish(file, &temporary, path)
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

    /// What stands in the leaves from `first` on, each with the order key that it is said to have.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn records(&self, first: u64, count: usize) -> Result<Vec<([u8; 32], Source)>, Error> {
        let mut bytes = vec![0; count * RECORD_BYTES];
        self.file
            .read_exact_at(&mut bytes, first * RECORD_BYTES as u64)
            .map_err(Error::io(&self.path))?;
        Ok(bytes.chunks_exact(RECORD_BYTES).map(parse).collect())
    }

    /// The order is not that of this book: it was left by another plan, run key or ledger, or it is damaged.
    #[must_use]
    pub fn foreign(&self) -> Error {
        Error::input(
            &self.path,
            "this order of leaves is not the one of this plan and run key",
            "Delete the folder that it lies in, or name another --out; then start the same command again.",
        )
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

fn record(key: [u8; 32], source: u64) -> [u8; RECORD_BYTES] {
    let mut record = [0; RECORD_BYTES];
    record[..32].copy_from_slice(&key);
    record[32..].copy_from_slice(&source.to_le_bytes());
    record
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

#[cfg(test)]
mod tests {
    use por_protocol::account::AccountId;
    use por_protocol::amount::ExactAmount;
    use por_protocol::context::BookContext;
    use por_protocol::digest::Digest;
    use por_protocol::liabilities::Shape;
    use por_protocol::run_key::RunKey;

    use super::*;
    use crate::build::write_rows;

    #[test]
    fn the_order_does_not_depend_on_the_memory_it_was_sorted_in() {
        let folder = tempfile::tempdir().unwrap();
        let rows_path = folder.path().join("rows");
        let account = |number: u64| AccountId::new(format!("account-{number:06}")).unwrap();
        let amounts = (0..5_000).map(|number| (account(number), ExactAmount::from_steps(1)));
        write_rows(&rows_path, amounts).unwrap();
        let rows = BookRows::read(&rows_path).unwrap();
        let secrets = RunKey::from_bytes(std::array::from_fn(|byte| byte as u8 + 1))
            .unwrap()
            .secrets(&Digest::of(b"plan"));
        let leaf_count = 5_264;
        let ctx = BookContext {
            log_origin: "example.com/por",
            period: "2026-10",
            sequence: 0,
            snapshot_time: 1_790_000_000,
            asset: "BTC",
            kind: "owed",
            decimals: 8,
            shape: Shape::new(leaf_count).unwrap(),
        }
        .ctx();
        let order = |name: &str, run_bytes| {
            let path = folder.path().join(name);
            LeafIndex::write(&path, &rows, leaf_count, &secrets, &ctx, run_bytes).unwrap();
            std::fs::read(path).unwrap()
        };
        // The plain way: all records in memory.
        let rows_records = rows.iter().map(|row| {
            let (start, account, _) = row.unwrap();
            record(
                secrets.order(&ctx, Subject::Account(account.as_str())),
                start,
            )
        });
        let padding_records = (0..264).map(|number| {
            record(
                secrets.order(&ctx, Subject::Padding(number)),
                PADDING | number,
            )
        });
        let mut expected: Vec<_> = rows_records.chain(padding_records).collect();
        expected.sort_unstable();
        let expected = expected.concat();
        assert!(order("in memory", usize::MAX) == expected);
        assert!(order("in runs of 7", 7 * 56) == expected);
        assert!(order("in runs of 4096", 4096 * 56) == expected);
        let names = std::fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(names, 4, "no runs and no temporary files are left");
    }
}
