//! What the runner asks a host for, and what the host answers.

use std::sync::Arc;

use crate::plan::{EachRow, Load};
use crate::run::{Outcome, Reading, Row, RowsWritten};
use crate::sql::{Placeholders, RowStatement, Statement};
use crate::value::{DataType, Value};

/// What a host is to do next.
#[derive(Debug)]
#[non_exhaustive]
pub enum Ask {
    /// Run a statement that gives no rows: [`Answer::Affected`].
    Execute(Statement),
    /// Run a statement that gives rows with columns of these types: [`Answer::Rows`].
    Query(Statement, Vec<DataType>),
    /// Run a statement that gives rows with columns of these types, hand each to [`Run::row`](crate::run::Run::row) as it comes: [`Answer::Done`].
    Stream(Statement, Vec<DataType>, Reading),
    /// Run a prepared statement with all these rows of stored values at once: [`Answer::Affected`] with the rows that matched.
    Bulk(RowStatement, Vec<Vec<Value>>),
    /// Add rows to [`Run::batch`](crate::run::Run::batch)'s encoder until it is full, and say so to [`Batch::encoded`](crate::run::Batch::encoded): [`Answer::Done`].
    Encode,
    /// Stream all chunks of [`Run::batch`](crate::run::Run::batch) to where the statement takes them: [`Answer::Done`]. The statement has no parameters, and is sent as
    /// it stands: in no style is anything in it doubled.
    Load(Load),
    /// Run prepared statements for each row of all chunks of [`Run::batch`](crate::run::Run::batch): [`Answer::RowsWritten`].
    EachRow(Arc<EachRow>),
    /// Nothing: the plan is done.
    Finished(Outcome),
}

impl Ask {
    /// With the statements as the host's driver takes them.
    pub(super) fn rendered(self, style: Placeholders) -> Ask {
        if style == Placeholders::Own {
            return self;
        }
        match self {
            Ask::Execute(statement) => Ask::Execute(statement.rendered(style)),
            Ask::Query(statement, columns) => Ask::Query(statement.rendered(style), columns),
            Ask::Stream(statement, columns, reading) => {
                Ask::Stream(statement.rendered(style), columns, reading)
            }
            Ask::Bulk(statement, rows) => Ask::Bulk(statement.rendered(style), rows),
            Ask::EachRow(rows) => Ask::EachRow(Arc::new((*rows).clone().rendered(style))),
            // without parameters, a driver leaves a text as it is
            Ask::Load(_) | Ask::Encode | Ask::Finished(_) => self,
        }
    }
}

/// What came of what a host was asked to do.
#[derive(Debug)]
#[non_exhaustive]
pub enum Answer {
    /// The host begins.
    Begin,
    /// It is done.
    Done,
    /// What a statement did.
    Affected(Affected),
    /// The rows that a statement gave.
    Rows(Vec<Row>),
    /// What became of the rows of an [`EachRow`].
    RowsWritten(RowsWritten),
}

/// What a statement did.
#[derive(Clone, Copy, Debug, Default)]
pub struct Affected {
    /// Rows matched, or inserted, or deleted.
    pub rows: u64,
    /// Rows of these that an update changed, where the database reports it.
    pub changed: Option<u64>,
    /// The first identity value that an insert made, where the database reports it this way only.
    pub last_insert_id: Option<i64>,
}
