//! What the last process left undone: audit records that it had open, and events whose change was committed.

use std::collections::{BTreeMap, HashSet};
use std::ops::ControlFlow;
use std::path::Path;

use registry_store::Store;
use uuid::Uuid;
use xds_audit::{Closing, Content, Event, Outcome, Unfinished, read as read_journal};
use xds_server::foundation::{Foundation, FoundationError};

use crate::acts::tell;
use crate::serve::ServeError;

/// Writes what the last process owed: the end of requests that it left open, and events whose change was
/// committed.
pub(crate) async fn settle(
    store: &Store,
    foundation: &Foundation,
    folder: &Path,
    unfinished: Vec<Unfinished>,
) -> Result<(), ServeError> {
    let journal = &foundation.journal;
    let mut owed: BTreeMap<String, (Uuid, Event)> = BTreeMap::new();
    for mark in store.marks().await? {
        match serde_json::from_slice::<Event>(&mark.event) {
            Ok(event) => drop(owed.insert(event.opening.correlation.clone(), (mark.correlation, event))),
            Err(_) => tracing::error!(correlation = %mark.correlation, "alarm: an audit mark cannot be read"),
        }
    }
    let mut settled = Vec::new();
    for request in unfinished {
        let closing = match owed.remove(&request.content.opening.correlation) {
            Some((correlation, event)) => {
                settled.push(correlation);
                event.closing
            }
            None => Closing {
                outcome: Outcome::MajorFailure,
                ..Closing::noted(Closing::UNKNOWN)
            },
        };
        journal.close_unfinished(&request, closing).await?;
    }
    let written = if owed.is_empty() && store.owed_acts().await?.is_empty() {
        HashSet::new()
    } else {
        correlations(folder, foundation.started)?
    };
    for (correlation, (id, event)) in owed {
        if !written.contains(&correlation) {
            journal.single(event).await?;
        }
        settled.push(id);
    }
    if !settled.is_empty() {
        tracing::warn!(
            count = settled.len(),
            "events that the last process owed were settled"
        );
        store.clear_marks(&settled).await?;
    }
    tell(store, journal, |correlation| written.contains(correlation)).await?;
    Ok(())
}

/// How far back the journal is searched for the events of marks that were not removed in time: marks are removed
/// within a second, and no machine writes this much in one.
const SEARCHED_MAX: u64 = 1_000_000;

/// The correlation ids of requests whose opening part, and of events of one moment that are, in the journal before this
/// record.
fn correlations(folder: &Path, before: u64) -> Result<HashSet<String>, ServeError> {
    let mut found = HashSet::new();
    let from = before.saturating_sub(SEARCHED_MAX).max(1);
    read_journal(folder, from, |_, content| {
        match content {
            Content::Open(open) => drop(found.insert(open.opening.correlation)),
            Content::Single(single) => drop(found.insert(single.event.opening.correlation)),
            Content::Close(_) | Content::Checkpoint(_) => {}
        }
        ControlFlow::Continue(())
    })
    .map_err(FoundationError::from)?;
    Ok(found)
}
