//! The one cryptographic provider, cut down to the suites we offer, and the injected clock.

use std::fmt;
use std::sync::{Arc, LazyLock};

use rustls::crypto::aws_lc_rs::{self, cipher_suite as suite};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms};
use rustls::time_provider::TimeProvider;
use rustls::version::{TLS12, TLS13};
use rustls::{SupportedCipherSuite, SupportedProtocolVersion};
use rustls_pki_types::UnixTime;
use time::OffsetDateTime;

/// The current time, injected: certificates are judged by it and by no other clock.
pub type Now = Arc<dyn Fn() -> OffsetDateTime + Send + Sync>;

/// Every suite on offer: forward secrecy and authenticated encryption only, the "high security" type of Japan's
/// TLS guideline. The two that ITI TF-2 3.19 names over DHE are missing: rustls has no finite-field Diffie-Hellman.
const SUITES: &[SupportedCipherSuite] = &[
    suite::TLS13_AES_256_GCM_SHA384,
    suite::TLS13_AES_128_GCM_SHA256,
    suite::TLS13_CHACHA20_POLY1305_SHA256,
    suite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    suite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    suite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    suite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    suite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
];

static TLS13_ONLY: [&SupportedProtocolVersion; 1] = [&TLS13];
static TLS13_AND_TLS12: [&SupportedProtocolVersion; 2] = [&TLS13, &TLS12];

static PROVIDER: LazyLock<Arc<CryptoProvider>> = LazyLock::new(|| {
    Arc::new(CryptoProvider {
        cipher_suites: SUITES.to_vec(),
        ..aws_lc_rs::default_provider()
    })
});

/// Makes our provider the process default, for libraries that ask for one (reqwest). Call it first in `main`; later
/// calls do nothing, and neither does the first when the process has a default already.
pub fn init_provider() {
    // An error only says that a default is there, which is what was wanted.
    let _ = CryptoProvider::install_default(CryptoProvider::clone(&PROVIDER));
}

pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::clone(&PROVIDER)
}

pub(crate) fn algorithms() -> WebPkiSupportedAlgorithms {
    PROVIDER.signature_verification_algorithms
}

pub(crate) fn versions(allow_tls12: bool) -> &'static [&'static SupportedProtocolVersion] {
    if allow_tls12 {
        &TLS13_AND_TLS12
    } else {
        &TLS13_ONLY
    }
}

/// [`Now`] as rustls asks for it.
#[derive(Clone)]
pub(crate) struct InjectedTime(pub(crate) Now);

impl TimeProvider for InjectedTime {
    fn current_time(&self) -> Option<UnixTime> {
        unix_time((self.0)())
    }
}

impl fmt::Debug for InjectedTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InjectedTime")
    }
}

/// `None` before 1970, when no certificate was valid either.
pub(crate) fn unix_time(at: OffsetDateTime) -> Option<UnixTime> {
    let seconds = u64::try_from(at.unix_timestamp()).ok()?;
    Some(UnixTime::since_unix_epoch(std::time::Duration::from_secs(
        seconds,
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn init_can_be_called_twice() {
        init_provider();
        init_provider();
        assert!(CryptoProvider::get_default().is_some());
    }

    #[test]
    fn offers_only_forward_secret_authenticated_suites() {
        for suite in provider()
            .cipher_suites
            .iter()
            .map(|s| format!("{:?}", s.suite()))
        {
            assert!(
                suite.starts_with("TLS13_") || suite.starts_with("TLS_ECDHE_"),
                "{suite}"
            );
            assert!(suite.contains("_GCM_") || suite.contains("_POLY1305_"), "{suite}");
        }
    }

    #[test]
    fn time_before_1970_is_no_time() {
        assert!(unix_time(OffsetDateTime::UNIX_EPOCH - time::Duration::SECOND).is_none());
        assert_eq!(
            unix_time(OffsetDateTime::UNIX_EPOCH).map(|t| t.as_secs()),
            Some(0)
        );
    }
}
