//! The logical meaning of a Parquet column's values.

use ::parquet::basic::{ConvertedType, LogicalType, TimeUnit, Type};
use ::parquet::schema::types::ColumnDescriptor;
use enmasse::chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};
use enmasse::rust_decimal::Decimal;
use enmasse::uuid::Uuid;
use enmasse::{DataType, Value};

use crate::input::cell::{Converter, Problem};
use crate::input::{show, whole};

/// The interpretation of a column's physical values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// As the physical type says.
    Plain,
    /// 32-bit floats, converted to 64 bits.
    Single,
    Unsigned,
    /// The number of digits after the point.
    Decimal(u32),
    Date,
    /// The unit in nanoseconds.
    Time(i64),
    /// The unit in nanoseconds, and whether the value is in UTC or without a zone.
    Moment(i64, bool),
    Text,
    Uuid,
}

/// A value that Enmasse cannot represent.
#[derive(Clone, Debug)]
pub struct Unread {
    pub problem: Problem,
    /// The physical value, without its annotations.
    pub text: String,
}

impl Unread {
    pub fn of(problem: Problem, value: impl ToString) -> Self {
        Unread { problem, text: value.to_string() }
    }

    /// For bytes, most of which may be text.
    pub fn of_bytes(problem: Problem, bytes: &[u8]) -> Self {
        Unread::of(problem, show::shown(&Value::Bytes(bytes.to_vec())))
    }
}

/// The nanoseconds of a unit.
fn nanos(unit: TimeUnit) -> i64 {
    match unit {
        TimeUnit::MILLIS => 1_000_000,
        TimeUnit::MICROS => 1_000,
        TimeUnit::NANOS => 1,
    }
}

impl Kind {
    /// Interprets a column's annotations; the error is the name of an unsupported one.
    pub fn of(column: &ColumnDescriptor) -> Result<Self, String> {
        if let Some(logical) = column.logical_type_ref() {
            return Ok(match logical {
                LogicalType::String | LogicalType::Enum | LogicalType::Json => Kind::Text,
                LogicalType::Decimal(_) => Kind::decimal(column)?,
                LogicalType::Date => Kind::Date,
                LogicalType::Time(time) => Kind::Time(nanos(time.unit)),
                LogicalType::Timestamp(time) => Kind::Moment(nanos(time.unit), time.is_adjusted_to_u_t_c),
                LogicalType::Integer(integer) if !integer.is_signed => Kind::Unsigned,
                LogicalType::Integer(_) | LogicalType::Unknown => Kind::Plain,
                LogicalType::Uuid => Kind::Uuid,
                other => return Err(format!("{other:?}")),
            });
        }
        Ok(match column.converted_type() {
            ConvertedType::NONE if column.physical_type() == Type::FLOAT => Kind::Single,
            ConvertedType::NONE => Kind::Plain,
            ConvertedType::UTF8 | ConvertedType::ENUM | ConvertedType::JSON => Kind::Text,
            ConvertedType::DECIMAL => Kind::decimal(column)?,
            ConvertedType::DATE => Kind::Date,
            ConvertedType::TIME_MILLIS => Kind::Time(1_000_000),
            ConvertedType::TIME_MICROS => Kind::Time(1_000),
            // Older writers could not declare the absence of a zone, so none is assumed here.
            ConvertedType::TIMESTAMP_MILLIS => Kind::Moment(1_000_000, false),
            ConvertedType::TIMESTAMP_MICROS => Kind::Moment(1_000, false),
            ConvertedType::UINT_8
            | ConvertedType::UINT_16
            | ConvertedType::UINT_32
            | ConvertedType::UINT_64 => Kind::Unsigned,
            ConvertedType::INT_8 | ConvertedType::INT_16 | ConvertedType::INT_32 | ConvertedType::INT_64 => {
                Kind::Plain
            }
            other => return Err(other.to_string()),
        })
    }

    fn decimal(column: &ColumnDescriptor) -> Result<Self, String> {
        let has_digits = column.physical_type() != Type::INT96;
        match u32::try_from(column.type_scale()) {
            Ok(scale) if has_digits => Ok(Kind::Decimal(scale)),
            _ => Err(format!("DECIMAL of scale {}", column.type_scale())),
        }
    }

    pub fn int32(self, value: i32) -> Result<Value, Problem> {
        match self {
            Kind::Unsigned => Ok(Value::Int(value.cast_unsigned().into())),
            Kind::Date => TimeDelta::try_days(value.into())
                .and_then(|days| NaiveDate::default().checked_add_signed(days))
                .map(Value::Date)
                .ok_or_else(|| format!("the date, {value} days from 1970, is out of range.")),
            _ => self.int64(value.into()),
        }
    }

    pub fn int64(self, value: i64) -> Result<Value, Problem> {
        match self {
            Kind::Unsigned => Ok(match u64::try_from(value) {
                Ok(_) => Value::Int(value),
                Err(_) => Value::Decimal(value.cast_unsigned().into()),
            }),
            Kind::Decimal(scale) => decimal(value.into(), scale),
            Kind::Time(unit) => time(i128::from(value) * i128::from(unit)),
            Kind::Moment(unit, utc) => {
                let moment = moment(i128::from(value) * i128::from(unit))?;
                Ok(if utc { Value::DateTime(moment.and_utc()) } else { Value::NaiveDateTime(moment) })
            }
            _ => Ok(Value::Int(value)),
        }
    }

    /// A timestamp of Hive and Spark: nanoseconds of the day, and a Julian day number.
    pub fn int96(self, words: &[u32]) -> Result<Value, Problem> {
        const EPOCH: i128 = 2_440_588;
        let [low, high, day] = *words else { return Err("is not a 96-bit timestamp.".to_owned()) };
        let nanos = i128::from(high) << 32 | i128::from(low);
        let days = i128::from(day.cast_signed()) - EPOCH;
        moment(days * 86_400_000_000_000 + nanos).map(Value::NaiveDateTime)
    }

    pub fn bytes(self, value: &[u8]) -> Result<Value, Problem> {
        match self {
            Kind::Text => text(value),
            Kind::Uuid => Uuid::from_slice(value).map(Value::Uuid).map_err(|error| format!("{error}.")),
            Kind::Decimal(scale) => match whole(value) {
                Some(digits) => decimal(digits, scale),
                None => Err("has more than the 28 digits of a decimal.".to_owned()),
            },
            _ => Ok(Value::Bytes(value.to_vec())),
        }
    }
}

/// Converts a column's value for a field: unannotated bytes may be text or a UUID.
pub fn suited(kind: Kind, converter: &Converter, value: &Value) -> Result<Value, Problem> {
    match (converter.data_type(), value) {
        (DataType::Uuid, Value::Bytes(bytes)) if bytes.len() == 16 => Kind::Uuid.bytes(bytes),
        (DataType::Bytes, _) => Ok(value.clone()),
        (_, Value::Float(float)) if converter.is_exact() => {
            whole::of_float(*float, kind == Kind::Single).map(|()| value.clone())
        }
        (_, Value::Bytes(bytes)) => text(bytes),
        _ => Ok(value.clone()),
    }
}

fn text(value: &[u8]) -> Result<Value, Problem> {
    match std::str::from_utf8(value) {
        Ok(text) => Ok(text.into()),
        Err(_) => Err("is not UTF-8 text.".to_owned()),
    }
}

/// A big-endian two's complement number.
fn whole(bytes: &[u8]) -> Option<i128> {
    let fill = if bytes.first().is_some_and(|first| first & 0x80 != 0) { 0xff } else { 0 };
    let spare = bytes.len().saturating_sub(16);
    let (spare, digits) = bytes.split_at(spare);
    let mut whole = [fill; 16];
    whole[16 - digits.len()..].copy_from_slice(digits);
    let number = i128::from_be_bytes(whole);
    (spare.iter().all(|byte| *byte == fill) && (number < 0) == (fill != 0)).then_some(number)
}

fn decimal(digits: i128, scale: u32) -> Result<Value, Problem> {
    // Trailing zeros do not count, and there may be more of them than a `Decimal` has places.
    let (mut digits, mut scale) = (digits, scale);
    while scale > 0 && digits % 10 == 0 {
        (digits, scale) = (digits / 10, scale - 1);
    }
    Decimal::try_from_i128_with_scale(digits, scale)
        .map(Value::Decimal)
        .map_err(|_| format!("{digits}e-{scale} has more than the 28 digits of a decimal."))
}

fn time(nanos: i128) -> Result<Value, Problem> {
    let parts = (u32::try_from(nanos.div_euclid(1_000_000_000)), nanos.rem_euclid(1_000_000_000) as u32);
    match parts {
        (Ok(seconds), nanos) => NaiveTime::from_num_seconds_from_midnight_opt(seconds, nanos),
        _ => None,
    }
    .map(Value::Time)
    .ok_or_else(|| format!("the time of day, {nanos} nanoseconds, is out of range."))
}

fn moment(nanos: i128) -> Result<NaiveDateTime, Problem> {
    let (seconds, rest) = (nanos.div_euclid(1_000_000_000), nanos.rem_euclid(1_000_000_000));
    i64::try_from(seconds)
        .ok()
        .and_then(|seconds| DateTime::from_timestamp(seconds, rest as u32))
        .map(|moment| moment.naive_utc())
        .ok_or_else(|| format!("the timestamp, {seconds} seconds from 1970, is out of range."))
}
