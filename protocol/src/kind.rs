//! The kind of a book. `owed` is what the exchange owes its customers; `lent`, for margin accounts, comes with its name.

use serde::{Deserialize, Serialize};

/// What kind of claim a book holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// What the exchange owes its customers.
    Owed,
}

impl Kind {
    /// The word in `ctx`, JSON and labels.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owed => "owed",
        }
    }
}
