//! Where delivered messages go: into the trail, or back to their sender.

use std::net::SocketAddr;
use std::sync::Arc;

use registry_trail::{Delivered, Trail};
use xds_atna::syslog;
use xds_model::time::SharedClock;
use xds_server::http::OnRefused;
use xds_server::ledger::NodeList;
use xds_syslog::receiver::{Peer, Sink, SinkRefused, TurnedAway};
use xds_tls::HandshakeRefused;

use super::metrics::TrailMetrics;

/// Adds delivered messages to the trail. What is not committed there is refused, and its sender keeps it.
pub(super) struct TrailSink {
    pub(super) trail: Trail,
    pub(super) nodes: Arc<NodeList>,
    pub(super) clock: SharedClock,
    pub(super) metrics: TrailMetrics,
    pub(super) on_refused: OnRefused,
}

impl TrailSink {
    /// The node that delivers. A datagram is of nobody; an address with a space before it is no node's name.
    fn sender(&self, peer: &Peer) -> Option<String> {
        let Some(identity) = &peer.identity else {
            return Some(format!("udp {}", peer.address.ip()));
        };
        let node = self.nodes.by_fingerprint(&identity.fingerprint())?;
        Some(node.name.0.clone())
    }
}

impl Sink for TrailSink {
    async fn keep(&self, peer: &Peer, messages: Vec<Vec<u8>>) -> Result<(), SinkRefused> {
        let refused = || {
            self.metrics.refused.inc();
            SinkRefused
        };
        let from = self.sender(peer).ok_or_else(refused)?;
        let received = self.clock.now();
        let delivered: Vec<Delivered<'_>> = messages
            .iter()
            .map(|line| Delivered {
                xml: message(line),
                from: &from,
                received,
            })
            .collect();
        let taken = self.trail.index_messages(&delivered).await.map_err(|error| {
            tracing::warn!(%error, from, "audit messages were not taken; their sender keeps them");
            refused()
        })?;
        self.metrics.received.inc_by(messages.len() as u64);
        self.metrics.received_new.inc_by(taken.new);
        self.metrics.received_unread.inc_by(taken.unread);
        if taken.unread > 0 {
            let count = taken.unread;
            tracing::warn!(
                count,
                from,
                "audit messages could not be read as events; they are kept as they came"
            );
        }
        Ok(())
    }

    fn turned_away(&self, from: SocketAddr, why: &TurnedAway) {
        match why {
            TurnedAway::Handshake(refused) => (self.on_refused)(refused, from),
            TurnedAway::NoLongerGood(reason) => {
                let refused = HandshakeRefused {
                    reason: *reason,
                    peer: None,
                };
                (self.on_refused)(&refused, from);
            }
            // Said where it was refused.
            TurnedAway::Sink(_) => {}
            TurnedAway::TooMany | TurnedAway::Frame(_) | TurnedAway::Still | TurnedAway::Broken => {
                tracing::warn!(%from, %why, "a delivery of audit messages did not end in order");
            }
        }
    }
}

/// The audit message of a line; the line itself where there is none, to be kept as it came.
fn message(line: &[u8]) -> &[u8] {
    syslog::parse(line)
        .ok()
        .and_then(|received| received.audit_xml())
        .unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_holds_no_audit_message_is_kept_whole() {
        let audit = b"<85>1 2026-11-24T00:00:00Z h a 1 IHE+RFC-3881 - <AuditMessage/>";
        assert_eq!(message(audit), b"<AuditMessage/>");
        for other in [
            b"<85>1 2026-11-24T00:00:00Z h a 1 other - login".as_slice(),
            b"no syslog",
        ] {
            assert_eq!(message(other), other);
        }
    }
}
