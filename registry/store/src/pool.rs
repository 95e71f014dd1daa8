//! The pools of connections.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use deadpool_postgres::{Manager, Object, Pool, Runtime};

use crate::config::{StatementMode, StoreConfig};
use crate::error::StoreError;
use crate::known_patients::KnownPatients;
use crate::session::Session;
use crate::tx::Observer;

/// The registry's store. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    pool: Pool,
    all: Arc<Pools>,
    pub(crate) patients: Arc<KnownPatients>,
    mode: StatementMode,
    pub(crate) reply_timeout: Duration,
    pub(crate) observer: Option<Observer>,
}

/// Every pool of a store, and how to make another.
struct Pools {
    config: StoreConfig,
    made: Mutex<Vec<Pool>>,
}

/// How many connections there are, and who waits for one.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct PoolStatus {
    /// At most.
    pub max: usize,
    /// Open.
    pub open: usize,
    /// Open and free.
    pub free: usize,
    /// Requests that wait for one.
    pub waiting: usize,
}

impl Store {
    /// A store over a pool that connects when it is needed.
    ///
    /// # Errors
    /// When the pool cannot be made with these numbers.
    pub fn new(config: &StoreConfig, observer: Option<Observer>) -> Result<Self, StoreError> {
        let pool = pool(config, config.connections_max)?;
        Ok(Self {
            pool: pool.clone(),
            all: Arc::new(Pools {
                config: config.clone(),
                made: Mutex::new(vec![pool]),
            }),
            patients: Arc::default(),
            mode: config.statement_mode,
            // The server ends a statement first; this is for a server that says nothing at all.
            reply_timeout: config.statement_timeout + Duration::from_secs(2),
            observer,
        })
    }

    /// The same store for one of so many worker threads: with connections of its own, since a connection is driven
    /// by the thread that made it, and to go by way of another costs two wake-ups for each statement.
    ///
    /// # Errors
    /// When the pool cannot be made.
    pub fn for_worker(&self, workers: usize) -> Result<Self, StoreError> {
        let config = &self.all.config;
        let pool = pool(config, config.connections_max.div_ceil(workers.max(1)))?;
        self.all.lock().push(pool.clone());
        Ok(Self { pool, ..self.clone() })
    }

    /// How the pools stand, all together.
    pub fn pool_status(&self) -> PoolStatus {
        let mut sum = PoolStatus::default();
        for status in self.all.lock().iter().map(Pool::status) {
            sum.max += status.max_size;
            sum.open += status.size;
            sum.free += status.available;
            sum.waiting += status.waiting;
        }
        sum
    }

    /// Ends all connections, those of the workers too; what still needs one is told that the database is busy.
    pub fn close(&self) {
        self.all.lock().iter().for_each(Pool::close);
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        let connection = self.connection().await?;
        self.session(&connection).query(&crate::sql::PING, &[]).await?;
        Ok(())
    }

    pub(crate) async fn connection(&self) -> Result<Object, StoreError> {
        Ok(self.pool.get().await?)
    }

    pub(crate) fn session<'a>(&self, connection: &'a Object) -> Session<'a> {
        Session::plain(connection, self.mode, self.reply_timeout)
    }

    pub(crate) fn mode(&self) -> StatementMode {
        self.mode
    }
}

/// Every statement has one good plan, over indexes (a test explains it): to plan it anew for the values at
/// hand costs more than to run it, and a plan that was made while a table was small must not scan it when
/// it has grown.
const PLANNER: &str = "-c plan_cache_mode=force_generic_plan -c enable_seqscan=off -c jit=off";

impl Pools {
    fn lock(&self) -> MutexGuard<'_, Vec<Pool>> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn pool(config: &StoreConfig, connections_max: usize) -> Result<Pool, StoreError> {
    Pool::builder(manager(config))
        .max_size(connections_max.max(1))
        .runtime(Runtime::Tokio1)
        .wait_timeout(Some(config.wait_timeout))
        .create_timeout(Some(config.connect_timeout))
        .recycle_timeout(Some(config.connect_timeout))
        .build()
        .map_err(|_| StoreError::Driver { statement: "pool" })
}

fn manager(config: &StoreConfig) -> Manager {
    let mut postgres = tokio_postgres::Config::new();
    postgres
        .application_name("renkei-registry")
        .dbname(&config.database)
        .user(&config.user)
        .connect_timeout(config.connect_timeout)
        .keepalives_idle(Duration::from_secs(30));
    if let Some(password) = &config.password {
        postgres.password(password);
    }
    if config.statement_mode == StatementMode::Prepared {
        let timeout = config.statement_timeout.as_millis();
        // The lock timeout is the shorter, so that a request that only waits says so.
        let lock = timeout.saturating_mul(4) / 5;
        let idle = timeout.saturating_mul(2);
        postgres.options(format!(
            "-c statement_timeout={timeout} -c lock_timeout={lock} \
             -c idle_in_transaction_session_timeout={idle} {PLANNER}"
        ));
    }
    config.endpoint.manager(postgres)
}
