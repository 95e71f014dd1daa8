//! The question the ledger answers: is this certificate bound to an active node?

use std::fmt::Debug;

use crate::Fingerprint;

/// Who may complete a handshake. A certificate that a trusted CA signed but nobody enrolled gets nothing.
///
/// Asked in every handshake and whenever a long-lived connection is judged again, on the async thread: answer
/// from memory.
pub trait Admission: Debug + Send + Sync {
    /// What the holder of this certificate may use.
    fn admit(&self, fingerprint: &Fingerprint) -> Admitted;
}

/// The answer of an [`Admission`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Admitted {
    /// Not enrolled: the handshake ends with the alert `access_denied`.
    No,
    /// Enrolled, TLS 1.3 only.
    Tls13,
    /// Enrolled, and its entry allows TLS 1.2 too.
    Tls12Too,
}
