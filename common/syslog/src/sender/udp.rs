//! Datagrams of RFC 5426: sent, and not heard of again.

use tokio::net::UdpSocket;

use super::status::Trouble;
use crate::frame::{DATAGRAM_BYTES_MAX, Decoder, datagram};

/// A socket towards one receiver.
pub(super) struct Datagrams {
    socket: UdpSocket,
    bytes_max: usize,
}

impl Datagrams {
    pub(super) async fn open(address: &str, bytes_max: usize) -> Result<Self, Trouble> {
        let to = tokio::net::lookup_host(address)
            .await
            .map_err(|_| Trouble::Address)?
            .next()
            .ok_or(Trouble::Address)?;
        let any = if to.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
        let socket = UdpSocket::bind(any).await.map_err(|_| Trouble::Connect)?;
        socket
            .connect(to)
            .await
            .map_err(|error| Trouble::of_connect(&error))?;
        Ok(Self {
            socket,
            bytes_max: bytes_max.min(DATAGRAM_BYTES_MAX),
        })
    }

    /// Sends each message of `frames` as a datagram; how many had to be truncated.
    pub(super) async fn send(&mut self, frames: &[u8]) -> Result<u64, Trouble> {
        let mut decoder = Decoder::new(usize::MAX);
        let mut truncated = 0;
        let mut input = frames;
        while let Ok(Some(message)) = decoder.decode(&mut input) {
            let message = String::from_utf8_lossy(&message);
            let sent = datagram(&message, self.bytes_max);
            truncated += u64::from(sent.len() < message.len());
            self.socket
                .send(sent.as_bytes())
                .await
                .map_err(|_| Trouble::Datagram)?;
        }
        Ok(truncated)
    }
}
