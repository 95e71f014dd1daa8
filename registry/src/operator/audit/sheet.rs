//! A sheet as an answer.

use registry_trail::report::Sheet;
use serde::Serialize;
use xds_audit::Closing;
use xds_server::http::{Refusal, Reply};

use super::parameters::Format;
use crate::operator::refusal::{JSON, of_json};

/// A report in the form that was asked for. `name` is that of a file to keep it in; no patient stands in it.
pub(super) fn reply(
    format: Format,
    report: &impl Serialize,
    sheet: impl FnOnce() -> Sheet,
    name: &str,
    closing: Closing,
) -> Result<Reply, Refusal> {
    Ok(match format {
        Format::Json => {
            let body = serde_json::to_string(report).map_err(|error| of_json(&error))?;
            Reply::ok(JSON, body, closing)
        }
        Format::Html => Reply::ok("text/html; charset=utf-8", sheet().html(), closing),
        Format::Csv => Reply::ok("text/csv; charset=utf-8", sheet().csv(), closing).with(
            "content-disposition",
            format!("attachment; filename=\"{name}.csv\""),
        ),
    })
}
