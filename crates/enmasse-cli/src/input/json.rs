//! Parses a JSON value as the value of a field.

use std::borrow::Cow;

use enmasse::{DataType, Value};
use serde_json::value::RawValue;

use super::bad::shortened;
use super::cell::{self, Problem};
use super::digits;
use super::documents;

/// Parses one JSON value for a column of this type.
///
/// `null` is NULL, also in a JSON column. A string is parsed like a cell's text, and a number digit by digit,
/// so decimals and large integers stay exact. A text column accepts only strings; a JSON column accepts any
/// value.
pub fn read(data_type: &DataType, raw: &str) -> Result<Value, Problem> {
    let unexpected = || format!("expected {data_type} but got {}.", shortened(raw));
    match (data_type, raw.as_bytes().first()) {
        (DataType::Array(item), Some(b'[')) => {
            let items: Vec<&RawValue> = serde_json::from_str(raw).map_err(|error| not_json(raw, &error))?;
            let items: Result<_, _> = items.into_iter().map(|raw| self::item(item, raw.get())).collect();
            items.map(Value::Array)
        }
        (DataType::Array(_), Some(b'n')) if raw == "null" => Ok(Value::Null),
        (DataType::Array(_), _) => {
            Err(format!("expected an array, as in JSON, but got '{}'.", shortened(raw)))
        }
        (_, Some(b'n')) => Ok(Value::Null),
        (DataType::Json, _) => document(raw).map(Value::Json),
        (_, Some(b'"')) => cell::read(data_type, &string(raw)?),
        (DataType::Bool, Some(b't' | b'f')) => Ok(Value::Bool(raw == "true")),
        (DataType::Bool, _) if matches!(raw, "0" | "1") => Ok(Value::Bool(raw == "1")),
        (_, Some(b'-' | b'0'..=b'9')) if data_type.is_number() => match cell::read(data_type, raw)? {
            Value::Text(_) => Err(unexpected()),
            number => Ok(number),
        },
        _ => Err(unexpected()),
    }
}

/// A document wrapped in an array.
pub fn boxed(raw: &str) -> Result<Value, Problem> {
    match raw.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(text) => document(text).map(Value::Json),
        None if raw == "null" => Ok(Value::Null),
        None => Err(format!("expected a JSON document in an array but got '{}'.", shortened(raw))),
    }
}

/// An array's item; no field validates it.
fn item(data_type: &DataType, raw: &str) -> Result<Value, Problem> {
    let value = read(data_type, raw)?;
    data_type.coerce(value).map_err(|error| error.message().to_owned())
}

/// Parses a JSON document. Its numbers become 64-bit integers or floats. Numbers with more digits and
/// duplicate keys are refused.
pub fn document(text: &str) -> Result<serde_json::Value, Problem> {
    let document = serde_json::from_str(text).map_err(|error| not_json(text, &error))?;
    if let Some(number) = digits::lost(text) {
        let number = shortened(number);
        return Err(format!("the number {number} in the JSON document has more digits than can be kept."));
    }
    if let Some(key) = documents::repeated_key(text) {
        let key = shortened(&key);
        return Err(format!(
            "the JSON document has the key '{key}' twice in one object, and only one value can be kept."
        ));
    }
    Ok(document)
}

fn not_json(text: &str, error: &serde_json::Error) -> Problem {
    format!("expected a JSON document but got '{}': {}.", shortened(text), reason(error))
}

/// The problem with its column. Callers know the line better.
pub fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    match text.strip_suffix(&place) {
        Some(what) => format!("{what} at column {}", error.column()),
        None => text,
    }
}

/// The content of a string.
fn string(raw: &str) -> Result<Cow<'_, str>, Problem> {
    match raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(plain) if !plain.contains('\\') => Ok(Cow::Borrowed(plain)),
        _ => serde_json::from_str(raw).map(Cow::Owned).map_err(|error| not_json(raw, &error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use enmasse::rust_decimal::Decimal;

    #[test]
    fn numbers_are_exact() {
        assert_eq!(read(&DataType::BigInt, "9007199254740993"), Ok(Value::Int(9_007_199_254_740_993)));
        let decimal = |text: &str| Value::Decimal(text.parse::<Decimal>().unwrap());
        assert_eq!(read(&DataType::DECIMAL, "12.10"), Ok(decimal("12.10")));
        assert_eq!(read(&DataType::DECIMAL, "0.1234567890123456789"), Ok(decimal("0.1234567890123456789")));
        assert_eq!(read(&DataType::DECIMAL, "\"12.10\""), Ok(decimal("12.10")));
        assert_eq!(read(&DataType::DECIMAL, "1.5e1"), Ok(decimal("15")));
        assert_eq!(read(&DataType::Integer, "2.0"), Ok(Value::Int(2)));
        assert_eq!(read(&DataType::Integer, "2.5"), Err("expected a whole number but got 2.5.".into()));
    }

    #[test]
    fn each_type_takes_what_is_its_own() {
        assert_eq!(read(&DataType::TEXT, r#""a\n\u00e9""#), Ok(Value::from("a\né")));
        assert_eq!(read(&DataType::TEXT, "12"), Err("expected text but got 12.".into()));
        assert_eq!(read(&DataType::TEXT, "true"), Err("expected text but got true.".into()));
        assert_eq!(read(&DataType::Bool, "false"), Ok(Value::Bool(false)));
        assert_eq!(read(&DataType::Bool, "1"), Ok(Value::Bool(true)));
        assert_eq!(read(&DataType::Bool, "2"), Err("expected true or false but got 2.".into()));
        assert_eq!(read(&DataType::Date, "20240229"), Err("expected a date but got 20240229.".into()));
        assert_eq!(read(&DataType::Date, "{}"), Err("expected a date but got {}.".into()));
        assert_eq!(read(&DataType::Integer, "true"), Err("expected a whole number but got true.".into()));
        assert_eq!(read(&DataType::Integer, "null"), Ok(Value::Null));
    }

    #[test]
    fn documents_stay_what_they_are() {
        let json = |text: &str| Value::Json(serde_json::from_str(text).unwrap());
        assert_eq!(read(&DataType::Json, r#"{"a": [1, null]}"#), Ok(json(r#"{"a": [1, null]}"#)));
        assert_eq!(read(&DataType::Json, r#""a""#), Ok(json(r#""a""#)));
        assert_eq!(read(&DataType::Json, "null"), Ok(Value::Null));
        for read in [read, cell::read] {
            assert_eq!(
                read(&DataType::Json, r#"{"x": 123456789012345678901234}"#),
                Err(
                    "the number 123456789012345678901234 in the JSON document has more digits than can be kept."
                        .into()
                )
            );
        }
        assert_eq!(
            read(&DataType::TEXT, r#""\ud800""#),
            Err(r#"expected a JSON document but got '"\ud800"': unexpected end of hex escape at column 8."#
                .into())
        );
    }
}
