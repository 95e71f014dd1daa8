//! ITI-82, Retrieve Syslog Event (Add RESTful ATNA, 3.82): the same events as the messages of syslog that carried them.

use registry_trail::iti81::{SyslogQuery, syslog_events};
use xds_audit::Closing;
use xds_server::http::{Call, Refusal, Reply};

use super::messages;
use crate::operator::Desk;
use crate::operator::audit::{look, objects};
use crate::operator::refusal::{JSON, of_iti81, of_trail};
use crate::operator::routes::SYSLOG;

/// `GET /syslogsearch?...`. The link to the next page is a header: the body is an array.
pub(in crate::operator) async fn syslog_search(call: Call<'_>, desk: &Desk) -> Result<Reply, Refusal> {
    let query = SyslogQuery::read(call.query).map_err(|error| of_iti81(&error))?;
    call.open(look(SYSLOG.path, &query.question), objects(&query.question))
        .await?;
    let found = desk
        .reader
        .search(&query.question, query.page)
        .await
        .map_err(|error| of_trail(&error))?;
    let messages: Vec<_> = found.iter().map(|found| messages::of(found, desk)).collect();
    let lines = messages
        .iter()
        .flat_map(|(messages, source)| messages.iter().map(move |message| (message, source)));
    let closing = Closing {
        results: u64::try_from(found.len()).ok(),
        ..Closing::success()
    };
    let reply = Reply::ok(JSON, syslog_events(&query, lines).to_string(), closing);
    let last = found.last().filter(|_| found.len() >= query.page.rows);
    Ok(match last {
        Some(last) => {
            let next = next(call.query, &last.position.to_string());
            reply.with(
                "link",
                format!("<{}/syslogsearch?{next}>; rel=\"next\"", desk.public_url),
            )
        }
        None => reply,
    })
}

/// The query string again, to go on after this place.
fn next(query: &str, after: &str) -> String {
    let kept = query
        .split('&')
        .filter(|pair| !pair.is_empty() && !pair.starts_with("_after="));
    let after = format!("_after={after}");
    let pairs: Vec<&str> = kept.chain([after.as_str()]).collect();
    pairs.join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_asks_the_same_and_goes_on() {
        let first = next("date=ge2026&date=le2026&msg=a%26b", "1.2.3.4");
        assert_eq!(first, "date=ge2026&date=le2026&msg=a%26b&_after=1.2.3.4");
        assert_eq!(
            next(&first, "5.6.7.8"),
            "date=ge2026&date=le2026&msg=a%26b&_after=5.6.7.8"
        );
    }
}
