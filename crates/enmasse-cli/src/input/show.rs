//! Formats a value as text that parses back to the same value.

use enmasse::Value;
use enmasse::chrono::{NaiveDateTime, NaiveTime, TimeDelta};

/// A value as the text of a CSV cell; NULL is empty.
///
/// Datetimes are in UTC with the zone, durations are in Django's form, bytes are `\x` and hex digits, arrays
/// are JSON.
pub fn shown(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Float(value) => float(*value),
        Value::Text(value) => value.clone(),
        Value::Bytes(value) | Value::Encoded(value) => bytes(value),
        Value::DateTime(value) => format!("{}+00:00", moment(value.naive_utc())),
        Value::NaiveDateTime(value) => moment(*value),
        Value::Date(value) => value.to_string(),
        Value::Time(value) => time(*value),
        Value::Duration(value) => duration(*value),
        Value::Decimal(value) => value.to_string(),
        Value::Uuid(value) => value.to_string(),
        Value::Json(value) => value.to_string(),
        Value::Array(_) => json(value).to_string(),
        other => other.to_string(),
    }
}

/// A value as JSON. Decimals, which many programs would read as floats, and values without a JSON form are
/// strings.
pub fn json(value: &Value) -> serde_json::Value {
    match value {
        Value::Null => serde_json::Value::Null,
        Value::Bool(value) => (*value).into(),
        Value::Int(value) => (*value).into(),
        Value::Float(value) if value.is_finite() => (*value).into(),
        Value::Json(value) => value.clone(),
        Value::Array(items) => items.iter().map(json).collect(),
        other => shown(other).into(),
    }
}

fn float(value: f64) -> String {
    match value.is_infinite() {
        true if value > 0.0 => "Infinity".to_owned(),
        true => "-Infinity".to_owned(),
        // The shortest text that parses back to the same float.
        false => format!("{value:?}"),
    }
}

fn bytes(value: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(2 + value.len() * 2);
    text.push_str("\\x");
    for byte in value {
        text.push(DIGITS[usize::from(byte >> 4)].into());
        text.push(DIGITS[usize::from(byte & 15)].into());
    }
    text
}

fn moment(value: NaiveDateTime) -> String {
    format!("{} {}", value.date(), time(value.time()))
}

fn time(value: NaiveTime) -> String {
    value.format("%H:%M:%S%.f").to_string()
}

/// `-2 22:00:00.000001`: days, which may be negative, and a time that is added to them.
fn duration(value: TimeDelta) -> String {
    const DAY: i64 = 86_400_000_000;
    let micros = value.num_microseconds().unwrap_or(i64::MAX);
    let (days, clock) = (micros.div_euclid(DAY), micros.rem_euclid(DAY));
    let seconds = clock / 1_000_000;
    let days = if days == 0 { String::new() } else { format!("{days} ") };
    let micros = if clock % 1_000_000 == 0 { String::new() } else { format!(".{:06}", clock % 1_000_000) };
    format!("{days}{:02}:{:02}:{:02}{micros}", seconds / 3_600, seconds / 60 % 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_as_cells() {
        let moment: NaiveDateTime = "2024-02-29T09:05:00.25".parse().unwrap();
        for (value, text) in [
            (Value::Null, ""),
            (true.into(), "true"),
            (Value::Int(-5), "-5"),
            (Value::Float(1.0), "1.0"),
            (Value::Float(1e300), "1e300"),
            (Value::Float(f64::NAN), "NaN"),
            (Value::Float(f64::NEG_INFINITY), "-Infinity"),
            ("a\"b".into(), "a\"b"),
            (Value::Bytes(vec![0, 255]), "\\x00ff"),
            (Value::DateTime(moment.and_utc()), "2024-02-29 09:05:00.250+00:00"),
            (moment.date().into(), "2024-02-29"),
            (Value::Duration(TimeDelta::microseconds(-1)), "-1 23:59:59.999999"),
            (Value::Duration(TimeDelta::minutes(5)), "00:05:00"),
            (Value::Decimal("12.50".parse().unwrap()), "12.50"),
            (Value::Json(serde_json::json!({"a": [1, null]})), r#"{"a":[1,null]}"#),
            (Value::Array(vec!["a".into(), Value::Null]), r#"["a",null]"#),
        ] {
            assert_eq!(shown(&value), text);
        }
    }
}
