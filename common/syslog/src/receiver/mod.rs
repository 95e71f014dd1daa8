//! Takes syslog messages from the network: an Audit Record Repository (ITI TF-2 3.20.4.1.3), as far as the wire goes.
//!
//! A connection is read only while the [`Sink`] has nothing in hand, so a slow sink slows its senders down. The receiver
//! ends a connection in order only when the sink has taken everything that came on it; where the sink refused, or the
//! frames are broken, the connection is reset. So an orderly end says to a sender that looks for it, as ours does
//! ([`crate::sender`]), that its messages are kept.

mod connection;
mod status;
mod udp;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use socket2::{SockRef, Socket};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::{JoinHandle, JoinSet};
use xds_tls::{Fingerprint, HandshakeRefused, PeerIdentity, ServerTls};

use self::status::Counters;
pub use self::status::ReceiverStatus;
pub use self::udp::DatagramReceiver;
use crate::frame::{FrameError, MESSAGE_BYTES_MAX};

/// Who sent messages.
#[derive(Clone, Debug)]
pub struct Peer {
    /// Its network address.
    pub address: SocketAddr,
    /// Its certificate; none with UDP, where anybody may write any address.
    pub identity: Option<PeerIdentity>,
}

/// Where messages go.
pub trait Sink: Send + Sync + 'static {
    /// Keeps messages of one sender, in their order. They are kept when this returns: a sender may forget them then.
    /// The bytes are as they came, of any length, not even UTF-8 for certain.
    ///
    /// # Errors
    /// [`SinkRefused`]: the connection is reset, so that the sender sends them again. Of a datagram nobody hears again.
    fn keep(
        &self,
        peer: &Peer,
        messages: Vec<Vec<u8>>,
    ) -> impl Future<Output = Result<(), SinkRefused>> + Send;

    /// Hears of connections that ended otherwise than in order, for the audit trail. Must not block.
    fn turned_away(&self, from: SocketAddr, why: &TurnedAway);
}

/// The sink cannot keep messages now.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the messages cannot be kept now")]
pub struct SinkRefused;

/// Why a connection did not end in order.
#[derive(Clone, Debug, thiserror::Error)]
pub enum TurnedAway {
    /// No TLS session: the peer is not known, not trusted, or no TLS client.
    #[error(transparent)]
    Handshake(HandshakeRefused),
    /// There are as many connections as may be, of all peers or of this one.
    #[error("too many connections")]
    TooMany,
    /// The certificate is not good any more: expired, revoked, or not enrolled.
    #[error("the certificate is not good any more: {}", .0.as_str())]
    NoLongerGood(xds_tls::RefusalReason),
    /// What came are no frames of RFC 5425.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// The sink refused.
    #[error(transparent)]
    Sink(#[from] SinkRefused),
    /// The peer stopped inside a frame.
    #[error("the peer stopped inside a frame")]
    Still,
    /// The connection broke.
    #[error("the connection broke")]
    Broken,
}

/// What a receiver allows.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ReceiverLimits {
    /// Bytes of a message.
    pub message_bytes_max: usize,
    /// Connections at once.
    pub connections_max: usize,
    /// Connections at once with the same certificate.
    pub connections_per_peer_max: usize,
    /// An idle connection is ended in order after this time.
    pub idle_max: Duration,
    /// The longest pause inside a frame.
    pub frame_still_max: Duration,
}

impl Default for ReceiverLimits {
    fn default() -> Self {
        Self {
            message_bytes_max: MESSAGE_BYTES_MAX,
            connections_max: 256,
            connections_per_peer_max: 8,
            idle_max: Duration::from_secs(3600),
            frame_still_max: Duration::from_secs(30),
        }
    }
}

/// A running receiver of RFC 5425. Dropping it resets what is open.
#[derive(Debug)]
pub struct Receiver {
    address: SocketAddr,
    counters: Arc<Counters>,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Receiver {
    /// Accepts connections on `listener` until it is stopped. Who may come is for `tls` and its
    /// [`xds_tls::Admission`] to say. Must be called within a tokio runtime that outlives it.
    ///
    /// # Errors
    /// When the listener has no address.
    pub fn start<S: Sink>(
        listener: TcpListener,
        tls: ServerTls,
        sink: Arc<S>,
        limits: ReceiverLimits,
    ) -> std::io::Result<Self> {
        let address = listener.local_addr()?;
        let counters = Arc::new(Counters::default());
        let (stop, stopping) = watch::channel(false);
        let desk = Desk {
            tls,
            sink,
            limits,
            stopping,
            counters: Arc::clone(&counters),
            by_peer: Arc::default(),
        };
        Ok(Self {
            address,
            counters,
            stop,
            task: tokio::spawn(accept(listener, Arc::new(desk))),
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

    /// Takes no more connections, says goodbye on the open ones, and goes on keeping what comes on them until their
    /// senders end them, or until `within` has passed.
    pub async fn stop(mut self, within: Duration) {
        self.stop.send_replace(true);
        if tokio::time::timeout(within, &mut self.task).await.is_err() {
            tracing::warn!("senders of audit messages did not end their connections");
        }
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What the connections of a receiver share.
struct Desk<S> {
    tls: ServerTls,
    sink: Arc<S>,
    limits: ReceiverLimits,
    stopping: watch::Receiver<bool>,
    counters: Arc<Counters>,
    by_peer: Arc<Mutex<HashMap<Fingerprint, usize>>>,
}

impl<S: Sink> Desk<S> {
    fn turn_away(&self, from: SocketAddr, why: &TurnedAway) {
        self.counters.turned_away(why);
        self.sink.turned_away(from, why);
    }
}

async fn accept<S: Sink>(listener: TcpListener, desk: Arc<Desk<S>>) {
    let places = Arc::new(Semaphore::new(desk.limits.connections_max));
    let mut stopping = desk.stopping.clone();
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((tcp, from)) => match Arc::clone(&places).try_acquire_owned() {
                    Ok(place) => {
                        let desk = Arc::clone(&desk);
                        connections.spawn(async move {
                            serve(tcp, from, &desk).await;
                            drop(place);
                        });
                    }
                    Err(_) => desk.turn_away(from, &TurnedAway::TooMany),
                },
                // Out of file descriptors, mostly: others must end first.
                Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
            },
            Some(_) = connections.join_next() => {}
            () = told(&mut stopping) => break,
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

/// Waits until the receiver is to stop.
async fn told(stopping: &mut watch::Receiver<bool>) {
    // Without its owner the task is at its end, too.
    let _ = stopping.wait_for(|stopping| *stopping).await;
}

async fn serve<S: Sink>(tcp: TcpStream, from: SocketAddr, desk: &Desk<S>) {
    let reset = match Reset::of(&tcp) {
        Ok(reset) => reset,
        Err(_) => return desk.turn_away(from, &TurnedAway::Broken),
    };
    let (stream, identity) = match desk.tls.accept(tcp).await {
        Ok(accepted) => accepted,
        Err(refused) => {
            reset.spare();
            return desk.turn_away(from, &TurnedAway::Handshake(refused));
        }
    };
    let Some(_seat) = Seat::take(&desk.by_peer, identity.fingerprint(), &desk.limits) else {
        return desk.turn_away(from, &TurnedAway::TooMany);
    };
    desk.counters.opened();
    let ended = connection::run(stream, from, identity, reset, desk).await;
    desk.counters.closed();
    if let Err(why) = ended {
        desk.turn_away(from, &why);
    }
}

/// Ends a connection by a reset when dropped, so that its sender does not take for kept what came with the handshake
/// and was never looked at: the first messages, and even the end of a short session, are read together with it.
struct Reset(Option<Socket>);

impl Reset {
    fn of(tcp: &TcpStream) -> std::io::Result<Self> {
        SockRef::from(tcp).try_clone().map(|socket| Self(Some(socket)))
    }

    /// Lets the connection end as whoever else holds it wants.
    fn spare(mut self) {
        self.0 = None;
    }
}

impl Drop for Reset {
    fn drop(&mut self) {
        if let Some(socket) = self.0.take() {
            // What cannot be set is of a connection that is gone already.
            let _ = socket.set_linger(Some(Duration::ZERO));
        }
    }
}

/// One of the connections that a peer may have.
struct Seat {
    seats: Arc<Mutex<HashMap<Fingerprint, usize>>>,
    peer: Fingerprint,
}

impl Seat {
    fn take(
        seats: &Arc<Mutex<HashMap<Fingerprint, usize>>>,
        peer: Fingerprint,
        limits: &ReceiverLimits,
    ) -> Option<Self> {
        let mut taken = seats.lock().unwrap_or_else(PoisonError::into_inner);
        let count = taken.entry(peer).or_default();
        if *count >= limits.connections_per_peer_max {
            return None;
        }
        *count += 1;
        drop(taken);
        Some(Self {
            seats: Arc::clone(seats),
            peer,
        })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.seats.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = taken.get_mut(&self.peer) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                taken.remove(&self.peer);
            }
        }
    }
}

const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
