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
    let drafts = drafts(&scene);
    let parts = drafts.len();
    let numbered = (1..).zip(drafts);
    numbered
        .map(|(number, draft)| {
            let mut message = draft.message;
            message
                .objects
                .push(own::object(told, number, parts, draft.shared_in));
            message
        })
        .collect()
}

/// A message without the object of ours.
struct Draft {
    message: AuditMessage,
    /// The part where the query and what is nobody's stands, if not here.
    shared_in: Option<usize>,
}

fn whole(messages: Vec<AuditMessage>) -> Vec<Draft> {
    let draft = |message| Draft {
        message,
        shared_in: None,
    };
    messages.into_iter().map(draft).collect()
}

/// What every builder needs.
#[derive(Clone, Copy)]
struct Scene<'a> {
    told: &'a Told,
    source: &'a Source,
}

fn drafts(scene: &Scene<'_>) -> Vec<Draft> {
    use table::Side::{Client, Server};
    let messages = match &scene.told.event.opening.kind {
        EventKind::Received { transaction, action } => {
            return transaction::drafts(scene, *transaction, Server, *action);
        }
        EventKind::Sent { transaction, action } => {
            return transaction::drafts(scene, *transaction, Client, *action);
        }
        // It is a transaction that failed: its record has whatever is known.
        EventKind::RequestRefused {
            transaction: Some(transaction),
            ..
        } => return transaction::drafts(scene, *transaction, Server, None),
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
    };
    whole(messages)
}
