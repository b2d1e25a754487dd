//! Columns: the arguments of the closures of `filter`, `update` and similar methods.

mod assignment;
mod condition;
mod named;
mod names;
mod path;

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use enmasse_core::query::{Expr, FieldPath};

pub use assignment::{Assignment, Assignments};
pub use condition::IntoQ;
pub use named::{F, NamedColumn, NamedColumns};
pub use names::{FieldNames, IntoOrder};
pub use path::Path;

use crate::typed::family::Additive;
use crate::typed::field_type::FieldType;
use crate::typed::operand::{AcceptedBy, Fits, NeverNull, Operand};
use crate::typed::{Expression, Typed};

/// A field of a model, or of a related model. `T` is the field's type in Rust.
///
/// A column is an [`Expression`]: the lookups are in [`Lookups`](crate::Lookups), the functions in
/// [`Functions`](crate::Functions), and `+ - * / %` work on numbers.
///
/// ```
/// use enmasse::prelude::*;
///
/// #[derive(Model)]
/// struct Account {
///     #[model(primary_key)]
///     id: i64,
///     owner: String,
///     points: i32,
/// }
///
/// fn rich(account: Columns<Account>) -> Q {
///     account.points.gt(1_000) & account.owner.starts_with("A")
/// }
/// # let _ = rich;
/// ```
pub struct Column<T> {
    path: Path,
    name: &'static str,
    field_type: PhantomData<fn() -> T>,
}

impl<T> Column<T> {
    /// The field with this name at the end of a path.
    pub const fn new(path: Path, name: &'static str) -> Self {
        Column { path, name, field_type: PhantomData }
    }

    /// The names on the path to the field.
    pub fn path(self) -> FieldPath {
        self.path.field(self.name)
    }
}

impl<T: FieldType> Column<T> {
    /// Sets the field to a value or an expression, in an update.
    pub fn set<V>(self, value: V) -> Assignment
    where
        V: Operand<T::Base, Null: AcceptedBy<T>>,
    {
        Assignment { field: self.path(), value: value.into_operand() }
    }

    /// Adds to the field, in an update: `F("points") + 100`.
    pub fn increment<V>(self, by: V) -> Assignment
    where
        T::Base: Additive,
        V: Operand<<T::Base as Additive>::Right>,
    {
        Assignment { field: self.path(), value: self.plus(by).into_expr() }
    }

    /// Subtracts from the field, in an update.
    pub fn decrement<V>(self, by: V) -> Assignment
    where
        T::Base: Additive,
        V: Operand<<T::Base as Additive>::Right>,
    {
        Assignment { field: self.path(), value: self.minus(by).into_expr() }
    }

    /// The field as an `Option` in [`values`](crate::QuerySet::values), for a related row that may not exist.
    /// The type of a column does not depend on the path to it.
    ///
    /// ```
    /// # #[cfg(feature = "sqlite")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> enmasse::Result<()> {
    /// use enmasse::prelude::*;
    ///
    /// #[derive(Model, Clone)]
    /// struct Person {
    ///     #[model(primary_key)]
    ///     id: i64,
    ///     name: String,
    ///     #[model(foreign_key = Person)]
    ///     boss: Option<i64>,
    /// }
    ///
    /// # let db = Database::connect("sqlite::memory:").await?;
    /// # db.create_tables([Person::model()?]).await?;
    /// let ada = Person { id: 1, name: "Ada".into(), boss: None };
    /// let bob = Person { id: 2, name: "Bob".into(), boss: Some(1) };
    /// Person::objects(&db).bulk_create([ada, bob]).await?;
    /// let rows = Person::objects(&db).order_by(|p| p.id).values(|p| (p.name, p.boss().name.optional())).await?;
    /// assert_eq!(rows, [("Ada".to_owned(), None), ("Bob".to_owned(), Some("Ada".to_owned()))]);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    pub fn optional(self) -> Typed<T::Base> {
        Typed::new(self.into_expr())
    }

    /// The field of the outer query of a subquery: Django's `OuterRef`.
    pub fn outer(self) -> Typed<T::Base> {
        Typed::new(Expr::Outer(self.path()))
    }
}

impl<T: FieldType> Expression for Column<T> {
    type Base = T::Base;

    fn into_expr(self) -> Expr {
        self.path.expr(self.path())
    }
}

#[diagnostic::do_not_recommend]
impl<T: FieldType, B> Operand<B> for Column<T>
where
    T::Base: Fits<B>,
{
    type Null = NeverNull;

    fn into_operand(self) -> Expr {
        self.into_expr()
    }
}

impl<T> Clone for Column<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Column<T> {}

impl<T> fmt::Debug for Column<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Column({})", self.path())
    }
}

impl<T> From<Column<T>> for Expr {
    fn from(column: Column<T>) -> Self {
        Expr::Field(column.path())
    }
}

/// One step of a keyword over a relation: the key itself, and by [`Deref`] the columns of the related model.
#[doc(hidden)]
#[derive(Debug)]
pub struct Hop<C, T> {
    columns: C,
    key: Column<T>,
}

impl<C, T> Hop<C, T> {
    pub fn new(columns: C, key: Column<T>) -> Self {
        Hop { columns, key }
    }
}

impl<C, T: FieldType> Hop<C, T> {
    pub fn set<V>(self, value: V) -> Assignment
    where
        V: Operand<T::Base, Null: AcceptedBy<T>>,
    {
        self.key.set(value)
    }
}

impl<C, T: FieldType> Expression for Hop<C, T> {
    type Base = T::Base;

    fn into_expr(self) -> Expr {
        self.key.into_expr()
    }
}

#[diagnostic::do_not_recommend]
impl<C, T: FieldType, B> Operand<B> for Hop<C, T>
where
    T::Base: Fits<B>,
{
    type Null = NeverNull;

    fn into_operand(self) -> Expr {
        self.key.into_expr()
    }
}

impl<C, T> Deref for Hop<C, T> {
    type Target = C;

    fn deref(&self) -> &C {
        &self.columns
    }
}
