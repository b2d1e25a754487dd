//! Functions of expressions, as Django names and defines them.

use chrono::{NaiveDate, NaiveTime};
use enmasse_core::query::{Aggregate, DatePart, Expr, Function, JsonStep, Operator, TruncateTo};

use crate::typed::family::{HasDate, HasTime, Integer, Json, Number, Ordered, Summable, Text};
use crate::typed::field_type::FieldType;
use crate::typed::operand::Operand;
use crate::typed::{Expression, Typed};

/// Functions, transforms and aggregates, as methods of columns and expressions.
///
/// Functions of several expressions are free functions: [`coalesce`](crate::coalesce),
/// [`concat`](crate::concat), [`greatest`](crate::greatest), [`least`](crate::least), [`case`](crate::case),
/// [`now`](crate::now).
///
/// ```
/// use enmasse::prelude::*;
///
/// #[derive(Model)]
/// struct Article {
///     #[model(primary_key)]
///     id: i64,
///     title: String,
///     created: DateTime<Utc>,
///     data: serde_json::Value,
/// }
///
/// fn columns(a: Columns<Article>) -> Q {
///     a.title.trim().lower().eq("news") & a.created.year().gte(2020) & a.data.key("views").gt(100)
/// }
/// # let _ = columns;
/// ```
pub trait Functions: Expression {
    /// In lower case.
    fn lower(self) -> Typed<String>
    where
        Self::Base: Text,
    {
        call(Function::Lower, [self.into_expr()])
    }

    /// In upper case.
    fn upper(self) -> Typed<String>
    where
        Self::Base: Text,
    {
        call(Function::Upper, [self.into_expr()])
    }

    /// The number of characters.
    fn length(self) -> Typed<i32>
    where
        Self::Base: Text,
    {
        call(Function::Length, [self.into_expr()])
    }

    /// The characters from a position on; the first is 1.
    fn substr<V: Operand<i32>>(self, from: V) -> Typed<String>
    where
        Self::Base: Text,
    {
        call(Function::Substr, [self.into_expr(), from.into_operand()])
    }

    /// At most `length` characters from a position on; the first is 1.
    fn substr_len<V: Operand<i32>, W: Operand<i32>>(self, from: V, length: W) -> Typed<String>
    where
        Self::Base: Text,
    {
        call(Function::Substr, [self.into_expr(), from.into_operand(), length.into_operand()])
    }

    /// Without spaces at either end.
    fn trim(self) -> Typed<String>
    where
        Self::Base: Text,
    {
        call(Function::Trim, [self.into_expr()])
    }

    /// Without spaces at the start.
    fn ltrim(self) -> Typed<String>
    where
        Self::Base: Text,
    {
        call(Function::LTrim, [self.into_expr()])
    }

    /// Without spaces at the end.
    fn rtrim(self) -> Typed<String>
    where
        Self::Base: Text,
    {
        call(Function::RTrim, [self.into_expr()])
    }

    /// With each occurrence of one text replaced by another.
    fn replace<V: Operand<String>, W: Operand<String>>(self, from: V, to: W) -> Typed<String>
    where
        Self::Base: Text,
    {
        call(Function::Replace, [self.into_expr(), from.into_operand(), to.into_operand()])
    }

    /// The absolute value.
    fn abs(self) -> Typed<Self::Base>
    where
        Self::Base: Number,
    {
        call(Function::Abs, [self.into_expr()])
    }

    /// Rounded to a whole number.
    fn round(self) -> Typed<Self::Base>
    where
        Self::Base: Number,
    {
        call(Function::Round, [self.into_expr()])
    }

    /// Rounded to this many digits after the point.
    fn round_to<V: Operand<i32>>(self, digits: V) -> Typed<Self::Base>
    where
        Self::Base: Number,
    {
        call(Function::Round, [self.into_expr(), digits.into_operand()])
    }

    /// The greatest whole number that is not above the value.
    fn floor(self) -> Typed<Self::Base>
    where
        Self::Base: Number,
    {
        call(Function::Floor, [self.into_expr()])
    }

    /// The least whole number that is not below the value.
    fn ceil(self) -> Typed<Self::Base>
    where
        Self::Base: Number,
    {
        call(Function::Ceil, [self.into_expr()])
    }

    /// The remainder, with the sign of the dividend; the operator `%` does the same.
    fn modulo<V: Operand<Self::Base>>(self, divisor: V) -> Typed<Self::Base>
    where
        Self::Base: Number,
    {
        call(Function::Mod, [self.into_expr(), divisor.into_operand()])
    }

    /// Raised to a power.
    fn power<V: Operand<Self::Base>>(self, exponent: V) -> Typed<Self::Base>
    where
        Self::Base: Number,
    {
        call(Function::Power, [self.into_expr(), exponent.into_operand()])
    }

    /// The bits that are set in both.
    fn bit_and<V: Operand<Self::Base>>(self, other: V) -> Typed<Self::Base>
    where
        Self::Base: Integer,
    {
        bits(self, Operator::BitAnd, other)
    }

    /// The bits that are set in either.
    fn bit_or<V: Operand<Self::Base>>(self, other: V) -> Typed<Self::Base>
    where
        Self::Base: Integer,
    {
        bits(self, Operator::BitOr, other)
    }

    /// The bits that are set in one of the two.
    fn bit_xor<V: Operand<Self::Base>>(self, other: V) -> Typed<Self::Base>
    where
        Self::Base: Integer,
    {
        bits(self, Operator::BitXor, other)
    }

    /// The bits moved to the left.
    fn shift_left<V: Operand<Self::Base>>(self, by: V) -> Typed<Self::Base>
    where
        Self::Base: Integer,
    {
        bits(self, Operator::ShiftLeft, by)
    }

    /// The bits moved to the right.
    fn shift_right<V: Operand<Self::Base>>(self, by: V) -> Typed<Self::Base>
    where
        Self::Base: Integer,
    {
        bits(self, Operator::ShiftRight, by)
    }

    /// NULL if it is equal to a value.
    fn null_if<V: Operand<Self::Base>>(self, value: V) -> Typed<Self::Base> {
        call(Function::NullIf, [self.into_expr(), value.into_operand()])
    }

    /// Converted to another type.
    fn cast<T: FieldType>(self) -> Typed<T::Base> {
        Typed::new(Expr::Cast(Box::new(self.into_expr()), T::data_type()))
    }

    /// The date of a date and time.
    fn date(self) -> Typed<NaiveDate>
    where
        Self::Base: HasDate,
    {
        call(Function::Date, [self.into_expr()])
    }

    /// The time of day of a date and time.
    fn time(self) -> Typed<NaiveTime>
    where
        Self::Base: HasTime,
    {
        call(Function::Time, [self.into_expr()])
    }

    /// The year.
    fn year(self) -> Typed<i32>
    where
        Self::Base: HasDate,
    {
        extract(self, DatePart::Year)
    }

    /// The year that the ISO week belongs to.
    fn iso_year(self) -> Typed<i32>
    where
        Self::Base: HasDate,
    {
        extract(self, DatePart::IsoYear)
    }

    /// The month, 1 to 12.
    fn month(self) -> Typed<i32>
    where
        Self::Base: HasDate,
    {
        extract(self, DatePart::Month)
    }

    /// The day of the month, 1 to 31.
    fn day(self) -> Typed<i32>
    where
        Self::Base: HasDate,
    {
        extract(self, DatePart::Day)
    }

    /// The ISO week, 1 to 53.
    fn week(self) -> Typed<i32>
    where
        Self::Base: HasDate,
    {
        extract(self, DatePart::Week)
    }

    /// The day of the week: Sunday is 1, Saturday 7.
    fn week_day(self) -> Typed<i32>
    where
        Self::Base: HasDate,
    {
        extract(self, DatePart::WeekDay)
    }

    /// The day of the week: Monday is 1, Sunday 7.
    fn iso_week_day(self) -> Typed<i32>
    where
        Self::Base: HasDate,
    {
        extract(self, DatePart::IsoWeekDay)
    }

    /// The quarter of the year, 1 to 4.
    fn quarter(self) -> Typed<i32>
    where
        Self::Base: HasDate,
    {
        extract(self, DatePart::Quarter)
    }

    /// The hour, 0 to 23.
    fn hour(self) -> Typed<i32>
    where
        Self::Base: HasTime,
    {
        extract(self, DatePart::Hour)
    }

    /// The minute, 0 to 59.
    fn minute(self) -> Typed<i32>
    where
        Self::Base: HasTime,
    {
        extract(self, DatePart::Minute)
    }

    /// The whole second, 0 to 59.
    fn second(self) -> Typed<i32>
    where
        Self::Base: HasTime,
    {
        extract(self, DatePart::Second)
    }

    /// Truncated to the first of January.
    fn trunc_year(self) -> Typed<Self::Base>
    where
        Self::Base: HasDate,
    {
        truncate(self, TruncateTo::Year)
    }

    /// Truncated to the first day of the quarter.
    fn trunc_quarter(self) -> Typed<Self::Base>
    where
        Self::Base: HasDate,
    {
        truncate(self, TruncateTo::Quarter)
    }

    /// Truncated to the first of the month.
    fn trunc_month(self) -> Typed<Self::Base>
    where
        Self::Base: HasDate,
    {
        truncate(self, TruncateTo::Month)
    }

    /// Truncated to Monday.
    fn trunc_week(self) -> Typed<Self::Base>
    where
        Self::Base: HasDate,
    {
        truncate(self, TruncateTo::Week)
    }

    /// Truncated to midnight.
    fn trunc_day(self) -> Typed<Self::Base>
    where
        Self::Base: HasDate,
    {
        truncate(self, TruncateTo::Day)
    }

    /// Truncated to the full hour.
    fn trunc_hour(self) -> Typed<Self::Base>
    where
        Self::Base: HasTime,
    {
        truncate(self, TruncateTo::Hour)
    }

    /// Truncated to the full minute.
    fn trunc_minute(self) -> Typed<Self::Base>
    where
        Self::Base: HasTime,
    {
        truncate(self, TruncateTo::Minute)
    }

    /// Truncated to the full second.
    fn trunc_second(self) -> Typed<Self::Base>
    where
        Self::Base: HasTime,
    {
        truncate(self, TruncateTo::Second)
    }

    /// The value at a key of a JSON document; as in Django, a key of digits is an index of an array.
    fn key(self, key: impl Into<String>) -> Typed<Self::Base>
    where
        Self::Base: Json,
    {
        json_step(self, JsonStep::Key(key.into()))
    }

    /// An element of an array in a JSON document; the first is 0.
    fn index(self, index: i64) -> Typed<Self::Base>
    where
        Self::Base: Json,
    {
        json_step(self, JsonStep::Index(index))
    }

    /// The number of non-NULL values: an aggregate, for the selection of a subquery.
    fn count(self) -> Typed<i64> {
        aggregate(self, Aggregate::Count, false)
    }

    /// The number of distinct values: an aggregate.
    fn count_distinct(self) -> Typed<i64> {
        aggregate(self, Aggregate::Count, true)
    }

    /// The sum: an aggregate.
    fn sum(self) -> Typed<<Self::Base as Summable>::Sum>
    where
        Self::Base: Summable,
    {
        aggregate(self, Aggregate::Sum, false)
    }

    /// The average: an aggregate.
    fn avg(self) -> Typed<<Self::Base as Summable>::Average>
    where
        Self::Base: Summable,
    {
        aggregate(self, Aggregate::Avg, false)
    }

    /// The minimum: an aggregate.
    fn min(self) -> Typed<Self::Base>
    where
        Self::Base: Ordered,
    {
        aggregate(self, Aggregate::Min, false)
    }

    /// The maximum: an aggregate.
    fn max(self) -> Typed<Self::Base>
    where
        Self::Base: Ordered,
    {
        aggregate(self, Aggregate::Max, false)
    }
}

impl<E: Expression> Functions for E {}

pub(super) fn call<B>(function: Function, arguments: impl Into<Vec<Expr>>) -> Typed<B> {
    Typed::new(Expr::Function(function, arguments.into()))
}

fn bits<E: Expression>(left: E, operator: Operator, right: impl Operand<E::Base>) -> Typed<E::Base> {
    Typed::new(left.into_expr().binary(operator, right.into_operand()))
}

fn extract(of: impl Expression, part: DatePart) -> Typed<i32> {
    call(Function::Extract(part), [of.into_expr()])
}

fn truncate<E: Expression>(of: E, to: TruncateTo) -> Typed<E::Base> {
    call(Function::Truncate(to), [of.into_expr()])
}

/// Consecutive steps form one path.
fn json_step<E: Expression>(of: E, step: JsonStep) -> Typed<E::Base> {
    Typed::new(match of.into_expr() {
        Expr::Function(Function::JsonPath(mut steps), document) => {
            steps.push(step);
            Expr::Function(Function::JsonPath(steps), document)
        }
        document => Expr::Function(Function::JsonPath(vec![step]), vec![document]),
    })
}

fn aggregate<B>(of: impl Expression, function: Aggregate, distinct: bool) -> Typed<B> {
    Typed::new(Expr::Aggregate { function, of: Some(Box::new(of.into_expr())), distinct })
}
