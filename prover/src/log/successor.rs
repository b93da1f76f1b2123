//! A log with one more entry than is published: what a publisher wants to sign.

use por_protocol::digest::Digest;
use por_protocol::error::Error as ProtocolError;
use por_protocol::log::tiles::{LogFile, LogTree};
use por_protocol::log::{Checkpoint, History, TreeSize, prove_consistency, verify_consistency};
use por_protocol::note::KeyName;

use super::published::{LOG_FOLDER, PublishedLog};
use crate::error::Error;

/// The next state of a log.
#[derive(Clone, Debug)]
pub struct Successor {
    entries: Vec<Vec<u8>>,
    leaves: Vec<Digest>,
    head: Checkpoint,
    history: History,
    older: TreeSize,
}

impl Successor {
    /// The published log and this entry after it, if its history allows that.
    ///
    /// # Errors
    /// [`Error::Protocol`] naming the rule that the entry breaks.
    pub fn new(
        origin: &KeyName,
        published: Option<&PublishedLog>,
        entry: Vec<u8>,
    ) -> Result<Self, Error> {
        let mut history = match published {
            Some(log) => log.history().clone(),
            None => History::new(origin.as_str()),
        };
        history
            .push(&entry)
            .map_err(Error::protocol("the log's next entry"))?;
        let mut entries = published.map_or(Vec::new(), |log| log.entries().to_vec());
        entries.push(entry);
        let tree = LogTree::new(&entries);
        let (leaves, root) = (tree.leaves().to_vec(), tree.root());
        Ok(Self {
            head: Checkpoint {
                origin: origin.clone(),
                size: TreeSize::new(entries.len() as u64),
                root,
            },
            leaves,
            entries,
            history,
            older: published.map_or(TreeSize::new(0), |log| log.head().size),
        })
    }

    /// Its head, to be signed.
    #[must_use]
    pub const fn head(&self) -> &Checkpoint {
        &self.head
    }

    /// Its history.
    #[must_use]
    pub const fn history(&self) -> &History {
        &self.history
    }

    /// Size of the log that is published.
    #[must_use]
    pub const fn older(&self) -> TreeSize {
        self.older
    }

    /// Files that the published log has not.
    ///
    /// # Errors
    /// [`Error::Protocol`] for an entry that is too long.
    pub fn files(&self) -> Result<Vec<LogFile>, Error> {
        LogTree::new(&self.entries)
            .files(self.older)
            .map_err(Error::protocol(LOG_FOLDER))
    }

    /// The consistency proof from an older size.
    ///
    /// # Errors
    /// [`ProtocolError::Count`] for a larger size.
    pub fn consistency(&self, older: TreeSize) -> Result<Vec<Digest>, ProtocolError> {
        prove_consistency(&self.leaves, older)
    }

    /// Checks that this log begins with an older head of it.
    ///
    /// # Errors
    /// [`ProtocolError::Inconsistent`]; [`ProtocolError::Mismatch`] for another log's head.
    pub fn check_extends(&self, older: &Checkpoint) -> Result<(), ProtocolError> {
        verify_consistency(older, &self.head, &self.consistency(older.size)?)
    }
}
