//! PostgreSQL's binary `COPY`: <https://www.postgresql.org/docs/current/sql-copy.html#id-1.9.3.55.9.4>.

use crate::encode::{Chunk, Encoder, postgres};
use crate::error::Result;
use crate::value::{DataType, ValueRef};

/// The signature, no flags, and no extension of the header.
const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";

/// In place of a row's number of cells.
const TRAILER: [u8; 2] = (-1_i16).to_be_bytes();

/// A stream of rows for `COPY … FROM STDIN BINARY`.
#[derive(Debug)]
pub struct CopyBinary {
    types: Vec<DataType>,
    out: Vec<u8>,
    /// The size of the last chunk in bytes, as an estimate for the next.
    room: usize,
}

impl CopyBinary {
    /// Rows with columns of these types.
    pub fn new(types: Vec<DataType>) -> Self {
        CopyBinary { types, out: HEADER.to_owned(), room: 0 }
    }
}

impl Encoder for CopyBinary {
    fn cell(&mut self, column: usize, value: &ValueRef<'_>) -> Result<()> {
        if column == 0 {
            if self.out.is_empty() {
                self.out.reserve(self.room);
            }
            // A table has at most 1,600 columns.
            self.out.extend((self.types.len() as i16).to_be_bytes());
        }
        postgres::write(&mut self.out, value, &self.types[column])
    }

    fn end_row(&mut self) {}

    fn size(&self) -> usize {
        self.out.len()
    }

    fn take(&mut self) -> Chunk {
        self.room = self.out.len();
        Chunk::Bytes(std::mem::take(&mut self.out))
    }

    fn finish(&mut self) -> Chunk {
        self.out.extend(TRAILER);
        self.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(chunk: Chunk) -> Vec<u8> {
        let Chunk::Bytes(bytes) = chunk else { panic!("{chunk:?}") };
        bytes
    }

    #[test]
    fn writes_header_rows_and_trailer() {
        let mut copy = CopyBinary::new(vec![DataType::Integer, DataType::Bool]);
        copy.cell(0, &ValueRef::Int(-2)).unwrap();
        copy.cell(1, &ValueRef::Null).unwrap();
        copy.end_row();
        assert_eq!(copy.size(), 19 + 2 + 8 + 4);
        let row = [0, 2, 0, 0, 0, 4, 255, 255, 255, 254, 255, 255, 255, 255];
        assert_eq!(bytes(copy.take()), [HEADER, &row].concat());
        copy.cell(0, &ValueRef::Int(1)).unwrap();
        copy.cell(1, &ValueRef::Bool(true)).unwrap();
        copy.end_row();
        let row = [0, 2, 0, 0, 0, 4, 0, 0, 0, 1, 0, 0, 0, 1, 1];
        assert_eq!(bytes(copy.take()), row);
        assert_eq!(bytes(copy.finish()), [255, 255]);
    }

    #[test]
    fn writes_nothing_but_the_frame() {
        assert_eq!(bytes(CopyBinary::new(vec![DataType::Bool]).finish()), [HEADER, &[255, 255]].concat());
    }
}
