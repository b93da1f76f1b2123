//! Keys of notes: Ed25519 with a name, in the texts of C2SP.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use base64ct::{Base64, Encoding as _};
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use sha2::{Digest as _, Sha256};
use zeroize::{Zeroize, Zeroizing};

use super::check_text;
use super::key_name::KeyName;
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
