//! The registry as an Audit Record Repository (ITI-20): other nodes deliver, the trail keeps.

use std::net::{IpAddr, TcpListener, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

use registry_trail::Trail;
use xds_server::foundation::Foundation;
use xds_syslog::receiver::{DatagramReceiver, Receiver};

use super::metrics::TrailMetrics;
use super::section::AuditRepositorySection;
use super::sink::TrailSink;

/// Its sockets, taken before anything else.
pub(crate) struct Listeners {
    /// For TLS.
    pub(crate) tls: TcpListener,
    /// For datagrams.
    pub(crate) udp: Option<UdpSocket>,
}

/// The running receivers.
pub(crate) struct Repository {
    tls: Receiver,
    udp: Option<DatagramReceiver>,
}

impl Repository {
    /// Takes messages of enrolled, active nodes, whose certificates are judged as at the clinical listener.
    ///
    /// # Errors
    /// When a socket cannot be used.
    pub(crate) fn start(
        listeners: Listeners,
        section: &AuditRepositorySection,
        foundation: &Foundation,
        trail: Trail,
        metrics: TrailMetrics,
    ) -> std::io::Result<Self> {
        let sink = Arc::new(TrailSink {
            trail,
            nodes: Arc::clone(&foundation.nodes),
            clock: Arc::clone(&foundation.clock),
            metrics,
            on_refused: foundation.on_refused(),
        });
        let listener = tokio::net::TcpListener::from_std(listeners.tls)?;
        let tls = Receiver::start(
            listener,
            foundation.tls.clone(),
            Arc::clone(&sink),
            section.limits(),
        )?;
        let udp = match listeners.udp {
            None => None,
            Some(socket) => Some(datagrams(socket, sink, section.udp_from.clone())?),
        };
        Ok(Self { tls, udp })
    }

    /// Takes no more, says goodbye to senders, and keeps what they still send within this time.
    pub(crate) async fn stop(self, within: Duration) {
        drop(self.udp);
        self.tls.stop(within).await;
    }
}

fn datagrams(
    socket: UdpSocket,
    sink: Arc<TrailSink>,
    admitted: Vec<IpAddr>,
) -> std::io::Result<DatagramReceiver> {
    tracing::error!(
        "alarm: audit messages are taken by UDP (audit_repository.udp_listen): unencrypted, and anybody who can write \
         an address of udp_from can tell of events that never were; use it only where the network itself is safe"
    );
    let socket = tokio::net::UdpSocket::from_std(socket)?;
    DatagramReceiver::start(socket, sink, move |address| {
        admitted.contains(&address.to_canonical())
    })
}
