//! Values formatted for people and programs.

use enmasse::Value;
use serde_json::json;

/// Characters of a common prefix that are shown before two long texts differ.
const COMMON: usize = 20;

/// A value for a terminal, in the form of messages and without control characters.
pub fn shown(value: &Value) -> String {
    match value {
        Value::Bytes(bytes) if bytes.len() <= 20 => format!("x'{}'", hex(bytes)),
        Value::Json(document) => printable(&shortened(&document.to_string())),
        value => printable(&value.to_string()),
    }
}

/// A value before and after. The common prefix of two long texts is shortened, so the difference is visible.
pub fn pair(before: &Value, after: &Value) -> (String, String) {
    if let (Value::Text(one), Value::Text(other)) = (before, after) {
        let alike = one.chars().zip(other.chars()).take_while(|(a, b)| a == b).count();
        if alike > 2 * COMMON {
            let rest = |text: &str| {
                let rest: String = text.chars().skip(alike - COMMON).collect();
                format!("'…{}'", printable(&shortened(&rest)))
            };
            return (rest(one), rest(other));
        }
    }
    (shown(before), shown(after))
}

/// A row's key in the form of messages: `id=5`, `country='US', code='x'`.
pub fn key<'a>(parts: impl IntoIterator<Item = (&'a str, &'a Value)>) -> String {
    let parts: Vec<String> =
        parts.into_iter().map(|(name, value)| format!("{name}={}", shown(value))).collect();
    parts.join(", ")
}

/// Escapes control characters, and characters that change the text's direction.
pub fn printable(text: &str) -> String {
    let mut printable = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            c if c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') => {
                printable.extend(c.escape_default());
            }
            c => printable.push(c),
        }
    }
    printable
}

/// The names in a message, limited in number.
pub fn listed(names: &[String]) -> String {
    const LISTED: usize = 20;
    let mut listed: Vec<String> = names.iter().take(LISTED).map(|name| printable(&shortened(name))).collect();
    if names.len() > LISTED {
        listed.push(format!("and {} more", names.len() - LISTED));
    }
    listed.join(", ")
}

/// A value as JSON for programs: numbers and booleans as JSON values, everything else as text. A decimal is
/// text, so no reader rounds it; bytes are hexadecimal.
pub fn as_json(value: &Value) -> serde_json::Value {
    match value {
        Value::Null => serde_json::Value::Null,
        Value::Bool(value) => json!(value),
        Value::Int(value) => json!(value),
        Value::Float(value) if value.is_finite() => json!(value),
        Value::Text(value) => json!(value),
        Value::Bytes(bytes) => json!(hex(bytes)),
        Value::DateTime(value) => json!(value.format("%Y-%m-%dT%H:%M:%S%.fZ").to_string()),
        Value::NaiveDateTime(value) => json!(value.format("%Y-%m-%dT%H:%M:%S%.f").to_string()),
        Value::Json(document) => document.clone(),
        Value::Array(items) => items.iter().map(as_json).collect(),
        other => json!(other.to_string()),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn shortened(text: &str) -> String {
    const SHOWN: usize = 60;
    match text.char_indices().nth(SHOWN) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_moves_the_cursor() {
        assert_eq!(shown(&"a\u{1b}[2Jb\nc".into()), r"'a\u{1b}[2Jb\nc'");
        assert_eq!(shown(&json!({ "a": "\u{202e}" }).into()), r#"{"a":"\u{202e}"}"#);
        assert_eq!(shown(&vec![1, 255].into()), "x'01ff'");
    }

    #[test]
    fn the_difference_of_long_texts_shows() {
        let text = |end: &str| Value::from(format!("{}{end}", "é".repeat(100)));
        let common = "é".repeat(COMMON);
        assert_eq!(pair(&text("a"), &text("b")), (format!("'…{common}a'"), format!("'…{common}b'")));
        assert_eq!(pair(&"abc".into(), &"abd".into()), ("'abc'".into(), "'abd'".into()));
        assert_eq!(pair(&Value::Null, &5.into()), ("NULL".into(), "5".into()));
    }

    #[test]
    fn keys_of_several_fields() {
        assert_eq!(key([("id", &Value::Int(5))]), "id=5");
        assert_eq!(key([("a", &Value::Int(5)), ("b", &Value::from("x"))]), "a=5, b='x'");
    }
}
