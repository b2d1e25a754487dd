//! A filtered set of a model's rows: Django's `QuerySet`.

mod bulk_update;
mod create;
mod fetch;
mod insert;
pub(crate) mod lazy;
mod made;
pub(crate) mod manager;
mod patch;
mod preview;
mod refresh;
mod save;
mod subquery;
mod update;
mod update_where;
mod values;

pub use bulk_update::Return;
pub use bulk_update::{BulkUpdate, BulkUpdateReturning, Change, Report, Returned};
pub use create::{BulkCreate, Create};
pub use patch::{BulkPatch, Patch};
pub use preview::{Example, FieldPreview, Preview};
pub use save::{Save, Saved};
pub use subquery::{Subquery, exists};
pub use update::{Delete, Update, UpdateReturning};
pub use update_where::{UpdateWhere, Written};
pub use values::{Selected, Values};

pub(crate) use insert::insert as insert_rows;

use std::fmt;
use std::marker::PhantomData;
use std::ops::{Bound, RangeBounds};
use std::sync::Arc;

use enmasse_core::compile::Keyword;
use enmasse_core::dialect::Dialect;
use enmasse_core::error::{Error, ErrorKind, Result};
use enmasse_core::query::Expr;
use enmasse_core::query::{Distinct, Q, Query};
use enmasse_core::schema::ModelRef;

use crate::database::handle::{Executor, Handle};
use crate::model::{Entity, Model};
use crate::query_set::manager::Manager;
use crate::signals::Receivers;
use crate::typed::columns::{FieldNames, IntoOrder, IntoQ, Path};

/// A filtered and ordered set of a model's rows.
///
/// It is lazy: nothing is sent until a method that ends the chain is awaited ([`fetch`](QuerySet::fetch),
/// [`update`](QuerySet::update), [`count`](QuerySet::count) …). It is cheap to clone, so a QuerySet can be
/// kept and extended. It owns a handle to its database or transaction.
///
/// The closures receive the model's columns; `u.last_login` is a field, `p.user()` follows a relation.
///
/// ```
/// # #[cfg(feature = "sqlite")] tokio_test(async {
/// use enmasse::prelude::*;
///
/// #[derive(Model, Debug, Clone)]
/// #[model(table = "users")]
/// struct User {
///     #[model(primary_key)]
///     id: i64,
///     country: String,
///     is_active: bool,
/// }
///
/// let db = Database::connect("sqlite::memory:").await?;
/// db.create_tables([User::model()?]).await?;
/// User::objects(&db).create(User { id: 1, country: "US".into(), is_active: true }).await?;
///
/// let americans = User::objects(&db).filter(|u| u.country.eq("US"));
/// assert_eq!(americans.clone().update(|u| u.is_active.set(false)).await?, 1);
/// assert_eq!(americans.filter(q!(is_active = true)).count().await?, 0);
/// # Ok::<(), Error>(()) });
/// # #[cfg(feature = "sqlite")] fn tokio_test(f: impl Future<Output = enmasse::Result<()>>) {
/// #     tokio::runtime::Runtime::new().unwrap().block_on(f).unwrap()
/// # }
/// ```
pub struct QuerySet<M> {
    query: Query,
    executor: Option<Executor>,
    /// Whether its writes send no signals.
    silent: bool,
    model: PhantomData<fn() -> M>,
}

impl<M: Entity> QuerySet<M> {
    /// All rows of a model known only at run time, as [`Record`](crate::Record)s or as a Rust type that fits
    /// it.
    pub fn of(model: &ModelRef, handle: &impl Handle) -> Self {
        QuerySet::new(Ok(model.clone()), Some(handle.executor()))
    }

    /// A QuerySet from a query of the core.
    pub(crate) fn of_query(query: Query, handle: &impl Handle) -> Self {
        QuerySet { query, executor: Some(handle.executor()), silent: false, model: PhantomData }
    }

    pub(crate) fn new(model: Result<ModelRef>, executor: Option<Executor>) -> Self {
        let query = model.map_or_else(Query::broken, Query::new);
        QuerySet { query, executor, silent: false, model: PhantomData }
    }

    /// The same rows through another handle, for example a transaction.
    #[must_use]
    pub fn using(mut self, handle: &impl Handle) -> Self {
        self.executor = Some(handle.executor());
        self
    }

    /// The same rows, whose writes send no [signals](crate::signals).
    #[must_use]
    pub fn without_signals(mut self) -> Self {
        self.silent = true;
        self
    }

    /// Keeps the rows that match the condition.
    ///
    /// As in Django, the conditions of one call on a to-many relation apply to the same related row;
    /// conditions of separate calls may match different related rows.
    ///
    /// Names and values are checked when the QuerySet is used.
    #[must_use]
    pub fn filter<R: IntoQ>(self, condition: impl FnOnce(M::Columns) -> R) -> Self {
        self.filter_by(condition(M::columns(Path::root())).into_q())
    }

    /// Leaves out the rows that match the condition. A row whose condition is NULL is kept, as in Django.
    #[must_use]
    pub fn exclude<R: IntoQ>(self, condition: impl FnOnce(M::Columns) -> R) -> Self {
        self.exclude_by(condition(M::columns(Path::root())).into_q())
    }

    /// [`filter`](QuerySet::filter) with names known only at run time: `Q::named("user__country__in",
    /// vec!["US", "CA"])`.
    #[must_use]
    pub fn filter_by(self, condition: impl Into<Q>) -> Self {
        self.whole("filter", |query| query.filters.push(condition.into()))
    }

    /// [`exclude`](QuerySet::exclude) with names known only at run time.
    #[must_use]
    pub fn exclude_by(self, condition: impl Into<Q>) -> Self {
        self.whole("filter", |query| query.filters.push(!condition.into()))
    }

    /// Orders the rows by columns, `column.desc()`, expressions, or a tuple of these. Replaces any other
    /// order.
    #[must_use]
    pub fn order_by<R: IntoOrder>(self, order: impl FnOnce(M::Columns) -> R) -> Self {
        self.whole("reorder", |query| query.order_by = order(M::columns(Path::root())).orders())
    }

    /// Orders the rows by names known only at run time; a `-` before a name reverses the order.
    #[must_use]
    pub fn order_by_names<'a>(self, names: impl IntoIterator<Item = &'a str>) -> Self {
        let orders = names.into_iter().flat_map(|name| name.orders()).collect();
        self.whole("reorder", |query| query.order_by = orders)
    }

    /// Takes a slice, which can be read but not filtered, reordered or written to. Positions count from 0
    /// within an earlier slice: `slice(..10)`, `slice(20..30)`, `slice(5..)`.
    #[must_use]
    pub fn slice(self, range: impl RangeBounds<u64>) -> Self {
        let start = match range.start_bound() {
            Bound::Included(start) => *start,
            Bound::Excluded(start) => start.saturating_add(1),
            Bound::Unbounded => 0,
        };
        let end = match range.end_bound() {
            Bound::Included(end) => Some(end.saturating_add(1)),
            Bound::Excluded(end) => Some(*end),
            Bound::Unbounded => None,
        };
        self.with(|query| {
            let left = query.limit.map(|limit| limit.saturating_sub(start));
            let wanted = end.map(|end| end.saturating_sub(start));
            query.offset = query.offset.saturating_add(start);
            query.limit = [left, wanted].into_iter().flatten().min();
        })
    }

    /// Removes duplicate rows.
    #[must_use]
    pub fn distinct(self) -> Self {
        self.whole("make distinct", |query| query.distinct = Distinct::Rows)
    }

    /// Keeps the first of the rows that are equal in these fields. PostgreSQL only; the order must begin with
    /// the same fields.
    #[must_use]
    pub fn distinct_on<R: FieldNames>(self, fields: impl FnOnce(M::Columns) -> R) -> Self {
        self.whole("make distinct", |query| {
            query.distinct = Distinct::On(fields(M::columns(Path::root())).field_names())
        })
    }

    /// An empty set: every use of it returns nothing, and sends nothing.
    #[must_use]
    pub fn none(self) -> Self {
        self.with(|query| query.none = true)
    }

    /// Names an expression for use in filters, orders and values by name.
    #[must_use]
    pub fn annotate<R: Into<Expr>>(self, name: &str, value: impl FnOnce(M::Columns) -> R) -> Self {
        let value = value(M::columns(Path::root())).into();
        self.with(|query| query.annotations.push((name.to_owned(), value)))
    }

    /// The model of the rows.
    ///
    /// # Errors
    ///
    /// [`Configuration`](ErrorKind::Configuration) if the program's models do not fit together.
    pub fn model(&self) -> Result<&ModelRef> {
        self.query().map(|query| &query.model)
    }

    /// The query as the core's data.
    ///
    /// # Errors
    ///
    /// As [`model`](QuerySet::model).
    pub fn query(&self) -> Result<&Query> {
        self.query.check()?;
        Ok(&self.query)
    }

    /// Resolves a keyword of [`filter_by`](QuerySet::filter_by) to its lookup and the type of its operand, so
    /// that a program can convert a text to the value.
    ///
    /// # Errors
    ///
    /// An error if a name, a transform or a lookup is unknown.
    pub fn keyword(&self, keyword: &str) -> Result<Keyword> {
        self.query()?.keyword(&*self.dialect()?, &keyword.into())
    }

    /// Applies a change that is not allowed on a slice: as in Django, every use of the QuerySet then returns
    /// an error.
    fn whole(self, what: &str, change: impl FnOnce(&mut Query)) -> Self {
        self.with(|query| {
            if query.is_sliced() {
                query.fail(Error::new(
                    ErrorKind::Request,
                    format!("Cannot {what} a query once a slice has been taken."),
                ))
            } else {
                change(query)
            }
        })
    }

    fn with(mut self, change: impl FnOnce(&mut Query)) -> Self {
        change(&mut self.query);
        self
    }

    /// The receivers of save signals, if any.
    fn save_receivers(&self) -> Result<Option<Receivers>> {
        let (database, model) = (self.executor()?.database(), self.model()?);
        Ok(if self.silent { None } else { Receivers::of_saves(database, model) })
    }

    /// The receivers of delete signals, if any.
    fn delete_receivers(&self) -> Result<Option<Receivers>> {
        let (database, model) = (self.executor()?.database(), self.model()?);
        Ok(if self.silent { None } else { Receivers::of_deletions(database, model) })
    }

    pub(crate) fn executor(&self) -> Result<&Executor> {
        self.executor.as_ref().ok_or_else(|| {
            Error::new(
                ErrorKind::Request,
                "This QuerySet was made without a database, for use in a subquery; give it one with .using(&db).",
            )
        })
    }

    fn dialect(&self) -> Result<Arc<dyn Dialect>> {
        Ok(self.executor()?.dialect())
    }
}

impl<M> Clone for QuerySet<M> {
    fn clone(&self) -> Self {
        let QuerySet { query, executor, silent, .. } = self;
        QuerySet { query: query.clone(), executor: executor.clone(), silent: *silent, model: PhantomData }
    }
}

impl<M> fmt::Debug for QuerySet<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QuerySet").field("query", &self.query).finish_non_exhaustive()
    }
}

/// The rows of a model: `User::objects(&db)`.
pub trait Objects: Model {
    /// The rows of the model from its [`Manager`], through a database or a transaction.
    fn objects(handle: &impl Handle) -> Self::Manager {
        Self::Manager::on(handle)
    }

    /// The rows of the model from its [`Manager`], without a database: for use in a subquery.
    fn query() -> Self::Manager {
        Self::Manager::from_rows(QuerySet::new(Self::model(), None)).initial()
    }

    /// All rows of the model, including those that its manager leaves out: Django's `_base_manager`.
    fn all_rows(handle: &impl Handle) -> QuerySet<Self> {
        QuerySet::new(Self::model(), Some(handle.executor()))
    }
}

impl<M: Model> Objects for M {}
