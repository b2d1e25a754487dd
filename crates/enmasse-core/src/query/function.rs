//! The functions that expressions know.

/// A function of other expressions, as Django names and defines it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Function {
    /// The first argument that is not NULL.
    Coalesce,
    /// NULL where the two arguments are equal, else the first.
    NullIf,
    /// The greatest argument.
    Greatest,
    /// The least argument.
    Least,
    /// The texts one after the other; NULL counts as empty.
    Concat,
    /// In lower case.
    Lower,
    /// In upper case.
    Upper,
    /// The number of characters.
    Length,
    /// Characters from a position, the first being 1; the third argument, if there is one, says how many.
    Substr,
    /// Without spaces at either end.
    Trim,
    /// Without spaces at the start.
    LTrim,
    /// Without spaces at the end.
    RTrim,
    /// The first argument with each occurrence of the second replaced by the third.
    Replace,
    /// The absolute value.
    Abs,
    /// Rounded to the number of digits after the point that the second argument gives, or to a whole number.
    Round,
    /// The greatest whole number not above.
    Floor,
    /// The least whole number not below.
    Ceil,
    /// The remainder, with the sign of the dividend.
    Mod,
    /// The first to the power of the second.
    Power,
    /// The current time.
    Now,
    /// One part of a date or time, as a number.
    Extract(DatePart),
    /// A date or time with all below a unit cut off.
    Truncate(TruncateTo),
    /// The date of a date and time.
    Date,
    /// The time of day of a date and time.
    Time,
    /// What stands at a path in a JSON document.
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

/// The unit that a date or time is cut down to.
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
    /// The value of a key of an object. As in Django, a key of digits is an element of an array.
    Key(String),
    /// An element of an array.
    Index(i64),
}

/// One value of many rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aggregate {
    /// How many are not NULL.
    Count,
    /// The sum.
    Sum,
    /// The average.
    Avg,
    /// The least.
    Min,
    /// The greatest.
    Max,
}
