//! A log with one more entry than is published: what a publisher wants to sign.

use por_protocol::log::tiles::LogFile;
use por_protocol::log::{Checkpoint, LogState, TreeSize};
use por_protocol::note::KeyName;

use super::published::{LOG_FOLDER, PublishedLog};
use crate::error::Error;

/// The next state of a log.
#[derive(Clone, Debug)]
pub struct Successor {
    state: LogState,
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
        let state = LogState::after(origin, published.map(PublishedLog::state), entry)
            .map_err(Error::protocol("the log's next entry"))?;
        Ok(Self {
            state,
            older: published.map_or(TreeSize::new(0), |log| log.head().size),
        })
    }

    /// Its entries, and what follows from them.
    #[must_use]
    pub const fn state(&self) -> &LogState {
        &self.state
    }

    /// Its head, to be signed.
    #[must_use]
    pub const fn head(&self) -> &Checkpoint {
        self.state.head()
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
        let files = self.state.files(self.older);
        files.map_err(Error::protocol(LOG_FOLDER))
    }

    /// The log, once its head has been published with this note.
    pub(crate) fn published(self, note: Vec<u8>) -> PublishedLog {
        PublishedLog::of(note, self.state)
    }
}
