//! A database to work on.

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
/// It is a cheap handle to a pool of connections; clone it freely. Statements that are run on it commit one by one; see
/// [`transaction`](Database::transaction) to put several into one.
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

/// What a handle bears.
#[derive(Clone, Copy, Debug)]
struct Limits {
    /// How long a connection is waited for; where it is not said, as long as the database's pool does.
    acquire: Option<Duration>,
    /// How often a transaction is tried again after a conflict.
    retries: u32,
}

struct Inner {
    backend: Box<dyn Backend>,
    /// Where it is, without a password.
    place: String,
    attached: OnceLock<Box<dyn Any + Send + Sync>>,
    storage: Storage,
    turn: Turn,
}

impl Database {
    /// Connects to the database of a URL, and asks the server what it can do.
    ///
    /// | URL | database | cargo feature |
    /// | --- | --- | --- |
    /// | `sqlite://app.db`, `sqlite:///var/app.db`, `sqlite::memory:` | SQLite | `sqlite` (default) |
    /// | `postgres://user:password@host:5432/name` | PostgreSQL 13 or newer | `postgres` |
    /// | `mysql://user:password@host:3306/name`, `mariadb://…` | MySQL 8.0, MariaDB 10.5, or newer | `mysql` |
    ///
    /// Characters that mean something in a URL are written as `%40` in a name or a password. Parameters come after a
    /// question mark; an unknown one is an error:
    ///
    /// - all: `pool_size`, the most connections (10; for SQLite those that read, 4); `acquire_timeout`, how long one of them is waited for
    ///   where all are in use (30000, in milliseconds; see [`with_acquire_timeout`](Database::with_acquire_timeout)); `retries`, how often
    ///   a transaction is tried again after a conflict (25; see [`with_retries`](Database::with_retries)).
    /// - SQLite: `mode` (`ro`, `rw`, or `rwc`, which makes the file: the default), `busy_timeout` (5000, in milliseconds). A file
    ///   is switched to [WAL](https://sqlite.org/wal.html), where one connection writes and the others read; with `journal_mode=keep` it stays
    ///   as it is. `one_connection` (`true`) is for programs that end soon: the one that writes also reads, for each connection reads the whole
    ///   schema first. `foreign_keys` is on; `recursive_triggers` is off, as SQLite has it: the rows that a `REPLACE` removes have no triggers run.
    /// - PostgreSQL: `pgbouncer` (`true` behind PgBouncer in transaction mode or another pooler of the kind, which is else found by itself: statements then
    ///   have no names, and rows travel as arrays), and those of [libpq](https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS):
    ///   `sslmode` (`disable`, `prefer`: the default, `require`, `verify-ca`, `verify-full`), `sslrootcert`, `sslnegotiation`, `host`, `hostaddr`,
    ///   `port`, `user`, `password`, `dbname`, `application_name`, `options`, `connect_timeout`, `tcp_user_timeout`, `keepalives`,
    ///   `keepalives_idle`, `keepalives_interval`, `keepalives_retries`, `target_session_attrs`, `channel_binding`,
    ///   `load_balance_hosts`. Sessions are in UTC, as Django's are: what `DEFAULT now()` or a trigger writes to a `timestamp` without a time
    ///   zone is then in UTC as well.
    /// - MySQL and MariaDB: `ssl-mode` (`DISABLED`: the default, `REQUIRED`, `VERIFY_CA`, `VERIFY_IDENTITY`), `ssl-ca`, and those of
    ///   [`mysql_async`](https://docs.rs/mysql_async): `socket`, `tcp_keepalive`, `max_allowed_packet`, `compression` and others. Sessions
    ///   are in UTC, strict and at READ COMMITTED, as Django's are.
    ///
    /// # Errors
    ///
    /// [`Configuration`](crate::ErrorKind::Configuration) where the URL is wrong or its database is not switched on;
    /// [`Connection`](crate::ErrorKind::Connection) where the server cannot be reached or refuses;
    /// [`NotSupported`](crate::ErrorKind::NotSupported) where the server is too old. No error shows the password.
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

    /// The same database through a handle that waits so long for a connection where all of the pool are in use, by transactions and by
    /// statements; then the error is [`Connection`](crate::ErrorKind::Connection), on SQLite, where one connection writes,
    /// [`Conflict`](crate::ErrorKind::Conflict).
    ///
    /// Tasks that use the database's own handle inside of a transaction each want a second connection: where enough of them have their first, none
    /// gets it.
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
    /// assert!(error.to_string().contains("Inside of a transaction, use its handle"));
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

    /// The same database through a handle that tries its own transactions again, at most `retries` times, after a deadlock, a serialisation
    /// failure or a lock that could not be had: 25 by default, with random waits between them that grow up to a second.
    #[must_use]
    pub fn with_retries(mut self, retries: u32) -> Database {
        self.limits.retries = retries;
        self
    }

    /// A database through a SQLite connection that the caller has, with all its settings as they are.
    ///
    /// All statements share it. SQL functions that Enmasse needs are added to it.
    ///
    /// # Errors
    ///
    /// [`NotSupported`](crate::ErrorKind::NotSupported) where the SQLite library is older than 3.35.
    #[cfg(feature = "sqlite")]
    pub async fn from_sqlite_connection(connection: rusqlite::Connection) -> Result<Database> {
        let backend = backend::sqlite::adopt(connection).await?;
        Ok(Database::new(backend, "a SQLite connection".to_owned()))
    }

    /// A database through a pool that the caller has, with all its settings as they are.
    ///
    /// Whether the pool goes through a pooler in transaction mode is found only when a prepared statement is not there any more, or another
    /// has its name: there, use [`connect`](Database::connect).
    ///
    /// # Errors
    ///
    /// [`Connection`](crate::ErrorKind::Connection) where the pool gives no connection; [`Configuration`](crate::ErrorKind::Configuration) where its
    /// sessions are not in UTF-8 or have `standard_conforming_strings` switched off;
    /// [`NotSupported`](crate::ErrorKind::NotSupported) where the server is older than PostgreSQL 13.
    #[cfg(feature = "postgres")]
    pub async fn from_postgres_pool(pool: deadpool_postgres::Pool) -> Result<Database> {
        let backend = backend::postgres::adopt(pool).await?;
        Ok(Database::new(backend, "a pool of PostgreSQL connections".to_owned()))
    }

    /// A database through a pool that the caller has, with all its settings as they are.
    ///
    /// The pool must be made with `client_found_rows`, so that rows are counted that an `UPDATE` matched without changing them. Sessions
    /// must be in UTC (`SET time_zone = '+00:00'`), in `utf8mb4` and strict (`STRICT_ALL_TABLES` in `sql_mode`), and should not take a key of 0 for none
    /// (`NO_AUTO_VALUE_ON_ZERO`), as those of [`connect`](Database::connect) are.
    ///
    /// # Errors
    ///
    /// [`Configuration`](crate::ErrorKind::Configuration) where the pool is without `client_found_rows` or without
    /// `autocommit`, or its sessions would store other values than those given; [`Connection`](crate::ErrorKind::Connection) where it gives no connection;
    /// [`NotSupported`](crate::ErrorKind::NotSupported) where the server is older than MariaDB 10.5 or MySQL 8.0.
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

    /// Runs work in a transaction: commits when it gives `Ok`, and rolls back when it gives `Err`, when it panics, and when
    /// the future is dropped half-way. Dropped while the commit is on its way, it may have committed: whoever must know waits for it.
    ///
    /// After a deadlock, a serialisation failure or a lock that could not be had in time the work is run again, with
    /// a new transaction, 25 times at most (see [`with_retries`](Database::with_retries)): what it does besides must bear that. On MySQL and MariaDB the transaction is at READ COMMITTED,
    /// as in Django; on SQLite it begins at once as one that writes (`BEGIN IMMEDIATE`).
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
    /// The work's own error, or that of `BEGIN` or `COMMIT`: [`CommitUnknown`](crate::ErrorKind::CommitUnknown) where the connection was lost
    /// just then. Where a statement failed in a way that ends the transaction and the work gives
    /// `Ok` nevertheless, nothing is committed and the statement's error is given.
    pub async fn transaction<T, F, Fut>(&self, work: F) -> Result<T>
    where
        F: Fn(Transaction) -> Fut,
        Fut: Future<Output = Result<T>>,
    {
        self.transaction_with(work).await
    }

    /// [`transaction`](Database::transaction) for work that has an error type of its own.
    ///
    /// The work is run again when the last statement that it ran failed with a conflict.
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

    /// Runs one statement of the caller's own SQL, and gives the number of rows that it matched.
    ///
    /// The placeholders are the database's own: `$1` on PostgreSQL, `?` elsewhere. Each value is stored as its own type says.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn execute_raw(&self, sql: &str, params: impl IntoIterator<Item = Value>) -> Result<u64> {
        Ok(self.executor().raw(sql, params).await?.0)
    }

    /// Runs one statement of the caller's own SQL, and gives its rows.
    ///
    /// The placeholders are the database's own: `$1` on PostgreSQL, `?` elsewhere. Each value comes as the database's driver gives it: a
    /// date of SQLite, for example, is text.
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

    /// What a layer above keeps with the database, which knows nothing of it: one value, of one type, made when it is first asked for.
    pub(crate) fn attached<T: Default + Send + Sync + 'static>(&self) -> &T {
        let attached = self.inner.attached.get_or_init(|| Box::new(T::default()));
        attached.downcast_ref().expect("values of one type are attached")
    }

    /// Waits for the statements that are running, and closes the connections. Every later statement is an error.
    ///
    /// Without this, connections close when the last handle is dropped.
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

    /// A connection for anything.
    pub(crate) async fn connection(&self) -> Result<Traced> {
        self.backend().connect(Access::Write, self.limits.acquire).await.map(Traced)
    }

    /// A connection for one statement.
    pub(crate) async fn connection_for(&self, sql: &str) -> Result<Traced> {
        let access = if reads(sql) { Access::Read } else { Access::Write };
        self.backend().connect(access, self.limits.acquire).await.map(Traced)
    }

    /// Runs one statement, again after a conflict: outside of a transaction, one that has failed has done nothing.
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

    /// The tries that a transaction has.
    pub(crate) fn tries(&self) -> Tries {
        Tries::new(self.limits.retries, self.inner.turn.clone())
    }

    /// Runs work in a transaction of its own, again after a conflict.
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

    /// Runs work in a transaction of its own.
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
        // dropped before the commit, the connection rolls back
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

/// Where it is and what it is; never a password.
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
