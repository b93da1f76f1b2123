//! EIP-712 typed data, as the two encoded structs that its digest is made of.
//!
//! `digest = Keccak-256(0x19 ‖ 0x01 ‖ Keccak-256(domain) ‖ Keccak-256(message))`, where both structs are
//! `typeHash ‖ encodeData`: 32-byte words, the first of them the hash of the struct's type.
//!
//! The structs come whole, not as hashes, and whoever builds a [`TypedData`] encodes them from what it knows: the
//! challenge's one type here, arbitrary types in the native program. A digest is never taken from outside.
//!
//! Source: EIP-712.

use super::error::OwnershipError;
use super::hash::keccak256;
use alloc::vec::Vec;

/// Bytes of an encoded word.
const WORD_BYTES: usize = 32;

/// Typed data ready to be hashed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypedData {
    domain: Vec<u8>,
    message: Vec<u8>,
}

impl TypedData {
    /// From the encoded domain and the encoded message, each with its type hash first.
    ///
    /// # Errors
    ///
    /// `TypedDataMalformed` unless both are whole words, at least the type hash.
    pub fn from_encoded(domain: Vec<u8>, message: Vec<u8>) -> Result<Self, OwnershipError> {
        let whole = |bytes: &[u8]| !bytes.is_empty() && bytes.len().is_multiple_of(WORD_BYTES);
        if whole(&domain) && whole(&message) {
            Ok(Self { domain, message })
        } else {
            Err(OwnershipError::TypedDataMalformed)
        }
    }

    /// The digest that is signed.
    pub fn digest(&self) -> [u8; 32] {
        keccak256(&[
            &[0x19, 0x01],
            &keccak256(&[&self.domain]),
            &keccak256(&[&self.message]),
        ])
    }
}
