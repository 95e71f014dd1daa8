//! Days and moments as people write them. Without a zone they are of Japan.

use registry_trail::report::JAPAN;
use time::format_description::BorrowedFormatItem;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{Date, Duration, OffsetDateTime, PrimitiveDateTime, Time};

const DAY: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]");
const MINUTE: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]T[hour]:[minute]");
const SECOND: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]");
const SHOWN: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");

/// The beginning of what the text names.
pub(in crate::commands) fn since(text: &str) -> Result<OffsetDateTime, String> {
    moment(text, Duration::ZERO)
}

/// The end of a day, or a moment.
pub(in crate::commands) fn until(text: &str) -> Result<OffsetDateTime, String> {
    moment(text, Duration::DAY)
}

/// As people in Japan read it.
pub(in crate::commands) fn shown(at: OffsetDateTime) -> String {
    at.to_offset(JAPAN)
        .format(SHOWN)
        .unwrap_or_else(|_| at.to_string())
}

/// `of_day` is what a day alone adds to its beginning.
fn moment(text: &str, of_day: Duration) -> Result<OffsetDateTime, String> {
    if let Ok(day) = Date::parse(text, DAY) {
        let begin = day.with_time(Time::MIDNIGHT).assume_offset(JAPAN);
        return begin.checked_add(of_day).ok_or_else(|| "too late".to_owned());
    }
    let local = [MINUTE, SECOND]
        .into_iter()
        .find_map(|format| PrimitiveDateTime::parse(text, format).ok());
    local
        .map(|local| local.assume_offset(JAPAN))
        .or_else(|| OffsetDateTime::parse(text, &Rfc3339).ok())
        .ok_or_else(|| "a day such as 2026-04-01, or a moment such as 2026-04-01T09:30".to_owned())
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_day_is_of_japan_and_counts_to_its_end() {
        assert_eq!(since("2026-04-01").unwrap(), datetime!(2026-03-31 15:00 UTC));
        assert_eq!(until("2026-04-01").unwrap(), datetime!(2026-04-01 15:00 UTC));
        let moment = datetime!(2026-04-01 09:30 +9);
        for text in ["2026-04-01T09:30", "2026-04-01T09:30:00", "2026-04-01T00:30:00Z"] {
            assert_eq!((since(text), until(text)), (Ok(moment), Ok(moment)), "{text}");
        }
        for wrong in ["", "2026-04", "2026-13-01", "2026-04-01 09:30", "yesterday"] {
            assert!(since(wrong).is_err(), "{wrong}");
        }
        assert_eq!(shown(moment), "2026-04-01 09:30:00");
    }
}
