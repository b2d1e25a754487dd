//! A connection: a client of the pool.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use deadpool_postgres::{Client, Object};
use enmasse_core::dialect::Postgres;
use enmasse_core::encode::Chunk;
use enmasse_core::error::{Error, ErrorKind, Result};
use enmasse_core::plan::Load;
use enmasse_core::sql::Statement;
use enmasse_core::value::{DataType, Value};
use futures_util::future::BoxFuture;
use futures_util::sink::SinkExt;
use futures_util::stream::{StreamExt, TryStreamExt};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_postgres::{NoTls, RowStream};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::Server;
use super::convert::{Raw, Refused};
use super::error::error;
use super::session::BEGIN_ANYWHERE;
use super::statement::{send, send_raw};
use crate::backend::{
    Affected, Chunks, Connection, Extent, Reading, Row, RowChunk, TransactionState, Unfit, load_row,
    wrong_form,
};

/// Maximum wait for the first answer to COPY. A session's own temporary table has no locks to wait for, but
/// pgpool does not answer at all.
const COPY_ANSWER: Duration = Duration::from_secs(10);

pub(super) struct PostgresConnection {
    dialect: Arc<Postgres>,
    state: TransactionState,
    server: Server,
    /// Whether a sent statement has not completed.
    is_busy: bool,
    /// Whether the server was asked to cancel a statement. It may still cancel a later one, so nobody else
    /// gets the connection.
    was_stopped: bool,
    /// Whether it no longer answers.
    is_dead: bool,
    /// Set until the drop.
    client: Option<Client>,
}

impl PostgresConnection {
    pub fn new(client: Client, dialect: Arc<Postgres>, server: Server) -> Self {
        PostgresConnection {
            dialect,
            state: TransactionState::default(),
            server,
            is_busy: false,
            was_stopped: false,
            is_dead: false,
            client: Some(client),
        }
    }

    /// Runs work with the client, and records the state of the transaction. The work's last argument says
    /// whether statements must be unnamed.
    async fn run<T>(&mut self, work: impl AsyncFnOnce(&Client, &Postgres, bool) -> Result<T>) -> Result<T> {
        let Some(client) = self.client.as_ref().filter(|_| !self.is_dead) else {
            return Err(Error::new(ErrorKind::Connection, "The connection has been given back."));
        };
        if self.is_busy {
            self.was_stopped = true;
            stop(client, &self.server.tls).await;
            stopped(client).await;
            self.is_busy = false;
        }
        self.state.start()?;
        self.is_busy = true;
        let pooler = &self.server.pooler;
        let result = work(client, &self.dialect, pooler.is_there()).await;
        self.is_busy = false;
        self.state.finish(&result, |error| match error.kind() {
            ErrorKind::Connection => Extent::Transaction,
            _ if error.code().is_some() => Extent::Savepoint,
            // An error of ours or of the driver: the server is not affected.
            _ => Extent::Statement,
        });
        if let Err(error) = &result
            && matches!(error.code(), Some("26000" | "42P05"))
        {
            // A missing or duplicate name: the driver's prepared statements end with the connection.
            pooler.found();
            self.was_stopped = true;
        }
        result
    }
}

impl Drop for PostgresConnection {
    fn drop(&mut self) {
        let Some(client) = self.client.take() else { return };
        if self.is_dead {
            return drop(Object::take(client));
        }
        if !self.state.is_open() && !self.is_busy && !self.was_stopped {
            return;
        }
        let was_stopped = self.was_stopped || self.is_busy;
        let (tls, is_busy) = (self.server.tls.take(), self.is_busy);
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            // Without a runtime, the server rolls back when the connection closes.
            return drop(Object::take(client));
        };
        runtime.spawn(async move {
            if is_busy {
                stop(&client, &tls).await;
            }
            // This waits for a statement that is still running.
            if client.batch_execute("ROLLBACK").await.is_err() || was_stopped {
                drop(Object::take(client));
            }
        });
    }
}

/// Waits until a cancel request, which uses its own connection, has arrived. It cancels the intended
/// statement, which aborts the transaction, or an empty one.
async fn stopped(client: &Client) {
    if client.batch_execute("SELECT 1").await.is_ok() {
        _ = client.batch_execute("SELECT pg_sleep(0.1)").await;
    }
}

/// Asks the server to cancel a statement whose result is not needed.
async fn stop(client: &Client, tls: &Option<MakeRustlsConnect>) {
    let token = client.cancel_token();
    // On an error, the statement runs to its end.
    _ = match tls {
        Some(tls) => token.cancel_query(tls.clone()).await,
        None => token.cancel_query(NoTls).await,
    };
}

impl Connection for PostgresConnection {
    fn execute<'a>(&'a mut self, statement: &'a Statement) -> BoxFuture<'a, Result<Affected>> {
        Box::pin(self.run(async move |client, _, is_pooled| {
            let mut rows = pin!(send(client, is_pooled, statement).await?);
            while rows.try_next().await.map_err(error)?.is_some() {}
            Ok(Affected { rows: rows.rows_affected().unwrap_or_default(), ..Affected::default() })
        }))
    }

    fn read<'a>(
        &'a mut self,
        statement: &'a Statement,
        columns: &'a [DataType],
        reading: Reading,
    ) -> BoxFuture<'a, Result<Vec<Row>>> {
        Box::pin(self.run(async move |client, dialect, is_pooled| {
            let rows = send(client, is_pooled, statement).await?;
            Ok(read_all(dialect, rows, columns, reading).await?.1)
        }))
    }

    fn stream<'a>(
        &'a mut self,
        statement: &'a Statement,
        columns: &'a [DataType],
        reading: Reading,
        sender: mpsc::Sender<Result<Vec<Row>>>,
    ) -> BoxFuture<'a, Result<u64>> {
        Box::pin(self.run(async move |client, dialect, is_pooled| {
            let rows = send(client, is_pooled, statement).await?;
            let (mut rows, mut chunk, mut sent) = (pin!(rows), RowChunk::new(), 0);
            while let Some(row) = rows.next().await {
                sent += 1;
                if let Some(full) = chunk.add(read_row(dialect, &row.map_err(error)?, columns, reading)?)
                    && sender.send(Ok(full)).await.is_err()
                {
                    return Ok(sent); // the remaining rows are read and discarded
                }
            }
            let rest = chunk.take();
            if !rest.is_empty() {
                // An error here means that there is no receiver.
                _ = sender.send(Ok(rest)).await;
            }
            Ok(sent)
        }))
    }

    fn load<'a>(&'a mut self, load: &'a Load, rows: &'a mut dyn Chunks) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let staged = self.run(async move |client, _, _| Ok(copy(client, load, rows).await)).await?;
            staged.map_err(|failed| match failed {
                Failed::Copy(error) => {
                    let extent = if error.code().is_some() { Extent::Savepoint } else { Extent::Statement };
                    let lost = error.kind() == ErrorKind::Connection;
                    self.state.fail(&error, if lost { Extent::Transaction } else { extent });
                    error
                }
                Failed::NoAnswer => {
                    // The answers are out of step: the connection is given up, and the next try uses another
                    // way.
                    self.is_dead = true;
                    self.server.pooler.cannot_copy();
                    let error = no_answer_to_copy();
                    self.state.fail(&error, Extent::Transaction);
                    error
                }
            })
        })
    }

    fn script<'a>(&'a mut self, sql: &'a str) -> BoxFuture<'a, Result<()>> {
        Box::pin(self.run(async move |client, _, _| client.batch_execute(sql).await.map_err(error)))
    }

    fn raw<'a>(&'a mut self, sql: &'a str, params: &'a [Value]) -> BoxFuture<'a, Result<(u64, Vec<Row>)>> {
        Box::pin(self.run(async move |client, dialect, is_pooled| {
            let rows = send_raw(client, is_pooled, sql, params).await?;
            read_all(dialect, rows, &[], Reading::Exact).await
        }))
    }

    fn begin_sql(&self) -> &'static str {
        if self.server.pooler.is_there() { BEGIN_ANYWHERE } else { "BEGIN" }
    }

    fn state(&mut self) -> &mut TransactionState {
        &mut self.state
    }
}

/// The reason why rows were not copied.
enum Failed {
    Copy(Error),
    NoAnswer,
}

async fn copy(client: &Client, load: &Load, rows: &mut dyn Chunks) -> Result<(), Failed> {
    let begun = timeout(COPY_ANSWER, client.copy_in::<_, Bytes>(load.sql.as_str())).await;
    let begun = begun.map_err(|_| Failed::NoAnswer)?;
    // Dropped before its end, it makes the server discard the rows.
    let mut sink = pin!(begun.map_err(|cause| Failed::Copy(error(cause)))?);
    while let Some((chunk, _)) = rows.next().await.map_err(Failed::Copy)? {
        let Chunk::Bytes(bytes) = chunk else { return Err(Failed::Copy(wrong_form(&chunk))) };
        sink.send(bytes.into()).await.map_err(|cause| Failed::Copy(error(cause)))?;
    }
    sink.finish().await.map(|_| ()).map_err(|cause| Failed::Copy(error(cause)))
}

fn no_answer_to_copy() -> Error {
    Error::new(
        ErrorKind::Conflict,
        format!(
            "The server has not answered COPY for {COPY_ANSWER:?}, as with pgpool. Rows are now sent as arrays: run it again."
        ),
    )
}

/// Reads all rows of a statement; returns the number of matched rows and the returned rows.
async fn read_all(
    dialect: &Postgres,
    rows: RowStream,
    columns: &[DataType],
    reading: Reading,
) -> Result<(u64, Vec<Row>)> {
    let mut stream = pin!(rows);
    let mut rows = Vec::new();
    while let Some(row) = stream.try_next().await.map_err(error)? {
        rows.push(read_row(dialect, &row, columns, reading)?);
    }
    Ok((stream.rows_affected().unwrap_or_default(), rows))
}

fn read_row(
    dialect: &Postgres,
    row: &tokio_postgres::Row,
    columns: &[DataType],
    reading: Reading,
) -> Result<Row> {
    let raw = (0..row.len()).map(|position| {
        let named = |error: Error| match columns.is_empty() {
            true => error.at(format!("The column '{}'", row.columns()[position].name())),
            // The caller knows the field.
            false => error,
        };
        match row.try_get(position) {
            Ok(Raw { value, refused: None }) => Ok(value),
            Ok(Raw { value, refused: Some(Refused { kind, message }) }) => {
                Err(Unfit { error: named(Error::new(kind, message)), shown: Some(value) })
            }
            Err(cause) => Err(named(error(cause)).into()),
        }
    });
    load_row(dialect, raw, columns, reading)
}
