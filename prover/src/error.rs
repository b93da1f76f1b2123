//! The crate's one error type, and the exit code each error ends the program with (DESIGN §8).

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use por_protocol::error::Error as ProtocolError;

use crate::chains::ChainError;
use crate::ledger::LedgerError;

/// Why a command could not do its work. Every message says what, where, and what to do next.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file or folder could not be read or written.
    #[error("{}: {source}\n  {}", path.display(), io_remedy(source))]
    Io {
        /// What was touched.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// Something in a file is wrong.
    #[error("{}: {why}\n  {remedy}", path.display())]
    Input {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
        /// What to do.
        remedy: String,
    },
    /// A line of a file is wrong.
    #[error("{}:{line}: {why}\n  {remedy}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// Line number from 1.
        line: u64,
        /// What is wrong.
        why: String,
        /// What to do.
        remedy: String,
    },
    /// The ledger or the asset table is wrong.
    #[error("{_0}\n  {}", sentence(&_0.remedy()))]
    Ledger(#[from] LedgerError),
    /// An object of the protocol is wrong.
    #[error("{what}: {source}{}", protocol_remedy(source))]
    Protocol {
        /// Which object.
        what: String,
        /// What is wrong with it.
        source: ProtocolError,
    },
    /// A node could not be asked, or what it says is false.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// What the command was asked for does not fit what is there.
    #[error("{why}\n  {remedy}")]
    Refused {
        /// What is in the way.
        why: String,
        /// What to do.
        remedy: String,
    },
    /// Something exists that must not be overwritten, or another run is at work.
    #[error("{}: {why}\n  {remedy}", path.display())]
    InTheWay {
        /// The file or folder.
        path: PathBuf,
        /// What is in the way.
        why: String,
        /// What to do.
        remedy: String,
    },
    /// A bucket or a host did not do what it was asked.
    #[error("{place}: {why}\n  {remedy}")]
    Remote {
        /// Its URL, without credentials.
        place: String,
        /// What happened.
        why: String,
        /// What to do.
        remedy: String,
    },
    /// A publication was looked at, and it is not what it claims to be.
    #[error("{place}: {why}\n  {remedy}")]
    Untrue {
        /// The publication, or a file of it.
        place: String,
        /// What is wrong.
        why: String,
        /// What to do.
        remedy: String,
    },
    /// Too few witnesses cosigned the head: nothing was published.
    #[error(
        "the witnesses' cosignatures do not meet the policy's quorum: {}\n  Nothing was published. Start the same command again when more of them answer.",
        answers.join("; ")
    )]
    Quorum {
        /// What each witness did.
        answers: Vec<String>,
    },
    /// A staged attestation failed its own audit: nothing was published.
    #[error(
        "the attestation fails its audit and was not published: {why}\n  The publication is as it was. {remedy}"
    )]
    AuditFailed {
        /// The first failed check.
        why: String,
        /// What to do.
        remedy: String,
    },
}

impl Error {
    /// Wraps an I/O error with the path it happened at.
    pub fn io(path: &Path) -> impl FnOnce(io::Error) -> Self + use<'_> {
        move |source| Self::Io {
            path: path.to_owned(),
            source,
        }
    }

    /// Wraps a protocol error with the object it is about.
    pub fn protocol(what: impl Into<String>) -> impl FnOnce(ProtocolError) -> Self {
        move |source| Self::Protocol {
            what: what.into(),
            source,
        }
    }

    /// Something in `path` is wrong.
    pub fn input(path: &Path, why: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::Input {
            path: path.to_owned(),
            why: why.into(),
            remedy: remedy.into(),
        }
    }

    /// What was asked for does not fit what is there.
    pub fn refused(why: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::Refused {
            why: why.into(),
            remedy: remedy.into(),
        }
    }

    /// The exit code of DESIGN §8.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self {
            Self::Io { .. } | Self::InTheWay { .. } | Self::Remote { .. } | Self::Quorum { .. } => {
                Exit::Io
            }
            Self::Input { .. } | Self::Line { .. } | Self::Refused { .. } => Exit::BadInput,
            Self::Ledger(error) => match error.exit_code() {
                4 => Exit::Io,
                _ => Exit::BadInput,
            },
            Self::Protocol {
                source: ProtocolError::Unsupported { .. },
                ..
            } => Exit::Unsupported,
            Self::Protocol { .. } => Exit::BadInput,
            Self::AuditFailed { .. } | Self::Untrue { .. } => Exit::False,
            Self::Chain(error) if error.fault.is_false() => Exit::False,
            Self::Chain(_) => Exit::CannotTell,
        }
    }
}

/// What to do about an error of the operating system.
fn io_remedy(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::NotFound => "Check the path.",
        io::ErrorKind::PermissionDenied => "Check who owns it and its mode.",
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "Make room, then start the same command again."
        }
        io::ErrorKind::IsADirectory | io::ErrorKind::NotADirectory => {
            "Name a file where a file belongs, and a folder where a folder belongs."
        }
        _ => "Remove the cause, then start the same command again.",
    }
}

/// What to do about an object of the protocol that is wrong, on a line of its own; nothing where the error says it.
fn protocol_remedy(error: &ProtocolError) -> &'static str {
    match error {
        ProtocolError::Length { .. }
        | ProtocolError::TooLarge { .. }
        | ProtocolError::Encoding { .. }
        | ProtocolError::Count { .. }
        | ProtocolError::Syntax { .. } => {
            "\n  It may be damaged, or another file: fetch it again, or restore it from a copy."
        }
        ProtocolError::Unsupported { .. } => "\n  A later version of por may know it.",
        ProtocolError::SelfCheck { .. } => {
            "\n  Nothing of it was written. A machine that computes wrongly makes such tiles: test its memory, or take another."
        }
        _ => "",
    }
}

/// The same words with a capital letter and a full stop.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(letters).chain(['.']).collect()
}

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Done, or checked and true.
    Ok = 0,
    /// Checked and false.
    False = 1,
    /// The command line is wrong (clap's own exit code).
    Usage = 2,
    /// Bad input.
    BadInput = 3,
    /// Files or network.
    Io = 4,
    /// An unsupported version or parameter.
    Unsupported = 5,
    /// Something needed was missing or unreachable.
    CannotTell = 6,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r_07_a_tile_that_does_not_verify_is_bad_input_and_nothing_of_it_is_written() {
        let error =
            Error::protocol("book BTC/owed")(ProtocolError::SelfCheck { level: 1, index: 7 });
        assert_eq!(error.exit(), Exit::BadInput);
        let text = error.to_string();
        assert!(
            text.contains("tile 1/7") && text.contains("Nothing of it was written"),
            "{text}"
        );
    }
}
