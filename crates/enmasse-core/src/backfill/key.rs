//! Keys as text: how a run keeps the place that it has reached.

use serde_json::Value as Json;

use crate::error::{Error, ErrorKind, Result};
use crate::schema::ModelRef;
use crate::value::{DataType, Value};

/// Refuses a model whose rows cannot be gone through in the order of their keys.
///
/// # Errors
///
/// [`Request`](ErrorKind::Request) where there is no key, or one of its fields is of a type that has no order that every database and
/// every reading of it agree on.
pub fn refuse_key(model: &ModelRef) -> Result<()> {
    let key = model.key();
    if key.is_empty() {
        return Err(Error::request(format!(
            "{} has no primary key, so that it cannot be updated in chunks.",
            model.name
        )));
    }
    for position in key {
        let field = &model.fields[position];
        let why = match &field.data_type {
            DataType::Json | DataType::Array(_) | DataType::Native(_) => {
                "is no type whose values can be ranges"
            }
            DataType::Real | DataType::Double => "is not exact",
            _ => continue,
        };
        return Err(Error::request(format!(
            "{} cannot be updated in chunks: its key {} is {}, which {why}.",
            model.name, field.name, field.data_type
        )));
    }
    Ok(())
}

/// A key as a JSON array of texts, one for each of its fields.
///
/// # Errors
///
/// [`Value`](ErrorKind::Value) for a value that no key has.
pub fn write_key(key: &[Value]) -> Result<String> {
    let parts = key.iter().map(part).collect::<Result<Vec<_>>>()?;
    Ok(Json::Array(parts).to_string())
}

fn part(value: &Value) -> Result<Json> {
    Ok(Json::String(match value {
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Text(value) => value.clone(),
        Value::Bytes(bytes) => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
        Value::DateTime(value) => value.to_rfc3339(),
        Value::NaiveDateTime(value) => value.format("%Y-%m-%dT%H:%M:%S%.6f").to_string(),
        Value::Date(value) => value.format("%Y-%m-%d").to_string(),
        Value::Time(value) => value.format("%H:%M:%S%.6f").to_string(),
        Value::Duration(value) => {
            let micros = value.num_microseconds();
            micros.ok_or_else(|| Error::value("A duration is too long for a key."))?.to_string()
        }
        Value::Decimal(value) => value.to_string(),
        Value::Uuid(value) => value.to_string(),
        other => return Err(Error::value(format!("A key cannot be {other}."))),
    }))
}

/// The key that [`write_key`] wrote.
///
/// # Errors
///
/// [`Data`](ErrorKind::Data) where it is not one of this model.
pub fn read_key(model: &ModelRef, text: &str) -> Result<Vec<Value>> {
    let positions = model.key();
    let broken = || {
        let message = format!("The run has a key that is none of {}: {text}", model.name);
        Error::new(ErrorKind::Data, message)
    };
    let Ok(Json::Array(parts)) = serde_json::from_str(text) else { return Err(broken()) };
    if parts.len() != positions.len() {
        return Err(broken());
    }
    let each = positions.iter().zip(&parts).map(|(&position, part)| {
        let part = part.as_str()?;
        read_part(&model.fields[position].data_type, part)
    });
    each.collect::<Option<Vec<_>>>().ok_or_else(broken)
}

fn read_part(data_type: &DataType, text: &str) -> Option<Value> {
    Some(match data_type {
        DataType::Bool => Value::Bool(text.parse().ok()?),
        DataType::SmallInt | DataType::Integer | DataType::BigInt => Value::Int(text.parse().ok()?),
        DataType::Text { .. } => Value::Text(text.to_owned()),
        DataType::Bytes => Value::Bytes(bytes(text)?),
        DataType::DateTime => Value::DateTime(text.parse().ok()?),
        DataType::NaiveDateTime => Value::NaiveDateTime(text.parse().ok()?),
        DataType::Date => Value::Date(text.parse().ok()?),
        DataType::Time => Value::Time(text.parse().ok()?),
        DataType::Duration => Value::Duration(chrono::TimeDelta::microseconds(text.parse().ok()?)),
        DataType::Decimal { .. } => Value::Decimal(text.parse().ok()?),
        DataType::Uuid => Value::Uuid(text.parse().ok()?),
        _ => return None,
    })
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}
