//! One organisation asks: it looks for the patient's documents, tries to open all of them, and the registry's journal
//! says on which basis.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use xds_audit::{Follower, Told};
use xds_ebxml::retrieve::DocumentRequest;
use xds_model::Clock;
use xds_model::query::ReturnType;
use xds_model::time::System;
use xds_server::lang::Say;

use super::people::Asking;
use crate::assertions::IdentityProvider;
use crate::caller::Caller;
use crate::configuration::Ports;
use crate::consume::{ask, find_documents, unique_ids};
use crate::network::{NODES, Patient, REPOSITORY};
use crate::publish::Published;
use crate::replies::Replies;
use crate::show::Running;
use crate::stopped::Stopped;

/// What one organisation got.
#[derive(Debug)]
pub(super) struct Seen {
    /// Who asked.
    pub(super) asking: &'static Asking,
    /// Documents found.
    pub(super) found: usize,
    /// Documents opened.
    pub(super) opened: usize,
    /// Bases, as codes.
    pub(super) bases: BTreeSet<String>,
    /// Instruments: id and version.
    pub(super) instruments: BTreeSet<(String, u64)>,
    /// Why documents were withheld.
    pub(super) reasons: BTreeSet<String>,
}

/// What asking takes.
pub(super) struct Asker<'a> {
    /// The folder of certificates.
    pub(super) pki: PathBuf,
    /// Where the servers are.
    pub(super) ports: Ports,
    /// Where replies are kept.
    pub(super) replies: &'a Arc<Replies>,
    /// Signs assertions.
    pub(super) provider: &'a IdentityProvider,
    /// The patient's documents that are in force.
    pub(super) documents: &'a [&'a Published],
    /// The journal.
    pub(super) witness: Witness,
}

impl Asker<'_> {
    /// Finds, opens, and compares with what must come: three results.
    pub(super) async fn ask(
        &mut self,
        asking: &'static Asking,
        patient: &'static Patient,
        step: &mut Running<'_>,
    ) -> Result<Seen, Stopped> {
        let caller = self.caller(asking)?;
        let expected: BTreeSet<String> = self
            .documents
            .iter()
            .filter(|document| (asking.gets)(document))
            .map(|document| document.unique_id.clone())
            .collect();
        let query = find_documents(patient, ReturnType::LeafClass);
        let found = ask(&caller, "story-find", &query, step).await;
        let found = found.map(|response| unique_ids(&response.objects.entries));
        let opened = self.open(&caller, step).await;
        let mut seen = self.witness.seen(asking)?;
        seen.found = count(&found);
        seen.opened = count(&opened);
        compare(step, asking, "ITI-18", &expected, found);
        compare(step, asking, "ITI-43", &expected, opened);
        let bases: BTreeSet<String> = asking.basis.map(str::to_owned).into_iter().collect();
        let say = || {
            let (node, basis) = (asking.node, asking.basis.unwrap_or("-"));
            Say::new(
                format!("{node} への開示の根拠が {basis} だけ"),
                format!("{basis} is the only basis on which {node} gets anything"),
            )
        };
        step.check(seen.bases == bases, say, format!("{:?}", seen.bases));
        Ok(seen)
    }

    fn caller(&self, asking: &Asking) -> Result<Caller, Stopped> {
        let caller = Caller::new(asking.node, &self.pki, self.ports, self.replies)?;
        let node = NODES.iter().find(|node| node.name == asking.node);
        let spec = node.and_then(|node| asking.user.assertion(node.organisation, System.now()));
        Ok(match spec {
            Some(spec) => caller.with_assertion(self.provider.sign(&spec)?),
            None => caller,
        })
    }

    /// Every document that the patient has, whatever was found: uniqueIds of those that came.
    async fn open(&self, caller: &Caller, step: &mut Running<'_>) -> Result<BTreeSet<String>, String> {
        let requests: Vec<DocumentRequest> = self
            .documents
            .iter()
            .map(|document| DocumentRequest {
                home: None,
                repository: REPOSITORY.to_owned(),
                document: document.unique_id.clone(),
            })
            .collect();
        let (_, came) = step
            .timed(caller.retrieve("story-open", &requests))
            .await
            .map_err(|error| error.to_string())?;
        Ok(came
            .into_iter()
            .map(|(document, _)| document.ids.document)
            .collect())
    }
}

fn count(found: &Result<BTreeSet<String>, String>) -> usize {
    found.as_ref().map(BTreeSet::len).unwrap_or_default()
}

fn compare(
    step: &mut Running<'_>,
    asking: &Asking,
    transaction: &str,
    expected: &BTreeSet<String>,
    came: Result<BTreeSet<String>, String>,
) {
    let (node, of) = (asking.node, expected.len());
    let say = || {
        Say::new(
            format!("{node} が {transaction} でちょうど {of} 件を得る"),
            format!("{node} gets exactly {of} documents by {transaction}"),
        )
    };
    let right = came.as_ref() == Ok(expected);
    let said = came.map_or_else(|error| error, |came| came.len().to_string());
    step.check(right, say, said);
}

/// The registry's journal, followed from the beginning of the story.
pub(super) struct Witness(Follower);

impl Witness {
    /// After everything that is in it.
    pub(super) fn open(journal: &Path) -> Result<Self, Stopped> {
        let mut witness = Self(Follower::open(journal, 0).map_err(unreadable)?);
        while witness.next()?.is_some() {}
        Ok(witness)
    }

    fn next(&mut self) -> Result<Option<Told>, Stopped> {
        self.0.next().map_err(unreadable)
    }

    /// What was decided for a node since the last look: an answer leaves when its event is on disk.
    fn seen(&mut self, asking: &'static Asking) -> Result<Seen, Stopped> {
        let mut seen = Seen {
            asking,
            found: 0,
            opened: 0,
            bases: BTreeSet::new(),
            instruments: BTreeSet::new(),
            reasons: BTreeSet::new(),
        };
        while let Some(told) = self.next()? {
            if told.event.opening.caller.node.as_deref() != Some(asking.node) {
                continue;
            }
            for decision in &told.event.closing.decisions {
                seen.bases.insert(decision.basis.clone());
                let instrument = decision.instrument.as_ref();
                seen.instruments
                    .extend(instrument.map(|instrument| (instrument.id.clone(), instrument.version)));
            }
            let withheld = told.event.closing.withheld.iter();
            seen.reasons
                .extend(withheld.map(|withheld| withheld.reason.clone()));
        }
        Ok(seen)
    }
}

fn unreadable(error: xds_audit::JournalError) -> Stopped {
    Stopped::new(
        Say::new("ジャーナルを読めること", "the journal can be read"),
        error,
    )
}
