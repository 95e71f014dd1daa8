//! What was asked, as the audit tells it.

use registry_trail::Question;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use xds_audit::{EventKind, Objects};

/// The look at an address. Of what was asked, what names a person or a document is named without its value: whom it
/// concerns stands in the event's objects.
pub(in crate::operator) fn look(path: &str, question: &Question) -> EventKind {
    let mut uri = path.to_owned();
    let mut add = |name: &str, value: &str| {
        uri.push(if uri.contains('?') { '&' } else { '?' });
        uri.push_str(name);
        if !value.is_empty() {
            uri.push('=');
            uri.push_str(value);
        }
    };
    for (name, at) in [("from", question.from), ("until", question.until)] {
        if let Some(at) = at {
            add(name, &instant(at));
        }
    }
    for outcome in &question.outcomes {
        add("outcome", &outcome.code().to_string());
    }
    for kind in &question.kinds {
        add("kind", kind);
    }
    let values = [
        ("patient", &question.patient),
        ("document", &question.document),
        ("user", &question.user),
        ("issuer", &question.issuer),
        ("organisation", &question.organisation),
        ("node", &question.node),
        ("basis", &question.basis),
        ("correlation", &question.correlation),
    ];
    for (name, _) in values.into_iter().filter(|(_, value)| value.is_some()) {
        add(name, "");
    }
    EventKind::AuditLogRead { uri }
}

/// Whom and what the question names.
pub(in crate::operator) fn objects(question: &Question) -> Objects {
    Objects {
        registry_objects: question.document.iter().cloned().collect(),
        ..Objects::of_patient(question.patient.clone())
    }
}

fn instant(at: OffsetDateTime) -> String {
    at.format(&Rfc3339).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;
    use xds_audit::Outcome;

    use super::*;

    #[test]
    fn a_look_names_no_person_and_its_objects_do() {
        let question = Question {
            patient: Some("CANARY".to_owned()),
            user: Some("CANARY".to_owned()),
            from: Some(datetime!(2026-11-24 0:00 UTC)),
            outcomes: vec![Outcome::SeriousFailure],
            kinds: vec!["ITI-43".to_owned()],
            ..Question::default()
        };
        let EventKind::AuditLogRead { uri } = look("/v1/audit/events", &question) else {
            panic!("another kind");
        };
        assert_eq!(
            uri,
            "/v1/audit/events?from=2026-11-24T00:00:00Z&outcome=8&kind=ITI-43&patient&user"
        );
        assert_eq!(objects(&question).patients, ["CANARY"]);
    }
}
