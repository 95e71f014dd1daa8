//! Starts the operator listener.

use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;

use actix_web::dev::ServerHandle;
use registry_store::{EvidenceFolder, Store};
use registry_trail::report::Thresholds;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use xds_server::config::NodeSection;
use xds_server::delivery::writer;
use xds_server::foundation::Foundation;
use xds_server::gate::Gate;

use super::{Desk, routes};
use crate::config::OperatorSection;
use crate::database::Database;
use crate::papers::Site;
use crate::serve::ServeError;
use crate::trail::TrailRole;

/// What the listener is made from.
pub(crate) struct Plan<'p> {
    /// `[operator]`
    pub(crate) section: &'p OperatorSection,
    /// `[node]`
    pub(crate) node: &'p NodeSection,
    /// clinical.public_url: audit messages name our host by it.
    pub(crate) clinical_url: &'p str,
    /// Certificates, journal and node list.
    pub(crate) foundation: &'p Foundation,
    /// The gate of the clinical listener.
    pub(crate) gate: &'p Gate,
    /// The way to the trail.
    pub(crate) database: &'p Database,
    /// The ledger.
    pub(crate) store: &'p Store,
    /// What of the configuration papers tell.
    pub(crate) site: Site,
    /// The data folder.
    pub(crate) data: &'p Path,
}

/// The listener at work.
pub(crate) struct Operating {
    handle: ServerHandle,
    task: JoinHandle<std::io::Result<()>>,
}

impl Operating {
    /// Serves at this address.
    ///
    /// # Errors
    /// When there is no audit trail, or the listener cannot be used.
    pub(crate) fn start(at: TcpListener, plan: Plan<'_>) -> Result<Self, ServeError> {
        let (listener, gate) = plan.foundation.operator(plan.gate, &plan.section.public_url)?;
        let desk = Desk {
            reader: plan.database.trail(TrailRole::Reader)?,
            operator: plan.database.trail(TrailRole::Operator)?,
            store: plan.store.clone(),
            journal: plan.foundation.journal.clone(),
            clock: Arc::clone(&plan.foundation.clock),
            writer: Arc::new(writer(plan.node, plan.clinical_url)),
            public_url: plan.section.public_url.clone(),
            thresholds: Arc::new(Thresholds::default()),
            evidence: EvidenceFolder::of(plan.data),
            site: Arc::new(plan.site),
            ids: Arc::clone(&plan.foundation.ids),
            whole: Arc::new(Semaphore::new(1)),
        };
        let server = listener.serve(at, routes(gate, desk))?;
        let handle = server.handle();
        let task = tokio::spawn(server);
        tracing::info!(operator = %plan.section.listen, "the operator listener serves");
        Ok(Self { handle, task })
    }

    /// What stops it.
    pub(crate) fn handle(&self) -> ServerHandle {
        self.handle.clone()
    }

    /// After it was stopped.
    pub(crate) fn end(self) {
        self.task.abort();
    }
}
