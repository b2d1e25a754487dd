//! How MariaDB and MySQL store values, as Django does it: datetimes without a zone in UTC, durations in microseconds.

use chrono::{Datelike, NaiveDate};
use uuid::Uuid;

use crate::dialect::{Capability, Dialect};
use crate::error::{Error, Result};
use crate::value::digits::Digits;
use crate::value::{DataType, Value, json, raw};

pub(crate) fn store(dialect: &dyn Dialect, value: &Value, data_type: &DataType) -> Result<Value> {
    if let DataType::Array(_) = data_type {
        return Err(Error::not_supported(format!("{} has no arrays.", dialect.name())));
    }
    Ok(match data_type.prepare(value)? {
        Value::Bool(value) => Value::Int(value.into()),
        Value::Float(number) => {
            finite(number, dialect)?;
            Value::Float(number)
        }
        Value::DateTime(moment) => {
            let moment = moment.naive_utc();
            four_digits(moment.date(), dialect)?;
            Value::NaiveDateTime(moment)
        }
        Value::NaiveDateTime(moment) => {
            four_digits(moment.date(), dialect)?;
            Value::NaiveDateTime(moment)
        }
        Value::Date(date) => {
            four_digits(date, dialect)?;
            Value::Date(date)
        }
        Value::Duration(duration) => Value::Int(duration.num_microseconds().unwrap_or(i64::MAX)),
        Value::Decimal(number) => Value::Text(number.to_string()),
        Value::Uuid(uuid) if dialect.supports(Capability::NativeUuid) => {
            keeps(uuid, dialect)?;
            Value::Text(uuid.to_string())
        }
        Value::Uuid(uuid) => Value::Text(uuid.simple().to_string()),
        Value::DecimalText(text) => {
            has_room(&text, dialect)?;
            Value::Text(text)
        }
        Value::JsonText(text) => Value::Text(text),
        Value::Json(document) => Value::Text(json::write_json(&document)),
        plain => plain,
    })
}

pub(super) fn load(raw: Value, data_type: &DataType) -> Result<Value> {
    raw::read(raw, data_type)
}

/// Refuses what MariaDB's type `uuid` refuses ("Incorrect uuid value"): a version of 8 or more without the variant of RFC 9562. It
/// tells from these bits in which order it keeps the others. What random UUIDs showed, on 10.11.
pub(crate) fn keeps(uuid: Uuid, dialect: &dyn Dialect) -> Result<()> {
    let bytes = uuid.as_bytes();
    if bytes[6] >= 0x80 && (0x01..=0x80).contains(&bytes[8]) {
        Err(Error::value(format!("the type uuid of {} cannot hold {uuid}.", dialect.name())))
    } else {
        Ok(())
    }
}

/// The most digits of a decimal, and the most of them after the point.
const DIGITS: usize = 65;
pub(crate) const PLACES: usize = 30;

/// Refuses a decimal in text that is longer than any column.
pub(crate) fn has_room(text: &str, dialect: &dyn Dialect) -> Result<()> {
    let digits = Digits::checked(text)?;
    let (whole, places) = (digits.whole_digits().len(), digits.places().len());
    if whole + places <= DIGITS && places <= PLACES {
        return Ok(());
    }
    Err(Error::value(format!(
        "{text} has {whole} digits before the decimal point and {places} after it: {} holds {DIGITS} in all, of which {PLACES} after the point.",
        dialect.name()
    )))
}

#[inline]
pub(crate) fn finite(number: f64, dialect: &dyn Dialect) -> Result<()> {
    if number.is_finite() {
        Ok(())
    } else {
        Err(Error::value(format!("{number} cannot be stored in {}.", dialect.name())))
    }
}

#[inline]
pub(crate) fn four_digits(date: NaiveDate, dialect: &dyn Dialect) -> Result<()> {
    if (0..=9_999).contains(&date.year()) {
        Ok(())
    } else {
        Err(Error::value(format!("{date} is not in the years 0 to 9999, which {} holds.", dialect.name())))
    }
}
