//! A witness: cosigns heads of other people's logs, each only if it extends the last one it cosigned.
//!
//! Auditors and rival exchanges run it with `por witness`. What it signs means: at this time, this was the largest
//! consistent head I had seen (c2sp.org/tlog-witness, c2sp.org/tlog-cosignature). It keeps no entries and sees no balance.

mod server;
mod state;

pub use server::serve;
pub use state::{Fault, State, WitnessFolder};
