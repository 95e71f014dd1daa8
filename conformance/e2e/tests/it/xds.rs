//! Rows of the hardening catalogue on the semantics of XDS, over the wire.

use std::sync::Arc;

use renkei_network::{Draft, Network, Node, Paper, Program, fresh_oid, sha1};
use tokio::sync::Barrier;
use xds_ebxml::query::QueryBuilder;
use xds_ebxml::rs::{RegistryResponse, ResponseStatus};
use xds_model::query::{QueryId, ReturnType};
use xds_model::{AssociationType, AvailabilityStatus, PatientId};

use crate::five_checks::{Audit, CANARIES, Case};
use crate::soap::{Answered, PROVIDE, REGISTER, envelope, headers, provide, send, simple};
use crate::support::{assert_errors, assert_success, node, patient, published, shared};

/// A client, a patient with a document, and that document's submission.
struct Prepared {
    h1: Node,
    patient: PatientId,
    first: renkei_network::Published,
}

async fn prepared(network: &'static Network) -> Prepared {
    let h1 = network.node("h1").unwrap();
    let patient = patient(network).await;
    let first = published(&h1, &patient, "the first").await;
    Prepared { h1, patient, first }
}

fn draft(prepared: &Prepared, papers: &[Paper]) -> Draft {
    Draft::new(&prepared.h1.organisation, &prepared.patient, papers)
}

fn canary_paper() -> Paper {
    Paper {
        title: CANARIES[2].to_owned(),
        ..Paper::new(format!("{} bytes", CANARIES[4]))
    }
}

/// The refused ITI-41 is in the repository's journal, and where it got that far, the ITI-42 in both.
fn refused_by_repository(times: usize) -> Audit {
    Audit::repository("ITI-41 8", times)
}

fn refused_by_registry(times: usize) -> Audit {
    Audit {
        registry: vec!["ITI-42 8".to_owned(); times],
        repository: [
            vec!["ITI-41 8".to_owned(); times],
            vec!["ITI-42 8".to_owned(); times],
        ]
        .concat(),
    }
}

#[tokio::test]
async fn xds_01_hash_and_size_lie() {
    let (case, prepared) = Case::begin(prepared).await;
    let mut replies = String::new();
    let mut wrong_hash = draft(&prepared, &[canary_paper()]);
    wrong_hash.entries[0].hash = Some(sha1(b"something else"));
    let mut wrong_size = draft(&prepared, &[canary_paper()]);
    wrong_size.entries[0].size = Some(7);
    for spoilt in [wrong_hash, wrong_size] {
        let response = prepared.h1.provide(&spoilt).await.unwrap();
        assert_errors(&response, &["XDSRepositoryMetadataError"]);
        replies.push_str(&format!("{response:?}"));
    }
    let good = draft(&prepared, &[Paper::new("inline")]);
    let (hash, size) = (good.entries[0].hash.clone().unwrap().to_string(), ">6<");
    let request = good.request();
    assert!(request.contains(&hash) && request.contains(size), "{request}");
    let spoilt = [
        request.replace(&hash, &format!("0x{hash}")),
        request.replace(&hash, &hash[..39]),
        request.replace(&hash, &format!("{hash}0")),
        request.replace(size, ">+6<"),
        request.replace(size, ">006<"),
        request.replace(size, ">9223372036854775808<"),
        request.replace(size, ">-6<"),
    ];
    for request in &spoilt {
        let body = provide(request, &[("Document01", "aW5saW5l".to_owned())]);
        let message = envelope(&headers(PROVIDE), &body);
        let (answered, text) = send(
            &prepared.h1,
            Program::Repository,
            &simple(Program::Repository, message.as_bytes()),
        )
        .await;
        assert_eq!(answered, Answered::error("XDSRepositoryMetadataError"), "{text}");
        replies.push_str(&text);
    }
    case.end(&refused_by_repository(2 + spoilt.len()), &replies).await;
}

/// The right hash in upper case is the right hash.
#[tokio::test]
async fn xds_01_a_hash_in_upper_case_passes() {
    let h1 = node("h1");
    let patient = patient(shared()).await;
    let good = Draft::new(&h1.organisation, &patient, &[Paper::new("inline")]);
    let hash = good.entries[0].hash.clone().unwrap().to_string();
    let request = good.request().replace(&hash, &hash.to_uppercase());
    let body = provide(&request, &[("Document01", "aW5saW5l".to_owned())]);
    let message = envelope(&headers(PROVIDE), &body);
    let (answered, text) = send(
        &h1,
        Program::Repository,
        &simple(Program::Repository, message.as_bytes()),
    )
    .await;
    assert_eq!(answered, Answered::Response(true, Vec::new()), "{text}");
}

#[tokio::test]
async fn xds_03_one_unique_id_with_other_content() {
    let (case, prepared) = Case::begin(prepared).await;
    let mut paper = canary_paper();
    paper.unique_id = prepared.first.draft.entries[0].unique_id.clone();
    let response = prepared.h1.provide(&draft(&prepared, &[paper])).await.unwrap();
    assert_errors(&response, &["XDSNonIdenticalHash", "XDSNonIdenticalSize"]);
    let (_, documents) = prepared.h1.retrieve(&[prepared.first.unique_id()]).await.unwrap();
    assert_eq!(documents[0].1, b"the first");
    let found = case.events(Program::Repository);
    assert_eq!(found[0], "ITI-41 8", "{found:?}");
    case.end_but(&["ITI-43 0"], &format!("{response:?}")).await;
}

#[tokio::test]
async fn xds_04_one_unique_id_with_the_same_content() {
    let h1 = node("h1");
    let patient = patient(shared()).await;
    let first = published(&h1, &patient, "the same").await;
    let paper = Paper {
        unique_id: first.draft.entries[0].unique_id.clone(),
        ..Paper::new("the same")
    };
    let response = h1
        .provide(&Draft::new(&h1.organisation, &patient, &[paper]))
        .await
        .unwrap();
    assert_success(&response);
    assert_eq!(h1.documents(&[first.unique_id()]).await.unwrap().len(), 2);
    let (response, documents) = h1.retrieve(&[first.unique_id()]).await.unwrap();
    assert_success(&response);
    assert_eq!(documents[0].1, b"the same");
}

/// Sends all at one moment; how many succeeded, and the codes of the others.
async fn race(nodes: Vec<(Node, Draft)>, by_registry: bool) -> (usize, Vec<String>) {
    let barrier = Arc::new(Barrier::new(nodes.len()));
    let mut tasks = Vec::new();
    for (node, draft) in nodes {
        let barrier = Arc::clone(&barrier);
        tasks.push(tokio::spawn(async move {
            barrier.wait().await;
            match by_registry {
                true => node.register(&draft).await.unwrap(),
                false => node.provide(&draft).await.unwrap(),
            }
        }));
    }
    let mut responses: Vec<RegistryResponse> = Vec::new();
    for task in tasks {
        responses.push(task.await.unwrap());
    }
    let succeeded = responses
        .iter()
        .filter(|response| response.status == ResponseStatus::Success)
        .count();
    let mut codes: Vec<String> = responses
        .iter()
        .flat_map(|response| response.errors.iter().map(|error| error.code.clone()))
        .collect();
    codes.sort();
    codes.dedup();
    (succeeded, codes)
}

const CLIENTS: usize = 32;
const ROUNDS: usize = 20;

#[tokio::test]
async fn xds_05_a_race_for_one_unique_id() {
    let h1 = node("h1");
    let patient = patient(shared()).await;
    for round in 0..ROUNDS {
        let id = fresh_oid();
        let drafts = (0..CLIENTS).map(|at| {
            let paper = Paper {
                unique_id: id.clone().into(),
                // All of one length, so that the hash is what differs.
                ..Paper::new(format!("content {at:03}"))
            };
            (h1.clone(), Draft::new(&h1.organisation, &patient, &[paper]))
        });
        let (succeeded, codes) = race(drafts.collect(), false).await;
        assert_eq!(succeeded, 1, "round {round}: {codes:?}");
        assert_eq!(codes, ["XDSNonIdenticalHash"], "round {round}");
        // What is served is what was registered.
        let entries = h1.documents(&[id.to_string()]).await.unwrap();
        let (_, documents) = h1.retrieve(&[id.to_string()]).await.unwrap();
        assert_eq!(entries.len(), 1);
        assert_eq!(entries[0].hash, Some(sha1(&documents[0].1)), "round {round}");
    }
}

#[tokio::test]
async fn xds_06_a_race_for_one_submission_set() {
    let h1 = node("h1");
    let patient = patient(shared()).await;
    for round in 0..ROUNDS / 2 {
        let draft = Draft::new(&h1.organisation, &patient, &[Paper::new("once")]);
        let drafts = vec![(h1.clone(), draft); CLIENTS];
        let (succeeded, codes) = race(drafts, true).await;
        assert_eq!(
            (succeeded, codes.as_slice()),
            (1, ["XDSDuplicateUniqueIdInRegistry".to_owned()].as_slice()),
            "round {round}"
        );
    }
}

#[tokio::test]
async fn xds_07_a_unique_id_of_another_kind() {
    let (case, prepared) = Case::begin(prepared).await;
    let mut of_document = draft(&prepared, &[canary_paper()]);
    of_document.set.unique_id = prepared.first.draft.unique_id().parse().unwrap();
    let mut of_set = draft(&prepared, &[canary_paper()]);
    of_set.set.unique_id = prepared.first.draft.set.unique_id.clone();
    let mut replies = String::new();
    for spoilt in [of_document, of_set] {
        let response = prepared.h1.provide(&spoilt).await.unwrap();
        assert_errors(&response, &["XDSDuplicateUniqueIdInRegistry"]);
        replies.push_str(&format!("{response:?}"));
    }
    case.end(&refused_by_registry(2), &replies).await;
}

#[tokio::test]
async fn xds_08_an_id_twice_in_one_message() {
    let (case, prepared) = Case::begin(prepared).await;
    let paper = canary_paper();
    let twice = draft(&prepared, &[paper.clone(), paper]);
    let by_registry = prepared.h1.register(&twice).await.unwrap();
    assert_errors(&by_registry, &["XDSRegistryDuplicateUniqueIdInMessage"]);
    let by_repository = prepared.h1.provide(&twice).await.unwrap();
    assert_errors(&by_repository, &["XDSRepositoryDuplicateUniqueIdInMessage"]);
    let mut symbols = draft(&prepared, &[canary_paper(), canary_paper()]);
    symbols.entries[1].id = symbols.entries[0].id.clone();
    let response = prepared.h1.register(&symbols).await.unwrap();
    assert_errors(&response, &["XDSRegistryMetadataError"]);
    let audit = Audit {
        registry: vec!["ITI-42 8".to_owned(); 2],
        repository: vec!["ITI-41 8".to_owned()],
    };
    case.end(&audit, &format!("{by_registry:?}{by_repository:?}{response:?}"))
        .await;
}

#[tokio::test]
async fn xds_09_a_race_of_replacements() {
    let h1 = node("h1");
    let patient = patient(shared()).await;
    for round in 0..ROUNDS / 2 {
        let first = published(&h1, &patient, "to be replaced").await;
        let target = first.entry().unwrap();
        let paper = [Paper::new("an addendum")];
        let addendum =
            Draft::new(&h1.organisation, &patient, &paper).relating(AssociationType::Append, target);
        assert_success(&h1.provide(&addendum).await.unwrap());
        let before = h1.find(&patient).await.unwrap().len();
        let drafts = (0..CLIENTS).map(|_| {
            let draft = Draft::new(&h1.organisation, &patient, &[Paper::new("the next")]);
            (h1.clone(), draft.relating(AssociationType::Replace, target))
        });
        let (succeeded, codes) = race(drafts.collect(), true).await;
        assert_eq!(
            (succeeded, codes.as_slice()),
            (1, ["XDSRegistryDeprecatedDocumentError".to_owned()].as_slice()),
            "round {round}"
        );
        // The document and its addendum went, its replacement came.
        assert_eq!(h1.find(&patient).await.unwrap().len(), before - 1);
    }
}

#[tokio::test]
async fn xds_11_patients_are_not_mixed() {
    let (case, (prepared, other)) =
        Case::begin(async |network: &'static Network| (prepared(network).await, patient(network).await))
            .await;
    let mut entry = draft(&prepared, &[canary_paper()]);
    entry.entries[0].patient_id = Some(other.clone());
    let mut folder = draft(&prepared, &[canary_paper()]).in_folder(CANARIES[2]);
    folder.folders[0].patient_id = Some(other.clone());
    let target = prepared.first.entry().unwrap();
    let relation = Draft::new(&prepared.h1.organisation, &other, &[canary_paper()]);
    let relation = relation.relating(AssociationType::Append, target);
    let mut replies = String::new();
    for (spoilt, ids) in [
        (entry, [&prepared.patient, &other]),
        (folder, [&prepared.patient, &other]),
        (relation, [&other, &other]),
    ] {
        let response = prepared.h1.provide(&spoilt).await.unwrap();
        assert_errors(&response, &["XDSPatientIdDoesNotMatch"]);
        // Only ids that the client sent itself.
        let sent = ids.map(ToString::to_string);
        for error in &response.errors {
            for patient in [&prepared.patient, &other] {
                let named = error.context.contains(&patient.to_string());
                assert!(!named || sent.contains(&patient.to_string()), "{error:?}");
            }
        }
        replies.push_str(&format!("{response:?}"));
    }
    case.end_with_any_refusals(&replies).await;
}

#[tokio::test]
async fn xds_12_the_same_bytes_again() {
    let (case, prepared) = Case::begin(prepared).await;
    let again = prepared.first.draft.clone();
    let response = prepared.h1.provide(&again).await.unwrap();
    assert_errors(&response, &["XDSDuplicateUniqueIdInRegistry"]);
    let id = again.set.unique_id.to_string();
    assert!(response.errors[0].context.contains(&id), "{response:?}");
    case.end(&refused_by_registry(1), &format!("{response:?}")).await;
}

#[tokio::test]
async fn xds_15_all_or_nothing() {
    let (case, prepared) = Case::begin(prepared).await;
    let papers: Vec<Paper> = (0..50).map(|_| canary_paper()).collect();
    let mut spoilt = draft(&prepared, &papers).in_folder("束");
    spoilt.entries[49].type_code.as_mut().unwrap().code.code = "UNKNOWN-CODE".to_owned();
    let response = prepared.h1.provide(&spoilt).await.unwrap();
    assert_errors(&response, &["XDSRegistryMetadataError"]);
    assert_eq!(response.errors.len(), 1, "{response:?}");
    assert!(
        response.errors[0].context.contains("UNKNOWN-CODE"),
        "{response:?}"
    );
    assert!(response.errors[0].location.contains("typeCode"), "{response:?}");
    case.end(&refused_by_registry(1), &format!("{response:?}")).await;
}

#[tokio::test]
async fn xds_19_an_unknown_patient() {
    let (case, h1) = Case::begin(async |network: &'static Network| network.node("h1").unwrap()).await;
    let unknown = case.network.fresh_patient();
    let draft = Draft::new(&h1.organisation, &unknown, &[canary_paper()]);
    let registered = h1.register(&draft).await.unwrap();
    assert_errors(&registered, &["XDSUnknownPatientId"]);
    let provided = h1.provide(&draft).await.unwrap();
    assert_errors(&provided, &["XDSUnknownPatientId"]);
    assert_eq!(h1.find(&unknown).await.unwrap().len(), 0);
    let audit = Audit {
        registry: ["ITI-42 8", "ITI-42 8", "ITI-18 0"].map(str::to_owned).to_vec(),
        repository: ["ITI-41 8", "ITI-42 8"].map(str::to_owned).to_vec(),
    };
    case.end(&audit, &format!("{registered:?}{provided:?}")).await;
}

#[tokio::test]
async fn xds_20_parameters_are_values() {
    let (case, prepared) = Case::begin(prepared).await;
    let tricks = [
        "'",
        "''",
        "\\",
        "\\'",
        "%",
        "_",
        "';--",
        "'; DROP TABLE document_entry; --",
        "$1",
        ")",
        "(",
        "') OR ('1'='1",
        "/*",
        "\u{7f}",
        "%' OR 1=1",
        "{{7*7}}",
        "\u{fffd}",
        "ｓｅｌｅｃｔ",
    ];
    let long = "x".repeat(200_000);
    let mut count = 0;
    for trick in tricks.into_iter().chain([long.as_str()]) {
        let one = QueryBuilder::new(QueryId::FindDocuments, ReturnType::LeafClass)
            .patient("$XDSDocumentEntryPatientId", &prepared.patient)
            .statuses("$XDSDocumentEntryStatus", [AvailabilityStatus::Approved])
            .list("$XDSDocumentEntryAuthorPerson", [format!("{trick}zzz")]);
        let code = QueryBuilder::new(QueryId::FindDocuments, ReturnType::LeafClass)
            .patient("$XDSDocumentEntryPatientId", &prepared.patient)
            .statuses("$XDSDocumentEntryStatus", [AvailabilityStatus::Approved])
            .list("$XDSDocumentEntryClassCode", [format!("{trick}^^1.2.3")]);
        let id = QueryBuilder::new(QueryId::GetDocuments, ReturnType::LeafClass)
            .list("$XDSDocumentEntryUniqueId", [trick]);
        for query in [one, code, id] {
            let response = prepared.h1.query(&query).await.unwrap();
            assert_eq!(response.objects.entries.len(), 0, "{trick}");
            count += 1;
        }
    }
    assert_eq!(count, 19 * 3);
    case.end_but(&["ITI-18 0", "ITI-18 8"], "").await;
}

/// A submission that is good, but not to be sent as text; see the samples for whole ones.
#[tokio::test]
async fn xds_08_a_uuid_twice_in_one_message() {
    let (case, prepared) = Case::begin(prepared).await;
    let two = draft(&prepared, &[canary_paper(), canary_paper()]);
    let uuid = "urn:uuid:7e3f6a52-6a3c-4f1e-9d55-0e6c1d1f0001";
    let request = two
        .request()
        .replace("Document01", uuid)
        .replace("Document02", uuid);
    let message = envelope(&headers(REGISTER), &request);
    let (answered, text) = send(
        &prepared.h1,
        Program::Registry,
        &simple(Program::Registry, message.as_bytes()),
    )
    .await;
    assert_eq!(answered, Answered::error("XDSRegistryMetadataError"), "{text}");
    case.end(&Audit::registry("ITI-42 8", 1), &text).await;
}
