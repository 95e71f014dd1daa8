//! The accepting side: handshakes, and whether those who came in earlier may stay.

use std::cell::RefCell;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustls::server::{ClientHello, NoServerSessionStorage, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{ProtocolVersion, ServerConfig};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio_rustls::StartHandshake;
use tokio_rustls::server::TlsStream;

use crate::opening::read_hello;
use crate::provider::{InjectedTime, provider, unix_time, versions};
use crate::verify::{PeerVerifier, SEEN, Seen};
use crate::{
    Admission, HandshakeRefused, LiveMaterial, Now, PeerIdentity, PeerSummary, RefusalReason, TlsVersion,
};

/// Time limit of a handshake unless configured otherwise.
pub const HANDSHAKE_MAX: Duration = Duration::from_secs(10);

/// After a refusal we read on for this long and this far, so that unread bytes do not make the kernel reset the
/// connection before the peer has read our alert.
const LINGER_MAX: Duration = Duration::from_secs(1);
const LINGER_BYTES_MAX: u64 = 64 * 1024;

/// What differs between listeners.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ServerSettings {
    /// Speak TLS 1.2 too, to peers whose entry allows it. Off: a 1.2 hello is answered `protocol_version`.
    pub allow_tls12: bool,
    /// Offer `http/1.1` by ALPN. For HTTP listeners; not for MLLP.
    pub alpn_http11: bool,
    /// Time limit of a handshake.
    pub handshake_max: Duration,
}

impl Default for ServerSettings {
    fn default() -> Self {
        Self {
            allow_tls12: false,
            alpn_http11: false,
            handshake_max: HANDSHAKE_MAX,
        }
    }
}

/// One listener's TLS. Clones share everything.
#[derive(Clone)]
pub struct ServerTls {
    config: Arc<ServerConfig>,
    verifier: Arc<PeerVerifier>,
    material: Arc<LiveMaterial>,
    now: Now,
    handshake_max: Duration,
}

impl ServerTls {
    /// Client certificates are demanded always; there is no way to make them optional.
    ///
    /// # Errors
    /// When rustls refuses the configuration, which says that the provider lacks a suite.
    pub fn new(
        material: Arc<LiveMaterial>,
        admission: Arc<dyn Admission>,
        settings: ServerSettings,
    ) -> Result<Self, rustls::Error> {
        let now = material.clock();
        let verifier = Arc::new(PeerVerifier::new(Arc::clone(&material), admission));
        let config = config(&material, Arc::clone(&verifier), Arc::clone(&now), settings)?;
        let config = Arc::new(config);
        Ok(Self {
            config,
            verifier,
            material,
            now,
            handshake_max: settings.handshake_max,
        })
    }

    /// Performs the handshake on a fresh connection.
    ///
    /// # Errors
    /// Why the peer was turned away; the alert has been sent. Nothing that the peer sent has been answered otherwise.
    pub async fn accept<IO>(&self, io: IO) -> Result<(TlsStream<IO>, PeerIdentity), HandshakeRefused>
    where
        IO: AsyncRead + AsyncWrite + Unpin,
    {
        let (outcome, seen) = SEEN
            .scope(RefCell::default(), async {
                let outcome = tokio::time::timeout(self.handshake_max, self.handshake(io)).await;
                (outcome, SEEN.with(RefCell::take))
            })
            .await;
        let reason = match outcome {
            Ok(Ok(stream)) => match identity(&stream, &seen) {
                Some(identity) => return Ok((stream, identity)),
                None => RefusalReason::NoCertificate,
            },
            Ok(Err((error, io))) => {
                let reason = RefusalReason::of_io(&error);
                if reason != RefusalReason::Closed {
                    linger(io).await;
                }
                reason
            }
            Err(_) => RefusalReason::Timeout,
        };
        let peer = seen.leaf.map(|leaf| Box::new(PeerSummary::parse_or_hash(&leaf)));
        Err(HandshakeRefused { reason, peer })
    }

    async fn handshake<IO>(&self, mut io: IO) -> Result<TlsStream<IO>, (io::Error, IO)>
    where
        IO: AsyncRead + AsyncWrite + Unpin,
    {
        match read_hello(&mut io).await {
            Ok(hello) => {
                let start = StartHandshake::from_parts(hello, io);
                start.into_stream(Arc::clone(&self.config)).into_fallible().await
            }
            Err(error) => Err((error, io)),
        }
    }

    /// Judges the peer of a long-lived connection again: dates, roots, revocation lists and enrolment as they are
    /// *now*. Call it for every request; while nothing has changed it costs one look into the ledger.
    ///
    /// # Errors
    /// Why the connection must end.
    pub fn still_good(&self, peer: &PeerIdentity) -> Result<(), RefusalReason> {
        self.verifier.admits(&peer.fingerprint(), peer.protocol())?;
        let now = (self.now)();
        if peer.was_judged_good(self.material.generation(), now) {
            return Ok(());
        }
        let at = unix_time(now).ok_or(RefusalReason::NotYetValid)?;
        let (leaf, intermediates) = peer.chain().split_first().ok_or(RefusalReason::NoCertificate)?;
        let judged = self.verifier.judge(leaf, intermediates, at);
        peer.remember(judged.as_ref().ok().copied());
        judged
            .map(drop)
            .map_err(|error| RefusalReason::of_certificate(&error))
    }

    /// The material this listener uses.
    #[must_use]
    pub fn material(&self) -> &Arc<LiveMaterial> {
        &self.material
    }

    /// The rustls configuration, for acceptors of other libraries. They must take the certificate from the
    /// connection themselves, and learn less of refusals, than [`ServerTls::accept`].
    #[must_use]
    pub fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.config)
    }
}

impl fmt::Debug for ServerTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerTls")
            .field("material", &self.material)
            .finish_non_exhaustive()
    }
}

fn config(
    material: &Arc<LiveMaterial>,
    verifier: Arc<PeerVerifier>,
    now: Now,
    settings: ServerSettings,
) -> Result<ServerConfig, rustls::Error> {
    let mut config = ServerConfig::builder_with_details(provider(), Arc::new(InjectedTime(now)))
        .with_protocol_versions(versions(settings.allow_tls12))?
        .with_client_cert_verifier(verifier)
        .with_cert_resolver(Arc::new(OwnCertificate(Arc::clone(material))));
    // A resumed session would skip the client's certificate, its revocation and its enrolment.
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    // Early data can be replayed.
    config.max_early_data_size = 0;
    if settings.alpn_http11 {
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
    }
    Ok(config)
}

/// Our certificate as it is at this moment, whatever name the client asked for: SNI decides nothing.
#[derive(Debug)]
struct OwnCertificate(Arc<LiveMaterial>);

impl ResolvesServerCert for OwnCertificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.current().material.certified())
    }
}

fn identity<IO>(stream: &TlsStream<IO>, seen: &Seen) -> Option<PeerIdentity> {
    let (_, connection) = stream.get_ref();
    let chain = connection.peer_certificates()?;
    let protocol = match connection.protocol_version()? {
        ProtocolVersion::TLSv1_3 => TlsVersion::Tls13,
        ProtocolVersion::TLSv1_2 => TlsVersion::Tls12,
        _ => return None,
    };
    let summary = PeerSummary::parse(chain.first()?)?;
    let chain = chain.iter().map(|der| der.clone().into_owned()).collect();
    Some(PeerIdentity::new(summary, chain, protocol, seen.judged))
}

async fn linger<IO: AsyncRead + AsyncWrite + Unpin>(mut io: IO) {
    let drain = async {
        io.shutdown().await?;
        tokio::io::copy(&mut io.take(LINGER_BYTES_MAX), &mut tokio::io::sink()).await
    };
    // Best effort: the refusal stands whatever becomes of it.
    let _ = tokio::time::timeout(LINGER_MAX, drain).await;
}
