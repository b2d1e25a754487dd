//! Very many numbers: on the disk, with some pages of them in memory.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

use crate::failure::{Failure, Result};

/// How many numbers a page has, and how many pages are in memory at a time: 16 MiB.
const PAGE: usize = 512;
const PAGES: usize = 4_096;
const BYTES: usize = PAGE * size_of::<u64>();

/// Numbers, each 0 until it is set.
pub struct Numbers {
    file: File,
    /// Each page is in one place only.
    pages: Vec<Option<Page>>,
}

struct Page {
    number: u64,
    is_changed: bool,
    numbers: Box<[u64; PAGE]>,
}

impl Numbers {
    pub fn new() -> Result<Self> {
        let file = tempfile::tempfile().map_err(failed)?;
        Ok(Numbers { file, pages: (0..PAGES).map(|_| None).collect() })
    }

    pub fn get(&mut self, at: u64) -> Result<u64> {
        Ok(self.page(at).map_err(failed)?.numbers[(at % PAGE as u64) as usize])
    }

    pub fn set(&mut self, at: u64, number: u64) -> Result<()> {
        let page = self.page(at).map_err(failed)?;
        page.numbers[(at % PAGE as u64) as usize] = number;
        page.is_changed = true;
        Ok(())
    }

    fn page(&mut self, at: u64) -> io::Result<&mut Page> {
        let number = at / PAGE as u64;
        let Numbers { file, pages } = self;
        let place = &mut pages[(number % PAGES as u64) as usize];
        if place.as_ref().is_none_or(|page| page.number != number) {
            if let Some(page) = place.take().filter(|page| page.is_changed) {
                write(file, &page)?;
            }
            *place = Some(Page { number, is_changed: false, numbers: read(file, number)? });
        }
        place.as_mut().ok_or_else(|| io::Error::other("a page is lost"))
    }
}

fn failed(error: io::Error) -> Failure {
    Failure::failed(format!("cannot use a temporary file: {error}"))
}

fn write(file: &mut File, page: &Page) -> io::Result<()> {
    let bytes: Vec<u8> = page.numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
    file.seek(SeekFrom::Start(page.number * BYTES as u64))?;
    file.write_all(&bytes)
}

/// A page; what was never written is 0.
fn read(file: &mut File, number: u64) -> io::Result<Box<[u64; PAGE]>> {
    let mut bytes = Vec::with_capacity(BYTES);
    file.seek(SeekFrom::Start(number * BYTES as u64))?;
    file.take(BYTES as u64).read_to_end(&mut bytes)?;
    let mut numbers = Box::new([0; PAGE]);
    for (number, bytes) in numbers.iter_mut().zip(bytes.as_chunks().0) {
        *number = u64::from_le_bytes(*bytes);
    }
    Ok(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back_from_the_disk() {
        let mut numbers = Numbers::new().unwrap();
        // every second page takes another's place
        let step = (PAGE * PAGES / 2 + 1) as u64;
        (0..20).for_each(|at| numbers.set(at * step, at + 7).unwrap());
        assert!((0..20).all(|at| numbers.get(at * step).unwrap() == at + 7));
        assert_eq!((numbers.get(1).unwrap(), numbers.get(100 * step).unwrap()), (0, 0));
    }
}
