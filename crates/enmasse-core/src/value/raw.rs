//! Reads values of databases that store some types as text or numbers, as Django does.

use chrono::{DateTime, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use rust_decimal::Decimal;
use rust_decimal::prelude::FromPrimitive;
use uuid::Uuid;

use crate::error::{Error, Result};
use crate::value::coerce::whole;
use crate::value::{DataType, Value, text};

/// Converts a database's plain value to this type: SQLite's five storage classes, and values that MariaDB and
/// MySQL send for their own types. Bytes are text unless the type is bytes.
pub(crate) fn read(raw: Value, data_type: &DataType) -> Result<Value> {
    // A decimal still needs its column's number of places.
    if raw.is_null() || data_type.holds(&raw) && !matches!(data_type, DataType::Decimal { .. }) {
        return Ok(raw);
    }
    let raw = match (raw, data_type) {
        (Value::Bytes(bytes), DataType::Uuid) if bytes.len() == 16 => Value::Bytes(bytes),
        (Value::Bytes(bytes), _) => match String::from_utf8(bytes) {
            Ok(text) => Value::Text(text),
            Err(error) => return Err(unexpected(&Value::Bytes(error.into_bytes()), data_type)),
        },
        (raw, _) => raw,
    };
    let made = match data_type {
        DataType::Bool => read_bool(&raw).map(Value::Bool),
        DataType::SmallInt | DataType::Integer | DataType::BigInt => read_int(&raw).map(Value::Int),
        DataType::Real | DataType::Double => read_float(&raw).map(Value::Float),
        DataType::Text { .. } | DataType::Native(_) => match raw {
            Value::Text(text) => return Ok(Value::Text(text)),
            Value::Int(number) => Some(Value::Text(number.to_string())),
            Value::Float(number) => Some(Value::Text(number.to_string())),
            _ => None,
        },
        DataType::Bytes => match raw {
            Value::Text(text) => return Ok(Value::Bytes(text.into_bytes())),
            _ => None,
        },
        DataType::DateTime => read_utc(&raw).map(Value::DateTime),
        DataType::NaiveDateTime => read_naive(&raw).map(Value::NaiveDateTime),
        DataType::Date => read_naive(&raw)
            .filter(|moment| moment.time() == NaiveTime::MIN)
            .map(|moment| Value::Date(moment.date())),
        DataType::Time => read_time(&raw).map(Value::Time),
        DataType::Duration => {
            read_micros(&raw).map(|micros| Value::Duration(TimeDelta::microseconds(micros)))
        }
        DataType::Decimal { decimal_places, .. } => {
            read_decimal(&raw).map(|number| Value::Decimal(quantize(number, *decimal_places)))
        }
        DataType::Uuid => match &raw {
            Value::Text(text) => Uuid::try_parse(text).ok().map(Value::Uuid),
            Value::Bytes(bytes) => Uuid::from_slice(bytes).ok().map(Value::Uuid),
            _ => None,
        },
        DataType::Json => match &raw {
            Value::Text(text) => serde_json::from_str(text).ok().map(Value::Json),
            Value::Bool(_) | Value::Int(_) | Value::Float(_) => data_type.convert(&raw),
            _ => None,
        },
        DataType::Array(_) => None,
    };
    made.ok_or_else(|| unexpected(&raw, data_type))
}

/// The error for a database's value of another type.
pub(crate) fn unexpected(found: &Value, data_type: &DataType) -> Error {
    Error::value(format!("expected {data_type} but the column has {found}."))
}

fn read_bool(raw: &Value) -> Option<bool> {
    match raw {
        Value::Int(0) => Some(false),
        Value::Int(1) => Some(true),
        _ => None,
    }
}

/// Sums of integers are returned as decimals in text.
fn read_int(raw: &Value) -> Option<i64> {
    match raw {
        Value::Bool(value) => Some((*value).into()),
        Value::Float(value) => whole(*value),
        Value::Text(text) => text.parse().ok().or_else(|| {
            let number = text::read_decimal(text)?;
            number.fract().is_zero().then(|| i64::try_from(number).ok())?
        }),
        Value::Decimal(number) => number.fract().is_zero().then(|| i64::try_from(*number).ok())?,
        _ => None,
    }
}

fn read_float(raw: &Value) -> Option<f64> {
    match raw {
        Value::Int(value) => Some(*value as f64),
        Value::Text(text) => text.parse().ok(),
        Value::Decimal(number) => number.to_string().parse().ok(),
        _ => None,
    }
}

fn read_utc(raw: &Value) -> Option<DateTime<Utc>> {
    match raw {
        Value::Text(text) => {
            let (moment, zone) = text::read_datetime(text)?;
            Some(moment.checked_sub_signed(TimeDelta::seconds(zone.unwrap_or(0).into()))?.and_utc())
        }
        other => read_naive(other).map(|moment| moment.and_utc()),
    }
}

fn read_naive(raw: &Value) -> Option<NaiveDateTime> {
    match raw {
        Value::Text(text) => match text::read_datetime(text)? {
            (moment, None) => Some(moment),
            (_, Some(_)) => None,
        },
        Value::NaiveDateTime(moment) => Some(*moment),
        Value::DateTime(moment) => Some(moment.naive_utc()),
        Value::Date(date) => Some(date.and_time(NaiveTime::MIN)),
        _ => None,
    }
}

/// A time of MariaDB and MySQL may be longer than a day, or negative: it is then a duration, not a time of
/// day.
fn read_time(raw: &Value) -> Option<NaiveTime> {
    match raw {
        Value::Text(text) => text::read_time(text),
        Value::Duration(duration) => {
            let seconds = u32::try_from(duration.num_seconds()).ok()?;
            NaiveTime::from_num_seconds_from_midnight_opt(
                seconds,
                u32::try_from(duration.subsec_nanos()).ok()?,
            )
        }
        _ => None,
    }
}

/// Averages and quotients of durations are numbers with a fraction.
fn read_micros(raw: &Value) -> Option<i64> {
    match raw {
        Value::Int(micros) => Some(*micros),
        Value::Float(micros) => whole(micros.round_ties_even()),
        Value::Text(text) => i64::try_from(text::read_decimal(text)?.round()).ok(),
        Value::Decimal(number) => i64::try_from(number.round()).ok(),
        _ => None,
    }
}

fn read_decimal(raw: &Value) -> Option<Decimal> {
    match raw {
        Value::Int(number) => Some(Decimal::from(*number)),
        // With 15 significant digits, as Django reads SQLite's numbers.
        Value::Float(number) => {
            Decimal::from_f64(*number).or_else(|| text::read_decimal(&format!("{number:.14e}")))
        }
        Value::Text(text) => text::read_decimal(text),
        Value::Decimal(number) => Some(*number),
        _ => None,
    }
}

/// Rounds to the column's number of decimal places, as Django's `quantize`.
fn quantize(number: Decimal, decimal_places: Option<u32>) -> Decimal {
    let Some(places) = decimal_places else { return number.normalize() };
    let mut number = number.round_dp(places);
    // If there are not enough digits for the zeros, the number stays unchanged.
    number.rescale(places);
    number
}
