//! Subqueries.

use std::marker::PhantomData;

use enmasse_core::query;
use enmasse_core::query::Expr;
use enmasse_core::query::{Q, Select};

use crate::model::{Entity, Model};
use crate::query_set::QuerySet;
use crate::query_set::manager::Manager;
use crate::typed::Expression;
use crate::typed::columns::Path;
use crate::typed::operand::{InList, MaybeNull, Operand};

/// A query with one value per row, for use in another query: as a value (that of its first row), or in `in_`.
///
/// Create it with [`QuerySet::select`]. `u.id.outer()` refers to a field of the outer query.
#[derive(Clone, Debug)]
pub struct Subquery<B> {
    select: Select,
    of: PhantomData<fn() -> B>,
}

impl<M: Entity> QuerySet<M> {
    /// Selects one column or expression of each row as a subquery. An aggregate returns one value for all
    /// rows.
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
    ///     spent: Option<i64>,
    /// }
    ///
    /// #[derive(Model)]
    /// #[model(table = "orders")]
    /// struct Order {
    ///     #[model(primary_key)]
    ///     id: i64,
    ///     #[model(foreign_key = User)]
    ///     user: i64,
    ///     amount: i64,
    /// }
    ///
    /// # let db = Database::connect("sqlite::memory:").await?;
    /// # db.create_tables([User::model()?, Order::model()?]).await?;
    /// let update = User::objects(&db).update(|u| {
    ///     let orders = Order::query().filter(|o| o.user.eq(u.id.outer()));
    ///     u.spent.set(orders.select(|o| o.amount.sum()))
    /// });
    /// assert_eq!(
    ///     update.explain()?,
    ///     r#"UPDATE "users" SET "spent" = (SELECT SUM("t1"."amount") FROM "orders" "t1" WHERE "t1"."user_id" = "users"."id")"#
    /// );
    /// update.await?;
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    pub fn select<S: Expression>(self, output: impl FnOnce(M::Columns) -> S) -> Subquery<S::Base> {
        let output = vec![output(M::columns(Path::root())).into_expr()];
        Subquery { select: Select { query: self.query, output }, of: PhantomData }
    }
}

/// Whether a query has rows, as a condition of the outer query: Django's `Exists`.
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
///     spent: Option<i64>,
/// }
///
/// #[derive(Model)]
/// #[model(table = "orders")]
/// struct Order {
///     #[model(primary_key)]
///     id: i64,
///     #[model(foreign_key = User)]
///     user: i64,
///     amount: i64,
/// }
///
/// # let db = Database::connect("sqlite::memory:").await?;
/// # db.create_tables([User::model()?, Order::model()?]).await?;
/// let buyers = User::objects(&db).filter(|u| exists(Order::query().filter(|o| o.user.eq(u.id.outer()))));
/// assert!(buyers.explain()?.ends_with(
///     r#"WHERE EXISTS (SELECT 1 FROM "orders" "t1" WHERE "t1"."user_id" = "users"."id")"#
/// ));
/// assert_eq!(buyers.count().await?, 0);
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "sqlite"))]
/// # fn main() {}
/// ```
pub fn exists<R: Manager>(rows: R) -> Q {
    Q::Exists(Box::new(Select { query: rows.into_rows().query, output: Vec::new() }))
}

/// `coalesce((subquery, 0))`, `subquery.gt(10)`.
impl<B> Expression for Subquery<B> {
    type Base = B;

    fn into_expr(self) -> Expr {
        Expr::Subquery(Box::new(self.select))
    }
}

/// A subquery without rows is NULL, so a column that is never NULL accepts it only in a `coalesce`.
#[diagnostic::do_not_recommend]
impl<B> Operand<B> for Subquery<B> {
    type Null = MaybeNull;

    fn into_operand(self) -> Expr {
        Expr::Subquery(Box::new(self.select))
    }
}

#[diagnostic::do_not_recommend]
impl<B> InList<B> for Subquery<B> {
    fn into_list(self) -> query::Operand {
        query::Operand::Query(Box::new(self.select))
    }
}

/// The keys of its rows, which stay in the database.
#[diagnostic::do_not_recommend]
impl<R: Manager<Model: Model>> InList<<R::Model as Model>::Key> for R {
    fn into_list(self) -> query::Operand {
        self.into_rows().into()
    }
}

/// The rows of a query as the operand of a keyword: `Q::named("user__in", User::query().filter(…))`.
impl<M: Entity> From<QuerySet<M>> for query::Operand {
    fn from(rows: QuerySet<M>) -> Self {
        query::Operand::Query(Box::new(Select { query: rows.query, output: Vec::new() }))
    }
}

impl<B> From<Subquery<B>> for query::Operand {
    fn from(subquery: Subquery<B>) -> Self {
        query::Operand::Query(Box::new(subquery.select))
    }
}
