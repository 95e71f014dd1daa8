//! The audit messages of events that were found.

use registry_trail::Found;
use xds_atna::{AuditMessage, Source, messages};

use crate::operator::Desk;

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
