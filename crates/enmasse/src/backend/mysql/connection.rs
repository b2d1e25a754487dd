//! A connection of the pool.

use std::sync::Arc;

use enmasse_core::dialect::{Capability, Dialect, Mysql};
use enmasse_core::error::{Error, ErrorKind, Result};
use enmasse_core::plan::Load;
use enmasse_core::sql::{Bind, Param, RowStatement, Statement};
use enmasse_core::value::{DataType, Value};
use futures_util::future::BoxFuture;
use mysql_async::prelude::{Queryable, StatementLike};
use mysql_async::{Conn, OptsBuilder, Params};
use tokio::sync::mpsc;

use super::convert::{params, raw_row};
use super::ends::Ends;
use super::error::error;
use super::load::load;
use crate::backend::{
    Affected, Chunks, Connection, Extent, Reading, Row, RowChunk, TransactionState, cannot, load_row,
};

pub(super) struct MysqlConnection {
    dialect: Arc<Mysql>,
    state: TransactionState,
    timeout_ends_transaction: bool,
    ends: Ends,
    /// Whether the server has ended the connection, or it is broken.
    is_lost: bool,
    /// Whether a sent statement has not completed.
    is_busy: bool,
    /// Set until the drop.
    conn: Option<Conn>,
}

impl MysqlConnection {
    pub fn new(conn: Conn, dialect: Arc<Mysql>, timeout_ends_transaction: bool, ends: Ends) -> Self {
        let state = TransactionState::default();
        MysqlConnection {
            dialect,
            state,
            timeout_ends_transaction,
            ends,
            is_lost: false,
            is_busy: false,
            conn: Some(conn),
        }
    }

    /// Runs work with the connection, and records the state of the transaction.
    async fn run<T>(&mut self, work: impl AsyncFnOnce(&mut Conn, &Mysql) -> Result<T>) -> Result<T> {
        self.state.start()?;
        let Some(conn) = &mut self.conn else {
            return Err(Error::new(ErrorKind::Connection, "The connection has been given back."));
        };
        if self.is_busy && conn.is_disconnected() {
            // If a statement was dropped before its end, the connection can do nothing more.
            return Err(Error::new(ErrorKind::Connection, "A statement was dropped before it had ended."));
        }
        self.is_busy = true;
        let result = work(conn, &self.dialect).await;
        self.is_busy = false;
        self.is_lost |= result.as_ref().is_err_and(|error| error.kind() == ErrorKind::Connection);
        self.state.finish(&result, |error| match error.code() {
            // Deadlock, record changed since the last read, lock table full: InnoDB has rolled back the whole
            // transaction (https://mariadb.com/kb/en/innodb-lock-modes/, section Deadlocks; for the last one
            // https://dev.mysql.com/doc/refman/8.4/en/innodb-error-handling.html).
            Some("1213" | "1020" | "1206") => Extent::Transaction,
            Some("1205") if self.timeout_ends_transaction => Extent::Transaction,
            _ if error.kind() == ErrorKind::Connection => Extent::Transaction,
            _ => Extent::Statement,
        });
        result
    }
}

impl Drop for MysqlConnection {
    fn drop(&mut self) {
        let Some(conn) = self.conn.take() else { return };
        let is_stuck = conn.is_disconnected() && self.is_busy;
        if !self.state.is_open() && !self.is_lost && !is_stuck {
            return;
        }
        // Without a runtime, the pool and the connection are gone too.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let lost = self.is_lost;
            self.ends.spawn(&runtime, async move {
                match (lost, is_stuck) {
                    (false, false) => roll_back(conn).await,
                    (true, _) => _ = conn.disconnect().await,
                    (false, true) => stop(conn).await,
                }
            });
        }
    }
}

async fn roll_back(mut conn: Conn) {
    if conn.query_drop("ROLLBACK").await.is_err() {
        _ = conn.disconnect().await;
    }
}

/// Ends a connection that was dropped during a statement. Otherwise the server would notice only after the
/// statement, and keep its transaction and its locks until then.
async fn stop(conn: Conn) {
    // Without a database: a DROP DATABASE that waits for the statement blocks new connections to it.
    let (id, options) = (conn.id(), OptsBuilder::from_opts(conn.opts().clone()).db_name(None::<String>));
    drop(conn);
    if let Ok(mut other) = Conn::new(options).await {
        _ = other.query_drop(format!("KILL {id}")).await;
        _ = other.disconnect().await;
    }
}

impl Connection for MysqlConnection {
    fn execute<'a>(&'a mut self, statement: &'a Statement) -> BoxFuture<'a, Result<Affected>> {
        Box::pin(self.run(async move |conn, _| {
            let params = params(values(&statement.params))?;
            let result = conn.exec_iter(statement.sql.as_str(), params).await.map_err(error)?;
            let done = Affected {
                rows: result.affected_rows(),
                changed: changed(&result.info()),
                last_insert_id: result.last_insert_id().and_then(|id| id.try_into().ok()),
            };
            result.drop_result().await.map_err(error)?;
            Ok(done)
        }))
    }

    fn read<'a>(
        &'a mut self,
        statement: &'a Statement,
        columns: &'a [DataType],
        reading: Reading,
    ) -> BoxFuture<'a, Result<Vec<Row>>> {
        Box::pin(self.run(async move |conn, dialect| {
            let params = params(values(&statement.params))?;
            Ok(query(conn, dialect, statement.sql.as_str(), params, columns, reading).await?.1)
        }))
    }

    fn stream<'a>(
        &'a mut self,
        statement: &'a Statement,
        columns: &'a [DataType],
        reading: Reading,
        sender: mpsc::Sender<Result<Vec<Row>>>,
    ) -> BoxFuture<'a, Result<u64>> {
        Box::pin(self.run(async move |conn, dialect| {
            let params = params(values(&statement.params))?;
            let mut result = conn.exec_iter(statement.sql.as_str(), params).await.map_err(error)?;
            let (mut chunk, mut sent) = (RowChunk::new(), 0);
            while let Some(row) = result.next().await.map_err(error)? {
                sent += 1;
                // The next user reads the remaining rows and discards them.
                let row = load_row(dialect, raw_row(row, columns.is_empty()), columns, reading)?;
                if let Some(full) = chunk.add(row)
                    && sender.send(Ok(full)).await.is_err()
                {
                    return Ok(sent);
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

    fn load<'a>(&'a mut self, statement: &'a Load, rows: &'a mut dyn Chunks) -> BoxFuture<'a, Result<()>> {
        Box::pin(self.run(async move |conn, _| load(conn, &statement.sql, rows).await))
    }

    fn execute_bulk<'a>(
        &'a mut self,
        statement: &'a RowStatement,
        rows: Vec<Vec<Value>>,
    ) -> BoxFuture<'a, Result<u64>> {
        // The driver would send the rows one by one.
        if !self.dialect.supports(Capability::BulkExecute) {
            return Box::pin(std::future::ready(Err(cannot(statement))));
        }
        Box::pin(self.run(async move |conn, dialect| {
            let mut bound = Vec::with_capacity(rows.len());
            for row in &rows {
                bound.push(params(statement.bound(row))?);
            }
            // For several messages, the driver reports only the matches of the last one.
            let same = statement.binds.iter().filter_map(|bind| match bind {
                Bind::Param(param) => Some(size(&param.value)),
                Bind::Cell(_) => None,
            });
            let size = rows.iter().flatten().map(size).sum::<usize>() + rows.len() * same.sum::<usize>();
            if size < dialect.max_statement_bytes() {
                conn.exec_batch(statement.sql.as_str(), bound).await.map_err(error)?;
                return Ok(conn.affected_rows());
            }
            let mut matched = 0;
            for params in bound {
                conn.exec_drop(statement.sql.as_str(), params).await.map_err(error)?;
                matched += conn.affected_rows();
            }
            Ok(matched)
        }))
    }

    fn script<'a>(&'a mut self, sql: &'a str) -> BoxFuture<'a, Result<()>> {
        Box::pin(self.run(async move |conn, _| conn.query_drop(sql).await.map_err(error)))
    }

    fn raw<'a>(&'a mut self, sql: &'a str, values: &'a [Value]) -> BoxFuture<'a, Result<(u64, Vec<Row>)>> {
        Box::pin(self.run(async move |conn, dialect| {
            if values.is_empty() {
                // Some statements cannot be prepared, and those without parameters need not be; but rows are
                // only read in binary.
                let reads = conn.prep(sql).await;
                if let Err(mysql_async::Error::Server(refused)) = &reads
                    && refused.code == NOT_TO_BE_PREPARED
                {
                    conn.query_drop(sql).await.map_err(error)?;
                    return Ok((conn.affected_rows(), Vec::new()));
                }
            }
            query(conn, dialect, sql, params(values.iter())?, &[], Reading::Exact).await
        }))
    }

    fn begin_sql(&self) -> &'static str {
        "SET TRANSACTION ISOLATION LEVEL READ COMMITTED; START TRANSACTION"
    }

    fn state(&mut self) -> &mut TransactionState {
        &mut self.state
    }
}

/// A parameter's approximate size in bytes.
fn size(value: &Value) -> usize {
    16 + match value {
        Value::Text(text) => text.len(),
        Value::Bytes(bytes) => bytes.len(),
        _ => 0,
    }
}

/// The number of changed rows, which the server reports as `Rows matched: 40  Changed: 2  Warnings: 0`.
fn changed(info: &str) -> Option<u64> {
    info.split_once("Changed: ")?.1.split_whitespace().next()?.parse().ok()
}

/// "This command is not supported in the prepared statement protocol yet".
const NOT_TO_BE_PREPARED: u16 = 1295;

fn values(params: &[Param]) -> impl ExactSizeIterator<Item = &Value> {
    params.iter().map(|param| &param.value)
}

/// Runs a statement, and returns the number of matched rows and the returned rows.
async fn query(
    conn: &mut Conn,
    dialect: &Mysql,
    statement: impl StatementLike,
    params: Params,
    columns: &[DataType],
    reading: Reading,
) -> Result<(u64, Vec<Row>)> {
    let mut result = conn.exec_iter(statement, params).await.map_err(error)?;
    // For a statement that returns rows, the server does not report the number of changed rows.
    let changed = if result.columns_ref().is_empty() { result.affected_rows() } else { 0 };
    let mut rows = Vec::new();
    while let Some(row) = result.next().await.map_err(error)? {
        rows.push(load_row(dialect, raw_row(row, columns.is_empty()), columns, reading)?);
    }
    result.drop_result().await.map_err(error)?;
    Ok((changed.max(rows.len() as u64), rows))
}
