//! The FHIR form.

use serde_json::{Value, json};
use xds_atna::fhir::audit_event;
use xds_audit::{Action, Caller, Closing, EventKind, Outcome};
use xds_model::Transaction;

use crate::golden::cases;
use crate::support::{PATIENT, decisions, doctor, event, messages, query, submission};

#[test]
fn a_query_is_mapped_field_by_field() {
    let closing = Closing {
        decisions: decisions(),
        ..Closing::failure(Outcome::SeriousFailure, ["XDSRegistryError"])
    };
    let event = event(
        EventKind::received(Transaction::Iti18),
        doctor(),
        query(),
        closing,
    );
    let resource = audit_event(&messages(event)[0]);
    let at = |pointer: &str| resource.pointer(pointer).cloned().unwrap_or(Value::Null);
    assert_eq!(at("/resourceType"), "AuditEvent");
    assert_eq!(at("/id"), "0192f7a0-0000-7000-8000-000000000001.42.1");
    assert_eq!(
        at("/type"),
        json!({ "system": "http://dicom.nema.org/resources/ontology/DCM", "code": "110112", "display": "Query" })
    );
    assert_eq!(
        at("/subtype"),
        json!([{ "system": "urn:ihe:event-type-code", "code": "ITI-18", "display": "Registry Stored Query" }])
    );
    assert_eq!((at("/action"), at("/outcome")), (json!("E"), json!("8")));
    assert_eq!(at("/recorded"), "2026-11-24T01:02:03.456789Z");
    assert_eq!(at("/outcomeDesc"), "XDSRegistryError");
    assert_eq!(
        at("/purposeOfEvent/0/coding/0"),
        json!({ "system": "urn:oid:2.16.840.1.113883.5.8", "code": "TREAT", "display": "treatment" })
    );
    assert_eq!(at("/agent/0/type/coding/0/code"), "110153");
    assert_eq!(at("/agent/0/who/identifier/value"), "clinic-a");
    assert_eq!(
        at("/agent/0/network"),
        json!({ "address": "192.0.2.10", "type": "2" })
    );
    assert_eq!(at("/agent/1/name"), "鈴木<dr.suzuki@https://idp.example.jp>");
    assert_eq!(
        (at("/agent/1/type"), at("/agent/1/requestor")),
        (Value::Null, json!(true))
    );
    assert_eq!(at("/agent/1/role/0/coding/0/code"), "112247003");
    assert_eq!(at("/agent/2/altId"), "4711");
    assert_eq!(at("/source/site"), "1.2.392.200119.6");
    assert_eq!(at("/source/observer/identifier/value"), "registry-1");
    assert_eq!(
        at("/source/type/0/system"),
        "http://terminology.hl7.org/CodeSystem/security-source-type"
    );
    assert_eq!(
        (
            at("/entity/0/what/identifier/system"),
            at("/entity/0/what/identifier/value")
        ),
        (json!("urn:oid:1.2.392.100495.20.3.51"), json!("P1"))
    );
    assert_eq!(
        (at("/entity/0/type/code"), at("/entity/0/role/code")),
        (json!("1"), json!("1"))
    );
    assert_eq!(at("/entity/1/role/code"), "24");
    assert_eq!(
        at("/entity/1/query"),
        "PHF1ZXJ5OkFkaG9jUXVlcnlSZXF1ZXN0PuaCo+iAhTwvcXVlcnk6QWRob2NRdWVyeVJlcXVlc3Q+"
    );
    assert_eq!(
        at("/entity/1/detail/0"),
        json!({ "type": "QueryEncoding", "valueString": "UTF-8" })
    );
    let last = at("/entity/2/detail").as_array().unwrap().last().unwrap().clone();
    assert_eq!(last["type"], "instrument-sha256");
}

#[test]
fn a_removal_has_its_life_cycle() {
    let objects = xds_audit::Objects {
        documents: vec![crate::support::document("1.2.3.1")],
        ..Default::default()
    };
    let event = event(
        EventKind::received(Transaction::Iti86),
        doctor(),
        objects,
        Closing::success(),
    );
    let resource = audit_event(&messages(event)[0]);
    assert_eq!(resource.pointer("/entity/0/lifecycle/code"), Some(&json!("15")));
    assert_eq!(resource["action"], "D");
}

#[test]
fn only_a_patients_id_is_split() {
    let kind = EventKind::ConfigurationChanged {
        verb: "patient add".to_owned(),
        object: PATIENT.to_owned(),
        before: None,
        after: None,
    };
    let objects = xds_audit::Objects::of_patient(PATIENT.to_owned());
    let event = event(kind, Caller::operator("root"), objects, Closing::success());
    let resource = audit_event(&messages(event)[0]);
    assert_eq!(
        resource.pointer("/entity/0/what/identifier/value"),
        Some(&json!("P1"))
    );
    assert_eq!(
        resource.pointer("/entity/1/what/identifier/value"),
        Some(&json!(PATIENT))
    );
}

#[test]
fn no_resource_has_empty_values_or_forbidden_characters() {
    for (name, event) in cases() {
        for message in messages(event) {
            check(&name, &audit_event(&message));
        }
    }
    let caller = Caller {
        node: Some("\u{1b}[2J \0".to_owned()),
        peer: None,
        ..doctor()
    };
    let kind = EventKind::Received {
        transaction: Transaction::Iti42,
        action: Some(Action::Create),
    };
    let event = event(
        kind,
        caller,
        submission(),
        Closing::failure(Outcome::MinorFailure, ["\u{1}"]),
    );
    let resource = audit_event(&messages(event)[0]);
    check("controls", &resource);
    assert_eq!(
        resource.pointer("/agent/0/who/identifier/value"),
        Some(&json!("\u{fffd}[2J \u{fffd}"))
    );
    let details = resource.pointer("/entity/2/detail").unwrap().as_array().unwrap();
    let node = details.iter().find(|detail| detail["type"] == "node").unwrap();
    assert_eq!(node["valueBase64Binary"], "G1sySiAA");
}

/// FHIR R4: every element has a value or children; strings hold no control characters.
fn check(name: &str, value: &Value) {
    match value {
        Value::Object(fields) => {
            assert!(!fields.is_empty(), "{name}");
            fields.values().for_each(|value| check(name, value));
        }
        Value::Array(values) => {
            assert!(!values.is_empty(), "{name}");
            values.iter().for_each(|value| check(name, value));
        }
        Value::String(text) => {
            assert!(!text.is_empty() && text.trim() == text, "{name}: {text:?}");
            assert!(
                !text
                    .chars()
                    .any(|char| char.is_control() && !"\t\r\n".contains(char)),
                "{name}"
            );
        }
        Value::Null => panic!("{name}: null"),
        Value::Bool(_) | Value::Number(_) => {}
    }
}
