//! Checks JSON documents before parsing for lost data and memory use.

use std::collections::HashSet;
use std::fmt;

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor,
};

use super::cell::Problem;
use super::limits::{self, Limits};

/// Approximate memory, in bytes, of an object with its first members, and of any other value.
const OBJECT: usize = 640;
const VALUE: usize = 64;

/// Refuses a text that would parse to a document of too many bytes or levels. The text need not be valid
/// JSON.
pub fn check(text: &str, limits: Limits) -> Result<(), Problem> {
    let (mut bytes, mut depth) = (0_usize, 0_usize);
    let mut rest = text.as_bytes().iter();
    while let Some(byte) = rest.next() {
        match byte {
            b'"' => {
                while let Some(byte) = rest.next().filter(|byte| **byte != b'"') {
                    if *byte == b'\\' {
                        rest.next();
                    }
                }
            }
            b'{' | b'[' => {
                bytes += if *byte == b'{' { OBJECT } else { 2 * VALUE };
                depth += 1;
                if depth >= limits::NESTING {
                    return Err(limits::nested_too_deep());
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            b',' => bytes += VALUE,
            _ => {}
        }
    }
    if bytes > limits.document() { Err(limits.document_too_large()) } else { Ok(()) }
}

/// The first duplicate key in an object of the document: all but one of its values would be lost. The text
/// must be valid JSON.
pub fn repeated_key(text: &str) -> Option<String> {
    // Without an object there is no key. Most documents have few members, so the check is cheap.
    if !text.contains('{') {
        return None;
    }
    let mut found = None;
    // An error only ends the search.
    _ = Keys(&mut found).deserialize(&mut serde_json::Deserializer::from_str(text));
    found
}

/// Searches a value for objects with duplicate keys.
struct Keys<'f>(&'f mut Option<String>);

impl<'de> DeserializeSeed<'de> for Keys<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Keys<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut seen = HashSet::new();
        while let Some(key) = map.next_key::<String>()? {
            map.next_value_seed(Keys(self.0))?;
            if let Some(repeated) = seen.replace(key) {
                *self.0 = Some(repeated);
                return Err(A::Error::custom("a key is repeated"));
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while items.next_element_seed(Keys(self.0))?.is_some() {}
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a11_keys_that_are_repeated() {
        for (text, key) in [
            (r#"{"a":1,"a":2}"#, Some("a")),
            (r#"[{"b":{"x":1,"y":[{"k":1,"\u006b":2}]}}]"#, Some("k")),
            (r#"{"a":{"a":1},"b":[{"a":1},{"a":2}],"c":"{\"a\":1,\"a\":2}"}"#, None),
            ("[1, 2]", None),
            ("null", None),
        ] {
            assert_eq!(repeated_key(text).as_deref(), key, "{text}");
        }
    }

    #[test]
    fn b06_documents_that_are_too_large_or_too_deep() {
        let limits = Limits::of_row(1);
        assert_eq!(check(&"[0]".repeat(100), limits), Ok(()));
        assert_eq!(check(&format!("[\"{}\"]", "[{,".repeat(100_000)), limits), Ok(()));
        let large = format!("[{}]", vec![r#"{"":0}"#; 10_000].join(","));
        assert_eq!(
            check(&large, limits).unwrap_err(),
            "the JSON document has too many values: parsed, it needs more than 2 MiB; --max-row allows more."
        );
        assert_eq!(check(&large, Limits::of_row(8)), Ok(()));
        assert_eq!(
            check(&"[".repeat(200), limits).unwrap_err(),
            "the JSON document is nested more than 128 levels deep."
        );
    }
}
