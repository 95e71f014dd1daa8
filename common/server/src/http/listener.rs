//! Accepts clinical connections: TLS with a bound on handshakes, then HTTP/1.1 on a checked stream.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use actix_http::body::BoxBody;
use actix_http::{HttpMessage, HttpService, KeepAlive, Request, Response, StatusCode};
use actix_server::{Server, ServerBuilder};
use actix_service::{ServiceFactoryExt, fn_service, map_config};
use actix_web::App;
use actix_web::dev::AppConfig;
use actix_web::web::ServiceConfig;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio_rustls::server::TlsStream;
use xds_tls::{HandshakeRefused, PeerIdentity, ServerTls};

use super::framing::HeadLimits;
use super::stream::ClinicalStream;
use crate::config::Limits;

/// What is told of a connection that was refused: for the audit and the metrics.
pub type OnRefused = Arc<dyn Fn(&HandshakeRefused, SocketAddr) + Send + Sync>;

/// Who is at the other end of a connection. Found in a request's connection data.
#[derive(Clone, Debug)]
pub struct Connected {
    /// The certificate that was judged.
    pub peer: PeerIdentity,
    /// Where the connection comes from.
    pub address: SocketAddr,
}

/// A listener for IHE transactions.
#[derive(Clone)]
pub struct ClinicalListener {
    /// How connections are secured and judged.
    pub tls: ServerTls,
    /// The `[limits]` table.
    pub limits: Limits,
    /// Worker threads; 0 means one for each processor core.
    pub workers: usize,
    /// Told of each refused connection.
    pub on_refused: OnRefused,
}

type Accepted = (
    ClinicalStream<TlsStream<TcpStream>, Connected>,
    Option<SocketAddr>,
);

impl ClinicalListener {
    /// Serves what `configure` registers, until the server is stopped.
    ///
    /// # Errors
    /// When the listener cannot be used.
    pub fn serve<C>(self, listener: TcpListener, configure: C) -> std::io::Result<Server>
    where
        C: Fn(&mut ServiceConfig) + Clone + Send + 'static,
    {
        let limits = self.limits.clone();
        let mut server = ServerBuilder::new()
            .disable_signals()
            .shutdown_timeout(u64::from(limits.drain_seconds_max))
            .max_concurrent_connections(usize::try_from(limits.connections_max).unwrap_or(usize::MAX));
        if self.workers > 0 {
            server = server.workers(self.workers);
        }
        let handshakes = Arc::new(Semaphore::new(
            usize::try_from(limits.handshakes_max).unwrap_or(usize::MAX),
        ));
        let server = server.listen("clinical", listener, move || {
            let (this, handshakes) = (self.clone(), Arc::clone(&handshakes));
            let configure = configure.clone();
            let accept = fn_service(move |io: TcpStream| {
                let (this, handshakes) = (this.clone(), Arc::clone(&handshakes));
                async move { this.accept(io, &handshakes).await }
            });
            let request_bytes_max = limits.request_bytes_max;
            let http = HttpService::build()
                .keep_alive(KeepAlive::Timeout(Limits::seconds(limits.keep_alive_seconds)))
                .client_request_timeout(Limits::seconds(limits.head_seconds_max))
                .expect(fn_service(move |request: Request| async move {
                    expected(request, request_bytes_max)
                }))
                .on_connect_ext(|io: &ClinicalStream<TlsStream<TcpStream>, Connected>, data| {
                    data.insert(io.peer().clone());
                })
                .h1(map_config(App::new().configure(configure), |()| {
                    AppConfig::default()
                }))
                .map_err(|_| ());
            accept.map_err(|_: ()| ()).and_then(http)
        })?;
        Ok(server.run())
    }

    async fn accept(&self, io: TcpStream, handshakes: &Semaphore) -> Result<Accepted, ()> {
        let address = io.peer_addr().map_err(|_| ())?;
        // Without it small answers wait for the other side's delayed acknowledgement (measured: 44 ms).
        io.set_nodelay(true).map_err(|_| ())?;
        let Ok(_place) = handshakes.acquire().await else {
            return Err(());
        };
        match self.tls.accept(io).await {
            Ok((stream, peer)) => {
                let connected = Connected { peer, address };
                let head = HeadLimits {
                    bytes_max: usize::try_from(self.limits.head_bytes_max).unwrap_or(usize::MAX),
                    lines_max: usize::try_from(self.limits.head_lines_max).unwrap_or(usize::MAX),
                };
                let stall = Limits::seconds(self.limits.write_stall_seconds_max);
                Ok((ClinicalStream::new(stream, connected, head, stall), Some(address)))
            }
            Err(refused) => {
                (self.on_refused)(&refused, address);
                Err(())
            }
        }
    }
}

/// Judges a request that asks whether to go on (`Expect: 100-continue`) before it is told to.
fn expected(request: Request, request_bytes_max: u64) -> Result<Request, Response<BoxBody>> {
    let announced = request
        .headers()
        .get("content-length")
        .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|bytes| bytes > request_bytes_max) {
        return Err(Response::new(StatusCode::PAYLOAD_TOO_LARGE));
    }
    if request.headers().contains_key("content-encoding") {
        return Err(Response::new(StatusCode::UNSUPPORTED_MEDIA_TYPE));
    }
    Ok(request)
}
