//! Takes rows cell by cell, checks them and encodes them.

use std::sync::Arc;

use crate::encode::{BatchColumn, BatchShape, Chunk, Encoder, SeenKeys, SortedKeys};
use crate::error::{Error, Result};
use crate::value::{Value, ValueRef};

/// Takes rows cell by cell, checks them and encodes them.
#[derive(Debug)]
pub struct BatchEncoder {
    shape: Arc<BatchShape>,
    encoder: Box<dyn Encoder>,
    seen: SeenKeys,
    rows: u64,
    left_out: u64,
    /// The number of rows in the chunk, and its maximum.
    in_chunk: usize,
    most: usize,
}

impl BatchEncoder {
    /// Rows of this shape, encoded by `encoder`; at most `most` per chunk.
    pub fn new(shape: Arc<BatchShape>, encoder: Box<dyn Encoder>, most: usize) -> Self {
        let seen = SeenKeys::new(shape.duplicates);
        BatchEncoder { shape, encoder, seen, rows: 0, left_out: 0, in_chunk: 0, most }
    }

    /// The columns of the rows.
    pub fn shape(&self) -> &Arc<BatchShape> {
        &self.shape
    }

    /// Adds a row; `cell` returns a cell by its column's position. If [later rows of a key are left
    /// out](crate::encode::Duplicates::are_left_out), `cell` is first called for the key's columns, and again
    /// if the row is added.
    ///
    /// # Errors
    ///
    /// [`Value`](crate::ErrorKind::Value) with the field as its place if a value does not fit; and errors of
    /// `cell`. After an error, or a row without a key, the batch must not be used: a part of the row may be
    /// written.
    pub fn row<'v>(&mut self, cell: impl Fn(usize) -> Result<ValueRef<'v>>) -> Result<Added> {
        let first_counts = self.shape.duplicates.are_left_out();
        if first_counts {
            let key = &self.shape.columns[..self.shape.key];
            for (position, column) in key.iter().enumerate() {
                let value = column.clean(cell(position)?)?;
                if value.is_null() {
                    return Ok(Added::KeyIsNull);
                }
                self.seen.cell(&value);
            }
            if !self.seen.end_key() {
                self.left_out += 1;
                return Ok(Added::LeftOut);
            }
        }
        for (position, column) in self.shape.columns.iter().enumerate() {
            let given = cell(position)?;
            let (clean, borrowed);
            let value = if column.keeps(&given) {
                &given
            } else {
                clean = column.clean(given)?;
                borrowed = clean.borrowed();
                &borrowed
            };
            if position < self.shape.key && !first_counts {
                if value.is_null() {
                    return Ok(Added::KeyIsNull);
                }
                self.seen.cell(value);
            }
            self.encoder.cell(position, value).map_err(|error| column.place(error))?;
        }
        self.encoder.end_row();
        self.rows += 1;
        self.in_chunk += 1;
        Ok(if first_counts || self.seen.end_key() { Added::Yes } else { Added::Twice })
    }

    /// The total number of added rows.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// The number of rows left out.
    pub fn left_out(&self) -> u64 {
        self.left_out
    }

    /// Whether the chunk should be taken.
    pub fn is_full(&self) -> bool {
        self.in_chunk >= self.most || self.encoder.is_full()
    }

    /// Takes the rows added since the last call, and their number.
    pub fn take(&mut self) -> (Chunk, usize) {
        (self.encoder.take(), std::mem::take(&mut self.in_chunk))
    }

    /// Takes back a used chunk for reuse.
    pub fn recycle(&mut self, chunk: Chunk) {
        self.encoder.recycle(chunk);
    }

    /// Takes the last rows with the format's trailer, and their number.
    pub fn finish_rows(&mut self) -> (Chunk, usize) {
        (self.encoder.finish(), std::mem::take(&mut self.in_chunk))
    }

    /// The integer keys of all rows in ascending order, in portions.
    pub fn sorted_keys(&mut self) -> SortedKeys {
        self.seen.sorted()
    }

    /// The first few duplicate integer keys that were not reported when their rows were added.
    pub fn twice(&mut self) -> Vec<Value> {
        self.seen.twice()
    }
}

/// The result of adding a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Added {
    /// It was added.
    Yes,
    /// It has no key.
    KeyIsNull,
    /// Its key is a duplicate, which refuses the batch.
    Twice,
    /// Its key is a duplicate, and only the first row of a key is kept: nothing was written.
    LeftOut,
}

impl BatchColumn {
    fn place(&self, error: Error) -> Error {
        match self.shown() {
            Some((model, field)) => error.at(format_args!("{model}.{field}")),
            None => error,
        }
    }
}
