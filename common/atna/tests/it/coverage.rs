//! No kind of event and no transaction is without its builder and its golden file.

use std::collections::BTreeSet;

use xds_audit::EventKind;
use xds_model::Transaction;

use crate::golden::cases;
use crate::support::messages;

/// All labels that [`label`] can give.
const LABELS: [&str; 13] = [
    "received",
    "sent",
    "node-start",
    "node-stop",
    "handshake-refused",
    "request-refused",
    "request-refused-transaction",
    "assertion-refused",
    "configuration-changed",
    "audit-log-read",
    "exported",
    "clock-stepped",
    "journal-recovered",
];

/// A new kind does not compile here: give it a label, and a golden file.
fn label(kind: &EventKind) -> &'static str {
    match kind {
        EventKind::Received { .. } => "received",
        EventKind::Sent { .. } => "sent",
        EventKind::RequestRefused {
            transaction: Some(_), ..
        } => "request-refused-transaction",
        EventKind::NodeStart
        | EventKind::NodeStop
        | EventKind::HandshakeRefused { .. }
        | EventKind::RequestRefused {
            transaction: None, ..
        }
        | EventKind::AssertionRefused { .. }
        | EventKind::ConfigurationChanged { .. }
        | EventKind::AuditLogRead { .. }
        | EventKind::Exported { .. }
        | EventKind::ClockStepped { .. }
        | EventKind::JournalRecovered { .. } => kind.name(),
    }
}

#[test]
fn aud_11_every_kind_of_event_has_a_golden_file() {
    let cases = cases();
    let covered: BTreeSet<&str> = cases
        .iter()
        .map(|(_, event)| label(&event.opening.kind))
        .collect();
    assert_eq!(covered, LABELS.into_iter().collect());
    for (name, event) in cases {
        assert!(!messages(event).is_empty(), "{name}");
    }
}

#[test]
fn aud_11_every_transaction_has_golden_files_of_both_actors_and_endings() {
    let names: BTreeSet<String> = cases().into_iter().map(|(name, _)| name).collect();
    for transaction in Transaction::ALL {
        for side in ["received", "sent"] {
            for ending in ["success", "failure"] {
                let name = format!("{}-{side}-{ending}", transaction.name().to_lowercase());
                assert!(names.contains(&name), "{name}");
            }
        }
    }
}

#[test]
fn every_message_says_which_transaction_it_is_of() {
    for (name, event) in cases() {
        let transaction = match &event.opening.kind {
            EventKind::Received { transaction, .. }
            | EventKind::Sent { transaction, .. }
            | EventKind::RequestRefused {
                transaction: Some(transaction),
                ..
            } => Some(*transaction),
            _ => None,
        };
        for message in messages(event) {
            assert_eq!(message.transaction(), transaction, "{name}");
        }
    }
}
