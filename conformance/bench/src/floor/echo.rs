//! The echo floor: takes a body and sends as many bytes as it is told to, by actix-web over mutual TLS.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use actix_http::{HttpService, KeepAlive};
use actix_server::ServerBuilder;
use actix_service::{ServiceFactoryExt, fn_service, map_config};
use actix_web::body::SizedStream;
use actix_web::dev::AppConfig;
use actix_web::web::{Data, Payload, post};
use actix_web::{App, HttpRequest, HttpResponse};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use xds_model::Clock;
use xds_model::time::System;
use xds_tls::{
    Admission, Admitted, CrlPolicy, Fingerprint, LiveMaterial, MaterialPaths, ServerSettings, ServerTls,
};

use crate::content::filler;
use crate::error::BenchError;

/// The header that says how many bytes are to come back.
pub(crate) const ANSWER_BYTES: &str = "x-answer-bytes";
/// Longer answers are streamed, as the servers do.
const WHOLE_BYTES_MAX: u64 = 256 * 1024;
/// As both programs have in the benchmark's network.
const WORKERS: usize = 2;
const KEEP_ALIVE: Duration = Duration::from_secs(300);

/// Serves until standard input ends. The first line on standard output is the port.
///
/// # Errors
/// When it cannot listen.
pub(crate) fn serve(certificate: PathBuf, key: PathBuf, ca: PathBuf) -> Result<(), BenchError> {
    let tls = acceptor(certificate, key, ca)?;
    let listener = TcpListener::bind(("127.0.0.1", 0)).map_err(BenchError::io("127.0.0.1"))?;
    let port = listener.local_addr().map_err(BenchError::io("127.0.0.1"))?.port();
    end_with_input();
    actix_web::rt::System::new()
        .block_on(async {
            let server = server(listener, tls)?;
            writeln!(std::io::stdout(), "{port}")?;
            server.await
        })
        .map_err(BenchError::io("the echo"))
}

fn server(listener: TcpListener, tls: TlsAcceptor) -> std::io::Result<actix_server::Server> {
    let builder = ServerBuilder::new().workers(WORKERS).disable_signals();
    let builder = builder.listen("echo", listener, move || {
        let tls = tls.clone();
        let accept = fn_service(move |io: TcpStream| accept(tls.clone(), io));
        let http = HttpService::build()
            .keep_alive(KeepAlive::Timeout(KEEP_ALIVE))
            .h1(map_config(
                App::new()
                    .app_data(Data::new(filler(u64::from(u16::MAX) + 1)))
                    .route("/echo", post().to(echo)),
                |()| AppConfig::default(),
            ));
        accept.map_err(|_: ()| ()).and_then(http.map_err(|_| ()))
    })?;
    Ok(builder.run())
}

async fn accept(tls: TlsAcceptor, io: TcpStream) -> Result<(TlsStream<TcpStream>, Option<SocketAddr>), ()> {
    let address = io.peer_addr().ok();
    io.set_nodelay(true).map_err(|_| ())?;
    let stream = tls.accept(io).await.map_err(|_| ())?;
    Ok((stream, address))
}

/// Reads the body to its end, piece by piece, and answers.
async fn echo(request: HttpRequest, mut body: Payload, pieces: Data<Vec<Bytes>>) -> HttpResponse {
    while let Some(piece) = body.next().await {
        if piece.is_err() {
            return HttpResponse::BadRequest().finish();
        }
    }
    let asked = request
        .headers()
        .get(ANSWER_BYTES)
        .and_then(|value| value.to_str().ok());
    let (Some(bytes), Some(piece)) = (asked.and_then(|text| text.parse().ok()), pieces.first()) else {
        return HttpResponse::BadRequest().finish();
    };
    if bytes <= WHOLE_BYTES_MAX {
        return HttpResponse::Ok().body(answer(piece, bytes).concat());
    }
    let pieces = stream::iter(answer(piece, bytes)).map(Ok::<_, actix_web::Error>);
    HttpResponse::Ok().body(SizedStream::new(bytes, pieces))
}

/// So many bytes, in pieces that share the memory of `piece`.
fn answer(piece: &Bytes, bytes: u64) -> Vec<Bytes> {
    let whole = bytes / (piece.len() as u64).max(1);
    let rest = bytes - whole * piece.len() as u64;
    let whole = (0..whole).map(|_| piece.clone());
    let rest = piece.slice(..usize::try_from(rest).unwrap_or_default());
    whole.chain([rest]).collect()
}

/// TLS as both servers do it: the same suites, client certificates, no resumption.
fn acceptor(certificate: PathBuf, key: PathBuf, ca: PathBuf) -> Result<TlsAcceptor, BenchError> {
    let paths = MaterialPaths {
        certificate,
        key,
        trusted_roots: vec![ca],
        crls: Vec::new(),
        directly_trusted: Vec::new(),
        crl: CrlPolicy::None,
        crl_grace_h: 24,
    };
    let material = LiveMaterial::load(paths, Arc::new(|| System.now()))?;
    let tls = ServerTls::new(material, Arc::new(Everybody), ServerSettings::default())?;
    Ok(TlsAcceptor::from(tls.config()))
}

/// Whom the authority signed.
#[derive(Debug)]
struct Everybody;

impl Admission for Everybody {
    fn admit(&self, _: &Fingerprint) -> Admitted {
        Admitted::Tls13
    }
}

/// Ends this process when the one that started it does.
fn end_with_input() {
    std::thread::spawn(|| {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_has_its_length() {
        let piece = Bytes::from(vec![1; 100]);
        for bytes in [0, 1, 99, 100, 101, 1_000] {
            assert_eq!(answer(&piece, bytes).concat().len() as u64, bytes);
        }
    }
}
