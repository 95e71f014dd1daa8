//! Instants in files: RFC 3339, always written in UTC, so that one instant has one text and one hash.

use serde::{Deserialize, Deserializer, Serializer};
use time::OffsetDateTime;
use time::UtcOffset;
use time::format_description::well_known::Rfc3339;

/// Writes an instant in UTC.
///
/// # Errors
/// When the year does not have four digits.
pub fn serialize<S: Serializer>(at: &OffsetDateTime, serializer: S) -> Result<S::Ok, S::Error> {
    let text = at
        .checked_to_offset(UtcOffset::UTC)
        .and_then(|at| at.format(&Rfc3339).ok())
        .ok_or_else(|| serde::ser::Error::custom("an instant outside the years 0000 to 9999"))?;
    serializer.serialize_str(&text)
}

/// Reads an instant of any offset.
///
/// # Errors
/// When the text is not RFC 3339.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<OffsetDateTime, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse(&text).ok_or_else(|| serde::de::Error::custom(WANTED))
}

const WANTED: &str = "an instant is written as 2026-04-01T09:00:00+09:00 (RFC 3339)";

fn parse(text: &str) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(text, &Rfc3339)
        .ok()?
        .checked_to_offset(UtcOffset::UTC)
}

/// The same for an instant that may be absent.
pub mod option {
    use serde::{Deserialize, Deserializer, Serializer};
    use time::OffsetDateTime;

    /// Writes an instant in UTC, or null.
    ///
    /// # Errors
    /// When the year does not have four digits.
    pub fn serialize<S: Serializer>(at: &Option<OffsetDateTime>, serializer: S) -> Result<S::Ok, S::Error> {
        match at {
            Some(at) => super::serialize(at, serializer),
            None => serializer.serialize_none(),
        }
    }

    /// Reads an instant of any offset, or null.
    ///
    /// # Errors
    /// When the text is not RFC 3339.
    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<OffsetDateTime>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        let at = text.map(|text| super::parse(&text).ok_or_else(|| serde::de::Error::custom(super::WANTED)));
        at.transpose()
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn an_instant_is_one_whatever_its_offset() {
        assert_eq!(
            parse("2026-04-01T09:00:00+09:00"),
            Some(datetime!(2026-04-01 0:00 UTC))
        );
        assert_eq!(parse("2026-04-01"), None);
    }

    #[test]
    fn the_ends_of_time_are_no_panic() {
        assert_eq!(parse("9999-12-31T23:00:00-09:00"), None);
        assert_eq!(
            parse("0000-01-01T00:00:00+09:00").and_then(|at| at.format(&Rfc3339).ok()),
            None
        );
    }
}
