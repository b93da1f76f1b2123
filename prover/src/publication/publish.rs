//! Publishing: stage, audit the staged copy in full, put its files where they belong, sign the new head of the log, collect
//! the witnesses' cosignatures, and write the checkpoint last.
//!
//! Until the checkpoint is written, nothing of it counts: readers go by the log. Files that never change are created once,
//! beginning with `attestation.json`, so that of two publishers one wins before either signs. Files that may change (policy,
//! page) wait until the witnesses have answered: what cannot be published changes nothing that people see. A run that was
//! killed is started again with the same command and finishes what is left.

use std::iter;
use std::path::{Path, PathBuf};
use std::time::Duration;

use indicatif::ProgressBar;
use por_protocol::attestation::Attestation;
use por_protocol::digest::Digest;
use por_protocol::log::{KeyRotation, Logged as LoggedAttestation};
use por_protocol::note::Note;
use por_protocol::policy::Policy;
use por_protocol::report::{Included, Outcome, Report, Step};
use por_protocol::verify::check_time;

use super::audit::{AuditOptions, audit_staged};
use super::discovery::discovery_file;
use super::files::files_below;
use super::stage::{PAGE_FORMS, holds_policy, stage_attestation, stage_page};
use super::target::Target;
use super::{AttestationFolder, Publication, sequence_folder};
use crate::chains::recheck::BalanceChecks;
use crate::coverage::Coverage;
use crate::error::Error;
use crate::files::durable::{self, Staging};
use crate::home::{Home, Run};
use crate::log::{
    Answer, Collected, LOG_FOLDER, PublishedLog, Signed, SignedHead, Signer, Successor, collect,
};
use crate::terminal::progress;

/// The page is far smaller, in either form.
const MAX_PAGE_BYTES: u64 = 16 << 20;

/// Where to publish, and with what.
pub struct Publishing<'a> {
    /// The exchange's folder.
    pub home: &'a Home,
    /// Where the publication lives.
    pub target: &'a Target,
    /// The built page, where it is published too.
    pub page: Option<&'a Path>,
    /// Whether an attestation is logged that shows fewer reserves than liabilities.
    pub under_reserved: bool,
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
    /// The attestation was public already, and its page is the given one now.
    Page,
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
            return self.finish(run, log, plan.sequence, (&policy_text, &policy));
        }
        self.check_policy(&policy, published.as_ref())?;
        self.check_page(&policy_text)?;
        self.check_next(run, &policy, published.as_ref(), plan.sequence)?;

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
        refuse_unless_true(&audited.report, plan.sequence)?;
        self.check_coverage(run, &own)?;

        let next = Successor::new(policy.log_origin(), published.as_ref(), audited.attestation)?;
        self.claim(run, &folder, &own)?;
        self.create_rest(&folder, &own)?;
        let page = self.page.is_some().then_some(page.as_path());
        let changing = (&policy_text[..], &policy, page);
        let done = self.log(changing, published.as_ref(), next, None)?;
        if let Logged::Done(log, _) = &done {
            write_proof(run, log, plan.sequence)?;
        }
        Ok(done.into())
    }

    /// Publishes a change of the log's key, from the signer's to `new`: an entry whose note both signed, under a head that
    /// both sign. Witnesses and policies that still know the old key alone take that head, so that the change is cosigned
    /// before anybody follows it.
    ///
    /// # Errors
    /// As [`Publishing::attestation`].
    pub fn rotation(
        &self,
        rotation: &KeyRotation,
        note: &str,
        new: &Signer,
    ) -> Result<Published, Error> {
        let _log = self.home.lock_log()?;
        let (policy_text, policy) = self.home.policy()?;
        self.check_page(&policy_text)?;
        // What a killed run has staged goes.
        let staging = Staging::at(self.home.staged_page_path())?;
        if let Some(from) = self.page {
            stage_page(from, staging.path(), &policy_text)?;
        }
        let page = self.page.is_some().then_some(staging.path());
        let published = self.published(&policy)?;
        let parsed = Note::parse(note.as_bytes()).map_err(Error::protocol("key rotation"))?;
        rotation
            .verify(&parsed)
            .map_err(Error::protocol("key rotation"))?;
        let entry = parsed.unverified_text().as_bytes().to_vec();
        let next = Successor::new(policy.log_origin(), published.as_ref(), entry)?;
        SignedHead::at(self.home.signed_head_path()).check(&next)?;
        let index = next.head().size.get().saturating_sub(1);
        let path = format!("rotations/{}.note", sequence_folder(index));
        self.target.create_bytes(&path, note.as_bytes())?;
        let changing = (&policy_text[..], &policy, page);
        let done = self.log(changing, published.as_ref(), next, Some(new))?;
        Ok(done.into())
    }

    /// Refuses to leave a page behind that holds another policy, its only trust root, than this one: whoever opens it would
    /// be told that what is published now is false.
    ///
    /// # Errors
    /// [`Error::InTheWay`] naming the page; [`Error::Io`], [`Error::Remote`].
    pub fn check_page(&self, policy: &[u8]) -> Result<(), Error> {
        let [hosted, _] = PAGE_FORMS;
        if self.page.is_some() {
            return Ok(());
        }
        match self.target.read(hosted, MAX_PAGE_BYTES)? {
            Some(html) if !holds_policy(&html, policy) => Err(Error::InTheWay {
                path: self.target.place(hosted),
                why: "the page that is published holds another policy".into(),
                remedy: "Give the built page with --page: it is published anew with this policy."
                    .into(),
            }),
            _ => Ok(()),
        }
    }

    /// What shows too little is logged only where that is wanted: it can never be taken back.
    fn check_coverage(&self, run: &Run, own: &AttestationFolder) -> Result<(), Error> {
        let coverage = Coverage::read(own)?;
        let short = coverage.short();
        if short.is_empty() || self.under_reserved {
            return Ok(());
        }
        Err(Error::Untrue {
            place: run.attested_path().display().to_string(),
            why: format!("reserves do not cover what is owed in {}", short.join(", ")),
            remedy: "Nothing was published. What is logged stays for ever: to log it so, give --under-reserved; to correct the \
                     reserves, `por attest --again`. A sealed book is covered if its bound is, which `por plan --seal` chooses."
                .into(),
        })
    }

    /// The log that is published, if any; only one that the policy's key signed is extended.
    fn published(&self, policy: &Policy) -> Result<Option<PublishedLog>, Error> {
        let log = PublishedLog::read(|path, limit| self.target.read(path, limit))?;
        if let Some(log) = &log {
            log.check_head(policy).map_err(|error| {
                Error::input(
                    &self.target.place("log/checkpoint"),
                    error.to_string(),
                    "Name the publication of this exchange's own log, with the policy that has all of its keys.",
                )
            })?;
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

    /// What takes no time to see, before the audit, which may take hours: whether the log can take this attestation now,
    /// and from this key.
    fn check_next(
        &self,
        run: &Run,
        policy: &Policy,
        published: Option<&PublishedLog>,
        sequence: u64,
    ) -> Result<(), Error> {
        let attested = AttestationFolder::at(&run.attested_path());
        let read = |path: PathBuf| match std::fs::read(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(Error::input(
                &path,
                "this run is not attested",
                "Run `por attest` first.",
            )),
            read => read.map_err(Error::io(&path)),
        };
        let (entry, note) = (read(attested.json())?, read(attested.note())?);
        let attestation = Attestation::parse(&entry).map_err(Error::protocol("attestation"))?;
        check_time(&attestation, None, Some(self.now)).map_err(|error| Error::AuditFailed {
            why: format!("{}: {error}", Step::InOrder.id()),
            remedy: FUTURE.into(),
        })?;
        let next = Successor::new(policy.log_origin(), published, entry).map_err(|error| {
            Error::AuditFailed {
                why: error.to_string(),
                remedy: out_of_order(sequence),
            }
        })?;
        SignedHead::at(self.home.signed_head_path()).check(&next)?;
        // Signed before a change of the key and logged after it, it would fail every audit for ever.
        let Some(key) = published.and_then(|log| log.history().key()) else {
            return Ok(());
        };
        let note = Note::parse(&note).map_err(Error::protocol("attestation"))?;
        note.verify("attestation", key)
            .map(drop)
            .map_err(|error| Error::AuditFailed {
                why: format!("{error}: the log's key has been changed since"),
                remedy: REPLACED_KEY.into(),
            })
    }

    /// Whoever creates this file publishes this sequence. That it was begun is written down first: what others may have
    /// seen is neither attested nor planned again.
    fn claim(&self, run: &Run, folder: &str, own: &AttestationFolder) -> Result<(), Error> {
        let (path, mark) = (format!("{folder}/attestation.json"), run.claim_path());
        let first = !mark.exists();
        if first {
            let place = format!("{}\n", self.target.place("").display());
            durable::write(&mark, place.as_bytes())?;
        }
        let claimed = self.target.create(&path, &own.json());
        if first && matches!(claimed, Err(Error::InTheWay { .. })) {
            // Somebody else's claim stands there: ours was never seen.
            std::fs::remove_file(&mark).map_err(Error::io(&mark))?;
        }
        claimed
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
        (policy_text, policy, page): (&[u8], &Policy, Option<&Path>),
        published: Option<&PublishedLog>,
    ) -> Result<(), Error> {
        // Whoever lost a race changes nothing that people see.
        let checkpoint = format!("{LOG_FOLDER}/checkpoint");
        self.target
            .check_unchanged(&checkpoint, published.map(PublishedLog::note))?;
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

    /// The last steps of a run whose head is public: its name may not be flushed yet, and the proof may be missing. Then
    /// the page, where one is given: it may change at any time.
    ///
    /// # Errors
    /// [`Error::InTheWay`] where nothing was missing, or where it was not this home that published: a second publisher must
    /// not take the first one's success for its own.
    fn finish(
        &self,
        run: &Run,
        log: &PublishedLog,
        sequence: u64,
        (policy_text, policy): (&[u8], &Policy),
    ) -> Result<Published, Error> {
        let signed = SignedHead::at(self.home.signed_head_path()).read()?;
        let ours = logged(log, sequence)
            .zip(signed)
            .is_some_and(|(logged, signed)| logged.index < signed.size.get());
        let cut_short = ours && !run.log_proof_path().exists();
        self.flush(log)?;
        write_proof(run, log, sequence)?;
        if let Some(from) = self.page {
            self.refresh_page(run, log, from, (policy_text, policy))?;
            return Ok(Published::Page);
        }
        if cut_short {
            return Ok(Published::Finished);
        }
        Err(Error::InTheWay {
            path: format!("attestations/{}", sequence_folder(sequence)).into(),
            why: "this attestation is published already".into(),
            remedy:
                "Go on with `por statement`; a correction is a new run: start it with `por plan`."
                    .into(),
        })
    }

    /// Writes the head that is there once more: whoever published it may have been killed before it was flushed.
    ///
    /// # Errors
    /// [`Error::InTheWay`] if another one is there by now; [`Error::Io`], [`Error::Remote`].
    pub fn flush(&self, log: &PublishedLog) -> Result<(), Error> {
        let checkpoint = format!("{LOG_FOLDER}/checkpoint");
        self.target
            .replace(&checkpoint, Some(Some(log.note())), log.note())
    }

    /// Policy and page anew, for a head that is public.
    fn refresh_page(
        &self,
        run: &Run,
        log: &PublishedLog,
        from: &Path,
        (policy_text, policy): (&[u8], &Policy),
    ) -> Result<(), Error> {
        // Witnesses that a new policy asks for have not cosigned this head.
        let witnessed = Note::parse(log.note()).and_then(|note| policy.witnessed(&note));
        witnessed.map_err(|error| {
            Error::refused(
                format!("the published head does not meet this policy: {error}"),
                "Publish the next attestation with it and --page.",
            )
        })?;
        let staging = Staging::at(run.path().join("staged"))?;
        stage_page(from, staging.path(), policy_text)?;
        let changing = (policy_text, policy, Some(staging.path()));
        self.replace_changing(changing, Some(log))
    }

    /// Signs and publishes the next head, and before it whatever may change. A `new` key signs it too.
    fn log(
        &self,
        (policy_text, policy, page): (&[u8], &Policy, Option<&Path>),
        published: Option<&PublishedLog>,
        next: Successor,
        new: Option<&Signer>,
    ) -> Result<Logged, Error> {
        SignedHead::at(self.home.signed_head_path()).advance(&next)?;
        let text = next.head().to_text();
        let mut signed = format!("{text}\n");
        for signer in iter::once(&self.signer).chain(new) {
            match signer.sign("checkpoint", &text)? {
                Signed::Line(line) => signed.push_str(&line),
                Signed::ToSign(path) => return Ok(Logged::ToSign(path)),
            }
        }
        let Collected { note, answers } = collect(policy, &next, &signed, self.patience)?;
        // What customers will be given is what is checked here.
        Note::parse(note.as_bytes())
            .and_then(|note| policy.head(&note).and_then(|_| policy.witnessed(&note)))
            .map_err(Error::protocol("checkpoint"))?;
        for file in next.files()? {
            let path = format!("{LOG_FOLDER}/{}", file.path);
            self.target.create_bytes(&path, &file.bytes)?;
        }
        self.replace_changing((policy_text, policy, page), published)?;
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

/// The snapshot is later than this machine's clock.
const FUTURE: &str = "Wait until the snapshot is past, or set the clock of this machine.";
/// The log names another key than the one that signed.
const REPLACED_KEY: &str = "Attest it with the new key, by `por attest --again` and the same arguments, and have it approved again.";

/// The log cannot take this attestation as its next.
fn out_of_order(sequence: u64) -> String {
    format!(
        "Publish the runs before it first. A correction names what it corrects: `por attest --again --supersedes`. A wrong \
         period or snapshot is planned anew: `por plan --replace {sequence}`."
    )
}

/// What to do about a check that failed.
fn remedy(check: &str, sequence: u64) -> String {
    if check == Step::AttestationApproved.id() {
        return "Have it approved with `por approve`, then start the same command again.".into();
    }
    if check == Step::InOrder.id() {
        return FUTURE.into();
    }
    if check == Step::AttestationSigned.id() {
        return "Attest it again with the key that the policy names: `por attest --again`.".into();
    }
    format!(
        "What is wrong is in this run. Keep its folder; attest it again with `por attest --again`, or plan it anew with \
         `por plan --replace {sequence}`."
    )
}

fn refuse_unless_true(report: &Report, sequence: u64) -> Result<(), Error> {
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
        remedy: remedy(failed.map_or("", |check| check.id), sequence),
    })
}
