//! `update` and `delete`: one statement for all rows.

use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use chrono::Utc;
use enmasse_core::error::Result;
use enmasse_core::plan::{self, Assignment, Gives, Plan, Returning, Step};
use enmasse_core::query::{Expr, FieldPath};
use enmasse_core::schema::ModelRef;
use futures_util::future::BoxFuture;

use crate::backend::Affected;
use crate::database::handle::Executor;
use crate::model::Entity;
use crate::query_set::QuerySet;
use crate::query_set::bulk_update::{Change, Return};
use crate::query_set::lazy::Lazy;
use crate::query_set::preview::Preview;
use crate::run::{Outcome, run};
use crate::signals::{Origin, Receivers, SetWrite, What};
use crate::typed::columns::{Assignments, Path};

impl<M: Entity> QuerySet<M> {
    /// Sets fields of all rows in one statement, and returns the number of matched rows.
    ///
    /// Fields can be set to values, to expressions over the row's fields, and to subqueries. A row that
    /// already has the value also counts. `auto_now` fields are set too, unless they are among the
    /// assignments (Django does not set them). An update without assignments, or of an empty query, sends
    /// nothing and returns 0.
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
    ///     country: String,
    ///     points: i32,
    /// }
    ///
    /// # let db = Database::connect("sqlite::memory:").await?;
    /// # db.create_tables([User::model()?]).await?;
    /// let gift = User::objects(&db).filter(|u| u.country.eq("US")).update(|u| u.points.increment(100));
    /// assert_eq!(
    ///     gift.explain()?, // MariaDB quotes names with backticks, PostgreSQL numbers the parameters
    ///     r#"UPDATE "users" SET "points" = ("users"."points" + ?) WHERE "users"."country" = ?
    /// -- params: 100, 'US'"#
    /// );
    /// let matched = gift.await?;
    /// # assert_eq!(matched, 0);
    ///
    /// // several fields, each computed from the old row
    /// User::objects(&db).update(|u| (u.points.set(u.points * 2 + 1), u.country.set(u.country.upper()))).await?;
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    ///
    /// # Errors
    ///
    /// When awaited, see [`plan::update`]: a slice, an unknown field, a value that does not fit, or a joined
    /// reference in a value; and errors of the database.
    pub fn update<A: Assignments>(self, assignments: impl FnOnce(M::Columns) -> A) -> Update<M> {
        let assignments = assignments(M::columns(Path::root())).assignments();
        Update(Lazy::new(Request { rows: self, assignments }))
    }

    /// [`update`](QuerySet::update) with names known only at run time.
    ///
    /// # Errors
    ///
    /// As [`update`](QuerySet::update).
    pub fn update_by<N: Into<FieldPath>, V: Into<Expr>>(
        self,
        assignments: impl IntoIterator<Item = (N, V)>,
    ) -> Update<M> {
        let made = |(field, value): (N, V)| Assignment { field: field.into(), value: value.into() };
        Update(Lazy::new(Request { rows: self, assignments: assignments.into_iter().map(made).collect() }))
    }

    /// Deletes all rows in one statement, and returns their number. The database's foreign keys determine
    /// what happens to rows that refer to them.
    ///
    /// # Errors
    ///
    /// When awaited, see [`plan::delete`]; and errors of the database, most often that other rows refer to
    /// one of these.
    pub fn delete(self) -> Delete<M> {
        Delete(Lazy::new(self))
    }
}

/// PostgreSQL's "Tuple to be updated was already modified by an operation triggered by the current command":
/// a trigger on one table of a chain writes another, which a single statement for both cannot do.
const WRITTEN_BY_TRIGGER: &str = "27000";

/// Runs a plan of at most one statement: by itself, or in a savepoint inside the caller's transaction.
async fn run_alone(executor: &Executor, plan: Plan) -> Result<u64> {
    let Some(Step::Run(statement, _)) = plan.steps.into_iter().next() else { return Ok(0) };
    let done = match executor {
        Executor::Database(_) => executor.execute(&statement).await?,
        Executor::Transaction(_) => {
            executor
                .atomic(|connection| -> BoxFuture<'_, Result<Affected>> {
                    let statement = statement.clone();
                    Box::pin(async move { connection.execute(&statement).await })
                })
                .await?
        }
    };
    Ok(done.rows)
}

/// Runs a plan, which is rebuilt for each retry: one statement by itself, several in a transaction.
async fn run_plan(
    executor: &Executor,
    model: &ModelRef,
    plan: impl Fn() -> Result<Plan> + Sync,
) -> Result<Outcome> {
    let first = plan()?;
    if let [] | [Step::Run(_, Gives::Matched)] = first.steps[..] {
        let mut outcome = Outcome::default();
        outcome.matched = run_alone(executor, first).await?;
        return Ok(outcome);
    }
    let dialect = executor.dialect();
    executor
        .atomic(|connection| -> BoxFuture<'_, Result<Outcome>> {
            let (plan, dialect) = (plan(), &dialect);
            Box::pin(async move { run(connection, dialect, model, plan?).await })
        })
        .await
}

/// An update, sent when it is awaited; see [`QuerySet::update`].
#[must_use = "an update does nothing until it is awaited"]
pub struct Update<M>(Lazy<'static, Request<M>, u64>);

pub(super) struct Request<M> {
    pub rows: QuerySet<M>,
    pub assignments: Vec<Assignment>,
}

impl<M: Entity> Request<M> {
    pub async fn outcome(&self) -> Result<Outcome> {
        let wrong = || self.plan().map(|_| ());
        self.rows.executor()?.refuse_lasting_unless(self.rows.model()?, wrong).await?;
        match self.rows.save_receivers()? {
            // Boxed, because a receiver's own writes use the stack above this one.
            None => Box::pin(self.run_silently()).await,
            Some(receivers) => Box::pin(self.run(&receivers, Returning::Nothing, &Ok)).await,
        }
    }

    async fn run_silently(&self) -> Result<Outcome> {
        let (executor, model) = (self.rows.executor()?, self.rows.model()?);
        match run_plan(executor, model, || self.plan()).await {
            Err(error) if error.code() == Some(WRITTEN_BY_TRIGGER) => {
                let (dialect, query) = (self.rows.dialect()?, self.rows.query()?);
                let apart = || plan::update_apart(&*dialect, query, &self.assignments, Utc::now());
                run_plan(executor, model, apart).await
            }
            done => done,
        }
    }

    pub fn plan(&self) -> Result<Plan> {
        plan::update(&*self.rows.dialect()?, self.rows.query()?, &self.assignments, Utc::now())
    }

    /// Runs it with its signals' receivers, and reads the outcome.
    async fn run<T: Send>(
        &self,
        receivers: &Receivers,
        returning: Returning,
        read: &(impl Fn(Outcome) -> Result<T> + Sync),
    ) -> Result<T> {
        let (query, executor, dialect) = (self.rows.query()?, self.rows.executor()?, self.rows.dialect()?);
        let (assignments, now) = (&self.assignments, Utc::now());
        let written = plan::written_fields(&query.model, assignments, now)?;
        SetWrite {
            receivers,
            what: What::new(&query.model, Origin::Update, &written),
            query,
            written,
            plan: &|query| match returning {
                Returning::Nothing => plan::update(&*dialect, query, assignments, now),
                returning => plan::update_returning(&*dialect, query, assignments, now, returning),
            },
            keeping: &|kept| match returning {
                Returning::Nothing => kept.update(&*dialect, query, assignments, now),
                _ => Ok(None),
            },
        }
        .run(executor, read)
        .await
    }

    fn plan_returning(&self, returning: Returning) -> Result<Plan> {
        let (dialect, query) = (self.rows.dialect()?, self.rows.query()?);
        plan::update_returning(&*dialect, query, &self.assignments, Utc::now(), returning)
    }
}

impl<M: Entity> Update<M> {
    /// Locks the rows in key order before the first write, so that two updates of the same rows, or an update
    /// and a `bulk_update`, cannot deadlock. Without it, rows are locked in the order in which the database
    /// finds them. It replaces any `order_by`. It has no effect on SQLite, which has one writer at a time.
    pub fn lock_in_order(mut self) -> Self {
        self.0.change(|request| request.rows.query.lock_in_order = true);
        self
    }

    /// The rows and what is set, where it was not sent yet.
    pub(crate) fn into_parts(self) -> Option<(QuerySet<M>, Vec<Assignment>)> {
        self.0.into_request().map(|request| (request.rows, request.assignments))
    }

    /// Sends no [signals](crate::signals).
    pub fn without_signals(mut self) -> Self {
        self.0.change(|request| request.rows.silent = true);
        self
    }

    /// Returns the updated rows, in no particular order.
    ///
    /// PostgreSQL and SQLite return them from the same statement; on the other databases the rows are locked
    /// first, and read afterwards.
    ///
    /// ```
    /// # #[cfg(feature = "sqlite")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> enmasse::Result<()> {
    /// use enmasse::prelude::*;
    ///
    /// #[derive(Model, Debug, Clone, PartialEq)]
    /// #[model(table = "users")]
    /// struct User {
    ///     #[model(primary_key)]
    ///     id: i64,
    ///     points: i32,
    /// }
    ///
    /// # let db = Database::connect("sqlite::memory:").await?;
    /// # db.create_tables([User::model()?]).await?;
    /// User::objects(&db).bulk_create([User { id: 1, points: 5 }]).await?;
    /// let users = User::objects(&db).update(|u| u.points.increment(1)).returning().await?;
    /// assert_eq!(users, [User { id: 1, points: 6 }]);
    /// let changes = User::objects(&db).update(|u| u.points.increment(1)).returning_old().await?;
    /// assert_eq!((changes[0].old.points, changes[0].new.points), (6, 7));
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    pub fn returning(self) -> UpdateReturning<M, M> {
        UpdateReturning { lazy: Lazy::Request(self.0.into_request()), returns: PhantomData }
    }

    /// Returns the rows before and after the update.
    pub fn returning_old(self) -> UpdateReturning<M, Change<M>> {
        UpdateReturning { lazy: Lazy::Request(self.0.into_request()), returns: PhantomData }
    }

    /// Shows what the update would change, with at most this many examples per field, without changing it.
    ///
    /// Values are compared bytewise, in the form in which the database would store them. The database counts,
    /// so memory is constant for any number of rows. The preview ignores triggers, generated columns and
    /// constraints.
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
    ///     country: String,
    /// }
    ///
    /// # let db = Database::connect("sqlite::memory:").await?;
    /// # db.create_tables([User::model()?]).await?;
    /// let user = |id, country: &str| User { id, country: country.into() };
    /// User::objects(&db).bulk_create([user(1, "us"), user(2, "US")]).await?;
    /// let preview = User::objects(&db).update(|u| u.country.set(u.country.upper())).preview(3).await?;
    /// assert_eq!((preview.matched, preview.changed), (2, 1));
    /// assert_eq!(preview.fields[0].examples[0].after, Value::from("US"));
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    ///
    /// # Errors
    ///
    /// As [`QuerySet::update`].
    pub async fn preview(self, examples: u64) -> Result<Preview> {
        match self.0.into_request() {
            Some(request) => request.preview(examples).await,
            None => Ok(Preview::default()),
        }
    }

    /// Returns the SQL of the update on its database, without running it.
    ///
    /// # Errors
    ///
    /// As [`QuerySet::update`], except for errors that only the database can find.
    pub fn explain(&self) -> Result<String> {
        self.0.request().map_or(Ok(String::new()), |request| Ok(request.plan()?.to_string()))
    }
}

impl<M: Entity> Future for Update<M> {
    type Output = Result<u64>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.poll(context, |request| async move { Ok(request.outcome().await?.matched) })
    }
}

/// An update that returns rows; see [`Update::returning`].
#[must_use = "an update does nothing until it is awaited"]
pub struct UpdateReturning<M, R> {
    lazy: Lazy<'static, Request<M>, Vec<R>>,
    returns: PhantomData<fn() -> R>,
}

impl<M: Entity, R: Return<M>> UpdateReturning<M, R> {
    /// Returns the SQL of the update on its database, without running it.
    ///
    /// # Errors
    ///
    /// As [`QuerySet::update`], except for errors that only the database can find.
    pub fn explain(&self) -> Result<String> {
        let plan = |request: &Request<M>| Ok(request.plan_returning(R::RETURNING)?.to_string());
        self.lazy.request().map_or(Ok(String::new()), plan)
    }
}

impl<M: Entity, R: Return<M>> Future for UpdateReturning<M, R> {
    type Output = Result<Vec<R>>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.lazy.poll(context, |request| async move {
            let model = request.rows.model()?;
            let executor = request.rows.executor()?;
            if request.plan_returning(R::RETURNING)?.is_empty() {
                return Ok(Vec::new());
            }
            executor.refuse_lasting(model).await?;
            let dialect = executor.dialect();
            // Read before the commit: a row that does not fit the Rust type rolls the write back.
            let read = |outcome: Outcome| {
                let rows = outcome.returned.into_iter();
                rows.map(|values| R::from_values(model, values)).collect::<Result<Vec<R>>>()
            };
            if let Some(receivers) = request.rows.save_receivers()? {
                return request.run(&receivers, R::RETURNING, &read).await;
            }
            executor
                .atomic(|connection| -> BoxFuture<'_, Result<Vec<R>>> {
                    let plan = request.plan_returning(R::RETURNING);
                    let (dialect, read) = (&dialect, &read);
                    Box::pin(async move { run(connection, dialect, model, plan?).await.and_then(read) })
                })
                .await
        })
    }
}

/// A deletion, sent when it is awaited; see [`QuerySet::delete`].
#[must_use = "a deletion does nothing until it is awaited"]
pub struct Delete<M>(Lazy<'static, QuerySet<M>, u64>);

impl<M: Entity> Delete<M> {
    /// Sends no [signals](crate::signals).
    pub fn without_signals(mut self) -> Self {
        self.0.change(|rows| rows.silent = true);
        self
    }

    /// Returns the SQL of the deletion on its database, without running it.
    ///
    /// # Errors
    ///
    /// As [`QuerySet::delete`], except for errors that only the database can find.
    pub fn explain(&self) -> Result<String> {
        let plan = |rows: &QuerySet<M>| Ok(plan::delete(&*rows.dialect()?, rows.query()?)?.to_string());
        self.0.request().map_or(Ok(String::new()), plan)
    }
}

impl<M: Entity> Future for Delete<M> {
    type Output = Result<u64>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.poll(context, |rows| async move {
            let (query, dialect) = (rows.query()?, rows.dialect()?);
            let wrong = || plan::delete(&*dialect, query).map(|_| ());
            rows.executor()?.refuse_lasting_unless(&query.model, wrong).await?;
            let Some(receivers) = rows.delete_receivers()? else {
                let plan = || plan::delete(&*dialect, query);
                return Ok(run_plan(rows.executor()?, &query.model, plan).await?.matched);
            };
            let write = SetWrite {
                receivers: &receivers,
                what: What::new(&query.model, Origin::Delete, &[]),
                query,
                written: Vec::new(),
                plan: &|query| plan::delete(&*dialect, query),
                keeping: &|_| Ok(None),
            };
            write.run(rows.executor()?, &|outcome| Ok(outcome.matched)).await
        })
    }
}
