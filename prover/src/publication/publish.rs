//! Publishing: stage, audit the staged copy in full, put its files where they belong, sign the new head of the log, collect
//! the witnesses' cosignatures, and write the checkpoint last.
//!
//! Until the checkpoint is written, nothing of it counts: readers go by the log. Files that never change are created once,
//! beginning with `attestation.json`, so that of two publishers one wins before either signs. A run that was killed is
//! started again with the same command and finishes what is left.

use std::path::{Path, PathBuf};
use std::time::Duration;

use por_protocol::digest::Digest;
use por_protocol::log::KeyRotation;
use por_protocol::note::Note;
use por_protocol::policy::Policy;
use por_protocol::report::{Included, Outcome, Report};

use super::audit::{AuditOptions, audit_staged};
use super::discovery::discovery_file;
use super::stage::{files_below, stage_attestation, stage_page};
use super::target::Target;
use super::{AttestationFolder, Publication, sequence_folder};
use crate::chains::recheck::BalanceChecks;
use crate::durable::{self, Staging};
use crate::error::Error;
use crate::home::{Home, Run};
use crate::log::{
    Answer, Collected, LOG_FOLDER, PublishedLog, Signed, SignedHead, Signer, Successor, collect,
};

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
    /// The head waits for a signature that is made elsewhere.
    ToSign(PathBuf),
}

impl Publishing<'_> {
    /// Publishes an attested run. Returns the report of the audit that the staged copy passed, too.
    ///
    /// # Errors
    /// [`Error::AuditFailed`], and then nothing was published; [`Error::InTheWay`] if the attestation is published already
    /// or another publisher was faster; [`Error::Quorum`]; [`Error::Io`].
    pub fn attestation(&self, run: &Run) -> Result<(Report, Published), Error> {
        let _lock = run.lock()?;
        let _log = self.home.lock_log()?;
        let (plan, _) = run.plan()?;
        self.target.check_apart_from(run.path())?;
        let (policy_text, policy) = self.home.policy()?;
        let published = self.published(&policy)?;
        let folder = format!("attestations/{}", sequence_folder(plan.sequence));
        // What a killed run has staged goes, also where that is all that was left to be done.
        let staging = Staging::at(run.path().join("staged"))?;
        if let Some(log) = &published {
            self.check_unpublished(run, log, plan.sequence, &folder)?;
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
        let claim = format!("{folder}/attestation.json");
        self.target.create(&claim, &own.json())?;
        for file in files_below(own.path())? {
            let path = format!("{folder}/{}", file.to_string_lossy());
            self.target.create(&path, &own.path().join(&file))?;
        }
        self.put_page(&page, &policy_text, &policy)?;
        let done = self.log(&policy, published.as_ref(), &next)?;
        if let (Published::Done { .. }, Some(log)) = (&done, self.published(&policy)?) {
            write_proof(run, &log, plan.sequence)?;
        }
        Ok((audited.report, done))
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
        self.target.replace("policy", None, &policy_text)?;
        self.log(&policy, published.as_ref(), &next)
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

    /// Policy, page and discovery file: those that may change. Assets first, so that no page misses its own.
    fn put_page(&self, page: &Path, policy_text: &[u8], policy: &Policy) -> Result<(), Error> {
        self.target.replace("policy", None, policy_text)?;
        let discovery = discovery_file(&self.home.settings()?, policy)?;
        self.target
            .replace(".well-known/proof-of-reserves.json", None, &discovery)?;
        if self.page.is_none() {
            return Ok(());
        }
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

    /// Refuses an attestation that the log has. Where only the last steps were left to be done, they are done first: the
    /// checkpoint may be there and not flushed, and the proof may be missing.
    fn check_unpublished(
        &self,
        run: &Run,
        log: &PublishedLog,
        sequence: u64,
        folder: &str,
    ) -> Result<(), Error> {
        let mut logged = log.history().attestations().iter();
        let Some(logged) = logged.find(|logged| logged.sequence == sequence) else {
            return Ok(());
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
        let checkpoint = format!("{LOG_FOLDER}/checkpoint");
        self.target
            .replace(&checkpoint, Some(Some(log.note())), log.note())?;
        write_proof(run, log, sequence)?;
        Err(Error::InTheWay {
            path: folder.into(),
            why: "this attestation is published already".into(),
            remedy:
                "Go on with `por statement`; a correction is a new run: start it with `por plan`."
                    .into(),
        })
    }

    /// Signs and publishes the next head.
    fn log(
        &self,
        policy: &Policy,
        published: Option<&PublishedLog>,
        next: &Successor,
    ) -> Result<Published, Error> {
        SignedHead::at(self.home.signed_head_path()).advance(published, next)?;
        let text = next.head().to_text();
        let line = match self.signer.sign("checkpoint", &text)? {
            Signed::Line(line) => line,
            Signed::ToSign(path) => return Ok(Published::ToSign(path)),
        };
        let signed = format!("{text}\n{line}");
        let Collected { note, answers } = collect(policy, next, &signed, self.patience)?;
        // What customers will be given is what is checked here.
        Note::parse(note.as_bytes())
            .and_then(|note| policy.head(&note).and_then(|_| policy.witnessed(&note)))
            .map_err(Error::protocol("checkpoint"))?;
        for file in next.files()? {
            let path = format!("{LOG_FOLDER}/{}", file.path);
            self.target.create_bytes(&path, &file.bytes)?;
        }
        let path = format!("{LOG_FOLDER}/checkpoint");
        self.target.replace(
            &path,
            Some(published.map(PublishedLog::note)),
            note.as_bytes(),
        )?;
        Ok(Published::Done {
            entries: next.head().size.get(),
            witnesses: answers,
        })
    }
}

/// Keeps the proof that statements carry with the run.
fn write_proof(run: &Run, log: &PublishedLog, sequence: u64) -> Result<(), Error> {
    let mut logged = log.history().attestations().iter();
    if let Some(logged) = logged.find(|logged| logged.sequence == sequence) {
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
