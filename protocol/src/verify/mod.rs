//! Numbered verification (SPEC §9, §10): of a statement, and of a log with what its attestations say of coverage.
//!
//! An audit judges files that it reads piece by piece, so its order stands with whoever reads them; each of its steps is a
//! function of this crate.

mod authenticity;
mod book;
mod log;
mod statement;

pub use authenticity::{
    authenticate, authenticate_unlogged, check_fresh, check_time, usable_policy,
};
pub use book::{book_facts, record_coverage};
pub use log::{LogVerifier, Since};
pub use statement::{Trust, Verifier, verify_statement};
