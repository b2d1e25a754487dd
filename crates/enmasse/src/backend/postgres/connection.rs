//! A client of the pool, as a connection.

use std::pin::pin;
use std::sync::Arc;

use bytes::Bytes;
use deadpool_postgres::{Client, Object};
use enmasse_core::dialect::Postgres;
use enmasse_core::encode::Chunk;
use enmasse_core::error::{Error, ErrorKind, Result};
use enmasse_core::plan::Stage;
use enmasse_core::sql::Statement;
use enmasse_core::value::{DataType, Value};
use futures_util::future::BoxFuture;
use futures_util::sink::SinkExt;
use futures_util::stream::{StreamExt, TryStreamExt};
use tokio::sync::mpsc;
use tokio_postgres::NoTls;
use tokio_postgres::types::Type;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::convert::{Bound, Raw, parameter_type};
use super::error::error;
use crate::backend::{Connection, Done, Extent, Row, RowChunk, TransactionState, load_row, wrong_count};
use crate::batch::Chunks;

/// How many prepared statements a connection keeps.
const STATEMENTS: usize = 256;

pub(super) struct PostgresConnection {
    dialect: Arc<Postgres>,
    state: TransactionState,
    tls: Option<MakeRustlsConnect>,
    /// Whether a statement was sent whose end has not been heard of.
    is_busy: bool,
    /// Whether the server was asked to stop a statement. It may still do so, to any later one: nobody else gets the connection.
    was_stopped: bool,
    /// There until it is dropped.
    client: Option<Client>,
}

impl PostgresConnection {
    pub fn new(client: Client, dialect: Arc<Postgres>, tls: Option<MakeRustlsConnect>) -> Self {
        PostgresConnection {
            dialect,
            state: TransactionState::default(),
            tls,
            is_busy: false,
            was_stopped: false,
            client: Some(client),
        }
    }

    /// Runs work with the client, and notes what became of the transaction.
    async fn run<T>(&mut self, work: impl AsyncFnOnce(&Client, &Postgres) -> Result<T>) -> Result<T> {
        let Some(client) = &self.client else {
            return Err(Error::new(ErrorKind::Connection, "The connection has been given back."));
        };
        if self.is_busy {
            self.was_stopped = true;
            stop(client, &self.tls).await;
            stopped(client).await;
            self.is_busy = false;
        }
        self.state.start()?;
        self.is_busy = true;
        let result = work(client, &self.dialect).await;
        self.is_busy = false;
        self.state.finish(&result, |error| match error.kind() {
            ErrorKind::Connection => Extent::Transaction,
            _ if error.code().is_some() => Extent::Savepoint,
            // ours or the driver's: the server knows nothing of it
            _ => Extent::Statement,
        });
        result
    }
}

impl Drop for PostgresConnection {
    fn drop(&mut self) {
        let Some(client) = self.client.take() else { return };
        if !self.state.is_open() && !self.is_busy && !self.was_stopped {
            return;
        }
        let was_stopped = self.was_stopped || self.is_busy;
        let (tls, is_busy) = (self.tls.take(), self.is_busy);
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            // without a runtime nobody can roll back: the server does, when the connection closes
            return drop(Object::take(client));
        };
        runtime.spawn(async move {
            if is_busy {
                stop(&client, &tls).await;
            }
            // it waits for a statement that is still running
            if client.batch_execute("ROLLBACK").await.is_err() || was_stopped {
                drop(Object::take(client));
            }
        });
    }
}

/// Waits for a request to stop, which has a connection of its own, to have come: it stops the statement that it was for,
/// which aborts the transaction, or one that does nothing.
async fn stopped(client: &Client) {
    if client.batch_execute("SELECT 1").await.is_ok() {
        _ = client.batch_execute("SELECT pg_sleep(0.1)").await;
    }
}

/// Asks the server to stop a statement that nobody waits for any more.
async fn stop(client: &Client, tls: &Option<MakeRustlsConnect>) {
    let token = client.cancel_token();
    // an error: the statement then runs to its end
    _ = match tls {
        Some(tls) => token.cancel_query(tls.clone()).await,
        None => token.cancel_query(NoTls).await,
    };
}

impl Connection for PostgresConnection {
    fn execute<'a>(&'a mut self, statement: &'a Statement) -> BoxFuture<'a, Result<Done>> {
        Box::pin(self.run(async move |client, _| {
            let prepared = prepare(client, &statement.sql, &types(statement)).await?;
            let rows = client.execute_raw(&prepared, params(statement)).await;
            let rows =
                rows.map_err(|cause| forget_stale(client, &statement.sql, &types(statement), cause))?;
            Ok(Done { rows, ..Done::default() })
        }))
    }

    fn query<'a>(
        &'a mut self,
        statement: &'a Statement,
        columns: &'a [DataType],
    ) -> BoxFuture<'a, Result<Vec<Row>>> {
        Box::pin(self.run(async move |client, dialect| {
            let prepared = prepare(client, &statement.sql, &types(statement)).await?;
            let found = query(client, dialect, &prepared, params(statement), columns).await;
            let (_, rows) = found.map_err(|cause| match cause {
                Failed::Statement(cause) => forget_stale(client, &statement.sql, &types(statement), cause),
                Failed::Row(error) => error,
            })?;
            Ok(rows)
        }))
    }

    fn stream<'a>(
        &'a mut self,
        statement: &'a Statement,
        columns: &'a [DataType],
        sender: mpsc::Sender<Result<Vec<Row>>>,
    ) -> BoxFuture<'a, Result<u64>> {
        Box::pin(self.run(async move |client, dialect| {
            let prepared = prepare(client, &statement.sql, &types(statement)).await?;
            let rows = client.query_raw(&prepared, params(statement)).await;
            let rows =
                rows.map_err(|cause| forget_stale(client, &statement.sql, &types(statement), cause))?;
            let (mut rows, mut chunk, mut sent) = (pin!(rows), RowChunk::new(), 0);
            while let Some(row) = rows.next().await {
                sent += 1;
                if let Some(full) = chunk.add(read_row(dialect, &row.map_err(error)?, columns)?)
                    && sender.send(Ok(full)).await.is_err()
                {
                    return Ok(sent); // the rows that are still to come are read and thrown away
                }
            }
            let rest = chunk.take();
            if !rest.is_empty() {
                // an error: nobody wants them
                _ = sender.send(Ok(rest)).await;
            }
            Ok(sent)
        }))
    }

    fn stage<'a>(&'a mut self, stage: &'a Stage, rows: &'a mut dyn Chunks) -> BoxFuture<'a, Result<()>> {
        Box::pin(self.run(async move |client, _| {
            // dropped before its end it tells the server to forget what it has
            let mut sink = pin!(client.copy_in::<_, Bytes>(stage.sql.as_str()).await.map_err(error)?);
            while let Some((chunk, _)) = rows.next().await? {
                if let Chunk::Bytes(bytes) = chunk {
                    sink.send(bytes.into()).await.map_err(error)?;
                }
            }
            sink.finish().await.map_err(error)?;
            Ok(())
        }))
    }

    fn script<'a>(&'a mut self, sql: &'a str) -> BoxFuture<'a, Result<()>> {
        Box::pin(self.run(async move |client, _| client.batch_execute(sql).await.map_err(error)))
    }

    fn raw<'a>(&'a mut self, sql: &'a str, params: &'a [Value]) -> BoxFuture<'a, Result<(u64, Vec<Row>)>> {
        Box::pin(self.run(async move |client, dialect| {
            // the parameters' types are for the server to find, and the statement is not worth keeping
            let prepared = client.prepare(sql).await.map_err(error)?;
            let bound: Vec<Bound<'_>> = params.iter().map(Bound).collect();
            query(client, dialect, &prepared, bound, &[]).await.map_err(|cause| match cause {
                Failed::Statement(cause) => error(cause),
                Failed::Row(error) => error,
            })
        }))
    }

    fn begin_sql(&self) -> &'static str {
        "BEGIN"
    }

    fn state(&mut self) -> &mut TransactionState {
        &mut self.state
    }
}

fn types(statement: &Statement) -> Vec<Type> {
    statement.params.iter().map(|param| parameter_type(&param.data_type)).collect()
}

fn params(statement: &Statement) -> Vec<Bound<'_>> {
    statement.params.iter().map(|param| Bound(&param.value)).collect()
}

async fn prepare(client: &Client, sql: &str, types: &[Type]) -> Result<tokio_postgres::Statement> {
    if client.statement_cache.size() >= STATEMENTS {
        client.statement_cache.clear();
    }
    client.prepare_typed_cached(sql, types).await.map_err(error)
}

/// A prepared statement that does not fit its tables any more is prepared anew the next time.
fn forget_stale(client: &Client, sql: &str, types: &[Type], cause: tokio_postgres::Error) -> Error {
    let error = error(cause);
    if matches!(error.code(), Some("0A000" | "26000")) {
        client.statement_cache.remove(sql, types);
    }
    error
}

/// Where a query failed.
enum Failed {
    Statement(tokio_postgres::Error),
    Row(Error),
}

/// Runs a prepared statement: the rows that it matched, and those that it gave.
async fn query(
    client: &Client,
    dialect: &Postgres,
    prepared: &tokio_postgres::Statement,
    params: Vec<Bound<'_>>,
    columns: &[DataType],
) -> Result<(u64, Vec<Row>), Failed> {
    if params.len() != prepared.params().len() {
        return Err(Failed::Row(wrong_count(prepared.params().len(), params.len())));
    }
    let mut stream = pin!(client.query_raw(prepared, params).await.map_err(Failed::Statement)?);
    let mut rows = Vec::new();
    while let Some(row) = stream.try_next().await.map_err(Failed::Statement)? {
        rows.push(read_row(dialect, &row, columns).map_err(Failed::Row)?);
    }
    Ok((stream.rows_affected().unwrap_or_default(), rows))
}

fn read_row(dialect: &Postgres, row: &tokio_postgres::Row, columns: &[DataType]) -> Result<Row> {
    let raw = (0..row.len())
        .map(|position| match row.try_get::<_, Raw>(position) {
            Ok(Raw(value)) => Ok(value),
            Err(cause) => Err(error(cause).at(format!("The column '{}'", row.columns()[position].name()))),
        })
        .collect::<Result<Row>>()?;
    load_row(dialect, raw, columns)
}
