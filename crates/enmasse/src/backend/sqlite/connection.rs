//! A connection: a thread on loan.

use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};

use enmasse_core::dialect::Sqlite;
use enmasse_core::encode::Chunk;
use enmasse_core::error::{Error, ErrorKind, Result};
use enmasse_core::plan::EachRow;
use enmasse_core::sql::{Param, Statement};
use enmasse_core::value::{DataType, Value};
use futures_util::future::{BoxFuture, Either, select};
use rusqlite::Connection as Handle;
use tokio::sync::{OwnedSemaphorePermit, mpsc};

use super::convert::{bind, error, raw_row};
use super::deferred::refuse_broken_keys;
use super::rows::write_rows;
use super::thread::Thread;
use crate::backend::{
    Affected, Chunks, Connection, Extent, Reading, Row, RowChunk, RowsWritten, TransactionState, load_row,
    wrong_form,
};

/// Maximum number of waiting chunks of a batch.
const AHEAD: usize = 1;

pub(super) struct SqliteConnection {
    dialect: Arc<Sqlite>,
    state: TransactionState,
    /// Set until the drop.
    loan: Option<Loan>,
}

struct Loan {
    thread: Thread,
    home: Arc<Mutex<Vec<Thread>>>,
    permit: OwnedSemaphorePermit,
}

impl SqliteConnection {
    pub fn new(
        dialect: Arc<Sqlite>,
        thread: Thread,
        home: Arc<Mutex<Vec<Thread>>>,
        permit: OwnedSemaphorePermit,
    ) -> Self {
        let state = TransactionState::default();
        SqliteConnection { dialect, state, loan: Some(Loan { thread, home, permit }) }
    }

    /// Runs a job in the thread, and records whether it ended the transaction: SQLite itself rolls back after
    /// some errors (<https://sqlite.org/lang_transaction.html>, section 3.1).
    async fn run<T: Send + 'static>(
        &mut self,
        job: impl FnOnce(&mut Handle, &dyn Fn() -> bool) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.state.start()?;
        let Some(loan) = &self.loan else {
            return Err(Error::new(ErrorKind::Connection, "The SQLite connection has been given back."));
        };
        let outcome = loan.thread.run(move |handle, wanted| {
            let result = job(handle, wanted);
            Ok((result, handle.is_autocommit()))
        });
        let (result, extent) = match outcome.await {
            Ok((result, true)) => (result, Extent::Transaction),
            Ok((result, false)) => (result, Extent::Statement),
            Err(gone) => (Err(gone), Extent::Transaction),
        };
        self.state.finish(&result, |_| extent);
        result
    }
}

impl Drop for SqliteConnection {
    fn drop(&mut self) {
        let Some(Loan { thread, home, permit }) = self.loan.take() else { return };
        // The next holder of the permit must find the thread returned; it waits for this lock.
        let mut home = home.lock().unwrap_or_else(PoisonError::into_inner);
        if self.state.is_open() {
            _ = thread.send(move |handle| {
                if !handle.is_autocommit() {
                    _ = handle.execute_batch("ROLLBACK");
                }
                drop(permit);
            });
        }
        home.push(thread);
    }
}

impl Connection for SqliteConnection {
    fn execute<'a>(&'a mut self, statement: &'a Statement) -> BoxFuture<'a, Result<Affected>> {
        let statement = statement.clone();
        Box::pin(self.run(move |handle, _| {
            let mut prepared = handle.prepare_cached(&statement.sql).map_err(error)?;
            bind(&mut prepared, values(&statement.params))?;
            let rows = prepared.raw_execute().map_err(error)? as u64;
            drop(prepared);
            Ok(Affected { rows, last_insert_id: Some(handle.last_insert_rowid()), ..Affected::default() })
        }))
    }

    fn read<'a>(
        &'a mut self,
        statement: &'a Statement,
        columns: &'a [DataType],
        reading: Reading,
    ) -> BoxFuture<'a, Result<Vec<Row>>> {
        let (statement, columns, dialect) = (statement.clone(), columns.to_vec(), self.dialect.clone());
        Box::pin(self.run(move |handle, _| {
            let mut all = Vec::new();
            let run = Run { dialect: &dialect, columns: &columns, reading };
            run.each_row(handle, &statement.sql, values(&statement.params), |row| {
                all.push(row);
                true
            })?;
            Ok(all)
        }))
    }

    fn stream<'a>(
        &'a mut self,
        statement: &'a Statement,
        columns: &'a [DataType],
        reading: Reading,
        rows: mpsc::Sender<Result<Vec<Row>>>,
    ) -> BoxFuture<'a, Result<u64>> {
        let (statement, columns, dialect) = (statement.clone(), columns.to_vec(), self.dialect.clone());
        Box::pin(self.run(move |handle, _| {
            let mut sent = 0;
            let mut chunk = RowChunk::new();
            let run = Run { dialect: &dialect, columns: &columns, reading };
            run.each_row(handle, &statement.sql, values(&statement.params), |row| {
                sent += 1;
                chunk.add(row).is_none_or(|full| rows.blocking_send(Ok(full)).is_ok())
            })?;
            let rest = chunk.take();
            if !rest.is_empty() {
                _ = rows.blocking_send(Ok(rest));
            }
            Ok(sent)
        }))
    }

    fn write_rows<'a>(
        &'a mut self,
        write: &'a Arc<EachRow>,
        rows: &'a mut dyn Chunks,
    ) -> BoxFuture<'a, Result<RowsWritten>> {
        let (dialect, write) = (self.dialect.clone(), write.clone());
        let (sender, receiver) = mpsc::channel(AHEAD);
        let (back, mut used) = mpsc::unbounded_channel();
        let loop_ =
            self.run(move |handle, wanted| write_rows(handle, &dialect, &write, receiver, &back, wanted));
        let send = async move {
            // Reserve first: an encoded chunk is written next, and no third chunk is in memory.
            while let Ok(room) = sender.reserve().await {
                if let Ok(cells) = used.try_recv() {
                    rows.recycle(Chunk::Cells(cells));
                }
                let Some((chunk, _)) = rows.next().await? else { break };
                let Chunk::Cells(cells) = chunk else { return Err(wrong_form(&chunk)) };
                room.send(Some(cells));
            }
            _ = sender.send(None).await;
            Ok(())
        };
        Box::pin(async move {
            match select(pin!(send), pin!(loop_)).await {
                Either::Left((sent, loop_)) => {
                    let written = loop_.await;
                    sent.and(written)
                }
                // The statement has failed and takes no more rows.
                Either::Right((written, _)) => written,
            }
        })
    }

    fn script<'a>(&'a mut self, sql: &'a str) -> BoxFuture<'a, Result<()>> {
        let sql = sql.to_owned();
        Box::pin(self.run(move |handle, _| {
            // SQLite may have rolled back by itself, and then refuses another rollback.
            if sql == "ROLLBACK" && handle.is_autocommit() {
                return Ok(());
            }
            if sql == "COMMIT" {
                flush(handle)?;
            }
            handle.execute_batch(&sql).map_err(error)
        }))
    }

    fn raw<'a>(&'a mut self, sql: &'a str, params: &'a [Value]) -> BoxFuture<'a, Result<(u64, Vec<Row>)>> {
        let (sql, params, dialect) = (sql.to_owned(), params.to_vec(), self.dialect.clone());
        Box::pin(self.run(move |handle, _| {
            let before = handle.total_changes();
            let mut all = Vec::new();
            let run = Run { dialect: &dialect, columns: &[], reading: Reading::Exact };
            run.each_row(handle, &sql, params.iter(), |row| {
                all.push(row);
                true
            })?;
            // If this statement changed nothing, changes() still has the value of an earlier one.
            let changed = if handle.total_changes() == before { 0 } else { handle.changes() };
            Ok((changed, all))
        }))
    }

    fn check_deferred(&mut self) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.run(|handle, _| refuse_broken_keys(handle)))
    }

    fn begin_sql(&self) -> &'static str {
        // A deferred transaction that writes later fails without waiting if another one has written.
        "BEGIN IMMEDIATE"
    }

    fn state(&mut self) -> &mut TransactionState {
        &mut self.state
    }
}

/// Writes the pages in memory, including temporary tables: without space for these, a commit could fail after
/// the main database is committed. Pages that readers block are left to the commit, which waits for them.
fn flush(handle: &Handle) -> Result<()> {
    match handle.cache_flush() {
        Err(rusqlite::Error::SqliteFailure(failure, _))
            if failure.code == rusqlite::ErrorCode::DatabaseBusy =>
        {
            Ok(())
        }
        flushed => flushed.map_err(error),
    }
}

fn values(params: &[Param]) -> impl ExactSizeIterator<Item = &Value> {
    params.iter().map(|param| &param.value)
}

/// A running statement with the conversion of its rows.
struct Run<'a> {
    dialect: &'a Sqlite,
    columns: &'a [DataType],
    reading: Reading,
}

impl Run<'_> {
    /// Passes each row to `take` until that wants no more.
    fn each_row<'v>(
        &self,
        handle: &Handle,
        sql: &str,
        params: impl ExactSizeIterator<Item = &'v Value>,
        mut take: impl FnMut(Row) -> bool,
    ) -> Result<()> {
        let mut prepared = handle.prepare_cached(sql).map_err(error)?;
        bind(&mut prepared, params)?;
        let mut rows = prepared.raw_query();
        while let Some(row) = rows.next().map_err(error)? {
            if !take(load_row(self.dialect, raw_row(row), self.columns, self.reading)?) {
                break;
            }
        }
        Ok(())
    }
}
