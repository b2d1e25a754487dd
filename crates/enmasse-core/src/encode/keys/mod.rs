//! The keys of a batch so far, to detect duplicates.

mod hashes;
mod integers;
mod sort;

use std::collections::HashSet;

use crate::value::{Value, ValueRef};
use hashes::Hashes;
use integers::Integers;
pub use integers::SortedKeys;

/// How duplicate keys in a batch are detected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duplicates {
    /// In the client: the key is a single integer.
    Integers,
    /// In the client, by a 128-bit hash.
    Hashes,
    /// By the database, once it has the rows.
    InDatabase,
    /// In the client, row by row: the key is a single integer. The first row of a key is kept, later ones are
    /// left out.
    FirstOfIntegers,
    /// The same by 128-bit hashes.
    FirstOfHashes,
}

impl Duplicates {
    /// Whether rows with a duplicate key are left out.
    pub fn are_left_out(self) -> bool {
        matches!(self, Duplicates::FirstOfIntegers | Duplicates::FirstOfHashes)
    }
}

/// The keys of a batch so far.
///
/// Integers take one or two bytes each, and most are compared at the end. Hashes, and integers of which only
/// the first is kept, take 17 to 40 bytes each.
#[derive(Debug)]
pub struct SeenKeys(Seen);

#[derive(Debug)]
enum Seen {
    Integers {
        seen: Integers,
        key: Option<i64>,
        /// All keys, if later rows are left out.
        before: Option<HashSet<i64>>,
    },
    Hashes(Box<Hashes>),
    Nothing,
}

impl SeenKeys {
    /// An empty set.
    pub fn new(kind: Duplicates) -> Self {
        SeenKeys(match kind {
            Duplicates::Integers | Duplicates::FirstOfIntegers => {
                let before = kind.are_left_out().then(HashSet::new);
                Seen::Integers { seen: Integers::default(), key: None, before }
            }
            Duplicates::Hashes | Duplicates::FirstOfHashes => Seen::Hashes(Box::default()),
            Duplicates::InDatabase => Seen::Nothing,
        })
    }

    /// Adds a key; returns `false` for a duplicate. Duplicate integers are reported only at the
    /// [end](SeenKeys::twice), unless later rows are left out.
    pub fn add(&mut self, key: &[ValueRef<'_>]) -> bool {
        key.iter().for_each(|cell| self.cell(cell));
        self.end_key()
    }

    /// Adds the next cell of a key.
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

    /// Adds the key of the given cells; returns as [`add`](SeenKeys::add).
    #[inline]
    pub(super) fn end_key(&mut self) -> bool {
        match &mut self.0 {
            Seen::Integers { seen, key, before } => {
                let Some(key) = key.take() else { return true };
                let is_new = before.as_mut().is_none_or(|before| before.insert(key));
                if is_new {
                    seen.add(key);
                }
                is_new
            }
            Seen::Hashes(seen) => seen.end_key(),
            Seen::Nothing => true,
        }
    }

    /// The integer keys in ascending order, in portions; none if the key is not a single integer. They are
    /// then forgotten.
    pub fn sorted(&mut self) -> SortedKeys {
        match &mut self.0 {
            Seen::Integers { seen, .. } => seen.sorted(),
            Seen::Hashes(_) | Seen::Nothing => SortedKeys::default(),
        }
    }

    /// The first few duplicate integer keys, at the end of the batch.
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

    #[test]
    fn says_at_once_which_are_left_out() {
        for kind in [Duplicates::FirstOfIntegers, Duplicates::FirstOfHashes] {
            let mut seen = SeenKeys::new(kind);
            let new = [1, 3, 1, i64::MIN, 3, 1].map(|key| seen.add(&[ValueRef::Int(key)]));
            assert_eq!(new, [true, true, false, true, false, false], "{kind:?}");
            assert_eq!(seen.twice(), [], "{kind:?}");
        }
        let mut seen = SeenKeys::new(Duplicates::FirstOfIntegers);
        (0..300_000_i64).chain(0..300_000).for_each(|key| {
            seen.add(&[ValueRef::Int(key * 7 % 300_000)]);
        });
        assert!(seen.sorted().flatten().eq(0..300_000));
    }
}
