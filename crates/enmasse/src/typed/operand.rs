//! Values that a field can be compared with, or set to.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashSet};
use std::hash::BuildHasher;
use std::ops::RangeInclusive;

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use enmasse_core::Value;
use enmasse_core::query;
use enmasse_core::query::Expr;
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::typed::family::Untyped;
use crate::typed::field_type::{ArrayItem, FieldType};

/// A plain value for a field whose type, without `Option`, is `B`.
///
/// Text accepts `&str`, `String` and `&String`; a decimal field also accepts whole numbers. Integers of
/// another width are not accepted, so the type of a literal is always known: `gt(5_000_000_000)` on an `i64`
/// field works.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a value for a field of type `{B}`",
    label = "expected `{B}`",
    note = "convert a number of another type first, for example with `i64::from(…)`"
)]
pub trait Literal<B>: Operand<B> {
    /// The value for the database.
    fn into_literal(self) -> Value;
}

/// An operand for a field whose type, without `Option`, is `B`: a value, an `Option` of one, another column,
/// or an expression.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be compared with, or assigned to, a field of type `{B}`",
    label = "expected `{B}`, or a column or an expression of that type",
    note = "convert a number of another type first, for example with `i64::from(…)`, and an `Option` is one of the field's \
            own type"
)]
pub trait Operand<B> {
    /// Whether it is an `Option`, and so may be NULL: [`NeverNull`] or [`MaybeNull`].
    type Null;

    /// The operand as an expression.
    fn into_operand(self) -> Expr;
}

/// Marks an [`Operand`] that is not an `Option`.
pub enum NeverNull {}

/// Marks an [`Operand`] that is an `Option`.
pub enum MaybeNull {}

/// Whether a field of type `T` may be set to an operand with this nullability.
#[diagnostic::on_unimplemented(
    message = "a field of type `{T}` cannot be set to an `Option`: its column is never NULL",
    label = "this may be `None`",
    note = "set it to the value inside, or declare the field as an `Option`"
)]
pub trait AcceptedBy<T> {}

#[diagnostic::do_not_recommend]
impl<T: FieldType> AcceptedBy<T> for NeverNull {}

#[diagnostic::do_not_recommend]
impl<T: FieldType<Base = T>> AcceptedBy<Option<T>> for MaybeNull {}

/// Types of expressions that are accepted for a `B`: `B` itself, and narrower numbers.
#[diagnostic::on_unimplemented(
    message = "a column or expression of type `{Self}` cannot be used as one of type `{B}`",
    label = "expected `{B}`",
    note = "convert it with `.cast::<…>()`"
)]
pub trait Fits<B> {}

#[diagnostic::do_not_recommend]
impl<B: FieldType<Base = B>> Operand<B> for Option<B> {
    type Null = MaybeNull;

    fn into_operand(self) -> Expr {
        Expr::Value(self.into_value(), None)
    }
}

macro_rules! literals {
    ($($from:ty => $base:ty, |$it:ident| $value:expr;)*) => {$(
        #[diagnostic::do_not_recommend]
        impl Literal<$base> for $from {
            fn into_literal(self) -> Value {
                let $it = self;
                $value
            }
        }

        #[diagnostic::do_not_recommend]
        impl Operand<$base> for $from {
            type Null = NeverNull;

            fn into_operand(self) -> Expr {
                Expr::Value(Literal::<$base>::into_literal(self), None)
            }
        }
    )*};
}

literals! {
    bool => bool, |v| v.into();
    i16 => i16, |v| v.into();
    i32 => i32, |v| v.into();
    i64 => i64, |v| v.into();
    f32 => f32, |v| v.into();
    f64 => f64, |v| v.into();
    String => String, |v| v.into();
    &str => String, |v| v.into();
    &String => String, |v| v.as_str().into();
    Cow<'_, str> => String, |v| v.into_owned().into();
    Vec<u8> => Vec<u8>, |v| v.into();
    &[u8] => Vec<u8>, |v| v.into();
    DateTime<Utc> => DateTime<Utc>, |v| v.into();
    NaiveDateTime => NaiveDateTime, |v| v.into();
    NaiveDate => NaiveDate, |v| v.into();
    NaiveTime => NaiveTime, |v| v.into();
    TimeDelta => TimeDelta, |v| v.into();
    Decimal => Decimal, |v| v.into();
    Uuid => Uuid, |v| v.into();
    serde_json::Value => serde_json::Value, |v| v.into();
    // Only one integer type, so a literal has that type.
    i32 => f64, |v| f64::from(v).into();
    i64 => Decimal, |v| Decimal::from(v).into();
    bool => serde_json::Value, |v| serde_json::Value::from(v).into();
    i64 => serde_json::Value, |v| serde_json::Value::from(v).into();
    f64 => serde_json::Value, |v| serde_json::Value::from(v).into();
    &str => serde_json::Value, |v| serde_json::Value::from(v).into();
    String => serde_json::Value, |v| serde_json::Value::from(v).into();
}

macro_rules! untyped {
    ($($from:ty),*) => {$(
        #[diagnostic::do_not_recommend]
        impl Operand<Untyped> for $from {
            type Null = NeverNull;

            fn into_operand(self) -> Expr {
                Expr::from(self)
            }
        }
    )*};
}

untyped!(
    bool,
    i16,
    i32,
    i64,
    f32,
    f64,
    String,
    &str,
    Vec<u8>,
    &[u8],
    DateTime<Utc>,
    NaiveDateTime,
    NaiveDate,
    NaiveTime,
    TimeDelta,
    Decimal,
    Uuid,
    serde_json::Value
);

#[diagnostic::do_not_recommend]
impl<T: FieldType<Base = T>> Operand<Untyped> for Option<T> {
    type Null = MaybeNull;

    fn into_operand(self) -> Expr {
        Expr::Value(self.into_value(), None)
    }
}

#[diagnostic::do_not_recommend]
impl Operand<Untyped> for Value {
    type Null = MaybeNull;

    fn into_operand(self) -> Expr {
        Expr::Value(self, None)
    }
}

#[diagnostic::do_not_recommend]
impl<T: ArrayItem> Literal<Vec<T>> for Vec<T> {
    fn into_literal(self) -> Value {
        self.into_value()
    }
}

#[diagnostic::do_not_recommend]
impl<T: ArrayItem> Operand<Vec<T>> for Vec<T> {
    type Null = NeverNull;

    fn into_operand(self) -> Expr {
        Expr::Value(self.into_value(), None)
    }
}

#[diagnostic::do_not_recommend]
impl<B: FieldType<Base = B>> Literal<B> for Option<B> {
    fn into_literal(self) -> Value {
        self.into_value()
    }
}

macro_rules! fits {
    ($($from:ty => $($to:ty),+;)*) => {$($(
        #[diagnostic::do_not_recommend]
        impl Fits<$to> for $from {}
    )+)*};
}

fits! {
    bool => bool, Untyped;
    i16 => i16, i32, i64, f32, f64, Decimal, Untyped;
    i32 => i32, i64, f64, Decimal, Untyped;
    i64 => i64, Decimal, Untyped;
    f32 => f32, f64, Untyped;
    f64 => f64, Untyped;
    String => String, Untyped;
    Vec<u8> => Vec<u8>, Untyped;
    DateTime<Utc> => DateTime<Utc>, Untyped;
    NaiveDateTime => NaiveDateTime, Untyped;
    NaiveDate => NaiveDate, Untyped;
    NaiveTime => NaiveTime, Untyped;
    TimeDelta => TimeDelta, Untyped;
    Decimal => Decimal, Untyped;
    Uuid => Uuid, Untyped;
    serde_json::Value => serde_json::Value, Untyped;
}

#[diagnostic::do_not_recommend]
impl<B> Fits<B> for Untyped {}

#[diagnostic::do_not_recommend]
impl<T: ArrayItem> Fits<Vec<T>> for Vec<T> {}

/// The argument of `in_` for a field whose type, without `Option`, is `B`: an array, a slice, a `Vec` or a
/// set of values or expressions, or a query.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a list of values for a field of type `{B}`",
    label = "expected an array, a slice, a `Vec` or a set of `{B}`, or a query"
)]
pub trait InList<B> {
    /// The list, or the query.
    fn into_list(self) -> query::Operand;
}

/// Values stay values, so a long list can be sent as one parameter. A single expression among them turns all
/// into expressions.
fn list<B, V: Operand<B>>(items: impl IntoIterator<Item = V>) -> query::Operand {
    let mut items = items.into_iter().map(V::into_operand);
    let mut values = Vec::with_capacity(items.size_hint().0);
    while let Some(item) = items.next() {
        match item {
            Expr::Value(value, None) => values.push(value),
            expression => {
                let before = values.into_iter().map(|value| Expr::Value(value, None));
                return query::Operand::Several(before.chain([expression]).chain(items).collect());
            }
        }
    }
    query::Operand::Many(values)
}

macro_rules! lists {
    ($([$($generics:tt)*] $list:ty, |$it:ident| $items:expr;)*) => {$(
        #[diagnostic::do_not_recommend]
        impl<$($generics)*> InList<B> for $list {
            fn into_list(self) -> query::Operand {
                let $it = self;
                list::<B, V>($items)
            }
        }
    )*};
}

lists! {
    [B, V: Operand<B>, const N: usize] [V; N], |v| v;
    [B, V: Operand<B>] Vec<V>, |v| v;
    [B, V: Operand<B>, S: BuildHasher] HashSet<V, S>, |v| v;
    [B, V: Operand<B>] BTreeSet<V>, |v| v;
    [B, V: Operand<B> + Clone, const N: usize] &[V; N], |v| v.iter().cloned();
    [B, V: Operand<B> + Clone] &[V], |v| v.iter().cloned();
    [B, V: Operand<B> + Clone] &Vec<V>, |v| v.iter().cloned();
    [B, V: Operand<B> + Clone, S: BuildHasher] &HashSet<V, S>, |v| v.iter().cloned();
    [B, V: Operand<B> + Clone] &BTreeSet<V>, |v| v.iter().cloned();
}

/// The argument of `range` for a field whose type, without `Option`, is `B`: `low..=high`, or `(low, high)`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a range for a field of type `{B}`",
    label = "write `low..=high`, or `(low, high)` if they are of different types",
    note = "both ends are in the range, as in SQL's BETWEEN, so `low..high` is not accepted"
)]
pub trait Bounds<B> {
    /// The lower and the upper bound.
    fn into_bounds(self) -> [Expr; 2];
}

#[diagnostic::do_not_recommend]
impl<B, V: Operand<B>> Bounds<B> for RangeInclusive<V> {
    fn into_bounds(self) -> [Expr; 2] {
        let (low, high) = self.into_inner();
        [low.into_operand(), high.into_operand()]
    }
}

#[diagnostic::do_not_recommend]
impl<B, L: Operand<B>, H: Operand<B>> Bounds<B> for (L, H) {
    fn into_bounds(self) -> [Expr; 2] {
        [self.0.into_operand(), self.1.into_operand()]
    }
}

#[diagnostic::do_not_recommend]
impl<B, V: Operand<B>> Bounds<B> for [V; 2] {
    fn into_bounds(self) -> [Expr; 2] {
        self.map(V::into_operand)
    }
}
