//! Values as typed in a shell.

use enmasse::serde_json::{self, Value as Json};
use enmasse::{DataType, Value};

/// The text after the `=`.
#[derive(Debug, PartialEq)]
pub enum Given {
    /// `NULL`
    Null,
    /// `'…'` without the quotes: a literal text.
    Quoted(String),
    /// Anything else.
    Plain(String),
}

/// Parses a whole value. Only quotes around the whole value count, so `O'Hara` needs none.
pub fn given(text: &str) -> Result<Given, String> {
    if text == "NULL" {
        return Ok(Given::Null);
    }
    let inner = text.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
    let Some(inner) = inner else { return Ok(Given::Plain(text.to_owned())) };
    let mut plain = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        if c == '\'' && chars.next() != Some('\'') {
            return Err(format!("{text}: double a quote inside quotes"));
        }
        plain.push(c);
    }
    Ok(Given::Quoted(plain))
}

/// An item of a list.
#[derive(Debug, PartialEq)]
pub struct Item {
    pub text: String,
    pub is_quoted: bool,
}

/// `US,CA`: items separated by commas. A quoted item, `"…"` or `'…'`, may contain commas and doubled quotes.
pub fn list(text: &str) -> Result<Vec<Item>, String> {
    let mut items = Vec::new();
    let mut chars = text.chars().peekable();
    loop {
        let mut item = Item { text: String::new(), is_quoted: false };
        if let Some(quote) = chars.next_if(|c| matches!(c, '"' | '\'')) {
            item.is_quoted = true;
            loop {
                match chars.next() {
                    Some(c) if c == quote => match chars.next_if_eq(&quote) {
                        Some(_) => item.text.push(quote),
                        None => break,
                    },
                    Some(c) => item.text.push(c),
                    None => return Err(format!("a {quote} is not closed in the list {text}")),
                }
            }
            if let Some(c) = chars.peek().filter(|c| **c != ',') {
                return Err(format!("expected a comma after {quote}{}{quote} but got '{c}'", item.text));
            }
        } else {
            while let Some(c) = chars.next_if(|c| *c != ',') {
                item.text.push(c);
            }
            if item.text == "NULL" {
                return Err("a list cannot contain NULL; use __isnull=true".to_owned());
            }
        }
        items.push(item);
        if chars.next().is_none() {
            return Ok(items);
        }
    }
}

/// A text as a value of the type, or as a value that the library can convert. The library reports values that
/// do not fit.
pub fn value(data_type: Option<&DataType>, text: String, is_quoted: bool) -> Result<Value, String> {
    Ok(match data_type {
        Some(DataType::Bytes) => Value::Bytes(bytes(&text)?),
        Some(DataType::Json) if is_quoted => Value::Json(Json::String(text)),
        Some(DataType::Json) => Value::Json(serde_json::from_str(&text).map_err(|error| {
            format!("expected a JSON document but got {}: {error}; write a text as '…'", Value::Text(text))
        })?),
        Some(DataType::Array(item)) => {
            let expected = || format!("expected an array, as [1, 2], but got {}", Value::from(text.as_str()));
            let items: Vec<Json> = serde_json::from_str(&text).map_err(|_| expected())?;
            let item = |json: Json| match json {
                Json::Null => Ok(Value::Null),
                Json::String(text) => value(Some(item), text, true),
                other => value(Some(item), other.to_string(), false),
            };
            Value::Array(items.into_iter().map(item).collect::<Result<_, _>>()?)
        }
        _ => Value::Text(text),
    })
}

/// `00ff`, and the forms of PostgreSQL and others: `\x00ff`, `0x00ff`.
fn bytes(text: &str) -> Result<Vec<u8>, String> {
    let digits = text.strip_prefix("\\x").or_else(|| text.strip_prefix("0x")).unwrap_or(text);
    let wrong = || format!("expected bytes as hexadecimal digits, as \\x00ff, but got {}", Value::from(text));
    if !digits.len().is_multiple_of(2) || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return Err(wrong());
    }
    (0..digits.len() / 2)
        .map(|at| u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).map_err(|_| wrong()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_around_all_of_it_count() {
        for (text, expected) in [
            ("NULL", Given::Null),
            ("null", Given::Plain("null".into())),
            ("'NULL'", Given::Quoted("NULL".into())),
            ("'O''Hara'", Given::Quoted("O'Hara".into())),
            ("O'Hara", Given::Plain("O'Hara".into())),
            ("'", Given::Plain("'".into())),
            ("''", Given::Quoted(String::new())),
            ("", Given::Plain(String::new())),
        ] {
            assert_eq!(given(text).unwrap(), expected, "{text}");
        }
        assert_eq!(given("'it's'").unwrap_err(), "'it's': double a quote inside quotes");
    }

    #[test]
    fn lists_have_commas_in_quotes() {
        let texts =
            |text: &str| list(text).map(|items| items.into_iter().map(|item| item.text).collect::<Vec<_>>());
        assert_eq!(texts("US,CA").unwrap(), ["US", "CA"]);
        assert_eq!(texts("\"a,b\",'c''d',O'Hara,\"\",").unwrap(), ["a,b", "c'd", "O'Hara", "", ""]);
        assert_eq!(texts("\"a").unwrap_err(), "a \" is not closed in the list \"a");
        assert_eq!(texts("'a'b,c").unwrap_err(), "expected a comma after 'a' but got 'b'");
        assert!(list("1,NULL").is_err() && list("1,'NULL'").is_ok());
    }

    #[test]
    fn bytes_are_hexadecimal() {
        assert_eq!(bytes("\\x00fF"), Ok(vec![0, 255]));
        assert_eq!(bytes(""), Ok(vec![]));
        for wrong in ["0", "zz", "é", "+1"] {
            assert!(bytes(wrong).is_err(), "{wrong}");
        }
    }
}
