//! The pool of connections.

use std::time::Duration;

use deadpool_postgres::{Manager, Object, Pool, Runtime};

use crate::config::TrailConfig;
use crate::error::TrailError;

/// The index of audit events. Cheap to clone; it connects when it is needed.
#[derive(Clone, Debug)]
pub struct Trail {
    pool: Pool,
    pub(crate) report_timeout: Duration,
}

/// Searches are planned for the values at hand; a scan of a whole partition is the last resort. Compiling costs
/// more than it saves. A search goes from the keys that lead it to their events one by one, newest first, whatever
/// the statistics say: it ends when the page is full.
const PLANNER: &str = "-c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off \
                       -c join_collapse_limit=1 -c max_parallel_workers_per_gather=0 -c jit=off -c timezone=UTC";

impl Trail {
    /// A trail over a pool that connects when it is needed.
    ///
    /// # Errors
    /// When the pool cannot be made with these numbers.
    pub fn new(config: &TrailConfig) -> Result<Self, TrailError> {
        let pool = Pool::builder(manager(config))
            .max_size(config.connections_max.max(1))
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(config.connect_timeout))
            .create_timeout(Some(config.connect_timeout))
            .recycle_timeout(Some(config.connect_timeout))
            .build()
            .map_err(|_| TrailError::Driver { statement: "pool" })?;
        Ok(Self {
            pool,
            report_timeout: config.report_timeout,
        })
    }

    /// Ends all connections.
    pub fn close(&self) {
        self.pool.close();
    }

    pub(crate) async fn connection(&self) -> Result<Object, TrailError> {
        Ok(self.pool.get().await?)
    }
}

fn manager(config: &TrailConfig) -> Manager {
    let timeout = config.statement_timeout.as_millis();
    let mut postgres = tokio_postgres::Config::new();
    postgres
        .application_name("renkei-audit-trail")
        .dbname(&config.database)
        .user(&config.user)
        .connect_timeout(config.connect_timeout)
        .keepalives_idle(Duration::from_secs(30))
        .options(format!("-c statement_timeout={timeout} {PLANNER}"));
    if let Some(password) = &config.password {
        postgres.password(password);
    }
    config.endpoint.manager(postgres)
}
