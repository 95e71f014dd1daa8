//! One accepted session, from its first frame to its end.

use std::net::SocketAddr;
use std::time::Duration;

use socket2::SockRef;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::server::TlsStream;
use xds_tls::PeerIdentity;

use super::{Desk, Peer, Reset, Sink, TurnedAway, told};
use crate::frame::Decoder;

/// Reads until the peer ends the session, and ends it too. After an error the connection is reset: nothing that came
/// on it counts as kept for the sender.
pub(super) async fn run<S: Sink>(
    mut stream: TlsStream<TcpStream>,
    address: SocketAddr,
    identity: PeerIdentity,
    reset: Reset,
    desk: &Desk<S>,
) -> Result<(), TurnedAway> {
    // Until the end is in order, any end is a reset: that of a task that is dropped, too.
    let linger = SockRef::from(stream.get_ref().0).set_linger(Some(Duration::ZERO));
    linger.map_err(|_| TurnedAway::Broken)?;
    reset.spare();
    let peer = Peer {
        address,
        identity: Some(identity),
    };
    take_all(&mut stream, &peer, desk).await?;
    let in_order = SockRef::from(stream.get_ref().0).set_linger(None);
    in_order.map_err(|_| TurnedAway::Broken)?;
    say_goodbye(&mut stream).await;
    Ok(())
}

async fn take_all<S: Sink>(
    stream: &mut TlsStream<TcpStream>,
    peer: &Peer,
    desk: &Desk<S>,
) -> Result<(), TurnedAway> {
    let mut decoder = Decoder::new(desk.limits.message_bytes_max);
    let mut stopping = desk.stopping.clone();
    let mut said_goodbye = false;
    let mut buffer = vec![0; READ_BYTES];
    loop {
        let between = decoder.finish().is_ok();
        let patience = match (between, said_goodbye) {
            (false, _) => desk.limits.frame_still_max,
            (true, false) => desk.limits.idle_max,
            (true, true) => GOODBYE_MAX,
        };
        let read = tokio::select! {
            read = timeout(patience, stream.read(&mut buffer)) => read,
            () = told(&mut stopping), if !said_goodbye => {
                said_goodbye = true;
                say_goodbye(stream).await;
                continue;
            }
        };
        let length = match read {
            Ok(Ok(0)) => return Ok(decoder.finish()?),
            Ok(Ok(length)) => length,
            // TCP ended without close_notify: whole frames are kept, and a cut one was seen.
            Ok(Err(error)) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
                return Ok(decoder.finish()?);
            }
            Ok(Err(_)) => return Err(TurnedAway::Broken),
            Err(_) if between && !said_goodbye => {
                said_goodbye = true;
                say_goodbye(stream).await;
                continue;
            }
            Err(_) if between => return Ok(()),
            Err(_) => return Err(TurnedAway::Still),
        };
        let messages = frames(&mut decoder, buffer.get(..length).unwrap_or_default())?;
        if !messages.is_empty() {
            keep(messages, peer, desk).await?;
        }
    }
}

/// Ends our direction. What the peer sent before it hears of it is still read.
async fn say_goodbye(stream: &mut TlsStream<TcpStream>) {
    // The peer may be gone already.
    let _ = timeout(GOODBYE_MAX, stream.shutdown()).await;
}

/// The messages that end in `input`, whose bytes are all consumed.
fn frames(decoder: &mut Decoder, mut input: &[u8]) -> Result<Vec<Vec<u8>>, TurnedAway> {
    let mut messages = Vec::new();
    while let Some(message) = decoder.decode(&mut input)? {
        messages.push(message);
    }
    Ok(messages)
}

async fn keep<S: Sink>(messages: Vec<Vec<u8>>, peer: &Peer, desk: &Desk<S>) -> Result<(), TurnedAway> {
    if let Some(identity) = &peer.identity {
        let good = desk.tls.still_good(identity);
        good.map_err(TurnedAway::NoLongerGood)?;
    }
    let (count, bytes) = (messages.len(), messages.iter().map(Vec::len).sum());
    desk.sink.keep(peer, messages).await?;
    desk.counters.kept(count, bytes);
    Ok(())
}

const READ_BYTES: usize = 64 * 1024;
/// How long a goodbye may take, and a peer may then stay silent before it is taken for gone.
const GOODBYE_MAX: Duration = Duration::from_secs(5);
