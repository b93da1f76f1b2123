//! Asking witnesses for their cosignatures (c2sp.org/tlog-witness), all at once, up to the policy's quorum.
//!
//! A witness's answer is worth nothing until its signature is verified with the key that the policy has for it: a witness
//! that lies, is slow or is down costs its own vote and nothing else.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use por_protocol::error::Error as ProtocolError;
use por_protocol::log::{AddCheckpoint, TreeSize};
use por_protocol::note::Note;
use por_protocol::policy::{Policy, Witness};

use super::successor::Successor;
use crate::error::Error;
use crate::http::{Client, Reply};

/// An answer is a few signature lines.
const MAX_REPLY_BYTES: u64 = 64 * 1024;

/// What one witness did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It cosigned: its signature line, verified.
    Cosigned(String),
    /// It did not, and why.
    Silent(String),
}

/// A head with the cosignatures that were collected, and what each witness did, in the order of their answers.
pub struct Collected {
    /// The checkpoint's note with all signature lines.
    pub note: String,
    /// Witness names of the policy, and their answers.
    pub answers: Vec<(String, Answer)>,
}

/// Collects cosignatures on the signed head of `log` until the quorum is met.
///
/// # Errors
/// [`Error::Quorum`] if it is not met in time, with what each witness did.
pub fn collect(
    policy: &Policy,
    log: &Successor,
    signed: &str,
    patience: Duration,
) -> Result<Collected, Error> {
    let mut collected = Collected {
        note: signed.to_owned(),
        answers: Vec::new(),
    };
    if meets(policy, &collected.note) {
        return Ok(collected);
    }
    let (sender, answers) = mpsc::channel();
    let deadline = Instant::now() + patience;
    for witness in policy.witnesses() {
        // Threads are not joined: one that waits for a witness that hangs must not keep the publication waiting.
        let (sender, witness) = (sender.clone(), witness.clone());
        let signer = policy
            .logs()
            .last()
            .map_or(String::new(), ToString::to_string);
        let (log, signed) = (log.clone(), signed.to_owned());
        std::thread::spawn(move || {
            let answer = match ask(&witness, &log, &signed, (&signer, patience)) {
                Ok(lines) => Answer::Cosigned(lines),
                Err(why) => Answer::Silent(why),
            };
            // The publisher may have its quorum by now and listen no more.
            let _ = sender.send((witness.name, answer));
        });
    }
    drop(sender);
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let Ok((name, answer)) = answers.recv_timeout(left) else {
            break;
        };
        if let Answer::Cosigned(lines) = &answer {
            collected.note.push_str(lines);
        }
        collected.answers.push((name, answer));
        if meets(policy, &collected.note) {
            return Ok(collected);
        }
    }
    for witness in policy.witnesses() {
        if !collected
            .answers
            .iter()
            .any(|(name, _)| *name == witness.name)
        {
            let silent = Answer::Silent("it did not answer in time".into());
            collected.answers.push((witness.name.clone(), silent));
        }
    }
    Err(Error::Quorum {
        answers: collected.answers.iter().map(describe).collect(),
    })
}

fn describe((name, answer): &(String, Answer)) -> String {
    match answer {
        Answer::Cosigned(_) => format!("{name}: cosigned"),
        Answer::Silent(why) => format!("{name}: {why}"),
    }
}

fn meets(policy: &Policy, note: &str) -> bool {
    Note::parse(note.as_bytes()).is_ok_and(|note| policy.witnessed(&note).is_ok())
}

/// One witness's verified signature line.
fn ask(
    witness: &Witness,
    log: &Successor,
    signed: &str,
    (signer, patience): (&str, Duration),
) -> Result<String, String> {
    let url = witness
        .url
        .as_deref()
        .ok_or("the policy has no URL for it")?;
    let url = format!("{}/add-checkpoint", url.trim_end_matches('/'));
    let client = Client::new(patience);
    let send = |old: TreeSize| {
        let request = AddCheckpoint {
            old,
            proof: log
                .state()
                .consistency(old)
                .map_err(|error| error.to_string())?,
            checkpoint: signed.as_bytes(),
        };
        client
            .post(
                &url,
                "text/plain",
                request.to_text().as_bytes(),
                MAX_REPLY_BYTES,
            )
            .map_err(|error| error.to_string())
    };
    let mut reply = send(log.older())?;
    // It has last seen another head of ours: it says which.
    if reply.status == 409 {
        let seen = conflict(&reply)?;
        if seen > log.head().size {
            return Err(format!(
                "it has cosigned a log of {seen} entries, and this one has {}: find out who signed that one",
                log.head().size
            ));
        }
        if seen != log.older() {
            reply = send(seen)?;
        }
    }
    // Without a size it says that the root of this very size is another.
    let other_root = reply.status == 409 && conflict(&reply).is_err();
    if reply.status == 409 && !other_root {
        return Err("it knows another size of this log at every attempt".into());
    }
    if reply.status == 422 || other_root {
        return Err(
            "it has cosigned another history of this log: find out who signed that one".into(),
        );
    }
    if matches!(reply.status, 403 | 404) {
        return Err(format!(
            "it answered with status {}: it does not follow this log's key; its operator runs por witness follow {}",
            reply.status, signer
        ));
    }
    if reply.status != 200 {
        return Err(format!("it answered with status {}", reply.status));
    }
    let lines = text(&reply).ok_or("its answer is not text")?;
    own_line(witness, signed, lines).map_err(|error| error.to_string())
}

/// The size that a witness names with a conflict.
fn conflict(reply: &Reply) -> Result<TreeSize, String> {
    text(reply)
        .and_then(|size| TreeSize::from_decimal(size.strip_suffix('\n')?))
        .ok_or_else(|| "it answered with status 409 and without the size it knows".into())
}

/// One line, by the witness's own key. Whatever else it answers is left out: a line that another witness is said to have
/// signed would spoil the note of all, and many lines would make it too long to be read.
fn own_line(witness: &Witness, signed: &str, lines: &str) -> Result<String, ProtocolError> {
    let note = format!("{signed}{lines}");
    let line = Note::parse(note.as_bytes())?.cosignature_line(&witness.key)?;
    line.ok_or(ProtocolError::Signature {
        what: "witness's cosignature",
        why: "its answer holds none by the key of the policy",
    })
}

fn text(reply: &Reply) -> Option<&str> {
    std::str::from_utf8(&reply.body).ok()
}
