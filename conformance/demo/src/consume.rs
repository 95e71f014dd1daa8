//! Step 7: a clinic finds the documents and opens them, and so does the other hospital.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use tokio::time::sleep;
use xds_ebxml::query::{QueryBuilder, QueryResponse};
use xds_ebxml::retrieve::DocumentRequest;
use xds_ebxml::rs::ResponseStatus;
use xds_model::query::{QueryId, ReturnType};
use xds_model::{AssociationType, AvailabilityStatus, DocumentEntry};
use xds_server::lang::Say;

use crate::caller::{Caller, summary};
use crate::metadata::sha1;
use crate::network::{PATIENTS, Patient};
use crate::publish::Published;
use crate::show::Running;

/// Whether a later document took the place of this one.
pub(crate) fn is_replaced(document: &Published, all: &[Published]) -> bool {
    all.iter().any(|later| {
        matches!(&later.relation, Some((AssociationType::Replace, target)) if *target == document.unique_id)
    })
}

/// uniqueIds of a patient's documents that are in force.
fn in_force(patient: &Patient, all: &[Published]) -> BTreeSet<String> {
    all.iter()
        .filter(|document| document.patient.number == patient.number && !is_replaced(document, all))
        .map(|document| document.unique_id.clone())
        .collect()
}

/// How long it may take until the registry decides by what the command line entered for the domain, and how often it is
/// asked.
const IN_FORCE_MAX: Duration = Duration::from_secs(10);
const ASK_EVERY: Duration = Duration::from_millis(100);

/// Waits until the caller is given something, for what was entered for the domain is in force within two seconds. What it
/// is given is for others to judge.
pub(crate) async fn wait_in_force(caller: &Caller, all: &[Published]) {
    let Some(document) = all.first() else { return };
    let query = find_documents(document.patient, ReturnType::ObjectRef);
    let deadline = Instant::now() + IN_FORCE_MAX;
    while Instant::now() < deadline {
        let found = caller.query("find-documents-references", &query).await;
        if found.is_ok_and(|response| !response.references.is_empty()) {
            return;
        }
        sleep(ASK_EVERY).await;
    }
}

/// FindDocuments for each patient, whole and as references, and GetDocuments of what was found. Three results for
/// each patient. Returns the entries.
pub(crate) async fn find(caller: &Caller, all: &[Published], step: &mut Running<'_>) -> Vec<DocumentEntry> {
    let mut entries = Vec::new();
    for patient in &PATIENTS {
        let expected = in_force(patient, all);
        let found = ask(
            caller,
            "find-documents",
            &find_documents(patient, ReturnType::LeafClass),
            step,
        )
        .await;
        let found = found.map(|response| response.objects.entries);
        let named = found
            .as_ref()
            .map(|entries| unique_ids(entries))
            .map_err(String::clone);
        judge(step, patient, "FindDocuments (LeafClass)", &expected, named);
        let found = found.unwrap_or_default();

        let expected: BTreeSet<String> = found.iter().map(|entry| entry.id.to_string()).collect();
        let references = ask(
            caller,
            "find-documents-references",
            &find_documents(patient, ReturnType::ObjectRef),
            step,
        )
        .await;
        let references =
            references.map(|response| response.references.iter().map(ToString::to_string).collect());
        judge(step, patient, "FindDocuments (ObjectRef)", &expected, references);

        if expected.is_empty() {
            // A query for no id is none.
            step.right();
            continue;
        }
        let query = QueryBuilder::new(QueryId::GetDocuments, ReturnType::LeafClass)
            .list("$XDSDocumentEntryEntryUUID", &expected);
        let got = ask(caller, "get-documents", &query, step).await;
        let got = got.map(|response| {
            let ids = response.objects.entries.iter().map(|entry| entry.id.to_string());
            ids.collect()
        });
        judge(step, patient, "GetDocuments", &expected, got);
        entries.extend(found);
    }
    entries
}

/// GetSubmissionSetAndContents for each submission. A result for each.
pub(crate) async fn submission_sets(caller: &Caller, all: &[Published], step: &mut Running<'_>) {
    for set in sets(all) {
        let members = || all.iter().filter(|document| document.set == set);
        let Some(patient) = members().next().map(|document| document.patient) else {
            continue;
        };
        let expected = members().map(|document| document.unique_id.clone()).collect();
        let query = QueryBuilder::new(QueryId::GetSubmissionSetAndContents, ReturnType::LeafClass)
            .text("$XDSSubmissionSetUniqueId", &set);
        let found = ask(caller, "get-submission-set-and-contents", &query, step).await;
        let found = found.map(|response| unique_ids(&response.objects.entries));
        judge(step, patient, "GetSubmissionSetAndContents", &expected, found);
    }
}

/// uniqueIds of the submissions.
pub(crate) fn sets(all: &[Published]) -> BTreeSet<String> {
    all.iter().map(|document| document.set.clone()).collect()
}

/// Opens every document, a patient at a time (ITI-43), and compares it with its metadata and with what was sent. A
/// result for each document.
pub(crate) async fn open(
    caller: &Caller,
    entries: &[DocumentEntry],
    all: &[Published],
    step: &mut Running<'_>,
) {
    for patient in &PATIENTS {
        let of_patient: Vec<&DocumentEntry> = entries
            .iter()
            .filter(|entry| {
                entry
                    .patient_id
                    .as_ref()
                    .is_some_and(|id| id.id() == patient.local())
            })
            .collect();
        let requests: Vec<DocumentRequest> = of_patient.iter().map(|entry| request(entry)).collect();
        if requests.is_empty() {
            continue;
        }
        let expected = |id: &str| {
            Say::new(
                format!("文書 {id} が登録時の大きさとSHA-1で開けること"),
                format!("document {id} with the size and SHA-1 that it was registered with"),
            )
        };
        let (response, documents) = match step.timed(caller.retrieve("retrieve", &requests)).await {
            Ok(answer) => answer,
            Err(error) => {
                step.wrong(expected("*"), error);
                continue;
            }
        };
        for entry in of_patient {
            let id = entry.unique_id.as_str();
            match documents.iter().find(|(came, _)| came.ids.document == id) {
                None => step.wrong(expected(id), summary(&response)),
                Some((came, bytes)) => {
                    let (size, hash) = (bytes.len() as u64, sha1(bytes));
                    let as_sent = all
                        .iter()
                        .any(|sent| sent.unique_id == id && sent.size == size && sent.hash == hash);
                    let as_registered = entry.size == Some(size) && entry.hash.as_ref() == Some(&hash);
                    let right = as_sent && as_registered && came.mime_type == entry.mime_type;
                    step.check(
                        right,
                        || expected(id),
                        format!("{size} bytes, {hash}, {}", came.mime_type),
                    );
                }
            }
        }
    }
}

/// The request for a document of the registry.
pub(crate) fn request(entry: &DocumentEntry) -> DocumentRequest {
    DocumentRequest {
        home: entry.home.as_ref().map(ToString::to_string),
        repository: entry
            .repository_unique_id
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        document: entry.unique_id.to_string(),
    }
}

/// FindDocuments for a patient's documents in force.
pub(crate) fn find_documents(patient: &Patient, form: ReturnType) -> QueryBuilder {
    find_with_status(patient, form, AvailabilityStatus::Approved)
}

/// FindDocuments for a patient's documents of a status.
pub(crate) fn find_with_status(
    patient: &Patient,
    form: ReturnType,
    status: AvailabilityStatus,
) -> QueryBuilder {
    QueryBuilder::new(QueryId::FindDocuments, form)
        .text("$XDSDocumentEntryPatientId", &patient.id())
        .statuses("$XDSDocumentEntryStatus", [status])
}

/// Asks, and takes anything but Success without a fault for no answer.
pub(crate) async fn ask(
    caller: &Caller,
    label: &str,
    query: &QueryBuilder,
    step: &mut Running<'_>,
) -> Result<QueryResponse, String> {
    let response = step
        .timed(caller.query(label, query))
        .await
        .map_err(|error| error.to_string())?;
    let codes: Vec<&str> = response.errors.iter().map(|error| error.code.as_str()).collect();
    if response.status != ResponseStatus::Success {
        return Err(format!("{:?} {}", response.status, codes.join(", ")));
    }
    match response.objects.faults.first() {
        None => Ok(response),
        Some(fault) => Err(format!("an answer that breaks a rule: {}", fault.context())),
    }
}

/// uniqueIds of entries.
pub(crate) fn unique_ids(entries: &[DocumentEntry]) -> BTreeSet<String> {
    entries.iter().map(|entry| entry.unique_id.to_string()).collect()
}

/// Exactly these.
pub(crate) fn judge(
    step: &mut Running<'_>,
    patient: &Patient,
    query: &str,
    expected: &BTreeSet<String>,
    found: Result<BTreeSet<String>, String>,
) {
    let say = || {
        let (id, count) = (patient.local(), expected.len());
        Say::new(
            format!("患者 {id} の {query} がちょうど {count} 件"),
            format!("exactly {count} objects for {query} of patient {id}"),
        )
    };
    match found {
        Ok(found) => {
            let missing = expected.difference(&found).count();
            let extra = found.difference(expected).count();
            step.check(
                found == *expected,
                say,
                format!("{missing} missing, {extra} too many"),
            );
        }
        Err(came) => step.wrong(say(), came),
    }
}
