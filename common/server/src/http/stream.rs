//! The byte stream of one clinical connection: TLS, strict framing, a deadline on writes.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

use super::framing::{Framing, HeadLimits};

/// What is read from the socket at once.
const READ_BYTES: usize = 16 * 1024;

/// A connection whose requests have one reading and whose client takes what it is sent.
#[derive(Debug)]
pub struct ClinicalStream<S, P> {
    inner: S,
    peer: P,
    framing: Framing,
    raw: BytesMut,
    checked: Bytes,
    stalled: Option<Pin<Box<Sleep>>>,
    write_stall_max: Duration,
}

impl<S, P> ClinicalStream<S, P> {
    /// Wraps an accepted connection. `write_stall_max`: how long the client may take no byte at all.
    pub fn new(inner: S, peer: P, limits: HeadLimits, write_stall_max: Duration) -> Self {
        Self {
            inner,
            peer,
            framing: Framing::new(limits),
            raw: BytesMut::new(),
            checked: Bytes::new(),
            stalled: None,
            write_stall_max,
        }
    }

    /// Who is at the other end.
    pub fn peer(&self) -> &P {
        &self.peer
    }

    /// Moves what can be given out into `checked`; false when more must be read.
    fn fill(&mut self) -> bool {
        if self.checked.is_empty() {
            self.framing.skip_empty_line(&mut self.raw);
            if let Some(bytes) = self.framing.advance(&mut self.raw) {
                self.checked = bytes;
            }
        }
        !self.checked.is_empty()
    }

    fn watch<T>(&mut self, cx: &mut Context<'_>, outcome: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if outcome.is_ready() {
            self.stalled = None;
            return outcome;
        }
        let deadline = Instant::now() + self.write_stall_max;
        let sleep = self
            .stalled
            .get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        match sleep.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<S: AsyncRead + Unpin, P: Unpin> AsyncRead for ClinicalStream<S, P> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        while !this.fill() {
            if this.framing.is_refused() {
                return Poll::Ready(Ok(()));
            }
            this.raw.reserve(READ_BYTES);
            let read = ready!(tokio_util::io::poll_read_buf(
                Pin::new(&mut this.inner),
                cx,
                &mut this.raw
            ))?;
            if read == 0 {
                return Poll::Ready(Ok(()));
            }
        }
        let take = this.checked.len().min(buf.remaining());
        buf.put_slice(this.checked.get(..take).unwrap_or_default());
        this.checked.advance(take);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin, P: Unpin> AsyncWrite for ClinicalStream<S, P> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let outcome = Pin::new(&mut this.inner).poll_write(cx, buf);
        this.watch(cx, outcome)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let outcome = Pin::new(&mut this.inner).poll_write_vectored(cx, bufs);
        this.watch(cx, outcome)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let outcome = Pin::new(&mut this.inner).poll_flush(cx);
        this.watch(cx, outcome)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let outcome = Pin::new(&mut this.inner).poll_shutdown(cx);
        this.watch(cx, outcome)
    }
}
