//! Rows kept on disk until other rows are written, because they may be many or long.

use std::path::PathBuf;
use std::sync::Arc;

use enmasse::{Record, Value};

use crate::apply::mapping::Mapping;
use crate::apply::source::memory;
use crate::apply::temporary::TemporaryFolder;
use crate::failure::{Failure, Result};
use crate::input::{Input, InputOptions, Item, Limits, RowWriter, Rows};

/// The most rows that are read at a time, and the bytes of memory after which a lot of them ends.
pub const LOT: usize = 5_000;
pub const LOT_BYTES: usize = 4 << 20;

/// Takes rows.
pub struct Kept {
    mapping: Arc<Mapping>,
    folder: TemporaryFolder,
    writer: RowWriter,
    rows: usize,
}

/// The rows that were taken, which can be read several times.
pub struct KeptFile {
    mapping: Arc<Mapping>,
    folder: Arc<TemporaryFolder>,
    rows: usize,
}

/// Gives them back, in the order in which they were taken.
pub struct KeptRows {
    mapping: Arc<Mapping>,
    rows: Rows,
    _folder: Arc<TemporaryFolder>,
}

impl Kept {
    pub fn new(mapping: &Arc<Mapping>) -> Result<Self> {
        let folder = new_folder()?;
        let columns: Vec<_> = mapping.columns.iter().map(|column| column.name.clone()).collect();
        let writer = RowWriter::create(&path(&folder), &columns, &options())?;
        Ok(Kept { mapping: mapping.clone(), folder, writer, rows: 0 })
    }

    pub fn push(&mut self, row: &[Option<Value>]) -> Result<()> {
        self.rows += 1;
        self.writer.write(row)
    }

    pub fn len(&self) -> usize {
        self.rows
    }

    pub fn finish(self) -> Result<KeptFile> {
        self.writer.finish()?;
        Ok(KeptFile { mapping: self.mapping, folder: Arc::new(self.folder), rows: self.rows })
    }

    pub fn read(self) -> Result<KeptRows> {
        self.finish()?.rows()
    }
}

impl KeptFile {
    /// A file without rows, of the same columns.
    pub fn empty(other: &KeptFile) -> Result<Self> {
        Ok(KeptFile { mapping: other.mapping.clone(), folder: Arc::new(new_folder()?), rows: 0 })
    }

    /// Where they are: a line of JSON each.
    pub fn path(&self) -> PathBuf {
        self.folder.file()
    }

    /// Says how many rows were written there.
    pub fn has(&mut self, rows: usize) {
        self.rows = rows;
    }

    pub fn len(&self) -> usize {
        self.rows
    }

    pub fn rows(&self) -> Result<KeptRows> {
        let input = Input::open(&path(&self.folder), &options())?;
        let rows = input.rows(&self.mapping.wanted())?;
        Ok(KeptRows { mapping: self.mapping.clone(), rows, _folder: self.folder.clone() })
    }
}

fn new_folder() -> Result<TemporaryFolder> {
    TemporaryFolder::new()
        .map_err(|error| Failure::failed(format!("cannot make a temporary folder: {error}")))
}

impl KeptRows {
    /// The next rows; none after the last.
    pub fn lot(&mut self) -> Result<Vec<Record>> {
        let (mut lot, mut bytes) = (Vec::new(), 0);
        for item in self.rows.by_ref() {
            match item? {
                Item::Row(row) => {
                    bytes += memory(&row.values);
                    lot.push(self.mapping.record(row.values)?);
                }
                Item::Bad(bad) => return Err(Failure::failed(bad.to_string())),
            }
            if lot.len() == LOT || bytes >= LOT_BYTES {
                break;
            }
        }
        Ok(lot)
    }
}

fn path(folder: &TemporaryFolder) -> String {
    folder.file().to_string_lossy().into_owned()
}

/// JSON's null is kept as what it is; rows that were short enough in their own file are longer where JSON escapes their characters.
fn options() -> InputOptions {
    InputOptions { boxed_documents: true, limits: Limits::none(), ..InputOptions::default() }
}
