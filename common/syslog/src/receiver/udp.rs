//! Datagrams of RFC 5426, taken as they come: whole, cut or not at all.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use tokio::net::UdpSocket;
use tokio::task::JoinHandle;

use super::status::Counters;
use super::{Peer, ReceiverStatus, Sink, TurnedAway};

/// A running receiver of RFC 5426. An Audit Record Repository must offer it (ITI TF-2 3.20), for networks that are safe by
/// other means: nothing proves who sent a datagram.
#[derive(Debug)]
pub struct DatagramReceiver {
    address: SocketAddr,
    counters: Arc<Counters>,
    task: JoinHandle<()>,
}

impl DatagramReceiver {
    /// Takes datagrams on `socket` from the addresses that `admits`, until it is dropped. While the sink is busy the
    /// kernel drops what it has no room for.
    ///
    /// # Errors
    /// When the socket has no address.
    pub fn start<S: Sink>(
        socket: UdpSocket,
        sink: Arc<S>,
        admits: impl Fn(IpAddr) -> bool + Send + 'static,
    ) -> std::io::Result<Self> {
        let address = socket.local_addr()?;
        let counters = Arc::new(Counters::default());
        let counted = Arc::clone(&counters);
        let task = tokio::spawn(async move {
            let mut buffer = vec![0; BUFFER_BYTES];
            loop {
                // An error tells of an earlier datagram of ours, of which there are none.
                if let Ok((length, from)) = socket.recv_from(&mut buffer).await
                    && admits(from.ip())
                {
                    let message = buffer.get(..length).unwrap_or_default().to_vec();
                    take(message, from, &*sink, &counted).await;
                }
            }
        });
        Ok(Self {
            address,
            counters,
            task,
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// What it has seen.
    #[must_use]
    pub fn status(&self) -> ReceiverStatus {
        self.counters.snapshot()
    }
}

impl Drop for DatagramReceiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn take<S: Sink>(message: Vec<u8>, from: SocketAddr, sink: &S, counters: &Counters) {
    let bytes = message.len();
    if bytes == 0 {
        return;
    }
    let peer = Peer {
        address: from,
        identity: None,
    };
    match sink.keep(&peer, vec![message]).await {
        Ok(()) => counters.kept(1, bytes),
        Err(refused) => {
            let why = TurnedAway::Sink(refused);
            counters.turned_away(&why);
            sink.turned_away(from, &why);
        }
    }
}

/// One more than the longest payload, over IPv6 too.
const BUFFER_BYTES: usize = 65_536;
