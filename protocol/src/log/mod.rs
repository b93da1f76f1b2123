//! The log: one append-only list of everything an exchange has attested, the same for everybody (SPEC §7.6).
//!
//! An RFC 6962 Merkle tree (SHA-256) over *entries*: the exact bytes of attestations and of key rotations. Its head is a
//! [`Checkpoint`], a note signed by the log and cosigned by witnesses, who sign only heads that extend the last one they
//! saw. Two heads that do not extend each other are [`Evidence`] against whoever signed both.
//!
//! Published as C2SP tlog-tiles ([`tiles`]), proven to a customer by a C2SP tlog-proof ([`LogProof`]), judged by a C2SP
//! tlog-policy ([`crate::policy::Policy`]).
//!
//! Not proven: that a customer without witnesses sees the same head as everybody else, and that what is logged is true.

mod add_checkpoint;
mod checkpoint;
mod consistency;
mod cosignature;
mod entry;
mod evidence;
mod history;
mod proof;
mod reading;
mod state;
pub mod tiles;

pub use add_checkpoint::{AddCheckpoint, Refusal};
pub use checkpoint::{Checkpoint, TreeSize};
pub use consistency::{prove_consistency, verify_consistency};
pub use cosignature::Cosignature;
pub use entry::{KEY_ROTATION_FORMAT, KeyRotation, LogEntry, MAX_ENTRY_BYTES};
pub use evidence::{Conflict, EVIDENCE_FORMAT, Evidence, compare_heads};
pub use history::{History, Logged};
pub use proof::LogProof;
pub use reading::LogReading;
pub use state::LogState;
