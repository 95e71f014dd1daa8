//! Time as people in Japan read it.

use std::fmt;
use std::str::FromStr;

use time::{Date, Month, OffsetDateTime, Time, UtcOffset};

/// Japan has one time zone and no summer time.
pub const JAPAN: UtcOffset = match UtcOffset::from_hms(9, 0, 0) {
    Ok(offset) => offset,
    Err(_) => UtcOffset::UTC,
};

/// `2026-11-24 10:02:03`, in Japan.
pub(crate) fn date_time(at: OffsetDateTime) -> String {
    let at = at.to_offset(JAPAN);
    format!(
        "{} {:02}:{:02}:{:02}",
        date(at.date()),
        at.hour(),
        at.minute(),
        at.second()
    )
}

/// `2026-11-24`
pub(crate) fn date(date: Date) -> String {
    format!(
        "{:04}-{:02}-{:02}",
        date.year(),
        u8::from(date.month()),
        date.day()
    )
}

/// A month in Japan.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct MonthRange {
    /// Its first day.
    pub first: Date,
    /// When it begins.
    pub from: OffsetDateTime,
    /// When the next one begins.
    pub until: OffsetDateTime,
}

impl MonthRange {
    /// The month, if there is one with this number in this year.
    pub fn of(year: i32, month: u8) -> Option<Self> {
        let month = Month::try_from(month).ok()?;
        let first = Date::from_calendar_date(year, month, 1).ok()?;
        let next_year = if month == Month::December { year + 1 } else { year };
        let next = Date::from_calendar_date(next_year, month.next(), 1).ok()?;
        let begins = |date: Date| date.with_time(Time::MIDNIGHT).assume_offset(JAPAN);
        Some(Self {
            first,
            from: begins(first),
            until: begins(next),
        })
    }
}

/// `2026-04`
impl fmt::Display for MonthRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.first.year(), u8::from(self.first.month()))
    }
}

/// A text that names no month.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a month is written as in 2026-04")]
pub struct MonthError;

impl FromStr for MonthRange {
    type Err = MonthError;

    fn from_str(text: &str) -> Result<Self, MonthError> {
        let read = || {
            let (year, month) = text.split_once('-')?;
            let is_number =
                |text: &str, digits| text.len() == digits && text.bytes().all(|b| b.is_ascii_digit());
            if !is_number(year, 4) || !is_number(month, 2) {
                return None;
            }
            Self::of(year.parse().ok()?, month.parse().ok()?)
        };
        read().ok_or(MonthError)
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_month_begins_and_ends_at_midnight_in_japan() {
        let december = MonthRange::of(2026, 12).unwrap();
        assert_eq!(december.from, datetime!(2026-11-30 15:00 UTC));
        assert_eq!(december.until, datetime!(2026-12-31 15:00 UTC));
        assert!(MonthRange::of(2026, 13).is_none() && MonthRange::of(2026, 0).is_none());
        assert_eq!(date_time(december.from), "2026-12-01 00:00:00");
    }

    #[test]
    fn a_month_is_written_in_one_way() {
        assert_eq!("2026-04".parse::<MonthRange>().unwrap().to_string(), "2026-04");
        for wrong in ["2026-4", "2026-13", "2026-00", "+026-04", "2026-04-01", "202604"] {
            assert_eq!(wrong.parse::<MonthRange>(), Err(MonthError), "{wrong}");
        }
    }
}
