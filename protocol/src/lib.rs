//! The pure core of `por`: formats, tree, range proofs and numbered verification.
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]
// Untrusted bytes never panic.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects
    )
)]

extern crate alloc;
pub mod account;
pub mod amount;
pub mod asset;
pub mod attestation;
pub mod balances;
pub mod book_row;
pub mod breakdown;
pub mod context;
mod coverage;
pub mod digest;
pub mod disclosure;
pub mod error;
pub mod hex_bytes;
pub mod holding;
mod json;
pub mod kind;
pub mod liabilities;
pub mod log;
pub mod merkle;
pub mod native_coin;
pub mod note;
pub mod ownership;
mod pedersen;
pub mod period;
pub mod plan;
pub mod policy;
pub mod range_proof;
pub mod report;
pub mod reserve_row;
pub mod run_key;
pub mod shown;
pub mod state_proof;
pub mod statement;
pub mod suite;
mod unicode;
pub mod verify;
