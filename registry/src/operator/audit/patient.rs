//! `POST /v1/audit/reports/patient`: who saw this patient's records.

use registry_trail::report::{AccessRequest, access_report};
use registry_trail::{Found, Page, Question};
use time::Duration;
use xds_audit::{Closing, Told};
use xds_server::http::{Call, Refusal, Reply};

use super::asked::{look, objects};
use super::parameters::{PatientReport, json, no_query};
use super::sheet;
use crate::operator::Desk;
use crate::operator::refusal::{bad, of_trail};
use crate::operator::routes::PATIENT_REPORT;

/// Events of a sheet at most.
const EVENTS_MAX: usize = 10_000;

/// The sheet. The patient stands in the body, in no URL.
pub(in crate::operator) async fn patient_report(call: Call<'_>, desk: &Desk) -> Result<Reply, Refusal> {
    no_query(call.query)?;
    let asked: PatientReport = json(&call.body)?;
    let now = desk.clock.now();
    let until = asked.until.unwrap_or(now);
    let from = asked.from.or_else(|| until.checked_sub(Duration::days(365)));
    let question = Question {
        patient: Some(asked.patient()?),
        organisation: asked.organisation()?,
        from,
        until: Some(until),
        ..Question::default()
    };
    question
        .check()
        .map_err(|error| bad("value", error.to_string(), "operator-api.openapi.json"))?;
    call.open(look(PATIENT_REPORT.path, &question), objects(&question))
        .await?;
    let (events, is_cut) = all(desk, &question).await?;
    let directory = desk.directory().await?;
    let organisation = call.caller.principal.organisation();
    let request = AccessRequest {
        audience: asked.audience.audience(),
        patient: question.patient.unwrap_or_default(),
        from: from.unwrap_or(until),
        until,
        made_at: now,
        made_by: directory
            .organisations
            .get(&organisation.0)
            .unwrap_or(&organisation.0)
            .clone(),
        is_cut,
    };
    let report = access_report(&request, &events, &directory);
    let closing = Closing {
        results: u64::try_from(report.lines.len()).ok(),
        ..Closing::success()
    };
    let language = asked.language.language();
    let sheet = || report.sheet(language);
    sheet::reply(asked.format, &report, sheet, "who-saw-the-records", closing)
}

/// Page after page, and whether there is more than a sheet holds.
async fn all(desk: &Desk, question: &Question) -> Result<(Vec<Told>, bool), Refusal> {
    let mut events: Vec<Told> = Vec::new();
    let mut page = Page::first(Page::ROWS_MAX);
    loop {
        let found: Vec<Found> = desk
            .reader
            .search(question, page)
            .await
            .map_err(|error| of_trail(&error))?;
        let is_last = found.len() < Page::ROWS_MAX;
        page.after = found.last().map(|last| last.position);
        events.extend(found.into_iter().map(|found| found.told));
        if is_last || events.len() > EVENTS_MAX {
            let is_cut = events.len() > EVENTS_MAX;
            events.truncate(EVENTS_MAX);
            return Ok((events, is_cut));
        }
    }
}
