//! One folder per database: connects, and runs statements built by the core.

// Without any database feature, this module is unused.
#![cfg_attr(not(any(feature = "sqlite", feature = "postgres", feature = "mysql")), allow(dead_code))]

mod chunk;
mod chunks;
#[cfg(feature = "mysql")]
pub(crate) mod mysql;
mod params;
#[cfg(feature = "postgres")]
pub(crate) mod postgres;
#[cfg(feature = "sqlite")]
pub(crate) mod sqlite;
mod state;
#[cfg(test)]
mod tests;
mod trace;
mod transact;
pub(crate) mod url;

#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
pub(crate) use chunk::RowChunk;
pub(crate) use chunks::Chunks;
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
pub(crate) use chunks::wrong_form;
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
pub(crate) use params::wrong_count;
pub(crate) use state::{Extent, TransactionState};
pub(crate) use trace::Traced;
pub(crate) use transact::{Step, transact, unknown_if_lost};

use std::sync::Arc;
use std::time::Duration;

use enmasse_core::dialect::Dialect;
use enmasse_core::error::{Error, ErrorKind, Result};
use enmasse_core::plan::{EachRow, Load};
pub(crate) use enmasse_core::run::{Affected, Reading, Row, RowsWritten};
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
pub(crate) use enmasse_core::run::{Unfit, load_row};
use enmasse_core::sql::{RowStatement, Statement};
use enmasse_core::value::{DataType, Value};
use futures_util::future::BoxFuture;
use tokio::sync::mpsc;

use crate::backend::url::{DatabaseUrl, configuration};

/// How many chunks of rows may wait in a stream.
pub(crate) const STREAM_AHEAD: usize = 2;

/// How many connections a server's pool has at the most: `?pool_size=`.
#[cfg(any(feature = "mysql", feature = "postgres"))]
pub(crate) const POOL_SIZE: usize = 10;

/// How long a connection is waited for where all are in use: `?acquire_timeout=`.
pub(crate) const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(30);

/// A database that gives out connections.
pub(crate) trait Backend: Send + Sync {
    /// What the server is and can do, as it said when we connected.
    fn dialect(&self) -> Arc<dyn Dialect>;

    /// A connection of one's own, until it is dropped. Where all are in use, one is waited for so long, or as long as the database's own limit says.
    fn connect(&self, access: Access, limit: Option<Duration>) -> BoxFuture<'_, Result<Box<dyn Connection>>>;

    /// Whether all statements share one connection, so that one who holds on to it keeps all others out.
    fn has_one_connection(&self) -> bool {
        false
    }

    /// Closes the connections that are idle, and gives out no more.
    fn close(&self) -> BoxFuture<'_, ()>;
}

/// What a connection is wanted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// One statement that only reads, outside of a transaction.
    Read,
    /// Anything.
    Write,
}

/// One connection, outside or inside of a transaction.
///
/// Dropped in a transaction, it rolls back before anyone else can have it.
pub(crate) trait Connection: Send {
    /// Runs a statement that gives no rows.
    fn execute<'a>(&'a mut self, statement: &'a Statement) -> BoxFuture<'a, Result<Affected>>;

    /// Runs a statement that gives rows with columns of these types, and no others.
    fn query<'a>(
        &'a mut self,
        statement: &'a Statement,
        columns: &'a [DataType],
    ) -> BoxFuture<'a, Result<Vec<Row>>> {
        self.read(statement, columns, Reading::Exact)
    }

    /// Runs a statement that gives rows with columns of these types.
    fn read<'a>(
        &'a mut self,
        statement: &'a Statement,
        columns: &'a [DataType],
        reading: Reading,
    ) -> BoxFuture<'a, Result<Vec<Row>>>;

    /// Runs a statement and sends its rows, some at a time, as fast as they are taken; ends early when nobody takes them.
    /// Gives how many it sent.
    fn stream<'a>(
        &'a mut self,
        statement: &'a Statement,
        columns: &'a [DataType],
        reading: Reading,
        rows: mpsc::Sender<Result<Vec<Row>>>,
    ) -> BoxFuture<'a, Result<u64>>;

    /// Streams rows to where the statement takes them.
    fn load<'a>(&'a mut self, load: &'a Load, _rows: &'a mut dyn Chunks) -> BoxFuture<'a, Result<()>> {
        Box::pin(std::future::ready(Err(cannot(load))))
    }

    /// Runs one statement, prepared once, for each row of a batch.
    fn write_rows<'a>(
        &'a mut self,
        write: &'a Arc<EachRow>,
        _rows: &'a mut dyn Chunks,
    ) -> BoxFuture<'a, Result<RowsWritten>> {
        Box::pin(std::future::ready(Err(cannot(write))))
    }

    /// Runs one statement with each of these rows of stored values, at once, and gives the number of rows that they matched.
    fn execute_bulk<'a>(
        &'a mut self,
        statement: &'a RowStatement,
        _rows: Vec<Vec<Value>>,
    ) -> BoxFuture<'a, Result<u64>> {
        Box::pin(std::future::ready(Err(cannot(statement))))
    }

    /// Runs SQL that has no parameters and gives no rows: `BEGIN`, a savepoint, `CREATE TABLE`.
    fn script<'a>(&'a mut self, sql: &'a str) -> BoxFuture<'a, Result<()>>;

    /// Runs the caller's own statement, whose parameters and columns have no declared types: the rows that it changed, and
    /// the rows that it gave, with each value as the driver has it.
    fn raw<'a>(&'a mut self, sql: &'a str, params: &'a [Value]) -> BoxFuture<'a, Result<(u64, Vec<Row>)>>;

    /// Checks what the commit would check, on a database that has [no SQL](Dialect::check_deferred) for it.
    fn check_deferred(&mut self) -> BoxFuture<'_, Result<()>> {
        Box::pin(std::future::ready(Ok(())))
    }

    /// The SQL that begins one of our own transactions.
    fn begin_sql(&self) -> &'static str;

    /// What has become of the transaction.
    fn state(&mut self) -> &mut TransactionState;
}

/// The error for a step that a database's strategies do not use.
fn cannot(step: impl std::fmt::Debug) -> Error {
    Error::new(ErrorKind::NotSupported, format!("This database has no such step: {step:?}"))
}

/// The database that a URL names: the one list of those that there are.
pub(crate) async fn connect(url: &DatabaseUrl) -> Result<Box<dyn Backend>> {
    match url.scheme.as_str() {
        #[cfg(feature = "sqlite")]
        "sqlite" => sqlite::connect(url).await,
        #[cfg(feature = "postgres")]
        "postgres" | "postgresql" => postgres::connect(url).await,
        #[cfg(feature = "mysql")]
        "mysql" | "mariadb" => mysql::connect(url).await,
        #[cfg(not(feature = "sqlite"))]
        "sqlite" => Err(switched_off("SQLite", "sqlite")),
        #[cfg(not(feature = "postgres"))]
        "postgres" | "postgresql" => Err(switched_off("PostgreSQL", "postgres")),
        #[cfg(not(feature = "mysql"))]
        "mysql" | "mariadb" => Err(switched_off("MySQL and MariaDB", "mysql")),
        other => Err(Error::new(
            ErrorKind::Configuration,
            format!(
                "Unknown database '{other}:'. A database's URL begins with sqlite:, postgres:, postgresql:, mysql: or mariadb:"
            ),
        )),
    }
}

#[allow(dead_code)] // with every feature on there is nothing to say
fn switched_off(database: &str, feature: &str) -> Error {
    Error::new(
        ErrorKind::Configuration,
        format!(
            "This program was built without {database}. Switch it on in Cargo.toml: \
             enmasse = {{ version = \"…\", features = [\"{feature}\"] }}"
        ),
    )
}

/// The most connections that a URL says.
pub(crate) fn pool_size(url: &mut DatabaseUrl, otherwise: usize) -> Result<usize> {
    match url.take_parsed("pool_size", "a number from 1")? {
        Some(0) => Err(configuration("The URL's parameter 'pool_size' must be a number from 1, not '0'")),
        size => Ok(size.unwrap_or(otherwise)),
    }
}

/// The error after waiting this long for one of at most N connections.
#[cfg(any(feature = "mysql", feature = "postgres"))]
pub(crate) fn pool_is_used_up(size: usize, waited: Duration) -> Error {
    let all = if size == 1 {
        "The pool's one connection has"
    } else {
        &format!("All {size} connections of the pool have")
    };
    Error::new(
        ErrorKind::Connection,
        format!(
            "{all} been in use for {waited:?}, by transactions or by statements. Inside a transaction, use its handle and not the \
             database's own. More connections are had with pool_size, a longer wait with acquire_timeout."
        ),
    )
}

/// The error for a wait of this length for a server that does not answer.
#[cfg(any(feature = "mysql", feature = "postgres"))]
pub(crate) fn no_answer(waited: Duration) -> Error {
    Error::new(ErrorKind::Connection, format!("The server has given no new connection for {waited:?}."))
}
