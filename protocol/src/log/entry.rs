//! What the log holds: attestations, and changes of its own key.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};

use serde::Serialize;

use crate::attestation::{Attestation, MAX_ATTESTATION_BYTES};
use crate::error::Error;
use crate::json;
use crate::note::{KeyName, Note, PublicKey};
use crate::suite::{ATTESTATION_FORMAT, require};

/// A log entry is at most this long (c2sp.org/tlog-tiles).
pub const MAX_ENTRY_BYTES: usize = MAX_ATTESTATION_BYTES;
/// Format of a key rotation.
pub const KEY_ROTATION_FORMAT: &str = "por/key-rotation/v1";

/// The exchange's word that another key signs its log from here on; its note is signed by both.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KeyRotation {
    /// [`KEY_ROTATION_FORMAT`].
    pub format: String,
    /// Origin of the log.
    pub log_origin: String,
    /// vkey that signed the log so far.
    pub old_key: String,
    /// vkey that signs everything after this entry.
    pub new_key: String,
}

json::object!(KeyRotation {
    format,
    log_origin,
    old_key,
    new_key
});

impl KeyRotation {
    /// From one key to another of the same log.
    ///
    /// # Errors
    /// [`Error::Mismatch`] for keys of two logs, [`Error::Duplicate`] for the same key.
    pub fn new(old: &PublicKey, new: &PublicKey) -> Result<Self, Error> {
        let rotation = Self {
            format: KEY_ROTATION_FORMAT.into(),
            log_origin: old.name().as_str().into(),
            old_key: old.to_string(),
            new_key: new.to_string(),
        };
        rotation.keys()?;
        Ok(rotation)
    }

    /// Old and new key, both of this log.
    ///
    /// # Errors
    /// As [`KeyRotation::new`], and [`Error::Field`] for what is no vkey.
    pub fn keys(&self) -> Result<(PublicKey, PublicKey), Error> {
        let (old, new) = (
            PublicKey::from_vkey(&self.old_key)?,
            PublicKey::from_vkey(&self.new_key)?,
        );
        if [&old, &new]
            .iter()
            .any(|key| key.name().as_str() != self.log_origin)
        {
            return Err(Error::Mismatch {
                what: "key rotation",
                why: "a key has another name than the log's origin".into(),
            });
        }
        if old.as_bytes() == new.as_bytes() {
            return Err(Error::Duplicate {
                what: "key of the rotation",
                found: self.new_key.clone(),
            });
        }
        Ok((old, new))
    }

    /// Checks that both keys signed the note of this entry.
    ///
    /// # Errors
    /// [`Error::Signature`], and as [`KeyRotation::keys`].
    pub fn verify(&self, note: &Note<'_>) -> Result<(), Error> {
        let (old, new) = self.keys()?;
        note.verify("key rotation, old key", &old)?;
        note.verify("key rotation, new key", &new)?;
        Ok(())
    }

    /// Where the note of the rotation in this entry lies, below a publication.
    #[must_use]
    pub fn note_path(entry: u64) -> String {
        format!("rotations/{entry:06}.note")
    }
}

/// One entry of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogEntry {
    /// The statement of one snapshot.
    Attestation(Box<Attestation>),
    /// Another key.
    KeyRotation(KeyRotation),
}

impl LogEntry {
    /// Parses the exact bytes of an entry.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for another format, and as the formats' own parsers.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        if bytes.len() > MAX_ENTRY_BYTES {
            return Err(Error::TooLarge {
                what: "log entry",
                limit: MAX_ENTRY_BYTES as u64,
                found: bytes.len() as u64,
            });
        }
        let format = json::format_of(bytes).map_err(|why| Error::Syntax {
            what: "log entry",
            why,
        })?;
        if format == KEY_ROTATION_FORMAT {
            let rotation: KeyRotation = json::parse("key rotation", bytes, MAX_ENTRY_BYTES)?;
            KeyName::log_origin(&rotation.log_origin)?;
            rotation.keys()?;
            return Ok(Self::KeyRotation(rotation));
        }
        require("log entry", &format, ATTESTATION_FORMAT)?;
        Attestation::parse(bytes).map(|attestation| Self::Attestation(Box::new(attestation)))
    }
}
