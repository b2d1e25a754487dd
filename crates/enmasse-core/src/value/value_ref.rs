//! A value that somebody else owns.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike, Utc};
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::value::digits::Digits;
use crate::value::{DataType, Value};

/// A [`Value`] that is borrowed: what an object gives of its fields when it is written, so that nothing is copied on the way to
/// the database.
///
/// ```
/// use enmasse_core::{Value, ValueRef};
///
/// let name = String::from("Ada");
/// assert_eq!(ValueRef::Text(&name).into_owned(), Value::from("Ada"));
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ValueRef<'a> {
    /// SQL NULL.
    Null,
    /// A truth value.
    Bool(bool),
    /// An integer of 16, 32 or 64 bits.
    Int(i64),
    /// A float of 32 or 64 bits.
    Float(f64),
    /// Text.
    Text(&'a str),
    /// Bytes.
    Bytes(&'a [u8]),
    /// A moment in time.
    DateTime(DateTime<Utc>),
    /// A date and time without a zone.
    NaiveDateTime(NaiveDateTime),
    /// A date.
    Date(NaiveDate),
    /// A time of day.
    Time(NaiveTime),
    /// A length of time.
    Duration(TimeDelta),
    /// An exact decimal number.
    Decimal(Decimal),
    /// A UUID.
    Uuid(Uuid),
    /// A JSON document.
    Json(&'a serde_json::Value),
    /// An exact decimal number in text, as [`Value::DecimalText`].
    DecimalText(&'a str),
    /// A JSON document in text, as [`Value::JsonText`].
    JsonText(&'a str),
    /// A parameter that only the host can read, as [`Value::Opaque`]; no row of a batch takes one.
    Opaque(u32),
    /// A PostgreSQL array.
    Array(&'a [Value]),
    /// A value that is nowhere as it is needed, and was made for the occasion.
    Owned(Value),
}

impl<'a> ValueRef<'a> {
    /// Whether this is SQL NULL.
    pub fn is_null(&self) -> bool {
        matches!(self, ValueRef::Null | ValueRef::Owned(Value::Null))
    }

    /// Whether [`DataType::prepare`] would leave the value as it is: of the type, a moment to the microsecond, a decimal without
    /// zeros at the end of its fraction, or one in plain text. NULL and arrays are not looked at, nor is the syntax of JSON in text.
    #[inline]
    pub(crate) fn is_prepared(&self, data_type: &DataType) -> bool {
        let whole = |nanos: u32| nanos < 1_000_000_000 && nanos.is_multiple_of(1_000);
        match (data_type, self) {
            (DataType::Bool, ValueRef::Bool(_))
            | (DataType::SmallInt | DataType::Integer | DataType::BigInt, ValueRef::Int(_))
            | (DataType::Double, ValueRef::Float(_))
            | (DataType::Text { .. } | DataType::Native(_), ValueRef::Text(_))
            | (DataType::Bytes, ValueRef::Bytes(_))
            | (DataType::Date, ValueRef::Date(_))
            | (DataType::Uuid, ValueRef::Uuid(_))
            | (DataType::Json, ValueRef::Json(_) | ValueRef::JsonText(_)) => true,
            (DataType::Decimal { .. }, ValueRef::DecimalText(text)) => Digits::plain(text).is_some(),
            (DataType::Real, ValueRef::Float(number)) => {
                f64::from(*number as f32) == *number || number.is_nan()
            }
            (DataType::DateTime, ValueRef::DateTime(moment)) => whole(moment.timestamp_subsec_nanos()),
            (DataType::NaiveDateTime, ValueRef::NaiveDateTime(moment)) => whole(moment.nanosecond()),
            (DataType::Time, ValueRef::Time(time)) => whole(time.nanosecond()),
            (DataType::Duration, ValueRef::Duration(length)) => {
                length.subsec_nanos() % 1_000 == 0 && length.num_microseconds().is_some()
            }
            (DataType::Decimal { .. }, ValueRef::Decimal(number)) => {
                number.scale() == 0 || {
                    let digits = number.mantissa().unsigned_abs();
                    // most have 64 bits at most, and these are divided much faster
                    u64::try_from(digits).map_or(digits % 10, |digits| (digits % 10).into()) != 0
                }
            }
            _ => false,
        }
    }

    /// A value of its own.
    pub fn into_owned(self) -> Value {
        match self {
            ValueRef::Null => Value::Null,
            ValueRef::Bool(value) => Value::Bool(value),
            ValueRef::Int(value) => Value::Int(value),
            ValueRef::Float(value) => Value::Float(value),
            ValueRef::Text(value) => Value::Text(value.to_owned()),
            ValueRef::Bytes(value) => Value::Bytes(value.to_owned()),
            ValueRef::DateTime(value) => Value::DateTime(value),
            ValueRef::NaiveDateTime(value) => Value::NaiveDateTime(value),
            ValueRef::Date(value) => Value::Date(value),
            ValueRef::Time(value) => Value::Time(value),
            ValueRef::Duration(value) => Value::Duration(value),
            ValueRef::Decimal(value) => Value::Decimal(value),
            ValueRef::Uuid(value) => Value::Uuid(value),
            ValueRef::Json(value) => Value::Json(value.clone()),
            ValueRef::DecimalText(value) => Value::DecimalText(value.to_owned()),
            ValueRef::JsonText(value) => Value::JsonText(value.to_owned()),
            ValueRef::Opaque(number) => Value::Opaque(number),
            ValueRef::Array(value) => Value::Array(value.to_owned()),
            ValueRef::Owned(value) => value,
        }
    }

    /// The same value, with what is owned borrowed from here.
    pub fn borrowed(&'a self) -> ValueRef<'a> {
        match self {
            ValueRef::Owned(value) => value.into(),
            other => other.clone(),
        }
    }
}

impl<'a> From<&'a Value> for ValueRef<'a> {
    fn from(value: &'a Value) -> Self {
        match value {
            Value::Null => ValueRef::Null,
            Value::Bool(value) => ValueRef::Bool(*value),
            Value::Int(value) => ValueRef::Int(*value),
            Value::Float(value) => ValueRef::Float(*value),
            Value::Text(value) => ValueRef::Text(value),
            Value::Bytes(value) => ValueRef::Bytes(value),
            Value::DateTime(value) => ValueRef::DateTime(*value),
            Value::NaiveDateTime(value) => ValueRef::NaiveDateTime(*value),
            Value::Date(value) => ValueRef::Date(*value),
            Value::Time(value) => ValueRef::Time(*value),
            Value::Duration(value) => ValueRef::Duration(*value),
            Value::Decimal(value) => ValueRef::Decimal(*value),
            Value::Uuid(value) => ValueRef::Uuid(*value),
            Value::Json(value) => ValueRef::Json(value),
            Value::DecimalText(value) => ValueRef::DecimalText(value),
            Value::JsonText(value) => ValueRef::JsonText(value),
            Value::Opaque(number) => ValueRef::Opaque(*number),
            Value::Array(value) => ValueRef::Array(value),
            Value::Encoded(value) => ValueRef::Bytes(value),
        }
    }
}
