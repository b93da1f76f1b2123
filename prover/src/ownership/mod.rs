//! Claims of ownership as people and files write them: one line or one command, one verdict.

mod batch;
mod line;
mod strict_json;
mod typed_data;

pub use batch::{Tally, verify_batch};
pub use line::{ClaimLine, Outcome, Verdict};
pub use strict_json::StrictJson;
