//! How SQLite stores values, as Django does it: datetimes, times and UUIDs as text, durations in microseconds.

use chrono::{Datelike, NaiveDate, NaiveDateTime};
use rust_decimal::Decimal;

use crate::error::{Error, Result};
use crate::value::{DataType, Value, json, raw, text};

/// The significant decimal digits that SQLite's floats keep.
const DIGITS: u32 = 15;

pub(super) fn store(value: &Value, data_type: &DataType) -> Result<Value> {
    if let DataType::Array(_) = data_type {
        return Err(Error::not_supported("SQLite has no arrays."));
    }
    Ok(match data_type.prepare(value)? {
        Value::Bool(value) => Value::Int(value.into()),
        Value::Float(number) if number.is_nan() => {
            return Err(Error::value("NaN cannot be stored: SQLite makes NULL of it."));
        }
        Value::DateTime(moment) => Value::Text(datetime(moment.naive_utc())?),
        Value::NaiveDateTime(moment) => Value::Text(datetime(moment)?),
        Value::Date(date) => {
            four_digits(date)?;
            Value::Text(text::write_date(date))
        }
        Value::Time(time) => Value::Text(text::write_time(time)),
        Value::Duration(duration) => Value::Int(duration.num_microseconds().unwrap_or(i64::MAX)),
        Value::Decimal(number) => Value::Float(decimal(number)?),
        Value::Uuid(uuid) => Value::Text(uuid.simple().to_string()),
        Value::Json(document) => Value::Text(json::write_json(&document)),
        plain => plain,
    })
}

pub(super) fn load(raw: Value, data_type: &DataType) -> Result<Value> {
    raw::read(raw, data_type)
}

fn datetime(moment: NaiveDateTime) -> Result<String> {
    four_digits(moment.date())?;
    Ok(text::write_datetime(moment))
}

/// Text is in the order of time only where all years have four digits.
fn four_digits(date: NaiveDate) -> Result<()> {
    match (1..=9_999).contains(&date.year()) {
        true => Ok(()),
        false => {
            Err(Error::value(format!("{date} is not in the years 1 to 9999, which SQLite can keep as text.")))
        }
    }
}

/// The float that a `decimal` column makes of the text that Django writes; SQLite itself would drop digits silently.
///
/// A number rather than text, so that arithmetic and comparisons without a column see a number too.
fn decimal(number: Decimal) -> Result<f64> {
    let mut digits = number.normalize().mantissa().unsigned_abs();
    while digits > 0 && digits.is_multiple_of(10) {
        digits /= 10;
    }
    if digits >= 10_u128.pow(DIGITS) {
        return Err(Error::value(format!(
            "{number} has more than {DIGITS} significant digits, which SQLite would not keep."
        )));
    }
    number
        .to_string()
        .parse()
        .map_err(|error| Error::value(format!("{number} is no float.")).with_source(error))
}
