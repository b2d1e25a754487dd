//! Runs a prepared statement for each row of a batch.

use std::sync::Arc;

use enmasse_core::dialect::Sqlite;
use enmasse_core::encode::{Cell, CellsChunk, CellsRow};
use enmasse_core::error::Result;
use enmasse_core::plan::EachRow;
use enmasse_core::run::{EachRowRun, RowHost, Which};
use enmasse_core::sql::{Bind, RowStatement};
use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection as Handle, Statement};
use tokio::sync::mpsc;

use super::convert::{bind_one, error, raw_row};
use crate::backend::{Row, RowsWritten, wrong_count};

/// Rows between checks for a cancelled caller.
const ASKED: usize = 64;

/// Writes the incoming rows up to the `None` that marks their end; without it, rows are missing.
pub(super) fn write_rows(
    handle: &Handle,
    dialect: &Arc<Sqlite>,
    step: &EachRow,
    chunks: mpsc::Receiver<Option<CellsChunk>>,
    used: &mpsc::UnboundedSender<CellsChunk>,
    wanted: &dyn Fn() -> bool,
) -> Result<RowsWritten> {
    if !step.own_transaction {
        return write_each(handle, dialect, step, chunks, used, wanted).map(|(written, _)| written);
    }
    handle.execute_batch("BEGIN IMMEDIATE").map_err(error)?;
    let result = match write_each(handle, dialect, step, chunks, used, wanted) {
        Ok((written, true)) if written.duplicate.is_none() => {
            handle.execute_batch("COMMIT").map_err(error).map(|()| written)
        }
        // The sender knows why the rows ended early.
        unfinished => unfinished.map(|(written, _)| written),
    };
    // SQLite may have rolled back by itself.
    if !handle.is_autocommit() {
        handle.execute_batch("ROLLBACK").map_err(error)?;
    }
    result
}

/// Writes the rows; returns whether they were complete.
fn write_each(
    handle: &Handle,
    dialect: &Arc<Sqlite>,
    step: &EachRow,
    mut chunks: mpsc::Receiver<Option<CellsChunk>>,
    used: &mpsc::UnboundedSender<CellsChunk>,
    wanted: &dyn Fn() -> bool,
) -> Result<(RowsWritten, bool)> {
    let mut statements = Statements::new(handle, step)?;
    let mut run = EachRowRun::new(step, dialect.clone());
    while let Some(chunk) = chunks.blocking_recv() {
        let Some(chunk) = chunk else { return Ok((run.finish(), true)) };
        for (number, row) in chunk.rows().enumerate() {
            if number % ASKED == 0 && !wanted() || !run.row(&mut statements, row)? {
                return Ok((run.finish(), false));
            }
        }
        // An error means that the sender is gone.
        _ = used.send(chunk);
    }
    Ok((run.finish(), false))
}

/// The statements of a row.
struct Statements<'h> {
    write: Prepared<'h>,
    keep: Option<Prepared<'h>>,
    old: Option<Prepared<'h>>,
    matches: Option<Prepared<'h>>,
}

impl<'h> Statements<'h> {
    fn new(handle: &'h Handle, step: &EachRow) -> Result<Self> {
        let other = |statement: &Option<RowStatement>| {
            statement.as_ref().map(|statement| Prepared::new(handle, statement)).transpose()
        };
        Ok(Statements {
            write: Prepared::new(handle, &step.write)?,
            keep: other(&step.keep)?,
            old: other(&step.old)?,
            matches: other(&step.matches)?,
        })
    }

    fn prepared(&mut self, which: Which) -> Option<&mut Prepared<'h>> {
        match which {
            Which::Write => Some(&mut self.write),
            Which::Keep => self.keep.as_mut(),
            Which::Old => self.old.as_mut(),
            Which::Matches => self.matches.as_mut(),
        }
    }
}

impl RowHost for Statements<'_> {
    fn execute(&mut self, which: Which, row: CellsRow<'_>) -> Result<u64> {
        let Some(prepared) = self.prepared(which) else { return Ok(0) };
        prepared.bind(row.cells())?;
        Ok(prepared.statement.raw_execute().map_err(error)? as u64)
    }

    fn first(&mut self, which: Which, row: CellsRow<'_>) -> Result<Option<(Row, u64)>> {
        self.prepared(which).map_or(Ok(None), |prepared| prepared.first(row.cells()))
    }
}

/// A prepared statement with its constant parameters bound.
struct Prepared<'h> {
    statement: CachedStatement<'h>,
    /// The positions of each cell among the parameters.
    places: Vec<Vec<usize>>,
}

impl<'h> Prepared<'h> {
    fn new(handle: &'h Handle, row: &RowStatement) -> Result<Self> {
        let mut statement = handle.prepare_cached(&row.sql).map_err(error)?;
        let expected = statement.parameter_count();
        if expected != row.binds.len() {
            return Err(wrong_count(expected, row.binds.len()));
        }
        let mut places: Vec<Vec<usize>> = Vec::new();
        for (position, bind) in row.binds.iter().enumerate() {
            match bind {
                Bind::Param(param) => bind_one(&mut statement, position + 1, &param.value)?,
                Bind::Cell(column) => {
                    places.resize(places.len().max(column + 1), Vec::new());
                    places[*column].push(position + 1);
                }
            }
        }
        Ok(Prepared { statement, places })
    }

    fn bind<'c>(&mut self, cells: impl Iterator<Item = Cell<'c>>) -> Result<()> {
        for (cell, places) in cells.zip(&self.places) {
            for place in places {
                self.statement.raw_bind_parameter(*place, Bound(cell)).map_err(error)?;
            }
        }
        Ok(())
    }

    /// The first returned row, and the number of rows.
    fn first<'c>(&mut self, cells: impl Iterator<Item = Cell<'c>>) -> Result<Option<(Row, u64)>> {
        self.bind(cells)?;
        let statement: &mut Statement<'h> = &mut self.statement;
        let mut rows = statement.raw_query();
        let Some(first) = rows.next().map_err(error)? else { return Ok(None) };
        let first = raw_row(first).collect::<Result<_, _>>().map_err(|unfit| unfit.error)?;
        let mut count = 1;
        // A write is complete only after the last step.
        while rows.next().map_err(error)?.is_some() {
            count += 1;
        }
        Ok(Some((first, count)))
    }
}

/// A cell to be bound.
struct Bound<'a>(Cell<'a>);

impl ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self.0 {
            Cell::Null => ValueRef::Null,
            Cell::Int(number) => ValueRef::Integer(number),
            Cell::Float(number) => ValueRef::Real(number),
            Cell::Text(text) => ValueRef::Text(text.as_bytes()),
            Cell::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}
