//! Rows of CSV: a header that names the columns, then a row a line, with quotes as RFC 4180 has them.

use super::cell::{Converter, Problem};
use super::disk::Disk;
use super::quotes;
use super::records::{Record, Records};
use super::stream::{self, Stream};
use super::{BadRow, Format, InputOptions, Item, Place, Row, Wanted};
use crate::failure::{Failure, Result};

/// The first line.
#[derive(Clone, Debug)]
pub struct Header {
    /// As it stands in the file.
    pub raw: String,
    pub names: Vec<String>,
}

/// The rows of a file for the columns that are wanted.
pub struct CsvRows {
    name: String,
    records: Records,
    delimiter: u8,
    names: Vec<String>,
    /// The columns that are wanted, each with its position.
    wanted: Vec<(usize, Converter)>,
    null: Option<String>,
}

/// What stands between two cells.
pub fn delimiter(options: &InputOptions, format: Format) -> Result<u8> {
    match options.delimiter {
        None if format == Format::Tsv => Ok(b'\t'),
        None => Ok(b','),
        Some(byte) if byte.is_ascii() && !matches!(byte, b'"' | b'\r' | b'\n' | 0) => Ok(byte),
        Some(_) => {
            Err(Failure::usage("the delimiter must be one ASCII character, and no quote or line break."))
        }
    }
}

/// Reads the header, and refuses one whose names do not each tell one column.
pub fn read_header(name: &str, disk: Disk, options: &InputOptions, format: Format) -> Result<Header> {
    let mut records = open(name, disk, options, format)?;
    let Some(record) = records.next()? else {
        return Err(Failure::failed(format!("{name} has no header line: it is empty.")));
    };
    if let Some((_, cell)) = quotes::wrong(record.raw, delimiter(options, format)?) {
        return Err(Failure::failed(format!("{name}:{}: {}", record.line, quotes::problem(&cell))));
    }
    let header = Header { raw: record.raw_text(), names: cells(name, &record)? };
    let places = |wanted: &str| -> Vec<usize> {
        header.names.iter().zip(1..).filter(|(name, _)| *name == wanted).map(|(_, place)| place).collect()
    };
    if let [first, ..] = places("")[..] {
        return Err(Failure::failed(format!("{name} has no name for column {first} in its header.")));
    }
    for column in &header.names {
        if let [first, second, ..] = places(column)[..] {
            return Err(Failure::failed(format!(
                "{name} names '{column}' twice in its header, as columns {first} and {second}."
            )));
        }
    }
    Ok(header)
}

fn open(name: &str, disk: Disk, options: &InputOptions, format: Format) -> Result<Records> {
    let encoding = options.encoding.as_deref().map(stream::encoding_of).transpose()?;
    let stream = Stream::open(name, disk, encoding)?;
    Ok(Records::new(name, stream, delimiter(options, format)?))
}

fn cells(name: &str, record: &Record<'_>) -> Result<Vec<String>> {
    let cell = |position| record.get(position).ok_or_else(|| stream::wrong_text(name, record.line, None));
    (0..record.len()).map(|position| cell(position).map(str::to_owned)).collect()
}

impl CsvRows {
    pub fn open(
        name: &str,
        disk: Disk,
        options: &InputOptions,
        format: Format,
        header: &Header,
        wanted: &[Wanted],
    ) -> Result<Self> {
        let mut records = open(name, disk, options, format)?;
        records.next()?; // the header
        let wanted: Result<_> = wanted
            .iter()
            .map(|wanted| match header.names.iter().position(|column| *column == wanted.column) {
                Some(position) => Ok((position, Converter::new(wanted))),
                None => Err(super::no_column(name, &wanted.column, &header.names)),
            })
            .collect();
        Ok(CsvRows {
            name: name.to_owned(),
            records,
            delimiter: delimiter(options, format)?,
            names: header.names.clone(),
            wanted: wanted?,
            null: options.null.clone(),
        })
    }

    fn read(&mut self) -> Result<Option<Item>> {
        let Some(record) = self.records.next()? else { return Ok(None) };
        let place = Place::Line(record.line);
        let bad = |cell, problem: Problem| {
            Item::Bad(BadRow { file: self.name.clone(), place, cell, problem, raw: record.raw_text() })
        };
        if let Some((position, cell)) = quotes::wrong(record.raw, self.delimiter) {
            let column = self.names.get(position).cloned();
            return Ok(Some(bad(column.map(|column| (column, cell.to_string())), quotes::problem(&cell))));
        }
        if record.len() != self.names.len() {
            let cells = if record.len() == 1 { "cell" } else { "cells" };
            let problem = format!("has {} {cells}, and the header has {}.", record.len(), self.names.len());
            return Ok(Some(bad(None, problem)));
        }
        let mut values = Vec::with_capacity(self.wanted.len());
        for (position, converter) in &self.wanted {
            let Some(cell) = record.get(*position) else {
                return Err(stream::wrong_text(&self.name, record.line, None));
            };
            match converter.cell(cell, self.null.as_deref()) {
                Ok(value) => values.push(Some(value)),
                Err(problem) => {
                    return Ok(Some(bad(Some((converter.column.clone(), cell.to_owned())), problem)));
                }
            }
        }
        Ok(Some(Item::Row(Row { place, values })))
    }
}

impl Iterator for CsvRows {
    type Item = Result<Item>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read().transpose()
    }
}
