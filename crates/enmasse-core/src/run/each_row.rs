//! One prepared statement, run for each row of a batch: which statements a row takes, and what it counts for.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use crate::dialect::Dialect;
use crate::encode::{Cell, CellsRow};
use crate::error::Result;
use crate::plan::EachRow;
use crate::run::{Row, load_row};
use crate::sql::RowStatement;
use crate::value::Value;

/// A statement of an [`EachRow`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// [`EachRow::keep`].
    Keep,
    /// [`EachRow::old`].
    Old,
    /// [`EachRow::write`].
    Write,
    /// [`EachRow::matches`].
    Matches,
}

impl EachRow {
    /// One of its statements, where it has that.
    pub fn statement(&self, which: Which) -> Option<&RowStatement> {
        match which {
            Which::Write => Some(&self.write),
            Which::Keep => self.keep.as_ref(),
            Which::Old => self.old.as_ref(),
            Which::Matches => self.matches.as_ref(),
        }
    }
}

/// A host that has the statements of an [`EachRow`] prepared.
pub trait RowHost {
    /// Runs one with the cells of a row: how many rows it changed.
    ///
    /// # Errors
    ///
    /// Those of the database.
    fn execute(&mut self, which: Which, row: CellsRow<'_>) -> Result<u64>;

    /// Runs one with the cells of a row: the first row that it gives, each value as the driver has it. It is run to its end.
    ///
    /// # Errors
    ///
    /// Those of the database.
    fn first(&mut self, which: Which, row: CellsRow<'_>) -> Result<Option<Row>>;
}

/// What became of the rows.
#[derive(Debug, Default)]
pub struct RowsWritten {
    /// Rows that matched.
    pub matched: u64,
    /// Rows of these that were written.
    pub changed: u64,
    /// Rows of these that have other values and that the database did not write.
    pub skipped: u64,
    /// The keys, in stored form, that matched no row.
    pub missing: Vec<Row>,
    /// A key, in stored form, that the database takes for the same as one before.
    pub duplicate: Option<Row>,
    /// The rows that came back.
    pub returned: Vec<Row>,
}

/// Goes through the rows of an [`EachRow`].
#[derive(Debug)]
pub struct EachRowRun<'s> {
    step: &'s EachRow,
    dialect: Arc<dyn Dialect>,
    written: RowsWritten,
    seen: Seen,
}

impl<'s> EachRowRun<'s> {
    /// Before the first row.
    pub fn new(step: &'s EachRow, dialect: Arc<dyn Dialect>) -> Self {
        EachRowRun { step, dialect, written: RowsWritten::default(), seen: Seen::default() }
    }

    /// Writes one row. Says whether to go on: a [duplicate](RowsWritten::duplicate) ends the run.
    ///
    /// # Errors
    ///
    /// Those of the host, and where what comes back cannot be read.
    pub fn row(&mut self, host: &mut impl RowHost, row: CellsRow<'_>) -> Result<bool> {
        let EachRow { keep, old, returned, .. } = self.step;
        if keep.is_some() {
            host.execute(Which::Keep, row)?;
        }
        if returned.is_empty() {
            let changed = host.execute(Which::Write, row)?;
            self.written.changed += changed;
            self.written.matched += changed;
            if changed == 0 && self.found(host, row)?.is_none() {
                self.missing(row);
            }
            return Ok(true);
        }
        let before = if old.is_some() { host.first(Which::Old, row)? } else { None };
        let mut after = host.first(Which::Write, row)?;
        if after.is_some() {
            self.written.changed += 1;
            self.written.matched += 1;
        } else {
            after = self.found(host, row)?;
        }
        let key = self.step.stored_key;
        let found = match &after {
            Some(after) => after[..key].to_vec(),
            None => stored(row.cells().take(key)),
        };
        if key > 0 && !self.seen.insert(&found) {
            self.written.duplicate = Some(stored(row.cells()));
            return Ok(false);
        }
        let Some(after) = after else {
            self.missing(row);
            return Ok(true);
        };
        if returned.len() > key && after.len() > key {
            let mut both = before.map(|before| self.load(before)).transpose()?.unwrap_or_default();
            both.extend(self.load(after)?);
            self.written.returned.push(both);
        }
        Ok(true)
    }

    /// What became of the rows.
    pub fn finish(self) -> RowsWritten {
        self.written
    }

    /// Counts the row that was not written, if it is there, and gives it.
    fn found(&mut self, host: &mut impl RowHost, row: CellsRow<'_>) -> Result<Option<Row>> {
        if self.step.matches.is_none() {
            return Ok(None);
        }
        let Some(mut found) = host.first(Which::Matches, row)? else { return Ok(None) };
        let is_same = found.pop() == Some(Value::Int(1));
        self.written.matched += 1;
        self.written.skipped += u64::from(!is_same);
        Ok(Some(found))
    }

    fn missing(&mut self, row: CellsRow<'_>) {
        if self.step.missing {
            self.written.missing.push(stored(row.cells()));
        }
    }

    /// A row that comes back, without the key before it.
    fn load(&self, mut raw: Row) -> Result<Row> {
        let key = self.step.stored_key;
        load_row(&*self.dialect, raw.drain(key..).map(Ok), &self.step.returned[key..])
    }
}

/// Keys that have been seen, as hashes of 128 bits.
#[derive(Debug, Default)]
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
    cells.map(Value::from).collect()
}
