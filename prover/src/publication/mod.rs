//! The publication: a folder of static files for any host (SPEC §7.1).
//!
//! ```text
//! index.html, assets/…                     the page, with the policy compiled in
//! verify.html                              the same page as one file, for use without a network
//! page.sha256                              the digests of the page's files
//! policy                                   the log's keys, the witnesses, the quorum
//! log/checkpoint                           head of the log: the file that makes everything else count
//! log/tile/…                               the log, as C2SP tlog-tiles
//! rotations/000002.note                    a change of the log key, by the index of its entry
//! attestations/000000/attestation.json     exact signed bytes
//! attestations/000000/attestation.note     the same text with its signature lines
//! attestations/000000/books.jsonl          one row for each book
//! attestations/000000/reserves.jsonl       one row for each address
//! attestations/000000/annexes/…            longer files
//! attestations/000000/tiles/BTC-owed/1/…   packs of tiles
//! ```

mod audit;
mod audit_log;
mod audit_remote;
mod audit_tree;
mod audited_files;
mod balances;
mod compare;
mod discovery;
mod files;
mod lists;
mod mirror;
mod page;
mod publish;
mod source;
mod stage;
mod target;

use std::path::{Component, Path, PathBuf};

pub use audit::{AuditOptions, StagedAudit, audit, audit_staged, audit_within};
pub use audit_remote::audit_place;
pub use audit_tree::{Part, Scope, UnitRecord};
pub use compare::{
    Compared, Comparison, Entry, Listed, Output, Ownership, SharedAddress, SharedKey,
    SharedOutpoint, Side, Verdict, compare,
};
pub use lists::{AuthenticLists, authentic_lists};
pub use mirror::{Mirror, Mirrored};
pub use page::page_digests;
pub use publish::{Published, Publishing};
pub use target::Target;
pub(crate) use target::served_as;

use self::files::read_limited;
use crate::error::Error;
use crate::log::PublishedLog;

/// What a publication holds at its top, and nothing else: folders,
pub(crate) const TOP_FOLDERS: [&str; 5] =
    [".well-known", "assets", "attestations", "log", "rotations"];
/// and files.
pub(crate) const TOP_FILES: [&str; 4] = ["index.html", "page.sha256", "policy", "verify.html"];
/// An entry with 64 signature lines fits many times over.
const MAX_NOTE_BYTES: u64 = 256 * 1024;

/// A folder that holds a publication.
#[derive(Clone, Debug)]
pub struct Publication(PathBuf);

impl Publication {
    /// The publication at `path`.
    #[must_use]
    pub fn at(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Whether there is a publication at `path`.
    #[must_use]
    pub fn is_at(path: &Path) -> bool {
        let publication = Self::at(path);
        publication.attestations_path().is_dir() && publication.policy_path().is_file()
    }

    /// Refuses a place for secrets that is a publication, or is or would be part of one.
    ///
    /// # Errors
    /// [`Error::Refused`], [`Error::Io`].
    pub fn refuse_around(path: &Path) -> Result<(), Error> {
        let place = without_links(path).map_err(Error::io(path))?;
        if place.ancestors().any(Self::is_at) {
            return Err(Error::refused(
                format!("{} lies in a publication", path.display()),
                "Name a place that is not public: what is written there is secret.",
            ));
        }
        Ok(())
    }

    /// `policy`.
    #[must_use]
    pub fn policy_path(&self) -> PathBuf {
        self.0.join("policy")
    }

    /// The log; `None` where nothing was ever logged.
    ///
    /// # Errors
    /// As [`PublishedLog::read`].
    pub fn log(&self) -> Result<Option<PublishedLog>, Error> {
        PublishedLog::read(|path, limit| read_limited(&self.0.join(path), limit))
    }

    /// The note of a change of key, by the index of its entry.
    #[must_use]
    pub fn rotation_path(&self, index: u64) -> PathBuf {
        let name = format!("{}.note", sequence_folder(index));
        self.0.join("rotations").join(name)
    }

    /// `attestations`.
    #[must_use]
    pub fn attestations_path(&self) -> PathBuf {
        self.0.join("attestations")
    }

    /// One attestation.
    #[must_use]
    pub fn attestation(&self, sequence: u64) -> AttestationFolder {
        AttestationFolder(self.attestations_path().join(sequence_folder(sequence)))
    }

    /// The sequence numbers there are, in order.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn sequences(&self) -> std::io::Result<Vec<u64>> {
        let mut sequences = Vec::new();
        for entry in std::fs::read_dir(self.attestations_path())? {
            let name = entry?.file_name();
            let sequence = name.to_str().and_then(|name| name.parse().ok());
            if let Some(sequence) =
                sequence.filter(|sequence| name == sequence_folder(*sequence).as_str())
            {
                sequences.push(sequence);
            }
        }
        sequences.sort_unstable();
        Ok(sequences)
    }
}

/// The place of a path whose end may not exist yet, as the system will find it once the missing folders are made.
fn without_links(path: &Path) -> std::io::Result<PathBuf> {
    let mut place = std::env::current_dir()?;
    for part in path.components() {
        match part {
            Component::ParentDir => {
                place.pop();
            }
            part => place.push(part),
        }
        match std::fs::canonicalize(&place) {
            Ok(found) => place = found,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(place)
}

/// `000000`.
#[must_use]
pub fn sequence_folder(sequence: u64) -> String {
    format!("{sequence:06}")
}

/// The folder of one attestation in a publication, or before it is published.
#[derive(Clone, Debug)]
pub struct AttestationFolder(PathBuf);

impl AttestationFolder {
    /// The folder at `path`.
    #[must_use]
    pub fn at(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Exact bytes of the attestation.
    #[must_use]
    pub fn json(&self) -> PathBuf {
        self.0.join("attestation.json")
    }

    /// The same text with its signature lines.
    #[must_use]
    pub fn note(&self) -> PathBuf {
        self.0.join("attestation.note")
    }

    /// Book rows.
    #[must_use]
    pub fn books(&self) -> PathBuf {
        self.0.join("books.jsonl")
    }

    /// Reserve rows.
    #[must_use]
    pub fn reserves(&self) -> PathBuf {
        self.0.join("reserves.jsonl")
    }

    /// Longer files.
    #[must_use]
    pub fn annexes(&self) -> PathBuf {
        self.0.join("annexes")
    }

    /// Tiles of a book, by its folder name.
    #[must_use]
    pub fn tiles(&self, book: &str) -> PathBuf {
        self.0.join("tiles").join(book)
    }
}
