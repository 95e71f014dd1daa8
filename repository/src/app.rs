//! The parts of the server, put together, started and stopped.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use actix_server::ServerHandle;
use actix_web::web::{self, Data};
use repository_store::{CLAIM_WAIT, DocumentStore, KeyError, KeyRing, StoreConfig, StoreError};
use tokio::task::JoinHandle;
use xds_client::CallError;
use xds_model::time::{SharedClock, SharedIds};
use xds_server::config::Limits;
use xds_server::foundation::{Foundation, FoundationError, Plan, now_of, part};
use xds_server::http::serve;
use xds_server::ledger::NodeList;
use xds_server::metrics::Metrics;
use xds_server::ready::Ready;
use xds_server::run::drain;
use xds_server::status;
use xds_tls::{ClientSettings as TlsSettings, ClientTls, LiveMaterial, MaterialError};

use crate::config::Config;
use crate::handlers::{OFFER, dispatch};
use crate::metrics::RepositoryMetrics;
use crate::registry::RegistryClient;
use crate::upkeep::Upkeep;

/// Part of readiness: the registry answers.
pub const REGISTRY: &str = "registry";
/// Part of readiness: unfinished submissions were looked at.
pub const RECOVERY: &str = "recovery";

/// What the handlers share.
#[derive(Clone, Debug)]
pub struct App {
    /// The documents.
    pub store: DocumentStore,
    /// The registry.
    pub registry: RegistryClient,
    /// What is counted.
    pub metrics: RepositoryMetrics,
    /// This node's name in audit events.
    pub audit_source_id: String,
}

/// Why a repository cannot start. Each names the file, folder or address and the repair.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Certificates, journal.
    #[error(transparent)]
    Foundation(#[from] FoundationError),
    /// The certificates for the registry.
    #[error("[registry.tls]: {0}")]
    Material(#[from] MaterialError),
    /// Key files.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// The documents.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The secret of the bucket.
    #[error("cannot read repository.bucket.secret_access_key_file: {0}")]
    Secret(#[source] std::io::Error),
    /// The client to the registry.
    #[error("the client to the registry cannot be made: {0}")]
    Client(#[from] CallError),
    /// A listener.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
}

/// A repository that serves.
pub struct Running {
    /// Where it listens for transactions.
    pub clinical: SocketAddr,
    /// Where it tells its health.
    pub status: SocketAddr,
    foundation: Foundation,
    registry: RegistryClient,
    clinical_handle: ServerHandle,
    status_handle: ServerHandle,
    tasks: Vec<JoinHandle<()>>,
    patience: Duration,
}

/// Opens the document store that a configuration names. Blocks for some milliseconds.
///
/// # Errors
/// Keys, secrets, folder or bucket.
pub fn open_store(config: &Config, clock: SharedClock, ids: SharedIds) -> Result<DocumentStore, StartError> {
    let section = &config.repository;
    Ok(DocumentStore::open(StoreConfig {
        location: section.location().map_err(StartError::Secret)?,
        repository_unique_id: section.unique_id.clone(),
        keys: KeyRing::load(&section.keys)?,
        clock,
        ids,
        claim_wait: CLAIM_WAIT,
    })?)
}

/// The client to the registry. `clinical`: the material that it presents unless `[registry.tls]` says
/// otherwise; the material in use is returned with it.
///
/// # Errors
/// Certificates.
pub fn registry_client(
    config: &Config,
    clinical: &Arc<LiveMaterial>,
    clock: &SharedClock,
    ids: SharedIds,
    metrics: RepositoryMetrics,
) -> Result<(RegistryClient, Arc<LiveMaterial>), StartError> {
    let material = match &config.registry.tls {
        None => Arc::clone(clinical),
        Some(paths) => LiveMaterial::load(paths.clone(), now_of(clock))?,
    };
    let tls = ClientTls::new(Arc::clone(&material), TlsSettings::default()).map_err(FoundationError::from)?;
    let client = RegistryClient::new(&config.registry, &tls, ids, metrics)?;
    Ok((client, material))
}

/// Starts a repository: when this returns it listens. It serves nobody before the registry has told who
/// is enrolled.
///
/// # Errors
/// See [`StartError`].
pub async fn start(config: &Config, clock: SharedClock, ids: SharedIds) -> Result<Running, StartError> {
    let metrics = RepositoryMetrics::default();
    let ready = Ready::waiting_for(&[part::JOURNAL, part::TLS, part::NODES, REGISTRY, RECOVERY]);
    let plan = Plan {
        node: &config.node,
        clinical: &config.clinical,
        audit: &config.audit,
        time: &config.time,
        limits: &config.limits,
        xua: config.xua.as_ref(),
        nodes: NodeList::new(Limits::seconds(config.registry.nodes_age_seconds_max)),
        metrics: Metrics::new(|registry| metrics.register(registry)),
        ready,
        clock: Arc::clone(&clock),
        ids: Arc::clone(&ids),
    };
    let (foundation, unfinished) = Foundation::lay(plan).await?;
    let store = open_store(config, Arc::clone(&clock), Arc::clone(&ids))?;
    let (registry, material) = registry_client(config, &foundation.material, &clock, ids, metrics.clone())?;
    let app = App {
        store,
        registry: registry.clone(),
        metrics,
        audit_source_id: config.node.audit_source_id.clone(),
    };
    let upkeep = Upkeep::new(config, &foundation, app.clone());
    // Nobody is let in before; without the registry the tasks below try again.
    upkeep.refresh_nodes().await;
    let (clinical, clinical_handle, clinical_task) = listen(config, &foundation, app)?;
    let (status, status_handle, status_task) = listen_status(config, &foundation)?;
    let mut tasks = vec![
        clinical_task,
        status_task,
        tokio::spawn(foundation.clone().watch()),
    ];
    if !Arc::ptr_eq(&material, &foundation.material) {
        let watched = Arc::clone(&material);
        tasks.push(tokio::spawn(watched.watch(xds_tls::WATCH_EVERY, |_| {})));
    }
    tasks.extend(upkeep.spawn(material, unfinished));
    tracing::info!(%clinical, %status, "the repository serves");
    Ok(Running {
        clinical,
        status,
        foundation,
        registry,
        clinical_handle,
        status_handle,
        tasks,
        patience: Limits::seconds(config.limits.drain_seconds_max),
    })
}

type Listening = (SocketAddr, ServerHandle, JoinHandle<()>);

fn listen(config: &Config, foundation: &Foundation, app: App) -> Result<Listening, StartError> {
    let (address, listener) = bind(config.clinical.listen)?;
    let gate = Data::new(foundation.gate(&config.limits, config.clinical.fault_status_always_500));
    let (app, path) = (Data::new(app), config.endpoint_path());
    let server = foundation
        .listener(&config.limits, config.clinical.workers)
        .serve(listener, move |service| {
            service
                .app_data(gate.clone())
                .app_data(app.clone())
                .route(&path, web::route().to(endpoint));
        })
        .map_err(|source| StartError::Listen { address, source })?;
    let handle = server.handle();
    Ok((address, handle, run(server)))
}

async fn endpoint(
    gate: Data<xds_server::gate::Gate>,
    app: Data<App>,
    request: actix_web::HttpRequest,
    payload: web::Payload,
) -> actix_web::HttpResponse {
    serve(gate, OFFER, request, payload, async move |exchange| {
        dispatch(exchange, app).await
    })
    .await
}

fn listen_status(config: &Config, foundation: &Foundation) -> Result<Listening, StartError> {
    let (address, listener) = bind(config.status.listen)?;
    let server = status::serve(listener, foundation.metrics.clone(), foundation.ready.clone())
        .map_err(|source| StartError::Listen { address, source })?;
    let handle = server.handle();
    Ok((address, handle, run(server)))
}

fn bind(address: SocketAddr) -> Result<(SocketAddr, TcpListener), StartError> {
    let bound = TcpListener::bind(address).and_then(|listener| Ok((listener.local_addr()?, listener)));
    bound.map_err(|source| StartError::Listen { address, source })
}

fn run(server: impl Future<Output = std::io::Result<()>> + Send + 'static) -> JoinHandle<()> {
    tokio::spawn(async move {
        if let Err(error) = server.await {
            tracing::error!(%error, "alarm: a listener ended");
        }
    })
}

impl Running {
    /// Reads certificates and revocation lists again at once.
    pub async fn reload(&self) {
        if let Err(error) = Arc::clone(&self.foundation.material).reload_in_background().await {
            tracing::error!(%error, "alarm: certificates were not reloaded; the old ones stay in force");
        }
        self.registry.drop_connections();
    }

    /// Returns when the clock is off and the configuration says to stop then.
    pub async fn demands_stop(&self) {
        self.foundation.timekeeping.demands_stop().await;
    }

    /// Lets requests in flight end, then stops. What the time does not suffice for, the next start recovers.
    pub async fn stop(self) {
        drain(&[self.clinical_handle, self.status_handle], self.patience).await;
        for task in self.tasks {
            task.abort();
        }
        self.foundation.leave().await;
    }
}
