//! Streams the rows of the file to the database; a separate thread reads and checks them.

use std::fs;
use std::io::{BufWriter, Write};
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

use enmasse::schema::ModelRef;
use enmasse::{Error, ErrorKind, Record, Value};
use futures_util::stream::{self, Stream, StreamExt};
use tokio::sync::mpsc;

use crate::apply::bits::Bits;
use crate::apply::files::{OutputFile, cannot_write};
use crate::apply::mapping::Mapping;
use crate::apply::refused::Refused;
use crate::failure::{Failure, Result, cut};
use crate::input::{BadRow, Input, Item, Rejects, Rows};
use crate::output::grouped;
use crate::panics;
use crate::progress::Meter;

/// The most rows that go from the thread to the database at a time, and the bytes after which a part of them ends.
const PART: usize = 512;
const PART_BYTES: usize = 256 * 1024;

/// How many such parts may wait: each may be one long row.
const AHEAD: usize = 2;

/// How many bytes of messages about bad rows are kept, whatever --max-errors says.
const BAD_BYTES: usize = 1 << 20;

/// What is done about bad rows.
#[derive(Clone, Debug)]
pub struct BadRows {
    /// So many are told of before giving up.
    pub most: u64,
    /// The file that keeps them, where they are skipped.
    pub rejects: Option<String>,
    /// Those that the database refused.
    pub refused: Arc<Refused>,
    /// How many were told of, by whichever try.
    pub told: Arc<AtomicU64>,
}

/// What is known when the last row was read.
#[derive(Debug, Default)]
pub struct Read {
    pub rows: u64,
    pub bad: u64,
    /// Why reading ended early.
    pub failure: Option<Failure>,
    /// What writes the bad rows, to be kept when all is done.
    pub rejects: Option<BufWriter<fs::File>>,
}

/// What was read, once the stream has ended.
pub type Shared = Arc<Mutex<Read>>;

/// The file of the bad rows, if one is written: it is kept or removed when this is dropped.
pub type RejectsOutput = Option<OutputFile<()>>;

/// Reads the rows, without those that are `left_out`, which are only counted; what became of it is told when the stream has ended, or was dropped. The file of the bad ones goes when it is dropped,
/// although the thread that writes it may live longer.
pub fn records(
    input: &Input,
    mapping: &Arc<Mapping>,
    uneven: bool,
    bad_rows: &BadRows,
    left_out: &Arc<Bits>,
    meter: &Meter,
) -> Result<(impl Stream<Item = Result<Record, Error>> + Send + use<>, Shared, RejectsOutput)> {
    let rows = if bad_rows.refused.is_empty() {
        input.rows(&mapping.wanted())?
    } else {
        input.keeping_raw().rows(&mapping.wanted())?
    };
    meter.reads(input.size(), rows.bytes_read());
    let read = Arc::new(Mutex::new(Read::default()));
    let (sender, receiver) = mpsc::channel(AHEAD);
    let (rejects, file) = bad_rows.rejects.as_deref().map(|path| rejects(path, input)).transpose()?.unzip();
    let mut reader = Reader {
        file: input.name().to_owned(),
        mapping: mapping.clone(),
        uneven,
        bad_rows: bad_rows.clone(),
        left_out: left_out.clone(),
        rejects,
        bad: Vec::new(),
        bad_bytes: 0,
        read: Read::default(),
        meter: meter.clone(),
    };
    let (told, name) = (read.clone(), input.name().to_owned());
    std::thread::spawn(move || {
        let result = panics::reading(&name, || reader.run(rows, &sender));
        let mut read = std::mem::take(&mut reader.read);
        read.rejects = reader.rejects.take().map(|rejects| rejects.writer);
        let is_whole = result.is_ok();
        read.failure = result.err();
        *told.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = read;
        if is_whole {
            _ = sender.blocking_send(Part::End);
        }
    });
    Ok((received(receiver), read, file))
}

/// What the thread sends.
enum Part {
    Rows(Vec<Record>),
    /// There are no more rows. Whatever else ends the thread does not send this.
    End,
}

/// The records that a thread sends; an error after them where it ended without saying that these were all.
fn received(receiver: mpsc::Receiver<Part>) -> impl Stream<Item = Result<Record, Error>> + Send {
    let parts = stream::unfold(Some(receiver), |receiver| async move {
        let mut receiver = receiver?;
        match receiver.recv().await {
            Some(Part::Rows(rows)) => {
                Some((stream::iter(rows.into_iter().map(Ok)).left_stream(), Some(receiver)))
            }
            Some(Part::End) => None,
            None => {
                // the reason, where it is known, takes the place of this error
                let error =
                    Error::new(ErrorKind::Value, "the file was not read to its end, and nothing is written");
                Some((stream::iter([Err(error)]).right_stream(), None))
            }
        }
    });
    parts.flatten()
}

/// Where bad rows are written.
struct RejectsFile {
    /// As it was given.
    path: String,
    writer: BufWriter<fs::File>,
    lines: Rejects,
}

/// The file of the rows that are refused, with the header of the one that is read.
fn rejects(path: &str, input: &Input) -> Result<(RejectsFile, OutputFile<()>)> {
    let file = OutputFile::create(path, |place| {
        fs::File::create(place).map(BufWriter::new).map_err(|error| cannot_write(path, &error))
    })?;
    let (writer, file) = file.apart();
    let mut rejects = RejectsFile { path: path.to_owned(), writer, lines: input.rejects() };
    let header = rejects.lines.header().map_or(String::new(), |header| format!("{header}\n"));
    rejects.write(&format!("{}{header}", input.mark_for_rejects()))?;
    Ok((rejects, file))
}

impl RejectsFile {
    fn write(&mut self, text: &str) -> Result<()> {
        self.writer.write_all(text.as_bytes()).map_err(|error| cannot_write(&self.path, &error))
    }
}

struct Reader {
    /// What messages call the file.
    file: String,
    mapping: Arc<Mapping>,
    /// Whether rows may lack columns.
    uneven: bool,
    bad_rows: BadRows,
    left_out: Arc<Bits>,
    rejects: Option<RejectsFile>,
    /// What is said of those that end it: not the rows themselves, which may be long, and not of all, which may be many.
    bad: Vec<String>,
    bad_bytes: usize,
    read: Read,
    meter: Meter,
}

impl Reader {
    fn run(&mut self, rows: Rows, sender: &mpsc::Sender<Part>) -> Result<()> {
        let (mut part, mut bytes) = (Vec::with_capacity(PART), 0);
        for item in rows {
            match item? {
                Item::Row(row) => {
                    let place = row.place;
                    if let Some(problem) = self.bad_rows.refused.problem(place) {
                        let (file, problem) = (self.file.clone(), problem.to_owned());
                        let raw = row.raw.unwrap_or_default();
                        self.refuse(BadRow { file, place, cell: None, problem, raw })?;
                        continue;
                    }
                    if !self.uneven && row.values.iter().any(Option::is_none) {
                        return Err(Failure::failed(format!(
                            "{place}: the file was changed while it was read"
                        )));
                    }
                    bytes += memory(&row.values);
                    let record = self.mapping.record(row.values);
                    let record = record.map_err(|error| Failure::failed(format!("{place}: {error}")))?;
                    let is_left_out = self.left_out.has(self.read.rows);
                    self.read.rows += 1;
                    // after a bad row, the rest is only looked at
                    if !self.bad.is_empty() || is_left_out {
                        continue;
                    }
                    part.push(record);
                    if part.len() == PART || bytes >= PART_BYTES {
                        self.meter.add_rows(part.len() as u64);
                        bytes = 0;
                        let full = std::mem::replace(&mut part, Vec::with_capacity(PART));
                        if sender.blocking_send(Part::Rows(full)).is_err() {
                            return Ok(()); // nobody wants the rest
                        }
                    }
                }
                Item::Bad(bad) => self.refuse(bad)?,
            }
        }
        if !self.bad.is_empty() {
            return Err(self.give_up());
        }
        self.meter.add_rows(part.len() as u64);
        self.meter.has_read(self.read.rows);
        _ = sender.blocking_send(Part::Rows(part));
        Ok(())
    }

    fn refuse(&mut self, bad: BadRow) -> Result<()> {
        self.read.bad += 1;
        if let Some(rejects) = &mut self.rejects {
            let line = rejects.lines.line(&bad);
            rejects.write(&(line + "\n"))?;
            let told = &self.bad_rows.told;
            if self.read.bad <= self.bad_rows.most && told.fetch_max(self.read.bad, SeqCst) < self.read.bad {
                self.meter.aside(|| tell!("enmasse: skipped: {}", cut(&bad.to_string())));
            }
            return Ok(());
        }
        if self.bad_bytes < BAD_BYTES {
            let line = cut(&bad.to_string());
            self.bad_bytes += line.len();
            self.bad.push(line);
        }
        if self.read.bad >= self.bad_rows.most { Err(self.give_up()) } else { Ok(()) }
    }

    fn give_up(&mut self) -> Failure {
        let mut lines = std::mem::take(&mut self.bad);
        let others = self.read.bad - lines.len() as u64;
        if others > 0 {
            let rows = if others == 1 { "row" } else { "rows" };
            lines.push(format!("{}: {} more bad {rows}", self.file, grouped(others)));
        }
        Failure::failed(format!("{}\nNothing was written.", lines.join("\n")))
    }
}

/// About how many bytes of memory the values of a row take.
pub fn memory(row: &[Option<Value>]) -> usize {
    fn value_of(value: &Value) -> usize {
        size_of::<Value>()
            + match value {
                Value::Text(text) => text.len(),
                Value::Bytes(bytes) => bytes.len(),
                Value::Json(value) => document(value),
                Value::Array(items) => items.iter().map(value_of).sum(),
                _ => 0,
            }
    }
    fn document(value: &serde_json::Value) -> usize {
        use serde_json::Value::{Array, Object, String};
        size_of::<serde_json::Value>()
            + match value {
                String(text) => text.len(),
                Array(items) => items.iter().map(document).sum(),
                // a node has room for eleven members
                Object(members) => {
                    512 + members.iter().map(|(key, value)| key.len() + document(value)).sum::<usize>()
                }
                _ => 0,
            }
    }
    row.iter().flatten().map(value_of).sum()
}

impl Mapping {
    /// The row as a record of the model.
    pub fn record(&self, mut row: Vec<Option<Value>>) -> Result<Record, Error> {
        let mut values = vec![None; self.model.fields.len()];
        for (value, column) in row.iter_mut().zip(&self.columns) {
            let (last, others) = column.positions.split_last().unwrap_or((&0, &[]));
            others.iter().for_each(|&position| values[position] = value.clone());
            values[*last] = value.take();
        }
        Record::of_some(&self.model, values)
    }

    /// What the file would have of a record.
    pub fn row(&self, record: &Record) -> Vec<Option<Value>> {
        let value = |position: usize| record.is_set(position).then(|| record.values()[position].clone());
        let of = |positions: &[usize]| positions.iter().find_map(|&position| value(position));
        self.columns.iter().map(|column| of(&column.positions)).collect()
    }
}

/// The records that say something of the same fields, each lot with a model of just these: what a lot does not have, the database
/// fills in.
pub fn by_fields(model: &ModelRef, records: Vec<Record>) -> Result<Vec<(ModelRef, Vec<Record>)>, Error> {
    let mut lots: Vec<(Vec<usize>, ModelRef, Vec<Record>)> = Vec::new();
    for record in records {
        let set: Vec<usize> = (0..model.fields.len()).filter(|&position| record.is_set(position)).collect();
        if set.len() == model.fields.len() {
            match lots.iter_mut().find(|(fields, ..)| *fields == set) {
                Some((.., lot)) => lot.push(record),
                None => lots.push((set, model.clone(), vec![record])),
            }
            continue;
        }
        let lot = match lots.iter().position(|(fields, ..)| *fields == set) {
            Some(lot) => lot,
            None => {
                let names = set.iter().map(|&position| model.fields[position].name.as_str());
                lots.push((set.clone(), model.narrowed(names)?, Vec::new()));
                lots.len() - 1
            }
        };
        let (_, narrow, lot) = &mut lots[lot];
        let mut narrowed = Record::new(narrow);
        for position in set {
            narrowed.set(&model.fields[position].name, record.values()[position].clone())?;
        }
        lot.push(narrowed);
    }
    Ok(lots.into_iter().map(|(_, model, lot)| (model, lot)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many rows are received of a thread that sends two and then ends in some way, and whether an error follows them.
    async fn sent_by(end: impl FnOnce(mpsc::Sender<Part>) + Send + 'static) -> (usize, bool) {
        use enmasse::DataType;
        use enmasse::schema::{Field, Model, Schema};
        let table = Model::new("T", "t").add(Field::new("id", DataType::BigInt).primary_key());
        let model: ModelRef = Schema::new(vec![table]).unwrap().models().next().unwrap();
        let (sender, receiver) = mpsc::channel(AHEAD);
        std::thread::spawn(move || {
            _ = panics::caught(|| {
                sender.blocking_send(Part::Rows(vec![Record::new(&model), Record::new(&model)])).unwrap();
                end(sender);
            });
        });
        let received: Vec<_> = received(receiver).collect().await;
        (received.iter().filter(|record| record.is_ok()).count(), received.last().unwrap().is_err())
    }

    #[tokio::test]
    async fn a01_rows_end_where_their_thread_says_so_only() {
        assert_eq!(sent_by(|sender| sender.blocking_send(Part::End).unwrap()).await, (2, false));
        assert_eq!(sent_by(|_| panic!("this panic is part of the test")).await, (2, true));
        assert_eq!(sent_by(drop).await, (2, true));
    }
}
