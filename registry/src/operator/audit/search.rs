//! `GET /v1/audit/events` and `POST /v1/audit/events/search`

use registry_trail::{Found, FoundValue, Page, Question};
use serde_json::json;
use xds_audit::Closing;
use xds_server::http::{Call, Refusal, Reply};

use super::asked::{look, objects};
use super::parameters::{Search, json, no_query};
use crate::operator::Desk;
use crate::operator::refusal::{JSON, of_trail};
use crate::operator::routes::{EVENTS, SEARCH};

/// By a query string, in which no patient may stand.
pub(in crate::operator) async fn events(call: Call<'_>, desk: &Desk) -> Result<Reply, Refusal> {
    let (question, page) = Search::from_query(call.query)?.checked()?;
    answer(&call, desk, EVENTS.path, question, page).await
}

/// By a body.
pub(in crate::operator) async fn search(call: Call<'_>, desk: &Desk) -> Result<Reply, Refusal> {
    no_query(call.query)?;
    let (question, page) = json::<Search>(&call.body)?.checked()?;
    answer(&call, desk, SEARCH.path, question, page).await
}

async fn answer(
    call: &Call<'_>,
    desk: &Desk,
    path: &str,
    question: Question,
    page: Page,
) -> Result<Reply, Refusal> {
    call.open(look(path, &question), objects(&question)).await?;
    let found = desk
        .reader
        .search(&question, page)
        .await
        .map_err(|error| of_trail(&error))?;
    let closing = Closing {
        results: u64::try_from(found.len()).ok(),
        ..Closing::success()
    };
    Ok(Reply::ok(JSON, body(&found, page), closing))
}

fn body(found: &[Found], page: Page) -> String {
    let events: Vec<FoundValue<'_>> = found.iter().map(Found::value).collect();
    let next = (found.len() >= page.rows)
        .then(|| found.last().map(|last| last.position.to_string()))
        .flatten();
    json!({ "events": events, "next": next }).to_string()
}
