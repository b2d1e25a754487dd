//! Functions of no expression, of several expressions, and of plain values.

use chrono::{DateTime, Utc};
use enmasse_core::query::{Aggregate, Expr, Function};

use crate::typed::family::Ordered;
use crate::typed::field_type::FieldType;
use crate::typed::functions::call;
use crate::typed::operand::{Literal, Operand};
use crate::typed::{Expression, Typed};

/// The number of rows: Django's `Count("*")`, an aggregate for the selection of a subquery.
pub fn count_rows() -> Typed<i64> {
    Typed::new(Expr::Aggregate { function: Aggregate::Count, of: None, distinct: false })
}

/// The current time: of the transaction on PostgreSQL, of the statement on the other databases.
pub fn now() -> Typed<DateTime<Utc>> {
    call(Function::Now, [])
}

/// A plain value as an expression of its own type.
///
/// ```
/// use enmasse::prelude::*;
///
/// let double = value(2_i64) * 2;
/// # let _ = double;
/// ```
pub fn value<T: FieldType + Literal<T::Base>>(value: T) -> Typed<T::Base> {
    Typed::new(Expr::Value(value.into_literal(), Some(T::data_type())))
}

/// The first value that is not NULL: `coalesce((u.nickname, u.name, "nobody"))`.
pub fn coalesce<S: Several>(of: S) -> Typed<S::Base> {
    call(Function::Coalesce, of.into_exprs())
}

/// The greatest value: `greatest((u.created, u.updated))`.
pub fn greatest<S: Several>(of: S) -> Typed<S::Base>
where
    S::Base: Ordered,
{
    call(Function::Greatest, of.into_exprs())
}

/// The least value: `least((u.points, 100))`.
pub fn least<S: Several>(of: S) -> Typed<S::Base>
where
    S::Base: Ordered,
{
    call(Function::Least, of.into_exprs())
}

/// The concatenated texts: `concat((u.first_name, " ", u.last_name))`. NULL counts as empty.
pub fn concat<T: Texts>(of: T) -> Typed<String> {
    call(Function::Concat, of.into_exprs())
}

/// Raw SQL that returns a `T`, with each `{}` replaced by the next part: Django's `RawSQL`.
///
/// Values among the parts are sent as parameters. The parts are a tuple of columns, expressions and values.
///
/// ```
/// use enmasse::prelude::*;
///
/// let half = raw::<i64>("({} + 1) / {}", (F("points"), 2));
/// # let _ = half;
/// ```
pub fn raw<T: FieldType>(sql: impl Into<String>, parts: impl Parts) -> Typed<T::Base> {
    Typed::new(Expr::Raw { sql: sql.into(), parts: parts.into_parts(), data_type: T::data_type() })
}

/// A tuple of 2 to 12: an expression, followed by expressions or values of the same type.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a tuple of expressions of one type",
    label = "expected `(column, …)`: a column or expression first, then columns, expressions or values of its type"
)]
pub trait Several {
    /// The type of all of them.
    type Base;

    /// The expressions, in order.
    fn into_exprs(self) -> Vec<Expr>;
}

/// A tuple of 2 to 12 texts: columns, expressions or values.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a tuple of texts",
    label = "expected `(column, \" \", …)`: text columns, expressions or values"
)]
pub trait Texts {
    /// The expressions, in order.
    fn into_exprs(self) -> Vec<Expr>;
}

/// A tuple of up to 12 columns, expressions and values of any types, or a `Vec<Expr>`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a tuple of columns, expressions and values",
    label = "expected a tuple: `()`, `(column,)`, `(column, value)`"
)]
pub trait Parts {
    /// The expressions, in order.
    fn into_parts(self) -> Vec<Expr>;
}

impl Parts for Vec<Expr> {
    fn into_parts(self) -> Vec<Expr> {
        self
    }
}

impl Parts for () {
    fn into_parts(self) -> Vec<Expr> {
        Vec::new()
    }
}

macro_rules! parts {
    ($($part:ident)+) => {
        impl<$($part: Into<Expr>),+> Parts for ($($part,)+) {
            fn into_parts(self) -> Vec<Expr> {
                #[allow(non_snake_case)]
                let ($($part,)+) = self;
                vec![$($part.into()),+]
            }
        }
    };
}

macro_rules! several {
    ($first:ident $($rest:ident)+) => {
        impl<$first: Expression, $($rest: Operand<$first::Base>),+> Several for ($first, $($rest),+) {
            type Base = $first::Base;

            fn into_exprs(self) -> Vec<Expr> {
                #[allow(non_snake_case)]
                let ($first, $($rest),+) = self;
                vec![$first.into_expr(), $($rest.into_operand()),+]
            }
        }

        impl<$first: Operand<String>, $($rest: Operand<String>),+> Texts for ($first, $($rest),+) {
            fn into_exprs(self) -> Vec<Expr> {
                #[allow(non_snake_case)]
                let ($first, $($rest),+) = self;
                vec![$first.into_operand(), $($rest.into_operand()),+]
            }
        }

        parts!($first $($rest)+);
        several!($($rest)+);
    };
    ($last:ident) => {
        parts!($last);
    };
}

several!(A B C D E G H I J K L M);
