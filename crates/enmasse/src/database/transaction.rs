//! Transactions, and savepoints inside of them.

use std::fmt;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use enmasse_core::error::{Error, ErrorKind, Result};
use enmasse_core::sql::Statement;
use enmasse_core::value::Value;
use futures_util::future::BoxFuture;
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};

use crate::backend::{Connection, Step, Traced, transact};
use crate::database::Database;
use crate::database::handle::Handle;
use crate::database::nesting::Nesting;

/// A handle to a transaction, or to a savepoint inside of one, while that lasts.
///
/// Made by [`Database::transaction`] and [`Transaction::transaction`]; a cheap clone, which can be given away. It does not keep the
/// transaction open: using it after the end is an error, [`TransactionEnded`](ErrorKind::TransactionEnded).
///
/// All handles of a transaction work on its one connection, one statement at a time. A statement on the outer handle while a
/// savepoint is open is part of that savepoint.
///
/// Where the database ends the whole transaction, as MySQL and MariaDB do at a deadlock, every handle of it refuses all further
/// statements; on PostgreSQL any error does that, up to the end of the innermost savepoint.
#[derive(Clone)]
pub struct Transaction {
    shared: Arc<Shared>,
    level: Arc<Level>,
    /// The signals whose receivers were given the handle, one inside of the other.
    nesting: Option<Arc<Nesting>>,
    /// Whether what is run is part of one write, which is undone as a whole.
    within_write: bool,
}

/// What all handles of a transaction share.
struct Shared {
    database: Database,
    /// The connection, until the transaction ends.
    slot: Arc<AsyncMutex<Option<Traced>>>,
    ended: AtomicBool,
    savepoints: AtomicU64,
    kept: AtomicU64,
    notes: Mutex<Notes>,
}

#[derive(Default)]
struct Notes {
    hooks: Vec<Hook>,
    /// The savepoint to go back to before anything else is done: its owner was dropped, and could not wait for it.
    undo: Option<u64>,
    /// Whether the last statement failed with a conflict.
    conflict: bool,
    /// The stream of rows that holds the connection, if any.
    stream: Weak<()>,
}

impl Notes {
    /// Refuses to wait for a stream of rows: whoever reads it may be the one who would wait.
    fn refuse_stream(&self) -> Result<()> {
        if self.stream.strong_count() > 0 {
            return Err(Error::new(
                ErrorKind::Request,
                "A stream of this transaction's rows is still being read: take all of it, or drop it, first.",
            ));
        }
        Ok(())
    }
}

type Hook = Box<dyn FnOnce() -> BoxFuture<'static, ()> + Send>;

/// The transaction itself, or a savepoint.
struct Level {
    outer: Option<Arc<Level>>,
    ended: AtomicBool,
    has_savepoint: AtomicBool,
    /// Whose turn it is among writes that each want a savepoint.
    turn: AsyncMutex<()>,
}

impl Transaction {
    /// Runs work in a savepoint: keeps what it did when it gives `Ok`, and undoes it when it gives `Err`, when it panics, and when
    /// the future is dropped half-way. The transaction around it goes on, unless its connection is lost: dropped in the middle of a statement,
    /// it may be, for the server is told to stop that statement. The transaction as a whole is then undone. Dropped while the savepoint is being
    /// released, it may have been kept.
    ///
    /// The work is not run again after a conflict: the outermost transaction is.
    ///
    /// # Errors
    ///
    /// The work's own error, or that of the savepoint; [`Request`](ErrorKind::Request) where this handle has a savepoint open already.
    pub async fn transaction<T, F, Fut>(&self, work: F) -> Result<T>
    where
        F: FnOnce(Transaction) -> Fut,
        Fut: Future<Output = Result<T>>,
    {
        self.transaction_with(work).await
    }

    /// [`transaction`](Transaction::transaction) for work that has an error type of its own.
    ///
    /// # Errors
    ///
    /// As [`transaction`](Transaction::transaction).
    pub async fn transaction_with<T, E, F, Fut>(&self, work: F) -> Result<T, E>
    where
        E: From<Error>,
        F: FnOnce(Transaction) -> Fut,
        Fut: Future<Output = Result<T, E>>,
    {
        let claim = Claim::of(&self.level)?;
        let mut session = self.session().await?;
        let savepoint = Savepoint::begin(&mut session).await?;
        drop(session);
        let inner = Transaction { level: claim.inner.clone(), ..self.clone() };
        let result = work(inner).await;
        let mut session = self.session().await?;
        savepoint.end(&mut session, result.is_ok()).await?;
        result
    }

    /// Runs a function after the outermost transaction has committed; never if it, or the savepoint that is now open, is rolled back.
    ///
    /// A receiver of a [signal](crate::signals) says here what is to be done once what it heard of is there to stay.
    ///
    /// Functions run in the order in which they were given, before [`Database::transaction`] returns. On a handle whose transaction
    /// has ended the function is dropped.
    pub fn on_commit<F, Fut>(&self, hook: F)
    where
        F: FnOnce() -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        self.shared.notes().hooks.push(Box::new(move || Box::pin(hook())));
    }

    /// [`Database::execute_raw`] in this transaction.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn execute_raw(&self, sql: &str, params: impl IntoIterator<Item = Value>) -> Result<u64> {
        Ok(self.executor().raw(sql, params).await?.0)
    }

    /// [`Database::query_raw`] in this transaction.
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

    /// Checks now the constraints that are otherwise checked at the commit, as Django's foreign keys are: for work that is rolled back
    /// to see whether it could be committed.
    ///
    /// # Errors
    ///
    /// [`Integrity`](ErrorKind::Integrity) where one is broken.
    pub async fn check_constraints(&self) -> Result<()> {
        match self.shared.database.dialect().check_deferred() {
            Some(sql) => self.execute_raw(sql, []).await.map(|_| ()),
            None => {
                let mut session = self.session().await?;
                let checked = session.connection().check_deferred().await;
                session.note(checked)
            }
        }
    }

    /// The database that the transaction is on.
    pub fn database(&self) -> &Database {
        &self.shared.database
    }

    /// Waits for the connection, to run a statement of this handle on it.
    pub(crate) async fn session(&self) -> Result<Session> {
        self.level.refuse_ended()?;
        self.shared.notes().refuse_stream()?;
        self.streaming_session().await
    }

    /// [`session`](Transaction::session) for the stream itself.
    pub(crate) async fn streaming_session(&self) -> Result<Session> {
        let mut session = Session::lock(&self.shared).await?;
        // it may have ended while we waited
        self.level.refuse_ended()?;
        let undo = self.shared.notes().undo;
        if let Some(savepoint) = undo {
            transact(session.connection(), Step::Undo(savepoint)).await?;
            self.shared.notes().undo = None;
        }
        Ok(session)
    }

    /// Notes that a stream begins; it lasts as long as anyone has what this gives.
    pub(crate) fn begin_stream(&self) -> Result<Arc<()>> {
        let alive = Arc::new(());
        let mut notes = self.shared.notes();
        notes.refuse_stream()?;
        notes.stream = Arc::downgrade(&alive);
        Ok(alive)
    }

    /// [`transaction`](Transaction::transaction), after others of the kind on this handle.
    pub(crate) async fn in_turn<T, F, Fut>(&self, work: F) -> Result<T>
    where
        F: FnOnce(Transaction) -> Fut,
        Fut: Future<Output = Result<T>>,
    {
        let _turn = self.level.turn.lock().await;
        self.transaction(work).await
    }

    /// The signals whose receivers were given this handle.
    pub(crate) fn nesting(&self) -> Option<&Arc<Nesting>> {
        self.nesting.as_ref()
    }

    /// The same for the receivers of a signal.
    pub(crate) fn for_receivers(&self, nesting: Arc<Nesting>) -> Transaction {
        Transaction { nesting: Some(nesting), ..self.clone() }
    }

    /// The same for the parts of one write: they need no savepoints of their own.
    pub(crate) fn within_write(&self) -> Transaction {
        Transaction { within_write: true, ..self.clone() }
    }

    /// A number for a table of keys, which no other of the transaction has.
    pub(crate) fn next_kept(&self) -> u64 {
        self.shared.kept.fetch_add(1, Ordering::Relaxed)
    }

    /// Runs a statement that tidies up after an error, if it can still be run: it says nothing of the transaction.
    pub(crate) async fn tidy(&self, statement: &Statement) {
        if let Ok(mut session) = self.session().await {
            _ = session.connection().execute(statement).await;
        }
    }

    /// Runs work in a savepoint, with the connection for itself.
    pub(crate) async fn atomic<'env, T, F>(&self, work: &F) -> Result<T>
    where
        F: for<'c> Fn(&'c mut (dyn Connection + 'env)) -> BoxFuture<'c, Result<T>> + Send + Sync,
        T: Send,
    {
        let mut session = self.session().await?;
        if self.within_write {
            let result = work(session.connection()).await;
            return session.note(result);
        }
        let savepoint = Savepoint::begin(&mut session).await?;
        let result = work(session.connection()).await;
        let result = session.note(result);
        savepoint.end(&mut session, result.is_ok()).await?;
        result
    }
}

/// Runs work in a transaction of its own, again after a conflict.
pub(crate) async fn outermost<T, E, F, Fut>(database: &Database, work: F) -> Result<T, E>
where
    E: From<Error>,
    F: Fn(Transaction) -> Fut,
    Fut: Future<Output = Result<T, E>>,
{
    let mut tries = database.tries();
    loop {
        match attempt(database, &work).await {
            ControlFlow::Break(result) => return result,
            ControlFlow::Continue(error) => {
                if !tries.another().await {
                    return Err(error);
                }
            }
        }
    }
}

/// One try: `Continue` with an error after which another may succeed.
async fn attempt<T, E, F, Fut>(database: &Database, work: &F) -> ControlFlow<Result<T, E>, E>
where
    E: From<Error>,
    F: Fn(Transaction) -> Fut,
    Fut: Future<Output = Result<T, E>>,
{
    let failed = |error: Error| match error.is_retryable() {
        true => ControlFlow::Continue(E::from(error)),
        false => ControlFlow::Break(Err(E::from(error))),
    };
    let connection = match database.connection().await {
        Ok(connection) => connection,
        // there was no connection to be had, and is none now
        Err(error) => return ControlFlow::Break(Err(E::from(error))),
    };
    let owner = match Owner::begin(database, connection).await {
        Ok(owner) => owner,
        Err(error) => return failed(error),
    };
    match work(owner.handle.clone()).await {
        Ok(value) => match owner.commit().await {
            Ok(hooks) => {
                for hook in hooks {
                    hook().await;
                }
                ControlFlow::Break(Ok(value))
            }
            Err(error) => failed(error),
        },
        Err(error) => match owner.roll_back().await {
            true => ControlFlow::Continue(error),
            false => ControlFlow::Break(Err(error)),
        },
    }
}

/// The one who ends the transaction: dropped before that, it rolls back.
struct Owner {
    handle: Transaction,
}

impl Owner {
    async fn begin(database: &Database, mut connection: Traced) -> Result<Owner> {
        transact(&mut connection, Step::Begin).await?;
        let shared = Shared {
            database: database.clone(),
            slot: Arc::new(AsyncMutex::new(Some(connection))),
            ended: AtomicBool::new(false),
            savepoints: AtomicU64::new(1),
            kept: AtomicU64::new(1),
            notes: Mutex::default(),
        };
        let (shared, level) = (Arc::new(shared), Level::new(None));
        Ok(Owner { handle: Transaction { shared, level, nesting: None, within_write: false } })
    }

    /// Commits, and gives the functions to be run after that.
    async fn commit(self) -> Result<Vec<Hook>> {
        let mut connection = self.take_connection().await?;
        transact(&mut connection, Step::Commit).await?;
        Ok(std::mem::take(&mut self.handle.shared.notes().hooks))
    }

    /// Rolls back, and says whether a conflict was the reason.
    async fn roll_back(self) -> bool {
        // without the connection, or when this fails, dropping the one or the other rolls back
        if let Ok(mut connection) = self.take_connection().await {
            _ = transact(&mut connection, Step::Rollback).await;
        }
        self.handle.shared.notes().conflict
    }

    /// Ends all handles, after the statement that one of them may still be running.
    async fn take_connection(&self) -> Result<Traced> {
        let mut session = self.handle.session().await?;
        self.handle.shared.ended.store(true, Ordering::SeqCst);
        self.handle.level.ended.store(true, Ordering::SeqCst);
        session.guard.as_deref_mut().and_then(Option::take).ok_or_else(ended)
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        self.handle.level.ended.store(true, Ordering::SeqCst);
        self.handle.shared.ended.store(true, Ordering::SeqCst);
        self.handle.shared.abandon();
    }
}

/// An open savepoint. Dropped before it was ended, it is undone by the next one who comes to the connection.
struct Savepoint {
    shared: Arc<Shared>,
    number: u64,
    /// How many functions waited for the commit when it began.
    hooks: usize,
    ended: bool,
}

impl Savepoint {
    async fn begin(session: &mut Session) -> Result<Savepoint> {
        let shared = session.shared.clone();
        let number = shared.savepoints.fetch_add(1, Ordering::Relaxed);
        let begun = transact(session.connection(), Step::Savepoint(number)).await;
        session.note(begun)?;
        let hooks = shared.notes().hooks.len();
        Ok(Savepoint { shared, number, hooks, ended: false })
    }

    /// Keeps what was done since it began, where that is wanted and possible; otherwise undoes it.
    async fn end(mut self, session: &mut Session, keep: bool) -> Result<()> {
        let mut result = Ok(());
        if keep {
            let released = transact(session.connection(), Step::Release(self.number)).await;
            result = session.note(released);
        }
        if !keep || result.is_err() {
            // where this fails, so does every later statement
            _ = transact(session.connection(), Step::Undo(self.number)).await;
            self.shared.notes().hooks.truncate(self.hooks);
        }
        self.ended = true;
        result
    }
}

impl Drop for Savepoint {
    fn drop(&mut self) {
        if !self.ended {
            let mut notes = self.shared.notes();
            notes.hooks.truncate(self.hooks);
            // those inside of the outermost one go with it
            notes.undo = Some(notes.undo.map_or(self.number, |other| other.min(self.number)));
        }
    }
}

/// The connection, for one statement of a transaction.
pub(crate) struct Session {
    shared: Arc<Shared>,
    /// There until it is dropped, and with a connection in it.
    guard: Option<OwnedMutexGuard<Option<Traced>>>,
}

impl Session {
    async fn lock(shared: &Arc<Shared>) -> Result<Session> {
        let guard = shared.slot.clone().lock_owned().await;
        if guard.is_none() {
            return Err(ended());
        }
        Ok(Session { shared: shared.clone(), guard: Some(guard) })
    }

    pub fn connection(&mut self) -> &mut (dyn Connection + 'static) {
        self.guard.as_mut().and_then(|guard| guard.as_mut()).expect("a session has a connection")
    }

    /// Notes how a statement ended.
    pub fn note<T>(&self, result: Result<T>) -> Result<T> {
        self.shared.notes().conflict = result.as_ref().is_err_and(Error::is_retryable);
        result
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.guard = None;
        // the owner may have gone while we had the connection
        if self.shared.ended.load(Ordering::SeqCst) {
            self.shared.abandon();
        }
    }
}

impl Shared {
    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets go of the connection, which then rolls back; where it is in use, its session does this when it ends.
    fn abandon(&self) {
        if let Ok(mut slot) = self.slot.try_lock() {
            drop(slot.take());
        }
    }
}

impl Level {
    fn new(outer: Option<Arc<Level>>) -> Arc<Level> {
        Arc::new(Level {
            outer,
            ended: AtomicBool::new(false),
            has_savepoint: AtomicBool::new(false),
            turn: AsyncMutex::new(()),
        })
    }

    fn refuse_ended(&self) -> Result<()> {
        if self.ended.load(Ordering::SeqCst) {
            return Err(ended());
        }
        self.outer.as_ref().map_or(Ok(()), |outer| outer.refuse_ended())
    }
}

/// The right to have a savepoint in a level, and the level of that savepoint, which ends with it.
struct Claim {
    outer: Arc<Level>,
    inner: Arc<Level>,
}

impl Claim {
    fn of(outer: &Arc<Level>) -> Result<Claim> {
        if outer.has_savepoint.swap(true, Ordering::SeqCst) {
            return Err(Error::new(
                ErrorKind::Request,
                "This transaction has a savepoint open already: use the handle that its work was given, or wait until \
                 it has ended.",
            ));
        }
        Ok(Claim { outer: outer.clone(), inner: Level::new(Some(outer.clone())) })
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.inner.ended.store(true, Ordering::SeqCst);
        self.outer.has_savepoint.store(false, Ordering::SeqCst);
    }
}

fn ended() -> Error {
    Error::new(
        ErrorKind::TransactionEnded,
        "This transaction has ended. Its handle works only inside of the function that it was given to.",
    )
}

impl fmt::Debug for Transaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = if self.level.refuse_ended().is_ok() { "open" } else { "ended" };
        write!(f, "Transaction({state}, {:?})", self.shared.database)
    }
}
