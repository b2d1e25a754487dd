//! The value of a column, and the types that columns have.

mod check;
mod coerce;
mod common;
mod data_type;
pub(crate) mod digits;
pub(crate) mod json;
pub(crate) mod raw;
pub(crate) mod short;
mod show;
pub(crate) mod text;
mod value_ref;

pub(crate) use check::text_fits;
pub use data_type::DataType;
pub use value_ref::ValueRef;

use digits::Digits;

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use rust_decimal::Decimal;
use uuid::Uuid;

/// One value, of any type that a column can hold.
///
/// Integers of every width are [`Int`](Value::Int) and both float types are [`Float`](Value::Float): the column's
/// [`DataType`] says how wide it is. SQL's NULL is [`Null`](Value::Null); JSON's own null is
/// `Value::Json(serde_json::Value::Null)`.
///
/// ```
/// use enmasse_core::Value;
///
/// assert_eq!(Value::from(5_i16), Value::Int(5));
/// assert_eq!(Value::from(None::<String>), Value::Null);
/// assert_eq!(Value::from("US"), Value::Text("US".into()));
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// SQL NULL.
    Null,
    /// A truth value.
    Bool(bool),
    /// An integer of 16, 32 or 64 bits.
    Int(i64),
    /// A float of 32 or 64 bits.
    Float(f64),
    /// Text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
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
    Json(serde_json::Value),
    /// An exact decimal number in text, of any length. It is checked like any value and then written as it stands, but for an exponent, a `+` and
    /// spaces around it.
    DecimalText(String),
    /// A JSON document in text, which is checked and then written as it stands: its numbers, of any length, and the order of its keys.
    JsonText(String),
    /// A PostgreSQL array.
    Array(Vec<Value>),
    /// A parameter that only the host can read, by the host's own number: it binds a value in place of this. It is of every type, is checked nowhere,
    /// and cannot stand in a list or in the rows of a batch.
    Opaque(u32),
    /// A parameter that is in the database's wire format already.
    #[doc(hidden)]
    Encoded(Vec<u8>),
}

impl Value {
    /// About how many bytes the value takes in a statement.
    pub fn wire_size(&self) -> usize {
        16 + match self {
            Value::Text(text) | Value::DecimalText(text) | Value::JsonText(text) => text.len(),
            Value::Bytes(bytes) | Value::Encoded(bytes) => bytes.len(),
            Value::Array(values) => values.iter().map(Value::wire_size).sum(),
            _ => 0,
        }
    }

    /// Whether both are the same value: a number or a document in text is the same as one that is not.
    pub(crate) fn is_same(&self, other: &Value) -> bool {
        let decimal = |value: &Value| match value {
            Value::Decimal(number) => Some(short::decimal(number.normalize()).to_string()),
            Value::DecimalText(text) => Digits::plain(text).map(|digits| digits.canonical()),
            _ => None,
        };
        match (self, other) {
            (Value::DecimalText(_), _) | (_, Value::DecimalText(_)) => {
                decimal(self).is_some_and(|number| Some(number) == decimal(other))
            }
            (Value::JsonText(text), Value::Json(document))
            | (Value::Json(document), Value::JsonText(text)) => {
                serde_json::from_str(text).is_ok_and(|read: serde_json::Value| read == *document)
            }
            _ => self == other,
        }
    }

    /// Whether this is SQL NULL.
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    /// The type that this value has by itself, without a column to say more; `None` for NULL and for an array of nothing.
    pub fn natural_type(&self) -> Option<DataType> {
        Some(match self {
            Value::Null | Value::Encoded(_) | Value::Opaque(_) => return None,
            Value::Bool(_) => DataType::Bool,
            Value::Int(_) => DataType::BigInt,
            Value::Float(_) => DataType::Double,
            Value::Text(_) => DataType::Text { max_length: None },
            Value::Bytes(_) => DataType::Bytes,
            Value::DateTime(_) => DataType::DateTime,
            Value::NaiveDateTime(_) => DataType::NaiveDateTime,
            Value::Date(_) => DataType::Date,
            Value::Time(_) => DataType::Time,
            Value::Duration(_) => DataType::Duration,
            Value::Decimal(_) | Value::DecimalText(_) => DataType::DECIMAL,
            Value::Uuid(_) => DataType::Uuid,
            Value::Json(_) | Value::JsonText(_) => DataType::Json,
            Value::Array(items) => DataType::Array(Box::new(items.iter().find_map(Value::natural_type)?)),
        })
    }
}

macro_rules! from {
    ($($source:ty => |$value:ident| $made:expr;)*) => {$(
        impl From<$source> for Value {
            fn from($value: $source) -> Self {
                $made
            }
        }
    )*};
}

from! {
    bool => |v| Value::Bool(v);
    i16 => |v| Value::Int(v.into());
    i32 => |v| Value::Int(v.into());
    i64 => |v| Value::Int(v);
    f32 => |v| Value::Float(v.into());
    f64 => |v| Value::Float(v);
    String => |v| Value::Text(v);
    &str => |v| Value::Text(v.to_owned());
    Vec<u8> => |v| Value::Bytes(v);
    &[u8] => |v| Value::Bytes(v.to_owned());
    DateTime<Utc> => |v| Value::DateTime(v);
    NaiveDateTime => |v| Value::NaiveDateTime(v);
    NaiveDate => |v| Value::Date(v);
    NaiveTime => |v| Value::Time(v);
    TimeDelta => |v| Value::Duration(v);
    Decimal => |v| Value::Decimal(v);
    Uuid => |v| Value::Uuid(v);
    serde_json::Value => |v| Value::Json(v);
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::Null, Into::into)
    }
}
