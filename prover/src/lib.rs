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
mod durable;
pub mod error;
pub mod home;
mod http;
mod http_server;
pub mod ledger;
pub mod log;
pub mod ownership;
mod progress;
pub mod publication;
mod report_text;
mod reserves;
pub mod secret_file;
pub mod serve;
pub mod statements;
mod tell;
pub mod witness;
