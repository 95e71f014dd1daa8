//! What every request passes before a handler sees it, and what every handler needs.

use std::sync::Arc;

use xds_audit::{
    AuditError, Caller as AuditCaller, Closing, Event, EventKind, Journal, Objects, Opening, Outcome, Record,
};
use xds_model::Transaction;
use xds_model::time::SharedIds;

use crate::authenticate::{Authenticator, Caller};
use crate::config::Limits;
use crate::in_flight::InFlight;
use crate::metrics::SharedMetrics;
use crate::xua::Xua;

/// The gate of one server: shared by all its endpoints and workers.
#[derive(Clone)]
pub struct Gate {
    /// From a connection to a Principal.
    pub authenticator: Authenticator,
    /// Places for requests being served.
    pub in_flight: Arc<InFlight>,
    /// The `[limits]` table.
    pub limits: Limits,
    /// Where every event is before an answer leaves.
    pub journal: Journal,
    /// What is counted.
    pub metrics: SharedMetrics,
    /// Fresh ids.
    pub ids: SharedIds,
    /// The address that clients use.
    pub public_url: String,
    /// Whether every SOAP fault is sent with HTTP status 500.
    pub fault_status_always_500: bool,
    /// Who believes assertions about users; without it they are passed over.
    pub xua: Option<Arc<Xua>>,
}

impl Gate {
    /// The opening part of a request's record.
    pub fn opening(&self, kind: EventKind, caller: &Caller, correlation: &str, objects: Objects) -> Opening {
        Opening {
            kind,
            caller: caller.audited(),
            endpoint: self.public_url.clone(),
            correlation: correlation.to_owned(),
            objects,
        }
    }

    /// Opens a record. The request must not go on when this fails.
    ///
    /// # Errors
    /// When the journal takes no more.
    pub async fn open(&self, opening: Opening) -> Result<Record, AuditError> {
        self.journal.open(opening).await
    }

    /// Writes an event of one moment and waits until it is durable.
    ///
    /// # Errors
    /// When the journal takes no more.
    pub async fn single(&self, event: Event) -> Result<(), AuditError> {
        self.journal.single(event).await.map(drop)
    }

    /// Writes that a request reached no handler, and waits until that is durable. `reason` is a fixed word.
    ///
    /// # Errors
    /// When the journal takes no more.
    pub async fn refusal(
        &self,
        caller: AuditCaller,
        correlation: &str,
        transaction: Option<Transaction>,
        reason: &'static str,
        outcome: Outcome,
    ) -> Result<(), AuditError> {
        let kind = EventKind::RequestRefused {
            transaction,
            reason: reason.to_owned(),
        };
        self.refused(caller, correlation, kind, reason, outcome).await
    }

    /// Writes that an assertion was refused, and waits until that is durable. `code`: that of the rule.
    ///
    /// # Errors
    /// When the journal takes no more.
    pub async fn assertion_refusal(
        &self,
        caller: AuditCaller,
        correlation: &str,
        code: &'static str,
    ) -> Result<(), AuditError> {
        let kind = EventKind::AssertionRefused {
            reason: code.to_owned(),
        };
        self.refused(caller, correlation, kind, code, Outcome::SeriousFailure)
            .await
    }

    async fn refused(
        &self,
        caller: AuditCaller,
        correlation: &str,
        kind: EventKind,
        reason: &'static str,
        outcome: Outcome,
    ) -> Result<(), AuditError> {
        let opening = Opening {
            kind,
            caller,
            endpoint: self.public_url.clone(),
            correlation: correlation.to_owned(),
            objects: Objects::default(),
        };
        let closing = Closing::failure(outcome, [reason]);
        self.single(Event { opening, closing }).await
    }
}
