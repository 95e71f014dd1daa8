//! The rules that hold for all messages.

use std::collections::BTreeMap;

use xds_atna::{AuditMessage, RepositoryUniqueIdDetail, Source, detail};
use xds_audit::{Caller, Closing, Event, EventKind, FailedPart, Objects, Outcome};
use xds_model::Transaction;

use crate::support::{
    OTHER_PATIENT, PATIENT, decisions, doctor, documents, documents_of_two, event, messages, node, query,
    source, submission, told, via_repository,
};

fn received(transaction: Transaction, objects: Objects, closing: Closing) -> Event {
    event(EventKind::received(transaction), doctor(), objects, closing)
}

fn reports(message: &AuditMessage) -> Vec<&str> {
    message
        .reports()
        .filter_map(|report| report.id.as_deref())
        .collect()
}

#[test]
fn aud_12_each_message_has_one_patient_and_only_that_patients_documents() {
    let messages = messages(received(
        Transaction::Iti43,
        documents_of_two(),
        Closing::success(),
    ));
    let told: Vec<(Vec<&str>, Vec<&str>)> = messages
        .iter()
        .map(|message| (message.patients().collect(), reports(message)))
        .collect();
    assert_eq!(
        told,
        [
            (vec![PATIENT], vec!["1.2.3.1"]),
            (vec![OTHER_PATIENT], vec!["1.2.3.2"])
        ]
    );
}

#[test]
fn aud_12_owners_alone_tell_the_patients() {
    let objects = Objects {
        patients: Vec::new(),
        ..documents_of_two()
    };
    let messages = messages(received(Transaction::Decision, objects, Closing::success()));
    assert_eq!(messages.len(), 2);
    assert!(messages.iter().all(|message| message.patients().count() == 1));
}

#[test]
fn aud_12_documents_of_which_the_patient_is_not_told_are_in_every_message() {
    let objects = Objects {
        owners: BTreeMap::new(),
        ..documents_of_two()
    };
    for message in messages(received(Transaction::Iti43, objects, Closing::success())) {
        assert_eq!(reports(&message), ["1.2.3.1", "1.2.3.2"]);
    }
}

#[test]
fn of_iti_51_only_the_patients_of_the_query_count() {
    let closing = Closing {
        objects: documents_of_two(),
        ..Closing::success()
    };
    let found = messages(received(Transaction::Iti51, query(), closing.clone()));
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].patients().collect::<Vec<_>>(), [PATIENT]);
    let none = Objects {
        patients: Vec::new(),
        ..query()
    };
    let found = messages(received(Transaction::Iti51, none, closing));
    assert_eq!((found.len(), found[0].patients().count()), (1, 0));
}

#[test]
fn aud_13_the_query_is_whole_and_the_result_is_not_there() {
    let closing = Closing {
        results: Some(2),
        ..Closing::success()
    };
    let found = messages(received(Transaction::Iti18, query(), closing));
    assert_eq!(
        found[0].query(),
        Some("<query:AdhocQueryRequest>患者</query:AdhocQueryRequest>".as_bytes())
    );
    let object = &found[0].objects[1];
    assert_eq!(object.detail(detail::QUERY_ENCODING), Some("UTF-8"));
    assert_eq!(reports(&found[0]).len(), 0);
}

#[test]
fn aud_16_the_outcome_of_each_half_is_its_own() {
    let closing = Closing {
        failed: Some(FailedPart {
            outcome: Outcome::MajorFailure,
            objects: documents(&["1.2.3.2"]),
            errors: vec!["XDSRepositoryError".to_owned()],
        }),
        ..Closing::success()
    };
    let found = messages(received(
        Transaction::Iti43,
        documents(&["1.2.3.1", "1.2.3.2"]),
        closing,
    ));
    let told: Vec<(u8, Option<&str>, Vec<&str>)> = found
        .iter()
        .map(|message| {
            let event = &message.event;
            (
                event.outcome.code(),
                event.outcome_description.as_deref(),
                reports(message),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            (0, None, vec!["1.2.3.1"]),
            (12, Some("XDSRepositoryError"), vec!["1.2.3.2"])
        ]
    );
}

#[test]
fn every_message_has_a_name_of_its_own_and_the_decisions() {
    let closing = Closing {
        decisions: decisions(),
        ..Closing::success()
    };
    let event = received(Transaction::Iti43, documents_of_two(), closing);
    let told = told(event);
    let found = xds_atna::messages(&told, &source());
    for (part, message) in (1..).zip(&found) {
        let name = message.name().unwrap();
        assert_eq!((name.event, name.part), (told.id, part));
        let own = message.own_object().unwrap();
        assert_eq!(own.detail(detail::PARTS), Some("2"));
        assert_eq!(
            own.detail(detail::CORRELATION),
            Some(told.event.opening.correlation.as_str())
        );
        let groups: Vec<(&str, &str)> = own
            .details
            .iter()
            .filter(|found| {
                [
                    detail::DECISION,
                    detail::BASIS,
                    detail::INSTRUMENT,
                    detail::INSTRUMENT_VERSION,
                ]
                .contains(&found.kind.as_str())
            })
            .map(|found| (found.kind.as_str(), found.as_text().unwrap()))
            .collect();
        assert_eq!(
            groups,
            [
                (detail::DECISION, "d-1"),
                (detail::BASIS, "own"),
                (detail::DECISION, "d-2"),
                (detail::BASIS, "consent"),
                (detail::INSTRUMENT, "consent-7"),
                (detail::INSTRUMENT_VERSION, "3"),
            ]
        );
    }
}

#[test]
fn the_repository_detail_can_be_spelled_as_toolkits_do() {
    let source = Source {
        repository_unique_id_detail: RepositoryUniqueIdDetail::Toolkits,
        ..source()
    };
    let told = told(received(
        Transaction::Iti43,
        documents(&["1.2.3.1"]),
        Closing::success(),
    ));
    let xml = xds_atna::messages(&told, &source)[0].to_xml();
    assert!(xml.contains(r#"type="Repository Unique Id""#), "{xml}");
}

#[test]
fn the_sender_is_who_is_connected_and_the_person_is_found() {
    let event = event(
        EventKind::received(Transaction::Iti42),
        via_repository(),
        submission(),
        Closing::success(),
    );
    let message = &messages(event)[0];
    assert_eq!(message.sender().unwrap().user_id, "repository-1");
    assert_eq!(
        message.own_object().unwrap().detail(detail::NODE),
        Some("clinic-a")
    );
    let humans: Vec<&str> = message.humans().map(|human| human.user_id.as_str()).collect();
    assert_eq!(humans, ["dr.suzuki"]);
    assert_eq!(message.submission_set(), Some("1.2.392.200119.6.99.1"));
}

#[test]
fn anonymous_reply_addresses_name_nobody() {
    let caller = Caller {
        reply_to: Some("http://www.w3.org/2005/08/addressing/anonymous".to_owned()),
        ..node()
    };
    let event = event(
        EventKind::received(Transaction::Iti42),
        caller,
        submission(),
        Closing::success(),
    );
    assert_eq!(messages(event)[0].sender().unwrap().user_id, "clinic-a");
}

/// A large query for many patients would otherwise become terabytes.
#[test]
fn a_large_query_for_many_patients_stands_in_the_first_message_only() {
    let mut objects = query();
    objects.patients = (0..2_000).map(|number| format!("P{number}^^^&1.2&ISO")).collect();
    let mut large = objects.clone();
    if let Some(query) = &mut large.query {
        query.text = "x".repeat(1 << 20);
    }
    let small = messages(received(Transaction::Iti51, objects, Closing::success()));
    assert!(small.iter().all(|message| message.query().is_some()));
    let large = messages(received(Transaction::Iti51, large, Closing::success()));
    assert_eq!(large.len(), 2_000);
    assert_eq!(
        large.iter().filter(|message| message.query().is_some()).count(),
        1
    );
    assert_eq!(large[0].query().map(<[u8]>::len), Some(1 << 20));
    let own = large[1_999].own_object().unwrap();
    assert_eq!(own.detail(detail::SHARED_IN_PART), Some("1"));
    assert_eq!(
        large[0].own_object().unwrap().detail(detail::SHARED_IN_PART),
        None
    );
}

#[test]
fn aud_15_debug_names_no_patient() {
    let told = told(received(
        Transaction::Iti18,
        Objects::of_patient("CANARY^^^&1.2&ISO".to_owned()),
        Closing::success(),
    ));
    let found = xds_atna::messages(&told, &source());
    assert!(!format!("{found:?}").contains("CANARY"));
}

#[test]
fn a_mandatory_value_that_is_empty_is_written_as_unknown() {
    let mut message = messages(received(Transaction::Iti42, submission(), Closing::success())).remove(0);
    message.participants[0].user_id = " ".to_owned();
    message.source.id = String::new();
    message.event.id.code = "".into();
    let xml = message.to_xml();
    for part in [
        r#"<ActiveParticipant UserID="unknown""#,
        r#"AuditSourceID="unknown""#,
        r#"<EventID csd-code="unknown""#,
    ] {
        assert!(xml.contains(part), "{part}: {xml}");
    }
}

#[test]
fn who_exports_is_a_person_though_also_the_source() {
    let kind = EventKind::Exported {
        what: "file:///export".to_owned(),
    };
    let found = messages(event(
        kind,
        Caller::operator("root"),
        Objects::default(),
        Closing::success(),
    ));
    let humans: Vec<&str> = found[0].humans().map(|human| human.user_id.as_str()).collect();
    assert_eq!(humans, ["root"]);
}
