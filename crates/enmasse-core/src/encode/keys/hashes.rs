//! Keys of any type, by a hash of 128 bits: two different keys have the same in one of 10^20 batches of a billion rows.

use std::collections::HashSet;
use std::hash::{BuildHasher, BuildHasherDefault, Hash, Hasher, RandomState};

use rust_decimal::Decimal;

use crate::value::digits::Digits;
use crate::value::{ValueRef, short};

/// The hashes of keys.
#[derive(Debug, Default)]
pub(super) struct Hashes {
    seen: HashSet<u128, BuildHasherDefault<Hashed>>,
    /// Two hashers with seeds of their own, for the two halves.
    seeds: [RandomState; 2],
    key: Bytes,
}

/// The bytes of a key: hashed at once, which is much faster than cell by cell.
#[derive(Debug, Default)]
struct Bytes(Vec<u8>);

/// Takes a hash for its own hash.
#[derive(Default)]
struct Hashed(u64);

impl Hashes {
    /// Takes the next cell of a key.
    pub fn cell(&mut self, cell: &ValueRef<'_>) {
        write(&mut self.key, cell);
    }

    /// Remembers the key; says `false` where it has been there before.
    pub fn end_key(&mut self) -> bool {
        let Bytes(key) = &mut self.key;
        let [high, low] = self.seeds.each_ref().map(|seed| {
            let mut hasher = seed.build_hasher();
            hasher.write(key);
            u128::from(hasher.finish())
        });
        key.clear();
        self.seen.insert(high << 64 | low)
    }
}

/// Writes a cell so that the next one cannot be taken for a part of it, and so that equal values are the same.
fn write(key: &mut Bytes, cell: &ValueRef<'_>) {
    if let ValueRef::Owned(value) = cell {
        return write(key, &value.into());
    }
    // a number or a document in text is the same as one that is not
    match cell {
        ValueRef::DecimalText(text) => {
            if let Some(digits) = Digits::plain(text) {
                return write_decimal(key, &digits.canonical());
            }
        }
        ValueRef::Decimal(number) => return write_decimal(key, short::decimal(number.normalize()).as_str()),
        ValueRef::JsonText(text) => {
            if let Ok(document) = serde_json::from_str(text) {
                return write(key, &ValueRef::Json(&document));
            }
        }
        _ => {}
    }
    std::mem::discriminant(cell).hash(key);
    match cell {
        ValueRef::Null => {}
        ValueRef::Bool(value) => value.hash(key),
        ValueRef::Int(number) => number.hash(key),
        // minus zero is zero, and any NaN is one
        ValueRef::Float(number) if number.is_nan() => f64::NAN.to_bits().hash(key),
        ValueRef::Float(number) => (number + 0.0).to_bits().hash(key),
        ValueRef::Text(text) => text.hash(key),
        ValueRef::Bytes(bytes) => bytes.hash(key),
        ValueRef::DateTime(moment) => moment.hash(key),
        ValueRef::NaiveDateTime(moment) => moment.hash(key),
        ValueRef::Date(date) => date.hash(key),
        ValueRef::Time(time) => time.hash(key),
        ValueRef::Duration(length) => length.hash(key),
        ValueRef::Opaque(number) => number.hash(key),
        ValueRef::Uuid(uuid) => uuid.hash(key),
        ValueRef::Json(document) => document.hash(key),
        ValueRef::Array(items) => {
            items.len().hash(key);
            items.iter().for_each(|item| write(key, &item.into()));
        }
        ValueRef::DecimalText(text) | ValueRef::JsonText(text) => text.hash(key),
        // written above
        ValueRef::Decimal(_) | ValueRef::Owned(_) => {}
    }
}

fn write_decimal(key: &mut Bytes, canonical: &str) {
    std::mem::discriminant(&ValueRef::Decimal(Decimal::ZERO)).hash(key);
    canonical.hash(key);
}

impl Hasher for Bytes {
    fn write(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    fn finish(&self) -> u64 {
        unreachable!("the bytes are gathered here")
    }
}

impl Hasher for Hashed {
    fn write(&mut self, _bytes: &[u8]) {
        unreachable!("only hashes are hashed")
    }

    fn write_u128(&mut self, hash: u128) {
        self.0 = hash as u64;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Value;

    /// Which of the keys are new.
    fn add(keys: &[&[Value]]) -> Vec<bool> {
        let mut hashes = Hashes::default();
        let add = |key: &&[Value]| {
            key.iter().for_each(|cell| hashes.cell(&cell.into()));
            hashes.end_key()
        };
        keys.iter().map(add).collect()
    }

    #[test]
    fn finds_keys_of_every_type() {
        let moment: chrono::NaiveDateTime = "2024-02-29T01:02:03".parse().unwrap();
        let keys: Vec<Value> = vec![
            Value::Null,
            true.into(),
            Value::Int(1),
            Value::Float(1.0),
            Value::Float(f64::NAN),
            "1".into(),
            Value::Bytes(vec![b'1']),
            moment.into(),
            moment.and_utc().into(),
            moment.date().into(),
            moment.time().into(),
            chrono::TimeDelta::seconds(-1).into(),
            rust_decimal::Decimal::ONE.into(),
            uuid::Uuid::max().into(),
            serde_json::json!({"a": [1, null]}).into(),
            Value::Array(vec![1_i64.into(), Value::Null]),
            Value::Array(vec![1_i64.into()]),
        ];
        let twice: Vec<&[Value]> = keys.iter().chain(&keys).map(std::slice::from_ref).collect();
        let expected: Vec<bool> = (0..twice.len()).map(|position| position < keys.len()).collect();
        assert_eq!(add(&twice), expected);
    }

    #[test]
    fn takes_equal_numbers_for_one() {
        let decimal = |text: &str| Value::Decimal(text.parse().unwrap());
        assert_eq!(add(&[&[decimal("1.0")], &[decimal("1.00")], &[decimal("10")]]), [true, false, true]);
        assert_eq!(add(&[&[Value::Float(-0.0)], &[Value::Float(0.0)]]), [true, false]);
    }

    #[test]
    fn tells_the_cells_of_a_key_apart() {
        let keys: [&[Value]; 4] = [
            &["ab".into(), "c".into()],
            &["a".into(), "bc".into()],
            &["abc".into(), "".into()],
            &["abc".into()],
        ];
        assert_eq!(add(&keys), [true; 4]);
        assert_eq!(add(&[keys[0], keys[0]]), [true, false]);
    }
}
