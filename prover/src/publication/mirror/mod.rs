//! Mirrors: a copy of somebody else's publication, audited in full before any of it counts.
//!
//! Claim of [`Mirror::update`]: what the mirror shows has passed an audit with the mirror's own policy, and each head it
//! ever showed is a beginning of the next one. A host that shows another history is caught, and what it showed is kept as
//! evidence that any third party can verify.
//!
//! The page and the discovery file are not copied: nothing signed binds them, and a page is a program. The mirror's
//! `policy` is the one it was checked with.

mod cosign;
mod fetch;

use std::fs::File;
use std::path::{Path, PathBuf};

use por_protocol::digest::Digest;
use por_protocol::error::Error as ProtocolError;
use por_protocol::log::{TreeSize, compare_heads};
use por_protocol::policy::Policy;
use por_protocol::report::{Included, Report};
use rustix::fs::{FlockOperation, flock};

use self::cosign::{Cosigned, cosign, with_lines, with_older_lines};
use self::fetch::Fetch;
use super::files::files_below;
use super::source::Source;
use super::target::{Folder, Target};
use super::{AuditOptions, Publication, audit};
use crate::chains::recheck::BalanceChecks;
use crate::error::Error;
use crate::files::durable::{self, Staging};
use crate::log::{LOG_FOLDER, PublishedLog};

/// What to mirror, and how to judge it.
pub struct Mirror<'a> {
    /// The publication: a folder or a URL.
    pub from: &'a Path,
    /// The mirror's folder.
    pub folder: &'a Path,
    /// Policy text.
    pub policy: &'a [u8],
    /// A witness's folder, to cosign the head.
    pub witness: Option<&'a Path>,
    /// Unix seconds now.
    pub now: u64,
    /// Whether to show progress.
    pub progress: bool,
}

/// What came of it.
pub struct Mirrored {
    /// The report of the last attestation that was audited: of the one that failed, if one did.
    pub report: Report,
    /// Entries of the mirrored log; `None` if the audit did not pass and nothing was written.
    pub entries: Option<u64>,
}

impl Mirror<'_> {
    /// Brings the mirror to the state of the publication.
    ///
    /// # Errors
    /// [`Error::Untrue`] for a publication that is incomplete, damaged, older than the mirror or of another history;
    /// [`Error::InTheWay`] if the folder holds other things or another process is at work there; [`Error::Remote`],
    /// [`Error::Io`].
    pub fn update(&self) -> Result<Mirrored, Error> {
        let fresh = !self.folder.exists();
        let folder = Folder::open(self.folder)?;
        let path = folder.path().to_owned();
        folder.make()?;
        let done = self.update_folder(&path, &Target::Folder(folder.held()));
        if fresh && !done.as_ref().is_ok_and(|done| done.entries.is_some()) {
            // Only if it is empty still; what was written is kept for the next start.
            let _ = std::fs::remove_dir(&path);
        }
        done
    }

    fn update_folder(&self, folder: &Path, target: &Target) -> Result<Mirrored, Error> {
        let _lock = lock(folder)?;
        let policy = Policy::parse(self.policy).map_err(Error::protocol("policy"))?;
        let source = Source::open(self.from)?;
        let old = Publication::at(folder).log()?;
        let new = self.read_log(&source, &policy)?;
        if let Some(old) = &old {
            self.check_extends(folder, &policy, old, new.note(), &new)?;
        }

        let staging = Staging::at(beside(folder, ".staging"))?;
        let staged = Publication::at(staging.path());
        let known = count(old.as_ref());
        let total = count(Some(&new));
        // Where nothing is new, the last one is looked at once more: bits rot.
        let audited = known.min(total.saturating_sub(1))..total;
        let fetch = Fetch {
            source: &source,
            staged: &staged,
        };
        fetch.log(&new)?;
        let known_entries = old.as_ref().map_or(0, |old| old.head().size.get());
        fetch.entries(&new, known_entries, known)?;
        link_known(folder, &staged, known, audited.start)?;
        std::fs::write(staged.policy_path(), self.policy)
            .map_err(Error::io(&staged.policy_path()))?;
        let balances = BalanceChecks::offline()?;
        let mut report = None;
        for sequence in audited {
            let audited = audit(
                &staged,
                &AuditOptions {
                    balances: &balances,
                    policy: Some(self.policy),
                    now: self.now,
                    sequence: Some(sequence),
                    progress: self.progress,
                },
            )?;
            if audited.included != Included::Verified {
                return Ok(Mirrored {
                    report: audited,
                    entries: None,
                });
            }
            report = Some(audited);
        }
        let report = report.ok_or_else(|| {
            self.untrue("its log holds no attestation", "There is nothing to audit.")
        })?;

        let older = old.as_ref().map_or(TreeSize::new(0), |old| old.head().size);
        // First, for it tells whose folder this is when a killed run is started again.
        target.replace("policy", None, self.policy)?;
        write_files(target, &staged, &new, known, older)?;
        let note = self.note(folder, &policy, old.as_ref(), &new)?;
        let expected = old.as_ref().map(PublishedLog::note);
        let checkpoint = format!("{LOG_FOLDER}/checkpoint");
        target.replace(&checkpoint, Some(expected), note.as_bytes())?;
        Ok(Mirrored {
            report,
            entries: Some(new.head().size.get()),
        })
    }

    /// The publication's log; only one that the policy's key signed is looked at any further.
    fn read_log(&self, source: &Source, policy: &Policy) -> Result<PublishedLog, Error> {
        let log = PublishedLog::read(|path, limit| source.read(path, limit));
        let log = match log {
            Err(Error::Protocol { what, source })
                if !matches!(source, ProtocolError::Unsupported { .. }) =>
            {
                return Err(self.untrue(&format!("{what}: {source}"), HOST));
            }
            log => log?,
        };
        let log = log.ok_or_else(|| {
            self.untrue(
                "there is no log/checkpoint",
                "Check where the publication is.",
            )
        })?;
        log.check_head(policy)
            .map_err(|error| self.untrue(&format!("log/checkpoint: {error}"), HOST))?;
        match log.check_keys(|path, limit| source.read(path, limit)) {
            Err(Error::Protocol { what, source }) => {
                Err(self.untrue(&format!("{what}: {source}"), HOST))
            }
            checked => checked.map(|()| log),
        }
    }

    /// Refuses a log that does not begin with the older head, which was seen before; keeps evidence where the two conflict.
    fn check_extends(
        &self,
        folder: &Path,
        policy: &Policy,
        old: &PublishedLog,
        found: &[u8],
        new: &PublishedLog,
    ) -> Result<(), Error> {
        let (before, now) = (old.head().size, new.head().size);
        if before <= now && new.state().check_extends(old.head()).is_ok() {
            return Ok(());
        }
        let leaves = if before > now { old } else { new }.state().leaves();
        self.conflict(folder, policy, old.note(), found, leaves)?;
        let why = format!("it shows a log of {now} entries; the mirror has {before}");
        Err(self.untrue(&why, OLD))
    }

    /// Writes evidence if two heads conflict, and then ends with an error.
    fn conflict(
        &self,
        folder: &Path,
        policy: &Policy,
        seen: &[u8],
        found: &[u8],
        leaves: &[Digest],
    ) -> Result<(), Error> {
        let evidence = compare_heads(policy, seen, found, leaves)
            .map_err(Error::protocol("comparison of two heads"))?;
        let Some(evidence) = evidence else {
            return Ok(());
        };
        let mut text = serde_json::to_vec(&evidence).map_err(|error| Error::Io {
            path: "evidence".into(),
            source: error.into(),
        })?;
        text.push(b'\n');
        // Named by its content: no later one takes its place.
        let name: String = Digest::of(&text).to_string().chars().take(16).collect();
        let path = beside(folder, &format!(".evidence-{name}.json"));
        durable::write(&path, &text)?;
        Err(self.untrue(
            "its log is not the one that was seen before: the holder of its key has signed two histories",
            &format!(
                "Both signed heads are in {}. Give that file to the other witnesses and to the public.",
                path.display()
            ),
        ))
    }

    /// The checkpoint's note: the publication's, with the cosignatures of this mirror.
    fn note(
        &self,
        folder: &Path,
        policy: &Policy,
        old: Option<&PublishedLog>,
        new: &PublishedLog,
    ) -> Result<String, Error> {
        let text = |log: &PublishedLog| String::from_utf8_lossy(log.note()).into_owned();
        let mut note = text(new);
        if let Some(old) = old {
            note = with_older_lines(policy, &note, &text(old));
        }
        let Some(witness) = self.witness else {
            return Ok(note);
        };
        match cosign(witness, new, self.now)? {
            Cosigned::Line(line) => Ok(with_lines(&note, &line)),
            Cosigned::Conflict(seen) => {
                self.conflict(folder, policy, &seen, new.note(), new.state().leaves())?;
                Err(self.untrue("the witness has cosigned another history", HOST))
            }
            Cosigned::Ahead => Err(self.untrue("the witness has cosigned a larger log", OLD)),
        }
    }

    fn untrue(&self, why: &str, remedy: &str) -> Error {
        Error::Untrue {
            place: self.from.display().to_string(),
            why: why.into(),
            remedy: remedy.into(),
        }
    }
}

/// What to do about a host that shows something else than the log.
const HOST: &str =
    "The mirror was left as it was. Check the address and the policy; tell whoever runs the host.";

/// What to do about a host that shows less than was seen.
const OLD: &str =
    "The host serves an old state. Try again, or copy the publication from elsewhere.";

/// Attestations of a log.
fn count(log: Option<&PublishedLog>) -> u64 {
    log.map_or(0, |log| log.history().attestations().len() as u64)
}

/// A name beside the folder: in the folder itself it would be served.
fn beside(folder: &Path, ending: &str) -> PathBuf {
    let mut name = folder.file_name().unwrap_or_default().to_owned();
    name.push(ending);
    folder.with_file_name(name)
}

/// One process at a time; the folder itself is the lock, so that none is left in it.
fn lock(folder: &Path) -> Result<File, Error> {
    let file = File::open(folder).map_err(Error::io(folder))?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(file),
        Err(rustix::io::Errno::WOULDBLOCK) => Err(Error::InTheWay {
            path: folder.to_owned(),
            why: "another process is writing this mirror".into(),
            remedy: "Wait for it to end.".into(),
        }),
        Err(error) => Err(Error::io(folder)(error.into())),
    }
}

/// Second names, in the staged copy, for what the mirror has already and the audit looks at: of each attestation what is in
/// the log, from `whole` on all of it.
fn link_known(folder: &Path, staged: &Publication, known: u64, whole: u64) -> Result<(), Error> {
    let mirror = Publication::at(folder);
    for sequence in 0..known {
        let own = mirror.attestation(sequence);
        let files = if sequence >= whole {
            files_below(own.path())?
        } else {
            vec!["attestation.json".into()]
        };
        for file in files {
            let to = staged.attestation(sequence).path().join(&file);
            link(&own.path().join(&file), &to)?;
        }
    }
    let rotations = folder.join("rotations");
    if rotations.is_dir() {
        for file in files_below(&rotations)? {
            let to = staged.path().join("rotations").join(&file);
            link(&rotations.join(&file), &to)?;
        }
    }
    Ok(())
}

fn link(from: &Path, to: &Path) -> Result<(), Error> {
    if to.exists() {
        return Ok(());
    }
    if let Some(parent) = to.parent() {
        std::fs::create_dir_all(parent).map_err(Error::io(parent))?;
    }
    if std::fs::hard_link(from, to).is_err() {
        std::fs::copy(from, to).map_err(Error::io(from))?;
    }
    Ok(())
}

/// Puts the audited files where they belong; the checkpoint is not among them.
fn write_files(
    target: &Target,
    staged: &Publication,
    log: &PublishedLog,
    known: u64,
    older: TreeSize,
) -> Result<(), Error> {
    let mut folders = Vec::new();
    for sequence in known..count(Some(log)) {
        folders.push(staged.attestation(sequence).path().to_owned());
    }
    let rotations = staged.path().join("rotations");
    if rotations.is_dir() {
        folders.push(rotations);
    }
    for folder in folders {
        let below = folder.strip_prefix(staged.path()).unwrap_or(&folder);
        for file in files_below(&folder)? {
            let path = below.join(&file);
            target.create(&path.to_string_lossy(), &folder.join(&file))?;
        }
    }
    for file in log
        .state()
        .files(older)
        .map_err(Error::protocol(LOG_FOLDER))?
    {
        let path = format!("{LOG_FOLDER}/{}", file.path);
        target.create_bytes(&path, &file.bytes)?;
    }
    Ok(())
}
