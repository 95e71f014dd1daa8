//! What a request knows of its connection, and the one thing that it may do to it: end it.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Waker;

use actix_web::HttpRequest;
use futures_util::task::AtomicWaker;
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;
use xds_tls::PeerIdentity;

/// Who is at the other end of a connection. Found in a request's connection data.
#[derive(Clone)]
pub struct Connected {
    /// The certificate that was judged.
    pub peer: PeerIdentity,
    /// Where the connection comes from.
    pub address: SocketAddr,
    over: Arc<Over>,
    work: TaskTracker,
}

#[derive(Default)]
struct Over {
    is: AtomicBool,
    reader: AtomicWaker,
}

impl Connected {
    /// A connection that was just made.
    pub(super) fn new(peer: PeerIdentity, address: SocketAddr) -> Self {
        Self {
            peer,
            address,
            over: Arc::default(),
            work: TaskTracker::new(),
        }
    }

    /// The connection of a request; none behind a listener other than the clinical one.
    pub(super) fn of(request: &HttpRequest) -> Option<&Self> {
        request.conn_data()
    }

    /// Reads nothing more from the client. The answer still goes out, then the connection ends. Without it
    /// the HTTP server would read a body that nobody wants to its end, however long that takes.
    pub(super) fn end(&self) {
        self.over.is.store(true, Ordering::Release);
        self.over.reader.wake();
    }

    /// Whether an earlier request of the same connection ended it: what was sent behind that one is not served.
    pub(super) fn has_ended(&self) -> bool {
        self.over.is.load(Ordering::Acquire)
    }

    /// Whether [`Connected::end`] was called; if not, `reader` is woken when it is.
    pub(super) fn is_over(&self, reader: &Waker) -> bool {
        self.over.reader.register(reader);
        self.over.is.load(Ordering::Acquire)
    }

    /// Held by work that outlives its connection, so that the server does not stop before it is done.
    pub(super) fn working(&self) -> TaskTrackerToken {
        self.work.token()
    }

    /// Waits for all work of this connection.
    pub(super) async fn done(&self) {
        self.work.close();
        self.work.wait().await;
    }
}

impl fmt::Debug for Connected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connected")
            .field("peer", &self.peer)
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}
