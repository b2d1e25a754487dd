//! Files read and written whole.

mod csv;
mod damage;
mod jsonl;
#[cfg(feature = "parquet")]
mod parquet;
mod round_trip;
mod speed;

use std::fs;
use std::path::Path;

use enmasse::schema::Field;
use enmasse::{DataType, Value};
use tempfile::TempDir;

use super::*;

/// A row's place, and its values or what is said of it.
type Found = (Place, Result<Vec<Option<Value>>, String>);

/// A file in a temporary directory, which is removed with it.
struct Sample {
    directory: TempDir,
    path: String,
}

impl Sample {
    fn new(name: &str, content: impl AsRef<[u8]>) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(name).to_str().unwrap().to_owned();
        fs::write(&path, content).unwrap();
        Sample { directory, path }
    }

    fn open(&self) -> Result<Input> {
        self.open_with(&InputOptions::default())
    }

    fn open_with(&self, options: &InputOptions) -> Result<Input> {
        Input::open(&self.path, options)
    }

    /// A text without the directory.
    fn bare(&self, text: &str) -> String {
        text.replace(&format!("{}{}", self.directory.path().display(), std::path::MAIN_SEPARATOR), "")
    }

    /// The error of opening or reading the file.
    fn failure(&self, wanted: &[Wanted]) -> String {
        self.failure_with(&InputOptions::default(), wanted)
    }

    fn failure_with(&self, options: &InputOptions, wanted: &[Wanted]) -> String {
        let read = self
            .open_with(options)
            .and_then(|input| input.rows(wanted))
            .and_then(|rows| rows.collect::<Result<Vec<_>>>());
        self.bare(read.expect_err("it can be read").message())
    }

    /// Its rows: values, or what is said of a bad one.
    fn read(&self, wanted: &[Wanted]) -> Vec<Found> {
        self.read_with(&InputOptions::default(), wanted)
    }

    fn read_with(&self, options: &InputOptions, wanted: &[Wanted]) -> Vec<Found> {
        let rows = self.open_with(options).unwrap().rows(wanted).unwrap();
        rows.map(|item| match item.unwrap() {
            Item::Row(row) => (row.place, Ok(row.values)),
            Item::Bad(bad) => (bad.place, Err(self.bare(&bad.to_string()))),
        })
        .collect()
    }
}

fn wanted(column: &str, data_type: DataType) -> Wanted {
    of(column, Field::new(column, data_type))
}

fn nullable(column: &str, data_type: DataType) -> Wanted {
    of(column, Field::new(column, data_type).null())
}

fn of(column: &str, field: Field) -> Wanted {
    Wanted { column: column.into(), model: "Price".into(), field, required: false }
}

fn price() -> [Wanted; 3] {
    [
        wanted("id", DataType::Integer),
        wanted("name", DataType::TEXT),
        nullable("price", DataType::Decimal { max_digits: Some(8), decimal_places: Some(2) }),
    ]
}

/// A row of `price` that is right.
fn row(place: Place, id: i64, name: &str, price: Option<&str>) -> Found {
    let price = price.map_or(Value::Null, |price| Value::Decimal(price.parse().unwrap()));
    (place, Ok(vec![Some(id.into()), Some(name.into()), Some(price)]))
}

fn options() -> InputOptions {
    InputOptions::default()
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut encoder, content).unwrap();
    encoder.finish().unwrap()
}

fn zstd(content: &[u8]) -> Vec<u8> {
    ::zstd::encode_all(content, 0).unwrap()
}

fn in_directory(path: &Path, name: &str) -> String {
    path.join(name).to_str().unwrap().to_owned()
}
