//! Up to when the index reaches: events come into it some time after they are in the journal.

use std::path::Path;

use registry_trail::{Page, Question, Trail, TrailError};
use serde::Serialize;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;
use xds_audit::{Follower, JournalError};
use xds_server::lang::Say;

use super::moment::shown;

/// Events that are counted; more are "at least so many".
const COUNTED_MAX: u64 = 10_000;

/// Up to when the index reaches.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct IndexState {
    /// When the latest event in it was; none if it is empty.
    #[serde(with = "time::serde::rfc3339::option")]
    pub(super) latest: Option<OffsetDateTime>,
    /// What of the registry's own journal is missing; none if the journal cannot be read here.
    pub(super) missing: Option<Missing>,
}

/// Events of the registry's own journal that are not in the index yet.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
pub(super) struct Missing {
    /// How many, counted up to ten thousand.
    pub(super) events: u64,
    /// When the earliest of them began.
    #[serde(with = "time::serde::rfc3339::option")]
    pub(super) since: Option<OffsetDateTime>,
}

/// Compares the index with the journal in this folder.
///
/// # Errors
/// When the database fails.
pub(super) async fn index_state(
    trail: &Trail,
    journal: &Path,
    now: OffsetDateTime,
) -> Result<IndexState, TrailError> {
    let latest = Question {
        // Clocks that were wrong do not count.
        until: Some(now + Duration::DAY),
        ..Question::default()
    };
    let latest = trail.search(&latest, Page::first(1)).await?;
    Ok(IndexState {
        latest: latest.first().map(|found| found.told.began.at),
        missing: missing(trail, journal).await?,
    })
}

async fn missing(trail: &Trail, journal: &Path) -> Result<Option<Missing>, TrailError> {
    let name = match first_event(journal) {
        Ok(Some(name)) => name,
        Ok(None) => return Ok(Some(Missing::default())),
        Err(_) => return Ok(None),
    };
    let cursor = trail.cursor(name).await?;
    Ok(count(journal, cursor).ok())
}

/// The name of the journal: its first event bears it.
fn first_event(journal: &Path) -> Result<Option<Uuid>, UnreadableError> {
    // A folder that is not there would pass for a journal without events.
    std::fs::read_dir(journal)?;
    let first = Follower::open(journal, 0)?.next()?;
    Ok(first.map(|told| told.id.journal))
}

/// Why the journal tells nothing.
#[derive(Debug, thiserror::Error)]
enum UnreadableError {
    #[error(transparent)]
    Folder(#[from] std::io::Error),
    #[error(transparent)]
    Journal(#[from] JournalError),
}

fn count(journal: &Path, after: u64) -> Result<Missing, JournalError> {
    let mut follower = Follower::open(journal, after)?;
    let mut missing = Missing::default();
    while missing.events < COUNTED_MAX {
        let Some(told) = follower.next()? else { break };
        missing.events += 1;
        let began = told.began.at;
        missing.since = Some(missing.since.map_or(began, |since| since.min(began)));
    }
    Ok(missing)
}

impl IndexState {
    /// For people, in one line.
    pub(super) fn say(&self) -> Say {
        let (ja, en) = match self.latest {
            Some(at) => (
                format!("索引にある最新の事象: {}(日本時間)。", shown(at)),
                format!("Latest event in the index: {} (Japan time).", shown(at)),
            ),
            None => ("索引は空です。".to_owned(), "The index is empty.".to_owned()),
        };
        let (more_ja, more_en) = match self.missing {
            Some(Missing { events: 0, .. }) => (
                "このレジストリのジャーナルはすべて索引にあります。".to_owned(),
                "It holds all of this registry's journal.".to_owned(),
            ),
            Some(Missing { events, .. }) => (
                format!(
                    "このレジストリのジャーナルの {} 件が、まだ索引にありません。",
                    many(events, "以上")
                ),
                format!(
                    "{} events of this registry's journal are not in it yet.",
                    many(events, " or more")
                ),
            ),
            None => (
                "ジャーナルを読めないため、未反映の件数は分かりません。".to_owned(),
                "The journal cannot be read here, so what is missing is not known.".to_owned(),
            ),
        };
        Say::new(format!("{ja}{more_ja}"), format!("{en} {more_en}"))
    }

    /// Whether it is known to hold all of the registry's own journal before this instant. Where more is missing than
    /// is looked at, nothing is known.
    pub(super) fn reaches(&self, until: OffsetDateTime) -> bool {
        self.missing.is_some_and(|missing| {
            missing.events < COUNTED_MAX && missing.since.is_none_or(|since| since >= until)
        })
    }
}

fn many(events: u64, more: &str) -> String {
    let more = if events == COUNTED_MAX { more } else { "" };
    format!("{events}{more}")
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn it_reaches_as_far_as_nothing_is_missing() {
        let end = datetime!(2026-05-01 0:00 +9);
        let state = |missing| IndexState {
            latest: Some(end),
            missing,
        };
        let since = |at| {
            state(Some(Missing {
                events: 1,
                since: Some(at),
            }))
        };
        assert!(state(Some(Missing::default())).reaches(end) && since(end).reaches(end));
        assert!(!since(end - Duration::SECOND).reaches(end));
        assert!(!state(None).reaches(end), "what is not known does not count");
        let many = Missing {
            events: COUNTED_MAX,
            since: Some(end),
        };
        assert!(!state(Some(many)).reaches(end));
    }

    #[test]
    fn a_folder_that_is_not_there_is_no_empty_journal() {
        assert!(first_event(Path::new("/no/such/folder")).is_err());
    }
}
