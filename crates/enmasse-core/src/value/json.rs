//! JSON as text: written as Python's `json.dumps` does, which is what Django stores.

use std::fmt::Write;

/// `{"a": [1, "\u00e9"]}`: spaces after commas and colons, and nothing beyond ASCII.
///
/// It matters beyond looks: MariaDB finds a key only in the spelling that the document has.
pub(crate) fn write_json(document: &serde_json::Value) -> String {
    let compact = document.to_string();
    let mut out = String::with_capacity(compact.len() + compact.len() / 8);
    let mut in_text = false;
    let mut escaped = false;
    for character in compact.chars() {
        match character {
            ascii if ascii.is_ascii() => out.push(ascii),
            other => {
                for unit in other.encode_utf16(&mut [0; 2]) {
                    // writing to a String cannot fail
                    _ = write!(out, "\\u{unit:04x}");
                }
            }
        }
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = in_text,
            '"' => in_text = !in_text,
            ',' | ':' if !in_text => out.push(' '),
            _ => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn writes_as_python_does() {
        let document = json!({"a": [1, 2.5, null, true], "k:\"\\,": "é😀\n"});
        let text = r#"{"a": [1, 2.5, null, true], "k:\"\\,": "\u00e9\ud83d\ude00\n"}"#;
        assert_eq!(write_json(&document), text);
        assert_eq!(serde_json::from_str::<serde_json::Value>(text).unwrap(), document);
        assert_eq!(write_json(&json!({})), "{}");
    }
}
