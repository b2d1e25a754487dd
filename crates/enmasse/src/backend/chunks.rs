//! The encoded rows of a batch, a chunk at a time.

use enmasse_core::encode::Chunk;
use enmasse_core::error::{Error, ErrorKind, Result};
use futures_util::future::BoxFuture;

/// Encoded rows, a chunk at a time.
pub(crate) trait Chunks: Send {
    /// The next chunk and the number of its rows; `None` after the last.
    fn next(&mut self) -> BoxFuture<'_, Result<Option<(Chunk, usize)>>>;

    /// Takes a chunk back that is of no more use.
    #[cfg_attr(not(feature = "sqlite"), allow(dead_code))] // the others send them away
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
