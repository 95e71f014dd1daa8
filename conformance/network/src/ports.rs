use std::io;
use std::net::TcpListener;

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
    /// Ports that nobody uses at this moment.
    pub(crate) fn pick() -> io::Result<Self> {
        // Held together until all are known, so that they differ.
        let listeners: [TcpListener; 7] = [
            listen()?,
            listen()?,
            listen()?,
            listen()?,
            listen()?,
            listen()?,
            listen()?,
        ];
        let [
            registry,
            mllp,
            operator,
            registry_status,
            audit,
            repository,
            repository_status,
        ] = listeners.each_ref().map(TcpListener::local_addr);
        Ok(Self {
            registry: registry?.port(),
            mllp: mllp?.port(),
            operator: operator?.port(),
            registry_status: registry_status?.port(),
            audit: audit?.port(),
            repository: repository?.port(),
            repository_status: repository_status?.port(),
        })
    }
}

fn listen() -> io::Result<TcpListener> {
    TcpListener::bind(("127.0.0.1", 0))
}
