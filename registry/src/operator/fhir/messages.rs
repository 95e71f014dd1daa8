//! The audit messages of events that were found.

use registry_trail::Found;
use serde_json::{Value, json};
use xds_atna::fhir::audit_event;
use xds_atna::{AuditMessage, Source, messages};

use crate::operator::Desk;

/// The same as AuditEvents. One that was delivered to us is named as the index names it: the sender's own name for it may
/// be another's too.
pub(super) fn resources(found: &Found, desk: &Desk) -> Vec<Value> {
    let (messages, _) = of(found, desk);
    let mut resources: Vec<Value> = messages.iter().map(audit_event).collect();
    if found.message.is_some() {
        let id = found.told.id;
        let name = format!("{}.{}.{}", id.journal, id.sequence, found.part);
        let named = resources.iter_mut().filter_map(Value::as_object_mut);
        named.for_each(|resource| drop(resource.insert("id".to_owned(), json!(name))));
    }
    resources
}

/// The messages of one event, with who wrote them: ours as they are delivered to others, those that were delivered to us
/// as they came.
pub(super) fn of(found: &Found, desk: &Desk) -> (Vec<AuditMessage>, Source) {
    let Some(text) = &found.message else {
        return (messages(&found.told, &desk.writer), Source::clone(&desk.writer));
    };
    match xds_atna::read(text.as_bytes(), found.told.began.at) {
        Ok(read) => {
            let source = Source::new(read.message.source.id.clone(), "-", "-", "-");
            (vec![read.message], source)
        }
        Err(_) => {
            tracing::error!("alarm: a message of the audit trail is damaged");
            (Vec::new(), Source::clone(&desk.writer))
        }
    }
}
