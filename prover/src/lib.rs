//! Everything of `por` that touches the world: ledgers, keys, folders, the command line.

pub mod ledger;
