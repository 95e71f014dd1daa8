//! Marks of audit events that are owed: removed in groups once the journal has the events.

use std::time::Duration;

use registry_store::Store;
use tokio::sync::mpsc;
use uuid::Uuid;

/// How long marks are gathered before they are removed together.
const GATHER: Duration = Duration::from_millis(500);
/// How many marks may wait. One that finds no room stays in the database and is removed at the next start.
const WAITING_MAX: usize = 65_536;
/// How many are removed by one statement.
const GROUP_MAX: usize = 1_000;

/// Takes marks whose events are durable.
#[derive(Clone, Debug)]
pub(crate) struct Marks {
    done: mpsc::Sender<Uuid>,
}

impl Marks {
    /// With the task that removes them. The task ends when every sender is gone.
    pub(crate) fn start(store: Store) -> Self {
        let (done, waiting) = mpsc::channel(WAITING_MAX);
        tokio::spawn(remove(store, waiting));
        Self { done }
    }

    /// The event of this request is in the journal.
    pub(crate) fn done(&self, correlation: Uuid) {
        if self.done.try_send(correlation).is_err() {
            tracing::warn!("an audit mark waits for the next start to be removed");
        }
    }
}

async fn remove(store: Store, mut waiting: mpsc::Receiver<Uuid>) {
    let mut group = Vec::with_capacity(GROUP_MAX);
    while waiting.recv_many(&mut group, GROUP_MAX).await > 0 {
        tokio::time::sleep(GATHER).await;
        while group.len() < GROUP_MAX
            && let Ok(correlation) = waiting.try_recv()
        {
            group.push(correlation);
        }
        if let Err(error) = store.clear_marks(&group).await {
            tracing::warn!(%error, "audit marks were not removed; the next start finds their events written");
        }
        group.clear();
    }
}
