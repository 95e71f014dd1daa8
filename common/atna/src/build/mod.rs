//! From an event of the journal to its messages.

pub mod detail;
mod node;
mod objects;
mod own;
mod participants;
mod parts;
mod table;
mod transaction;

use xds_audit::{EventKind, Told};

use crate::message::AuditMessage;
use crate::source::Source;

/// The messages of an event, at least one: one for each patient (ITI TF-2 3.20.7.1), and after a partial success
/// one for what succeeded and one for what failed. Each carries the event's name with the number of its part.
///
/// What was withheld is in none of them.
pub fn messages(told: &Told, source: &Source) -> Vec<AuditMessage> {
    let scene = Scene { told, source };
    let mut messages = drafts(&scene);
    let parts = messages.len();
    for (index, message) in messages.iter_mut().enumerate() {
        message.objects.push(own::object(told, index + 1, parts));
    }
    messages
}

/// What every builder needs.
#[derive(Clone, Copy)]
struct Scene<'a> {
    told: &'a Told,
    source: &'a Source,
}

/// Without the object of ours.
fn drafts(scene: &Scene<'_>) -> Vec<AuditMessage> {
    use table::Side::{Client, Server};
    match &scene.told.event.opening.kind {
        EventKind::Received { transaction, action } => {
            transaction::drafts(scene, *transaction, Server, *action)
        }
        EventKind::Sent { transaction, action } => transaction::drafts(scene, *transaction, Client, *action),
        // It is a transaction that failed: its record has whatever is known.
        EventKind::RequestRefused {
            transaction: Some(transaction),
            ..
        } => transaction::drafts(scene, *transaction, Server, None),
        EventKind::RequestRefused {
            transaction: None,
            reason,
        } => node::request_refused(scene, reason),
        EventKind::NodeStart => node::started(scene),
        EventKind::NodeStop => node::stopped(scene),
        EventKind::HandshakeRefused { reason, count } => node::handshake_refused(scene, reason, *count),
        EventKind::AssertionRefused { reason } => node::assertion_refused(scene, reason),
        EventKind::ConfigurationChanged {
            verb,
            object,
            before,
            after,
        } => node::configuration_changed(scene, verb, object, [before.as_ref(), after.as_ref()]),
        EventKind::AuditLogRead { uri } => node::audit_log_read(scene, uri),
        EventKind::Exported { what } => node::exported(scene, what),
        EventKind::ClockStepped { milliseconds } => node::clock_stepped(scene, *milliseconds),
        EventKind::JournalRecovered { bytes, sha256, file } => {
            node::journal_recovered(scene, *bytes, sha256, file)
        }
    }
}
