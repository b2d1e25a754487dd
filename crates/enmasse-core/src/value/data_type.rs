//! The types of columns.

use std::fmt;

/// The type of a column, as a model declares it. The dialect maps it to the database's own type.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DataType {
    /// A boolean.
    Bool,
    /// A 16-bit integer.
    SmallInt,
    /// A 32-bit integer.
    Integer,
    /// A 64-bit integer.
    BigInt,
    /// A 32-bit float.
    Real,
    /// A 64-bit float.
    Double,
    /// Text, with an optional maximum length in characters (Unicode code points).
    Text {
        /// In characters.
        max_length: Option<u32>,
    },
    /// Bytes.
    Bytes,
    /// A point in time in UTC, to the microsecond.
    DateTime,
    /// A date and time without a zone, to the microsecond.
    NaiveDateTime,
    /// A date.
    Date,
    /// A time of day, to the microsecond.
    Time,
    /// A duration, to the microsecond.
    Duration,
    /// An exact decimal number.
    Decimal {
        /// The total number of digits, before and after the point.
        max_digits: Option<u32>,
        /// Digits after the point.
        decimal_places: Option<u32>,
    },
    /// A UUID.
    Uuid,
    /// A JSON document.
    Json,
    /// A PostgreSQL array of a scalar type.
    Array(Box<DataType>),
    /// A type of the database, by its name in SQL (`inet`, `other."Mood"`). Its values are texts in the form
    /// of the database's own client.
    Native(String),
}

impl DataType {
    /// Text without a maximum length.
    pub const TEXT: DataType = DataType::Text { max_length: None };

    /// A decimal without declared digits.
    pub const DECIMAL: DataType = DataType::Decimal { max_digits: None, decimal_places: None };

    /// Whether it is one of the three integer types.
    pub fn is_integer(&self) -> bool {
        matches!(self, DataType::SmallInt | DataType::Integer | DataType::BigInt)
    }

    /// Whether arithmetic on it returns a number.
    pub fn is_number(&self) -> bool {
        self.is_integer() || matches!(self, DataType::Real | DataType::Double | DataType::Decimal { .. })
    }

    /// Whether `unnest` may not return the items of an array of this type: an array of arrays becomes one
    /// longer array, and a composite value becomes several columns.
    pub(crate) fn is_taken_apart(&self) -> bool {
        matches!(self, DataType::Array(_) | DataType::Native(_))
    }

    /// Whether it has a date, with or without a time.
    pub fn has_date(&self) -> bool {
        matches!(self, DataType::DateTime | DataType::NaiveDateTime | DataType::Date)
    }

    /// The minimum and the maximum of an integer type.
    pub fn integer_range(&self) -> Option<(i64, i64)> {
        match self {
            DataType::SmallInt => Some((i16::MIN.into(), i16::MAX.into())),
            DataType::Integer => Some((i32::MIN.into(), i32::MAX.into())),
            DataType::BigInt => Some((i64::MIN, i64::MAX)),
            _ => None,
        }
    }
}

/// The type in messages: `a number`, `a date`.
impl fmt::Display for DataType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            DataType::Native(name) => return write!(f, "text of the type {name}"),
            DataType::Bool => "true or false",
            DataType::SmallInt | DataType::Integer | DataType::BigInt => "a whole number",
            DataType::Real | DataType::Double => "a number",
            DataType::Text { .. } => "text",
            DataType::Bytes => "bytes",
            DataType::DateTime => "a date and time in UTC",
            DataType::NaiveDateTime => "a date and time without a zone",
            DataType::Date => "a date",
            DataType::Time => "a time of day",
            DataType::Duration => "a duration",
            DataType::Decimal { .. } => "a decimal number",
            DataType::Uuid => "a UUID",
            DataType::Json => "a JSON document",
            DataType::Array(_) => "an array",
        })
    }
}
