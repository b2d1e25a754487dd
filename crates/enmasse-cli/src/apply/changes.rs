//! Reports changes: counted by column, and written to a file.

use std::sync::Arc;

use enmasse::query_set::Change;
use enmasse::{Record, Value};

use crate::apply::files::{FinishedFile, OutputFile};
use crate::apply::mapping::Mapping;
use crate::args::ApplyArgs;
use crate::changes::Changes;
use crate::failure::Result;
use crate::input::{InputOptions, RowWriter};
use crate::shown;

/// What stands for NULL in a CSV file of changes, where nothing else is said: PostgreSQL's.
const NULL: &str = r"\N";

/// Notes the changes of rows.
pub struct Noted {
    mapping: Arc<Mapping>,
    changes: Changes,
    /// The file of all changes: the row's key, the column, the value before and after.
    diff: Option<OutputFile<RowWriter>>,
}

impl Noted {
    pub fn new(mapping: &Arc<Mapping>, args: &ApplyArgs) -> Result<Self> {
        let columns = mapping.written.iter().map(|&column| mapping.table_column(column).to_owned());
        let key = mapping.key.iter().map(|&column| mapping.table_column(column).to_owned());
        let header: Vec<_> = key.chain(["column", "before", "after"].map(str::to_owned)).collect();
        // NULL and the empty text are two values
        let nulls = match &args.input.null[..] {
            [] => vec![NULL.to_owned()],
            given => given.to_vec(),
        };
        let options = InputOptions { nulls, ..InputOptions::default() };
        let diff = args.diff.as_deref().map(|path| {
            OutputFile::create(path, |place| RowWriter::create_at(place, path, &header, &options))
        });
        Ok(Noted { mapping: mapping.clone(), changes: Changes::of(columns), diff: diff.transpose()? })
    }

    pub fn note(&mut self, change: &Change<Record>) -> Result<()> {
        let Noted { mapping, changes, diff } = self;
        let mut differs = false;
        let (old, new) = (change.old.values(), change.new.values());
        let position = |column: usize| mapping.columns[column].positions[0];
        for (number, &column) in mapping.written.iter().enumerate() {
            let (before, after) = (&old[position(column)], &new[position(column)]);
            if before == after || is_nan(before) && is_nan(after) {
                continue;
            }
            differs = true;
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
        // a row that the database skipped is as it was
        changes.add_rows(u64::from(differs));
        Ok(())
    }

    /// The counts, and the file.
    pub fn finish(self) -> Result<(Changes, Option<FinishedFile>)> {
        let diff = self.diff.map(|diff| diff.finish(RowWriter::finish)).transpose()?;
        Ok((self.changes, diff))
    }
}

fn is_nan(value: &Value) -> bool {
    matches!(value, Value::Float(number) if number.is_nan())
}

impl Mapping {
    /// What the table calls a column.
    pub fn table_column(&self, column: usize) -> &str {
        &self.model.fields[self.columns[column].positions[0]].column
    }
}
