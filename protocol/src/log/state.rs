//! A log in memory: its entries, hashed once, and what follows from them.

use alloc::vec::Vec;

use super::checkpoint::{Checkpoint, TreeSize};
use super::consistency::{prove_consistency, verify_consistency};
use super::history::History;
use super::proof::LogProof;
use super::tiles::{LogFile, LogTree};
use crate::digest::Digest;
use crate::error::Error;
use crate::merkle::RowTree;
use crate::note::KeyName;

/// Entries by the rules of a history, with their head.
#[derive(Clone, Debug)]
pub struct LogState {
    tree: LogTree,
    head: Checkpoint,
    history: History,
}

impl LogState {
    /// The state that a head and its entries show.
    ///
    /// # Errors
    /// [`Error::Mismatch`] if the entries are not those of the head; the rule of history that an entry breaks.
    pub fn read(head: Checkpoint, entries: Vec<Vec<u8>>) -> Result<Self, Error> {
        let tree = LogTree::new(entries);
        if tree.entries().len() as u64 != head.size.get() || tree.root() != head.root {
            return Err(Error::Mismatch {
                what: "log",
                why: "its entries are not those of its head".into(),
            });
        }
        let history = History::read(head.origin.as_str(), tree.entries())?;
        Ok(Self {
            tree,
            head,
            history,
        })
    }

    /// The state after one entry more; `None` is a log without entries.
    ///
    /// # Errors
    /// The rule of history that the entry breaks.
    pub fn after(origin: &KeyName, before: Option<&Self>, entry: Vec<u8>) -> Result<Self, Error> {
        let mut history =
            before.map_or_else(|| History::new(origin.as_str()), |log| log.history.clone());
        history.push(&entry)?;
        let mut entries = before.map_or(Vec::new(), |log| log.entries().to_vec());
        entries.push(entry);
        let tree = LogTree::new(entries);
        let head = Checkpoint {
            origin: origin.clone(),
            size: TreeSize::new(tree.entries().len() as u64),
            root: tree.root(),
        };
        Ok(Self {
            tree,
            head,
            history,
        })
    }

    /// Origin, size and root.
    #[must_use]
    pub const fn head(&self) -> &Checkpoint {
        &self.head
    }

    /// What the entries say, by the rules.
    #[must_use]
    pub const fn history(&self) -> &History {
        &self.history
    }

    /// Exact bytes of every entry.
    #[must_use]
    pub fn entries(&self) -> &[Vec<u8>] {
        self.tree.entries()
    }

    /// Leaf hashes of the entries.
    #[must_use]
    pub fn leaves(&self) -> &[Digest] {
        self.tree.leaves()
    }

    /// What a file of the log must hold, by its path below the log's folder; `None` for a path that this log has not and
    /// never had.
    #[must_use]
    pub fn file(&self, path: &str) -> Option<Vec<u8>> {
        self.tree.file(path)
    }

    /// Files that the log has now and not at its `older` size.
    ///
    /// # Errors
    /// [`Error::TooLarge`] for an entry that is too long.
    pub fn files(&self, older: TreeSize) -> Result<Vec<LogFile>, Error> {
        self.tree.files(older)
    }

    /// The proof that entry `index` is under the head, which `checkpoint` is the note of.
    #[must_use]
    pub fn proof<'a>(&self, index: u64, checkpoint: &'a [u8]) -> LogProof<'a> {
        LogProof {
            index,
            path: usize::try_from(index).map_or(Vec::new(), |index| {
                RowTree::from_leaves(self.leaves()).path(index)
            }),
            checkpoint,
        }
    }

    /// Checks the note of the `number`-th change of key, counted from 0: both keys signed its very entry.
    ///
    /// # Errors
    /// As [`History::verify_rotation`].
    pub fn verify_rotation(&self, number: usize, note: &[u8]) -> Result<(), Error> {
        let rotation = self.history.rotations().get(number);
        let entry =
            rotation.and_then(|(index, _)| self.entries().get(usize::try_from(*index).ok()?));
        let entry = entry.map(Vec::as_slice).unwrap_or_default();
        self.history.verify_rotation(number, entry, note)
    }

    /// The consistency proof from an older size.
    ///
    /// # Errors
    /// [`Error::Count`] for a larger size.
    pub fn consistency(&self, older: TreeSize) -> Result<Vec<Digest>, Error> {
        prove_consistency(self.leaves(), older)
    }

    /// Checks that this log begins with an older head of it.
    ///
    /// # Errors
    /// [`Error::Inconsistent`]; [`Error::Mismatch`] for another log's head.
    pub fn check_extends(&self, older: &Checkpoint) -> Result<(), Error> {
        let proof = self
            .consistency(older.size)
            .map_err(|_| Error::Inconsistent {
                older: older.size.get(),
                newer: self.head.size.get(),
            })?;
        verify_consistency(older, &self.head, &proof)
    }
}
