//! A published log, verified as far as its files tell: its head, its entries, and what each attestation says of coverage
//! (SPEC §7.6, §9, §10).
//!
//! Claim of a [`LogVerifier`] that was finished: the log's key signed the head, the policy's witnesses cosigned it, the
//! entries hash to its root and keep the rules of §7.6.2, and the key in force signed the head. Claim of
//! [`LogVerifier::attestation`]: steps 2 to 6, 10 and 11, of step 9 who signed, and for each book steps 23 and 24, by the
//! functions that a statement and an audit are judged by. Step 22 is left as *missing*: no tile is looked at, so no such
//! report is ever "verified". Step 9 is *missing* until each change of key was shown by its note.
//!
//! Files come in the order of [`LogVerifier::files`]; nothing is shown before [`LogVerifier::finish`].
//! Cost: one hash for each entry, one range proof for each book.

use alloc::string::String;
use alloc::vec::Vec;

use super::authenticity::{authenticate, check_fresh, check_time, usable_policy};
use super::book::{book_facts, record_coverage};
use crate::attestation::{Attestation, verify_row_total};
use crate::balances::Classes;
use crate::digest::Digest;
use crate::error::Error;
use crate::log::{Checkpoint, History, KeyRotation, LogReading, LogState, Logged, TreeSize};
use crate::note::{KeyName, Note};
use crate::policy::Policy;
use crate::range_proof::Generators;
use crate::report::{Checks, Facts, Report, Step, Tiles};

/// How a head that was seen before stands to the one that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Since {
    /// The log begins with everything that it held then.
    Extends,
    /// The log that was read is shorter. A host may serve an old file, so this alone shows nothing (SPEC §7.6.4).
    Shorter,
    /// It does not begin with what it held then: one of the two was rewritten.
    Rewritten,
}

/// A log while it is read, and after.
pub struct LogVerifier {
    policy: Policy,
    checkpoint: Vec<u8>,
    /// Until it was read whole.
    reading: Option<LogReading>,
    /// From then on.
    log: Option<LogState>,
    rotations_shown: usize,
    generators: Generators,
}

impl LogVerifier {
    /// Begins with the checkpoint.
    ///
    /// # Errors
    /// As [`Policy::head`] and [`Policy::witnessed`]; [`Error::TooLarge`] for a log that no exchange can have.
    pub fn begin(policy: Option<&[u8]>, checkpoint: &[u8]) -> Result<Self, Error> {
        let policy = usable_policy(policy)?;
        let note = Note::parse(checkpoint)?;
        policy.head(&note)?;
        policy.witnessed(&note)?;
        Ok(Self {
            policy,
            checkpoint: checkpoint.to_vec(),
            reading: Some(LogReading::begin(checkpoint)?),
            log: None,
            rotations_shown: 0,
            generators: Generators::new(),
        })
    }

    /// Paths of the files that hold the entries, below the log's folder.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        let reading = self.reading.iter();
        reading.flat_map(|reading| reading.files().iter().map(|place| place.path.as_str()))
    }

    /// Takes the next file of entries.
    ///
    /// # Errors
    /// As [`LogReading::add`]; [`Error::Missing`] where the log was finished.
    pub fn add(&mut self, bundle: &[u8]) -> Result<(), Error> {
        let reading = self.reading.as_mut().ok_or(Error::Missing {
            what: "a log that is still read",
        })?;
        reading.add(bundle)
    }

    /// Compares all entries with the head, and their order with the rules.
    ///
    /// # Errors
    /// [`Error::Mismatch`] if they are not those of the head; the rule that an entry breaks; [`Error::Signature`] for a head
    /// that a retired key signed; [`Error::Missing`] where it was finished before.
    pub fn finish(&mut self) -> Result<&LogState, Error> {
        let reading = self.reading.take().ok_or(Error::Missing {
            what: "a log that is still read",
        })?;
        let log = reading.finish()?;
        log.history().verify_head(&Note::parse(&self.checkpoint)?)?;
        Ok(self.log.insert(log))
    }

    /// Paths of the notes of the log's changes of key, below the publication.
    ///
    /// # Errors
    /// [`Error::Missing`] where the log was not read.
    pub fn rotations(&self) -> Result<Vec<String>, Error> {
        let rotations = self.whole()?.history().rotations().iter();
        Ok(rotations
            .map(|(index, _)| KeyRotation::note_path(*index))
            .collect())
    }

    /// Takes the next of these notes.
    ///
    /// # Errors
    /// As [`LogState::verify_rotation`].
    pub fn add_rotation(&mut self, note: &[u8]) -> Result<(), Error> {
        self.whole()?.verify_rotation(self.rotations_shown, note)?;
        self.rotations_shown = self.rotations_shown.saturating_add(1);
        Ok(())
    }

    /// Of step 9, who signed.
    fn check_keys(&self, history: &History, logged: &Logged, note: &Note<'_>) -> Result<(), Error> {
        if self.rotations_shown < history.rotations().len() {
            return Err(Error::Missing {
                what: "the note of a change of the log key",
            });
        }
        logged.verify_key(note)
    }

    /// What the attestation of this sequence says, by its note and its books; `now` in Unix seconds.
    ///
    /// # Errors
    /// [`Error::Missing`] where the log was not read or holds no such attestation; whatever cannot be parsed.
    pub fn attestation(
        &self,
        sequence: u64,
        note: &[u8],
        books: &[u8],
        now: u64,
    ) -> Result<Report, Error> {
        let log = self.whole()?;
        let history = log.history();
        let logged = usize::try_from(sequence)
            .ok()
            .and_then(|sequence| history.attestations().get(sequence))
            .ok_or(Error::Missing {
                what: "attestation",
            })?;
        let note = Note::parse(note)?;
        let bytes = note.unverified_text().as_bytes();
        if Digest::of(bytes) != logged.digest {
            return Err(mismatch("attestation", "it is not the log's entry"));
        }
        let attestation = Attestation::parse(bytes)?;
        let proof = log.proof(logged.index, &self.checkpoint);
        let mut checks = Checks::default();
        let head = authenticate(
            &mut checks,
            Ok(&self.policy),
            &note,
            &attestation,
            Ok(&proof),
        );
        let dated = head.as_ref().and_then(|head| head.time);
        let time = check_time(&attestation, dated, Some(now));
        checks.record(Step::InOrder, None, time);
        let keys = self.check_keys(history, logged, &note);
        checks.record(Step::LogComplete, None, keys.map(|()| Facts::new()));
        let fresh = check_fresh(Some(&self.policy), head.as_ref(), Some(now));
        checks.record(Step::HeadFresh, None, fresh);
        let (rows, listed) = match attestation.bound_books(books) {
            Ok(rows) => (rows, Ok(Facts::new())),
            Err(error) => (Vec::new(), Err(error)),
        };
        checks.record(Step::BooksComplete, None, listed);
        let mut facts = Vec::new();
        for row in &rows {
            let name = row.name();
            let tiles = Error::Missing {
                what: "the verification of its tiles",
            };
            checks.record(Step::SiblingsNonNegative, Some(&name), Err(tiles));
            let total = attestation
                .context(row)
                .and_then(|context| verify_row_total(&self.generators, &context.ctx(), row, &[]))
                .map(|()| Facts::new());
            checks.record(Step::TotalProven, Some(&name), total);
            let covered = record_coverage(&mut checks, &name, row, Tiles::NotLookedAt);
            facts.push(book_facts(row, &checks, covered, &Classes::unchecked()));
        }
        Ok(checks.into_report(None, head, facts))
    }

    /// How a head that was seen before, of this log, stands to this one.
    ///
    /// # Errors
    /// [`Error::Mismatch`] for another log's head; [`Error::Syntax`] for none; [`Error::Missing`] where the log was not read.
    pub fn since(&self, origin: &str, size: &str, root: &str) -> Result<Since, Error> {
        let refuse = |why: &str| Error::Syntax {
            what: "remembered head",
            why: why.into(),
        };
        let older = Checkpoint {
            origin: KeyName::log_origin(origin)?,
            size: TreeSize::from_decimal(size).ok_or_else(|| refuse("its size is no number"))?,
            root: Digest::from_hex(root).ok_or_else(|| refuse("its root is no digest"))?,
        };
        let log = self.whole()?;
        if older.origin != log.head().origin {
            return Err(mismatch("log origin", "it is another log's head"));
        }
        if older.size > log.head().size {
            return Ok(Since::Shorter);
        }
        Ok(match log.check_extends(&older) {
            Ok(()) => Since::Extends,
            Err(_) => Since::Rewritten,
        })
    }

    fn whole(&self) -> Result<&LogState, Error> {
        self.log.as_ref().ok_or(Error::Missing {
            what: "the whole log",
        })
    }
}

fn mismatch(what: &'static str, why: &str) -> Error {
    Error::Mismatch {
        what,
        why: why.into(),
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use crate::log::tiles::LogTree;
    use crate::note::SignerKey;

    use super::*;

    const ORIGIN: &str = "example.com/por";

    fn key(seed: u8) -> SignerKey<1> {
        let mut bytes = [0x55; 32];
        bytes[0] = seed;
        SignerKey::new(KeyName::log_origin(ORIGIN).unwrap(), &bytes).unwrap()
    }

    /// A log whose entries are changes of key, from `first` on.
    fn entries(first: u8, count: u8) -> Vec<Vec<u8>> {
        (first..first + count)
            .map(|seed| {
                let rotation = KeyRotation::new(&key(seed).public(), &key(seed + 1).public());
                (serde_json::to_string(&rotation.unwrap()).unwrap() + "\n").into_bytes()
            })
            .collect()
    }

    fn policy() -> String {
        let line = |seed| format!("log {}\n", key(seed).public());
        let lines: String = (1..=12).map(line).collect();
        format!("{lines}quorum none\n")
    }

    fn head(entries: &[Vec<u8>]) -> Checkpoint {
        Checkpoint {
            origin: KeyName::log_origin(ORIGIN).unwrap(),
            size: TreeSize::new(entries.len() as u64),
            root: LogTree::new(entries.to_vec()).root(),
        }
    }

    fn begin(entries: &[Vec<u8>], signer: u8) -> LogVerifier {
        let note = key(signer).sign(&head(entries).to_text()).unwrap();
        LogVerifier::begin(Some(policy().as_bytes()), note.as_bytes()).unwrap()
    }

    /// A reading of entries from `first` on, under a head that the last key signed.
    fn read(first: u8, entries: &[Vec<u8>]) -> LogVerifier {
        let mut reading = begin(entries, first + entries.len() as u8);
        let tree = LogTree::new(entries.to_vec());
        let files: Vec<String> = reading.files().map(String::from).collect();
        for file in files {
            reading.add(&tree.file(&file).unwrap()).unwrap();
        }
        reading.finish().unwrap();
        reading
    }

    fn since(newer: &LogVerifier, older: &Checkpoint) -> Result<Since, Error> {
        newer.since(
            older.origin.as_str(),
            &older.size.to_string(),
            &older.root.to_string(),
        )
    }

    #[test]
    fn a_log_that_grew_extends_every_head_that_it_had() {
        let all = entries(1, 7);
        let log = read(1, &all);
        for size in 0..=all.len() {
            assert_eq!(since(&log, &head(&all[..size])), Ok(Since::Extends));
        }
    }

    #[test]
    fn a_rewritten_log_does_not_extend_what_was_seen() {
        let log = read(1, &entries(1, 5));
        for size in 1..=5 {
            assert_eq!(
                since(&log, &head(&entries(9, size))),
                Ok(Since::Rewritten),
                "{size}"
            );
        }
    }

    #[test]
    fn a_shorter_log_shows_nothing() {
        let log = read(1, &entries(1, 3));
        assert_eq!(since(&log, &head(&entries(1, 4))), Ok(Since::Shorter));
    }

    #[test]
    fn a_damaged_memory_or_another_log_is_refused() {
        let log = read(1, &entries(1, 3));
        let root = head(&entries(1, 2)).root.to_string();
        for (origin, size, root) in [
            ("example.org/por", "2", root.as_str()),
            ("", "2", &root),
            (ORIGIN, "02", &root),
            (ORIGIN, "-1", &root),
            (ORIGIN, "2", &root[1..]),
            (ORIGIN, "2", ""),
        ] {
            assert!(
                log.since(origin, size, root).is_err(),
                "{origin} {size} {root}"
            );
        }
    }

    #[test]
    fn nothing_is_said_before_the_whole_log_was_read() {
        let all = entries(1, 3);
        let mut reading = begin(&all, 4);
        assert!(since(&reading, &head(&all)).is_err());
        assert!(reading.attestation(0, b"", b"", 0).is_err());
        assert!(reading.finish().is_err());
        assert!(since(&reading, &head(&all)).is_err());
    }

    #[test]
    fn a_head_that_the_policy_does_not_know_is_refused() {
        let text = head(&entries(1, 2)).to_text();
        let foreign = key(13).sign(&text).unwrap();
        assert!(LogVerifier::begin(Some(policy().as_bytes()), foreign.as_bytes()).is_err());
        let own = key(1).sign(&text).unwrap();
        assert!(LogVerifier::begin(None, own.as_bytes()).is_err());
        let forged = own.replace("\n2\n", "\n3\n");
        assert!(LogVerifier::begin(Some(policy().as_bytes()), forged.as_bytes()).is_err());
    }

    #[test]
    fn entries_that_are_not_those_of_the_head_are_refused() {
        let all = entries(1, 3);
        let mut reading = begin(&all, 4);
        let file = reading.files().next().map(String::from).unwrap();
        let other = LogTree::new(entries(4, 3)).file(&file).unwrap();
        reading.add(&other).unwrap();
        assert!(reading.add(&other).is_err());
        assert!(reading.finish().is_err());
    }

    fn add_all(reading: &mut LogVerifier, entries: &[Vec<u8>]) {
        let tree = LogTree::new(entries.to_vec());
        let files: Vec<String> = reading.files().map(String::from).collect();
        for file in files {
            reading.add(&tree.file(&file).unwrap()).unwrap();
        }
    }

    #[test]
    fn a_head_that_a_retired_key_signed_is_refused() {
        let all = entries(1, 3);
        for signer in [1, 2, 3, 5] {
            let mut reading = begin(&all, signer);
            add_all(&mut reading, &all);
            let error = reading.finish().unwrap_err();
            assert_eq!(error.code(), "signature", "{signer}: {error}");
        }
        let mut reading = begin(&all, 4);
        add_all(&mut reading, &all);
        reading.finish().unwrap();
    }

    #[test]
    fn each_change_of_key_is_shown_by_a_note_that_both_keys_signed() {
        let all = entries(1, 2);
        let mut reading = read(1, &all);
        assert_eq!(
            reading.rotations().unwrap(),
            ["rotations/000000.note", "rotations/000001.note"]
        );
        let note = |entry: usize, keys: &[u8]| {
            let text = core::str::from_utf8(&all[entry]).unwrap();
            let lines = keys
                .iter()
                .map(|seed| key(*seed).signature_line(text).unwrap());
            format!("{text}\n{}", lines.collect::<String>())
        };
        for wrong in [
            note(0, &[1]),
            note(0, &[2]),
            note(0, &[1, 3]),
            note(1, &[2, 3]),
        ] {
            assert!(reading.add_rotation(wrong.as_bytes()).is_err(), "{wrong}");
        }
        reading.add_rotation(note(0, &[1, 2]).as_bytes()).unwrap();
        reading.add_rotation(note(1, &[2, 3]).as_bytes()).unwrap();
        assert!(reading.add_rotation(note(1, &[2, 3]).as_bytes()).is_err());
    }
}
