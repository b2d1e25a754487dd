//! The steps of a plan.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use crate::dialect::Dialect;
use crate::encode::{Arrays, BatchEncoder, Cells, Chunk, CopyBinary, Encoder, LoadData, Stored};
use crate::plan::{BatchShape, RowSource};
use crate::sql::{RowStatement, Statement};
use crate::value::{DataType, Value};

/// One step of a [`Plan`](crate::plan::Plan).
///
/// Steps that take the rows of the batch take all of them; a plan has one such step at most.
#[derive(Debug)]
#[non_exhaustive]
pub enum Step {
    /// Runs a statement for what it does; its rows are not counted.
    Prepare(Statement),
    /// Streams the rows of the batch to where a later step finds them.
    Stage(Stage),
    /// Runs statements that are made of parts of the batch.
    WriteParts(Parts),
    /// Runs one prepared statement for each row of the batch.
    WriteRows(WriteRows),
    /// Runs one prepared statement for each row of the batch, to bring it to where a later step finds it.
    StageRows(RowStatement),
    /// Runs one prepared statement for all rows of a part of the batch at once.
    WriteBulk(WriteBulk),
    /// Runs statements that are made of the batch's integer keys, in their order, once the rows are where the statements find them.
    WriteKeys(WriteKeys),
    /// Runs a statement and adds the rows that it matched, and those that it changed, to the counts.
    Write(Statement),
    /// Runs one of two statements, as [`Write`](Step::Write).
    WriteEither(WriteEither),
    /// Runs a statement that gives one row: how many rows matched, and how many of them are to be changed by the next steps.
    WriteCounted(Statement),
    /// Runs a statement that writes the rows of the batch and gives, for each that matches none, these columns of the batch followed by
    /// three NULLs; and then one row of NULLs followed by the numbers of rows that matched, that were written, and that the database
    /// skipped: these matched and differed, and were not written.
    WriteAccounted {
        /// The statement.
        statement: Statement,
        /// The types of its columns, the three numbers included.
        columns: Vec<DataType>,
    },
    /// Runs a statement that writes to several tables.
    WriteTables(WriteTables),
    /// Runs a statement that writes to one of several tables; its rows are counted for that table only.
    WriteTable(WriteTable),
    /// Runs a statement that gives back rows with columns of these types, one for each that matched.
    WriteReturning(Statement, Vec<DataType>),
    /// Runs a statement that gives the rows that come back, with columns of these types.
    Return(Statement, Vec<DataType>),
    /// Runs a statement that gives the keys of the batch that are several times in it. One such key refuses the whole.
    RefuseDuplicates(Statement),
    /// Runs a statement that gives keys of the batch of which each matches several rows. One such key refuses the whole.
    RefuseSeveral(Statement),
    /// Where fewer rows matched than the batch has, runs a statement that gives the keys that matched no row, or all that the batch
    /// carries of them.
    FindMissing {
        /// The statement.
        statement: Statement,
        /// The types of its columns: the batch's first ones.
        columns: Vec<DataType>,
        /// Whether it is run in any case, before the rows are written.
        always: bool,
    },
    /// Runs one prepared statement for each row of a source of its own: new rows.
    InsertEach(Rows),
    /// Runs statements that insert rows and give back columns of these types for each, in the order of the rows.
    Insert {
        /// The statements.
        statements: Statements,
        /// The columns that come back.
        returned: Vec<DataType>,
    },
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
    pub fn encoder<'b>(
        self,
        dialect: &Arc<dyn Dialect>,
        batch: &'b BatchShape,
        most: Option<usize>,
    ) -> BatchEncoder<'b> {
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
        BatchEncoder::new(&batch.columns, batch.key, batch.duplicates, encoder, most.unwrap_or(usize::MAX))
    }
}

/// Two statements that write the same.
#[derive(Debug)]
pub struct WriteEither {
    /// A query that gives a row of one integer, or none.
    pub ask: Statement,
    /// What is run where it gives a row.
    pub then: Statement,
    /// What is run where it gives none.
    pub otherwise: Statement,
}

/// A statement that writes to several tables, to one row of each for every row that matches.
#[derive(Debug)]
pub struct WriteTables {
    /// The statement.
    pub statement: Statement,
    /// The tables, in the order in which they are counted.
    pub tables: Vec<String>,
    /// Whether it gives one row of counts: matched, changed, and those of each table. Otherwise the database tells their sum.
    pub counts: bool,
}

/// A statement that writes to one of several tables.
#[derive(Debug)]
pub struct WriteTable {
    /// The statement.
    pub statement: Statement,
    /// The table.
    pub table: String,
}

/// A statement that takes a stream of rows.
#[derive(Debug)]
pub struct Stage {
    /// The statement.
    pub sql: String,
    /// The form in which it takes rows.
    pub form: Form,
}

/// Statements that are made of parts of a batch.
#[derive(Debug)]
pub struct Parts {
    /// The statement of a part of one row, to look at.
    pub sql: String,
    /// The form of a part.
    pub form: Form,
    /// How many rows are in a part at most.
    pub most: usize,
    /// Makes the statements.
    pub make: Arc<dyn Part>,
    /// What a statement gives.
    pub gives: PartGives,
}

/// Makes a statement of a part of a batch.
pub trait Part: Send + Sync {
    /// The statement that carries the rows.
    fn statement(&self, rows: Chunk) -> Statement;

    /// The statement that gives the keys of the part that match no row, where that is asked for.
    fn missing(&self, _rows: &Chunk) -> Option<Statement> {
        None
    }
}

/// Statements that are made of keys of a batch.
#[derive(Debug)]
pub struct WriteKeys {
    /// The statement for one key, to look at.
    pub sql: String,
    /// How many keys are in a statement at most.
    pub most: usize,
    /// Makes the statements.
    pub make: Arc<dyn KeyPart>,
}

/// Makes a statement of ascending keys; it gives the number of rows that it matched.
pub trait KeyPart: Send + Sync {
    /// The statement.
    fn statement(&self, keys: &[i64]) -> Statement;
}

/// What a statement made of a part of a batch gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PartGives {
    /// Nothing: the rows are only carried.
    Nothing,
    /// The number of rows that it matched. The keys that match none are asked for where these are fewer than the part has, or
    /// before in any case.
    Matched {
        /// Whether they are asked for before.
        missing_before: bool,
    },
    /// The keys of the part that were not written, each followed by whether there is such a row: one that the database skipped.
    NotWritten,
    /// As [`WriteAccounted`](Step::WriteAccounted): the keys of the part that matched no row, and three numbers.
    Account,
}

/// A prepared statement that is run for each row of a batch.
#[derive(Debug)]
pub struct WriteRows {
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
    pub alone: bool,
    /// How many of the returned columns, from the first, are the key as it stands in the table, where the database may take
    /// different keys for one.
    pub stored_key: usize,
    /// Whether the keys that match no row are wanted.
    pub missing: bool,
}

impl WriteRows {
    /// A statement that is run for each row, and gives nothing back.
    pub fn plain(write: RowStatement) -> Self {
        WriteRows {
            write,
            keep: None,
            matches: None,
            old: None,
            returned: Vec::new(),
            alone: false,
            stored_key: 0,
            missing: true,
        }
    }
}

/// A prepared statement that is sent with the rows of a part of a batch, in the order of their keys.
#[derive(Debug)]
pub struct WriteBulk {
    /// The statement.
    pub write: RowStatement,
    /// How many rows are in a part at most.
    pub most: usize,
    /// Gives the keys of a part that match no row.
    pub missing: Arc<dyn Part>,
    /// Whether these are asked for before the rows are written, and not only where fewer matched.
    pub missing_before: bool,
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
    pub key: Range<usize>,
    /// The types of the columns that each run gives back: of what the database fills in a new row.
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

impl fmt::Debug for dyn KeyPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyPart")
    }
}

impl fmt::Debug for dyn Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Part")
    }
}

/// The rows of a part in stored form.
pub(crate) fn stored(chunk: Chunk) -> Vec<Vec<Value>> {
    match chunk {
        Chunk::Rows(rows) => rows,
        other => unreachable!("asked for rows, given {other:?}"),
    }
}
