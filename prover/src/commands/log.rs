//! `por log`: looks at a log, compares heads, keeps evidence.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Subcommand;
use por_protocol::error::Error as ProtocolError;
use por_protocol::log::{Conflict, Evidence, LogProof, compare_heads};
use por_protocol::note::Note;
use por_protocol::policy::Policy;
use por_protocol::statement::Statement;

use super::log_rotate::Rotate;
use super::{now, print, read_policy};
use crate::error::{Error, Exit};
use crate::files::durable;
use crate::log::PublishedLog;
use crate::publication::Target;

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
