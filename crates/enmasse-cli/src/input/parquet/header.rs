//! The header of a page, parsed before the library does: the sizes that the page declares.
//!
//! <https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift>, in Thrift's compact protocol:
//! <https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md>.

use std::io::{self, Read};

/// Maximum length of a header, which may contain the smallest and the largest value of its page.
const LONGEST: u64 = 1 << 20;

/// Maximum nesting of structures in a header.
const DEEPEST: usize = 16;

/// The content of a header.
#[derive(Debug, Default, PartialEq)]
pub struct PageHeader {
    /// The header's own length in bytes.
    pub length: u64,
    pub kind: i64,
    pub uncompressed: i64,
    pub compressed: i64,
    /// The number of values in a dictionary.
    pub dictionary_values: i64,
    /// Bytes of uncompressed levels at the start of a version 2 page.
    pub levels: i64,
    /// Whether such a page is uncompressed.
    pub is_plain: bool,
}

/// The kinds of pages.
pub const INDEX_PAGE: i64 = 1;

impl PageHeader {
    pub fn read(from: impl Read) -> io::Result<Self> {
        let mut thrift = Thrift { from: from.take(LONGEST) };
        let mut header = PageHeader::default();
        let mut field = 0;
        while let Some(kind) = thrift.field(&mut field)? {
            match field {
                1 => header.kind = thrift.number(kind)?,
                2 => header.uncompressed = thrift.number(kind)?,
                3 => header.compressed = thrift.number(kind)?,
                7 if kind == STRUCT => thrift.each_field(|thrift, field, kind| match field {
                    1 => thrift.number(kind).map(|values| header.dictionary_values = values),
                    _ => thrift.skip(kind, 1),
                })?,
                8 if kind == STRUCT => thrift.each_field(|thrift, field, kind| match field {
                    5 | 6 => {
                        thrift.number(kind).map(|bytes| header.levels = header.levels.saturating_add(bytes))
                    }
                    7 => {
                        header.is_plain = kind == FALSE;
                        Ok(())
                    }
                    _ => thrift.skip(kind, 1),
                })?,
                _ => thrift.skip(kind, 0)?,
            }
        }
        header.length = LONGEST - thrift.from.limit();
        Ok(header)
    }
}

/// The types of the compact protocol.
const TRUE: u8 = 1;
const FALSE: u8 = 2;
const BYTE: u8 = 3;
const NUMBERS: std::ops::RangeInclusive<u8> = 4..=6;
const DOUBLE: u8 = 7;
const BINARY: u8 = 8;
const LIST: u8 = 9;
const SET: u8 = 10;
const STRUCT: u8 = 12;

struct Thrift<R> {
    from: io::Take<R>,
}

impl<R: Read> Thrift<R> {
    /// The type of the next field, whose number is stored in `field`; `None` at the end of the structure.
    fn field(&mut self, field: &mut i64) -> io::Result<Option<u8>> {
        let byte = self.byte()?;
        if byte == 0 {
            return Ok(None);
        }
        *field = match byte >> 4 {
            0 => zigzag(self.varint()?),
            more => field.saturating_add(more.into()),
        };
        Ok(Some(byte & 0x0f))
    }

    fn each_field(&mut self, mut take: impl FnMut(&mut Self, i64, u8) -> io::Result<()>) -> io::Result<()> {
        let mut field = 0;
        while let Some(kind) = self.field(&mut field)? {
            take(self, field, kind)?;
        }
        Ok(())
    }

    fn number(&mut self, kind: u8) -> io::Result<i64> {
        if NUMBERS.contains(&kind) { Ok(zigzag(self.varint()?)) } else { Err(wrong()) }
    }

    fn skip(&mut self, kind: u8, depth: usize) -> io::Result<()> {
        if depth > DEEPEST {
            return Err(wrong());
        }
        match kind {
            TRUE | FALSE => Ok(()),
            BYTE => self.bytes(1),
            _ if NUMBERS.contains(&kind) => self.varint().map(|_| ()),
            DOUBLE => self.bytes(8),
            BINARY => {
                let length = self.varint()?;
                self.bytes(length)
            }
            LIST | SET => {
                let byte = self.byte()?;
                let count = if byte >> 4 == 15 { self.varint()? } else { u64::from(byte >> 4) };
                // An item of a list takes at least one byte, even if it is a boolean.
                (0..count).try_for_each(|_| match byte & 0x0f {
                    TRUE | FALSE => self.bytes(1),
                    kind => self.skip(kind, depth + 1),
                })
            }
            STRUCT => {
                let mut field = 0;
                while let Some(kind) = self.field(&mut field)? {
                    self.skip(kind, depth + 1)?;
                }
                Ok(())
            }
            _ => Err(wrong()),
        }
    }

    fn byte(&mut self) -> io::Result<u8> {
        let mut byte = [0];
        self.from.read_exact(&mut byte)?;
        Ok(byte[0])
    }

    fn bytes(&mut self, count: u64) -> io::Result<()> {
        let read = io::copy(&mut self.from.by_ref().take(count), &mut io::sink())?;
        if read == count { Ok(()) } else { Err(wrong()) }
    }

    fn varint(&mut self) -> io::Result<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(wrong())
    }
}

fn zigzag(number: u64) -> i64 {
    (number >> 1).cast_signed() ^ -(number & 1).cast_signed()
}

fn wrong() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the header of a page is invalid")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b06_headers_of_pages() {
        // type 2, sizes 300 and 200, dictionary of 5 values
        let dictionary = [0x15, 4, 0x15, 0xd8, 4, 0x15, 0x90, 3, 0x4c, 0x15, 10, 0x15, 0, 0, 0];
        let header = PageHeader::read(&dictionary[..]).unwrap();
        let expected = PageHeader {
            length: 15,
            kind: 2,
            uncompressed: 300,
            compressed: 200,
            dictionary_values: 5,
            ..PageHeader::default()
        };
        assert_eq!(header, expected);
        // type 3, a header of the second version with 6 bytes of levels, not compressed
        let second = [
            0x15, 6, 0x15, 20, 0x15, 20, 0x5c, 0x15, 2, 0x15, 0, 0x15, 2, 0x15, 0, 0x15, 8, 0x15, 4, 0x12, 0,
            0,
        ];
        let header = PageHeader::read(&second[..]).unwrap();
        assert_eq!((header.kind, header.levels, header.is_plain), (3, 6, true));
        for wrong in [
            &[0x15][..],
            &[0x18, 0xff, 0xff, 0xff, 0xff, 0x7f, 1],
            &[0x1c; 100],
            &[0x1f, 0],
            &[0x19, 0xfc, 0xff, 0xff, 0xff, 0x0f],
        ] {
            assert!(PageHeader::read(wrong).is_err(), "{wrong:?}");
        }
    }
}
