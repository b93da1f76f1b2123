//! A log as a publication shows it: its head, and every entry under it.
//!
//! Claim of [`PublishedLog::read`]: the entries hash to the root of the checkpoint, and their history keeps the rules.
//! Nothing is said of the checkpoint's signatures: that is for a policy to judge.

use por_protocol::error::Error as ProtocolError;
use por_protocol::log::tiles::MAX_BUNDLE_BYTES;
use por_protocol::log::{Checkpoint, History, KeyRotation, LogProof, LogReading, LogState};
use por_protocol::note::Note;
use por_protocol::policy::Policy;

use crate::error::Error;

/// The folder of the log in a publication.
pub const LOG_FOLDER: &str = "log";
/// A checkpoint with 64 signatures fits many times over.
const MAX_CHECKPOINT_BYTES: u64 = 64 * 1024;
/// Of a change of key; two signatures fit many times over.
const MAX_NOTE_BYTES: u64 = 64 * 1024;

/// A log that was read whole.
#[derive(Clone, Debug)]
pub struct PublishedLog {
    note: Vec<u8>,
    state: LogState,
}

impl PublishedLog {
    /// A log with the note of its head, which the caller has just published.
    pub(crate) const fn of(note: Vec<u8>, state: LogState) -> Self {
        Self { note, state }
    }

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
        let mut reading = LogReading::begin(&note).map_err(Error::protocol(&path))?;
        for place in reading.files().to_vec() {
            let path = format!("{LOG_FOLDER}/{}", place.path);
            let bytes = read(&path, MAX_BUNDLE_BYTES as u64)?.ok_or_else(|| missing(&path))?;
            reading.add(&bytes).map_err(Error::protocol(&path))?;
        }
        let state = reading.finish().map_err(Error::protocol(LOG_FOLDER))?;
        Ok(Some(Self { note, state }))
    }

    /// The checkpoint's signed note, verbatim.
    #[must_use]
    pub fn note(&self) -> &[u8] {
        &self.note
    }

    /// Its entries, and what follows from them.
    #[must_use]
    pub const fn state(&self) -> &LogState {
        &self.state
    }

    /// Origin, size and root.
    #[must_use]
    pub const fn head(&self) -> &Checkpoint {
        self.state.head()
    }

    /// What the entries say, by the rules.
    #[must_use]
    pub const fn history(&self) -> &History {
        self.state.history()
    }

    /// Checks that a key of the policy's log signed the head.
    ///
    /// # Errors
    /// As [`Policy::head`].
    pub fn check_head(&self, policy: &Policy) -> Result<(), ProtocolError> {
        policy.head(&Note::parse(&self.note)?).map(drop)
    }

    /// Checks who signed: each change of key both keys, by its note; the head the key that is in force after the last one.
    ///
    /// # Errors
    /// Those of `read`; [`Error::Protocol`] for a note that is missing or false.
    pub fn check_keys(
        &self,
        mut read: impl FnMut(&str, u64) -> Result<Option<Vec<u8>>, Error>,
    ) -> Result<(), Error> {
        let history = self.history();
        for (number, (index, _)) in history.rotations().iter().enumerate() {
            let path = KeyRotation::note_path(*index);
            let note = read(&path, MAX_NOTE_BYTES)?.ok_or_else(|| missing(&path))?;
            self.state
                .verify_rotation(number, &note)
                .map_err(Error::protocol(&path))?;
        }
        Note::parse(&self.note)
            .and_then(|note| history.verify_head(&note))
            .map_err(Error::protocol(format!("{LOG_FOLDER}/checkpoint")))
    }

    /// The proof that entry `index` is under the head.
    #[must_use]
    pub fn proof(&self, index: u64) -> LogProof<'_> {
        self.state.proof(index, &self.note)
    }
}

fn missing(path: &str) -> Error {
    Error::protocol(LOG_FOLDER)(ProtocolError::Mismatch {
        what: "log",
        why: format!("{path} is missing"),
    })
}
