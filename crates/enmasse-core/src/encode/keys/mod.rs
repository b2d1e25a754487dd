//! The keys of a batch that have been seen, so that one that comes twice is found.

mod hashes;
mod integers;
mod sort;

use crate::value::{Value, ValueRef};
use hashes::Hashes;
use integers::Integers;
pub use integers::SortedKeys;

/// How keys that come twice in a batch are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duplicates {
    /// Here: the key is one integer.
    Integers,
    /// Here, by a hash of 128 bits.
    Hashes,
    /// By the database, once the rows are there.
    InDatabase,
}

/// The keys of a batch that have been seen.
///
/// Integers take a byte or two each, and are compared at the end for the most part; hashes take 17 to 40 bytes each.
#[derive(Debug)]
pub struct SeenKeys(Seen);

#[derive(Debug)]
enum Seen {
    Integers { seen: Integers, key: Option<i64> },
    Hashes(Box<Hashes>),
    Nothing,
}

impl SeenKeys {
    /// None yet.
    pub fn new(kind: Duplicates) -> Self {
        SeenKeys(match kind {
            Duplicates::Integers => Seen::Integers { seen: Integers::default(), key: None },
            Duplicates::Hashes => Seen::Hashes(Box::default()),
            Duplicates::InDatabase => Seen::Nothing,
        })
    }

    /// Remembers a key. Says `false` where it has been there before; of integers this comes out only at the
    /// [end](SeenKeys::twice).
    pub fn add(&mut self, key: &[ValueRef<'_>]) -> bool {
        key.iter().for_each(|cell| self.cell(cell));
        self.end_key()
    }

    /// Takes the next cell of a key.
    #[inline]
    pub(super) fn cell(&mut self, cell: &ValueRef<'_>) {
        match (&mut self.0, cell) {
            (Seen::Integers { key, .. }, ValueRef::Int(number) | ValueRef::Owned(Value::Int(number))) => {
                *key = Some(*number);
            }
            (Seen::Hashes(seen), cell) => seen.cell(cell),
            (Seen::Integers { .. } | Seen::Nothing, _) => {}
        }
    }

    /// Remembers the key whose cells have been given; answers as [`add`](SeenKeys::add).
    #[inline]
    pub(super) fn end_key(&mut self) -> bool {
        match &mut self.0 {
            Seen::Integers { seen, key } => {
                key.take().into_iter().for_each(|key| seen.add(key));
                true
            }
            Seen::Hashes(seen) => seen.end_key(),
            Seen::Nothing => true,
        }
    }

    /// The integer keys in ascending order, some at a time; nothing where the key is not one integer. They are not remembered any more.
    pub fn sorted(&mut self) -> SortedKeys {
        match &mut self.0 {
            Seen::Integers { seen, .. } => seen.sorted(),
            Seen::Hashes(_) | Seen::Nothing => SortedKeys::default(),
        }
    }

    /// The integer keys that came twice, at the end of the batch: the first few.
    pub fn twice(&mut self) -> Vec<Value> {
        match &mut self.0 {
            Seen::Integers { seen, .. } => seen.twice().into_iter().map(Value::Int).collect(),
            Seen::Hashes(_) | Seen::Nothing => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_it_to_the_database() {
        let mut seen = SeenKeys::new(Duplicates::InDatabase);
        assert!(seen.add(&[ValueRef::Int(1)]));
        assert!(seen.add(&[ValueRef::Int(1)]));
        assert!(seen.twice().is_empty());
    }

    #[test]
    fn finds_integers() {
        let mut seen = SeenKeys::new(Duplicates::Integers);
        assert!(seen.add(&[ValueRef::Int(1)]));
        assert!(seen.add(&[ValueRef::Owned(Value::Int(1))]));
        assert!(seen.add(&[ValueRef::Int(3)]));
        assert!(seen.add(&[ValueRef::Int(1)]));
        assert_eq!(seen.twice(), [Value::Int(1)]);
    }
}
