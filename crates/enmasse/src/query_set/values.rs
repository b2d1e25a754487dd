//! `values`: selected columns or expressions in place of whole rows.

use enmasse_core::compile::Selection;
use enmasse_core::error::{Error, ErrorKind, Result};
use enmasse_core::query::{Expr, FieldPath};
use enmasse_core::value::{DataType, Value};

use crate::backend::Row;
use crate::model::Entity;
use crate::query_set::QuerySet;
use crate::typed::columns::{Column, Path};
use crate::typed::field_type::FieldType;
use crate::typed::{Expression, Typed};
use enmasse_core::run::{named, of_key};

impl<M: Entity> QuerySet<M> {
    /// Reads some columns or expressions of each row: `values(|u| (u.id, u.country))` returns `(i64,
    /// String)`s, and a single column its own type.
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
    ///     name: String,
    ///     points: i32,
    /// }
    ///
    /// # let db = Database::connect("sqlite::memory:").await?;
    /// # db.create_tables([User::model()?]).await?;
    /// # User::objects(&db).create(User { id: 1, name: "Ada".into(), points: 5 }).await?;
    /// let names: Vec<String> = User::objects(&db).order_by(|u| u.name).values(|u| u.name).await?;
    /// let points: Vec<(i64, i32)> = User::objects(&db).values(|u| (u.id, u.points)).await?;
    /// # assert_eq!((names, points), (vec!["Ada".to_owned()], vec![(1, 5)]));
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    ///
    /// # Errors
    ///
    /// When fetched, as [`fetch`](QuerySet::fetch); and [`Value`](crate::ErrorKind::Value) if NULL is
    /// returned for a column that is not an `Option`, for example because no related row exists.
    /// [`Column::optional`] makes the column an `Option`.
    pub async fn values<V: Values>(self, values: impl FnOnce(M::Columns) -> V) -> Result<Vec<V::Row>> {
        let values = values(M::columns(Path::root()));
        let exprs = values.exprs();
        let selection = self.query()?.select_values(&*self.dialect()?, &exprs)?;
        let rows = self.value_rows(selection, &exprs).await?;
        let place = |at: usize| place(&self.query.model.name, &exprs, at);
        rows.into_iter()
            .map(|row| {
                V::read(&mut ValueReader { row: row.into_iter(), next: 0, exprs: &exprs, place: &place })
            })
            .collect()
    }

    /// [`values`](QuerySet::values) with names known only at run time: a list of values for each row.
    ///
    /// # Errors
    ///
    /// As [`values`](QuerySet::values).
    pub async fn values_by<N: Into<FieldPath>>(
        self,
        names: impl IntoIterator<Item = N>,
    ) -> Result<Vec<Vec<Value>>> {
        let exprs: Vec<_> = names.into_iter().map(|name| Expr::Field(name.into())).collect();
        let selection = self.query()?.select_values(&*self.dialect()?, &exprs)?;
        self.value_rows(selection, &exprs).await
    }

    async fn value_rows(&self, selection: Option<Selection>, exprs: &[Expr]) -> Result<Vec<Row>> {
        let model = &self.query()?.model;
        let rows = self.rows(selection).await;
        rows.map_err(|error| {
            named(error, |column, row| {
                let of = |key: usize| {
                    let name = &model.fields[key].name;
                    let is_key =
                        |expr: &Expr| matches!(expr, Expr::Field(path) if path.names() == [name.as_str()]);
                    row.get(exprs.iter().position(is_key)?)
                };
                Some(format!("{}{}", place(&model.name, exprs, column), of_key(model, of)))
            })
        })
    }
}

/// The name of the value at this position in errors.
fn place(model: &str, exprs: &[Expr], at: usize) -> String {
    match exprs.get(at) {
        Some(Expr::Field(path)) => format!("{model}.{path}"),
        _ => format!("{model}, value {}", at + 1),
    }
}

/// Reads the values of a row one after the other.
#[doc(hidden)]
pub struct ValueReader<'r> {
    row: std::vec::IntoIter<Value>,
    next: usize,
    exprs: &'r [Expr],
    place: &'r dyn Fn(usize) -> String,
}

impl ValueReader<'_> {
    fn take<T: FieldType>(&mut self) -> Result<T> {
        let value = self.row.next().unwrap_or(Value::Null);
        self.next += 1;
        let is_related = || matches!(&self.exprs[self.next - 1], Expr::Field(path) if path.names().len() > 1);
        let read = if value.is_null() && !T::NULL && is_related() {
            Err(nothing_related(&T::data_type()))
        } else {
            T::from_value(value)
        };
        read.map_err(|error| error.at((self.place)(self.next - 1)))
    }
}

/// The error for a column of a missing related row that is not an `Option`.
fn nothing_related(data_type: &DataType) -> Error {
    Error::new(
        ErrorKind::Value,
        format!(
            "expected {data_type} but got NULL, for example because no row is related; `.optional()` makes the column an Option."
        ),
    )
}

impl std::fmt::Debug for ValueReader<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ValueReader").field("row", &self.row).finish_non_exhaustive()
    }
}

/// One value of each row: a column, or an expression.
pub trait Selected {
    /// Its Rust type.
    type Value: FieldType;

    /// The expression.
    fn expr(&self) -> Expr;
}

impl<T: FieldType> Selected for Column<T> {
    type Value = T;

    fn expr(&self) -> Expr {
        self.into_expr()
    }
}

/// An expression may be NULL.
impl<B> Selected for Typed<B>
where
    Option<B>: FieldType,
{
    type Value = Option<B>;

    fn expr(&self) -> Expr {
        self.clone().into_expr()
    }
}

/// The selection of [`QuerySet::values`]: one [`Selected`], or a tuple of up to twelve.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be selected",
    label = "expected a column, an expression, or a tuple of these"
)]
pub trait Values {
    /// The Rust type of each row.
    type Row;

    /// The expressions.
    fn exprs(&self) -> Vec<Expr>;

    /// Reads the values of one row.
    ///
    /// # Errors
    ///
    /// [`Value`](crate::ErrorKind::Value) if a value is not of the Rust type.
    fn read(row: &mut ValueReader<'_>) -> Result<Self::Row>;
}

#[diagnostic::do_not_recommend]
impl<S: Selected> Values for S {
    type Row = S::Value;

    fn exprs(&self) -> Vec<Expr> {
        vec![self.expr()]
    }

    fn read(row: &mut ValueReader<'_>) -> Result<S::Value> {
        row.take()
    }
}

macro_rules! tuples {
    ($($($name:ident)+;)+) => {$(
        #[diagnostic::do_not_recommend]
        impl<$($name: Selected),+> Values for ($($name,)+) {
            type Row = ($($name::Value,)+);

            #[allow(non_snake_case)]
            fn exprs(&self) -> Vec<Expr> {
                let ($($name,)+) = self;
                vec![$($name.expr()),+]
            }

            fn read(row: &mut ValueReader<'_>) -> Result<Self::Row> {
                Ok(($(row.take::<$name::Value>()?,)+))
            }
        }
    )+};
}

tuples! {
    A;
    A B;
    A B C;
    A B C D;
    A B C D E;
    A B C D E F;
    A B C D E F G;
    A B C D E F G H;
    A B C D E F G H I;
    A B C D E F G H I J;
    A B C D E F G H I J K;
    A B C D E F G H I J K L;
}
