//! PostgreSQL arrays in binary.

use crate::encode::postgres::{self, ARRAY_HEADER};
use crate::encode::{Chunk, Encoder};
use crate::error::{Error, Result};
use crate::value::{DataType, ValueRef};

/// A binary array for each column, for `unnest`.
#[derive(Debug)]
pub struct Arrays {
    columns: Vec<Column>,
    rows: usize,
    size: usize,
}

/// The array of a column.
#[derive(Debug)]
struct Column {
    item: DataType,
    /// Reserved space for the header, followed by the elements.
    out: Vec<u8>,
    has_null: bool,
    /// The size of the last array in bytes, as an estimate for the next.
    room: usize,
}

impl Arrays {
    /// Rows with columns of these types. None may be an array, because `unnest` would expand it too.
    pub fn new(types: Vec<DataType>) -> Self {
        let column = |item| Column { item, out: Vec::new(), has_null: false, room: 0 };
        Arrays { columns: types.into_iter().map(column).collect(), rows: 0, size: 0 }
    }
}

impl Encoder for Arrays {
    fn cell(&mut self, column: usize, value: &ValueRef<'_>) -> Result<()> {
        let Column { item, out, has_null, room } = &mut self.columns[column];
        if let DataType::Array(_) = item {
            return Err(Error::not_supported("a column of arrays cannot be sent as an array."));
        }
        if out.is_empty() {
            out.reserve(*room);
            out.resize(ARRAY_HEADER, 0);
        }
        let before = out.len();
        postgres::write(out, value, item)?;
        *has_null |= value.is_null();
        self.size += out.len() - before;
        Ok(())
    }

    fn end_row(&mut self) {
        self.rows += 1;
    }

    fn size(&self) -> usize {
        self.size
    }

    fn take(&mut self) -> Chunk {
        let rows = std::mem::take(&mut self.rows);
        self.size = 0;
        Chunk::Columns(self.columns.iter_mut().map(|column| column.take(rows)).collect())
    }
}

impl Column {
    fn take(&mut self, rows: usize) -> Vec<u8> {
        self.out.resize(self.out.len().max(ARRAY_HEADER), 0);
        // An array that cannot be encoded has no elements.
        _ = postgres::array_header(&mut self.out, &self.item, rows, self.has_null);
        self.room = self.out.len();
        self.has_null = false;
        std::mem::take(&mut self.out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(chunk: Chunk) -> Vec<Vec<u8>> {
        let Chunk::Columns(columns) = chunk else { panic!("{chunk:?}") };
        columns
    }

    #[test]
    fn writes_an_array_for_each_column() {
        let mut arrays = Arrays::new(vec![DataType::SmallInt, DataType::TEXT]);
        for (number, text) in [(ValueRef::Int(7), "é"), (ValueRef::Null, "")] {
            arrays.cell(0, &number).unwrap();
            arrays.cell(1, &ValueRef::Text(text)).unwrap();
            arrays.end_row();
        }
        assert_eq!(arrays.size(), 10 + 10);
        let header = |has_null: u8, oid: u8, rows: u8| {
            [[0, 0, 0, 1], [0, 0, 0, has_null], [0, 0, 0, oid], [0, 0, 0, rows], [0, 0, 0, 1]].concat()
        };
        assert_eq!(
            columns(arrays.take()),
            [
                [header(1, 21, 2), vec![0, 0, 0, 2, 0, 7, 255, 255, 255, 255]].concat(),
                [header(0, 25, 2), vec![0, 0, 0, 2, 0xc3, 0xa9, 0, 0, 0, 0]].concat(),
            ]
        );
        assert_eq!(arrays.size(), 0);
        assert_eq!(columns(arrays.finish()), [header(0, 21, 0), header(0, 25, 0)]);
    }

    #[test]
    fn has_no_arrays_of_arrays() {
        let mut arrays = Arrays::new(vec![DataType::Array(Box::new(DataType::BigInt))]);
        assert!(arrays.cell(0, &ValueRef::Null).is_err());
    }
}
