//! What was done on the command line, told in the journal: commands write it into the database with the change, and the
//! server, which alone writes the journal, takes it over.

use registry_store::{OwedAct, Store, StoreError};
use xds_audit::{AuditError, Caller, Closing, Event, EventKind, Journal, Objects, Opening};

/// Why acts could not be told.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TellError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The journal.
    #[error(transparent)]
    Audit(#[from] AuditError),
}

/// Tells what is owed, but for those that `told` knows; how many it told.
///
/// # Errors
/// When database or journal fail. What was not told then is still owed.
pub(crate) async fn tell(
    store: &Store,
    journal: &Journal,
    told: impl Fn(&str) -> bool,
) -> Result<usize, TellError> {
    let mut count = 0;
    loop {
        let owed = store.owed_acts().await?;
        let mut done = Vec::with_capacity(owed.len());
        for act in owed {
            let id = act.change.id;
            if !told(&id.to_string()) {
                journal.single(event(act)).await?;
                count += 1;
            }
            done.push(id);
        }
        if done.is_empty() {
            return Ok(count);
        }
        store.acts_told(&done).await?;
    }
}

fn event(act: OwedAct) -> Event {
    let OwedAct { change, deed } = act;
    // A signature under a review is a change that a verb of the audit makes.
    let is_look = deed.before.is_none() && deed.after.is_none();
    let kind = if is_look && deed.verb.starts_with("audit ") {
        EventKind::AuditLogRead {
            uri: format!("{} {}", deed.verb, deed.subject),
        }
    } else {
        EventKind::ConfigurationChanged {
            verb: deed.verb,
            object: deed.subject,
            before: deed.before,
            after: deed.after,
        }
    };
    let opening = Opening {
        kind,
        caller: Caller::operator(change.who),
        endpoint: String::new(),
        correlation: change.id.to_string(),
        objects: Objects {
            patients: deed.patients,
            ..Objects::default()
        },
    };
    let closing = Closing {
        note: change.reason,
        ..Closing::success()
    };
    Event { opening, closing }
}
