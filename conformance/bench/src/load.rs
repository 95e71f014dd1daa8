//! Sends requests over some connections, for some time or some number.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::connection::{Connection, Exchanged, Request, Target};
use crate::error::LoadError;

/// Makes the request with this number.
pub(crate) type Source = Arc<dyn Fn(u64) -> Request + Send + Sync>;

/// When to stop: whichever comes first.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// No request begins later.
    pub(crate) time: Duration,
    /// No more requests than these.
    pub(crate) requests_max: u64,
}

/// What was done.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outcome {
    /// From the first request to the last answer.
    pub(crate) elapsed: Duration,
    /// How long each request took, shortest first.
    pub(crate) latencies: Vec<Duration>,
    /// Bytes of all bodies.
    pub(crate) bytes: Exchanged,
}

impl Outcome {
    /// How many requests there were, all answered rightly.
    pub(crate) fn requests(&self) -> usize {
        self.latencies.len()
    }
}

/// Connections that stand.
pub(crate) struct Load {
    connections: Vec<Connection>,
}

impl Load {
    /// Opens connections.
    ///
    /// # Errors
    /// When one of them is not made.
    pub(crate) async fn open(target: &Target, connections: u64) -> Result<Self, LoadError> {
        let mut open = Vec::new();
        for _ in 0..connections {
            open.push(Connection::open(target).await?);
        }
        Ok(Self { connections: open })
    }

    /// Sends over all connections at once; the first wrong answer ends it. Connections stay for the next call.
    ///
    /// # Errors
    /// See [`LoadError`].
    pub(crate) async fn run(&mut self, source: &Source, bounds: Bounds) -> Result<Outcome, LoadError> {
        let numbers = Arc::new(AtomicU64::new(0));
        let begun = Instant::now();
        let mut senders = JoinSet::new();
        for connection in std::mem::take(&mut self.connections) {
            let (source, numbers) = (Arc::clone(source), Arc::clone(&numbers));
            senders.spawn(send(connection, source, numbers, begun, bounds));
        }
        let mut outcome = Outcome::default();
        while let Some(sent) = senders.join_next().await {
            let (connection, latencies, bytes) = sent.map_err(|_| LoadError::Cancelled)??;
            self.connections.push(connection);
            outcome.latencies.extend(latencies);
            outcome.bytes.bytes_in += bytes.bytes_in;
            outcome.bytes.bytes_out += bytes.bytes_out;
        }
        outcome.elapsed = begun.elapsed();
        outcome.latencies.sort_unstable();
        Ok(outcome)
    }
}

async fn send(
    mut connection: Connection,
    source: Source,
    numbers: Arc<AtomicU64>,
    begun: Instant,
    bounds: Bounds,
) -> Result<(Connection, Vec<Duration>, Exchanged), LoadError> {
    let mut latencies = Vec::new();
    let mut bytes = Exchanged::default();
    while begun.elapsed() < bounds.time {
        let number = numbers.fetch_add(1, Ordering::Relaxed);
        if number >= bounds.requests_max {
            break;
        }
        let request = source(number);
        let sent = Instant::now();
        let exchanged = connection.exchange(request).await?;
        latencies.push(sent.elapsed());
        bytes.bytes_in += exchanged.bytes_in;
        bytes.bytes_out += exchanged.bytes_out;
    }
    Ok((connection, latencies, bytes))
}
