//! Emergencies: a complete declaration opens a session, and whom it concerns is told at once.

use registry_core::records::TaskKind;
use registry_store::{Change, NewTask, Store};
use xds_model::{IdSource, PatientId};
use xds_policy::engine::session_to_enter;
use xds_policy::ledger::{Facts, Ledger, PatientInstruments};
use xds_policy::request::Request;
use xds_policy::words::InstrumentId;

use super::metrics::DisclosureMetrics;

/// What is known of a patient once a declared emergency has opened its session, if it has to and may: otherwise what was
/// known before. What cannot be entered is not there, so the decision denies.
pub(crate) async fn open_declared(
    store: &Store,
    ids: &dyn IdSource,
    metrics: &DisclosureMetrics,
    (ledger, request): (&Ledger, &Request),
    patient: &PatientId,
    known: PatientInstruments,
) -> PatientInstruments {
    let Some(user) = request.break_glass.as_ref().and(request.user.as_ref()) else {
        return known;
    };
    let id = InstrumentId(format!("emergency-{}", ids.ordered()));
    let wanted = |known: &PatientInstruments| {
        let facts = Facts {
            ledger,
            patient: known,
        };
        session_to_enter(facts, request, id.clone())
    };
    if wanted(&known).is_none() {
        return known;
    }
    let change = Change {
        id: ids.ordered(),
        at: request.at,
        who: user.0.clone(),
        reason: None,
    };
    match store.open_session(patient, ledger, &change, wanted).await {
        Ok(opened) => {
            if let Some(session) = &opened.session {
                metrics.opened(session.terms.renewals);
                raise(&opened.tasks, metrics);
            }
            opened.patient
        }
        Err(error) => {
            // The error names kinds and ids of instruments alone.
            tracing::error!(%error, "alarm: a declared emergency could not be entered; nothing is given on it");
            known
        }
    }
}

/// Tells of new tasks, at once: in the log, which alarms follow, and in the numbers.
pub(super) fn raise(tasks: &[NewTask], metrics: &DisclosureMetrics) {
    for task in tasks {
        metrics.task(task.kind);
        let (instrument, organisation) = (&task.instrument, &task.organisation);
        match task.kind {
            TaskKind::TellAuthor => tracing::error!(
                session = %instrument,
                %organisation,
                "alarm: documents were obtained in an emergency: tell the institution that they come from"
            ),
            TaskKind::TellOperator => tracing::error!(
                session = %instrument,
                %organisation,
                "alarm: a break-glass session was opened: tell the operator"
            ),
            TaskKind::TellPrivacyOfficer => tracing::error!(
                session = %instrument,
                %organisation,
                "alarm: a break-glass session was opened: tell the privacy officer"
            ),
            TaskKind::TellPatient => {
                tracing::warn!(instrument = %instrument, %organisation, "a patient has to be told");
            }
            TaskKind::Review => {
                tracing::warn!(session = %instrument, %organisation, due = ?task.due, "a break-glass session has to be reviewed");
            }
        }
    }
}
