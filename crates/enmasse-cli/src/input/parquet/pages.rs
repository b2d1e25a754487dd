//! The pages of a column, each checked before the library allocates memory for it: its declared and its real
//! sizes.

use std::io::{self, BufReader, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use ::parquet::basic::{Compression, Encoding};
use ::parquet::column::page::{Page, PageMetadata, PageReader};
use ::parquet::errors::{ParquetError, Result};
use ::parquet::file::metadata::ColumnChunkMetaData;
use ::parquet::file::serialized_reader::SerializedPageReader;

use super::header::{INDEX_PAGE, PageHeader};
use crate::input::disk::Disk;
use crate::input::limits::Limits;

/// Bytes of a dictionary value, in addition to its content.
const DICTIONARY_VALUE: u64 = 32;

/// Bytes of a value whose length is stored separately, twice.
const LENGTH: u64 = 8;

/// Limits the bytes of the pages of all columns in memory.
#[derive(Debug)]
pub struct Budget {
    limits: Limits,
    held: AtomicU64,
}

impl Budget {
    pub fn new(limits: Limits) -> Arc<Self> {
        Arc::new(Budget { limits, held: AtomicU64::new(0) })
    }

    fn take(&self, bytes: u64) -> Result<()> {
        // Columns are read one after the other.
        if self.held.fetch_add(bytes, Relaxed).saturating_add(bytes) > self.limits.pages() as u64 {
            return Err(ParquetError::NYI(self.limits.pages_too_large()));
        }
        Ok(())
    }

    fn give(&self, bytes: u64) {
        self.held.fetch_sub(bytes, Relaxed);
    }
}

/// The pages of one column of a row group.
pub struct CheckedPages {
    pages: SerializedPageReader<Disk>,
    disk: Disk,
    compression: Compression,
    /// Whether values may be NULL, so a page starts with levels.
    optional: bool,
    /// The start of the next page and the end of the last one.
    at: u64,
    end: u64,
    budget: Arc<Budget>,
    dictionary: u64,
    page: u64,
}

impl CheckedPages {
    /// The metadata is already checked.
    pub fn new(disk: Disk, column: &ColumnChunkMetaData, rows: i64, budget: Arc<Budget>) -> Result<Self> {
        let (at, length) = column.byte_range();
        Ok(CheckedPages {
            pages: SerializedPageReader::new(Arc::new(disk.at(0)), column, usize::try_from(rows)?, None)?,
            disk,
            compression: column.compression(),
            optional: column.column_descr().max_def_level() > 0,
            at,
            end: at + length,
            budget,
            dictionary: 0,
            page: 0,
        })
    }

    /// Checks the header of the page that the library reads next.
    fn check(&mut self) -> Result<()> {
        while self.at < self.end {
            let header = PageHeader::read(BufReader::new(self.disk.at(self.at)))?;
            let sizes = (u64::try_from(header.compressed), u64::try_from(header.uncompressed));
            let start = self.at + header.length;
            let (Ok(compressed), Ok(uncompressed)) = sizes else {
                return Err(wrong("the header of a page has a negative size"));
            };
            if compressed > self.end.saturating_sub(start) {
                return Err(wrong("a page is longer than its column"));
            }
            self.at = start + compressed;
            if header.kind == INDEX_PAGE {
                continue;
            }
            self.budget.give(std::mem::take(&mut self.page));
            // The compressed and the decompressed page are in memory at the same time.
            self.budget.take(compressed)?;
            let values = u64::try_from(header.dictionary_values)
                .map_err(|_| wrong("a dictionary has a negative number of values"))?;
            let kept = uncompressed.saturating_add(values.saturating_mul(DICTIONARY_VALUE));
            let held = if values > 0 { &mut self.dictionary } else { &mut self.page };
            *held = held.saturating_add(kept);
            self.budget.take(kept)?;
            if !header.is_plain {
                let levels = u64::try_from(header.levels)
                    .map_err(|_| wrong("a page has levels of a negative size"))?;
                self.check_decompressed(start, levels, compressed, uncompressed)?;
            }
            self.budget.give(compressed);
            return Ok(());
        }
        Ok(())
    }

    /// Refuses a page with more bytes than declared; the library would allocate memory for all of them.
    fn check_decompressed(&self, start: u64, levels: u64, compressed: u64, uncompressed: u64) -> Result<()> {
        let Some(length) = compressed.checked_sub(levels) else {
            return Err(wrong("a page has more levels than bytes"));
        };
        let bytes = BufReader::new(self.disk.at(start + levels).take(length));
        let room = uncompressed.saturating_sub(levels) + 1;
        let mut out: Box<dyn Read> = match self.compression {
            Compression::GZIP(_) => Box::new(flate2::read::MultiGzDecoder::new(bytes)),
            Compression::ZSTD(_) => Box::new(zstd::Decoder::with_buffer(bytes)?),
            Compression::BROTLI(_) => Box::new(brotli::Decompressor::new(bytes, 4_096)),
            _ => return Ok(()),
        };
        if length == 0 {
            return Ok(());
        }
        if io::copy(&mut out.by_ref().take(room), &mut io::sink())? == room {
            return Err(wrong("a page has more bytes, decompressed, than it declares"));
        }
        Ok(())
    }

    /// Refuses a page with more value lengths than declared values.
    fn check_lengths(&mut self, page: &Page) -> Result<()> {
        if !matches!(page.encoding(), Encoding::DELTA_LENGTH_BYTE_ARRAY | Encoding::DELTA_BYTE_ARRAY) {
            return Ok(());
        }
        let bytes = page.buffer();
        let levels = match page {
            Page::DataPageV2 { def_levels_byte_len, rep_levels_byte_len, .. } => {
                u64::from(*def_levels_byte_len) + u64::from(*rep_levels_byte_len)
            }
            Page::DataPage { .. } if self.optional => {
                let length = bytes.first_chunk::<4>().map_or(0, |length| u32::from_le_bytes(*length));
                u64::from(length) + 4
            }
            _ => 0,
        };
        let values = bytes
            .get(usize::try_from(levels)?..)
            .ok_or_else(|| wrong("a page has more levels than bytes"))?;
        let count = count(values).unwrap_or_default();
        if count > u64::from(page.num_values()) {
            return Err(wrong("a page has more lengths than values"));
        }
        let kept = count * LENGTH;
        self.page += kept;
        self.budget.take(kept)
    }
}

/// The number of values that a delta-encoded sequence declares: its third number.
fn count(bytes: &[u8]) -> Option<u64> {
    let mut rest = bytes.iter();
    let mut number = || {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = rest.next()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    };
    number()?;
    number()?;
    number()
}

impl Drop for CheckedPages {
    fn drop(&mut self) {
        self.budget.give(self.dictionary + self.page);
    }
}

impl Iterator for CheckedPages {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

impl PageReader for CheckedPages {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        self.check()?;
        let page = self.pages.get_next_page()?;
        if let Some(page) = &page {
            self.check_lengths(page)?;
        }
        Ok(page)
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        self.pages.peek_next_page()
    }

    fn skip_next_page(&mut self) -> Result<()> {
        // All rows are read, so no page is skipped.
        Err(ParquetError::NYI("pages are not skipped".to_owned()))
    }
}

fn wrong(what: &str) -> ParquetError {
    ParquetError::General(what.to_owned())
}
