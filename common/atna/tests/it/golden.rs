//! The message of each transaction and actor, and of each event of a node, byte for byte.

use std::fs;

use serde_json::json;
use xds_audit::{
    Action, AuditUser, Caller, Closing, Event, EventKind, FailedPart, Objects, Opening, Outcome,
};
use xds_model::Transaction;

use crate::support::{
    OTHER_PATIENT, PATIENT, assert_valid, data, decisions, doctor, document, documents, documents_of_two,
    event, feeder, messages, node, query, submission, via_repository, withheld,
};

/// Name of the file, and the event.
pub(crate) fn cases() -> Vec<(String, Event)> {
    let mut cases: Vec<(String, Event)> = Vec::new();
    for transaction in Transaction::ALL {
        for side in ["received", "sent"] {
            for (ending, closing) in [
                ("success", success(transaction)),
                ("failure", failure(transaction)),
            ] {
                let name = format!("{}-{side}-{ending}", transaction.name().to_lowercase());
                cases.push((name, of_transaction(transaction, side, closing)));
            }
        }
    }
    cases.extend(particular());
    cases.extend(of_node().map(|(name, event)| (name.to_owned(), event)));
    cases
}

fn success(transaction: Transaction) -> Closing {
    Closing {
        results: (transaction == Transaction::Iti18).then_some(2),
        decisions: decisions(),
        withheld: withheld(),
        ..Closing::success()
    }
}

fn failure(transaction: Transaction) -> Closing {
    let code = match transaction {
        Transaction::Iti8 => "HL7 204",
        Transaction::Iti43 | Transaction::Iti86 => "XDSDocumentUniqueIdError",
        Transaction::Decision => "busy",
        _ => "XDSRegistryError",
    };
    Closing {
        withheld: withheld(),
        ..Closing::failure(Outcome::SeriousFailure, [code, "XDSRegistryBusy"])
    }
}

fn of_transaction(transaction: Transaction, side: &str, closing: Closing) -> Event {
    let action = matches!(transaction, Transaction::Iti8 | Transaction::Iti44).then_some(Action::Update);
    let kind = match side {
        "received" => EventKind::Received { transaction, action },
        _ => EventKind::Sent { transaction, action },
    };
    let caller = match transaction {
        Transaction::Iti8 => feeder(),
        Transaction::Iti44 => node(),
        Transaction::Decision | Transaction::Iti42 => via_repository(),
        _ => doctor(),
    };
    event(kind, caller, objects(transaction), closing)
}

fn objects(transaction: Transaction) -> Objects {
    match transaction {
        Transaction::Iti8 => Objects {
            message_control_id: Some("MSG00001".to_owned()),
            ..Objects::of_patient(PATIENT.to_owned())
        },
        Transaction::Iti44 => Objects {
            message_control_id: Some("1.2.3^42".to_owned()),
            ..Objects::of_patient(PATIENT.to_owned())
        },
        Transaction::Iti18 => query(),
        Transaction::Iti51 => Objects {
            patients: vec![PATIENT.to_owned(), OTHER_PATIENT.to_owned()],
            ..query()
        },
        Transaction::Iti41
        | Transaction::Iti42
        | Transaction::Iti57
        | Transaction::Iti61
        | Transaction::Iti92 => submission(),
        Transaction::Iti43 => documents(&["1.2.3.1", "1.2.3.2"]),
        Transaction::Iti86 | Transaction::Decision => Objects {
            patients: vec![PATIENT.to_owned()],
            ..documents(&["1.2.3.1"])
        },
        Transaction::Iti62 => Objects {
            registry_objects: vec!["urn:uuid:0192f7a0-2222-4000-8000-000000000000".to_owned()],
            home: Some("urn:oid:1.2.392.200119.6".to_owned()),
            ..Objects::of_patient(PATIENT.to_owned())
        },
    }
}

/// What one success and one failure do not show.
fn particular() -> Vec<(String, Event)> {
    let partial = |failed: Objects, code: &str| Closing {
        failed: Some(FailedPart {
            outcome: Outcome::SeriousFailure,
            objects: failed,
            errors: vec![code.to_owned()],
        }),
        ..Closing::success()
    };
    let merge = |closing| {
        let kind = EventKind::Received {
            transaction: Transaction::Iti8,
            action: Some(Action::Update),
        };
        let objects = Objects {
            patients: vec![PATIENT.to_owned()],
            subsumed: vec![OTHER_PATIENT.to_owned()],
            message_control_id: Some("MSG00002".to_owned()),
            ..Objects::default()
        };
        event(kind, feeder(), objects, closing)
    };
    let retrieval =
        |caller, objects, closing| event(EventKind::received(Transaction::Iti43), caller, objects, closing);
    let named = |name: &str, event| (name.to_owned(), event);
    vec![
        named("iti-8-received-merge", merge(Closing::success())),
        named(
            "iti-8-received-merge-failure",
            merge(Closing::failure(Outcome::SeriousFailure, ["HL7 204"])),
        ),
        named(
            "iti-18-received-partial",
            event(
                EventKind::received(Transaction::Iti18),
                doctor(),
                query(),
                partial(Objects::default(), "XDSStoredQueryParamNumber"),
            ),
        ),
        named(
            "iti-43-received-partial",
            retrieval(
                doctor(),
                documents(&["1.2.3.1", "1.2.3.2", "1.2.3.3"]),
                Closing {
                    objects: Objects {
                        patients: vec![PATIENT.to_owned()],
                        ..documents(&["1.2.3.1", "1.2.3.2"])
                    },
                    ..partial(documents(&["1.2.3.3"]), "XDSDocumentUniqueIdError")
                },
            ),
        ),
        named(
            "iti-43-received-two-patients",
            retrieval(doctor(), documents_of_two(), Closing::success()),
        ),
        named(
            "iti-43-received-no-user",
            retrieval(node(), documents(&["1.2.3.1"]), Closing::success()),
        ),
        named(
            "iti-43-received-default-user",
            retrieval(default_user(), documents(&["1.2.3.1"]), Closing::success()),
        ),
        named(
            "iti-86-received-partial",
            event(
                EventKind::received(Transaction::Iti86),
                doctor(),
                documents(&["1.2.3.1", "1.2.3.2"]),
                partial(documents(&["1.2.3.2"]), "XDSUnknownRepositoryId"),
            ),
        ),
        named(
            "decision-received-registered",
            event(
                EventKind::received(Transaction::Decision),
                via_repository(),
                Objects {
                    submission_set: Some("1.2.392.200119.6.99.1".to_owned()),
                    ..Objects::default()
                },
                Closing::success(),
            ),
        ),
        named(
            "decision-sent-two-patients",
            event(
                EventKind::sent(Transaction::Decision),
                via_repository(),
                documents_of_two(),
                Closing {
                    decisions: decisions(),
                    ..Closing::success()
                },
            ),
        ),
        named(
            "iti-42-received-asynchronous",
            event(
                EventKind::received(Transaction::Iti42),
                Caller {
                    reply_to: Some("https://repository.example.jp/replies".to_owned()),
                    ..node()
                },
                submission(),
                Closing::success(),
            ),
        ),
        named(
            "iti-42-received-unknown-outcome",
            event(
                EventKind::received(Transaction::Iti42),
                node(),
                submission(),
                Closing::noted(Closing::UNKNOWN),
            ),
        ),
        named(
            "iti-42-received-nothing-known",
            Event {
                opening: Opening {
                    kind: EventKind::received(Transaction::Iti42),
                    caller: Caller::default(),
                    endpoint: String::new(),
                    correlation: String::new(),
                    objects: Objects::default(),
                },
                closing: Closing::failure(Outcome::MajorFailure, Vec::<String>::new()),
            },
        ),
    ]
}

fn default_user() -> Caller {
    Caller {
        user: Some(AuditUser {
            id: "clinic-a".to_owned(),
            roles: vec![xds_audit::Coded::bare("doctor")],
            purposes: vec![xds_audit::Coded::bare("TREAT")],
            by_default: true,
            ..AuditUser::default()
        }),
        ..node()
    }
}

fn of_node() -> impl Iterator<Item = (&'static str, Event)> {
    let refused = || Closing::failure(Outcome::SeriousFailure, Vec::<String>::new());
    let stranger = || Caller::stranger("192.0.2.66:0".parse().unwrap());
    let operator = || Caller::operator("root");
    let change = |verb: &str, object: &str, before, after| EventKind::ConfigurationChanged {
        verb: verb.to_owned(),
        object: object.to_owned(),
        before,
        after,
    };
    let request = |transaction, reason: &str| EventKind::RequestRefused {
        transaction,
        reason: reason.to_owned(),
    };
    let none = Objects::default;
    let ok = Closing::success;
    [
        (
            "node-start",
            event(EventKind::NodeStart, Caller::operator("registry-1"), none(), ok()),
        ),
        (
            "node-start-by-hand",
            event(EventKind::NodeStart, operator(), none(), ok()),
        ),
        (
            "node-stop",
            event(EventKind::NodeStop, Caller::operator("registry-1"), none(), ok()),
        ),
        (
            "handshake-refused",
            event(
                EventKind::HandshakeRefused {
                    reason: "not_enrolled".to_owned(),
                    count: 3,
                },
                stranger(),
                none(),
                refused(),
            ),
        ),
        (
            "request-refused",
            event(
                request(None, "SOAP fault Sender"),
                node(),
                none(),
                Closing::failure(Outcome::SeriousFailure, ["SOAP fault Sender"]),
            ),
        ),
        (
            "request-refused-transaction",
            event(
                request(Some(Transaction::Iti42), "not allowed"),
                node(),
                none(),
                Closing::failure(Outcome::MinorFailure, ["not allowed"]),
            ),
        ),
        (
            "assertion-refused",
            event(
                EventKind::AssertionRefused {
                    reason: "expired".to_owned(),
                },
                doctor(),
                Objects {
                    assertion: Some("_a75adf55".to_owned()),
                    ..none()
                },
                Closing::failure(Outcome::SeriousFailure, ["wsse:FailedAuthentication"]),
            ),
        ),
        (
            "configuration-changed-node",
            event(
                change(
                    "node disable",
                    "clinic-a",
                    Some(json!({ "active": true })),
                    Some(json!({ "active": false })),
                ),
                operator(),
                none(),
                ok(),
            ),
        ),
        (
            "configuration-changed-setting",
            event(
                change("setting set", "default_user_allowed", None, Some(json!(false))),
                operator(),
                none(),
                ok(),
            ),
        ),
        (
            "configuration-changed-patient",
            event(
                change("patient add", PATIENT, None, Some(json!({ "sex": "F" }))),
                operator(),
                Objects::of_patient(PATIENT.to_owned()),
                ok(),
            ),
        ),
        (
            "audit-log-read",
            event(
                EventKind::AuditLogRead {
                    uri: "renkei:audit?patient=*".to_owned(),
                },
                operator(),
                Objects::of_patient(PATIENT.to_owned()),
                ok(),
            ),
        ),
        (
            "audit-log-read-by-node",
            event(
                EventKind::AuditLogRead {
                    uri: "https://registry.example.jp/fhir/AuditEvent".to_owned(),
                },
                doctor(),
                none(),
                ok(),
            ),
        ),
        (
            "exported",
            event(
                EventKind::Exported {
                    what: "file:///var/lib/renkei/export/2026-11.jsonl".to_owned(),
                },
                operator(),
                none(),
                ok(),
            ),
        ),
        (
            "clock-stepped",
            event(
                EventKind::ClockStepped {
                    milliseconds: -3_600_000,
                },
                Caller::default(),
                none(),
                ok(),
            ),
        ),
        (
            "journal-recovered",
            event(
                EventKind::JournalRecovered {
                    bytes: 17,
                    sha256: "ef".repeat(32),
                    file: "00000001.torn".to_owned(),
                },
                Caller::default(),
                none(),
                ok(),
            ),
        ),
    ]
    .into_iter()
}

/// A line per element: to be read. Nothing but white space is added.
fn laid_out(messages: &[String]) -> String {
    let lines = messages.iter().map(|xml| xml.replace("><", ">\n<") + "\n");
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn aud_11_each_transaction_actor_and_event_has_its_exact_message() {
    let write = std::env::var("RENKEI_GOLDEN").is_ok_and(|value| value == "write");
    let mut wrong = Vec::new();
    for (name, event) in cases() {
        let xml: Vec<String> = messages(event)
            .iter()
            .map(xds_atna::AuditMessage::to_xml)
            .collect();
        assert_valid(&xml);
        let file = data().join(format!("golden/{name}.xml"));
        let text = laid_out(&xml);
        if write {
            fs::write(&file, &text).unwrap();
        } else if fs::read_to_string(&file).unwrap_or_default() != text {
            wrong.push(format!("{name}:\n{text}"));
        }
    }
    assert!(
        wrong.is_empty(),
        "not as in tests/data/golden:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn every_golden_file_belongs_to_a_case() {
    let names: Vec<String> = cases().into_iter().map(|(name, _)| name + ".xml").collect();
    for file in fs::read_dir(data().join("golden")).unwrap() {
        let file = file.unwrap().file_name().into_string().unwrap();
        assert!(names.contains(&file), "{file}");
    }
    let mut unique = names.clone();
    unique.sort();
    unique.dedup();
    assert_eq!(unique.len(), names.len());
}

#[test]
fn what_was_withheld_is_in_no_message() {
    for (name, event) in cases() {
        for message in messages(event) {
            let fhir = xds_atna::fhir::audit_event(&message).to_string();
            // Also not in base64: the details are looked at one by one.
            let in_details = message.objects.iter().any(|object| {
                let details = object.details.iter().map(|detail| detail.value.as_slice());
                let query = match &object.name_or_query {
                    Some(xds_atna::NameOrQuery::Query(query)) => Some(query.as_slice()),
                    _ => None,
                };
                details
                    .chain(query)
                    .any(|value| String::from_utf8_lossy(value).contains("CANARY"))
            });
            assert!(
                !in_details && !message.to_xml().contains("CANARY") && !fhir.contains("CANARY"),
                "{name}"
            );
        }
    }
}

#[test]
fn a_document_that_failed_gives_no_patient_away() {
    let closing = Closing {
        objects: Objects {
            patients: vec![PATIENT.to_owned()],
            documents: vec![document("1.2.3.1")],
            owners: [("1.2.3.2".to_owned(), OTHER_PATIENT.to_owned())].into(),
            ..Objects::default()
        },
        failed: Some(FailedPart {
            outcome: Outcome::SeriousFailure,
            objects: documents(&["1.2.3.2"]),
            errors: Vec::new(),
        }),
        ..Closing::success()
    };
    let event = event(
        EventKind::received(Transaction::Iti43),
        node(),
        documents(&["1.2.3.1", "1.2.3.2"]),
        closing,
    );
    let messages = messages(event);
    assert_eq!(messages.len(), 2);
    assert_eq!(messages[0].patients().collect::<Vec<_>>(), [PATIENT]);
    assert_eq!(messages[1].patients().count(), 0);
}
