//! Emergencies: a complete declaration opens a session, and whom it concerns is told at once.

use registry_core::records::TaskKind;
use registry_store::{Change, NewTask};
use xds_model::PatientId;
use xds_policy::engine::session_to_enter;
use xds_policy::ledger::{Facts, PatientInstruments};
use xds_policy::request::Request;
use xds_policy::words::{InstrumentId, PatientRef};

use super::Keeper;
use super::metrics::DisclosureMetrics;

/// Opens the session of a declared emergency, if one has to be and may; before the decision. What cannot be entered is not
/// there, so the decision denies. Whether one was opened: then what is known of the patient is read anew.
///
/// Nearly no request declares an emergency, and then nothing is asked of the database.
pub(crate) async fn open_declared(keeper: Keeper<'_>, requests: &[Request], patient: &PatientId) -> bool {
    for request in requests.iter().filter(|request| request.break_glass.is_some()) {
        if open_one(keeper, request, patient).await {
            return true;
        }
    }
    false
}

async fn open_one(keeper: Keeper<'_>, request: &Request, patient: &PatientId) -> bool {
    let Keeper {
        store,
        ids,
        metrics,
        ledger,
    } = keeper;
    let Some(user) = &request.user else { return false };
    // An emergency of who was merged is one of the surviving patient.
    let surviving = match store.patient(patient).await {
        Ok(Some(known)) => known.surviving.unwrap_or(known.patient),
        Ok(None) => return false,
        Err(error) => {
            tracing::error!(%error, "alarm: a declared emergency could not be entered; nothing is given on it");
            return false;
        }
    };
    let person = PatientRef(surviving.to_string());
    let request = Request {
        patient: Some(person.clone()),
        ..request.clone()
    };
    let id = InstrumentId(format!("emergency-{}", ids.ordered()));
    let wanted = |known: &PatientInstruments| {
        let known = known.clone().under(&person);
        let facts = Facts {
            ledger,
            patient: &known,
        };
        session_to_enter(facts, &request, id.clone())
    };
    let change = Change {
        id: ids.ordered(),
        at: request.at,
        who: user.0.clone(),
        reason: None,
    };
    match store.open_session(&surviving, ledger, &change, wanted).await {
        Ok(opened) => {
            let Some(session) = &opened.session else {
                return false;
            };
            metrics.opened(session.terms.renewals);
            raise(&opened.tasks, metrics);
            true
        }
        Err(error) => {
            // The error names kinds and ids of instruments alone.
            tracing::error!(%error, "alarm: a declared emergency could not be entered; nothing is given on it");
            false
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
