//! What an EVM chain's own block says of a balance: header, account proof, storage proof.
//!
//! Claim: if the block with this hash is a block of the chain, then this address held this much at its end.
//! Formula: `block hash = Keccak-256(header RLP)`; the header holds the state root `S`; the account at
//! `trie(S)[Keccak-256(address)]` holds the native balance and a storage root `R`; a token's balance is a part of
//! `trie(R)[Keccak-256(slot)]` in the token contract's account. An absent key is proven absent, and means zero.
//! Cost: one Keccak-256 over each node, some ten nodes of 532 bytes for each proof on the main network.
//!
//! **Not proven: that the block exists.** A header after the merge carries no work, so that whoever invents a state
//! can invent a header for it, and every proof below will verify. The block's hash has to be confirmed by the
//! checker's own node or light client (`balances::Confirmed`).
//!
//! The trie is walked here and not by `alloy-trie` 0.9, which is the oracle of the tests: its verifier panics on a
//! proof whose nodes spell a path of more than 64 nibbles, and takes the value to be proven instead of giving it.
//!
//! Source: Ethereum yellow paper, appendices B (RLP), C and D (trie); EIP-1186 (`eth_getProof`).

mod account;
mod header;
mod rlp;
mod token;
mod trie;

pub(crate) use account::exact;
pub use account::{Account, EvmAddress};
pub use header::{EvmHeader, MAX_HEADER_BYTES};
pub(crate) use token::pad;
pub use token::{CheckedAsset, StorageLayout, StoredBalance, Token, TokenRegistry};
pub use trie::{MAX_PROOF_NODES, lookup};

use sha3::{Digest as _, Keccak256};

/// Keccak-256, as EVM chains hash.
#[must_use]
pub fn keccak256(bytes: &[u8]) -> [u8; 32] {
    Keccak256::digest(bytes).into()
}
