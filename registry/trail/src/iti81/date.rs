//! The parameter `date` of FHIR searches: a prefix and a moment as precise as it is written.

use time::format_description::well_known::Rfc3339;
use time::{Date, Duration, Month, OffsetDateTime};

use crate::iti81::Iti81Error;

/// A range of time: not before `from`, before `until`.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Range {
    pub(super) from: Option<OffsetDateTime>,
    pub(super) until: Option<OffsetDateTime>,
}

impl Range {
    /// Narrows the range by one value of the parameter.
    pub(super) fn narrow(&mut self, value: &str) -> Result<(), Iti81Error> {
        let (prefix, text) = match value.get(..2) {
            Some(prefix) if prefix.bytes().all(|byte| byte.is_ascii_lowercase()) => {
                (prefix, value.get(2..).unwrap_or_default())
            }
            _ => ("eq", value),
        };
        let (first, end) = interval(text).ok_or(Iti81Error::Date)?;
        let (from, until) = match prefix {
            "eq" => (Some(first), Some(end)),
            "ge" => (Some(first), None),
            "gt" | "sa" => (Some(end), None),
            "le" => (None, Some(end)),
            "lt" | "eb" => (None, Some(first)),
            _ => return Err(Iti81Error::Date),
        };
        self.from = self.from.max(from);
        self.until = match (self.until, until) {
            (Some(old), Some(new)) => Some(old.min(new)),
            (old, new) => old.or(new),
        };
        Ok(())
    }

    /// Both ends.
    ///
    /// # Errors
    /// When one is missing, or nothing lies between them.
    pub(super) fn bounds(self) -> Result<(OffsetDateTime, OffsetDateTime), Iti81Error> {
        match (self.from, self.until) {
            (Some(from), Some(until)) if from < until => Ok((from, until)),
            (Some(_), Some(_)) => Err(Iti81Error::Date),
            _ => Err(Iti81Error::DateMissing),
        }
    }
}

/// What a text covers: the year, month, day, minute, second or fraction that it names. Without a zone it is UTC.
fn interval(text: &str) -> Option<(OffsetDateTime, OffsetDateTime)> {
    match text.split_once('T') {
        None => days(text),
        Some((date, time)) => moment(date, time),
    }
}

fn days(text: &str) -> Option<(OffsetDateTime, OffsetDateTime)> {
    let mut parts = text.splitn(3, '-');
    let year: i32 = number(parts.next()?, 4)?.into();
    let month = parts.next().map(|part| number(part, 2));
    let day = parts.next().map(|part| number(part, 2));
    let at = |year: i32, month: u16, day: u16| {
        let month = Month::try_from(u8::try_from(month).ok()?).ok()?;
        let date = Date::from_calendar_date(year, month, u8::try_from(day).ok()?).ok()?;
        Some(date.midnight().assume_utc())
    };
    match (month, day) {
        (None, _) => Some((at(year, 1, 1)?, at(year.checked_add(1)?, 1, 1)?)),
        (Some(month), None) => {
            let month = month?;
            let end = if month == 12 {
                at(year.checked_add(1)?, 1, 1)?
            } else {
                at(year, month.checked_add(1)?, 1)?
            };
            Some((at(year, month, 1)?, end))
        }
        (Some(month), Some(day)) => {
            let first = at(year, month?, day?)?;
            Some((first, first.checked_add(Duration::DAY)?))
        }
    }
}

fn moment(date: &str, time: &str) -> Option<(OffsetDateTime, OffsetDateTime)> {
    // A plus sign that was not escaped comes as a space.
    let time = time.replace(' ', "+");
    let zone_at = time.find(['Z', '+', '-']).unwrap_or(time.len());
    let (clock, zone) = time.split_at(zone_at);
    let zone = if zone.is_empty() { "Z" } else { zone };
    let (clock, length) = match clock.split_once('.') {
        Some((_, fraction)) => {
            let digits = u32::try_from(fraction.len()).ok().filter(|digits| *digits <= 9)?;
            (clock.to_owned(), Duration::nanoseconds(10_i64.pow(9 - digits)))
        }
        None if clock.len() == 5 => (format!("{clock}:00"), Duration::MINUTE),
        None => (clock.to_owned(), Duration::SECOND),
    };
    let first = OffsetDateTime::parse(&format!("{date}T{clock}{zone}"), &Rfc3339).ok()?;
    Some((first, first.checked_add(length)?))
}

fn number(text: &str, digits: usize) -> Option<u16> {
    let is_number = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    fn range(values: &[&str]) -> Result<(OffsetDateTime, OffsetDateTime), Iti81Error> {
        let mut range = Range::default();
        for value in values {
            range.narrow(value)?;
        }
        range.bounds()
    }

    #[test]
    fn a_date_covers_what_it_names() {
        let day = datetime!(2026-11-24 0:00 UTC);
        assert_eq!(range(&["2026-11-24"]), Ok((day, datetime!(2026-11-25 0:00 UTC))));
        assert_eq!(
            range(&["ge2026-11-24", "le2026-12"]),
            Ok((day, datetime!(2027-01-01 0:00 UTC)))
        );
        assert_eq!(
            range(&["gt2025", "lt2026-11-24"]),
            Ok((datetime!(2026-01-01 0:00 UTC), day))
        );
        assert_eq!(
            range(&["ge2026-11-24T09:00:00+09:00", "le2026-11-24T09:30 09:00"]),
            Ok((day, datetime!(2026-11-24 0:31 UTC)))
        );
        assert_eq!(
            range(&["2026-11-24T00:00:00.250Z"]),
            Ok((
                datetime!(2026-11-24 0:00:00.250 UTC),
                datetime!(2026-11-24 0:00:00.251 UTC)
            ))
        );
    }

    #[test]
    fn one_end_is_not_enough_and_nonsense_is_refused() {
        assert_eq!(range(&["ge2026-11-24"]), Err(Iti81Error::DateMissing));
        assert_eq!(range(&[]), Err(Iti81Error::DateMissing));
        assert_eq!(range(&["ge2026-11-24", "lt2026-11-24"]), Err(Iti81Error::Date));
        for wrong in [
            "",
            "ne2026",
            "26",
            "2026-13",
            "2026-02-30",
            "2026-1-1",
            "+026",
            "2026-11-24T25:00Z",
            "2026-11-24T00:00:00.1234567890Z",
            "9999",
        ] {
            assert_eq!(range(&[wrong]), Err(Iti81Error::Date), "{wrong}");
        }
    }
}
