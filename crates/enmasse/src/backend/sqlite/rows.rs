//! One prepared statement, run for each row of a batch.

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

/// The rows between two questions whether anyone still waits.
const ASKED: usize = 64;

/// Writes the rows that come, up to the `None` after the last: without it, they are not all.
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
        // whoever sent the rows knows why they ended early
        unfinished => unfinished.map(|(written, _)| written),
    };
    // SQLite may have rolled back by itself
    if !handle.is_autocommit() {
        handle.execute_batch("ROLLBACK").map_err(error)?;
    }
    result
}

/// Writes the rows; says whether they were all.
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
        // an error: nobody wants it back
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

    fn first(&mut self, which: Which, row: CellsRow<'_>) -> Result<Option<Row>> {
        self.prepared(which).map_or(Ok(None), |prepared| prepared.first(row.cells()))
    }
}

/// A prepared statement, with what is the same for every row bound already.
struct Prepared<'h> {
    statement: CachedStatement<'h>,
    /// The places of each cell among the parameters.
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

    /// The first row that a run gives.
    fn first<'c>(&mut self, cells: impl Iterator<Item = Cell<'c>>) -> Result<Option<Row>> {
        self.bind(cells)?;
        let statement: &mut Statement<'h> = &mut self.statement;
        let mut rows = statement.raw_query();
        let first = rows.next().map_err(error)?.map(|row| raw_row(row).collect()).transpose()?;
        // a write is done only when it has come to its end
        while rows.next().map_err(error)?.is_some() {}
        Ok(first)
    }
}

/// A cell on its way to SQLite.
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
