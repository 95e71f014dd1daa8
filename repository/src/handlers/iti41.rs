//! Provide and Register Document Set-b, ITI-41 (ITI TF-2 3.41).

use std::time::Duration;

use repository_core::provide::{
    Conclusion, Content, EntryText, Holding, Provide, Provided, Received as Arrived, RegistryOutcome, Stored,
};
use repository_store::{Claim, NewDocument, OpenSubmission, Received, SubmissionContext};
use xds_audit::{
    AuditError, Caller as AuditCaller, Closing, DocumentReference, EventKind, Objects, Opening, Outcome,
    Record,
};
use xds_client::CallError;
use xds_ebxml::provide::{
    EntryChange, Provide as Request, ProvidedAcknowledgement, ProvidedEntry, forward, read_provide,
};
use xds_ebxml::rim::ObjectLimits;
use xds_ebxml::rs::{RegistryResponse, ResponseError, ResponseStatus, write_registry_response_of};
use xds_model::exchange::{RegisteredDocument, RegisteredQuestion};
use xds_model::principal::NodeName;
use xds_model::{Fault, RuleId, Transaction};
use xds_server::http::{Answer, Exchange, Refused};
use xds_server::metrics::RequestOutcome;

use crate::acknowledgement;
use crate::app::App;
use crate::documents::{Expected, Intake, Taken, Untaken, log_store, pass_over};
use crate::registry::Registration;

/// Tries to find out what became of an ITI-42 without answer, and the time between them.
const ASK_TRIES: u32 = 3;
const ASK_PAUSE: Duration = Duration::from_millis(500);

/// Stores the documents, registers them, and keeps or removes them as the registry says.
pub(super) async fn provide_and_register(mut exchange: Exchange<'_>, app: &App) -> Result<Answer, Refused> {
    let limits = ObjectLimits {
        slot_values_max: usize::try_from(exchange.gate.limits.slot_values_max).unwrap_or(usize::MAX),
    };
    let read = read_provide(exchange.body, limits);
    let record = exchange.open(objects_of(read.as_ref().ok(), app)).await?;
    let mut parts = exchange.parts.take();
    let work = Submitting {
        exchange: &exchange,
        app,
    };
    let outcome = match read {
        Err(faults) => Err(Untaken::Faults(faults)),
        Ok(request) => match work.judge(&request) {
            Err(faults) => Err(Untaken::Faults(faults)),
            Ok(provided) => work.receive(&request, provided, parts.as_mut()).await,
        },
    };
    let response = match outcome {
        Ok(response) => response,
        Err(Untaken::Faults(faults)) => match pass_over(parts.as_mut()).await {
            Ok(()) => refusal(&faults),
            Err(refused) => return abandon(record, refused).await,
        },
        Err(Untaken::Refused(refused)) => return abandon(record, refused).await,
    };
    Ok(answer(record, response).await?)
}

/// Beside what audit messages of ITI-41 and ITI-42 hold, the documents: after a crash the registry is asked for
/// exactly these.
fn objects_of(request: Option<&Request<'_>>, app: &App) -> Objects {
    let Some(request) = request else {
        return Objects::default();
    };
    let reference = |entry: &ProvidedEntry| DocumentReference {
        unique_id: entry.unique_id.to_string(),
        repository_unique_id: app.store.repository_unique_id().to_string(),
        home: None,
    };
    Objects {
        submission_set: request.set_unique_id.clone(),
        documents: request.entries.iter().map(reference).collect(),
        ..Objects::of_patient(request.patient_id.clone())
    }
}

/// The record of a request that ends in a SOAP fault or in nothing is closed all the same.
async fn abandon(record: Record, refused: Refused) -> Result<Answer, Refused> {
    let word = match &refused {
        Refused::Fault(fault) => format!("SOAP fault {}", fault.code),
        other => other.to_string(),
    };
    record
        .close(Closing::failure(Outcome::SeriousFailure, [word]))
        .await?;
    Err(refused)
}

async fn answer(record: Record, response: RegistryResponse) -> Result<Answer, AuditError> {
    let closing = closing_of(&response);
    let outcome = match response.status {
        ResponseStatus::Success => RequestOutcome::Success,
        ResponseStatus::PartialSuccess => RequestOutcome::Partial,
        ResponseStatus::Failure => RequestOutcome::Failure,
    };
    let mut body = String::new();
    write_registry_response_of(response.status, &response.errors, &mut body);
    Answer::whole(record, closing, outcome, body).await
}

fn closing_of(response: &RegistryResponse) -> Closing {
    if response.status == ResponseStatus::Success {
        return Closing::success();
    }
    let codes = response.errors.iter().map(|error| error.code.clone());
    Closing::failure(Outcome::SeriousFailure, codes)
}

fn refusal(faults: &[Fault]) -> RegistryResponse {
    RegistryResponse {
        status: ResponseStatus::Failure,
        errors: faults.iter().map(ResponseError::from).collect(),
    }
}

struct Submitting<'a, 'd> {
    exchange: &'a Exchange<'d>,
    app: &'a App,
}

impl Submitting<'_, '_> {
    /// Rights and form, before any document is read.
    fn judge(&self, request: &Request<'_>) -> Result<Provided, Vec<Fault>> {
        let node = self.exchange.caller.principal.node();
        let source = request.source_id.as_deref().unwrap_or_default();
        if !node.source_ids.is_empty() && !node.source_ids.contains(source) {
            return Err(vec![Fault::new(
                RuleId::RepositoryNotAuthorised,
                "SubmissionSet sourceId",
                source,
            )]);
        }
        let limit = self.exchange.gate.limits.submission_entries_max;
        if request.entries.len() > usize::try_from(limit).unwrap_or(usize::MAX) {
            let found = format!("{} DocumentEntries, the limit is {limit}", request.entries.len());
            return Err(vec![Fault::new(RuleId::ObjectCount, "RegistryObjectList", found)]);
        }
        let entries: Vec<EntryText> = request
            .entries
            .iter()
            .map(|entry| EntryText {
                id: entry.id.clone(),
                unique_id: Some(entry.unique_id.to_string()),
                mime_type: Some(entry.mime_type.clone()),
                hash: entry.hash.iter().map(ToString::to_string).collect(),
                size: entry.size.iter().map(ToString::to_string).collect(),
            })
            .collect();
        let ids: Vec<String> = request
            .documents
            .iter()
            .map(|document| document.id.to_owned())
            .collect();
        Provided::read(&entries, &ids)
    }

    /// Takes the documents, then registers them.
    async fn receive(
        &self,
        request: &Request<'_>,
        provided: Provided,
        parts: Option<&mut xds_server::http::Parts>,
    ) -> Result<RegistryResponse, Untaken> {
        let expected: Vec<Expected<'_>> = provided
            .documents()
            .iter()
            .zip(provided.entries())
            .filter_map(|(position, entry)| {
                Some(Expected {
                    document: *request.documents.get(*position)?,
                    mime_type: entry.mime_type.clone(),
                    is_acknowledgement: acknowledgement_of(request, &entry.id).is_some(),
                })
            })
            .collect();
        let intake = Intake {
            store: &self.app.store,
            size_max: self.exchange.gate.limits.document_bytes_max,
        };
        let taken = intake.take(&expected, parts).await?;
        let faults = disagreements(request, &provided, &taken);
        if !faults.is_empty() {
            return Err(Untaken::Faults(faults));
        }
        let received: Vec<Received> = taken.into_iter().map(|taken| taken.received).collect();
        let contents = received.iter().map(content_of).collect();
        let arrived = provided.received(contents).map_err(Untaken::Faults)?;
        // From here on the whole message is there, and what is begun is ended, or left to recovery.
        Ok(self.store(request, arrived, received).await)
    }

    /// Makes the documents retrievable (before ITI-42, ITI TF-2 3.41.4.1.3).
    async fn store(
        &self,
        request: &Request<'_>,
        arrived: Provide<Arrived>,
        received: Vec<Received>,
    ) -> RegistryResponse {
        let context = SubmissionContext {
            sender: self.submitter().0.clone(),
            submission_set: request.set_unique_id.clone().unwrap_or_default(),
            patient: request.patient_id.clone(),
        };
        let sizes: u64 = received.iter().map(Received::size).sum();
        let proofs: Vec<String> = received.iter().map(|received| hex(received.sha256())).collect();
        let documents: Vec<NewDocument> = arrived
            .entries()
            .iter()
            .zip(received)
            .map(|(entry, received)| NewDocument {
                unique_id: entry.unique_id.clone(),
                mime_type: entry.mime_type.clone(),
                received,
            })
            .collect();
        let count = documents.len();
        let open = match self.app.store.begin(context, documents).await {
            Ok(open) => open,
            Err(error) => {
                log_store(&error);
                return refusal(&[Fault::new(error.rule(), "", "")]);
            }
        };
        let holdings: Vec<Holding> = open.claims().iter().map(holding_of).collect();
        match arrived.stored(&holdings) {
            Ok(stored) => {
                let response = self.register(request, stored, &proofs, open).await;
                if response.status == ResponseStatus::Success {
                    self.app.metrics.stored(count, sizes);
                }
                response
            }
            Err(faults) => {
                undo(open).await;
                refusal(&faults)
            }
        }
    }

    /// Sends ITI-42 and does what follows from its outcome.
    async fn register(
        &self,
        request: &Request<'_>,
        stored: Provide<Stored>,
        proofs: &[String],
        open: OpenSubmission,
    ) -> RegistryResponse {
        let changes = self.changes(request, &stored, proofs);
        let body = forward(request.submission, &changes);
        let documents = registered_documents(&changes, &stored);
        let outcome = match self.send(request, &body, documents).await {
            Ok(outcome) => outcome,
            Err(error) => {
                tracing::error!(%error, "alarm: the audit event of ITI-42 cannot be written");
                undo(open).await;
                return refusal(&[Fault::new(RuleId::RepositoryBusy, "", "")]);
            }
        };
        let (registry, mut response) = outcome;
        let own = match stored.conclude(registry) {
            Conclusion::Keep => {
                let id = open.id();
                if let Err(error) = open.finish().await {
                    tracing::warn!(%error, %id, "a registered submission is left to recovery");
                }
                Vec::new()
            }
            Conclusion::Undo(faults) => {
                undo(open).await;
                faults
            }
            Conclusion::Leave(faults) => {
                tracing::error!(id = %open.id(), "alarm: what became of a submission is not known; recovery asks again");
                faults
            }
        };
        response.errors.extend(own.iter().map(ResponseError::from));
        response
    }

    /// What ITI-42 says more than ITI-41 did. `proofs` are the SHA-256 of the documents, in the order of the entries.
    fn changes(
        &self,
        request: &Request<'_>,
        stored: &Provide<Stored>,
        proofs: &[String],
    ) -> Vec<EntryChange> {
        stored
            .additions(self.app.store.repository_unique_id())
            .into_iter()
            .zip(stored.entries())
            .zip(proofs)
            .filter_map(|((addition, entry), sha256)| {
                Some(EntryChange {
                    sha256: acknowledgement_of(request, &entry.id).map(|_| sha256.clone()),
                    id: entry.id.clone(),
                    repository_unique_id: addition.repository_unique_id,
                    hash: addition.hash.or_else(|| entry.hash.clone())?,
                    size: addition.size.or(entry.size)?,
                })
            })
            .collect()
    }

    /// Sends ITI-42, audited, and finds out what became of it.
    async fn send(
        &self,
        request: &Request<'_>,
        body: &str,
        documents: Vec<RegisteredDocument>,
    ) -> Result<(RegistryOutcome, RegistryResponse), AuditError> {
        let record = self.open_sent(request).await?;
        let assertion = self.exchange.assertion_xml();
        let (submitter, registry) = (self.submitter(), &self.app.registry);
        let registration = registry.register(submitter, assertion.as_deref(), body).await;
        let (outcome, response) = self.resolve(request, documents, registration).await;
        // The registry has decided: a closing that cannot be written changes nothing of that. Recovery
        // writes it, and the answer waits for the record of ITI-41 anyway.
        if let Err(error) = record.close(closing_of(&response)).await {
            tracing::error!(%error, "alarm: the end of ITI-42 cannot be written to the journal");
        }
        Ok((outcome, response))
    }

    async fn open_sent(&self, request: &Request<'_>) -> Result<Record, AuditError> {
        let caller = AuditCaller {
            via: Some(self.app.audit_source_id.clone()),
            ..AuditCaller::of(&self.exchange.caller.principal, None)
        };
        self.exchange
            .gate
            .open(Opening {
                kind: EventKind::sent(Transaction::Iti42),
                caller,
                endpoint: self.app.registry.register_url().to_owned(),
                correlation: self.exchange.correlation_text(),
                objects: objects_of(Some(request), self.app),
            })
            .await
    }

    /// What became of it, and the answer of the registry or, in its place, our own.
    async fn resolve(
        &self,
        request: &Request<'_>,
        documents: Vec<RegisteredDocument>,
        registration: Registration,
    ) -> (RegistryOutcome, RegistryResponse) {
        let none = || refusal(&[]);
        match registration {
            Registration::Answered(response) if response.status == ResponseStatus::Success => {
                (RegistryOutcome::Registered, response)
            }
            Registration::Answered(response) => (RegistryOutcome::Refused, response),
            Registration::TurnedAway(error) => {
                tracing::error!(%error, "alarm: ITI-42 could not be sent");
                match error {
                    CallError::Connect(_) | CallError::Request(_) => (RegistryOutcome::NotSent, none()),
                    _ => (RegistryOutcome::Refused, refusal(&[turned_away()])),
                }
            }
            Registration::Unknown { error, at_work } => {
                tracing::warn!(%error, at_work, "ITI-42 has no answer; asking what became of it");
                match self.ask(request, documents, at_work).await {
                    Some(true) => (RegistryOutcome::Registered, success()),
                    // The registry has answered, if with an error: it is not at work any more.
                    Some(false) if !at_work => (RegistryOutcome::NotSent, none()),
                    _ => (RegistryOutcome::Unknown, none()),
                }
            }
        }
    }

    /// Whether the registry has registered it, if that can be found out now.
    async fn ask(
        &self,
        request: &Request<'_>,
        documents: Vec<RegisteredDocument>,
        at_work: bool,
    ) -> Option<bool> {
        let question = RegisteredQuestion {
            submission_set: request.set_unique_id.clone()?,
            documents: Some(documents),
        };
        let mut known = None;
        for attempt in 0..ASK_TRIES {
            if attempt > 0 {
                tokio::time::sleep(ASK_PAUSE).await;
            }
            match self.app.registry.registered(&question).await {
                Ok(true) => return Some(true),
                Ok(false) if !at_work => return Some(false),
                Ok(false) => known = Some(false),
                Err(error) => tracing::warn!(%error, "the registry cannot be asked"),
            }
        }
        known
    }

    fn submitter(&self) -> &NodeName {
        &self.exchange.caller.principal.node().name
    }
}

/// What the metadata of an entry say of an acknowledgement, if it is one.
fn acknowledgement_of<'a>(request: &'a Request<'_>, id: &str) -> Option<&'a ProvidedAcknowledgement> {
    let entry = request.entries.iter().find(|entry| entry.id == id)?;
    entry.acknowledgement.as_ref()
}

/// Acknowledgements whose documents do not say what their metadata say.
fn disagreements(request: &Request<'_>, provided: &Provided, taken: &[Taken]) -> Vec<Fault> {
    let documents = provided.entries().iter().zip(taken).enumerate();
    documents
        .filter_map(|(position, (entry, taken))| {
            let metadata = acknowledgement_of(request, &entry.id)?;
            acknowledgement::fault(
                position,
                &entry.unique_id,
                metadata,
                taken.acknowledgement.as_ref()?,
            )
        })
        .collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The DocumentEntries as the registry has them, if it has registered them.
fn registered_documents(changes: &[EntryChange], stored: &Provide<Stored>) -> Vec<RegisteredDocument> {
    let entries = changes.iter().zip(stored.entries());
    entries
        .map(|(change, entry)| RegisteredDocument {
            unique_id: entry.unique_id.to_string(),
            hash: Some(change.hash.to_string()),
        })
        .collect()
}

async fn undo(open: OpenSubmission) {
    let id = open.id();
    if let Err(error) = open.undo().await {
        tracing::error!(%error, %id, "alarm: what a submission stored could not be removed; recovery does it");
    }
}

fn success() -> RegistryResponse {
    RegistryResponse {
        status: ResponseStatus::Success,
        errors: Vec::new(),
    }
}

/// The registry has turned ITI-42 away before looking at it: this repository is not enrolled for it, or
/// they do not understand each other. The operator's to mend.
fn turned_away() -> Fault {
    Fault::new(
        RuleId::RepositoryInternal,
        "",
        "the registry does not accept ITI-42 from this repository",
    )
}

fn content_of(received: &Received) -> Content {
    Content {
        hash: received.sha1().clone(),
        size: received.size(),
    }
}

fn holding_of(claim: &Claim) -> Holding {
    match claim {
        Claim::Claimed => Holding::New,
        Claim::AlreadyIdentical(_) => Holding::Identical,
        Claim::AlreadyDifferent(found) => Holding::Different(Content {
            hash: found.sha1.clone(),
            size: found.size,
        }),
    }
}
