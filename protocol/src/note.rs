//! C2SP signed notes with Ed25519 (c2sp.org/signed-note), and their keys.
//!
//! A note is text that ends in a line feed, an empty line, and signature lines `— <key name> base64(key id ‖ signature)`.
//! Unknown signatures are ignored, a false signature of a known key refuses the note.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use base64ct::{Base64, Encoding as _};
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use sha2::{Digest as _, Sha256};
use zeroize::{Zeroize, Zeroizing};

use crate::error::Error;

/// Signature type Ed25519 of c2sp.org/signed-note.
const ED25519: u8 = 0x01;
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

/// A public key with its name: C2SP *vkey*, `<name>+<key id hex>+base64(0x01 ‖ 32 bytes)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    name: KeyName,
    key: VerifyingKey,
}

impl PublicKey {
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
    /// [`Error::Field`] if malformed or of another type than Ed25519, or if the key id is not the one of name and key.
    pub fn from_vkey(vkey: &str) -> Result<Self, Error> {
        let refuse = |why: &str| Error::Field {
            what: "public key (vkey)",
            why: why.into(),
        };
        let mut parts = vkey.splitn(3, '+');
        let (Some(name), Some(id), Some(encoded)) = (parts.next(), parts.next(), parts.next())
        else {
            return Err(refuse("expected <name>+<key id>+<base64>"));
        };
        let bytes =
            Base64::decode_vec(encoded).map_err(|_| refuse("its last part is not base64"))?;
        let (ED25519, key) = bytes
            .split_first()
            .map(|(kind, key)| (*kind, key))
            .unwrap_or_default()
        else {
            return Err(refuse("only Ed25519 keys (type 0x01) are supported"));
        };
        let key = key
            .try_into()
            .map_err(|_| refuse("an Ed25519 key has 32 bytes"))?;
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

    /// The four bytes in front of its signatures: SHA-256(name ‖ LF ‖ 0x01 ‖ key), first four.
    #[must_use]
    pub fn id(&self) -> [u8; 4] {
        let hash: [u8; 32] = Sha256::new()
            .chain_update(self.name.as_str())
            .chain_update([b'\n', ED25519])
            .chain_update(self.key.as_bytes())
            .finalize()
            .into();
        let [a, b, c, d, ..] = hash;
        [a, b, c, d]
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = Vec::from([ED25519]);
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
pub struct SecretKey {
    name: KeyName,
    key: SigningKey,
}

impl SecretKey {
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
    pub fn public(&self) -> PublicKey {
        PublicKey {
            name: self.name.clone(),
            key: self.key.verifying_key(),
        }
    }

    /// The text of the key file: `PRIVATE+KEY+<name>+<key id>+base64(0x01 ‖ seed)` (the form of Go's `note` package).
    #[must_use]
    pub fn to_text(&self) -> Zeroizing<String> {
        let mut bytes = Zeroizing::new(Vec::from([ED25519]));
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
        let (ED25519, seed) = bytes
            .split_first()
            .map(|(kind, seed)| (*kind, seed))
            .unwrap_or_default()
        else {
            return Err(refuse("only Ed25519 keys (type 0x01) are supported"));
        };
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

    /// Signs `text`, giving the signature line with its line feed.
    ///
    /// # Errors
    /// [`Error::Syntax`] if the text cannot be a note's.
    pub fn signature_line(&self, text: &str) -> Result<String, Error> {
        check_text(text)?;
        let mut bytes = Vec::from(self.public().id());
        bytes.extend_from_slice(&self.key.sign(text.as_bytes()).to_bytes());
        Ok(format!(
            "— {} {}\n",
            self.name.as_str(),
            Base64::encode_string(&bytes)
        ))
    }

    /// Signs `text` as a note of one signature.
    ///
    /// # Errors
    /// [`Error::Syntax`] if the text cannot be a note's.
    pub fn sign(&self, text: &str) -> Result<String, Error> {
        Ok(format!("{text}\n{}", self.signature_line(text)?))
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey({}, secret)", self.name.as_str())
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
            .rfind("\n\n")
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
        let mut verified = false;
        for (name, id, signature) in &self.signatures {
            if *name != key.name.as_str() || *id != key.id() {
                continue;
            }
            let signature = Signature::from_slice(signature).map_err(|_| Error::Signature {
                what,
                why: "an Ed25519 signature has 64 bytes",
            })?;
            key.key
                .verify_strict(self.text.as_bytes(), &signature)
                .map_err(|_| Error::Signature {
                    what,
                    why: "the signature is false",
                })?;
            if verified {
                return Err(Error::Signature {
                    what,
                    why: "one key signed twice",
                });
            }
            verified = true;
        }
        if verified {
            Ok(self.text)
        } else {
            Err(Error::Signature {
                what,
                why: "not signed by the expected key",
            })
        }
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
