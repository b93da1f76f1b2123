//! SHA-256 digests and the canonical encoder that feeds them.
//!
//! Every preimage starts with an ASCII tag of its own, fields of variable length carry a `u32` little-endian length,
//! integers are little-endian; so no two different inputs share a preimage (SPEC §2).

use alloc::vec::Vec;
use core::fmt;

use serde::{Serialize, Serializer};
use sha2::{Digest as _, Sha256};

use crate::json;

/// A SHA-256 digest, 32 bytes; lower-case hex as text.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// SHA-256 of `bytes` as they are.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// Wraps the 32 bytes of a digest.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Strict lower-case hex, 64 characters.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        decode_hex(text).map(Self)
    }
}

/// Strict lower-case hex of exactly `N` bytes.
pub(crate) fn decode_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.bytes().any(|b| b.is_ascii_uppercase()) {
        return None;
    }
    let mut bytes = [0; N];
    hex::decode_to_slice(text, &mut bytes).ok()?;
    Some(bytes)
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

json::text!(Digest, |text| Self::from_hex(text)
    .ok_or("expected 64 lower-case hex characters"));

json::deserialize!(Digest);

/// Builds a canonical preimage: tag, then fields.
#[derive(Clone)]
pub(crate) struct Encoder(Vec<u8>);

impl Encoder {
    pub(crate) fn new(tag: &str) -> Self {
        Self(tag.as_bytes().to_vec())
    }

    /// Bytes of a length fixed by the format.
    pub(crate) fn fixed(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    /// Bytes of variable length behind a `u32` length. Longer than `u32::MAX` cannot be: callers pass bounded fields.
    pub(crate) fn variable(mut self, bytes: &[u8]) -> Self {
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        self.0.extend_from_slice(&length.to_le_bytes());
        self.0.extend_from_slice(bytes);
        self
    }

    pub(crate) fn u8(self, value: u8) -> Self {
        self.fixed(&[value])
    }

    pub(crate) fn u64(self, value: u64) -> Self {
        self.fixed(&value.to_le_bytes())
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    pub(crate) fn digest(&self) -> Digest {
        Digest::of(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t_19_fields_do_not_run_into_each_other() {
        let ab_c = Encoder::new("t").variable(b"ab").variable(b"c").digest();
        let a_bc = Encoder::new("t").variable(b"a").variable(b"bc").digest();
        assert_ne!(ab_c, a_bc);
    }

    #[test]
    fn hex_is_strict() {
        let text = "00".repeat(31) + "ab";
        assert!(Digest::from_hex(&text).is_some());
        assert!(Digest::from_hex(&text.to_uppercase()).is_none());
        assert!(Digest::from_hex(&text[1..]).is_none());
        assert!(Digest::from_hex(&(text + "00")).is_none());
    }
}
