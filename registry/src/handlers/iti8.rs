//! ITI-8, Patient Identity Feed by HL7 v2 (ITI TF-2 3.8).

use registry_core::patient::{Demographics, FedIdentifier, Feed, FeedEvent, FeedRefusal, feed};
use xds_audit::{Action, AuditError, Closing, EventKind, Hl7Parties, Objects, Outcome};
use xds_hl7::ack::{self, Answer};
use xds_hl7::{
    AdtMessage, Authority, Condition, FeedSettings, Header, Place, Received, Refusal, Representation,
    Trigger, receive,
};
use xds_model::Transaction;
use xds_server::authenticate::Caller;
use xds_server::gate::Gate;
use xds_server::metrics::RequestOutcome;

use crate::app::App;

/// What is answered to one message.
pub(crate) enum Reply {
    /// An acknowledgment.
    Acknowledge(Vec<u8>),
    /// Nobody to answer, or no audit event: the connection is closed.
    Close,
}

/// Takes one message of the feed.
pub(crate) async fn patient_identity_feed(
    gate: &Gate,
    app: &App,
    caller: &Caller,
    settings: &FeedSettings,
    frame: &[u8],
) -> Reply {
    let Received { header, message } = receive(frame, settings);
    let Some(header) = header else { return Reply::Close };
    match answer(
        gate,
        app,
        caller,
        &header,
        message.map_err(|error| error.refusal()),
    )
    .await
    {
        Ok(answer) => {
            let control_id = app.ids.random().simple().to_string();
            let control_id = control_id.get(..20).unwrap_or(&control_id);
            Reply::Acknowledge(ack::build(&header, &answer, app.clock.now(), control_id))
        }
        Err(error) => {
            tracing::error!(%error, "alarm: a message of the feed was refused because its audit event cannot be written");
            Reply::Close
        }
    }
}

async fn answer(
    gate: &Gate,
    app: &App,
    caller: &Caller,
    header: &Header,
    message: Result<AdtMessage, Refusal>,
) -> Result<Answer, AuditError> {
    let correlation = app.ids.random().to_string();
    let mut opening = gate.opening(
        kind(header),
        caller,
        &correlation,
        objects(header, message.as_ref().ok()),
    );
    opening.caller.hl7 = Some(parties(header));
    let record = gate.open(opening).await?;
    let outcome = match message {
        Err(refusal) => Err((Outcome::SeriousFailure, refusal)),
        Ok(_) if !caller.principal.may_send(Transaction::Iti8) => {
            let refusal = Refusal::error(Condition::Internal, Place::field("MSH", 4));
            Err((Outcome::SeriousFailure, refusal))
        }
        Ok(message) => take(app, caller, message).await,
    };
    match outcome {
        Ok(patients) => {
            let objects = Objects {
                patients,
                ..Objects::default()
            };
            record
                .close(Closing {
                    objects,
                    ..Closing::success()
                })
                .await?;
            tracing::info!(%correlation, node = %caller.principal.node().name, "message of the feed accepted");
            Ok(Answer::Accept)
        }
        Err((outcome, refusal)) => {
            let code = refusal.condition.code_and_text().0;
            record
                .close(Closing::failure(outcome, [format!("HL7 {code}")]))
                .await?;
            tracing::info!(%correlation, code, node = %caller.principal.node().name, "message of the feed refused");
            Ok(Answer::Refuse(refusal))
        }
    }
}

/// Keeps what the message says; the patients that it was about.
async fn take(app: &App, caller: &Caller, message: AdtMessage) -> Result<Vec<String>, (Outcome, Refusal)> {
    let event = match message.trigger {
        Trigger::A01 | Trigger::A04 | Trigger::A05 => FeedEvent::Add,
        Trigger::A08 => FeedEvent::Update,
        Trigger::A40 => return Err((Outcome::SeriousFailure, Refusal::unsupported_trigger())),
    };
    let domain = app.domain.current();
    let asked = Feed {
        event,
        identifiers: identifiers(&message),
        demographics: demographics(&message),
    };
    let changes = feed(asked, &caller.principal, &domain.affinity)
        .map_err(|refusal| (Outcome::SeriousFailure, refusal_of(refusal)))?;
    if let Err(error) = app
        .store
        .feed(&changes, app.ids.as_ref(), app.clock.now(), None)
        .await
    {
        tracing::error!(%error, "a message of the feed failed in the database");
        let refusal = if error.is_busy() {
            Refusal::unavailable()
        } else {
            Refusal::error(Condition::Internal, Place::field("PID", 3))
        };
        return Err((Outcome::MajorFailure, refusal));
    }
    Ok(changes.patients().iter().map(ToString::to_string).collect())
}

fn refusal_of(refusal: FeedRefusal) -> Refusal {
    match refusal {
        FeedRefusal::NoIdentifier => Refusal::error(Condition::UnknownKey, Place::field("PID", 3)),
        FeedRefusal::NotAuthorised => Refusal::error(Condition::Internal, Place::field("MSH", 4)),
        FeedRefusal::Identifier(_) => Refusal::error(Condition::DataType, Place::field("PID", 3)),
    }
}

fn identifiers(message: &AdtMessage) -> Vec<FedIdentifier> {
    message
        .identifiers
        .iter()
        .filter_map(|cx| match &cx.authority {
            Authority::Oid(oid) => Some(FedIdentifier {
                id: cx.id.clone(),
                namespace: None,
                oid: Some(oid.clone()),
            }),
            Authority::Foreign | Authority::Absent => None,
        })
        .collect()
}

fn demographics(message: &AdtMessage) -> Demographics {
    let name = |form: Option<Representation>| {
        let name = message.names.iter().find(|name| name.representation == form)?;
        let parts = [name.family.as_str(), name.given.as_str(), name.middle.as_str()];
        let text = parts
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(" ");
        (!text.is_empty()).then_some(text)
    };
    Demographics {
        ideographic: name(Some(Representation::Ideographic)),
        phonetic: name(Some(Representation::Phonetic)),
        alphabetic: name(Some(Representation::Alphabetic)),
        plain: name(None),
        birth_date: message
            .birth_date
            .as_ref()
            .map(ToString::to_string)
            .filter(|date| date.len() == 8),
        sex: message.sex.map(|sex| sex.code().to_owned()),
    }
}

/// C for A01, A04 and A05, U for A08 (ITI TF-2 3.8.5.1).
fn kind(header: &Header) -> EventKind {
    let action = if header.trigger == Trigger::A08.code() {
        Action::Update
    } else {
        Action::Create
    };
    EventKind::Received {
        transaction: Transaction::Iti8,
        action: Some(action),
    }
}

/// Who speaks to whom (ITI TF-2 3.8.5.1).
fn parties(header: &Header) -> Hl7Parties {
    Hl7Parties {
        sender: format!("{}|{}", header.sending_facility, header.sending_application),
        receiver: format!("{}|{}", header.receiving_facility, header.receiving_application),
    }
}

fn objects(header: &Header, message: Option<&AdtMessage>) -> Objects {
    let patients = message
        .map(identifiers)
        .unwrap_or_default()
        .into_iter()
        .filter_map(|identifier| Some(format!("{}^^^&{}&ISO", identifier.id, identifier.oid?)));
    Objects {
        patients: patients.collect(),
        message_control_id: Some(header.control_id.clone()).filter(|id| !id.is_empty()),
        ..Objects::default()
    }
}

/// What metrics count for a reply.
pub(crate) fn outcome(reply: &Reply) -> RequestOutcome {
    match reply {
        Reply::Acknowledge(ack) if is_accept(ack) => RequestOutcome::Success,
        Reply::Acknowledge(_) => RequestOutcome::Failure,
        Reply::Close => RequestOutcome::Refused,
    }
}

fn is_accept(ack: &[u8]) -> bool {
    ack.windows(7).any(|window| window == b"MSA|AA|")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_parties_are_named_by_facility_and_application() {
        let frame = b"MSH|^~\\&|SRC|HOSPITAL|REG|REGION|20260101||ADT^A01^ADT_A01|1|P|2.3.1\rEVN||20260101\rPID|||1\r";
        let header = receive(frame, &FeedSettings::default()).header.unwrap();
        let parties = parties(&header);
        assert_eq!(
            (parties.sender.as_str(), parties.receiver.as_str()),
            ("HOSPITAL|SRC", "REGION|REG")
        );
    }
}
