//! Encodes rows for the database: checks them, and writes them in a wire format.
//!
//! | form | carries | to |
//! | --- | --- | --- |
//! | [`CopyBinary`] | a stream of bytes | PostgreSQL's `COPY … FROM STDIN BINARY` |
//! | [`Arrays`] | a binary array for each column | PostgreSQL's `unnest` |
//! | [`LoadData`] | a stream of text | `LOAD DATA LOCAL INFILE` of MariaDB and MySQL |
//! | [`Cells`] | cells that are bound one by one | a prepared statement in a loop |
//! | [`Stored`] | values as parameters | any statement |
//!
//! A [`BatchEncoder`] takes a row cell by cell, as borrowed values. It checks each against its column,
//! remembers the keys to detect duplicates, and encodes the cell. Cells need no allocation.

mod arrays;
mod batch;
mod cells;
mod column;
mod copy;
mod keys;
mod load_data;
pub mod numeric;
mod postgres;
mod shape;
mod stored;

pub use arrays::Arrays;
pub use batch::{Added, BatchEncoder};
pub use cells::{Cell, Cells, Chunk as CellsChunk, Row as CellsRow};
pub use column::BatchColumn;
pub use copy::CopyBinary;
pub use keys::{Duplicates, SeenKeys, SortedKeys};
pub use load_data::LoadData;
pub(crate) use shape::BITS;
pub use shape::BatchShape;
pub use stored::Stored;

use std::fmt;

use crate::error::Result;
use crate::value::{Value, ValueRef};

/// Approximate size of a chunk in bytes, large enough to make the cost of the calls negligible.
const CHUNK: usize = 256 << 10;

/// Encodes rows in one wire format.
///
/// The cells of a row come in column order and are checked: each is NULL or of its column's
/// [`DataType`](crate::DataType), fits it, and is in microseconds at most. The encoder refuses values that
/// the *database* cannot store.
pub trait Encoder: fmt::Debug + Send {
    /// Writes the cell of the column at this position, in column order.
    ///
    /// # Errors
    ///
    /// [`Value`](crate::ErrorKind::Value) if the database cannot store the value. The batch must not be used
    /// afterwards.
    fn cell(&mut self, column: usize, value: &ValueRef<'_>) -> Result<()>;

    /// Ends the current row.
    fn end_row(&mut self);

    /// Approximate bytes written since the last [`take`](Encoder::take).
    fn size(&self) -> usize;

    /// Whether the chunk should be taken.
    fn is_full(&self) -> bool {
        self.size() >= CHUNK
    }

    /// Takes the written rows.
    fn take(&mut self) -> Chunk;

    /// Takes back a used chunk for reuse. Chunks that are moved elsewhere need not be returned.
    fn recycle(&mut self, _chunk: Chunk) {}

    /// The trailer after the last row.
    fn finish(&mut self) -> Chunk {
        self.take()
    }
}

/// Encoded rows.
#[derive(Debug)]
#[non_exhaustive]
pub enum Chunk {
    /// A part of a stream.
    Bytes(Vec<u8>),
    /// One array for each column, in the database's wire format.
    Columns(Vec<Vec<u8>>),
    /// Cells to bind.
    Cells(CellsChunk),
    /// Rows of values in the database's storage form.
    Rows(Vec<Vec<Value>>),
}
