//! The pure core of `por`: formats, tree, range proofs and numbered verification.
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;
// Named only so that its `no_cc` feature is switched on for every target.
use clear_on_drop as _;

pub mod ownership;
pub mod report;
pub mod verify;
