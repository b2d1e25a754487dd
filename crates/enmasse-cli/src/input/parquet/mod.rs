//! Rows of Parquet's flat columns. Some hundred values of each wanted column are in memory, never a whole row
//! group.

mod column;
mod header;
mod kind;
mod pages;
mod totals;

use std::io::{BufReader, Read};
use std::sync::Arc;

use ::parquet::column::reader::get_column_reader;
use ::parquet::errors::ParquetError;
use ::parquet::file::reader::{ChunkReader, FileReader, Length, SerializedFileReader};
use ::parquet::schema::types::SchemaDescriptor;
use bytes::Bytes;
use enmasse::Value;

use self::column::Column;
use self::kind::{Kind, Unread};
use self::pages::{Budget, CheckedPages};
use super::bad::shortened;
use super::cell::{Converter, Problem};
use super::disk::Disk;
use super::limits::Limits;
use super::{BadRow, InputOptions, Item, Place, Row, Wanted, detect, show, writer};
use crate::failure::{Failure, Result};

/// The names of a file's columns, including nested ones.
pub fn columns(name: &str, disk: Disk, limits: Limits) -> Result<Vec<String>> {
    let reader = open(name, disk, limits)?;
    Ok(names(reader.metadata().file_metadata().schema_descr()))
}

fn open(name: &str, disk: Disk, limits: Limits) -> Result<SerializedFileReader<Disk>> {
    let mut start = [0; 4];
    if disk.again().read_exact(&mut start).is_ok() && detect::compression(&start).is_some() {
        return Err(Failure::failed(format!(
            "{name} is compressed as a whole; Parquet files are compressed internally: decompress it."
        )));
    }
    let size = disk.size();
    if footer(&disk).is_some_and(|footer| footer > limits.footer() as u64 && footer < size) {
        return Err(Failure::failed(format!("{name} cannot be read: {}", limits.footer_too_long())));
    }
    let reader = SerializedFileReader::new(disk)
        .map_err(|error| Failure::failed(format!("{name} is not a Parquet file: {}.", reason(&error))))?;
    totals::check(reader.metadata(), size).map_err(|error| damaged(name, &error))?;
    Ok(reader)
}

/// The footer's length as declared in the file's last bytes.
fn footer(disk: &Disk) -> Option<u64> {
    let mut length = [0; 4];
    disk.at(disk.size().checked_sub(8)?).read_exact(&mut length).ok()?;
    Some(u32::from_le_bytes(length).into())
}

fn names(schema: &SchemaDescriptor) -> Vec<String> {
    schema.root_schema().get_fields().iter().map(|field| field.name().to_owned()).collect()
}

/// The library's text, without the prefix for the kind of error.
fn reason(error: &ParquetError) -> String {
    let text = error.to_string();
    let text = text.strip_prefix("Parquet error: ").unwrap_or(&text);
    text.trim_end_matches('.').to_owned()
}

/// The rows of a file, reduced to the wanted columns.
pub struct ParquetRows {
    name: String,
    disk: Disk,
    limits: Limits,
    budget: Arc<Budget>,
    reader: SerializedFileReader<Disk>,
    wanted: Vec<(Source, Converter)>,
    /// The columns of the current row group.
    columns: Vec<Column>,
    next_group: usize,
    left_in_group: i64,
    row: u64,
    /// The current row's physical values.
    found: Vec<Result<Value, Unread>>,
    keeps_raw: bool,
}

/// The position of a wanted column in the file, and the kind of its values.
#[derive(Clone, Copy)]
struct Source {
    leaf: usize,
    kind: Kind,
}

impl ParquetRows {
    pub fn open(name: &str, disk: Disk, options: &InputOptions, wanted: &[Wanted]) -> Result<Self> {
        let limits = options.limits;
        // Bytes of the metadata are not counted twice.
        let reader = open(name, disk.at(0), limits)?;
        let schema = reader.metadata().file_metadata().schema_descr();
        let find =
            |wanted: &Wanted| Ok((source(name, schema, &wanted.column)?, Converter::new(wanted, options)));
        let wanted: Result<Vec<_>> = wanted.iter().map(find).collect();
        Ok(ParquetRows {
            name: name.to_owned(),
            disk,
            limits,
            budget: Budget::new(limits),
            wanted: wanted?,
            reader,
            columns: Vec::new(),
            next_group: 0,
            left_in_group: 0,
            row: 0,
            found: Vec::new(),
            keeps_raw: options.keeps_raw,
        })
    }

    fn read(&mut self) -> Result<Option<Item>> {
        while self.left_in_group <= 0 {
            self.end_group().map_err(|error| damaged(&self.name, &error))?;
            if self.next_group == self.reader.num_row_groups() {
                return Ok(None);
            }
            self.open_group().map_err(|error| damaged(&self.name, &error))?;
        }
        self.left_in_group -= 1;
        self.row += 1;
        self.found.clear();
        let mut bytes = 0;
        for (column, (source, _)) in self.columns.iter_mut().zip(&self.wanted) {
            let value = column.next(source.kind).map_err(|error| damaged(&self.name, &error))?;
            bytes += value.as_ref().map_or_else(|unread| unread.text.len(), size);
            if bytes > self.limits.row {
                return Err(Failure::failed(format!(
                    "{}: row {}: {}",
                    self.name,
                    self.row,
                    self.limits.row_too_long()
                )));
            }
            self.found.push(value);
        }
        let place = Place::Row(self.row);
        let mut values = Vec::with_capacity(self.wanted.len());
        for ((source, converter), found) in self.wanted.iter().zip(&self.found) {
            match convert(source.kind, converter, found) {
                Ok(value) => values.push(Some(value)),
                Err(problem) => {
                    let text = found.as_ref().map_or_else(|unread| unread.text.clone(), show::shown);
                    let cell = Some((converter.column.clone(), text));
                    let (file, raw) = (self.name.clone(), self.raw());
                    return Ok(Some(Item::Bad(BadRow { file, place, cell, problem, raw })));
                }
            }
        }
        let raw = self.keeps_raw.then(|| self.raw());
        Ok(Some(Item::Row(Row { place, values, raw })))
    }

    fn open_group(&mut self) -> Result<(), ParquetError> {
        let group = self.reader.get_row_group(self.next_group)?;
        self.left_in_group = group.metadata().num_rows();
        self.next_group += 1;
        self.columns.clear();
        for (source, _) in &self.wanted {
            let column = group.metadata().column(source.leaf);
            let descriptor = column.column_descr_ptr();
            let optional = descriptor.max_def_level() > 0;
            let pages = CheckedPages::new(self.disk.at(0), column, self.left_in_group, self.budget.clone())?;
            self.columns.push(Column::new(get_column_reader(descriptor, Box::new(pages)), optional));
        }
        Ok(())
    }

    /// Refuses a row group with more rows than it declares.
    fn end_group(&mut self) -> Result<(), ParquetError> {
        for (column, (_, converter)) in self.columns.iter_mut().zip(&self.wanted) {
            if !column.is_at_end()? {
                return Err(totals::too_many(&converter.column, self.row));
            }
        }
        Ok(())
    }

    fn raw(&self) -> String {
        let columns: Vec<_> = self.wanted.iter().map(|(_, converter)| converter.column.clone()).collect();
        let value = |found: &Result<Value, Unread>| match found {
            Ok(value) => value.clone(),
            Err(unread) => unread.text.as_str().into(),
        };
        let values: Vec<_> = self.found.iter().map(|found| Some(value(found))).collect();
        let mut line = Vec::new();
        match writer::object(&mut line, &columns, &values) {
            Ok(()) => String::from_utf8_lossy(line.trim_ascii_end()).into_owned(),
            Err(_) => String::new(),
        }
    }
}

impl Iterator for ParquetRows {
    type Item = Result<Item>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read().transpose()
    }
}

/// A value's approximate size in the file, in bytes.
fn size(value: &Value) -> usize {
    match value {
        Value::Text(text) => text.len(),
        Value::Bytes(bytes) => bytes.len(),
        _ => 0,
    }
}

/// Parses a text like a CSV cell; every other value already has a type.
fn convert(kind: Kind, converter: &Converter, found: &Result<Value, Unread>) -> Result<Value, Problem> {
    match kind::suited(kind, converter, found.as_ref().map_err(|unread| unread.problem.clone())?)? {
        Value::Text(text) => converter.text(&text),
        value => converter.value(value),
    }
}

fn damaged(name: &str, error: &ParquetError) -> Failure {
    Failure::failed(match error {
        // Valid, but unsupported by the library.
        ParquetError::NYI(what) => format!("{name} cannot be read: {what}."),
        _ => format!("{name} is damaged: {}.", reason(error)),
    })
}

fn source(name: &str, schema: &SchemaDescriptor, column: &str) -> Result<Source> {
    let roots = schema.root_schema().get_fields();
    let Some(root) = roots.iter().find(|field| field.name() == column) else {
        return Err(super::no_column(name, column, &names(schema)));
    };
    let leaf = (0..schema.num_columns()).find(|leaf| schema.get_column_root(*leaf).name() == column);
    let (true, Some(leaf)) = (root.is_primitive(), leaf) else { return Err(nested(name, column)) };
    let descriptor = schema.column(leaf);
    if descriptor.max_rep_level() > 0 {
        return Err(nested(name, column));
    }
    match Kind::of(&descriptor) {
        Ok(kind) => Ok(Source { leaf, kind }),
        Err(kind) => Err(Failure::failed(format!(
            "{name} has values in its column '{column}' that cannot be read: they are {}.",
            shortened(&kind)
        ))),
    }
}

fn nested(name: &str, column: &str) -> Failure {
    Failure::failed(format!(
        "{name} has lists, maps or structures in its column '{column}'; only single values can be read."
    ))
}

impl Length for Disk {
    fn len(&self) -> u64 {
        self.size()
    }
}

impl ChunkReader for Disk {
    type T = BufReader<Disk>;

    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        Ok(BufReader::new(self.at(start)))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        // A damaged file may request any length.
        if start.saturating_add(length as u64) > self.size() {
            return Err(ParquetError::EOF("the file ends before its data does".to_owned()));
        }
        let mut bytes = vec![0; length];
        self.at(start).read_exact(&mut bytes)?;
        Ok(bytes.into())
    }
}
