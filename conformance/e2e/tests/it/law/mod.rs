//! The law over the wire: who gets what, on which basis, and what a refusal, an end or a missing contract does to the
//! next request. Numbers TV are those of the test vectors of the law's engine.

mod reveal;

use std::time::Duration;

use renkei_network::{
    CONSENT_TEXT, Draft, Network, Node, Options, Organisation, Paper, Program, Published, evidence,
    hosting_id,
};
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use xds_ebxml::query::QueryBuilder;
use xds_ebxml::rs::ResponseStatus;
use xds_model::query::{QueryId, ReturnType};
use xds_model::time::System;
use xds_model::{Clock, IdSource, PatientId};

use crate::auz::body;
use crate::support::{accepted, assert_errors, assert_success, patient, published, start, until};

/// How long a running registry may take to learn of a changed agreement, contract or organisation. What concerns a
/// patient counts at once.
const LEARNT: Duration = Duration::from_secs(5);

async fn network(options: Options) -> Network {
    tokio::task::spawn_blocking(move || start(&options))
        .await
        .unwrap()
}

/// All members use everything jointly, and users bring assertions.
fn joint() -> Options {
    Options {
        xua: true,
        ..Options::default()
    }
}

/// A member sees its own entity's records, and what a consent opens.
fn separate() -> Options {
    Options {
        joint_use: false,
        ..Options::default()
    }
}

fn nodes<const N: usize>(network: &Network, names: [&str; N]) -> [Node; N] {
    names.map(|name| network.node(name).unwrap())
}

fn fresh(what: &str) -> String {
    format!("{what}-{}", System.random().simple())
}

fn now() -> String {
    text(System.now())
}

fn text(instant: OffsetDateTime) -> String {
    instant.format(&Rfc3339).unwrap()
}

/// A refusal of a patient, in force at once; its id.
async fn refuse(network: &Network, patient: &PatientId, level: Value) -> String {
    let id = fresh("kyohi");
    let version = json!({
        "id": id, "effective_from": now(),
        "terms": { "patient": patient.to_string(), "level": level, "given_by": "PATIENT" },
    });
    tokio::task::block_in_place(|| network.add_instrument("refusal", version)).unwrap();
    id
}

/// A consent, given beforehand, that one organisation gets what another provides; its id.
async fn consent(network: &Network, patient: &PatientId, from: &Organisation, to: &Organisation) -> String {
    let id = fresh("doui");
    let version = json!({
        "id": id, "effective_from": now(), "evidence": evidence(),
        "terms": {
            "patient": patient.to_string(), "model": "SCOPED", "given_by": "PATIENT", "method": "PAPER",
            "signed_at": now(), "recorder": "受付", "text": { "id": CONSENT_TEXT, "version": 1 },
            "providers": { "LISTED": [from.id] }, "requesters": { "LISTED": [to.id] },
            "classes": "ALL", "purposes": ["TREAT"],
        },
    });
    tokio::task::block_in_place(|| network.add_instrument("consent", version)).unwrap();
    id
}

async fn end(network: &Network, kind: &str, id: &str) {
    tokio::task::block_in_place(|| network.end_instrument(kind, id, 1)).unwrap();
}

/// How many documents a node finds, and opens.
async fn gets(node: &Node, patient: &PatientId, ids: &[String]) -> (usize, usize) {
    let found = node.find(patient).await.unwrap().len();
    (found, node.retrieve(ids).await.unwrap().1.len())
}

/// Reasons why documents were withheld from a node, in the registry's journal from a record on.
fn reasons(network: &Network, node: &str, from: u64) -> Vec<String> {
    let (events, _) = network.events(Program::Registry, from).unwrap();
    let mut reasons: Vec<String> = events
        .iter()
        .filter(|event| event.opening.caller.node.as_deref() == Some(node))
        .filter_map(|event| event.closing.as_ref())
        .flat_map(|closing| closing.withheld.iter().map(|withheld| withheld.reason.clone()))
        .collect();
    reasons.sort_unstable();
    reasons.dedup();
    reasons
}

/// TV-27: the certificate is one clinic's, the assertion another's. Both programs refuse the message.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tv_27_an_assertion_of_another_organisation_is_refused() {
    let network = network(joint()).await;
    let patient = patient(&network).await;
    let [h1, c1, c2] = nodes(&network, ["h1", "c1", "c2"]);
    let document = published(&h1, &patient, "紹介状").await;
    let provider = network.provider().unwrap();
    let of = |organisation| provider.assertion(organisation, "sato@example").unwrap();

    let honest = c1.with_assertion(of(&c1.organisation));
    assert_eq!(gets(&honest, &patient, &[document.unique_id()]).await, (1, 1));
    let borrowed = c1.with_assertion(of(&c2.organisation));
    assert!(borrowed.find(&patient).await.is_err());
    assert!(borrowed.retrieve(&[document.unique_id()]).await.is_err());
}

/// TV-28: a role that the domain gives nothing sees nothing, and the journal says why.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tv_28_a_clerk_sees_nothing_and_a_physician_does() {
    let network = network(joint()).await;
    let patient = patient(&network).await;
    let [h1, c1] = nodes(&network, ["h1", "c1"]);
    let ids = [published(&h1, &patient, "紹介状").await.unique_id()];
    let provider = network.provider().unwrap();
    let as_role = |role: &str| {
        let mut spec = provider.spec(&c1.organisation, "sato@example");
        let name = "urn:oasis:names:tc:xacml:2.0:subject:role";
        spec.attributes.retain(|(known, _)| known != name);
        let spec = spec.with_code(name, "Role", role, "1.2.392.9.9.9.7.9");
        c1.with_assertion(provider.key().issue(&spec).unwrap())
    };
    assert_eq!(gets(&as_role("physician"), &patient, &ids).await, (1, 1));
    let (_, from) = network.events(Program::Registry, 0).unwrap();
    assert_eq!(gets(&as_role("clerk"), &patient, &ids).await, (0, 0));
    assert_eq!(reasons(&network, "c1", from), ["role"]);
}

/// TV-29: GetDocuments by the uniqueId of a document that is withheld has the bytes of the answer about one that does
/// not exist, in both shapes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tv_29_a_withheld_document_is_an_unknown_one() {
    let network = network(separate()).await;
    let patient = patient(&network).await;
    let [h1, h2, c1] = nodes(&network, ["h1", "h2", "c1"]);
    let withheld = published(&h1, &patient, "紹介状").await.unique_id();
    let unknown = renkei_network::fresh_oid().to_string();
    for kind in [ReturnType::LeafClass, ReturnType::ObjectRef] {
        let about =
            |id: &str| QueryBuilder::new(QueryId::GetDocuments, kind).list("$XDSDocumentEntryUniqueId", [id]);
        let [of_withheld, of_unknown] = [
            body(&c1, &about(&withheld)).await,
            body(&c1, &about(&unknown)).await,
        ];
        assert_eq!(of_withheld, of_unknown);
        // The same question of who may know it has another answer.
        assert_ne!(body(&h2, &about(&withheld)).await, of_unknown);
    }
}

/// TV-30 and TV-12: a consent ends between the query and the retrieval, which is decided afresh.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tv_30_a_consent_that_ends_after_the_query_opens_nothing() {
    let network = network(separate()).await;
    let patient = patient(&network).await;
    let [h1, c2] = nodes(&network, ["h1", "c2"]);
    let ids = [published(&h1, &patient, "紹介状").await.unique_id()];
    assert_eq!(gets(&c2, &patient, &ids).await, (0, 0));

    // TV-04: counts at the next request.
    let consent = consent(&network, &patient, &h1.organisation, &c2.organisation).await;
    assert_eq!(gets(&c2, &patient, &ids).await, (1, 1));
    assert_eq!(c2.find(&patient).await.unwrap().len(), 1);
    end(&network, "consent", &consent).await;
    let (response, none) = c2.retrieve(&ids).await.unwrap();
    assert_errors(&response, &["XDSDocumentUniqueIdError"]);
    assert!(none.is_empty());
    assert_eq!(gets(&c2, &patient, &ids).await, (0, 0));
}

/// TV-10: who refuses sharing over the network is refused to the clinics from the next request on, and not to the
/// author's own entity; lifted, all is as before.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tv_10_a_refusal_counts_at_the_next_request() {
    let network = network(Options::default()).await;
    let patient = patient(&network).await;
    let [h1, h2, c1, c2] = nodes(&network, ["h1", "h2", "c1", "c2"]);
    let ids = [published(&h1, &patient, "紹介状").await.unique_id()];
    for clinic in [&c1, &c2] {
        assert_eq!(gets(clinic, &patient, &ids).await, (1, 1), "{}", clinic.name);
    }
    let refusal = refuse(&network, &patient, json!("NETWORK")).await;
    for clinic in [&c1, &c2] {
        assert_eq!(gets(clinic, &patient, &ids).await, (0, 0), "{}", clinic.name);
    }
    for hospital in [&h1, &h2] {
        assert_eq!(gets(hospital, &patient, &ids).await, (1, 1), "{}", hospital.name);
    }
    end(&network, "refusal", &refusal).await;
    assert_eq!(gets(&c1, &patient, &ids).await, (1, 1));
}

/// TV-11: a refusal of one requester leaves the others.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tv_11_a_refusal_of_one_organisation_is_of_that_one() {
    let network = network(Options::default()).await;
    let (of_refusal, of_other) = (patient(&network).await, patient(&network).await);
    let [h1, h2, c1, c2] = nodes(&network, ["h1", "h2", "c1", "c2"]);
    let ids = [published(&h1, &of_refusal, "紹介状").await.unique_id()];
    let others = [published(&h1, &of_other, "紹介状").await.unique_id()];
    refuse(
        &network,
        &of_refusal,
        json!({ "REQUESTER_ORG": c1.organisation.id }),
    )
    .await;
    assert_eq!(gets(&c1, &of_refusal, &ids).await, (0, 0));
    assert_eq!(gets(&c2, &of_refusal, &ids).await, (1, 1));
    assert_eq!(gets(&h2, &of_refusal, &ids).await, (1, 1));
    assert_eq!(gets(&c1, &of_other, &others).await, (1, 1), "another patient");
}

/// TV-21: who has no HOSTING contract publishes nothing, is told why, and nothing is kept.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tv_21_without_a_hosting_contract_nothing_is_registered() {
    let network = network(Options::default()).await;
    let patient = patient(&network).await;
    let [h1, h2, c2] = nodes(&network, ["h1", "h2", "c2"]);
    let earlier = published(&c2, &patient, "before").await.unique_id();
    end(&network, "contract", &hosting_id(&c2.organisation)).await;

    let draft = Draft::new(&c2.organisation, &patient, &[Paper::new("紹介状")]);
    until("the registry knows that the contract ended", LEARNT, || async {
        let fresh = Draft::new(&c2.organisation, &patient, &[Paper::new("a try")]);
        let response = c2.provide(&fresh).await.unwrap();
        response.status == ResponseStatus::Failure
    })
    .await;
    for _ in 0..2 {
        let response = c2.provide(&draft).await.unwrap();
        assert_eq!(response.status, ResponseStatus::Failure, "{response:?}");
        let context = response.errors[0].context.clone();
        assert!(context.contains("HOSTING"), "{context}");
        assert!(!context.contains(patient.id()), "{context}");
    }
    let (response, none) = c2.retrieve(&[draft.unique_id()]).await.unwrap();
    assert_errors(&response, &["XDSDocumentUniqueIdError"]);
    assert!(none.is_empty());
    // TV-22: what it published before is kept, for itself alone.
    let earlier = [earlier];
    assert_eq!(c2.retrieve(&earlier).await.unwrap().1.len(), 1);
    assert_eq!(h1.retrieve(&earlier).await.unwrap().1.len(), 0);
    // Others publish as before.
    published(&h2, &patient, "meanwhile").await;
}

/// Nothing leaves while the registry cannot be asked, and the answer says so.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_registry_no_document_leaves() {
    let network = network(Options::default()).await;
    let patient = patient(&network).await;
    let [h1, c1] = nodes(&network, ["h1", "c1"]);
    let ids = [published(&h1, &patient, "紹介状").await.unique_id()];
    assert_eq!(gets(&c1, &patient, &ids).await, (1, 1));
    tokio::task::block_in_place(|| network.registry.kill());
    for node in [&h1, &c1] {
        let (response, none) = node.retrieve(&ids).await.unwrap();
        assert!(none.is_empty(), "{}", node.name);
        assert_errors(&response, &["XDSRepositoryBusy"]);
    }
    tokio::task::block_in_place(|| network.registry.start()).unwrap();
    until("it is decided again", Duration::from_secs(20), || async {
        matches!(c1.retrieve(&ids).await, Ok((_, documents)) if documents.len() == 1)
    })
    .await;
    let (response, _) = c1.retrieve(&ids).await.unwrap();
    assert_success(&response);
}

/// A consumer whose entry names no user, and that brings no assertion, sees nothing; it may publish.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_user_nothing_is_seen() {
    let network = network(Options {
        default_users: false,
        ..joint()
    })
    .await;
    let patient = patient(&network).await;
    let [h1, c1] = nodes(&network, ["h1", "c1"]);
    let draft = Draft::new(&h1.organisation, &patient, &[Paper::new("紹介状")]);
    let ids = [draft.unique_id()];
    assert_success(&h1.provide(&draft).await.unwrap());
    for node in [&h1, &c1] {
        assert_eq!(gets(node, &patient, &ids).await, (0, 0), "{}", node.name);
        let assertion = network
            .provider()
            .unwrap()
            .assertion(&node.organisation, "sato@example");
        let with_user = node.with_assertion(assertion.unwrap());
        assert_eq!(gets(&with_user, &patient, &ids).await, (1, 1), "{}", node.name);
    }
}

/// One document of a submission is refused by name: the rest of it is seen.
async fn with_one_refused(network: &Network, draft: Draft) -> (PatientId, Published) {
    let h1 = network.node("h1").unwrap();
    let patient = draft.set.patient_id.clone().unwrap();
    let published = accepted(&h1, draft).await;
    let refused = published.entries[0].unique_id.to_string();
    refuse(network, &patient, json!({ "DOCUMENT": refused })).await;
    (patient, published)
}
