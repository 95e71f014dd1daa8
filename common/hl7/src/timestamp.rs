//! TS, the date-time of HL7 v2: `YYYY[MM[DD[HH[MM[SS[.S[S[S[S]]]]]]]]][+/-ZZZZ]` (HL7 v2.5, 2.A.77).

use time::{Duration, OffsetDateTime, UtcOffset};
use xds_model::time::Dtm;

/// A date-time as sent: local time, and the zone if it was given.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Timestamp {
    local: Dtm,
    zone: Option<UtcOffset>,
}

impl Timestamp {
    /// Reads it. `None` when it is no moment of the calendar (an era year is none).
    pub fn parse(text: &str) -> Option<Self> {
        let sign = text.find(['+', '-']);
        let (moment, zone) = text.split_at_checked(sign.unwrap_or(text.len()))?;
        let zone = if zone.is_empty() {
            None
        } else {
            Some(parse_zone(zone)?)
        };
        let (digits, fraction) = moment.split_once('.').unwrap_or((moment, "0"));
        let fraction_fits = (1..=4).contains(&fraction.len()) && fraction.bytes().all(|b| b.is_ascii_digit());
        if !fraction_fits || (moment.contains('.') && digits.len() != 14) {
            return None;
        }
        Some(Self {
            local: digits.parse().ok()?,
            zone,
        })
    }

    /// The day, month or year, with the precision sent: never moved by a zone.
    pub fn date(&self) -> Dtm {
        let text = self.local.as_str();
        text.get(..8)
            .and_then(|day| day.parse().ok())
            .unwrap_or(self.local)
    }

    /// The earliest moment it can mean. Where no zone was sent, `zone` is that of the sender.
    pub fn instant(&self, zone: UtcOffset) -> Option<OffsetDateTime> {
        let zone = self.zone.unwrap_or(zone);
        let as_utc = self.local.instant()?;
        let utc = as_utc.checked_sub(Duration::seconds(i64::from(zone.whole_seconds())))?;
        utc.checked_to_offset(zone)
    }
}

fn parse_zone(text: &str) -> Option<UtcOffset> {
    let (sign, digits) = text.split_at_checked(1)?;
    if digits.len() != 4 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let (hours, minutes): (i8, i8) = (digits.get(..2)?.parse().ok()?, digits.get(2..)?.parse().ok()?);
    if hours > 14 || minutes > 59 {
        return None;
    }
    let sign = if sign == "-" { -1 } else { 1 };
    UtcOffset::from_hms(sign * hours, sign * minutes, 0).ok()
}

/// The moment to the second, with its offset: `20261124145400+0900`.
pub(crate) fn write(at: OffsetDateTime) -> String {
    let (hours, minutes, _) = at.offset().as_hms();
    let sign = if at.offset().is_negative() { '-' } else { '+' };
    format!(
        "{:04}{:02}{:02}{:02}{:02}{:02}{sign}{:02}{:02}",
        at.year(),
        u8::from(at.month()),
        at.day(),
        at.hour(),
        at.minute(),
        at.second(),
        hours.unsigned_abs(),
        minutes.unsigned_abs()
    )
}
