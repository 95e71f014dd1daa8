//! How to reach the database, and how long to wait for it.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig, RecyclingMethod};
use tokio_postgres::NoTls;
use tokio_postgres::config::SslMode;
use tokio_postgres_rustls::MakeRustlsConnect;

/// Where the database is, as whom to log in, and the limits.
#[derive(Clone)]
pub struct StoreConfig {
    /// Where it listens.
    pub endpoint: Endpoint,
    /// The database.
    pub database: String,
    /// The role.
    pub user: String,
    /// Its password.
    pub password: Option<String>,
    /// Connections at most.
    pub connections_max: usize,
    /// How long a connection may take to be made.
    pub connect_timeout: Duration,
    /// How long a request waits for a free connection before it is told that the registry is busy.
    pub wait_timeout: Duration,
    /// How long one statement may run.
    pub statement_timeout: Duration,
    /// How statements are sent.
    pub statement_mode: StatementMode,
}

impl StoreConfig {
    /// With the usual limits.
    pub fn new(endpoint: Endpoint, database: String, user: String, password: Option<String>) -> Self {
        Self {
            endpoint,
            database,
            user,
            password,
            connections_max: 16,
            connect_timeout: Duration::from_secs(5),
            wait_timeout: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(5),
            statement_mode: StatementMode::Prepared,
        }
    }
}

/// The password is never shown.
impl fmt::Debug for StoreConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreConfig")
            .field("endpoint", &self.endpoint)
            .field("database", &self.database)
            .field("user", &self.user)
            .field("connections_max", &self.connections_max)
            .field("statement_mode", &self.statement_mode)
            .finish_non_exhaustive()
    }
}

/// Where the database listens.
#[derive(Clone)]
pub enum Endpoint {
    /// A Unix socket in this folder.
    Socket {
        /// The folder.
        folder: PathBuf,
        /// The number in the socket's name.
        port: u16,
    },
    /// TCP with TLS, always.
    Tls {
        /// Host name, which the server's certificate must bear.
        host: String,
        /// Port.
        port: u16,
        /// Trusted CAs, and our certificate if the server wants one.
        tls: Arc<rustls::ClientConfig>,
    },
}

impl Endpoint {
    /// What makes connections to it.
    pub fn manager(&self, mut postgres: tokio_postgres::Config) -> Manager {
        let settings = ManagerConfig {
            recycling_method: RecyclingMethod::Fast,
        };
        match self {
            Self::Socket { folder, port } => {
                postgres.host_path(folder).port(*port);
                Manager::from_config(postgres, NoTls, settings)
            }
            Self::Tls { host, port, tls } => {
                postgres.host(host).port(*port).ssl_mode(SslMode::Require);
                let tls = MakeRustlsConnect::new(Arc::unwrap_or_clone(Arc::clone(tls)));
                Manager::from_config(postgres, tls, settings)
            }
        }
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Socket { folder, port } => write!(f, "Socket({}, {port})", folder.display()),
            Self::Tls { host, port, .. } => write!(f, "Tls({host}:{port})"),
        }
    }
}

/// How statements are sent.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum StatementMode {
    /// Prepared once for each connection.
    #[default]
    Prepared,
    /// With their types each time, without a name: for a pgbouncer that pools transactions. Timeouts then
    /// stand on the role.
    Typed,
}
