//! A small exchange in memory, made from fixed seeds: the same bytes on every machine.
//!
//! Every layer is open, so that an exchange can *lie*: its objects stay correctly hashed and signed but for one thing
//! that is not true. [`Lies`] reach into tiles while the tree grows; rows, attestation and statement are plain values
//! that a test changes before the next layer hashes or signs them. A *host* has no keys: it changes bytes of what is
//! finished.

mod exchange;
mod log;
mod statement;
mod tree;
mod verdict;

pub use exchange::{Ledger, SampleBook, SampleExchange, SampleLeaf, Terms, asset, btc, eth, usdt};
pub use log::{SampleLog, witness};
pub use statement::{PlacedRow, StatementParts};
pub use tree::{Child, Lies, TileDraft, Tree, commit, range_prover};
pub use verdict::{
    NOW, assert_refused, assert_stops, assert_undecided, assert_verified, verify, verify_with,
};
