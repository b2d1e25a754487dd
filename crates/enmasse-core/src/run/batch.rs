//! The rows of a batch on their way: the host has them encoded, and takes them a chunk at a time.

use std::sync::Arc;

use crate::encode::{BatchEncoder, BatchShape, Chunk, SortedKeys};
use crate::error::Result;
use crate::plan::duplicate_keys;
use crate::run::{Callbacks, Progress, Row};
use crate::schema::ModelRef;
use crate::value::{DataType, Value};

/// The rows of a batch on their way.
#[derive(Debug)]
pub struct Batch<'c> {
    model: ModelRef,
    encoder: BatchEncoder,
    callbacks: &'c mut Callbacks,
    /// What was reported last.
    progress: Progress,
    is_complete: bool,
    /// A chunk that is encoded and was not taken yet.
    ready: Option<(Chunk, usize)>,
}

/// What comes next of a batch.
#[derive(Debug)]
#[non_exhaustive]
pub enum Next {
    /// A chunk and the number of its rows.
    Chunk(Chunk, usize),
    /// The host is to have more rows encoded first.
    Encode,
    /// Nothing: all rows were taken.
    End,
}

impl<'c> Batch<'c> {
    /// A batch without rows yet; `total` is how many there will be, where that is known.
    pub fn new(
        model: &ModelRef,
        encoder: BatchEncoder,
        total: Option<u64>,
        callbacks: &'c mut Callbacks,
    ) -> Self {
        let progress = Progress { total, ..Progress::default() };
        Batch { model: model.clone(), encoder, callbacks, progress, is_complete: false, ready: None }
    }

    /// What the rows are added to, until it [is full](BatchEncoder::is_full).
    pub fn encoder(&mut self) -> &mut BatchEncoder {
        &mut self.encoder
    }

    /// Says that the encoder is full, or that it has the last row.
    ///
    /// # Errors
    ///
    /// [`DuplicateKey`](crate::ErrorKind::DuplicateKey), where that comes out only once all rows are there.
    pub fn encoded(&mut self, is_complete: bool) -> Result<()> {
        self.is_complete = is_complete;
        if !is_complete {
            self.ready = Some(self.encoder.take());
            return Ok(());
        }
        let duplicates = self.encoder.twice();
        if !duplicates.is_empty() {
            let keys = duplicates.into_iter().map(|key| vec![key]).collect::<Vec<_>>();
            return Err(duplicate_keys(&self.model, self.key_positions(), keys.into_iter()));
        }
        self.ready = Some(self.encoder.finish_rows());
        Ok(())
    }

    /// Has rows added by `fill` until the encoder is full; `fill` says whether there are more.
    ///
    /// # Errors
    ///
    /// Those of `fill`, and of [`encoded`](Batch::encoded).
    pub fn encode(&mut self, fill: impl FnOnce(&mut BatchEncoder) -> Result<bool>) -> Result<()> {
        let has_more = fill(self.encoder())?;
        self.encoded(!has_more)
    }

    /// Whether the last row is encoded.
    pub fn is_complete(&self) -> bool {
        self.is_complete
    }

    /// The next chunk, if it is there.
    pub fn next_chunk(&mut self) -> Next {
        let Some((chunk, rows)) = self.ready.take() else {
            return if self.is_complete { Next::End } else { Next::Encode };
        };
        self.progress.staged += rows as u64;
        self.report();
        Next::Chunk(chunk, rows)
    }

    /// Takes a chunk back that is of no more use, to write into it again.
    pub fn recycle(&mut self, chunk: Chunk) {
        self.encoder.recycle(chunk);
    }

    /// The number of rows that have been encoded.
    pub fn rows(&self) -> u64 {
        self.encoder.rows()
    }

    /// The number of rows that were left out: their keys had come before.
    pub fn left_out(&self) -> u64 {
        self.encoder.left_out()
    }

    /// What the rows carry.
    pub fn shape(&self) -> &Arc<BatchShape> {
        self.encoder.shape()
    }

    /// The positions of the key's fields.
    pub fn key_positions(&self) -> &[usize] {
        let shape = self.encoder.shape();
        &shape.positions[..shape.key]
    }

    /// The types of the columns.
    pub(super) fn types(&self) -> Vec<DataType> {
        self.shape().columns.iter().map(|column| column.data_type.clone()).collect()
    }

    /// What a row of the batch says of each field of the model.
    pub(super) fn by_field(&self, row: Row) -> Vec<Option<Value>> {
        self.shape().by_field(self.model.fields.len(), row)
    }

    pub(super) fn callbacks(&mut self) -> &mut Callbacks {
        self.callbacks
    }

    /// The integer keys of all rows, in ascending order.
    pub(super) fn sorted_keys(&mut self) -> SortedKeys {
        self.encoder.sorted_keys()
    }

    /// Reports how many rows have been written so far.
    pub(super) fn written(&mut self, written: u64) {
        if written != self.progress.written {
            self.progress.written = written;
            self.report();
        }
    }

    fn report(&mut self) {
        if let Some(progress) = &mut self.callbacks.progress {
            progress(self.progress);
        }
    }
}
