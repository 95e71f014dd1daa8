//! What elements of an assertion may look like: order, texts, names, times.

use time::{Date, Month, OffsetDateTime, Time};
use xds_xml::Element;

use crate::limits::Limits;
use crate::ns;
use crate::refused::Reason;

/// Which form of the assertion is looked at.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Part {
    /// As sent, with its signature.
    Signed,
    /// What the signature covers: without it.
    Covered,
}

/// SAML 2.0 core 2.3.3: Issuer, Signature, Subject, Conditions, then statements, and nothing else. Advice, which
/// may hold further assertions, is refused.
pub(crate) fn check_order(assertion: Element<'_>, part: Part) -> Result<(), Reason> {
    only_attributes(assertion, &["Version", "ID", "IssueInstant"])?;
    no_text(assertion)?;
    let mut last = 0;
    for child in assertion.children() {
        let rank = match (child.namespace(), child.local()) {
            (ns::SAML2, "Issuer") => 1,
            (ns::DS, "Signature") if part == Part::Signed => 2,
            (ns::SAML2, "Subject") => 3,
            (ns::SAML2, "Conditions") => 4,
            (ns::SAML2, "Advice") => return Err(Reason::Advice),
            (ns::SAML2, "Statement" | "AuthnStatement" | "AuthzDecisionStatement" | "AttributeStatement") => {
                STATEMENT
            }
            _ => return Err(Reason::Malformed),
        };
        if rank < last || (rank == last && rank != STATEMENT) {
            return Err(Reason::Malformed);
        }
        last = rank;
    }
    Ok(())
}

const STATEMENT: u8 = 5;

/// Refuses attributes other than those named. What XML Schema allows everywhere (xsi:type and its like) passes.
pub(crate) fn only_attributes(element: Element<'_>, allowed: &[&str]) -> Result<(), Reason> {
    let is_allowed = |(namespace, local, _): (&str, &str, &str)| {
        namespace == XSI || (namespace.is_empty() && allowed.contains(&local))
    };
    if element.attributes().all(is_allowed) {
        Ok(())
    } else {
        Err(Reason::Malformed)
    }
}

const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// Refuses text beside child elements.
pub(crate) fn no_text(element: Element<'_>) -> Result<(), Reason> {
    if element.has_text() {
        Err(Reason::Malformed)
    } else {
        Ok(())
    }
}

/// The text of an element that holds an identifier or a value: not empty, no blanks around it, no child element.
pub(crate) fn identifier<'d>(element: Element<'d>, limits: &Limits) -> Result<&'d str, Reason> {
    let text = element.text().map_err(|_| Reason::Malformed)?;
    if text.len() > limits.value_bytes_max {
        return Err(Reason::TooLarge);
    }
    if text.is_empty() || text.trim() != text {
        return Err(Reason::Malformed);
    }
    Ok(text)
}

/// A name without a colon, of the letters that IDs are made of in practice.
pub(crate) fn is_ncname(name: &str) -> bool {
    let mut chars = name.chars();
    let is_start = |char: char| char.is_alphabetic() || char == '_';
    chars.next().is_some_and(is_start)
        && chars.all(|char| is_start(char) || char.is_numeric() || matches!(char, '-' | '.'))
}

/// An instant as SAML writes it: xs:dateTime in UTC with `Z` (SAML 2.0 core 1.3.3), with up to nine digits of
/// fraction. No offsets, no leap second, no 24:00.
pub(crate) fn instant(text: &str) -> Result<OffsetDateTime, Reason> {
    parse_instant(text).ok_or(Reason::TimeForm)
}

fn parse_instant(text: &str) -> Option<OffsetDateTime> {
    let (whole, fraction) = text.strip_suffix('Z')?.split_at_checked(WHOLE_CHARS)?;
    let shape: String = whole
        .chars()
        .map(|char| if char.is_ascii_digit() { '0' } else { char })
        .collect();
    if shape != "0000-00-00T00:00:00" {
        return None;
    }
    let number = |from: usize, to: usize| whole.get(from..to).and_then(|digits| digits.parse::<u16>().ok());
    let small = |from: usize| number(from, from + 2).and_then(|number| u8::try_from(number).ok());
    let date = Date::from_calendar_date(
        i32::from(number(0, 4)?),
        Month::try_from(small(5)?).ok()?,
        small(8)?,
    )
    .ok()?;
    let time = Time::from_hms_nano(small(11)?, small(14)?, small(17)?, nanoseconds(fraction)?).ok()?;
    Some(date.with_time(time).assume_utc())
}

const WHOLE_CHARS: usize = 19;

fn nanoseconds(fraction: &str) -> Option<u32> {
    if fraction.is_empty() {
        return Some(0);
    }
    let digits = fraction.strip_prefix('.')?;
    let is_number =
        !digits.is_empty() && digits.len() <= 9 && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| format!("{digits:0<9}").parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_utc_with_z_only() {
        let base = instant("2026-01-01T00:00:00Z").unwrap();
        assert_eq!(
            instant("2026-01-01T00:00:00.5Z"),
            Ok(base + time::Duration::milliseconds(500))
        );
        assert_eq!(
            instant("2026-01-01T00:00:00.000000001Z"),
            Ok(base + time::Duration::NANOSECOND)
        );
        for text in [
            "",
            "Z",
            "2026-01-01T00:00:00",
            "2026-01-01T09:00:00+09:00",
            "2026-01-01T00:00:00+00:00",
            "2026-06-30T23:59:60Z",
            "2026-01-01T24:00:00Z",
            "2026-02-29T00:00:00Z",
            "0000-13-01T00:00:00Z",
            "2026-01-01 00:00:00Z",
            "2026-01-01T00:00:00.Z",
            "2026-01-01T00:00:00.1234567891Z",
            "+026-01-01T00:00:00Z",
            " 2026-01-01T00:00:00Z",
            "12026-01-01T00:00:00Z",
            "２026-01-01T00:00:00Z",
            "2026-01-01T00:00:00zZ",
        ] {
            assert_eq!(instant(text), Err(Reason::TimeForm), "{text:?}");
        }
        assert!(instant("0001-01-01T00:00:00Z").is_ok() && instant("9999-12-31T23:59:59Z").is_ok());
    }

    #[test]
    fn ids_are_names_without_a_colon() {
        for name in ["_a", "a", "名-1.2", "_0a"] {
            assert!(is_ncname(name), "{name}");
        }
        for name in ["", "0a", "a:b", "a b", "#a", "a'b", "-a"] {
            assert!(!is_ncname(name), "{name}");
        }
    }
}
