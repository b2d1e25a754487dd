//! Writes rows to a file.

use std::fs::File;
use std::io::{self, BufWriter, Write};

use enmasse::Value;
use flate2::write::GzEncoder;

use super::detect::{self, Compression};
use super::records::Layout;
use super::spelling::Spelling;
use super::{Format, InputOptions, csv, show};
use crate::failure::{Failure, Result};

/// Writes rows of the same columns as JSON Lines or CSV in UTF-8. A file is incomplete until it is
/// [finished](RowWriter::finish).
///
/// CSV distinguishes an empty text from NULL only if the options give a NULL text; JSON Lines always does.
pub struct RowWriter {
    path: String,
    columns: Vec<String>,
    form: Form,
}

enum Form {
    Csv(Box<CsvForm>),
    Jsonl { sink: Box<Sink>, line: Vec<u8>, boxed_documents: bool },
}

struct CsvForm {
    writer: ::csv::Writer<Sink>,
    layout: Layout,
    nulls: Vec<String>,
    spelling: Spelling,
}

impl RowWriter {
    /// Creates or replaces the file of a path, in the format of its name: `.jsonl` and `.ndjson` are JSON
    /// Lines, `.tsv` uses tabs, everything else is CSV; a suffix `.gz` or `.zst` compresses it. The options
    /// apply as for reading.
    pub fn create(path: &str, columns: &[String], options: &InputOptions) -> Result<Self> {
        RowWriter::create_at(path, path, columns, options)
    }

    /// Creates the file at `place`; messages name `path`.
    pub fn create_at(place: &str, path: &str, columns: &[String], options: &InputOptions) -> Result<Self> {
        let format = options.format.or_else(|| detect::by_name(path)).unwrap_or(Format::Csv);
        if format == Format::Parquet {
            return Err(Failure::usage(format!(
                "rows are written as CSV or JSON Lines, and {path} is Parquet."
            )));
        }
        let layout = csv::layout(options, format)?;
        let failed = |error: io::Error| Failure::failed(format!("cannot write {path}: {error}."));
        let sink = Sink::create(place).map_err(failed)?;
        let form = match format {
            Format::Jsonl => {
                let boxed_documents = options.boxed_documents;
                Form::Jsonl { sink: Box::new(sink), line: Vec::new(), boxed_documents }
            }
            _ => {
                let mut writer = ::csv::WriterBuilder::new();
                writer.delimiter(layout.delimiter);
                match layout.quote {
                    Some(quote) => writer.quote(quote),
                    None => writer.quote_style(::csv::QuoteStyle::Never),
                };
                let mut writer = writer.from_writer(sink);
                writer.write_record(columns).map_err(|error| failed(error.into()))?;
                let (nulls, spelling) = (options.nulls.clone(), Spelling::of(options));
                Form::Csv(Box::new(CsvForm { writer, layout, nulls, spelling }))
            }
        };
        Ok(RowWriter { path: path.to_owned(), columns: columns.to_vec(), form })
    }

    /// Writes a row with a value for each column. `None` leaves a column out, which only JSON Lines supports.
    pub fn write(&mut self, values: &[Option<Value>]) -> Result<()> {
        let RowWriter { path, columns, form } = self;
        if values.len() != columns.len() {
            let (values, columns) = (values.len(), columns.len());
            return Err(Failure::failed(format!(
                "a row of {path} has {values} values for {columns} columns."
            )));
        }
        match form {
            Form::Csv(csv) => {
                for (column, value) in columns.iter().zip(values) {
                    let cell = csv.cell(value.as_ref()).map_err(|why| {
                        Failure::failed(format!("cannot write '{column}' to {path}: {why}"))
                    })?;
                    csv.writer.write_field(cell).map_err(|error| write_failure(path, &error.into()))?;
                }
                let end = csv.writer.write_record(None::<&[u8]>);
                end.map_err(|error| write_failure(path, &error.into()))
            }
            Form::Jsonl { sink, line, boxed_documents } => {
                let boxes = boxed_documents.then(|| values.iter().map(boxed).collect::<Vec<_>>());
                object(line, columns, boxes.as_deref().unwrap_or(values))
                    .and_then(|()| sink.write_all(line))
                    .map_err(|error| write_failure(path, &error))
            }
        }
    }

    /// Writes the remaining data and waits until it is on disk.
    pub fn finish(self) -> Result<()> {
        let sink = match self.form {
            Form::Csv(csv) => csv.writer.into_inner().map_err(|error| error.into_error()),
            Form::Jsonl { sink, .. } => Ok(*sink),
        };
        sink.and_then(Sink::finish).map_err(|error| write_failure(&self.path, &error))
    }
}

/// Wraps a document in an array.
fn boxed(value: &Option<Value>) -> Option<Value> {
    match value {
        Some(Value::Json(document)) => Some(Value::Json(vec![document.clone()].into())),
        other => other.clone(),
    }
}

fn write_failure(path: &str, error: &io::Error) -> Failure {
    Failure::failed(format!("cannot write {path}: {error}."))
}

impl CsvForm {
    fn cell(&self, value: Option<&Value>) -> Result<String, String> {
        let value = match value {
            None => return Err("CSV cannot leave out a column of a row; write JSON Lines.".to_owned()),
            Some(Value::Null) => return Ok(self.nulls.first().cloned().unwrap_or_default()),
            Some(value) => value,
        };
        let text = self.spelling.written(value, show::shown(value));
        if self.nulls.contains(&text) {
            return Err(format!("{value} would read back as NULL; use another text for NULL."));
        }
        let needs_quotes = |byte: &u8| *byte == self.layout.delimiter || matches!(byte, b'\r' | b'\n');
        if self.layout.quote.is_none() && text.as_bytes().iter().any(needs_quotes) {
            return Err(format!("{value} needs quotes, and --quote none disables them."));
        }
        Ok(text)
    }
}

/// A row as a line of JSON.
pub fn object(line: &mut Vec<u8>, columns: &[String], values: &[Option<Value>]) -> io::Result<()> {
    line.clear();
    let mut separator = b'{';
    for (column, value) in columns.iter().zip(values) {
        let Some(value) = value else { continue };
        line.push(separator);
        separator = b',';
        serde_json::to_writer(&mut *line, column)?;
        line.push(b':');
        serde_json::to_writer(&mut *line, &show::json(value))?;
    }
    line.extend_from_slice(if separator == b'{' { b"{}\n" } else { b"}\n" });
    Ok(())
}

/// A file, or a compressor that writes to it.
enum Sink {
    Plain(BufWriter<File>),
    Gzip(GzEncoder<BufWriter<File>>),
    Zstd(zstd::Encoder<'static, BufWriter<File>>),
}

impl Sink {
    fn create(path: &str) -> io::Result<Self> {
        let file = BufWriter::with_capacity(64 * 1024, File::create(path)?);
        Ok(match detect::split_compression(&path.to_ascii_lowercase()).1 {
            None => Sink::Plain(file),
            Some(Compression::Gzip) => Sink::Gzip(GzEncoder::new(file, flate2::Compression::default())),
            Some(Compression::Zstd) => Sink::Zstd(zstd::Encoder::new(file, 0)?),
        })
    }

    fn finish(self) -> io::Result<()> {
        let file = match self {
            Sink::Plain(file) => file,
            Sink::Gzip(encoder) => encoder.finish()?,
            Sink::Zstd(encoder) => encoder.finish()?,
        };
        file.into_inner()?.sync_all()
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Sink::Plain(file) => file.write(bytes),
            Sink::Gzip(encoder) => encoder.write(bytes),
            Sink::Zstd(encoder) => encoder.write(bytes),
        }
    }

    /// Does nothing: flushing would only make compression worse, and [`finish`](Sink::finish) writes
    /// everything.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
