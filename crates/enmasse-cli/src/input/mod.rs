//! The input file: its rows as values, each with its place in the file.

mod array;
mod bad;
mod cell;
mod csv;
mod detect;
mod digits;
mod disk;
mod documents;
mod json;
mod jsonl;
mod limits;
#[cfg(feature = "parquet")]
mod parquet;
mod quotes;
mod records;
mod rejects;
mod show;
mod spelling;
mod stream;
#[cfg(test)]
mod tests;
mod whole;
mod writer;

pub use csv::{DELIMITERS, other_delimiter};
pub use limits::Limits;
pub use rejects::{REASON, Rejects};
pub use spelling::is_date_format;
pub use writer::RowWriter;

use std::fmt;
use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use enmasse::Value;
use enmasse::schema::Field;

use self::csv::Header;
use self::disk::Disk;
use crate::failure::{Failure, Result};
use crate::panics;

/// Input options for what the file does not state itself.
#[derive(Clone, Debug, Default)]
pub struct InputOptions {
    pub format: Option<Format>,
    /// CSV: the delimiter; by default a comma, or a tab if the file's name ends in `.tsv`.
    pub delimiter: Option<u8>,
    /// CSV: the quote character; by default `"`.
    pub quote: Option<Quote>,
    /// CSV: the texts that mean NULL, of which the first is written; without any, an empty cell means NULL.
    pub nulls: Vec<String>,
    /// CSV: the decimal separator; by default a point.
    pub decimal: Option<char>,
    /// CSV: the date format, as `%d/%m/%Y`; by default ISO 8601.
    pub date_format: Option<String>,
    /// CSV and JSON Lines: an encoding's name in the WHATWG list, `latin1` or `utf-16le`; by default UTF-8. A
    /// byte order mark takes precedence.
    pub encoding: Option<String>,
    /// Whether each row keeps its text, so that it can be written to a file of refused rows.
    pub keeps_raw: bool,
    /// JSON Lines: each document of a JSON column is wrapped in an array, to distinguish JSON's null from
    /// NULL.
    pub boxed_documents: bool,
    pub limits: Limits,
}

/// The quote character of CSV, if any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quote(pub Option<u8>);

/// The format of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    Csv,
    Tsv,
    Jsonl,
    Parquet,
}

impl Format {
    /// The format by a file's name.
    pub fn of_name(path: &str) -> Option<Self> {
        detect::by_name(path)
    }
}

/// A column of the file with the field of its cells.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The column's name in the file.
    pub column: String,
    /// The model's name, for messages.
    pub model: String,
    pub field: Field,
    /// Whether each row must have the column.
    pub required: bool,
}

/// The columns of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Columns {
    pub names: Vec<String>,
    /// Whether rows may lack columns, as in JSON Lines.
    pub uneven: bool,
}

/// An item of the file: a row or a bad row.
#[derive(Clone, Debug)]
pub enum Item {
    Row(Row),
    Bad(BadRow),
}

/// A row of the file.
#[derive(Clone, Debug)]
pub struct Row {
    pub place: Place,
    /// A value for each wanted column, checked by [`Field::clean`]; `None` if the row does not have the
    /// column.
    pub values: Vec<Option<Value>>,
    /// As [`BadRow::raw`], if [it is kept](InputOptions::keeps_raw).
    pub raw: Option<String>,
}

/// A row's position in the file, counted from 1: its line, or its row in a Parquet file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    Line(u64),
    Row(u64),
}

/// A bad row and its problem.
#[derive(Clone, Debug)]
pub struct BadRow {
    pub file: String,
    pub place: Place,
    /// The column and the cell's text, if the problem is in one cell.
    pub cell: Option<(String, String)>,
    /// What was expected.
    pub problem: String,
    /// The row's text in UTF-8 without its line break; for a Parquet file the wanted columns as a JSON
    /// object.
    pub raw: String,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Line(line) => write!(f, "line {line}"),
            Place::Row(row) => write!(f, "row {row}"),
        }
    }
}

/// An input file.
///
/// Standard input and pipes are first copied to an unnamed temporary file, so they can be read again.
#[derive(Debug)]
pub struct Input {
    name: String,
    disk: Disk,
    format: Format,
    options: InputOptions,
    /// CSV only.
    header: Option<Header>,
}

impl Input {
    /// Opens the file of a path; `-` is standard input.
    ///
    /// The options, the name or the first bytes determine the format. The header of a CSV file is read.
    pub fn open(path: &str, options: &InputOptions) -> Result<Self> {
        panics::reading(disk::name_of(path), || Input::begin(path, options))
    }

    fn begin(path: &str, options: &InputOptions) -> Result<Self> {
        let (name, disk) = (disk::name_of(path).to_owned(), Disk::open(path)?);
        let format = match options.format.or_else(|| detect::by_name(path)) {
            Some(format) => format,
            None => format_of(&name, &disk, options)?,
        };
        let header = match format {
            Format::Csv | Format::Tsv => Some(csv::read_header(&name, disk.again(), options, format)?),
            Format::Jsonl | Format::Parquet => None,
        };
        Ok(Input { name, disk, format, options: options.clone(), header })
    }

    /// The name in messages: the path as given, or `standard input`.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn format(&self) -> Format {
        self.format
    }

    /// The size on disk, in bytes.
    pub fn size(&self) -> u64 {
        self.disk.size()
    }

    /// The file's columns; for JSON Lines the whole file is read.
    pub fn columns(&self) -> Result<Columns> {
        panics::reading(&self.name, || {
            let names = match (self.format, &self.header) {
                (Format::Jsonl, _) => return jsonl::columns(&self.name, self.disk.again(), &self.options),
                (_, Some(header)) => header.names.clone(),
                _ => parquet_columns(&self.name, self.disk.again(), &self.options)?,
            };
            Ok(Columns { names, uneven: false })
        })
    }

    /// The rows from the first one, with a value for each wanted column. An error is the last item.
    pub fn rows(&self, wanted: &[Wanted]) -> Result<Rows> {
        panics::reading(&self.name, || self.begin_rows(wanted))
    }

    fn begin_rows(&self, wanted: &[Wanted]) -> Result<Rows> {
        let (name, options, disk) = (&self.name, &self.options, self.disk.again());
        let bytes = disk.bytes_read();
        let rows: BoxedRows = match (self.format, &self.header) {
            (Format::Jsonl, _) => Box::new(jsonl::JsonRows::open(name, disk, options, wanted)?),
            (_, Some(header)) => Box::new(csv::CsvRows::open(name, disk, options, header, wanted)?),
            _ => parquet_rows(name, disk, options, wanted)?,
        };
        Ok(Rows { name: name.clone(), rows, bytes, last: None, failed: false })
    }

    /// The same file, with rows that keep their text.
    pub fn keeping_raw(&self) -> Input {
        let options = InputOptions { keeps_raw: true, ..self.options.clone() };
        Input {
            name: self.name.clone(),
            disk: self.disk.again(),
            format: self.format,
            options,
            header: self.header.clone(),
        }
    }

    /// The layout of a file of its bad rows.
    pub fn rejects(&self) -> Rejects {
        Rejects::of(self)
    }

    /// The first bytes of a file of refused rows, which is UTF-8, so that the same options read it correctly.
    pub fn mark_for_rejects(&self) -> &'static str {
        let given = self.options.encoding.as_deref().and_then(|name| stream::encoding_of(name).ok());
        let is_other = given.is_some_and(|given| given.name() != "UTF-8");
        if is_other && self.format != Format::Parquet { "\u{feff}" } else { "" }
    }
}

type BoxedRows = Box<dyn Iterator<Item = Result<Item>> + Send>;

/// The rows of a file.
pub struct Rows {
    name: String,
    rows: BoxedRows,
    bytes: Arc<AtomicU64>,
    /// The place of the last row.
    last: Option<Place>,
    failed: bool,
}

impl Rows {
    /// The number of the file's [bytes](Input::size) read so far.
    pub fn bytes_read(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.bytes)
    }
}

impl Iterator for Rows {
    type Item = Result<Item>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let next = panics::caught(|| self.rows.next()).unwrap_or_else(|panic| {
            let after = self.last.map_or(String::new(), |last| format!(": after {last}"));
            Some(Err(panics::unreadable(&format!("{}{after}", self.name), &panic)))
        });
        match &next {
            Some(Ok(Item::Row(Row { place, .. }) | Item::Bad(BadRow { place, .. }))) => {
                self.last = Some(*place)
            }
            Some(Err(_)) => self.failed = true,
            None => {}
        }
        next
    }
}

/// Detects the format of a file whose name does not show it.
fn format_of(name: &str, disk: &Disk, options: &InputOptions) -> Result<Format> {
    let mut start = Vec::new();
    let read = disk.again().take(detect::PARQUET.len() as u64).read_to_end(&mut start);
    read.map_err(|error| stream::read_failure(name, &error))?;
    if start == detect::PARQUET {
        return Ok(Format::Parquet);
    }
    let encoding = options.encoding.as_deref().map(stream::encoding_of).transpose()?;
    Ok(detect::by_content(stream::Stream::open(name, disk.again(), encoding)?.head()))
}

/// The columns in a message, limited in number.
const NAMED: usize = 20;

fn no_column(name: &str, column: &str, columns: &[String]) -> Failure {
    let mut named: Vec<String> = columns.iter().take(NAMED).map(|column| format!("'{column}'")).collect();
    if columns.len() > NAMED {
        named.push(format!("and {} more", columns.len() - NAMED));
    }
    Failure::failed(format!("{name} has no column '{column}'; it has {}.", named.join(", ")))
}

#[cfg(feature = "parquet")]
fn parquet_columns(name: &str, disk: Disk, options: &InputOptions) -> Result<Vec<String>> {
    parquet::columns(name, disk, options.limits)
}

#[cfg(feature = "parquet")]
fn parquet_rows(name: &str, disk: Disk, options: &InputOptions, wanted: &[Wanted]) -> Result<BoxedRows> {
    Ok(Box::new(parquet::ParquetRows::open(name, disk, options, wanted)?))
}

#[cfg(not(feature = "parquet"))]
fn parquet_columns(name: &str, _: Disk, _: &InputOptions) -> Result<Vec<String>> {
    Err(without_parquet(name))
}

#[cfg(not(feature = "parquet"))]
fn parquet_rows(name: &str, _: Disk, _: &InputOptions, _: &[Wanted]) -> Result<BoxedRows> {
    Err(without_parquet(name))
}

#[cfg(not(feature = "parquet"))]
fn without_parquet(name: &str) -> Failure {
    Failure::usage(format!(
        "{name} is a Parquet file, and this enmasse was built without the feature 'parquet'."
    ))
}
