//! Rows in an order in which each stands after those of its table that it refers to.
//!
//! Which rows these are is found by the values in the file, so that the database is not asked row by row. What is known of each row is
//! on the disk, as the rows are.

use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, SeekFrom, Write};

use enmasse::{Record, Value};

use crate::apply::bits::Bits;
use crate::apply::kept::{Kept, KeptFile};
use crate::apply::mapping::Mapping;
use crate::apply::numbers::Numbers;
use crate::apply::places::folded;
use crate::failure::{Failure, Result};

/// What is known of a row: where its line begins, how far it is, and then the row that each reference leads to, counted from 1.
const LINE: u64 = 0;
const STATE: u64 = 1;
const PARENTS: u64 = 2;

/// How far a row is: not begun, written, or, above this, begun after another one.
const NEW: u64 = 0;
const DONE: u64 = 1;
const BEGUN: u64 = 2;

/// Rows in such an order.
pub struct Ordered {
    pub rows: KeptFile,
    /// The rows, by their new places, that refer to a later one, as rows refer to each other in a circle. Their references can be NULL at first.
    pub circular: Bits,
}

/// Puts rows in such an order. Those that wait for no other stay as they stand.
pub fn in_order(kept: Kept, mapping: &Mapping) -> Result<Ordered> {
    let rows = kept.finish()?;
    let mut graph = Graph::of(&rows, mapping)?;
    let mut ordered = Lines::new(&rows)?;
    for row in 0..graph.rows {
        graph.write(row, mapping, &mut ordered)?;
    }
    ordered.finish()
}

fn failed(error: io::Error) -> Failure {
    Failure::failed(format!("cannot put the rows that refer to each other in order: {error}"))
}

/// Which row refers to which.
struct Graph {
    numbers: Numbers,
    rows: u64,
    /// How many numbers a row has.
    width: u64,
    /// The rows of values, found by their hashes: a table after the numbers of the rows.
    places: u64,
}

impl Graph {
    fn of(kept: &KeptFile, mapping: &Mapping) -> Result<Self> {
        let (rows, own) = (kept.len() as u64, &mapping.own_references);
        let mut referred: Vec<usize> = own.iter().map(|reference| reference.to).collect();
        referred.sort_unstable();
        referred.dedup();
        let places = (2 * rows * referred.len() as u64).next_power_of_two();
        let width = PARENTS + own.len() as u64;
        let mut graph = Graph { numbers: Numbers::new()?, rows, width, places };
        graph.note_lines(kept)?;
        each(kept, |row, record| {
            referred.iter().try_for_each(|&column| match hash(mapping, column, column, record) {
                Some(hash) => graph.note_value(hash, row),
                None => Ok(()),
            })
        })?;
        each(kept, |row, record| {
            for (number, reference) in (0..).zip(own) {
                let Some(hash) = hash(mapping, reference.from, reference.to, record) else { continue };
                if let Some(parent) = graph.row_of(hash)?.filter(|parent| *parent != row) {
                    graph.numbers.set(row * graph.width + PARENTS + number, parent + 1)?;
                }
            }
            Ok(())
        })?;
        Ok(graph)
    }

    /// Notes where the line of each row begins.
    fn note_lines(&mut self, kept: &KeptFile) -> Result<()> {
        let mut lines = BufReader::new(File::open(kept.path()).map_err(failed)?);
        let mut start = 0;
        for row in 0..self.rows {
            self.numbers.set(row * self.width + LINE, start)?;
            start += lines.skip_until(b'\n').map_err(failed)? as u64;
        }
        Ok(())
    }

    /// Notes that a row has a value to which others may refer.
    fn note_value(&mut self, hash: u64, row: u64) -> Result<()> {
        let (place, is_free) = self.place(hash)?;
        if is_free {
            self.numbers.set(place, hash)?;
            self.numbers.set(place + 1, row + 1)?;
        }
        Ok(())
    }

    fn row_of(&mut self, hash: u64) -> Result<Option<u64>> {
        let (place, is_free) = self.place(hash)?;
        Ok(if is_free { None } else { Some(self.numbers.get(place + 1)? - 1) })
    }

    /// Where a value is noted, or is to be, and whether it is not yet.
    fn place(&mut self, hash: u64) -> Result<(u64, bool)> {
        let mut at = hash;
        loop {
            let place = self.rows * self.width + 2 * (at % self.places);
            if self.numbers.get(place + 1)? == 0 {
                return Ok((place, true));
            }
            if self.numbers.get(place)? == hash {
                return Ok((place, false));
            }
            at = at.wrapping_add(1);
        }
    }

    fn state(&mut self, row: u64) -> Result<u64> {
        self.numbers.get(row * self.width + STATE)
    }

    fn set_state(&mut self, row: u64, state: u64) -> Result<()> {
        self.numbers.set(row * self.width + STATE, state)
    }

    /// Writes a row after all that it refers to, and these after all that they refer to.
    fn write(&mut self, row: u64, mapping: &Mapping, lines: &mut Lines) -> Result<()> {
        if self.state(row)? != NEW {
            return Ok(());
        }
        // a row that is begun has the one that waits for it in its state; the first waits for itself
        self.set_state(row, BEGUN + row)?;
        let mut row = row;
        loop {
            let (mut next, mut is_circular) = (None, false);
            for (number, reference) in (0..).zip(&mapping.own_references) {
                let parent = self.numbers.get(row * self.width + PARENTS + number)?;
                let Some(parent) = parent.checked_sub(1) else { continue };
                match self.state(parent)? {
                    DONE => {}
                    NEW => next = Some(parent),
                    _ => is_circular |= reference.can_be_null,
                }
            }
            if let Some(parent) = next {
                self.set_state(parent, BEGUN + row)?;
                row = parent;
                continue;
            }
            let waiting = self.state(row)? - BEGUN;
            self.set_state(row, DONE)?;
            lines.write(self.numbers.get(row * self.width + LINE)?, is_circular)?;
            if waiting == row {
                return Ok(());
            }
            row = waiting;
        }
    }
}

/// Goes through the rows, which are counted from 0.
fn each(kept: &KeptFile, mut work: impl FnMut(u64, &Record) -> Result<()>) -> Result<()> {
    let (mut rows, mut row) = (kept.rows()?, 0);
    loop {
        let lot = rows.lot()?;
        if lot.is_empty() {
            return Ok(());
        }
        for record in &lot {
            work(row, record)?;
            row += 1;
        }
    }
}

/// A value of a row, as it is found: of two texts that a collation may take for the same, too.
fn hash(mapping: &Mapping, from: usize, to: usize, record: &Record) -> Option<u64> {
    let position = mapping.columns[from].positions[0];
    let value = Some(&record.values()[position]).filter(|value| !matches!(value, Value::Null))?;
    let mut hasher = DefaultHasher::new();
    (to, folded(std::slice::from_ref(value))).hash(&mut hasher);
    Some(hasher.finish())
}

/// The lines of rows, written in another order.
struct Lines {
    from: File,
    to: BufWriter<File>,
    kept: KeptFile,
    circular: Bits,
    rows: usize,
    line: Vec<u8>,
}

impl Lines {
    fn new(rows: &KeptFile) -> Result<Self> {
        let kept = KeptFile::empty(rows)?;
        let from = File::open(rows.path()).map_err(failed)?;
        let to = BufWriter::new(File::create(kept.path()).map_err(failed)?);
        Ok(Lines { from, to, kept, circular: Bits::default(), rows: 0, line: Vec::new() })
    }

    fn write(&mut self, at: u64, is_circular: bool) -> Result<()> {
        self.circular.push(is_circular);
        self.rows += 1;
        self.line.clear();
        let read = self.from.seek(SeekFrom::Start(at)).and_then(|_| {
            BufReader::with_capacity(1_024, Read::by_ref(&mut self.from)).read_until(b'\n', &mut self.line)
        });
        read.and_then(|_| self.to.write_all(&self.line)).map_err(failed)
    }

    fn finish(self) -> Result<Ordered> {
        let Lines { to, mut kept, circular, rows, .. } = self;
        to.into_inner().map_err(|error| failed(error.into_error()))?;
        kept.has(rows);
        Ok(Ordered { rows: kept, circular })
    }
}
