//! A host that blocks: it runs plans on a connection of rusqlite, with nothing of the crate but the core.

use std::sync::Arc;

use enmasse_core::dialect::{Dialect, Sqlite};
use enmasse_core::encode::{Added, CellsRow};
use enmasse_core::plan::{EachRow, Plan, duplicate_keys};
use enmasse_core::run::*;
use enmasse_core::schema::ModelRef;
use enmasse_core::sql::Statement;
use enmasse_core::{DataType, Error, ErrorKind, Result, Value};
use rusqlite::types::Value as Stored;
use rusqlite::{CachedStatement, Connection, params_from_iter};

pub struct Blocking {
    pub handle: Connection,
    pub dialect: Arc<dyn Dialect>,
}

impl Blocking {
    pub fn new(handle: Connection) -> Self {
        Blocking { handle, dialect: Arc::new(Sqlite::default()) }
    }

    /// Runs a plan, all of it or nothing, with rows of values of all fields of the model.
    pub fn run(
        &self,
        model: &ModelRef,
        plan: Plan,
        rows: &[Row],
        callbacks: &mut Callbacks,
    ) -> Result<Outcome> {
        let plan = Arc::new(plan);
        let mut tries = Tries::new(Tries::DEFAULT);
        loop {
            let total = Some(rows.len() as u64);
            let run = Run::with_batch(self.dialect.clone(), model, plan.clone(), total, callbacks);
            let done = self.transaction(run, Feed { model, rows, done: 0 });
            let wait = if done.as_ref().is_err_and(Error::is_retryable) { tries.next() } else { None };
            let Some(wait) = wait else { return done };
            std::thread::sleep(wait);
        }
    }

    fn transaction(&self, mut run: Run<'_>, mut feed: Feed<'_>) -> Result<Outcome> {
        feed.encode(&mut run)?;
        if run.stands_alone() {
            run.without_transaction();
            return self.drive(&mut run, &mut feed);
        }
        self.handle.execute_batch("BEGIN IMMEDIATE").map_err(error)?;
        let result = self.drive(&mut run, &mut feed);
        self.handle.execute_batch(if result.is_ok() { "COMMIT" } else { "ROLLBACK" }).map_err(error)?;
        result
    }

    fn drive(&self, run: &mut Run<'_>, feed: &mut Feed<'_>) -> Result<Outcome> {
        let mut answer = Answer::Begin;
        loop {
            let done = match run.next(answer)? {
                Ask::Execute(statement) => self.execute(&statement).map(Answer::Affected),
                Ask::Query(sql, columns) => self.query(&sql, &columns, Reading::Exact).map(Answer::Rows),
                Ask::Stream(statement, columns, reading) => {
                    let rows = self.query(&statement, &columns, reading)?;
                    rows.into_iter().try_for_each(|row| run.row(row)).map(|()| Answer::Done)
                }
                Ask::Encode => feed.encode(run).map(|()| Answer::Done),
                Ask::EachRow(step) => self.write_rows(&step, run, feed).map(Answer::RowsWritten),
                Ask::Finished(outcome) => return Ok(outcome),
                other => Err(Error::new(ErrorKind::NotSupported, format!("SQLite has no {other:?}"))),
            };
            answer = done.map_err(|error| run.failed(error))?;
        }
    }

    fn execute(&self, statement: &Statement) -> Result<Affected> {
        let mut prepared = self.handle.prepare_cached(&statement.sql).map_err(error)?;
        let rows = prepared.execute(params(statement)).map_err(error)? as u64;
        Ok(Affected { rows, last_insert_id: Some(self.handle.last_insert_rowid()), ..Affected::default() })
    }

    fn query(&self, statement: &Statement, columns: &[DataType], reading: Reading) -> Result<Vec<Row>> {
        let mut prepared = self.handle.prepare_cached(&statement.sql).map_err(error)?;
        let mut rows = prepared.query(params(statement)).map_err(error)?;
        let mut all = Vec::new();
        while let Some(row) = rows.next().map_err(error)? {
            all.push(load_row(&*self.dialect, raw(row)?.into_iter().map(Ok), columns, reading)?);
        }
        Ok(all)
    }

    fn write_rows(&self, step: &EachRow, run: &mut Run<'_>, feed: &mut Feed<'_>) -> Result<RowsWritten> {
        if step.own_transaction {
            self.handle.execute_batch("BEGIN IMMEDIATE").map_err(error)?;
        }
        let mut statements = Statements { handle: &self.handle, step };
        let written = run.each_row(step, &mut statements, |run| feed.encode(run));
        if step.own_transaction {
            let is_done = written.as_ref().is_ok_and(|written| written.duplicate.is_none());
            self.handle.execute_batch(if is_done { "COMMIT" } else { "ROLLBACK" }).map_err(error)?;
        }
        written
    }
}

/// The rows of a batch.
struct Feed<'r> {
    model: &'r ModelRef,
    rows: &'r [Row],
    done: usize,
}

impl Feed<'_> {
    fn encode(&mut self, run: &mut Run<'_>) -> Result<()> {
        let Some(batch) = run.batch() else { return Ok(()) };
        let shape = batch.shape().clone();
        batch.encode(|encoder| {
            while let (Some(row), false) = (self.rows.get(self.done), encoder.is_full()) {
                let added = encoder.row(|column| Ok((&row[shape.positions[column]]).into()))?;
                if !matches!(added, Added::Yes | Added::LeftOut) {
                    let key = &shape.positions[..shape.key];
                    let twice = key.iter().map(|&at| row[at].clone()).collect();
                    return Err(duplicate_keys(self.model, key, std::iter::once(twice)));
                }
                self.done += 1;
            }
            Ok(self.done < self.rows.len())
        })
    }
}

/// The statements of a row, from the connection's cache.
struct Statements<'h> {
    handle: &'h Connection,
    step: &'h EachRow,
}

impl<'h> Statements<'h> {
    fn prepared(&self, which: Which, row: CellsRow<'_>) -> Result<(CachedStatement<'h>, Vec<Stored>)> {
        let statement = self.step.statement(which).expect("only statements of the step are run");
        let cells: Row = row.cells().map(Value::from).collect();
        let prepared = self.handle.prepare_cached(&statement.sql).map_err(error)?;
        Ok((prepared, statement.bound(&cells).map(bound).collect()))
    }
}

impl RowHost for Statements<'_> {
    fn execute(&mut self, which: Which, row: CellsRow<'_>) -> Result<u64> {
        let (mut prepared, values) = self.prepared(which, row)?;
        prepared.execute(params_from_iter(values)).map(|rows| rows as u64).map_err(error)
    }

    fn first(&mut self, which: Which, row: CellsRow<'_>) -> Result<Option<(Row, u64)>> {
        let (mut prepared, values) = self.prepared(which, row)?;
        let mut rows = prepared.query(params_from_iter(values)).map_err(error)?;
        let Some(first) = rows.next().map_err(error)?.map(raw).transpose()? else { return Ok(None) };
        let mut count = 1;
        while rows.next().map_err(error)?.is_some() {
            count += 1;
        }
        Ok(Some((first, count)))
    }
}

fn params(statement: &Statement) -> impl rusqlite::Params {
    params_from_iter(statement.params.iter().map(|param| bound(&param.value)).collect::<Vec<_>>())
}

/// A value in its storage form, as the driver takes it.
fn bound(value: &Value) -> Stored {
    match value {
        Value::Null => Stored::Null,
        Value::Bool(value) => Stored::Integer((*value).into()),
        Value::Int(value) => Stored::Integer(*value),
        Value::Float(value) => Stored::Real(*value),
        Value::Text(value) => Stored::Text(value.clone()),
        Value::Bytes(value) => Stored::Blob(value.clone()),
        other => panic!("{other:?} is not a value in its storage form"),
    }
}

fn raw(row: &rusqlite::Row<'_>) -> Result<Row> {
    let value = |column| match row.get(column).map_err(error)? {
        Stored::Null => Ok(Value::Null),
        Stored::Integer(value) => Ok(Value::Int(value)),
        Stored::Real(value) => Ok(Value::Float(value)),
        Stored::Text(value) => Ok(Value::Text(value)),
        Stored::Blob(value) => Ok(Value::Bytes(value)),
    };
    (0..row.as_ref().column_count()).map(value).collect()
}

fn error(error: rusqlite::Error) -> Error {
    let kind = match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::DatabaseBusy) => ErrorKind::Conflict,
        Some(rusqlite::ErrorCode::ConstraintViolation) => ErrorKind::Integrity,
        _ => ErrorKind::Database,
    };
    Error::new(kind, error.to_string()).with_source(error)
}
