//! C2SP signed notes with Ed25519 (c2sp.org/signed-note), and their keys.
//!
//! A note is text that ends in a line feed, an empty line, and signature lines `— <key name> base64(key id ‖ signature)`.
//! Unknown signatures are ignored, a false signature of a known key refuses the note. A key's type is part of its Rust
//! type, because the two kinds sign different bytes: [`PublicKey`] the text itself, [`WitnessKey`] the text with a time
//! (see [`crate::log`]).

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use base64ct::{Base64, Encoding as _};
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use sha2::{Digest as _, Sha256};
use zeroize::{Zeroize, Zeroizing};

use crate::error::Error;

/// Signature type of Ed25519 over the text (c2sp.org/signed-note).
pub const ED25519: u8 = 0x01;
/// Signature type of timestamped Ed25519 cosignatures (c2sp.org/tlog-cosignature).
pub const COSIGNATURE: u8 = 0x04;

/// A key that signs notes: a log's, a statement's, an approver's.
pub type PublicKey = VerifierKey<ED25519>;
/// The secret half of a [`PublicKey`].
pub type SecretKey = SignerKey<ED25519>;
/// A key that cosigns checkpoints.
pub type WitnessKey = VerifierKey<COSIGNATURE>;
/// The secret half of a [`WitnessKey`].
pub type WitnessSecretKey = SignerKey<COSIGNATURE>;
/// The spec asks for at least 16 signature lines; approvals and old keys need few more.
const MAX_SIGNATURES: usize = 64;
/// Key names are origins, such as `example.com/por`; longer ones are refused.
const MAX_NAME_BYTES: usize = 128;

/// A key name: not empty, no spaces, no plus, no control characters; 1 to 128 bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyName(String);

impl KeyName {
    /// # Errors
    /// [`Error::Field`] if the name breaks a rule.
    pub fn new(name: &str) -> Result<Self, Error> {
        let refuse = |why: &str| {
            Err(Error::Field {
                what: "key name",
                why: why.into(),
            })
        };
        if name.is_empty() || name.len() > MAX_NAME_BYTES {
            return refuse("must have 1 to 128 bytes");
        }
        if name
            .chars()
            .any(|c| c.is_whitespace() || c.is_control() || c == '+')
        {
            return refuse("must hold no space, control character or plus sign");
        }
        Ok(Self(name.to_string()))
    }

    /// A log origin: a key name of printable ASCII, so that it looks the same everywhere it is compared by eye.
    ///
    /// # Errors
    /// [`Error::Field`].
    pub fn log_origin(origin: &str) -> Result<Self, Error> {
        if !origin.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Error::Field {
                what: "log origin",
                why: "it must be printable ASCII without spaces".into(),
            });
        }
        Self::new(origin)
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A public key with its name: C2SP *vkey*, `<name>+<key id hex>+base64(type ‖ 32 bytes)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifierKey<const TYPE: u8> {
    name: KeyName,
    key: VerifyingKey,
}

impl<const TYPE: u8> VerifierKey<TYPE> {
    /// # Errors
    /// [`Error::Encoding`] if the bytes are no point, [`Error::WeakKey`] if its order is small.
    pub fn new(name: KeyName, bytes: &[u8; 32]) -> Result<Self, Error> {
        let key = VerifyingKey::from_bytes(bytes).map_err(|_| Error::Encoding {
            what: "Ed25519 public key",
        })?;
        if key.is_weak() {
            return Err(Error::WeakKey {
                what: "Ed25519 public key",
                why: "its order is small",
            });
        }
        Ok(Self { name, key })
    }

    /// Parses a vkey.
    ///
    /// # Errors
    /// [`Error::Field`] if malformed or of another signature type, or if the key id is not the one of name and key.
    pub fn from_vkey(vkey: &str) -> Result<Self, Error> {
        let refuse = |why: &str| Error::Field {
            what: "public key (vkey)",
            why: why.into(),
        };
        let (name, id, bytes) = split_vkey(vkey).map_err(refuse)?;
        let key = match bytes.split_first() {
            Some((kind, key)) if *kind == TYPE => key.try_into(),
            _ => return Err(refuse(wrong_type::<TYPE>())),
        };
        let key = key.map_err(|_| refuse("an Ed25519 key has 32 bytes"))?;
        let key = Self::new(KeyName::new(name)?, key)?;
        if id != hex::encode(key.id()) {
            return Err(refuse("the key id does not belong to this name and key"));
        }
        Ok(key)
    }

    /// The key's name.
    #[must_use]
    pub const fn name(&self) -> &KeyName {
        &self.name
    }

    /// The 32 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.key.as_bytes()
    }

    /// The four bytes in front of its signatures: SHA-256(name ‖ LF ‖ type ‖ key), first four.
    #[must_use]
    pub fn id(&self) -> [u8; 4] {
        let hash: [u8; 32] = Sha256::new()
            .chain_update(self.name.as_str())
            .chain_update([b'\n', TYPE])
            .chain_update(self.key.as_bytes())
            .finalize()
            .into();
        let [a, b, c, d, ..] = hash;
        [a, b, c, d]
    }
}

/// What stands before the first empty line, without its line feed, and what after.
pub(crate) fn at_empty_line(text: &str) -> Option<(&str, &str)> {
    let mut pairs = text.as_bytes().windows(2);
    let (before, after) = text.split_at_checked(pairs.position(|pair| pair == b"\n\n")?)?;
    Some((before, after.get(2..)?))
}

/// Name, key id and bytes of a vkey, or what is wrong with its form.
fn split_vkey(vkey: &str) -> Result<(&str, &str, Vec<u8>), &'static str> {
    let mut parts = vkey.splitn(3, '+');
    let (Some(name), Some(id), Some(encoded)) = (parts.next(), parts.next(), parts.next()) else {
        return Err("expected <name>+<key id>+<base64>");
    };
    let bytes = Base64::decode_vec(encoded).map_err(|_| "its last part is not base64")?;
    Ok((name, id, bytes))
}

/// What to say to a key of another type.
const fn wrong_type<const TYPE: u8>() -> &'static str {
    match TYPE {
        COSIGNATURE => "a witness has an Ed25519 cosignature key (type 0x04)",
        _ => "only Ed25519 keys (type 0x01) are supported here",
    }
}

impl<const TYPE: u8> fmt::Display for VerifierKey<TYPE> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = Vec::from([TYPE]);
        bytes.extend_from_slice(self.key.as_bytes());
        write!(
            f,
            "{}+{}+{}",
            self.name.as_str(),
            hex::encode(self.id()),
            Base64::encode_string(&bytes)
        )
    }
}

/// A signing key with its name; wiped when dropped, never printed.
pub struct SignerKey<const TYPE: u8> {
    name: KeyName,
    key: SigningKey,
}

impl<const TYPE: u8> SignerKey<TYPE> {
    /// From 32 bytes of the operating system's randomness.
    ///
    /// # Errors
    /// [`Error::WeakKey`] if all bytes are equal.
    pub fn new(name: KeyName, seed: &[u8; 32]) -> Result<Self, Error> {
        if seed.iter().all(|byte| Some(byte) == seed.first()) {
            return Err(Error::WeakKey {
                what: "signing key",
                why: "all its bytes are equal",
            });
        }
        Ok(Self {
            name,
            key: SigningKey::from_bytes(seed),
        })
    }

    /// Its public key.
    #[must_use]
    pub fn public(&self) -> VerifierKey<TYPE> {
        VerifierKey {
            name: self.name.clone(),
            key: self.key.verifying_key(),
        }
    }

    /// The text of the key file: `PRIVATE+KEY+<name>+<key id>+base64(type ‖ seed)` (the form of Go's `note` package).
    #[must_use]
    pub fn to_text(&self) -> Zeroizing<String> {
        let mut bytes = Zeroizing::new(Vec::from([TYPE]));
        let mut seed = self.key.to_bytes();
        bytes.extend_from_slice(&seed);
        seed.zeroize();
        let encoded = Zeroizing::new(Base64::encode_string(&bytes));
        let id = hex::encode(self.public().id());
        Zeroizing::new(format!(
            "PRIVATE+KEY+{}+{id}+{}",
            self.name.as_str(),
            encoded.as_str()
        ))
    }

    /// Parses the text of a key file, without a line feed.
    ///
    /// # Errors
    /// [`Error::WeakKey`]; never with any part of the text.
    pub fn from_text(text: &str) -> Result<Self, Error> {
        let refuse = |why| Error::WeakKey {
            what: "signing key",
            why,
        };
        let rest = text
            .strip_prefix("PRIVATE+KEY+")
            .ok_or_else(|| refuse("it must begin with PRIVATE+KEY+"))?;
        let mut parts = rest.splitn(3, '+');
        let (Some(name), Some(id), Some(encoded)) = (parts.next(), parts.next(), parts.next())
        else {
            return Err(refuse("expected PRIVATE+KEY+<name>+<key id>+<base64>"));
        };
        let bytes = Zeroizing::new(
            Base64::decode_vec(encoded).map_err(|_| refuse("its last part is not base64"))?,
        );
        let seed = bytes
            .split_first()
            .filter(|(kind, _)| **kind == TYPE)
            .map(|(_, seed)| seed)
            .ok_or_else(|| refuse(wrong_type::<TYPE>()))?;
        let seed: [u8; 32] = seed
            .try_into()
            .map_err(|_| refuse("an Ed25519 key has 32 bytes"))?;
        let seed = Zeroizing::new(seed);
        let key = Self::new(KeyName::new(name)?, &seed)?;
        if id != hex::encode(key.public().id()) {
            return Err(refuse("the key id does not belong to this name and key"));
        }
        Ok(key)
    }

    /// Ed25519 over exactly these bytes.
    pub(crate) fn sign_bytes(&self, message: &[u8]) -> [u8; 64] {
        self.key.sign(message).to_bytes()
    }
}

impl SignerKey<ED25519> {
    /// Signs `text`, giving the signature line with its line feed.
    ///
    /// # Errors
    /// [`Error::Syntax`] if the text cannot be a note's.
    pub fn signature_line(&self, text: &str) -> Result<String, Error> {
        check_text(text)?;
        Ok(self.public().line(&self.sign_bytes(text.as_bytes())))
    }

    /// Signs `text` as a note of one signature.
    ///
    /// # Errors
    /// [`Error::Syntax`] if the text cannot be a note's.
    pub fn sign(&self, text: &str) -> Result<String, Error> {
        Ok(format!("{text}\n{}", self.signature_line(text)?))
    }
}

impl<const TYPE: u8> fmt::Debug for SignerKey<TYPE> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey({}, secret)", self.name.as_str())
    }
}

impl VerifierKey<ED25519> {
    /// The signature line of a signature that was made elsewhere, such as in a hardware module.
    ///
    /// # Errors
    /// [`Error::Signature`] naming `what`, if it is not this key's signature over `text`; [`Error::Syntax`] if the text
    /// cannot be a note's.
    pub fn detached_line(
        &self,
        what: &'static str,
        text: &str,
        signature: &[u8; 64],
    ) -> Result<String, Error> {
        check_text(text)?;
        self.verify_bytes(what, text.as_bytes(), signature)?;
        Ok(self.line(signature))
    }
}

impl<const TYPE: u8> VerifierKey<TYPE> {
    /// `— <name> base64(key id ‖ signature)` and its line feed.
    pub(crate) fn line(&self, signature: &[u8]) -> String {
        let mut bytes = Vec::from(self.id());
        bytes.extend_from_slice(signature);
        format!(
            "— {} {}\n",
            self.name.as_str(),
            Base64::encode_string(&bytes)
        )
    }

    /// Strict Ed25519 over exactly these bytes.
    pub(crate) fn verify_bytes(
        &self,
        what: &'static str,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), Error> {
        let refuse = |why| Error::Signature { what, why };
        let signature = Signature::from_slice(signature)
            .map_err(|_| refuse("an Ed25519 signature has 64 bytes"))?;
        self.key
            .verify_strict(message, &signature)
            .map_err(|_| refuse("the signature is false"))
    }
}

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
            .filter(move |(name, other, _)| *name == key.name.as_str() && *other == id)
            .map(|(_, _, signature)| signature.as_slice())
    }

    /// The text, unverified: for showing what a file claims.
    #[must_use]
    pub const fn unverified_text(&self) -> &'a str {
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str, seed: u8) -> SecretKey {
        let mut bytes = [seed; 32];
        bytes[0] = 1;
        SecretKey::new(KeyName::new(name).unwrap(), &bytes).unwrap()
    }

    #[test]
    fn a_vkey_of_the_go_implementation_is_read_and_written() {
        // The example key of golang.org/x/mod/sumdb/note.
        let vkey = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
        assert_eq!(PublicKey::from_vkey(vkey).unwrap().to_string(), vkey);
        let note = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
        let key = PublicKey::from_vkey(vkey).unwrap();
        assert!(
            Note::parse(note.as_bytes())
                .unwrap()
                .verify("note", &key)
                .is_ok()
        );
    }

    #[test]
    fn keys_round_trip() {
        let secret = key("example.com/por", 7);
        assert_eq!(
            SecretKey::from_text(&secret.to_text()).unwrap().public(),
            secret.public()
        );
        assert_eq!(
            PublicKey::from_vkey(&secret.public().to_string()).unwrap(),
            secret.public()
        );
        assert_eq!(format!("{secret:?}"), "SecretKey(example.com/por, secret)");
    }

    #[test]
    fn m_01_any_byte_changed_is_refused() {
        let secret = key("example.com/por", 7);
        let note = secret.sign("hello\n\nworld\n").unwrap();
        let verify = |bytes: &[u8]| {
            Note::parse(bytes)
                .and_then(|note| note.verify("note", &secret.public()).map(str::to_string))
        };
        assert_eq!(verify(note.as_bytes()).unwrap(), "hello\n\nworld\n");
        for at in 0..note.len() {
            for bit in 0..8 {
                let mut broken = note.clone().into_bytes();
                broken[at] ^= 1 << bit;
                assert!(verify(&broken).is_err(), "byte {at} bit {bit}");
            }
        }
    }

    #[test]
    fn l_07_unknown_signatures_are_ignored_and_false_ones_of_a_known_key_refuse_the_note() {
        let (ours, other) = (key("example.com/por", 7), key("other.example/x", 9));
        let text = "hello\n";
        let line = |key: &SecretKey| key.signature_line(text).unwrap();
        let check = |note: String| {
            Note::parse(note.as_bytes())?
                .verify("note", &ours.public())
                .map(drop)
        };
        assert_eq!(
            check(format!("{text}\n{}{}", line(&other), line(&ours))),
            Ok(())
        );
        let same_name = key("example.com/por", 11);
        assert!(check(format!("{text}\n{}", line(&same_name))).is_err());
        let forged = ours.signature_line("other\n").unwrap();
        assert!(check(format!("{text}\n{}{forged}", line(&ours))).is_err());
        assert!(check(format!("{text}\n{}{}", line(&ours), line(&ours))).is_err());
        assert!(check(format!("{text}\n")).is_err());
    }
}
