//! The outgoing side: repositories, gateways and audit repositories that we call.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{ResolvesClientCert, Resumption};
use rustls::crypto::{verify_tls12_signature, verify_tls13_signature};
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use webpki::{EndEntityCert, KeyUsage};

use crate::judge::{certificate_error, judge};
use crate::provider::{InjectedTime, algorithms, provider, versions};
use crate::{HANDSHAKE_MAX, HandshakeRefused, LiveMaterial, RefusalReason};

/// What differs between the servers we call.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ClientSettings {
    /// Speak TLS 1.2 too, where this server cannot do better.
    pub allow_tls12: bool,
    /// Demand that the server's subjectAltName holds the host we meant (the FQDN Validation of Server Certificate
    /// option of ITI-19). Off by default, as ITI TF-2 3.19.6.1.3 says.
    pub fqdn_check: bool,
    /// Offer `http/1.1` by ALPN.
    pub alpn_http11: bool,
    /// Time limit of a handshake in [`ClientTls::connect`].
    pub handshake_max: Duration,
}

impl Default for ClientSettings {
    fn default() -> Self {
        Self {
            allow_tls12: false,
            fqdn_check: false,
            alpn_http11: false,
            handshake_max: HANDSHAKE_MAX,
        }
    }
}

/// TLS for outgoing connections. Follows every reload of its material; clones share everything.
#[derive(Clone)]
pub struct ClientTls {
    config: Arc<ClientConfig>,
    handshake_max: Duration,
}

impl ClientTls {
    /// Presents our certificate and trusts whom the material trusts, by its revocation lists.
    ///
    /// # Errors
    /// When rustls refuses the configuration, which says that the provider lacks a suite.
    pub fn new(material: Arc<LiveMaterial>, settings: ClientSettings) -> Result<Self, Error> {
        let time = Arc::new(InjectedTime(material.clock()));
        let verifier = ServerVerifier {
            material: Arc::clone(&material),
            fqdn_check: settings.fqdn_check,
        };
        let mut config = ClientConfig::builder_with_details(provider(), time)
            .with_protocol_versions(versions(settings.allow_tls12))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_client_cert_resolver(Arc::new(OwnCertificate(material)));
        // A resumed session would not judge the server again.
        config.resumption = Resumption::disabled();
        config.enable_early_data = false;
        if settings.alpn_http11 {
            config.alpn_protocols = vec![b"http/1.1".to_vec()];
        }
        Ok(Self {
            config: Arc::new(config),
            handshake_max: settings.handshake_max,
        })
    }

    /// The rustls configuration, for HTTP clients. It stays valid over reloads: a clone of it follows them too.
    #[must_use]
    pub fn config(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.config)
    }

    /// Performs the handshake on a fresh connection. Under TLS 1.3 a server that refuses *our* certificate says so only
    /// afterwards: the first read fails.
    ///
    /// # Errors
    /// Why the server was not accepted, or did not accept us. No application byte has been sent.
    pub async fn connect<IO>(
        &self,
        name: ServerName<'static>,
        io: IO,
    ) -> Result<TlsStream<IO>, HandshakeRefused>
    where
        IO: AsyncRead + AsyncWrite + Unpin,
    {
        let handshake = TlsConnector::from(Arc::clone(&self.config)).connect(name, io);
        let reason = match tokio::time::timeout(self.handshake_max, handshake).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => RefusalReason::of_io(&error),
            Err(_) => RefusalReason::Timeout,
        };
        Err(HandshakeRefused { reason, peer: None })
    }
}

impl fmt::Debug for ClientTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientTls").finish_non_exhaustive()
    }
}

#[derive(Debug)]
struct ServerVerifier {
    material: Arc<LiveMaterial>,
    fqdn_check: bool,
}

impl ServerCertVerifier for ServerVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let current = self.material.current();
        judge(
            &current.material,
            KeyUsage::server_auth(),
            end_entity,
            intermediates,
            now,
        )?;
        if self.fqdn_check {
            EndEntityCert::try_from(end_entity)
                .and_then(|parsed| parsed.verify_is_valid_for_subject_name(server_name))
                .map_err(certificate_error)?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &algorithms())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &algorithms())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        algorithms().supported_schemes()
    }
}

/// Our certificate as it is at this moment, whatever CAs the server hints at: we have one.
#[derive(Debug)]
struct OwnCertificate(Arc<LiveMaterial>);

impl ResolvesClientCert for OwnCertificate {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        Some(self.0.current().material.certified())
    }

    fn has_certs(&self) -> bool {
        true
    }
}
