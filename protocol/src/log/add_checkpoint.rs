//! The request that asks a witness for its cosignature, and what a witness must answer (c2sp.org/tlog-witness).
//!
//! ```text
//! old 1
//! <consistency proof: hashes, base64>
//! …
//!
//! <checkpoint signed by the log>
//! ```

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::checkpoint::{Checkpoint, TreeSize};
use super::consistency::verify_consistency;
use super::proof::{parse_hashes, push_hashes};
use crate::digest::Digest;
use crate::error::Error;
use crate::note::{self, Note, PublicKey};

/// 63 hashes and a checkpoint of 64 signatures fit many times over.
const MAX_BYTES: usize = 64 * 1024;

/// A request to cosign a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddCheckpoint<'a> {
    /// Size of the last checkpoint that the witness cosigned, as far as the log knows.
    pub old: TreeSize,
    /// Consistency proof from that size.
    pub proof: Vec<Digest>,
    /// The checkpoint's signed note, verbatim.
    pub checkpoint: &'a [u8],
}

/// Why a witness does not cosign, with the HTTP status that the standard gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// 400: not a request.
    Malformed(Error),
    /// 404: a log this witness does not know.
    UnknownLog(String),
    /// 403: not signed by a key this witness knows for the log.
    NotSigned(Error),
    /// 409: the witness has last cosigned another size, this one.
    OtherSize(TreeSize),
    /// 409: the checkpoint is of the last one's size, and not the same.
    OtherRoot(Error),
    /// 422: the checkpoint does not extend the last one.
    Inconsistent(Error),
}

impl Refusal {
    /// The HTTP status.
    #[must_use]
    pub const fn status(&self) -> u16 {
        match self {
            Self::Malformed(_) => 400,
            Self::NotSigned(_) => 403,
            Self::UnknownLog(_) => 404,
            Self::OtherSize(_) | Self::OtherRoot(_) => 409,
            Self::Inconsistent(_) => 422,
        }
    }
}

impl<'a> AddCheckpoint<'a> {
    /// Parses a request body.
    ///
    /// # Errors
    /// [`Error::Syntax`], [`Error::TooLarge`].
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        let refuse = |why: &str| Error::Syntax {
            what: "add-checkpoint request",
            why: why.into(),
        };
        if bytes.len() > MAX_BYTES {
            return Err(Error::TooLarge {
                what: "add-checkpoint request",
                limit: MAX_BYTES as u64,
                found: bytes.len() as u64,
            });
        }
        let text = core::str::from_utf8(bytes).map_err(|_| refuse("it is not UTF-8"))?;
        let (head, checkpoint) = note::at_empty_line(text)
            .ok_or_else(|| refuse("no empty line before the checkpoint"))?;
        let mut lines = head.split('\n');
        let old = lines
            .next()
            .and_then(|line| line.strip_prefix("old "))
            .and_then(TreeSize::from_decimal)
            .ok_or_else(|| refuse("it does not begin with `old <size>`"))?;
        Ok(Self {
            old,
            proof: parse_hashes("add-checkpoint request", lines)?,
            checkpoint: checkpoint.as_bytes(),
        })
    }

    /// The request body.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = format!("old {}\n", self.old);
        push_hashes(&mut text, &self.proof);
        text.push('\n');
        text.push_str(&String::from_utf8_lossy(self.checkpoint));
        text
    }

    /// The origin that the request names, unverified: by it the witness finds its keys and its last head.
    ///
    /// # Errors
    /// [`Refusal::Malformed`].
    pub fn claimed(&self) -> Result<(Note<'a>, Checkpoint), Refusal> {
        let note = Note::parse(self.checkpoint).map_err(Refusal::Malformed)?;
        let checkpoint = Checkpoint::of_note(&note).map_err(Refusal::Malformed)?;
        if self.old > checkpoint.size {
            return Err(Refusal::Malformed(Error::Field {
                what: "old size",
                why: "it is larger than the checkpoint's".into(),
            }));
        }
        Ok((note, checkpoint))
    }

    /// Decides whether a witness that knows the log by `keys` and has last cosigned `last` may cosign, in the order that
    /// the standard gives the checks. The caller must hold `last` still until the new checkpoint is stored.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn decide(
        &self,
        keys: &[PublicKey],
        last: Option<&Checkpoint>,
    ) -> Result<Checkpoint, Refusal> {
        let (note, checkpoint) = self.claimed()?;
        let known: Vec<PublicKey> = keys
            .iter()
            .filter(|key| *key.name() == checkpoint.origin)
            .cloned()
            .collect();
        if known.is_empty() {
            return Err(Refusal::UnknownLog(checkpoint.origin.as_str().to_string()));
        }
        note.verify_any("checkpoint", &known)
            .map_err(Refusal::NotSigned)?;
        let empty = Checkpoint {
            origin: checkpoint.origin.clone(),
            size: TreeSize::new(0),
            root: Digest::of(&[]),
        };
        let last = last.unwrap_or(&empty);
        if self.old != last.size {
            return Err(Refusal::OtherSize(last.size));
        }
        // Between heads of one size there is nothing to prove: the standard has a status of its own for two roots.
        let same_size = last.size == checkpoint.size && self.proof.is_empty();
        let refuse = if same_size {
            Refusal::OtherRoot
        } else {
            Refusal::Inconsistent
        };
        verify_consistency(last, &checkpoint, &self.proof).map_err(refuse)?;
        Ok(checkpoint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::prove_consistency;
    use crate::merkle::{leaf_hash, tree_root};
    use crate::note::{KeyName, SecretKey};

    fn key(number: u8) -> SecretKey {
        let mut seed = [number; 32];
        seed[0] = 0x5e;
        SecretKey::new(KeyName::new("example.com/log").unwrap(), &seed).unwrap()
    }

    fn leaves(count: u8, salt: &[u8]) -> Vec<Digest> {
        (0..count)
            .map(|leaf| leaf_hash(&[salt, &[leaf]].concat()))
            .collect()
    }

    fn head(leaves: &[Digest]) -> Checkpoint {
        Checkpoint {
            origin: KeyName::new("example.com/log").unwrap(),
            size: TreeSize::new(leaves.len() as u64),
            root: tree_root(leaves),
        }
    }

    fn ask(old: u64, leaves: &[Digest], signer: &SecretKey) -> String {
        let note = signer.sign(&head(leaves).to_text()).unwrap();
        let old = TreeSize::new(old);
        AddCheckpoint {
            old,
            proof: prove_consistency(leaves, old).unwrap(),
            checkpoint: note.as_bytes(),
        }
        .to_text()
    }

    #[test]
    fn a_witness_follows_the_log_and_nothing_else() {
        let (log, stranger) = (key(1), key(2));
        let keys = [log.public()];
        let all = leaves(5, b"");
        let last = head(&all[..2]);
        let status =
            |body: &str, last: Option<&Checkpoint>| match AddCheckpoint::parse(body.as_bytes()) {
                Err(_) => 400,
                Ok(request) => match request.decide(&keys, last) {
                    Ok(checkpoint) => {
                        assert_eq!(checkpoint.to_text(), head(&all).to_text());
                        200
                    }
                    Err(refusal) => refusal.status(),
                },
            };
        assert_eq!(status(&ask(0, &all, &log), None), 200);
        assert_eq!(status(&ask(2, &all, &log), Some(&last)), 200);
        // The same head again is cosigned again.
        assert_eq!(status(&ask(5, &all, &log), Some(&head(&all))), 200);
        assert_eq!(status("old 0\n\nnonsense", None), 400);
        assert_eq!(
            status(&ask(0, &all, &log).replace("old 0", "old 6"), None),
            400
        );
        assert_eq!(status(&ask(0, &all, &stranger), None), 403);
        assert_eq!(
            status(
                &ask(0, &all, &log).replace("example.com/log", "example.com/other"),
                None
            ),
            404
        );
        assert_eq!(status(&ask(0, &all, &log), Some(&last)), 409);
        assert_eq!(status(&ask(2, &all, &log), None), 409);
        // Another history of the same size, and a rollback.
        let other = leaves(5, b"other");
        assert_eq!(status(&ask(2, &other, &log), Some(&last)), 422);
        assert_eq!(status(&ask(5, &other, &log), Some(&head(&all))), 409);
        let padded =
            ask(5, &other, &log).replace("old 5\n", &format!("old 5\n{}\n", "A".repeat(43) + "="));
        assert_eq!(status(&padded, Some(&head(&all))), 422);
        assert_eq!(status(&ask(2, &all[..2], &log), Some(&head(&all))), 409);
    }

    #[test]
    fn requests_round_trip() {
        let log = key(1);
        let text = ask(3, &leaves(7, b""), &log);
        let request = AddCheckpoint::parse(text.as_bytes()).unwrap();
        assert_eq!(request.to_text(), text);
        assert_eq!(request.proof.len(), 4);
    }
}
