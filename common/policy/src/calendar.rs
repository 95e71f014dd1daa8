//! Business days in Japan.

use std::collections::BTreeSet;

use time::{Date, OffsetDateTime, Time, UtcOffset, Weekday};

/// The end of the n-th business day after the day of `from`, as an instant: midnight in Japan. Saturdays,
/// Sundays and `holidays` are no business days.
pub fn end_of_business_day(from: OffsetDateTime, days: u8, holidays: &BTreeSet<Date>) -> OffsetDateTime {
    let mut day = from.checked_to_offset(japan()).unwrap_or(from).date();
    for _ in 0..days {
        day = next_business_day(day, holidays);
    }
    let midnight = day.next_day().unwrap_or(Date::MAX);
    midnight.with_time(Time::MIDNIGHT).assume_offset(japan())
}

/// A list of holidays longer than a year would not end the search; a year does.
fn next_business_day(from: Date, holidays: &BTreeSet<Date>) -> Date {
    let mut day = from;
    for _ in 0..366 {
        day = day.next_day().unwrap_or(Date::MAX);
        let weekend = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
        if !weekend && !holidays.contains(&day) {
            break;
        }
    }
    day
}

/// Japan Standard Time, UTC+9.
pub fn japan() -> UtcOffset {
    UtcOffset::from_hms(9, 0, 0).unwrap_or(UtcOffset::UTC)
}

#[cfg(test)]
mod tests {
    use time::macros::{date, datetime};

    use super::*;

    #[test]
    fn weekends_and_holidays_do_not_count() {
        // Friday 2026-11-20, 23:30 in Japan; Monday the 23rd is a holiday.
        let from = datetime!(2026-11-20 14:30 UTC);
        let holidays = BTreeSet::from([date!(2026 - 11 - 23)]);
        let due = datetime!(2026-11-27 0:00 +9);
        assert_eq!(end_of_business_day(from, 3, &holidays), due);
        assert_eq!(
            end_of_business_day(from, 3, &BTreeSet::new()),
            datetime!(2026-11-26 0:00 +9)
        );
    }

    #[test]
    fn the_end_of_time_is_no_panic() {
        let last = Date::MAX.with_time(Time::MAX).assume_utc();
        assert!(end_of_business_day(last, 3, &BTreeSet::new()) >= last - time::Duration::days(2));
    }
}
