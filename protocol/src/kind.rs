//! The kind of a book. `owed` is what the exchange owes its customers; `lent`, for margin accounts, comes with its name.

use serde::Serialize;

use crate::json::{self, FromJson, Mistake};

/// What kind of claim a book holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// What the exchange owes its customers.
    Owed,
}

impl FromJson for Kind {
    fn from_json(value: json::Value) -> Result<Self, Mistake> {
        json::named(value, &[Self::Owed], Self::as_str)
    }
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
