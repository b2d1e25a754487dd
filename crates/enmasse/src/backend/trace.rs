//! A span for each statement: its SQL, never its parameters, with the rows and the time that it took.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use enmasse_core::error::{Error, Result};
use enmasse_core::plan::Rows;
use enmasse_core::sql::Statement;
use enmasse_core::value::{DataType, Value};
use futures_util::future::BoxFuture;
use tokio::sync::mpsc;
use tracing::{Instrument, Span, field};

use super::{Connection, Done, EachRun, Row, TransactionState};

/// A connection whose statements are traced under the target `enmasse`, at the level of debug.
pub(crate) struct Traced(pub Box<dyn Connection>);

/// Runs a statement in a span; `rows` counts what came of it.
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
        // not the message, which can hold values of a row
        Err(error) => {
            span.record("error", format!("{:?} {}", error.kind(), error.code().unwrap_or_default()))
        }
    };
    span.in_scope(|| tracing::debug!(target: "enmasse", "ran"));
}

impl Connection for Traced {
    fn execute<'a>(&'a mut self, statement: &'a Statement) -> BoxFuture<'a, Result<Done>> {
        Box::pin(traced(&statement.sql, self.0.execute(statement), |done| done.rows))
    }

    fn query<'a>(
        &'a mut self,
        statement: &'a Statement,
        columns: &'a [DataType],
    ) -> BoxFuture<'a, Result<Vec<Row>>> {
        Box::pin(traced(&statement.sql, self.0.query(statement, columns), |rows| rows.len() as u64))
    }

    fn stream<'a>(
        &'a mut self,
        statement: &'a Statement,
        columns: &'a [DataType],
        rows: mpsc::Sender<Result<Vec<Row>>>,
    ) -> BoxFuture<'a, Result<u64>> {
        Box::pin(traced(&statement.sql, self.0.stream(statement, columns, rows), |rows| *rows))
    }

    fn execute_each<'a>(&'a mut self, rows: Rows, mut each: EachRun) -> BoxFuture<'a, Result<()>> {
        let sql = rows.sql.clone();
        let total = Arc::new(AtomicU64::new(0));
        let counter = total.clone();
        let counted = Box::new(move |params: &[Value], matched, returned| {
            counter.fetch_add(matched, Ordering::Relaxed);
            each(params, matched, returned)
        });
        Box::pin(async move {
            let run = self.0.execute_each(rows, counted);
            traced(&sql, run, |()| total.load(Ordering::Relaxed)).await
        })
    }

    fn script<'a>(&'a mut self, sql: &'a str) -> BoxFuture<'a, Result<()>> {
        Box::pin(traced(sql, self.0.script(sql), |()| 0))
    }

    fn raw<'a>(&'a mut self, sql: &'a str, params: &'a [Value]) -> BoxFuture<'a, Result<(u64, Vec<Row>)>> {
        Box::pin(traced(sql, self.0.raw(sql, params), |(changed, rows)| (*changed).max(rows.len() as u64)))
    }

    fn begin_sql(&self) -> &'static str {
        self.0.begin_sql()
    }

    fn state(&mut self) -> &mut TransactionState {
        self.0.state()
    }
}
