//! A list of values too long for parameters, as one JSON text.

use serde_json::Value as Json;

use crate::dialect::Dialect;
use crate::error::{Error, Result};
use crate::sql::Fragment;
use crate::value::{DataType, Value};

/// The values as the database stores them.
pub(super) fn stored(dialect: &dyn Dialect, values: &[Value], data_type: &DataType) -> Result<Vec<Value>> {
    values.iter().map(|value| dialect.store(value, data_type)).collect()
}

/// One parameter with a JSON array of stored values; bytes are in hexadecimal.
pub(super) fn json_rows(dialect: &dyn Dialect, values: &[Value]) -> Result<Fragment> {
    let values = values.iter().map(json).collect::<Result<Vec<_>>>()?;
    Fragment::value(dialect, &Value::Text(Json::Array(values).to_string()), &DataType::TEXT)
}

fn json(value: &Value) -> Result<Json> {
    Ok(match value {
        Value::Bool(value) => (*value).into(),
        Value::Int(value) => (*value).into(),
        Value::Float(value) => (*value).into(),
        Value::Text(value) => value.as_str().into(),
        Value::Bytes(value) => value.iter().map(|byte| format!("{byte:02X}")).collect::<String>().into(),
        Value::NaiveDateTime(value) => value.format("%Y-%m-%d %H:%M:%S%.6f").to_string().into(),
        Value::Date(value) => value.to_string().into(),
        Value::Time(value) => value.format("%H:%M:%S%.6f").to_string().into(),
        other => return Err(Error::not_supported(format!("a list of more than a few of {other}"))),
    })
}

/// A JSON number as a whole number where it is one, else as a float.
pub(super) fn number(value: &Json) -> Option<Value> {
    value.as_i64().map(Value::Int).or_else(|| value.as_f64().map(Value::Float))
}

/// JSON numbers as values of one type.
pub(super) fn numbers(values: &[Json]) -> (Vec<Value>, DataType) {
    match values.iter().map(Json::as_i64).collect::<Option<Vec<_>>>() {
        Some(whole) => (whole.into_iter().map(Value::Int).collect(), DataType::BigInt),
        None => (values.iter().filter_map(Json::as_f64).map(Value::Float).collect(), DataType::Double),
    }
}
