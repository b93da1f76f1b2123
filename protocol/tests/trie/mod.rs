//! Merkle-Patricia tries, headers and their RLP, as `alloy-trie` builds them: what state proofs of the tests are taken from.

#![allow(dead_code, reason = "each test file uses a part")]

use alloy_trie::proof::ProofRetainer;
use alloy_trie::{HashBuilder, Nibbles};
use por_protocol::hex_bytes::HexBytes;
use por_protocol::state_proof::keccak256;

/// Of the block of [`header`].
pub const HEIGHT: u64 = 25_600_000;
/// Keccak-256 of nothing: the code of an account that a key controls.
pub const NO_CODE: [u8; 32] = [
    0xc5, 0xd2, 0x46, 0x01, 0x86, 0xf7, 0x23, 0x3c, 0x92, 0x7e, 0x7d, 0xb2, 0xdc, 0xc7, 0x03, 0xc0,
    0xe5, 0x00, 0xb6, 0x53, 0xca, 0x82, 0x27, 0x3b, 0x7b, 0xfa, 0xd8, 0x04, 0x5d, 0x85, 0xa4, 0x70,
];

/// RLP of bytes.
pub fn rlp(bytes: &[u8]) -> Vec<u8> {
    match bytes {
        [byte] if *byte < 0x80 => vec![*byte],
        _ => [prefix(0x80, bytes.len()), bytes.to_vec()].concat(),
    }
}

/// RLP of a list whose items are encoded already.
pub fn rlp_list(items: &[Vec<u8>]) -> Vec<u8> {
    let payload = items.concat();
    [prefix(0xc0, payload.len()), payload].concat()
}

fn prefix(base: u8, length: usize) -> Vec<u8> {
    let digits: Vec<u8> = length
        .to_be_bytes()
        .into_iter()
        .skip_while(|d| *d == 0)
        .collect();
    if length < 56 {
        vec![base + length as u8]
    } else {
        [vec![base + 55 + digits.len() as u8], digits].concat()
    }
}

/// RLP of an integer.
pub fn integer(value: u128) -> Vec<u8> {
    let bytes = value.to_be_bytes();
    rlp(&bytes[bytes.iter().take_while(|byte| **byte == 0).count()..])
}

/// A trie's root and the proofs of these keys (hashed already).
pub fn prove(entries: &[([u8; 32], Vec<u8>)], keys: &[[u8; 32]]) -> ([u8; 32], Vec<Vec<HexBytes>>) {
    let targets = keys.iter().map(Nibbles::unpack);
    let mut builder = HashBuilder::default().with_proof_retainer(ProofRetainer::from_iter(targets));
    let mut sorted = entries.to_vec();
    sorted.sort();
    for (key, value) in &sorted {
        builder.add_leaf(Nibbles::unpack(key), value);
    }
    let root = builder.root();
    let nodes = builder.take_proof_nodes();
    let proof = |key: &[u8; 32]| {
        let nodes = nodes.matching_nodes_sorted(&Nibbles::unpack(key));
        nodes
            .into_iter()
            .map(|(_, node)| HexBytes(node.to_vec()))
            .collect()
    };
    (root.0, keys.iter().map(proof).collect())
}

/// RLP of a header with this state root.
pub fn header(state_root: &[u8; 32], time: u64) -> Vec<u8> {
    let hash = || rlp(&[9; 32]);
    rlp_list(&[
        hash(),
        hash(),
        rlp(&[2; 20]),
        rlp(state_root),
        hash(),
        hash(),
        rlp(&[0; 256]),
        integer(0),
        integer(HEIGHT.into()),
        integer(30_000_000),
        integer(0),
        integer(time.into()),
        rlp(b""),
        hash(),
        rlp(&[0; 8]),
        integer(7),
    ])
}

/// RLP of an account.
pub fn account(balance: u128, storage_root: [u8; 32], code_hash: [u8; 32]) -> Vec<u8> {
    rlp_list(&[
        integer(7),
        integer(balance),
        rlp(&storage_root),
        rlp(&code_hash),
    ])
}

/// Of a trie without entries.
pub fn empty_root() -> [u8; 32] {
    keccak256(&[0x80])
}
