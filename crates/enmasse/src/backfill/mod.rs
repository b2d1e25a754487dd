//! Updates in chunks, for tables that are in use: [`Update::in_chunks`].
//!
//! One `UPDATE` of many rows holds their locks until its end, starves replicas and cannot be stopped. Here each range of keys is written in a
//! transaction of its own, and the place that was reached stands in the same transaction, in the table `enmasse_run`: a program that is killed
//! leaves each row written exactly once, or not yet, and goes on there when it is started again.

mod failpoint;
mod runner;
mod runs;
mod settings;

pub use enmasse_core::backfill::{RunRow as Run, State, Wish};
pub use runs::Runs;
pub use settings::Settings;

use std::ops::ControlFlow;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use enmasse_core::backfill::{Chunks, RunTable, Spec};
use enmasse_core::error::{Error, ErrorKind, Result};
use enmasse_core::plan::Assignment;

use crate::Database;
use crate::backfill::settings::Changes;
use crate::database::handle::Executor;
use crate::model::Entity;
use crate::query_set::lazy::Lazy;
use crate::query_set::{QuerySet, Update};

impl<M: Entity> Update<M> {
    /// Does the update in chunks: ranges of keys, each in a transaction of its own. It gives up "all or nothing", and in turn holds few locks for a
    /// short time, can be paused, and goes on after a crash: a run of this name and of the same update that is there already is gone on with
    /// where it stands, and one that is done does nothing more. Each row is written exactly once, also where it is read (`points + 1`): in
    /// a table with rows that neither move to other keys nor come in behind the place that was reached. Rows whose keys are greater than the greatest
    /// at the start are left out.
    ///
    /// [Signals](crate::signals) of the model are sent once a chunk, in its transaction. The table `enmasse_run` is made where it is not there.
    ///
    /// ```
    /// # #[cfg(feature = "sqlite")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> enmasse::Result<()> {
    /// use enmasse::prelude::*;
    ///
    /// #[derive(Model)]
    /// #[model(table = "users")]
    /// struct User {
    ///     #[model(primary_key)]
    ///     id: i64,
    ///     points: i32,
    /// }
    ///
    /// # let db = Database::connect("sqlite::memory:").await?;
    /// # db.create_tables([User::model()?]).await?;
    /// User::objects(&db).bulk_create((1..=500).map(|id| User { id, points: 0 })).await?;
    /// let gift = || User::objects(&db).update(|u| u.points.increment(1)).in_chunks("gift");
    /// let done = gift().await?;
    /// assert_eq!((done.scanned, done.changed), (500, 500));
    /// // it is done, and is not done again
    /// assert_eq!(gift().await?.changed, 500);
    /// assert_eq!(User::objects(&db).filter(|u| u.points.eq(1)).count().await?, 500);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    ///
    /// # Errors
    ///
    /// When awaited: as [`QuerySet::update`]; [`Request`](ErrorKind::Request) inside of a transaction, for a slice, where the key itself is set or has no
    /// order, and where a run of this name does another update. What was written before an error stays, and its place too.
    pub fn in_chunks(self, name: impl Into<String>) -> Backfill<M> {
        let (rows, assignments) = self.into_parts().unzip();
        Backfill(Lazy::new(Request {
            rows: rows.unwrap_or_else(|| {
                QuerySet::new(Err(Error::new(ErrorKind::Request, "This update was sent already.")), None)
            }),
            assignments: assignments.unwrap_or_default(),
            name: name.into(),
            changes: Changes::default(),
            request: None,
            progress: None,
        }))
    }
}

/// An update in chunks that begins when it is awaited; see [`Update::in_chunks`]. Dropped half-way, its present chunk is rolled back.
#[must_use = "an update does nothing until it is awaited"]
pub struct Backfill<M>(Lazy<'static, Request<M>, Backfilled>);

/// What is called with the progress; `Break` ends the run before the next chunk.
type OnProgress = Box<dyn FnMut(&Progress) -> ControlFlow<()> + Send>;

struct Request<M> {
    rows: QuerySet<M>,
    assignments: Vec<Assignment>,
    name: String,
    changes: Changes,
    request: Option<String>,
    progress: Option<OnProgress>,
}

/// How far a run is.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Progress {
    /// Why it waits; none where it goes on.
    pub held: Option<String>,
    /// How many keys were gone through, in all sessions of the run.
    pub scanned: u64,
    /// How many rows matched and were written.
    pub changed: u64,
    /// About how many keys there are.
    pub estimate: Option<u64>,
    /// How many keys the next chunk has.
    pub size: u64,
    /// How long the last chunk of this session took.
    pub elapsed: Duration,
    /// The key that was reached, as JSON.
    pub last_key: Option<String>,
}

impl Progress {
    /// The share that is done, at most 0.99: an estimate may be too low.
    pub fn share(&self) -> Option<f64> {
        let estimate = self.estimate.filter(|&estimate| estimate > 0)?;
        Some((self.scanned as f64 / estimate as f64).min(0.99))
    }
}

/// How a session of a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ended {
    /// All keys were gone through.
    Done,
    /// Before the end, for this reason. The progress is kept.
    Paused(String),
    /// Another program took the run over. What this one had not committed was rolled back.
    FencedOff,
}

/// What a run has done, in all its sessions.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Backfilled {
    /// How this session ended.
    pub ended: Ended,
    /// How many chunks were written.
    pub chunks: u64,
    /// How many keys were gone through.
    pub scanned: u64,
    /// How many rows matched and were written.
    pub changed: u64,
    /// The key that was reached, as JSON.
    pub last_key: Option<String>,
}

impl<M: Entity> Backfill<M> {
    /// How long a chunk should take: half a second by default, on SQLite 20 ms. Its size follows.
    pub fn chunk_time(self, time: Duration) -> Self {
        self.change(|changes| changes.chunk_time = Some(time))
    }

    /// The most keys that are gone through in a second.
    pub fn max_rate(self, keys: f64) -> Self {
        self.change(|changes| changes.max_rate = Some(keys))
    }

    /// The pause after each chunk, as a multiple of the time that the chunk took: 0 by default, on SQLite, which has one writer at a time, 1.
    pub fn nice(self, times: f64) -> Self {
        self.change(|changes| changes.nice = Some(times))
    }

    /// Waits before a chunk while the server is busy with more statements than this, besides our own. A load that cannot be read holds the run.
    pub fn max_load(self, statements: f64) -> Self {
        self.change(|changes| changes.max_load = Some(statements))
    }

    /// Calls this after each chunk, and now and then while the run waits. `Break` ends the run before the next chunk, with its progress kept.
    pub fn on_progress(mut self, call: impl FnMut(&Progress) -> ControlFlow<()> + Send + 'static) -> Self {
        self.0.change(|request| request.progress = Some(Box::new(call)));
        self
    }

    /// Keeps a text with a new run: what a program needs to make the same update again.
    pub fn request(mut self, text: impl Into<String>) -> Self {
        self.0.change(|request| request.request = Some(text.into()));
        self
    }

    fn change(mut self, change: impl FnOnce(&mut Changes)) -> Self {
        self.0.change(|request| change(&mut request.changes));
        self
    }

    /// The SQL of it, without running it; the ranges of keys, which are not known yet, are left out.
    ///
    /// # Errors
    ///
    /// As [`QuerySet::update`], but for what only the database can tell.
    pub fn explain(&self) -> Result<String> {
        self.0.request().map_or(Ok(String::new()), Request::explain)
    }
}

impl<M: Entity> Request<M> {
    /// The database; a transaction is none.
    fn database(&self) -> Result<Database> {
        match self.rows.executor()? {
            Executor::Database(database) => Ok(database.clone()),
            Executor::Transaction(_) => Err(Error::new(
                ErrorKind::Request,
                "An update in chunks commits each chunk by itself, and cannot be inside of a transaction.",
            )),
        }
    }

    fn explain(&self) -> Result<String> {
        let (db, query) = (self.database()?, self.rows.query()?);
        let dialect = db.dialect();
        let spec = Spec::new(&*dialect, query, &self.assignments)?;
        let chunks = Chunks::new(&*dialect, &query.model);
        let boundary = chunks.greatest(&*dialect)?.statement;
        Ok(format!(
            "-- once, the last key\n{boundary}\n-- each chunk, first\n{}\n-- then, with a range of keys in its condition\n{}",
            RunTable::new(&*dialect).lock(&self.name),
            spec.sql
        ))
    }
}

impl<M: Entity> Future for Backfill<M> {
    type Output = Result<Backfilled>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.poll(context, runner::run)
    }
}
