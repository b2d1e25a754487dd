//! The Rust types of fields.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use enmasse_core::{DataType, Error, ErrorKind, Result, Value, ValueRef};
use rust_decimal::Decimal;
use uuid::Uuid;

/// A Rust type of a field: its type in the database, and the conversions.
///
/// Implemented for `bool`, `i16`, `i32`, `i64`, `f32`, `f64`, `String`, `Vec<u8>` (bytes), `DateTime<Utc>`, `NaiveDateTime`,
/// `NaiveDate`, `NaiveTime`, `TimeDelta`, `Decimal`, `Uuid`, `serde_json::Value`, for `Option` of each (a column that may be
/// NULL), for `Vec` of the scalar ones (an array, on PostgreSQL), and for enums by `#[derive(Choices)]`.
///
/// SQL NULL and JSON's null are different: for an `Option<serde_json::Value>`, `None` is SQL NULL and
/// `Some(serde_json::Value::Null)` is JSON's null.
///
/// ```
/// use enmasse::{DataType, FieldType, Value};
///
/// assert_eq!(<Option<i32>>::data_type(), DataType::Integer);
/// assert_eq!(Some(serde_json::Value::Null).into_value(), Value::Json(serde_json::Value::Null));
/// assert_eq!(None::<serde_json::Value>.into_value(), Value::Null);
/// assert!(i16::from_value(Value::Int(40_000)).is_err());
/// ```
#[diagnostic::on_unimplemented(
    message = "a field cannot have the type `{Self}`",
    label = "not a type that a column can have",
    note = "the types are bool, i16, i32, i64, f32, f64, String, Vec<u8>, DateTime<Utc>, NaiveDateTime, NaiveDate, NaiveTime, \
            TimeDelta, Decimal, Uuid, serde_json::Value, Option and Vec of these, and enums with #[derive(Choices)]"
)]
pub trait FieldType: Sized + Send + Sync + 'static {
    /// The type itself, or the type inside an `Option`.
    type Base: FieldType<Base = Self::Base>;

    /// Whether the column may be NULL.
    const NULL: bool = false;

    /// The type of the column.
    fn data_type() -> DataType;

    /// The only values of the column, if it is an enum.
    fn choices() -> Option<Vec<Value>> {
        None
    }

    /// The value for the database.
    fn to_value(&self) -> Value;

    /// The value for a bulk write, borrowed if possible.
    fn value_ref(&self) -> ValueRef<'_> {
        ValueRef::Owned(self.to_value())
    }

    /// The value for the database, without a copy.
    fn into_value(self) -> Value {
        self.to_value()
    }

    /// Converts a value of the database to Rust.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`] if the value is of another type, or does not fit.
    fn from_value(value: Value) -> Result<Self>;
}

/// The error for a value of an unexpected type.
pub(crate) fn unexpected(data_type: &DataType, value: &Value) -> Error {
    Error::new(ErrorKind::Value, format!("expected {data_type} but the column has {value}."))
}

macro_rules! field_types {
    ($($rust:ty, $data_type:expr, |$it:ident| $variant:ident($to:expr, $borrowed:expr), $($from:pat => $made:expr),+;)*) => {$(
        #[diagnostic::do_not_recommend]
        impl FieldType for $rust {
            type Base = Self;

            fn data_type() -> DataType {
                $data_type
            }

            fn to_value(&self) -> Value {
                let $it = self;
                Value::$variant($to)
            }

            fn value_ref(&self) -> ValueRef<'_> {
                let $it = self;
                ValueRef::$variant($borrowed)
            }

            fn into_value(self) -> Value {
                Value::from(self)
            }

            fn from_value(value: Value) -> Result<Self> {
                match value {
                    $($from => $made,)+
                    other => Err(unexpected(&Self::data_type(), &other)),
                }
            }
        }
    )*};
}

field_types! {
    bool, DataType::Bool, |v| Bool(*v, *v), Value::Bool(v) => Ok(v);
    i16, DataType::SmallInt, |v| Int((*v).into(), (*v).into()), Value::Int(v) => narrow(v);
    i32, DataType::Integer, |v| Int((*v).into(), (*v).into()), Value::Int(v) => narrow(v);
    i64, DataType::BigInt, |v| Int(*v, *v), Value::Int(v) => Ok(v);
    f32, DataType::Real, |v| Float((*v).into(), (*v).into()), Value::Float(v) => Ok(v as f32), Value::Int(v) => Ok(v as f32);
    f64, DataType::Double, |v| Float(*v, *v), Value::Float(v) => Ok(v), Value::Int(v) => Ok(v as f64);
    String, DataType::TEXT, |v| Text(v.clone(), v), Value::Text(v) => Ok(v);
    Vec<u8>, DataType::Bytes, |v| Bytes(v.clone(), v), Value::Bytes(v) => Ok(v);
    DateTime<Utc>, DataType::DateTime, |v| DateTime(*v, *v), Value::DateTime(v) => Ok(v);
    NaiveDateTime, DataType::NaiveDateTime, |v| NaiveDateTime(*v, *v), Value::NaiveDateTime(v) => Ok(v);
    NaiveDate, DataType::Date, |v| Date(*v, *v), Value::Date(v) => Ok(v);
    NaiveTime, DataType::Time, |v| Time(*v, *v), Value::Time(v) => Ok(v);
    TimeDelta, DataType::Duration, |v| Duration(*v, *v), Value::Duration(v) => Ok(v);
    Decimal, DataType::DECIMAL, |v| Decimal(*v, *v), Value::Decimal(v) => Ok(v), Value::Int(v) => Ok(v.into());
    Uuid, DataType::Uuid, |v| Uuid(*v, *v), Value::Uuid(v) => Ok(v);
    serde_json::Value, DataType::Json, |v| Json(v.clone(), v), Value::Json(v) => Ok(v);
}

fn narrow<T: FieldType + TryFrom<i64>>(value: i64) -> Result<T> {
    T::try_from(value).map_err(|_| {
        let (least, greatest) = T::data_type().integer_range().unwrap_or((i64::MIN, i64::MAX));
        Error::new(
            ErrorKind::Value,
            format!("expected a whole number from {least} to {greatest} but the column has {value}."),
        )
    })
}

#[diagnostic::do_not_recommend]
impl<T: FieldType<Base = T>> FieldType for Option<T> {
    type Base = T;

    const NULL: bool = true;

    fn data_type() -> DataType {
        T::data_type()
    }

    fn choices() -> Option<Vec<Value>> {
        T::choices()
    }

    fn to_value(&self) -> Value {
        self.as_ref().map_or(Value::Null, T::to_value)
    }

    fn value_ref(&self) -> ValueRef<'_> {
        self.as_ref().map_or(ValueRef::Null, T::value_ref)
    }

    fn into_value(self) -> Value {
        self.map_or(Value::Null, T::into_value)
    }

    fn from_value(value: Value) -> Result<Self> {
        match value {
            Value::Null => Ok(None),
            value => T::from_value(value).map(Some),
        }
    }
}

/// A type of array items.
///
/// Bytes are not an array: `Vec<u8>` is a column of bytes.
#[diagnostic::on_unimplemented(
    message = "an array field cannot be of `{Self}`",
    note = "the types are bool, i16, i32, i64, f32, f64, String, DateTime<Utc>, NaiveDateTime, NaiveDate, NaiveTime, TimeDelta, \
            Decimal and Uuid"
)]
pub trait ArrayItem: FieldType<Base = Self> {}

macro_rules! array_items {
    ($($item:ty),*) => {$(
        #[diagnostic::do_not_recommend]
        impl ArrayItem for $item {}
    )*};
}

array_items!(
    bool,
    i16,
    i32,
    i64,
    f32,
    f64,
    String,
    DateTime<Utc>,
    NaiveDateTime,
    NaiveDate,
    NaiveTime,
    TimeDelta,
    Decimal,
    Uuid
);

#[diagnostic::do_not_recommend]
impl<T: ArrayItem> FieldType for Vec<T> {
    type Base = Self;

    fn data_type() -> DataType {
        DataType::Array(Box::new(T::data_type()))
    }

    fn to_value(&self) -> Value {
        Value::Array(self.iter().map(T::to_value).collect())
    }

    fn into_value(self) -> Value {
        Value::Array(self.into_iter().map(T::into_value).collect())
    }

    fn from_value(value: Value) -> Result<Self> {
        match value {
            Value::Array(items) => items.into_iter().map(T::from_value).collect(),
            other => Err(unexpected(&Self::data_type(), &other)),
        }
    }
}
