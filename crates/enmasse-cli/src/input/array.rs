//! Arrays as PostgreSQL writes them, `{1,NULL,"a b"}`: <https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO>.

use std::str::Chars;

use enmasse::{DataType, Value};

use super::bad::shortened;
use super::cell::{self, Problem};

/// An item of an array.
struct Item {
    text: String,
    form: Form,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Plain,
    /// A quoted item, in which NULL is a text.
    Quoted,
    /// A nested array, unparsed.
    Nested,
}

/// Whether a text has the form of an array.
pub fn is_one(text: &str) -> bool {
    text.starts_with('{') && text.ends_with('}')
}

/// Parses an array with items of this type.
pub fn read(item: &DataType, text: &str) -> Result<Value, Problem> {
    let expected = || format!("expected an array, as {{a,b}} or as in JSON, but got '{}'.", shortened(text));
    let value = |Item { text: of_item, form }: Item| {
        let value = match (item, form) {
            (_, Form::Plain) if of_item.eq_ignore_ascii_case("null") => return Ok(Value::Null),
            (DataType::Array(inner), Form::Nested) => read(inner, &of_item)?,
            // A nested array, but the items are not arrays.
            (_, Form::Nested) => return Err(expected()),
            _ => cell::read(item, &of_item)?,
        };
        item.coerce(value).map_err(|error| error.message().to_owned())
    };
    let items = items(text).ok_or_else(expected)?;
    items.into_iter().map(value).collect::<Result<_, _>>().map(Value::Array)
}

/// The items between the outer braces; `None` if braces, quotes or backslashes are not closed.
fn items(text: &str) -> Option<Vec<Item>> {
    let inner = text.strip_prefix('{')?.strip_suffix('}')?;
    let mut items = Vec::new();
    if inner.trim().is_empty() {
        return Some(items);
    }
    let mut chars = inner.chars();
    let mut current = Item { text: String::new(), form: Form::Plain };
    while let Some(c) = chars.next() {
        let is_first = current.form == Form::Plain && current.text.trim().is_empty();
        match c {
            ',' => items.push(ended(&mut current)?),
            '{' if is_first => current = Item { text: nested(&mut chars)?, form: Form::Nested },
            '"' if is_first => current = Item { text: quoted(&mut chars)?, form: Form::Quoted },
            // Only the next comma may follow a closed item.
            c if current.form != Form::Plain => c.is_whitespace().then_some(())?,
            '{' | '}' => return None,
            '\\' => current.text.push(chars.next()?),
            c => current.text.push(c),
        }
    }
    items.push(ended(&mut current)?);
    Some(items)
}

/// Finishes the current item, if there is one, and starts an empty one.
fn ended(current: &mut Item) -> Option<Item> {
    let Item { text, form } = std::mem::replace(current, Item { text: String::new(), form: Form::Plain });
    let text = if form == Form::Plain { text.trim().to_owned() } else { text };
    (form != Form::Plain || !text.is_empty()).then_some(Item { text, form })
}

/// The content of an open quote.
fn quoted(chars: &mut Chars<'_>) -> Option<String> {
    let mut text = String::new();
    loop {
        match chars.next()? {
            '"' => return Some(text),
            '\\' => text.push(chars.next()?),
            c => text.push(c),
        }
    }
}

/// A nested array whose brace is open, unparsed.
fn nested(chars: &mut Chars<'_>) -> Option<String> {
    let (mut text, mut depth, mut in_quotes) = ("{".to_owned(), 1_usize, false);
    while depth > 0 {
        let c = chars.next()?;
        text.push(c);
        match c {
            '\\' => text.push(chars.next()?),
            '"' => in_quotes = !in_quotes,
            '{' if !in_quotes => depth += 1,
            '}' if !in_quotes => depth -= 1,
            _ => {}
        }
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d04_arrays_in_braces() {
        let numbers = |text| read(&DataType::Integer, text);
        assert_eq!(numbers("{1, NULL,3}"), Ok(Value::Array(vec![1.into(), Value::Null, 3.into()])));
        assert_eq!(numbers("{}"), Ok(Value::Array(vec![])));
        assert_eq!(numbers("{1,x}"), Err("expected a whole number but got 'x'.".into()));
        let texts = read(&DataType::TEXT, r#"{a b, "c,\"}{", "NULL" ,null, "", d\,e}"#);
        let expected = ["a b", "c,\"}{", "NULL"].map(Value::from).into_iter();
        let expected = expected.chain([Value::Null, "".into(), "d,e".into()]).collect();
        assert_eq!(texts, Ok(Value::Array(expected)));
        let nested = read(&DataType::Array(Box::new(DataType::TEXT)), r#"{{a,"}"},{}}"#);
        assert_eq!(
            nested,
            Ok(Value::Array(vec![Value::Array(vec!["a".into(), "}".into()]), Value::Array(vec![])]))
        );
    }

    #[test]
    fn what_is_no_array() {
        for text in ["{1", "1}", "{1,}", "{,}", r#"{"a}"#, r#"{"a"b}"#, "{a}b}", "{{a}", r"{a\}"] {
            assert!(read(&DataType::TEXT, text).is_err(), "{text}");
        }
    }

    #[test]
    fn d04_arrays_within_arrays_are_for_items_that_are_arrays() {
        let nested = DataType::Array(Box::new(DataType::TEXT));
        for text in ["{{a,b},{c,d}}", "{a,{b}}", "{{}}"] {
            let said = format!("expected an array, as {{a,b}} or as in JSON, but got '{text}'.");
            assert_eq!(read(&DataType::TEXT, text), Err(said));
        }
        for text in ["{{a}b}", "{{a}{b}}", r#"{{a}"b"}"#, r#"{"a"{b}}"#] {
            assert!(read(&nested, text).is_err() && read(&DataType::TEXT, text).is_err(), "{text}");
        }
        assert_eq!(read(&DataType::TEXT, r#"{"{a}"}"#), Ok(Value::Array(vec!["{a}".into()])));
    }
}
