//! The file: its rows as values, each with the place where it stands.

use std::fmt;
use std::path::PathBuf;

use enmasse::Value;
use enmasse::schema::Field;

/// How a file is to be read, where it does not say so itself.
#[derive(Clone, Debug, Default)]
pub struct InputOptions {
    pub format: Option<Format>,
    /// Of CSV: what stands between two cells; a comma, and a tab where the file's name ends in `.tsv`.
    pub delimiter: Option<u8>,
    /// Of CSV: the text that stands for NULL; an empty cell where nothing is said.
    pub null: Option<String>,
    /// Of CSV and JSON Lines: a name as WHATWG has them, `latin1` or `utf-16le`; UTF-8, or what a byte order mark says.
    pub encoding: Option<String>,
}

/// What a file's rows are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    Csv,
    Tsv,
    Jsonl,
    Parquet,
}

/// A column of the file and the field that its cells are for.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The column's name in the file.
    pub column: String,
    /// The model's name, for messages.
    pub model: String,
    pub field: Field,
}

/// A row of the file.
#[derive(Clone, Debug)]
pub struct Row {
    pub place: Place,
    /// A value for each wanted column, checked by [`Field::clean`]; `None` where the row does not have the column.
    pub values: Vec<Option<Value>>,
}

/// Where a row stands in the file, counted from 1: its line, or in a Parquet file its row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    Line(u64),
    Row(u64),
}

/// What is wrong with a row.
#[derive(Clone, Debug)]
pub struct BadRow {
    pub file: String,
    pub place: Place,
    /// The column and the cell's text, where it is one cell.
    pub cell: Option<(String, String)>,
    /// What was expected.
    pub problem: String,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Line(line) => write!(f, "line {line}"),
            Place::Row(row) => write!(f, "row {row}"),
        }
    }
}

/// The file of a path; standard input is kept in a temporary file first, so that it can be read again.
#[derive(Debug)]
pub struct Input {
    path: PathBuf,
}
