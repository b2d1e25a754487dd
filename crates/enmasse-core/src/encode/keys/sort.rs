//! Sorts integers and finds duplicates.
//!
//! Most keys are dense. Each key then sets a bit, and the bits are read in order, without branch
//! mispredictions of comparisons.

/// Maximum number of bits: two megabytes, which fit in the processor's second-level cache.
const BITS: u64 = 1 << 24;

/// Maximum number of bits per key; with more, comparison sorting is as fast.
const SPARSE: u64 = 256;

/// Sorts the numbers and removes duplicates, which are passed to `twice`. All `bits` are unset before and
/// after.
pub(super) fn sort(numbers: &mut Vec<i64>, bits: &mut Vec<u64>, mut twice: impl FnMut(i64)) {
    let least = numbers.iter().copied().min().unwrap_or_default();
    let greatest = numbers.iter().copied().max().unwrap_or_default();
    let spread = greatest.wrapping_sub(least) as u64;
    if numbers.is_sorted() || spread >= BITS.min(SPARSE * numbers.len() as u64) {
        numbers.sort_unstable();
        return numbers.dedup_by(|next, last| {
            let is_twice = next == last;
            if is_twice {
                twice(*next);
            }
            is_twice
        });
    }
    let words = spread as usize / 64 + 1;
    bits.resize(words.max(bits.len()), 0);
    for number in numbers.iter() {
        let place = number.wrapping_sub(least) as usize;
        let (word, bit) = (&mut bits[place / 64], 1 << (place % 64));
        if *word & bit != 0 {
            twice(*number);
        }
        *word |= bit;
    }
    numbers.clear();
    for (position, word) in bits[..words].iter_mut().enumerate() {
        let mut rest = std::mem::take(word);
        while rest != 0 {
            let place = position * 64 + rest.trailing_zeros() as usize;
            numbers.push(least.wrapping_add(place as i64));
            rest &= rest - 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorts_and_finds_what_is_there_twice() {
        let mut state = 1_u64;
        let mut random = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state ^ state >> 32) as i64
        };
        let mut bits = Vec::new();
        for width in [0, 1, 7, 9, 20, 23, 24, 25, 48, 63] {
            for count in [0, 1, 2, 1_024, 100_000] {
                let mut numbers: Vec<i64> = (0..count).map(|_| random() >> (63 - width) >> 1).collect();
                let mut expected = numbers.clone();
                expected.sort_unstable();
                let twice: Vec<i64> =
                    expected.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]).collect();
                expected.dedup();
                let mut found = Vec::new();
                sort(&mut numbers, &mut bits, |number| found.push(number));
                found.sort_unstable();
                assert!(numbers == expected && found == twice, "{count} numbers of {width} bits");
                assert!(bits.iter().all(|word| *word == 0));
            }
        }
    }
}
