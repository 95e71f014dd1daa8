//! What every server stands on before it serves: TLS material, the journal, the node list, the gate.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use time::OffsetDateTime;
use xds_audit::{
    AuditError, Caller, Closing, Event, EventKind, Journal, JournalError, Objects, Opening, Refusals,
    Unfinished,
};
use xds_clock::StartRefused;
use xds_model::time::{SharedClock, SharedIds};
use xds_tls::{
    CrlCondition, HandshakeRefused, LiveMaterial, MaterialError, Now, ServerSettings, ServerTls,
    init_provider,
};

use crate::authenticate::Authenticator;
use crate::config::{AuditSection, ClinicalSection, Limits, NodeSection, TimeSection, XuaSection};
use crate::delivery::{self, Delivery, DeliveryError};
use crate::gate::Gate;
use crate::http::{OnRefused, TlsListener};
use crate::in_flight::InFlight;
use crate::ledger::{NodeList, WithRights};
use crate::metrics::SharedMetrics;
use crate::ready::Ready;
use crate::timekeeping::Timekeeping;
use crate::xua::{Xua, XuaError};

/// Parts of readiness that every server has.
pub mod part {
    /// The audit journal takes events.
    pub const JOURNAL: &str = "journal";
    /// Certificates and revocation lists are in force.
    pub const TLS: &str = "tls";
    /// The list of enrolled nodes is fresh.
    pub const NODES: &str = "nodes";
}

/// How often the foundation looks after itself.
const WATCH_EVERY: Duration = Duration::from_secs(2);

/// The foundation of one process.
#[derive(Clone)]
pub struct Foundation {
    /// TLS material of the clinical listener.
    pub material: Arc<LiveMaterial>,
    /// The accepting side.
    pub tls: ServerTls,
    /// The enrolled nodes.
    pub nodes: Arc<NodeList>,
    /// The audit journal.
    pub journal: Journal,
    /// What is counted.
    pub metrics: SharedMetrics,
    /// What must work.
    pub ready: Ready,
    /// Refused connections, counted.
    pub refusals: Arc<Refusals>,
    /// The time.
    pub clock: SharedClock,
    /// Fresh ids.
    pub ids: SharedIds,
    /// The number of this start's event in the journal.
    pub started: u64,
    /// Events on their way to Audit Record Repositories.
    pub delivery: Arc<Delivery>,
    /// The watch over the clock.
    pub timekeeping: Timekeeping,
    /// Who believes assertions about users.
    pub xua: Option<Arc<Xua>>,
    node: NodeSection,
    endpoint: String,
}

/// What the foundation is laid from.
pub struct Plan<'c> {
    /// `[node]`
    pub node: &'c NodeSection,
    /// `[clinical]`
    pub clinical: &'c ClinicalSection,
    /// `[audit]`
    pub audit: &'c AuditSection,
    /// `[time]`
    pub time: &'c TimeSection,
    /// `[limits]`
    pub limits: &'c Limits,
    /// `[xua]`, where the domain has assertions.
    pub xua: Option<&'c XuaSection>,
    /// The node list, filled by whoever knows the ledger.
    pub nodes: Arc<NodeList>,
    /// What is counted.
    pub metrics: SharedMetrics,
    /// What must work.
    pub ready: Ready,
    /// The time.
    pub clock: SharedClock,
    /// Fresh ids.
    pub ids: SharedIds,
}

/// Why a server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum FoundationError {
    /// Certificates.
    #[error(transparent)]
    Material(#[from] MaterialError),
    /// rustls refuses the configuration.
    #[error("the TLS configuration is impossible: {0}")]
    Tls(#[from] rustls::Error),
    /// The journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// An event of the start could not be written.
    #[error(transparent)]
    Audit(#[from] AuditError),
    /// Audit Record Repositories.
    #[error(transparent)]
    Delivery(#[from] DeliveryError),
    /// The clock.
    #[error(transparent)]
    Clock(#[from] StartRefused),
    /// Assertions.
    #[error(transparent)]
    Xua(#[from] XuaError),
}

impl Foundation {
    /// Loads certificates, opens the journal and writes that the node starts. What the journal's last
    /// process left open is returned: the caller knows how it ended.
    ///
    /// # Errors
    /// See [`FoundationError`]; each names the file or the folder and the repair.
    pub async fn lay(plan: Plan<'_>) -> Result<(Self, Vec<Unfinished>), FoundationError> {
        init_provider();
        warn_of_clock(&plan.clock);
        let timekeeping = Timekeeping::start(
            plan.time,
            plan.audit,
            (Arc::clone(&plan.clock), Arc::clone(&plan.ids)),
            (SharedMetrics::clone(&plan.metrics), plan.ready.clone()),
        )
        .await?;
        let material = LiveMaterial::load(plan.clinical.tls.clone(), now_of(&plan.clock))?;
        let settings = ServerSettings {
            // A peer may use it only where its entry in the ledger allows it.
            allow_tls12: true,
            alpn_http11: true,
            handshake_max: Limits::seconds(plan.limits.handshake_seconds_max),
        };
        let tls = ServerTls::new(Arc::clone(&material), plan.nodes.clone(), settings)?;
        let opened = Journal::open_dir(
            &plan.audit.journal,
            plan.audit.journal_options(),
            Arc::clone(&plan.clock),
            plan.ids.as_ref(),
        )?;
        timekeeping.note(&opened.journal);
        let xua = xua(&plan)?;
        let delivery = Delivery::start(delivery::Plan {
            audit: plan.audit,
            node: plan.node,
            public_url: &plan.clinical.public_url,
            journal: opened.journal.clone(),
            material: Arc::clone(&material),
            clock: Arc::clone(&plan.clock),
            ids: Arc::clone(&plan.ids),
            metrics: SharedMetrics::clone(&plan.metrics),
        })?;
        let mut foundation = Self {
            material,
            tls,
            nodes: plan.nodes,
            journal: opened.journal,
            metrics: plan.metrics,
            ready: plan.ready,
            refusals: Arc::new(Refusals::new()),
            clock: plan.clock,
            ids: plan.ids,
            started: 0,
            delivery: Arc::new(delivery),
            timekeeping,
            xua,
            node: plan.node.clone(),
            endpoint: plan.clinical.public_url.clone(),
        };
        foundation.started = foundation.note(EventKind::NodeStart).await?;
        Ok((foundation, opened.unfinished))
    }

    /// Writes an event of the process itself; its number in the journal.
    ///
    /// # Errors
    /// When the journal takes no more.
    pub async fn note(&self, kind: EventKind) -> Result<u64, AuditError> {
        let opening = Opening {
            kind,
            caller: Caller::operator(self.node.audit_source_id.clone()),
            endpoint: self.endpoint.clone(),
            correlation: self.ids.random().to_string(),
            objects: Objects::default(),
        };
        self.journal
            .single(Event {
                opening,
                closing: Closing::success(),
            })
            .await
    }

    /// The gate of this server's endpoints.
    pub fn gate(&self, limits: &Limits, fault_status_always_500: bool) -> Gate {
        Gate {
            authenticator: Authenticator::new(self.tls.clone(), Arc::clone(&self.nodes)),
            in_flight: InFlight::new(
                limits.process_in_flight_max,
                limits.node_in_flight_max,
                self.metrics.in_flight().clone(),
            ),
            limits: limits.clone(),
            journal: self.journal.clone(),
            metrics: SharedMetrics::clone(&self.metrics),
            ids: Arc::clone(&self.ids),
            public_url: self.endpoint.clone(),
            fault_status_always_500,
            xua: self.xua.clone(),
        }
    }

    /// The clinical listener, ready to serve.
    pub fn listener(&self, limits: &Limits, workers: usize) -> TlsListener {
        TlsListener {
            name: "clinical",
            tls: self.tls.clone(),
            limits: limits.clone(),
            workers,
            on_refused: self.on_refused(),
        }
    }

    /// The operator listener and its gate: TLS 1.3 with the certificates of the clinical one, for nodes that have a
    /// right there. Requests of both listeners are counted together.
    ///
    /// # Errors
    /// When rustls refuses the configuration.
    pub fn operator(
        &self,
        clinical: &Gate,
        public_url: &str,
    ) -> Result<(TlsListener, Gate), FoundationError> {
        let settings = ServerSettings {
            allow_tls12: false,
            alpn_http11: true,
            handshake_max: Limits::seconds(clinical.limits.handshake_seconds_max),
        };
        let admission = Arc::new(WithRights(Arc::clone(&self.nodes)));
        let tls = ServerTls::new(Arc::clone(&self.material), admission, settings)?;
        let gate = Gate {
            authenticator: Authenticator::new(tls.clone(), Arc::clone(&self.nodes)),
            public_url: public_url.to_owned(),
            ..clinical.clone()
        };
        let listener = TlsListener {
            name: "operator",
            tls,
            limits: clinical.limits.clone(),
            workers: 1,
            on_refused: self.on_refused(),
        };
        Ok((listener, gate))
    }

    /// What to do with a connection that was refused: count it, log it, write its event.
    pub fn on_refused(&self) -> OnRefused {
        let (metrics, refusals) = (SharedMetrics::clone(&self.metrics), Arc::clone(&self.refusals));
        let journal = self.journal.clone();
        Arc::new(move |refused: &HandshakeRefused, address: SocketAddr| {
            let reason = refused.reason.as_str();
            metrics.refused_handshake(reason);
            let Some(event) = refusals.note(address, reason, Instant::now()) else {
                return;
            };
            let subject = refused
                .peer
                .as_ref()
                .map(|peer| peer.subject.as_str())
                .unwrap_or("-");
            tracing::warn!(reason, %address, subject, "connection refused");
            let journal = journal.clone();
            tokio::spawn(async move {
                if let Err(error) = journal.single(event).await {
                    tracing::error!(%error, "alarm: the event of a refused connection was not written");
                }
            });
        })
    }

    /// Looks after certificates, revocation lists, assertion providers, refusals and readiness. Never returns: spawn it.
    pub async fn watch(self) {
        let metrics = SharedMetrics::clone(&self.metrics);
        let reloading = Arc::clone(&self.material).watch(xds_tls::WATCH_EVERY, move |outcome| {
            metrics.tls_reload(outcome.is_ok())
        });
        let looking = async {
            loop {
                self.look();
                self.delivery.look();
                self.metrics.audit_journal(self.journal.stats());
                if let Err(error) = self.refusals.flush(&self.journal, Instant::now()).await {
                    tracing::error!(%error, "alarm: events of refused connections were not written");
                }
                tokio::time::sleep(WATCH_EVERY).await;
            }
        };
        let timekeeping = self.timekeeping.run(&self.journal);
        let providers = async {
            if let Some(xua) = &self.xua {
                Arc::clone(xua).watch().await;
            }
        };
        let delivery = self.delivery.watch_material();
        futures_util::future::join5(reloading, looking, delivery, timekeeping, providers).await;
    }

    fn look(&self) {
        let journal = if self.journal.is_ready() {
            Ok(())
        } else {
            Err("takes no events: failed or disk nearly full")
        };
        self.ready.set(part::JOURNAL, journal);
        let nodes = if self.nodes.is_fresh() {
            Ok(())
        } else {
            Err("the list of enrolled nodes is too old")
        };
        self.ready.set(part::NODES, nodes);
        let tls = match self.material.crl_health().worst() {
            CrlCondition::Refusing => Err("a revocation list is too old: its CA is refused"),
            _ => Ok(()),
        };
        self.ready.set(part::TLS, tls);
    }

    /// Writes that the node stops, and everything that waits.
    pub async fn leave(&self) {
        for event in self.refusals.drain() {
            if self.journal.single(event).await.is_err() {
                break;
            }
        }
        if let Err(error) = self.note(EventKind::NodeStop).await {
            tracing::error!(%error, "alarm: the stop was not written to the journal");
        }
        self.journal.shutdown().await;
        self.delivery.stop().await;
    }
}

/// Who believes assertions, if the configuration says whom.
fn xua(plan: &Plan<'_>) -> Result<Option<Arc<Xua>>, XuaError> {
    let Some(section) = plan.xua else {
        tracing::warn!(
            "the configuration has no [xua]: assertions about users are passed over, and every request is decided \
             by its node alone"
        );
        return Ok(None);
    };
    if !section.required {
        tracing::warn!(
            "xua.required is false: requests without an assertion are decided by their node alone"
        );
    }
    let (address, file) = (&plan.clinical.public_url, plan.audit.assertions_file());
    Xua::open(section, address, file, Arc::clone(&plan.clock)).map(|xua| Some(Arc::new(xua)))
}

/// A clock in the form that `xds-tls` takes.
pub fn now_of(clock: &SharedClock) -> Now {
    let clock = Arc::clone(clock);
    Arc::new(move || clock.now())
}

/// A clock that is behind the build of this program judges certificates wrongly.
fn warn_of_clock(clock: &SharedClock) {
    let built = built_at();
    let now = clock.now();
    if now < built {
        tracing::error!(%now, %built, "alarm: the clock is behind the build of this program; set the time");
    }
}

/// When this program was built.
pub fn built_at() -> OffsetDateTime {
    let seconds = env!("RENKEI_BUILT_AT").parse().unwrap_or_default();
    OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}
