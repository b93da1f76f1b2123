//! What a customer carries to show that an entry is in the log: `c2sp.org/tlog-proof@v1`.
//!
//! ```text
//! c2sp.org/tlog-proof@v1
//! index 2
//! <sibling hash, base64>
//! …
//!
//! <checkpoint with its signatures>
//! ```

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use base64ct::{Base64, Encoding as _};

use super::checkpoint::{Checkpoint, TreeSize, decode_hash, encode_hash};
use crate::digest::Digest;
use crate::error::Error;
use crate::merkle::verify_row;
use crate::note::{self, Note};

const MAGIC: &str = "c2sp.org/tlog-proof@v1";
/// A checkpoint with 64 signatures and a long path fits many times over.
const MAX_BYTES: usize = 64 * 1024;
/// No proof in a tree of less than 2^64 entries needs more (c2sp.org/tlog-witness).
const MAX_HASHES: usize = 63;

/// An inclusion proof with the checkpoint it leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogProof<'a> {
    /// Index of the entry, from 0.
    pub index: u64,
    /// RFC 6962 audit path, from the entry up.
    pub path: Vec<Digest>,
    /// The checkpoint's signed note, verbatim.
    pub checkpoint: &'a [u8],
}

impl<'a> LogProof<'a> {
    /// Parses a proof. Its signatures and hashes are not checked yet.
    ///
    /// # Errors
    /// [`Error::Syntax`], [`Error::TooLarge`], [`Error::Unsupported`] for another version.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        if bytes.len() > MAX_BYTES {
            return Err(Error::TooLarge {
                what: "log proof",
                limit: MAX_BYTES as u64,
                found: bytes.len() as u64,
            });
        }
        let text = core::str::from_utf8(bytes).map_err(|_| refuse("it is not UTF-8"))?;
        let (head, checkpoint) = note::at_empty_line(text)
            .ok_or_else(|| refuse("no empty line before the checkpoint"))?;
        let mut lines = head.split('\n');
        match lines.next() {
            Some(MAGIC) => {}
            Some(other) if other.starts_with("c2sp.org/tlog-proof@") => {
                return Err(Error::Unsupported {
                    what: "log proof",
                    found: crate::json::shorten(other),
                });
            }
            _ => return Err(refuse("it does not begin with c2sp.org/tlog-proof@v1")),
        }
        let mut line = lines.next();
        // Opaque and unauthenticated: nothing here uses it.
        if let Some(extra) = line.and_then(|line| line.strip_prefix("extra ")) {
            Base64::decode_vec(extra).map_err(|_| refuse("its extra line is not base64"))?;
            line = lines.next();
        }
        let index = line
            .and_then(|line| line.strip_prefix("index "))
            .and_then(TreeSize::from_decimal)
            .ok_or_else(|| refuse("no index line"))?;
        Ok(Self {
            index: index.get(),
            path: parse_hashes("log proof", lines)?,
            checkpoint: checkpoint.as_bytes(),
        })
    }

    /// The proof as text.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = format!("{MAGIC}\nindex {}\n", self.index);
        push_hashes(&mut text, &self.path);
        text.push('\n');
        text.push_str(&String::from_utf8_lossy(self.checkpoint));
        text
    }

    /// The checkpoint's note and what it says, unverified.
    ///
    /// # Errors
    /// [`Error::Syntax`].
    pub fn checkpoint(&self) -> Result<(Note<'a>, Checkpoint), Error> {
        let note = Note::parse(self.checkpoint)?;
        let checkpoint = Checkpoint::of_note(&note)?;
        Ok((note, checkpoint))
    }

    /// Checks that `entry` is at the proof's index under this checkpoint.
    ///
    /// # Errors
    /// [`Error::Mismatch`].
    pub fn verify_inclusion(&self, entry: &[u8], checkpoint: &Checkpoint) -> Result<(), Error> {
        verify_row(
            "log proof",
            entry,
            self.index,
            checkpoint.size.get(),
            &self.path,
            &checkpoint.root,
        )
    }
}

fn refuse(why: &str) -> Error {
    Error::Syntax {
        what: "log proof",
        why: why.into(),
    }
}

/// One base64 hash a line, 63 at most.
pub(super) fn parse_hashes<'a>(
    what: &'static str,
    lines: impl Iterator<Item = &'a str>,
) -> Result<Vec<Digest>, Error> {
    let mut hashes = Vec::new();
    for line in lines {
        let refuse = |why: &str| Error::Syntax {
            what,
            why: why.into(),
        };
        if hashes.len() == MAX_HASHES {
            return Err(refuse("it has more than 63 hashes"));
        }
        hashes.push(decode_hash(line).ok_or_else(|| refuse("a hash is not 32 bytes in base64"))?);
    }
    Ok(hashes)
}

pub(super) fn push_hashes(text: &mut String, hashes: &[Digest]) {
    for hash in hashes {
        text.push_str(&encode_hash(hash));
        text.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proofs_round_trip() {
        for path in [Vec::new(), Vec::from([Digest::of(b"a"), Digest::of(b"b")])] {
            let proof = LogProof {
                index: 2,
                path,
                checkpoint: b"text\n\nsignatures\n",
            };
            let text = proof.to_text();
            assert_eq!(LogProof::parse(text.as_bytes()).unwrap(), proof);
            let extra = text.replace("index", "extra YWdl\nindex");
            assert_eq!(LogProof::parse(extra.as_bytes()).unwrap(), proof);
        }
    }

    #[test]
    fn malformed_proofs_are_refused() {
        let hash = encode_hash(&Digest::of(b"a"));
        for bad in [
            String::new(),
            "c2sp.org/tlog-proof@v1\nindex 2\n".into(),
            "c2sp.org/tlog-proof@v1\nindex 02\n\nx".into(),
            "c2sp.org/tlog-proof@v1\nindex -1\n\nx".into(),
            "c2sp.org/tlog-proof@v1\n\nx".into(),
            "c2sp.org/tlog-proof@v1\nextra *\nindex 0\n\nx".into(),
            format!("c2sp.org/tlog-proof@v1\nindex 0\n{}\n\nx", &hash[1..]),
            format!(
                "c2sp.org/tlog-proof@v1\nindex 0\n{}\nx",
                format!("{hash}\n").repeat(64)
            ),
        ] {
            assert!(LogProof::parse(bad.as_bytes()).is_err(), "{bad:?}");
        }
        assert!(matches!(
            LogProof::parse(b"c2sp.org/tlog-proof@v2\nindex 0\n\nx"),
            Err(Error::Unsupported { .. })
        ));
    }
}
