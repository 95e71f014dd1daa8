//! For tests only: private PostgreSQL, test PKI, golden files, ports, canaries.

pub mod pki;
pub mod postgres;
pub mod xua;

pub use postgres::TestCluster;
