//! What changes, as it is told: counted by column, and written to a file.

use std::sync::Arc;

use enmasse::query_set::Change;
use enmasse::{Record, Value};

use crate::apply::files::{FinishedFile, OutputFile};
use crate::apply::mapping::Mapping;
use crate::changes::Changes;
use crate::failure::Result;
use crate::input::{InputOptions, RowWriter};
use crate::shown;

/// Notes the changes of rows.
pub struct Noted {
    mapping: Arc<Mapping>,
    changes: Changes,
    /// The file of all changes: the row's key, the column, the value before and after.
    diff: Option<OutputFile<RowWriter>>,
}

impl Noted {
    pub fn new(mapping: &Arc<Mapping>, diff: Option<&str>) -> Result<Self> {
        let columns = mapping.written.iter().map(|&column| mapping.table_column(column).to_owned());
        let key = mapping.key.iter().map(|&column| mapping.table_column(column).to_owned());
        let header: Vec<_> = key.chain(["column", "before", "after"].map(str::to_owned)).collect();
        let diff = diff.map(|path| {
            OutputFile::create(path, |place| {
                RowWriter::create_at(place, path, &header, &InputOptions::default())
            })
        });
        Ok(Noted { mapping: mapping.clone(), changes: Changes::of(columns), diff: diff.transpose()? })
    }

    pub fn note(&mut self, change: &Change<Record>) -> Result<()> {
        let Noted { mapping, changes, diff } = self;
        changes.add_rows(1);
        let (old, new) = (change.old.values(), change.new.values());
        let position = |column: usize| mapping.columns[column].positions[0];
        for (number, &column) in mapping.written.iter().enumerate() {
            let (before, after) = (&old[position(column)], &new[position(column)]);
            if before == after {
                continue;
            }
            if changes.has_enough(number) {
                changes.count(number, 1);
            } else {
                let key = mapping.key.iter().map(|&key| (mapping.table_column(key), &new[position(key)]));
                changes.note(&shown::key(key), number, before, after);
            }
            if let Some(diff) = diff {
                let key = mapping.key.iter().map(|&key| new[position(key)].clone());
                let name = Value::from(mapping.table_column(column));
                let row = key.chain([name, before.clone(), after.clone()]).map(Some);
                diff.writer().write(&row.collect::<Vec<_>>())?;
            }
        }
        Ok(())
    }

    /// The counts, and the file.
    pub fn finish(self) -> Result<(Changes, Option<FinishedFile>)> {
        let diff = self.diff.map(|diff| diff.finish(RowWriter::finish)).transpose()?;
        Ok((self.changes, diff))
    }
}

impl Mapping {
    /// What the table calls a column.
    pub fn table_column(&self, column: usize) -> &str {
        &self.model.fields[self.columns[column].positions[0]].column
    }
}
