//! What can go wrong between us and the database.

use deadpool_postgres::PoolError;
use tokio_postgres::error::SqlState;

/// The trail did not do what was asked; nothing of a batch was kept, unless the connection was lost, when that is
/// unknown: index it again, duplicates are ignored.
///
/// Neither `Display` nor `Debug` holds values: the server's texts quote keys, so they are left out.
#[derive(Debug, thiserror::Error)]
pub enum TrailError {
    /// No connection, or it was lost: try again later.
    #[error("the audit database cannot be reached")]
    Unreachable,
    /// A statement took too long, or the server lacks room: try again later, or ask for less.
    #[error("{statement} was given up: too slow, or no room")]
    Busy {
        /// The statement.
        statement: &'static str,
    },
    /// The server refused a statement, by a defect of ours or of the installation.
    #[error("{statement} failed with SQLSTATE {code}")]
    Server {
        /// The statement.
        statement: &'static str,
        /// SQLSTATE.
        code: String,
    },
    /// The driver could not send or read something.
    #[error("{statement} failed in the driver")]
    Driver {
        /// The statement.
        statement: &'static str,
    },
    /// A row is no event: damaged, or written by another release.
    #[error("a row of {table} cannot be read")]
    Row {
        /// The table.
        table: &'static str,
    },
    /// There is more than a report can hold: ask for a shorter time.
    #[error("more than {max} rows: ask for less")]
    TooMany {
        /// How many would do.
        max: usize,
    },
    /// An event cannot be written as JSON.
    #[error("an event cannot be encoded")]
    Encoding,
}

impl TrailError {
    /// Whether the same may succeed later.
    pub fn is_busy(&self) -> bool {
        matches!(self, Self::Unreachable | Self::Busy { .. })
    }

    /// SQLSTATE, if the server refused.
    pub fn sqlstate(&self) -> Option<&str> {
        match self {
            Self::Server { code, .. } => Some(code),
            _ => None,
        }
    }

    pub(crate) fn of(statement: &'static str) -> impl Fn(tokio_postgres::Error) -> Self {
        move |error| match error.code() {
            None if error.is_closed() => Self::Unreachable,
            None => Self::Driver { statement },
            Some(state) if is_busy(state) => Self::Busy { statement },
            Some(state) => Self::Server {
                statement,
                code: state.code().to_owned(),
            },
        }
    }
}

/// SQLSTATE classes 40 (rolled back), 53 (no room), 57 (stopped), and a lock that did not come.
fn is_busy(state: &SqlState) -> bool {
    let class = state.code().get(..2).unwrap_or_default();
    matches!(class, "40" | "53" | "57") || *state == SqlState::LOCK_NOT_AVAILABLE
}

impl From<PoolError> for TrailError {
    fn from(_: PoolError) -> Self {
        Self::Unreachable
    }
}
