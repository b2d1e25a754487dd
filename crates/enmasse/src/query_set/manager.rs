//! Managers: named bulk operations of a model.

use enmasse_core::Value;
use enmasse_core::error::Result;
use enmasse_core::query::Q;
use enmasse_core::query::{Expr, FieldPath};
use futures_util::stream::BoxStream;

use crate::database::handle::Handle;
use crate::model::mixin::MixedIn;
use crate::model::{Columns, Entity, Model};
use crate::query_set::{
    BulkCreate, BulkPatch, BulkUpdate, Create, Delete, Patch, QuerySet, Save, Subquery, Update, UpdateWhere,
    Values,
};
use crate::run::batch::IntoRows;
use crate::typed::Expression;
use crate::typed::columns::{Assignments, FieldNames, IntoOrder, IntoQ};

/// A [`QuerySet`] with the model's own methods: the result of `User::objects(&db)`.
///
/// A manager is a newtype around a QuerySet and has all of its methods. Methods that continue a chain return
/// the manager, so its own methods and the QuerySet's chain in any order. `#[model(manager = UserManager)]`
/// sets the model's manager; without it, the manager is the QuerySet itself. `#[derive(Manager)]` implements
/// the trait for a newtype.
///
/// [`initial`](Manager::initial) may filter the rows at the start. Writes of one object
/// ([`save`](Manager::save), [`refresh`](Manager::refresh), [`delete_object`](Manager::delete_object)) and
/// relations ignore this filter, as in Django. [`Objects::all_rows`](crate::Objects::all_rows) returns all
/// rows.
///
/// ```
/// # #[cfg(feature = "sqlite")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> enmasse::Result<()> {
/// use enmasse::prelude::*;
///
/// #[derive(Model)]
/// #[model(table = "users", manager = UserManager, managers(blocked = BlockedUsers))]
/// struct User {
///     #[model(primary_key)]
///     id: i64,
///     country: String,
///     is_active: bool,
///     points: i32,
/// }
///
/// #[derive(Clone, Manager)]
/// struct UserManager(QuerySet<User>);
///
/// impl UserManager {
///     fn in_country(self, country: &str) -> Self {
///         self.filter(|u| u.country.eq(country))
///     }
///
///     fn reward(self, points: i32) -> Update<User> {
///         self.filter(|u| u.is_active).update(|u| u.points.increment(points))
///     }
/// }
///
/// // the same by hand, for a manager that starts with some of the rows
/// #[derive(Clone)]
/// struct BlockedUsers(QuerySet<User>);
///
/// impl Manager for BlockedUsers {
///     type Model = User;
///
///     fn from_rows(rows: QuerySet<User>) -> Self {
///         BlockedUsers(rows)
///     }
///
///     fn into_rows(self) -> QuerySet<User> {
///         self.0
///     }
///
///     fn initial(self) -> Self {
///         self.filter(|u| !u.is_active)
///     }
/// }
///
/// # let db = Database::connect("sqlite::memory:").await?;
/// # db.create_tables([User::model()?]).await?;
/// let user = |id, is_active| User { id, country: "US".into(), is_active, points: 0 };
/// User::objects(&db).bulk_create([user(1, true), user(2, false)]).await?;
/// assert_eq!(User::objects(&db).filter(|u| u.points.lt(5)).in_country("US").reward(100).await?, 1);
/// assert_eq!(User::blocked(&db).count().await?, 1);
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "sqlite"))]
/// # fn main() {}
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a manager",
    label = "expected a QuerySet or a manager",
    note = "a manager is a newtype with `#[derive(Manager)]`: `struct UserManager(QuerySet<User>);`"
)]
pub trait Manager: Sized {
    /// The model of its rows.
    type Model: Entity;

    /// Creates the manager of these rows.
    fn from_rows(rows: QuerySet<Self::Model>) -> Self;

    /// The rows: a QuerySet with the added filters.
    fn into_rows(self) -> QuerySet<Self::Model>;

    /// Filters all rows at the start; by default not at all. Django's `get_queryset`.
    #[must_use]
    fn initial(self) -> Self {
        self
    }

    /// The manager's initial rows through a database or a transaction, even if its model does not name it.
    #[must_use]
    fn on(handle: &impl Handle) -> Self
    where
        Self::Model: Model,
    {
        Self::from_rows(QuerySet::new(<Self::Model as Model>::model(), Some(handle.executor()))).initial()
    }

    /// [`QuerySet::using`]
    #[must_use]
    fn using(self, handle: &impl Handle) -> Self {
        Self::from_rows(self.into_rows().using(handle))
    }

    /// [`QuerySet::filter`]
    #[must_use]
    fn filter<R: IntoQ>(self, condition: impl FnOnce(Columns<Self::Model>) -> R) -> Self {
        Self::from_rows(self.into_rows().filter(condition))
    }

    /// [`QuerySet::exclude`]
    #[must_use]
    fn exclude<R: IntoQ>(self, condition: impl FnOnce(Columns<Self::Model>) -> R) -> Self {
        Self::from_rows(self.into_rows().exclude(condition))
    }

    /// [`QuerySet::filter_by`]
    #[must_use]
    fn filter_by(self, condition: impl Into<Q>) -> Self {
        Self::from_rows(self.into_rows().filter_by(condition))
    }

    /// [`QuerySet::exclude_by`]
    #[must_use]
    fn exclude_by(self, condition: impl Into<Q>) -> Self {
        Self::from_rows(self.into_rows().exclude_by(condition))
    }

    /// [`QuerySet::order_by`]
    #[must_use]
    fn order_by<R: IntoOrder>(self, order: impl FnOnce(Columns<Self::Model>) -> R) -> Self {
        Self::from_rows(self.into_rows().order_by(order))
    }

    /// [`QuerySet::order_by_names`]
    #[must_use]
    fn order_by_names<'a>(self, names: impl IntoIterator<Item = &'a str>) -> Self {
        Self::from_rows(self.into_rows().order_by_names(names))
    }

    /// [`QuerySet::slice`]
    #[must_use]
    fn slice(self, range: impl std::ops::RangeBounds<u64>) -> Self {
        Self::from_rows(self.into_rows().slice(range))
    }

    /// [`QuerySet::distinct`]
    #[must_use]
    fn distinct(self) -> Self {
        Self::from_rows(self.into_rows().distinct())
    }

    /// [`QuerySet::distinct_on`]
    #[must_use]
    fn distinct_on<R: FieldNames>(self, fields: impl FnOnce(Columns<Self::Model>) -> R) -> Self {
        Self::from_rows(self.into_rows().distinct_on(fields))
    }

    /// [`QuerySet::none`]
    #[must_use]
    fn none(self) -> Self {
        Self::from_rows(self.into_rows().none())
    }

    /// [`QuerySet::without_signals`]
    #[must_use]
    fn without_signals(self) -> Self {
        Self::from_rows(self.into_rows().without_signals())
    }

    /// [`QuerySet::annotate`]
    #[must_use]
    fn annotate<R: Into<Expr>>(self, name: &str, value: impl FnOnce(Columns<Self::Model>) -> R) -> Self {
        Self::from_rows(self.into_rows().annotate(name, value))
    }

    /// [`QuerySet::select`]
    fn select<S: Expression>(self, output: impl FnOnce(Columns<Self::Model>) -> S) -> Subquery<S::Base> {
        self.into_rows().select(output)
    }

    /// [`QuerySet::update`]
    fn update<A: Assignments>(
        self,
        assignments: impl FnOnce(Columns<Self::Model>) -> A,
    ) -> Update<Self::Model> {
        self.into_rows().update(assignments)
    }

    /// [`QuerySet::bulk_update_where`]
    fn bulk_update_where<const N: usize, R: IntoQ>(
        self,
        fields: [&str; N],
        values: [Value; N],
        condition: impl FnOnce(Columns<Self::Model>) -> R,
    ) -> UpdateWhere<Self::Model>
    where
        Self::Model: MixedIn,
    {
        self.into_rows().bulk_update_where(fields, values, condition)
    }

    /// [`QuerySet::update_where`]
    fn update_where<A: Assignments, R: IntoQ>(
        self,
        assignments: impl FnOnce(Columns<Self::Model>) -> A,
        condition: impl FnOnce(Columns<Self::Model>) -> R,
    ) -> UpdateWhere<Self::Model>
    where
        Self::Model: MixedIn,
    {
        self.into_rows().update_where(assignments, condition)
    }

    /// [`QuerySet::update_by`]
    fn update_by<N: Into<FieldPath>, V: Into<Expr>>(
        self,
        assignments: impl IntoIterator<Item = (N, V)>,
    ) -> Update<Self::Model> {
        self.into_rows().update_by(assignments)
    }

    /// [`QuerySet::bulk_update`]
    fn bulk_update<'o, F: FieldNames, K>(
        self,
        objects: impl IntoRows<'o, Self::Model, K>,
        fields: impl FnOnce(Columns<Self::Model>) -> F,
    ) -> BulkUpdate<'o, Self::Model> {
        self.into_rows().bulk_update(objects, fields)
    }

    /// [`QuerySet::bulk_patch`]
    fn bulk_patch(self, patches: impl IntoIterator<Item = Patch<Self::Model>>) -> BulkPatch<Self::Model> {
        self.into_rows().bulk_patch(patches)
    }

    /// [`QuerySet::delete`]
    fn delete(self) -> Delete<Self::Model> {
        self.into_rows().delete()
    }

    /// [`QuerySet::create`]
    fn create(self, object: Self::Model) -> Create<Self::Model> {
        self.into_rows().create(object)
    }

    /// [`QuerySet::create_with`]
    fn create_with<A: Assignments>(
        self,
        values: impl FnOnce(Columns<Self::Model>) -> A,
    ) -> Create<Self::Model> {
        self.into_rows().create_with(values)
    }

    /// [`QuerySet::create_by`]
    fn create_by<N: Into<FieldPath>, V: Into<Value>>(
        self,
        values: impl IntoIterator<Item = (N, V)>,
    ) -> Create<Self::Model> {
        self.into_rows().create_by(values)
    }

    /// [`QuerySet::bulk_create`]
    fn bulk_create(self, objects: impl IntoIterator<Item = Self::Model>) -> BulkCreate<Self::Model> {
        self.into_rows().bulk_create(objects)
    }

    /// [`QuerySet::save`]
    fn save(self, object: &mut Self::Model) -> Save<'_, Self::Model> {
        self.into_rows().save(object)
    }

    /// [`QuerySet::refresh`]
    ///
    /// # Errors
    ///
    /// As there.
    fn refresh(self, object: &mut Self::Model) -> impl Future<Output = Result<()>> + Send {
        self.into_rows().refresh(object)
    }

    /// [`QuerySet::delete_object`]
    ///
    /// # Errors
    ///
    /// As there.
    fn delete_object(self, object: &Self::Model) -> impl Future<Output = Result<bool>> + Send {
        self.into_rows().delete_object(object)
    }

    /// [`QuerySet::fetch`]
    ///
    /// # Errors
    ///
    /// As there.
    fn fetch(self) -> impl Future<Output = Result<Vec<Self::Model>>> + Send {
        self.into_rows().fetch()
    }

    /// [`QuerySet::get`]
    ///
    /// # Errors
    ///
    /// As there.
    fn get(self) -> impl Future<Output = Result<Self::Model>> + Send {
        self.into_rows().get()
    }

    /// [`QuerySet::first`]
    ///
    /// # Errors
    ///
    /// As there.
    fn first(self) -> impl Future<Output = Result<Option<Self::Model>>> + Send {
        self.into_rows().first()
    }

    /// [`QuerySet::stream`]
    ///
    /// # Errors
    ///
    /// As there.
    fn stream(self) -> BoxStream<'static, Result<Self::Model>> {
        self.into_rows().stream()
    }

    /// [`QuerySet::values`]
    ///
    /// # Errors
    ///
    /// As there.
    fn values<V: Values + Send>(
        self,
        values: impl FnOnce(Columns<Self::Model>) -> V + Send,
    ) -> impl Future<Output = Result<Vec<V::Row>>> + Send {
        self.into_rows().values(values)
    }

    /// [`QuerySet::values_by`]
    ///
    /// # Errors
    ///
    /// As there.
    fn values_by<N: Into<FieldPath>>(
        self,
        names: impl IntoIterator<Item = N, IntoIter: Send> + Send,
    ) -> impl Future<Output = Result<Vec<Vec<Value>>>> + Send {
        self.into_rows().values_by(names)
    }

    /// [`QuerySet::count`]
    ///
    /// # Errors
    ///
    /// As there.
    fn count(self) -> impl Future<Output = Result<u64>> + Send {
        self.into_rows().count()
    }

    /// [`QuerySet::exists`]
    ///
    /// # Errors
    ///
    /// As there.
    fn exists(self) -> impl Future<Output = Result<bool>> + Send {
        self.into_rows().exists()
    }

    /// [`QuerySet::explain`]
    ///
    /// # Errors
    ///
    /// As there.
    fn explain(&self) -> Result<String>
    where
        Self: Clone,
    {
        self.clone().into_rows().explain()
    }
}

/// The manager of a model without its own.
impl<M: Entity> Manager for QuerySet<M> {
    type Model = M;

    fn from_rows(rows: QuerySet<M>) -> Self {
        rows
    }

    fn into_rows(self) -> QuerySet<M> {
        self
    }
}
