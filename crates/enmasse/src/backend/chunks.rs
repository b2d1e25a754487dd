//! The encoded rows of a batch, in chunks.

use enmasse_core::encode::Chunk;
use enmasse_core::error::{Error, ErrorKind, Result};
use futures_util::future::BoxFuture;

/// Encoded rows, in chunks.
pub(crate) trait Chunks: Send {
    /// The next chunk and its number of rows; `None` after the last.
    fn next(&mut self) -> BoxFuture<'_, Result<Option<(Chunk, usize)>>>;

    /// Takes back a used chunk for reuse.
    #[cfg_attr(not(feature = "sqlite"), allow(dead_code))] // the other databases do not return them
    fn recycle(&mut self, chunk: Chunk);
}

/// The error for a chunk that the statement cannot take.
pub(crate) fn wrong_form(chunk: &Chunk) -> Error {
    let form = match chunk {
        Chunk::Bytes(_) => "bytes",
        Chunk::Columns(_) => "columns",
        Chunk::Cells(_) => "cells",
        _ => "rows",
    };
    Error::new(ErrorKind::Request, format!("the statement takes no chunks of {form}"))
}
