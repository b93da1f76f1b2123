//! Bytes that stand in JSON as strict lower-case hex.

use alloc::vec::Vec;
use core::fmt;

use serde::{Serialize, Serializer};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::digest::decode_hex;
use crate::json;

/// Bytes of any length; lower-case hex in JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HexBytes(pub Vec<u8>);

impl AsRef<[u8]> for HexBytes {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Serialize for HexBytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(&self.0))
    }
}

json::text!(HexBytes, |text: &str| {
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Err("expected lower-case hex");
    }
    hex::decode(text)
        .map(Self)
        .map_err(|_| "expected lower-case hex")
});

/// 32 secret bytes of an opening; lower-case hex in JSON, never printed, wiped when dropped.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct HexSecret(pub [u8; 32]);

impl fmt::Debug for HexSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HexSecret(secret)")
    }
}

impl Serialize for HexSecret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(self.0))
    }
}

json::text!(HexSecret, |text| decode_hex(text)
    .map(Self)
    .ok_or("expected 64 lower-case hex characters"));

json::deserialize!(HexBytes, HexSecret);
