//! How a value looks in a message.

use std::fmt;

use crate::value::{Value, short};

/// The most characters of a text or document that a message shows.
const SHOWN: usize = 60;

/// As a person would write it in a message: text in quotes, long ones cut short with `…`.
///
/// ```
/// use enmasse_core::Value;
///
/// assert_eq!(Value::from("US").to_string(), "'US'");
/// assert_eq!(Value::Null.to_string(), "NULL");
/// ```
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Null => f.write_str("NULL"),
            Value::Bool(value) => value.fmt(f),
            Value::Int(value) => value.fmt(f),
            Value::Float(value) => value.fmt(f),
            Value::Text(value) => {
                f.write_str("'")?;
                shortened(value, f)?;
                f.write_str("'")
            }
            Value::Bytes(value) | Value::Encoded(value) => write!(f, "{} bytes", value.len()),
            Value::DateTime(value) => write!(f, "{}", value.format("%Y-%m-%d %H:%M:%S%.fZ")),
            Value::NaiveDateTime(value) => value.fmt(f),
            Value::Date(value) => value.fmt(f),
            Value::Time(value) => short::time(*value).fmt(f),
            Value::Duration(value) => value.fmt(f),
            Value::Decimal(value) => value.fmt(f),
            Value::DecimalText(value) => shortened(value, f),
            Value::Uuid(value) => value.fmt(f),
            Value::Json(value) => {
                f.write_str("the JSON ")?;
                shortened(&value.to_string(), f)
            }
            Value::JsonText(value) => {
                f.write_str("the JSON ")?;
                shortened(value, f)
            }
            Value::Opaque(number) => write!(f, "the host's parameter {number}"),
            Value::Array(items) => {
                f.write_str("[")?;
                for (position, item) in items.iter().take(10).enumerate() {
                    write!(f, "{}{item}", if position > 0 { ", " } else { "" })?;
                }
                f.write_str(if items.len() > 10 { ", …]" } else { "]" })
            }
        }
    }
}

fn shortened(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match text.char_indices().nth(SHOWN) {
        None => f.write_str(text),
        Some((end, _)) => write!(f, "{}…", &text[..end]),
    }
}
