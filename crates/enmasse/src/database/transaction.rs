//! Transactions and savepoints.

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

/// A handle to a running transaction, or to a savepoint inside one.
///
/// [`Database::transaction`] and [`Transaction::transaction`] create it. It is cheap to clone, and clones may
/// be passed on. It does not keep the transaction open: using it after the end is an error,
/// [`TransactionEnded`](ErrorKind::TransactionEnded).
///
/// All handles of a transaction share its single connection, one statement at a time. A statement on the
/// outer handle while a savepoint is open is part of that savepoint.
///
/// If the database ends the whole transaction, as MySQL and MariaDB do after a deadlock, every handle refuses
/// all further statements. On PostgreSQL, any error does so until the end of the innermost savepoint.
#[derive(Clone)]
pub struct Transaction {
    shared: Arc<Shared>,
    level: Arc<Level>,
    /// The nested signals whose receivers got this handle.
    nesting: Option<Arc<Nesting>>,
    /// Whether statements are a part of one write, which is rolled back as a whole.
    within_write: bool,
}

/// The state that all handles of a transaction share.
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
    /// The savepoint to roll back to before the next statement: its owner was dropped, and could not await
    /// the rollback.
    undo: Option<u64>,
    /// Whether the last statement failed with a conflict.
    conflict: bool,
    /// The stream of rows that holds the connection, if any.
    stream: Weak<()>,
}

impl Notes {
    /// Refuses to wait for a stream of rows: the caller may be the reader of that stream.
    fn refuse_stream(&self) -> Result<()> {
        if self.stream.strong_count() > 0 {
            return Err(Error::new(
                ErrorKind::Request,
                "A stream of this transaction's rows is still being read: read all of it, or drop it, first.",
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
    /// Serialises concurrent writes that each need a savepoint.
    turn: AsyncMutex<()>,
}

impl Transaction {
    /// Runs work in a savepoint. Its changes are kept if the work returns `Ok`, and rolled back if it returns
    /// `Err` or panics, or if the future is dropped. The outer transaction continues, unless its connection
    /// is lost. A future dropped during a statement may lose it, because the server is asked to cancel that
    /// statement; the whole transaction is then rolled back. A future dropped while the savepoint is released
    /// may have kept the changes.
    ///
    /// The work is not retried after a conflict; the outermost transaction is.
    ///
    /// # Errors
    ///
    /// The work's own error, or that of the savepoint; [`Request`](ErrorKind::Request) if this handle already
    /// has an open savepoint.
    pub async fn transaction<T, F, Fut>(&self, work: F) -> Result<T>
    where
        F: FnOnce(Transaction) -> Fut,
        Fut: Future<Output = Result<T>>,
    {
        self.transaction_with(work).await
    }

    /// [`transaction`](Transaction::transaction) for work with its own error type.
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

    /// Runs a function after the outermost transaction has committed. The function does not run if the
    /// transaction, or the currently open savepoint, is rolled back.
    ///
    /// A receiver of a [signal](crate::signals) uses this for side effects that need the committed data.
    ///
    /// Functions run in the order of the calls, before [`Database::transaction`] returns. On a handle whose
    /// transaction has ended, the function is dropped.
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

    /// Checks deferred constraints now, such as Django's foreign keys, instead of at the commit. Use it to
    /// find out whether work that is rolled back could be committed.
    ///
    /// # Errors
    ///
    /// [`Integrity`](ErrorKind::Integrity) if a constraint is violated.
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

    /// The database of the transaction.
    pub fn database(&self) -> &Database {
        &self.shared.database
    }

    /// Waits for the connection to run a statement of this handle.
    pub(crate) async fn session(&self) -> Result<Session> {
        self.level.refuse_ended()?;
        self.shared.notes().refuse_stream()?;
        self.streaming_session().await
    }

    /// [`session`](Transaction::session) for the stream itself.
    pub(crate) async fn streaming_session(&self) -> Result<Session> {
        let mut session = Session::lock(&self.shared).await?;
        // The transaction may have ended during the wait.
        self.level.refuse_ended()?;
        let undo = self.shared.notes().undo;
        if let Some(savepoint) = undo {
            transact(session.connection(), Step::Undo(savepoint)).await?;
            self.shared.notes().undo = None;
        }
        Ok(session)
    }

    /// Marks the start of a stream, which lasts as long as the returned value is held.
    pub(crate) fn begin_stream(&self) -> Result<Arc<()>> {
        let alive = Arc::new(());
        let mut notes = self.shared.notes();
        notes.refuse_stream()?;
        notes.stream = Arc::downgrade(&alive);
        Ok(alive)
    }

    /// [`transaction`](Transaction::transaction), after other calls of this kind on the handle.
    pub(crate) async fn in_turn<T, F, Fut>(&self, work: F) -> Result<T>
    where
        F: FnOnce(Transaction) -> Fut,
        Fut: Future<Output = Result<T>>,
    {
        let _turn = self.level.turn.lock().await;
        self.transaction(work).await
    }

    /// The signals whose receivers got this handle.
    pub(crate) fn nesting(&self) -> Option<&Arc<Nesting>> {
        self.nesting.as_ref()
    }

    /// The same handle for the receivers of a signal.
    pub(crate) fn for_receivers(&self, nesting: Arc<Nesting>) -> Transaction {
        Transaction { nesting: Some(nesting), ..self.clone() }
    }

    /// The same handle for the parts of one write, which need no savepoints.
    pub(crate) fn within_write(&self) -> Transaction {
        Transaction { within_write: true, ..self.clone() }
    }

    /// A number for a table of keys, unique in the transaction.
    pub(crate) fn next_kept(&self) -> u64 {
        self.shared.kept.fetch_add(1, Ordering::Relaxed)
    }

    /// Runs a clean-up statement after an error, if possible; its result does not affect the transaction.
    pub(crate) async fn tidy(&self, statement: &Statement) {
        if let Ok(mut session) = self.session().await {
            _ = session.connection().execute(statement).await;
        }
    }

    /// Runs work in a savepoint with exclusive use of the connection.
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

/// Runs work in its own transaction, with retries after conflicts.
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

/// One try: `Continue` has an error after which another try may succeed.
async fn attempt<T, E, F, Fut>(database: &Database, work: &F) -> ControlFlow<Result<T, E>, E>
where
    E: From<Error>,
    F: Fn(Transaction) -> Fut,
    Fut: Future<Output = Result<T, E>>,
{
    let failed = |error: Error| {
        if error.is_retryable() {
            ControlFlow::Continue(E::from(error))
        } else {
            ControlFlow::Break(Err(E::from(error)))
        }
    };
    let connection = match database.connection().await {
        Ok(connection) => connection,
        // Without a connection there is nothing to roll back.
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
        Err(error) => {
            if owner.roll_back().await {
                ControlFlow::Continue(error)
            } else {
                ControlFlow::Break(Err(error))
            }
        }
    }
}

/// Owns the end of the transaction: dropped before that, it rolls back.
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

    /// Commits, and returns the functions to run afterwards.
    async fn commit(self) -> Result<Vec<Hook>> {
        let mut connection = self.take_connection().await?;
        transact(&mut connection, Step::Commit).await?;
        Ok(std::mem::take(&mut self.handle.shared.notes().hooks))
    }

    /// Rolls back, and returns whether a conflict was the cause.
    async fn roll_back(self) -> bool {
        // If this fails, dropping the connection or `self` rolls back.
        if let Ok(mut connection) = self.take_connection().await {
            _ = transact(&mut connection, Step::Rollback).await;
        }
        self.handle.shared.notes().conflict
    }

    /// Ends all handles, after any statement that is still running.
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

/// An open savepoint. If it is dropped before its end, the next user of the connection rolls it back.
struct Savepoint {
    shared: Arc<Shared>,
    number: u64,
    /// The number of `on_commit` functions when it began.
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

    /// Keeps the changes since it began, if requested and possible; otherwise rolls them back.
    async fn end(mut self, session: &mut Session, keep: bool) -> Result<()> {
        let mut result = Ok(());
        if keep {
            let released = transact(session.connection(), Step::Release(self.number)).await;
            result = session.note(released);
        }
        if !keep || result.is_err() {
            // If this fails, so does every later statement.
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
            // Inner savepoints end with the outermost one.
            notes.undo = Some(notes.undo.map_or(self.number, |other| other.min(self.number)));
        }
    }
}

/// The connection during one statement of a transaction.
pub(crate) struct Session {
    shared: Arc<Shared>,
    /// Set until the drop; contains a connection.
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

    /// Records the result of a statement.
    pub fn note<T>(&self, result: Result<T>) -> Result<T> {
        self.shared.notes().conflict = result.as_ref().is_err_and(Error::is_retryable);
        result
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.guard = None;
        // The owner may have been dropped while the connection was in use.
        if self.shared.ended.load(Ordering::SeqCst) {
            self.shared.abandon();
        }
    }
}

impl Shared {
    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Drops the connection, which then rolls back. If it is in use, its session does this at the end.
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

/// The right to open a savepoint in a level, and the level of that savepoint, which ends with it.
struct Claim {
    outer: Arc<Level>,
    inner: Arc<Level>,
}

impl Claim {
    fn of(outer: &Arc<Level>) -> Result<Claim> {
        if outer.has_savepoint.swap(true, Ordering::SeqCst) {
            return Err(Error::new(
                ErrorKind::Request,
                "This transaction already has an open savepoint: use the handle of its work, or wait until \
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
        "This transaction has ended. Its handle works only inside the function that received it.",
    )
}

impl fmt::Debug for Transaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = if self.level.refuse_ended().is_ok() { "open" } else { "ended" };
        write!(f, "Transaction({state}, {:?})", self.shared.database)
    }
}
