//! A value of one type as another, where nothing is lost and nobody would expect anything else.

use chrono::{NaiveDateTime, NaiveTime, TimeDelta};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use uuid::Uuid;

use crate::error::{Error, Result};
use crate::value::digits::{self, Digits};
use crate::value::{DataType, Value, json, text};

impl DataType {
    /// Whether the value is of this type as it stands; NULL is of every type, and so is what only the host can read.
    pub fn holds(&self, value: &Value) -> bool {
        match (self, value) {
            (_, Value::Null | Value::Opaque(_))
            | (DataType::Bool, Value::Bool(_))
            | (DataType::SmallInt | DataType::Integer | DataType::BigInt, Value::Int(_))
            | (DataType::Real | DataType::Double, Value::Float(_))
            | (DataType::Text { .. } | DataType::Native(_), Value::Text(_))
            | (DataType::Bytes, Value::Bytes(_))
            | (DataType::DateTime, Value::DateTime(_))
            | (DataType::NaiveDateTime, Value::NaiveDateTime(_))
            | (DataType::Date, Value::Date(_))
            | (DataType::Time, Value::Time(_))
            | (DataType::Duration, Value::Duration(_))
            | (DataType::Decimal { .. }, Value::Decimal(_))
            | (DataType::Uuid, Value::Uuid(_))
            | (DataType::Json, Value::Json(_)) => true,
            (DataType::Decimal { .. }, Value::DecimalText(text)) => Digits::plain(text).is_some(),
            (DataType::Json, Value::JsonText(text)) => json::is_document(text),
            (DataType::Array(item), Value::Array(values)) => values.iter().all(|value| item.takes(value)),
            _ => false,
        }
    }

    /// Whether an array of this type takes the value as it stands.
    fn takes(&self, value: &Value) -> bool {
        self.holds(value) && !matches!(value, Value::Opaque(_))
    }

    /// The value as one of this type, as Django's `to_python` makes it, but never with a loss.
    ///
    /// Text is read as a number, a date, a UUID; a whole number is also a float and a decimal, and a float or a decimal
    /// without a fraction a whole number; 0 and 1 are truth values; a date is its midnight. A time without a zone is
    /// in UTC. For a JSON column text is a JSON string, not a document to read.
    ///
    /// ```
    /// use enmasse_core::{DataType, Value};
    ///
    /// assert_eq!(DataType::Integer.coerce("5".into())?, Value::Int(5));
    /// let error = DataType::Integer.coerce("abc".into()).unwrap_err();
    /// assert_eq!(error.to_string(), "expected a whole number but got 'abc'.");
    /// # Ok::<(), enmasse_core::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Value`](crate::ErrorKind::Value) where it is no such value, or would lose something.
    pub fn coerce(&self, value: Value) -> Result<Value> {
        if self.holds(&value) {
            return Ok(value);
        }
        self.convert(&value).ok_or_else(|| Error::value(format!("expected {self} but got {value}.")))
    }

    /// The value as one of this type, where it is not one yet and can be one.
    pub(crate) fn convert(&self, value: &Value) -> Option<Value> {
        if let Value::DecimalText(text) = value {
            return self.convert_decimal(text);
        }
        match self {
            DataType::Bool => to_bool(value).map(Value::Bool),
            DataType::SmallInt | DataType::Integer | DataType::BigInt => to_int(value).map(Value::Int),
            DataType::Real | DataType::Double => to_float(value).map(Value::Float),
            DataType::Text { .. } | DataType::Native(_) => to_text(value).map(Value::Text),
            DataType::Bytes => None,
            DataType::DateTime => to_utc(value).map(|moment| Value::DateTime(moment.and_utc())),
            DataType::NaiveDateTime => to_naive(value).map(Value::NaiveDateTime),
            DataType::Date => match value {
                Value::Text(text) => text::read_date(text).map(Value::Date),
                other => midnight(other),
            },
            DataType::Time => match value {
                Value::Text(text) => text::read_time(text).map(Value::Time),
                _ => None,
            },
            DataType::Duration => match value {
                Value::Text(text) => text::read_duration(text).map(Value::Duration),
                _ => None,
            },
            DataType::Decimal { .. } => to_decimal(value).map(Value::Decimal),
            DataType::Uuid => match value {
                Value::Text(text) => Uuid::try_parse(text.trim()).ok().map(Value::Uuid),
                _ => None,
            },
            DataType::Json => to_json(value).map(Value::Json),
            DataType::Array(item) => match value {
                Value::Array(values) => {
                    let convert =
                        |value| if item.takes(value) { Some(value.clone()) } else { item.convert(value) };
                    values.iter().map(convert).collect::<Option<_>>().map(Value::Array)
                }
                _ => None,
            },
        }
    }

    /// A decimal in text as a value of this type.
    fn convert_decimal(&self, text: &str) -> Option<Value> {
        let plain = digits::plain(text)?;
        match self {
            DataType::Decimal { .. } => Some(Value::DecimalText(plain.into_owned())),
            DataType::Text { .. } | DataType::Native(_) => Some(Value::Text(plain.into_owned())),
            other => other.convert(&Value::Decimal(text::read_decimal(&plain)?)),
        }
    }
}

fn to_bool(value: &Value) -> Option<bool> {
    match value {
        Value::Int(0) => Some(false),
        Value::Int(1) => Some(true),
        Value::Text(text) => match text.as_str() {
            "t" | "True" | "true" | "1" => Some(true),
            "f" | "False" | "false" | "0" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

fn to_int(value: &Value) -> Option<i64> {
    match value {
        Value::Bool(value) => Some((*value).into()),
        Value::Float(value) => whole(*value),
        Value::Decimal(value) => value.fract().is_zero().then(|| value.to_i64())?,
        Value::Text(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// The whole number that a float is. `i64::MAX as f64` is one more than `i64::MAX`, so the bound is open.
pub(crate) fn whole(value: f64) -> Option<i64> {
    let fits = value.fract() == 0.0 && value >= i64::MIN as f64 && value < i64::MAX as f64;
    fits.then_some(value as i64)
}

fn to_float(value: &Value) -> Option<f64> {
    match value {
        Value::Bool(value) => Some(u8::from(*value).into()),
        Value::Int(value) => {
            let float = *value as f64;
            (whole(float) == Some(*value)).then_some(float)
        }
        Value::Decimal(value) => {
            let float: f64 = value.to_string().parse().ok()?;
            (from_float(float) == Some(*value)).then_some(float)
        }
        Value::Text(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// The decimal that a float prints as.
fn from_float(value: f64) -> Option<Decimal> {
    value.is_finite().then(|| text::read_decimal(&format!("{value:e}")))?
}

fn to_text(value: &Value) -> Option<String> {
    match value {
        Value::Int(value) => Some(value.to_string()),
        Value::Decimal(value) => Some(value.to_string()),
        Value::Uuid(value) => Some(value.to_string()),
        _ => None,
    }
}

fn to_utc(value: &Value) -> Option<NaiveDateTime> {
    match value {
        Value::Text(text) => {
            let (moment, zone) = text::read_datetime(text)?;
            moment.checked_sub_signed(TimeDelta::seconds(zone.unwrap_or(0).into()))
        }
        Value::NaiveDateTime(moment) => Some(*moment),
        Value::Date(date) => Some(date.and_time(NaiveTime::MIN)),
        _ => None,
    }
}

fn to_naive(value: &Value) -> Option<NaiveDateTime> {
    match value {
        Value::Text(text) => match text::read_datetime(text)? {
            (moment, None) => Some(moment),
            (_, Some(_)) => None,
        },
        Value::Date(date) => Some(date.and_time(NaiveTime::MIN)),
        _ => None,
    }
}

/// The date of a midnight; of any other time of the day it would lose something.
fn midnight(value: &Value) -> Option<Value> {
    let moment = match value {
        Value::DateTime(moment) => moment.naive_utc(),
        Value::NaiveDateTime(moment) => *moment,
        _ => return None,
    };
    (moment.time() == NaiveTime::MIN).then(|| Value::Date(moment.date()))
}

fn to_decimal(value: &Value) -> Option<Decimal> {
    match value {
        Value::Int(value) => Some(Decimal::from(*value)),
        Value::Float(value) => from_float(*value),
        Value::Text(text) => text::read_decimal(text),
        _ => None,
    }
}

fn to_json(value: &Value) -> Option<serde_json::Value> {
    Some(match value {
        // Inside an array or an object there is no SQL NULL.
        Value::Null => serde_json::Value::Null,
        Value::Bool(value) => (*value).into(),
        Value::Int(value) => (*value).into(),
        Value::Float(value) => serde_json::Number::from_f64(*value)?.into(),
        Value::Text(value) => value.as_str().into(),
        Value::Json(value) => value.clone(),
        Value::JsonText(text) => serde_json::from_str(text).ok()?,
        Value::Array(items) => serde_json::Value::Array(items.iter().map(to_json).collect::<Option<_>>()?),
        _ => return None,
    })
}
