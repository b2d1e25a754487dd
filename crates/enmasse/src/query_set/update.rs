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
    /// Sets fields of all rows, in one statement, and gives the number of rows that matched.
    ///
    /// Values, expressions over the row's fields and subqueries can be set; a row that has the value already counts too. Fields with
    /// `auto_now` are set as well, unless they are among the assignments (Django forgets them). Nothing to set, or a query
    /// that can have no rows, sends nothing and gives 0.
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
    /// // several fields, each from the row as it was
    /// User::objects(&db).update(|u| (u.points.set(u.points * 2 + 1), u.country.set(u.country.upper()))).await?;
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    ///
    /// # Errors
    ///
    /// When awaited, see [`plan::update`]: a slice, a field that is not there, a value that does not fit, a joined reference
    /// in a value; and what the database reports.
    pub fn update<A: Assignments>(self, assignments: impl FnOnce(M::Columns) -> A) -> Update<M> {
        let assignments = assignments(M::columns(Path::root())).assignments();
        Update(Lazy::new(Request { rows: self, assignments }))
    }

    /// [`update`](QuerySet::update) with names that are known at run time.
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

    /// Deletes all rows, in one statement, and gives their number. What becomes of rows that refer to them is up to the foreign keys
    /// of the database.
    ///
    /// # Errors
    ///
    /// When awaited, see [`plan::delete`]; and what the database reports, first of all that other rows refer to one of these.
    pub fn delete(self) -> Delete<M> {
        Delete(Lazy::new(self))
    }
}

/// "Tuple to be updated was already modified by an operation triggered by the current command", of PostgreSQL: a trigger on one table of a
/// chain writes another, which one statement for both cannot do.
const WRITTEN_BY_TRIGGER: &str = "27000";

/// Runs a plan that is one statement, or nothing: by itself, or in a savepoint inside the caller's transaction.
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

/// Runs a plan that is made anew where it is tried again: one statement by itself, several in a transaction.
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

/// An update that is sent when it is awaited; see [`QuerySet::update`].
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
            // on the heap: a receiver's own writes stand on the stack above this one
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

    /// Runs it with the receivers of its signals, and has what came of it read.
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
    /// Locks the rows in the order of their keys before the first is written, so that two updates of the same rows, or an update and
    /// a `bulk_update`, cannot deadlock; without it the rows are locked as the database finds them. It takes the place of an
    /// `order_by`. SQLite has one writer at a time anyway.
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

    /// Gives back the rows as they now are, in no particular order.
    ///
    /// PostgreSQL and SQLite do it in the same statement; elsewhere the rows are locked first, and read afterwards.
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

    /// Gives back the rows as they were and as they now are.
    pub fn returning_old(self) -> UpdateReturning<M, Change<M>> {
        UpdateReturning { lazy: Lazy::Request(self.0.into_request()), returns: PhantomData }
    }

    /// What it would change, with so many examples of each field, without changing it.
    ///
    /// Values are compared bytewise, as the database would keep them. The database counts, so that memory is the same for any number of
    /// rows. What triggers and generated columns would do is not foreseen, nor whether a constraint would refuse it.
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

    /// The SQL that it is on its database, without running it.
    ///
    /// # Errors
    ///
    /// As [`QuerySet::update`], but for what only the database can tell.
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

/// An update that gives rows back; see [`Update::returning`].
#[must_use = "an update does nothing until it is awaited"]
pub struct UpdateReturning<M, R> {
    lazy: Lazy<'static, Request<M>, Vec<R>>,
    returns: PhantomData<fn() -> R>,
}

impl<M: Entity, R: Return<M>> UpdateReturning<M, R> {
    /// The SQL that it is on its database, without running it.
    ///
    /// # Errors
    ///
    /// As [`QuerySet::update`], but for what only the database can tell.
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
            // before the commit: what does not fit the Rust type undoes the write
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

/// A deletion that is sent when it is awaited; see [`QuerySet::delete`].
#[must_use = "a deletion does nothing until it is awaited"]
pub struct Delete<M>(Lazy<'static, QuerySet<M>, u64>);

impl<M: Entity> Delete<M> {
    /// Sends no [signals](crate::signals).
    pub fn without_signals(mut self) -> Self {
        self.0.change(|rows| rows.silent = true);
        self
    }

    /// The SQL that it is on its database, without running it.
    ///
    /// # Errors
    ///
    /// As [`QuerySet::delete`], but for what only the database can tell.
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
