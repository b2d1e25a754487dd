//! Reads objects and encodes them.

use enmasse_core::encode::{Added, BatchEncoder, BatchShape};
use enmasse_core::error::Result;
use enmasse_core::plan::{duplicate_keys, shown_key, unsaved};
use enmasse_core::schema::ModelRef;
use enmasse_core::{Value, ValueRef};
use futures_util::future::BoxFuture;

use crate::backend::Row;
use crate::run::batch::Carrier;
use crate::run::batch::source::{Object, Source};

/// Objects of a slice sorted at a time; their keys and positions are kept in memory.
const SORTED: usize = 1 << 20;

/// Maximum number of objects, and of bytes of their long values, read ahead to detect small batches.
const AHEAD: usize = 2_048;
const AHEAD_BYTES: usize = 2 << 20;

/// Yield to the scheduler after this many objects: a chunk may be large, and a source may never wait.
const TURN: usize = 2_048;

/// The rows of a batch from any source.
pub(crate) trait Feed: Send {
    /// The number of rows, if they are few or the number is known.
    fn count(&self) -> Option<u64>;

    /// Encodes rows until the encoder is full; returns whether more rows may follow.
    fn fill<'a>(&'a mut self, encoder: &'a mut BatchEncoder) -> BoxFuture<'a, Result<bool>>;

    /// Rewinds to the first row; returns whether that is possible.
    fn rewind(&mut self) -> bool;
}

/// The objects of a source.
pub(crate) struct RowFeed<'o, T> {
    model: ModelRef,
    source: Source<'o, T>,
    /// Objects read ahead from a source that can be read only once.
    ahead: Vec<Object<'o, T>>,
    /// Whether these are all objects.
    ended: bool,
    /// The number of encoded objects.
    done: usize,
    /// The next positions of a slice in key order, if that differs from the slice's order.
    order: Vec<(i64, u32)>,
}

impl<'o, T: Carrier> RowFeed<'o, T> {
    /// Reads ahead far enough to detect a small batch.
    pub async fn new(model: ModelRef, source: Source<'o, T>) -> Result<Self> {
        let mut feed = RowFeed { model, source, ahead: Vec::new(), ended: false, done: 0, order: Vec::new() };
        let mut bytes = 0;
        while !feed.ended && feed.ahead.len() < AHEAD && bytes < AHEAD_BYTES {
            if feed.source.len().is_some() {
                break;
            }
            match feed.source.next().await? {
                Some(object) => {
                    bytes += size(&feed.model, &*object);
                    feed.ahead.push(object);
                }
                None => feed.ended = true,
            }
        }
        Ok(feed)
    }

    /// Reads all remaining objects of a source that can be read only once, so that they can be read again.
    pub async fn read_all(&mut self) -> Result<()> {
        while self.source.len().is_none() && !self.ended {
            match self.source.next().await? {
                Some(object) => self.ahead.push(object),
                None => self.ended = true,
            }
        }
        Ok(())
    }

    /// The values of these fields, of all objects read so far.
    pub fn values(&self, positions: &[usize]) -> Vec<Vec<Value>> {
        let length = self.source.len().unwrap_or(self.ahead.len());
        let of = |at| positions.iter().map(move |&position| (at, position));
        let value = |(at, position)| self.at(at).carried(&self.model, position).into_owned();
        (0..length).map(|at| of(at).map(value).collect()).collect()
    }

    fn at(&self, position: usize) -> &T {
        match &self.source {
            Source::Slice(objects) => &objects[position],
            Source::Owned(objects) => &objects[position],
            Source::References(objects) => objects[position],
            Source::Iterator(_) | Source::Stream(_) => &self.ahead[position],
        }
    }

    /// Sorts the next objects of a slice by key: the database finds and locks their rows in that order.
    fn sort(&mut self, batch: &BatchShape, length: usize) {
        let start = self.done;
        let mut keys = Vec::with_capacity(SORTED.min(length - start));
        for position in start..length.min(start + SORTED) {
            // Encoding refuses an object without a key.
            let key = match self.at(position).carried(&self.model, batch.positions[0]) {
                ValueRef::Int(key) => key,
                ValueRef::Owned(Value::Int(key)) => key,
                _ => i64::MIN,
            };
            keys.push((key, (position - start) as u32));
        }
        if !keys.is_sorted() {
            keys.sort_unstable();
        }
        self.order = keys;
    }

    fn fill_slice(&mut self, length: usize, batch: &BatchShape, encoder: &mut BatchEncoder) -> Result<bool> {
        let sorted = batch.key == 1 && batch.columns[0].data_type.is_integer();
        while self.done < length {
            if encoder.is_full() {
                return Ok(true);
            }
            let mut position = self.done;
            if sorted {
                let within = self.done % SORTED;
                if within == 0 {
                    self.sort(batch, length);
                }
                position = self.done - within + self.order[within].1 as usize;
            }
            encode(&self.model, self.at(position), position as u64, batch, encoder)?;
            self.done += 1;
        }
        Ok(false)
    }
}

/// Approximate bytes of an object's values.
fn size<T: Carrier>(model: &ModelRef, object: &T) -> usize {
    fn bytes(value: ValueRef<'_>) -> usize {
        match value {
            ValueRef::Text(text) | ValueRef::DecimalText(text) | ValueRef::JsonText(text) => text.len(),
            ValueRef::Bytes(bytes) => bytes.len(),
            // A parsed document takes several times as much memory as its text.
            ValueRef::Json(document) => 8 * document.to_string().len(),
            ValueRef::Array(items) => items.iter().map(|item| bytes(item.into())).sum(),
            ValueRef::Owned(value) => bytes((&value).into()),
            _ => size_of::<Value>(),
        }
    }
    (0..model.fields.len()).map(|field| bytes(object.carried(model, field))).sum()
}

/// Encodes one object.
fn encode<T: Carrier>(
    model: &ModelRef,
    object: &T,
    number: u64,
    batch: &BatchShape,
    encoder: &mut BatchEncoder,
) -> Result<()> {
    let cell = |column: usize| match batch.positions.get(column) {
        Some(&position) => object.carried(model, position),
        None => ValueRef::Int(object.mask(batch.masked(column))),
    };
    let key = || (0..batch.key).map(|column| cell(column).into_owned()).collect::<Vec<_>>();
    let positions = &batch.positions[..batch.key];
    match encoder.row(|column| Ok(cell(column))) {
        Ok(Added::Yes | Added::LeftOut) => Ok(()),
        Ok(Added::KeyIsNull) => Err(unsaved(model, positions, number + 1)),
        Ok(Added::Twice) => Err(duplicate_keys(model, positions, std::iter::once(key()))),
        Err(error) => Err(error.at(shown_key(model, positions, key())).with_keys(vec![key()])),
    }
}

impl<T: Carrier> Feed for RowFeed<'_, T> {
    fn count(&self) -> Option<u64> {
        let count = self.source.len().or(self.ended.then_some(self.ahead.len()));
        count.map(|count| count as u64)
    }

    fn fill<'a>(&'a mut self, encoder: &'a mut BatchEncoder) -> BoxFuture<'a, Result<bool>> {
        Box::pin(async move {
            let shape = &*encoder.shape().clone();
            let length = self.source.len().unwrap_or(self.ahead.len());
            if self.done < length && self.fill_slice(length, shape, encoder)? {
                return Ok(true);
            }
            if self.source.len().is_some() || self.ended {
                return Ok(false);
            }
            // Objects read ahead are no longer needed: the source cannot be rewound.
            self.ahead = Vec::new();
            loop {
                if encoder.is_full() {
                    return Ok(true);
                }
                let Some(object) = self.source.next().await? else { return Ok(false) };
                encode(&self.model, &*object, self.done as u64, shape, encoder)?;
                self.done += 1;
                if self.done.is_multiple_of(TURN) {
                    tokio::task::yield_now().await;
                }
            }
        })
    }

    fn rewind(&mut self) -> bool {
        let possible = self.source.len().is_some() || self.ended || self.done <= self.ahead.len();
        if possible {
            self.done = 0;
        }
        possible
    }
}

/// New rows: values of all fields of the model.
pub(crate) struct ValuesFeed<'r> {
    rows: &'r [Row],
    /// The positions of the selected rows.
    chosen: &'r [usize],
    done: usize,
}

impl<'r> ValuesFeed<'r> {
    pub fn new(rows: &'r [Row], chosen: &'r [usize]) -> Self {
        ValuesFeed { rows, chosen, done: 0 }
    }
}

impl Feed for ValuesFeed<'_> {
    fn count(&self) -> Option<u64> {
        Some(self.chosen.len() as u64)
    }

    fn fill<'a>(&'a mut self, encoder: &'a mut BatchEncoder) -> BoxFuture<'a, Result<bool>> {
        Box::pin(async move {
            let shape = encoder.shape().clone();
            while let Some(&at) = self.chosen.get(self.done) {
                if encoder.is_full() {
                    return Ok(true);
                }
                let row = &self.rows[at];
                encoder.row(|column| Ok((&row[shape.positions[column]]).into()))?;
                self.done += 1;
                if self.done.is_multiple_of(TURN) {
                    tokio::task::yield_now().await;
                }
            }
            Ok(false)
        })
    }

    fn rewind(&mut self) -> bool {
        self.done = 0;
        true
    }
}
