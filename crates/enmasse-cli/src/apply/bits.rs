//! A bit for each of many rows.

/// Bits, each found by its row's number, from 0. What was not added is not set.
#[derive(Debug, Default)]
pub struct Bits {
    words: Vec<u64>,
    len: u64,
}

impl Bits {
    pub fn push(&mut self, is_set: bool) {
        if self.len.is_multiple_of(64) {
            self.words.push(0);
        }
        if let Some(last) = self.words.last_mut() {
            *last |= u64::from(is_set) << (self.len % 64);
        }
        self.len += 1;
    }

    pub fn has(&self, row: u64) -> bool {
        let word = usize::try_from(row / 64).ok().and_then(|at| self.words.get(at));
        word.is_some_and(|word| word >> (row % 64) & 1 == 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_row_has_a_bit() {
        let mut rows = Bits::default();
        (0..200).for_each(|row| rows.push(row % 3 == 0));
        assert!((0..200).all(|row| rows.has(row) == (row % 3 == 0)));
        assert!(!rows.has(201) && !Bits::default().has(0));
    }
}
