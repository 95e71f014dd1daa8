//! `audit report patient`: who saw a patient's records.

use registry_trail::report::{AccessRequest, access_report};
use registry_trail::{Page, Question, Trail, TrailError};
use time::Duration;
use xds_audit::Told;
use xds_model::Clock;
use xds_model::time::System;

use super::arguments::{PatientReportArguments, QuestionArguments};
use super::names::directory;
use super::question::{asked, question};
use super::session::{tell, with_trail};
use super::text::{deliver, language};
use crate::commands::Done;
use crate::commands::arguments::By;
use crate::commands::output::Output;
use crate::commands::session::change;
use crate::config::Config;
use crate::trail::TrailRole;

/// Events of one sheet at most; the sheet says so if there are more.
const EVENTS_MAX: usize = 10 * Page::ROWS_MAX;
/// How far back a sheet goes unless it is said.
const USUALLY: Duration = Duration::days(365);

pub(super) async fn run(config: &Config, arguments: PatientReportArguments, by: &By, output: Output) -> Done {
    let now = System.now();
    let until = arguments.to.unwrap_or(now);
    let from = arguments.from.unwrap_or(until - USUALLY);
    let wanted = QuestionArguments {
        patient: Some(arguments.patient),
        organisation: arguments.organisation,
        from: Some(from),
        to: Some(until),
        ..QuestionArguments::default()
    };
    let question = question(config, wanted)?;
    question.check()?;
    let patient = question.patient.clone().unwrap_or_default();
    let audience = arguments.audience.audience();
    let sheet = &arguments.sheet;
    with_trail(config, TrailRole::Reader, async |store, trail| {
        let subject = asked(&question)
            .with("for", Some(format!("{audience:?}").to_lowercase()))
            .with("output", sheet.output.as_ref().map(|path| path.display()));
        let concerned = vec![patient.clone()];
        tell(&store, by, "audit report patient", &subject.0, concerned).await?;
        let (events, is_cut) = collect(&trail, &question).await?;
        let request = AccessRequest {
            audience,
            patient: patient.clone(),
            from,
            until,
            made_at: now,
            made_by: change(by).who,
            is_cut,
        };
        let report = access_report(&request, &events, &directory(&store).await?);
        deliver(&report.sheet(language(sheet, output)), &report, sheet, output)
    })
    .await
}

/// All events, page by page, and whether there are more than a sheet holds.
async fn collect(trail: &Trail, question: &Question) -> Result<(Vec<Told>, bool), TrailError> {
    let mut page = Page::first(Page::ROWS_MAX);
    let mut events = Vec::new();
    loop {
        let found = trail.search(question, page).await?;
        let is_last = found.len() < Page::ROWS_MAX;
        page.after = found.last().map(|last| last.position).or(page.after);
        events.extend(found.into_iter().map(|found| found.told));
        if is_last {
            return Ok((events, false));
        }
        if events.len() >= EVENTS_MAX {
            let rest = Page { rows: 1, ..page };
            let is_cut = !trail.search(question, rest).await?.is_empty();
            return Ok((events, is_cut));
        }
    }
}
