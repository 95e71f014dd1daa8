//! Kinds of events, as a question names them.

use xds_model::Transaction;

/// Kinds beside the transactions.
pub const OTHER_KINDS: [&str; 10] = [
    "node-start",
    "node-stop",
    "handshake-refused",
    "request-refused",
    "assertion-refused",
    "configuration-changed",
    "audit-log-read",
    "exported",
    "clock-stepped",
    "journal-recovered",
];

/// The kind of this name: a transaction such as `ITI-43`, or one of [`OTHER_KINDS`].
pub fn kind_named(name: &str) -> Option<&'static str> {
    Transaction::from_name(name)
        .map(Transaction::name)
        .or_else(|| OTHER_KINDS.into_iter().find(|kind| *kind == name))
}
