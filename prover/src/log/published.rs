//! A log as a publication shows it: its head, and every entry under it.
//!
//! Claim of [`PublishedLog::read`]: the entries hash to the root of the checkpoint, and their history keeps the rules.
//! Nothing is said of the checkpoint's signatures: that is for a policy to judge.

use por_protocol::digest::Digest;
use por_protocol::error::Error as ProtocolError;
use por_protocol::log::tiles::{LogFile, LogTree, bundles, parse_bundle};
use por_protocol::log::{
    Checkpoint, History, LogProof, TreeSize, prove_consistency, verify_consistency,
};
use por_protocol::merkle::RowTree;
use por_protocol::note::Note;

use crate::error::Error;

/// The folder of the log in a publication.
pub const LOG_FOLDER: &str = "log";
/// A checkpoint with 64 signatures fits many times over.
const MAX_CHECKPOINT_BYTES: u64 = 64 * 1024;
/// 256 entries of the greatest length.
const MAX_BUNDLE_BYTES: u64 = 256 * (2 + 65_535);
/// A log of daily attestations fills this in 270 years; a host that claims more is not read into memory.
const MAX_ENTRIES: u64 = 100_000;

/// A log that was read whole.
#[derive(Clone, Debug)]
pub struct PublishedLog {
    note: Vec<u8>,
    head: Checkpoint,
    entries: Vec<Vec<u8>>,
    history: History,
}

impl PublishedLog {
    /// Reads a log with `read`, which gives the bytes of a file below the publication, at most so many, and `None` where
    /// there is no such file. `None` if there is no checkpoint: nothing was ever logged.
    ///
    /// # Errors
    /// Those of `read`; [`Error::Protocol`] for whatever is wrong with the log.
    pub fn read(
        mut read: impl FnMut(&str, u64) -> Result<Option<Vec<u8>>, Error>,
    ) -> Result<Option<Self>, Error> {
        let path = format!("{LOG_FOLDER}/checkpoint");
        let Some(note) = read(&path, MAX_CHECKPOINT_BYTES)? else {
            return Ok(None);
        };
        let head = parse_head(&note).map_err(Error::protocol(&path))?;
        if head.size.get() > MAX_ENTRIES {
            return Err(Error::protocol(&path)(ProtocolError::TooLarge {
                what: "log",
                limit: MAX_ENTRIES,
                found: head.size.get(),
            }));
        }
        let mut entries = Vec::new();
        for place in bundles(head.size) {
            let path = format!("{LOG_FOLDER}/{}", place.path);
            let absent = || ProtocolError::Mismatch {
                what: "log",
                why: format!("{path} is missing"),
            };
            let bytes = read(&path, MAX_BUNDLE_BYTES)?
                .ok_or_else(|| Error::protocol(LOG_FOLDER)(absent()))?;
            let bundle = parse_bundle(&bytes, place.entries).map_err(Error::protocol(&path))?;
            entries.extend(bundle.into_iter().map(<[u8]>::to_vec));
        }
        Self::of(note, head, entries)
            .map(Some)
            .map_err(Error::protocol(LOG_FOLDER))
    }

    fn of(note: Vec<u8>, head: Checkpoint, entries: Vec<Vec<u8>>) -> Result<Self, ProtocolError> {
        if LogTree::new(&entries).root() != head.root {
            return Err(ProtocolError::Mismatch {
                what: "log",
                why: "its entries are not those of its head".into(),
            });
        }
        let history = History::read(head.origin.as_str(), &entries)?;
        Ok(Self {
            note,
            head,
            entries,
            history,
        })
    }

    /// The checkpoint's signed note, verbatim.
    #[must_use]
    pub fn note(&self) -> &[u8] {
        &self.note
    }

    /// Origin, size and root.
    #[must_use]
    pub const fn head(&self) -> &Checkpoint {
        &self.head
    }

    /// Exact bytes of every entry.
    #[must_use]
    pub fn entries(&self) -> &[Vec<u8>] {
        &self.entries
    }

    /// What the entries say, by the rules.
    #[must_use]
    pub const fn history(&self) -> &History {
        &self.history
    }

    /// Leaf hashes of the entries.
    #[must_use]
    pub fn leaves(&self) -> Vec<Digest> {
        LogTree::new(&self.entries).leaves().to_vec()
    }

    /// What a file of the log must hold, by its path below the log's folder; `None` for a path that this log has not and
    /// never had.
    #[must_use]
    pub fn file(&self, path: &str) -> Option<Vec<u8>> {
        LogTree::new(&self.entries).file(path)
    }

    /// Files that a log has now and not at its `older` size.
    ///
    /// # Errors
    /// [`Error::Protocol`] for an entry that is too long.
    pub fn files(&self, older: TreeSize) -> Result<Vec<LogFile>, Error> {
        LogTree::new(&self.entries)
            .files(older)
            .map_err(Error::protocol(LOG_FOLDER))
    }

    /// The proof that entry `index` is under the head.
    #[must_use]
    pub fn proof(&self, index: u64) -> LogProof<'_> {
        let path = usize::try_from(index).map_or(Vec::new(), |index| {
            RowTree::from_leaves(&self.leaves()).path(index)
        });
        LogProof {
            index,
            path,
            checkpoint: &self.note,
        }
    }

    /// Checks that this log begins with an older head of it.
    ///
    /// # Errors
    /// [`ProtocolError::Inconsistent`]; [`ProtocolError::Mismatch`] for another log's head.
    pub fn check_extends(&self, older: &Checkpoint) -> Result<(), ProtocolError> {
        let inconsistent = |_| ProtocolError::Inconsistent {
            older: older.size.get(),
            newer: self.head.size.get(),
        };
        let proof = prove_consistency(&self.leaves(), older.size).map_err(inconsistent)?;
        verify_consistency(older, &self.head, &proof)
    }
}

fn parse_head(note: &[u8]) -> Result<Checkpoint, ProtocolError> {
    Checkpoint::parse(Note::parse(note)?.unverified_text())
}
