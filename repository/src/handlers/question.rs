//! The question for decisions as an event of its own: we send it, and the registry tells its side of it too.

use std::collections::{BTreeMap, HashMap};

use xds_audit::{
    AuditError, Caller as AuditCaller, Closing, Decision, DocumentReference, EventKind, Objects, Opening,
    Outcome, Record, Withheld,
};
use xds_client::CallError;
use xds_model::Transaction;
use xds_model::exchange::DocumentDecision;
use xds_server::http::Exchange;

use crate::app::App;

/// The error of a question that got no answer.
const NO_ANSWER: &str = "no decisions";

/// Decisions, by the uniqueId of their document.
pub(super) type Decisions = Result<HashMap<String, DocumentDecision>, CallError>;

/// An open record of a question.
pub(super) struct Asking(Record);

impl Asking {
    /// Opens the record; none where nothing is asked.
    pub(super) async fn open(
        exchange: &Exchange<'_>,
        app: &App,
        documents: &[String],
    ) -> Result<Option<Self>, AuditError> {
        if documents.is_empty() {
            return Ok(None);
        }
        let repository_unique_id = app.store.repository_unique_id();
        let reference = |unique_id: &String| DocumentReference {
            unique_id: unique_id.clone(),
            repository_unique_id: repository_unique_id.to_string(),
            home: None,
        };
        let opening = Opening {
            kind: EventKind::sent(Transaction::Decision),
            caller: AuditCaller {
                via: Some(app.audit_source_id.clone()),
                ..AuditCaller::of(&exchange.caller.principal, None)
            },
            endpoint: app.registry.decision_url().to_owned(),
            correlation: exchange.correlation_text(),
            objects: Objects {
                documents: documents.iter().map(reference).collect(),
                ..Objects::default()
            },
        };
        Ok(Some(Self(exchange.gate.open(opening).await?)))
    }

    /// Closes it with what was answered. A closing that cannot be written is left to recovery: the answer to our
    /// client waits for the record of its own request anyway.
    pub(super) async fn close(self, decisions: &Decisions) {
        if let Err(error) = self.0.close(closing(decisions)).await {
            tracing::error!(%error, "alarm: the end of a question cannot be written to the journal");
        }
    }
}

fn closing(decisions: &Decisions) -> Closing {
    let Ok(decisions) = decisions else {
        return Closing::failure(Outcome::MajorFailure, [NO_ANSWER]);
    };
    let mut decisions: Vec<&DocumentDecision> = decisions.values().collect();
    decisions.sort_unstable_by(|one, other| one.unique_id.cmp(&other.unique_id));
    let mut closing = Closing::success();
    let mut owners = BTreeMap::new();
    for decision in decisions {
        if !decision.permitted {
            closing.withheld.push(Withheld {
                object: decision.unique_id.clone(),
                reason: NOT_PERMITTED.to_owned(),
            });
            continue;
        }
        closing.decisions.extend(told(decision));
        owners.extend(
            decision
                .patient
                .clone()
                .map(|patient| (decision.unique_id.clone(), patient)),
        );
    }
    closing.objects = owned(owners);
    closing
}

/// The reason that a repository knows: it is told that a document is not to be released, not why.
pub(super) const NOT_PERMITTED: &str = "NOT_PERMITTED";

/// A decision as the audit tells it.
pub(super) fn told(decision: &DocumentDecision) -> Option<Decision> {
    Some(Decision {
        id: decision.decision.clone()?,
        basis: decision.basis.clone()?,
        instrument: None,
        documents: Vec::new(),
    })
}

/// The patients of documents, and with several whose each document is.
pub(crate) fn owned(owners: BTreeMap<String, String>) -> Objects {
    let mut patients: Vec<String> = owners.values().cloned().collect();
    patients.sort_unstable();
    patients.dedup();
    Objects {
        owners: if patients.len() > 1 {
            owners
        } else {
            BTreeMap::new()
        },
        patients,
        ..Objects::default()
    }
}
