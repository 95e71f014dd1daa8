//! ITI-18, Registry Stored Query (ITI TF-2 3.18).

use std::collections::HashMap;

use actix_web::web::Data;
use registry_core::answer::{Answer as QueryAnswer, LeftOut, answer};
use registry_core::decisions::Decisions;
use registry_core::plan::plan;
use registry_core::records;
use registry_core::view::Viewer;
use registry_store::{RecordsError, StoreError};
use uuid::Uuid;
use xds_audit::{Closing, Objects, Outcome, QueryText, Withheld};
use xds_ebxml::query::{raw_query, read_query, write_response_without_objects};
use xds_ebxml::{ns, stored::BodyError};
use xds_model::query::StoredQueryRequest;
use xds_model::{Fault, IdSource, RuleId};
use xds_policy::request::Request;
use xds_server::http::{Answer, Exchange, Refused};
use xds_server::metrics::RequestOutcome;
use xds_xml::Element;

use super::law::{asked, audited};
use crate::app::App;
use crate::disclosure::{open_declared, outgoing};
use crate::encoder::write_answer;

/// Answers a stored query.
pub(crate) async fn stored_query(exchange: Exchange<'_>, app: Data<App>) -> Result<Answer, Refused> {
    let request = read_query(exchange.body, app.queries);
    let record = exchange
        .open(objects(exchange.body, request.as_ref().ok()))
        .await?;
    let answered = match request {
        Ok(request) => answered(&exchange, &app, request).await,
        Err(faults) => Err(Failure::Faults(faults)),
    };
    match answered {
        Ok((closing, body)) => Ok(Answer::whole(record, closing, RequestOutcome::Success, body).await?),
        Err(failure) => {
            let (outcome, faults) = failure.faults();
            let codes = faults.iter().map(|fault| fault.code().as_str());
            let closing = Closing::failure(outcome, codes);
            let mut body = String::with_capacity(512);
            write_response_without_objects(&faults, &mut body);
            Ok(Answer::whole(record, closing, RequestOutcome::Failure, body).await?)
        }
    }
}

/// Why there is no answer.
enum Failure {
    /// The query's own.
    Faults(Vec<Fault>),
    /// The database's.
    Store(StoreError),
    /// A stored object that cannot be read.
    Body(BodyError),
    /// Records of provision that could not be kept.
    Records(RecordsError),
}

impl Failure {
    fn faults(self) -> (Outcome, Vec<Fault>) {
        match self {
            Self::Faults(faults) => (Outcome::SeriousFailure, faults),
            Self::Store(error) => {
                tracing::error!(%error, "a query failed in the database");
                (Outcome::MajorFailure, vec![Fault::new(error.rule(), "", "")])
            }
            Self::Records(error) => {
                tracing::error!(%error, "alarm: records of provision were not kept; nothing is answered");
                (Outcome::MajorFailure, vec![Fault::new(error.rule(), "", "")])
            }
            Self::Body(error) => {
                tracing::error!(%error, "alarm: a stored object is damaged");
                (
                    Outcome::MajorFailure,
                    vec![Fault::new(RuleId::RegistryInternal, "", "")],
                )
            }
        }
    }
}

/// The answer, once what it provides is on record.
async fn answered(
    exchange: &Exchange<'_>,
    app: &App,
    request: StoredQueryRequest,
) -> Result<(Closing, String), Failure> {
    let domain = app.domain.current();
    let viewer = Viewer::new(&exchange.caller.principal, &domain.ledger, app.clock.now());
    let keeper = app.keeper(&domain.ledger);
    if let Some(patient) = request.query.patient() {
        open_declared(keeper, viewer.requests(), patient).await;
    }
    let plan = plan(request, app.results);
    let candidates = app.store.find(&plan, &viewer).await.map_err(Failure::Store)?;
    let found = answer(&plan, candidates, &viewer).map_err(|fault| Failure::Faults(vec![fault]))?;
    let (decisions, provided) = decided(&found, app.ids.as_ref()).map_err(Failure::Body)?;
    let answer = written(&found, &decisions, viewer.requests())?;
    if let Some(request) = viewer.requests().first() {
        keeper.keep(request, provided).await.map_err(Failure::Records)?;
    }
    Ok(answer)
}

/// The decisions of an answer, and what records of provision tell of it.
fn decided(
    found: &QueryAnswer,
    ids: &dyn IdSource,
) -> Result<(Decisions, Vec<records::Released>), BodyError> {
    let bodies: HashMap<Uuid, &[u8]> = (found.objects.iter())
        .map(|object| (object.id, object.body.as_slice()))
        .collect();
    let mut decisions = Decisions::default();
    let mut provided = Vec::new();
    for (entry, released) in &found.released {
        let decision = decisions.on(*entry, released, ids);
        let body = bodies.get(entry).copied().unwrap_or_default();
        provided.extend(outgoing(*entry, released, decision, body)?);
    }
    Ok((decisions, provided))
}

fn written(
    found: &QueryAnswer,
    decisions: &Decisions,
    requests: &[Request],
) -> Result<(Closing, String), Failure> {
    let stored: usize = found.objects.iter().map(|object| object.body.len()).sum();
    // Templates and escapes make an answer about six times its bodies.
    let mut body = String::with_capacity(1024 + stored * 6 + found.objects.len() * 128);
    write_answer(found, &mut body).map_err(Failure::Body)?;
    let closing = Closing {
        results: u64::try_from(found.objects.len()).ok(),
        decisions: audited(decisions),
        asked: asked(requests, decisions),
        withheld: withheld(&found.withheld),
        ..Closing::success()
    };
    Ok((closing, body))
}

/// What was left out and why, for the operator and the author's organisation: each by its entryUUID, as far as they are
/// named, then the number of the others.
fn withheld(left_out: &LeftOut) -> Vec<Withheld> {
    let named = left_out.named().iter().map(|(id, reason)| Withheld {
        object: format!("urn:uuid:{id}"),
        reason: (*reason).to_owned(),
    });
    let rest = (left_out.rest() > 0).then(|| Withheld {
        object: format!("{} more objects", left_out.rest()),
        reason: "policy".to_owned(),
    });
    named.chain(rest).collect()
}

/// What the audit says of the query: its id and its text, whatever is wrong with it.
fn objects(body: Element<'_>, request: Option<&StoredQueryRequest>) -> Objects {
    let adhoc = body.child(ns::RIM, "AdhocQuery");
    let attribute = |name: &str| adhoc.and_then(|adhoc| adhoc.attribute(name)).map(str::to_owned);
    let query = QueryText {
        id: attribute("id").unwrap_or_default(),
        text: raw_query(body),
        home: attribute("home"),
    };
    let patient = request
        .and_then(|request| request.query.patient())
        .map(ToString::to_string);
    Objects {
        query: Some(query),
        ..Objects::of_patient(patient)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_is_named_up_to_the_bound_and_the_rest_counted() {
        let left_out = |count: usize| {
            let mut left_out = LeftOut::default();
            (0..count).for_each(|number| left_out.add(uuid::Uuid::from_u128(number as u128), "scope"));
            withheld(&left_out)
        };
        assert!(left_out(0).is_empty());
        let at = left_out(LeftOut::NAMED_MAX);
        assert_eq!(at.len(), LeftOut::NAMED_MAX);
        assert_eq!(at[1].object, "urn:uuid:00000000-0000-0000-0000-000000000001");
        assert_eq!(at[1].reason, "scope");
        let past = left_out(LeftOut::NAMED_MAX + 7);
        assert_eq!(past.len(), LeftOut::NAMED_MAX + 1);
        assert_eq!(past.last().unwrap().object, "7 more objects");
    }
}
