//! Moments as people in Japan read them.

use time::{OffsetDateTime, UtcOffset};

use crate::Language;

/// Japan's time.
const JAPAN_HOURS: i8 = 9;

/// A date, with the time of day where it is not the day's beginning.
pub(crate) fn date(at: OffsetDateTime, language: Language) -> String {
    let japan = UtcOffset::from_hms(JAPAN_HOURS, 0, 0).unwrap_or(UtcOffset::UTC);
    let at = at.to_offset(japan);
    let (year, month, day) = (at.year(), u8::from(at.month()), at.day());
    let date = language.pick(
        format!("{year}年{month}月{day}日"),
        format!("{year:04}-{month:02}-{day:02}"),
    );
    if (at.hour(), at.minute()) == (0, 0) {
        return date;
    }
    let (hour, minute) = (at.hour(), at.minute());
    language.pick(
        format!("{date} {hour}時{minute:02}分"),
        format!("{date} {hour:02}:{minute:02}"),
    )
}

/// From one instant to another, which may be open.
pub(crate) fn term(from: OffsetDateTime, to: Option<OffsetDateTime>, language: Language) -> String {
    let from = date(from, language);
    match to.map(|to| date(to, language)) {
        Some(to) => language.pick(format!("{from} から {to} まで"), format!("{from} to {to}")),
        None => language.pick(format!("{from} から"), format!("from {from}")),
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn moments_are_japans() {
        let midnight = datetime!(2026-03-31 15:00 UTC);
        assert_eq!(date(midnight, Language::Japanese), "2026年4月1日");
        assert_eq!(date(midnight, Language::English), "2026-04-01");
        let noon = datetime!(2026-11-24 03:05 UTC);
        assert_eq!(date(noon, Language::Japanese), "2026年11月24日 12時05分");
        assert_eq!(
            term(midnight, Some(noon), Language::English),
            "2026-04-01 to 2026-11-24 12:05"
        );
    }
}
