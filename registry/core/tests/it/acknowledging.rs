//! A domain with privacy policies, and documents in which a patient acknowledges them.

use registry_core::codes::{AffinityDomain, CodeFile, UnknownCodes};
use serde_json::{Value, json};
use xds_model::acknowledgement::{CLASS, FORMAT, LOINC, SHA256_SLOT};
use xds_model::code::CodedValue;
use xds_model::submission::ReceivedSubmission;
use xds_model::{DocumentEntry, Slot};
use xds_policy::format::{self, DomainFile};

use crate::fixture::*;

/// Consent to what the author wrote, for all members.
pub(crate) const CONSENT: &str = "1.2.392.9.9.9.100.1";
/// Refusal of the network, in emergencies too.
pub(crate) const REFUSAL: &str = "1.2.392.9.9.9.100.2";
/// Enrolment, which h2 alone takes.
pub(crate) const ENROLMENT: &str = "1.2.392.9.9.9.100.3";
/// Lifts [`REFUSAL`].
pub(crate) const LIFT: &str = "1.2.392.9.9.9.100.4";
/// Refusal of what the author provides.
pub(crate) const REFUSAL_OF_AUTHOR: &str = "1.2.392.9.9.9.100.5";
/// Consent to a text that was in force only before.
pub(crate) const OUTDATED: &str = "1.2.392.9.9.9.100.6";

pub(crate) const SHA256: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

const CODES: &str = r#"{"codeSets": {
    "classCode": {"codes": [["57016-8", "2.16.840.1.113883.6.1"], ["class", "1.9"]]},
    "typeCode": {"codes": [["type", "1.9"]]},
    "confidentialityCode": {"codes": [["N", "1.9"], ["N", "2.16.840.1.113883.5.25"]]},
    "formatCode": {"codes": [["urn:ihe:iti:bppc:2007", "1.3.6.1.4.1.19376.1.2.3"],
                             ["urn:ihe:iti:bppc-sd:2007", "1.3.6.1.4.1.19376.1.2.3"], ["format", "1.9"]]},
    "healthcareFacilityTypeCode": {"codes": [["facility", "1.9"]]},
    "practiceSettingCode": {"codes": [["practice", "1.9"]]}, "contentTypeCode": {"codes": [["content", "1.9"]]}},
  "mimeTypes": [{"mimeType": "text/plain"}, {"mimeType": "text/xml"}],
  "assigningAuthorities": [{"oid": "1.2.392.9.9.9.1", "name": "HIMEJI"}]}"#;

/// An organisation that publishes in a domain with privacy policies.
pub(crate) fn world(organisation: &str) -> World {
    let mut world = World::of(organisation);
    world.affinity = AffinityDomain::combine([&CodeFile::parse(CODES).unwrap()], UnknownCodes::Refuse);
    world.ledger = domain().into_facts().0;
    world
}

/// h1 and h1b of e1, h2 of e2, and op, which keeps everything for them.
pub(crate) fn domain() -> DomainFile {
    let organisation = |id: &str, of: &str| {
        let fingerprint = node(id).fingerprint;
        let terms = json!({ "name": id, "kind": "HOSPITAL", "entity": of, "joined": "2020-01-01T00:00:00Z",
                            "certificates": [fingerprint] });
        version(id, terms)
    };
    let entity = |id: &str| {
        version(
            id,
            json!({ "name": id, "address": "東京都", "representative": "代表" }),
        )
    };
    let contracts: Vec<Value> = ["e1", "e2"]
        .iter()
        .flat_map(|of| ["HOSTING", "EXTERNAL_STORAGE"].map(|kind| contract(of, kind)))
        .collect();
    let text = |id: &str, model: &str| version(id, json!({ "title": "同意書", "model": model }));
    let mut outdated = text("old-text", "SCOPED");
    outdated["effective_to"] = "2025-01-01T00:00:00Z".into();
    let file = json!({
        "format": "renkei-domain/1",
        "domain_policies": [version("policy", json!({ "operator": "op", "privacy_policies": policies() }))],
        "legal_entities": [entity("e1"), entity("e2"), entity("eop")],
        "organisations": [organisation("h1", "e1"), organisation("h1b", "e1"), organisation("h2", "e2"),
                          organisation("op", "eop")],
        "entrustment_contracts": contracts,
        "consent_texts": [text("text", "SCOPED"), text("enrolment-text", "ENROLMENT"), outdated],
    });
    format::from_str(&file.to_string()).unwrap()
}

fn policies() -> Value {
    let consent = |model: &str, text: &str, providers: Value| {
        json!({ "model": model, "text": { "id": text, "version": 1 }, "providers": providers,
                "requesters": { "ALL_MEMBERS": {} }, "classes": "ALL", "purposes": ["TREAT"] })
    };
    let mut enrolment = consent("ENROLMENT", "enrolment-text", json!({ "ALL_MEMBERS": {} }));
    enrolment["taken_by"] = json!({ "LISTED": ["h2"] });
    json!({
        CONSENT: { "CONSENT": consent("SCOPED", "text", json!("AUTHOR")) },
        REFUSAL: { "REFUSAL": { "level": "NETWORK", "includes_emergency": true } },
        ENROLMENT: { "CONSENT": enrolment },
        LIFT: { "LIFT": { "policies": [REFUSAL] } },
        REFUSAL_OF_AUTHOR: { "REFUSAL": { "level": "AUTHOR" } },
        OUTDATED: { "CONSENT": consent("SCOPED", "old-text", json!("AUTHOR")) },
    })
}

fn contract(of: &str, kind: &str) -> Value {
    let terms = json!({
        "kind": kind, "entruster": of, "contractor": "op", "task": "保存", "within_entrusters_purpose": true,
        "scope": { "classes": "ALL" },
        "end_of_term": { "returned": true, "erased": true, "within_days": 30, "certificate": true },
        "retention": { "days": 30, "infectious_and_genetic": "分けて扱う" },
        "supervision": { "selected": true, "may_instruct": true, "reports": true },
        "subcontracting": "PROHIBITED", "analysis": "PROHIBITED",
        "safeguards": { "leakage": true, "tampering": true, "report_on_suspicion": true },
    });
    version(&format!("{kind}-{of}"), terms)
}

fn version(id: &str, terms: Value) -> Value {
    json!({ "id": id, "version": 1, "entered_at": "2020-01-01T00:00:00Z", "entered_by": "事務局",
            "effective_from": "2020-01-01T00:00:00Z", "effective_to": "2040-01-01T00:00:00Z", "terms": terms })
}

/// Makes an entry an acknowledgement of these policies, from 2026-11-01 on.
pub(crate) fn acknowledge(entry: &mut DocumentEntry, policies: &[&str]) {
    entry.mime_type = "text/xml".to_owned();
    entry.format_code = Some(CodedValue::new(FORMAT, "1.3.6.1.4.1.19376.1.2.3", "BPPC"));
    entry.class_code = Some(CodedValue::new(CLASS, LOINC, "同意書"));
    entry.event_codes = policies
        .iter()
        .map(|policy| CodedValue::new(policy, "1.2.392.9.9.9.100", "方針"))
        .collect();
    entry.creation_time = Some("20261102".parse().unwrap());
    entry.service_start_time = Some("20261101".parse().unwrap());
    entry.extras.slots = vec![Slot::single(SHA256_SLOT, SHA256)];
}

/// A submission of one document in which P1 acknowledges these policies.
pub(crate) fn acknowledging(set: &str, document: &str, policies: &[&str]) -> ReceivedSubmission {
    let mut submission = one(set, document, &patient(PATIENT));
    acknowledge(&mut submission.entries[0], policies);
    submission
}
