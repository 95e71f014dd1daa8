//! Whether metadata and document agree.

use std::collections::BTreeSet;

use time::{Duration, OffsetDateTime};
use xds_ebxml::provide::ProvidedAcknowledgement;
use xds_model::{Dtm, PatientId};

use super::cda::Cda;

/// Where they do not agree, if they do not; in the words of the metadata.
pub(super) fn disagreement(metadata: &ProvidedAcknowledgement, cda: &Cda) -> Option<&'static str> {
    let claimed: BTreeSet<&str> = metadata.policies.iter().map(String::as_str).collect();
    let acknowledged = cda.acknowledged.iter().map(|event| event.policy.as_str());
    if claimed != acknowledged.collect() {
        return Some("eventCodeList");
    }
    if !metadata.patient_ids.iter().any(|id| names(id, cda)) {
        return Some("patientId and sourcePatientId");
    }
    for event in &cda.acknowledged {
        if !same(event.low.as_deref(), metadata.start.as_deref()) {
            return Some("serviceStartTime");
        }
        if !same(event.high.as_deref(), metadata.stop.as_deref()) {
            return Some("serviceStopTime");
        }
    }
    None
}

/// Whether the document is about the patient with this id.
fn names(id: &str, cda: &Cda) -> bool {
    let Ok(id) = id.parse::<PatientId>() else {
        return false;
    };
    cda.patient_ids
        .iter()
        .any(|(root, extension)| root == id.authority().as_str() && extension == id.id())
}

/// Whether a time of the document, with a zone or without, is one of the metadata, in UTC.
fn same(document: Option<&str>, metadata: Option<&str>) -> bool {
    match (document, metadata) {
        (None, None) => true,
        (Some(document), Some(metadata)) => match (Point::read(document), metadata.parse()) {
            (Some(point), Ok(time)) => point.is(&time),
            _ => false,
        },
        _ => false,
    }
}

/// Hours that Japan is ahead of UTC: what a time without zone may be in.
const JAPAN: Duration = Duration::hours(9);

/// A point in time of HL7 v3: digits, a fraction that is passed over, and a zone or none.
struct Point {
    digits: Dtm,
    zone: Option<Duration>,
}

impl Point {
    fn read(text: &str) -> Option<Self> {
        let (time, zone) = match text.find(['+', '-']) {
            Some(at) => {
                let (time, zone) = text.split_at_checked(at)?;
                (time, Some(offset(zone)?))
            }
            None => (text, None),
        };
        let digits = time.split('.').next()?.parse().ok()?;
        Some(Self { digits, zone })
    }

    /// Days and longer are taken as they stand, whatever their zone: a day is rarely converted. So is anything without
    /// zone. Else, and then too, they are the same if they are the same moment at the shorter precision.
    fn is(&self, metadata: &Dtm) -> bool {
        let (own, other) = (self.digits.as_str(), metadata.as_str());
        let as_they_stand = self.zone.is_none() || own.len() <= 8;
        if as_they_stand && agree(own, other, own.len()) {
            return true;
        }
        let moment = self.digits.instant();
        let converted = moment
            .and_then(|moment| moment.checked_sub(self.zone.unwrap_or(JAPAN)))
            .map(|moment: OffsetDateTime| Dtm::from_instant(moment).floor());
        let precision = if own.len() <= 8 { 14 } else { own.len() };
        converted.is_some_and(|converted| other.len() > 8 && agree(&converted, other, precision))
    }
}

/// Whether two runs of digits begin alike, as far as both go.
fn agree(own: &str, other: &str, precision: usize) -> bool {
    let length = own.len().min(other.len()).min(precision);
    own.get(..length) == other.get(..length)
}

/// `+0900`
fn offset(zone: &str) -> Option<Duration> {
    let (sign, digits) = zone.split_at_checked(1)?;
    if digits.len() != 4 || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let number: i64 = digits.parse().ok()?;
    let ahead = Duration::minutes(number / 100 * 60 + number % 100);
    Some(if sign == "-" { -ahead } else { ahead })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_agree_across_zones_and_precisions() {
        for (document, metadata) in [
            ("20261124", "20261124"),
            ("20261124", "20261124000000"),
            ("20261124", "20261123150000"),
            ("20261124", "20261124010000"),
            ("202611241000+0900", "202611240100"),
            ("20261124100000+0900", "20261124010000"),
            ("20261124100000.123+0900", "20261124010000"),
            ("20261124010000-0000", "20261124010000"),
            ("20261124100000", "20261124010000"),
            ("20261124010000", "20261124010000"),
            ("2026", "20261124"),
        ] {
            assert!(same(Some(document), Some(metadata)), "{document} {metadata}");
        }
        for (document, metadata) in [
            ("20261124", "20261125"),
            ("20261124100000+0900", "20261124100000"),
            ("20261124100000+0900", "20261124010001"),
            ("20261124+9", "20261124"),
            ("yesterday", "20261124"),
            ("20261124", "x"),
        ] {
            assert!(!same(Some(document), Some(metadata)), "{document} {metadata}");
        }
        assert!(same(None, None));
        assert!(!same(Some("20261124"), None) && !same(None, Some("20261124")));
    }
}
