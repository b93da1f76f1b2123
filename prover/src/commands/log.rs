//! `por log`: looks at a log, compares heads, keeps evidence, changes the log key.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Subcommand;
use por_protocol::error::Error as ProtocolError;
use por_protocol::log::{Conflict, Evidence, KeyRotation, LogProof, compare_heads};
use por_protocol::note::{Note, PublicKey, SecretKey};
use por_protocol::policy::Policy;
use por_protocol::statement::Statement;

use super::publish::explain_to_sign;
use super::{HomeArg, now, print, read_policy};
use crate::error::{Error, Exit};
use crate::files::durable;
use crate::files::secret_file;
use crate::home::Home;
use crate::log::{PublishedLog, Signed, SignedHead, Signer};
use crate::publication::{Published, Publishing, Target};
use crate::tell;

/// Look at an exchange's log: is there one history for all?
#[derive(Debug, clap::Args)]
pub struct LogCommand {
    #[command(subcommand)]
    step: Step,
}

#[derive(Debug, Subcommand)]
enum Step {
    Check(Check),
    #[command(subcommand)]
    Evidence(EvidenceStep),
    Rotate(Rotate),
}

impl LogCommand {
    /// # Errors
    /// [`Error::Io`], [`Error::Input`]; what is wrong with the log is printed and decides the exit code.
    pub fn run(self) -> Result<Exit, Error> {
        match self.step {
            Step::Check(step) => step.run(),
            Step::Evidence(EvidenceStep::Verify(step)) => step.run(),
            Step::Rotate(step) => step.run(),
        }
    }
}

/// Compare the published head with one remembered and with a statement's; keep evidence where they conflict
#[derive(Debug, clap::Args)]
pub(super) struct Check {
    /// The publication
    #[arg(value_name = "PUBLICATION")]
    publication: PathBuf,
    /// The policy: the exchange's public keys, from a source you trust
    #[arg(long, value_name = "FILE")]
    policy: PathBuf,
    /// A head to compare with and to remember: it is read if it exists, and replaced by the published one if that extends it
    #[arg(long, value_name = "FILE")]
    remembered: Option<PathBuf>,
    /// A statement whose head is compared too
    #[arg(long, value_name = "FILE")]
    statement: Option<PathBuf>,
    /// Where evidence is written if two heads conflict
    #[arg(long, value_name = "FILE", default_value = "equivocation.json")]
    evidence: PathBuf,
}

/// What evidence can do.
#[derive(Debug, Subcommand)]
enum EvidenceStep {
    Verify(VerifyEvidence),
}

/// Check a file of evidence: did the log's key sign two histories?
#[derive(Debug, clap::Args)]
struct VerifyEvidence {
    /// The file that `por log check` wrote
    #[arg(value_name = "FILE")]
    evidence: PathBuf,
    /// The policy: the exchange's public keys, from a source you trust
    #[arg(long, value_name = "FILE")]
    policy: PathBuf,
}

/// Change the log key: an entry that the old and the new key sign, after which only the new one counts
#[derive(Debug, clap::Args)]
struct Rotate {
    /// The exchange's folder.
    #[command(flatten)]
    home: HomeArg,
    /// The publication
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
    /// The built page (web/dist), where a page is published: it is published anew with the new policy
    #[arg(long, value_name = "DIR")]
    page: Option<PathBuf>,
    /// Seconds to wait for witnesses
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    patience: u64,
}

impl Check {
    /// Compares a publication with one statement and remembers nothing.
    pub(super) fn of(publication: &Path, policy: &Path, statement: &Path) -> Self {
        Self {
            publication: publication.to_owned(),
            policy: policy.to_owned(),
            remembered: None,
            statement: Some(statement.to_owned()),
            evidence: publication.with_file_name("equivocation.json"),
        }
    }

    pub(super) fn run(self) -> Result<Exit, Error> {
        let (_, policy) = read_policy(&self.policy)?;
        let target = Target::open(&self.publication)?;
        let log = match PublishedLog::read(|path, limit| target.read(path, limit)) {
            Ok(Some(log)) => log,
            Ok(None) => {
                return Err(Error::refused(
                    format!("{} has no log", self.publication.display()),
                    "Name the folder or address of a publication.",
                ));
            }
            Err(Error::Protocol { what, source }) => {
                print(format!("NOT VERIFIED: {what}: {source}\n").as_bytes())?;
                return Ok(Exit::False);
            }
            Err(error) => return Err(error),
        };
        let note = Note::parse(log.note()).map_err(Error::protocol("checkpoint"))?;
        let witnessed = policy.head(&note).and_then(|_| policy.witnessed(&note));
        let witnessed = match witnessed {
            Ok(witnessed) => witnessed,
            Err(error) => {
                print(format!("NOT VERIFIED: checkpoint: {error}\n").as_bytes())?;
                return Ok(Exit::False);
            }
        };
        match log.check_keys(|path, limit| target.read(path, limit)) {
            Ok(()) => {}
            Err(Error::Protocol { what, source }) => {
                print(format!("NOT VERIFIED: {what}: {source}\n").as_bytes())?;
                return Ok(Exit::False);
            }
            Err(error) => return Err(error),
        }
        let mut exit = Exit::Ok;
        if let Some(path) = &self.statement {
            let head = statement_head(path)?;
            exit = self.compare(&policy, &log, "the statement's head", &head)?;
        }
        if let Some(path) = &self.remembered {
            match std::fs::read(path) {
                Ok(head) => {
                    let compared = self.compare(&policy, &log, "the remembered head", &head)?;
                    if compared != Exit::Ok {
                        exit = compared;
                    }
                }
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(source) => return Err(Error::io(path)(source)),
            }
        }
        if exit != Exit::Ok {
            return Ok(exit);
        }
        let mut lines = format!(
            "VERIFIED: the log of {} has {} entries, all under one head\n  root       {}\n",
            log.head().origin.as_str(),
            log.head().size,
            log.head().root
        );
        for logged in log.history().attestations() {
            lines += &format!(
                "  entry {:<4} attestation {} of {}{}\n",
                logged.index,
                logged.sequence,
                logged.period,
                match (logged.superseded_by, logged.supersedes) {
                    (Some(by), _) => format!(", superseded by {by}"),
                    (None, Some(old)) => format!(", corrects {old}"),
                    (None, None) => String::new(),
                }
            );
        }
        lines += &match witnessed.time {
            Some(time) => format!(
                "  head time  {} by {}\n",
                humantime::format_rfc3339_seconds(
                    std::time::UNIX_EPOCH + Duration::from_secs(time)
                ),
                witnessed.cosigners.join(", ")
            ),
            None => "  head time  not claimed: the policy asks for no witnesses\n".into(),
        };
        print(lines.as_bytes())?;
        if let (Some(maximum), Some(time)) = (policy.maximum_head_age(), witnessed.time)
            && now().saturating_sub(time) > maximum
        {
            print(b"CANNOT TELL: this head is older than the policy allows for a live log\n")?;
            return Ok(Exit::CannotTell);
        }
        if let Some(path) = &self.remembered {
            durable::write(path, log.note())?;
        }
        Ok(Exit::Ok)
    }

    /// Compares one head with the published one, and writes evidence where they conflict.
    fn compare(
        &self,
        policy: &Policy,
        log: &PublishedLog,
        whose: &str,
        head: &[u8],
    ) -> Result<Exit, Error> {
        let theirs = Note::parse(head)
            .and_then(|note| policy.head(&note))
            .map_err(Error::protocol(whose))?;
        if theirs.size > log.head().size {
            let text = format!(
                "NOT VERIFIED: the publication shows {} entries, and {whose} has {}: it was rolled back, or this host serves an \
                 old copy\n",
                log.head().size,
                theirs.size
            );
            print(text.as_bytes())?;
            return Ok(Exit::False);
        }
        match compare_heads(policy, head, log.note(), log.state().leaves()) {
            Ok(None) => Ok(Exit::Ok),
            Ok(Some(evidence)) => {
                let fault = |error: serde_json::Error| Error::Io {
                    path: self.evidence.clone(),
                    source: error.into(),
                };
                let mut text = serde_json::to_vec_pretty(&evidence).map_err(fault)?;
                text.push(b'\n');
                durable::write(&self.evidence, &text)?;
                let text = format!(
                    "NOT VERIFIED: the published head of {} entries does not extend {whose} of {}: two histories were signed\n  \
                     evidence   {}\n",
                    log.head().size,
                    theirs.size,
                    self.evidence.display()
                );
                print(text.as_bytes())?;
                Ok(Exit::False)
            }
            Err(error) => Err(Error::protocol(whose)(error)),
        }
    }
}

/// The checkpoint's note of a statement's log proof.
fn statement_head(path: &Path) -> Result<Vec<u8>, Error> {
    let bytes = std::fs::read(path).map_err(Error::io(path))?;
    let what = path.display().to_string();
    Statement::parse(&bytes)
        .and_then(|statement| {
            let proof = statement.log_proof.ok_or(ProtocolError::Missing {
                what: "log proof of the statement",
            })?;
            Ok(LogProof::parse(proof)?.checkpoint.to_vec())
        })
        .map_err(Error::protocol(what))
}

impl VerifyEvidence {
    fn run(self) -> Result<Exit, Error> {
        let (_, policy) = read_policy(&self.policy)?;
        let bytes = std::fs::read(&self.evidence).map_err(Error::io(&self.evidence))?;
        let verified = Evidence::parse(&bytes).and_then(|evidence| evidence.verify(&policy));
        let (text, exit) = match verified {
            Ok(Conflict::Heads {
                origin,
                older,
                newer,
            }) => (
                format!(
                    "VERIFIED: the key of {origin} signed two heads, of {older} and {newer} entries, that no single log can have\n"
                ),
                Exit::Ok,
            ),
            Ok(Conflict::Attestations { origin, sequence }) => (
                format!(
                    "VERIFIED: the key of {origin} signed two attestations number {sequence}\n"
                ),
                Exit::Ok,
            ),
            Err(error) => (format!("NOT VERIFIED: {error}\n"), Exit::False),
        };
        print(text.as_bytes())?;
        Ok(exit)
    }
}

impl Rotate {
    fn run(self) -> Result<Exit, Error> {
        let home = Home::at(&self.home.home);
        let (policy_text, policy) = home.policy()?;
        let old = home.log_key()?;
        let target = Target::open(&self.to)?;
        target.check_safe()?;
        let log = published_by(&target, &self.to, &policy)?;
        let path = home.next_log_key_path();
        // A rotation that was begun goes on with the key it made.
        let begun = path.exists().then(|| secret_file::read_signing_key(&path));
        let begun: Option<SecretKey> = begun.transpose()?;
        let in_force = old.public();
        let publishing = Publishing {
            home: &home,
            target: &target,
            page: self.page.as_deref(),
            under_reserved: false,
            signer: Signer::Key(old),
            patience: Duration::from_secs(self.patience),
            now: now(),
            progress: true,
        };
        // One that was published and killed before its last step is finished here.
        if let Some(new) = &begun
            && log.history().key() == Some(&new.public())
        {
            publishing.flush(&log)?;
            home.promote_log_key()?;
            tell!("The log key was changed already; the new one is in place now.");
            return Ok(Exit::Ok);
        }
        check_in_force(&home, &in_force, &policy, &log)?;
        let signed = SignedHead::at(home.signed_head_path()).check_published(&log);
        match (&begun, signed) {
            // Its head is signed: it can only be finished.
            (Some(_), Err(Error::InTheWay { .. })) => {}
            // What cannot be finished is not begun.
            (_, signed) => {
                signed?;
                refuse_unpublished(&home, &log)?;
            }
        }
        // The policy changes in any case: no page that is out there may stay.
        publishing.check_page(&[])?;
        let new = match begun {
            Some(new) => new,
            None => secret_file::create_signing_key(&path, policy.log_origin().clone())?,
        };
        let rotation =
            KeyRotation::new(&in_force, &new.public()).map_err(Error::protocol("rotation"))?;
        let text = serde_json::to_string_pretty(&rotation).map_err(|error| Error::Io {
            path: path.clone(),
            source: error.into(),
        })? + "\n";
        let Signed::Line(line) = publishing.signer.sign("rotation", &text)? else {
            return Ok(Exit::Ok);
        };
        let own = new.signature_line(&text);
        let note = format!(
            "{text}\n{line}{}",
            own.map_err(Error::protocol("rotation"))?
        );
        let vkey = new.public().to_string();
        add_key(&home, &policy_text, &policy, &new)?;
        tell!(
            "The new log key is {vkey}\n\
             Both keys sign this change, so that witnesses who follow the old one cosign it. From the next head on they must \
             follow the new one: por witness follow {vkey} --instead-of {in_force}"
        );
        match publishing.rotation(&rotation, &note, &new)? {
            Published::ToSign(path) => explain_to_sign(&path, "the log key"),
            Published::Done { .. } | Published::Finished | Published::Page => {
                home.promote_log_key()?;
                tell!(
                    "The log key is changed. Give the new policy to whoever verifies, and the line por witness follow to whoever \
                     runs a witness."
                );
            }
        }
        Ok(Exit::Ok)
    }
}

/// The log that is published there, under a head that this policy's key signed.
fn published_by(target: &Target, place: &Path, policy: &Policy) -> Result<PublishedLog, Error> {
    let log = PublishedLog::read(|path, limit| target.read(path, limit))?.ok_or_else(|| {
        Error::refused(
            format!("{} has no log", place.display()),
            "Name the publication that holds this exchange's log. A key that has logged nothing needs no change: make a new home.",
        )
    })?;
    let head = Note::parse(log.note()).and_then(|note| policy.head(&note));
    head.map_err(|error| {
        Error::input(
            &target.place("log/checkpoint"),
            error.to_string(),
            "Name the publication of this exchange's own log.",
        )
    })?;
    Ok(log)
}

/// Only the key in force can name the one that follows it.
fn check_in_force(
    home: &Home,
    key: &PublicKey,
    policy: &Policy,
    log: &PublishedLog,
) -> Result<(), Error> {
    let in_force = match log.history().key() {
        Some(named) => named == key,
        None => policy.logs().contains(key),
    };
    if in_force {
        return Ok(());
    }
    Err(Error::InTheWay {
        path: home.log_key_path(),
        why: "this key does not sign the published log any more, or never did".into(),
        remedy: "This home is behind its publication, as one restored from an old backup is: bring the newest home back."
            .into(),
    })
}

/// An attestation that the old key signed would have to be made again.
fn refuse_unpublished(home: &Home, log: &PublishedLog) -> Result<(), Error> {
    let logged = log.history().attestations().len() as u64;
    let waiting = home.runs()?.into_iter().find(|sequence| {
        let run = home.run_at(*sequence);
        *sequence >= logged && run.attested_path().exists()
    });
    match waiting {
        None => Ok(()),
        Some(sequence) => Err(Error::InTheWay {
            path: home.run_at(sequence).attested_path(),
            why: format!("run {sequence} is attested by the present key, and not published"),
            remedy: "Publish it first with `por publish`. One that is not to be published is planned anew: `por plan --replace`."
                .into(),
        }),
    }
}

/// Adds the key to the policy, as the newest of the log's.
fn add_key(home: &Home, text: &[u8], policy: &Policy, new: &SecretKey) -> Result<(), Error> {
    if policy.logs().contains(&new.public()) {
        return Ok(());
    }
    let mut text = String::from_utf8_lossy(text).into_owned();
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text.push_str(&format!("log {}\n", new.public()));
    durable::write(&home.policy_path(), text.as_bytes())
}
