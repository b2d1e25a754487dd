//! Random numbers that a seed makes again, and what they make of bytes.

/// A generator of the xorshift family, by Marsaglia.
pub struct Random(u64);

impl Random {
    /// The generator of one case.
    pub fn of(seed: u64, case: u64) -> Self {
        let mut random = Random((seed << 32 | case).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        (0..8).for_each(|_| _ = random.next());
        random
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }

    pub fn one<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }

    /// Damages bytes in one to four places; in Parquet and compressed files mostly near their ends, which
    /// contain the metadata.
    pub fn damage(&mut self, bytes: &mut Vec<u8>, words: &[&[u8]]) {
        for _ in 0..1 + self.below(4) {
            if bytes.is_empty() {
                return;
            }
            let at = match self.below(3) {
                0 => bytes.len() - 1 - self.below(bytes.len().min(600)),
                1 => self.below(bytes.len().min(200)),
                _ => self.below(bytes.len()),
            };
            match self.below(7) {
                0 | 1 => bytes[at] ^= 1 << self.below(8),
                2 => bytes[at] = self.next() as u8,
                3 => bytes.truncate(at),
                4 => {
                    let end = bytes.len().min(at + 1 + self.below(40));
                    bytes.drain(at..end);
                }
                5 => {
                    let end = bytes.len().min(at + 1 + self.below(40));
                    let part = bytes[at..end].to_vec();
                    let to = self.below(bytes.len());
                    bytes.splice(to..to, part);
                }
                _ => {
                    let word = self.one(words).to_vec();
                    bytes.splice(at..at, word);
                }
            }
        }
    }
}
