//! TLS connections over which a test writes what it likes.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::client::TlsStream;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);
const READ_BYTES: usize = 16 * 1024;

/// A TLS connection of a node.
#[derive(Debug)]
pub struct RawConnection {
    stream: TlsStream<TcpStream>,
    unread: Vec<u8>,
}

/// An answer of HTTP/1.1.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct HttpAnswer {
    /// The status code.
    pub status: u16,
    /// Head lines, without the first.
    pub head: String,
    /// The body, unchunked.
    pub body: Vec<u8>,
}

impl HttpAnswer {
    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

impl RawConnection {
    pub(crate) fn new(stream: TlsStream<TcpStream>) -> Self {
        Self {
            stream,
            unread: Vec::new(),
        }
    }

    /// Writes bytes as they are.
    ///
    /// # Errors
    /// When the connection is closed.
    pub async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await?;
        self.stream.flush().await
    }

    /// Says that nothing more comes (TLS close_notify), and goes on reading.
    ///
    /// # Errors
    /// When the connection is closed.
    pub async fn finish(&mut self) -> io::Result<()> {
        self.stream.shutdown().await
    }

    /// The next answer; none when the server closes without one.
    ///
    /// # Errors
    /// When nothing comes in time, the connection breaks in the middle, or what comes is no HTTP.
    pub async fn answer(&mut self) -> io::Result<Option<HttpAnswer>> {
        timeout(PATIENCE, self.read_answer()).await?
    }

    /// Everything that comes until the server closes.
    ///
    /// # Errors
    /// When the server does not close in time.
    pub async fn rest(&mut self) -> io::Result<Vec<u8>> {
        let reading = async { while self.more().await.unwrap_or(false) {} };
        timeout(PATIENCE, reading).await?;
        Ok(std::mem::take(&mut self.unread))
    }

    /// Passes everything on between this connection and one without TLS, until both sides end: for clients that know no
    /// certificates.
    ///
    /// # Errors
    /// When either side breaks.
    pub async fn relay(mut self, mut plain: TcpStream) -> io::Result<()> {
        tokio::io::copy_bidirectional(&mut plain, &mut self.stream)
            .await
            .map(drop)
    }

    /// Whether the server closes the connection without sending anything more, within this time.
    pub async fn is_closed_within(&mut self, time: Duration) -> bool {
        self.unread.is_empty() && matches!(timeout(time, self.more()).await, Ok(Ok(false) | Err(_)))
    }

    async fn read_answer(&mut self) -> io::Result<Option<HttpAnswer>> {
        let end = loop {
            if let Some(at) = find(&self.unread, b"\r\n\r\n") {
                break at;
            }
            match self.more().await {
                Ok(true) => {}
                Ok(false) | Err(_) if self.unread.is_empty() => return Ok(None),
                Ok(false) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Err(error) => return Err(error),
            }
        };
        let head = String::from_utf8_lossy(&self.take(end + 4)).trim_end().to_owned();
        let (first, head) = head.split_once("\r\n").unwrap_or((&head, ""));
        let status = first.split(' ').nth(1).and_then(|code| code.parse().ok());
        let mut answer = HttpAnswer {
            status: status.ok_or(io::ErrorKind::InvalidData)?,
            head: head.to_owned(),
            body: Vec::new(),
        };
        if answer.status >= 200 && answer.status != 204 {
            answer.body = self.body(&answer).await?;
        }
        Ok(Some(answer))
    }

    async fn body(&mut self, answer: &HttpAnswer) -> io::Result<Vec<u8>> {
        if answer.header("transfer-encoding").is_some() {
            return self.chunks().await;
        }
        match answer.header("content-length").map(str::parse) {
            Some(Ok(length)) => self.exactly(length).await,
            Some(Err(_)) => Err(io::ErrorKind::InvalidData.into()),
            None => self.rest().await,
        }
    }

    async fn chunks(&mut self) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let line = self.line().await?;
            let size = usize::from_str_radix(line.trim(), 16).map_err(|_| io::ErrorKind::InvalidData)?;
            body.extend(self.exactly(size).await?);
            self.line().await?;
            if size == 0 {
                return Ok(body);
            }
        }
    }

    async fn line(&mut self) -> io::Result<String> {
        loop {
            if let Some(at) = find(&self.unread, b"\r\n") {
                return Ok(String::from_utf8_lossy(&self.take(at + 2)).into_owned());
            }
            self.must_have_more().await?;
        }
    }

    async fn exactly(&mut self, length: usize) -> io::Result<Vec<u8>> {
        while self.unread.len() < length {
            self.must_have_more().await?;
        }
        Ok(self.take(length))
    }

    async fn must_have_more(&mut self) -> io::Result<()> {
        match self.more().await? {
            true => Ok(()),
            false => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }

    async fn more(&mut self) -> io::Result<bool> {
        let mut buffer = vec![0; READ_BYTES];
        let read = self.stream.read(&mut buffer).await?;
        self.unread
            .extend_from_slice(buffer.get(..read).unwrap_or_default());
        Ok(read > 0)
    }

    fn take(&mut self, length: usize) -> Vec<u8> {
        let rest = self.unread.split_off(length.min(self.unread.len()));
        std::mem::replace(&mut self.unread, rest)
    }
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}
