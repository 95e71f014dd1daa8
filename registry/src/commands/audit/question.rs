//! From the command line to a question, and to what the journal is told of it.

use std::fmt::Display;

use registry_trail::Question;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use xds_audit::Outcome;
use xds_model::patient::PatientIdError;

use super::arguments::QuestionArguments;
use crate::commands::patient::patient_id;
use crate::config::Config;

/// The question; a patient may be named by the id alone.
pub(super) fn question(config: &Config, arguments: QuestionArguments) -> Result<Question, PatientIdError> {
    let patient = arguments
        .patient
        .map(|text| patient_id(config, &text).map(|id| id.to_string()))
        .transpose()?;
    let mut outcomes: Vec<Outcome> = arguments
        .outcome
        .iter()
        .flat_map(|name| name.outcomes())
        .copied()
        .collect();
    outcomes.sort_unstable();
    outcomes.dedup();
    Ok(Question {
        patient,
        document: arguments.document,
        user: arguments.user,
        issuer: None,
        organisation: arguments.organisation,
        node: arguments.node,
        from: arguments.from,
        until: arguments.to,
        outcomes,
        basis: arguments.basis,
        kinds: arguments.kind,
        correlation: arguments.correlation,
        decision: arguments.decision,
    })
}

/// What was asked, for the journal: `patient=… from=…`.
pub(super) fn asked(question: &Question) -> Asked {
    let outcomes = question.outcomes.iter().map(|outcome| outcome.code().to_string());
    Asked::default()
        .with("patient", question.patient.as_deref())
        .with("document", question.document.as_deref())
        .with("user", question.user.as_deref())
        .with("issuer", question.issuer.as_deref())
        .with("organisation", question.organisation.as_deref())
        .with("node", question.node.as_deref())
        .with("from", question.from.map(instant))
        .with("until", question.until.map(instant))
        .with("outcome", list(outcomes))
        .with("basis", question.basis.as_deref())
        .with("kind", list(question.kinds.iter().cloned()))
        .with("correlation", question.correlation.as_deref())
        .with("decision", question.decision.as_deref())
}

/// Names and values in one line.
#[derive(Clone, Debug, Default)]
pub(super) struct Asked(pub(super) String);

impl Asked {
    /// And this, if it was given.
    #[must_use]
    pub(super) fn with(mut self, name: &str, value: Option<impl Display>) -> Self {
        if let Some(value) = value {
            let gap = if self.0.is_empty() { "" } else { " " };
            self.0 += &format!("{gap}{name}={value}");
        }
        self
    }
}

/// For the journal: an instant, UTC.
pub(super) fn instant(at: OffsetDateTime) -> String {
    at.to_offset(time::UtcOffset::UTC)
        .format(&Rfc3339)
        .unwrap_or_else(|_| at.to_string())
}

fn list(values: impl Iterator<Item = String>) -> Option<String> {
    let joined = values.collect::<Vec<_>>().join(",");
    Some(joined).filter(|joined| !joined.is_empty())
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn what_was_asked_is_told_whole() {
        let question = Question {
            patient: Some("P1^^^&1.2.3&ISO".to_owned()),
            from: Some(datetime!(2026-04-01 0:00 +9)),
            outcomes: vec![Outcome::MinorFailure, Outcome::MajorFailure],
            kinds: vec!["ITI-18".to_owned(), "ITI-43".to_owned()],
            ..Question::default()
        };
        let asked = asked(&question)
            .with("limit", Some(50))
            .with("after", None::<u64>);
        assert_eq!(
            asked.0,
            "patient=P1^^^&1.2.3&ISO from=2026-03-31T15:00:00Z outcome=4,12 kind=ITI-18,ITI-43 limit=50"
        );
    }
}
