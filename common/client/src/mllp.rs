//! Sends HL7 v2 messages over MLLP and TLS and reads the acknowledgments (ITI-8, the source's side).

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use rustls_pki_types::ServerName;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::client::TlsStream;
use xds_hl7::mllp::{Decoder, FrameError, encode};
use xds_tls::{ClientTls, HandshakeRefused};

use crate::ConnectFailure;

/// One connection to a receiver. Messages go one after the other: the next when the last was acknowledged.
#[derive(Debug)]
pub struct MllpClient {
    stream: TlsStream<TcpStream>,
    decoder: Decoder,
    answer_max: Duration,
    /// Something failed half-way, or too much came: the next bytes may be no answer to the next message.
    out_of_step: bool,
}

/// How long to wait for a receiver.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct MllpSettings {
    /// Seconds until the TCP connection stands; the handshake has the limit of [`ClientTls`].
    pub connect_seconds_max: u64,
    /// Seconds from sending a message to its whole acknowledgment.
    pub answer_seconds_max: u64,
}

impl Default for MllpSettings {
    fn default() -> Self {
        Self {
            connect_seconds_max: 5,
            answer_seconds_max: 30,
        }
    }
}

/// Why a message was not acknowledged.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum MllpError {
    /// Not `host:port`.
    #[error("the address is not host:port")]
    Address,
    /// No TCP connection.
    #[error("cannot connect: {0}")]
    Connect(ConnectFailure),
    /// No TLS session.
    #[error(transparent)]
    Tls(#[from] HandshakeRefused),
    /// The connection broke, or an alert ended it: a server may refuse our certificate as late as this.
    #[error("the connection broke: {0}")]
    Broken(ConnectFailure),
    /// The receiver closed the connection without an acknowledgment.
    #[error("the receiver closed the connection without an acknowledgment")]
    Closed,
    /// No acknowledgment in time.
    #[error("no acknowledgment in time")]
    Timeout,
    /// Not MLLP.
    #[error("the acknowledgment is not framed as MLLP: {0}")]
    Frame(FrameError),
    /// An earlier message failed on this connection, or had too much of an answer: open another one.
    #[error("an earlier message left this connection unusable")]
    OutOfStep,
}

impl MllpClient {
    /// Connects to `host:port`.
    ///
    /// # Errors
    /// See [`MllpError`].
    pub async fn connect(address: &str, tls: &ClientTls, settings: MllpSettings) -> Result<Self, MllpError> {
        let name = server_name(address)?;
        let limit = Duration::from_secs(settings.connect_seconds_max);
        let tcp = timeout(limit, TcpStream::connect(address))
            .await
            .map_err(|_| MllpError::Connect(ConnectFailure::Timeout))?
            .map_err(|error| MllpError::Connect(ConnectFailure::of_io(&error)))?;
        tcp.set_nodelay(true).map_err(|error| broken(&error))?;
        Ok(Self {
            stream: tls.connect(name, tcp).await?,
            decoder: Decoder::default(),
            answer_max: Duration::from_secs(settings.answer_seconds_max),
            out_of_step: false,
        })
    }

    /// Sends a message, without its frame, and returns the acknowledgment, without its frame. Whether it is the one to
    /// this message, its MSA-2 tells.
    ///
    /// # Errors
    /// See [`MllpError`]. After one, this connection takes no more messages; neither does it after an acknowledgment
    /// with more behind it than a line end.
    pub async fn send(&mut self, message: &[u8]) -> Result<Vec<u8>, MllpError> {
        if std::mem::replace(&mut self.out_of_step, true) {
            return Err(MllpError::OutOfStep);
        }
        let (answer, surplus) = timeout(self.answer_max, self.exchange(message))
            .await
            .map_err(|_| MllpError::Timeout)??;
        self.out_of_step = surplus;
        Ok(answer)
    }

    /// Says goodbye to the receiver.
    ///
    /// # Errors
    /// When the connection is broken already.
    pub async fn close(mut self) -> Result<(), MllpError> {
        self.stream.shutdown().await.map_err(|error| broken(&error))
    }

    /// The acknowledgment, and whether more came with it.
    async fn exchange(&mut self, message: &[u8]) -> Result<(Vec<u8>, bool), MllpError> {
        self.stream
            .write_all(&encode(message))
            .await
            .map_err(|error| broken(&error))?;
        self.stream.flush().await.map_err(|error| broken(&error))?;
        let mut buffer = [0_u8; READ_BYTES];
        loop {
            let length = self
                .stream
                .read(&mut buffer)
                .await
                .map_err(|error| broken(&error))?;
            if length == 0 {
                return Err(MllpError::Closed);
            }
            let mut input = buffer.get(..length).unwrap_or_default();
            if let Some(answer) = self.decoder.decode(&mut input).map_err(MllpError::Frame)? {
                return Ok((answer, !input.trim_ascii().is_empty()));
            }
        }
    }
}

fn server_name(address: &str) -> Result<ServerName<'static>, MllpError> {
    if let Ok(socket) = address.parse::<SocketAddr>() {
        return Ok(ServerName::IpAddress(socket.ip().into()));
    }
    let (host, _) = address.rsplit_once(':').ok_or(MllpError::Address)?;
    ServerName::try_from(host.to_owned()).map_err(|_| MllpError::Address)
}

fn broken(error: &io::Error) -> MllpError {
    MllpError::Broken(ConnectFailure::of_io(error))
}

const READ_BYTES: usize = 4096;
