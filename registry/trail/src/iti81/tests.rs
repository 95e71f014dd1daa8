use serde_json::Value;
use time::macros::datetime;
use uuid::Uuid;
use xds_atna::fhir::audit_event;
use xds_atna::{AuditMessage, Source, messages};
use xds_audit::{
    AuditUser, Caller, Closing, DocumentReference, Event, EventId, EventKind, FailedPart, Objects, Opening,
    Outcome, Stamp, Told,
};
use xds_model::Transaction;

use super::*;
use crate::question::Position;

const DAY: &str = "date=ge2026-11-24&date=le2026-11-24";
const BASE: &str = "https://registry.example/fhir";

fn source() -> Source {
    Source::new("registry-1", "renkei-registry", "4711", "registry.example")
}

fn told(transaction: Transaction, patients: &[&str], closing: Closing) -> Told {
    let stamp = Stamp {
        at: datetime!(2026-11-24 3:00 UTC),
        up_us: 1,
    };
    let user = AuditUser {
        id: "drsmith".to_owned(),
        issuer: Some("https://idp.example".to_owned()),
        ..AuditUser::default()
    };
    let objects = Objects {
        patients: patients
            .iter()
            .map(|id| format!("{id}^^^&1.2.392.9&ISO"))
            .collect(),
        documents: vec![DocumentReference {
            unique_id: "1.2.3.4".to_owned(),
            repository_unique_id: "1.2.3".to_owned(),
            home: None,
        }],
        ..Objects::default()
    };
    Told {
        id: EventId {
            journal: Uuid::from_u128(7),
            sequence: 42,
        },
        began: stamp,
        ended: stamp,
        event: Event {
            opening: Opening {
                kind: EventKind::received(transaction),
                caller: Caller {
                    node: Some("h1".to_owned()),
                    user: Some(user),
                    peer: Some("192.0.2.10:4000".parse().unwrap()),
                    ..Caller::default()
                },
                endpoint: "https://registry.example/xds".to_owned(),
                correlation: "c-1".to_owned(),
                objects,
            },
            closing,
        },
    }
}

fn found() -> Vec<AuditMessage> {
    let failed = Closing {
        failed: Some(FailedPart {
            outcome: Outcome::SeriousFailure,
            objects: Objects::default(),
            errors: vec!["XDSDocumentUniqueIdError".to_owned()],
        }),
        ..Closing::success()
    };
    [
        told(Transaction::Iti18, &["P1"], Closing::success()),
        told(Transaction::Iti43, &["P2"], failed),
    ]
    .iter()
    .flat_map(|told| messages(told, &source()))
    .collect()
}

/// How many of the messages come, by transaction.
fn answer(parameters: &str) -> Vec<String> {
    let query = AuditEventQuery::read(&format!("{DAY}&{parameters}")).unwrap();
    let bundle = bundle(&query, found().iter().map(audit_event), BASE, None);
    let entries = bundle.get("entry").and_then(Value::as_array).cloned();
    entries
        .unwrap_or_default()
        .iter()
        .map(|entry| {
            let subtype = entry.pointer("/resource/subtype/0/code").and_then(Value::as_str);
            let outcome = entry.pointer("/resource/outcome").and_then(Value::as_str);
            format!("{} {}", subtype.unwrap_or("-"), outcome.unwrap_or("-"))
        })
        .collect()
}

fn refused(query: &str) -> Iti81Error {
    AuditEventQuery::read(query).unwrap_err()
}

#[test]
fn iti81_without_both_ends_of_the_time_is_refused() {
    for query in ["", "date=ge2026-11-24", "date=le2026-11-24&type=110112"] {
        let error = refused(query);
        assert_eq!((&error, error.status()), (&Iti81Error::DateMissing, 400));
    }
    let outcome = operation_outcome(&Iti81Error::DateMissing);
    assert_eq!(outcome.pointer("/resourceType").unwrap(), "OperationOutcome");
    assert_eq!(outcome.pointer("/issue/0/code").unwrap(), "required");
}

#[test]
fn iti81_what_is_not_offered_is_refused_and_not_ignored() {
    let error = refused(&format!("{DAY}&patient.name=CANARY"));
    assert_eq!(error, Iti81Error::Parameter("patient.name".to_owned()));
    assert!(!operation_outcome(&error).to_string().contains("CANARY"));
    assert_eq!(
        refused(&format!("{DAY}&%3Cscript%3E=1")),
        Iti81Error::Parameter("?".to_owned())
    );
    assert_eq!(refused(&format!("{DAY}&type=")), Iti81Error::Value("type"));
    assert_eq!(refused(&format!("{DAY}&_count=0")), Iti81Error::Value("_count"));
    assert_eq!(refused(&format!("{DAY}&_sort=date")), Iti81Error::Value("_sort"));
    assert_eq!(refused(&format!("{DAY}&_format=xml")).status(), 406);
    assert!(AuditEventQuery::read(&format!("{DAY}&_format=application/fhir+json&_sort=-date")).is_ok());
}

#[test]
fn iti81_every_parameter_finds_what_it_names_and_nothing_else() {
    let all = ["ITI-18 0", "ITI-43 0", "ITI-43 8"];
    let cases: [(&str, &[&str]); 20] = [
        ("_count=10", &all),
        ("patient.identifier=urn:oid:1.2.392.9|P1", &all[..1]),
        ("patient.identifier=P1,P2", &all[..2]),
        ("patient.identifier=urn:oid:1.2|P1", &[]),
        ("agent=drsmith", &all),
        ("agent.identifier=dr", &[]),
        ("address=192.0.2.10", &all),
        ("address=192.0.2.1", &[]),
        ("altid=4711", &all),
        ("entity=1.2.3.4&subtype=ITI-43&outcome=0", &all[1..2]),
        ("entity=9.9.9", &[]),
        ("entity-type=1&patient=P2", &all[1..2]),
        ("entity-role=1,3&subtype=ITI-18", &all[..1]),
        ("source=registry-1", &all),
        ("source=registry-2", &[]),
        ("type=110112", &all[..1]),
        (
            "type=http://dicom.nema.org/resources/ontology/DCM|110106",
            &all[1..],
        ),
        ("subtype=urn:ihe:event-type-code|ITI-18", &all[..1]),
        ("outcome=8", &all[2..]),
        ("action=E", &all[..1]),
    ];
    for (parameters, expected) in cases {
        assert_eq!(answer(parameters), expected, "{parameters}");
    }
}

#[test]
fn iti81_the_index_is_asked_what_it_can_answer() {
    let read = |parameters: &str| {
        AuditEventQuery::read(&format!("{DAY}&{parameters}"))
            .unwrap()
            .question
    };
    let question = read("patient.identifier=urn:oid:1.2|P1&entity=1.2.3^9&subtype=ITI-43&outcome=0");
    assert_eq!(question.patient.as_deref(), Some("P1^^^&1.2&ISO"));
    assert_eq!(question.document.as_deref(), Some("1.2.3^9"));
    assert_eq!(question.kinds, ["ITI-43", "request-refused"]);
    assert_eq!(question.outcomes, [Outcome::Success]);
    assert_eq!(question.from, Some(datetime!(2026-11-24 0:00 UTC)));
    assert_eq!(question.until, Some(datetime!(2026-11-25 0:00 UTC)));
    // What the index cannot narrow down is left to the filter.
    let open = read("patient=P1&entity=urn:uuid:1&subtype=ITI-43,urn:x|ITI-18&outcome=8");
    assert!(open.patient.is_none() && open.document.is_none());
    assert!(open.kinds.is_empty() && open.outcomes.is_empty());
}

#[test]
fn iti81_a_bundle_links_to_itself_and_to_what_follows() {
    let text = format!("{DAY}&patient=%E6%82%A3&_count=2&_after=1.1.1.0");
    let query = AuditEventQuery::read(&text).unwrap();
    assert_eq!((query.page.rows, query.page.after), (2, "1.1.1.0".parse().ok()));
    let next: Position = "2.1.9.0".parse().unwrap();
    let bundle = bundle(&query, [], BASE, Some(next));
    assert_eq!(bundle.pointer("/type").unwrap(), "searchset");
    assert!(bundle.get("entry").is_none());
    let link = |number: usize| {
        bundle
            .pointer(&format!("/link/{number}/url"))
            .unwrap()
            .as_str()
            .unwrap()
    };
    assert_eq!(link(0), format!("{BASE}/AuditEvent?{text}"));
    assert_eq!(
        link(1),
        format!("{BASE}/AuditEvent?{}", text.replace("1.1.1.0", "2.1.9.0"))
    );
}

#[test]
fn iti81_a_page_is_bounded() {
    let query = AuditEventQuery::read(&format!("{DAY}&_count=1000000")).unwrap();
    assert_eq!(query.page.rows, 1_000);
}

#[test]
fn iti82_answers_header_fields_and_the_message() {
    let source = source();
    let found = found();
    let ask = |parameters: &str| {
        let query = SyslogQuery::read(&format!("{DAY}{parameters}")).unwrap();
        syslog_events(&query, found.iter().map(|message| (message, &source)))
    };
    let all = ask("");
    assert_eq!(all.as_array().unwrap().len(), 3);
    let first = all.pointer("/0").unwrap();
    for (field, value) in [("hostname", "registry.example"), ("app-name", "renkei-registry")] {
        assert_eq!(first.get(field).unwrap(), value);
    }
    assert_eq!(first.get("pri").unwrap(), 85);
    assert_eq!(first.get("msg-id").unwrap(), "IHE+RFC-3881");
    assert!(
        first
            .get("msg")
            .unwrap()
            .as_str()
            .unwrap()
            .contains("<AuditMessage")
    );
    // The failure has another severity.
    assert_eq!(ask("&pri=84").as_array().unwrap().len(), 1);
    assert_eq!(
        ask("&msg=ITI-18&procid=4711&msg-id=IHE%2BRFC-3881")
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert_eq!(ask("&hostname=other").as_array().unwrap().len(), 0);
}

#[test]
fn iti82_refuses_as_iti81_does() {
    let refused = |query: &str| SyslogQuery::read(query).unwrap_err();
    assert_eq!(refused("pri=85"), Iti81Error::DateMissing);
    assert_eq!(refused(&format!("{DAY}&pri=high")), Iti81Error::Value("pri"));
    assert_eq!(
        refused(&format!("{DAY}&facility=10")),
        Iti81Error::Parameter("facility".to_owned())
    );
}

#[test]
fn aud_15_debug_names_nobody() {
    let query = AuditEventQuery::read(&format!("{DAY}&patient=CANARY&agent=CANARY")).unwrap();
    assert!(!format!("{query:?}").contains("CANARY"));
    let query = SyslogQuery::read(&format!("{DAY}&msg=CANARY")).unwrap();
    assert!(!format!("{query:?}").contains("CANARY"));
}
