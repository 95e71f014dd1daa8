//! What would reveal a withheld document is withheld with it: in every stored query, in both shapes.

use std::collections::BTreeSet;

use renkei_network::{Draft, Network, Node, Options, Paper};
use uuid::Uuid;
use xds_ebxml::query::{QueryBuilder, QueryResponse};
use xds_model::query::{QueryId, ReturnType};
use xds_model::{AssociationType, AvailabilityStatus, ObjectId, PatientId};

use super::{network, nodes, with_one_refused};
use crate::auz::body;
use crate::support::{accepted, patient};

/// What must not be said of a withheld document to who may not know of it, and what may be said.
struct Case {
    patient: PatientId,
    /// entryUUID, uniqueId and title of the document; ids of associations that touch it, and of the SubmissionSet and the
    /// folders that hold it.
    secrets: BTreeSet<String>,
    /// entryUUID of the withheld document.
    withheld: String,
    /// Id of its SubmissionSet.
    set: String,
    /// entryUUID of the other document.
    open: String,
}

/// Two documents in one submission and in one folder, the first of which the patient refuses to share; an addendum to
/// that one; and a folder with it alone.
async fn case(network: &Network) -> Case {
    let [h1] = nodes(network, ["h1"]);
    let patient = patient(network).await;
    let papers = [
        Paper {
            title: "SECRETTITLE".to_owned(),
            ..Paper::new("withheld")
        },
        Paper::new("open"),
    ];
    let draft = Draft::new(&h1.organisation, &patient, &papers).in_folder("both");
    let (patient, published) = with_one_refused(network, draft).await;
    let target = published.entry().unwrap();
    let addendum = Draft::new(&h1.organisation, &patient, &[Paper::new("addendum")]);
    accepted(&h1, addendum.relating(AssociationType::Append, target)).await;
    accepted(&h1, folder_with(&h1, &patient, target)).await;

    let everything = h1.query(&get_all(&patient, ReturnType::LeafClass)).await.unwrap();
    let withheld = &published.entries[0];
    let of_set = |set: &&xds_model::SubmissionSet| set.unique_id == published.draft.set.unique_id;
    let set = everything.objects.sets.iter().find(of_set).unwrap();
    let mut secrets = touching(&everything, &withheld.id);
    let (unique_id, set_unique_id) = (withheld.unique_id.to_string(), set.unique_id.to_string());
    secrets.extend([
        unique_id,
        "SECRETTITLE".to_owned(),
        set.id.to_string(),
        set_unique_id,
    ]);
    assert_eq!(everything.objects.folders.len(), 2);
    for folder in &everything.objects.folders {
        secrets.extend([folder.id.to_string(), folder.unique_id.to_string()]);
    }
    Case {
        patient,
        secrets,
        withheld: withheld.id.to_string(),
        set: set.id.to_string(),
        open: published.entries[1].id.to_string(),
    }
}

/// A submission of a folder that takes in a registered document.
fn folder_with(node: &Node, patient: &PatientId, document: Uuid) -> Draft {
    let mut draft = Draft::new(&node.organisation, patient, &[]).in_folder("alone");
    let folder = draft.folders[0].id.clone();
    let set = draft.set.id.clone();
    let membership = draft.link(AssociationType::HasMember, folder, ObjectId::Uuid(document));
    draft.link(AssociationType::HasMember, set, membership);
    draft
}

/// The id of the document, and of every association that leads from or to it, or to such an association.
fn touching(everything: &QueryResponse, withheld: &ObjectId) -> BTreeSet<String> {
    let mut known = BTreeSet::from([withheld.to_string()]);
    loop {
        let is_known = |id: &ObjectId| known.contains(&id.to_string());
        let links = everything.objects.associations.iter();
        let more: Vec<String> = links
            .filter(|link| !is_known(&link.id) && (is_known(&link.source) || is_known(&link.target)))
            .map(|link| link.id.to_string())
            .collect();
        if more.is_empty() {
            return known;
        }
        known.extend(more);
    }
}

fn get_all(patient: &PatientId, kind: ReturnType) -> QueryBuilder {
    let approved = [AvailabilityStatus::Approved];
    QueryBuilder::new(QueryId::GetAll, kind)
        .patient("$patientId", patient)
        .statuses("$XDSDocumentEntryStatus", approved)
        .statuses("$XDSSubmissionSetStatus", approved)
        .statuses("$XDSFolderStatus", approved)
}

/// Every stored query about the patient, the set, or the documents themselves.
fn queries(case: &Case, kind: ReturnType) -> Vec<QueryBuilder> {
    let approved = [AvailabilityStatus::Approved];
    let both = [&case.open, &case.withheld];
    let secrets: Vec<&String> = case
        .secrets
        .iter()
        .filter(|secret| secret.starts_with("urn:uuid"))
        .collect();
    let mut queries = vec![
        QueryBuilder::new(QueryId::FindDocuments, kind)
            .patient("$XDSDocumentEntryPatientId", &case.patient)
            .statuses("$XDSDocumentEntryStatus", approved),
        QueryBuilder::new(QueryId::FindSubmissionSets, kind)
            .patient("$XDSSubmissionSetPatientId", &case.patient)
            .statuses("$XDSSubmissionSetStatus", approved),
        get_all(&case.patient, kind),
        QueryBuilder::new(QueryId::GetSubmissionSetAndContents, kind)
            .text("$XDSSubmissionSetEntryUUID", &case.set),
    ];
    for (query, name) in [
        (QueryId::GetDocuments, "$XDSDocumentEntryEntryUUID"),
        (QueryId::GetDocumentsAndAssociations, "$XDSDocumentEntryEntryUUID"),
        (QueryId::GetAssociations, "$uuid"),
        (QueryId::GetSubmissionSets, "$uuid"),
    ] {
        queries.push(QueryBuilder::new(query, kind).list(name, both));
        queries.push(QueryBuilder::new(query, kind).list(name, secrets.clone()));
    }
    queries
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_touches_a_withheld_document_is_told() {
    let network = network(Options::default()).await;
    let case = case(&network).await;
    let [h2, c1] = nodes(&network, ["h2", "c1"]);
    let (mut silent, mut told, mut open) = (0, 0, 0);
    for kind in [ReturnType::LeafClass, ReturnType::ObjectRef] {
        for query in queries(&case, kind) {
            let answer = body(&c1, &query).await;
            for secret in &case.secrets {
                assert!(!answer.contains(secret.as_str()), "{secret}: {answer}");
            }
            silent += 1;
            open += usize::from(answer.contains(case.open.as_str()));
            let own = body(&h2, &query).await;
            told += usize::from(case.secrets.iter().any(|secret| own.contains(secret.as_str())));
        }
    }
    // The queries find what they are about: the rest is told to the clinic, and all of it to the author's entity.
    assert_eq!(silent, 2 * 12);
    assert!(open >= 8, "{open}");
    assert!(told >= 16, "{told}");
}
