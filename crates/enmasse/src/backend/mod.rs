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

/// Maximum number of connections in a server's pool: `?pool_size=`.
#[cfg(any(feature = "mysql", feature = "postgres"))]
pub(crate) const POOL_SIZE: usize = 10;

/// Maximum wait for a connection if all are in use: `?acquire_timeout=`.
pub(crate) const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(30);

/// A database that provides connections.
pub(crate) trait Backend: Send + Sync {
    /// The server and its capabilities, as detected when connecting.
    fn dialect(&self) -> Arc<dyn Dialect>;

    /// An exclusive connection, until it is dropped. If all are in use, waits up to `limit`, or up to the
    /// database's own limit.
    fn connect(&self, access: Access, limit: Option<Duration>) -> BoxFuture<'_, Result<Box<dyn Connection>>>;

    /// Whether all statements share one connection, so that its holder blocks all others.
    fn has_one_connection(&self) -> bool {
        false
    }

    /// Closes idle connections, and refuses new ones.
    fn close(&self) -> BoxFuture<'_, ()>;
}

/// The purpose of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// A single statement that only reads, outside of a transaction.
    Read,
    /// Any use.
    Write,
}

/// One connection, outside or inside a transaction.
///
/// Dropped in a transaction, it rolls back before another user gets it.
pub(crate) trait Connection: Send {
    /// Runs a statement that returns no rows.
    fn execute<'a>(&'a mut self, statement: &'a Statement) -> BoxFuture<'a, Result<Affected>>;

    /// Runs a statement that returns rows with exactly these column types.
    fn query<'a>(
        &'a mut self,
        statement: &'a Statement,
        columns: &'a [DataType],
    ) -> BoxFuture<'a, Result<Vec<Row>>> {
        self.read(statement, columns, Reading::Exact)
    }

    /// Runs a statement that returns rows with these column types.
    fn read<'a>(
        &'a mut self,
        statement: &'a Statement,
        columns: &'a [DataType],
        reading: Reading,
    ) -> BoxFuture<'a, Result<Vec<Row>>>;

    /// Runs a statement and sends its rows in portions, as fast as they are received; ends early without a
    /// receiver. Returns the number of rows sent.
    fn stream<'a>(
        &'a mut self,
        statement: &'a Statement,
        columns: &'a [DataType],
        reading: Reading,
        rows: mpsc::Sender<Result<Vec<Row>>>,
    ) -> BoxFuture<'a, Result<u64>>;

    /// Streams rows to a statement that loads them.
    fn load<'a>(&'a mut self, load: &'a Load, _rows: &'a mut dyn Chunks) -> BoxFuture<'a, Result<()>> {
        Box::pin(std::future::ready(Err(cannot(load))))
    }

    /// Prepares one statement, and runs it for each row of a batch.
    fn write_rows<'a>(
        &'a mut self,
        write: &'a Arc<EachRow>,
        _rows: &'a mut dyn Chunks,
    ) -> BoxFuture<'a, Result<RowsWritten>> {
        Box::pin(std::future::ready(Err(cannot(write))))
    }

    /// Runs one statement with all of these rows of stored values at once, and returns the number of matched
    /// rows.
    fn execute_bulk<'a>(
        &'a mut self,
        statement: &'a RowStatement,
        _rows: Vec<Vec<Value>>,
    ) -> BoxFuture<'a, Result<u64>> {
        Box::pin(std::future::ready(Err(cannot(statement))))
    }

    /// Runs SQL without parameters and without rows: `BEGIN`, a savepoint, `CREATE TABLE`.
    fn script<'a>(&'a mut self, sql: &'a str) -> BoxFuture<'a, Result<()>>;

    /// Runs a raw statement without declared types of parameters and columns. Returns the number of changed
    /// rows, and the returned rows with the driver's values.
    fn raw<'a>(&'a mut self, sql: &'a str, params: &'a [Value]) -> BoxFuture<'a, Result<(u64, Vec<Row>)>>;

    /// Runs the checks of a commit, on a database that has [no SQL](Dialect::check_deferred) for it.
    fn check_deferred(&mut self) -> BoxFuture<'_, Result<()>> {
        Box::pin(std::future::ready(Ok(())))
    }

    /// The SQL that begins our own transactions.
    fn begin_sql(&self) -> &'static str;

    /// The state of the transaction.
    fn state(&mut self) -> &mut TransactionState;
}

/// The error for a step that the database's strategies do not use.
fn cannot(step: impl std::fmt::Debug) -> Error {
    Error::new(ErrorKind::NotSupported, format!("This database has no such step: {step:?}"))
}

/// Connects to the database of a URL; this is the only list of the supported databases.
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

/// The pool size in a URL.
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
             database's own. Set pool_size for more connections, acquire_timeout for a longer wait."
        ),
    )
}

/// The error after waiting this long for a server that does not answer.
#[cfg(any(feature = "mysql", feature = "postgres"))]
pub(crate) fn no_answer(waited: Duration) -> Error {
    Error::new(ErrorKind::Connection, format!("The server has given no new connection for {waited:?}."))
}
