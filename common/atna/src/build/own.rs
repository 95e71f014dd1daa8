//! The object that every message of ours carries in addition: the event's name, and what it rests on.

use xds_audit::{Caller, Decision, EventKind, Told};

use super::detail;
use crate::code;
use crate::message::{Detail, EventPart, ObjectRole, ObjectType, ParticipantObject, date_time};

/// The object of part `number` (from 1) of `parts`. What was withheld is left out on purpose.
pub(super) fn object(
    told: &Told,
    number: usize,
    parts: usize,
    shared_in: Option<usize>,
) -> ParticipantObject {
    let name = EventPart {
        event: told.id,
        part: u32::try_from(number).unwrap_or(u32::MAX),
    };
    let mut object = ParticipantObject::new(
        ObjectType::SystemObject,
        ObjectRole::SecurityResource,
        code::EVENT,
        name.to_string(),
    );
    let mut add = |kind: &str, value: Option<String>| {
        let value = value.filter(|value| !value.is_empty());
        object
            .details
            .extend(value.map(|value| Detail::text(kind, value)));
    };
    let (opening, closing) = (&told.event.opening, &told.event.closing);
    add(detail::PARTS, Some(parts.to_string()));
    add(detail::SHARED_IN_PART, shared_in.map(|part| part.to_string()));
    add(detail::CORRELATION, Some(opening.correlation.clone()));
    if told.ended.at != told.began.at {
        add(detail::ENDED, Some(date_time(told.ended.at)));
    }
    caller(&opening.caller, &mut add);
    add(detail::REASON, reason(&opening.kind));
    add(
        detail::RESULTS,
        closing.results.map(|results| results.to_string()),
    );
    add(detail::NOTE, closing.note.clone());
    for taken in &closing.decisions {
        decision(taken, &mut add);
    }
    object
}

fn caller(caller: &Caller, add: &mut impl FnMut(&str, Option<String>)) {
    add(detail::NODE, caller.node.clone());
    add(detail::ORGANISATION, caller.organisation.clone());
    add(detail::VIA, caller.via.clone());
    add(detail::CERTIFICATE, caller.certificate.clone());
    if let Some(user) = &caller.user {
        let flag = |flag: bool| flag.then(|| "true".to_owned());
        add(detail::USER_BY_DEFAULT, flag(user.by_default));
        add(detail::TWO_FACTOR, flag(user.two_factor));
    }
}

fn reason(kind: &EventKind) -> Option<String> {
    match kind {
        EventKind::HandshakeRefused { reason, .. }
        | EventKind::RequestRefused { reason, .. }
        | EventKind::AssertionRefused { reason } => Some(reason.clone()),
        _ => None,
    }
}

fn decision(decision: &Decision, add: &mut impl FnMut(&str, Option<String>)) {
    // A group begins with the id: an empty one must not join the group before.
    add(
        detail::DECISION,
        Some(crate::source::known(&decision.id).to_owned()),
    );
    add(detail::BASIS, Some(decision.basis.clone()));
    if let Some(instrument) = &decision.instrument {
        add(detail::INSTRUMENT, Some(instrument.id.clone()));
        add(detail::INSTRUMENT_VERSION, Some(instrument.version.to_string()));
        add(detail::INSTRUMENT_SHA256, Some(instrument.sha256.clone()));
    }
}
