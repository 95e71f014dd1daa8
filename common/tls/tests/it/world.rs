//! A small PKI in a temporary folder, a clock that tests move, a ledger that tests write, and a client that can misbehave.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, RwLock};
use std::time::Duration;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{ResolvesClientCert, Resumption};
use rustls::crypto::aws_lc_rs;
use rustls::sign::CertifiedKey;
use rustls::{
    AlertDescription, ClientConfig, DigitallySignedStruct, Error, SignatureScheme, SupportedProtocolVersion,
};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use time::OffsetDateTime;
use time::macros::datetime;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use xds_testkit::pki::{Issued, LeafSpec, TestCa, write_private, write_public};
use xds_tls::{
    Admission, Admitted, CrlPolicy, Fingerprint, HandshakeRefused, LiveMaterial, MaterialPaths, Now,
    PeerIdentity, ServerSettings, ServerTls,
};

pub(crate) const START: OffsetDateTime = datetime!(2026-11-24 09:00 UTC);
pub(crate) const REQUEST: &[u8] = b"ping";
pub(crate) const REPLY: &[u8] = b"pong";

/// root -> middle -> nodes; a server whose own leaf is signed by `middle`.
pub(crate) struct World {
    pub(crate) folder: Folder,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) root: TestCa,
    pub(crate) middle: TestCa,
    pub(crate) server_leaf: Issued,
}

pub(crate) struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let name = format!(
            "renkei-tls-{}-{}",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        );
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

pub(crate) struct TestClock(AtomicI64);

impl TestClock {
    pub(crate) fn set(&self, at: OffsetDateTime) {
        self.0.store(at.unix_timestamp(), Ordering::SeqCst);
    }

    pub(crate) fn now(&self) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(self.0.load(Ordering::SeqCst)).unwrap()
    }
}

/// Who is enrolled; `others` answers for everyone not named.
#[derive(Debug)]
pub(crate) struct Ledger {
    entries: RwLock<HashMap<Fingerprint, Admitted>>,
    others: Admitted,
}

impl Ledger {
    pub(crate) fn set(&self, issued: &Issued, admitted: Admitted) {
        self.entries
            .write()
            .unwrap()
            .insert(fingerprint(issued), admitted);
    }
}

impl Admission for Ledger {
    fn admit(&self, fingerprint: &Fingerprint) -> Admitted {
        *self
            .entries
            .read()
            .unwrap()
            .get(fingerprint)
            .unwrap_or(&self.others)
    }
}

impl World {
    /// Everybody is enrolled, so that a refusal can only come from the certificate.
    pub(crate) fn new() -> Self {
        Self::with_server(LeafSpec::node("registry"))
    }

    pub(crate) fn with_server(server: LeafSpec) -> Self {
        let root = TestCa::new("Renkei Test Root", START).unwrap();
        let middle = root.intermediate("Renkei Test Middle").unwrap();
        let server_leaf = middle.leaf(&server).unwrap();
        let world = Self {
            folder: Folder::new(),
            clock: Arc::new(TestClock(AtomicI64::new(START.unix_timestamp()))),
            ledger: Arc::new(Ledger {
                entries: RwLock::default(),
                others: Admitted::Tls12Too,
            }),
            root,
            middle,
            server_leaf,
        };
        world.server_leaf.write(&world.folder.0, "server").unwrap();
        write_public(&world.folder.path("roots.pem"), world.root.cert_pem().as_bytes()).unwrap();
        world.publish_crls(&[], &[]);
        world
    }

    pub(crate) fn paths(&self) -> MaterialPaths {
        MaterialPaths {
            certificate: self.folder.path("server.crt"),
            key: self.folder.path("server.key"),
            trusted_roots: vec![self.folder.path("roots.pem")],
            crls: vec![self.folder.path("root.crl"), self.folder.path("middle.crl")],
            directly_trusted: Vec::new(),
            crl: CrlPolicy::Required,
            crl_grace_h: 24,
        }
    }

    pub(crate) fn now(&self) -> Now {
        let clock = Arc::clone(&self.clock);
        Arc::new(move || clock.now())
    }

    /// Lists of both CAs, signed now, good for a week.
    pub(crate) fn publish_crls(&self, by_root: &[Vec<u8>], by_middle: &[Vec<u8>]) {
        let (from, to) = (self.clock.now(), self.clock.now() + time::Duration::WEEK);
        let root = self.root.crl(by_root, from, to).unwrap();
        let middle = self.middle.crl(by_middle, from, to).unwrap();
        write_public(&self.folder.path("root.crl"), root.as_bytes()).unwrap();
        write_public(&self.folder.path("middle.crl"), middle.as_bytes()).unwrap();
    }

    pub(crate) fn write(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.folder.path(name);
        write_public(&path, content).unwrap();
        path
    }

    pub(crate) fn write_private(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.folder.path(name);
        write_private(&path, content).unwrap();
        path
    }

    pub(crate) fn material(&self) -> Arc<LiveMaterial> {
        self.material_of(self.paths())
    }

    pub(crate) fn material_of(&self, paths: MaterialPaths) -> Arc<LiveMaterial> {
        LiveMaterial::load(paths, self.now()).unwrap()
    }

    pub(crate) fn server(&self) -> ServerTls {
        self.server_of(self.material(), ServerSettings::default())
    }

    pub(crate) fn server_of(&self, material: Arc<LiveMaterial>, settings: ServerSettings) -> ServerTls {
        ServerTls::new(material, Arc::<Ledger>::clone(&self.ledger), settings).unwrap()
    }

    pub(crate) fn tls12_server(&self) -> ServerTls {
        self.server_of(
            self.material(),
            ServerSettings {
                allow_tls12: true,
                ..ServerSettings::default()
            },
        )
    }

    /// A node's leaf under `middle`.
    pub(crate) fn node(&self, name: &str) -> Issued {
        self.middle.leaf(&LeafSpec::node(name)).unwrap()
    }
}

pub(crate) fn fingerprint(issued: &Issued) -> Fingerprint {
    issued.fingerprint.parse().unwrap()
}

/// A client that presents what it is told to, and believes any server.
#[derive(Clone)]
pub(crate) struct TestClient {
    pub(crate) config: Arc<ClientConfig>,
}

impl TestClient {
    pub(crate) fn new(identity: Option<&Issued>) -> Self {
        Self::speaking(identity, &rustls::version::TLS13)
    }

    pub(crate) fn speaking(identity: Option<&Issued>, version: &'static SupportedProtocolVersion) -> Self {
        let key = identity.map(|issued| certified(&issued.chain_pem, &issued.key_pem));
        Self::with_key(key, version)
    }

    pub(crate) fn believes_all() -> Arc<dyn ServerCertVerifier> {
        Arc::new(BelievesAll)
    }

    pub(crate) fn with_key(
        key: Option<Arc<CertifiedKey>>,
        version: &'static SupportedProtocolVersion,
    ) -> Self {
        let mut config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_protocol_versions(&[version])
            .unwrap()
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(BelievesAll))
            .with_client_cert_resolver(Arc::new(Presents(key)));
        config.resumption = Resumption::in_memory_sessions(8);
        Self {
            config: Arc::new(config),
        }
    }
}

/// What both sides of one connection saw.
pub(crate) struct Attempt {
    pub(crate) client: io::Result<Served>,
    pub(crate) server: Result<PeerIdentity, HandshakeRefused>,
}

/// A connection that got its reply.
pub(crate) struct Served {
    pub(crate) server_leaf: Vec<u8>,
    pub(crate) kind: rustls::HandshakeKind,
    pub(crate) tickets: u32,
    pub(crate) suite: rustls::CipherSuite,
}

impl Attempt {
    /// The fatal alert the client saw.
    #[track_caller]
    pub(crate) fn alert(&self) -> AlertDescription {
        match &self.client {
            Ok(_) => panic!("the client was served"),
            Err(error) => match tls_error(error) {
                Some(Error::AlertReceived(alert)) => *alert,
                other => panic!("no alert but {error:?} {other:?}"),
            },
        }
    }

    #[track_caller]
    pub(crate) fn refused(&self) -> &HandshakeRefused {
        match &self.server {
            Ok(_) => panic!("the server accepted"),
            Err(refused) => refused,
        }
    }

    #[track_caller]
    pub(crate) fn accepted(&self) -> &PeerIdentity {
        if let Err(error) = &self.client {
            panic!("the client was refused: {error:?}");
        }
        self.server.as_ref().unwrap()
    }
}

fn tls_error(error: &io::Error) -> Option<&Error> {
    error.get_ref().and_then(|inner| inner.downcast_ref())
}

/// One connection in memory: handshake, one request, one reply.
pub(crate) async fn attempt(server: &ServerTls, client: &TestClient) -> Attempt {
    let (near, far) = tokio::io::duplex(64 * 1024);
    let (client, server) = tokio::join!(request(client, near), serve(server, far));
    Attempt { client, server }
}

async fn serve(server: &ServerTls, io: tokio::io::DuplexStream) -> Result<PeerIdentity, HandshakeRefused> {
    let (mut stream, peer) = server.accept(io).await?;
    let mut request = vec![0; REQUEST.len()];
    stream.read_exact(&mut request).await.unwrap();
    stream.write_all(REPLY).await.unwrap();
    stream.shutdown().await.unwrap();
    Ok(peer)
}

async fn request(client: &TestClient, io: tokio::io::DuplexStream) -> io::Result<Served> {
    let connector = tokio_rustls::TlsConnector::from(Arc::clone(&client.config));
    let name = ServerName::try_from("localhost").unwrap();
    let mut stream = connector.connect(name, io).await?;
    // As a real client does, without waiting to learn whether it is welcome.
    let written = stream.write_all(REQUEST).await;
    let mut reply = Vec::new();
    // The alert outlives a broken write.
    stream.read_to_end(&mut reply).await?;
    written?;
    assert_eq!(reply, REPLY);
    let (_, connection) = stream.get_ref();
    Ok(Served {
        server_leaf: connection.peer_certificates().unwrap()[0].to_vec(),
        kind: connection.handshake_kind().unwrap(),
        tickets: connection.tls13_tickets_received(),
        suite: connection.negotiated_cipher_suite().unwrap().suite(),
    })
}

pub(crate) fn certified(chain_pem: &str, key_pem: &str) -> Arc<CertifiedKey> {
    let chain = CertificateDer::pem_slice_iter(chain_pem.as_bytes())
        .map(Result::unwrap)
        .collect();
    presenting(chain, key_pem)
}

/// Any chain with any key: what rustls's own builder would refuse.
pub(crate) fn presenting(chain: Vec<CertificateDer<'static>>, key_pem: &str) -> Arc<CertifiedKey> {
    let key = PrivateKeyDer::from_pem_slice(key_pem.as_bytes()).unwrap();
    Arc::new(CertifiedKey::new(
        chain,
        aws_lc_rs::sign::any_supported_type(&key).unwrap(),
    ))
}

/// Waits for a condition, at most ten seconds.
pub(crate) async fn until(what: &str, condition: impl Fn() -> bool) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
    while !condition() {
        assert!(tokio::time::Instant::now() < deadline, "gave up waiting: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

pub(crate) fn names(error: &impl std::fmt::Display, path: &Path) -> bool {
    error.to_string().contains(&path.display().to_string())
}

#[derive(Debug)]
struct Presents(Option<Arc<CertifiedKey>>);

impl ResolvesClientCert for Presents {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.0.clone()
    }

    fn has_certs(&self) -> bool {
        self.0.is_some()
    }
}

#[derive(Debug)]
struct BelievesAll;

impl ServerCertVerifier for BelievesAll {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        aws_lc_rs::default_provider()
            .signature_verification_algorithms
            .supported_schemes()
    }
}
