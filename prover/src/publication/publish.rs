//! Publishing: stage, audit the staged copy in full, put its files where they belong, sign the new head of the log, collect
//! the witnesses' cosignatures, and write the checkpoint last.
//!
//! Until the checkpoint is written, nothing of it counts: readers go by the log. Files that never change are created once,
//! beginning with `attestation.json`, so that of two publishers one wins before either signs. Files that may change (policy,
//! page) wait until the witnesses have answered: what cannot be published changes nothing that people see. A run that was
//! killed is started again with the same command and finishes what is left.

use std::path::{Path, PathBuf};
use std::time::Duration;

use indicatif::ProgressBar;
use por_protocol::digest::Digest;
use por_protocol::log::{KeyRotation, Logged as LoggedAttestation};
use por_protocol::note::Note;
use por_protocol::policy::Policy;
use por_protocol::report::{Included, Outcome, Report};

use super::audit::{AuditOptions, audit_staged};
use super::discovery::discovery_file;
use super::files::files_below;
use super::stage::{stage_attestation, stage_page};
use super::target::Target;
use super::{AttestationFolder, Publication, sequence_folder};
use crate::chains::recheck::BalanceChecks;
use crate::durable::{self, Staging};
use crate::error::Error;
use crate::home::{Home, Run};
use crate::log::{
    Answer, Collected, LOG_FOLDER, PublishedLog, Signed, SignedHead, Signer, Successor, collect,
};
use crate::progress;

/// Where to publish, and with what.
pub struct Publishing<'a> {
    /// The exchange's folder.
    pub home: &'a Home,
    /// Where the publication lives.
    pub target: &'a Target,
    /// The built page, where it is published too.
    pub page: Option<&'a Path>,
    /// Who signs the head of the log.
    pub signer: Signer,
    /// How long to wait for witnesses.
    pub patience: Duration,
    /// Unix seconds now.
    pub now: u64,
    /// Whether to show progress.
    pub progress: bool,
}

/// What came of publishing.
pub enum Published {
    /// The head is public.
    Done {
        /// Entries of the log now.
        entries: u64,
        /// What each witness did, by its name in the policy.
        witnesses: Vec<(String, Answer)>,
    },
    /// The head was public already; a run of this home that was killed had left only its last steps, and they are done.
    Finished,
    /// The head waits for a signature that is made elsewhere.
    ToSign(PathBuf),
}

impl Publishing<'_> {
    /// Publishes an attested run.
    ///
    /// # Errors
    /// [`Error::AuditFailed`], and then nothing was published; [`Error::InTheWay`] if the attestation is published already
    /// or another publisher was faster; [`Error::Quorum`]; [`Error::Io`].
    pub fn attestation(&self, run: &Run) -> Result<Published, Error> {
        let _lock = run.lock()?;
        let _log = self.home.lock_log()?;
        let (plan, _) = run.plan()?;
        self.target.check_apart_from(run.path())?;
        let (policy_text, policy) = self.home.policy()?;
        let published = self.published(&policy)?;
        let folder = format!("attestations/{}", sequence_folder(plan.sequence));
        // What a killed run has staged goes, also where that is all that was left to be done.
        let staging = Staging::at(run.path().join("staged"))?;
        if let Some(log) = &published
            && self.is_logged(run, log, plan.sequence, &folder)?
        {
            return self.finish(run, log, plan.sequence, &folder);
        }
        self.check_policy(&policy, published.as_ref())?;

        let staged = Publication::at(staging.path());
        let own = staged.attestation(plan.sequence);
        stage_attestation(run, &own)?;
        let page = staging.path().join("page");
        if let Some(from) = self.page {
            stage_page(from, &page, &policy_text)?;
        }
        let balances = BalanceChecks {
            tokens: run.tokens()?,
            ..BalanceChecks::offline()?
        };
        let options = AuditOptions {
            balances: &balances,
            policy: Some(&policy_text),
            now: self.now,
            sequence: Some(plan.sequence),
            progress: self.progress,
        };
        let audited = audit_staged(&own, &options)?;
        refuse_unless_true(&audited.report)?;

        let next = Successor::new(policy.log_origin(), published.as_ref(), audited.attestation)
            .map_err(|error| Error::AuditFailed {
                why: error.to_string(),
            })?;
        // The claim: whoever creates this file publishes this sequence.
        self.target
            .create(&format!("{folder}/attestation.json"), &own.json())?;
        self.create_rest(&folder, &own)?;
        let page = self.page.is_some().then_some(page.as_path());
        let done = self.log((&policy_text, &policy), page, published.as_ref(), next)?;
        if let Logged::Done(log, _) = &done {
            write_proof(run, log, plan.sequence)?;
        }
        Ok(done.into())
    }

    /// Publishes a change of the log's key: an entry whose note both keys signed.
    ///
    /// # Errors
    /// As [`Publishing::attestation`].
    pub fn rotation(&self, rotation: &KeyRotation, note: &str) -> Result<Published, Error> {
        let _log = self.home.lock_log()?;
        let (policy_text, policy) = self.home.policy()?;
        let published = self.published(&policy)?;
        let parsed = Note::parse(note.as_bytes()).map_err(Error::protocol("key rotation"))?;
        rotation
            .verify(&parsed)
            .map_err(Error::protocol("key rotation"))?;
        let entry = parsed.unverified_text().as_bytes().to_vec();
        let next = Successor::new(policy.log_origin(), published.as_ref(), entry)?;
        let index = next.head().size.get().saturating_sub(1);
        let path = format!("rotations/{}.note", sequence_folder(index));
        self.target.create_bytes(&path, note.as_bytes())?;
        let done = self.log((&policy_text, &policy), None, published.as_ref(), next)?;
        Ok(done.into())
    }

    /// The log that is published, if any; only one that the policy's key signed is extended.
    fn published(&self, policy: &Policy) -> Result<Option<PublishedLog>, Error> {
        let log = PublishedLog::read(|path, limit| self.target.read(path, limit))?;
        if let Some(log) = &log {
            Note::parse(log.note())
                .and_then(|note| policy.head(&note))
                .map_err(Error::protocol("published checkpoint"))?;
        }
        Ok(log)
    }

    /// Another log's policy is another exchange's publication.
    fn check_policy(&self, own: &Policy, published: Option<&PublishedLog>) -> Result<(), Error> {
        // A log that its policy's key signed is this exchange's own. Before anything is logged, a policy there is all there
        // is to tell whose place this is; its witnesses may change, when the first ones do not answer.
        if published.is_some() {
            return Ok(());
        }
        let Some(theirs) = self.target.read("policy", 64 * 1024)? else {
            return Ok(());
        };
        let same_log = Policy::parse(&theirs)
            .is_ok_and(|theirs| theirs.logs().iter().any(|key| own.logs().contains(key)));
        if !same_log {
            return Err(Error::InTheWay {
                path: self.target.place("policy"),
                why: "the publication has another policy, of another log than this exchange's"
                    .into(),
                remedy: "Name this exchange's own publication, or a place of its own.".into(),
            });
        }
        Ok(())
    }

    /// All files of an attestation's folder but the claim.
    fn create_rest(&self, folder: &str, own: &AttestationFolder) -> Result<(), Error> {
        let files: Vec<(String, PathBuf)> = files_below(own.path())?
            .into_iter()
            .filter(|file| *file != Path::new("attestation.json"))
            .map(|file| {
                let path = format!("{folder}/{}", file.to_string_lossy());
                (path, own.path().join(&file))
            })
            .collect();
        let bar = if self.progress {
            progress::bar(files.len() as u64, "files")
        } else {
            ProgressBar::hidden()
        };
        self.target.create_all(&files, || bar.inc(1))?;
        bar.finish_and_clear();
        Ok(())
    }

    /// Policy, discovery file and page: those that may change. Assets first, so that no page misses its own.
    fn replace_changing(
        &self,
        (policy_text, policy): (&[u8], &Policy),
        page: Option<&Path>,
    ) -> Result<(), Error> {
        self.target.replace("policy", None, policy_text)?;
        let discovery = discovery_file(&self.home.settings()?, policy)?;
        self.target
            .replace(".well-known/proof-of-reserves.json", None, &discovery)?;
        let Some(page) = page else {
            return Ok(());
        };
        let (index, assets): (Vec<_>, Vec<_>) = files_below(page)?
            .into_iter()
            .partition(|file| file.as_os_str() == "index.html");
        for file in assets.into_iter().chain(index) {
            let path = page.join(&file);
            let bytes = std::fs::read(&path).map_err(Error::io(&path))?;
            self.target.replace(&file.to_string_lossy(), None, &bytes)?;
        }
        Ok(())
    }

    /// Whether the log has this run's attestation; another one of its number is in the way.
    fn is_logged(
        &self,
        run: &Run,
        log: &PublishedLog,
        sequence: u64,
        folder: &str,
    ) -> Result<bool, Error> {
        let Some(logged) = logged(log, sequence) else {
            return Ok(false);
        };
        let attested = AttestationFolder::at(&run.attested_path()).json();
        let own = std::fs::read(&attested).map_err(Error::io(&attested))?;
        if Digest::of(&own) != logged.digest {
            return Err(Error::InTheWay {
                path: folder.into(),
                why: "another attestation of this number is published".into(),
                remedy: "This home is behind its publication, as one restored from an old backup is: bring the newest home back."
                    .into(),
            });
        }
        Ok(true)
    }

    /// The last steps of a run whose head is public: its name may not be flushed yet, and the proof may be missing.
    ///
    /// # Errors
    /// [`Error::InTheWay`] where nothing was missing, or where it was not this home that published: a second publisher must
    /// not take the first one's success for its own.
    fn finish(
        &self,
        run: &Run,
        log: &PublishedLog,
        sequence: u64,
        folder: &str,
    ) -> Result<Published, Error> {
        let signed = SignedHead::at(self.home.signed_head_path()).read()?;
        let ours = logged(log, sequence)
            .zip(signed)
            .is_some_and(|(logged, signed)| logged.index < signed.size.get());
        let cut_short = ours && !run.log_proof_path().exists();
        let checkpoint = format!("{LOG_FOLDER}/checkpoint");
        self.target
            .replace(&checkpoint, Some(Some(log.note())), log.note())?;
        write_proof(run, log, sequence)?;
        if cut_short {
            return Ok(Published::Finished);
        }
        Err(Error::InTheWay {
            path: folder.into(),
            why: "this attestation is published already".into(),
            remedy:
                "Go on with `por statement`; a correction is a new run: start it with `por plan`."
                    .into(),
        })
    }

    /// Signs and publishes the next head, and before it whatever may change.
    fn log(
        &self,
        (policy_text, policy): (&[u8], &Policy),
        page: Option<&Path>,
        published: Option<&PublishedLog>,
        next: Successor,
    ) -> Result<Logged, Error> {
        SignedHead::at(self.home.signed_head_path()).advance(&next)?;
        let text = next.head().to_text();
        let line = match self.signer.sign("checkpoint", &text)? {
            Signed::Line(line) => line,
            Signed::ToSign(path) => return Ok(Logged::ToSign(path)),
        };
        let signed = format!("{text}\n{line}");
        let Collected { note, answers } = collect(policy, &next, &signed, self.patience)?;
        // What customers will be given is what is checked here.
        Note::parse(note.as_bytes())
            .and_then(|note| policy.head(&note).and_then(|_| policy.witnessed(&note)))
            .map_err(Error::protocol("checkpoint"))?;
        for file in next.files()? {
            let path = format!("{LOG_FOLDER}/{}", file.path);
            self.target.create_bytes(&path, &file.bytes)?;
        }
        self.replace_changing((policy_text, policy), page)?;
        let path = format!("{LOG_FOLDER}/checkpoint");
        self.target.replace(
            &path,
            Some(published.map(PublishedLog::note)),
            note.as_bytes(),
        )?;
        let log = Box::new(next.published(note.into_bytes()));
        Ok(Logged::Done(log, answers))
    }
}

/// What came of logging: the log as it is published now with what each witness did, or bytes to be signed elsewhere.
enum Logged {
    Done(Box<PublishedLog>, Vec<(String, Answer)>),
    ToSign(PathBuf),
}

impl From<Logged> for Published {
    fn from(logged: Logged) -> Self {
        match logged {
            Logged::Done(log, witnesses) => Self::Done {
                entries: log.head().size.get(),
                witnesses,
            },
            Logged::ToSign(path) => Self::ToSign(path),
        }
    }
}

/// What the log says of the attestation of this number.
fn logged(log: &PublishedLog, sequence: u64) -> Option<&LoggedAttestation> {
    let mut logged = log.history().attestations().iter();
    logged.find(|logged| logged.sequence == sequence)
}

/// Keeps the proof that statements carry with the run.
fn write_proof(run: &Run, log: &PublishedLog, sequence: u64) -> Result<(), Error> {
    if let Some(logged) = logged(log, sequence) {
        let proof = log.proof(logged.index).to_text();
        durable::write(&run.log_proof_path(), proof.as_bytes())?;
    }
    Ok(())
}

fn refuse_unless_true(report: &Report) -> Result<(), Error> {
    if report.included == Included::Verified {
        return Ok(());
    }
    let failed = report
        .checks
        .iter()
        .find(|check| check.outcome != Outcome::Passed);
    let why =
        failed.map(|check| format!("{}: {}", check.id, check.detail.clone().unwrap_or_default()));
    Err(Error::AuditFailed {
        why: why.unwrap_or_default(),
    })
}
