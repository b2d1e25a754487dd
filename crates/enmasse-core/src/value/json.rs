//! JSON as text in the form of Python's `json.dumps`, which Django stores.

use std::fmt::{self, Write};

use serde::de::IgnoredAny;
use serde_json::Value;

/// `{"a": [1, "\u00e9"]}`: spaces after commas and colons, and only ASCII characters.
///
/// The form matters: MariaDB finds a key only in the spelling of the document.
pub(crate) fn write_json(document: &Value) -> String {
    let mut out = String::new();
    push_json(&mut out, document).expect("a String takes all");
    out
}

/// Writes the document as [`write_json`] does.
pub(crate) fn push_json(out: &mut impl Write, document: &Value) -> fmt::Result {
    match document {
        Value::Null => out.write_str("null"),
        Value::Bool(true) => out.write_str("true"),
        Value::Bool(false) => out.write_str("false"),
        Value::Number(number) => match number.as_f64().filter(|_| number.is_f64()) {
            Some(float) => push_float(out, float),
            None => write!(out, "{number}"),
        },
        Value::String(text) => push_text(out, text),
        Value::Array(items) => {
            out.write_char('[')?;
            for (position, item) in items.iter().enumerate() {
                separate(out, position)?;
                push_json(out, item)?;
            }
            out.write_char(']')
        }
        Value::Object(members) => {
            out.write_char('{')?;
            for (position, (key, member)) in members.iter().enumerate() {
                separate(out, position)?;
                push_text(out, key)?;
                out.write_str(": ")?;
                push_json(out, member)?;
            }
            out.write_char('}')
        }
    }
}

/// Whether the text is one JSON document. No tree is built: numbers of any length are passed over.
pub(crate) fn is_document(text: &str) -> bool {
    serde_json::from_str::<IgnoredAny>(text).is_ok()
}

/// The escapes of a document's texts that stand for no character that every database can keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Escape {
    /// `\u0000`
    Nul,
    /// Half of a pair, without the other half: `\ud800`.
    Half,
}

/// The first such escape of a document in text, whose syntax has been checked.
pub(crate) fn odd_escape(text: &str) -> Option<Escape> {
    let mut rest = text;
    while let Some((_, after)) = rest.split_once('\\') {
        let Some(unit) = after.strip_prefix('u').and_then(hexadecimal) else {
            rest = after.get(1..).unwrap_or_default();
            continue;
        };
        rest = &after[5..];
        match unit {
            0 => return Some(Escape::Nul),
            0xd800..=0xdbff => match rest.strip_prefix("\\u").and_then(hexadecimal) {
                Some(0xdc00..=0xdfff) => rest = &rest[6..],
                _ => return Some(Escape::Half),
            },
            0xdc00..=0xdfff => return Some(Escape::Half),
            _ => {}
        }
    }
    None
}

/// The number that the first four characters are.
fn hexadecimal(text: &str) -> Option<u32> {
    text.get(..4).and_then(|digits| u32::from_str_radix(digits, 16).ok())
}

fn separate(out: &mut impl Write, position: usize) -> fmt::Result {
    if position > 0 { out.write_str(", ") } else { Ok(()) }
}

/// Rust's debug output and Python's `repr` are the same except for the exponent: `1e-7` is `1e-07`, and
/// `1e16` is `1e+16`.
fn push_float(out: &mut impl Write, float: f64) -> fmt::Result {
    let text = format!("{float:?}");
    match text.split_once('e') {
        None => out.write_str(&text),
        Some((digits, exponent)) => {
            let (sign, exponent) =
                exponent.strip_prefix('-').map_or(('+', exponent), |exponent| ('-', exponent));
            write!(out, "{digits}e{sign}{exponent:0>2}")
        }
    }
}

fn push_text(out: &mut impl Write, text: &str) -> fmt::Result {
    out.write_char('"')?;
    let mut rest = text;
    while let Some(at) = rest.bytes().position(is_escaped) {
        out.write_str(&rest[..at])?;
        let mut characters = rest[at..].chars();
        if let Some(character) = characters.next() {
            push_escape(out, character)?;
        }
        rest = characters.as_str();
    }
    out.write_str(rest)?;
    out.write_char('"')
}

fn is_escaped(byte: u8) -> bool {
    !(b' '..=b'~').contains(&byte) || matches!(byte, b'"' | b'\\')
}

fn push_escape(out: &mut impl Write, character: char) -> fmt::Result {
    match character {
        '"' => out.write_str("\\\""),
        '\\' => out.write_str("\\\\"),
        '\n' => out.write_str("\\n"),
        '\r' => out.write_str("\\r"),
        '\t' => out.write_str("\\t"),
        '\u{8}' => out.write_str("\\b"),
        '\u{c}' => out.write_str("\\f"),
        other => {
            for unit in other.encode_utf16(&mut [0; 2]) {
                write!(out, "\\u{unit:04x}")?;
            }
            Ok(())
        }
    }
}

/// Refuses a document that is a single number of more than 64 bits, if the column converts texts to numbers.
pub(crate) fn whole(document: &Value) -> crate::Result<()> {
    match document.as_u64().filter(|number| i64::try_from(*number).is_err()) {
        None => Ok(()),
        Some(number) => Err(crate::Error::value(format!(
            "the JSON document {number} would become a float in a column that is not declared as text: SQLite keeps a document that is a whole \
             number up to {}, and any number in an array or an object.",
            i64::MAX
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn knows_a_document_in_text() {
        let long = format!("[{}, -0.{}e400]", "9".repeat(1_000), "1".repeat(1_000));
        for text in ["null", " 1 ", "\"\\ud800\"", r#"{"b": 1, "a": {"b": []}, "b": 2}"#, long.as_str()] {
            assert!(is_document(text), "{text}");
        }
        for text in [
            "",
            "NaN",
            "[NaN]",
            "-Infinity",
            "01",
            "1.",
            "'a'",
            "[1,]",
            "{\"a\"}",
            "1 2",
            "\"\n\"",
            "\"\\x\"",
        ] {
            assert!(!is_document(text), "{text}");
        }
    }

    #[test]
    fn finds_odd_escapes() {
        for text in [r#""""#, r#""\\u0000""#, r#""\u00e9\ud83d\ude00\n\\""#, r#""\"\u0001""#, r#""é\\é""#] {
            assert_eq!(odd_escape(text), None, "{text}");
        }
        assert_eq!(odd_escape(r#""a\\\u0000""#), Some(Escape::Nul));
        for text in [r#""\ud83d""#, r#""\ude00\ud83d""#, r#""\ud83d\ud83d\ude00""#, r#""\ud83dx\ude00""#] {
            assert_eq!(odd_escape(text), Some(Escape::Half), "{text}");
        }
    }

    #[test]
    fn writes_as_python_does() {
        let document = json!({"a": [1, 2.5, null, true], "k:\"\\,": "é😀\n\r\t\u{8}\u{c}\u{1}\u{7f}"});
        let text = r#"{"a": [1, 2.5, null, true], "k:\"\\,": "\u00e9\ud83d\ude00\n\r\t\b\f\u0001\u007f"}"#;
        assert_eq!(write_json(&document), text);
        assert_eq!(serde_json::from_str::<serde_json::Value>(text).unwrap(), document);
        assert_eq!(write_json(&json!({})), "{}");
        let numbers = json!([1e15, 1e16, 1.5e300, 1e-4, 1e-5, 5e-324, -0.0, i64::MIN, u64::MAX]);
        let text = "[1000000000000000.0, 1e+16, 1.5e+300, 0.0001, 1e-05, 5e-324, -0.0, -9223372036854775808, 18446744073709551615]";
        assert_eq!(write_json(&numbers), text);
    }
}
