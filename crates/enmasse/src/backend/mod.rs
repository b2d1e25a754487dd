//! One file a database: connects, runs statements that the core has made, nothing more.

use enmasse_core::error::Result;
use enmasse_core::plan::Rows;
use enmasse_core::sql::Statement;
use enmasse_core::value::{DataType, Value};
use futures_util::future::BoxFuture;
use tokio::sync::mpsc;

/// One row, with each value as [`Dialect::load`](enmasse_core::dialect::Dialect::load) made it.
pub(crate) type Row = Vec<Value>;

/// What a statement did.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Done {
    /// Rows matched, or inserted, or deleted.
    pub rows: u64,
    /// The first identity value that an insert made, where the database tells it this way only.
    pub last_insert_id: Option<i64>,
}

/// One connection, outside or inside of a transaction.
pub(crate) trait Connection: Send {
    /// Runs a statement that gives no rows.
    fn execute<'a>(&'a mut self, statement: &'a Statement) -> BoxFuture<'a, Result<Done>>;

    /// Runs a statement that gives rows with columns of these types.
    fn query<'a>(
        &'a mut self,
        statement: &'a Statement,
        columns: &'a [DataType],
    ) -> BoxFuture<'a, Result<Vec<Row>>>;

    /// Runs a statement and sends its rows, some at a time, as fast as they are taken; ends early when nobody takes them.
    fn stream<'a>(
        &'a mut self,
        statement: &'a Statement,
        columns: &'a [DataType],
        rows: mpsc::Sender<Result<Vec<Row>>>,
    ) -> BoxFuture<'a, Result<()>>;

    /// Runs one statement, prepared once, for each row of parameters; `each` hears of every run in order: its parameters,
    /// the rows that it matched and the rows that it gave back. An error from `each` ends the loop.
    fn execute_each<'a>(&'a mut self, rows: Rows, each: EachRun) -> BoxFuture<'a, Result<()>>;

    /// Runs SQL that has no parameters and gives no rows: `BEGIN`, a savepoint, `CREATE TABLE`.
    fn script<'a>(&'a mut self, sql: &'a str) -> BoxFuture<'a, Result<()>>;
}

/// Hears of each run of [`Connection::execute_each`].
pub(crate) type EachRun = Box<dyn FnMut(&[Value], u64, Vec<Row>) -> Result<()> + Send>;
