//! Messages of anybody.

use std::fs;

use time::OffsetDateTime;
use time::macros::datetime;
use xds_atna::{NameOrQuery, ReadError, ReadFault, ReadMessage, read};
use xds_audit::{Action, Outcome};
use xds_model::Transaction;

use crate::golden::cases;
use crate::support::{data, messages};

const RECEIVED: OffsetDateTime = datetime!(2026-11-24 00:00 UTC);

fn read_file(name: &str) -> ReadMessage {
    read(&fs::read(data().join("received").join(name)).unwrap(), RECEIVED).unwrap()
}

fn with_event(event: &str) -> Result<ReadMessage, ReadError> {
    read(
        format!(r#"<AuditMessage>{event}<ActiveParticipant UserID="u" UserIsRequestor="0"/><AuditSourceIdentification AuditSourceID="s"/></AuditMessage>"#)
            .as_bytes(),
        RECEIVED,
    )
}

#[test]
fn what_we_write_reads_back() {
    for (name, event) in cases() {
        for message in messages(event) {
            let read = read(message.to_xml().as_bytes(), RECEIVED).unwrap();
            // Codes that are not known are written as `unknown`, which is a fault to a reader.
            let known = ["default-user"].iter().all(|exception| !name.contains(exception));
            assert!(!known || read.faults.is_empty(), "{name}: {:?}", read.faults);
            assert!(read.message == message, "{name}");
        }
    }
}

#[test]
fn the_three_forms_of_dicom_say_the_same() {
    let first = read_file("dicom-2016a.xml");
    assert_eq!(first.faults, []);
    let message = &first.message;
    assert_eq!(message.event.at, datetime!(2016-01-01 01:00:00.123 UTC));
    assert_eq!(message.event.outcome, Outcome::MinorFailure);
    assert_eq!(message.event.action, Some(Action::Execute));
    assert_eq!(message.event.outcome_description.as_deref(), Some("busy"));
    assert_eq!(message.transaction(), Some(Transaction::Iti18));
    assert_eq!(
        (&*message.source.types[0].code, &*message.source.types[0].system),
        ("4", "DCM")
    );
    assert_eq!(message.patients().collect::<Vec<_>>(), ["P1^^^&1.2.3&ISO"]);
    assert_eq!(
        message.sender().map(|sender| sender.user_id.as_str()),
        Some("client")
    );
    assert!(message.name().is_none() && message.own_object().is_none());
    assert!(matches!(&message.objects[0].name_or_query, Some(NameOrQuery::Name(name)) if name == "Name"));
    assert!(read_file("dicom-2016c.xml") == first);
    assert!(read_file("dicom-2017c.xml") == first);
}

#[test]
fn rfc_3881_is_read_and_its_faults_are_noted() {
    let ReadMessage { message, faults } = read_file("rfc3881.xml");
    assert_eq!(
        faults,
        [
            ReadFault::NoZone,
            ReadFault::Repeated,
            ReadFault::MissingValue,
            ReadFault::Base64
        ]
    );
    assert_eq!(message.event.id.text, "Query");
    assert_eq!(message.transaction(), Some(Transaction::Iti18));
    assert_eq!(message.event.at, datetime!(2010-01-01 10:00 UTC));
    assert!(message.participants[0].is_requestor);
    assert_eq!(message.source.id, "source");
    assert_eq!(message.query(), Some(b"<a></a>".as_slice()));
    assert_eq!(message.objects[0].detail("PLAIN"), Some("no base64: 患者"));
    assert_eq!(message.objects[0].id_type.system, "unknown");
}

#[test]
fn values_that_are_none_are_replaced_and_noted() {
    let read = with_event(
        r#"<EventIdentification EventActionCode="X" EventDateTime="yesterday" EventOutcomeIndicator="1"><EventID csd-code="1" codeSystemName="a" originalText="b"/></EventIdentification>"#,
    )
    .unwrap();
    assert_eq!(
        read.faults,
        [
            ReadFault::Enumeration,
            ReadFault::EventDateTime,
            ReadFault::Outcome
        ]
    );
    assert_eq!(read.message.event.at, RECEIVED);
    assert_eq!(read.message.event.outcome, Outcome::MajorFailure);
    assert!(!read.message.participants[0].is_requestor);
}

#[test]
fn missing_participants_and_sources_are_noted() {
    let event = r#"<EventIdentification EventDateTime="2026-01-01T00:00:00Z" EventOutcomeIndicator="0"><EventID csd-code="1" codeSystemName="a" originalText="b"/></EventIdentification>"#;
    let read = read(
        format!("<AuditMessage>{event}</AuditMessage>").as_bytes(),
        RECEIVED,
    )
    .unwrap();
    assert_eq!(read.faults, [ReadFault::MissingElement]);
    assert_eq!(read.message.source.id, "unknown");
}

#[test]
fn what_tells_nothing_is_refused() {
    assert_eq!(with_event(""), Err(ReadError::NoEvent));
    assert_eq!(with_event("<EventIdentification/>"), Err(ReadError::NoEvent));
    assert_eq!(read(b"<Audit/>", RECEIVED), Err(ReadError::NotAuditMessage));
    for xml in [
        "",
        "no xml",
        "<AuditMessage>",
        "<!DOCTYPE a [<!ENTITY b 'c'>]><AuditMessage/>",
    ] {
        assert!(
            matches!(read(xml.as_bytes(), RECEIVED), Err(ReadError::Xml(_))),
            "{xml}"
        );
    }
    let deep = format!(
        "<AuditMessage>{}{}</AuditMessage>",
        "<a>".repeat(40),
        "</a>".repeat(40)
    );
    assert!(matches!(read(deep.as_bytes(), RECEIVED), Err(ReadError::Xml(_))));
}
