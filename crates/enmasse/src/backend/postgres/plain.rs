//! Values as text, whose types the server finds.

use std::error::Error;

use bytes::{BufMut, BytesMut};
use enmasse_core::value::Value;
use tokio_postgres::types::{Format, IsNull, ToSql, Type, to_sql_checked};

/// A value that travels as text.
#[derive(Debug)]
pub(super) struct Plain<'v>(pub &'v Value);

impl ToSql for Plain<'_> {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match text(self.0) {
            // it would stand for NULL or for a text about it
            _ if matches!(self.0, Value::Opaque(_) | Value::Encoded(_)) => {
                Err(format!("A parameter was given {}, which only its host can read", self.0).into())
            }
            Some(text) => {
                out.put_slice(text.as_bytes());
                Ok(IsNull::No)
            }
            None => Ok(IsNull::Yes),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    fn encode_format(&self, _: &Type) -> Format {
        Format::Text
    }

    to_sql_checked!();
}

/// `None` for NULL.
fn text(value: &Value) -> Option<String> {
    Some(match value {
        Value::Null | Value::Encoded(_) => return None,
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Float(value) => value.to_string(),
        Value::Text(value) => value.clone(),
        Value::Bytes(value) => {
            format!("\\x{}", value.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
        }
        Value::DateTime(value) => value.format("%Y-%m-%d %H:%M:%S%.6f+00").to_string(),
        Value::NaiveDateTime(value) => value.format("%Y-%m-%d %H:%M:%S%.6f").to_string(),
        Value::Date(value) => value.to_string(),
        Value::Time(value) => value.format("%H:%M:%S%.6f").to_string(),
        Value::Duration(value) => format!("{} microseconds", value.num_microseconds()?),
        Value::Decimal(value) => value.to_string(),
        Value::Uuid(value) => value.to_string(),
        Value::Json(value) => value.to_string(),
        Value::DecimalText(value) | Value::JsonText(value) => value.clone(),
        Value::Array(items) => {
            let quoted = |text: String| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
            let items = items.iter().map(|item| match item {
                Value::Array(_) => text(item).unwrap_or_default(),
                item => text(item).map_or("NULL".to_owned(), quoted),
            });
            format!("{{{}}}", items.collect::<Vec<_>>().join(","))
        }
        other => other.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn are_written_as_the_server_reads_them() {
        let array = Value::Array(vec!["a\"\\,b".into(), Value::Null]);
        assert_eq!(text(&array).unwrap(), r#"{"a\"\\,b",NULL}"#);
        assert_eq!(text(&Value::Bytes(vec![0, 255])).unwrap(), r"\x00ff");
        assert_eq!(text(&Value::Null), None);
    }
}
