//! Everything of `por` that touches the world: ledgers, keys, folders, the command line.

// They panic where nobody listens; see `tell!`.
#![deny(clippy::print_stderr, clippy::print_stdout)]

pub mod attest;
pub mod build;
pub mod chains;
pub mod commands;
mod coverage;
pub mod demo;
mod disclosure;
pub mod error;
pub mod files;
pub mod home;
mod http;
pub mod ledger;
pub mod log;
pub mod ownership;
pub mod publication;
mod reserves;
pub mod serve;
pub mod statements;
mod terminal;
pub mod witness;
