//! The head of a log: C2SP checkpoint (c2sp.org/tlog-checkpoint).

use alloc::format;
use alloc::string::String;
use core::fmt;

use base64ct::{Base64, Encoding as _};

use crate::digest::Digest;
use crate::error::Error;
use crate::note::{KeyName, Note};

/// Number of entries in a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TreeSize(u64);

impl TreeSize {
    /// Of this many entries.
    #[must_use]
    pub const fn new(entries: u64) -> Self {
        Self(entries)
    }

    /// The number of entries.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// Strict decimal: digits alone, without leading zeros.
    #[must_use]
    pub fn from_decimal(text: &str) -> Option<Self> {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits || (text.starts_with('0') && text != "0") {
            return None;
        }
        text.parse().ok().map(Self)
    }
}

impl fmt::Display for TreeSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Origin, size and root of a log at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log's origin, which is the name of its keys.
    pub origin: KeyName,
    /// Entries.
    pub size: TreeSize,
    /// RFC 6962 root over them.
    pub root: Digest,
}

impl Checkpoint {
    /// Parses the text of a checkpoint's note. Extension lines are allowed by the standard and mean nothing here.
    ///
    /// # Errors
    /// [`Error::Syntax`], [`Error::Field`] for the origin.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let refuse = |why: &str| Error::Syntax {
            what: "checkpoint",
            why: why.into(),
        };
        let lines = text
            .strip_suffix('\n')
            .ok_or_else(|| refuse("it must end in a line feed"))?;
        let mut lines = lines.split('\n');
        let origin = KeyName::log_origin(lines.next().unwrap_or_default())?;
        let size = lines
            .next()
            .and_then(TreeSize::from_decimal)
            .ok_or_else(|| refuse("its second line must be the size, in decimal"))?;
        let root = lines
            .next()
            .and_then(decode_hash)
            .ok_or_else(|| refuse("its third line must be the root, 32 bytes in base64"))?;
        if lines.any(str::is_empty) {
            return Err(refuse("an extension line is empty"));
        }
        if size.get() == 0 && root != Digest::of(&[]) {
            return Err(refuse(
                "a log of no entries has the hash of nothing as root",
            ));
        }
        Ok(Self { origin, size, root })
    }

    /// What a note says, unverified.
    ///
    /// # Errors
    /// As [`Checkpoint::parse`].
    pub fn of_note(note: &Note<'_>) -> Result<Self, Error> {
        Self::parse(note.unverified_text())
    }

    /// The text to be signed.
    #[must_use]
    pub fn to_text(&self) -> String {
        format!(
            "{}\n{}\n{}\n",
            self.origin.as_str(),
            self.size,
            encode_hash(&self.root)
        )
    }
}

/// A hash as the C2SP formats write it: base64 with padding.
pub(super) fn encode_hash(hash: &Digest) -> String {
    Base64::encode_string(hash.as_bytes())
}

/// Strict: exactly the text that [`encode_hash`] gives.
pub(super) fn decode_hash(text: &str) -> Option<Digest> {
    let bytes = Base64::decode_vec(text).ok()?;
    let hash = Digest::from_bytes(bytes.try_into().ok()?);
    (encode_hash(&hash) == text).then_some(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str =
        "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";

    #[test]
    fn the_example_of_the_standard_is_read_and_written() {
        let checkpoint = Checkpoint::parse(TEXT).unwrap();
        assert_eq!(checkpoint.size.get(), 20_852_163);
        assert_eq!(checkpoint.to_text(), TEXT);
        let extended = alloc::format!("{TEXT}an extension\n");
        assert_eq!(Checkpoint::parse(&extended).unwrap(), checkpoint);
    }

    #[test]
    fn malformed_checkpoints_are_refused() {
        for bad in [
            "",
            "a\n1\n",
            "a b\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
            "a\n01\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
            "a\n+1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
            "a\n18446744073709551616\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
            "a\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2J=\n",
            "a\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxqw==\n",
            "a\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=",
            "a\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\nx\n",
            "a\n0\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        ] {
            assert!(Checkpoint::parse(bad).is_err(), "{bad:?}");
        }
    }
}
