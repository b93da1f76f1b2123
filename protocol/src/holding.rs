//! How the exchange says that it holds a reserve: who has the keys, how far from a network they are, and what of the
//! amount is staked or lent (SPEC §7.3).
//!
//! Nothing of it can be seen on a chain. It is what the exchange signs with the attestation, of class D always, whatever
//! the class of the balance; checked is that it does not contradict the row that it stands in.

use alloc::format;
use alloc::string::String;
use core::fmt;

use serde::Serialize;

use crate::account::check_text;
use crate::amount::ExactAmount;
use crate::error::Error;
use crate::json::{self, FromJson, Mistake};
use crate::reserve_row::ReserveRow;

/// How far the keys are from a network, by the custodian's own account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Custody {
    /// Keys that never were on a machine with a network.
    Cold,
    /// Keys on a machine with a network, that sign after a person's approval.
    Warm,
    /// Keys that sign customers' withdrawals without a person.
    Hot,
}

impl FromJson for Custody {
    fn from_json(value: json::Value) -> Result<Self, Mistake> {
        json::named(value, &Self::ALL, Self::as_str)
    }
}

impl Custody {
    /// All kinds, from the farthest.
    pub const ALL: [Self; 3] = [Self::Cold, Self::Warm, Self::Hot];

    /// As it stands in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cold => "cold",
            Self::Warm => "warm",
            Self::Hot => "hot",
        }
    }
}

impl fmt::Display for Custody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What one row says; a row that says nothing has no `holding`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Holding {
    /// Cold, warm or hot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custody: Option<Custody>,
    /// Who has the keys, where that is not the exchange: 1 to 64 bytes by the rules of account identifiers, and none of
    /// `=+-@` at its start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custodian: Option<String>,
    /// The part of `amount` that is staked: still the exchange's, and not at hand at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub staked: Option<ExactAmount>,
    /// The part of `encumbered` that somebody else has on loan; like all that is encumbered it covers nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lent: Option<ExactAmount>,
}

json::object!(Holding {
    custody: present,
    custodian: present,
    staked: present,
    lent: present
});

impl Holding {
    /// The longest name of a custodian, in bytes.
    pub const MAX_CUSTODIAN_BYTES: usize = 64;

    /// Whether it says nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Checks it against the row that it stands in.
    ///
    /// # Errors
    /// [`Error::Field`] for an empty one, a name that breaks the rules, a part of zero, more staked than there is, or more lent than
    /// is encumbered.
    pub fn check(&self, row: &ReserveRow) -> Result<(), Error> {
        let refuse = |what: &'static str, why: &str| {
            let why = format!("{} {}: {why}", row.instance, row.address);
            Err(Error::Field { what, why })
        };
        if self.is_empty() {
            return refuse("holding", "it says nothing and is left out then");
        }
        if let Some(custodian) = &self.custodian
            && let Err(error) = check_text(custodian, Self::MAX_CUSTODIAN_BYTES)
        {
            return refuse("custodian", &format!("the name {error}"));
        }
        // Spreadsheets, where regulators read such columns, take these for the start of a formula.
        let formula = |name: &String| name.starts_with(['=', '+', '-', '@']);
        if self.custodian.as_ref().is_some_and(formula) {
            return refuse("custodian", "a name starts with none of =, +, -, @");
        }
        for (what, part) in [("staked amount", self.staked), ("lent amount", self.lent)] {
            if part == Some(ExactAmount::ZERO) {
                return refuse(what, "a part of nothing is left out");
            }
        }
        if self.staked.unwrap_or_default().steps() > row.amount.steps() {
            return refuse("staked amount", "more is staked than there is");
        }
        let encumbered = row.encumbered.unwrap_or_default();
        if self.lent.unwrap_or_default().steps() > encumbered.steps() {
            return refuse("lent amount", "what is lent is encumbered too");
        }
        Ok(())
    }
}
