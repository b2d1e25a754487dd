//! How SQLite stores values, as Django does it: datetimes, times and UUIDs as text, durations in microseconds.

use std::fmt::Display;

use chrono::{Datelike, NaiveDate, NaiveDateTime};
use rust_decimal::Decimal;

use crate::error::{Error, Result};
use crate::value::digits::Digits;
use crate::value::short::{self, Short};
use crate::value::{DataType, Value, json, raw};

/// The significant decimal digits that SQLite's floats keep.
const DIGITS: u32 = 15;

/// The powers of ten that a float has exactly.
#[rustfmt::skip]
const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];

pub(crate) fn store(value: &Value, data_type: &DataType) -> Result<Value> {
    if let DataType::Array(_) = data_type {
        return Err(Error::not_supported("SQLite has no arrays."));
    }
    Ok(match data_type.prepare(value)? {
        Value::Bool(value) => Value::Int(value.into()),
        Value::Float(number) => Value::Float(float(number)?),
        Value::DateTime(moment) => Value::Text(datetime(moment.naive_utc())?.to_string()),
        Value::NaiveDateTime(moment) => Value::Text(datetime(moment)?.to_string()),
        Value::Date(day) => Value::Text(date(day)?.to_string()),
        Value::Time(time) => Value::Text(short::time(time).to_string()),
        Value::Duration(duration) => Value::Int(duration.num_microseconds().unwrap_or(i64::MAX)),
        Value::Decimal(number) => Value::Float(decimal(number)?),
        Value::Uuid(uuid) => Value::Text(uuid.simple().to_string()),
        Value::DecimalText(text) => Value::Float(decimal_text(&text)?),
        Value::JsonText(text) => Value::Text(text),
        Value::Json(document) => {
            json::whole(&document)?;
            Value::Text(json::write_json(&document))
        }
        plain => plain,
    })
}

pub(super) fn load(raw: Value, data_type: &DataType) -> Result<Value> {
    raw::read(raw, data_type)
}

#[inline]
pub(crate) fn datetime(moment: NaiveDateTime) -> Result<Short> {
    four_digits(moment.date())?;
    Ok(short::datetime(moment))
}

#[inline]
pub(crate) fn date(date: NaiveDate) -> Result<Short> {
    four_digits(date)?;
    Ok(short::date(date))
}

#[inline]
pub(crate) fn float(number: f64) -> Result<f64> {
    if number.is_nan() {
        Err(Error::value("NaN cannot be stored: SQLite makes NULL of it."))
    } else {
        Ok(number)
    }
}

/// Text is in the order of time only where all years have four digits.
fn four_digits(date: NaiveDate) -> Result<()> {
    if (1..=9_999).contains(&date.year()) {
        Ok(())
    } else {
        Err(Error::value(format!("{date} is not in the years 1 to 9999, which SQLite can keep as text.")))
    }
}

/// The float that a `decimal` column makes of the text that Django writes; SQLite itself would drop digits silently.
///
/// A number rather than text, so that arithmetic and comparisons without a column see a number too.
#[inline]
pub(crate) fn decimal(number: Decimal) -> Result<f64> {
    let mut digits = number.mantissa().unsigned_abs();
    if digits < 10_u128.pow(DIGITS)
        && let Some(power) = POWERS.get(number.scale() as usize)
    {
        // both are exact, so the quotient is the nearest float
        let float = digits as u64 as f64 / power;
        return Ok(if number.is_sign_negative() { -float } else { float });
    }
    while digits > 0 && digits.is_multiple_of(10) {
        digits /= 10;
    }
    if digits >= 10_u128.pow(DIGITS) {
        return Err(too_precise(&number));
    }
    number
        .to_string()
        .parse()
        .map_err(|error| Error::value(format!("{number} is no float.")).with_source(error))
}

/// [`decimal`] of a number in plain text.
pub(crate) fn decimal_text(text: &str) -> Result<f64> {
    if Digits::checked(text)?.significant() > DIGITS as usize {
        return Err(too_precise(&text));
    }
    match text.parse::<f64>() {
        Ok(float) if float.is_finite() => Ok(float),
        _ => Err(Error::value(format!("{text} is too large for a float of 64 bits."))),
    }
}

fn too_precise(number: &dyn Display) -> Error {
    Error::value(format!("{number} has more than {DIGITS} significant digits, which SQLite would not keep."))
}
