//! Step 6: the hospitals publish, by ITI-41 with MTOM.

use bytes::Bytes;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;
use xds_ebxml::query::QueryBuilder;
use xds_ebxml::rim::Objects;
use xds_ebxml::rs::{RegistryResponse, ResponseStatus};
use xds_model::query::{QueryId, ReturnType};
use xds_model::{AssociationType, DocumentHash, PatientId};
use xds_server::lang::Say;

use crate::caller::{Caller, Provided, summary};
use crate::documents::{Kind, Sheet};
use crate::metadata::{Metadata, fresh_oid, metadata, sha1};
use crate::network::Patient;
use crate::plan::Planned;
use crate::show::Running;

/// A document that was published, as its sender knows it.
#[derive(Clone, Debug)]
pub(crate) struct Published {
    /// The node that sent it.
    pub(crate) sender: &'static str,
    /// The patient.
    pub(crate) patient: &'static Patient,
    /// Its kind.
    pub(crate) kind: Kind,
    /// DocumentEntry.uniqueId.
    pub(crate) unique_id: String,
    /// SubmissionSet.uniqueId.
    pub(crate) set: String,
    /// Bytes.
    pub(crate) size: u64,
    /// SHA-1.
    pub(crate) hash: DocumentHash,
    /// Title of the folder that it was put into.
    pub(crate) folder: Option<&'static str>,
    /// What it is to an earlier document, by its uniqueId.
    pub(crate) relation: Option<(AssociationType, String)>,
}

/// A submission that is ready to be sent.
pub(crate) struct Prepared {
    /// Its objects.
    pub(crate) metadata: Metadata,
    /// Its documents.
    documents: Vec<(Sheet, Vec<u8>)>,
}

/// Makes the documents and the metadata of a submission about a patient id.
pub(crate) fn prepare(
    planned: &Planned,
    patient: &str,
    target: Option<Uuid>,
    now: OffsetDateTime,
) -> Result<Prepared, String> {
    let patient: PatientId = patient.parse().map_err(|error| format!("{error}"))?;
    let documents: Vec<_> = planned
        .kinds
        .iter()
        .map(|kind| {
            let sheet = Sheet {
                patient: planned.patient,
                sender: planned.sender,
                kind: *kind,
                unique_id: fresh_oid(),
                title: format!("{}{}", kind.title(), planned.title_suffix),
                made: now - Duration::days(planned.days_ago),
            };
            let content = sheet.content();
            (sheet, content)
        })
        .collect();
    let metadata = metadata(planned, &patient, &documents, target, now).map_err(|error| error.to_string())?;
    Ok(Prepared { metadata, documents })
}

impl Prepared {
    /// Sends it.
    pub(crate) async fn send(&self, caller: &Caller, label: &str) -> Result<RegistryResponse, String> {
        let metadata = &self.metadata;
        let documents: Vec<Provided> = metadata
            .entries
            .iter()
            .zip(&self.documents)
            .map(|(entry, (sheet, content))| {
                (
                    entry.id.to_string(),
                    sheet.kind.mime_type(),
                    Bytes::from(content.clone()),
                )
            })
            .collect();
        let objects = Objects {
            sets: std::slice::from_ref(&metadata.set),
            entries: &metadata.entries,
            folders: &metadata.folders,
            associations: &metadata.associations,
        };
        let sent = caller.provide(label, objects, &documents).await;
        sent.map_err(|error| error.to_string())
    }

    fn published(&self, planned: &Planned, target: Option<&str>) -> impl Iterator<Item = Published> {
        let set = self.metadata.set.unique_id.to_string();
        let (planned, target) = (*planned, target.map(str::to_owned));
        self.documents
            .iter()
            .enumerate()
            .map(move |(index, (sheet, content))| Published {
                sender: planned.sender.node,
                patient: planned.patient,
                kind: sheet.kind,
                unique_id: sheet.unique_id.clone(),
                set: set.clone(),
                size: content.len() as u64,
                hash: sha1(content),
                folder: planned.folder,
                relation: planned
                    .relation
                    .filter(|_| index == 0)
                    .and_then(|(kind, _)| Some((kind, target.clone()?))),
            })
    }
}

/// Publishes everything. A result for each submission.
pub(crate) async fn publish(
    plan: &[Planned],
    callers: &[&Caller],
    now: OffsetDateTime,
    step: &mut Running<'_>,
) -> Vec<Published> {
    let mut published: Vec<Published> = Vec::new();
    for planned in plan {
        let expected = || {
            let (node, id) = (planned.sender.node, planned.patient.local());
            Say::new(
                format!("{node} の患者 {id} についての ITI-41 が Success"),
                format!("Success for ITI-41 of {node} about patient {id}"),
            )
        };
        let Some(caller) = callers.iter().find(|caller| caller.name == planned.sender.node) else {
            step.wrong(expected(), "no certificate");
            continue;
        };
        match one(planned, caller, now, &published, step).await {
            Ok(documents) => {
                published.extend(documents);
                step.right();
            }
            Err(came) => step.wrong(expected(), came),
        }
    }
    published
}

async fn one(
    planned: &Planned,
    caller: &Caller,
    now: OffsetDateTime,
    earlier: &[Published],
    step: &mut Running<'_>,
) -> Result<Vec<Published>, String> {
    let target = match planned.relation {
        Some((_, kind)) => Some(target(planned, kind, earlier).ok_or("its target was not published")?),
        None => None,
    };
    let entry = match target {
        Some(unique_id) => Some(entry_uuid(caller, unique_id).await?),
        None => None,
    };
    let prepared = prepare(planned, &planned.patient.id(), entry, now)?;
    let response = step.timed(prepared.send(caller, "provide")).await?;
    match response.status {
        ResponseStatus::Success => Ok(prepared.published(planned, target).collect()),
        _ => Err(summary(&response)),
    }
}

/// The patient's first document of a kind by the same sender.
fn target<'p>(planned: &Planned, kind: Kind, earlier: &'p [Published]) -> Option<&'p str> {
    let is_target = |document: &&Published| {
        document.sender == planned.sender.node
            && document.patient.number == planned.patient.number
            && document.kind == kind
    };
    earlier
        .iter()
        .find(is_target)
        .map(|document| document.unique_id.as_str())
}

/// What the registry calls a document.
async fn entry_uuid(caller: &Caller, unique_id: &str) -> Result<Uuid, String> {
    let query = QueryBuilder::new(QueryId::GetDocuments, ReturnType::ObjectRef)
        .list("$XDSDocumentEntryUniqueId", [unique_id]);
    let response = caller
        .query("get-documents", &query)
        .await
        .map_err(|error| error.to_string())?;
    match response.references.as_slice() {
        [id] => id.uuid().ok_or_else(|| "an entryUUID that is none".to_owned()),
        other => Err(format!(
            "{} entries for the document to be replaced or appended to",
            other.len()
        )),
    }
}
