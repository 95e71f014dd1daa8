//! Retrieve Document Set, ITI-43 (ITI TF-2 3.43).

use std::collections::{BTreeMap, HashMap};

use futures_util::future::join;
use repository_core::retrieve::{self, Lookup};
use repository_store::{StoreError, StoredDocument};
use xds_audit::{Closing, Decision, DocumentReference, FailedPart, Objects, Outcome, Record, Withheld};
use xds_ebxml::retrieve::{DocumentRequest, read_request, write_response_end, write_response_start};
use xds_model::exchange::{DocumentDecision, ForwardedAssertion};
use xds_model::{Fault, UniqueId};
use xds_server::http::{Answer, Exchange, Refused};
use xds_server::metrics::RequestOutcome;

use super::question::{Asking, Decisions, NOT_PERMITTED, owned, told};
use crate::app::App;
use crate::delivery::{Delivery, Prepared};

/// Bytes of small documents that are held while the registry decides; those past it are read again when they go out.
const RETRIEVAL_CARRIED_MAX: usize = 256 * 1024;

/// Decides on all documents at once and streams those that are released.
pub(super) async fn retrieve_document_set(exchange: Exchange<'_>, app: &App) -> Result<Answer, Refused> {
    let limit = usize::try_from(exchange.gate.limits.retrieve_documents_max).unwrap_or(usize::MAX);
    let requests = match read_request(exchange.body, limit) {
        Ok(requests) => requests,
        Err(faults) => {
            let record = exchange.open(Objects::default()).await?;
            return refuse(record, Told::default(), &faults).await;
        }
    };
    let objects = Objects {
        documents: requests.iter().map(reference).collect(),
        ..Objects::default()
    };
    let retrieval = Retrieval {
        exchange: &exchange,
        app,
    };
    let wanted = retrieval.wanted(&requests);
    let documents = distinct(&wanted);
    // Both records become durable together.
    let opening = join(exchange.open(objects), Asking::open(&exchange, app, &documents));
    let (record, asking) = opening.await;
    let (record, asking) = (record?, asking?);
    let (found, decisions) = join(retrieval.find(wanted), retrieval.decide(documents)).await;
    let told_of = async {
        if let Some(asking) = asking {
            asking.close(&decisions).await;
        }
    };
    let ((delivered, faults, told), ()) = join(retrieval.sort(requests, found, &decisions), told_of).await;
    if delivered.is_empty() {
        return refuse(record, told, &faults).await;
    }
    let delivery = Delivery {
        exchange: &exchange,
        metrics: app.metrics.clone(),
        store: app.store.clone(),
    };
    delivery.start(record, delivered, &faults, told).await
}

async fn refuse(record: Record, told: Told, faults: &[Fault]) -> Result<Answer, Refused> {
    let mut body = String::new();
    write_response_start(faults, 0, &mut body);
    write_response_end(&mut body);
    let closing = told.closing_of_none(faults);
    Ok(Answer::whole(record, closing, RequestOutcome::Failure, body).await?)
}

pub(crate) fn reference(request: &DocumentRequest) -> DocumentReference {
    DocumentReference {
        unique_id: request.document.clone(),
        repository_unique_id: request.repository.clone(),
        home: request.home.clone(),
    }
}

/// What is told to the audit beside what was delivered.
#[derive(Default)]
pub(crate) struct Told {
    /// The patient of each document that is permitted.
    pub(crate) owners: BTreeMap<String, String>,
    pub(crate) decisions: Vec<Decision>,
    pub(crate) withheld: Vec<Withheld>,
    /// What was asked for and is not delivered.
    pub(crate) failed: Vec<DocumentReference>,
    /// Error codes of these.
    pub(crate) errors: Vec<String>,
}

impl Told {
    /// The closing part of a retrieval that delivers nothing.
    fn closing_of_none(self, faults: &[Fault]) -> Closing {
        Closing {
            decisions: self.decisions,
            withheld: self.withheld,
            objects: Objects {
                owners: BTreeMap::new(),
                ..owned(self.owners)
            },
            ..Closing::failure(Outcome::SeriousFailure, codes(faults))
        }
    }

    /// The closing part of one that delivered documents. `cut`: those that were promised and did not get
    /// out to their end.
    pub(crate) fn closing(
        self,
        delivered: Vec<DocumentReference>,
        cut: Vec<DocumentReference>,
        why_cut: Option<&'static str>,
    ) -> Closing {
        let broken = !cut.is_empty();
        let failed = Objects {
            documents: self.failed.into_iter().chain(cut).collect(),
            ..Objects::default()
        };
        let outcome = if broken {
            Outcome::MajorFailure
        } else {
            Outcome::SeriousFailure
        };
        let any_failed = !failed.is_empty();
        let all_failed = delivered.is_empty();
        let mut objects = owned(self.owners);
        // Whose a document is that was not delivered is nobody's to know.
        (objects.owners).retain(|id, _| delivered.iter().any(|document| document.unique_id == *id));
        Closing {
            outcome: if all_failed { outcome } else { Outcome::Success },
            results: Some(delivered.len() as u64),
            objects: Objects {
                documents: delivered,
                ..objects
            },
            errors: if all_failed {
                self.errors.clone()
            } else {
                Vec::new()
            },
            failed: (any_failed && !all_failed).then_some(FailedPart {
                outcome,
                objects: failed,
                errors: self.errors,
            }),
            decisions: self.decisions,
            withheld: self.withheld,
            note: why_cut.map(str::to_owned),
            asked: None,
        }
    }
}

fn codes(faults: &[Fault]) -> Vec<String> {
    faults
        .iter()
        .map(|fault| fault.code().as_str().to_owned())
        .collect()
}

/// What is known about one request.
enum Found {
    /// Not to be looked up at all.
    Misdirected(Fault),
    /// Looked up.
    At(UniqueId, Result<Option<StoredDocument>, StoreError>),
}

/// The uniqueIds to ask for, each once.
fn distinct(wanted: &[Result<UniqueId, Fault>]) -> Vec<String> {
    let mut documents: Vec<String> = wanted
        .iter()
        .filter_map(|wanted| wanted.as_ref().ok().map(ToString::to_string))
        .collect();
    documents.sort_unstable();
    documents.dedup();
    documents
}

struct Retrieval<'a, 'd> {
    exchange: &'a Exchange<'d>,
    app: &'a App,
}

impl Retrieval<'_, '_> {
    fn wanted(&self, requests: &[DocumentRequest]) -> Vec<Result<UniqueId, Fault>> {
        let ours = self.app.store.repository_unique_id();
        requests
            .iter()
            .map(|request| retrieve::wanted(&asked(request), ours))
            .collect()
    }

    async fn find(&self, wanted: Vec<Result<UniqueId, Fault>>) -> Vec<Found> {
        let mut found = Vec::with_capacity(wanted.len());
        let mut held = 0;
        for wanted in wanted {
            found.push(match wanted {
                Err(fault) => Found::Misdirected(fault),
                Ok(id) => {
                    let mut document = self.app.store.open_document(&id).await;
                    if let Ok(Some(document)) = &mut document {
                        held += document.carried_bytes();
                        if held > RETRIEVAL_CARRIED_MAX {
                            document.let_go();
                        }
                    }
                    Found::At(id, document)
                }
            });
        }
        found
    }

    /// Asks the registry once for all documents, while they are looked up: for those too that are not here, so that
    /// neither time nor answer tells them apart from those that are withheld.
    async fn decide(&self, documents: Vec<String>) -> Decisions {
        if documents.is_empty() {
            return Ok(HashMap::new());
        }
        let asker = &self.exchange.caller.principal.node().name;
        let ours = self.app.store.repository_unique_id().as_str();
        let assertion = self.exchange.assertion_xml().map(|xml| ForwardedAssertion {
            request: self.exchange.correlation_text(),
            xml,
        });
        let decisions = self.app.registry.decide(asker, ours, documents, assertion).await;
        if let Err(error) = &decisions {
            tracing::error!(%error, "alarm: the registry gives no decisions; no document is released");
        }
        Ok(decisions?
            .into_iter()
            .map(|decision| (decision.unique_id.clone(), decision))
            .collect())
    }

    /// Parts what is released from what is not.
    async fn sort(
        &self,
        requests: Vec<DocumentRequest>,
        found: Vec<Found>,
        decisions: &Decisions,
    ) -> (Vec<Prepared>, Vec<Fault>, Told) {
        let (mut released, mut faults, mut told) = (Vec::new(), Vec::new(), Told::default());
        for (request, found) in requests.into_iter().zip(found) {
            let fault = match found {
                Found::Misdirected(fault) => Some(fault),
                Found::At(id, document) => {
                    let decision = decisions.as_ref().map(|all| all.get(id.as_str()));
                    let lookup = told.judge(&id, &document, decision.ok());
                    match (lookup, document) {
                        (Lookup::Released, Ok(Some(document))) => {
                            released.push((request.clone(), document));
                            None
                        }
                        (lookup, _) => lookup.fault(&asked(&request)),
                    }
                }
            };
            if let Some(fault) = fault {
                told.fail(&request, &fault);
                faults.push(fault);
            }
        }
        let (prepared, damaged) = Prepared::all(&self.app.store, &self.app.metrics, released).await;
        for (request, lookup) in damaged {
            if let Some(fault) = lookup.fault(&asked(&request)) {
                told.fail(&request, &fault);
                faults.push(fault);
            }
        }
        (prepared, faults, told)
    }
}

impl Told {
    /// What is to become of one document. `decision`: none when the registry could not be asked.
    fn judge(
        &mut self,
        id: &UniqueId,
        document: &Result<Option<StoredDocument>, StoreError>,
        decision: Option<Option<&DocumentDecision>>,
    ) -> Lookup {
        let Some(decision) = decision else {
            return Lookup::Undecided;
        };
        let Some(decision) = decision.filter(|decision| decision.permitted) else {
            if matches!(document, Ok(Some(_))) {
                self.withheld.push(Withheld {
                    object: id.to_string(),
                    reason: NOT_PERMITTED.to_owned(),
                });
            }
            return Lookup::Withheld;
        };
        self.permitted(decision);
        match document {
            Ok(Some(_)) => Lookup::Released,
            Ok(None) => Lookup::Absent,
            Err(error) => lookup_of(error),
        }
    }

    fn permitted(&mut self, decision: &DocumentDecision) {
        if let Some(patient) = &decision.patient {
            self.owners.insert(decision.unique_id.clone(), patient.clone());
        }
        if let Some(told) = told(decision)
            && !self.decisions.iter().any(|known| known.id == told.id)
        {
            self.decisions.push(told);
        }
    }

    fn fail(&mut self, request: &DocumentRequest, fault: &Fault) {
        self.failed.push(reference(request));
        self.errors.push(fault.code().as_str().to_owned());
    }
}

/// What a failure of the store means for a document that is released.
pub(crate) fn lookup_of(error: &StoreError) -> Lookup {
    tracing::error!(%error, "alarm: a document cannot be read");
    match error {
        StoreError::Damaged(_) => Lookup::Damaged,
        _ => Lookup::Unreadable,
    }
}

/// The request as the core takes it.
fn asked(request: &DocumentRequest) -> retrieve::DocumentRequest {
    retrieve::DocumentRequest {
        home: request.home.clone(),
        repository: request.repository.clone(),
        document: request.document.clone(),
    }
}
