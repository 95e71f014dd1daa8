//! HL7 date-times, and the two things no pure code may reach for by itself: the time and fresh ids.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use ::time::{Date, Duration, Month, OffsetDateTime, PrimitiveDateTime, Time};
use uuid::Uuid;

/// A date-time in UTC as XDS writes it: 4, 6, 8, 10, 12 or 14 digits, `YYYY[MM[DD[hh[mm[ss]]]]]`.
///
/// Real calendar values only; no zone, no fraction. Kept as written: a shorter text is a less precise
/// time. Source: ITI TF-3, Table 4.2.3.1.7-2 (DTM).
#[derive(Clone, Copy, Eq, Hash, PartialEq)]
pub struct Dtm {
    digits: [u8; 14],
    len: u8,
}

impl Dtm {
    /// The instant, to the second.
    pub fn from_instant(at: OffsetDateTime) -> Self {
        let at = at.to_offset(::time::UtcOffset::UTC);
        let text = format!(
            "{:04}{:02}{:02}{:02}{:02}{:02}",
            at.year(),
            u8::from(at.month()),
            at.day(),
            at.hour(),
            at.minute(),
            at.second()
        );
        text.parse().unwrap_or(Self {
            digits: *b"00010101000000",
            len: 14,
        })
    }

    /// The digits as written.
    pub fn as_str(&self) -> &str {
        self.digits
            .get(..usize::from(self.len))
            .and_then(|d| std::str::from_utf8(d).ok())
            .unwrap_or_default()
    }

    /// The earliest moment that it can mean, in 14 digits: the form in which times are compared.
    pub fn floor(&self) -> String {
        let mut text = self.as_str().to_owned();
        text.push_str("00000101000000".get(text.len()..).unwrap_or_default());
        text
    }

    /// Whether it is later than `other` at the shorter precision of the two.
    pub fn is_after(&self, other: &Self) -> bool {
        let len = usize::from(self.len.min(other.len));
        self.digits.get(..len) > other.digits.get(..len)
    }

    /// The first moment after what it means: `2027` ends with the year, `20271231` with the day, in UTC. To the second
    /// it is that second itself.
    pub fn end(&self) -> Option<OffsetDateTime> {
        let from = self.instant()?;
        let date = from.date();
        let length = match self.len {
            4 => Duration::days(i64::from(::time::util::days_in_year(date.year()))),
            6 => Duration::days(i64::from(date.month().length(date.year()))),
            8 => Duration::DAY,
            10 => Duration::HOUR,
            12 => Duration::MINUTE,
            _ => Duration::ZERO,
        };
        from.checked_add(length)
    }

    /// The earliest moment that it can mean.
    pub fn instant(&self) -> Option<OffsetDateTime> {
        let text = self.floor();
        let number = |range: std::ops::Range<usize>| text.get(range).and_then(|t| t.parse::<u16>().ok());
        let month = Month::try_from(u8::try_from(number(4..6)?).ok()?).ok()?;
        let date =
            Date::from_calendar_date(i32::from(number(0..4)?), month, u8::try_from(number(6..8)?).ok()?)
                .ok()?;
        let part = |range| number(range).and_then(|n| u8::try_from(n).ok());
        let time = Time::from_hms(part(8..10)?, part(10..12)?, part(12..14)?).ok()?;
        Some(PrimitiveDateTime::new(date, time).assume_utc())
    }
}

impl FromStr for Dtm {
    type Err = DtmError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if !matches!(text.len(), 4 | 6 | 8 | 10 | 12 | 14) || !text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(DtmError::Form);
        }
        let mut digits = *b"00000101000000";
        digits
            .iter_mut()
            .zip(text.bytes())
            .for_each(|(slot, digit)| *slot = digit);
        let dtm = Self {
            digits,
            len: text.len() as u8,
        };
        match dtm.instant() {
            Some(at) if at.year() > 0 => Ok(dtm),
            _ => Err(DtmError::Calendar),
        }
    }
}

impl fmt::Display for Dtm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Dtm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Dtm({})", self.as_str())
    }
}

/// Why a text is no DTM.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum DtmError {
    /// Not 4, 6, 8, 10, 12 or 14 digits.
    #[error("a time has 4, 6, 8, 10, 12 or 14 digits YYYYMMDDhhmmss in UTC, without zone or fraction")]
    Form,
    /// Digits that name no day or time of the calendar.
    #[error("the digits name no moment of the calendar")]
    Calendar,
}

/// Where the time comes from.
pub trait Clock: Send + Sync {
    /// Now, in UTC.
    fn now(&self) -> OffsetDateTime;
}

/// Where fresh identifiers come from.
pub trait IdSource: Send + Sync {
    /// A random UUID (version 4), for XDS objects and messages.
    fn random(&self) -> Uuid;
    /// A UUID that sorts by time (version 7), for keys of our own.
    fn ordered(&self) -> Uuid;
}

/// The machine's clock and random source: the only place that asks them.
#[derive(Clone, Copy, Debug, Default)]
pub struct System;

impl Clock for System {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the place that the others take the time from"
    )]
    fn now(&self) -> OffsetDateTime {
        OffsetDateTime::now_utc()
    }
}

impl IdSource for System {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the place that the others take ids from"
    )]
    fn random(&self) -> Uuid {
        Uuid::new_v4()
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "this is the place that the others take ids from"
    )]
    fn ordered(&self) -> Uuid {
        Uuid::now_v7()
    }
}

/// A clock that can be shared between threads.
pub type SharedClock = Arc<dyn Clock>;
/// A source of ids that can be shared between threads.
pub type SharedIds = Arc<dyn IdSource>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dtm_is_a_real_moment() {
        for good in [
            "2026",
            "202611",
            "20261124",
            "2026112405",
            "202611240545",
            "20261124054533",
            "20240229",
        ] {
            assert!(good.parse::<Dtm>().is_ok(), "{good}");
        }
        for bad in [
            "",
            "20",
            "20261",
            "20261332",
            "20260230",
            "2026112425",
            "0000",
            "20261124054533.1",
            "20261124054533+0900",
            "令和8年",
            "20261124054560",
        ] {
            assert!(bad.parse::<Dtm>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_time_ends_with_what_it_means() {
        for (time, end) in [
            ("2026", "20270101000000"),
            ("2028", "20290101000000"),
            ("202802", "20280301000000"),
            ("202612", "20270101000000"),
            ("20271231", "20280101000000"),
            ("2027123123", "20280101000000"),
            ("202712312359", "20280101000000"),
            ("20271231235959", "20271231235959"),
        ] {
            let found = time.parse::<Dtm>().unwrap().end().unwrap();
            assert_eq!(Dtm::from_instant(found).as_str(), end, "{time}");
        }
    }

    #[test]
    fn dtm_compares_at_the_shorter_precision() {
        let day: Dtm = "20261124".parse().unwrap();
        let morning: Dtm = "202611240800".parse().unwrap();
        assert!(!day.is_after(&morning) && !morning.is_after(&day));
        assert_eq!(day.floor(), "20261124000000");
        assert_eq!("2026".parse::<Dtm>().unwrap().floor(), "20260101000000");
    }
}
