//! Everything that fills the trail, started and stopped with the server.

use std::time::Duration;

use registry_trail::Trail;
use xds_server::foundation::Foundation;

use super::indexing::{Indexing, Plan};
use super::metrics::TrailMetrics;
use super::repository::{Listeners, Repository};
use super::{AuditRepositorySection, TrailRole};
use crate::database::Database;
use crate::serve::ServeError;

/// The running tasks.
pub(crate) struct TrailTasks {
    trail: Trail,
    indexing: Indexing,
    repository: Option<Repository>,
}

impl TrailTasks {
    /// Starts indexing, and the Audit Record Repository where it is wanted; none where there is no trail.
    ///
    /// # Errors
    /// When the trail is not ready to be used, or a socket cannot be.
    pub(crate) async fn start(
        database: &Database,
        foundation: &Foundation,
        repository: Option<(Listeners, &AuditRepositorySection)>,
        metrics: TrailMetrics,
    ) -> Result<Option<Self>, ServeError> {
        if !database.has_trail() {
            warn_of_absence(foundation);
            return Ok(None);
        }
        let trail = database.trail(TrailRole::Indexer)?;
        database.check_trail(&trail).await?;
        let indexing = Indexing::start(Plan {
            trail: trail.clone(),
            journal: foundation.journal.clone(),
            clock: foundation.clock.clone(),
            metrics: metrics.clone(),
            ready: foundation.ready.clone(),
        });
        let repository = match repository {
            None => None,
            Some((listeners, section)) => Some(Repository::start(
                listeners,
                section,
                foundation,
                trail.clone(),
                metrics,
            )?),
        };
        Ok(Some(Self {
            trail,
            indexing,
            repository,
        }))
    }

    /// Takes no more messages of others.
    pub(crate) async fn stop_taking(&mut self, within: Duration) {
        if let Some(repository) = self.repository.take() {
            repository.stop(within).await;
        }
    }

    /// Adds what the journal has by now, then ends.
    pub(crate) async fn stop(self, within: Duration) {
        self.indexing.stop(within).await;
        self.trail.close();
    }
}

fn warn_of_absence(foundation: &Foundation) {
    foundation.ready.warn(
        "audit-trail",
        Some("there is no audit trail: [database.audit] is missing"),
    );
    tracing::error!(
        "alarm: there is no audit trail, only the journal: name its roles in [database.audit], then run \
         `renkei-registry migrate --grant`"
    );
}
