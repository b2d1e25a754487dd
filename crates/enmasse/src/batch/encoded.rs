//! The rows of a batch, encoded a chunk at a time as they are asked for.

use enmasse_core::encode::{BatchEncoder, Chunk};
use enmasse_core::error::Result;
use enmasse_core::plan::{BatchShape, duplicate_keys};
use enmasse_core::schema::ModelRef;
use enmasse_core::{DataType, Value};
use futures_util::future::BoxFuture;

use crate::backend::Row;
use crate::batch::{Feed, Listeners, Progress};

/// Encoded rows, a chunk at a time.
pub(crate) trait Chunks: Send {
    /// The next chunk and the number of its rows; `None` after the last.
    fn next(&mut self) -> BoxFuture<'_, Result<Option<(Chunk, usize)>>>;

    /// Takes a chunk back that is of no more use.
    #[cfg_attr(not(feature = "sqlite"), allow(dead_code))] // the others send them away
    fn recycle(&mut self, chunk: Chunk);
}

/// The rows of a feed, encoded.
pub(crate) struct Encoded<'a, 'r> {
    model: &'a ModelRef,
    shape: &'r BatchShape,
    feed: &'a mut dyn Feed,
    encoder: BatchEncoder<'r>,
    listeners: &'a mut Listeners,
    /// What has been told last.
    told: Progress,
    ended: bool,
    /// A chunk that was encoded before it was asked for.
    ahead: Option<(Chunk, usize)>,
}

impl<'a, 'r> Encoded<'a, 'r> {
    pub fn new(
        model: &'a ModelRef,
        shape: &'r BatchShape,
        feed: &'a mut dyn Feed,
        encoder: BatchEncoder<'r>,
        listeners: &'a mut Listeners,
    ) -> Self {
        let told = Progress { total: feed.count(), ..Progress::default() };
        Encoded { model, shape, feed, encoder, listeners, told, ended: false, ahead: None }
    }

    /// Encodes the first chunk: what is wrong with it is said before anything is sent. Says whether it has all rows.
    pub async fn prefetch(&mut self) -> Result<bool> {
        self.ahead = self.encode().await?;
        Ok(self.ended)
    }

    async fn encode(&mut self) -> Result<Option<(Chunk, usize)>> {
        if self.ended {
            return Ok(None);
        }
        if self.feed.fill(self.shape, &mut self.encoder).await? {
            return Ok(Some(self.encoder.take()));
        }
        self.ended = true;
        let twice = self.encoder.twice();
        if !twice.is_empty() {
            let keys = twice.into_iter().map(|key| vec![key]).collect::<Vec<_>>();
            return Err(duplicate_keys(self.model, self.positions(), keys.into_iter()));
        }
        Ok(Some(self.encoder.finish_rows()))
    }

    /// Who is told of the rows.
    pub fn listeners(&mut self) -> &mut Listeners {
        self.listeners
    }

    /// What a row of the batch says of each field of the model.
    pub fn by_field(&self, row: Row) -> Vec<Option<Value>> {
        self.shape.by_field(self.model.fields.len(), row)
    }

    /// The types of the batch's columns.
    pub fn types(&self) -> Vec<DataType> {
        self.shape.columns.iter().map(|column| column.data_type.clone()).collect()
    }

    /// How many columns are the key.
    pub fn key(&self) -> usize {
        self.shape.key
    }

    /// The positions of the key's fields.
    pub fn positions(&self) -> &'r [usize] {
        &self.shape.positions[..self.shape.key]
    }

    /// How many rows have been encoded.
    pub fn rows(&self) -> u64 {
        self.encoder.rows()
    }

    /// The integer keys of all rows in ascending order, some at a time, and what is called with the number of rows written.
    pub fn sorted_keys(&mut self) -> (impl FnMut(u64) + Send, impl Iterator<Item = Vec<i64>> + Send) {
        let (told, progress) = (&mut self.told, &mut self.listeners.progress);
        let written = move |written| {
            told.written = written;
            if let Some(progress) = progress {
                progress(*told);
            }
        };
        (written, self.encoder.sorted_keys())
    }

    /// Says how many rows have been written so far.
    pub fn written(&mut self, written: u64) {
        if written != self.told.written {
            self.told.written = written;
            self.tell();
        }
    }

    fn tell(&mut self) {
        if let Some(progress) = &mut self.listeners.progress {
            progress(self.told);
        }
    }
}

impl Chunks for Encoded<'_, '_> {
    fn next(&mut self) -> BoxFuture<'_, Result<Option<(Chunk, usize)>>> {
        Box::pin(async move {
            let next = match self.ahead.take() {
                Some(chunk) => Some(chunk),
                None => self.encode().await?,
            };
            if let Some((_, rows)) = &next {
                self.told.staged += *rows as u64;
                self.tell();
            }
            Ok(next)
        })
    }

    fn recycle(&mut self, chunk: Chunk) {
        self.encoder.recycle(chunk);
    }
}
