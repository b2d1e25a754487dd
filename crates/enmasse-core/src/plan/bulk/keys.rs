//! Keys in messages.

use crate::error::{Error, ErrorKind};
use crate::schema::ModelRef;
use crate::value::Value;

/// The error for keys that are several times in one batch; the first few are named. The key's fields are those at `positions`.
pub fn duplicate_keys(
    model: &ModelRef,
    positions: &[usize],
    keys: impl ExactSizeIterator<Item = Vec<Value>>,
) -> Error {
    const NAMED: usize = 10;
    let count = keys.len();
    let keys: Vec<_> = keys.take(NAMED).collect();
    let mut named: Vec<_> = keys.iter().map(|key| shown_key(model, positions, key.iter().cloned())).collect();
    if count > NAMED {
        named.push(format!("and {} more", count - NAMED));
    }
    Error::new(
        ErrorKind::DuplicateKey,
        format!(
            "{}: keys that are several times in one batch: {}. Nothing was written.",
            model.name,
            named.join("; ")
        ),
    )
    .with_keys(keys)
}

/// The error for keys of which each matches several rows: child tables have them too.
pub fn several_rows(model: &ModelRef, positions: &[usize], keys: Vec<Vec<Value>>) -> Error {
    let named: Vec<_> = keys.iter().map(|key| shown_key(model, positions, key.iter().cloned())).collect();
    Error::new(
        ErrorKind::DuplicateKey,
        format!(
            "{}: its child tables have rows of the same keys, so that these match several rows: {}. Nothing was written.",
            model.name,
            named.join("; ")
        ),
    )
    .with_keys(keys)
}

/// The error for an object that has no key; its number is counted from 1.
pub fn unsaved(model: &ModelRef, positions: &[usize], number: u64) -> Error {
    let is_primary = positions == model.key();
    let names: Vec<_> = positions.iter().map(|&position| model.fields[position].name.as_str()).collect();
    let key = if is_primary { "primary key".to_owned() } else { format!("value for {}", names.join(", ")) };
    Error::new(
        ErrorKind::Unsaved,
        format!("All {} objects must have a {key}; number {number} has none.", model.name),
    )
}

/// A key for a message: `id=5`.
pub fn shown_key(model: &ModelRef, positions: &[usize], key: impl IntoIterator<Item = Value>) -> String {
    let parts = positions.iter().zip(key);
    let parts = parts.map(|(&position, value)| format!("{}={value}", model.fields[position].name));
    parts.collect::<Vec<_>>().join(", ")
}
