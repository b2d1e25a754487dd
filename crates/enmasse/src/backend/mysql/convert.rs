//! Converts values to and from MySQL and MariaDB.

use chrono::{Datelike, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike};
use enmasse_core::error::{Error, ErrorKind, Result};
use enmasse_core::value::Value;
use mysql_async::consts::ColumnType;
use mysql_async::{Column, Params, Value as Driver};

use crate::backend::Unfit;

/// The "character set" of bytes.
const BINARY: u16 = 63;

pub(super) fn params<'a>(values: impl ExactSizeIterator<Item = &'a Value>) -> Result<Params> {
    if values.len() == 0 {
        return Ok(Params::Empty);
    }
    values.map(bound).collect::<Result<_>>().map(Params::Positional)
}

fn bound(value: &Value) -> Result<Driver> {
    Ok(match value {
        Value::Null => Driver::NULL,
        Value::Bool(value) => Driver::Int((*value).into()),
        Value::Int(value) => Driver::Int(*value),
        Value::Float(value) => Driver::Double(*value),
        Value::Text(value) => Driver::Bytes(value.as_bytes().to_owned()),
        Value::Bytes(value) => Driver::Bytes(value.clone()),
        Value::Date(date) => moment(date.and_time(NaiveTime::MIN))?,
        Value::NaiveDateTime(value) => moment(*value)?,
        Value::Time(time) => Driver::Time(
            false,
            0,
            time.hour() as u8,
            time.minute() as u8,
            time.second() as u8,
            microseconds(time.nanosecond()),
        ),
        other => {
            return Err(Error::new(
                ErrorKind::Value,
                format!("The driver does not accept {other}: it was not converted to its storage form."),
            ));
        }
    })
}

fn moment(value: NaiveDateTime) -> Result<Driver> {
    let year = u16::try_from(value.year()).ok().filter(|year| *year <= 9999).ok_or_else(|| {
        Error::new(
            ErrorKind::Value,
            format!("The date {} is not between the years 0 and 9999.", value.date()),
        )
    })?;
    Ok(Driver::Date(
        year,
        value.month() as u8,
        value.day() as u8,
        value.hour() as u8,
        value.minute() as u8,
        value.second() as u8,
        microseconds(value.nanosecond()),
    ))
}

/// The microseconds; for a leap second, the last moment before it.
fn microseconds(nanoseconds: u32) -> u32 {
    (nanoseconds / 1_000).min(999_999)
}

/// The values of a row. With `named`, errors name the column.
pub(super) fn raw_row(row: mysql_async::Row, named: bool) -> impl Iterator<Item = Result<Value, Unfit>> {
    let columns = row.columns();
    row.unwrap().into_iter().enumerate().map(move |(position, value)| {
        let column = &columns[position];
        raw(value, column).map_err(|Unfit { error, shown }| {
            if named {
                Unfit { error: error.at(format!("The column '{}'", column.name_str())), shown }
            } else {
                Unfit { error, shown }
            }
        })
    })
}

fn raw(value: Driver, column: &Column) -> Result<Value, Unfit> {
    use ColumnType::*;
    Ok(match value {
        Driver::NULL => Value::Null,
        Driver::Int(value) => Value::Int(value),
        Driver::UInt(value) => Value::Int(i64::try_from(value).map_err(|_| {
            let why = format!("{value} is greater than the greatest integer, {}", i64::MAX);
            unfit(why, Value::Text(value.to_string()))
        })?),
        Driver::Float(value) => Value::Float(value.into()),
        Driver::Double(value) => Value::Float(value),
        Driver::Bytes(bytes) if column.column_type() == MYSQL_TYPE_BIT => {
            Value::Int(bytes.iter().fold(0, |bits, byte| bits << 8 | i64::from(*byte)))
        }
        Driver::Bytes(bytes) if is_binary(column) => Value::Bytes(bytes),
        Driver::Bytes(bytes) => Value::Text(String::from_utf8(bytes).map_err(|error| {
            let bytes = Value::Bytes(error.as_bytes().to_owned());
            Unfit {
                error: refuse("The text is not UTF-8.".to_owned()).with_source(error),
                shown: Some(bytes),
            }
        })?),
        Driver::Date(year, month, day, hour, minute, second, micro) => {
            let is_date = matches!(column.column_type(), MYSQL_TYPE_DATE | MYSQL_TYPE_NEWDATE);
            let shown = format!("{year:04}-{month:02}-{day:02}");
            let shown_moment = || {
                let fraction = if micro == 0 { String::new() } else { format!(".{micro:06}") };
                Value::Text(format!("{shown} {hour:02}:{minute:02}:{second:02}{fraction}"))
            };
            let date = NaiveDate::from_ymd_opt(year.into(), month.into(), day.into()).ok_or_else(|| {
                let why = format!("{shown} is not a date: the server accepted it, but it cannot be read");
                unfit(why, if is_date { Value::Text(shown.clone()) } else { shown_moment() })
            })?;
            if is_date {
                return Ok(Value::Date(date));
            }
            let moment = date.and_hms_micro_opt(hour.into(), minute.into(), second.into(), micro);
            Value::NaiveDateTime(
                moment.ok_or_else(|| unfit("The time is invalid.".to_owned(), shown_moment()))?,
            )
        }
        Driver::Time(negative, days, hours, minutes, seconds, micros) => {
            let of_day = NaiveTime::from_hms_micro_opt(hours.into(), minutes.into(), seconds.into(), micros);
            match of_day.filter(|_| !negative && days == 0) {
                Some(time) => Value::Time(time),
                // A TIME may also be a duration of up to 838 hours.
                None => {
                    let length = TimeDelta::days(days.into())
                        + TimeDelta::hours(hours.into())
                        + TimeDelta::minutes(minutes.into())
                        + TimeDelta::seconds(seconds.into())
                        + TimeDelta::microseconds(micros.into());
                    Value::Duration(if negative { -length } else { length })
                }
            }
        }
    })
}

/// Whether a column contains bytes. Decimals and JSON claim to, but are text.
fn is_binary(column: &Column) -> bool {
    use ColumnType::*;
    column.character_set() == BINARY
        && !matches!(column.column_type(), MYSQL_TYPE_DECIMAL | MYSQL_TYPE_NEWDECIMAL | MYSQL_TYPE_JSON)
}

fn unfit(why: String, shown: Value) -> Unfit {
    Unfit { error: refuse(why), shown: Some(shown) }
}

fn refuse(message: String) -> Error {
    Error::new(ErrorKind::Value, message)
}
