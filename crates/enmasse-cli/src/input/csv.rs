//! Rows of CSV: a header with the columns' names, then one row per line, quoted as in RFC 4180.

use std::collections::HashMap;

use super::bad::shortened;
use super::cell::{Converter, Problem};
use super::disk::Disk;
use super::quotes;
use super::records::{Layout, Record, Records};
use super::stream::{self, Stream};
use super::{BadRow, Format, InputOptions, Item, Place, Row, Wanted};
use crate::failure::{Failure, Result};
use crate::shown::printable;

/// The first line, or the second after a line with the delimiter.
#[derive(Clone, Debug)]
pub struct Header {
    pub layout: Layout,
    /// The text as in the file.
    pub raw: String,
    pub names: Vec<String>,
}

/// The rows of a file, reduced to the wanted columns.
pub struct CsvRows {
    name: String,
    records: Records,
    layout: Layout,
    names: Vec<String>,
    /// The wanted columns with their positions.
    wanted: Vec<(usize, Converter)>,
    nulls: Vec<String>,
    keeps_raw: bool,
}

/// The delimiter and the quote.
pub fn layout(options: &InputOptions, format: Format) -> Result<Layout> {
    let delimiter = match options.delimiter {
        None if format == Format::Tsv => b'\t',
        None => b',',
        Some(byte) if byte.is_ascii() && !matches!(byte, b'\r' | b'\n' | 0) => byte,
        Some(_) => {
            return Err(Failure::usage("the delimiter must be one ASCII character, and not a line break."));
        }
    };
    let quote = options.quote.map_or(Some(b'"'), |quote| quote.0);
    if quote == Some(delimiter) {
        return Err(Failure::usage("the delimiter and the quote must be different characters."));
    }
    Ok(Layout { delimiter, quote, begins_with_sep: false })
}

/// Reads the header and refuses duplicate names. The caller refuses columns without a name.
pub fn read_header(name: &str, disk: Disk, options: &InputOptions, format: Format) -> Result<Header> {
    let layout = layout(options, format)?;
    let (mut records, layout) = open(name, disk, options, layout, true)?;
    let Some(record) = records.next()? else {
        return Err(Failure::failed(format!("{name} has no header line: it is empty.")));
    };
    if let Some((_, cell)) = quotes::wrong(record.raw, layout) {
        let is_right = |(delimiter, _): &&(u8, &str)| {
            let other = Layout { delimiter: *delimiter, ..layout };
            record.raw.contains(delimiter) && quotes::wrong(record.raw, other).is_none()
        };
        return Err(match DELIMITERS.iter().find(is_right) {
            Some((_, other)) if options.delimiter.is_none() => {
                other_delimiter(name, &record.raw_text(), other)
            }
            _ => Failure::failed(format!("{name}:{}: {}", record.line, quotes::problem(&cell))),
        });
    }
    let header = Header { layout, raw: record.raw_text(), names: cells(name, &record)? };
    let mut places = HashMap::with_capacity(header.names.len());
    for (column, second) in header.names.iter().zip(1..).filter(|(column, _)| !column.is_empty()) {
        if let Some(first) = places.insert(column.as_str(), second) {
            return Err(Failure::failed(format!(
                "{name} names '{}' twice in its header, as columns {first} and {second}.",
                shortened(column)
            )));
        }
    }
    Ok(header)
}

/// Known delimiters and their names.
pub const DELIMITERS: [(u8, &str); 4] = [(b';', "';'"), (b'\t', "tab"), (b'|', "'|'"), (b',', "','")];

/// The error for a header with one column that contains another known delimiter.
pub fn other_delimiter(name: &str, header: &str, other: &str) -> Failure {
    Failure::usage(format!(
        "{name} has only one column, '{}': if its cells have another delimiter, give it, as with --delimiter {other}",
        printable(&shortened(header))
    ))
}

/// Opens the records, after a first line with the delimiter.
fn open(
    name: &str,
    disk: Disk,
    options: &InputOptions,
    layout: Layout,
    looks_for_sep: bool,
) -> Result<(Records, Layout)> {
    let encoding = options.encoding.as_deref().map(stream::encoding_of).transpose()?;
    let stream = Stream::open(name, disk, encoding)?;
    let mut layout = layout;
    if looks_for_sep && let Some(delimiter) = sep(stream.head()) {
        layout.begins_with_sep = true;
        if options.delimiter.is_none() {
            layout.delimiter = delimiter;
        }
    }
    let mut records = Records::new(name, stream, layout, options.limits);
    if layout.begins_with_sep {
        records.next()?;
    }
    Ok((records, layout))
}

/// The delimiter of a first line `sep=;`, which Excel reads and writes.
fn sep(head: &[u8]) -> Option<u8> {
    let line = head.split(|byte| matches!(byte, b'\r' | b'\n')).next()?;
    let line = line.strip_prefix(b"\"").and_then(|line| line.strip_suffix(b"\"")).unwrap_or(line);
    match line.strip_prefix(b"sep=").or_else(|| line.strip_prefix(b"SEP=")) {
        Some([delimiter]) if delimiter.is_ascii() && *delimiter != b'"' => Some(*delimiter),
        _ => None,
    }
}

/// How a row is refused that has another number of cells than the header.
pub fn wrong_number(cells: usize) -> String {
    format!("has {cells} {}, and the header has", if cells == 1 { "cell" } else { "cells" })
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
        header: &Header,
        wanted: &[Wanted],
    ) -> Result<Self> {
        let (mut records, layout) = open(name, disk, options, header.layout, false)?;
        records.next()?; // skips the header
        let wanted: Result<_> = wanted
            .iter()
            .map(|wanted| match header.names.iter().position(|column| *column == wanted.column) {
                Some(position) => Ok((position, Converter::of_text(wanted, options))),
                None => Err(super::no_column(name, &wanted.column, &header.names)),
            })
            .collect();
        Ok(CsvRows {
            name: name.to_owned(),
            records,
            layout,
            names: header.names.clone(),
            wanted: wanted?,
            nulls: options.nulls.clone(),
            keeps_raw: options.keeps_raw,
        })
    }

    fn read(&mut self) -> Result<Option<Item>> {
        let Some(record) = self.records.next()? else { return Ok(None) };
        let place = Place::Line(record.line);
        let bad = |cell, problem: Problem| {
            Item::Bad(BadRow { file: self.name.clone(), place, cell, problem, raw: record.raw_text() })
        };
        if let Some((position, cell)) = quotes::wrong(record.raw, self.layout) {
            let column = self.names.get(position).cloned();
            return Ok(Some(bad(column.map(|column| (column, cell.to_string())), quotes::problem(&cell))));
        }
        if record.len() != self.names.len() {
            let problem = format!("{} {}.", wrong_number(record.len()), self.names.len());
            return Ok(Some(bad(None, problem)));
        }
        let mut values = Vec::with_capacity(self.wanted.len());
        for (position, converter) in &self.wanted {
            let Some(cell) = record.get(*position) else {
                return Err(stream::wrong_text(&self.name, record.line, None));
            };
            match converter.cell(cell, &self.nulls) {
                Ok(value) => values.push(Some(value)),
                Err(problem) => {
                    return Ok(Some(bad(Some((converter.column.clone(), cell.to_owned())), problem)));
                }
            }
        }
        let raw = self.keeps_raw.then(|| record.raw_text());
        Ok(Some(Item::Row(Row { place, values, raw })))
    }
}

impl Iterator for CsvRows {
    type Item = Result<Item>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read().transpose()
    }
}
