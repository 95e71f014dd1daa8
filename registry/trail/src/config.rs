//! Where the trail is kept, and how long to wait for it.

use std::fmt;
use std::time::Duration;

use registry_store::Endpoint;

/// A connection to the database, as one of the roles of `roles.sql`.
#[derive(Clone)]
pub struct TrailConfig {
    /// Where it listens.
    pub endpoint: Endpoint,
    /// The database.
    pub database: String,
    /// The role.
    pub user: String,
    /// Its password, if it has one.
    pub password: Option<String>,
    /// Connections at most.
    pub connections_max: usize,
    /// How long to wait for a connection, free or new.
    pub connect_timeout: Duration,
    /// How long a search may take.
    pub statement_timeout: Duration,
    /// How long the counting for a monthly report may take.
    pub report_timeout: Duration,
}

impl TrailConfig {
    /// With usual limits.
    pub fn new(endpoint: Endpoint, database: String, user: String, password: Option<String>) -> Self {
        Self {
            endpoint,
            database,
            user,
            password,
            connections_max: 4,
            connect_timeout: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(10),
            report_timeout: Duration::from_secs(300),
        }
    }
}

/// The password is never shown.
impl fmt::Debug for TrailConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TrailConfig")
            .field("endpoint", &self.endpoint)
            .field("database", &self.database)
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}
