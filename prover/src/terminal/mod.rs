//! What people see: messages, progress, a report in words.

pub(crate) mod progress;
pub(crate) mod report_text;
mod tell;
