//! A server on loopback with its certificates, its nodes and its journal, and the checks that every refusal must pass.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{SocketAddr, TcpListener};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use actix_server::ServerHandle;
use time::OffsetDateTime;
use xds_audit::{Content, EventKind, Outcome};
use xds_model::Transaction;
use xds_model::principal::{EnrolledNode, EntityId, NodeName, OrganisationId};
use xds_model::time::{Clock, SharedClock, System};
use xds_server::config::{AuditSection, ClinicalSection, Limits, NodeSection, TimeSection, XuaSection};
use xds_server::foundation::{Foundation, Plan};
use xds_server::gate::Gate;
use xds_server::ledger::NodeList;
use xds_server::metrics::Metrics;
use xds_server::ready::Ready;
use xds_testkit::pki::{Issued, LeafSpec, TestCa, write_public};
use xds_tls::{CrlPolicy, MaterialPaths};

use crate::app::{Probe, routes};
use crate::client::{Client, End, Identity, Reply};
use crate::message::{CANARY, good};
use crate::watch;

pub(crate) struct World {
    pub(crate) ca: TestCa,
    pub(crate) address: SocketAddr,
    pub(crate) foundation: Foundation,
    pub(crate) gate: Gate,
    pub(crate) probe: Arc<Probe>,
    pub(crate) handle: ServerHandle,
    /// `h1` may send everything.
    pub(crate) h1: Identity,
    pub(crate) h1_leaf: Issued,
    /// `h2` too.
    pub(crate) h2: Identity,
    nodes: Vec<EnrolledNode>,
    pub(crate) folder: Folder,
}

pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("renkei-server-{}-{count}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Short windows, so that slowness is seen quickly.
pub(crate) fn quick() -> Limits {
    Limits {
        head_seconds_max: 1,
        body_window_seconds: 1,
        write_stall_seconds_max: 1,
        handshake_seconds_max: 2,
        drain_seconds_max: 10,
        request_bytes_max: 4 * 1024 * 1024,
        root_part_bytes_max: 256 * 1024,
        document_bytes_max: 2 * 1024 * 1024,
        ..Limits::default()
    }
}

/// An event as the journal tells it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Told {
    /// Name of the kind, as `request-refused` or `ITI-18`.
    pub(crate) kind: String,
    /// None while the request is open.
    pub(crate) outcome: Option<Outcome>,
    pub(crate) node: Option<String>,
    pub(crate) peer: Option<SocketAddr>,
    pub(crate) correlation: String,
    pub(crate) reason: String,
    pub(crate) note: Option<String>,
    /// The user, as the journal writes it.
    pub(crate) user: Option<serde_json::Value>,
    pub(crate) repeat: bool,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(quick()).await
    }

    pub(crate) async fn with(limits: Limits) -> Self {
        Self::at(limits, Arc::new(System)).await
    }

    pub(crate) async fn at(limits: Limits, clock: SharedClock) -> Self {
        Self::of(Folder::new(), limits, clock, None).await
    }

    /// One that believes assertions.
    pub(crate) async fn with_xua(folder: Folder, xua: &XuaSection) -> Self {
        Self::of(folder, quick(), Arc::new(System), Some(xua)).await
    }

    async fn of(folder: Folder, limits: Limits, clock: SharedClock, xua: Option<&XuaSection>) -> Self {
        watch::begin();
        let now = System.now();
        let ca = TestCa::new("Renkei Test Root", now).unwrap();
        let server = ca.leaf(&LeafSpec::node("registry")).unwrap();
        let (certificate, key) = server.write(&folder.0, "server").unwrap();
        write_public(&folder.path("roots.pem"), ca.cert_pem().as_bytes()).unwrap();
        let crl = ca
            .crl(&[], now - time::Duration::HOUR, now + time::Duration::WEEK)
            .unwrap();
        write_public(&folder.path("ca.crl"), crl.as_bytes()).unwrap();

        let (h1_leaf, h2_leaf) = (
            ca.leaf(&LeafSpec::node("h1")).unwrap(),
            ca.leaf(&LeafSpec::node("h2")).unwrap(),
        );
        let nodes = vec![node("h1", &h1_leaf), node("h2", &h2_leaf)];
        let list = NodeList::new(Duration::from_secs(3600));
        list.replace(nodes.clone());

        let clinical = ClinicalSection {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            public_url: "https://localhost/registry".to_owned(),
            workers: 1,
            fault_status_always_500: false,
            tls: MaterialPaths {
                certificate,
                key,
                trusted_roots: vec![folder.path("roots.pem")],
                crls: vec![folder.path("ca.crl")],
                directly_trusted: Vec::new(),
                crl: CrlPolicy::Required,
                crl_grace_h: 24,
            },
        };
        let plan = Plan {
            node: &NodeSection {
                audit_source_id: "registry-1".to_owned(),
                enterprise_site_id: None,
            },
            clinical: &clinical,
            audit: &AuditSection {
                free_bytes_min: 1024 * 1024,
                ..AuditSection::in_folder(folder.path("journal"))
            },
            time: &TimeSection::default(),
            limits: &limits,
            xua,
            nodes: list,
            metrics: Metrics::new(|_| ()),
            ready: Ready::waiting_for(&[]),
            clock,
            ids: Arc::new(System),
        };
        let (foundation, _) = Foundation::lay(plan).await.unwrap();
        let gate = foundation.gate(&limits, false);
        let probe = Arc::new(Probe::default());
        let listener = TcpListener::bind(clinical.listen).unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let server = foundation
            .listener(&limits, 1)
            .serve(listener, routes(gate.clone(), Arc::clone(&probe)))
            .unwrap();
        let handle = server.handle();
        tokio::spawn(server);
        let (h1, h2) = (
            Identity::new(ca.cert_der(), &h1_leaf),
            Identity::new(ca.cert_der(), &h2_leaf),
        );
        Self {
            ca,
            address,
            foundation,
            gate,
            probe,
            handle,
            h1,
            h1_leaf,
            h2,
            nodes,
            folder,
        }
    }

    /// A connection of `h1`.
    pub(crate) async fn client(&self) -> Client {
        self.h1.connect(self.address).await.expect("a connection")
    }

    pub(crate) fn reached(&self) -> u64 {
        self.probe.reached.load(Ordering::SeqCst)
    }

    pub(crate) fn finished(&self) -> u64 {
        self.probe.finished.load(Ordering::SeqCst)
    }

    /// Changes the entry of a node; false takes it off the list.
    pub(crate) fn enrol(&mut self, name: &str, change: impl Fn(&mut EnrolledNode) -> bool) {
        self.nodes.retain_mut(|node| node.name.0 != name || change(node));
        self.foundation.nodes.replace(self.nodes.clone());
    }

    /// Enters a node.
    pub(crate) fn add(&mut self, node: EnrolledNode) {
        self.nodes.push(node);
        self.foundation.nodes.replace(self.nodes.clone());
    }

    pub(crate) fn publish_crl(&self, revoked: &[Vec<u8>]) {
        let now = OffsetDateTime::now();
        let crl = self.ca.crl(revoked, now, now + time::Duration::WEEK).unwrap();
        write_public(&self.folder.path("ca.crl"), crl.as_bytes()).unwrap();
    }

    /// Every event so far, requests by their opening part.
    pub(crate) fn events(&self) -> Vec<Told> {
        let mut told = BTreeMap::new();
        xds_audit::read(&self.folder.path("journal"), 0, |sequence, content| {
            match content {
                Content::Open(open) => drop(told.insert(sequence, Told::opened(&open.opening))),
                Content::Close(close) => {
                    let event: &mut Told = told.get_mut(&close.opened).expect("opened before");
                    event.close(&close.closing);
                }
                Content::Single(single) => {
                    let mut event = Told::opened(&single.event.opening);
                    event.close(&single.event.closing);
                    told.insert(sequence, event);
                }
                Content::Checkpoint(_) => {}
            }
            ControlFlow::Continue(())
        })
        .unwrap();
        told.into_values().collect()
    }

    /// Events of this kind.
    pub(crate) fn events_of(&self, kind: &str) -> Vec<Told> {
        self.events()
            .into_iter()
            .filter(|event| event.kind == kind)
            .collect()
    }

    /// A good request is answered at once.
    pub(crate) async fn assert_lives(&self) {
        let began = Instant::now();
        let reply = self
            .h2
            .connect(self.address)
            .await
            .expect("a connection")
            .ask(&good())
            .await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
        watch::assert_clean(CANARY);
        let metrics = self.foundation.metrics.text().unwrap();
        assert!(!metrics.contains(CANARY));
    }

    /// Sends what must be refused on a connection of its own, and makes the five checks: the reply has this status,
    /// no handler was reached, exactly one event `request-refused` tells of it, the server lives, and nothing leaks.
    /// Returns the reply and, if the connection was closed, how.
    pub(crate) async fn refuse(&self, what: &str, bytes: &[u8], status: u16) -> (Reply, Option<End>) {
        let mut client = self.client().await;
        self.refuse_on(&mut client, what, bytes, status).await
    }

    pub(crate) async fn refuse_on(
        &self,
        client: &mut Client,
        what: &str,
        bytes: &[u8],
        status: u16,
    ) -> (Reply, Option<End>) {
        let (reached, before) = (self.reached(), self.events_of("request-refused").len());
        // The server may stop reading in the middle: what counts is what it says.
        let _ = client.send(bytes).await;
        let reply = client
            .reply()
            .await
            .unwrap_or_else(|error| panic!("{what}: no reply: {error}"));
        assert_eq!(reply.status, status, "{what}: {}{}", reply.head, reply.text());
        let told = self.events_of("request-refused");
        assert_eq!(told.len(), before + 1, "{what}: {told:?}");
        let last = told.last().unwrap();
        assert!(last.outcome > Some(Outcome::Success), "{what}: {last:?}");
        assert_eq!(last.node.as_deref(), Some("h1"), "{what}");
        let end = if reply.closes() {
            let (surplus, end) = client.rest().await;
            assert_eq!(String::from_utf8_lossy(&surplus), "", "{what}: two readings");
            Some(end)
        } else {
            None
        };
        assert_eq!(self.reached(), reached, "{what}: a handler was reached");
        assert!(!reply.text().contains(CANARY), "{what}: {}", reply.text());
        assert!(!reply.head.contains(CANARY), "{what}");
        self.assert_lives().await;
        (reply, end)
    }

    /// The same, where the connection must end, in order, so that no client misses the reply.
    pub(crate) async fn refuse_and_close(&self, what: &str, bytes: &[u8], status: u16) -> Reply {
        let (reply, end) = self.refuse(what, bytes, status).await;
        assert_eq!(end, Some(End::Clean), "{what}: {}", reply.head);
        reply
    }

    /// The same, where the reply is a SOAP fault with this code or subcode.
    pub(crate) async fn fault(&self, what: &str, bytes: &[u8], status: u16, code: &str) -> Reply {
        let (reply, _) = self.refuse(what, bytes, status).await;
        assert!(
            reply.text().contains(&format!(":{code}</soap12:Value>")),
            "{what}: {}",
            reply.text()
        );
        assert!(
            reply.text().contains("addressing/fault<") || reply.text().contains("addressing/soap/fault<"),
            "{what}"
        );
        reply
    }
}

impl Drop for World {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
    }
}

impl Told {
    fn opened(opening: &xds_audit::Opening) -> Self {
        let reason = match &opening.kind {
            EventKind::RequestRefused { reason, .. } | EventKind::AssertionRefused { reason } => {
                reason.clone()
            }
            EventKind::HandshakeRefused { reason, count } => format!("{reason} x{count}"),
            _ => String::new(),
        };
        Self {
            kind: opening.kind.name().to_owned(),
            outcome: None,
            node: opening.caller.node.clone(),
            peer: opening.caller.peer,
            correlation: opening.correlation.clone(),
            reason,
            note: None,
            user: opening
                .caller
                .user
                .as_ref()
                .map(|user| serde_json::to_value(user).unwrap()),
            repeat: opening.caller.repeat,
        }
    }

    fn close(&mut self, closing: &xds_audit::Closing) {
        self.outcome = Some(closing.outcome);
        self.note.clone_from(&closing.note);
    }
}

/// The time of the machine, for certificates that a real server judges.
pub(crate) trait Now {
    fn now() -> Self;
}

impl Now for OffsetDateTime {
    fn now() -> Self {
        System.now()
    }
}

pub(crate) fn node(name: &str, leaf: &Issued) -> EnrolledNode {
    EnrolledNode {
        name: NodeName(name.to_owned()),
        fingerprint: leaf.fingerprint.clone(),
        organisation: OrganisationId("org".to_owned()),
        entity: EntityId("entity".to_owned()),
        transactions: BTreeSet::from(Transaction::ALL),
        rights: BTreeSet::new(),
        allow_tls12: true,
        acts_for_others: false,
        in_flight_max: None,
        source_ids: BTreeSet::new(),
        feeds: BTreeSet::new(),
        default_user: None,
    }
}

/// Waits until it holds.
pub(crate) async fn until(what: &str, holds: impl Fn() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < Duration::from_secs(20), "never: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
