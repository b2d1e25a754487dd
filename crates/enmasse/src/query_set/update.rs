//! `update` and `delete`: one statement for all rows.

use std::pin::Pin;
use std::task::{Context, Poll};

use chrono::Utc;
use enmasse_core::error::Result;
use enmasse_core::expr::{Expr, FieldPath};
use enmasse_core::plan::{self, Assignment, Plan, Step};
use futures_util::future::BoxFuture;

use crate::backend::Done;
use crate::columns::{Assignments, Path};
use crate::handle::Executor;
use crate::lazy::Lazy;
use crate::model::Entity;
use crate::query_set::QuerySet;

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

/// Runs a plan that is one statement, or nothing: by itself, or in a savepoint inside the caller's transaction.
async fn run_alone(executor: &Executor, plan: Plan) -> Result<u64> {
    let Some(Step::Write(statement)) = plan.steps.into_iter().next() else { return Ok(0) };
    let done = match executor {
        Executor::Database(_) => executor.execute(&statement).await?,
        Executor::Transaction(_) => {
            executor
                .atomic(|connection| -> BoxFuture<'_, Result<Done>> {
                    let statement = statement.clone();
                    Box::pin(async move { connection.execute(&statement).await })
                })
                .await?
        }
    };
    Ok(done.rows)
}

/// An update that is sent when it is awaited; see [`QuerySet::update`].
#[must_use = "an update does nothing until it is awaited"]
pub struct Update<M>(Lazy<Request<M>, u64>);

struct Request<M> {
    rows: QuerySet<M>,
    assignments: Vec<Assignment>,
}

impl<M: Entity> Request<M> {
    fn plan(&self) -> Result<Plan> {
        plan::update(&*self.rows.dialect()?, self.rows.query()?, &self.assignments, Utc::now())
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
        self.0.poll(
            context,
            |request| async move { run_alone(request.rows.executor()?, request.plan()?).await },
        )
    }
}

/// A deletion that is sent when it is awaited; see [`QuerySet::delete`].
#[must_use = "a deletion does nothing until it is awaited"]
pub struct Delete<M>(Lazy<QuerySet<M>, u64>);

impl<M: Entity> Delete<M> {
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
            let plan = plan::delete(&*rows.dialect()?, rows.query()?)?;
            run_alone(rows.executor()?, plan).await
        })
    }
}
