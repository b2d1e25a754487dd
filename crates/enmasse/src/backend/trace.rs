//! A span for each statement: its SQL without parameters, its number of rows and its duration.

use std::sync::Arc;
use std::time::Instant;

use enmasse_core::error::{Error, Result};
use enmasse_core::plan::{EachRow, Load};
use enmasse_core::sql::{RowStatement, Statement};
use enmasse_core::value::{DataType, Value};
use futures_util::future::BoxFuture;
use tokio::sync::mpsc;
use tracing::{Instrument, Span, field};

use super::{Affected, Chunks, Connection, Reading, Row, RowsWritten, TransactionState};

/// A connection whose statements are traced with the target `enmasse` at debug level.
pub(crate) struct Traced(pub Box<dyn Connection>);

/// Runs a statement in a span; `rows` returns the number of rows.
async fn traced<T>(
    sql: &str,
    work: impl Future<Output = Result<T>>,
    rows: impl FnOnce(&T) -> u64,
) -> Result<T> {
    let span = tracing::debug_span!(
        target: "enmasse",
        "statement",
        sql,
        rows = field::Empty,
        elapsed_us = field::Empty,
        error = field::Empty,
    );
    if span.is_disabled() {
        return work.await;
    }
    let started = Instant::now();
    let result = work.instrument(span.clone()).await;
    record(&span, started, result.as_ref().map(rows));
    result
}

fn record(span: &Span, started: Instant, rows: Result<u64, &Error>) {
    span.record("elapsed_us", started.elapsed().as_micros() as u64);
    match rows {
        Ok(rows) => span.record("rows", rows),
        // Not the message, which can contain values of a row.
        Err(error) => {
            span.record("error", format!("{:?} {}", error.kind(), error.code().unwrap_or_default()))
        }
    };
    span.in_scope(|| tracing::debug!(target: "enmasse", "ran"));
}

impl Connection for Traced {
    fn execute<'a>(&'a mut self, statement: &'a Statement) -> BoxFuture<'a, Result<Affected>> {
        Box::pin(traced(&statement.sql, self.0.execute(statement), |done| done.rows))
    }

    fn read<'a>(
        &'a mut self,
        statement: &'a Statement,
        columns: &'a [DataType],
        reading: Reading,
    ) -> BoxFuture<'a, Result<Vec<Row>>> {
        Box::pin(traced(&statement.sql, self.0.read(statement, columns, reading), |rows| rows.len() as u64))
    }

    fn stream<'a>(
        &'a mut self,
        statement: &'a Statement,
        columns: &'a [DataType],
        reading: Reading,
        rows: mpsc::Sender<Result<Vec<Row>>>,
    ) -> BoxFuture<'a, Result<u64>> {
        Box::pin(traced(&statement.sql, self.0.stream(statement, columns, reading, rows), |rows| *rows))
    }

    fn load<'a>(&'a mut self, load: &'a Load, rows: &'a mut dyn Chunks) -> BoxFuture<'a, Result<()>> {
        Box::pin(traced(&load.sql, self.0.load(load, rows), |()| 0))
    }

    fn write_rows<'a>(
        &'a mut self,
        write: &'a Arc<EachRow>,
        rows: &'a mut dyn Chunks,
    ) -> BoxFuture<'a, Result<RowsWritten>> {
        Box::pin(traced(&write.write.sql, self.0.write_rows(write, rows), |written| written.matched))
    }

    fn execute_bulk<'a>(
        &'a mut self,
        statement: &'a RowStatement,
        rows: Vec<Vec<Value>>,
    ) -> BoxFuture<'a, Result<u64>> {
        Box::pin(traced(&statement.sql, self.0.execute_bulk(statement, rows), |matched| *matched))
    }

    fn script<'a>(&'a mut self, sql: &'a str) -> BoxFuture<'a, Result<()>> {
        Box::pin(traced(sql, self.0.script(sql), |()| 0))
    }

    fn raw<'a>(&'a mut self, sql: &'a str, params: &'a [Value]) -> BoxFuture<'a, Result<(u64, Vec<Row>)>> {
        Box::pin(traced(sql, self.0.raw(sql, params), |(changed, rows)| (*changed).max(rows.len() as u64)))
    }

    fn check_deferred(&mut self) -> BoxFuture<'_, Result<()>> {
        self.0.check_deferred()
    }

    fn begin_sql(&self) -> &'static str {
        self.0.begin_sql()
    }

    fn state(&mut self) -> &mut TransactionState {
        self.0.state()
    }
}
