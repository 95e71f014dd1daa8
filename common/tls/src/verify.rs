//! rustls's questions about a client's certificate, answered from the material in force.

use std::cell::RefCell;
use std::sync::Arc;

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{verify_tls12_signature, verify_tls13_signature};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, OtherError, SignatureScheme,
};
use rustls_pki_types::{CertificateDer, UnixTime};
use webpki::KeyUsage;

use crate::judge::judge;
use crate::peer::Judged;
use crate::provider::algorithms;
use crate::refusal::Tls12NotAdmitted;
use crate::{Admission, Admitted, Fingerprint, LiveMaterial, RefusalReason, TlsVersion};

tokio::task_local! {
    /// What the verifier saw in the handshake that this task is driving: rustls keeps no certificate of a failed one.
    pub(crate) static SEEN: RefCell<Seen>;
}

#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) leaf: Option<CertificateDer<'static>>,
    pub(crate) judged: Option<Judged>,
}

/// Judges clients by the material in force and then asks the ledger.
#[derive(Debug)]
pub(crate) struct PeerVerifier {
    material: Arc<LiveMaterial>,
    admission: Arc<dyn Admission>,
}

impl PeerVerifier {
    pub(crate) fn new(material: Arc<LiveMaterial>, admission: Arc<dyn Admission>) -> Self {
        Self { material, admission }
    }

    pub(crate) fn judge(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<Judged, CertificateError> {
        let current = self.material.current();
        // A certificate used as client and as server is common in IHE: clientAuth is asked for only where the
        // extension is there at all (ITI TF-2 3.19.6.1.3).
        let verdict = judge(
            &current.material,
            KeyUsage::client_auth(),
            leaf,
            intermediates,
            now,
        )?;
        Ok(Judged {
            generation: current.generation,
            verdict,
        })
    }

    pub(crate) fn admits(
        &self,
        fingerprint: &Fingerprint,
        protocol: TlsVersion,
    ) -> Result<(), RefusalReason> {
        match (self.admission.admit(fingerprint), protocol) {
            (Admitted::No, _) => Err(RefusalReason::NotEnrolled),
            (Admitted::Tls13, TlsVersion::Tls12) => Err(RefusalReason::OldProtocol),
            (Admitted::Tls13 | Admitted::Tls12Too, _) => Ok(()),
        }
    }
}

impl ClientCertVerifier for PeerVerifier {
    /// No hints: a client that filters its certificates by them would never offer a directly trusted one, and the
    /// list would tell strangers whom we trust.
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        note(|seen| seen.leaf = Some(end_entity.clone().into_owned()));
        let judged = self.judge(end_entity, intermediates, now)?;
        // The version is not known here; `verify_tls12_signature` asks again.
        self.admits(&Fingerprint::of(end_entity), TlsVersion::Tls13)
            .map_err(|_| CertificateError::ApplicationVerificationFailure)?;
        note(|seen| seen.judged = Some(judged));
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let valid = verify_tls12_signature(message, cert, dss, &algorithms())?;
        self.admits(&Fingerprint::of(cert), TlsVersion::Tls12)
            .map_err(|_| Error::Other(OtherError(Arc::new(Tls12NotAdmitted))))?;
        Ok(valid)
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

/// Outside [`crate::ServerTls::accept`] nobody listens, and nothing is noted.
fn note(change: impl FnOnce(&mut Seen)) {
    let _ = SEEN.try_with(|seen| change(&mut seen.borrow_mut()));
}
