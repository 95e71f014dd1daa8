//! Sends what a source owes to an Audit Record Repository, and knows what has arrived.
//!
//! # When a message counts as delivered
//!
//! Syslog acknowledges nothing. That a write succeeded says that our kernel has the bytes; that TCP acknowledged them
//! says that the other kernel has them. A receiver that is killed loses both, and one that hangs keeps them unread for
//! as long as it likes: no waiting time is long enough. What proves that a receiver has read everything is an orderly
//! end. So messages travel on short *sessions*. A session counts as delivered, and the cursor moves, when
//!
//! 1. we ended it by `close_notify` and FIN after the last message;
//! 2. the receiver ended it by a FIN after that: it came to the end of what we sent. A receiver that goes away with
//!    bytes unread makes its kernel send RST instead, and one that does not read sends nothing. Two ends may cross (a
//!    receiver that closes idle connections, one that refuses our certificate); then our bytes are answered by RST after
//!    the FIN, and our kernel, asked by sock_diag(7), does not have our FIN acknowledged;
//! 3. the next session, opened at once, was accepted: the FIN did not come from a kernel that cleaned up after a killed
//!    process, whose port would be closed.
//!
//! The first session after a start or a failure is held open for [`Limits::probation`]: a receiver that refuses us after
//! the handshake, and throws away what it read, ends it before we do.
//!
//! Whatever else happens - an end by the receiver first, RST, an alert, a time limit - is no proof, and everything of that
//! session is sent again, in order, on the next one. Duplicates are the same lines.
//!
//! A session ends when it holds as much as may be sent twice (half a percent of what was ever delivered, see
//! [`Limits::window_events_min`]), or [`Limits::settle_after`] after its first message. A new one stands within a few
//! milliseconds; while nothing is owed, it stays open.
//!
//! A receiver that acknowledges ([`Transport::Posts`]) needs none of this: the cursor moves when it says that it has a
//! message, and what it refuses again and again is set aside in a file, told, and passed over.
//!
//! # What an operator must set at the receiver
//!
//! All this proves that the receiver's process has *read*. What it keeps in memory then is its own to lose. rsyslog
//! loses its in-memory queues on kill -9: set `queue.type="Direct"` for the main queue, the ruleset of the input and the
//! action, so that it writes before it reads on (omfile: without `asyncWriting`; with `sync="on"` where power may fail),
//! or a disk queue (`queue.type="Disk"`, `queue.syncQueueFiles="on"`, `queue.checkpointInterval="1"`). It also takes a
//! frame of more than 200,000 bytes for a line and glues the following ones to it: set imtcp's `MaxFrameSize`, and
//! `maxMessageSize`, which truncates. Its OpenSSL driver (8.2302) does not reliably compare the names of
//! `PermittedPeer`; the GnuTLS driver does. A TLS terminator or TCP proxy in front of the receiver ends sessions in its
//! stead, and breaks the proof.
//!
//! Our own process needs AF_NETLINK (systemd: `RestrictAddressFamilies`). Without it, each session takes 200 ms longer,
//! and proof 2 leans on that time.

mod aside;
mod cursor;
mod destination;
mod kernel;
mod pause;
mod poster;
mod posts;
mod session;
mod status;
mod task;
mod udp;
mod window;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;
use xds_model::time::{Clock, IdSource};

use self::aside::Aside;
pub use self::cursor::CursorError;
use self::cursor::CursorFile;
pub use self::destination::{Destination, DestinationName, DestinationNameError, Limits, Transport};
pub use self::poster::{Poster, Posting, Verdict};
use self::posts::Refusals;
use self::status::Shared;
pub use self::status::{DestinationStatus, OldestUnsent, Trouble};
use self::task::Task;
use crate::Source;

/// The delivery to one destination. Dropping it ends the delivery without a goodbye: nothing is lost by that, the
/// messages under way are sent again by the next one.
pub struct Sender {
    shared: Shared,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
    clock: Arc<dyn Clock>,
}

/// Where a sender takes the time and chance from.
#[derive(Clone)]
pub struct Surroundings {
    /// For the age of messages.
    pub clock: Arc<dyn Clock>,
    /// For the jitter of pauses.
    pub ids: Arc<dyn IdSource>,
}

impl Sender {
    /// Starts delivery of what `source` owes to `destination`, from where it stood. Must be called within a tokio
    /// runtime that outlives it; reads one small file.
    ///
    /// `newest` holds the last durable number of the source, now already, and wakes the sender as it grows. The cursor
    /// is kept in `folder`, which exists, as `NAME.cursor`.
    ///
    /// # Errors
    /// [`CursorError`]: delivery does not start by guesswork.
    pub fn start(
        destination: Destination,
        source: Box<dyn Source>,
        newest: watch::Receiver<u64>,
        folder: &Path,
        surroundings: Surroundings,
    ) -> Result<Self, CursorError> {
        let file = CursorFile::new(folder, &destination.name);
        let cursor = file.load_within(*newest.borrow())?;
        let shared = Shared::new(destination.name.clone(), cursor.settled);
        let aside = Aside::new(folder, &destination.name);
        shared.lock().set_aside = aside.count();
        if matches!(destination.transport, Transport::Udp { .. }) {
            tracing::warn!(
                destination = %destination.name,
                "audit messages go out by UDP: unencrypted, unacknowledged, and truncated where they are long"
            );
        }
        let (stop, stopping) = watch::channel(false);
        let Surroundings { clock, ids } = surroundings;
        let task = Task::new(
            destination,
            source,
            newest,
            stopping,
            (file, cursor),
            (shared.clone(), Refusals::new(aside)),
            ids,
        );
        Ok(Self {
            shared,
            stop,
            task: tokio::spawn(task.run()),
            clock,
        })
    }

    /// How the destination stands now.
    #[must_use]
    pub fn status(&self) -> DestinationStatus {
        self.shared.snapshot(self.clock.now())
    }

    /// Delivers what is owed by now, says goodbye, and writes the cursor. Gives up after `within`, and at once where the
    /// destination cannot be reached: what is left is sent after the next start.
    pub async fn stop(mut self, within: Duration) -> DestinationStatus {
        self.stop.send_replace(true);
        if tokio::time::timeout(within, &mut self.task).await.is_err() {
            tracing::warn!(destination = %self.status().name, "audit messages are left for the next start");
        }
        self.status()
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl std::fmt::Debug for Sender {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sender").field("status", &self.status()).finish()
    }
}

impl std::fmt::Debug for Surroundings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Surroundings(..)")
    }
}
