//! The functions of expressions.

/// A function with Django's name and definition.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Function {
    /// The first argument that is not NULL.
    Coalesce,
    /// NULL if the two arguments are equal, otherwise the first.
    NullIf,
    /// The greatest argument.
    Greatest,
    /// The least argument.
    Least,
    /// The concatenated texts; NULL counts as empty.
    Concat,
    /// In lower case.
    Lower,
    /// In upper case.
    Upper,
    /// The number of characters.
    Length,
    /// Characters from a position on, the first is 1; the optional third argument is their number.
    Substr,
    /// Without spaces at both ends.
    Trim,
    /// Without spaces at the start.
    LTrim,
    /// Without spaces at the end.
    RTrim,
    /// The first argument with each occurrence of the second replaced by the third.
    Replace,
    /// The absolute value.
    Abs,
    /// Rounded to the second argument's number of digits after the point, or to a whole number.
    Round,
    /// The greatest whole number that is not above the argument.
    Floor,
    /// The least whole number that is not below the argument.
    Ceil,
    /// The remainder, with the sign of the dividend.
    Mod,
    /// The first argument raised to the power of the second.
    Power,
    /// The current time.
    Now,
    /// One part of a date or time, as a number.
    Extract(DatePart),
    /// A date or time truncated to a unit.
    Truncate(TruncateTo),
    /// The date of a date and time.
    Date,
    /// The time of day of a date and time.
    Time,
    /// The value at a path in a JSON document.
    JsonPath(Vec<JsonStep>),
}

/// A part of a date or time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DatePart {
    /// The year.
    Year,
    /// The year that the ISO week belongs to.
    IsoYear,
    /// 1 to 12.
    Month,
    /// 1 to 31.
    Day,
    /// The ISO week, 1 to 53.
    Week,
    /// Sunday is 1, Saturday 7.
    WeekDay,
    /// Monday is 1, Sunday 7.
    IsoWeekDay,
    /// 1 to 4.
    Quarter,
    /// 0 to 23.
    Hour,
    /// 0 to 59.
    Minute,
    /// 0 to 59, whole seconds.
    Second,
}

/// The unit that a date or time is truncated to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TruncateTo {
    /// The first of January.
    Year,
    /// The first day of the quarter.
    Quarter,
    /// The first of the month.
    Month,
    /// Monday.
    Week,
    /// Midnight.
    Day,
    /// The full hour.
    Hour,
    /// The full minute.
    Minute,
    /// The full second.
    Second,
}

/// One step into a JSON document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JsonStep {
    /// The value of a key of an object. As in Django, a key of digits is an index of an array.
    Key(String),
    /// An element of an array.
    Index(i64),
}

/// An aggregate function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aggregate {
    /// The number of non-NULL values.
    Count,
    /// The sum.
    Sum,
    /// The average.
    Avg,
    /// The minimum.
    Min,
    /// The maximum.
    Max,
}
