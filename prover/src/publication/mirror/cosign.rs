//! Cosigning the head of a mirrored log: the rules are those of `por witness serve`, only that nobody has to ask.

use std::path::Path;

use base64ct::{Base64, Encoding as _};
use por_protocol::digest::Digest;
use por_protocol::error::Error as ProtocolError;
use por_protocol::log::{AddCheckpoint, Checkpoint, Refusal, TreeSize};
use por_protocol::note::Note;
use por_protocol::policy::Policy;

use crate::error::Error;
use crate::log::PublishedLog;
use crate::witness::{Fault, State, WitnessFolder};

/// What came of asking one's own witness.
pub(super) enum Cosigned {
    /// Its signature line.
    Line(String),
    /// It has cosigned a head that this one does not extend: that head's note.
    Conflict(Vec<u8>),
    /// It has cosigned a larger log.
    Ahead,
}

/// Cosigns the head of `log` with the witness in this folder.
///
/// # Errors
/// [`Error::Refused`] for a log that the witness does not follow; whatever keeps the witness from its work.
pub(super) fn cosign(folder: &Path, log: &PublishedLog, now: u64) -> Result<Cosigned, Error> {
    let mut state = State::open(&WitnessFolder::at(folder))?;
    let origin = Digest::of(log.head().origin.as_str().as_bytes()).to_string();
    let last = state.head(&origin)?;
    let old = last.as_ref().map_or(Ok(TreeSize::new(0)), |note| {
        Note::parse(note.as_bytes())
            .and_then(|note| Checkpoint::of_note(&note))
            .map(|head| head.size)
            .map_err(Error::protocol("the witness's last head"))
    })?;
    if old > log.head().size {
        return Ok(Cosigned::Ahead);
    }
    let request = AddCheckpoint {
        old,
        proof: log
            .state()
            .consistency(old)
            .map_err(Error::protocol("log"))?,
        checkpoint: log.note(),
    };
    match state.add_checkpoint(request.to_text().as_bytes(), now) {
        Ok(line) => Ok(Cosigned::Line(line)),
        Err(Fault::Own(error)) => Err(error),
        Err(Fault::Refused(Refusal::Inconsistent(_) | Refusal::OtherRoot(_))) => {
            Ok(Cosigned::Conflict(last.unwrap_or_default().into_bytes()))
        }
        Err(Fault::Refused(Refusal::UnknownLog(origin))) => Err(Error::refused(
            format!("the witness does not follow the log {origin}"),
            "Start `por witness follow` with the key of the policy's log first.",
        )),
        Err(Fault::Refused(Refusal::Malformed(error) | Refusal::NotSigned(error))) => {
            Err(Error::protocol("the log's head")(error))
        }
        Err(Fault::Refused(Refusal::OtherSize(size))) => {
            Err(Error::protocol("the witness's last head")(
                ProtocolError::Inconsistent {
                    older: size.get(),
                    newer: log.head().size.get(),
                },
            ))
        }
    }
}

/// The note with these signature lines, too. A line takes the place of an older one by the same key: a key that stands
/// twice refuses a note.
pub(super) fn with_lines(note: &str, lines: &str) -> String {
    let added: Vec<_> = lines.lines().filter_map(signer).collect();
    let Some((text, signatures)) = note.rsplit_once("\n\n") else {
        return note.to_owned();
    };
    let kept: String = signatures
        .split_inclusive('\n')
        .filter(|line| signer(line.trim_end()).is_none_or(|signer| !added.contains(&signer)))
        .collect();
    format!("{text}\n\n{kept}{lines}")
}

/// The note with signature lines of an `older` one of the same head that it lacks, where that makes it no worse.
pub(super) fn with_older_lines(policy: &Policy, note: &str, older: &str) -> String {
    let (Some((text, present)), Some((older_text, lines))) =
        (note.rsplit_once("\n\n"), older.rsplit_once("\n\n"))
    else {
        return note.to_owned();
    };
    if text != older_text {
        return note.to_owned();
    }
    let present: Vec<_> = present.lines().filter_map(signer).collect();
    let missing: String = lines
        .split_inclusive('\n')
        .filter(|line| signer(line.trim_end()).is_some_and(|signer| !present.contains(&signer)))
        .collect();
    let both = format!("{note}{missing}");
    let holds = |note: &str| {
        Note::parse(note.as_bytes())
            .is_ok_and(|note| policy.head(&note).is_ok() && policy.witnessed(&note).is_ok())
    };
    if holds(&both) || !holds(note) {
        both
    } else {
        note.to_owned()
    }
}

/// Name and key id of a signature line.
fn signer(line: &str) -> Option<(&str, [u8; 4])> {
    let (name, encoded) = line.strip_prefix("— ")?.split_once(' ')?;
    let bytes = Base64::decode_vec(encoded).ok()?;
    Some((name, *bytes.first_chunk()?))
}
