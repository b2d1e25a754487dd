//! Arrays as PostgreSQL writes them, `{1,NULL,"a b"}`: <https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO>.

use enmasse::{DataType, Value};

use super::bad::shortened;
use super::cell::{self, Problem};

/// An item's text, and whether it stood in quotes, in which NULL is a text.
type Item = (String, bool);

/// Whether a text is meant for an array in this form.
pub fn is_one(text: &str) -> bool {
    text.starts_with('{') && text.ends_with('}')
}

/// The array that the text says, with items of this type.
pub fn read(item: &DataType, text: &str) -> Result<Value, Problem> {
    let items = items(text).ok_or_else(|| {
        format!("expected an array, as {{a,b}} or as in JSON, but got '{}'.", shortened(text))
    })?;
    let value = |(text, quoted): Item| {
        if !quoted && text.eq_ignore_ascii_case("null") {
            return Ok(Value::Null);
        }
        let value = match item {
            DataType::Array(inner) if !quoted => read(inner, &text)?,
            item => cell::read(item, &text)?,
        };
        item.coerce(value).map_err(|error| error.message().to_owned())
    };
    items.into_iter().map(value).collect::<Result<_, _>>().map(Value::Array)
}

/// The texts between the outermost braces; `None` where these, quotes or backslashes do not close.
fn items(text: &str) -> Option<Vec<Item>> {
    let inner = text.strip_prefix('{')?.strip_suffix('}')?;
    let mut items = Vec::new();
    if inner.trim().is_empty() {
        return Some(items);
    }
    let (mut current, mut quoted, mut depth) = (String::new(), false, 0_usize);
    let mut chars = inner.chars();
    let end = |current: &mut String, quoted: &mut bool, items: &mut Vec<Item>| {
        let item = std::mem::take(current);
        let item = if *quoted { item } else { item.trim().to_owned() };
        let is_item = *quoted || !item.is_empty();
        items.push((item, std::mem::take(quoted)));
        is_item.then_some(())
    };
    while let Some(c) = chars.next() {
        match c {
            // an array within is left as it stands
            _ if depth > 0 => {
                current.push(c);
                match c {
                    '"' => loop {
                        let c = chars.next()?;
                        current.push(c);
                        match c {
                            '\\' => current.push(chars.next()?),
                            '"' => break,
                            _ => {}
                        }
                    },
                    '{' => depth += 1,
                    '}' => depth -= 1,
                    _ => {}
                }
            }
            '{' if current.trim().is_empty() && !quoted => {
                current = "{".to_owned();
                depth = 1;
            }
            '{' | '}' => return None,
            '"' if current.trim().is_empty() && !quoted => {
                current.clear();
                quoted = true;
                loop {
                    match chars.next()? {
                        '\\' => current.push(chars.next()?),
                        '"' => break,
                        c => current.push(c),
                    }
                }
            }
            ',' => end(&mut current, &mut quoted, &mut items)?,
            c if quoted => c.is_whitespace().then_some(())?,
            '\\' => current.push(chars.next()?),
            c => current.push(c),
        }
    }
    if depth > 0 {
        return None;
    }
    end(&mut current, &mut quoted, &mut items)?;
    Some(items)
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
}
