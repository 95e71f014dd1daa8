//! The first message of a connection. Read apart from the rest of the handshake for one reason: rustls answers a hello of
//! TLS 1.0 or 1.1 without signature algorithms, which is how they look, with `handshake_failure`, and RFC 8446
//! 4.2.1 asks for `protocol_version`.

use std::io;

use rustls::server::{Accepted, AcceptedAlert, Acceptor};
use rustls::{Error, PeerIncompatible};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

const READ_BYTES: usize = 4 * 1024;

/// A record with the fatal alert `protocol_version`, RFC 8446 5.1 and 6.
const PROTOCOL_VERSION: [u8; 7] = [21, 3, 1, 0, 2, 2, 70];

/// Offset of client_version in a record that opens with a ClientHello.
const CLIENT_VERSION_AT: usize = 9;
const TLS12: u16 = 0x0303;

/// Reads the ClientHello.
///
/// # Errors
/// A [`rustls::Error`] inside when the message was refused: the alert has been sent.
pub(crate) async fn read_hello<IO>(io: &mut IO) -> io::Result<Accepted>
where
    IO: AsyncRead + AsyncWrite + Unpin,
{
    let mut acceptor = Acceptor::default();
    let mut first = Vec::new();
    let mut chunk = vec![0; READ_BYTES];
    loop {
        let length = io.read(&mut chunk).await?;
        let mut unread = chunk.get(..length).unwrap_or_default();
        if unread.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let missing = (CLIENT_VERSION_AT + 2_usize).saturating_sub(first.len());
        first.extend(unread.iter().take(missing));
        while !unread.is_empty() {
            if acceptor.read_tls(&mut unread)? == 0 {
                return Err(unexpected());
            }
            match acceptor.accept() {
                Ok(None) => {}
                Ok(Some(accepted)) => return whole(accepted, unread),
                Err((error, alert)) => return refuse(io, error, alert, &first).await,
            }
        }
    }
}

/// Nobody may send on before our answer (no early data is on offer), and rustls takes what it is given: what is left
/// over would be lost, so it ends the connection.
fn whole(accepted: Accepted, unread: &[u8]) -> io::Result<Accepted> {
    if unread.is_empty() {
        Ok(accepted)
    } else {
        Err(unexpected())
    }
}

fn unexpected() -> io::Error {
    io::Error::other(Error::General("bytes that have no place here".to_owned()))
}

async fn refuse<IO: AsyncWrite + Unpin>(
    io: &mut IO,
    error: Error,
    mut alert: AcceptedAlert,
    first: &[u8],
) -> io::Result<Accepted> {
    if error == PeerIncompatible::SignatureAlgorithmsExtensionRequired.into() && is_old(first) {
        io.write_all(&PROTOCOL_VERSION).await?;
        return Err(io::Error::other(Error::from(PeerIncompatible::Tls12NotOffered)));
    }
    let mut record = Vec::new();
    alert.write_all(&mut record)?;
    io.write_all(&record).await?;
    Err(io::Error::other(error))
}

fn is_old(first: &[u8]) -> bool {
    match first.get(CLIENT_VERSION_AT..) {
        Some([major, minor]) => u16::from_be_bytes([*major, *minor]) < TLS12,
        _ => false,
    }
}
