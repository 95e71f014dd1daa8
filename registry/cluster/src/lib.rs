//! A private PostgreSQL cluster, made and run from the PostgreSQL binaries that are installed.
//!
//! A registry without a `[database]` section keeps its data in such a cluster: the same engine as in
//! any larger installation, without database administration. [`Cluster::ensure`] makes it when it is
//! missing, starts it when it is stopped and joins it when it runs already. It listens on a Unix
//! socket only, wants a SCRAM password there, and is durable (`fsync`, data checksums) unless a test
//! asks for [`Durability::TestOnly`].
//!
//! The postmaster is no part of the process that started it: it outlives a crash of that process,
//! and the next [`Cluster::ensure`] joins it. [`Cluster::stop`] stops it, unless another process
//! uses it at that moment.

mod account;
mod binaries;
mod cluster;
mod command;
mod connection;
mod error;
mod initialise;
mod layout;
mod postmaster;
mod settings;

pub use binaries::{Binaries, MAJOR_MIN, find_binaries};
pub use cluster::{Cluster, RolePassword, Shutdown, Stopped};
pub use connection::{ConnectionParameters, Password};
pub use error::ClusterError;
pub use settings::{ClusterOptions, Durability};
