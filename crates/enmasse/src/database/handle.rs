//! The targets of statements: a database or a transaction.

use std::panic::resume_unwind;
use std::sync::Arc;

use enmasse_core::dialect::Dialect;
use enmasse_core::error::{Error, ErrorKind, Result};
use enmasse_core::sql::Statement;
use enmasse_core::value::{DataType, Value};
use futures_util::future::BoxFuture;
use futures_util::stream::{self, Stream, StreamExt, TryStreamExt};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::backend::{Affected, Connection, Reading, Row, STREAM_AHEAD, unknown_if_lost};
use crate::{Database, Transaction};

/// A [`Database`], a [`Transaction`] or a reference to one: the target of a QuerySet's statements.
///
/// This trait is sealed.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a handle to a database",
    label = "expected `&Database` or `&Transaction`"
)]
pub trait Handle: sealed::Sealed {
    #[doc(hidden)]
    fn executor(&self) -> Executor;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for crate::Database {}
    impl Sealed for crate::Transaction {}
    impl Sealed for super::Executor {}
    impl<H: Sealed + ?Sized> Sealed for &H {}
}

impl Handle for Database {
    fn executor(&self) -> Executor {
        Executor::Database(self.clone())
    }
}

impl Handle for Transaction {
    fn executor(&self) -> Executor {
        Executor::Transaction(self.clone())
    }
}

impl Handle for Executor {
    fn executor(&self) -> Executor {
        self.clone()
    }
}

#[diagnostic::do_not_recommend]
impl<H: Handle + ?Sized> Handle for &H {
    fn executor(&self) -> Executor {
        (**self).executor()
    }
}

/// An owned copy of a handle, which runs statements.
#[doc(hidden)]
#[derive(Clone, Debug)]
pub enum Executor {
    Database(Database),
    Transaction(Transaction),
}

#[allow(dead_code)]
impl Executor {
    pub(crate) fn dialect(&self) -> Arc<dyn Dialect> {
        self.database().dialect()
    }

    /// The database, also of a transaction.
    pub(crate) fn database(&self) -> &Database {
        match self {
            Executor::Database(database) => database,
            Executor::Transaction(transaction) => transaction.database(),
        }
    }

    /// Runs one statement. Outside of a transaction it commits by itself, and is retried after a conflict.
    pub(crate) async fn execute(&self, statement: &Statement) -> Result<Affected> {
        match self {
            Executor::Database(database) => {
                database.retried(|connection| connection.execute(statement), &statement.sql).await
            }
            Executor::Transaction(transaction) => {
                let mut session = transaction.session().await?;
                let result = session.connection().execute(statement).await;
                session.note(result)
            }
        }
    }

    /// Runs one statement that returns rows with exactly these column types.
    pub(crate) async fn query(&self, statement: &Statement, columns: &[DataType]) -> Result<Vec<Row>> {
        self.read(statement, columns, Reading::Exact).await
    }

    /// Runs one statement that returns rows with these column types.
    pub(crate) async fn read(
        &self,
        statement: &Statement,
        columns: &[DataType],
        reading: Reading,
    ) -> Result<Vec<Row>> {
        match self {
            Executor::Database(database) => {
                database
                    .retried(|connection| connection.read(statement, columns, reading), &statement.sql)
                    .await
            }
            Executor::Transaction(transaction) => {
                let mut session = transaction.session().await?;
                let result = session.connection().read(statement, columns, reading).await;
                session.note(result)
            }
        }
    }

    /// Streams the rows of a statement. Nothing runs before the first row is requested.
    ///
    /// In a transaction, no other statement can run until the last row is taken or the stream is dropped. A
    /// SQLite database with a single connection reads all rows first, so its stream does not block others.
    pub(crate) fn stream(
        &self,
        statement: Statement,
        columns: Vec<DataType>,
    ) -> impl Stream<Item = Result<Row>> + Send + 'static + use<> {
        let executor = self.clone();
        let begin = async move {
            let (sender, receiver) = mpsc::channel(STREAM_AHEAD);
            let alive = match &executor {
                Executor::Database(_) => Arc::new(()),
                Executor::Transaction(transaction) => transaction.begin_stream()?,
            };
            let task = tokio::spawn(async move {
                if let Err(error) = executor.send_rows(&statement, &columns, sender.clone()).await {
                    _ = sender.send(Err(error)).await;
                }
            });
            // The stream lives as long as its rows are being read.
            Ok(received(receiver, task).inspect_ok(move |_| _ = &alive))
        };
        let rows = |chunk: Vec<Row>| stream::iter(chunk).map(Ok);
        stream::once(begin).try_flatten().map_ok(rows).try_flatten()
    }

    async fn send_rows(
        &self,
        statement: &Statement,
        columns: &[DataType],
        sender: mpsc::Sender<Result<Vec<Row>>>,
    ) -> Result<()> {
        match self {
            Executor::Database(database) if database.backend().has_one_connection() => {
                let rows = self.query(statement, columns).await?;
                _ = sender.send(Ok(rows)).await;
            }
            Executor::Database(database) => {
                let mut connection = database.connection_for(&statement.sql).await?;
                connection.stream(statement, columns, Reading::Exact, sender).await?;
            }
            Executor::Transaction(transaction) => {
                let mut session = transaction.streaming_session().await?;
                let result = session.connection().stream(statement, columns, Reading::Exact, sender).await;
                session.note(result)?;
            }
        }
        Ok(())
    }

    /// Runs SQL without parameters and without rows.
    pub(crate) async fn script(&self, sql: &str) -> Result<()> {
        match self {
            Executor::Database(database) => database.connection().await?.script(sql).await,
            Executor::Transaction(transaction) => {
                let mut session = transaction.session().await?;
                let result = session.connection().script(sql).await;
                session.note(result)
            }
        }
    }

    /// Runs work on one connection in one transaction: our own, with retries after conflicts, or a savepoint
    /// inside the caller's.
    pub(crate) async fn atomic<'env, T, F>(&self, work: F) -> Result<T>
    where
        F: for<'c> Fn(&'c mut (dyn Connection + 'env)) -> BoxFuture<'c, Result<T>> + Send + Sync,
        T: Send,
    {
        match self {
            Executor::Database(database) => database.atomic(&work).await,
            Executor::Transaction(transaction) => transaction.atomic(&work).await,
        }
    }

    /// [`atomic`](Executor::atomic) without retries. `alone` means that the work is one statement and needs
    /// no transaction.
    pub(crate) async fn atomic_once<'env, T, F>(&self, alone: bool, work: F) -> Result<T>
    where
        F: for<'c> Fn(&'c mut (dyn Connection + 'env)) -> BoxFuture<'c, Result<T>> + Send + Sync,
        T: Send,
    {
        match self {
            Executor::Database(database) if alone => {
                work(&mut database.connection().await?).await.map_err(unknown_if_lost)
            }
            Executor::Database(database) => database.atomic_once(&work).await,
            Executor::Transaction(transaction) => transaction.atomic(&work).await,
        }
    }

    /// Runs work in a transaction and gives it the handle: our own transaction, with retries after conflicts,
    /// or a savepoint inside the caller's.
    pub(crate) async fn in_transaction<T, F, Fut>(&self, work: F) -> Result<T>
    where
        F: Fn(Transaction) -> Fut,
        Fut: Future<Output = Result<T>>,
    {
        match self {
            Executor::Database(database) => database.transaction(work).await,
            Executor::Transaction(transaction) => transaction.in_turn(work).await,
        }
    }

    pub(crate) async fn raw(
        &self,
        sql: &str,
        params: impl IntoIterator<Item = Value>,
    ) -> Result<(u64, Vec<Row>)> {
        let dialect = self.dialect();
        let params = params
            .into_iter()
            .map(|value| match value.natural_type() {
                Some(data_type) => dialect.store(&value, &data_type),
                None => Ok(value),
            })
            .collect::<Result<Vec<Value>>>()?;
        if gives_back(sql) {
            // Rows that cannot be decoded roll the write back.
            return self.atomic(|connection| connection.raw(sql, &params)).await;
        }
        match self {
            Executor::Database(database) => {
                database.retried(|connection| connection.raw(sql, &params), sql).await
            }
            Executor::Transaction(transaction) => {
                let mut session = transaction.session().await?;
                let result = session.connection().raw(sql, &params).await;
                session.note(result)
            }
        }
    }
}

/// Whether a statement may return rows that it writes.
fn gives_back(sql: &str) -> bool {
    let first = sql.trim_start().split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
    let writes = ["INSERT", "UPDATE", "DELETE", "REPLACE", "MERGE", "WITH"];
    writes.iter().any(|word| word.eq_ignore_ascii_case(first))
        && sql.to_ascii_uppercase().contains("RETURNING")
}

/// The items that a task sends. A closed channel means the end only if the task has completed: a panic of the
/// task resumes here, and a runtime shutdown is an error.
fn received<T: Send + 'static>(
    receiver: mpsc::Receiver<Result<T>>,
    task: JoinHandle<()>,
) -> impl Stream<Item = Result<T>> + Send {
    stream::unfold(Some((receiver, task)), |open| async move {
        let (mut receiver, task) = open?;
        if let Some(sent) = receiver.recv().await {
            return Some((sent, Some((receiver, task))));
        }
        match task.await {
            Ok(()) => None,
            Err(ended) if ended.is_panic() => resume_unwind(ended.into_panic()),
            Err(_) => {
                Some((Err(Error::new(ErrorKind::Connection, "The rows were not read to their end.")), None))
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use std::panic::AssertUnwindSafe;

    use futures_util::FutureExt;

    use super::*;

    /// The items received from a task that sends two numbers and then ends in some way.
    async fn sent_by(end: impl Future<Output = ()> + Send + 'static) -> std::thread::Result<Vec<Result<u8>>> {
        let (sender, receiver) = mpsc::channel(4);
        let task = tokio::spawn(async move {
            for number in [1, 2] {
                sender.send(Ok(number)).await.unwrap();
            }
            end.await;
        });
        let abort = task.abort_handle();
        let received = received(receiver, task).inspect_ok(move |number| {
            if *number == 2 {
                // Has no effect on a task that has ended.
                abort.abort();
            }
        });
        AssertUnwindSafe(received.collect::<Vec<_>>()).catch_unwind().await
    }

    #[tokio::test]
    async fn a01_rows_end_where_their_task_says_so_only() {
        let all = sent_by(async {}).await.unwrap();
        assert_eq!(all.into_iter().map(Result::unwrap).collect::<Vec<_>>(), [1, 2]);
        assert!(sent_by(async { panic!("this panic is part of the test") }).await.is_err());
        let cut = sent_by(std::future::pending()).await.unwrap();
        assert_eq!(cut[2].as_ref().unwrap_err().kind(), ErrorKind::Connection);
    }
}
