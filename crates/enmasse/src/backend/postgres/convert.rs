//! Values to PostgreSQL and back, in binary.
//!
//! Where there is nothing to say for us, the conversions are those of `tokio-postgres`.

use std::error::Error as StdError;
use std::fmt;

use bytes::{BufMut, BytesMut};
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use enmasse_core::encode::numeric;
use enmasse_core::error::ErrorKind;
use enmasse_core::value::{DataType, Value};
use tokio_postgres::types::{FromSql, IsNull, Kind, ToSql, Type, to_sql_checked};
use uuid::Uuid;

use super::spell;

type Boxed = Box<dyn StdError + Sync + Send>;

/// Why a value could not be sent or read.
#[derive(Debug)]
pub(super) struct Refused {
    pub kind: ErrorKind,
    pub message: String,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for Refused {}

fn refuse<T>(message: String) -> Result<T, Boxed> {
    Err(Box::new(Refused { kind: ErrorKind::Value, message }))
}

/// The type that a parameter is declared with.
pub(super) fn parameter_type(data_type: &DataType) -> Type {
    match data_type {
        DataType::Bool => Type::BOOL,
        DataType::SmallInt => Type::INT2,
        DataType::Integer => Type::INT4,
        DataType::BigInt => Type::INT8,
        DataType::Real => Type::FLOAT4,
        DataType::Double => Type::FLOAT8,
        DataType::Text { .. } | DataType::Native(_) => Type::TEXT,
        DataType::Bytes => Type::BYTEA,
        DataType::DateTime => Type::TIMESTAMPTZ,
        DataType::NaiveDateTime => Type::TIMESTAMP,
        DataType::Date => Type::DATE,
        DataType::Time => Type::TIME,
        DataType::Duration => Type::INTERVAL,
        DataType::Decimal { .. } => Type::NUMERIC,
        DataType::Uuid => Type::UUID,
        DataType::Json => Type::JSONB,
        DataType::Array(item) => match parameter_type(item) {
            Type::BOOL => Type::BOOL_ARRAY,
            Type::INT2 => Type::INT2_ARRAY,
            Type::INT4 => Type::INT4_ARRAY,
            Type::INT8 => Type::INT8_ARRAY,
            Type::FLOAT4 => Type::FLOAT4_ARRAY,
            Type::FLOAT8 => Type::FLOAT8_ARRAY,
            Type::TEXT => Type::TEXT_ARRAY,
            Type::BYTEA => Type::BYTEA_ARRAY,
            Type::TIMESTAMPTZ => Type::TIMESTAMPTZ_ARRAY,
            Type::TIMESTAMP => Type::TIMESTAMP_ARRAY,
            Type::DATE => Type::DATE_ARRAY,
            Type::TIME => Type::TIME_ARRAY,
            Type::INTERVAL => Type::INTERVAL_ARRAY,
            Type::NUMERIC => Type::NUMERIC_ARRAY,
            Type::UUID => Type::UUID_ARRAY,
            Type::JSONB => Type::JSONB_ARRAY,
            // an array of arrays is an array of the same type to PostgreSQL
            array => array,
        },
        _ => Type::UNKNOWN,
    }
}

/// A value on its way to PostgreSQL, as the type that the statement's parameter has there.
#[derive(Debug)]
pub(super) struct Bound<'a>(pub &'a Value);

impl ToSql for Bound<'_> {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Boxed> {
        if let Kind::Domain(base) = ty.kind() {
            return self.to_sql(base, out);
        }
        match (self.0, ty) {
            (Value::Null, _) => Ok(IsNull::Yes),
            (Value::Encoded(bytes), _) => {
                out.put_slice(bytes);
                Ok(IsNull::No)
            }
            (Value::Bool(value), &Type::BOOL) => value.to_sql(ty, out),
            (Value::Int(value), _) => integer(*value, ty, out),
            (Value::Float(value), &Type::FLOAT8) => value.to_sql(ty, out),
            (Value::Float(value), &Type::FLOAT4) => {
                let narrow = *value as f32;
                if value.is_finite() && narrow.is_infinite() {
                    return refuse(format!("{value} does not fit into a float of 32 bits"));
                }
                narrow.to_sql(ty, out)
            }
            (Value::Text(value), &Type::JSONB) => {
                out.put_u8(JSONB_VERSION);
                out.put_slice(value.as_bytes());
                Ok(IsNull::No)
            }
            (Value::Text(value), _) if is_text(ty) => {
                out.put_slice(value.as_bytes());
                Ok(IsNull::No)
            }
            (Value::Bytes(value), &Type::BYTEA) => value.to_sql(ty, out),
            (Value::DateTime(value), &Type::TIMESTAMPTZ) => value.to_sql(ty, out),
            (Value::NaiveDateTime(value), &Type::TIMESTAMP) => value.to_sql(ty, out),
            (Value::Date(value), &Type::DATE) => value.to_sql(ty, out),
            (Value::Time(value), &Type::TIME) => value.to_sql(ty, out),
            (Value::Duration(value), &Type::INTERVAL) => interval(*value, out),
            (Value::Decimal(value), &Type::NUMERIC) => {
                let mut bytes = Vec::with_capacity(32);
                numeric::encode(*value, &mut bytes);
                out.put_slice(&bytes);
                Ok(IsNull::No)
            }
            (Value::Uuid(value), &Type::UUID) => value.to_sql(ty, out),
            (Value::Json(value), &Type::JSON | &Type::JSONB) => value.to_sql(ty, out),
            (Value::DecimalText(text), &Type::NUMERIC) => {
                let mut bytes = Vec::with_capacity(32);
                numeric::encode_text(text, &mut bytes)
                    .map_err(|error| Refused { kind: error.kind(), message: error.message().to_owned() })?;
                out.put_slice(&bytes);
                Ok(IsNull::No)
            }
            (Value::JsonText(text), &Type::JSON | &Type::JSONB) => {
                if *ty == Type::JSONB {
                    out.put_u8(JSONB_VERSION);
                }
                out.put_slice(text.as_bytes());
                Ok(IsNull::No)
            }
            (Value::Array(items), _) if matches!(ty.kind(), Kind::Array(_)) => {
                items.iter().map(Bound).collect::<Vec<_>>().to_sql(ty, out)
            }
            (value, _) => {
                let what = match value {
                    Value::Opaque(_) => value.to_string(),
                    value => {
                        value.natural_type().map_or("an array".to_owned(), |natural| natural.to_string())
                    }
                };
                refuse(format!("A parameter of the type {} was given {what}", ty.name()))
            }
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

const JSONB_VERSION: u8 = 1;

fn integer(value: i64, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Boxed> {
    let too_large = || Refused {
        kind: ErrorKind::Value,
        message: format!("{value} does not fit into a parameter of the type {}", ty.name()),
    };
    match *ty {
        Type::INT8 => value.to_sql(ty, out),
        Type::INT4 => i32::try_from(value).map_err(|_| too_large())?.to_sql(ty, out),
        Type::INT2 => i16::try_from(value).map_err(|_| too_large())?.to_sql(ty, out),
        Type::OID => u32::try_from(value).map_err(|_| too_large())?.to_sql(ty, out),
        Type::FLOAT8 => (value as f64).to_sql(ty, out),
        Type::FLOAT4 => (value as f32).to_sql(ty, out),
        Type::NUMERIC => Bound(&Value::Decimal(value.into())).to_sql(ty, out),
        _ => refuse(format!("A parameter of the type {} was given a whole number", ty.name())),
    }
}

/// Days and microseconds, as Python's `timedelta` is sent by psycopg.
fn interval(value: TimeDelta, out: &mut BytesMut) -> Result<IsNull, Boxed> {
    let days = value.num_days();
    let micros = (value - TimeDelta::days(days)).num_microseconds().unwrap_or_default();
    let Ok(days) = i32::try_from(days) else {
        return refuse(format!("A duration of {days} days does not fit into an interval"));
    };
    out.put_i64(micros);
    out.put_i32(days);
    out.put_i32(0);
    Ok(IsNull::No)
}

/// Whether the bytes of a type are its text.
fn is_text(ty: &Type) -> bool {
    matches!(
        *ty,
        Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME | Type::UNKNOWN | Type::XML | Type::JSON
    ) || matches!(ty.kind(), Kind::Enum(_))
        || ty.name() == "citext"
}

/// A value that PostgreSQL gave.
pub(super) struct Raw {
    pub value: Value,
    /// Why the value is none of ours; then `value` is what PostgreSQL itself would show.
    pub refused: Option<Refused>,
}

impl From<Value> for Raw {
    fn from(value: Value) -> Self {
        Raw { value, refused: None }
    }
}

impl Raw {
    /// The value, or its spelling where it is none.
    fn or_shown(
        value: Result<impl Into<Value>, Boxed>,
        spelled: impl FnOnce() -> Option<String>,
    ) -> Result<Self, Boxed> {
        let cause = match value {
            Ok(value) => return Ok(value.into().into()),
            Err(cause) => cause,
        };
        let Some(shown) = spelled() else { return Err(cause) };
        let refused = match cause.downcast::<Refused>() {
            Ok(refused) => *refused,
            Err(cause) => Refused { kind: ErrorKind::Value, message: cause.to_string() },
        };
        Ok(Raw { value: Value::Text(shown), refused: Some(refused) })
    }
}

impl<'a> FromSql<'a> for Raw {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, Boxed> {
        Ok(Raw::from(match *ty {
            Type::BOOL => Value::Bool(bool::from_sql(ty, raw)?),
            Type::INT2 => Value::Int(i16::from_sql(ty, raw)?.into()),
            Type::INT4 => Value::Int(i32::from_sql(ty, raw)?.into()),
            Type::INT8 => Value::Int(i64::from_sql(ty, raw)?),
            Type::OID => Value::Int(u32::from_sql(ty, raw)?.into()),
            Type::FLOAT4 => Value::Float(f32::from_sql(ty, raw)?.into()),
            Type::FLOAT8 => Value::Float(f64::from_sql(ty, raw)?),
            Type::CHAR => Value::Text(char::from(raw.first().copied().unwrap_or_default()).to_string()),
            Type::BYTEA => Value::Bytes(raw.to_owned()),
            Type::TIMESTAMPTZ => {
                let moment = finite(raw, "timestamp").and_then(|()| DateTime::<Utc>::from_sql(ty, raw));
                return Raw::or_shown(moment, || spell::timestamp(raw, "+00"));
            }
            Type::TIMESTAMP => {
                let moment = finite(raw, "timestamp").and_then(|()| NaiveDateTime::from_sql(ty, raw));
                return Raw::or_shown(moment, || spell::timestamp(raw, ""));
            }
            Type::DATE => {
                let date = finite(raw, "date").and_then(|()| NaiveDate::from_sql(ty, raw));
                return Raw::or_shown(date, || spell::date(raw));
            }
            Type::TIME => {
                let micros = i64::from_sql(&Type::INT8, raw)?;
                let time = match micros < MICROSECONDS_A_DAY {
                    true => NaiveTime::from_sql(ty, raw),
                    // it would come out as the midnight before
                    false => refuse("The time 24:00:00 cannot be read: it is not a time of day".to_owned()),
                };
                return Raw::or_shown(time, || Some(spell::time(micros)));
            }
            Type::INTERVAL => return Raw::or_shown(duration(raw), || spell::interval(raw)),
            Type::NUMERIC => {
                let number = numeric::decode(raw).or_else(|what| refuse(format!("The value is {what}")));
                return Raw::or_shown(number, || spell::numeric(raw));
            }
            Type::UUID => Value::Uuid(Uuid::from_sql(ty, raw)?),
            Type::JSON | Type::JSONB => {
                let text = if *ty == Type::JSONB { raw.get(1..).unwrap_or_default() } else { raw };
                return Raw::or_shown(serde_json::Value::from_sql(ty, raw), || {
                    std::str::from_utf8(text).map(str::to_owned).ok()
                });
            }
            Type::VOID => Value::Null,
            _ if is_text(ty) => Value::Text(std::str::from_utf8(raw)?.to_owned()),
            _ => match ty.kind() {
                Kind::Array(_) => {
                    let mut refused = None;
                    let items = Vec::<Raw>::from_sql(ty, raw)?.into_iter().map(|item| {
                        refused = refused.take().or(item.refused);
                        item.value
                    });
                    let value = Value::Array(items.collect());
                    return Ok(Raw { value, refused });
                }
                Kind::Domain(base) => return Raw::from_sql(base, raw),
                _ => {
                    return Err(Box::new(Refused {
                        kind: ErrorKind::NotSupported,
                        message: format!("A value of the type {} cannot be read: cast it to text", ty.name()),
                    }));
                }
            },
        }))
    }

    fn from_sql_null(_: &Type) -> Result<Self, Boxed> {
        Ok(Value::Null.into())
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

const MICROSECONDS_A_DAY: i64 = 86_400_000_000;

/// Infinity is the greatest or the least number of the type's width.
fn finite(raw: &[u8], what: &str) -> Result<(), Boxed> {
    let inner = raw.get(1..).unwrap_or_default();
    let infinite = match raw.first() {
        Some(0x7f) => inner.iter().all(|byte| *byte == 0xff),
        Some(0x80) => inner.iter().all(|byte| *byte == 0),
        _ => false,
    };
    if infinite {
        return refuse(format!("The value is infinity, which a {what} cannot be here"));
    }
    Ok(())
}

/// A month counts as 30 days, as psycopg has it.
fn duration(raw: &[u8]) -> Result<TimeDelta, Boxed> {
    let (Some(micros), Some(days), Some(months)) = (raw.get(..8), raw.get(8..12), raw.get(12..16)) else {
        return refuse("The interval is cut short".to_owned());
    };
    let micros = i64::from_sql(&Type::INT8, micros)?;
    let days = i32::from_sql(&Type::INT4, days)?;
    let months = i32::from_sql(&Type::INT4, months)?;
    if matches!((micros, days, months), (i64::MAX, i32::MAX, i32::MAX) | (i64::MIN, i32::MIN, i32::MIN)) {
        return refuse("The value is infinity, which a duration cannot be".to_owned());
    }
    let days = i64::from(days) + 30 * i64::from(months);
    let sum = TimeDelta::try_days(days).and_then(|days| days.checked_add(&TimeDelta::microseconds(micros)));
    sum.map_or_else(|| refuse("The interval is too long for a duration".to_owned()), Ok)
}
