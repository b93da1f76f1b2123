//! Claims of ownership as people and files write them: one line or one command, one verdict.

mod batch;
mod line;
mod published;
mod strict_json;
mod typed_data;

pub use batch::{Tally, verify_batch};
pub use line::{ClaimLine, Outcome, Verdict};
pub use published::{Finding, Found, Links, RowVerdict, Summary, import};
pub use strict_json::StrictJson;
