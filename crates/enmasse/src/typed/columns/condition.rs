//! Conditions of filters.

use std::ops::{BitAnd, BitOr, BitXor, Not};

use enmasse_core::query::Expr;
use enmasse_core::query::Lookup;
use enmasse_core::query::Q;

use crate::typed::Typed;
use crate::typed::columns::Column;
use crate::typed::field_type::FieldType;
use crate::typed::operand::{NeverNull, Operand};

/// The result of a filter's closure: a [`Q`], a boolean column, or a boolean expression.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a condition",
    label = "expected a comparison such as `u.country.eq(\"US\")`, or a column of type `bool`"
)]
pub trait IntoQ {
    /// The condition.
    fn into_q(self) -> Q;
}

impl IntoQ for Q {
    fn into_q(self) -> Q {
        self
    }
}

#[diagnostic::do_not_recommend]
impl<T: FieldType<Base = bool>> IntoQ for Column<T> {
    fn into_q(self) -> Q {
        Q::compare(self, Lookup::Exact, true)
    }
}

impl IntoQ for Typed<bool> {
    fn into_q(self) -> Q {
        match self.into() {
            Expr::Condition(condition) => *condition,
            expression => Q::Expr(Box::new(expression)),
        }
    }
}

/// A condition as a value: `u.is_new.set(u.created.gt(yesterday))`.
#[diagnostic::do_not_recommend]
impl Operand<bool> for Q {
    type Null = NeverNull;

    fn into_operand(self) -> Expr {
        Expr::Condition(Box::new(self))
    }
}

impl<T: FieldType<Base = bool>> Not for Column<T> {
    type Output = Q;

    fn not(self) -> Q {
        !self.into_q()
    }
}

macro_rules! joined {
    ($($operator:ident, $method:ident;)*) => {$(
        impl<T: FieldType<Base = bool>, R: IntoQ> $operator<R> for Column<T> {
            type Output = Q;

            fn $method(self, other: R) -> Q {
                self.into_q().$method(other.into_q())
            }
        }

        impl<T: FieldType<Base = bool>> $operator<Column<T>> for Q {
            type Output = Q;

            fn $method(self, other: Column<T>) -> Q {
                self.$method(other.into_q())
            }
        }
    )*};
}

joined! {
    BitAnd, bitand;
    BitOr, bitor;
    BitXor, bitxor;
}
