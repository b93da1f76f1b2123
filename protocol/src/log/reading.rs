//! A published log while it is read: its head first, then the files of its entries, one after another.
//!
//! Claim of the [`LogState`] that [`LogReading::finish`] gives: the entries hash to the root of the head, and their history
//! keeps the rules of SPEC §7.6.2. Nothing is said of who signed the head: that is for a policy to judge.

use alloc::vec::Vec;

use super::checkpoint::Checkpoint;
use super::state::LogState;
use super::tiles::{BundlePlace, bundles, parse_bundle};
use crate::error::Error;
use crate::note::Note;

/// A log of daily attestations fills this in 270 years; a host that claims more is not read into memory.
const MAX_ENTRIES: u64 = 100_000;

/// A log of which not all was read yet.
#[derive(Debug)]
pub struct LogReading {
    head: Checkpoint,
    places: Vec<BundlePlace>,
    read: usize,
    entries: Vec<Vec<u8>>,
}

impl LogReading {
    /// Begins with the signed note of the head.
    ///
    /// # Errors
    /// As [`Note::parse`] and [`Checkpoint::of_note`]; [`Error::TooLarge`] for a log that no exchange can have.
    pub fn begin(checkpoint: &[u8]) -> Result<Self, Error> {
        let head = Checkpoint::of_note(&Note::parse(checkpoint)?)?;
        if head.size.get() > MAX_ENTRIES {
            return Err(Error::TooLarge {
                what: "log",
                limit: MAX_ENTRIES,
                found: head.size.get(),
            });
        }
        Ok(Self {
            places: bundles(head.size),
            head,
            read: 0,
            entries: Vec::new(),
        })
    }

    /// The files that hold the entries, in the order in which they are read.
    #[must_use]
    pub fn files(&self) -> &[BundlePlace] {
        &self.places
    }

    /// Takes the next of these files.
    ///
    /// # Errors
    /// As [`parse_bundle`]; [`Error::Count`] for a file more than there are.
    pub fn add(&mut self, bundle: &[u8]) -> Result<(), Error> {
        let place = self.places.get(self.read).ok_or(Error::Count {
            what: "files of the log",
            expected: self.places.len() as u64,
            found: (self.read as u64).saturating_add(1),
        })?;
        let entries = parse_bundle(bundle, place.entries)?;
        self.entries.extend(entries.into_iter().map(<[u8]>::to_vec));
        self.read = self.read.saturating_add(1);
        Ok(())
    }

    /// Compares all entries with the head, and their order with the rules.
    ///
    /// # Errors
    /// As [`LogState::read`].
    pub fn finish(self) -> Result<LogState, Error> {
        LogState::read(self.head, self.entries)
    }
}
