//! The steps of a keyword, called by the macros.

use chrono::{NaiveDate, NaiveTime};
use enmasse_core::Value;
use enmasse_core::query::Expr;

use crate::typed::columns::{Assignment, Column};
use crate::typed::family::{HasDate, HasTime, Untyped};
use crate::typed::field_type::FieldType;
use crate::typed::operand::Operand;
use crate::typed::{Expression, Functions, Typed};

/// Types that a keyword can continue from. The macros generate a method of the same name for each step, which
/// only reports that the step does not exist; the types' own methods take precedence.
///
/// The key of a relation does not implement it, so the next step is one of the related model.
#[doc(hidden)]
pub trait Steps: Sized {}

impl<T> Steps for Column<T> {}

impl<B> Steps for Typed<B> {}

impl Steps for Unknown {}

impl Steps for () {}

/// Replaces an unknown step, so that only this step is reported.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Unknown;

impl Unknown {
    pub fn set(self, _: impl Operand<Untyped>) -> Assignment {
        Assignment::new("", Value::Null)
    }
}

impl Expression for Unknown {
    type Base = Untyped;

    fn into_expr(self) -> Expr {
        Expr::value(Value::Null)
    }
}

#[diagnostic::do_not_recommend]
impl<B> Operand<B> for Unknown {
    type Null = crate::typed::operand::NeverNull;

    fn into_operand(self) -> Expr {
        self.into_expr()
    }
}

macro_rules! transforms {
    ($($step:ident $transform:ident $family:ident $result:ty;)*) => {
        #[doc(hidden)]
        #[allow(non_snake_case)]
        impl<T: FieldType> Column<T> {$(
            pub fn $step(self) -> Typed<$result>
            where
                T::Base: $family,
            {
                self.$transform()
            }
        )*}

        #[doc(hidden)]
        #[allow(non_snake_case)]
        impl<B> Typed<B> {$(
            pub fn $step(self) -> Typed<$result>
            where
                B: $family,
            {
                self.$transform()
            }
        )*}
    };
}

transforms! {
    __date date HasDate NaiveDate;
    __time time HasTime NaiveTime;
    __year year HasDate i32;
    __iso_year iso_year HasDate i32;
    __month month HasDate i32;
    __day day HasDate i32;
    __week week HasDate i32;
    __week_day week_day HasDate i32;
    __iso_week_day iso_week_day HasDate i32;
    __quarter quarter HasDate i32;
    __hour hour HasTime i32;
    __minute minute HasTime i32;
    __second second HasTime i32;
}
