//! How PostgreSQL stores values: as they are, in types of its own.

use chrono::{Datelike, NaiveDate};

use crate::error::{Error, Result};
use crate::value::json::{self, Escape};
use crate::value::{DataType, Value, raw};

pub(crate) fn store(value: &Value, data_type: &DataType) -> Result<Value> {
    let value = data_type.prepare(value)?;
    check(&value)?;
    Ok(value)
}

pub(super) fn load(raw: Value, data_type: &DataType) -> Result<Value> {
    if data_type.holds(&raw) {
        return Ok(raw);
    }
    data_type.convert(&raw).ok_or_else(|| raw::unexpected(&raw, data_type))
}

/// Refuses what PostgreSQL's types do not hold.
fn check(value: &Value) -> Result<()> {
    match value {
        Value::Text(text) => without_nul(text),
        Value::Json(document) => json_without_nul(document),
        Value::JsonText(text) => keeps_escapes(text),
        Value::DateTime(moment) => in_range(moment.date_naive()),
        Value::NaiveDateTime(moment) => in_range(moment.date()),
        Value::Date(date) => in_range(*date),
        Value::Array(items) => items.iter().try_for_each(check),
        _ => Ok(()),
    }
}

#[inline]
pub(crate) fn without_nul(text: &str) -> Result<()> {
    if text.as_bytes().contains(&0) {
        Err(Error::value("the text has a NUL character, which PostgreSQL cannot store."))
    } else {
        Ok(())
    }
}

pub(crate) fn json_without_nul(document: &serde_json::Value) -> Result<()> {
    match document {
        serde_json::Value::String(text) => without_nul(text),
        serde_json::Value::Array(items) => items.iter().try_for_each(json_without_nul),
        serde_json::Value::Object(map) => map.iter().try_for_each(|(key, value)| {
            without_nul(key)?;
            json_without_nul(value)
        }),
        _ => Ok(()),
    }
}

/// Refuses what the type `jsonb` refuses of the escapes in a document's texts.
pub(crate) fn keeps_escapes(text: &str) -> Result<()> {
    match json::odd_escape(text) {
        None => Ok(()),
        Some(Escape::Nul) => without_nul("\0"),
        Some(Escape::Half) => {
            Err(Error::value("the text has half of a surrogate pair, which PostgreSQL cannot store."))
        }
    }
}

/// Julian day 0 is where PostgreSQL's calendar starts; its end is later than chrono's.
#[inline]
pub(crate) fn in_range(date: NaiveDate) -> Result<()> {
    if (date.year(), date.ordinal()) >= (-4713, 328) {
        Ok(())
    } else {
        Err(Error::value(format!("{date} is before 4713 BC, where PostgreSQL's calendar starts.")))
    }
}
