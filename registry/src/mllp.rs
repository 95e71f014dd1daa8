//! The listener for the patient identity feed: MLLP over mutual TLS.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::timeout;
use tokio_rustls::server::TlsStream;
use xds_hl7::FeedSettings;
use xds_hl7::mllp::{Decoder, encode};
use xds_model::Transaction;
use xds_server::authenticate::Caller;
use xds_server::config::Limits;
use xds_server::gate::Gate;
use xds_server::http::OnRefused;
use xds_tls::{PeerIdentity, ServerTls};

use crate::app::App;
use crate::handlers::iti8::{Reply, outcome, patient_identity_feed};

/// What is read from a connection at once.
const READ_BYTES: usize = 16 * 1024;
/// How long a frame may take from its first byte on.
const FRAME_MAX: Duration = Duration::from_secs(15);
/// Connections at once: a region has a handful of feeds.
const CONNECTIONS_MAX: usize = 256;

/// The feed's listener.
#[derive(Clone)]
pub(crate) struct FeedListener {
    pub(crate) tls: ServerTls,
    pub(crate) gate: Gate,
    pub(crate) app: App,
    pub(crate) settings: FeedSettings,
    pub(crate) on_refused: OnRefused,
}

impl FeedListener {
    /// Serves until `stop` becomes true. Connections in the middle of a message end it first.
    pub(crate) async fn serve(self, listener: TcpListener, mut stop: watch::Receiver<bool>) {
        let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        let this = Arc::new(self);
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                _ = stop.wait_for(|stop| *stop) => break,
            };
            let Ok((io, address)) = accepted else {
                // Out of descriptors or the like: it passes, or the next connection says so again.
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            };
            let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
                tracing::warn!(%address, "a connection of the feed was closed: too many at once");
                continue;
            };
            let (this, stop) = (Arc::clone(&this), stop.clone());
            tokio::spawn(async move {
                this.connection(io, address, stop).await;
                drop(place);
            });
        }
        // Every connection notices the stop between two messages.
        let all = places.acquire_many(u32::try_from(CONNECTIONS_MAX).unwrap_or(u32::MAX));
        if timeout(Duration::from_secs(10), all).await.is_err() {
            tracing::warn!("connections of the feed were cut");
        }
    }

    async fn connection(&self, io: TcpStream, address: SocketAddr, stop: watch::Receiver<bool>) {
        if io.set_nodelay(true).is_err() {
            return;
        }
        match self.tls.accept(io).await {
            Ok((stream, peer)) => self.messages(stream, &peer, address, stop).await,
            Err(refused) => (self.on_refused)(&refused, address),
        }
    }

    async fn messages(
        &self,
        mut stream: TlsStream<TcpStream>,
        peer: &PeerIdentity,
        address: SocketAddr,
        mut stop: watch::Receiver<bool>,
    ) {
        let limits = &self.gate.limits;
        let mut decoder = Decoder::new(usize::try_from(limits.mllp_frame_bytes_max).unwrap_or(usize::MAX));
        let mut buffer = vec![0; READ_BYTES];
        let idle = Limits::seconds(limits.keep_alive_seconds);
        loop {
            let patience = if decoder.is_between_frames() {
                idle
            } else {
                FRAME_MAX
            };
            let between = decoder.is_between_frames();
            let read = tokio::select! {
                read = timeout(patience, stream.read(&mut buffer)) => read,
                _ = stop.wait_for(|stop| *stop), if between => break,
            };
            let Ok(Ok(size @ 1..)) = read else { break };
            let mut input = buffer.get(..size).unwrap_or_default();
            if !self
                .frames(&mut stream, &mut decoder, &mut input, peer, address)
                .await
            {
                break;
            }
        }
        let _ = timeout(Duration::from_secs(1), stream.shutdown()).await;
    }

    /// Answers every frame in the input; false when the connection is to be closed.
    async fn frames(
        &self,
        stream: &mut TlsStream<TcpStream>,
        decoder: &mut Decoder,
        input: &mut &[u8],
        peer: &PeerIdentity,
        address: SocketAddr,
    ) -> bool {
        loop {
            let frame = match decoder.decode(input) {
                Ok(Some(frame)) => frame,
                Ok(None) => return true,
                Err(error) => {
                    tracing::warn!(%error, %address, "a connection of the feed was closed");
                    return false;
                }
            };
            let principal = match self.gate.authenticator.principal(peer) {
                Ok(principal) => principal,
                Err(error) => {
                    tracing::warn!(%error, %address, "a connection of the feed was closed: its sender may not be served any more");
                    return false;
                }
            };
            let caller = Caller::new(principal, address);
            let began = Instant::now();
            let reply = self.detached(caller, frame).await;
            self.gate
                .metrics
                .request(Some(Transaction::Iti8), outcome(&reply), began.elapsed());
            match reply {
                Reply::Acknowledge(ack) => {
                    let sent = timeout(FRAME_MAX, stream.write_all(&encode(&ack))).await;
                    if !matches!(sent, Ok(Ok(()))) || stream.flush().await.is_err() {
                        return false;
                    }
                }
                Reply::Close => return false,
            }
        }
    }

    /// A sender that hangs up stops nothing halfway.
    async fn detached(&self, caller: Caller, frame: Vec<u8>) -> Reply {
        let (gate, app, settings) = (self.gate.clone(), self.app.clone(), self.settings.clone());
        let work =
            tokio::spawn(async move { patient_identity_feed(&gate, &app, &caller, &settings, &frame).await });
        work.await.unwrap_or_else(|_| {
            tracing::error!("alarm: a message of the feed was given up");
            Reply::Close
        })
    }
}
