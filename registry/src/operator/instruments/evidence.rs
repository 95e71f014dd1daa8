//! `/v1/evidence/{sha256}`: files that prove versions, named by their hash.

use std::sync::Arc;

use actix_web::http::StatusCode;
use serde_json::json;
use xds_audit::{Closing, EventKind, Objects};
use xds_policy::hash::ContentHash;
use xds_server::http::{Call, Refusal, Reply};

use super::error::{damaged, hash_differs, of_refused};
use super::names::sha256;
use super::told::look;
use crate::operator::Desk;
use crate::operator::audit::no_query;
use crate::operator::refusal::{JSON, not_found};

/// The media type of evidence: a browser shows none of it.
pub(in crate::operator) const BYTES: &str = "application/octet-stream";

/// Keeps a file: what came must be what the address says.
pub(in crate::operator) async fn upload(call: Call<'_>, desk: &Desk) -> Result<Reply, Refusal> {
    no_query(call.query)?;
    let wanted = sha256(&call)?;
    let bytes = call.body.clone();
    let hashed = desk.apart(move || ContentHash::of_bytes(&bytes)).await?;
    if hashed != wanted {
        return Err(hash_differs(&hashed));
    }
    let told = EventKind::ConfigurationChanged {
        verb: "evidence add".to_owned(),
        object: wanted.to_string(),
        before: None,
        after: Some(json!({ "bytes": call.body.len() })),
    };
    call.open(told, Objects::default()).await?;
    let (folder, ids, bytes) = (desk.evidence.clone(), Arc::clone(&desk.ids), call.body.clone());
    desk.apart(move || folder.keep_bytes(&bytes, ids.as_ref()))
        .await?
        .map_err(|error| of_refused(error.into()))?;
    let body = json!({ "sha256": wanted, "bytes": call.body.len() });
    let mut reply = Reply::ok(JSON, body.to_string(), Closing::success());
    reply.status = StatusCode::CREATED;
    Ok(reply)
}

/// A file, to be saved and not shown.
pub(in crate::operator) async fn download(call: Call<'_>, desk: &Desk) -> Result<Reply, Refusal> {
    no_query(call.query)?;
    let wanted = sha256(&call)?;
    call.open(look("evidence show", &wanted.to_string()), Objects::default())
        .await?;
    let folder = desk.evidence.clone();
    let read = desk.apart(move || folder.read(&wanted)).await?;
    let bytes = read
        .map_err(|error| of_refused(error.into()))?
        .ok_or_else(|| not_found("no file of this hash is kept"))?;
    if ContentHash::of_bytes(&bytes) != wanted {
        tracing::error!(sha256 = %wanted, "alarm: an evidence file is not what its hash says");
        return Err(damaged());
    }
    Ok(Reply::ok(BYTES, bytes, Closing::success()).with(
        "content-disposition",
        format!("attachment; filename=\"{wanted}\""),
    ))
}
