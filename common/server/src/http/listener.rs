//! Accepts connections: TLS with a bound on handshakes, then HTTP/1.1 on a checked stream.

use std::net::{SocketAddr, TcpListener};
use std::num::NonZeroUsize;
use std::sync::Arc;

use actix_http::{HttpService, KeepAlive};
use actix_server::{Server, ServerBuilder};
use actix_service::{Service, ServiceFactoryExt, apply_fn_factory, fn_service, map_config};
use actix_web::App;
use actix_web::dev::AppConfig;
use actix_web::web::{ServiceConfig, to};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio_rustls::server::TlsStream;
use xds_tls::{HandshakeRefused, ServerTls};

use super::connected::Connected;
use super::framing::HeadLimits;
use super::stray::stray;
use super::stream::{ClinicalStream, StreamLimits};
use crate::config::Limits;

/// What is told of a connection that was refused: for the audit and the metrics.
pub type OnRefused = Arc<dyn Fn(&HandshakeRefused, SocketAddr) + Send + Sync>;

/// A listener with mutual TLS: for IHE transactions, or for operators.
#[derive(Clone)]
pub struct TlsListener {
    /// What its threads are called.
    pub name: &'static str,
    /// How connections are secured and judged.
    pub tls: ServerTls,
    /// The `[limits]` table.
    pub limits: Limits,
    /// Worker threads; 0 means one for each processor core.
    pub workers: usize,
    /// Told of each refused connection.
    pub on_refused: OnRefused,
}

type Accepted = (ClinicalStream<TlsStream<TcpStream>>, Option<SocketAddr>);

impl TlsListener {
    /// How many worker threads there will be.
    pub fn worker_count(&self) -> usize {
        match self.workers {
            0 => std::thread::available_parallelism().map_or(2, NonZeroUsize::get),
            workers => workers,
        }
    }

    /// Serves what `configure` registers, until the server is stopped. `configure` must register the
    /// [`Gate`](crate::gate::Gate) as application data: requests that reach no route are audited through it.
    ///
    /// # Errors
    /// When the listener cannot be used.
    pub fn serve<C>(self, listener: TcpListener, configure: C) -> std::io::Result<Server>
    where
        C: Fn(&mut ServiceConfig) + Clone + Send + 'static,
    {
        let limits = self.limits.clone();
        let server = ServerBuilder::new()
            .disable_signals()
            .workers(self.worker_count())
            .shutdown_timeout(u64::from(limits.drain_seconds_max))
            .max_concurrent_connections(usize_of(limits.connections_max));
        let handshakes = Arc::new(Semaphore::new(usize_of(limits.handshakes_max)));
        let stopping = server.graceful_shutdown_signal();
        let server = server.listen(self.name, listener, move || {
            let (this, handshakes) = (self.clone(), Arc::clone(&handshakes));
            let configure = configure.clone();
            let accept = fn_service(move |io: TcpStream| {
                let (this, handshakes) = (this.clone(), Arc::clone(&handshakes));
                async move { this.accept(io, &handshakes).await }
            });
            let stopping = stopping.clone();
            let http = HttpService::build()
                .graceful_shutdown_signal(move || {
                    let stopping = stopping.clone();
                    async move { stopping.notified().await }
                })
                .keep_alive(KeepAlive::Timeout(Limits::seconds(limits.keep_alive_seconds)))
                // For connections that send nothing at all; the stream times heads more strictly.
                .client_request_timeout(2 * Limits::seconds(limits.head_seconds_max))
                .on_connect_ext(|io: &ClinicalStream<TlsStream<TcpStream>>, data| {
                    data.insert(io.connected().clone());
                })
                .h1(map_config(
                    App::new().configure(configure).default_service(to(stray)),
                    |()| AppConfig::default(),
                ))
                .map_err(|_| ());
            // A connection counts until all its work is done: a client that hung up ends nothing halfway,
            // not even while the server stops.
            let http = apply_fn_factory(http, |accepted: Accepted, http| {
                let connected = accepted.0.connected().clone();
                let served = http.call(accepted);
                async move {
                    let outcome = served.await;
                    connected.done().await;
                    outcome
                }
            });
            accept.map_err(|_: ()| ()).and_then(http)
        })?;
        Ok(server.run())
    }

    async fn accept(&self, io: TcpStream, handshakes: &Semaphore) -> Result<Accepted, ()> {
        let address = io.peer_addr().map_err(|_| ())?;
        // Without it small answers wait for the other side's delayed acknowledgement (measured: 44 ms).
        io.set_nodelay(true).map_err(|_| ())?;
        // Whoever comes when too many are half open is turned away; nobody waits behind those who stall.
        let Ok(_place) = handshakes.try_acquire() else {
            tracing::warn!("a connection was dropped: too many handshakes are going on");
            return Err(());
        };
        match self.tls.accept(io).await {
            Ok((stream, peer)) => {
                let connected = Connected::new(peer, address);
                let stream = ClinicalStream::new(stream, connected, stream_limits(&self.limits));
                Ok((stream, Some(address)))
            }
            Err(refused) => {
                (self.on_refused)(&refused, address);
                Err(())
            }
        }
    }
}

fn stream_limits(limits: &Limits) -> StreamLimits {
    StreamLimits {
        head: HeadLimits {
            bytes_max: usize_of(limits.head_bytes_max),
            lines_max: usize_of(limits.head_lines_max),
            request_bytes_max: limits.request_bytes_max,
        },
        head_max: Limits::seconds(limits.head_seconds_max),
        write_window: Limits::seconds(limits.write_stall_seconds_max),
        write_window_bytes_min: u64::from(limits.write_stall_seconds_max)
            * u64::from(limits.write_bytes_per_second_min),
    }
}

fn usize_of(value: u32) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX)
}
