//! `serve`: puts the parts together and runs them.

use std::collections::BTreeMap;
use std::net::{TcpListener, UdpSocket};
use std::sync::Arc;

use registry_store::{StoreError, TransactionReport};
use time::UtcOffset;
use tokio::sync::watch;
use xds_audit::Journal;
use xds_hl7::FeedSettings;
use xds_model::time::{SharedClock, SharedIds, System};
use xds_server::config::Limits;
use xds_server::foundation::{Foundation, FoundationError, Plan, part};
use xds_server::gate::Gate;
use xds_server::ledger::NodeList;
use xds_server::metrics::Metrics;
use xds_server::ready::Ready;
use xds_server::run::{drain, until_told_to_stop};
use xds_server::{status, telemetry};

use crate::acts::{TellError, tell};
use crate::app::{App, limits};
use crate::config::Config;
use crate::database::{Database, DatabaseError};
use crate::disclosure::{self, DisclosureMetrics};
use crate::domain::{AGE_MAX, DomainState, REFRESH_EVERY};
use crate::marks::Marks;
use crate::mllp::FeedListener;
use crate::operator::{self, Operating};
use crate::papers::Site;
use crate::routes::routes;
use crate::settle::settle;
use crate::trail::{self, AuditRepositorySection, TrailMetrics, TrailTasks};

/// The database answers.
const PART_DATABASE: &str = "database";

/// Why the registry does not run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ServeError {
    /// The log.
    #[error(transparent)]
    Telemetry(#[from] telemetry::TelemetryError),
    /// Certificates or journal.
    #[error(transparent)]
    Foundation(#[from] FoundationError),
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A listener.
    #[error("cannot listen on {what}: {source}")]
    Listen {
        /// Which.
        what: String,
        /// Why.
        source: std::io::Error,
    },
    /// The operating system.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// The audit journal.
    #[error(transparent)]
    Audit(#[from] xds_audit::AuditError),
    /// What was done on the command line.
    #[error(transparent)]
    Tell(#[from] TellError),
}

/// Runs the registry until it is told to stop.
pub(crate) async fn serve(config: Config) -> Result<(), ServeError> {
    telemetry::start(&config.log)?;
    let (clinical, status_listener) = (
        listen("clinical", config.clinical.listen)?,
        listen("status", config.status.listen)?,
    );
    let feed = config
        .mllp
        .as_ref()
        .map(|mllp| listen("mllp", mllp.listen))
        .transpose()?;

    let audit = config
        .audit_repository
        .as_ref()
        .map(listen_for_audit)
        .transpose()?;

    let operator = config
        .operator
        .as_ref()
        .map(|operator| listen("operator", operator.listen))
        .transpose()?;

    let database = Database::open(&config).await?;
    let listeners = Listeners {
        clinical,
        status: status_listener,
        feed,
        operator,
        audit,
    };
    let served = serve_on(&config, &database, listeners).await;
    // However it ended: no private cluster is left behind.
    database.close().await;
    served?;
    tracing::info!("stopped");
    Ok(())
}

/// Where it listens: taken before anything else, so that two never share a database by mistake.
struct Listeners {
    clinical: TcpListener,
    status: TcpListener,
    feed: Option<TcpListener>,
    operator: Option<TcpListener>,
    audit: Option<trail::Listeners>,
}

async fn serve_on(config: &Config, database: &Database, listeners: Listeners) -> Result<(), ServeError> {
    let Listeners {
        clinical,
        status: status_listener,
        feed,
        operator,
        audit,
    } = listeners;
    let ready = Ready::waiting_for(&[part::JOURNAL, part::TLS, part::NODES, PART_DATABASE]);
    database.migrate_if_private().await?;
    let trail_metrics = TrailMetrics::default();
    let disclosure_metrics = DisclosureMetrics::default();
    let metrics = Metrics::new(|registry| {
        trail_metrics.register(registry);
        disclosure_metrics.register(registry);
    });
    let status = status::serve(status_listener, Arc::clone(&metrics), ready.clone())?;
    let status_handle = status.handle();
    tokio::spawn(status);

    let (clock, ids): (SharedClock, SharedIds) = (Arc::new(System), Arc::new(System));
    let nodes = NodeList::new(AGE_MAX);
    let plan = Plan {
        node: &config.node,
        clinical: &config.clinical,
        audit: &config.audit,
        time: &config.time,
        limits: &config.limits,
        xua: config.xua.as_ref(),
        nodes: Arc::clone(&nodes),
        metrics,
        ready: ready.clone(),
        clock: Arc::clone(&clock),
        ids: Arc::clone(&ids),
    };
    let (foundation, unfinished) = Foundation::lay(plan).await?;
    let store = database.store(Some(Arc::new(observe)))?;
    store.check_schema().await.map_err(DatabaseError::from)?;
    settle(&store, &foundation, &config.audit.journal, unfinished).await?;
    let domain = DomainState::read(&store, &nodes, config.assigning_authority()).await?;
    let audit = audit.zip(config.audit_repository.as_ref());
    let mut trail = TrailTasks::start(database, &foundation, audit, trail_metrics).await?;

    let marks = Marks::start(store.clone());
    let (submissions, queries, results) = limits(&config.limits);
    let app = App {
        store: store.clone(),
        domain,
        marks,
        clock,
        ids,
        submissions,
        queries,
        results,
        disclosures: disclosure_metrics.clone(),
    };
    tokio::spawn(disclosure::watch(
        store.clone(),
        Arc::clone(&app.clock),
        disclosure_metrics,
        ready.clone(),
    ));
    let gate = foundation.gate(&config.limits, config.clinical.fault_status_always_500);
    tokio::spawn(foundation.clone().watch());
    tokio::spawn(refresh(
        app.clone(),
        Arc::clone(&nodes),
        ready,
        foundation.journal.clone(),
    ));

    let (stop, stopping) = watch::channel(false);
    let feeding = match (feed, &config.mllp) {
        (Some(listener), Some(section)) => {
            let listener = tokio::net::TcpListener::from_std(listener)?;
            let server = feed_listener(&foundation, &gate, &app, section.zone_minutes);
            Some(tokio::spawn(server.serve(listener, stopping)))
        }
        _ => None,
    };
    let listener = foundation.listener(&config.limits, config.clinical.workers);
    let workers = listener.worker_count();
    let operating = match (operator, &config.operator) {
        (Some(at), Some(section)) => {
            let plan = operator::Plan {
                section,
                node: &config.node,
                clinical_url: &config.clinical.public_url,
                foundation: &foundation,
                gate: &gate,
                database,
                store: &store,
                site: Site::of(config),
                data: &config.registry.data,
            };
            Some(Operating::start(at, plan)?)
        }
        _ => None,
    };
    let server = listener.serve(clinical, routes(gate, app, workers))?;
    let handle = server.handle();
    let serving = tokio::spawn(server);
    tracing::info!(clinical = %config.clinical.listen, nodes = nodes.count(), private_database = database.is_private(), "the registry serves");

    let material = Arc::clone(&foundation.material);
    until_told_to_stop(foundation.timekeeping.demands_stop(), || {
        let material = Arc::clone(&material);
        async move {
            match material.reload_in_background().await {
                Ok(generation) => tracing::info!(generation, "certificates and revocation lists reloaded"),
                Err(error) => tracing::error!(%error, "alarm: certificates were not reloaded; the old ones stay in force"),
            }
        }
    })
    .await?;

    tracing::info!("stopping: requests in flight are finished");
    stop.send_replace(true);
    let drain_max = Limits::seconds(config.limits.drain_seconds_max);
    let taking = async {
        if let Some(trail) = &mut trail {
            trail.stop_taking(drain_max).await;
        }
    };
    let operator_handle = operating.as_ref().map(Operating::handle);
    let handles: Vec<_> = [handle].into_iter().chain(operator_handle).collect();
    tokio::join!(drain(&handles, drain_max), taking);
    serving.abort();
    if let Some(operating) = operating {
        operating.end();
    }
    if let Some(feeding) = feeding {
        let _ = feeding.await;
    }
    foundation.leave().await;
    if let Some(trail) = trail {
        trail.stop(drain_max).await;
    }
    status_handle.stop(false).await;
    store.close();
    Ok(())
}

fn listen(what: &str, address: std::net::SocketAddr) -> Result<TcpListener, ServeError> {
    let listener = TcpListener::bind(address).map_err(|source| ServeError::Listen {
        what: format!("{what}.listen = {address}"),
        source,
    })?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

fn listen_for_audit(section: &AuditRepositorySection) -> Result<trail::Listeners, ServeError> {
    let datagrams = |address: std::net::SocketAddr| {
        let bound = UdpSocket::bind(address).and_then(|socket| {
            socket.set_nonblocking(true)?;
            Ok(socket)
        });
        bound.map_err(|source| ServeError::Listen {
            what: format!("audit_repository.udp_listen = {address}"),
            source,
        })
    };
    Ok(trail::Listeners {
        tls: listen("audit_repository", section.listen)?,
        udp: section.udp_listen.map(datagrams).transpose()?,
    })
}

fn observe(report: &TransactionReport) {
    tracing::debug!(
        name = report.name,
        committed = report.committed,
        attempts = report.attempts,
        micros = u64::try_from(report.elapsed.as_micros()).unwrap_or(u64::MAX),
        "database transaction"
    );
}

fn feed_listener(foundation: &Foundation, gate: &Gate, app: &App, zone_minutes: i16) -> FeedListener {
    let zone = UtcOffset::from_whole_seconds(i32::from(zone_minutes) * 60).unwrap_or(UtcOffset::UTC);
    let domain = app.domain.current();
    let namespaces: BTreeMap<_, _> = (domain.affinity.assigning_authorities().iter())
        .filter(|authority| !authority.name.is_empty())
        .map(|authority| (authority.name.clone(), authority.oid.clone()))
        .collect();
    FeedListener {
        tls: foundation.tls.clone(),
        gate: gate.clone(),
        app: app.clone(),
        settings: FeedSettings { namespaces, zone },
        on_refused: foundation.on_refused(),
    }
}

/// Reads the domain's data again and again, with it sees whether the database answers, and tells of what was done on
/// the command line.
async fn refresh(app: App, nodes: Arc<NodeList>, ready: Ready, journal: Journal) {
    loop {
        if let Err(error) = tell(&app.store, &journal, |_| false).await {
            tracing::warn!(%error, "what was done on the command line is told later");
        }
        let state = match app.domain.refresh(&app.store, &nodes).await {
            Ok(()) => Ok(()),
            Err(error) => {
                tracing::debug!(%error, "the domain's data were not read");
                Err("the database does not answer")
            }
        };
        ready.set(PART_DATABASE, state);
        tokio::time::sleep(REFRESH_EVERY).await;
    }
}
