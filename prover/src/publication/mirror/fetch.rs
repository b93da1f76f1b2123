//! What a log calls for, file by file, fetched into a folder of one's own.
//!
//! The names of an attestation's files follow from its entry in the log and from its book rows, which are compared with the
//! attestation's root before anything else is asked for: a host cannot make this ask for, or store, more than was signed.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;

use por_protocol::attestation::Attestation;
use por_protocol::book_row::BookRow;
use por_protocol::liabilities::{Shape, pack_bytes, packs};
use por_protocol::log::{LogEntry, MAX_ENTRY_BYTES, TreeSize};

use crate::build::pack_path;
use crate::error::Error;
use crate::home::book_folder;
use crate::log::{LOG_FOLDER, PublishedLog};
use crate::publication::audit::MAX_LIST_BYTES;
use crate::publication::source::Source;
use crate::publication::{AttestationFolder, MAX_NOTE_BYTES, Publication, sequence_folder};

/// Files of a source, on their way to a staged copy.
pub(super) struct Fetch<'a> {
    pub(super) source: &'a Source,
    pub(super) staged: &'a Publication,
}

impl Fetch<'_> {
    /// The log's own files: the host's must be those that its entries give.
    pub(super) fn log(&self, log: &PublishedLog) -> Result<(), Error> {
        for file in log
            .state()
            .files(TreeSize::new(0))
            .map_err(Error::protocol(LOG_FOLDER))?
        {
            let path = format!("{LOG_FOLDER}/{}", file.path);
            let found = self.source.read(&path, file.bytes.len() as u64)?;
            if found.as_ref() != Some(&file.bytes) {
                let why = match found {
                    Some(_) => "it is damaged",
                    None => "it is missing",
                };
                return Err(self.untrue(&path, why));
            }
            self.write(&path, &file.bytes)?;
        }
        self.write(&format!("{LOG_FOLDER}/checkpoint"), log.note())
    }

    /// Every entry's own files, of attestations from this sequence on; of earlier ones nothing.
    pub(super) fn entries(&self, log: &PublishedLog, known: u64, from: u64) -> Result<(), Error> {
        let mut sequence = 0;
        for (index, entry) in (0_u64..).zip(log.state().entries()) {
            match LogEntry::parse(entry).map_err(Error::protocol(LOG_FOLDER))? {
                LogEntry::Attestation(attestation) => {
                    if sequence >= from {
                        self.attestation(sequence, entry, &attestation)?;
                    }
                    sequence += 1;
                }
                LogEntry::KeyRotation(_) if index >= known => {
                    let path = format!("rotations/{}.note", sequence_folder(index));
                    self.file(&path, MAX_NOTE_BYTES, None)?;
                }
                LogEntry::KeyRotation(_) => {}
            }
        }
        Ok(())
    }

    fn attestation(
        &self,
        sequence: u64,
        entry: &[u8],
        attestation: &Attestation,
    ) -> Result<(), Error> {
        let folder = format!("attestations/{}", sequence_folder(sequence));
        let own = self.staged.attestation(sequence);
        let json = format!("{folder}/attestation.json");
        self.file(&json, MAX_ENTRY_BYTES as u64, Some(entry.len() as u64))?;
        self.file(&format!("{folder}/attestation.note"), MAX_NOTE_BYTES, None)?;
        for list in ["books.jsonl", "reserves.jsonl"] {
            self.file(&format!("{folder}/{list}"), MAX_LIST_BYTES, None)?;
        }
        for annex in &attestation.annexes {
            let path = format!("{folder}/annexes/{}", annex.name);
            self.file(&path, annex.size, Some(annex.size))?;
        }
        for row in self.books(&folder, &own, attestation)? {
            let shape = Shape::new(row.leaf_count).map_err(Error::protocol("book row"))?;
            let book = book_folder(row.asset.id().as_str(), row.kind.as_str());
            let tiles = Path::new(&folder).join("tiles").join(book);
            for level in 1..=shape.depth() {
                for pack in 0..packs(&shape, level) {
                    let length = pack_bytes(&shape, level, pack);
                    let path = pack_path(&tiles, level, pack);
                    self.file(&path.to_string_lossy(), length, Some(length))?;
                }
            }
        }
        Ok(())
    }

    /// The book rows, once they are known to be the attestation's.
    fn books(
        &self,
        folder: &str,
        own: &AttestationFolder,
        attestation: &Attestation,
    ) -> Result<Vec<BookRow>, Error> {
        let bytes = std::fs::read(own.books()).map_err(Error::io(&own.books()))?;
        let rows = attestation.bound_books(&bytes);
        rows.map_err(|error| self.untrue(&format!("{folder}/books.jsonl"), &error.to_string()))
    }

    /// Copies one file, of at most `limit` bytes, and of this length if one is given.
    fn file(&self, path: &str, limit: u64, length: Option<u64>) -> Result<(), Error> {
        let to = self.staged.path().join(path);
        if let Some(parent) = to.parent() {
            std::fs::create_dir_all(parent).map_err(Error::io(parent))?;
        }
        let mut file = BufWriter::new(File::create(&to).map_err(Error::io(&to))?);
        let copied = self.source.copy(path, limit, &mut file)?;
        file.flush().map_err(Error::io(&to))?;
        match (copied, length) {
            (None, _) => Err(self.untrue(path, "it is missing")),
            (Some(found), Some(length)) if found != length => {
                Err(self.untrue(path, &format!("it has {found} bytes instead of {length}")))
            }
            _ => Ok(()),
        }
    }

    fn write(&self, path: &str, bytes: &[u8]) -> Result<(), Error> {
        let to = self.staged.path().join(path);
        if let Some(parent) = to.parent() {
            std::fs::create_dir_all(parent).map_err(Error::io(parent))?;
        }
        std::fs::write(&to, bytes).map_err(Error::io(&to))
    }

    fn untrue(&self, path: &str, why: &str) -> Error {
        Error::Untrue {
            place: self.source.place(path).display().to_string(),
            why: why.into(),
            remedy: "The mirror was left as it was. Tell whoever runs the host, or copy the publication from elsewhere.".into(),
        }
    }
}
