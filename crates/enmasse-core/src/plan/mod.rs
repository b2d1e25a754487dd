//! A request as steps: SQL with its parameters, and sources of rows.
//!
//! | request | plan |
//! | --- | --- |
//! | `filter(…).update(…)` | [`update`] |
//! | `bulk_update(objects, fields)` | [`bulk_update`](bulk_update()) |
//! | `create`, `bulk_create` | [`insert`](insert()) |
//! | `filter(…).delete()` | [`delete`](delete()) |

mod auto;
mod bulk_update;
mod delete;
mod explain;
mod insert;
mod strategy;
mod taken;
mod update;

pub use auto::set_auto;
pub use bulk_update::{BulkUpdate, bulk_update, duplicate_keys, loaded_key};
pub use delete::delete;
pub use insert::{given_back, insert, made_by_database};
pub use update::{Assignment, concrete, update};

use std::fmt;

use crate::schema::ModelRef;
use crate::sql::Statement;
use crate::value::{DataType, Value};

/// Rows of values in the form in which the database stores them, one after the other.
pub type RowSource = Box<dyn Iterator<Item = Vec<Value>> + Send>;

/// What to do, in order: data that any host can print, keep or run.
///
/// All steps belong into one transaction. A plan of one [`Step::Write`] is all or nothing by itself.
#[derive(Debug, Default)]
pub struct Plan {
    /// The steps. None means that there is nothing to do and that the answer is no rows.
    pub steps: Vec<Step>,
    /// How many rows the request carries, for those that carry rows.
    pub rows: u64,
    /// The types of a row's key, for errors and reports that name keys.
    pub key: Vec<DataType>,
}

/// One step of a [`Plan`].
#[derive(Debug)]
#[non_exhaustive]
pub enum Step {
    /// Runs a statement for what it does; its rows are not counted.
    Prepare(Statement),
    /// Runs statements that carry rows to where a later step finds them.
    Load(Statements),
    /// Runs a statement and adds the rows that it matched to the count.
    Write(Statement),
    /// Runs one prepared statement for each row of a source and adds the rows that each run matched; a row that matched
    /// none is missing.
    WriteEach(Rows),
    /// Runs statements that each write a part of the batch and give back the keys of it that matched no row.
    WriteChunks(Statements),
    /// Runs statements that insert rows and give back columns of these types for each, in the order of the rows.
    Insert {
        /// The statements.
        statements: Statements,
        /// The columns that come back.
        returned: Vec<DataType>,
    },
    /// Runs a statement that gives the keys of the batch that are several times in it. One such key refuses the whole.
    RefuseDuplicates(Statement),
    /// Where fewer rows matched than the batch has, runs a statement that gives the keys that matched no row.
    FindMissing {
        /// The statement.
        statement: Statement,
        /// Whether it is run in any case, before the rows are written.
        always: bool,
    },
}

/// Statements that are made one at a time, as they are run.
pub struct Statements {
    /// The text of the first.
    pub sql: String,
    /// The statements, each with the number of rows that it carries.
    pub each: Box<dyn Iterator<Item = (Statement, u64)> + Send>,
}

/// A statement and the rows that it is run for.
pub struct Rows {
    /// The statement's text.
    pub sql: String,
    /// The types of its parameters.
    pub types: Vec<DataType>,
    /// The parameters of each run.
    pub rows: RowSource,
    /// Where a row's key stands among its parameters.
    pub key: std::ops::Range<usize>,
    /// The types of the columns that each run gives back: none; or those of a new row that the database fills; or, where
    /// the database may take different keys for one, the key as it stands in the table, so that one that comes twice is
    /// found.
    pub returned: Vec<DataType>,
}

impl Statements {
    /// Chunks of a batch: `make` turns each into its statement.
    pub(crate) fn chunks<T: Send + 'static>(
        chunks: impl IntoIterator<Item = Vec<T>, IntoIter: Send + 'static>,
        make: impl Fn(Vec<T>) -> Statement + Send + 'static,
    ) -> Self {
        let mut each = chunks
            .into_iter()
            .map(move |chunk| {
                let rows = chunk.len() as u64;
                (make(chunk), rows)
            })
            .peekable();
        let sql = each.peek().map(|(statement, _)| statement.sql.clone()).unwrap_or_default();
        Statements { sql, each: Box::new(each) }
    }
}

impl fmt::Debug for Statements {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Statements").field("sql", &self.sql).finish_non_exhaustive()
    }
}

impl fmt::Debug for Rows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rows").field("sql", &self.sql).field("types", &self.types).finish_non_exhaustive()
    }
}

/// A name of the plan's own: this one, or one like it where a table of the schema has it.
pub(crate) fn free_name(model: &ModelRef, name: &str) -> String {
    let taken = |name: &str| {
        let is_it = |table: &str| table.rsplit('.').next().is_some_and(|own| own.eq_ignore_ascii_case(name));
        model.schema().models().any(|other| is_it(&other.table))
    };
    let mut name = name.to_owned();
    while taken(&name) {
        name.push('_');
    }
    name
}

impl Plan {
    pub(crate) fn of(steps: Vec<Step>) -> Self {
        Plan { steps, rows: 0, key: Vec::new() }
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }
}
