//! Expressions with a known type.

mod case;
pub(crate) mod choices;
pub(crate) mod columns;
pub mod family;
pub(crate) mod field_type;
mod functions;
mod lookups;
pub(crate) mod operand;
mod operators;
mod several;
mod steps;

use std::fmt;
use std::marker::PhantomData;

use enmasse_core::query::{Expr, Operator};
use enmasse_core::query::{Order, Q};

pub use case::{Case, case};
pub use functions::Functions;
pub use lookups::Lookups;
pub use several::{Parts, Several, Texts, coalesce, concat, count_rows, greatest, least, now, raw, value};
pub use steps::{Steps, Unknown};

use crate::typed::family::{Additive, Number};
use crate::typed::operand::{Fits, NeverNull, Operand};

/// An expression with a value of a known type for each row: a column, or an expression over columns.
///
/// Its lookups are in [`Lookups`], its functions in [`Functions`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a column or an expression",
    label = "expected a column or an expression",
    note = "a plain value becomes an expression with `value(…)`"
)]
pub trait Expression: Sized {
    /// The type of the value, without `Option`.
    type Base;

    /// The expression as data.
    fn into_expr(self) -> Expr;

    /// Ascending, in `order_by`.
    fn asc(self) -> Order {
        Order { by: self.into_expr(), descending: false }
    }

    /// Descending, in `order_by`.
    fn desc(self) -> Order {
        Order { by: self.into_expr(), descending: true }
    }

    /// `self + other`, the same as the operator.
    fn plus<V>(self, other: V) -> Typed<Self::Base>
    where
        Self::Base: Additive,
        V: Operand<<Self::Base as Additive>::Right>,
    {
        Typed::new(self.into_expr().binary(Operator::Add, other.into_operand()))
    }

    /// `self - other`, the same as the operator.
    fn minus<V>(self, other: V) -> Typed<Self::Base>
    where
        Self::Base: Additive,
        V: Operand<<Self::Base as Additive>::Right>,
    {
        Typed::new(self.into_expr().binary(Operator::Subtract, other.into_operand()))
    }

    /// An arithmetic operator between numbers.
    #[doc(hidden)]
    fn arithmetic<V>(self, operator: Operator, other: V) -> Typed<Self::Base>
    where
        Self::Base: Number,
        V: Operand<Self::Base>,
    {
        Typed::new(self.into_expr().binary(operator, other.into_operand()))
    }
}

/// An expression whose value is a `B` or NULL.
pub struct Typed<B> {
    expr: Expr,
    base: PhantomData<fn() -> B>,
}

impl<B> Typed<B> {
    /// An expression that the caller asserts to be a `B`.
    pub fn new(expr: impl Into<Expr>) -> Self {
        Typed { expr: expr.into(), base: PhantomData }
    }
}

impl<B> Expression for Typed<B> {
    type Base = B;

    fn into_expr(self) -> Expr {
        self.expr
    }
}

#[diagnostic::do_not_recommend]
impl<A: Fits<B>, B> Operand<B> for Typed<A> {
    type Null = NeverNull;

    fn into_operand(self) -> Expr {
        self.expr
    }
}

impl<B> Clone for Typed<B> {
    fn clone(&self) -> Self {
        Typed::new(self.expr.clone())
    }
}

impl<B> fmt::Debug for Typed<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Typed").field(&self.expr).finish()
    }
}

impl<B> From<Typed<B>> for Expr {
    fn from(typed: Typed<B>) -> Self {
        typed.expr
    }
}

impl From<Q> for Typed<bool> {
    fn from(condition: Q) -> Self {
        Typed::new(Expr::Condition(Box::new(condition)))
    }
}
