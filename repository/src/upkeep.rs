//! What the repository does by itself: the list of nodes, recovery, the sweep.

use std::sync::Arc;
use std::time::{Duration, Instant};

use repository_core::recover::{RegistryKnows, recovery};
use repository_store::{SWEEP_AGE_MIN, Unfinished as UnfinishedSubmission};
use time::OffsetDateTime;
use tokio::task::JoinHandle;
use xds_audit::{Closing, Journal, Outcome, Unfinished};
use xds_model::exchange::{RegisteredDocument, RegisteredQuestion};
use xds_model::time::SharedClock;
use xds_server::config::Limits;
use xds_server::foundation::Foundation;
use xds_server::ledger::NodeList;
use xds_server::ready::Ready;
use xds_tls::LiveMaterial;

use crate::app::{App, RECOVERY, REGISTRY};
use crate::config::Config;

/// Time between two looks at what is unfinished.
const RECOVER_EVERY: Duration = Duration::from_secs(15);
/// Time between two sweeps.
const SWEEP_EVERY: Duration = Duration::from_secs(60 * 60);
/// Added to the longest time that the registry is waited for: after that it does not work on a request any more.
const SETTLING_MARGIN: Duration = Duration::from_secs(60);
/// Clocks of this machine and of the store may differ by so much.
const CLOCKS_MARGIN: Duration = Duration::from_secs(10 * 60);

/// The note of a request whose process died and that turned out to be registered.
const FOUND_REGISTERED: &str = "after a restart the registry was asked: registered";
/// The note of one that did not.
const FOUND_ABSENT: &str = "after a restart the registry was asked: not registered";

/// What the repository does by itself.
#[derive(Clone)]
pub(crate) struct Upkeep {
    app: App,
    nodes: Arc<NodeList>,
    ready: Ready,
    journal: Journal,
    clock: SharedClock,
    nodes_every: Duration,
    settled_after: Duration,
}

impl Upkeep {
    pub(crate) fn new(config: &Config, foundation: &Foundation, app: App) -> Self {
        let answer = Limits::seconds(config.registry.answer_seconds_max);
        Self {
            app,
            nodes: Arc::clone(&foundation.nodes),
            ready: foundation.ready.clone(),
            journal: foundation.journal.clone(),
            clock: Arc::clone(&foundation.clock),
            nodes_every: Limits::seconds(config.registry.nodes_seconds),
            settled_after: answer * 2 + SETTLING_MARGIN,
        }
    }

    /// Starts it. `material`: what the client to the registry presents and trusts.
    pub(crate) fn spawn(
        self,
        material: Arc<LiveMaterial>,
        unfinished: Vec<Unfinished>,
    ) -> Vec<JoinHandle<()>> {
        let (nodes, submissions, records) = (self.clone(), self.clone(), self.clone());
        vec![
            tokio::spawn(async move { nodes.keep_nodes(&material).await }),
            tokio::spawn(async move { submissions.keep_recovering().await }),
            tokio::spawn(async move { records.close_records(unfinished).await }),
            tokio::spawn(async move { self.keep_sweeping().await }),
        ]
    }

    async fn keep_nodes(&self, material: &LiveMaterial) {
        let mut generation = material.generation();
        loop {
            tokio::time::sleep(self.nodes_every).await;
            if generation != material.generation() {
                generation = material.generation();
                self.app.registry.drop_connections();
            }
            self.refresh_nodes().await;
        }
    }

    /// Fetches the list of enrolled nodes. Without an answer the old one stays, until it is too old.
    pub(crate) async fn refresh_nodes(&self) {
        match self.app.registry.nodes().await {
            Ok(nodes) => {
                tracing::debug!(nodes = nodes.len(), "the list of enrolled nodes is fresh");
                self.nodes.replace(nodes);
                self.ready.set(REGISTRY, Ok(()));
            }
            Err(error) => {
                tracing::warn!(%error, "the registry does not tell the enrolled nodes");
                self.ready.set(REGISTRY, Err("does not answer"));
            }
        }
    }

    /// Ends submissions that a crash or a lost answer left, now and while anything waits.
    async fn keep_recovering(&self) {
        loop {
            self.recover().await;
            tokio::time::sleep(RECOVER_EVERY).await;
        }
    }

    async fn recover(&self) {
        let recovered = self
            .app
            .store
            .recover(|unfinished| async move {
                let knows = self.ask(&question_of_state(&unfinished)).await;
                recovery(knows, self.age(&unfinished), self.settled_after)
            })
            .await;
        match recovered {
            Ok(done) => {
                self.app.metrics.unfinished(done.waiting + done.damaged);
                if done.finished + done.removed > 0 {
                    tracing::info!(?done, "unfinished submissions were ended");
                }
                let state = if done.damaged == 0 {
                    Ok(())
                } else {
                    Err("the state of a submission is damaged")
                };
                self.ready.set(RECOVERY, state);
            }
            Err(error) => {
                tracing::error!(%error, "alarm: recovery failed; it is tried again");
                self.ready.set(RECOVERY, Err("failed"));
            }
        }
    }

    fn age(&self, unfinished: &UnfinishedSubmission) -> Duration {
        Duration::try_from(self.clock.now() - unfinished.begun).unwrap_or_default()
    }

    async fn ask(&self, question: &RegisteredQuestion) -> RegistryKnows {
        match self.app.registry.registered(question).await {
            Ok(true) => RegistryKnows::Something,
            Ok(false) => RegistryKnows::Nothing,
            Err(_) => RegistryKnows::NotAsked,
        }
    }

    /// Closes the records that the last process left open, with how their requests ended where that can
    /// be found out.
    async fn close_records(&self, unfinished: Vec<Unfinished>) {
        let began = Instant::now();
        let mut left = Vec::new();
        for record in unfinished {
            match question_of_record(&record) {
                Some(question) => left.push((record, question)),
                None => self.close(&record, Closing::noted(Closing::UNKNOWN)).await,
            }
        }
        while !left.is_empty() {
            let mut waiting = Vec::new();
            for (record, question) in left {
                match self.ask(&question).await {
                    RegistryKnows::Something => self.close(&record, registered()).await,
                    RegistryKnows::Nothing if began.elapsed() >= self.settled_after => {
                        self.close(&record, absent()).await;
                    }
                    _ => waiting.push((record, question)),
                }
            }
            left = waiting;
            if !left.is_empty() {
                tokio::time::sleep(RECOVER_EVERY).await;
            }
        }
    }

    async fn close(&self, record: &Unfinished, closing: Closing) {
        if let Err(error) = self.journal.close_unfinished(record, closing).await {
            tracing::error!(%error, "alarm: a record of the last process stays open");
        }
    }

    /// Removes bytes that nothing refers to.
    async fn keep_sweeping(&self) {
        let mut since = None;
        loop {
            let now = self.clock.now();
            match self.app.store.sweep(SWEEP_AGE_MIN, since).await {
                Ok(swept) => {
                    if swept.removed + swept.leftovers > 0 {
                        tracing::info!(?swept, "bytes that nothing refers to were removed");
                    }
                    since = Some(swept_up_to(now));
                }
                Err(error) => tracing::error!(%error, "alarm: the sweep failed; it is tried again"),
            }
            tokio::time::sleep(SWEEP_EVERY).await;
        }
    }
}

/// What the next sweep need not look at again, after one that began at `now`.
fn swept_up_to(now: OffsetDateTime) -> OffsetDateTime {
    now - SWEEP_AGE_MIN - CLOCKS_MARGIN
}

/// What the registry is asked about a submission whose state was left.
fn question_of_state(unfinished: &UnfinishedSubmission) -> RegisteredQuestion {
    let documents = unfinished.documents.iter().map(|document| RegisteredDocument {
        unique_id: document.unique_id.to_string(),
        hash: Some(document.sha1.to_string()),
    });
    RegisteredQuestion {
        submission_set: unfinished.context.submission_set.clone(),
        documents: Some(documents.collect()),
    }
}

/// What it is asked about a record of a submission that was left open. Records of older releases, and of submissions
/// without documents, name none.
fn question_of_record(record: &Unfinished) -> Option<RegisteredQuestion> {
    let objects = &record.content.opening.objects;
    let documents = objects.documents.iter().map(|document| RegisteredDocument {
        unique_id: document.unique_id.clone(),
        hash: None,
    });
    Some(RegisteredQuestion {
        submission_set: objects.submission_set.clone()?,
        documents: (!objects.documents.is_empty()).then(|| documents.collect()),
    })
}

fn registered() -> Closing {
    Closing {
        note: Some(FOUND_REGISTERED.to_owned()),
        ..Closing::success()
    }
}

fn absent() -> Closing {
    Closing {
        outcome: Outcome::MajorFailure,
        note: Some(FOUND_ABSENT.to_owned()),
        ..Closing::default()
    }
}
