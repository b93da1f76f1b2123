//! The pure core of `por`: formats, tree, range proofs and numbered verification.
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;
// Named only so that its `no_cc` feature is switched on for every target.
use clear_on_drop as _;

pub mod amount;
pub mod context;
pub mod digest;
pub mod error;
pub mod liabilities;
pub mod range_proof;
pub mod report;
pub mod verify;
