//! `/v1/audit/reports/month/{month}`: the review of a month, and signatures under it.

use registry_trail::SignOff;
use registry_trail::report::{MonthRange, ReviewReport};
use serde_json::json;
use xds_audit::{Closing, EventKind, Objects};
use xds_server::http::{Call, Refusal, Reply};

use super::complete::reaches;
use super::parameters::{Shape, SignOffBody, json, month, no_query};
use super::sheet;
use crate::operator::Desk;
use crate::operator::refusal::{JSON, conflict, of_json, of_trail};

/// What happened in a month, what stands out, and who signed it.
pub(in crate::operator) async fn review(call: Call<'_>, desk: &Desk) -> Result<Reply, Refusal> {
    let month = month(call.segment("month"))?;
    let shape = Shape::from_query(call.query)?;
    let uri = format!("/v1/audit/reports/month/{month}");
    call.open(EventKind::AuditLogRead { uri }, Objects::default())
        .await?;
    let directory = desk.directory().await?;
    let report = made(&call, desk, month).await?;
    let sheet = || report.sheet(shape.language.language(), &directory);
    let file = format!("log-review-{month}");
    sheet::reply(shape.format, &report, sheet, &file, Closing::success())
}

/// Signs the review of a month that is over. What is signed is the review as it is now, and that must be the one that
/// the reviewer saw.
pub(in crate::operator) async fn sign_off(call: Call<'_>, desk: &Desk) -> Result<Reply, Refusal> {
    let month = month(call.segment("month"))?;
    no_query(call.query)?;
    let body = json::<SignOffBody>(&call.body)?.checked()?;
    let signed_at = desk.clock.now();
    if signed_at < month.until {
        let message = format!("the month {month} is not over in Japan");
        return Err(conflict(
            "month-not-over",
            message,
            "a review is of a whole month",
        ));
    }
    if !reaches(desk, month.until).await? {
        let message = "the index does not hold all of the registry's journal yet: sign later";
        return Err(conflict(
            "index-behind",
            message.to_owned(),
            "a review is of a whole month",
        ));
    }
    let report = made(&call, desk, month).await?;
    if report.events != body.events {
        let message = format!(
            "the review counts {} events now, not {}: look at it again",
            report.events, body.events
        );
        return Err(conflict("review-changed", message, "sign what was seen"));
    }
    let sign_off = SignOff::of(month, &report, body.reviewer, body.remark, signed_at)
        .map_err(|error| of_json(&error))?;
    let signed = sign_off.told(&report);
    // Told before it is stored: no signature is in the database that the journal does not know.
    let kind = EventKind::ConfigurationChanged {
        verb: "audit report sign".to_owned(),
        object: month.to_string(),
        before: None,
        after: Some(signed.clone()),
    };
    call.open(kind, Objects::default()).await?;
    desk.operator
        .sign(&sign_off)
        .await
        .map_err(|error| of_trail(&error))?;
    let body = json!({ "signed": signed, "report": report });
    Ok(Reply::ok(JSON, body.to_string(), Closing::success()))
}

async fn made(call: &Call<'_>, desk: &Desk, month: MonthRange) -> Result<ReviewReport, Refusal> {
    let node = call.caller.principal.node();
    desk.operator
        .review(month, &desk.thresholds, desk.clock.now(), &node.name.0)
        .await
        .map_err(|error| of_trail(&error))
}
