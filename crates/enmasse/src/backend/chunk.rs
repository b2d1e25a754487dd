//! Groups a statement's rows into chunks.

use enmasse_core::value::Value;

use super::Row;

/// Maximum number of rows that [`Connection::stream`](super::Connection::stream) passes on at a time. A chunk
/// also ends after a number of bytes of long values.
const ROWS: usize = 256;
const BYTES: usize = 1 << 20;

/// Some hundred rows, or fewer if they are long.
pub(crate) struct RowChunk {
    rows: Vec<Row>,
    bytes: usize,
}

impl RowChunk {
    pub fn new() -> Self {
        RowChunk { rows: Vec::with_capacity(ROWS), bytes: 0 }
    }

    /// Adds a row; returns the chunk once it is full.
    pub fn add(&mut self, row: Row) -> Option<Vec<Row>> {
        self.bytes += row.iter().map(size).sum::<usize>();
        self.rows.push(row);
        (self.rows.len() == ROWS || self.bytes >= BYTES).then(|| self.take())
    }

    /// Returns the added rows.
    pub fn take(&mut self) -> Vec<Row> {
        std::mem::replace(self, RowChunk::new()).rows
    }
}

fn size(value: &Value) -> usize {
    match value {
        Value::Text(text) | Value::DecimalText(text) | Value::JsonText(text) => text.len(),
        Value::Bytes(bytes) | Value::Encoded(bytes) => bytes.len(),
        Value::Array(items) => items.iter().map(size).sum(),
        // A parsed document takes several times as much memory as its text.
        Value::Json(document) => 8 * document.to_string().len(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b06_few_long_rows_are_a_chunk() {
        let mut chunk = RowChunk::new();
        let long = Value::Text("x".repeat(BYTES / 2));
        assert!(chunk.add(vec![long.clone()]).is_none());
        assert_eq!(chunk.add(vec![Value::Int(1), long]).map(|rows| rows.len()), Some(2));
        let sent: usize =
            (0..600).filter_map(|id| chunk.add(vec![Value::Int(id)])).map(|rows| rows.len()).sum();
        assert_eq!((sent, chunk.take().len(), chunk.take().len()), (512, 88, 0));
    }
}
