//! What an ADT message says, and what is refused.

use xds_hl7::{
    AckCode, AdtDraft, AdtError, AdtMessage, Charset, Condition, PersonName, Place, Representation, Sex,
    Trigger, build_adt,
};
use xds_model::PatientId;

use crate::support::{DOMAIN, a04, at, oid, parse, read, with_pid3};

const A04: &[u8] = include_bytes!("../data/iti8-a04-v231.hl7");
const A40: &[u8] = include_bytes!("../data/iti8-a40-merge-v231.hl7");
const SAMPLE_DOMAIN: &str = "1.3.6.1.4.1.21367.13.20.1000";

fn good() -> String {
    with_pid3(&format!("R1^^^&{DOMAIN}&ISO"))
}

fn merge() -> String {
    good().replace("ADT^A04", "ADT^A40") + &format!("MRG|R2^^^&{DOMAIN}&ISO\r")
}

#[test]
fn reads_a_registration() {
    let message = read(A04).unwrap();
    assert_eq!(
        (message.trigger, message.control_id.as_str()),
        (Trigger::A04, "MSG00001")
    );
    assert_eq!(message.version, "2.3.1");
    assert_eq!(
        [&message.sending_application, &message.sending_facility],
        ["ADT", "HOSP"]
    );
    assert_eq!(
        [&message.receiving_application, &message.receiving_facility],
        ["XDS_REGISTRY", "XDS"]
    );
    let id = message.domain_identifier(&oid(SAMPLE_DOMAIN)).unwrap().unwrap();
    assert_eq!(id.to_string(), format!("NISTSAMPLE-1^^^&{SAMPLE_DOMAIN}&ISO"));
    let [name] = message.names.as_slice() else {
        panic!("one name")
    };
    assert_eq!(
        [&name.family, &name.given, &name.middle, &name.name_type],
        ["APPLESEED", "JOHN", "A", "L"]
    );
    assert_eq!(name.representation, None);
    assert_eq!(message.birth_date.unwrap().as_str(), "19710101");
    assert_eq!(message.sex, Some(Sex::Male));
    assert_eq!(message.merged, None);
    // 12:00 without a zone, from a sender in Japan.
    assert_eq!(message.message_time.unwrap().unix_timestamp(), 1_767_236_400);
}

#[test]
fn reads_a_merge() {
    let message = read(A40).unwrap();
    assert_eq!(message.trigger, Trigger::A40);
    let domain = oid(SAMPLE_DOMAIN);
    assert_eq!(
        message.domain_identifier(&domain).unwrap().unwrap().id(),
        "NISTSAMPLE-1"
    );
    assert_eq!(
        message.merged_identifier(&domain).unwrap().unwrap().id(),
        "NISTSAMPLE-2"
    );
    assert_eq!(message.merged_identifier(&oid(DOMAIN)), Ok(None));
}

#[test]
fn every_event_and_version_is_accepted() {
    for (event, trigger) in [
        ("A01", Trigger::A01),
        ("A05^ADT_A05", Trigger::A05),
        ("A08^ADT_A01", Trigger::A08),
    ] {
        assert_eq!(parse(&good().replace("A04", event)).unwrap().trigger, trigger);
    }
    for version in ["2.3.1", "2.4", "2.5", "2.5.1", "2.5^JPN"] {
        assert!(parse(&good().replace("2.3.1", version)).is_ok(), "{version}");
    }
}

#[test]
fn each_fault_has_its_code_and_place() {
    let merge = merge();
    for (text, code, number, place) in [
        (
            good().replace("ADT^A04", "ORU^R01"),
            AckCode::Reject,
            "200",
            "MSH^1^9^1^1",
        ),
        (
            good().replace("ADT^A04", ""),
            AckCode::Reject,
            "200",
            "MSH^1^9^1^1",
        ),
        (
            good().replace("ADT^A04", "ADT^A11"),
            AckCode::Reject,
            "201",
            "MSH^1^9^1^2",
        ),
        (
            good().replace("ADT^A04", "ADT"),
            AckCode::Reject,
            "201",
            "MSH^1^9^1^2",
        ),
        (good().replace("|P|", "|X|"), AckCode::Reject, "202", "MSH^1^11"),
        (good().replace("2.3.1", "2.8"), AckCode::Reject, "203", "MSH^1^12"),
        (good().replace("|M1|", "||"), AckCode::Error, "101", "MSH^1^10"),
        (good().replace("|M1|", "|M^1|"), AckCode::Error, "102", "MSH^1^10"),
        (good().replace("|M1|", "|M~1|"), AckCode::Error, "102", "MSH^1^10"),
        (
            good().replace("20260101120000", "令和8年"),
            AckCode::Error,
            "102",
            "MSH^1^7",
        ),
        (good().replace("PID|", "ZPD|"), AckCode::Error, "100", "PID^1"),
        (good() + "PID|||R9", AckCode::Error, "100", "PID^2"),
        (good() + "EVN|A40|20260101\r", AckCode::Error, "102", "EVN^1^1"),
        (good() + "junk\r", AckCode::Error, "100", "MSH^1"),
        (with_pid3(""), AckCode::Error, "101", "PID^1^3"),
        (
            good().replace("A^B", r"A^B~A\^B"),
            AckCode::Error,
            "102",
            "PID^1^5^2",
        ),
        (
            good().replace("A^B", "A^B||19711301"),
            AckCode::Error,
            "102",
            "PID^1^7",
        ),
        (
            good().replace("A^B", "A^B||昭和46年"),
            AckCode::Error,
            "102",
            "PID^1^7",
        ),
        (
            good().replace("A^B", "A^B||19710101|X"),
            AckCode::Error,
            "103",
            "PID^1^8",
        ),
        (merge.replace("MRG|", "ZMG|"), AckCode::Error, "100", "MRG^1"),
        (merge.clone() + "MRG|R3\r", AckCode::Error, "100", "MRG^2"),
        (
            merge.replace("MRG|R2^^^&", "MRG||&"),
            AckCode::Error,
            "101",
            "MRG^1^1",
        ),
        (merge.replace("R2^", "R\\^"), AckCode::Error, "102", "MRG^1^1^1^1"),
        (move_merge_first(&merge), AckCode::Error, "100", "MRG^1"),
    ] {
        let refusal = parse(&text).unwrap_err().refusal();
        let found = (
            refusal.code,
            refusal.condition.code_and_text().0,
            refusal.place.unwrap().to_string(),
        );
        assert_eq!(found, (code, number, place.to_owned()), "{text:?}");
    }
}

fn move_merge_first(message: &str) -> String {
    let segments: Vec<_> = message.split('\r').collect();
    let [msh, pid, mrg, _] = segments.as_slice() else {
        panic!("three segments")
    };
    [*msh, *mrg, *pid].join("\r")
}

#[test]
fn a_merge_segment_matters_for_a_merge_only() {
    let text = merge().replace("ADT^A40", "ADT^A08");
    assert_eq!(parse(&text).unwrap().merged, None);
}

#[test]
fn birth_dates_are_never_moved_by_a_zone() {
    for (sent, read) in [
        ("20000101", Some("20000101")),
        ("20000101000000+0900", Some("20000101")),
        ("20000101233000-1200", Some("20000101")),
        ("200001", Some("200001")),
        ("2000", Some("2000")),
        ("\"\"", None),
        ("", None),
    ] {
        let message = parse(&good().replace("A^B", &format!("A^B||{sent}"))).unwrap();
        assert_eq!(
            message.birth_date.as_ref().map(|date| date.as_str()),
            read,
            "{sent}"
        );
    }
}

#[test]
fn message_times_are_converted() {
    for (sent, unix) in [
        ("20260101083000+0900", 1_767_223_800),
        ("20260101083000", 1_767_223_800),
        ("20251231233000+0000", 1_767_223_800),
        ("20251231183000.1234-0500", 1_767_223_800),
        ("202601010830", 1_767_223_800),
    ] {
        let message = parse(&good().replace("20260101120000", sent)).unwrap();
        assert_eq!(message.message_time.unwrap().unix_timestamp(), unix, "{sent}");
    }
    for bad in [
        "20260101083000+09",
        "20260101083000+9900",
        "202601010830.1",
        "20260101083000.",
        "20260101083000.12345",
        "2026-01-01",
    ] {
        assert!(parse(&good().replace("20260101120000", bad)).is_err(), "{bad}");
    }
    assert_eq!(
        parse(&good().replace("20260101120000", "")).unwrap().message_time,
        None
    );
}

#[test]
fn names_keep_their_forms_and_order() {
    let sent =
        "山田^太郎^^^^^L^I~ヤマダ^タロウ^^^^^L^P~YAMADA^TARO^^^^^L^A~GARCÍA&de la^Ana^María~~\"\"~李^^^^^^^Q";
    let message = read(&a04("UNICODE UTF-8", sent.as_bytes())).unwrap();
    let names: Vec<_> = message
        .names
        .iter()
        .map(|name| (name.family.as_str(), name.representation))
        .collect();
    assert_eq!(
        names,
        [
            ("山田", Some(Representation::Ideographic)),
            ("ヤマダ", Some(Representation::Phonetic)),
            ("YAMADA", Some(Representation::Alphabetic)),
            ("GARCÍA", None),
            ("李", None),
        ]
    );
    assert_eq!(message.names.get(3).unwrap().raw(), "GARCÍA&de la^Ana^María");
    assert!(
        parse(&good().replace("A^B", "")).unwrap().names.is_empty(),
        "an identity needs no name"
    );
}

#[test]
fn lengths_are_limited() {
    let name = |length: usize| good().replace("A^B", &format!("{}^B", "漢".repeat(length)));
    assert!(parse(&name(PersonName::PART_CHARS_MAX)).is_ok());
    let place = Place::field("PID", 5).repetition(1);
    assert_eq!(
        parse(&name(PersonName::PART_CHARS_MAX + 1)),
        Err(AdtError::Malformed { place })
    );
    let control_id = |length: usize| good().replace("|M1|", &format!("|{}|", "9".repeat(length)));
    assert!(parse(&control_id(AdtMessage::CONTROL_ID_CHARS_MAX)).is_ok());
    let place = Place::field("MSH", 10);
    assert_eq!(
        parse(&control_id(AdtMessage::CONTROL_ID_CHARS_MAX + 1)),
        Err(AdtError::Malformed { place })
    );
}

#[test]
fn errors_and_debug_show_no_patient_data() {
    let canary = "CANARY";
    let identifier = format!("{canary}1^^^&{DOMAIN}&ISO");
    let message = parse(&with_pid3(&identifier).replace("A^B", canary)).unwrap();
    let shown = format!("{message:?} {:?} {:?}", message.identifiers, message.names);
    assert!(!shown.contains(canary), "{shown}");
    for text in [
        with_pid3(&format!("{identifier}~{canary}2^^^REGION")),
        with_pid3(&format!("{canary}&x^^^&{DOMAIN}&ISO")),
        with_pid3(&format!("{canary}^^^HOSP&{DOMAIN}&ISO")),
        with_pid3(&identifier).replace("A^B", r"CANARY\"),
        with_pid3(&identifier).replace("A^B", "A^B||CANARY|CANARY"),
        with_pid3(&identifier).replace("PID|", "CANARY|"),
    ] {
        let error = match parse(&text) {
            Err(error) => error,
            Ok(message) => message.domain_identifier(&oid(DOMAIN)).unwrap_err(),
        };
        let shown = format!("{error} {error:?} {:?}", error.refusal());
        assert!(!shown.contains(canary), "{shown}");
    }
}

#[test]
fn a_merge_is_written_and_read() {
    let id = |text: &str| format!("{text}^^^&{DOMAIN}&ISO").parse::<PatientId>().unwrap();
    let message = build_adt(&AdtDraft {
        trigger: Trigger::A40,
        control_id: "M|2",
        version: "2.3.1",
        time: at(0),
        sender: ("ADT", "H1"),
        receiver: ("REG", "XDS"),
        identifiers: &[id("R1")],
        names: &[],
        birth_date: None,
        sex: None,
        merged: Some(&id("R2")),
        charset: Charset::Ascii,
    })
    .unwrap();
    let read = read(&message).unwrap();
    assert_eq!((read.trigger, read.control_id.as_str()), (Trigger::A40, "M|2"));
    assert_eq!(read.domain_identifier(&oid(DOMAIN)), Ok(Some(id("R1"))));
    assert_eq!(read.merged_identifier(&oid(DOMAIN)), Ok(Some(id("R2"))));
}

#[test]
fn conditions_have_the_codes_of_table_0357() {
    for (condition, code) in [
        (Condition::UnknownKey, "204"),
        (Condition::DuplicateKey, "205"),
        (Condition::RecordLocked, "206"),
        (Condition::Internal, "207"),
    ] {
        assert_eq!(condition.code_and_text().0, code);
    }
}
