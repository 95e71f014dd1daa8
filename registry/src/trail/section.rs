//! `[audit_repository]`: the registry as the Audit Record Repository of a small network.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use serde::Deserialize;
use xds_syslog::frame::MESSAGE_BYTES_MAX;
use xds_syslog::receiver::ReceiverLimits;

/// `[audit_repository]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AuditRepositorySection {
    /// Address and port for syslog over mutual TLS (RFC 5425), with the certificates of `[clinical.tls]`.
    pub(crate) listen: SocketAddr,
    /// Address and port for syslog over UDP (RFC 5426): unencrypted, and nothing proves who sends.
    #[serde(default)]
    pub(crate) udp_listen: Option<SocketAddr>,
    /// The addresses that datagrams are taken from.
    #[serde(default)]
    pub(crate) udp_from: Vec<IpAddr>,
    /// Bytes of a message.
    #[serde(default = "message_bytes_max")]
    pub(crate) message_bytes_max: usize,
    /// Connections at once.
    #[serde(default = "connections_max")]
    pub(crate) connections_max: usize,
    /// Connections at once with the same certificate.
    #[serde(default = "connections_per_node_max")]
    pub(crate) connections_per_node_max: usize,
    /// Seconds after which an idle connection is ended.
    #[serde(default = "idle_seconds_max")]
    pub(crate) idle_seconds_max: u32,
}

fn message_bytes_max() -> usize {
    MESSAGE_BYTES_MAX
}

fn connections_max() -> usize {
    64
}

fn connections_per_node_max() -> usize {
    8
}

fn idle_seconds_max() -> u32 {
    3_600
}

impl AuditRepositorySection {
    /// What the receiver takes.
    pub(crate) fn limits(&self) -> ReceiverLimits {
        ReceiverLimits {
            message_bytes_max: self.message_bytes_max,
            connections_max: self.connections_max,
            connections_per_peer_max: self.connections_per_node_max,
            idle_max: Duration::from_secs(u64::from(self.idle_seconds_max)),
            ..ReceiverLimits::default()
        }
    }

    /// See [`xds_server::config::Configuration::complaints`].
    pub(crate) fn complaints(&self) -> Vec<String> {
        let mut complaints = Vec::new();
        if self.udp_listen.is_some() && self.udp_from.is_empty() {
            complaints.push(
                "audit_repository.udp_from names the addresses that datagrams are taken from; it is required with udp_listen"
                    .to_owned(),
            );
        }
        if !(1_024..=MESSAGE_BYTES_MAX).contains(&self.message_bytes_max) {
            complaints.push(format!(
                "audit_repository.message_bytes_max is between 1024 and {MESSAGE_BYTES_MAX}"
            ));
        }
        let numbers = [self.connections_max, self.connections_per_node_max];
        if numbers.contains(&0) || self.idle_seconds_max == 0 {
            complaints.push(
                "audit_repository: connections_max, connections_per_node_max and idle_seconds_max are at least 1"
                    .to_owned(),
            );
        }
        complaints
    }
}
