//! A request as steps: SQL with its parameters, and sources of rows.

use std::fmt;

use crate::sql::Statement;
use crate::value::{DataType, Value};

/// Rows of values in the form in which the database stores them, one after the other.
pub type RowSource = Box<dyn Iterator<Item = Vec<Value>> + Send>;

/// What to do, in order: data that any host can print, keep or run.
///
/// All steps belong into one transaction; where there are several, [`is_atomic_alone`](Plan::is_atomic_alone) says whether
/// the database makes them one by itself.
#[derive(Debug, Default)]
pub struct Plan {
    /// The steps. None means that there is nothing to do and that the answer is no rows.
    pub steps: Vec<Step>,
}

/// One step of a [`Plan`].
#[derive(Debug)]
#[non_exhaustive]
pub enum Step {
    /// Runs a statement for what it does; its rows are not counted.
    Prepare(Statement),
    /// Runs a statement and adds the rows that it matched to the plan's count.
    Write(Statement),
    /// Runs one prepared statement for each row of a source, adding the rows that each run matched. A row that matches none
    /// is missing: its last [`keys`](Rows::keys) values are its key.
    ///
    /// Where [`returned`](Rows::returned) is not empty, the statement gives back the key that it matched as the database has
    /// it, and a key that comes back twice is a duplicate.
    WriteEach(Rows),
    /// Runs a statement that gives the keys, each a row, of which there are several in the batch. One row refuses the whole.
    RefuseDuplicates {
        /// The statement.
        statement: Statement,
        /// The types of a key's columns.
        key: Vec<DataType>,
    },
    /// Where fewer rows matched than there were, runs a statement that gives the keys that are not in the table.
    FindMissing {
        /// The statement.
        statement: Statement,
        /// The types of a key's columns.
        key: Vec<DataType>,
    },
}

/// A statement and the rows that it is run for.
pub struct Rows {
    /// The statement's text.
    pub sql: String,
    /// The types of its parameters.
    pub types: Vec<DataType>,
    /// The parameters of each run.
    pub rows: RowSource,
    /// How many parameters at the end are the row's key.
    pub keys: usize,
    /// The types of the columns that each run gives back.
    pub returned: Vec<DataType>,
}

impl fmt::Debug for Rows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rows").field("sql", &self.sql).field("types", &self.types).finish_non_exhaustive()
    }
}

impl Plan {
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Whether the plan is one statement, which the database runs wholly or not at all.
    pub fn is_atomic_alone(&self) -> bool {
        matches!(self.steps[..], [] | [Step::Prepare(_) | Step::Write(_)])
    }
}
