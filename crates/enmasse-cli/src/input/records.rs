//! Splits a CSV file's text into records: cells with their line and source text.

use std::io::Read;

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};

use super::limits::{self, Limits};
use super::stream::{self, Stream};
use crate::failure::{Failure, Result};

/// The size of a read, in bytes.
const CHUNK: usize = 128 * 1024;

/// The delimiter and the quote of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    pub delimiter: u8,
    /// The quote character; `None` if no character quotes.
    pub quote: Option<u8>,
    /// Whether the first line only states the delimiter.
    pub begins_with_sep: bool,
}

/// Splits text into records. A record's cells are valid until the next is read.
pub struct Records {
    name: String,
    stream: Stream,
    parser: Reader,
    limits: Limits,
    /// The current record, followed by unsplit text from `at` to `end`.
    buffer: Vec<u8>,
    at: usize,
    end: usize,
    ended: bool,
    cells: Vec<u8>,
    ends: Vec<usize>,
    /// The line of the next text.
    line: u64,
    /// Whether the next text follows a carriage return.
    after_return: bool,
}

/// One record.
pub struct Record<'a> {
    /// The record's first line.
    pub line: u64,
    /// The source text, without the line break.
    pub raw: &'a [u8],
    cells: &'a str,
    ends: &'a [usize],
}

impl Records {
    pub fn new(name: &str, stream: Stream, layout: Layout, limits: Limits) -> Self {
        let mut parser = ReaderBuilder::new();
        parser.delimiter(layout.delimiter);
        match layout.quote {
            Some(quote) => parser.quote(quote),
            None => parser.quoting(false),
        };
        Records {
            name: name.to_owned(),
            stream,
            parser: parser.build(),
            limits,
            buffer: vec![0; CHUNK],
            at: 0,
            end: 0,
            ended: false,
            cells: vec![0; 1_024],
            ends: vec![0; 64],
            line: 1,
            after_return: false,
        }
    }

    /// The next record; empty lines are skipped.
    pub fn next(&mut self) -> Result<Option<Record<'_>>> {
        let mut start = self.at;
        let (mut cells, mut ends) = (0, 0);
        loop {
            if self.at == self.end && !self.ended {
                self.fill(&mut start)?;
            }
            // At the end of the file, an additional line break ends the last record, unless it is within
            // quotes.
            let is_over = self.at == self.end;
            let input = if is_over { b"\n" } else { &self.buffer[self.at..self.end] };
            let (result, read, written, ended) =
                self.parser.read_record(input, &mut self.cells[cells..], &mut self.ends[ends..]);
            self.at += if is_over { 0 } else { read };
            cells += written;
            ends += ended;
            match result {
                ReadRecordResult::Record => break,
                ReadRecordResult::OutputFull => self.cells.resize(self.larger(self.cells.len()), 0),
                ReadRecordResult::OutputEndsFull if ends > limits::COLUMNS => {
                    let line = self.take_lines(start).0;
                    return Err(Failure::failed(format!(
                        "{}:{line}: {}",
                        self.name,
                        limits::too_many_columns()
                    )));
                }
                ReadRecordResult::OutputEndsFull => self.ends.resize(self.ends.len() * 2, 0),
                ReadRecordResult::InputEmpty if is_over => {
                    return if self.buffer[start..self.at].iter().all(|byte| is_line_break(*byte)) {
                        Ok(None)
                    } else {
                        Err(self.unclosed(start))
                    };
                }
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::End => return Ok(None),
            }
        }
        let (line, raw) = self.take_lines(start);
        let raw = &self.buffer[raw.0..raw.1];
        let cells = &self.cells[..cells];
        if cells.contains(&0) {
            return Err(stream::nul_bytes(&self.name, line));
        }
        let decoded_from = self.stream.decoded_from;
        match std::str::from_utf8(cells) {
            Ok(cells) if decoded_from.is_none() || !cells.contains(char::REPLACEMENT_CHARACTER) => {
                Ok(Some(Record { line, raw, cells, ends: &self.ends[..ends] }))
            }
            _ => Err(stream::wrong_text(&self.name, line, decoded_from)),
        }
    }

    /// Reads more text, keeping the record that starts at `start`.
    fn fill(&mut self, start: &mut usize) -> Result<()> {
        if self.buffer[*start..self.end].iter().all(|byte| is_line_break(*byte)) {
            // No record has started.
            self.take_lines(*start);
            *start = self.end;
        }
        self.buffer.copy_within(*start..self.end, 0);
        self.at -= *start;
        self.end -= *start;
        *start = 0;
        if self.end == self.buffer.len() {
            if self.end >= self.limits.row {
                return Err(self.too_long());
            }
            self.buffer.resize(self.larger(self.end), 0);
        }
        let count = self.stream.read(&mut self.buffer[self.end..]);
        let count = count.map_err(|error| stream::read_failure(&self.name, &error))?;
        self.end += count;
        self.ended = count == 0;
        Ok(())
    }

    /// Counts the lines of the record that ends here. Returns its first line, and its range without the
    /// surrounding line breaks.
    fn take_lines(&mut self, start: usize) -> (u64, (usize, usize)) {
        let text = &self.buffer[start..self.at];
        let before = text.iter().take_while(|byte| is_line_break(**byte)).count();
        let after = text[before..].iter().rev().take_while(|byte| is_line_break(**byte)).count();
        let line = self.line + line_breaks(&text[..before], self.after_return);
        let after_return = if before == 0 { self.after_return } else { text[before - 1] == b'\r' };
        self.line = line + line_breaks(&text[before..], after_return);
        self.after_return = text.last().map_or(self.after_return, |last| *last == b'\r');
        (line, (start + before, self.at - after))
    }

    /// Doubles the buffer, up to the longest record allowed.
    fn larger(&self, size: usize) -> usize {
        (size * 2).min((self.limits.row + CHUNK).max(size + 1))
    }

    fn too_long(&mut self) -> Failure {
        let (line, raw) = self.take_lines(0);
        let quotes = self.buffer[raw.0..raw.1].iter().filter(|byte| **byte == b'"').count();
        let hint = if quotes % 2 == 1 { " It has an unclosed quote." } else { "" };
        Failure::failed(format!("{}:{line}: {}{hint}", self.name, self.limits.row_too_long()))
    }

    fn unclosed(&mut self, start: usize) -> Failure {
        let (line, _) = self.take_lines(start);
        Failure::failed(format!("{}:{line}: this row has an unclosed quote.", self.name))
    }
}

fn is_line_break(byte: u8) -> bool {
    matches!(byte, b'\r' | b'\n')
}

/// The number of line breaks: a line feed, a carriage return, or both together, as on Windows.
fn line_breaks(text: &[u8], after_return: bool) -> u64 {
    let feeds = text.iter().filter(|byte| **byte == b'\n').count();
    let returns = text.iter().filter(|byte| **byte == b'\r').count();
    let pairs = match returns {
        0 => 0,
        _ => text.windows(2).filter(|pair| *pair == b"\r\n").count(),
    };
    let is_begun = after_return && text.first() == Some(&b'\n');
    (feeds + returns - pairs - usize::from(is_begun)) as u64
}

impl<'a> Record<'a> {
    /// The number of cells.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// A cell's text; `None` if the cell does not exist, or if a character is split between two cells.
    pub fn get(&self, position: usize) -> Option<&'a str> {
        let start = if position == 0 { 0 } else { *self.ends.get(position - 1)? };
        self.cells.get(start..*self.ends.get(position)?)
    }

    /// The source text.
    pub fn raw_text(&self) -> String {
        String::from_utf8_lossy(self.raw).into_owned()
    }
}
