//! What the address and the headers of a request name.

use registry_store::Instrument;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;
use xds_policy::hash::ContentHash;
use xds_policy::version::InstrumentKind;
use xds_policy::words::InstrumentId;
use xds_server::http::{Call, Refusal};

use super::bodies::{ROWS, ROWS_MAX};
use super::error::{field, precondition_required};
use crate::operator::audit::{once, pairs, unknown};
use crate::operator::refusal::not_found;

/// The kind in the address.
pub(super) fn kind(call: &Call<'_>) -> Result<InstrumentKind, Refusal> {
    Instrument::kind_called(call.segment("kind")).ok_or_else(|| {
        not_found(
            "there is no such kind of instrument; see the list of kinds in docs/operating/instruments.md",
        )
    })
}

/// Kind and id in the address.
pub(super) fn named(call: &Call<'_>) -> Result<(InstrumentKind, InstrumentId), Refusal> {
    let id = decoded(call.segment("id")).ok_or_else(|| not_found("there is no such instrument"))?;
    Ok((kind(call)?, InstrumentId(id)))
}

/// A UUID in the address.
pub(super) fn uuid(call: &Call<'_>) -> Result<Uuid, Refusal> {
    Uuid::try_parse(call.segment("id")).map_err(|_| not_found("there is no such proposal"))
}

/// A SHA-256 in the address.
pub(super) fn sha256(call: &Call<'_>) -> Result<ContentHash, Refusal> {
    call.segment("sha256")
        .parse()
        .map_err(|_| not_found("evidence is named by its SHA-256: 64 lower-case hexadecimal digits"))
}

/// A version number in the address.
pub(super) fn number(call: &Call<'_>) -> Result<u32, Refusal> {
    call.segment("version")
        .parse()
        .map_err(|_| not_found("versions are numbered 1, 2, 3"))
}

/// What an address leaves encoded: the framework keeps `%`, `/` and `+` as they came.
fn decoded(segment: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        if *first == b'%' {
            let (digits, tail) = (tail.get(..2)?, tail.get(2..)?);
            bytes.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
            rest = tail;
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    String::from_utf8(bytes).ok()
}

/// The header If-Match, one strong tag: `"3"`.
pub(super) fn if_match<'c>(call: &'c Call<'_>) -> Result<&'c str, Refusal> {
    let header = call.header("if-match").ok_or_else(precondition_required)?;
    header
        .trim()
        .strip_prefix('"')
        .and_then(|tag| tag.strip_suffix('"'))
        .filter(|tag| !tag.is_empty() && !tag.contains('"'))
        .ok_or_else(|| field("If-Match", "one tag in quotes, as ETag of an answer has it"))
}

/// The version that was seen as the latest, from If-Match.
pub(super) fn seen_version(call: &Call<'_>) -> Result<u32, Refusal> {
    if_match(call)?.parse().map_err(|_| {
        field(
            "If-Match",
            "the number of the latest version in quotes, such as \"3\"",
        )
    })
}

/// What a query string says, each name once; others than these are refused.
pub(in crate::operator) fn parameters<const N: usize>(
    query: &str,
    names: [&'static str; N],
) -> Result<[Option<String>; N], Refusal> {
    let mut found = [const { None }; N];
    for (name, value) in pairs(query)? {
        let slot = names
            .iter()
            .zip(found.iter_mut())
            .find(|(known, _)| **known == name);
        match slot {
            Some((known, slot)) => once(known, slot, value)?,
            None => return Err(unknown(&name)),
        }
    }
    Ok(found)
}

/// How many rows a page has.
pub(super) fn rows(text: Option<&str>) -> Result<usize, Refusal> {
    let Some(text) = text else { return Ok(ROWS) };
    text.parse()
        .ok()
        .filter(|rows| (1..=ROWS_MAX).contains(rows))
        .ok_or_else(|| field("rows", &format!("a number from 1 to {ROWS_MAX}")))
}

/// An instant of a body.
pub(super) fn instant(name: &str, text: Option<&str>) -> Result<Option<OffsetDateTime>, Refusal> {
    let read = |text| OffsetDateTime::parse(text, &Rfc3339);
    text.map(read)
        .transpose()
        .map_err(|_| field(name, "an instant of RFC 3339, such as 2027-04-01T00:00:00+09:00"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_decoded_once() {
        for (segment, id) in [
            ("JA-1", Some("JA-1")),
            ("a%2Fb", Some("a/b")),
            ("a%252Fb", Some("a%2Fb")),
            ("a+b", Some("a+b")),
            ("中央", Some("中央")),
            ("%E4%B8%AD", Some("中")),
            ("%", None),
            ("%4", None),
            ("%zz", None),
            ("%FF", None),
        ] {
            assert_eq!(decoded(segment).as_deref(), id, "{segment}");
        }
    }

    #[test]
    fn a_page_is_bounded_and_each_name_stands_once() {
        assert_eq!(rows(None), Ok(ROWS));
        assert_eq!(rows(Some("200")), Ok(200));
        for wrong in ["0", "201", "-1", "x"] {
            assert_eq!(
                rows(Some(wrong)).unwrap_err().more.unwrap().field.as_deref(),
                Some("rows")
            );
        }
        let [after, rows] = parameters("after=JA%2D1", ["after", "rows"]).unwrap();
        assert_eq!((after.as_deref(), rows), (Some("JA-1"), None));
        assert_eq!(
            parameters("after=1&after=2", ["after"]).unwrap_err().code,
            "value"
        );
        assert_eq!(parameters("patient=1", ["after"]).unwrap_err().code, "parameter");
    }
}
