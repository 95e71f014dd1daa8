//! The forms of attribute values that stay text in the model (ITI TF-3, Table 4.2.3.1.7-2).
//!
//! HL7 delimiters are fixed: `^` component, `&` sub-component; empty components at the end mean nothing.
//! Each function judges one value and keeps nothing: a value is stored and answered as it was sent.

use crate::author::Institution;
use crate::ident::Oid;

/// Characters in the longest slot value, code or slot name (ebRIM 3.0, LongName).
pub const LONG_NAME_CHARS_MAX: usize = 256;

/// XCN: an id (component 1) or a family name (2), an authority `&OID&ISO` (9) only with an id.
pub fn is_person(xcn: &str) -> bool {
    let part = components(xcn);
    let named = !part(0).is_empty() || !part(1).is_empty();
    let authority = part(8);
    named && (authority.is_empty() || (!part(0).is_empty() && is_authority(authority)))
}

/// XON: `Name`, `Name^^^^^&OID&ISO^^^^Id` or `Name^^^^^^^^^OID`.
pub fn is_institution(xon: &str) -> bool {
    Institution::parse(xon).is_ok()
}

/// XTN: an e-mail `^^Internet^address`, or a telephone of kind `PH`, `CP`, `FX` or `BP` with a number in
/// component 7 or 12.
pub fn is_telecommunication(xtn: &str) -> bool {
    let part = components(xtn);
    match part(2) {
        "Internet" => !part(3).is_empty(),
        "PH" | "CP" | "FX" | "BP" => !part(6).is_empty() || !part(11).is_empty(),
        _ => false,
    }
}

/// CX of sourcePatientId: `id^^^&OID&ISO`. Unlike a patientId of the domain, its id may hold anything that
/// is no delimiter.
pub fn is_source_patient_id(cx: &str) -> bool {
    let part = components(cx);
    !part(0).is_empty()
        && !part(0).contains('&')
        && is_authority(part(3))
        && [1, 2].into_iter().all(|index| part(index).is_empty())
        && count(cx) <= 4
}

/// CXi of referenceIdList: `id^^^authority^type`, optionally with a home community in component 6.
///
/// The authority is `namespace` or `&OID&ISO`; it may be missing only where the id is unique by itself: an
/// OID, or something with a scheme such as a URN.
pub fn is_reference_id(cxi: &str) -> bool {
    let part = components(cxi);
    let id = part(0);
    let unique = id.contains(':') || id.parse::<Oid>().is_ok();
    let authority = match part(3) {
        "" => unique,
        hd if hd.contains('&') => is_hd(hd),
        _ => true,
    };
    let blank = [1, 2].into_iter().all(|index| part(index).is_empty());
    !id.is_empty() && authority && blank && !part(4).is_empty() && count(cxi) <= 6
}

/// Number n of a sourcePatientInfo value `PID-n|value`, 1 to 39.
pub fn source_patient_info_field(value: &str) -> Option<u8> {
    let (number, _) = value.strip_prefix("PID-")?.split_once('|')?;
    let field: u8 = number.parse().ok()?;
    let plain = !number.starts_with(['0', '+']);
    (plain && (1..=39).contains(&field)).then_some(field)
}

/// intendedRecipient: `XON|XCN|XTN`, at least one part.
pub fn is_intended_recipient(value: &str) -> bool {
    let parts: Vec<&str> = value.split('|').collect();
    let part = |index: usize| parts.get(index).copied().unwrap_or_default();
    let holds = |index: usize, is: fn(&str) -> bool| part(index).is_empty() || is(part(index));
    parts.len() <= 3
        && parts.iter().any(|part| !part.is_empty())
        && holds(0, is_institution)
        && holds(1, is_person)
        && holds(2, is_telecommunication)
}

/// languageCode: subtags of 1 to 8 letters and digits, the first of letters (RFC 5646).
pub fn is_language(tag: &str) -> bool {
    let mut subtags = tag.split('-');
    let is =
        |subtag: &str, of: fn(&u8) -> bool| (1..=8).contains(&subtag.len()) && subtag.bytes().all(|b| of(&b));
    subtags
        .next()
        .is_some_and(|first| is(first, u8::is_ascii_alphabetic))
        && subtags.all(|subtag| is(subtag, u8::is_ascii_alphanumeric))
}

/// mimeType: `type/subtype`, each 1 to 127 characters of RFC 6838, section 4.2. No parameters.
pub fn is_mime_type(value: &str) -> bool {
    let is_name = |name: &str| {
        (1..=127).contains(&name.len())
            && name.starts_with(|first: char| first.is_ascii_alphanumeric())
            && name
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b))
    };
    value
        .split_once('/')
        .is_some_and(|(kind, subtype)| is_name(kind) && is_name(subtype))
}

/// URI: 1 to 256 characters without blanks or control characters.
pub fn is_uri(value: &str) -> bool {
    (1..=LONG_NAME_CHARS_MAX).contains(&value.chars().count())
        && !value.chars().any(|c| c.is_whitespace() || c.is_control())
}

/// size: decimal digits without sign or leading zeros, at most 2^63 - 1.
pub fn size(value: &str) -> Option<u64> {
    let plain = value == "0" || !value.starts_with(['0', '+']);
    value
        .parse::<u64>()
        .ok()
        .filter(|size| plain && *size <= i64::MAX.unsigned_abs())
}

/// A URN, as the names of additional slots are: `urn:`, a namespace and something in it.
pub fn is_urn(value: &str) -> bool {
    let mut parts = value.splitn(3, ':');
    let scheme = parts
        .next()
        .is_some_and(|scheme| scheme.eq_ignore_ascii_case("urn"));
    scheme
        && parts.next().is_some_and(|nid| !nid.is_empty())
        && parts.next().is_some_and(|nss| !nss.is_empty())
}

/// HD with an empty namespace: `&OID&ISO`.
fn is_authority(hd: &str) -> bool {
    hd.starts_with('&') && is_hd(hd)
}

/// HD by universal id: `[namespace]&OID&ISO`.
fn is_hd(hd: &str) -> bool {
    let mut parts = hd.split('&').skip(1);
    parts.next().is_some_and(|oid| oid.parse::<Oid>().is_ok())
        && parts.next() == Some("ISO")
        && parts.all(str::is_empty)
}

/// The components of a value by index, those that are not there empty.
fn components<'a>(value: &'a str) -> impl Fn(usize) -> &'a str {
    move |index| value.split('^').nth(index).unwrap_or_default()
}

/// Components up to the last one that is not empty.
fn count(value: &str) -> usize {
    value.trim_end_matches('^').split('^').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(is: fn(&str) -> bool, good: &[&str], bad: &[&str]) {
        for value in good {
            assert!(is(value), "{value:?} is right");
        }
        for value in bad {
            assert!(!is(value), "{value:?} is wrong");
        }
    }

    #[test]
    fn persons() {
        judge(
            is_person,
            &[
                "^Smitty^Gerald^^^",
                "D01",
                "D01^^^^^^^^&1.2.3&ISO",
                "D01^佐藤^花子^^^^^^&1.2.3&ISO^I",
                "^佐\\T\\藤",
            ],
            &[
                "",
                "^",
                "^^花子",
                "^佐藤^^^^^^^&1.2.3&ISO",
                "D01^^^^^^^^NS&1.2.3&ISO",
                "D01^^^^^^^^&1.2.3&DNS",
                "D01^^^^^^^^&x&ISO",
            ],
        );
    }

    #[test]
    fn telecommunications() {
        judge(
            is_telecommunication,
            &[
                "^NET^Internet^a@example.org",
                "^^Internet^a@example.org",
                "^WPN^PH^^81^3^5555-0100^12",
                "^PRN^CP^^^^^^^^^090 5555 0100",
            ],
            &[
                "",
                "^^Internet",
                "^WPN^PH",
                "03-5555-0100",
                "^^X^a",
                "a@example.org",
            ],
        );
    }

    #[test]
    fn source_patient_ids() {
        judge(
            is_source_patient_id,
            &["89765a87b^^^&1.3.4.5&ISO", "患者1^^^&1.2.3&ISO^"],
            &[
                "",
                "1",
                "1^^^",
                "^^^&1.2.3&ISO",
                "1^2^^&1.2.3&ISO",
                "1^^^N&1.2.3&ISO",
                "1^^^&1.2.3&ISO^MR",
                "a&b^^^&1.2.3&ISO",
            ],
        );
    }

    #[test]
    fn reference_ids() {
        judge(
            is_reference_id,
            &[
                "1^^^&1.2.3&ISO^urn:ihe:iti:xds:2013:order",
                "1^^^NS^urn:ihe:iti:xds:2013:order",
                "1.2.3^^^^urn:ihe:iti:xds:2016:studyInstanceUID",
                "urn:oid:1.2^^^^urn:ihe:iti:xdw:2013:workflowInstanceId",
                "1^^^&1.2.3&ISO^urn:ihe:iti:xds:2013:order^&1.2&ISO",
            ],
            &[
                "",
                "1",
                "1^^^&1.2.3&ISO",
                "^^^&1.2.3&ISO^t",
                "1^2^^&1.2.3&ISO^t",
                "1^^^^t",
                "1^^^&x&ISO^t",
                "1^^^&1.2.3&ISO^t^^x",
            ],
        );
    }

    #[test]
    fn source_patient_info_fields() {
        for (value, field) in [
            ("PID-1|x", Some(1)),
            ("PID-39|", Some(39)),
            ("PID-5|Doe^John^^^", Some(5)),
            ("PID-0|x", None),
            ("PID-40|x", None),
            ("PID-03|x", None),
            ("PID-+3|x", None),
            ("PID-3", None),
            ("pid-3|x", None),
            ("", None),
        ] {
            assert_eq!(source_patient_info_field(value), field, "{value}");
        }
    }

    #[test]
    fn intended_recipients() {
        judge(
            is_intended_recipient,
            &[
                "Some Hospital^^^^^&1.2.3&ISO^^^^45",
                "|D01^Welby",
                "||^^Internet^a@example.org",
                "H|^W|^^Internet^a@b",
            ],
            &["", "||", "|", "^x", "|^", "||x", "H|^W|^^Internet^a@b|x"],
        );
    }

    #[test]
    fn languages() {
        judge(
            is_language,
            &["ja", "ja-JP", "en-us", "zh-Hant-TW", "x"],
            &[
                "",
                "ja_JP",
                "ja-",
                "-ja",
                "j1",
                "abcdefghi",
                "ja-abcdefghi",
                "日本",
            ],
        );
    }

    #[test]
    fn mime_types_cannot_carry_a_header() {
        judge(
            is_mime_type,
            &[
                "text/plain",
                "application/vnd.oasis.opendocument.text",
                "image/svg+xml",
                &format!("a/{}", "b".repeat(127)),
            ],
            &[
                "",
                "text",
                "text/",
                "/plain",
                "a/b\r\nX: y",
                "a/b c",
                "a/b/c",
                "text/plain; charset=utf-8",
                &format!("a/{}", "b".repeat(128)),
                "テキスト/plain",
            ],
        );
    }

    #[test]
    fn uris_and_urns() {
        judge(
            is_uri,
            &["http://", "urn:x", &"u".repeat(256)],
            &["", "a b", "a\tb", &"u".repeat(257)],
        );
        judge(
            is_urn,
            &["urn:a:b", "URN:x:y:z"],
            &["", "urn:", "urn:a", "urn:a:", "urn::b", "hash", "http://urn:a:b"],
        );
    }

    #[test]
    fn xds_01_sizes() {
        for (value, size_expected) in [
            ("0", Some(0)),
            ("4", Some(4)),
            ("9223372036854775807", Some(i64::MAX as u64)),
        ] {
            assert_eq!(size(value), size_expected, "{value}");
        }
        for value in [
            "",
            "+5",
            "-5",
            "005",
            "00",
            "9223372036854775808",
            "1.0",
            "0x5",
            " 5",
            "５",
        ] {
            assert_eq!(size(value), None, "{value}");
        }
    }
}
