//! The FHIR feed of ITI-20 against a receiver that we did not write: Python's HTTP server and TLS.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use xds_audit::{Caller, Closing, Event, EventKind, Journal, JournalOptions, Objects, Opening};
use xds_model::Transaction;
use xds_model::time::{Clock, SharedClock, SharedIds, System};
use xds_server::config::{AuditSection, NodeSection};
use xds_server::delivery::{Delivery, Plan};
use xds_server::metrics::{Metrics, SharedMetrics};
use xds_syslog::sender::{DestinationStatus, Trouble};
use xds_testkit::pki::{LeafSpec, TestCa};
use xds_tls::{CrlPolicy, LiveMaterial, MaterialPaths, init_provider};

const DEADLINE: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aud_01_an_outage_loses_nothing_and_a_start_goes_on_where_it_stood() {
    let ground = Ground::new();
    let journal = ground.journal().await;
    events(&journal, 0..450, None).await;
    let mut receiver = ground.receiver("entry");
    let delivery = ground.delivery(&journal);
    until("all is there", || ground.taken().len() == 450).await;
    let status = settled(&delivery, &journal).await;
    assert!(status.connected && status.oldest.is_none(), "{status:?}");
    assert_eq!((status.sent - status.resent, status.set_aside), (450, 0));

    receiver.kill();
    events(&journal, 450..500, None).await;
    until("it fails", || status_of(&delivery).failures >= 2).await;
    let status = status_of(&delivery);
    assert!(!status.connected && status.oldest.is_some(), "{status:?}");
    assert_eq!(status.last_error, Some(Trouble::ConnectRefused));
    delivery.stop().await;

    let delivery = ground.delivery(&journal);
    let _receiver = ground.receiver("entry");
    until("the rest is there", || ground.taken().len() == 500).await;
    settled(&delivery, &journal).await;
    let twice = ground.taken().values().filter(|times| **times > 1).count();
    assert!(twice <= 5, "{twice} of 500 came twice");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_is_refused_for_good_is_set_aside_and_blocks_nothing() {
    for refuses in ["entry", "bundle"] {
        let ground = Ground::new();
        let journal = ground.journal().await;
        events(&journal, 0..20, Some(7)).await;
        let _receiver = ground.receiver(refuses);
        let delivery = ground.delivery(&journal);
        until("it is set aside", || status_of(&delivery).set_aside == 1).await;
        let status = settled(&delivery, &journal).await;
        assert_eq!(ground.taken().len(), 19, "{refuses}");
        assert!(
            ground.taken().values().all(|times| *times == 1),
            "{:?}",
            ground.taken()
        );
        assert!(status.failures >= 4, "{status:?}");
        let files = ground.refused();
        assert_eq!(files.len(), 1);
        let kept: serde_json::Value = serde_json::from_slice(&std::fs::read(&files[0]).unwrap()).unwrap();
        assert_eq!(kept["resourceType"], "AuditEvent");
        assert!(kept.to_string().contains("POISON"));
        delivery.look();
        let text = ground.metrics.text().unwrap();
        assert!(
            text.contains("audit_destination_set_aside{destination=\"arr\"} 1"),
            "{text}"
        );
        delivery.stop().await;
        // It is counted as long as it lies there.
        assert_eq!(status_of(&ground.delivery(&journal)).set_aside, 1);
    }
}

/// Who has never taken anything may be no Audit Record Repository.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_set_aside_for_a_receiver_that_refuses_everything() {
    let ground = Ground::new();
    let journal = ground.journal().await;
    events(&journal, 7..8, Some(7)).await;
    let _receiver = ground.receiver("entry");
    let delivery = ground.delivery(&journal);
    until("it was posted more often than that", || {
        status_of(&delivery).failures > 5
    })
    .await;
    let status = status_of(&delivery);
    assert_eq!((status.settled, status.set_aside), (0, 0));
    assert_eq!(status.last_error, Some(Trouble::Refused));
}

/// Mutual TLS: a receiver without our certificate's authority is not delivered to.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_that_does_not_know_us_gets_nothing() {
    let ground = Ground::new();
    let journal = ground.journal().await;
    events(&journal, 0..3, None).await;
    let other = TestCa::new("other CA", System.now()).unwrap();
    std::fs::write(ground.path("ca.crt"), other.cert_pem()).unwrap();
    let _receiver = ground.receiver("entry");
    let delivery = ground.delivery(&journal);
    until("it fails", || status_of(&delivery).failures >= 2).await;
    assert!(ground.taken().is_empty());
    assert_eq!(status_of(&delivery).settled, 0);
}

struct Ground {
    folder: PathBuf,
    port: u16,
    material: Arc<LiveMaterial>,
    metrics: SharedMetrics,
}

impl Ground {
    fn new() -> Self {
        init_provider();
        let folder = temp_dir();
        let ca = TestCa::new("test CA", System.now()).unwrap();
        for name in ["ca.crt", "roots.crt"] {
            std::fs::write(folder.join(name), ca.cert_pem()).unwrap();
        }
        for name in ["arr", "registry"] {
            ca.leaf(&LeafSpec::node(name))
                .unwrap()
                .write(&folder, name)
                .unwrap();
        }
        let paths = MaterialPaths {
            certificate: folder.join("registry.crt"),
            key: folder.join("registry.key"),
            trusted_roots: vec![folder.join("roots.crt")],
            crls: Vec::new(),
            directly_trusted: Vec::new(),
            crl: CrlPolicy::None,
            crl_grace_h: 24,
        };
        let clock: SharedClock = Arc::new(System);
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        Self {
            material: LiveMaterial::load(paths, xds_server::foundation::now_of(&clock)).unwrap(),
            port: listener.local_addr().unwrap().port(),
            metrics: Metrics::new(|_| {}),
            folder,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    async fn journal(&self) -> Journal {
        let options = JournalOptions {
            free_bytes_min: 1,
            ..JournalOptions::default()
        };
        Journal::open_dir(&self.path("journal"), options, Arc::new(System), &System)
            .unwrap()
            .journal
    }

    fn receiver(&self, refuses: &str) -> Receiver {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/fhir_receiver.py");
        let child = Command::new("python3")
            .arg(script)
            .arg(self.port.to_string())
            .arg(&self.folder)
            .arg(self.path("taken"))
            .arg(refuses)
            .spawn()
            .expect("python3 is needed for this test");
        Receiver(child)
    }

    fn delivery(&self, journal: &Journal) -> Delivery {
        let audit: AuditSection = toml::from_str(&format!(
            "journal = \"{}\"\n[[destination]]\nname = \"arr\"\nprotocol = \"fhir\"\nurl = \"https://localhost:{}/fhir\"\n",
            self.path("journal").display(),
            self.port
        ))
        .unwrap();
        assert_eq!(audit.destination[0].complaints(), Vec::<String>::new());
        let node: NodeSection = toml::from_str("audit_source_id = \"registry-1\"").unwrap();
        let ids: SharedIds = Arc::new(System);
        Delivery::start(Plan {
            audit: &audit,
            node: &node,
            public_url: "https://localhost/xds/registry",
            journal: journal.clone(),
            material: Arc::clone(&self.material),
            clock: Arc::new(System),
            ids,
            metrics: SharedMetrics::clone(&self.metrics),
        })
        .unwrap()
    }

    /// How often each event was taken, by its name.
    fn taken(&self) -> BTreeMap<String, usize> {
        let mut times = BTreeMap::new();
        for name in std::fs::read_to_string(self.path("taken"))
            .unwrap_or_default()
            .lines()
        {
            *times.entry(name.to_owned()).or_default() += 1;
        }
        times
    }

    fn refused(&self) -> Vec<PathBuf> {
        let mut folders = vec![self.folder.clone()];
        let mut files = Vec::new();
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path
                    .parent()
                    .is_some_and(|parent| parent.ends_with("arr.refused"))
                {
                    files.push(path);
                }
            }
        }
        files
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn temp_dir() -> PathBuf {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let path = std::env::temp_dir().join(format!("renkei-fhir-{}-{count}", std::process::id()));
    std::fs::create_dir_all(&path).unwrap();
    path
}

struct Receiver(Child);

impl Receiver {
    fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

async fn events(journal: &Journal, numbers: std::ops::Range<u64>, poison: Option<u64>) {
    for number in numbers {
        let word = if poison == Some(number) { "POISON" } else { "event" };
        let opening = Opening {
            kind: EventKind::received(Transaction::Iti18),
            caller: Caller::operator("somebody"),
            endpoint: "https://localhost/xds/registry".to_owned(),
            correlation: format!("{word}-{number}"),
            objects: Objects::default(),
        };
        let closing = Closing::success();
        journal.single(Event { opening, closing }).await.unwrap();
    }
}

fn status_of(delivery: &Delivery) -> DestinationStatus {
    delivery.status().remove(0)
}

/// Waits until nothing is owed.
async fn settled(delivery: &Delivery, journal: &Journal) -> DestinationStatus {
    let newest = *journal.durable_watch().borrow();
    until("the cursor is at the end", || {
        status_of(delivery).settled >= newest
    })
    .await;
    status_of(delivery)
}

async fn until(what: &str, condition: impl Fn() -> bool) {
    let began = Instant::now();
    while !condition() {
        assert!(began.elapsed() < DEADLINE, "waited too long: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
