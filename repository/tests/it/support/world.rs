//! A network on one machine: an authority, a repository, a registry, and nodes that ask.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use renkei_repository::app::{Running, start};
use renkei_repository::config::Config;
use time::OffsetDateTime;
use xds_client::{Answer, Call, CallError, Client, ClientSettings, OutgoingPart};
use xds_model::Transaction;
use xds_model::principal::{EnrolledNode, EntityId, NodeName, OrganisationId};
use xds_model::time::{Clock, SharedClock, System};
use xds_server::config::load;
use xds_server::foundation::now_of;
use xds_testkit::pki::{Issued, LeafSpec, TestCa};
use xds_tls::{
    ClientSettings as TlsSettings, ClientTls, CrlPolicy, LiveMaterial, MaterialPaths, init_provider,
};

use super::fake_registry::FakeRegistry;

pub(crate) const OURS: &str = "1.3.6.1.4.1.21367.2010.1.2.1125";
pub(crate) const PATIENT: &str = "CANARY-PATIENT^^^&1.2.392.1&ISO";
const DEADLINE: Duration = Duration::from_secs(20);

/// The machine's clock, moved.
#[derive(Default)]
pub(crate) struct MovedClock(AtomicI64);

impl MovedClock {
    pub(crate) fn forward(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::Relaxed);
    }
}

impl Clock for MovedClock {
    fn now(&self) -> OffsetDateTime {
        System.now() + time::Duration::seconds(self.0.load(Ordering::Relaxed))
    }
}

/// A folder that goes away with the test.
pub(crate) struct TempDir(PathBuf);

impl TempDir {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("renkei-repository-{}-{count}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The network without a running repository.
pub(crate) struct Ground {
    pub(crate) folder: TempDir,
    pub(crate) registry: FakeRegistry,
    pub(crate) clock: Arc<MovedClock>,
    pub(crate) extra: String,
}

/// The network with one.
pub(crate) struct World {
    pub(crate) ground: Ground,
    pub(crate) repository: Running,
    /// A hospital that publishes.
    pub(crate) h1: Node,
    /// A clinic that asks.
    pub(crate) c1: Node,
}

impl Ground {
    pub(crate) async fn new() -> Self {
        init_provider();
        let folder = TempDir::new();
        let now = System.now();
        let ca = TestCa::new("test CA", now).unwrap();
        std::fs::write(folder.path().join("ca.crt"), ca.cert_pem()).unwrap();
        let crl = ca
            .crl(&[], now - time::Duration::HOUR, now + time::Duration::DAY)
            .unwrap();
        std::fs::write(folder.path().join("ca.crl"), crl).unwrap();
        let issue = |name: &str| -> Issued {
            let issued = ca.leaf(&LeafSpec::node(name)).unwrap();
            issued.write(folder.path(), name).unwrap();
            issued
        };
        let repository = issue("repository-1");
        issue("registry-1");
        let nodes = ["h1", "c1", "limited"]
            .map(|name| node(name, &issue(name).fingerprint))
            .to_vec();
        let registry = FakeRegistry::start(
            &material_paths(folder.path(), "registry-1"),
            &repository.fingerprint,
            nodes,
        )
        .await;
        let ground = Self {
            folder,
            registry,
            clock: Arc::default(),
            extra: String::new(),
        };
        repository_store::KeyRing::create_file(&ground.folder.path().join("documents.key")).unwrap();
        ground
    }

    /// Starts the repository.
    pub(crate) async fn start(self) -> World {
        let file = self.write_config();
        let config: Config = load(&file).unwrap();
        let clock: SharedClock = self.clock.clone();
        let repository = start(&config, clock, Arc::new(System)).await.unwrap();
        let url = format!("https://localhost:{}/xds/repository", repository.clinical.port());
        let h1 = Node::new(self.folder.path(), "h1", &url);
        let c1 = Node::new(self.folder.path(), "c1", &url);
        World {
            ground: self,
            repository,
            h1,
            c1,
        }
    }

    /// Writes a configuration and says where.
    pub(crate) fn write_config(&self) -> PathBuf {
        let file = self.folder.path().join("repository.toml");
        let (port, extra) = (self.registry.port(), &self.extra);
        let text = format!(
            r#"
[node]
audit_source_id = "repository-1"
[clinical]
listen = "127.0.0.1:0"
public_url = "https://localhost/xds/repository"
workers = 1
[clinical.tls]
certificate = "repository-1.crt"
key = "repository-1.key"
trusted_roots = ["ca.crt"]
crls = ["ca.crl"]
[status]
listen = "127.0.0.1:0"
[audit]
journal = "journal"
free_bytes_min = 1
[repository]
unique_id = "{OURS}"
data = "documents"
keys = ["documents.key"]
[registry]
url = "https://localhost:{port}/xds/registry"
connect_seconds_max = 2
answer_seconds_max = 2
question_seconds_max = 2
{extra}
"#
        );
        std::fs::write(&file, text).unwrap();
        file
    }

    pub(crate) fn journal(&self) -> PathBuf {
        self.folder.path().join("journal")
    }

    pub(crate) fn documents(&self) -> PathBuf {
        self.folder.path().join("documents")
    }

    /// Every file below the documents' folder.
    pub(crate) fn stored(&self) -> BTreeSet<PathBuf> {
        let mut files = BTreeSet::new();
        collect(&self.documents(), &mut files);
        files
    }

    /// The files below this part of the documents' folder.
    pub(crate) fn stored_in(&self, part: &str) -> usize {
        let mut files = BTreeSet::new();
        collect(&self.documents().join(part), &mut files);
        files.len()
    }

    /// Waits until the documents' folder holds exactly this again.
    pub(crate) async fn wait_for_stored(&self, expected: &BTreeSet<PathBuf>) {
        until("the store is as it was before", || self.stored() == *expected).await;
    }
}

fn collect(folder: &Path, files: &mut BTreeSet<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, files);
        } else {
            files.insert(path);
        }
    }
}

impl World {
    pub(crate) async fn new() -> Self {
        Ground::new().await.start().await
    }

    /// Stops the repository; the rest stays.
    pub(crate) async fn stop(self) -> Ground {
        self.repository.stop().await;
        self.ground
    }

    /// A text of the status listener.
    pub(crate) async fn status(&self, path: &str) -> String {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let mut stream = tokio::net::TcpStream::connect(self.repository.status)
            .await
            .unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    /// The server is alive and serves a good request.
    pub(crate) async fn assert_alive(&self) {
        let submission = super::Submission::of(&[super::Entry::text("alive")]);
        let response = self.h1.provide(&submission).await.unwrap();
        assert_eq!(super::codes(&response), Vec::<String>::new());
    }
}

/// A node that asks.
pub(crate) struct Node {
    pub(crate) client: Client,
    pub(crate) url: String,
}

impl Node {
    pub(crate) fn new(folder: &Path, name: &str, url: &str) -> Self {
        let clock: SharedClock = Arc::new(System);
        let material = LiveMaterial::load(material_paths(folder, name), now_of(&clock)).unwrap();
        let tls = ClientTls::new(material, TlsSettings::default()).unwrap();
        Self {
            client: Client::new(&tls, Arc::new(System), settings()).unwrap(),
            url: url.to_owned(),
        }
    }

    pub(crate) fn call(&self, transaction: Transaction) -> Call<'_> {
        Call::new(&self.url, transaction)
    }

    /// Sends an ITI-41 in MTOM as it stands.
    pub(crate) async fn mtom(&self, body: &str, parts: Vec<OutgoingPart>) -> Result<Answer, CallError> {
        self.client
            .call_mtom(&self.call(Transaction::Iti41), |out| out.push_str(body), parts)
            .await
    }
}

/// Documents come inline too.
fn settings() -> ClientSettings {
    ClientSettings {
        answer_bytes_max: 16 << 20,
        xml: xds_xml::Limits {
            document_bytes_max: 16 << 20,
            text_bytes_max: 16 << 20,
            ..xds_xml::Limits::default()
        },
        ..ClientSettings::default()
    }
}

fn node(name: &str, fingerprint: &str) -> EnrolledNode {
    EnrolledNode {
        name: NodeName(name.into()),
        fingerprint: fingerprint.to_owned(),
        organisation: OrganisationId(name.into()),
        entity: EntityId(name.into()),
        transactions: BTreeSet::from([Transaction::Iti41, Transaction::Iti43]),
        rights: BTreeSet::new(),
        allow_tls12: false,
        acts_for_others: false,
        in_flight_max: None,
        source_ids: if name == "limited" {
            BTreeSet::from(["1.2.3.999".to_owned()])
        } else {
            BTreeSet::new()
        },
        feeds: BTreeSet::new(),
        default_user: None,
    }
}

pub(crate) fn material_paths(folder: &Path, name: &str) -> MaterialPaths {
    MaterialPaths {
        certificate: folder.join(format!("{name}.crt")),
        key: folder.join(format!("{name}.key")),
        trusted_roots: vec![folder.join("ca.crt")],
        crls: vec![folder.join("ca.crl")],
        directly_trusted: Vec::new(),
        crl: CrlPolicy::Required,
        crl_grace_h: 24,
    }
}

/// Waits for a condition.
pub(crate) async fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let began = Instant::now();
    while !condition() {
        assert!(began.elapsed() < DEADLINE, "waited too long: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
