//! `/v1/audit/reports/month/{month}`: the review of a month, and signatures under it.

use aws_lc_rs::digest::{SHA256, digest};
use registry_trail::SignOff;
use registry_trail::report::{MonthRange, ReviewReport, Signature, anomalies, review_report};
use serde_json::{Value, json};
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
    let uri = format!("/v1/audit/reports/month/{}", name(month));
    call.open(EventKind::AuditLogRead { uri }, Objects::default())
        .await?;
    let directory = desk.directory().await?;
    let report = made(&call, desk, month).await?;
    let sheet = || report.sheet(shape.language.language(), &directory);
    let file = format!("log-review-{}", name(month));
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
        let message = format!("the month {} is not over in Japan", name(month));
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
    let sign_off = SignOff {
        month: month.first,
        report: serde_json::to_vec(&report).map_err(|error| of_json(&error))?,
        reviewer: body.reviewer,
        remark: body.remark,
        signed_at,
    };
    let signed = signed(&sign_off, &report);
    // Told before it is stored: no signature is in the database that the journal does not know.
    let kind = EventKind::ConfigurationChanged {
        verb: "audit report sign".to_owned(),
        object: name(month),
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

/// What the journal and the reviewer are told: with the hash nobody can later change what was signed.
fn signed(sign_off: &SignOff, report: &ReviewReport) -> Value {
    let hash = digest(&SHA256, &sign_off.report);
    let hash: String = hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    json!({
        "reviewer": sign_off.reviewer,
        "remark": sign_off.remark,
        "report_sha256": hash,
        "events": report.events,
        "failures": report.failures,
        "anomalies": report.anomalies.len(),
    })
}

async fn made(call: &Call<'_>, desk: &Desk, month: MonthRange) -> Result<ReviewReport, Refusal> {
    let failed = |error| of_trail(&error);
    let (trail, thresholds) = (&desk.operator, &desk.thresholds);
    let counts = trail.counts(month.from, month.until).await.map_err(failed)?;
    let hours = trail
        .hours(
            thresholds.history_from(month),
            month.until,
            &thresholds.emergency_bases,
            &thresholds.retry_errors,
        )
        .await
        .map_err(failed)?;
    let signatures = trail.sign_offs(month.first).await.map_err(failed)?;
    let found = anomalies(&hours, month, thresholds);
    let node = call.caller.principal.node();
    let report = review_report(month, counts, found, desk.clock.now(), &node.name.0);
    Ok(ReviewReport {
        signatures: signatures.into_iter().map(signature).collect(),
        ..report
    })
}

fn signature(sign_off: SignOff) -> Signature {
    Signature {
        reviewer: sign_off.reviewer,
        remark: sign_off.remark,
        signed_at: sign_off.signed_at,
    }
}

fn name(month: MonthRange) -> String {
    format!("{:04}-{:02}", month.first.year(), u8::from(month.first.month()))
}
