//! The archive: statements, or their signed cores, of all accounts in one private file, found by account (SPEC §8.1).
//!
//! ```text
//! por/archive/v1 LF
//! header: one line of JSON
//! records, sorted by account:    u8 length ‖ account ‖ u32 length ‖ content
//! index, of every 32nd record:   u64 where it begins ‖ u8 length ‖ account
//! footer:                        u64 records ‖ u64 where the index begins ‖ SHA-256 of first line, header, index, and
//!                                the 16 bytes before
//! ```
//!
//! Opening reads header and index, a record is one read of the file: memory does not grow with what the records hold.
//! Records have no digest of their own: each begins with what the exchange signed.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use por_protocol::account::AccountId;
use por_protocol::digest::Digest;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::error::Error;
use crate::files::durable;
use crate::files::secret_file;

const MAGIC: &[u8] = b"por/archive/v1\n";
/// Records between two entries of the index.
const INDEX_EVERY: u64 = 32;
const FOOTER_BYTES: u64 = 8 + 8 + 32;
/// A header holds a log proof: a checkpoint with its signature lines and 64 hashes at most.
const MAX_HEADER_BYTES: u64 = 1 << 20;

/// What the records hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Content {
    /// Whole statement files.
    Statements,
    /// Signed cores, which `por serve` completes from the publication.
    Openings,
}

/// What all records share.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// What the records hold.
    pub content: Content,
    /// SHA-256 of the attestation's exact bytes.
    pub attestation: Digest,
    /// Its sequence.
    pub sequence: u64,
    /// Its `c2sp.org/tlog-proof@v1`.
    pub log_proof: String,
}

/// An entry of the index: an account, and where its record begins.
type Entry = (AccountId, u64);

/// Writes an archive, under a temporary name until all is there.
pub struct ArchiveWriter {
    path: PathBuf,
    // Deleted again unless it gets its name: it shows balances.
    temporary: Unfinished,
    file: BufWriter<File>,
    at: u64,
    records: u64,
    last: Option<AccountId>,
    index: Vec<Entry>,
    digest: Sha256,
}

/// A file that is being written; what is left of it when the writer ends goes.
struct Unfinished(PathBuf);

impl Drop for Unfinished {
    fn drop(&mut self) {
        // Finished, it has another name by now.
        let _ = std::fs::remove_file(&self.0);
    }
}

impl ArchiveWriter {
    /// # Errors
    /// [`Error::Io`].
    pub fn create(path: &Path, header: &Header) -> Result<Self, Error> {
        let temporary = Unfinished(durable::temporary(path));
        let mut json = serde_json::to_vec(header).map_err(|error| Error::Io {
            path: path.to_owned(),
            source: error.into(),
        })?;
        json.push(b'\n');
        let mut writer = Self {
            file: BufWriter::with_capacity(1 << 20, secret_file::create_private(&temporary.0)?),
            path: path.to_owned(),
            temporary,
            at: 0,
            records: 0,
            last: None,
            index: Vec::new(),
            digest: Sha256::new_with_prefix(MAGIC).chain_update(&json),
        };
        writer.write(MAGIC)?;
        writer.write(&json)?;
        Ok(writer)
    }

    /// Adds a record; its account stands behind that of the record before.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::Refused`] for accounts out of order.
    pub fn push(&mut self, account: &AccountId, content: &[u8]) -> Result<(), Error> {
        if self
            .last
            .as_ref()
            .is_some_and(|last| last.as_str() >= account.as_str())
        {
            return Err(Error::refused(
                "the accounts of an archive come out of order",
                "This is a fault of this build.",
            ));
        }
        if self.records.is_multiple_of(INDEX_EVERY) {
            self.index.push((account.clone(), self.at));
        }
        let length = u32::try_from(content.len()).unwrap_or(u32::MAX);
        self.write(&account_bytes(account))?;
        self.write(&length.to_le_bytes())?;
        self.write(content)?;
        self.records += 1;
        self.last = Some(account.clone());
        Ok(())
    }

    /// Writes index and footer, and gives the file its name. Returns the number of records.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn finish(mut self) -> Result<u64, Error> {
        let index_at = self.at;
        for (account, start) in std::mem::take(&mut self.index) {
            let mut entry = Vec::from(start.to_le_bytes());
            entry.extend_from_slice(&account_bytes(&account));
            self.digest.update(&entry);
            self.write(&entry)?;
        }
        let mut footer = Vec::from(self.records.to_le_bytes());
        footer.extend_from_slice(&index_at.to_le_bytes());
        self.digest.update(&footer);
        footer.extend_from_slice(&self.digest.clone().finalize());
        self.write(&footer)?;
        let file = self.file.into_inner().map_err(|error| Error::Io {
            path: self.temporary.0.clone(),
            source: error.into_error(),
        })?;
        durable::finish(file, &self.temporary.0, &self.path)?;
        Ok(self.records)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.at += bytes.len() as u64;
        let written = self.file.write_all(bytes);
        written.map_err(Error::io(&self.temporary.0))
    }
}

fn account_bytes(account: &AccountId) -> Vec<u8> {
    let text = account.as_str().as_bytes();
    // An account has at most 128 bytes.
    let mut bytes = vec![u8::try_from(text.len()).unwrap_or(u8::MAX)];
    bytes.extend_from_slice(text);
    bytes
}

/// An archive on disk.
pub struct Archive {
    file: File,
    path: PathBuf,
    header: Header,
    records: u64,
    index: Vec<Entry>,
    index_at: u64,
}

impl Archive {
    /// Opens an archive that nobody else can read.
    ///
    /// # Errors
    /// As [`secret_file::open`]; [`Error::Input`] if it is no archive, or its header or index is damaged.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let file = secret_file::open(path)?;
        let bytes = file.metadata().map_err(Error::io(path))?.len();
        let read = |at: u64, count: u64| -> Result<Vec<u8>, Error> {
            let mut bytes = vec![0; usize::try_from(count).unwrap_or(usize::MAX)];
            file.read_exact_at(&mut bytes, at)
                .map_err(Error::io(path))?;
            Ok(bytes)
        };
        let magic = MAGIC.len() as u64;
        if bytes < magic + FOOTER_BYTES || read(0, magic)? != MAGIC {
            return Err(damaged(path, "it is no archive of statements"));
        }
        let cut = || damaged(path, "its header or index is damaged, or it is cut short");
        let head = read(magic, (bytes - magic).min(MAX_HEADER_BYTES))?;
        let end = head
            .iter()
            .position(|byte| *byte == b'\n')
            .ok_or_else(cut)?;
        let (json, _) = head.split_at_checked(end + 1).ok_or_else(cut)?;
        let footer_at = bytes - FOOTER_BYTES;
        let footer = read(footer_at, FOOTER_BYTES)?;
        let (counts, digest) = footer.split_at_checked(16).ok_or_else(cut)?;
        let (records, rest) = take_u64(counts).ok_or_else(cut)?;
        let (index_at, _) = take_u64(rest).ok_or_else(cut)?;
        let index_bytes = footer_at.checked_sub(index_at).ok_or_else(cut)?;
        let index = read(index_at, index_bytes)?;
        let found = Sha256::new_with_prefix(MAGIC)
            .chain_update(json)
            .chain_update(&index)
            .chain_update(counts)
            .finalize();
        if found[..] != *digest {
            return Err(cut());
        }
        let header = serde_json::from_slice(json).map_err(|_| cut())?;
        Ok(Self {
            index: parse_index(&index).ok_or_else(cut)?,
            header,
            records,
            index_at,
            path: path.to_owned(),
            file,
        })
    }

    /// What all records share.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// Number of records.
    #[must_use]
    pub const fn len(&self) -> u64 {
        self.records
    }

    /// Whether it holds nothing.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.records == 0
    }

    /// The record of an account.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::Input`] where the records are damaged.
    pub fn find(&self, account: &str) -> Result<Option<Zeroizing<Vec<u8>>>, Error> {
        let behind = self
            .index
            .partition_point(|(other, _)| other.as_str() <= account);
        let Some(block) = behind
            .checked_sub(1)
            .and_then(|entry| self.index.get(entry))
        else {
            return Ok(None);
        };
        let end = self
            .index
            .get(behind)
            .map_or(self.index_at, |(_, start)| *start);
        let length = end.saturating_sub(block.1);
        let mut bytes = Zeroizing::new(vec![0; usize::try_from(length).unwrap_or(usize::MAX)]);
        let read = self.file.read_exact_at(&mut bytes, block.1);
        read.map_err(Error::io(&self.path))?;
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            let (other, content, after) = take_record(rest)
                .ok_or_else(|| damaged(&self.path, "a record of it is damaged"))?;
            if other == account.as_bytes() {
                return Ok(Some(Zeroizing::new(content.to_vec())));
            }
            rest = after;
        }
        Ok(None)
    }
}

fn damaged(path: &Path, why: &str) -> Error {
    Error::input(
        path,
        why,
        "Write it again with `por statement --all --archive`.",
    )
}

fn take_u64(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (number, rest) = bytes.split_first_chunk::<8>()?;
    Some((u64::from_le_bytes(*number), rest))
}

fn take_account(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first()?;
    rest.split_at_checked(usize::from(*length))
}

fn take_record(bytes: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let (account, rest) = take_account(bytes)?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    let (content, rest) = rest.split_at_checked(length)?;
    Some((account, content, rest))
}

/// Entries in order of their accounts and of their places.
fn parse_index(mut bytes: &[u8]) -> Option<Vec<Entry>> {
    let mut index: Vec<Entry> = Vec::new();
    while !bytes.is_empty() {
        let (start, rest) = take_u64(bytes)?;
        let (account, rest) = take_account(rest)?;
        let account = AccountId::new(std::str::from_utf8(account).ok()?).ok()?;
        let ordered =
            |(other, before): &Entry| other.as_str() < account.as_str() && *before < start;
        if !index.last().is_none_or(ordered) {
            return None;
        }
        index.push((account, start));
        bytes = rest;
    }
    Some(index)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn header() -> Header {
        Header {
            content: Content::Openings,
            attestation: Digest::of(b"attestation"),
            sequence: 7,
            log_proof: "c2sp.org/tlog-proof@v1\n".into(),
        }
    }

    fn account(number: u64) -> AccountId {
        AccountId::new(format!("{number:05}")).unwrap()
    }

    fn write(path: &Path, count: u64) {
        let mut writer = ArchiveWriter::create(path, &header()).unwrap();
        for number in 0..count {
            // Every second account, so that there are some between.
            let content =
                format!("statement of {number}").repeat(usize::try_from(number % 5).unwrap());
            writer
                .push(&account(2 * number), content.as_bytes())
                .unwrap();
        }
        assert_eq!(writer.finish().unwrap(), count);
    }

    #[test]
    fn every_account_finds_its_own_record_and_no_other_account_finds_one() {
        let folder = tempfile::tempdir().unwrap();
        for count in [0_u64, 1, 31, 32, 33, 500] {
            let path = folder.path().join(count.to_string());
            write(&path, count);
            let archive = Archive::open(&path).unwrap();
            assert_eq!((archive.len(), archive.is_empty()), (count, count == 0));
            assert_eq!(*archive.header(), header());
            for number in 0..count {
                let found = archive.find(account(2 * number).as_str()).unwrap().unwrap();
                let content =
                    format!("statement of {number}").repeat(usize::try_from(number % 5).unwrap());
                assert_eq!(found.as_slice(), content.as_bytes());
                assert!(
                    archive
                        .find(account(2 * number + 1).as_str())
                        .unwrap()
                        .is_none()
                );
            }
            for stranger in ["", "!", "00000x", "zzz"] {
                assert!(archive.find(stranger).unwrap().is_none());
            }
        }
    }

    #[test]
    fn a_damaged_header_index_or_footer_is_refused_and_a_damaged_record_never_panics() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("archive");
        write(&path, 100);
        let good = std::fs::read(&path).unwrap();
        let archive = Archive::open(&path).unwrap();
        let (first, index_at) = (archive.index[0].1, archive.index_at);
        for place in 0..good.len() {
            let mut bytes = good.clone();
            bytes[place] ^= 0x81;
            std::fs::write(&path, &bytes).unwrap();
            match Archive::open(&path) {
                Err(error) => assert_eq!(error.exit(), crate::error::Exit::BadInput, "{place}"),
                Ok(archive) => {
                    assert!((first..index_at).contains(&(place as u64)), "{place}");
                    for number in 0..100 {
                        let _ = archive.find(account(2 * number).as_str());
                    }
                }
            }
        }
        for length in [0, 1, 14, 15, 62, 63, 64, good.len() / 2, good.len() - 1] {
            std::fs::write(&path, &good[..length]).unwrap();
            assert!(Archive::open(&path).is_err(), "{length}");
        }
    }

    #[test]
    fn f_07_an_archive_is_private_and_one_that_others_can_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("archive");
        write(&path, 3);
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o600);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(Archive::open(&path), Err(Error::InTheWay { .. })));
    }

    #[test]
    fn accounts_out_of_order_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("archive");
        let mut writer = ArchiveWriter::create(&path, &header()).unwrap();
        writer.push(&account(2), b"x").unwrap();
        assert!(writer.push(&account(2), b"x").is_err());
        assert!(writer.push(&account(1), b"x").is_err());
        assert!(!path.exists());
    }
}
