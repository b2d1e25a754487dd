//! Takes rows cell by cell, checks them and has them written.

use std::sync::Arc;

use crate::encode::{BatchColumn, BatchShape, Chunk, Encoder, SeenKeys, SortedKeys};
use crate::error::{Error, Result};
use crate::value::{Value, ValueRef};

/// Takes rows cell by cell, checks them and has them written.
#[derive(Debug)]
pub struct BatchEncoder {
    shape: Arc<BatchShape>,
    encoder: Box<dyn Encoder>,
    seen: SeenKeys,
    rows: u64,
    left_out: u64,
    /// How many rows are in the chunk, and how many it may have.
    in_chunk: usize,
    most: usize,
}

impl BatchEncoder {
    /// Rows of this shape, written by `encoder`; at most `most` in a chunk.
    pub fn new(shape: Arc<BatchShape>, encoder: Box<dyn Encoder>, most: usize) -> Self {
        let seen = SeenKeys::new(shape.duplicates);
        BatchEncoder { shape, encoder, seen, rows: 0, left_out: 0, in_chunk: 0, most }
    }

    /// What the rows carry.
    pub fn shape(&self) -> &Arc<BatchShape> {
        &self.shape
    }

    /// Adds a row, whose cells `cell` gives by the column's position. Where [later rows of a key are left
    /// out](crate::encode::Duplicates::are_left_out), it is asked for those of the key first, and once more if the row is added.
    ///
    /// # Errors
    ///
    /// [`Value`](crate::ErrorKind::Value) where a value does not fit; its place is the field; and those of `cell`. After an error, or a
    /// row without a key, the batch is of no more use: a part of the row may have been written.
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

    /// How many rows have been added in all.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// How many rows were left out.
    pub fn left_out(&self) -> u64 {
        self.left_out
    }

    /// Whether it is time to take a chunk.
    pub fn is_full(&self) -> bool {
        self.in_chunk >= self.most || self.encoder.is_full()
    }

    /// Takes the rows that have been added since the last time, and their number.
    pub fn take(&mut self) -> (Chunk, usize) {
        (self.encoder.take(), std::mem::take(&mut self.in_chunk))
    }

    /// Takes a chunk back that is of no more use, to write into it again.
    pub fn recycle(&mut self, chunk: Chunk) {
        self.encoder.recycle(chunk);
    }

    /// Takes the last rows, with what comes after them, and their number.
    pub fn finish_rows(&mut self) -> (Chunk, usize) {
        (self.encoder.finish(), std::mem::take(&mut self.in_chunk))
    }

    /// The integer keys of all rows in ascending order, some at a time.
    pub fn sorted_keys(&mut self) -> SortedKeys {
        self.seen.sorted()
    }

    /// The integer keys that came twice, as far as that was not said when they came: the first few.
    pub fn twice(&mut self) -> Vec<Value> {
        self.seen.twice()
    }
}

/// What became of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Added {
    /// It was added.
    Yes,
    /// It has no key.
    KeyIsNull,
    /// Its key was there before, which refuses the batch.
    Twice,
    /// Its key was there before, and the first row of a key counts: nothing of this one was written.
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
