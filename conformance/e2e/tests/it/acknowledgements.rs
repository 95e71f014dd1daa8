//! Acknowledgements of privacy policies (BPPC, ITI TF-3 5.1) over the wire: a signed form, sent as a document, is a consent
//! or a refusal for the very next question.

use std::time::Duration;

use renkei_network::{
    CONSENT_TEXT, Draft, Network, Node, Options, Paper, Program, Published, evidence, fresh_oid,
};
use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;
use xds_ebxml::query::QueryBuilder;
use xds_ebxml::rs::{RegistryResponse, ResponseStatus};
use xds_model::acknowledgement::{CLASS, FORMAT, LOINC, SHA256_SLOT};
use xds_model::code::CodedValue;
use xds_model::query::{QueryId, ReturnType};
use xds_model::time::System;
use xds_model::{AssociationType, AvailabilityStatus, Clock, PatientId};

use crate::support::{accepted, assert_errors, patient, published, start, until};

const CDA: &str = include_str!("../data/bppc.xml");
const POLICIES: &str = "1.2.392.9.9.9.7.100";
const CONSENT: &str = "1.2.392.9.9.9.7.100.1";
const REFUSAL: &str = "1.2.392.9.9.9.7.100.2";
const LIFT: &str = "1.2.392.9.9.9.7.100.3";
const LEARNT: Duration = Duration::from_secs(10);

/// Privacy policies in the next version of the domain's rules; all else as the network has it.
fn rules() -> Value {
    let from = System.now().format(&Rfc3339).unwrap();
    json!({
        "id": "policy", "version": 2, "effective_from": from, "evidence": evidence(),
        "terms": {
            "operator": "network", "joint_enabled": true, "joint_requires_enrolment": false,
            "emergency_classes": "ALL",
            "privacy_policies": {
                CONSENT: { "CONSENT": { "model": "SCOPED", "text": { "id": CONSENT_TEXT, "version": 1 },
                                        "providers": "AUTHOR", "requesters": { "ALL_MEMBERS": {} },
                                        "classes": "ALL", "purposes": ["TREAT"] } },
                REFUSAL: { "REFUSAL": { "level": "NETWORK" } },
                LIFT: { "LIFT": { "policies": [REFUSAL] } },
            },
        },
    })
}

/// A submission in which a patient acknowledges a policy at the node's organisation.
fn acknowledgement(node: &Node, patient: &PatientId, policy: &str) -> Draft {
    let unique_id = fresh_oid();
    let content = CDA
        .replace("UNIQUE-ID", unique_id.as_str())
        .replace("PATIENT-ROOT", patient.authority().as_str())
        .replace("PATIENT-ID", patient.id())
        .replace("POLICY", policy);
    let paper = Paper {
        unique_id: unique_id.into(),
        title: "意思表示".to_owned(),
        ..Paper::new(content)
    };
    let mut draft = Draft::new(&node.organisation, patient, &[paper]);
    let entry = &mut draft.entries[0];
    entry.mime_type = "text/xml".to_owned();
    entry.class_code = Some(CodedValue::new(CLASS, LOINC, "同意書"));
    entry.format_code = Some(CodedValue::new(FORMAT, "1.3.6.1.4.1.19376.1.2.3", "BPPC"));
    entry.event_codes = vec![CodedValue::new(policy, POLICIES, "方針")];
    entry.service_start_time = Some("20261101010000".parse().unwrap());
    draft
}

async fn sees(node: &Node, patient: &PatientId) -> usize {
    node.find(patient).await.unwrap().len()
}

fn context(response: &RegistryResponse) -> &str {
    &response.errors[0].context
}

/// Consents and refusals of a patient as the command line shows them: kind, version, whether it ends.
async fn instruments(network: &Network, patient: &PatientId) -> Vec<(String, u64, bool)> {
    let patient = patient.to_string();
    let arguments = ["instrument", "list", "--patient", &patient, "--json"];
    let text = tokio::task::block_in_place(|| network.command(Program::Registry, &arguments)).unwrap();
    let value: Value = serde_json::from_str(&text).unwrap();
    let listed = value.as_array().unwrap().iter();
    listed
        .map(|one| {
            let kind = if one["terms"]["level"].is_null() {
                "consent"
            } else {
                "refusal"
            };
            (
                kind.to_owned(),
                one["version"].as_u64().unwrap(),
                one["effective_to"].is_string(),
            )
        })
        .collect()
}

/// The network, with privacy policies that the registry has learnt of.
async fn network() -> (Network, PatientId, Published) {
    let options = Options {
        joint_use: false,
        ..Options::default()
    };
    let network = tokio::task::spawn_blocking(move || start(&options))
        .await
        .unwrap();
    tokio::task::block_in_place(|| network.add_instrument("policy", rules())).unwrap();
    let patient = patient(&network).await;
    let h1 = network.node("h1").unwrap();
    let document = published(&h1, &patient, "the hospital's").await;
    // A policy that is not declared yet is refused, with nothing left of it: so it can be tried.
    until("the registry learns of the policies", LEARNT, async || {
        let lifted = h1.provide(&acknowledgement(&h1, &patient, LIFT)).await.unwrap();
        lifted.status == ResponseStatus::Success
    })
    .await;
    (network, patient, document)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_that_a_patient_signed_decides_the_next_question() {
    let (network, patient, _) = network().await;
    let [h1, c2] = ["h1", "c2"].map(|name| network.node(name).unwrap());
    assert_eq!(sees(&c2, &patient).await, 0);
    let (_, from) = network.events(Program::Registry, 1).unwrap();
    let consent = accepted(&h1, acknowledgement(&h1, &patient, CONSENT)).await;
    // The document, the form that lifted nothing, and this form.
    assert_eq!(sees(&c2, &patient).await, 3);

    let refusal = acknowledgement(&h1, &patient, REFUSAL);
    let refusal = refusal.relating(AssociationType::Replace, consent.entry().unwrap());
    accepted(&h1, refusal).await;
    assert_eq!(sees(&c2, &patient).await, 0);
    let kept = instruments(&network, &patient).await;
    assert!(kept.contains(&("consent".to_owned(), 2, true)), "{kept:?}");
    assert!(kept.contains(&("refusal".to_owned(), 1, false)), "{kept:?}");

    // The journal names every version that was entered.
    let (events, _) = network.events(Program::Registry, from).unwrap();
    let entered: Vec<u64> = events
        .iter()
        .filter_map(|recorded| recorded.closing.as_ref())
        .flat_map(|closing| &closing.decisions)
        .filter(|decision| decision.basis == "ACKNOWLEDGED")
        .map(|decision| decision.instrument.as_ref().unwrap().version)
        .collect();
    assert_eq!(entered, [1, 2, 1]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forms_are_found_by_their_policy_and_bring_their_proof() {
    let (network, patient, _) = network().await;
    let h1 = network.node("h1").unwrap();
    let consent = accepted(&h1, acknowledgement(&h1, &patient, CONSENT)).await;
    let policy = CodedValue::new(CONSENT, POLICIES, "").code;
    let query = QueryBuilder::new(QueryId::FindDocuments, ReturnType::LeafClass)
        .patient("$XDSDocumentEntryPatientId", &patient)
        .statuses("$XDSDocumentEntryStatus", [AvailabilityStatus::Approved])
        .codes("$XDSDocumentEntryEventCodeList", [&policy]);
    let found = h1.query(&query).await.unwrap().objects.entries;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].unique_id.to_string(), consent.unique_id());
    let sha256: Vec<&str> = found[0].sha256_values().collect();
    assert!(
        matches!(sha256.as_slice(), [value] if value.len() == 64),
        "{SHA256_SLOT}: {sha256:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_that_cannot_be_enforced_is_refused() {
    let (network, patient, _) = network().await;
    let [h1, c2] = ["h1", "c2"].map(|name| network.node(name).unwrap());
    let unknown = h1
        .provide(&acknowledgement(&h1, &patient, "1.2.392.9"))
        .await
        .unwrap();
    assert_errors(&unknown, &["XDSRegistryMetadataError"]);
    assert!(context(&unknown).contains("ACK-002"), "{}", context(&unknown));
    // Metadata that claim what the paper does not say.
    let mut claimed = acknowledgement(&h1, &patient, REFUSAL);
    claimed.entries[0].event_codes = vec![CodedValue::new(CONSENT, POLICIES, "方針")];
    let claimed = h1.provide(&claimed).await.unwrap();
    assert_errors(&claimed, &["InvalidDocumentContent"]);
    assert!(context(&claimed).contains("REP-012"), "{}", context(&claimed));
    // To the registry alone, without the proof.
    let unproved = h1
        .register(&acknowledgement(&h1, &patient, CONSENT))
        .await
        .unwrap();
    assert_errors(&unproved, &["XDSRegistryMetadataError"]);
    assert!(context(&unproved).contains("ACK-006"), "{}", context(&unproved));
    assert_eq!(sees(&c2, &patient).await, 0);
    assert_eq!(instruments(&network, &patient).await, []);
}
