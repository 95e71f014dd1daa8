//! Step 7, the rest: what a replacement, an addendum and a folder look like to a clinic, and what is refused.

use std::collections::BTreeSet;
use std::sync::Arc;

use time::OffsetDateTime;
use xds_client::mllp::MllpError;
use xds_client::{CallError, ConnectFailure};
use xds_ebxml::query::QueryBuilder;
use xds_ebxml::rs::ResponseStatus;
use xds_model::query::{QueryId, ReturnType};
use xds_model::{AssociationType, AvailabilityStatus, DocumentEntry, XdsCode};
use xds_server::lang::Say;

use crate::caller::{Caller, Unanswered, summary};
use crate::configuration::Ports;
use crate::consume::{ask, find_documents, find_with_status, is_replaced, judge, request, unique_ids};
use crate::folders::Folders;
use crate::network::{AUTHORITY, PATIENTS};
use crate::pki::STRANGER;
use crate::plan::Planned;
use crate::publish::{Published, prepare};
use crate::replies::Replies;
use crate::show::Running;
use crate::stopped::Stopped;

/// Results of [`relations`].
pub(crate) fn relation_results(all: &[Published]) -> usize {
    let related = all.iter().filter(|document| document.relation.is_some()).count();
    1 + related + folders(all).len()
}

/// A replaced document is Deprecated and found as nothing else; a relation leads from the new document to the old
/// one; a folder holds its documents.
pub(crate) async fn relations(caller: &Caller, all: &[Published], step: &mut Running<'_>) {
    for document in all.iter().filter(|document| is_replaced(document, all)) {
        let query = find_with_status(
            document.patient,
            ReturnType::LeafClass,
            AvailabilityStatus::Deprecated,
        );
        let found = ask(caller, "find-documents-deprecated", &query, step).await;
        let found = found.map(|response| unique_ids(&response.objects.entries));
        let expected = BTreeSet::from([document.unique_id.clone()]);
        judge(
            step,
            document.patient,
            "FindDocuments (Deprecated)",
            &expected,
            found,
        );
    }
    for document in all {
        if let Some((kind, target)) = &document.relation {
            relation(caller, document, *kind, target, step).await;
        }
    }
    for (patient, title) in folders(all) {
        folder(caller, patient, title, all, step).await;
    }
}

async fn relation(
    caller: &Caller,
    document: &Published,
    kind: AssociationType,
    target: &str,
    step: &mut Running<'_>,
) {
    let query = QueryBuilder::new(QueryId::GetDocumentsAndAssociations, ReturnType::LeafClass)
        .list("$XDSDocumentEntryUniqueId", [document.unique_id.as_str(), target]);
    let found = ask(caller, "get-documents-and-associations", &query, step).await;
    let expected = || {
        Say::new(
            format!("新しい文書から元の文書への {kind:?} が1件"),
            format!("one {kind:?} from the new document to the old one"),
        )
    };
    match found {
        Err(came) => step.wrong(expected(), came),
        Ok(response) => {
            let objects = &response.objects;
            let id_of = |unique_id: &str| {
                let is = |entry: &&DocumentEntry| entry.unique_id.as_str() == unique_id;
                objects.entries.iter().find(is).map(|entry| &entry.id)
            };
            let (source, target) = (id_of(&document.unique_id), id_of(target));
            let links = objects.associations.iter().filter(|association| {
                association.kind == kind
                    && Some(&association.source) == source
                    && Some(&association.target) == target
            });
            let count = links.count();
            step.check(
                count == 1 && source.is_some() && target.is_some(),
                expected,
                count,
            );
        }
    }
}

/// Patients with a folder, and its title.
fn folders(all: &[Published]) -> BTreeSet<(u16, &'static str)> {
    all.iter()
        .filter_map(|document| Some((document.patient.number, document.folder?)))
        .collect()
}

async fn folder(caller: &Caller, patient: u16, title: &str, all: &[Published], step: &mut Running<'_>) {
    let Some(patient) = PATIENTS.iter().find(|of| of.number == patient) else {
        return;
    };
    let approved = [AvailabilityStatus::Approved];
    let query = QueryBuilder::new(QueryId::GetAll, ReturnType::LeafClass)
        .text("$patientId", &patient.id())
        .statuses("$XDSDocumentEntryStatus", approved)
        .statuses("$XDSSubmissionSetStatus", approved)
        .statuses("$XDSFolderStatus", approved);
    let found = ask(caller, "get-all", &query, step).await.map(|response| {
        let objects = &response.objects;
        let folder = objects
            .folders
            .iter()
            .find(|folder| folder.title.first() == Some(title));
        let members = objects.associations.iter().filter(|association| {
            association.kind == AssociationType::HasMember
                && folder.is_some_and(|folder| folder.id == association.source)
        });
        let unique_id = |association: &xds_model::Association| {
            let is = |entry: &&DocumentEntry| entry.id == association.target;
            objects
                .entries
                .iter()
                .find(is)
                .map(|entry| entry.unique_id.to_string())
        };
        members.filter_map(unique_id).collect()
    });
    let expected = all
        .iter()
        .filter(|document| document.patient.number == patient.number && document.folder == Some(title))
        .map(|document| document.unique_id.clone())
        .collect();
    judge(step, patient, "GetAll (Folder)", &expected, found);
}

/// Results of [`refusals`].
pub(crate) const REFUSALS: usize = 5;

/// What refusals are tried with.
pub(crate) struct Tried<'t> {
    /// The demo's folders.
    pub(crate) folders: &'t Folders,
    /// Where the servers are.
    pub(crate) ports: Ports,
    /// Where replies are kept.
    pub(crate) replies: &'t Arc<Replies>,
    /// A node that publishes.
    pub(crate) publisher: &'t Caller,
    /// A submission to try.
    pub(crate) planned: &'t Planned,
    /// A document that a stranger asks for.
    pub(crate) entry: Option<&'t DocumentEntry>,
    /// The time.
    pub(crate) now: OffsetDateTime,
}

/// A certificate that nobody enrolled gets nothing from any listener; nothing is registered for a patient that nobody
/// told of.
pub(crate) async fn refusals(tried: &Tried<'_>, step: &mut Running<'_>) -> Result<(), Stopped> {
    let stranger = Caller::new(STRANGER, &tried.folders.pki(), tried.ports, tried.replies)?;
    let refused = |listener: &str| {
        Say::new(
            format!("登録されていない証明書が {listener} に拒否されること"),
            format!("a certificate that nobody enrolled is refused by {listener}"),
        )
    };

    let query = find_documents(tried.planned.patient, ReturnType::ObjectRef);
    let answer = step.timed(stranger.query("stranger", &query)).await;
    let answer = answer.map(|response| response.status);
    step.check(is_refused(&answer), || refused("registry"), said(&answer));

    let requests: Vec<_> = tried.entry.iter().map(|entry| request(entry)).collect();
    let answer = step.timed(stranger.retrieve("stranger", &requests)).await;
    let answer = answer.map(|(response, _)| response.status);
    step.check(is_refused(&answer), || refused("repository"), said(&answer));

    let (right, came) = feed_as(&stranger).await;
    step.check(right, || refused("MLLP"), came);

    let unknown = format!("R9999999^^^&{AUTHORITY}&ISO");
    let prepared = prepare(tried.planned, &unknown, None, tried.now);
    let expected = || {
        let code = XdsCode::XDSUnknownPatientId.as_str();
        Say::new(
            format!("知られていない患者の登録が {code} で拒否されること"),
            format!("{code} for a patient that nobody told of"),
        )
    };
    let prepared = match prepared {
        Ok(prepared) => prepared,
        Err(came) => {
            step.wrong(expected(), came);
            return Ok(());
        }
    };
    match step
        .timed(prepared.send(tried.publisher, "unknown-patient"))
        .await
    {
        Err(came) => step.wrong(expected(), came),
        Ok(response) => {
            let code = XdsCode::XDSUnknownPatientId.as_str();
            let right = response.status == ResponseStatus::Failure
                && response.errors.iter().any(|error| error.code == code);
            step.check(right, expected, summary(&response));
        }
    }
    nothing_kept(tried, &unique_ids(&prepared.metadata.entries), step).await;
    Ok(())
}

/// The refused documents are not in the registry.
async fn nothing_kept(tried: &Tried<'_>, refused: &BTreeSet<String>, step: &mut Running<'_>) {
    let query = QueryBuilder::new(QueryId::GetDocuments, ReturnType::LeafClass)
        .list("$XDSDocumentEntryUniqueId", refused);
    let found = ask(tried.publisher, "get-documents", &query, step).await;
    let found = found.map(|response| unique_ids(&response.objects.entries));
    judge(
        step,
        tried.planned.patient,
        "GetDocuments (XDSUnknownPatientId)",
        &BTreeSet::new(),
        found,
    );
}

/// Whether the server ended the connection over our certificate. That nobody listens is no refusal.
fn is_refused(answer: &Result<ResponseStatus, Unanswered>) -> bool {
    matches!(
        answer,
        Err(Unanswered::Call(
            CallError::Connect(ConnectFailure::Alert(_) | ConnectFailure::Closed) | CallError::Broken
        ))
    )
}

fn said(answer: &Result<ResponseStatus, Unanswered>) -> String {
    match answer {
        Ok(status) => format!("{status:?}"),
        Err(error) => error.to_string(),
    }
}

/// Under TLS 1.3 a server that refuses our certificate says so only after our side of the handshake is done.
async fn feed_as(stranger: &Caller) -> (bool, String) {
    let answer = match stranger.feed().await {
        Ok(mut connection) => {
            connection
                .send(b"MSH|^~\\&|X|X|X|X|20260101||ADT^A04|1|P|2.5\r")
                .await
        }
        Err(error) => Err(error),
    };
    match answer {
        Ok(_) => (false, "an acknowledgment".to_owned()),
        Err(error) => {
            let right = matches!(
                error,
                MllpError::Tls(_) | MllpError::Broken(_) | MllpError::Closed
            );
            (right, error.to_string())
        }
    }
}
