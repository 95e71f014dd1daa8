use std::io;

use xds_testkit::port;

/// Where the programs listen, all on the loopback interface.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Ports {
    /// The registry, HTTPS.
    pub registry: u16,
    /// The registry's patient identity feed.
    pub mllp: u16,
    /// The registry's operator listener, HTTPS.
    pub operator: u16,
    /// The registry's health and metrics.
    pub registry_status: u16,
    /// The registry as an Audit Record Repository, syslog over TLS.
    pub audit: u16,
    /// The repository, HTTPS.
    pub repository: u16,
    /// The repository's health and metrics.
    pub repository_status: u16,
}

impl Ports {
    /// Ports that are this process's own.
    pub(crate) fn pick() -> io::Result<Self> {
        Ok(Self {
            registry: port()?,
            mllp: port()?,
            operator: port()?,
            registry_status: port()?,
            audit: port()?,
            repository: port()?,
            repository_status: port()?,
        })
    }
}
