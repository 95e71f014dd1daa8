//! Whether the index holds all that the registry's own journal tells of a time: events come into it some time later.

use time::OffsetDateTime;
use xds_audit::JournalError;
use xds_server::http::Refusal;

use crate::operator::Desk;
use crate::operator::refusal::of_trail;

/// Events behind the index that are looked at; where there are more, nothing is known.
const LOOKED_AT_MAX: usize = 10_000;

/// Whether nothing that began before this instant is missing. What is not known does not count.
pub(super) async fn reaches(desk: &Desk, until: OffsetDateTime) -> Result<bool, Refusal> {
    let journal = desk.journal.clone();
    let cursor = desk
        .operator
        .cursor(journal.id())
        .await
        .map_err(|error| of_trail(&error))?;
    let looking = tokio::task::spawn_blocking(move || {
        let mut follower = journal.follow(cursor)?;
        for _ in 0..LOOKED_AT_MAX {
            match follower.next()? {
                None => return Ok(true),
                Some(told) if told.began.at < until => return Ok(false),
                Some(_) => {}
            }
        }
        Ok::<_, JournalError>(false)
    });
    match looking.await {
        Ok(Ok(reaches)) => Ok(reaches),
        Ok(Err(error)) => {
            tracing::error!(%error, "alarm: the journal was not read for an operator");
            Err(Refusal::failed())
        }
        Err(_) => Err(Refusal::failed()),
    }
}
