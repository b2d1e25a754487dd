//! What the databases spell differently in lookups and expressions: one trait a family, each with one file a database.
//!
//! A [`Fragment`] given here is safe as an operand, and one that is given back is too; a condition is safe between `AND`s.

use crate::error::Result;
use crate::query::{DatePart, JsonStep, Operator, TruncateTo};
use crate::sql::{Comparison, Fragment, JsonOperand, Needle, Pattern, Typed};
use crate::value::{DataType, Value};

/// Values, and conversions between types.
pub trait ValueSql {
    /// A value as a parameter that arithmetic and comparisons see with its type, also where no column is near.
    ///
    /// # Errors
    ///
    /// As [`Parameters::store`](crate::sql::Parameters::store).
    fn parameter(&self, value: &Value, data_type: &DataType) -> Result<Fragment>;

    /// Something converted to another type.
    ///
    /// # Errors
    ///
    /// [`NotSupported`](crate::ErrorKind::NotSupported) where the database has no such type.
    fn convert(&self, value: Typed, to: &DataType) -> Result<Fragment>;

    /// The condition that something is one of at least two values, however many.
    ///
    /// # Errors
    ///
    /// [`NotSupported`](crate::ErrorKind::NotSupported) where there are more than the database takes.
    fn is_one_of(&self, left: Fragment, values: &[Value], data_type: &DataType) -> Result<Fragment>;
}

/// Text.
pub trait TextSql {
    /// Something as the text that patterns are matched against.
    fn text(&self, value: Typed) -> Fragment;

    /// The condition that a text matches a pattern.
    ///
    /// # Errors
    ///
    /// As [`Parameters::store`](crate::sql::Parameters::store).
    fn matches(&self, text: Fragment, pattern: Pattern, needle: Needle) -> Result<Fragment>;

    /// The condition that a text matches a regular expression.
    ///
    /// # Errors
    ///
    /// As [`Parameters::store`](crate::sql::Parameters::store).
    fn matches_regex(&self, text: Fragment, expression: Needle, any_case: bool) -> Result<Fragment>;

    /// Texts one after the other, none of them NULL.
    fn concatenation(&self, parts: Vec<Fragment>) -> Fragment;

    /// The number of characters of a text, or of bytes.
    fn length(&self, value: Fragment, of_bytes: bool) -> Fragment;

    /// A part of a text or of bytes, from a position counted from 1.
    fn substring(&self, value: Fragment, from: Fragment, length: Option<Fragment>) -> Fragment;
}

/// Numbers.
pub trait NumberSql {
    /// One number divided by another.
    fn quotient(&self, left: Typed, right: Typed) -> Result<Typed>;

    /// The remainder of a division, with the sign of the dividend; both have the type of the result.
    fn remainder(&self, left: Fragment, right: Fragment, data_type: &DataType) -> Fragment;

    /// One number to the power of another, as a float.
    fn power(&self, base: Fragment, exponent: Fragment) -> Fragment;

    /// An operation on the bits of two 64-bit integers in two's complement.
    fn bits(&self, left: Fragment, operator: Operator, right: Fragment) -> Fragment;

    /// A number that is not whole by type, rounded to a number of digits after the point.
    fn round(&self, value: Typed, digits: Digits) -> Fragment;

    /// The nearest whole number below (or above) a number that is not whole by type.
    fn whole(&self, value: Fragment, above: bool) -> Fragment;

    /// The greatest (or the least) of several values.
    fn extreme(&self, values: Vec<Fragment>, greatest: bool) -> Fragment;

    /// An aggregate, already complete, as something of its type: the sum of integers is an integer.
    fn aggregate(&self, aggregate: Fragment, data_type: &DataType) -> Fragment;
}

/// How many digits after the point are kept.
#[derive(Clone, Debug)]
pub enum Digits {
    /// This many; where it is negative, digits before the point go too.
    Known(i32),
    /// As many as SQL says.
    Sql(Fragment),
}

/// Dates, times and durations.
pub trait TimeSql {
    /// One part of something with a date or a time that has such a part.
    fn part(&self, value: Typed, part: DatePart) -> Fragment;

    /// Something with a date or a time, cut down to a unit that it has.
    fn truncated(&self, value: Typed, unit: TruncateTo) -> Fragment;

    /// The current moment.
    fn now(&self) -> Fragment;

    /// Something with a date or a time, later (or earlier) by a duration. Of a date it makes a date and time.
    fn moved(&self, value: Typed, back: bool, duration: Fragment) -> Fragment;

    /// The duration from the second to the first, which are of one type.
    fn between(&self, later: Fragment, earlier: Fragment, data_type: &DataType) -> Fragment;

    /// A duration multiplied (or divided) by a number.
    fn scaled(&self, duration: Fragment, divide: bool, number: Fragment) -> Fragment;
}

/// JSON documents. A path may be empty: then the document itself is meant.
pub trait JsonSql {
    /// What stands at a path, as JSON; NULL where nothing does.
    fn json_at(&self, document: &Fragment, path: &[JsonStep]) -> Result<Fragment>;

    /// What stands at a path, as text without quotes; NULL where nothing does, and for JSON's null.
    fn json_text(&self, document: &Fragment, path: &[JsonStep]) -> Result<Fragment>;

    /// The condition that something stands at a path, or that nothing does.
    fn json_exists(&self, document: &Fragment, path: &[JsonStep], exists: bool) -> Result<Fragment>;

    /// The condition that what stands at a path compares so. Numbers compare with numbers only and text with text; what is
    /// of another type is not equal, greater or less; where nothing stands, it is not known.
    fn json_compare(
        &self,
        document: &Fragment,
        path: &[JsonStep],
        comparison: Comparison,
        right: JsonOperand,
    ) -> Result<Fragment>;

    /// The condition that what stands at a path is one of several texts (or numbers).
    fn json_is_one_of(
        &self,
        document: &Fragment,
        path: &[JsonStep],
        values: &[serde_json::Value],
    ) -> Result<Fragment>;

    /// The condition that an object at a path has all (or any) of these keys.
    fn json_has_keys(
        &self,
        document: &Fragment,
        path: &[JsonStep],
        keys: &[String],
        all: bool,
    ) -> Result<Fragment>;

    /// The condition that a document contains another.
    ///
    /// # Errors
    ///
    /// [`NotSupported`](crate::ErrorKind::NotSupported) where the database cannot tell.
    fn json_contains(&self, outer: Fragment, inner: Fragment) -> Result<Fragment>;
}
