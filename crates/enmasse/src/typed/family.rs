//! The types that each lookup and function accepts.
//!
//! These traits bound the methods of expressions, so a lookup that makes no sense does not compile.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use rust_decimal::Decimal;
use uuid::Uuid;

/// The type of an expression that is known only by name; it is resolved when a statement is built.
#[derive(Clone, Copy, Debug)]
pub enum Untyped {}

/// Types with an order: `gt`, `gte`, `lt`, `lte`, `range`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no order to compare by",
    label = "this lookup needs a number, text, a date, a time, a UUID or an enum"
)]
pub trait Ordered {}

/// Text: `icontains`, `starts_with`, `regex` and similar lookups, `lower`, `upper`, `length`…
///
/// JSON counts as text, because a value in a document may be text.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not text",
    label = "this lookup or function is for text fields",
    note = "compare with `eq`, `in_`, `gt` and similar lookups, or convert it to text first with `.cast::<String>()`"
)]
pub trait Text {}

/// The argument of `contains`: a part of a text, or a part of a JSON document.
#[diagnostic::on_unimplemented(
    message = "a field of type `{Self}` has no parts for `contains`",
    label = "`contains` is for text and JSON fields"
)]
pub trait Contains {
    /// The part.
    type Part;
}

/// Numbers: `*`, `/`, `%`, `power`, `abs`, `round`…
#[diagnostic::on_unimplemented(message = "`{Self}` is not a number", label = "this needs a number")]
pub trait Number {}

/// Whole numbers: operations on bits.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a whole number",
    label = "operations on bits need an integer"
)]
pub trait Integer {}

/// Types with `+` and `-`: numbers, and dates and times with a duration.
#[diagnostic::on_unimplemented(
    message = "nothing can be added to a field of type `{Self}`",
    label = "`+` and `-` need a number, or a date or time and a duration",
    note = "texts are joined with `concat((a, b))`"
)]
pub trait Additive {
    /// The type of the right operand.
    type Right;
}

/// Types with a sum and an average.
#[diagnostic::on_unimplemented(message = "`{Self}` has no sum", label = "this needs a number or a duration")]
pub trait Summable {
    /// The type of the sum.
    type Sum;
    /// The type of the average.
    type Average;
}

/// Types with a date: `year`, `month`, `day`…
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no date",
    label = "this transform needs a date, or a date and time"
)]
pub trait HasDate {}

/// Types with a time of day: `hour`, `minute`, `second`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no time of day",
    label = "this transform needs a time, or a date and time"
)]
pub trait HasTime {}

/// JSON documents: paths into them, and lookups by key.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not JSON",
    label = "this is for fields of type `serde_json::Value`"
)]
pub trait Json {}

macro_rules! members {
    ($($family:ident: $($member:ty),*;)*) => {$($(
        #[diagnostic::do_not_recommend]
        impl $family for $member {}
    )*)*};
}

members! {
    Ordered: i16, i32, i64, f32, f64, Decimal, String, Vec<u8>, DateTime<Utc>, NaiveDateTime, NaiveDate, NaiveTime, TimeDelta,
        Uuid, serde_json::Value, Untyped;
    Text: String, serde_json::Value, Untyped;
    Number: i16, i32, i64, f32, f64, Decimal, Untyped;
    Integer: i16, i32, i64, Untyped;
    HasDate: DateTime<Utc>, NaiveDateTime, NaiveDate, Untyped;
    HasTime: DateTime<Utc>, NaiveDateTime, NaiveTime, Untyped;
    Json: serde_json::Value, Untyped;
}

macro_rules! contains {
    ($($whole:ty),*) => {$(
        #[diagnostic::do_not_recommend]
        impl Contains for $whole { type Part = $whole; }
    )*};
}

contains!(String, serde_json::Value, Untyped);

macro_rules! additive {
    ($($left:ty => $right:ty),*) => {$(
        #[diagnostic::do_not_recommend]
        impl Additive for $left { type Right = $right; }
    )*};
}

additive!(
    i16 => i16, i32 => i32, i64 => i64, f32 => f32, f64 => f64, Decimal => Decimal, TimeDelta => TimeDelta, Untyped => Untyped,
    DateTime<Utc> => TimeDelta, NaiveDateTime => TimeDelta, NaiveDate => TimeDelta, NaiveTime => TimeDelta
);

macro_rules! summable {
    ($($of:ty => $sum:ty, $average:ty;)*) => {$(
        #[diagnostic::do_not_recommend]
        impl Summable for $of {
            type Sum = $sum;
            type Average = $average;
        }
    )*};
}

summable! {
    i16 => i64, f64;
    i32 => i64, f64;
    i64 => i64, f64;
    f32 => f64, f64;
    f64 => f64, f64;
    Decimal => Decimal, Decimal;
    TimeDelta => TimeDelta, TimeDelta;
    Untyped => Untyped, Untyped;
}
