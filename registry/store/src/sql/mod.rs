//! Every statement of the store. Each opens with its name, which slow-query logs then show.
//!
//! Columns of new rows come as arrays, one for each column, all of one length. They are unnested in a
//! select list, where they run in step: in FROM, PostgreSQL keeps a store of rows for each of them, which
//! costs more than the insert.

use postgres_types::Type;

/// A statement.
#[derive(Debug)]
pub struct Statement {
    /// Its name, as in the server's logs and ours.
    pub name: &'static str,
    /// Its text, which opens with the name in a comment.
    pub text: &'static str,
    /// The types of its parameters.
    pub types: &'static [Type],
}

/// Statements of one module, and the list of them.
macro_rules! sql {
    ($($(#[$doc:meta])* $constant:ident $name:literal [$($kind:ident),* $(,)?] $($text:expr),+;)+) => {
        $($(#[$doc])* pub(crate) static $constant: $crate::sql::Statement = $crate::sql::Statement {
            name: $name,
            text: concat!("-- registry.", $name, "\n", $($text),+),
            types: &[$(postgres_types::Type::$kind),*],
        };)+

        pub(super) static ALL: &[&$crate::sql::Statement] = &[$(&$constant),+];
    };
}

/// What policy decides a DocumentEntry `d` on: read by [`crate::row::policy`].
macro_rules! policy {
    () => {
        "d.organisation, d.scope, d.patient, d.unique_id, d.class_code, d.type_code, d.confidentiality_codes,
       d.registered_at, d.keeper"
    };
}

mod domain;
mod instruments;
mod patient;
mod query;
mod records;
mod registration;

pub(crate) use domain::*;
pub(crate) use instruments::*;
pub(crate) use patient::*;
pub(crate) use query::*;
pub(crate) use records::*;
pub(crate) use registration::*;

/// Every statement of the store, for tests and for `doctor`.
pub fn statements() -> Vec<&'static Statement> {
    [
        registration::ALL,
        query::ALL,
        patient::ALL,
        domain::ALL,
        instruments::ALL,
        records::ALL,
    ]
    .concat()
}
