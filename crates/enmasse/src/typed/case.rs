//! `CASE WHEN … THEN … END`.

use std::fmt;
use std::marker::PhantomData;

use enmasse_core::query::Expr;
use enmasse_core::query::Q;

use crate::typed::Expression;
use crate::typed::columns::IntoQ;
use crate::typed::operand::{NeverNull, Operand};

/// The result of the first condition that is true: Django's `Case(When(...), default=...)`.
///
/// Its type is inferred from its use, or given: `case::<i64>()`.
///
/// ```
/// use enmasse::prelude::*;
///
/// #[derive(Model)]
/// struct Client {
///     #[model(primary_key)]
///     id: i64,
///     points: i32,
///     level: String,
/// }
///
/// fn levels(c: Columns<Client>) -> Assignment {
///     let level = case().when(c.points.gte(1_000), "Gold").when(c.points.gte(100), "Silver");
///     c.level.set(level.otherwise("Free"))
/// }
/// # let _ = levels;
/// ```
pub fn case<B>() -> Case<B> {
    Case { whens: Vec::new(), default: None, base: PhantomData }
}

/// See [`case`]. NULL if no condition is true and [`otherwise`](Case::otherwise) is not set.
#[must_use]
pub struct Case<B> {
    whens: Vec<(Q, Expr)>,
    default: Option<Box<Expr>>,
    base: PhantomData<fn() -> B>,
}

impl<B> Case<B> {
    /// The result if this condition is the first that is true.
    pub fn when<V: Operand<B>>(mut self, condition: impl IntoQ, result: V) -> Self {
        self.whens.push((condition.into_q(), result.into_operand()));
        self
    }

    /// The result if no condition is true.
    pub fn otherwise<V: Operand<B>>(mut self, result: V) -> Self {
        self.default = Some(Box::new(result.into_operand()));
        self
    }
}

impl<B> Expression for Case<B> {
    type Base = B;

    fn into_expr(self) -> Expr {
        Expr::Case { whens: self.whens, default: self.default }
    }
}

/// Exactly this type, so that it can be inferred from its use.
#[diagnostic::do_not_recommend]
impl<B> Operand<B> for Case<B> {
    type Null = NeverNull;

    fn into_operand(self) -> Expr {
        self.into_expr()
    }
}

impl<B> From<Case<B>> for Expr {
    fn from(case: Case<B>) -> Self {
        case.into_expr()
    }
}

impl<B> Clone for Case<B> {
    fn clone(&self) -> Self {
        Case { whens: self.whens.clone(), default: self.default.clone(), base: PhantomData }
    }
}

impl<B> fmt::Debug for Case<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Case").field("whens", &self.whens).field("default", &self.default).finish()
    }
}
