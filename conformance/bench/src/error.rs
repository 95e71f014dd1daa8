use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::check::Wrong;

/// Why there are no figures.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BenchError {
    /// `--only` names none of the cases.
    #[error("no case is called {0}; see docs/performance.md")]
    NoSuchCase(String),
    /// The network.
    #[error(transparent)]
    Network(#[from] renkei_network::NetworkError),
    /// The private cluster of the registry.
    #[error(transparent)]
    Cluster(#[from] registry_cluster::ClusterError),
    /// The benchmark's own certificate.
    #[error(transparent)]
    Material(#[from] xds_tls::MaterialError),
    /// The benchmark's own TLS.
    #[error(transparent)]
    Tls(#[from] tokio_rustls::rustls::Error),
    /// A file, a process, standard output.
    #[error("{what}: {source}")]
    Io {
        /// Which.
        what: String,
        /// Why.
        source: std::io::Error,
    },
    /// A patient was not taken by the feed.
    #[error("the registry does not take patients: {0}")]
    Feed(String),
    /// A process has ended, or `/proc` says what was not expected.
    #[error("{} does not say what is needed of a process", .0.display())]
    Proc(PathBuf),
    /// An exchange over HTTP failed.
    #[error("{case}: {source}")]
    Load {
        /// The case or floor.
        case: String,
        /// Why.
        source: LoadError,
    },
    /// A floor's process says something else than figures.
    #[error("the floor {floor} failed: {said}")]
    Floor {
        /// Which.
        floor: &'static str,
        /// What it says.
        said: String,
    },
    /// The journal, opened or read.
    #[error(transparent)]
    Journal(#[from] xds_audit::JournalError),
    /// The journal takes no event.
    #[error(transparent)]
    Audit(#[from] xds_audit::AuditError),
    /// The private cluster, as the benchmark uses it.
    #[error("PostgreSQL: {0}")]
    Database(#[from] tokio_postgres::Error),
    /// The audit trail.
    #[error(transparent)]
    Trail(#[from] registry_trail::TrailError),
    /// The schema of the audit trail.
    #[error(transparent)]
    TrailSchema(#[from] registry_trail::MigrationError),
    /// What is printed or told to a floor.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// A message of ours that cannot be made.
    #[error("the benchmark cannot write its own message: {0}")]
    Message(&'static str),
}

impl BenchError {
    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }

    pub(crate) fn file(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        Self::io(path.display().to_string())
    }

    pub(crate) fn load(case: &str) -> impl FnOnce(LoadError) -> Self {
        let case = case.to_owned();
        move |source| Self::Load { case, source }
    }
}

/// Why an exchange failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoadError {
    /// No TLS connection.
    #[error("no connection: {0:?}")]
    Refused(xds_tls::RefusalReason),
    /// The connection broke.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// Nothing, or not everything, came in time.
    #[error("no answer within {0:?}")]
    Late(Duration),
    /// What came is no HTTP/1.1 that we read.
    #[error("no HTTP that is understood here: {0}")]
    Http(&'static str),
    /// It was answered, and not as it must be.
    #[error("wrong answer: {0}")]
    Wrong(#[from] Wrong),
    /// A task of ours ended early.
    #[error("a sender ended early")]
    Cancelled,
}
