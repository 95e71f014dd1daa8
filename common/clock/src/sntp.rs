//! Asks NTP servers over UDP, as an SNTP client (RFC 5905, section 14).

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::net::UdpSocket;
use xds_model::time::{Clock, IdSource};

use crate::evaluate::{Reading, Refused, Sample, best};
use crate::holdoff::HoldOff;
use crate::packet::{Exchange, OCTETS_MAX, judge, request};

/// Questions to each server in one measurement.
const SAMPLES: usize = 3;
/// The port of NTP.
const PORT: u16 = 123;
/// How long an answer is waited for, unless told otherwise.
const PATIENCE: Duration = Duration::from_secs(2);
/// Servers that are asked at most.
pub const SERVERS_MAX: usize = 16;

/// NTP servers.
#[derive(Clone, Debug)]
pub struct Ntp {
    servers: Vec<String>,
    patience: Duration,
    left_alone: Arc<HoldOff>,
}

impl Ntp {
    /// These servers, each `host`, `host:port`, or `[IPv6]:port`; no more than [`SERVERS_MAX`] are asked.
    pub fn new(servers: impl IntoIterator<Item = String>) -> Self {
        Self {
            servers: servers.into_iter().take(SERVERS_MAX).collect(),
            patience: PATIENCE,
            left_alone: Arc::default(),
        }
    }

    /// The same, waiting this long for each answer.
    #[must_use]
    pub fn patient_for(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Asks all of them at the same time; one reading for each.
    pub async fn ask(&self, clock: &dyn Clock, ids: &dyn IdSource) -> Vec<Reading> {
        let asking = self.servers.iter().map(|server| async move {
            Reading {
                source: server.clone(),
                outcome: self.one(server, clock, ids).await,
            }
        });
        futures_util::future::join_all(asking).await
    }

    /// The best of several samples. The first question that fails ends it: a server that is silent is not waited for
    /// again, and one that wants to be left alone is left alone for an hour.
    async fn one(&self, server: &str, clock: &dyn Clock, ids: &dyn IdSource) -> Result<Sample, Refused> {
        if self.left_alone.holds(server, Instant::now()) {
            return Err(Refused::LeftAlone);
        }
        let socket = connected(server, self.patience).await?;
        let mut samples = Vec::with_capacity(SAMPLES);
        let mut failed = None;
        while samples.len() < SAMPLES && failed.is_none() {
            match self.once(&socket, clock, ids).await {
                Ok(sample) => samples.push(sample),
                Err(refused) => failed = Some(refused),
            }
        }
        if let Some(refused @ Refused::Kiss(_)) = failed {
            self.left_alone.begin(server, Instant::now());
            return Err(refused);
        }
        best(samples).ok_or(failed.unwrap_or(Refused::Silent))
    }

    async fn once(
        &self,
        socket: &UdpSocket,
        clock: &dyn Clock,
        ids: &dyn IdSource,
    ) -> Result<Sample, Refused> {
        let nonce = nonce(ids);
        let (sent, began) = (clock.now(), Instant::now());
        socket
            .send(&request(nonce))
            .await
            .map_err(|_| Refused::Unreachable)?;
        let mut refused = Refused::Silent;
        let answer = async {
            let mut octets = [0; OCTETS_MAX];
            loop {
                let Ok(length) = socket.recv(&mut octets).await else {
                    return Err(Refused::Unreachable);
                };
                let exchange = Exchange {
                    nonce,
                    sent,
                    took: began.elapsed(),
                };
                match judge(octets.get(..length).unwrap_or_default(), exchange) {
                    // Anybody can send these: the true answer may still come.
                    Err(stranger @ (Refused::NotOurs | Refused::Malformed)) => refused = stranger,
                    judged => return judged,
                }
            }
        };
        let answered = tokio::time::timeout(self.patience, answer).await;
        answered.unwrap_or(Err(refused))
    }
}

/// A socket that takes datagrams from this server's address and port only.
async fn connected(server: &str, patience: Duration) -> Result<UdpSocket, Refused> {
    let resolving = tokio::net::lookup_host(with_port(server));
    let address = tokio::time::timeout(patience, resolving)
        .await
        .ok()
        .and_then(Result::ok)
        .and_then(|mut addresses| addresses.next())
        .ok_or(Refused::Unreachable)?;
    let local = match address {
        SocketAddr::V4(_) => SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)),
        SocketAddr::V6(_) => SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0)),
    };
    let socket = UdpSocket::bind(local).await.map_err(|_| Refused::Unreachable)?;
    socket.connect(address).await.map_err(|_| Refused::Unreachable)?;
    Ok(socket)
}

fn with_port(server: &str) -> String {
    let bare_v6 = server.parse::<Ipv6Addr>().is_ok();
    let has_port = !bare_v6
        && server
            .rsplit_once(':')
            .is_some_and(|(_, port)| !port.ends_with(']'));
    match (bare_v6, has_port) {
        (true, _) => format!("[{server}]:{PORT}"),
        (_, true) => server.to_owned(),
        (_, false) => format!("{server}:{PORT}"),
    }
}

/// 64 bits that nobody can guess: the fixed bits of each half lie on random bits of the other.
fn nonce(ids: &dyn IdSource) -> u64 {
    let (high, low) = ids.random().as_u64_pair();
    high ^ low
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_is_123_unless_named() {
        for (server, whole) in [
            ("ntp.nict.jp", "ntp.nict.jp:123"),
            ("ntp.nict.jp:11123", "ntp.nict.jp:11123"),
            ("192.0.2.1", "192.0.2.1:123"),
            ("2001:db8::1", "[2001:db8::1]:123"),
            ("[2001:db8::1]", "[2001:db8::1]:123"),
            ("[2001:db8::1]:124", "[2001:db8::1]:124"),
        ] {
            assert_eq!(with_port(server), whole);
        }
    }
}
