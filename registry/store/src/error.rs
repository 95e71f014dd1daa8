//! What can go wrong between us and the database.

use std::fmt;

use deadpool_postgres::PoolError;
use tokio_postgres::error::SqlState;
use xds_model::RuleId;

/// The database did not do what was asked. Nothing of the request was stored, unless it is
/// [`Busy::Lost`], when that is unknown.
///
/// Neither `Display` nor `Debug` holds values: the server's texts quote keys, so they are left out.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Try again later.
    #[error("the database is busy: {0}")]
    Busy(Busy),
    /// A unique index or another constraint stands against it.
    #[error("{statement} broke the constraint {constraint}")]
    Constraint {
        /// The statement.
        statement: &'static str,
        /// The constraint's name.
        constraint: String,
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
    /// A row is no value of the domain: damaged, or written by another release.
    #[error("a row of {table} has no valid {column}")]
    Row {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
    },
}

/// Why the database cannot do it now.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Busy {
    /// No connection became free in time.
    NoConnection,
    /// The server cannot be reached, or refuses connections.
    Unreachable,
    /// The connection ended while a statement ran: whether it took effect is unknown.
    Lost,
    /// A statement ran, or waited for a lock, too long.
    Timeout,
    /// Others kept changing the same things.
    Contention,
    /// The server lacks space or memory.
    Resources,
}

impl fmt::Display for Busy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoConnection => "no free connection",
            Self::Unreachable => "unreachable",
            Self::Lost => "the connection was lost",
            Self::Timeout => "a statement took too long",
            Self::Contention => "too many changes of the same objects",
            Self::Resources => "out of space or memory",
        })
    }
}

impl StoreError {
    /// Whether the same request may succeed later.
    pub fn is_busy(&self) -> bool {
        matches!(self, Self::Busy(_))
    }

    /// The rule that a request is turned down by.
    pub fn rule(&self) -> RuleId {
        if self.is_busy() {
            RuleId::RegistryBusy
        } else {
            RuleId::RegistryInternal
        }
    }

    /// What the driver says about a statement.
    pub(crate) fn of(statement: &'static str, error: &tokio_postgres::Error) -> Self {
        let Some(state) = error.code() else {
            return if error.is_closed() || is_io(error) {
                Self::Busy(Busy::Lost)
            } else {
                Self::Driver { statement }
            };
        };
        if let Some(busy) = busy(state) {
            return Self::Busy(busy);
        }
        let constraint = error.as_db_error().and_then(|error| error.constraint());
        match constraint {
            Some(constraint) => Self::Constraint {
                statement,
                constraint: constraint.to_owned(),
            },
            None => Self::Server {
                statement,
                code: state.code().to_owned(),
            },
        }
    }

    pub(crate) fn row(table: &'static str, column: &'static str) -> Self {
        Self::Row { table, column }
    }

    /// Whether the whole transaction may be tried again at once.
    pub(crate) fn is_contention(&self) -> bool {
        matches!(self, Self::Busy(Busy::Contention))
    }

    /// Whether an id that was free a moment ago, or was taken to be, is in use. The parts of the one statement come in
    /// any order: an entryUUID that is in use may stand out first in the table of its kind.
    pub(crate) fn is_taken_id(&self) -> bool {
        const KEYS: [&str; 5] = [
            "object_id_pkey",
            "unique_id_pkey",
            "submission_set_pkey",
            "document_entry_pkey",
            "association_pkey",
        ];
        matches!(self, Self::Constraint { constraint, .. } if KEYS.contains(&constraint.as_str()))
    }

    /// Whether a patient that was active a moment ago is merged now.
    pub(crate) fn is_merged_patient(&self) -> bool {
        matches!(self, Self::Server { code, .. } if code == SqlState::NOT_NULL_VIOLATION.code())
    }
}

fn is_io(error: &tokio_postgres::Error) -> bool {
    std::error::Error::source(error).is_some_and(|source| source.is::<std::io::Error>())
}

/// SQLSTATE to reason. Class 08 connection, 53 resources, 57P operator intervention.
fn busy(state: &SqlState) -> Option<Busy> {
    if *state == SqlState::T_R_SERIALIZATION_FAILURE || *state == SqlState::T_R_DEADLOCK_DETECTED {
        return Some(Busy::Contention);
    }
    if *state == SqlState::QUERY_CANCELED || *state == SqlState::LOCK_NOT_AVAILABLE {
        return Some(Busy::Timeout);
    }
    if *state == SqlState::TOO_MANY_CONNECTIONS || *state == SqlState::CANNOT_CONNECT_NOW {
        return Some(Busy::Unreachable);
    }
    let code = state.code();
    if code.starts_with("57P") || code.starts_with("08") || code == "25P03" {
        return Some(Busy::Lost);
    }
    code.starts_with("53").then_some(Busy::Resources)
}

impl From<PoolError> for StoreError {
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::Timeout(_) => Self::Busy(Busy::NoConnection),
            PoolError::Backend(error) => match error.code() {
                Some(state) if busy(state).is_none() => Self::Server {
                    statement: "connect",
                    code: state.code().to_owned(),
                },
                _ => Self::Busy(Busy::Unreachable),
            },
            PoolError::Closed | PoolError::NoRuntimeSpecified | PoolError::PostCreateHook(_) => {
                Self::Busy(Busy::Unreachable)
            }
        }
    }
}
