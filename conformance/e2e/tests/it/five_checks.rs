//! The five checks that every refused request has to pass: reply, store, audit, live, leak.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use registry_cluster::{Cluster, ClusterOptions};
use renkei_network::{Network, Options, Program, Server};
use tokio::sync::{Mutex, MutexGuard};
use tokio_postgres::{Client, NoTls};

use crate::support::start;

/// The network of requests that must change nothing. One test at a time works with it, so that what changes is known.
fn quiet() -> &'static Network {
    static QUIET: OnceLock<Network> = OnceLock::new();
    QUIET.get_or_init(|| start(&options()))
}

/// Short waits, so that tests of them are short.
fn options() -> Options {
    Options {
        joint_use: false,
        log_level: "debug".to_owned(),
        ..Options::default()
    }
    .limits("body_window_seconds = 2\nhead_seconds_max = 3")
}

/// What of patients may stand in a request, to be seen nowhere else.
pub(crate) const CANARIES: [&str; 5] = [
    "CANARYPATIENT7f3a",
    "CANARYNAME7f3a",
    "CANARYTITLE7f3a",
    "CANARYTEXT7f3a",
    "CANARYBYTES7f3a",
];

/// A look at everything before requests that must change nothing.
pub(crate) struct Case {
    /// The network that they go to.
    pub(crate) network: &'static Network,
    database: Client,
    rows: BTreeMap<String, String>,
    documents: Vec<(PathBuf, u64)>,
    servers: [Seen; 2],
    /// Queries that the registry's journal had.
    pub(crate) queries_before: usize,
    _turn: MutexGuard<'static, ()>,
}

struct Seen {
    program: Program,
    pid: Option<u32>,
    resident: u64,
    log: usize,
    next: u64,
    refused: BTreeMap<String, u64>,
}

/// The events that must be in the journals, as `ITI-42 8`, and no others.
#[derive(Clone, Debug, Default)]
pub(crate) struct Audit {
    pub(crate) registry: Vec<String>,
    pub(crate) repository: Vec<String>,
}

impl Audit {
    /// The same event of the registry, this often.
    pub(crate) fn registry(event: &str, times: usize) -> Self {
        Self {
            registry: vec![event.to_owned(); times],
            ..Self::default()
        }
    }

    /// The same event of the repository, this often.
    pub(crate) fn repository(event: &str, times: usize) -> Self {
        Self {
            repository: vec![event.to_owned(); times],
            ..Self::default()
        }
    }
}

impl Case {
    /// Waits for its turn and looks at everything. `before` prepares what the requests are about.
    pub(crate) async fn begin<T>(before: impl AsyncFnOnce(&'static Network) -> T) -> (Self, T) {
        static TURN: Mutex<()> = Mutex::const_new(());
        let turn = TURN.lock().await;
        let network = tokio::task::spawn_blocking(quiet).await.unwrap();
        let prepared = before(network).await;
        let database = database(network).await;
        let rows = settled_rows(&database).await;
        let case = Self {
            rows,
            queries_before: queries(network),
            database,
            documents: documents(network),
            servers: [Program::Registry, Program::Repository].map(|program| Seen::now(network, program)),
            network,
            _turn: turn,
        };
        (case, prepared)
    }

    /// Nothing but the journals may have changed. `replies` is everything that came back.
    pub(crate) async fn end(self, audit: &Audit, replies: &str) {
        self.store().await;
        self.audit(audit).await;
        self.live().await;
        self.leak(replies);
    }

    /// As [`end`](Self::end), where each request may leave an event of its own kind, but none of success: the requests
    /// of one row end at different depths.
    pub(crate) async fn end_with_any_refusals(self, replies: &str) {
        self.end_but(&[], replies).await;
    }

    /// As [`end_with_any_refusals`](Self::end_with_any_refusals), with these events beside them: what a test does to
    /// look at the store.
    pub(crate) async fn end_but(self, allowed: &[&str], replies: &str) {
        for program in [Program::Registry, Program::Repository] {
            for event in self.events(program) {
                let refusal = !event.ends_with(" 0") && !event.ends_with("open");
                assert!(
                    refusal || allowed.contains(&event.as_str()),
                    "{program:?}: {event}"
                );
            }
        }
        self.store().await;
        self.live().await;
        self.leak(replies);
    }

    /// Events since the beginning, without those that the repository asks for by itself.
    pub(crate) fn events(&self, program: Program) -> Vec<String> {
        let seen = self.servers.iter().find(|seen| seen.program == program).unwrap();
        let (events, _) = self.network.events(program, seen.next).unwrap();
        let events = events.iter().map(renkei_network::Recorded::summary);
        events.filter(|event| event != "DECISION 0").collect()
    }

    /// How many connections were refused since the beginning, by reason.
    pub(crate) fn refused_connections(&self, program: Program) -> BTreeMap<String, u64> {
        let seen = self.servers.iter().find(|seen| seen.program == program).unwrap();
        let mut refused = refused_connections(self.server(seen));
        for (reason, before) in &seen.refused {
            if let Some(count) = refused.get_mut(reason) {
                *count -= before;
            }
        }
        refused.retain(|_, count| *count > 0);
        refused
    }

    /// Whether the journal has an event of a connection refused for this reason. Those of one address and reason are
    /// one event at first and one a minute later, with their number.
    pub(crate) fn has_refused_connection(&self, program: Program, reason: &str) -> bool {
        let (events, _) = self.network.events(program, 1).unwrap();
        events.iter().any(|event| match &event.opening.kind {
            xds_audit::EventKind::HandshakeRefused { reason: found, .. } => found == reason,
            _ => false,
        })
    }

    async fn store(&self) {
        let deadline = Instant::now() + Duration::from_secs(10);
        loop {
            let (rows, documents) = (settled_rows(&self.database).await, documents(self.network));
            if rows == self.rows && documents == self.documents {
                return;
            }
            if Instant::now() > deadline {
                assert_eq!(rows, self.rows, "rows of the database");
                assert_eq!(documents, self.documents, "files of documents");
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn audit(&self, expected: &Audit) {
        let deadline = Instant::now() + Duration::from_secs(10);
        for (seen, expected) in self
            .servers
            .iter()
            .zip([&expected.registry, &expected.repository])
        {
            let mut expected = expected.clone();
            expected.sort();
            loop {
                let (events, _) = self.network.events(seen.program, seen.next).unwrap();
                let mut found: Vec<String> = events
                    .iter()
                    .map(renkei_network::Recorded::summary)
                    // What the repository asks for by itself, and refused connections, whose events come later.
                    .filter(|event| event != "DECISION 0" && event != "handshake-refused 8")
                    .collect();
                found.sort();
                if found == expected {
                    break;
                }
                assert!(
                    Instant::now() < deadline,
                    "{:?}: {found:?} and not {expected:?}",
                    seen.program
                );
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }

    async fn live(&self) {
        let h1 = self.network.node("h1").unwrap();
        let began = Instant::now();
        let found = h1.find(&self.network.fresh_patient()).await.unwrap();
        assert_eq!(found.len(), 0);
        let (response, _) = h1.retrieve(&["1.2.3.4"]).await.unwrap();
        assert_eq!(response.errors.len(), 1);
        assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
        for seen in &self.servers {
            let server = self.server(seen);
            assert_eq!(server.pid(), seen.pid, "the process is another one");
            let grown = server.resident_bytes().unwrap().saturating_sub(seen.resident);
            assert!(grown < 64 << 20, "{:?} grew by {grown} bytes", seen.program);
        }
    }

    fn leak(&self, replies: &str) {
        for seen in &self.servers {
            let server = self.server(seen);
            let log = server.log();
            let log = log.get(seen.log..).unwrap_or(&log);
            assert!(!log.contains("panicked at"), "{log}");
            let metrics = server.metrics().unwrap();
            for canary in CANARIES {
                assert!(
                    !log.contains(canary),
                    "{canary} in the log of {:?}: {}",
                    seen.program,
                    around(log, canary)
                );
                assert!(
                    !metrics.contains(canary),
                    "{canary} in the metrics of {:?}",
                    seen.program
                );
            }
        }
        for canary in CANARIES {
            // A codeContext may repeat an id that this client sent: the patient's.
            let allowed = canary == CANARIES[0];
            assert!(
                allowed || !replies.contains(canary),
                "{canary} in a reply: {}",
                around(replies, canary)
            );
        }
        let folder = self.network.folder().display().to_string();
        for secret in [folder.as_str(), "SELECT ", "INSERT ", "stack backtrace", "/src/"] {
            assert!(
                !replies.contains(secret),
                "{secret} in a reply: {}",
                around(replies, secret)
            );
        }
    }

    fn server(&self, seen: &Seen) -> &'static Server {
        self.network.server(seen.program)
    }
}

impl Seen {
    fn now(network: &Network, program: Program) -> Self {
        let server = network.server(program);
        Self {
            program,
            pid: server.pid(),
            resident: server.resident_bytes().unwrap(),
            log: server.log().len(),
            next: network.events(program, 1).unwrap().1,
            refused: refused_connections(server),
        }
    }
}

/// Refused connections by reason, as a program's metrics have them.
fn refused_connections(server: &Server) -> BTreeMap<String, u64> {
    let metrics = server.metrics().unwrap();
    let lines = metrics
        .lines()
        .filter(|line| line.contains("refused_handshakes_total{"));
    lines
        .map(|line| {
            let reason = line.split("reason=\"").nth(1).unwrap().split('"').next().unwrap();
            let count = line.rsplit(' ').next().unwrap().parse().unwrap();
            (reason.to_owned(), count)
        })
        .collect()
}

fn queries(network: &Network) -> usize {
    let (events, _) = network.events(Program::Registry, 1).unwrap();
    events
        .iter()
        .filter(|event| event.summary().starts_with("ITI-18"))
        .count()
}

fn around<'t>(text: &'t str, what: &str) -> &'t str {
    let at = text.find(what).unwrap_or_default();
    let start = (0..=at.saturating_sub(200))
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(0);
    let end = (at + 200..=text.len())
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(text.len());
    &text[start..end]
}

/// A connection to the registry's private cluster.
pub(crate) async fn database(network: &Network) -> Client {
    let folder = network.folder().join("registry/postgresql");
    let cluster = Cluster::ensure(folder, ClusterOptions::default()).await.unwrap();
    let parameters = cluster.connection_parameters().connection_string();
    let (client, connection) = tokio_postgres::connect(&parameters, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// Count and sum of hashes of every table, once no audit mark waits to be removed and no act to be told.
async fn settled_rows(database: &Client) -> BTreeMap<String, String> {
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        let rows = rows(database).await;
        let is_empty = |table: &str| rows.get(table).is_some_and(|rows| rows.starts_with("0 "));
        if is_empty("audit_mark") && is_empty("owed_act") {
            return rows;
        }
        assert!(
            Instant::now() < deadline,
            "audit marks or acts stay in the database"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn rows(database: &Client) -> BTreeMap<String, String> {
    // Not the audit trail: events come to it from both programs at any time.
    let tables = "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'";
    let mut rows = BTreeMap::new();
    for table in database.query(tables, &[]).await.unwrap() {
        let table: String = table.get(0);
        let count = format!("SELECT count(*) || ' ' || coalesce(sum(hashtext(t::text)), 0) FROM {table} t");
        let count: String = database.query_one(&count, &[]).await.unwrap().get(0);
        rows.insert(table, count);
    }
    assert!(rows.len() > 10, "{rows:?}");
    rows
}

/// Every file below the documents' folder, with its size.
pub(crate) fn documents(network: &Network) -> Vec<(PathBuf, u64)> {
    let mut files = Vec::new();
    walk(&network.documents(), &mut files);
    files.sort();
    files
}

fn walk(folder: &Path, files: &mut Vec<(PathBuf, u64)>) {
    // A file may go while it is looked at.
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.metadata() {
            Ok(of) if of.is_dir() => walk(&entry.path(), files),
            Ok(of) => files.push((entry.path(), of.len())),
            Err(_) => {}
        }
    }
}

/// The checker is checked: each kind of violation, planted once, is found.
mod planted {
    use renkei_network::Network;

    use super::{Audit, CANARIES, Case};
    use crate::support::{patient, published};

    async fn begin() -> Case {
        Case::begin(async |_: &'static Network| ()).await.0
    }

    /// What the checks say to a case that must not pass them.
    async fn found(case: Case, audit: Audit, replies: &'static str) -> String {
        let checked = tokio::spawn(async move { case.end(&audit, replies).await });
        let panic = checked.await.unwrap_err().into_panic();
        let text = panic.downcast_ref::<String>().cloned();
        text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()))
            .unwrap_or_default()
    }

    #[tokio::test]
    async fn a_row_and_a_document_too_many() {
        let case = begin().await;
        let patient = patient(case.network).await;
        published(&case.network.node("h1").unwrap(), &patient, "planted").await;
        let said = found(case, Audit::default(), "").await;
        assert!(said.contains("rows of the database"), "{said}");
    }

    #[tokio::test]
    async fn an_event_too_many_and_one_too_few() {
        let case = begin().await;
        let h1 = case.network.node("h1").unwrap();
        h1.find(&case.network.fresh_patient()).await.unwrap();
        let said = found(case, Audit::default(), "").await;
        assert!(said.contains("ITI-18 0"), "{said}");
        let said = found(begin().await, Audit::registry("ITI-18 0", 1), "").await;
        assert!(said.contains("ITI-18 0"), "{said}");
    }

    #[tokio::test]
    async fn a_canary_in_a_reply() {
        let said = found(
            begin().await,
            Audit::default(),
            "a reply with CANARYTITLE7f3a in it",
        )
        .await;
        assert!(said.contains(CANARIES[2]), "{said}");
    }
}
