//! C2SP signed notes with Ed25519 (c2sp.org/signed-note), and their keys.
//!
//! A note is text that ends in a line feed, an empty line, and signature lines `— <key name> base64(key id ‖ signature)`.
//! Unknown signatures are ignored, a false signature of a known key refuses the note. A key's type is part of its Rust
//! type, because the two kinds sign different bytes: [`PublicKey`] the text itself, [`WitnessKey`] the text with a time
//! (see [`crate::log`]).

mod key;
mod key_name;
#[cfg(test)]
mod tests;

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use base64ct::{Base64, Encoding as _};

pub use self::key::{
    COSIGNATURE, ED25519, PublicKey, SecretKey, SignerKey, VerifierKey, WitnessKey,
    WitnessSecretKey,
};
pub use self::key_name::KeyName;
use crate::error::Error;

/// The spec asks for at least 16 signature lines; approvals and old keys need few more.
const MAX_SIGNATURES: usize = 64;

/// The rules of a note's text.
fn check_text(text: &str) -> Result<(), Error> {
    let refuse = |why: &str| {
        Err(Error::Syntax {
            what: "signed note",
            why: why.into(),
        })
    };
    if !text.ends_with('\n') {
        return refuse("its text must end in a line feed");
    }
    if text.bytes().any(|byte| byte < 0x20 && byte != b'\n') {
        return refuse("it holds a control character other than the line feed");
    }
    Ok(())
}

/// A note whose form is right and whose signatures are not verified yet.
#[derive(Clone, Debug)]
pub struct Note<'a> {
    text: &'a str,
    signatures: Vec<(&'a str, [u8; 4], Vec<u8>)>,
}

impl<'a> Note<'a> {
    /// # Errors
    /// [`Error::Syntax`] if the form is not that of a signed note.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        let refuse = |why: &str| Error::Syntax {
            what: "signed note",
            why: why.into(),
        };
        let note = core::str::from_utf8(bytes).map_err(|_| refuse("it is not UTF-8"))?;
        let split = note
            .as_bytes()
            .windows(2)
            .rposition(|pair| pair == b"\n\n")
            .ok_or_else(|| refuse("no empty line before the signatures"))?;
        let (text, rest) = note
            .split_at_checked(split.saturating_add(1))
            .ok_or_else(|| refuse("cut short"))?;
        check_text(text)?;
        let lines = rest
            .strip_prefix('\n')
            .and_then(|rest| rest.strip_suffix('\n'));
        let lines =
            lines.ok_or_else(|| refuse("the last signature line must end in a line feed"))?;
        let mut signatures = Vec::new();
        for line in lines.split('\n') {
            if signatures.len() == MAX_SIGNATURES {
                return Err(refuse("more than 64 signatures"));
            }
            let parts = line
                .strip_prefix("— ")
                .and_then(|line| line.split_once(' '));
            let (name, encoded) = parts.ok_or_else(|| refuse("a signature line is malformed"))?;
            KeyName::new(name)?;
            let bytes =
                Base64::decode_vec(encoded).map_err(|_| refuse("a signature is not base64"))?;
            let (id, signature) = bytes
                .split_first_chunk::<4>()
                .ok_or_else(|| refuse("a signature is too short"))?;
            signatures.push((name, *id, signature.to_vec()));
        }
        Ok(Self { text, signatures })
    }

    /// The text whose signature by `key` is verified.
    ///
    /// # Errors
    /// [`Error::Signature`], naming `what`, if the key did not sign, signed twice, or its signature is false.
    pub fn verify(&self, what: &'static str, key: &PublicKey) -> Result<&'a str, Error> {
        self.verify_any(what, core::slice::from_ref(key))
            .map(|(text, _)| text)
    }

    /// The text and the first of `keys` that signed it. The signatures of all of them are verified: a false one refuses
    /// the note even where another key signed well.
    ///
    /// # Errors
    /// As [`Note::verify`].
    pub fn verify_any<'k>(
        &self,
        what: &'static str,
        keys: &'k [PublicKey],
    ) -> Result<(&'a str, &'k PublicKey), Error> {
        let mut signer = None;
        for key in keys {
            if self.is_signed_by(what, key)? && signer.is_none() {
                signer = Some(key);
            }
        }
        match signer {
            Some(key) => Ok((self.text, key)),
            None => Err(Error::Signature {
                what,
                why: "not signed by the expected key",
            }),
        }
    }

    /// Whether `key` signed the text.
    ///
    /// # Errors
    /// [`Error::Signature`], naming `what`, if the key signed twice or its signature is false.
    pub fn is_signed_by(&self, what: &'static str, key: &PublicKey) -> Result<bool, Error> {
        let mut signed = false;
        for signature in self.signatures_of(key) {
            key.verify_bytes(what, self.text.as_bytes(), signature)?;
            if signed {
                return Err(Error::Signature {
                    what,
                    why: "one key signed twice",
                });
            }
            signed = true;
        }
        Ok(signed)
    }

    /// The note with the signatures of those of `keys` that signed it and with no others: what strangers added to it goes.
    ///
    /// # Errors
    /// As [`Note::verify_any`].
    pub fn signed_by_alone(&self, what: &'static str, keys: &[PublicKey]) -> Result<String, Error> {
        self.verify_any(what, keys)?;
        let mut note = format!("{}\n", self.text);
        for key in keys {
            for signature in self.signatures_of(key) {
                note.push_str(&key.line(signature));
            }
        }
        Ok(note)
    }

    /// What stands behind name and id of this key, unverified.
    pub(crate) fn signatures_of<const TYPE: u8>(
        &self,
        key: &VerifierKey<TYPE>,
    ) -> impl Iterator<Item = &[u8]> {
        let id = key.id();
        self.signatures
            .iter()
            .filter(move |(name, other, _)| *name == key.name().as_str() && *other == id)
            .map(|(_, _, signature)| signature.as_slice())
    }

    /// The text, unverified: for showing what a file claims.
    #[must_use]
    pub const fn unverified_text(&self) -> &'a str {
        self.text
    }
}

/// What stands before the first empty line, without its line feed, and what after.
pub(crate) fn at_empty_line(text: &str) -> Option<(&str, &str)> {
    let mut pairs = text.as_bytes().windows(2);
    let (before, after) = text.split_at_checked(pairs.position(|pair| pair == b"\n\n")?)?;
    Some((before, after.get(2..)?))
}
