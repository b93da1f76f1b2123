//! The period an attestation is for: a month `2026-10` or a day `2026-10-31`.

use alloc::string::String;
use core::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::error::Error;

/// A month or a day of the Gregorian calendar, as ISO 8601 writes them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Period(String);

impl Period {
    /// # Errors
    /// [`Error::Field`] unless the text is `YYYY-MM` or `YYYY-MM-DD` and names a month or day that exists.
    pub fn new(text: &str) -> Result<Self, Error> {
        let refuse = || Error::Field {
            what: "period",
            why: "expected YYYY-MM or YYYY-MM-DD".into(),
        };
        let number = |part: Option<&str>, digits: usize| {
            let part = part.filter(|part| {
                part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit())
            });
            part.and_then(|part| part.parse::<u32>().ok())
        };
        let mut parts = text.split('-');
        let year = number(parts.next(), 4).ok_or_else(refuse)?;
        let month = number(parts.next(), 2).ok_or_else(refuse)?;
        let leap =
            year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let days = match month {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            2 if leap => 29,
            2 => 28,
            _ => return Err(refuse()),
        };
        if let Some(day) = parts.next() {
            let day = number(Some(day), 2).ok_or_else(refuse)?;
            if !(1..=days).contains(&day) {
                return Err(refuse());
            }
        }
        if parts.next().is_some() {
            return Err(refuse());
        }
        Ok(Self(text.into()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Period {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Period {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_months_and_days_that_exist() {
        for good in ["2026-10", "2026-02-28", "2024-02-29", "2000-02-29"] {
            assert!(Period::new(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "2026",
            "2026-13",
            "2026-00",
            "2026-1",
            "26-10",
            "2026-02-29",
            "1900-02-29",
            "2026-10-",
            "2026-10-01-",
            "+026-10",
            "2026-10 ",
        ] {
            assert!(Period::new(bad).is_err(), "{bad}");
        }
    }
}
