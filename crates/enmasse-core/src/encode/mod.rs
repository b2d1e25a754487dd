//! Rows on their way to the database: checked, and written in the form in which they travel.
//!
//! | form | carries | to |
//! | --- | --- | --- |
//! | [`CopyBinary`] | a stream of bytes | PostgreSQL's `COPY … FROM STDIN BINARY` |
//! | [`Arrays`] | a binary array for each column | PostgreSQL's `unnest` |
//! | [`LoadData`] | a stream of text | `LOAD DATA LOCAL INFILE` of MariaDB and MySQL |
//! | [`Cells`] | cells that are bound one by one | a prepared statement in a loop |
//! | [`Stored`] | values that become parameters | any statement |
//!
//! A [`BatchEncoder`] takes a row cell by cell, as borrowed values. It checks each against its column, remembers the keys so
//! that one that comes twice is found, and has the cell written. Nothing is allocated for a cell.

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

/// How many bytes a chunk has, about: enough that the calls around it cost nothing.
const CHUNK: usize = 256 << 10;

/// Writes rows in one form.
///
/// The cells of a row come in the order of the columns and are checked: each is NULL or of its column's
/// [`DataType`](crate::DataType), fits it, and has no more than microseconds. What the *database* cannot keep is refused here.
pub trait Encoder: fmt::Debug + Send {
    /// Writes the next cell of the present row, that of the column at this position.
    ///
    /// # Errors
    ///
    /// [`Value`](crate::ErrorKind::Value) where the database cannot keep the value. The batch has then failed: nothing more is written.
    fn cell(&mut self, column: usize, value: &ValueRef<'_>) -> Result<()>;

    /// Ends the present row.
    fn end_row(&mut self);

    /// About how many bytes have been written since the last [`take`](Encoder::take).
    fn size(&self) -> usize;

    /// Whether it is time to take a chunk.
    fn is_full(&self) -> bool {
        self.size() >= CHUNK
    }

    /// Takes what has been written, in whole rows.
    fn take(&mut self) -> Chunk;

    /// Takes a chunk back that is of no more use, to write into it again. Chunks that go away as they are need not come back.
    fn recycle(&mut self, _chunk: Chunk) {}

    /// What is to come after the last row.
    fn finish(&mut self) -> Chunk {
        self.take()
    }
}

/// Some encoded rows.
#[derive(Debug)]
#[non_exhaustive]
pub enum Chunk {
    /// A piece of a stream.
    Bytes(Vec<u8>),
    /// One array for each column, in the database's wire format.
    Columns(Vec<Vec<u8>>),
    /// Cells to bind.
    Cells(CellsChunk),
    /// Rows of values in the form in which the database stores them.
    Rows(Vec<Vec<Value>>),
}
