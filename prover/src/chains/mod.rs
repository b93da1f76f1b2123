//! Nodes of chains: what an exchange collects from its own, and what an auditor asks the auditor's own.
//!
//! A node is not believed where a proof can be had: headers are hashed and state proofs verified here. Whatever a node
//! says or leaves out, the result is an answer, a contradiction (exit 1) or "could not find out" (exit 6); never a pass.

pub mod bitcoin;
pub mod collect;
pub mod config;
mod error;
pub mod evm;
pub mod json_rpc;
pub mod reading;
pub mod recheck;
mod recheck_readings;
pub mod solana;
mod stake;
pub mod tron;
mod wallets;
pub mod window;
pub mod xrpl;

pub use error::{ChainError, Fault};
