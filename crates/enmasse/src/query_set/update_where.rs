//! `bulk_update_where`: lists of fields and values, across the chain of tables.

use std::pin::Pin;
use std::task::{Context, Poll};

use enmasse_core::Value;
use enmasse_core::error::Result;
use enmasse_core::plan::Assignment;

use crate::model::Entity;
use crate::model::mixin::MixedIn;
use crate::query_set::QuerySet;
use crate::query_set::lazy::Lazy;
use crate::query_set::update::Request;
use crate::typed::columns::{Assignments, IntoQ, Path};

impl<M: Entity> QuerySet<M> {
    /// Sets fields to values in the rows that match a condition, and returns the number of written rows for
    /// each table. The model must have [`BulkUpdateMixin`](crate::BulkUpdateMixin).
    ///
    /// Each field is written to its own table, whichever model of the chain declares it. The write is one
    /// [`update`](QuerySet::update): it is atomic, and it finds and locks the rows before it writes the first
    /// table. The condition is required, so a call never updates all rows by accident. Lists of different
    /// lengths do not compile.
    ///
    /// ```
    /// # #[cfg(feature = "sqlite")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> enmasse::Result<()> {
    /// use enmasse::prelude::*;
    ///
    /// #[derive(Model, Debug, Clone)]
    /// #[model(table = "base_user")]
    /// struct BaseUser {
    ///     #[model(primary_key)]
    ///     id: i64,
    ///     name: String,
    /// }
    ///
    /// #[derive(Model, Debug, Clone)]
    /// #[model(table = "customer", extends = BaseUser)]
    /// struct Customer {
    ///     base: BaseUser,
    ///     level: String,
    /// }
    ///
    /// impl BulkUpdateMixin for BaseUser {} // its children have it too
    ///
    /// # let db = Database::connect("sqlite::memory:").await?;
    /// # db.create_tables([BaseUser::model()?, Customer::model()?]).await?;
    /// let customer = |id| Customer { base: BaseUser { id, name: "Ada".into() }, level: "Gold".into() };
    /// Customer::objects(&db).bulk_create([customer(1), customer(2), customer(3), customer(4)]).await?;
    ///
    /// let written = Customer::objects(&db)
    ///     .bulk_update_where(["level", "name"], values!["Free", "n/a"], q!(id__in = [1, 2, 3]))
    ///     .await?;
    /// assert_eq!(written.matched, 3);
    /// assert_eq!(written.tables, [("base_user".to_owned(), 3), ("customer".to_owned(), 3)]);
    ///
    /// // the same, checked by the compiler
    /// Customer::objects(&db).update_where(set!(level = "Free", name = "n/a"), |c| c.id.in_([1, 2, 3])).await?;
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    ///
    /// # Errors
    ///
    /// When awaited, as [`update`](QuerySet::update).
    pub fn bulk_update_where<const N: usize, R: IntoQ>(
        self,
        fields: [&str; N],
        values: [Value; N],
        condition: impl FnOnce(M::Columns) -> R,
    ) -> UpdateWhere<M>
    where
        M: MixedIn,
    {
        let assignments = fields.into_iter().zip(values).map(|(field, value)| Assignment::new(field, value));
        self.filter(condition).updated_where(assignments.collect())
    }

    /// [`bulk_update_where`](QuerySet::bulk_update_where) with assignments in place of names and values.
    ///
    /// # Errors
    ///
    /// When awaited, as [`update`](QuerySet::update).
    pub fn update_where<A: Assignments, R: IntoQ>(
        self,
        assignments: impl FnOnce(M::Columns) -> A,
        condition: impl FnOnce(M::Columns) -> R,
    ) -> UpdateWhere<M>
    where
        M: MixedIn,
    {
        let assignments = assignments(M::columns(Path::root())).assignments();
        self.filter(condition).updated_where(assignments)
    }

    fn updated_where(self, assignments: Vec<Assignment>) -> UpdateWhere<M> {
        UpdateWhere(Lazy::new(Request { rows: self, assignments }))
    }
}

/// An update, sent when it is awaited; see [`QuerySet::bulk_update_where`].
#[must_use = "an update does nothing until it is awaited"]
pub struct UpdateWhere<M>(Lazy<'static, Request<M>, Written>);

/// The result of [`bulk_update_where`](QuerySet::bulk_update_where).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Written {
    /// The number of matched rows.
    pub matched: u64,
    /// The number of written rows for each table, the root of the chain first.
    pub tables: Vec<(String, u64)>,
}

impl<M: Entity> UpdateWhere<M> {
    /// Sends no signals.
    pub fn without_signals(mut self) -> Self {
        self.0.change(|request| request.rows.silent = true);
        self
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

impl<M: Entity> Future for UpdateWhere<M> {
    type Output = Result<Written>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.poll(context, |request| async move {
            let outcome = request.outcome().await?;
            let mut tables = outcome.tables;
            if tables.is_empty() && outcome.matched > 0 {
                tables.push((request.rows.model()?.table.clone(), outcome.matched));
            }
            Ok(Written { matched: outcome.matched, tables })
        })
    }
}
