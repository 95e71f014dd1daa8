//! Named transactions: repeated when the server asks for it, timed and counted.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use deadpool_postgres::{Object, Transaction};
use tokio_postgres::IsolationLevel;

use crate::error::StoreError;
use crate::pool::Store;
use crate::session::Session;

/// How often a transaction is tried at most.
const ATTEMPTS_MAX: u32 = 3;

/// What a transaction came to, for metrics.
#[derive(Clone, Copy, Debug)]
pub struct TransactionReport {
    /// Its name.
    pub name: &'static str,
    /// Whether the database did what was asked: a submission that was turned down counts too.
    pub committed: bool,
    /// How often it was tried.
    pub attempts: u32,
    /// How long it took in all.
    pub elapsed: Duration,
}

/// Is told of every transaction. It must not block.
pub type Observer = Arc<dyn Fn(&TransactionReport) + Send + Sync>;

impl Store {
    /// Runs a transaction, and runs it again after a serialization failure or deadlock.
    ///
    /// `attempt` begins and commits by itself, so that it can end in more ways than an error.
    pub(crate) async fn run_tx<T, F>(
        &self,
        name: &'static str,
        mut attempt: impl FnMut() -> F,
    ) -> Result<T, StoreError>
    where
        F: Future<Output = Result<T, StoreError>>,
    {
        let started = Instant::now();
        let mut attempts = 0;
        let result = loop {
            attempts += 1;
            match attempt().await {
                Err(error) if error.is_contention() && attempts < ATTEMPTS_MAX => {
                    tracing::debug!(name, attempts, "transaction is tried again");
                    tokio::time::sleep(pause(attempts, started)).await;
                }
                result => break result,
            }
        };
        let elapsed = started.elapsed();
        if let Err(error) = &result {
            tracing::warn!(name, attempts, elapsed_us = elapsed.as_micros(), %error, "transaction failed");
        }
        if let Some(observer) = &self.observer {
            observer(&TransactionReport {
                name,
                committed: result.is_ok(),
                attempts,
                elapsed,
            });
        }
        result
    }

    /// Begins a transaction for changes. What it must not lose to others, it locks.
    pub(crate) async fn begin<'a>(&self, connection: &'a mut Object) -> Result<Transaction<'a>, StoreError> {
        self.start(connection, IsolationLevel::ReadCommitted, false).await
    }

    /// Begins a transaction in which all statements see the same moment.
    pub(crate) async fn begin_reading<'a>(
        &self,
        connection: &'a mut Object,
    ) -> Result<Transaction<'a>, StoreError> {
        self.start(connection, IsolationLevel::RepeatableRead, true).await
    }

    async fn start<'a>(
        &self,
        connection: &'a mut Object,
        isolation: IsolationLevel,
        read_only: bool,
    ) -> Result<Transaction<'a>, StoreError> {
        connection
            .build_transaction()
            .isolation_level(isolation)
            .read_only(read_only)
            .start()
            .await
            .map_err(|error| StoreError::of("begin", &error))
    }

    pub(crate) fn within<'a>(&self, transaction: &'a Transaction<'a>) -> Session<'a> {
        Session::within(transaction, self.mode(), self.reply_timeout)
    }
}

/// Commits.
pub(crate) async fn commit(transaction: Transaction<'_>) -> Result<(), StoreError> {
    transaction
        .commit()
        .await
        .map_err(|error| StoreError::of("commit", &error))
}

/// 5 to 20 ms, then twice that. The low digits of the time that has passed are jitter enough.
fn pause(attempt: u32, started: Instant) -> Duration {
    let jitter = started.elapsed().subsec_nanos() % 15_000;
    Duration::from_micros(u64::from((5_000 + jitter) << (attempt - 1)))
}
