//! External sorting of records: as many as the disk holds, in the memory of one run.
//!
//! Records are gathered in memory; each time that is full they are sorted and written as a *run*, a private file. At the
//! end the runs are merged. Order is that of the records' bytes, so it does not depend on how much memory there was. What
//! needs no second run never touches the disk.
//!
//! Cost: one run in memory, or [`FAN_IN`] × 64 KiB while merging; every record is written and read once, and once more
//! for each time that there are [`FAN_IN`] runs, which keeps the number of open files bounded, too.
//! Layout of a run: for each record u16 length (little-endian) ‖ its bytes.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::fs::File;
use std::io::{BufReader, BufWriter, Read as _, Write as _};
use std::path::{Path, PathBuf};

use rayon::slice::ParallelSliceMut as _;

use crate::error::Error;
use crate::files::durable::Staging;
use crate::files::secret_file;

const READ_BYTES: usize = 64 << 10;
/// Memory of one run, in bytes: a million records of 48 bytes.
pub const RUN_BYTES: usize = 64 << 20;
/// Most runs that are merged at a time: far below the number of files that a process may have open.
const FAN_IN: usize = 128;
/// What the index of a run costs for each record.
const ENTRY_BYTES: usize = size_of::<Entry>();

/// Collects records of at most 65,535 bytes in any order.
pub struct SortedRuns {
    folder: Staging,
    run_bytes: usize,
    fan_in: usize,
    arena: Vec<u8>,
    index: Vec<Entry>,
    runs: Vec<PathBuf>,
    made: u64,
}

/// Where a record lies in the arena, and its first bytes, which mostly decide.
struct Entry {
    prefix: u64,
    start: u32,
    length: u16,
}

impl Entry {
    fn record<'a>(&self, arena: &'a [u8]) -> &'a [u8] {
        let start = self.start as usize;
        &arena[start..start + usize::from(self.length)]
    }
}

impl SortedRuns {
    /// Runs of `run_bytes` of memory, in a folder that is made when the first run is full and deleted at the end; what a
    /// killed process has left there is deleted first.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn new(folder: PathBuf, run_bytes: usize) -> Result<Self, Error> {
        Ok(Self {
            folder: Staging::at(folder)?,
            // The index counts in 32 bits.
            run_bytes: run_bytes.min(1 << 31),
            fan_in: FAN_IN,
            arena: Vec::new(),
            index: Vec::new(),
            runs: Vec::new(),
            made: 0,
        })
    }

    /// Adds a record.
    ///
    /// # Errors
    /// [`Error::Io`].
    ///
    /// # Panics
    /// If the record has more than 65,535 bytes.
    pub fn push(&mut self, record: &[u8]) -> Result<(), Error> {
        let length = u16::try_from(record.len()).expect("records are short by their format");
        let used = self.arena.len() + self.index.len() * ENTRY_BYTES;
        if !self.index.is_empty() && used + record.len() + ENTRY_BYTES > self.run_bytes {
            self.spill()?;
        }
        let mut prefix = [0; 8];
        let known = record.len().min(prefix.len());
        prefix[..known].copy_from_slice(&record[..known]);
        self.index.push(Entry {
            prefix: u64::from_be_bytes(prefix),
            start: u32::try_from(self.arena.len()).expect("a run has less than 2 GiB and a record"),
            length,
        });
        self.arena.extend_from_slice(record);
        Ok(())
    }

    fn sort(&mut self) {
        let arena = &self.arena;
        self.index.par_sort_unstable_by(|a, b| {
            let order = a.prefix.cmp(&b.prefix);
            order.then_with(|| a.record(arena).cmp(b.record(arena)))
        });
    }

    fn spill(&mut self) -> Result<(), Error> {
        if self.made == 0 {
            secret_file::create_private_dir(self.folder.path())?;
        }
        if self.runs.len() == self.fan_in {
            self.join()?;
        }
        self.sort();
        let mut writer = self.new_run()?;
        for entry in &self.index {
            writer.write(entry.record(&self.arena))?;
        }
        self.runs.push(writer.finish()?);
        self.arena.clear();
        self.index.clear();
        Ok(())
    }

    fn new_run(&mut self) -> Result<RunWriter, Error> {
        let path = self.folder.path().join(format!("{:06}.run", self.made));
        self.made += 1;
        let file = BufWriter::new(secret_file::create_private(&path)?);
        Ok(RunWriter { path, file })
    }

    /// Makes one run of all that there are.
    fn join(&mut self) -> Result<(), Error> {
        let mut writer = self.new_run()?;
        merge(&self.runs, |record| writer.write(record))?;
        let joined = writer.finish()?;
        for run in self.runs.drain(..) {
            std::fs::remove_file(&run).map_err(Error::io(&run))?;
        }
        self.runs.push(joined);
        Ok(())
    }

    /// All records in order, each handed to `take`.
    ///
    /// # Errors
    /// [`Error::Io`], and whatever `take` returns.
    pub fn merge<E: From<Error>>(
        mut self,
        mut take: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        if self.runs.is_empty() {
            self.sort();
            let mut records = self.index.iter().map(|entry| entry.record(&self.arena));
            return records.try_for_each(take);
        }
        if !self.index.is_empty() {
            self.spill()?;
        }
        (self.arena, self.index) = (Vec::new(), Vec::new());
        merge(&self.runs, &mut take)
    }
}

/// Merges sorted runs.
fn merge<E: From<Error>>(
    runs: &[PathBuf],
    mut take: impl FnMut(&[u8]) -> Result<(), E>,
) -> Result<(), E> {
    let mut heads = BinaryHeap::with_capacity(runs.len());
    for path in runs {
        let mut head = Head {
            record: Vec::new(),
            run: RunReader::open(path)?,
        };
        if head.next()? {
            heads.push(head);
        }
    }
    while let Some(mut head) = heads.peek_mut() {
        take(&head.record)?;
        if !head.next()? {
            PeekMut::pop(head);
        }
    }
    Ok(())
}

struct RunWriter {
    path: PathBuf,
    file: BufWriter<File>,
}

impl RunWriter {
    fn write(&mut self, record: &[u8]) -> Result<(), Error> {
        let length = u16::try_from(record.len()).unwrap_or(u16::MAX);
        self.file
            .write_all(&length.to_le_bytes())
            .and_then(|()| self.file.write_all(record))
            .map_err(Error::io(&self.path))
    }

    fn finish(mut self) -> Result<PathBuf, Error> {
        self.file.flush().map_err(Error::io(&self.path))?;
        Ok(self.path)
    }
}

/// A run and its first record that was not taken yet; the greatest is the one to take next.
struct Head<'a> {
    record: Vec<u8>,
    run: RunReader<'a>,
}

impl Head<'_> {
    fn next(&mut self) -> Result<bool, Error> {
        self.run.next(&mut self.record)
    }
}

impl Ord for Head<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        other.record.cmp(&self.record)
    }
}

impl PartialOrd for Head<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Head<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Head<'_> {}

struct RunReader<'a> {
    path: &'a Path,
    reader: BufReader<File>,
    left: u64,
}

impl<'a> RunReader<'a> {
    fn open(path: &'a Path) -> Result<Self, Error> {
        let file = File::open(path).map_err(Error::io(path))?;
        let left = file.metadata().map_err(Error::io(path))?.len();
        Ok(Self {
            path,
            reader: BufReader::with_capacity(READ_BYTES, file),
            left,
        })
    }

    /// Replaces `record` by the next one; `false` at the end.
    fn next(&mut self, record: &mut Vec<u8>) -> Result<bool, Error> {
        if self.left == 0 {
            return Ok(false);
        }
        let mut length = [0; 2];
        let mut read = || {
            self.reader.read_exact(&mut length)?;
            record.resize(usize::from(u16::from_le_bytes(length)), 0);
            self.reader.read_exact(record)
        };
        read().map_err(Error::io(self.path))?;
        self.left = self.left.saturating_sub((2 + record.len()) as u64);
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use proptest::prelude::*;

    use super::*;

    fn sorted(records: &[Vec<u8>], run_bytes: usize, fan_in: usize) -> Vec<Vec<u8>> {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path().join("runs");
        let mut runs = SortedRuns::new(at.clone(), run_bytes).unwrap();
        runs.fan_in = fan_in;
        for record in records {
            runs.push(record).unwrap();
        }
        let mut out = Vec::new();
        runs.merge(|record| {
            out.push(record.to_vec());
            Ok::<_, Error>(())
        })
        .unwrap();
        assert!(!at.exists(), "the runs are deleted");
        out
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn the_size_and_the_number_of_runs_do_not_show(
            records in prop::collection::vec(prop::collection::vec(0..3_u8, 0..20), 0..200),
            run_bytes in 1..900_usize,
            fan_in in 2..6_usize,
        ) {
            let mut expected = records.clone();
            expected.sort_unstable();
            prop_assert_eq!(&sorted(&records, run_bytes, fan_in), &expected);
            prop_assert_eq!(&sorted(&records, usize::MAX, FAN_IN), &expected);
        }
    }

    fn full(folder: &Path) -> SortedRuns {
        // Four records to a run.
        let mut runs = SortedRuns::new(folder.join("runs"), 4 * (2 + ENTRY_BYTES)).unwrap();
        for byte in 0..9 {
            runs.push(&[byte; 2]).unwrap();
        }
        runs
    }

    #[test]
    fn runs_are_private_and_gone_when_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path().join("runs");
        std::fs::create_dir(&at).unwrap();
        std::fs::write(at.join("000000.run"), "left by a killed process").unwrap();
        let runs = SortedRuns::new(at.clone(), 100).unwrap();
        assert!(!at.exists());
        drop(runs);
        let runs = full(folder.path());
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&at), 0o700);
        assert_eq!(mode(&at.join("000001.run")), 0o600);
        drop(runs);
        assert!(!at.exists());
    }

    #[test]
    fn a_run_that_lost_records_is_an_error_and_not_an_end() {
        let folder = tempfile::tempdir().unwrap();
        let runs = full(folder.path());
        std::fs::remove_file(folder.path().join("runs/000001.run")).unwrap();
        assert!(runs.merge(|_| Ok::<_, Error>(())).is_err());

        let runs = full(folder.path());
        let cut = File::options()
            .write(true)
            .open(folder.path().join("runs/000001.run"))
            .unwrap();
        cut.set_len(15).unwrap();
        assert!(runs.merge(|_| Ok::<_, Error>(())).is_err());
    }
}
