//! The byte stream of one clinical connection: TLS, strict framing, deadlines on heads and on writes, and an
//! end that lets the client read our last answer.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

use super::connected::Connected;
use super::framing::{Framing, HeadLimits, HeadRefusal};
use super::pace::WritePace;

/// What is read from the socket at once.
const READ_BYTES: usize = 16 * 1024;
/// After our last byte we read on for this long and this far, so that unread bytes do not make the kernel
/// reset the connection before the client has read the answer.
const LINGER_MAX: Duration = Duration::from_secs(2);
const LINGER_BYTES_MAX: usize = 4 * 1024 * 1024;

/// A connection whose requests have one reading and whose client takes what it is sent.
#[derive(Debug)]
pub(super) struct ClinicalStream<S> {
    inner: S,
    connected: Connected,
    framing: Framing,
    raw: BytesMut,
    checked: Bytes,
    head_max: Duration,
    head_deadline: Option<Pin<Box<Sleep>>>,
    writes: WritePace,
    ending: Ending,
}

/// How far the end of the connection has come.
#[derive(Debug)]
enum Ending {
    Open,
    /// The client has sent its last byte.
    Heard,
    /// Our side is shut; what still comes is thrown away.
    Lingering {
        deadline: Pin<Box<Sleep>>,
        bytes: usize,
    },
}

/// The bounds of a connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct StreamLimits {
    pub(super) head: HeadLimits,
    /// From the first byte of a head to its last.
    pub(super) head_max: Duration,
    /// Time spent waiting for the client that makes a window.
    pub(super) write_window: Duration,
    /// Bytes that it must take in each window.
    pub(super) write_window_bytes_min: u64,
}

impl<S> ClinicalStream<S> {
    /// Wraps an accepted connection.
    pub(super) fn new(inner: S, connected: Connected, limits: StreamLimits) -> Self {
        Self {
            inner,
            connected,
            framing: Framing::new(limits.head),
            raw: BytesMut::new(),
            checked: Bytes::new(),
            head_max: limits.head_max,
            head_deadline: None,
            writes: WritePace::new(limits.write_window, limits.write_window_bytes_min),
            ending: Ending::Open,
        }
    }

    /// Who is at the other end.
    pub(super) fn connected(&self) -> &Connected {
        &self.connected
    }

    /// Moves what can be given out into `checked`; false when more must be read.
    fn fill(&mut self) -> bool {
        if self.checked.is_empty() {
            // Lets go of the buffer that it was cut from, which can then be used again.
            self.checked = Bytes::new();
            self.framing.skip_empty_line(&mut self.raw);
            if let Some(bytes) = self.framing.advance(&mut self.raw) {
                self.checked = bytes;
                self.head_deadline = None;
            }
        }
        !self.checked.is_empty()
    }

    /// A head that does not come to its end in time is refused.
    fn watch_head(&mut self, cx: &mut Context<'_>) {
        if !self.framing.is_in_head(&self.raw) {
            self.head_deadline = None;
            return;
        }
        let deadline = Instant::now() + self.head_max;
        let sleep = self
            .head_deadline
            .get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if sleep.as_mut().poll(cx).is_ready() {
            self.head_deadline = None;
            self.checked = self.framing.refuse(&mut self.raw, HeadRefusal::Slow);
        }
    }

    fn give(&mut self, buf: &mut ReadBuf<'_>) {
        let take = self.checked.len().min(buf.remaining());
        buf.put_slice(self.checked.get(..take).unwrap_or_default());
        self.checked.advance(take);
    }
}

impl<S: AsyncRead + Unpin> ClinicalStream<S> {
    fn poll_raw(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        self.raw.reserve(READ_BYTES);
        let read = ready!(tokio_util::io::poll_read_buf(
            Pin::new(&mut self.inner),
            cx,
            &mut self.raw
        ))?;
        if read == 0 {
            self.ending = Ending::Heard;
        }
        Poll::Ready(Ok(read))
    }

    /// Throws away what still comes, up to a bound.
    fn poll_linger(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Ending::Lingering { deadline, bytes } = &mut self.ending else {
            return Poll::Ready(Ok(()));
        };
        loop {
            self.raw.clear();
            self.raw.reserve(READ_BYTES);
            let read = tokio_util::io::poll_read_buf(Pin::new(&mut self.inner), cx, &mut self.raw);
            match read {
                Poll::Ready(Ok(1..)) if *bytes < LINGER_BYTES_MAX => *bytes += self.raw.len(),
                // Best effort: the answer is out, whatever becomes of the rest.
                Poll::Ready(_) => return Poll::Ready(Ok(())),
                Poll::Pending => return deadline.as_mut().poll(cx).map(Ok),
            }
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for ClinicalStream<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.connected.is_over(cx.waker()) {
            return Poll::Ready(Ok(()));
        }
        while !this.fill() {
            this.watch_head(cx);
            if !this.checked.is_empty() {
                break;
            }
            if this.framing.is_refused() {
                return Poll::Ready(Ok(()));
            }
            if ready!(this.poll_raw(cx))? == 0 {
                return Poll::Ready(Ok(()));
            }
        }
        this.give(buf);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for ClinicalStream<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let outcome = Pin::new(&mut this.inner).poll_write(cx, buf);
        this.writes.watch(cx, outcome, |bytes| *bytes as u64)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let outcome = Pin::new(&mut this.inner).poll_write_vectored(cx, bufs);
        this.writes.watch(cx, outcome, |bytes| *bytes as u64)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let outcome = Pin::new(&mut this.inner).poll_flush(cx);
        this.writes.watch(cx, outcome, |()| 0)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if matches!(this.ending, Ending::Open | Ending::Heard) {
            let outcome = Pin::new(&mut this.inner).poll_shutdown(cx);
            ready!(this.writes.watch(cx, outcome, |()| 0))?;
            if matches!(this.ending, Ending::Heard) {
                return Poll::Ready(Ok(()));
            }
            this.ending = Ending::Lingering {
                deadline: Box::pin(sleep_until(Instant::now() + LINGER_MAX)),
                bytes: 0,
            };
        }
        this.poll_linger(cx)
    }
}
