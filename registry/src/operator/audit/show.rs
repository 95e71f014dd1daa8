//! `GET /v1/audit/events/{journal}/{sequence}`

use registry_trail::{Found, FoundValue};
use serde_json::json;
use uuid::Uuid;
use xds_audit::{Closing, EventId, EventKind, Objects};
use xds_server::http::{Call, Refusal, Reply};

use super::parameters::no_query;
use super::patients::patients;
use crate::operator::Desk;
use crate::operator::refusal::{JSON, bad, not_found, of_trail};

/// All that is kept of one event, also what was withheld in it.
pub(in crate::operator) async fn event(call: Call<'_>, desk: &Desk) -> Result<Reply, Refusal> {
    no_query(call.query)?;
    let id = id(call.segment("journal"), call.segment("sequence"))?;
    let uri = format!("/v1/audit/events/{id}");
    call.open(EventKind::AuditLogRead { uri }, Objects::default())
        .await?;
    let failed = |error| of_trail(&error);
    let found = desk.operator.show(id).await.map_err(failed)?;
    if found.is_empty() {
        return Err(not_found(
            "there is no such event in the index; a new one comes into it within seconds",
        ));
    }
    let withheld = desk.operator.withheld(id).await.map_err(failed)?;
    let withheld: Vec<_> = withheld
        .iter()
        .map(|withheld| json!({ "object": withheld.object, "reason": withheld.reason }))
        .collect();
    let messages: Vec<FoundValue<'_>> = found.iter().map(Found::value).collect();
    let body = json!({ "messages": messages, "withheld": withheld });
    // Whom the event concerns: it is a look at what is kept of them.
    let mut concerned = patients(&found);
    concerned.dedup();
    let closing = Closing {
        objects: Objects {
            patients: concerned,
            ..Objects::default()
        },
        results: u64::try_from(found.len()).ok(),
        ..Closing::success()
    };
    Ok(Reply::ok(JSON, body.to_string(), closing))
}

/// One text for each name: no braces, no `+1`.
fn id(journal: &str, sequence: &str) -> Result<EventId, Refusal> {
    let read = || {
        let id = EventId {
            journal: Uuid::try_parse(journal).ok()?,
            sequence: sequence.parse().ok()?,
        };
        (id.to_string() == format!("{journal}/{sequence}")).then_some(id)
    };
    read().ok_or_else(|| {
        let message = "an event is named JOURNAL/SEQUENCE, as id in an answer has it";
        bad("value", message, "operator-api.openapi.json")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_named_in_one_way() {
        let journal = "0192f7a0-0000-7000-8000-000000000000";
        assert_eq!(id(journal, "42").unwrap().to_string(), format!("{journal}/42"));
        let upper = journal.to_uppercase();
        for (journal, sequence) in [
            (upper.as_str(), "42"),
            (journal, "+42"),
            (journal, "042"),
            (journal, ""),
            (journal, "99999999999999999999"),
            ("", "42"),
            ("{0192f7a0-0000-7000-8000-000000000000}", "42"),
        ] {
            assert_eq!(
                id(journal, sequence).unwrap_err().status,
                400,
                "{journal} {sequence}"
            );
        }
    }
}
