//! ITI-42, Register Document Set-b (ITI TF-2 3.42).

use std::time::Duration;

use actix_web::web::Data;
use registry_core::asking::requests;
use registry_core::facts::FactsWanted;
use registry_core::register::{Changes, Context, Refusal, decide};
use registry_store::{AuditMark, Busy, StoreError};
use time::OffsetDateTime;
use uuid::Uuid;
use xds_audit::{Closing, Decision, Event, EventKind, Instrument, Objects, Opening, Outcome, Withheld};
use xds_ebxml::rim::{ObjectLimits, SenderColumn, read_submission};
use xds_ebxml::rs::write_registry_response;
use xds_model::submission::ReceivedSubmission;
use xds_model::{Fault, RuleId};
use xds_policy::request::Request;
use xds_policy::words::Operation;
use xds_server::http::{Answer, Exchange, Refused};
use xds_server::metrics::RequestOutcome;

use super::law::{asked, audited};
use crate::app::App;
use crate::encoder::Encoder;

/// Registers a submission, or answers every reason not to.
pub(crate) async fn register_document_set(exchange: Exchange<'_>, app: Data<App>) -> Result<Answer, Refused> {
    let limits = ObjectLimits {
        slot_values_max: usize::try_from(exchange.gate.limits.slot_values_max).unwrap_or(usize::MAX),
    };
    let received = read_submission(exchange.body, SenderColumn::XdsDr, limits);
    let record = exchange.open(objects(&received)).await?;
    let registering = Box::pin(register(&exchange, &app, &received));
    let (closing, faults) = match registering.await {
        Ok(Ok(registered)) => (registered.closing, registered.warnings),
        Ok(Err(refusal)) => (refused(&refusal), refusal.faults),
        Err(error) => match Box::pin(committed_after_all(&exchange, &app, &error)).await {
            Some(closing) => (closing, Vec::new()),
            None => failed(&error),
        },
    };
    let succeeded = closing.outcome == Outcome::Success;
    let mut body = String::with_capacity(512);
    write_registry_response(&faults, false, &mut body);
    let outcome = if succeeded {
        RequestOutcome::Success
    } else {
        RequestOutcome::Failure
    };
    let answer = Answer::whole(record, closing, outcome, body).await?;
    if succeeded {
        app.marks.done(exchange.correlation);
    }
    Ok(answer)
}

/// How often the database is asked what became of a submission whose COMMIT got no answer, and how long is
/// waited in between: it may have to come back first.
const ASK_AGAIN: u32 = 20;
const ASK_AGAIN_AFTER: Duration = Duration::from_millis(500);

/// The connection ended while the submission was being committed: whether it is stored is looked up, by the mark that
/// is written with it. What the audit says of it, when it is.
async fn committed_after_all(exchange: &Exchange<'_>, app: &App, error: &StoreError) -> Option<Closing> {
    if !matches!(error, StoreError::Busy(Busy::Lost)) {
        return None;
    }
    for _ in 0..ASK_AGAIN {
        match app.store.mark(exchange.correlation).await {
            Ok(mark) => {
                return serde_json::from_slice::<Event>(&mark?.event)
                    .ok()
                    .map(|event| event.closing);
            }
            Err(error) => tracing::warn!(%error, "what became of a submission cannot be looked up yet"),
        }
        tokio::time::sleep(ASK_AGAIN_AFTER).await;
    }
    None
}

fn failed(error: &StoreError) -> (Closing, Vec<Fault>) {
    tracing::error!(%error, "a submission failed in the database");
    let fault = Fault::new(error.rule(), "", "");
    (
        Closing::failure(Outcome::MajorFailure, [fault.code().as_str()]),
        vec![fault],
    )
}

/// A submission that is stored.
struct Registered {
    closing: Closing,
    warnings: Vec<Fault>,
}

async fn register(
    exchange: &Exchange<'_>,
    app: &App,
    received: &ReceivedSubmission,
) -> Result<Result<Registered, Refusal>, StoreError> {
    let domain = app.domain.current();
    let now = app.clock.now();
    let context = Context {
        principal: &exchange.caller.principal,
        affinity: &domain.affinity,
        ledger: &domain.ledger,
        directory: &domain.directory,
        unknown_institution: domain.settings.unknown_author_institution,
        limits: app.submissions,
        ids: app.ids.as_ref(),
        now,
    };
    // What policy will be asked: the same of the same principal at the same instant.
    let requests = requests(context.principal, Operation::Register, now);
    let wanted = FactsWanted::of(received);
    let kind = EventKind::received(exchange.transaction);
    let opening = exchange.gate.opening(
        kind,
        exchange.caller,
        &exchange.correlation_text(),
        objects(received),
    );
    let correlation = exchange.correlation;
    let stored = app
        .store
        .register(&wanted, now, |facts| {
            let changes = decide(received, &wanted, facts, &context, &Encoder)?;
            let mark = mark(
                correlation,
                &opening,
                permitted(correlation, &changes, &requests),
                now,
            )?;
            Ok((changes, Some(mark)))
        })
        .await?;
    Ok(stored.map(|changes| Registered {
        closing: permitted(correlation, &changes, &requests),
        warnings: changes.warnings,
    }))
}

/// The event that is owed from the commit on, in the form in which recovery writes it.
fn mark(
    correlation: Uuid,
    opening: &Opening,
    closing: Closing,
    at: OffsetDateTime,
) -> Result<AuditMark, Refusal> {
    let event = Event {
        opening: opening.clone(),
        closing,
    };
    match serde_json::to_vec(&event) {
        Ok(event) => Ok(AuditMark {
            correlation,
            at,
            event,
        }),
        Err(_) => {
            let fault = Fault::new(RuleId::RegistryInternal, "", "");
            Err(Refusal {
                faults: vec![fault],
                denials: Vec::new(),
            })
        }
    }
}

fn objects(received: &ReceivedSubmission) -> Objects {
    let set = received.sets.first();
    Objects {
        patients: set
            .and_then(|set| set.patient_id.as_ref())
            .map(ToString::to_string)
            .into_iter()
            .collect(),
        submission_set: set.map(|set| set.unique_id.to_string()),
        ..Objects::default()
    }
}

fn permitted(correlation: Uuid, changes: &Changes, requests: &[Request]) -> Closing {
    let entered = changes.entered.references().map(|reference| Decision {
        id: correlation.to_string(),
        basis: ACKNOWLEDGED.to_owned(),
        instrument: Some(Instrument {
            id: reference.id.to_string(),
            version: u64::from(reference.version),
            sha256: reference.hash.to_string(),
        }),
        documents: Vec::new(),
    });
    Closing {
        decisions: audited(&changes.decisions).into_iter().chain(entered).collect(),
        asked: asked(requests, &changes.decisions),
        ..Closing::success()
    }
}

/// What stands in the place of a basis where the submission entered a version of a consent or refusal.
const ACKNOWLEDGED: &str = "ACKNOWLEDGED";

fn refused(refusal: &Refusal) -> Closing {
    let codes = refusal.faults.iter().map(|fault| fault.code().as_str());
    let withheld = refusal
        .denials
        .iter()
        .map(|denial| Withheld {
            object: String::new(),
            reason: denial.code.code().to_owned(),
        })
        .collect();
    Closing {
        withheld,
        ..Closing::failure(Outcome::SeriousFailure, codes)
    }
}
