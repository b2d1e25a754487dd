//! The types that a column can have.

use std::fmt;

/// The type of a column, as a model declares it; each database's own type for it is its dialect's affair.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DataType {
    /// A truth value.
    Bool,
    /// An integer of 16 bits.
    SmallInt,
    /// An integer of 32 bits.
    Integer,
    /// An integer of 64 bits.
    BigInt,
    /// A float of 32 bits.
    Real,
    /// A float of 64 bits.
    Double,
    /// Text, with the greatest number of characters (Unicode code points) where there is a limit.
    Text {
        /// In characters.
        max_length: Option<u32>,
    },
    /// Bytes.
    Bytes,
    /// A moment in time, to the microsecond, in UTC.
    DateTime,
    /// A date and time without a zone, to the microsecond.
    NaiveDateTime,
    /// A date.
    Date,
    /// A time of day, to the microsecond.
    Time,
    /// A length of time, to the microsecond.
    Duration,
    /// An exact decimal number.
    Decimal {
        /// Digits in all, before and after the point.
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
    /// A type of the database's own, by its name as SQL spells it (`inet`, `other."Mood"`): its values are texts, which the database reads and
    /// writes as it does those of its own client.
    Native(String),
}

impl DataType {
    /// Text without a limit.
    pub const TEXT: DataType = DataType::Text { max_length: None };

    /// A decimal without declared digits.
    pub const DECIMAL: DataType = DataType::Decimal { max_digits: None, decimal_places: None };

    /// Whether it is one of the three integer types.
    pub fn is_integer(&self) -> bool {
        matches!(self, DataType::SmallInt | DataType::Integer | DataType::BigInt)
    }

    /// Whether arithmetic on it gives a number.
    pub fn is_number(&self) -> bool {
        self.is_integer() || matches!(self, DataType::Real | DataType::Double | DataType::Decimal { .. })
    }

    /// Whether `unnest` may make something else than its items of an array of it: an array of arrays is one longer array, and a composite
    /// value becomes several columns.
    pub(crate) fn is_taken_apart(&self) -> bool {
        matches!(self, DataType::Array(_) | DataType::Native(_))
    }

    /// Whether it has a date, with or without a time.
    pub fn has_date(&self) -> bool {
        matches!(self, DataType::DateTime | DataType::NaiveDateTime | DataType::Date)
    }

    /// The least and the greatest value of an integer type.
    pub fn integer_range(&self) -> Option<(i64, i64)> {
        match self {
            DataType::SmallInt => Some((i16::MIN.into(), i16::MAX.into())),
            DataType::Integer => Some((i32::MIN.into(), i32::MAX.into())),
            DataType::BigInt => Some((i64::MIN, i64::MAX)),
            _ => None,
        }
    }
}

/// What a person calls a value of the type: `a number`, `a date`.
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
