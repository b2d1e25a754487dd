//! Rows of values in the form in which the database stores them: for statements that carry them as parameters.

use std::sync::Arc;

use crate::dialect::Dialect;
use crate::encode::{Chunk, Encoder};
use crate::error::{Error, Result};
use crate::value::{DataType, Value, ValueRef};

/// Rows of values in the form in which the database stores them.
#[derive(Debug)]
pub struct Stored {
    dialect: Arc<dyn Dialect>,
    types: Vec<DataType>,
    rows: Vec<Vec<Value>>,
    row: Vec<Value>,
    size: usize,
}

impl Stored {
    /// Rows with columns of these types.
    pub fn new(dialect: Arc<dyn Dialect>, types: Vec<DataType>) -> Self {
        Stored { row: Vec::with_capacity(types.len()), dialect, types, rows: Vec::new(), size: 0 }
    }
}

impl Encoder for Stored {
    fn cell(&mut self, column: usize, value: &ValueRef<'_>) -> Result<()> {
        self.size += 16
            + match value {
                ValueRef::Text(text) | ValueRef::DecimalText(text) | ValueRef::JsonText(text) => text.len(),
                ValueRef::Bytes(bytes) => bytes.len(),
                _ => 0,
            };
        if let ValueRef::Opaque(_) = value.borrowed() {
            return Err(Error::value("a row of a batch takes no parameter that only the host can read."));
        }
        let value = self.dialect.store(&value.borrowed().into_owned(), &self.types[column])?;
        self.row.push(value);
        Ok(())
    }

    fn end_row(&mut self) {
        self.rows.push(std::mem::replace(&mut self.row, Vec::with_capacity(self.types.len())));
    }

    fn size(&self) -> usize {
        self.size
    }

    fn take(&mut self) -> Chunk {
        self.size = 0;
        Chunk::Rows(std::mem::take(&mut self.rows))
    }
}
