//! The exchange's log: reading it from a publication, extending it, keeping the signer honest (SPEC §7.6).

mod cosign;
mod published;
mod signer;
mod successor;

pub use cosign::{Answer, Collected, collect};
pub use published::{LOG_FOLDER, PublishedLog};
pub use signer::{Detached, Signed, SignedHead, Signer, SigningFiles};
pub use successor::Successor;
