//! `/v1/papers`: the notice of joint use, consent forms and the responsibility sheet, made from instruments.

use registry_papers::Paper;
use serde_json::json;
use xds_audit::{Closing, Objects};
use xds_policy::words::InstrumentId;
use xds_server::http::{Call, Refusal, Reply};

use super::Desk;
use super::instruments::{field, look_at, of_refused, parameters};
use super::refusal::JSON;
use crate::papers::{Wanted, model_called, paper};

/// Characters of a way to reach somebody at most.
const CONTACT_CHARS_MAX: usize = 500;

/// `GET /v1/papers/notice`
pub(super) async fn notice(call: Call<'_>, desk: &Desk) -> Result<Reply, Refusal> {
    let names = ["agreement", "version", "contact", "form"];
    let [agreement, version, contact, form] = parameters(call.query, names)?;
    let is_long = |text: &String| text.chars().count() > CONTACT_CHARS_MAX;
    if contact.as_ref().is_some_and(is_long) {
        return Err(field(
            "contact",
            &format!("{CONTACT_CHARS_MAX} characters at most"),
        ));
    }
    let wanted = Wanted::Notice {
        agreement: InstrumentId(agreement.ok_or_else(|| field("agreement", "the id of an agreement"))?),
        version: number(version)?,
        contact,
    };
    answer(&call, desk, &wanted, form.as_deref(), "joint-use-notice").await
}

/// `GET /v1/papers/consent-form`
pub(super) async fn consent_form(call: Call<'_>, desk: &Desk) -> Result<Reply, Refusal> {
    let [text, version, model, form] = parameters(call.query, ["text", "version", "model", "form"])?;
    let wanted = match (text, model) {
        (Some(text), None) => Wanted::ConsentText {
            text: InstrumentId(text),
            version: number(version)?,
        },
        (None, Some(model)) => Wanted::ConsentModel(
            model_called(&model).ok_or_else(|| field("model", "scoped, on-query or enrolment"))?,
        ),
        _ => {
            return Err(field(
                "text",
                "the id of a text that was entered; or give model instead",
            ));
        }
    };
    answer(&call, desk, &wanted, form.as_deref(), "consent-form").await
}

/// `GET /v1/papers/responsibility`
pub(super) async fn responsibility(call: Call<'_>, desk: &Desk) -> Result<Reply, Refusal> {
    let [form] = parameters(call.query, ["form"])?;
    answer(
        &call,
        desk,
        &Wanted::Responsibility,
        form.as_deref(),
        "responsibility-sheet",
    )
    .await
}

fn number(text: Option<String>) -> Result<Option<u32>, Refusal> {
    text.map(|text| text.parse().map_err(|_| field("version", "a number")))
        .transpose()
}

async fn answer(
    call: &Call<'_>,
    desk: &Desk,
    wanted: &Wanted,
    form: Option<&str>,
    name: &str,
) -> Result<Reply, Refusal> {
    let write: fn(&Paper) -> (&'static str, String) = match form {
        None | Some("json") => |paper| (JSON, value(paper)),
        Some("markdown") => |paper| ("text/markdown; charset=utf-8", paper.markdown()),
        Some("html") => |paper| ("text/html; charset=utf-8", paper.html()),
        Some(_) => return Err(field("form", "json, markdown or html")),
    };
    let _alone = desk.alone()?;
    call.open(look_at(wanted.verb(), &wanted.object()), Objects::default())
        .await?;
    let paper = paper(&desk.store, &desk.site, wanted, desk.clock.now(), call.lang)
        .await
        .map_err(of_refused)?;
    let (content_type, body) = write(&paper);
    let complete = if paper.is_complete() { "true" } else { "false" };
    let reply =
        Reply::ok(content_type, body, Closing::success()).with("renkei-complete", complete.to_owned());
    Ok(match form {
        Some("markdown") => reply.with(
            "content-disposition",
            format!("attachment; filename=\"{name}.md\""),
        ),
        _ => reply,
    })
}

fn value(paper: &Paper) -> String {
    json!({
        "title": paper.title,
        "complete": paper.is_complete(),
        "missing": paper.missing,
        "markdown": paper.markdown(),
        "html": paper.html(),
    })
    .to_string()
}
