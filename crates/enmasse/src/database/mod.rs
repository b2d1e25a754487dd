//! Connections to a database.

pub(crate) mod handle;
pub(crate) mod nesting;
pub(crate) mod retry;
mod storage;
mod tables;
pub(crate) mod transaction;

use std::any::Any;
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use enmasse_core::dialect::Dialect;
use enmasse_core::error::{Error, ErrorKind, Result};
use enmasse_core::value::Value;
use futures_util::future::BoxFuture;

use crate::backend::url::DatabaseUrl;
use crate::backend::{self, Access, Backend, Connection, Step, Traced, transact, unknown_if_lost};
use crate::database::handle::{Executor, Handle};
use crate::database::retry::{RETRIES, Tries, Turn};
use crate::database::storage::Storage;
use crate::database::transaction::Transaction;

/// A database: PostgreSQL, MySQL, MariaDB or SQLite.
///
/// It is a cheap handle to a pool of connections; clone it freely. Statements run on it commit one by one;
/// see [`transaction`](Database::transaction) to combine several.
///
/// ```
/// # #[cfg(feature = "sqlite")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> enmasse::Result<()> {
/// use enmasse::Database;
///
/// let db = Database::connect("sqlite::memory:").await?;
/// db.execute_raw("CREATE TABLE city (id integer PRIMARY KEY, name text)", []).await?;
/// let inserted = db.execute_raw("INSERT INTO city (name) VALUES (?), (?)", ["Oslo".into(), "Rome".into()]).await?;
/// assert_eq!(inserted, 2);
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "sqlite"))]
/// # fn main() {}
/// ```
#[derive(Clone)]
pub struct Database {
    inner: Arc<Inner>,
    limits: Limits,
}

/// The limits of a handle.
#[derive(Clone, Copy, Debug)]
struct Limits {
    /// Maximum wait for a connection; `None` uses the limit of the database's pool.
    acquire: Option<Duration>,
    /// Maximum number of retries of a transaction after a conflict.
    retries: u32,
}

struct Inner {
    backend: Box<dyn Backend>,
    /// The location, without a password.
    place: String,
    attached: OnceLock<Box<dyn Any + Send + Sync>>,
    storage: Storage,
    turn: Turn,
}

impl Database {
    /// Connects to the database of a URL, and asks the server for its capabilities.
    ///
    /// | URL | database | cargo feature |
    /// | --- | --- | --- |
    /// | `sqlite://app.db`, `sqlite:///var/app.db`, `sqlite::memory:` | SQLite | `sqlite` (default) |
    /// | `postgres://user:password@host:5432/name` | PostgreSQL 13 or newer | `postgres` |
    /// | `mysql://user:password@host:3306/name`, `mariadb://…` | MySQL 8.0, MariaDB 10.5, or newer | `mysql` |
    ///
    /// Special characters in a name or a password are encoded as `%40`. Parameters follow a question mark; an
    /// unknown parameter is an error:
    ///
    /// - All databases: `pool_size`, the maximum number of connections (10; on SQLite of reading connections,
    ///   4); `acquire_timeout`, the maximum wait for a connection if all are in use, in milliseconds (30000;
    ///   see [`with_acquire_timeout`](Database::with_acquire_timeout)); `retries`, the maximum number of
    ///   retries of a transaction after a conflict (25; see [`with_retries`](Database::with_retries)).
    /// - SQLite: `mode` (`ro`, `rw`, or `rwc`, which creates the file: the default), `busy_timeout` in
    ///   milliseconds (5000). A file is switched to [WAL](https://sqlite.org/wal.html), in which one
    ///   connection writes and the others read; `journal_mode=keep` leaves it unchanged. `one_connection`
    ///   (`true`) is for short-lived programs: the writing connection also reads, because each connection
    ///   first reads the whole schema. `foreign_keys` is on. `recursive_triggers` is off, which is SQLite's
    ///   default: rows that a `REPLACE` removes fire no triggers.
    /// - PostgreSQL: `pgbouncer` (`true` behind PgBouncer in transaction mode or a similar pooler, which is
    ///   otherwise detected: statements then have no names, and rows are sent as arrays), and the parameters
    ///   of [libpq](https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS):
    ///   `sslmode` (`disable`, `prefer`: the default, `require`, `verify-ca`, `verify-full`), `sslrootcert`,
    ///   `sslnegotiation`, `host`, `hostaddr`, `port`, `user`, `password`, `dbname`, `application_name`,
    ///   `options`, `connect_timeout`, `tcp_user_timeout`, `keepalives`, `keepalives_idle`,
    ///   `keepalives_interval`, `keepalives_retries`, `target_session_attrs`, `channel_binding`,
    ///   `load_balance_hosts`. Sessions use UTC, as Django's do. `DEFAULT now()` or a trigger therefore also
    ///   writes UTC to a `timestamp` without a time zone.
    /// - MySQL and MariaDB: `ssl-mode` (`DISABLED`: the default, `REQUIRED`, `VERIFY_CA`, `VERIFY_IDENTITY`),
    ///   `ssl-ca`, and the parameters of [`mysql_async`](https://docs.rs/mysql_async): `socket`,
    ///   `tcp_keepalive`, `max_allowed_packet`, `compression` and others. Sessions use UTC, strict mode and
    ///   READ COMMITTED, as Django's do.
    ///
    /// # Errors
    ///
    /// [`Configuration`](crate::ErrorKind::Configuration) if the URL is wrong or its database's feature is
    /// disabled; [`Connection`](crate::ErrorKind::Connection) if the server cannot be reached or refuses the
    /// connection; [`NotSupported`](crate::ErrorKind::NotSupported) if the server is too old. No error shows
    /// the password.
    pub async fn connect(url: &str) -> Result<Database> {
        let mut url = DatabaseUrl::parse(url)?;
        let acquire = url.take_parsed("acquire_timeout", "a number of milliseconds")?;
        let retries = url.take_parsed("retries", "a number")?.unwrap_or(RETRIES);
        let limits = Limits { acquire: acquire.map(Duration::from_millis), retries };
        let backend = backend::connect(&url).await.map_err(|error| match error.kind() {
            ErrorKind::Connection => error.at(&url),
            _ => error,
        })?;
        Ok(Database { limits, ..Database::new(backend, url.to_string()) })
    }

    /// Returns a handle to the same database that waits at most this long for a connection. A wait is needed
    /// if transactions and statements use all connections of the pool. The error is
    /// [`Connection`](crate::ErrorKind::Connection); on SQLite, where one connection writes, it is
    /// [`Conflict`](crate::ErrorKind::Conflict).
    ///
    /// A task that uses the database's own handle inside a transaction needs a second connection. If enough
    /// tasks hold their first connection, none gets a second.
    ///
    /// ```
    /// # #[cfg(feature = "sqlite")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> enmasse::Result<()> {
    /// use std::time::Duration;
    ///
    /// use enmasse::Database;
    ///
    /// let db = Database::connect("sqlite::memory:").await?.with_acquire_timeout(Duration::from_millis(10));
    /// let error = db.transaction(async |_| db.execute_raw("SELECT 1", []).await).await.unwrap_err();
    /// assert!(error.to_string().contains("Inside a transaction, use its handle"));
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    #[must_use]
    pub fn with_acquire_timeout(mut self, limit: Duration) -> Database {
        self.limits.acquire = Some(limit);
        self
    }

    /// Returns a handle to the same database that retries its own transactions at most `retries` times after
    /// a deadlock, a serialisation failure or a lock timeout. The default is 25, with random delays that grow
    /// up to a second.
    #[must_use]
    pub fn with_retries(mut self, retries: u32) -> Database {
        self.limits.retries = retries;
        self
    }

    /// Uses the caller's SQLite connection, with its settings unchanged.
    ///
    /// All statements share it. SQL functions that Enmasse needs are added to it.
    ///
    /// # Errors
    ///
    /// [`NotSupported`](crate::ErrorKind::NotSupported) if the SQLite library is older than 3.35.
    #[cfg(feature = "sqlite")]
    pub async fn from_sqlite_connection(connection: rusqlite::Connection) -> Result<Database> {
        let backend = backend::sqlite::adopt(connection).await?;
        Ok(Database::new(backend, "a SQLite connection".to_owned()))
    }

    /// Uses the caller's pool, with its settings unchanged.
    ///
    /// A pooler in transaction mode behind the pool is detected only when a prepared statement no longer
    /// exists, or another has its name. Use [`connect`](Database::connect) with such a pooler.
    ///
    /// # Errors
    ///
    /// [`Connection`](crate::ErrorKind::Connection) if the pool gives no connection;
    /// [`Configuration`](crate::ErrorKind::Configuration) if its sessions do not use UTF-8 or have
    /// `standard_conforming_strings` off; [`NotSupported`](crate::ErrorKind::NotSupported) if the server is
    /// older than PostgreSQL 13.
    #[cfg(feature = "postgres")]
    pub async fn from_postgres_pool(pool: deadpool_postgres::Pool) -> Result<Database> {
        let backend = backend::postgres::adopt(pool).await?;
        Ok(Database::new(backend, "a pool of PostgreSQL connections".to_owned()))
    }

    /// Uses the caller's pool, with its settings unchanged.
    ///
    /// The pool must be created with `client_found_rows`, so that an `UPDATE` counts rows that it matches
    /// without changing them. Its sessions must use UTC (`SET time_zone = '+00:00'`), `utf8mb4` and strict
    /// mode (`STRICT_ALL_TABLES` in `sql_mode`). They should store a key of 0 as it is
    /// (`NO_AUTO_VALUE_ON_ZERO`), as those of [`connect`](Database::connect) do.
    ///
    /// # Errors
    ///
    /// [`Configuration`](crate::ErrorKind::Configuration) if the pool lacks `client_found_rows` or
    /// `autocommit`, or if its sessions would store values other than those given;
    /// [`Connection`](crate::ErrorKind::Connection) if it gives no connection;
    /// [`NotSupported`](crate::ErrorKind::NotSupported) if the server is older than MariaDB 10.5 or MySQL
    /// 8.0.
    #[cfg(feature = "mysql")]
    pub async fn from_mysql_pool(pool: mysql_async::Pool) -> Result<Database> {
        let backend = backend::mysql::adopt(pool).await?;
        Ok(Database::new(backend, "a pool of MySQL connections".to_owned()))
    }

    fn new(backend: Box<dyn Backend>, place: String) -> Database {
        let limits = Limits { acquire: None, retries: RETRIES };
        let (storage, turn) = (Storage::default(), Turn::default());
        Database {
            inner: Arc::new(Inner { backend, place, attached: OnceLock::new(), storage, turn }),
            limits,
        }
    }

    /// Runs work in a transaction. It commits if the work returns `Ok`. It rolls back if the work returns
    /// `Err` or panics, or if the future is dropped. A future that is dropped during the commit may have
    /// committed; await it if the outcome matters.
    ///
    /// After a deadlock, a serialisation failure or a lock timeout, the work runs again in a new transaction,
    /// at most 25 times (see [`with_retries`](Database::with_retries)). Other side effects of the work must
    /// therefore be repeatable. On MySQL and MariaDB the transaction uses READ COMMITTED, as in Django. On
    /// SQLite it starts as a writing transaction (`BEGIN IMMEDIATE`).
    ///
    /// ```
    /// # #[cfg(feature = "sqlite")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> enmasse::Result<()> {
    /// # let db = enmasse::Database::connect("sqlite::memory:").await?;
    /// # db.execute_raw("CREATE TABLE account (id integer PRIMARY KEY, balance integer)", []).await?;
    /// db.transaction(async |tx| {
    ///     tx.execute_raw("UPDATE account SET balance = balance - 5 WHERE id = ?", [1.into()]).await?;
    ///     tx.execute_raw("UPDATE account SET balance = balance + 5 WHERE id = ?", [2.into()]).await?;
    ///     Ok(())
    /// })
    /// .await?;
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    ///
    /// # Errors
    ///
    /// The work's own error, or that of `BEGIN` or `COMMIT`:
    /// [`CommitUnknown`](crate::ErrorKind::CommitUnknown) if the connection was lost during the commit. If a
    /// statement failed in a way that ends the transaction and the work still returns `Ok`, nothing is
    /// committed and the statement's error is returned.
    pub async fn transaction<T, F, Fut>(&self, work: F) -> Result<T>
    where
        F: Fn(Transaction) -> Fut,
        Fut: Future<Output = Result<T>>,
    {
        self.transaction_with(work).await
    }

    /// [`transaction`](Database::transaction) for work with its own error type.
    ///
    /// The work runs again if its last statement failed with a conflict.
    ///
    /// # Errors
    ///
    /// As [`transaction`](Database::transaction).
    pub async fn transaction_with<T, E, F, Fut>(&self, work: F) -> Result<T, E>
    where
        E: From<Error>,
        F: Fn(Transaction) -> Fut,
        Fut: Future<Output = Result<T, E>>,
    {
        transaction::outermost(self, work).await
    }

    /// Runs one raw SQL statement, and returns the number of rows that it matched.
    ///
    /// The placeholders are the database's own: `$1` on PostgreSQL, `?` on the others. Each value is stored
    /// by its own type.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn execute_raw(&self, sql: &str, params: impl IntoIterator<Item = Value>) -> Result<u64> {
        Ok(self.executor().raw(sql, params).await?.0)
    }

    /// Runs one raw SQL statement, and returns its rows.
    ///
    /// The placeholders are the database's own: `$1` on PostgreSQL, `?` on the others. Each value is returned
    /// as the database's driver gives it: a date of SQLite, for example, is text.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn query_raw(
        &self,
        sql: &str,
        params: impl IntoIterator<Item = Value>,
    ) -> Result<Vec<Vec<Value>>> {
        Ok(self.executor().raw(sql, params).await?.1)
    }

    /// The database's name and version: `PostgreSQL 15.18`.
    pub fn name(&self) -> String {
        self.dialect().name()
    }

    /// A value that a layer above attaches to the database: one value, of one type, created on first use.
    pub(crate) fn attached<T: Default + Send + Sync + 'static>(&self) -> &T {
        let attached = self.inner.attached.get_or_init(|| Box::new(T::default()));
        attached.downcast_ref().expect("values of one type are attached")
    }

    /// Waits for running statements, and closes the connections. Every later statement is an error.
    ///
    /// Without this call, connections close when the last handle is dropped.
    pub async fn close(&self) {
        self.inner.backend.close().await;
    }

    pub(crate) fn dialect(&self) -> Arc<dyn Dialect> {
        self.backend().dialect()
    }

    pub(crate) fn storage(&self) -> &Storage {
        &self.inner.storage
    }

    pub(crate) fn backend(&self) -> &dyn Backend {
        &*self.inner.backend
    }

    /// A connection for any statement.
    pub(crate) async fn connection(&self) -> Result<Traced> {
        self.backend().connect(Access::Write, self.limits.acquire).await.map(Traced)
    }

    /// A connection for one statement.
    pub(crate) async fn connection_for(&self, sql: &str) -> Result<Traced> {
        let access = if reads(sql) { Access::Read } else { Access::Write };
        self.backend().connect(access, self.limits.acquire).await.map(Traced)
    }

    /// Runs one statement and retries it after a conflict: outside of a transaction, a failed statement has
    /// no effect.
    pub(crate) async fn retried<'env, T, F>(&self, run: F, sql: &str) -> Result<T>
    where
        F: for<'c> Fn(&'c mut (dyn Connection + 'env)) -> BoxFuture<'c, Result<T>>,
    {
        let mut tries = self.tries();
        loop {
            let mut connection = self.connection_for(sql).await?;
            let result = run(&mut connection).await;
            drop(connection);
            match result {
                Err(error) if error.is_retryable() && tries.another().await => continue,
                Err(error) if !reads(sql) => return Err(unknown_if_lost(error)),
                result => return result,
            }
        }
    }

    /// The retries of a transaction.
    pub(crate) fn tries(&self) -> Tries {
        Tries::new(self.limits.retries, self.inner.turn.clone())
    }

    /// Runs work in its own transaction, with retries after conflicts.
    pub(crate) async fn atomic<'env, T, F>(&self, work: &F) -> Result<T>
    where
        F: for<'c> Fn(&'c mut (dyn Connection + 'env)) -> BoxFuture<'c, Result<T>> + Send + Sync,
        T: Send,
    {
        let mut tries = self.tries();
        loop {
            match self.atomic_on(self.connection().await?, work).await {
                Err(error) if error.is_retryable() && tries.another().await => continue,
                result => return result,
            }
        }
    }

    /// Runs work in its own transaction, once.
    pub(crate) async fn atomic_once<'env, T, F>(&self, work: &F) -> Result<T>
    where
        F: for<'c> Fn(&'c mut (dyn Connection + 'env)) -> BoxFuture<'c, Result<T>> + Send + Sync,
        T: Send,
    {
        self.atomic_on(self.connection().await?, work).await
    }

    async fn atomic_on<'env, T, F>(&self, mut connection: Traced, work: &F) -> Result<T>
    where
        F: for<'c> Fn(&'c mut (dyn Connection + 'env)) -> BoxFuture<'c, Result<T>> + Send + Sync,
        T: Send,
    {
        // If it is dropped before the commit, the connection rolls back.
        transact(&mut connection, Step::Begin).await?;
        let result = work(&mut connection).await;
        match &result {
            Ok(_) => transact(&mut connection, Step::Commit).await?,
            Err(_) => _ = transact(&mut connection, Step::Rollback).await,
        }
        result
    }
}

/// Whether a statement only reads.
fn reads(sql: &str) -> bool {
    sql.trim_start().get(..6).is_some_and(|word| word.eq_ignore_ascii_case("select"))
}

/// Shows the location and the kind of database, never a password.
impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Database({}, {})", self.inner.place, self.name())
    }
}

impl From<&Database> for Executor {
    fn from(database: &Database) -> Executor {
        database.executor()
    }
}
