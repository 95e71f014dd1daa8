//! A client that writes exactly the bytes it is given and reads what comes.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use xds_testkit::pki::Issued;

/// Longer than anything here may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Clone)]
pub(crate) struct Identity(Arc<ClientConfig>);

impl Identity {
    pub(crate) fn new(root: &[u8], issued: &Issued) -> Self {
        Self::of_chain(root, &issued.chain_pem, &issued.key_pem)
    }

    fn of_chain(root: &[u8], chain_pem: &str, key_pem: &str) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from(root.to_vec())).unwrap();
        let chain = CertificateDer::pem_slice_iter(chain_pem.as_bytes())
            .map(Result::unwrap)
            .collect();
        let key = PrivateKeyDer::from_pem_slice(key_pem.as_bytes()).unwrap();
        let config = ClientConfig::builder()
            .with_root_certificates(roots)
            .with_client_auth_cert(chain, key)
            .unwrap();
        Self(Arc::new(config))
    }

    pub(crate) async fn connect(&self, address: SocketAddr) -> io::Result<Client> {
        self.over(TcpStream::connect(address).await?).await
    }

    /// With buffers of a few kilobytes.
    pub(crate) async fn connect_narrow(&self, address: SocketAddr) -> io::Result<Client> {
        let socket = TcpSocket::new_v4()?;
        socket.set_recv_buffer_size(4096)?;
        socket.set_send_buffer_size(4096)?;
        self.over(socket.connect(address).await?).await
    }

    async fn over(&self, tcp: TcpStream) -> io::Result<Client> {
        tcp.set_nodelay(true)?;
        let name = ServerName::try_from("localhost").unwrap();
        let handshake = TlsConnector::from(Arc::clone(&self.0)).connect(name, tcp);
        let stream = timeout(PATIENCE, handshake)
            .await
            .map_err(|_| io::ErrorKind::TimedOut)??;
        Ok(Client {
            stream,
            unread: Vec::new(),
        })
    }
}

pub(crate) struct Client {
    pub(crate) stream: TlsStream<TcpStream>,
    unread: Vec<u8>,
}

/// One HTTP response.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

/// How a connection ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum End {
    /// By close_notify.
    Clean,
    /// Without it, or reset.
    Cut,
}

impl Client {
    pub(crate) async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await?;
        self.stream.flush().await
    }

    /// Sends and reads one response.
    pub(crate) async fn ask(&mut self, bytes: &[u8]) -> Reply {
        self.send(bytes).await.expect("sent");
        self.reply().await.expect("a response")
    }

    /// The next response, whole; an error when the connection ends before.
    pub(crate) async fn reply(&mut self) -> io::Result<Reply> {
        timeout(PATIENCE, self.read_reply())
            .await
            .map_err(|_| io::ErrorKind::TimedOut)?
    }

    async fn read_reply(&mut self) -> io::Result<Reply> {
        let end = loop {
            match find(&self.unread, b"\r\n\r\n") {
                Some(at) => break at + 4,
                None => self.more().await?,
            }
        };
        let head = String::from_utf8(self.unread.drain(..end).collect()).unwrap();
        let status = head[9..12].parse().unwrap();
        let body = match header(&head, "transfer-encoding").as_deref() {
            Some("chunked") => self.chunks().await?,
            _ if (100..200).contains(&status) => Vec::new(),
            _ => {
                let length = header(&head, "content-length")
                    .expect("a length")
                    .parse()
                    .unwrap();
                self.take(length).await?
            }
        };
        Ok(Reply { status, head, body })
    }

    async fn chunks(&mut self) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let end = loop {
                match find(&self.unread, b"\r\n") {
                    Some(at) => break at + 2,
                    None => self.more().await?,
                }
            };
            let line = self.take(end).await?;
            let size = usize::from_str_radix(std::str::from_utf8(&line).unwrap().trim(), 16).unwrap();
            body.extend(self.take(size).await?);
            self.take(2).await?;
            if size == 0 {
                return Ok(body);
            }
        }
    }

    async fn take(&mut self, bytes: usize) -> io::Result<Vec<u8>> {
        while self.unread.len() < bytes {
            self.more().await?;
        }
        Ok(self.unread.drain(..bytes).collect())
    }

    async fn more(&mut self) -> io::Result<()> {
        match self.stream.read_buf(&mut self.unread).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }

    /// Everything up to the end of the connection.
    pub(crate) async fn rest(&mut self) -> (Vec<u8>, End) {
        timeout(PATIENCE, async {
            loop {
                match self.stream.read_buf(&mut self.unread).await {
                    Ok(0) => return (std::mem::take(&mut self.unread), End::Clean),
                    Ok(_) => {}
                    Err(_) => return (std::mem::take(&mut self.unread), End::Cut),
                }
            }
        })
        .await
        .expect("the connection ends")
    }
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        header(&self.head, name)
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn closes(&self) -> bool {
        self.header("connection").as_deref() == Some("close")
    }

    /// Text of the first element with this name, prefix included.
    pub(crate) fn element(&self, name: &str) -> Option<String> {
        let text = self.text();
        let (_, after) = text.split_once(&format!("<{name}"))?;
        let (_, content) = after.split_once('>')?;
        Some(content.split_once("</")?.0.to_owned())
    }
}

fn header(head: &str, name: &str) -> Option<String> {
    head.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
    })
}

fn find(hay: &[u8], needle: &[u8]) -> Option<usize> {
    hay.windows(needle.len()).position(|window| window == needle)
}
