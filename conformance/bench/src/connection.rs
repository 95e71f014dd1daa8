//! One keep-alive connection of the load generator: HTTP/1.1 over mutual TLS, no more than is needed.

use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use memchr::memmem;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::client::TlsStream;
use xds_tls::ClientTls;

use crate::check::{Checker, Expect};
use crate::error::LoadError;

/// How long one exchange may take: 1 GiB at 2 MB/s.
const EXCHANGE_MAX: Duration = Duration::from_secs(600);
const READ_BYTES: usize = 64 * 1024;
const HEAD_BYTES_MAX: usize = 64 * 1024;
/// Up to here a message goes out in one write.
const JOINED_BYTES_MAX: usize = 256 * 1024;

/// Where requests go.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    /// The caller's TLS.
    pub(crate) tls: ClientTls,
    /// The port on the loopback interface.
    pub(crate) port: u16,
    /// The path.
    pub(crate) path: &'static str,
}

/// A request, and what must come back.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// Header lines, each with its end, without Host and Content-Length.
    pub(crate) headers: String,
    /// The body.
    pub(crate) body: Vec<Bytes>,
    /// The right answer.
    pub(crate) expect: Expect,
}

/// Bytes of the two bodies.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Exchanged {
    /// To the server.
    pub(crate) bytes_in: u64,
    /// From the server.
    pub(crate) bytes_out: u64,
}

/// A connection that stands.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TlsStream<TcpStream>,
    path: &'static str,
    unread: BytesMut,
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// When the server is not there, or its certificate is not trusted.
    pub(crate) async fn open(target: &Target) -> Result<Self, LoadError> {
        let tcp = TcpStream::connect(("127.0.0.1", target.port)).await?;
        tcp.set_nodelay(true)?;
        let name = "localhost"
            .try_into()
            .map_err(|_| LoadError::Http("the server's name"))?;
        let stream = target
            .tls
            .connect(name, tcp)
            .await
            .map_err(|refused| LoadError::Refused(refused.reason))?;
        Ok(Self {
            stream,
            path: target.path,
            unread: BytesMut::with_capacity(2 * READ_BYTES),
        })
    }

    /// Sends a request, reads the answer and checks it.
    ///
    /// # Errors
    /// [`LoadError::Wrong`] when it is answered, and wrongly; others when it is not.
    pub(crate) async fn exchange(&mut self, request: Request) -> Result<Exchanged, LoadError> {
        let exchange = async {
            let Request {
                headers,
                body,
                expect,
            } = request;
            let bytes_in = self.send(&headers, body).await?;
            let bytes_out = self.receive(expect).await?;
            Ok(Exchanged { bytes_in, bytes_out })
        };
        timeout(EXCHANGE_MAX, exchange)
            .await
            .unwrap_or(Err(LoadError::Late(EXCHANGE_MAX)))
    }

    async fn send(&mut self, headers: &str, body: Vec<Bytes>) -> Result<u64, LoadError> {
        let length: usize = body.iter().map(Bytes::len).sum();
        let path = self.path;
        let head =
            format!("POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n{headers}\r\n");
        if length <= JOINED_BYTES_MAX {
            let mut whole = head.into_bytes();
            body.iter().for_each(|piece| whole.extend_from_slice(piece));
            self.stream.write_all(&whole).await?;
        } else {
            self.stream.write_all(head.as_bytes()).await?;
            for piece in body {
                self.stream.write_all(&piece).await?;
            }
        }
        self.stream.flush().await?;
        Ok(length as u64)
    }

    async fn receive(&mut self, expect: Expect) -> Result<u64, LoadError> {
        let head = self.head().await?;
        let mut checker = Checker::new(head.status, expect);
        let length = match head.length {
            Some(length) => self.pass(length, &mut checker).await?,
            None => self.chunks(&mut checker).await?,
        };
        checker.finish()?;
        Ok(length)
    }

    async fn head(&mut self) -> Result<Head, LoadError> {
        loop {
            if let Some(end) = memmem::find(&self.unread, b"\r\n\r\n") {
                let head = self.unread.split_to(end + 4);
                return Head::parse(&String::from_utf8_lossy(&head));
            }
            if self.unread.len() > HEAD_BYTES_MAX {
                return Err(LoadError::Http("a head without end"));
            }
            self.more().await?;
        }
    }

    /// Hands so many bytes to the checker.
    async fn pass(&mut self, length: u64, checker: &mut Checker) -> Result<u64, LoadError> {
        let mut left = length;
        while left > 0 {
            if self.unread.is_empty() {
                self.more().await?;
            }
            let next = usize::try_from(left).unwrap_or(usize::MAX).min(self.unread.len());
            let piece = self.unread.get(..next).unwrap_or_default();
            checker.piece(piece)?;
            left -= piece.len() as u64;
            self.unread.advance(next);
        }
        Ok(length)
    }

    async fn chunks(&mut self, checker: &mut Checker) -> Result<u64, LoadError> {
        let mut length = 0;
        loop {
            let line = self.line().await?;
            let size = line.split(';').next().unwrap_or_default().trim();
            let size = u64::from_str_radix(size, 16).map_err(|_| LoadError::Http("a chunk's size"))?;
            length += self.pass(size, checker).await?;
            if size == 0 {
                while !self.line().await?.is_empty() {}
                return Ok(length);
            }
            if !self.line().await?.is_empty() {
                return Err(LoadError::Http("a chunk's end"));
            }
        }
    }

    async fn line(&mut self) -> Result<String, LoadError> {
        loop {
            if let Some(end) = memmem::find(&self.unread, b"\r\n") {
                let line = self.unread.split_to(end + 2);
                return Ok(String::from_utf8_lossy(&line).trim_end().to_owned());
            }
            if self.unread.len() > HEAD_BYTES_MAX {
                return Err(LoadError::Http("a line without end"));
            }
            self.more().await?;
        }
    }

    async fn more(&mut self) -> Result<(), LoadError> {
        self.unread.reserve(READ_BYTES);
        match self.stream.read_buf(&mut self.unread).await? {
            0 => Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof).into()),
            _ => Ok(()),
        }
    }
}

#[derive(Debug, Eq, PartialEq)]
struct Head {
    status: u16,
    /// None: chunked.
    length: Option<u64>,
}

impl Head {
    fn parse(text: &str) -> Result<Self, LoadError> {
        let mut lines = text.lines();
        let first = lines.next().and_then(|line| line.strip_prefix("HTTP/1.1 "));
        let status = first.and_then(|line| line.get(..3)?.parse().ok());
        let status = status.ok_or(LoadError::Http("the first line"))?;
        let headers: Vec<(&str, &str)> = lines.filter_map(|line| line.split_once(':')).collect();
        let header = |name: &str| {
            let found = headers.iter().find(|(found, _)| found.eq_ignore_ascii_case(name));
            found.map(|(_, value)| value.trim())
        };
        let length = match (header("content-length"), header("transfer-encoding")) {
            (Some(length), None) => Some(length.parse().map_err(|_| LoadError::Http("Content-Length"))?),
            (None, Some(coding)) if coding.eq_ignore_ascii_case("chunked") => None,
            _ => return Err(LoadError::Http("neither a length nor chunks")),
        };
        Ok(Self { status, length })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_says_how_its_body_ends() {
        let head = |text| Head::parse(text).ok();
        let length = "HTTP/1.1 200 OK\r\ncontent-length: 12\r\n\r\n";
        assert_eq!(
            head(length),
            Some(Head {
                status: 200,
                length: Some(12)
            })
        );
        let chunks = "HTTP/1.1 500 Internal Server Error\r\nA: b\r\nTransfer-Encoding: chunked\r\n\r\n";
        assert_eq!(
            head(chunks),
            Some(Head {
                status: 500,
                length: None
            })
        );
        assert_eq!(head("HTTP/1.1 200 OK\r\n\r\n"), None);
        assert_eq!(head("HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"), None);
        assert_eq!(head("HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\n"), None);
        assert_eq!(head("HTTP/1.1 2"), None);
    }
}
