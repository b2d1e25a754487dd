//! SQLite: one thread writes; a file in WAL mode also has several reading threads.

mod connection;
mod convert;
mod deferred;
mod functions;
mod rows;
mod thread;

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use enmasse_core::dialect::{Dialect, Sqlite};
use enmasse_core::error::{Error, ErrorKind, Result};
use futures_util::future::BoxFuture;
use rusqlite::{Connection as Handle, OpenFlags};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use self::connection::SqliteConnection;
use self::convert::error;
use self::functions::add_functions;
use self::thread::Thread;
use super::{ACQUIRE_TIMEOUT, Access, Backend, Connection, pool_size};
use crate::backend::url::{DatabaseUrl, configuration, decode};

/// Maximum wait for a lock of another connection or program: `?busy_timeout=` in milliseconds.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Maximum KB of pages in the writer's memory. With SQLite's own 2,000, unordered writes evict each other's
/// pages.
const PAGES: i64 = 16_384;

/// The number of reading connections, in addition to the writing one: `?pool_size=`.
const READERS: usize = 4;

/// Prepared statements kept per connection.
const STATEMENTS: usize = 128;

/// The oldest supported SQLite: the first with `RETURNING`.
const OLDEST: (u32, u32) = (3, 35);

/// Further settings of our connections: constraints are checked. Recursive triggers stay off, which is
/// SQLite's default and what triggers are written for; rows that REPLACE removes then fire no triggers.
const SETTINGS: [(&str, bool); 2] = [("ignore_check_constraints", false), ("defer_foreign_keys", false)];

struct Backed {
    dialect: Arc<Sqlite>,
    busy_timeout: Duration,
    acquire_timeout: Duration,
    writer: Threads,
    readers: Option<Threads>,
}

/// Threads on loan, each to one borrower at a time.
struct Threads {
    file: Option<PathBuf>,
    idle: Arc<Mutex<Vec<Thread>>>,
    free: Arc<Semaphore>,
    size: u32,
}

/// The database of a `sqlite:` URL.
pub(crate) async fn connect(url: &DatabaseUrl) -> Result<Box<dyn Backend>> {
    let mut url = url.clone();
    let path = decode(url.after_slashes())?;
    let in_memory = path == ":memory:";
    if path.is_empty() {
        return Err(configuration("The URL names no file: write sqlite://app.db, or sqlite::memory:"));
    }
    let mode = url.take("mode").unwrap_or_else(|| "rwc".to_owned());
    let access = match mode.as_str() {
        "ro" => OpenFlags::SQLITE_OPEN_READ_ONLY,
        "rw" => OpenFlags::SQLITE_OPEN_READ_WRITE,
        "rwc" => OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE,
        other => {
            return Err(configuration(format!(
                "The URL's parameter 'mode' must be ro, rw or rwc, not '{other}'"
            )));
        }
    };
    let busy_timeout = url.take_parsed("busy_timeout", "a number of milliseconds")?;
    let busy_timeout = busy_timeout.map(Duration::from_millis);
    let acquire_timeout = busy_timeout.unwrap_or(ACQUIRE_TIMEOUT);
    let busy_timeout = busy_timeout.unwrap_or(BUSY_TIMEOUT);
    let readers = pool_size(&mut url, READERS)?;
    let one_connection = url.take_parsed("one_connection", "true or false")?.unwrap_or(false);
    let keeps_journal = match url.take("journal_mode").as_deref() {
        None | Some("wal") => false,
        Some("keep") => true,
        Some(other) => {
            return Err(configuration(format!(
                "The URL's parameter 'journal_mode' must be wal or keep, not '{other}'"
            )));
        }
    };
    url.refuse_rest(&[
        "acquire_timeout",
        "busy_timeout",
        "journal_mode",
        "mode",
        "one_connection",
        "pool_size",
        "retries",
    ])?;

    let flags = access | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let file = PathBuf::from(&path);
    let writer = Thread::start({
        let file = file.clone();
        move || {
            let handle = if in_memory {
                Handle::open_in_memory_with_flags(flags)
            } else {
                Handle::open_with_flags(&file, flags)
            };
            let handle = handle.map_err(error)?;
            set_up(&handle, busy_timeout)?;
            handle.pragma_update(None, "cache_size", -PAGES).map_err(error)?;
            Ok(handle)
        }
    })
    .await?;
    let sets_journal = mode != "ro" && !keeps_journal;
    let (dialect, is_wal) = writer
        .run(move |handle, _| {
            let mode = if sets_journal {
                handle.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get::<_, String>(0))
            } else {
                handle.pragma_query_value(None, "journal_mode", |row| row.get(0))
            };
            Ok((capabilities(handle)?, mode.map_err(error)?.eq_ignore_ascii_case("wal")))
        })
        .await?;
    Ok(Box::new(Backed {
        dialect: Arc::new(dialect),
        busy_timeout,
        acquire_timeout,
        writer: Threads::new(None, vec![writer], 1),
        // Without WAL, a reader would lock the writer out.
        readers: (is_wal && !one_connection).then(|| Threads::new(Some(file), Vec::new(), readers)),
    }))
}

/// Uses the caller's connection.
pub(crate) async fn adopt(handle: Handle) -> Result<Box<dyn Backend>> {
    // The caller's settings are unchanged.
    let thread = Thread::start(move || {
        if !handle.is_autocommit() {
            return Err(configuration("The SQLite connection is in a transaction: end that first"));
        }
        add_functions(&handle)?;
        handle.set_prepared_statement_cache_capacity(STATEMENTS);
        Ok(handle)
    });
    let thread = thread.await?;
    let dialect = thread.run(|handle, _| capabilities(handle)).await?;
    Ok(Box::new(Backed {
        dialect: Arc::new(dialect),
        busy_timeout: BUSY_TIMEOUT,
        acquire_timeout: ACQUIRE_TIMEOUT,
        writer: Threads::new(None, vec![thread], 1),
        readers: None,
    }))
}

fn set_up(handle: &Handle, busy_timeout: Duration) -> Result<()> {
    handle.set_prepared_statement_cache_capacity(STATEMENTS);
    handle.busy_timeout(busy_timeout).map_err(error)?;
    handle.pragma_update(None, "foreign_keys", true).map_err(error)?;
    // A library built without foreign keys ignores this silently.
    let checks: bool = handle.pragma_query_value(None, "foreign_keys", |row| row.get(0)).unwrap_or_default();
    if !checks {
        return Err(Error::new(
            ErrorKind::NotSupported,
            "This SQLite library was built without foreign keys (SQLITE_OMIT_FOREIGN_KEY): build it with them.",
        ));
    }
    // Independent of the library's build options: CHECK constraints are checked.
    for (pragma, value) in SETTINGS {
        handle.pragma_update(None, pragma, value).map_err(error)?;
    }
    add_functions(handle)
}

/// Reads the library's version and limits.
fn capabilities(handle: &Handle) -> Result<Sqlite> {
    let number = rusqlite::version_number() as u32;
    let version = (number / 1_000_000, number / 1_000 % 1_000);
    if version < OLDEST {
        return Err(Error::new(
            ErrorKind::NotSupported,
            format!(
                "SQLite {}.{} is too old: {}.{} or newer is needed.",
                version.0, version.1, OLDEST.0, OLDEST.1
            ),
        ));
    }
    let mut dialect = Sqlite { version, ..Sqlite::default() };
    let mut options = handle.prepare("PRAGMA compile_options").map_err(error)?;
    let mut rows = options.query([]).map_err(error)?;
    while let Some(row) = rows.next().map_err(error)? {
        let option: String = row.get(0).map_err(error)?;
        if let Some(most) = option.strip_prefix("MAX_VARIABLE_NUMBER=").and_then(|most| most.parse().ok()) {
            dialect.max_params = most;
        }
    }
    Ok(dialect)
}

impl Threads {
    fn new(file: Option<PathBuf>, idle: Vec<Thread>, size: usize) -> Self {
        let size = size.min(1_000);
        Threads {
            file,
            idle: Arc::new(Mutex::new(idle)),
            free: Arc::new(Semaphore::new(size)),
            size: size as u32,
        }
    }

    /// Lends a thread as soon as one is free.
    async fn lend(
        &self,
        dialect: Arc<Sqlite>,
        busy_timeout: Duration,
        limit: Duration,
    ) -> Result<SqliteConnection> {
        let Ok(permit) = timeout(limit, self.free.clone().acquire_owned()).await else {
            return Err(self.used_up(limit));
        };
        let permit =
            permit.map_err(|_| Error::new(ErrorKind::Connection, "The database has been closed."))?;
        let idle = self.idle.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).pop();
        let thread = match (idle, &self.file) {
            (Some(thread), _) => thread,
            (None, Some(file)) => {
                let file = file.clone();
                Thread::start(move || {
                    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
                    let handle = Handle::open_with_flags(file, flags).map_err(error)?;
                    set_up(&handle, busy_timeout)?;
                    Ok(handle)
                })
                .await?
            }
            (None, None) => {
                return Err(Error::new(ErrorKind::Connection, "The SQLite connection has been closed."));
            }
        };
        Ok(SqliteConnection::new(dialect, thread, self.idle.clone(), permit))
    }

    fn used_up(&self, waited: Duration) -> Error {
        let text = match self.file {
            None => format!(
                "SQLite's one connection for writing has been in use for {waited:?}, by a transaction or by \
                 a statement. Inside a transaction, use its handle and not the database's own."
            ),
            Some(_) => format!(
                "All {} connections that read from the SQLite database have been in use for {waited:?}: read streams to \
                 their end, or drop them. Set pool_size for more connections.",
                self.size
            ),
        };
        Error::new(ErrorKind::Conflict, text)
    }

    /// Waits until all threads are returned, and ends them.
    async fn close(&self) {
        let all = self.free.acquire_many(self.size).await;
        self.free.close();
        drop(all);
        let threads = std::mem::take(&mut *self.idle.lock().unwrap_or_else(|poisoned| poisoned.into_inner()));
        for thread in threads {
            thread.close().await;
        }
    }
}

impl Backend for Backed {
    fn dialect(&self) -> Arc<dyn Dialect> {
        self.dialect.clone()
    }

    fn connect(&self, access: Access, limit: Option<Duration>) -> BoxFuture<'_, Result<Box<dyn Connection>>> {
        let threads = match (&self.readers, access) {
            (Some(readers), Access::Read) => readers,
            _ => &self.writer,
        };
        let limit = limit.unwrap_or(self.acquire_timeout);
        Box::pin(async move {
            let connection = threads.lend(self.dialect.clone(), self.busy_timeout, limit).await?;
            Ok(Box::new(connection) as Box<dyn Connection>)
        })
    }

    fn has_one_connection(&self) -> bool {
        self.readers.is_none()
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            if let Some(readers) = &self.readers {
                readers.close().await;
            }
            self.writer.close().await;
        })
    }
}
