//! For tests only: private PostgreSQL, test PKI, golden files, ports, canaries.

pub mod pki;
mod port;
pub mod postgres;
pub mod xua;

pub use port::port;
pub use postgres::TestCluster;
