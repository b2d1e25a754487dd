//! Exact integer keys, in one or two bytes each.

use std::vec;

use crate::encode::keys::sort::sort;

/// The number of keys collected before packing: of ten million dense keys, most then differ by one byte.
const WINDOW: usize = 131_072;

/// The number of keys per block.
const BLOCK: usize = 1_024;

/// The number of blocks read at a time.
const READ: usize = 256;

/// The number of keys reported.
const FEW: usize = 10;

/// Keys that are compared at the end.
///
/// They are sorted in windows and packed in blocks: each key as the difference to its predecessor, seven bits
/// per byte. At the end, the blocks are read in the order of their first keys. Blocks that do not overlap, as
/// with ascending keys, are not read.
#[derive(Debug, Default)]
pub(super) struct Integers {
    window: Vec<i64>,
    /// Buffer for sorting.
    bits: Vec<u64>,
    blocks: Vec<Block>,
    twice: Vec<i64>,
}

/// A block of ascending keys.
#[derive(Debug)]
struct Block {
    first: i64,
    last: i64,
    /// The differences of the keys after the first.
    packed: Box<[u8]>,
}

impl Integers {
    /// Adds a key.
    #[inline]
    pub fn add(&mut self, key: i64) {
        self.window.push(key);
        if self.window.len() == WINDOW {
            self.pack();
        }
    }

    /// Packs the window.
    fn pack(&mut self) {
        sort(&mut self.window, &mut self.bits, |key| keep_few(&mut self.twice, key));
        let mut packed = Vec::with_capacity(2 * BLOCK);
        for keys in self.window.chunks(BLOCK) {
            packed.clear();
            keys.windows(2).for_each(|pair| push(&mut packed, pair[1].wrapping_sub(pair[0]) as u64));
            self.blocks.push(Block {
                first: keys[0],
                last: keys[keys.len() - 1],
                packed: packed.as_slice().into(),
            });
        }
        self.window.clear();
    }

    /// The first few duplicate keys.
    pub fn twice(&mut self) -> Vec<i64> {
        self.pack();
        self.compare();
        let mut twice = std::mem::take(&mut self.twice);
        twice.sort_unstable();
        twice
    }

    /// The keys in ascending order, in portions. They are then forgotten.
    pub fn sorted(&mut self) -> SortedKeys {
        self.pack();
        let mut blocks = std::mem::take(&mut self.blocks);
        blocks.sort_unstable_by_key(|block| block.first);
        SortedKeys { blocks: blocks.into_iter(), keys: Vec::new() }
    }

    /// Finds keys that occur in several blocks.
    fn compare(&mut self) {
        let mut blocks = std::mem::take(&mut self.blocks);
        blocks.sort_unstable_by_key(|block| block.first);
        let mut keys: Vec<i64> = Vec::new();
        let mut reach = None;
        for (position, block) in blocks.iter().enumerate() {
            let next = blocks.get(position + 1).map(|next| next.first);
            let is_alone = reach < Some(block.first) && next.is_none_or(|next| block.last < next);
            if !is_alone {
                block.read(&mut keys);
            }
            reach = reach.max(Some(block.last));
            if (position + 1) % READ == 0 || next.is_none() {
                sort(&mut keys, &mut self.bits, |key| keep_few(&mut self.twice, key));
                // All keys below the first key of the next block have been read.
                let known = next.map_or(keys.len(), |next| keys.partition_point(|key| *key < next));
                keys.drain(..known);
            }
        }
        self.blocks = blocks;
    }
}

/// Keys in ascending order, in portions.
#[derive(Debug, Default)]
pub struct SortedKeys {
    blocks: vec::IntoIter<Block>,
    /// Keys that are not below those of the next block.
    keys: Vec<i64>,
}

impl Iterator for SortedKeys {
    type Item = Vec<i64>;

    fn next(&mut self) -> Option<Vec<i64>> {
        while !self.blocks.as_slice().is_empty() || !self.keys.is_empty() {
            self.blocks.by_ref().take(READ).for_each(|block| block.read(&mut self.keys));
            self.keys.sort();
            let next = self.blocks.as_slice().first();
            let known =
                next.map_or(self.keys.len(), |next| self.keys.partition_point(|key| *key < next.first));
            let later = self.keys.split_off(known);
            let keys = std::mem::replace(&mut self.keys, later);
            if !keys.is_empty() {
                return Some(keys);
            }
        }
        None
    }
}

/// Adds a duplicate key.
fn keep_few(twice: &mut Vec<i64>, key: i64) {
    if twice.len() < FEW && !twice.contains(&key) {
        twice.push(key);
    }
}

impl Block {
    fn read(&self, keys: &mut Vec<i64>) {
        keys.push(self.first);
        let (mut key, mut difference, mut shift) = (self.first, 0, 0);
        for byte in &self.packed {
            difference |= u64::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                key = key.wrapping_add(difference as i64);
                keys.push(key);
                (difference, shift) = (0, 0);
            }
        }
    }
}

/// Seven bits per byte, the lowest first; all bytes but the last have the eighth bit set.
#[inline]
fn push(packed: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        packed.push(number as u8 | 0x80);
        number >>= 7;
    }
    packed.push(number as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: [i64; 0] = [];

    /// Keys in an order that looks random.
    fn shuffled(count: i64) -> impl Iterator<Item = i64> {
        // a prime that does not divide the count takes every number once
        (0..count).map(move |number| number * 7_368_787 % count)
    }

    fn twice(keys: impl IntoIterator<Item = i64>) -> Vec<i64> {
        let mut integers = Integers::default();
        keys.into_iter().for_each(|key| integers.add(key));
        integers.twice()
    }

    #[test]
    fn gives_the_keys_in_order() {
        for count in [0, 1, 5, 200_000_i64] {
            let mut seen = Integers::default();
            shuffled(count).for_each(|key| seen.add(key));
            assert_eq!(seen.twice(), NONE);
            let sorted: Vec<i64> = seen.sorted().flatten().collect();
            assert_eq!(sorted, (0..count).collect::<Vec<_>>());
        }
    }

    #[test]
    fn finds_nothing_where_there_is_nothing() {
        assert_eq!(twice([]), NONE);
        assert_eq!(twice([5]), NONE);
        assert_eq!(twice(0..300_000), NONE);
        assert_eq!(twice((0..300_000).rev()), NONE);
        assert_eq!(twice(shuffled(1_000_000)), NONE);
        assert_eq!(twice((0..200_000).map(|number| number * 46_116_860_184_273 + i64::MIN)), NONE);
        assert_eq!(twice([i64::MAX, i64::MIN, 0, -1]), NONE);
    }

    #[test]
    fn finds_a_key_wherever_it_was() {
        assert_eq!(twice([5, 5]), [5]);
        assert_eq!(twice([5, 7, 5]), [5]);
        assert_eq!(twice([i64::MAX, i64::MIN, i64::MAX, 3, i64::MIN]), [i64::MIN, i64::MAX]);
        for place in [0, 1, 1_023, 1_024, WINDOW as i64 - 1, WINDOW as i64, 199_998] {
            assert_eq!(twice((0..200_000).chain([place])), [place]);
            let again = shuffled(200_000).nth(place as usize).unwrap();
            assert_eq!(twice(shuffled(200_000).chain([again, 200_001])), [again]);
            assert_eq!(twice([again].into_iter().chain(shuffled(200_000))), [again]);
        }
    }

    #[test]
    fn names_the_first_few() {
        assert_eq!(twice((0..200_000).chain(0..200_000)), (0..10).collect::<Vec<_>>());
        assert_eq!(twice(shuffled(200_000).chain(shuffled(200_000))).len(), 10);
        assert_eq!(twice((0..30).flat_map(|key| [key, 100, key])).len(), 10);
        assert_eq!(twice([1, 2, 1, 2, 1, 2]), [1, 2]);
    }

    #[test]
    fn stays_small() {
        let size = |keys: &mut dyn Iterator<Item = i64>| {
            let mut integers = Integers::default();
            keys.for_each(|key| integers.add(key));
            let packed: usize = integers.blocks.iter().map(|block| block.packed.len()).sum();
            let blocks = integers.blocks.capacity() * size_of::<Block>();
            packed + blocks + 8 * (integers.window.capacity() + integers.bits.capacity())
        };
        // a byte each, and the window
        assert!(size(&mut (0..1_000_000)) < 1_000_000 + 1_200_000);
        assert!(size(&mut shuffled(1_000_000)) < 1_000_000 + 1_400_000);
    }
}
