//! HL7-05: delimiters and escape sequences.

use proptest::prelude::*;
use xds_hl7::er7::{Er7Error, Message, ValueError, escape, unescape};
use xds_hl7::{AdtError, Condition, Header, Place};

use crate::support::{DOMAIN, oid, parse, with_pid3};

#[test]
fn hl7_05_only_the_standard_delimiters() {
    for header in [
        "MSH|$~\\&|A",
        "MSH||A",
        "MSH|^^\\&|A",
        "MSH|^~\\&#|A",
        "MSH|^~&\\|A",
        "MSH#^~\\&#A",
        "MSH|^~\\",
        "MSH",
    ] {
        assert_eq!(
            Message::parse(header).err(),
            Some(Er7Error::Delimiters),
            "{header}"
        );
    }
    for text in ["", "PID|1", "msh|^~\\&|", " MSH|^~\\&|"] {
        assert_eq!(Message::parse(text).err(), Some(Er7Error::NoHeader), "{text}");
    }
    assert!(Message::parse("MSH|^~\\&").is_ok());
}

#[test]
fn hl7_05_other_delimiters_are_answered_without_repeating_them() {
    let text = with_pid3("R1")
        .replace("MSH|^~\\&|", "MSH|^~\\&#|")
        .replace("|HOSP|", "|HO#SP|");
    let refusal = parse(&text).unwrap_err().refusal();
    assert_eq!(
        (refusal.condition, refusal.place),
        (Condition::DataType, Some(Place::field("MSH", 2)))
    );
    let header = Header::sniff(text.as_bytes()).unwrap();
    assert_eq!(
        (header.control_id.as_str(), header.sending_facility.as_str()),
        ("M1", "")
    );
    assert_eq!(Header::sniff(b"MSH#^~\\&#ADT#HOSP"), None);
}

#[test]
fn hl7_05_escapes_are_decoded_once_and_make_no_delimiters() {
    assert_eq!(
        unescape(r"a\F\b\S\c\T\d\R\e\E\f\X0D\g").unwrap(),
        "a|b^c&d~e\\f\rg"
    );
    assert_eq!(unescape(r"\E\F\E\").unwrap(), r"\F\", "not decoded again");
    assert_eq!(unescape(r"\X7C5E\").unwrap(), "|^");

    let text = with_pid3(&format!("R1^^^&{DOMAIN}&ISO")).replace("A^B", r"Ya\S\ma\R\d\F\a^\T\B\E\");
    let message = parse(&text).unwrap();
    let [name] = message.names.as_slice() else {
        panic!("one name")
    };
    assert_eq!((name.family.as_str(), name.given.as_str()), ("Ya^ma~d|a", "&B\\"));
    assert_eq!(name.raw(), r"Ya\S\ma\R\d\F\a^\T\B\E\", "kept as sent");
}

#[test]
fn hl7_05_a_carriage_return_by_escape_starts_no_segment() {
    let text = with_pid3(&format!("R1^^^&{DOMAIN}&ISO")).replace("A^B", r"A\X0D\MRG|x^B");
    let message = Message::parse(&text).unwrap();
    assert_eq!(message.segments().len(), 2);
    // And a name with a control character is no name.
    let text = with_pid3(&format!("R1^^^&{DOMAIN}&ISO")).replace("A^B", r"A\X0D\PID^B");
    let place = Place::field("PID", 5).repetition(1);
    assert_eq!(parse(&text), Err(AdtError::Malformed { place }));
}

#[test]
fn hl7_05_bad_escapes_are_errors() {
    for (raw, error) in [
        (r"a\", ValueError::OpenEscape),
        (r"a\F", ValueError::OpenEscape),
        (r"a\E\\", ValueError::OpenEscape),
        (r"\Q\", ValueError::UnknownEscape),
        (r"\\", ValueError::UnknownEscape),
        (r"\H\bold\N\", ValueError::UnknownEscape),
        (r"\C2842\", ValueError::UnknownEscape),
        (r"\X\", ValueError::Hex),
        (r"\X0\", ValueError::Hex),
        (r"\X8F\", ValueError::Hex),
        (r"\Xzz\", ValueError::Hex),
    ] {
        assert_eq!(unescape(raw), Err(error), "{raw}");
    }
}

#[test]
fn hl7_05_an_ampersand_in_an_id_does_not_shorten_it() {
    let text = with_pid3(&format!("R1&R2^^^&{DOMAIN}&ISO"));
    let place = Place::field("PID", 3).repetition(1).component(1);
    assert_eq!(parse(&text), Err(AdtError::Malformed { place }));
    // Escaped it is a character of the id, which the metadata cannot write.
    let message = parse(&with_pid3(&format!(r"R1\T\R2^^^&{DOMAIN}&ISO"))).unwrap();
    assert_eq!(message.identifiers.first().unwrap().id, "R1&R2");
    assert_eq!(
        message.domain_identifier(&oid(DOMAIN)),
        Err(AdtError::Malformed { place })
    );
}

#[test]
fn hl7_05_segments_end_with_carriage_returns() {
    let ids = |text: &str| -> Vec<String> {
        Message::parse(text)
            .unwrap()
            .segments()
            .iter()
            .map(|segment| segment.id().to_owned())
            .collect()
    };
    assert_eq!(ids("MSH|^~\\&|\rPID|\rPV1|"), ["MSH", "PID", "PV1"]);
    assert_eq!(ids("MSH|^~\\&|\r\nPID|\r\n\r\nPV1|\r\n"), ["MSH", "PID", "PV1"]);
    assert_eq!(
        ids("MSH|^~\\&|\rOBX|a\nPID|b\r"),
        ["MSH", "OBX"],
        "a line feed is text"
    );
    assert_eq!(
        Message::parse("MSH|^~\\&|\nPID|\n").err(),
        Some(Er7Error::LineFeed)
    );
    assert_eq!(Message::parse("MSH|^~\\&|\0\r").err(), Some(Er7Error::Control));
    assert_eq!(
        Message::parse("MSH|^~\\&|\rpid|").err(),
        Some(Er7Error::Segment { number: 2 })
    );
    assert_eq!(
        Message::parse("MSH|^~\\&|\rPIDX|").err(),
        Some(Er7Error::Segment { number: 2 })
    );
    assert_eq!(
        Message::parse("MSH|^~\\&|\r患者|").err(),
        Some(Er7Error::Segment { number: 2 })
    );
}

#[test]
fn hl7_05_segments_are_limited() {
    let message = |segments: usize| format!("MSH|^~\\&|\r{}", "ZZZ|\r".repeat(segments - 1));
    assert_eq!(
        Message::parse(&message(Message::SEGMENTS_MAX))
            .unwrap()
            .segments()
            .len(),
        Message::SEGMENTS_MAX
    );
    assert_eq!(
        Message::parse(&message(Message::SEGMENTS_MAX + 1)).err(),
        Some(Er7Error::TooManySegments)
    );
}

#[test]
fn parts_are_counted_as_hl7_counts_them() {
    let message = Message::parse("MSH|^~\\&|APP|||x\rPID|1|\"\"|a^b&c~d^e|").unwrap();
    let [msh, pid] = message.segments() else {
        panic!("two segments")
    };
    assert_eq!(
        [1, 2, 3, 4, 6, 7].map(|n| msh.field(n).raw()),
        ["|", "^~\\&", "APP", "", "x", ""]
    );
    assert_eq!([0, 1, 4, 9].map(|n| pid.field(n).raw()), ["", "1", "", ""]);
    assert!(pid.field(2).is_null() && !pid.field(2).is_empty());
    let repetitions: Vec<_> = pid
        .field(3)
        .repetitions()
        .map(|repetition| repetition.raw())
        .collect();
    assert_eq!(repetitions, ["a^b&c", "d^e"]);
    assert_eq!(pid.field(4).repetitions().count(), 0);
    let second = pid.field(3).first().component(2);
    assert_eq!(
        [0, 1, 2, 3].map(|n| second.subcomponent(n).unwrap().into_owned()),
        ["", "b", "c", ""]
    );
    assert_eq!(second.text(), Err(ValueError::Subcomponents));
}

proptest! {
    #[test]
    fn hl7_05_what_is_escaped_comes_back_and_splits_nothing(value in any::<String>()) {
        let raw = escape(&value);
        prop_assert!(!raw.contains(['|', '^', '~', '&', '\r', '\n']));
        prop_assert_eq!(unescape(&raw).unwrap(), value);
    }

    #[test]
    fn hl7_05_decoding_never_changes_the_number_of_parts(raw in r"[A-Z\\|^~&FSTREX0-9]{0,60}") {
        let text = format!("MSH|^~\\&|\rPID|{raw}");
        let message = Message::parse(&text).unwrap();
        let pid = message.segments().get(1).unwrap();
        let fields: Vec<_> = raw.split('|').collect();
        for (index, field) in fields.iter().enumerate() {
            prop_assert_eq!(pid.field(index + 1).raw(), *field);
        }
        prop_assert!(pid.field(fields.len() + 1).is_empty());
    }
}
