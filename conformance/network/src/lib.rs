//! A network of both programs on this machine, for end-to-end tests and benchmarks.
//!
//! [`Network::start`] makes, in a folder of its own, a certificate authority, configurations with free ports, a
//! registry with a private PostgreSQL, a repository, organisations and their nodes, what they agreed on in law, and code
//! lists; it starts both programs and waits until they are ready. [`Node`] is one client of them. Everything stops, and the folder goes,
//! when the [`Network`] is dropped or the process ends, however it ends.
//!
//! The programs are those of the target folder of the running binary, or of `RENKEI_BIN_DIR`.

mod adt;
mod binaries;
mod codes;
mod configuration;
mod domain;
mod error;
mod instruments;
mod journal;
mod metadata;
mod network;
mod node;
mod options;
mod pki;
mod ports;
mod raw;
mod roster;
mod rsyslog;
mod server;
mod status;
mod watcher;
mod xua;

pub use binaries::binary;
pub use codes::{Form, coded};
pub use domain::{AGREEMENT, CONSENT_TEXT, EVIDENCE_FILE, evidence, hosting_id};
pub use error::NetworkError;
pub use journal::{Recorded, events, is_whole};
pub use metadata::{Draft, Paper, fresh_oid, sha1};
pub use network::{DEFAULT_USER, Network, Program};
pub use node::{Node, Published};
pub use options::Options;
pub use pki::Pki;
pub use ports::Ports;
pub use raw::{HttpAnswer, RawConnection};
pub use roster::{
    AUTHORITY, Member, NODES, OPERATOR, ORGANISATIONS, Organisation, REPOSITORY_UNIQUE_ID, SAMPLES_AUTHORITY,
};
pub use rsyslog::Rsyslog;
pub use server::Server;
pub use xua::{AUDIENCE, ISSUER, Provider};
