//! The hashes that chains compose: Keccak-256 for EVM, doubled, nested and tagged SHA-256 for Bitcoin, half of SHA-512
//! for the XRP Ledger, BLAKE2b for Cardano, Sui and Polkadot, SHA3-256 for Aptos.
//!
//! Source: Keccak submission (the padding before FIPS 202); BIP-340, section "Design", for tagged hashes; RFC 7693; FIPS 202.

use blake2::digest::consts::{U28, U32};
use blake2::{Blake2b, Blake2b512};
use ripemd::Ripemd160;
use sha2::{Digest, Sha256, Sha512};
use sha3::{Keccak256, Sha3_256};

/// Keccak-256 over the concatenated parts.
pub(super) fn keccak256(parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = Keccak256::new();
    parts.iter().for_each(|part| hasher.update(part));
    hasher.finalize().into()
}

/// SHA-256.
pub(super) fn sha256(data: &[u8]) -> [u8; 32] {
    Sha256::digest(data).into()
}

/// SHA-256 of SHA-256.
pub(super) fn double_sha256(data: &[u8]) -> [u8; 32] {
    sha256(&sha256(data))
}

/// RIPEMD-160 of SHA-256, the program of a P2WPKH output.
pub(super) fn hash160(data: &[u8]) -> [u8; 20] {
    Ripemd160::digest(Sha256::digest(data)).into()
}

/// BIP-340 tagged hash: `SHA-256(SHA-256(tag) ‖ SHA-256(tag) ‖ parts)`.
pub(super) fn tagged_hash(tag: &str, parts: &[&[u8]]) -> [u8; 32] {
    let tag = Sha256::digest(tag.as_bytes());
    let mut hasher = Sha256::new_with_prefix(tag);
    hasher.update(tag);
    parts.iter().for_each(|part| hasher.update(part));
    hasher.finalize().into()
}

/// The first half of SHA-512.
pub(super) fn sha512_half(data: &[u8]) -> [u8; 32] {
    let mut half = [0; 32];
    for (byte, digest) in half.iter_mut().zip(Sha512::digest(data)) {
        *byte = digest;
    }
    half
}

/// BLAKE2b with 28 bytes of output, which Cardano hashes keys with.
pub(super) fn blake2b_224(data: &[u8]) -> [u8; 28] {
    Blake2b::<U28>::digest(data).into()
}

/// BLAKE2b with 32 bytes of output over the concatenated parts.
pub(super) fn blake2b_256(parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = Blake2b::<U32>::new();
    parts.iter().for_each(|part| hasher.update(part));
    hasher.finalize().into()
}

/// BLAKE2b over the concatenated parts.
pub(super) fn blake2b_512(parts: &[&[u8]]) -> [u8; 64] {
    let mut hasher = Blake2b512::new();
    parts.iter().for_each(|part| hasher.update(part));
    hasher.finalize().into()
}

/// SHA3-256 over the concatenated parts.
pub(super) fn sha3_256(parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = Sha3_256::new();
    parts.iter().for_each(|part| hasher.update(part));
    hasher.finalize().into()
}
