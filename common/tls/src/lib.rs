//! Mutual TLS for every port and every outgoing connection: who is at the other end, and whether they still may be.
//!
//! - [`MaterialPaths`] names the files, [`Material`] is what they hold after every check.
//! - [`LiveMaterial`] keeps one in force and swaps in a better one while the server runs.
//! - [`ServerTls`] accepts connections and says who came ([`PeerIdentity`]) or why not ([`HandshakeRefused`]).
//! - [`ClientTls`] is the outgoing side.
//!
//! Both ends present a certificate and both check the other's: chain to a configured CA or a configured
//! certificate itself (ITI TF-2 3.19.6.1), dates, revocation lists for the whole chain. Host names and
//! attributes are not looked at unless the FQDN option is on. TLS 1.3 everywhere, 1.2 where a peer's entry
//! allows it. No resumption, no early data: each connection is judged in full.

mod admission;
mod client;
mod crl;
mod error;
mod files;
mod fingerprint;
mod judge;
mod material;
mod opening;
mod peer;
mod provider;
mod refusal;
mod reload;
mod server;
mod signature;
mod verify;

pub use admission::{Admission, Admitted};
pub use client::{ClientSettings, ClientTls};
pub use crl::{CrlCondition, CrlHealth, CrlStatus};
pub use error::MaterialError;
pub use fingerprint::{Fingerprint, FingerprintError};
pub use material::{CrlPolicy, Material, MaterialPaths};
pub use peer::{PeerIdentity, PeerSummary, TlsVersion};
pub use provider::{Now, init_provider};
pub use refusal::{HandshakeRefused, RefusalReason};
pub use reload::{LiveMaterial, ReloadFailure, ReloadStatus, WATCH_EVERY};
pub use server::{HANDSHAKE_MAX, ServerSettings, ServerTls};
