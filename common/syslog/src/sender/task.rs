//! The task of one destination.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};
use xds_model::time::IdSource;

use super::cursor::{Cursor, CursorFile};
use super::destination::{Destination, DestinationName, Limits, Transport};
use super::pause::pause;
use super::posts::Refusals;
use super::session::Session;
use super::status::{OldestUnsent, Shared, Trouble};
use super::udp::Datagrams;
use super::window::{Fate, Line, Window};
use crate::Source;

/// What a destination's task works on.
pub(super) struct Task {
    destination: Destination,
    /// Lent to a blocking thread while it reads.
    source: Option<Box<dyn Source>>,
    newest: watch::Receiver<u64>,
    stopping: watch::Receiver<bool>,
    pub(super) window: Window,
    file: CursorFile,
    saved: Cursor,
    save_from: Instant,
    pub(super) shared: Shared,
    pub(super) refusals: Refusals,
    ids: Arc<dyn IdSource>,
    failures: u32,
    /// The receiver has taken a session since the last failure.
    trusted: bool,
    /// The last session was ended by both sides: if the receiver takes the next one, all of it has arrived.
    ended_in_order: bool,
}

/// How a session went that did not fail.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Next {
    Session,
    Stop,
}

impl Task {
    pub(super) fn new(
        destination: Destination,
        source: Box<dyn Source>,
        newest: watch::Receiver<u64>,
        stopping: watch::Receiver<bool>,
        (file, cursor): (CursorFile, Cursor),
        (shared, refusals): (Shared, Refusals),
        ids: Arc<dyn IdSource>,
    ) -> Self {
        Self {
            destination,
            source: Some(source),
            newest,
            stopping,
            window: Window::new(cursor),
            file,
            saved: cursor,
            save_from: Instant::now(),
            shared,
            refusals,
            ids,
            failures: 0,
            trusted: false,
            ended_in_order: false,
        }
    }

    /// Delivers until it is told to stop.
    pub(super) async fn run(mut self) {
        loop {
            self.fill().await;
            match self.next().await {
                Ok(Next::Session) => {}
                Ok(Next::Stop) => break,
                Err(trouble) => {
                    self.failed(trouble);
                    if !self.rest().await {
                        break;
                    }
                }
            }
        }
        self.save().await;
    }

    async fn next(&mut self) -> Result<Next, Trouble> {
        match self.destination.transport.clone() {
            Transport::Tls {
                address,
                server_name,
                config,
            } => {
                let opened = Session::open(&address, &server_name, &config, &self.limits()).await;
                self.session(opened?).await
            }
            Transport::Udp {
                address,
                datagram_bytes_max,
            } => {
                let datagrams = Datagrams::open(&address, datagram_bytes_max).await?;
                self.datagrams(datagrams).await
            }
            Transport::Posts { poster } => self.posts(&poster).await,
        }
    }

    async fn session(&mut self, mut session: Session) -> Result<Next, Trouble> {
        self.shared.lock().connected = true;
        if std::mem::take(&mut self.ended_in_order) {
            self.settle();
        }
        let ended = self.serve(&mut session).await;
        self.shared.lock().connected = false;
        if let Err(trouble) = ended {
            session.abort();
            return Err(trouble);
        }
        if let Err(trouble) = session.close(self.limits().close_max).await {
            session.abort();
            return Err(trouble);
        }
        self.ended_in_order = true;
        let done = self.is_stopping() && !self.window.is_open() && !self.window.has_waiting();
        Ok(if done { Next::Stop } else { Next::Session })
    }

    /// Sends what is owed until the session should end.
    async fn serve(&mut self, session: &mut Session) -> Result<(), Trouble> {
        let limits = self.limits();
        let mut due = None;
        let hold = Instant::now()
            + if self.trusted {
                Duration::ZERO
            } else {
                limits.probation
            };
        let mut frames = Vec::new();
        loop {
            self.fill().await;
            self.take(&mut frames);
            if self.window.is_open() && due.is_none() {
                due = Some(Instant::now() + limits.settle_after);
            }
            session.send(&frames, limits.write_max).await?;
            frames.clear();
            let now = Instant::now();
            let done = self.is_stopping() && !self.window.has_waiting();
            let ends = done || self.window.is_full(&limits) || due.is_some_and(|due| due <= now);
            if ends && (hold <= now || !self.window.is_open()) {
                return Ok(());
            }
            if ends || !self.window.has_waiting() {
                self.save_if_due().await;
                self.wait(session.ended(), if ends { Some(hold) } else { due })
                    .await?;
            }
        }
    }

    async fn datagrams(&mut self, mut datagrams: Datagrams) -> Result<Next, Trouble> {
        self.shared.lock().connected = true;
        let limits = self.limits();
        loop {
            self.fill().await;
            let mut frames = Vec::new();
            self.take(&mut frames);
            let truncated = datagrams.send(&frames).await?;
            self.shared.lock().truncated += truncated;
            self.settle();
            if self.window.has_waiting() {
                continue;
            }
            if self.is_stopping() {
                return Ok(Next::Stop);
            }
            self.save_if_due().await;
            let due = Instant::now() + limits.settle_after;
            self.wait(pending(), Some(due)).await?;
        }
    }

    /// Reads from the source when everything that was read is under way.
    pub(super) async fn fill(&mut self) {
        let newest = *self.newest.borrow_and_update();
        if self.window.has_waiting() || newest <= self.window.read_to() {
            return;
        }
        let Some(mut source) = self.source.take() else {
            return;
        };
        let (after, bytes_max) = (self.window.read_to(), self.limits().window_bytes_max);
        let reading = tokio::task::spawn_blocking(move || {
            let read = source.read(after, READ_EVENTS_MAX, bytes_max);
            (source, read)
        });
        match reading.await {
            Ok((source, Ok(read))) => {
                self.source = Some(source);
                self.window.push(read);
                self.publish();
            }
            Ok((source, Err(error))) => {
                self.source = Some(source);
                tracing::error!(destination = %self.destination.name, %error, "audit delivery");
                self.shared.lock().last_error = Some(Trouble::Source);
            }
            // The source panicked and is gone; what it owes stays in the journal for the next start.
            Err(_) => {
                tracing::error!(destination = %self.destination.name, "the source of audit messages is gone");
                self.shared.lock().last_error = Some(Trouble::Source);
            }
        }
    }

    fn take(&mut self, frames: &mut Vec<u8>) {
        let limits = self.limits();
        let taken = self.window.take(&limits, frames);
        let mut status = self.shared.lock();
        status.sent += taken.sent;
        status.resent += taken.resent;
    }

    /// The lines of the next records, for a receiver that acknowledges.
    pub(super) fn take_lines(&mut self) -> Vec<Line> {
        let mut lines = Vec::new();
        let taken = self.window.take_lines(&self.destination.limits, &mut lines);
        let mut status = self.shared.lock();
        status.sent += taken.sent;
        status.resent += taken.resent;
        lines
    }

    /// What became of each of them.
    pub(super) fn settle_lines(&mut self, fates: &[Fate]) {
        if fates.contains(&Fate::Delivered) {
            self.failures = 0;
            self.shared.lock().failures_in_a_row = 0;
        }
        self.window.settle_lines(fates);
        self.publish();
    }

    pub(super) fn name(&self) -> &DestinationName {
        &self.destination.name
    }

    fn settle(&mut self) {
        if self.window.is_open() {
            self.failures = 0;
            self.trusted = true;
            self.shared.lock().failures_in_a_row = 0;
        }
        self.window.settle();
        self.publish();
    }

    fn failed(&mut self, trouble: Trouble) {
        self.ended_in_order = false;
        self.trusted = false;
        self.window.rewind();
        self.failures = self.failures.saturating_add(1);
        {
            let mut status = self.shared.lock();
            status.connected = false;
            status.failures += 1;
            status.failures_in_a_row = self.failures;
            status.last_error = Some(trouble);
        }
        self.publish();
        tracing::warn!(
            destination = %self.destination.name,
            %trouble,
            failures = self.failures,
            "audit messages are not delivered"
        );
    }

    /// The pause after a failure; false where the end was asked for.
    async fn rest(&mut self) -> bool {
        self.save_if_due().await;
        let [a, b, c, d, ..] = *self.ids.random().as_bytes();
        let pause = pause(&self.limits(), self.failures, u32::from_be_bytes([a, b, c, d]));
        tokio::select! {
            () = sleep(pause) => {}
            _ = self.stopping.wait_for(|stopping| *stopping) => {}
        }
        !self.is_stopping()
    }

    /// Waits for something to do: news from the source, the end of the session, a time.
    pub(super) async fn wait(
        &mut self,
        ended: impl Future<Output = Trouble>,
        due: Option<Instant>,
    ) -> Result<(), Trouble> {
        let behind = *self.newest.borrow() > self.window.read_to();
        let retry = behind.then(|| Instant::now() + self.limits().source_retry);
        let save = (self.window.cursor() != self.saved).then_some(self.save_from);
        let until = [due, retry, save].into_iter().flatten().min();
        let stopped_already = self.is_stopping();
        tokio::select! {
            trouble = ended => Err(trouble),
            () = changed(&mut self.newest) => Ok(()),
            () = changed(&mut self.stopping), if !stopped_already => Ok(()),
            () = until_or_never(until) => Ok(()),
        }
    }

    pub(super) async fn save_if_due(&mut self) {
        if self.save_from <= Instant::now() {
            self.save().await;
        }
    }

    async fn save(&mut self) {
        let cursor = self.window.cursor();
        if cursor == self.saved {
            return;
        }
        self.save_from = Instant::now() + self.limits().cursor_every.max(SAVE_EVERY_MIN);
        let file = self.file.clone();
        match tokio::task::spawn_blocking(move || file.save(cursor)).await {
            Ok(Ok(())) => self.saved = cursor,
            Ok(Err(error)) => {
                tracing::error!(destination = %self.destination.name, %error, "audit delivery");
                self.shared.lock().last_error = Some(Trouble::Cursor);
            }
            // The runtime ends.
            Err(_) => {}
        }
    }

    fn publish(&self) {
        let mut status = self.shared.lock();
        status.settled = self.window.cursor().settled;
        status.oldest = self.window.oldest().map(|owed| OldestUnsent {
            sequence: owed.sequence,
            at: owed.at,
            age: Duration::ZERO,
        });
    }

    pub(super) fn is_stopping(&self) -> bool {
        *self.stopping.borrow()
    }

    pub(super) fn limits(&self) -> Limits {
        self.destination.limits
    }
}

/// Resolves when a value changes; never when its owner is gone.
async fn changed<T>(value: &mut watch::Receiver<T>) {
    if value.changed().await.is_err() {
        pending().await
    }
}

async fn until_or_never(until: Option<Instant>) {
    match until {
        Some(until) => sleep_until(until).await,
        None => pending().await,
    }
}

/// Records that are read from the source at once.
const READ_EVENTS_MAX: usize = 1024;

/// A cursor that cannot be written is not tried again faster than this.
const SAVE_EVERY_MIN: Duration = Duration::from_millis(10);
