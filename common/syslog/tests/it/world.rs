//! A PKI in a temporary folder, senders and receivers on it.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rustls_pki_types::ServerName;
use xds_model::time::{Clock, System};
use xds_syslog::sender::{Destination, DestinationStatus, Limits, Sender, Surroundings, Transport};
use xds_testkit::pki::{LeafSpec, TestCa, write_public};
use xds_tls::{
    Admission, Admitted, ClientSettings, ClientTls, CrlPolicy, Fingerprint, LiveMaterial, MaterialPaths,
    ServerSettings, ServerTls, init_provider,
};

use crate::source::Journal;

/// Who our sender is to a receiver that looks at names.
pub(crate) const SENDER: &str = "registry.test";

pub(crate) struct World {
    pub(crate) folder: PathBuf,
    pub(crate) ca: TestCa,
}

impl World {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        init_provider();
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("renkei-syslog-{}-{count}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let ca = TestCa::new("Renkei Test Root", System.now()).unwrap();
        write_public(&folder.join("roots.pem"), ca.cert_pem().as_bytes()).unwrap();
        let world = Self { folder, ca };
        world.issue("sender", SENDER);
        world.issue("receiver", "arr.test");
        world
    }

    /// Writes `NAME.crt` and `NAME.key`.
    pub(crate) fn issue(&self, name: &str, host: &str) {
        let mut spec = LeafSpec::node(host);
        spec.dns_names = vec![host.to_owned()];
        self.ca.leaf(&spec).unwrap().write(&self.folder, name).unwrap();
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn material(&self, name: &str) -> Arc<LiveMaterial> {
        let paths = MaterialPaths {
            certificate: self.file(&format!("{name}.crt")),
            key: self.file(&format!("{name}.key")),
            trusted_roots: vec![self.file("roots.pem")],
            crls: Vec::new(),
            directly_trusted: Vec::new(),
            crl: CrlPolicy::None,
            crl_grace_h: 24,
        };
        LiveMaterial::load(paths, Arc::new(|| System.now())).unwrap()
    }

    pub(crate) fn destination(&self, address: SocketAddr) -> Destination {
        let tls = ClientTls::new(self.material("sender"), ClientSettings::default()).unwrap();
        Destination {
            name: "arr".parse().unwrap(),
            transport: Transport::Tls {
                address: address.to_string(),
                server_name: ServerName::try_from("arr.test").unwrap(),
                config: tls.config(),
            },
            limits: limits(),
        }
    }

    /// A sender with its cursor in this world's folder. Numbers it was given before stay delivered.
    pub(crate) fn sender(&self, destination: Destination, journal: &Journal) -> Sender {
        Sender::start(
            destination,
            journal.source(),
            journal.newest(),
            &self.folder,
            surroundings(),
        )
        .unwrap()
    }

    /// The accepting side, which admits every certificate of the CA but those of `stranger`.
    pub(crate) fn server_tls(&self) -> ServerTls {
        let stranger = fs::read(self.file("stranger.der")).map(|der| Fingerprint::of(&der));
        let admission = Arc::new(AllBut(stranger.ok()));
        ServerTls::new(self.material("receiver"), admission, ServerSettings::default()).unwrap()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if std::env::var_os("RENKEI_KEEP").is_none() {
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

#[derive(Debug)]
struct AllBut(Option<Fingerprint>);

impl Admission for AllBut {
    fn admit(&self, fingerprint: &Fingerprint) -> Admitted {
        if self.0.as_ref() == Some(fingerprint) {
            Admitted::No
        } else {
            Admitted::Tls13
        }
    }
}

pub(crate) fn surroundings() -> Surroundings {
    Surroundings {
        clock: Arc::new(System),
        ids: Arc::new(System),
    }
}

/// Impatient, so that tests are short.
pub(crate) fn limits() -> Limits {
    Limits {
        connect_max: Duration::from_millis(500),
        handshake_max: Duration::from_secs(1),
        write_max: Duration::from_secs(2),
        close_max: Duration::from_secs(2),
        settle_after: Duration::from_millis(500),
        probation: Duration::from_millis(250),
        pause_min: Duration::from_millis(20),
        pause_max: Duration::from_millis(200),
        ..Limits::default()
    }
}

/// A port of the loopback interface that nobody has.
pub(crate) fn free_port() -> u16 {
    xds_testkit::port().unwrap()
}

pub(crate) fn loopback(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

/// Waits until `done` says so; panics after `seconds` with what `tell` has to say.
pub(crate) async fn until(seconds: u64, mut done: impl FnMut() -> bool, tell: impl Fn() -> String) {
    let deadline = Instant::now() + Duration::from_secs(seconds);
    while !done() {
        assert!(Instant::now() < deadline, "not within {seconds} s: {}", tell());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Waits until everything up to `newest` is settled.
pub(crate) async fn settled(sender: &Sender, newest: u64, seconds: u64) -> DestinationStatus {
    let done = || sender.status().settled >= newest;
    until(seconds, done, || format!("{:?}", sender.status())).await;
    sender.status()
}

pub(crate) fn read_or_empty(path: &Path) -> Vec<u8> {
    fs::read(path).unwrap_or_default()
}
