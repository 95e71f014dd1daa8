//! The domain's data as one process works with it: code lists, instruments, directory. Read again when it changes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use registry_core::codes::{AffinityDomain, AssigningAuthority};
use registry_core::ledger::Directory;
use registry_store::{DomainSettings, Store, StoreError};
use xds_policy::ledger::Ledger;
use xds_server::ledger::NodeList;

/// How often it is asked whether the domain's data have changed. What the command line changed is in force this soon.
pub(crate) const REFRESH_EVERY: Duration = Duration::from_secs(2);
/// How old they may grow while the database cannot be read, before nobody is served by them any more.
pub(crate) const AGE_MAX: Duration = Duration::from_secs(60);

/// The domain's data at one moment.
#[derive(Debug)]
pub(crate) struct DomainData {
    /// Code lists.
    pub(crate) affinity: AffinityDomain,
    /// The domain's settings.
    pub(crate) settings: DomainSettings,
    /// The instruments of the whole domain: what the law is applied from. Those of patients are read for every request.
    pub(crate) ledger: Ledger,
    /// Which organisation an authorInstitution names.
    pub(crate) directory: Directory,
    /// The version of the whole in the database.
    version: String,
}

/// The domain's data in force.
pub(crate) struct DomainState {
    current: ArcSwap<DomainData>,
    /// The authority under which the domain itself gives patient ids.
    authority: Option<AssigningAuthority>,
}

impl DomainState {
    /// Reads the domain's data and the enrolled nodes for the first time.
    pub(crate) async fn read(
        store: &Store,
        nodes: &NodeList,
        authority: Option<AssigningAuthority>,
    ) -> Result<Arc<Self>, StoreError> {
        let data = load(store, nodes, authority.as_ref()).await?;
        Ok(Arc::new(Self {
            current: ArcSwap::from_pointee(data),
            authority,
        }))
    }

    /// The data in force.
    pub(crate) fn current(&self) -> Arc<DomainData> {
        self.current.load_full()
    }

    /// Reads everything again if something has changed, and confirms what is in force if nothing has.
    pub(crate) async fn refresh(&self, store: &Store, nodes: &NodeList) -> Result<(), StoreError> {
        let asked = Instant::now();
        if store.domain_version().await? == self.current.load().version {
            nodes.confirm(asked);
            return Ok(());
        }
        self.current
            .store(Arc::new(load(store, nodes, self.authority.as_ref()).await?));
        Ok(())
    }
}

async fn load(
    store: &Store,
    nodes: &NodeList,
    authority: Option<&AssigningAuthority>,
) -> Result<DomainData, StoreError> {
    // Asked first: what changes while the rest is read is read again the next time.
    let version = store.domain_version().await?;
    let settings = store.domain_settings().await?;
    let mut affinity = store.affinity_domain(settings.unknown_codes).await?;
    if let Some(authority) = authority {
        affinity = affinity.with_authority(authority.clone());
    }
    let ledger = store.law().await?;
    let directory = store.directory().await?;
    let mut enrolled = store.enrolled_nodes().await?;
    if !settings.default_user_allowed {
        enrolled.iter_mut().for_each(|node| node.default_user = None);
    }
    nodes.replace(enrolled);
    Ok(DomainData {
        affinity,
        settings,
        ledger,
        directory,
        version,
    })
}
