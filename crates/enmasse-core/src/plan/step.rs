//! The steps of a plan.

use std::fmt;
use std::sync::Arc;

use crate::dialect::Dialect;
use crate::encode::{Arrays, BatchEncoder, Cells, Chunk, CopyBinary, Encoder, LoadData, Stored};
use crate::plan::BatchShape;
use crate::sql::{Placeholders, RowStatement, Statement};
use crate::value::{DataType, Value};

/// One step of a [`Plan`](crate::plan::Plan).
///
/// Steps that take the rows of the batch take all of them; a plan has at most one such step. [`Run`](crate::run::Run) goes through
/// the steps for a host.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Step {
    /// Runs a statement.
    Run(Statement, Gives),
    /// Runs one of two statements.
    Either(Either),
    /// Streams the rows of the batch to a statement that takes them.
    Load(Load),
    /// Runs one prepared statement for each row of the batch.
    EachRow(EachRow),
    /// Runs a statement for each chunk of the batch.
    EachChunk(EachChunk),
    /// Runs a statement for each chunk of the batch's integer keys, in ascending order, once the rows are where the statement finds them.
    EachKeys(EachKeys),
}

impl Step {
    /// A statement that prepares something, or cleans up.
    pub(crate) fn prepare(statement: Statement) -> Self {
        Step::Run(statement, Gives::Nothing)
    }

    /// A statement that writes the rows.
    pub(crate) fn write(statement: Statement) -> Self {
        Step::Run(statement, Gives::Matched)
    }
}

/// What a statement gives.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Gives {
    /// Nothing that counts.
    Nothing,
    /// The number of rows that it matched, and of those that it changed, as the database reports them.
    Matched,
    /// The number of rows that it wrote in this table of several.
    MatchedIn(String),
    /// The number of rows that it wrote in these tables together, as many in each.
    MatchedInEach(Vec<String>),
    /// One row of numbers: the rows that matched, those that are changed, and those that it wrote in each table of several.
    Counts {
        /// The tables.
        tables: Vec<String>,
        /// The type of one more column, where a row may be half written: the key of one that is, or NULL.
        half_written: Option<DataType>,
    },
    /// The key, of this type, of a row that was written in one table and not in another. Such a row refuses the write: see
    /// [`half_written`](crate::plan::half_written). It is run only where a table had fewer rows written than were to be.
    HalfWritten(DataType),
    /// Columns of these types for each row of the batch that matches none, followed by three NULLs; then one row of NULLs followed by
    /// three numbers: the rows that matched, those that were written, and those that the database skipped. These matched and differed,
    /// and were not written.
    Account(Vec<DataType>),
    /// The rows that come back, with columns of these types.
    Rows {
        /// The columns.
        columns: Vec<DataType>,
        /// Whether each is a row that matched and was written.
        are_written: bool,
    },
    /// Keys of the batch that are in it several times. One such key refuses the batch.
    Duplicates,
    /// Keys of the batch of which each matches several rows. One such key refuses the batch.
    SeveralRows,
    /// The keys of the batch that match no row, or all that the batch carries of those rows.
    Missing {
        /// The types of its columns: the batch's first ones.
        columns: Vec<DataType>,
        /// Whether it is run before the rows are written; otherwise only where fewer rows matched than the batch has.
        before: bool,
    },
}

impl Gives {
    /// The numbers of rows that matched and that are changed.
    pub(crate) fn counts() -> Self {
        Gives::Counts { tables: Vec::new(), half_written: None }
    }
}

/// The form in which the rows of a batch travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// See [`CopyBinary`].
    CopyBinary,
    /// See [`LoadData`].
    LoadData,
    /// See [`Arrays`].
    Arrays,
    /// See [`Cells`].
    Cells,
    /// See [`Stored`].
    Stored,
}

impl Form {
    /// What writes the rows of a batch in this form; at most `most` in a chunk.
    pub fn encoder(
        self,
        dialect: &Arc<dyn Dialect>,
        batch: &Arc<BatchShape>,
        most: Option<usize>,
    ) -> BatchEncoder {
        let types: Vec<_> = batch.columns.iter().map(|column| column.data_type.clone()).collect();
        let encoder: Box<dyn Encoder> = match self {
            Form::CopyBinary => Box::new(CopyBinary::new(types)),
            Form::LoadData => Box::new(LoadData::new(dialect.clone(), types)),
            Form::Arrays => Box::new(Arrays::new(types)),
            Form::Cells => {
                Box::new(Cells::new(types, batch.key == 1 && batch.columns[0].data_type.is_integer()))
            }
            Form::Stored => Box::new(Stored::new(dialect.clone(), types)),
        };
        BatchEncoder::new(batch.clone(), encoder, most.unwrap_or(usize::MAX))
    }
}

/// Two statements that write the same.
#[derive(Clone, Debug)]
pub struct Either {
    /// A query that gives a row of one integer, or none.
    pub ask: Statement,
    /// What is run where it gives a row.
    pub then: Statement,
    /// What is run where it gives none.
    pub otherwise: Statement,
}

/// A statement that takes a stream of rows.
#[derive(Clone, Debug)]
pub struct Load {
    /// The statement.
    pub sql: String,
    /// The form in which it takes rows.
    pub form: Form,
}

/// A statement that is made of each chunk of a batch.
#[derive(Clone)]
pub struct EachChunk {
    /// The statement of a chunk of one row, to look at.
    pub sql: String,
    /// The form of a chunk.
    pub form: Form,
    /// The most rows of a chunk.
    pub most: usize,
    /// Makes the statements.
    pub make: Arc<dyn ChunkStatement>,
    /// What a statement gives.
    pub gives: ChunkGives,
    /// Whether a chunk is written wholly or not at all without a transaction around it.
    pub is_atomic: bool,
}

/// Makes the statement of a chunk of a batch.
pub trait ChunkStatement: Send + Sync {
    /// What carries the rows.
    fn call(&self, rows: Chunk) -> Call;

    /// The statement that gives the keys of the chunk that match no row, where these are asked for.
    fn missing(&self, _rows: &Chunk) -> Option<Statement> {
        None
    }
}

/// What is run for a chunk.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Call {
    /// One statement.
    Once(Statement),
    /// One prepared statement, sent once with all these rows of parameters.
    Bulk(RowStatement, Vec<Vec<Value>>),
}

/// What the statement of a chunk gives.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ChunkGives {
    /// Nothing that counts: the rows are only carried.
    Nothing,
    /// The number of rows that it matched. The keys that match none are asked for where these are fewer than the chunk has, or
    /// before in any case.
    Matched {
        /// Whether they are asked for before.
        missing_before: bool,
    },
    /// The keys of the chunk that were not written, each followed by whether there is such a row: one that the database skipped.
    NotWritten,
    /// As [`Gives::Account`]: the keys of the chunk that matched no row, and three numbers.
    Account,
    /// For each new row, in the order of the chunk, columns of these types; without any, the number of rows that it inserted.
    Inserted(Vec<DataType>),
}

/// A statement that is made of each chunk of a batch's keys.
#[derive(Clone)]
pub struct EachKeys {
    /// The statement of one key, to look at.
    pub sql: String,
    /// The most keys of a statement.
    pub most: usize,
    /// Makes the statements.
    pub make: Arc<dyn KeyStatement>,
}

/// Makes a statement of ascending keys; it gives the number of rows that it matched.
pub trait KeyStatement: Send + Sync {
    /// The statement.
    fn statement(&self, keys: &[i64]) -> Statement;
}

/// A prepared statement that is run for each row of a batch.
#[derive(Clone, Debug)]
pub struct EachRow {
    /// The statement.
    pub write: RowStatement,
    /// Keeps the key of the row before it is written, where that is asked for.
    pub keep: Option<RowStatement>,
    /// Gives, where nothing was written and there is a row all the same, what would have come back and, as its last column, whether
    /// the row has the values already. One that has not was skipped by the database.
    pub matches: Option<RowStatement>,
    /// Gives the row as it is before it is written, where that is asked for.
    pub old: Option<RowStatement>,
    /// The types of the columns that the write gives back, and the one before it.
    pub returned: Vec<DataType>,
    /// Whether it is a transaction of its own, which begins before the first row and ends after the last.
    pub own_transaction: bool,
    /// How many of the returned columns, from the first, are the key as it stands in the table, where the database may take
    /// different keys for one.
    pub stored_key: usize,
    /// Whether the keys that match no row are wanted.
    pub missing: bool,
    /// Whether its rows count. Those that are only brought to where a later step finds them do not.
    pub counts: bool,
}

impl EachRow {
    /// As [`Statement::rendered`].
    #[must_use]
    pub fn rendered(self, style: Placeholders) -> EachRow {
        let each = |statement: RowStatement| statement.rendered(style);
        let EachRow { write, keep, matches, old, .. } = self;
        let (keep, matches, old) = (keep.map(each), matches.map(each), old.map(each));
        EachRow { write: each(write), keep, matches, old, ..self }
    }

    /// A statement that is run for each row, and gives nothing back.
    pub fn plain(write: RowStatement) -> Self {
        EachRow {
            write,
            keep: None,
            matches: None,
            old: None,
            returned: Vec::new(),
            own_transaction: false,
            stored_key: 0,
            missing: true,
            counts: true,
        }
    }
}

impl fmt::Debug for EachChunk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let EachChunk { sql, form, most, gives, .. } = self;
        let mut shown = f.debug_struct("EachChunk");
        shown.field("sql", sql).field("form", form).field("most", most).field("gives", gives);
        shown.finish_non_exhaustive()
    }
}

impl fmt::Debug for EachKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EachKeys").field("sql", &self.sql).field("most", &self.most).finish_non_exhaustive()
    }
}

/// The rows of a chunk in stored form.
pub(crate) fn stored(chunk: Chunk) -> Vec<Vec<Value>> {
    match chunk {
        Chunk::Rows(rows) => rows,
        other => unreachable!("asked for rows, given {other:?}"),
    }
}
