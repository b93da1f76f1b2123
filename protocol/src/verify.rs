//! Numbered verification (SPEC §9).
use crate::report::Report;

/// What the checker brings along: nothing of it may come from the file that is judged.
#[derive(Clone, Copy, Debug, Default)]
pub struct Trust<'a> {
    /// Policy text (C2SP tlog-policy); `None` means every authenticity check answers "cannot tell".
    pub policy: Option<&'a [u8]>,
    /// The account the customer expects to see, where the caller asked for it.
    pub account: Option<&'a str>,
}

/// Verifies a statement file. Never fails: whatever is wrong is a check of the report.
pub fn verify_statement(_statement: &[u8], _trust: &Trust<'_>) -> Report {
    todo!("written next")
}
