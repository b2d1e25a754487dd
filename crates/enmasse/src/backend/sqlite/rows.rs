//! One prepared statement, run for each row of a batch.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use enmasse_core::dialect::Sqlite;
use enmasse_core::encode::{Cell, CellsChunk};
use enmasse_core::error::{Error, ErrorKind, Result};
use enmasse_core::plan::WriteRows;
use enmasse_core::sql::{Bind, RowStatement};
use enmasse_core::value::Value;
use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection as Handle, Statement};
use tokio::sync::mpsc;

use super::convert::{bind_one, error, raw_row};
use crate::backend::{Row, RowsWritten, load_row, wrong_count};

/// After so many rows it is asked whether anyone still waits.
const ASKED: usize = 64;

/// Writes the rows that come, up to the `None` after the last: without it, they are not all.
pub(super) fn write_rows(
    handle: &Handle,
    dialect: &Arc<Sqlite>,
    write: &WriteRows,
    chunks: mpsc::Receiver<Option<CellsChunk>>,
    used: &mpsc::UnboundedSender<CellsChunk>,
    wanted: &dyn Fn() -> bool,
) -> Result<RowsWritten> {
    if !write.alone {
        return write_each(handle, dialect, write, chunks, used, wanted).map(|(written, _)| written);
    }
    handle.execute_batch("BEGIN IMMEDIATE").map_err(error)?;
    let result = match write_each(handle, dialect, write, chunks, used, wanted) {
        Ok((written, true)) if written.twice.is_none() => {
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
    write: &WriteRows,
    mut chunks: mpsc::Receiver<Option<CellsChunk>>,
    used: &mpsc::UnboundedSender<CellsChunk>,
    wanted: &dyn Fn() -> bool,
) -> Result<(RowsWritten, bool)> {
    let mut prepared = Prepared::new(handle, &write.write)?;
    let mut matches = write.matches.as_ref().map(|statement| Prepared::new(handle, statement)).transpose()?;
    let mut keep = write.keep.as_ref().map(|statement| Prepared::new(handle, statement)).transpose()?;
    let mut old = write.old.as_ref().map(|statement| Prepared::new(handle, statement)).transpose()?;
    let mut written = RowsWritten::default();
    let mut seen = Seen::default();
    let plain = write.returned.is_empty();
    let key = write.stored_key;
    let load =
        |raw: &[Value]| load_row(&**dialect, raw[key..].iter().cloned().map(Ok), &write.returned[key..]);

    while let Some(chunk) = chunks.blocking_recv() {
        let Some(chunk) = chunk else { return Ok((written, true)) };
        for (number, row) in chunk.rows().enumerate() {
            if number % ASKED == 0 && !wanted() {
                return Ok((written, false));
            }
            if let Some(keep) = &mut keep {
                keep.bind(row.cells())?;
                keep.statement.raw_execute().map_err(error)?;
            }
            if plain {
                prepared.bind(row.cells())?;
                let changed = prepared.statement.raw_execute().map_err(error)? as u64;
                if changed > 1 {
                    return Err(not_unique(changed));
                }
                written.changed += changed;
                written.matched += changed;
                if changed > 0 {
                    continue;
                }
                match found(&mut matches, row.cells())? {
                    Some((_, is_same)) => written.left(is_same),
                    None if write.missing => written.missing.push(stored(row.cells())),
                    None => {}
                }
                continue;
            }
            let before = old.as_mut().map(|old| old.one(row.cells())).transpose()?.flatten();
            let mut after = prepared.one(row.cells())?;
            written.changed += u64::from(after.is_some());
            if after.is_some() {
                written.matched += 1;
            } else if let Some((left, is_same)) = found(&mut matches, row.cells())? {
                written.left(is_same);
                after = Some(left);
            }
            let key_found =
                after.as_deref().map_or_else(|| stored(row.cells().take(key)), |after| after[..key].to_vec());
            if key > 0 && !seen.insert(&key_found) {
                written.twice = Some(stored(row.cells()));
                return Ok((written, false));
            }
            let Some(after) = after else {
                if write.missing {
                    written.missing.push(stored(row.cells()));
                }
                continue;
            };
            if write.returned.len() > key && after.len() > key {
                let mut both: Row = before.map(|before| load(&before)).transpose()?.unwrap_or_default();
                both.extend(load(&after)?);
                written.returned.push(both);
            }
        }
        // an error: nobody wants it back
        _ = used.send(chunk);
    }
    Ok((written, false))
}

/// The row that was not written, if it is there, and whether it has the values already.
fn found<'c>(
    matches: &mut Option<Prepared<'_>>,
    cells: impl Iterator<Item = Cell<'c>>,
) -> Result<Option<(Row, bool)>> {
    let Some(matches) = matches else { return Ok(None) };
    Ok(matches.one(cells)?.map(|mut row| {
        let is_same = row.pop() == Some(Value::Int(1));
        (row, is_same)
    }))
}

/// A model may say of a table what is not so.
fn not_unique(rows: u64) -> Error {
    let text = format!(
        "A key of the batch matches {rows} rows: what the model calls a key is not unique in the table."
    );
    Error::new(ErrorKind::Configuration, text)
}

impl RowsWritten {
    /// Counts a row that matches and was not written.
    fn left(&mut self, is_same: bool) {
        self.matched += 1;
        self.skipped += u64::from(!is_same);
    }
}

/// Keys that have been seen, as hashes of 128 bits.
#[derive(Default)]
struct Seen {
    hashers: [RandomState; 2],
    hashes: HashSet<[u64; 2]>,
}

impl Seen {
    /// Says `false` where the key has been there before.
    fn insert(&mut self, key: &[Value]) -> bool {
        let text = format!("{key:?}");
        self.hashes.insert(self.hashers.each_ref().map(|hasher| hasher.hash_one(&text)))
    }
}

/// The row's cells as values; the key's come first.
fn stored<'c>(cells: impl Iterator<Item = Cell<'c>>) -> Row {
    let value = |cell| match cell {
        Cell::Null => Value::Null,
        Cell::Int(number) => Value::Int(number),
        Cell::Float(number) => Value::Float(number),
        Cell::Text(text) => Value::Text(text.to_owned()),
        Cell::Bytes(bytes) => Value::Bytes(bytes.to_owned()),
    };
    cells.map(value).collect()
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

    /// The row that a run gives, where there is one.
    fn one<'c>(&mut self, cells: impl Iterator<Item = Cell<'c>>) -> Result<Option<Row>> {
        self.bind(cells)?;
        let statement: &mut Statement<'h> = &mut self.statement;
        let mut rows = statement.raw_query();
        let first = rows.next().map_err(error)?.map(|row| raw_row(row).collect()).transpose()?;
        // a write is done only when it has come to its end
        let mut count = u64::from(first.is_some());
        while rows.next().map_err(error)?.is_some() {
            count += 1;
        }
        if count > 1 { Err(not_unique(count)) } else { Ok(first) }
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
