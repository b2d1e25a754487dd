//! A request as steps: SQL with its parameters, and sources of rows.
//!
//! | request | plan |
//! | --- | --- |
//! | `filter(…).update(…)` | [`update`] |
//! | what it would change | [`preview`](preview()) |
//! | `bulk_update(objects, fields)` | [`bulk_update`](bulk_update()) |
//! | `create`, `bulk_create` | [`insert`](insert()) |
//! | `filter(…).delete()` | [`delete`](delete()) |
//! | the keys of the rows that one of these writes | [`Kept`] |

mod auto;
mod bulk;
mod chain;
mod copied;
mod delete;
mod explain;
mod insert;
mod kept;
mod preview;
mod step;
mod strategy;
mod taken;
mod update;
mod update_returning;

pub use auto::set_auto;
pub use bulk::{
    BulkUpdate, Keep, Missing, Returning, bulk_update, duplicate_keys, several_rows, shown_key, unsaved,
};
pub use delete::delete;
pub use insert::{advance_identity, given_back, insert, made_by_database, read_made};
pub use kept::{Kept, find_keys, finds_one, written_fields};
pub use preview::{Preview, preview};
pub use step::{
    Form, KeyPart, Part, PartGives, Parts, Rows, Stage, Statements, Step, WriteBulk, WriteEither, WriteKeys,
    WriteRows, WriteTable, WriteTables,
};
pub use strategy::{COUNTS, Strategy};
pub use update::{Assignment, concrete, update, update_apart};
pub use update_returning::update_returning;

use crate::encode::{BatchColumn, Duplicates};
use crate::plan::bulk::BITS;
use crate::schema::ModelRef;
use crate::value::{DataType, Value};

/// Rows of values in the form in which the database stores them, one after the other.
pub type RowSource = Box<dyn Iterator<Item = Vec<Value>> + Send>;

/// What to do, in order: data that any host can print, keep or run.
///
/// All steps belong into one transaction, but for rows that are written [alone](WriteRows::alone). A plan of one [`Step::Write`] is all or nothing by itself.
#[derive(Debug, Default)]
pub struct Plan {
    /// The steps. None means that there is nothing to do and that the answer is no rows.
    pub steps: Vec<Step>,
    /// The types of a row's key, for errors and reports that name keys.
    pub key: Vec<DataType>,
    /// What the rows of the batch carry, where the steps ask for rows.
    pub batch: Option<BatchShape>,
    /// What is to be told of rows of the batch that match none.
    pub missing: Missing,
}

/// What the rows of a batch carry.
#[derive(Clone, Debug)]
pub struct BatchShape {
    /// The columns: those of the key, of the other fields, and the masks.
    pub columns: Vec<BatchColumn>,
    /// The positions in the model of the fields that the columns are of: the masks, at the end, are of none.
    pub positions: Vec<usize>,
    /// How many columns at the end say, bit by bit, which of the fields a row sets.
    pub masks: usize,
    /// How many columns are the key.
    pub key: usize,
    /// How a key that comes twice is found.
    pub duplicates: Duplicates,
}

impl BatchShape {
    /// The positions of the fields that the bits of a column of masks stand for, from the lowest.
    pub fn masked(&self, column: usize) -> &[usize] {
        let fields = &self.positions[self.key..];
        let first = (column - self.positions.len()) * BITS;
        &fields[first..fields.len().min(first + BITS)]
    }

    /// What a row of the batch says of each field of its model, which has so many: a value, or nothing.
    pub fn by_field(&self, fields: usize, mut row: Vec<Value>) -> Vec<Option<Value>> {
        let masks = row.split_off(self.positions.len().min(row.len()));
        let is_set = |column: usize| {
            let Some(bit) = column.checked_sub(self.key) else { return true };
            !matches!(masks.get(bit / BITS), Some(Value::Int(mask)) if mask & (1 << (bit % BITS)) == 0)
        };
        let mut said = vec![None; fields];
        for (column, (&position, value)) in self.positions.iter().zip(row).enumerate() {
            if is_set(column) {
                said[position] = Some(value);
            }
        }
        said
    }
}

/// A name of the plan's own: this one, or one like it where a table of the schema has it.
pub(crate) fn free_name(model: &ModelRef, name: &str) -> String {
    let taken =
        |name: &str| model.schema().models().any(|other| other.table_name().eq_ignore_ascii_case(name));
    let mut name = name.to_owned();
    while taken(&name) {
        name.push('_');
    }
    name
}

impl Plan {
    pub(crate) fn of(steps: Vec<Step>) -> Self {
        Plan { steps, ..Plan::default() }
    }

    /// The form in which the steps take the rows of the batch, and how many rows at a time at most.
    pub fn form(&self) -> Option<(Form, Option<usize>)> {
        self.steps.iter().find_map(|step| match step {
            Step::Stage(stage) => Some((stage.form, None)),
            Step::WriteParts(parts) => Some((parts.form, Some(parts.most))),
            Step::WriteRows(_) | Step::StageRows(_) => Some((Form::Cells, None)),
            Step::WriteBulk(bulk) => Some((Form::Stored, Some(bulk.most))),
            _ => None,
        })
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }
}
