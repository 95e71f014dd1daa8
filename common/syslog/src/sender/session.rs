//! One TLS connection to a receiver (RFC 5425), which ends in order or failed.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use rustls::ClientConfig;
use rustls_pki_types::ServerName;
use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::destination::Limits;
use super::kernel::{Ending, Kernel};
use super::status::Trouble;

/// An open session.
pub(super) struct Session {
    stream: TlsStream<TcpStream>,
    /// None where the kernel does not answer.
    kernel: Option<Kernel>,
    /// Bytes that the receiver sent. It has nothing to say.
    heard: usize,
}

impl Session {
    pub(super) async fn open(
        address: &str,
        server_name: &ServerName<'static>,
        config: &Arc<ClientConfig>,
        limits: &Limits,
    ) -> Result<Self, Trouble> {
        let tcp = timeout(limits.connect_max, TcpStream::connect(address))
            .await
            .map_err(|_| Trouble::ConnectTimeout)?
            .map_err(|error| Trouble::of_connect(&error))?;
        prepare(&tcp, limits).map_err(|_| Trouble::Connect)?;
        let kernel = kernel(&tcp);
        let handshake = TlsConnector::from(Arc::clone(config)).connect(server_name.clone(), tcp);
        let stream = timeout(limits.handshake_max, handshake)
            .await
            .map_err(|_| Trouble::HandshakeTimeout)?
            .map_err(|_| Trouble::Handshake)?;
        Ok(Self {
            stream,
            kernel,
            heard: 0,
        })
    }

    /// Hands all of `bytes` to the kernel. Fails as soon as the receiver ends the session, or takes nothing for
    /// `still_max`.
    pub(super) async fn send(&mut self, mut bytes: &[u8], still_max: Duration) -> Result<(), Trouble> {
        while !bytes.is_empty() {
            let written = timeout(still_max, poll_fn(|cx| self.poll_send(cx, bytes)))
                .await
                .map_err(|_| Trouble::WriteTimeout)??;
            bytes = bytes.get(written..).unwrap_or_default();
        }
        timeout(still_max, poll_fn(|cx| self.poll_flush(cx)))
            .await
            .map_err(|_| Trouble::WriteTimeout)?
    }

    /// Waits until the receiver ends the session, which it should not.
    pub(super) async fn ended(&mut self) -> Trouble {
        poll_fn(|cx| self.poll_ended(cx)).await
    }

    /// Ends the session and waits for the receiver to end it too: then it has read everything.
    pub(super) async fn close(&mut self, within: Duration) -> Result<(), Trouble> {
        timeout(within, self.close_both_ways())
            .await
            .map_err(|_| Trouble::CloseTimeout)?
    }

    /// Makes the kernel forget what it has not sent: it will be sent again.
    pub(super) fn abort(self) {
        let (tcp, _) = self.stream.get_ref();
        // Where the socket is broken already there is nothing to forget.
        let _ = SockRef::from(tcp).set_linger(Some(Duration::ZERO));
    }

    async fn close_both_ways(&mut self) -> Result<(), Trouble> {
        self.still_open().await?;
        self.end().await.map_err(|error| Trouble::of_session(&error))?;
        self.all_was_taken().await
    }

    /// The receiver must not have ended the session before we do. Where the kernel cannot tell later whether the two
    /// ends crossed, it gets time to be seen.
    async fn still_open(&mut self) -> Result<(), Trouble> {
        let time = match self.kernel {
            Some(_) => Duration::ZERO,
            None => CROSSING_MAX,
        };
        match timeout(time, self.ended()).await {
            Ok(trouble) => Err(trouble),
            Err(_) => Ok(()),
        }
    }

    async fn end(&mut self) -> io::Result<()> {
        self.stream.shutdown().await?;
        let mut buffer = [0; HEARD_BYTES_MAX];
        loop {
            match self.stream.read(&mut buffer).await {
                Ok(0) => break,
                Ok(_) => {}
                // TCP was ended without close_notify, as rsyslog with GnuTLS does. What counts is the FIN.
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        // After close_notify too: a process that ends with bytes unread resets the connection.
        let (tcp, _) = self.stream.get_mut();
        while tcp.read(&mut buffer).await? > 0 {}
        Ok(())
    }

    /// A receiver that ended before our last bytes came to it answers them by a reset, which comes after its FIN.
    async fn all_was_taken(&mut self) -> Result<(), Trouble> {
        let Some(kernel) = &mut self.kernel else {
            return Ok(());
        };
        loop {
            match kernel.ending() {
                Ok(Ending::Acknowledged) => return Ok(()),
                Ok(Ending::Open) => sleep(Duration::from_millis(1)).await,
                Ok(Ending::Gone) if was_reset(self.stream.get_ref().0) => return Err(Trouble::ClosedByPeer),
                Ok(Ending::Gone) => return Ok(()),
                Err(_) => return Err(Trouble::Session),
            }
        }
    }

    fn poll_send(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize, Trouble>> {
        if let Poll::Ready(trouble) = self.poll_ended(cx) {
            return Poll::Ready(Err(trouble));
        }
        let written = ready!(Pin::new(&mut self.stream).poll_write(cx, bytes));
        Poll::Ready(match written {
            Ok(0) => Err(Trouble::Session),
            written => written.map_err(|error| Trouble::of_session(&error)),
        })
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Trouble>> {
        if let Poll::Ready(trouble) = self.poll_ended(cx) {
            return Poll::Ready(Err(trouble));
        }
        let flushed = ready!(Pin::new(&mut self.stream).poll_flush(cx));
        Poll::Ready(flushed.map_err(|error| Trouble::of_session(&error)))
    }

    fn poll_ended(&mut self, cx: &mut Context<'_>) -> Poll<Trouble> {
        let mut buffer = [0; 256];
        loop {
            let mut buffer = ReadBuf::new(&mut buffer);
            match ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buffer)) {
                Err(error) => return Poll::Ready(Trouble::of_session(&error)),
                Ok(()) if buffer.filled().is_empty() => return Poll::Ready(Trouble::ClosedByPeer),
                Ok(()) => self.heard = self.heard.saturating_add(buffer.filled().len()),
            }
            if self.heard > HEARD_BYTES_MAX {
                return Poll::Ready(Trouble::Session);
            }
        }
    }
}

/// A receiver of syslog has nothing to say. Who says more than this is none.
const HEARD_BYTES_MAX: usize = 4096;

/// How long the end of a receiver may take to reach us, where the kernel does not say what crossed it.
const CROSSING_MAX: Duration = Duration::from_millis(200);

/// Whether a connection that is gone was reset. If not, it is gone because its end was acknowledged: the receiver's FIN
/// came between our `close_notify` and our FIN, and the waiting after the end (TIME-WAIT) is its business.
fn was_reset(tcp: &TcpStream) -> bool {
    !matches!(tcp.take_error(), Ok(None))
}

fn kernel(tcp: &TcpStream) -> Option<Kernel> {
    let opened = Kernel::open(tcp.local_addr().ok()?, tcp.peer_addr().ok()?);
    if opened.is_err() {
        tracing::warn!(
            "the kernel tells nothing of TCP connections (AF_NETLINK, sock_diag): delivery is slower"
        );
    }
    opened.ok()
}

fn prepare(tcp: &TcpStream, limits: &Limits) -> io::Result<()> {
    tcp.set_nodelay(true)?;
    let socket = SockRef::from(tcp);
    // An idle session whose receiver has vanished is noticed before the next event needs it.
    socket.set_tcp_keepalive(
        &TcpKeepalive::new()
            .with_time(Duration::from_secs(30))
            .with_interval(Duration::from_secs(10))
            .with_retries(3),
    )?;
    socket.set_tcp_user_timeout(Some(limits.write_max.max(limits.close_max)))
}
