//! The period an attestation is for: a month `2026-10` or a day `2026-10-31`.

use alloc::string::String;
use core::fmt;

use serde::{Serialize, Serializer};

use crate::error::Error;
use crate::json;

/// A month or a day of the Gregorian calendar, as ISO 8601 writes them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Period(String);

impl Period {
    /// # Errors
    /// [`Error::Field`] unless the text is `YYYY-MM` or `YYYY-MM-DD` and names a month or day that exists.
    pub fn new(text: &str) -> Result<Self, Error> {
        match Date::parse(text) {
            Some(_) => Ok(Self(text.into())),
            None => Err(Error::Field {
                what: "period",
                why: "expected YYYY-MM or YYYY-MM-DD".into(),
            }),
        }
    }

    /// Whether `next` begins where this period ends: the next day or the next month, or the first day of the next month
    /// after a month, or the next month after its eve.
    #[must_use]
    pub fn is_followed_by(&self, next: &Self) -> bool {
        let (Some(this), Some(next)) = (Date::parse(&self.0), Date::parse(&next.0)) else {
            return false;
        };
        let ends_month = this.day.is_none_or(|day| day == this.days_in_month());
        let expected = match (ends_month, this.day) {
            (false, Some(day)) => Date {
                day: Some(day.saturating_add(1)),
                ..this
            },
            _ if this.month == 12 => Date {
                year: this.year.saturating_add(1),
                month: 1,
                day: Some(1),
            },
            _ => Date {
                month: this.month.saturating_add(1),
                day: Some(1),
                ..this
            },
        };
        let whole_month = Date {
            day: None,
            ..expected
        };
        next == expected || (ends_month && next == whole_month)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The numbers of a period.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Date {
    year: u32,
    month: u32,
    /// `None` for a whole month.
    day: Option<u32>,
}

impl Date {
    fn parse(text: &str) -> Option<Self> {
        let number = |part: &str, digits: usize| {
            let strict = part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit());
            part.parse::<u32>().ok().filter(|_| strict)
        };
        let mut parts = text.split('-');
        let date = Self {
            year: number(parts.next()?, 4)?,
            month: number(parts.next()?, 2)?,
            day: match parts.next() {
                Some(day) => Some(number(day, 2)?),
                None => None,
            },
        };
        let exists = (1..=12).contains(&date.month)
            && date
                .day
                .is_none_or(|day| (1..=date.days_in_month()).contains(&day));
        (exists && parts.next().is_none()).then_some(date)
    }

    const fn days_in_month(&self) -> u32 {
        let leap = self.year.is_multiple_of(4)
            && (!self.year.is_multiple_of(100) || self.year.is_multiple_of(400));
        match self.month {
            4 | 6 | 9 | 11 => 30,
            2 if leap => 29,
            2 => 28,
            _ => 31,
        }
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

json::text!(Period, Self::new);

json::deserialize!(Period);

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
    #[test]
    fn l_05_only_the_very_next_period_follows() {
        let follows = |this: &str, next: &str| {
            Period::new(this)
                .unwrap()
                .is_followed_by(&Period::new(next).unwrap())
        };
        for (this, next) in [
            ("2026-10", "2026-11"),
            ("2026-12", "2027-01"),
            ("2026-10-30", "2026-10-31"),
            ("2026-10-31", "2026-11-01"),
            ("2024-02-28", "2024-02-29"),
            ("2026-02-28", "2026-03-01"),
            ("2026-12-31", "2027-01-01"),
            ("2026-10", "2026-11-01"),
            ("2026-10-31", "2026-11"),
        ] {
            assert!(follows(this, next), "{this} {next}");
        }
        for (this, next) in [
            ("2026-10", "2026-10"),
            ("2026-10", "2026-12"),
            ("2026-11", "2026-10"),
            ("2026-10", "2027-11"),
            ("2026-10-30", "2026-11"),
            ("2026-10-30", "2026-11-01"),
            ("2026-10", "2026-11-02"),
            ("2026-10-31", "2026-10-31"),
        ] {
            assert!(!follows(this, next), "{this} {next}");
        }
    }
}
