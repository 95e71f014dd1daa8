//! One connection, in a transaction or not, and how a statement is sent on it.

use std::future::Future;
use std::pin::{Pin, pin};
use std::time::Duration;

use deadpool_postgres::{Object, Transaction};
use futures_util::TryStreamExt;
use futures_util::future::try_join;
use postgres_types::{ToSql, Type};
use tokio_postgres::{Row, RowStream};

use crate::config::StatementMode;
use crate::error::{Busy, StoreError};
use crate::sql::Statement;

pub(crate) type Params<'a> = &'a [&'a (dyn ToSql + Sync)];

/// A statement with its parameters.
pub(crate) type Question<'a> = (&'static Statement, Params<'a>);

/// Rows that are still to be read.
pub(crate) struct Rows<'a> {
    session: Session<'a>,
    statement: &'static Statement,
    stream: Pin<Box<RowStream>>,
}

impl Rows<'_> {
    /// The rows, one after the other: `each` says whether to go on.
    pub(crate) async fn each(
        &mut self,
        mut each: impl FnMut(Row) -> Result<bool, StoreError>,
    ) -> Result<(), StoreError> {
        let stream = &mut self.stream;
        let rows = async {
            while let Some(row) = stream.try_next().await? {
                match each(row) {
                    Ok(true) => {}
                    Ok(false) => break,
                    Err(error) => return Ok(Err(error)),
                }
            }
            Ok(Ok(()))
        };
        self.session.in_time(self.statement, rows).await?
    }
}

/// Sends statements.
#[derive(Clone, Copy)]
pub(crate) struct Session<'a> {
    target: Target<'a>,
    mode: StatementMode,
    reply_timeout: Duration,
}

#[derive(Clone, Copy)]
enum Target<'a> {
    Plain(&'a Object),
    Transaction(&'a Transaction<'a>),
}

impl<'a> Session<'a> {
    pub(crate) fn plain(connection: &'a Object, mode: StatementMode, reply_timeout: Duration) -> Self {
        Self {
            target: Target::Plain(connection),
            mode,
            reply_timeout,
        }
    }

    pub(crate) fn within(
        transaction: &'a Transaction<'a>,
        mode: StatementMode,
        reply_timeout: Duration,
    ) -> Self {
        Self {
            target: Target::Transaction(transaction),
            mode,
            reply_timeout,
        }
    }

    /// All rows.
    pub(crate) async fn query(
        self,
        statement: &'static Statement,
        params: Params<'_>,
    ) -> Result<Vec<Row>, StoreError> {
        let rows = async { self.rows(statement, params).await?.try_collect().await };
        self.in_time(statement, rows).await
    }

    /// The rows, one after the other: `each` says whether to go on.
    pub(crate) async fn each(
        self,
        statement: &'static Statement,
        params: Params<'_>,
        mut each: impl FnMut(Row) -> Result<bool, StoreError>,
    ) -> Result<(), StoreError> {
        let rows = async {
            let mut rows = pin!(self.rows(statement, params).await?);
            while let Some(row) = rows.try_next().await? {
                match each(row) {
                    Ok(true) => {}
                    Ok(false) => break,
                    Err(error) => return Ok(Err(error)),
                }
            }
            Ok(Ok(()))
        };
        self.in_time(statement, rows).await?
    }

    /// Asks two questions in one round trip: all rows of the first, and the rows of the second, which are read after them.
    pub(crate) async fn pair(
        self,
        first: Question<'_>,
        second: Question<'_>,
    ) -> Result<(Vec<Row>, Rows<'a>), StoreError> {
        let both = async {
            // Prepared before either is sent. What is sent first is answered first: were the second in front, nobody would
            // read its rows, and the answer to the first would wait behind them for ever.
            if matches!(self.mode, StatementMode::Prepared) {
                self.prepared(first.0).await?;
                self.prepared(second.0).await?;
            }
            let all = async { self.rows(first.0, first.1).await?.try_collect().await };
            try_join(all, self.rows(second.0, second.1)).await
        };
        let (all, stream) = self.in_time(first.0, both).await?;
        let rest = Rows {
            session: self,
            statement: second.0,
            stream: Box::pin(stream),
        };
        Ok((all, rest))
    }

    /// How many rows it changed.
    pub(crate) async fn execute(
        self,
        statement: &'static Statement,
        params: Params<'_>,
    ) -> Result<u64, StoreError> {
        let changed = async {
            match self.mode {
                StatementMode::Prepared => {
                    let prepared = self.prepared(statement).await?;
                    match self.target {
                        Target::Plain(client) => client.execute(&prepared, params).await,
                        Target::Transaction(tx) => tx.execute(&prepared, params).await,
                    }
                }
                StatementMode::Typed => {
                    let typed: Vec<_> = typed(statement, params).collect();
                    match self.target {
                        Target::Plain(client) => client.execute_typed(statement.text, &typed).await,
                        Target::Transaction(tx) => tx.execute_typed(statement.text, &typed).await,
                    }
                }
            }
        };
        self.in_time(statement, changed).await
    }

    async fn rows(
        self,
        statement: &'static Statement,
        params: Params<'_>,
    ) -> Result<RowStream, tokio_postgres::Error> {
        match self.mode {
            StatementMode::Prepared => {
                let prepared = self.prepared(statement).await?;
                let params = params.iter().copied();
                match self.target {
                    Target::Plain(client) => client.query_raw(&prepared, params).await,
                    Target::Transaction(tx) => tx.query_raw(&prepared, params).await,
                }
            }
            StatementMode::Typed => match self.target {
                Target::Plain(client) => {
                    client
                        .query_typed_raw(statement.text, typed(statement, params))
                        .await
                }
                Target::Transaction(tx) => tx.query_typed_raw(statement.text, typed(statement, params)).await,
            },
        }
    }

    async fn prepared(
        self,
        statement: &'static Statement,
    ) -> Result<tokio_postgres::Statement, tokio_postgres::Error> {
        match self.target {
            Target::Plain(client) => client.prepare_typed_cached(statement.text, statement.types).await,
            Target::Transaction(tx) => tx.prepare_typed_cached(statement.text, statement.types).await,
        }
    }

    async fn in_time<T>(
        self,
        statement: &'static Statement,
        work: impl Future<Output = Result<T, tokio_postgres::Error>>,
    ) -> Result<T, StoreError> {
        match tokio::time::timeout(self.reply_timeout, work).await {
            Ok(result) => result.map_err(|error| StoreError::of(statement.name, &error)),
            Err(_) => Err(StoreError::Busy(Busy::Timeout)),
        }
    }
}

fn typed<'a>(
    statement: &'static Statement,
    params: Params<'a>,
) -> impl ExactSizeIterator<Item = (&'a (dyn ToSql + Sync), Type)> {
    params.iter().copied().zip(statement.types.iter().cloned())
}
