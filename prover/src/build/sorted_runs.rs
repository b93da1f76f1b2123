//! External sorting of fixed records: as many as the disk holds, in the memory of one run.
//!
//! Records are gathered in memory; each time that is full they are sorted and written as a *run*, a private file. At the
//! end the runs are merged in one pass. Order is that of the records' bytes, so it does not depend on how much memory
//! there was. What needs no second run never touches the disk.
//!
//! Cost: one run in memory and 64 KiB for each run while merging; every record is written and read once.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{BufReader, BufWriter, Read as _, Write as _};
use std::path::{Path, PathBuf};

use rayon::slice::ParallelSliceMut as _;

use crate::durable::Staging;
use crate::error::Error;
use crate::secret_file;

const READ_BYTES: usize = 64 << 10;

/// Collects records of `N` bytes in any order.
pub struct SortedRuns<const N: usize> {
    folder: Staging,
    run_records: usize,
    gathered: Vec<[u8; N]>,
    runs: Vec<PathBuf>,
}

impl<const N: usize> SortedRuns<N> {
    /// Runs of `run_records` records, in a folder that is made when the first run is full and deleted at the end; what a
    /// killed process has left there is deleted first.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn new(folder: PathBuf, run_records: usize) -> Result<Self, Error> {
        Ok(Self {
            folder: Staging::at(folder)?,
            run_records: run_records.max(1),
            gathered: Vec::new(),
            runs: Vec::new(),
        })
    }

    /// Adds a record.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn push(&mut self, record: [u8; N]) -> Result<(), Error> {
        if self.gathered.len() == self.run_records {
            self.spill()?;
        }
        self.gathered.push(record);
        Ok(())
    }

    fn spill(&mut self) -> Result<(), Error> {
        if self.runs.is_empty() {
            secret_file::create_private_dir(self.folder.path())?;
        }
        let path = self
            .folder
            .path()
            .join(format!("{:06}.run", self.runs.len()));
        self.gathered.par_sort_unstable();
        let mut writer = BufWriter::new(secret_file::create_private(&path)?);
        for record in &self.gathered {
            writer.write_all(record).map_err(Error::io(&path))?;
        }
        writer.flush().map_err(Error::io(&path))?;
        self.gathered.clear();
        self.runs.push(path);
        Ok(())
    }

    /// All records in order, each handed to `take`.
    ///
    /// # Errors
    /// [`Error::Io`], and whatever `take` returns.
    pub fn merge(
        mut self,
        mut take: impl FnMut([u8; N]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        if self.runs.is_empty() {
            self.gathered.par_sort_unstable();
            return self.gathered.into_iter().try_for_each(take);
        }
        if !self.gathered.is_empty() {
            self.spill()?;
        }
        self.gathered = Vec::new();
        let mut runs = self
            .runs
            .iter()
            .map(|path| Run::open(path))
            .collect::<Result<Vec<_>, _>>()?;
        let mut heads = BinaryHeap::new();
        for (index, run) in runs.iter_mut().enumerate() {
            heads.extend(run.next()?.map(|record| Reverse((record, index))));
        }
        while let Some(Reverse((record, index))) = heads.pop() {
            take(record)?;
            heads.extend(runs[index].next()?.map(|record| Reverse((record, index))));
        }
        Ok(())
    }
}

struct Run<'a, const N: usize> {
    path: &'a Path,
    reader: BufReader<File>,
    left: u64,
}

impl<'a, const N: usize> Run<'a, N> {
    fn open(path: &'a Path) -> Result<Self, Error> {
        let file = File::open(path).map_err(Error::io(path))?;
        let bytes = file.metadata().map_err(Error::io(path))?.len();
        Ok(Self {
            path,
            reader: BufReader::with_capacity(READ_BYTES, file),
            left: bytes / N as u64,
        })
    }

    fn next(&mut self) -> Result<Option<[u8; N]>, Error> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        let mut record = [0; N];
        self.reader
            .read_exact(&mut record)
            .map_err(Error::io(self.path))?;
        Ok(Some(record))
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use proptest::prelude::*;

    use super::*;

    fn sorted(records: &[[u8; 3]], run_records: usize) -> Vec<[u8; 3]> {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path().join("runs");
        let mut runs = SortedRuns::new(at.clone(), run_records).unwrap();
        for record in records {
            runs.push(*record).unwrap();
        }
        let mut out = Vec::new();
        runs.merge(|record| {
            out.push(record);
            Ok(())
        })
        .unwrap();
        assert!(!at.exists(), "the runs are deleted");
        out
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn the_size_of_a_run_does_not_show(
            records in prop::collection::vec(any::<[u8; 3]>(), 0..200),
            run_records in 1..70_usize,
        ) {
            let mut expected = records.clone();
            expected.sort_unstable();
            prop_assert_eq!(&sorted(&records, run_records), &expected);
            prop_assert_eq!(&sorted(&records, usize::MAX), &expected);
        }
    }

    #[test]
    fn runs_are_private_and_gone_when_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path().join("runs");
        std::fs::create_dir(&at).unwrap();
        std::fs::write(at.join("000000.run"), "left by a killed process").unwrap();
        let mut runs = SortedRuns::<2>::new(at.clone(), 2).unwrap();
        assert!(!at.exists());
        for byte in 0..5 {
            runs.push([byte; 2]).unwrap();
        }
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&at), 0o700);
        assert_eq!(mode(&at.join("000001.run")), 0o600);
        drop(runs);
        assert!(!at.exists());
    }

    #[test]
    fn a_run_that_lost_records_is_an_error_and_not_an_end() {
        let folder = tempfile::tempdir().unwrap();
        let mut runs = SortedRuns::<2>::new(folder.path().join("runs"), 4).unwrap();
        for byte in 0..9 {
            runs.push([byte; 2]).unwrap();
        }
        std::fs::remove_file(folder.path().join("runs/000001.run")).unwrap();
        assert!(runs.merge(|_| Ok(())).is_err());
    }
}
