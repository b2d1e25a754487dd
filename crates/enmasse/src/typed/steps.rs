//! The transforms as the keyword macros call them.

use chrono::{NaiveDate, NaiveTime};

use crate::columns::Column;
use crate::family::{HasDate, HasTime};
use crate::field_type::FieldType;
use crate::typed::{Expression, Functions, Typed};

macro_rules! transforms {
    ($($step:ident $transform:ident $family:ident $result:ty;)*) => {$(
        fn $step(self) -> Typed<$result>
        where
            Self::Base: $family,
        {
            self.$transform()
        }
    )*};
}

/// The transforms under the names that `q!` gives to every step of a keyword. The key of a relation has none of them, so that
/// `user__date` is the user's field of that name.
#[doc(hidden)]
pub trait Steps: Expression {
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
}

impl<T: FieldType> Steps for Column<T> {}

impl<B> Steps for Typed<B> {}
