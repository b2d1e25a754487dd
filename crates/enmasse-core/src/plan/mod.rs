//! A request as steps: SQL with its parameters, and sources of rows.
//!
//! | request | plan |
//! | --- | --- |
//! | `filter(…).update(…)` | [`update`] |
//! | the same, of rows and values that a query of the host's gives | [`update_from`](update_from()) |
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
mod tables;
mod taken;
mod update;
mod update_from;
mod update_returning;

pub use auto::set_auto;
pub use bulk::{
    BulkUpdate, Keep, Missing, OnDuplicate, Returning, bulk_update, duplicate_keys, several_rows, shown_key,
    unsaved,
};
pub use chain::half_written;
pub use delete::delete;
pub use insert::{advance_identity, given_back, insert, made_by_database, read_made};
pub use kept::{Kept, find_keys, finds_one, written_fields};
pub use preview::{Preview, preview};
pub use step::{
    Call, ChunkGives, ChunkStatement, EachChunk, EachKeys, EachRow, Either, Form, Gives, KeyStatement, Load,
    Step,
};
pub use strategy::{COUNTS, Strategy};
pub use tables::{create_tables, drop_tables};
pub use update::{Assignment, concrete, update, update_apart};
pub use update_from::{UpdateFrom, update_from};
pub use update_returning::update_returning;

use std::sync::Arc;

use crate::encode::BatchShape;
use crate::schema::ModelRef;
use crate::value::DataType;

/// What to do, in order: data that any host can print, keep or run with a [`Run`](crate::run::Run).
///
/// All steps belong into one transaction, but for those that have [one of their own](EachRow::own_transaction). A plan of one statement
/// is all or nothing by itself.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// The steps. None means that there is nothing to do and that the answer is no rows.
    pub steps: Vec<Step>,
    /// The types of a row's key, for errors and reports that name keys.
    pub key: Vec<DataType>,
    /// What the rows of the batch carry, where the steps ask for rows.
    pub batch: Option<Arc<BatchShape>>,
    /// What is reported of rows of the batch that match none. `None` where the rows are new.
    pub missing: Option<Missing>,
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

    /// The form in which the steps take the rows of the batch, and the most rows of a chunk.
    pub fn form(&self) -> Option<(Form, Option<usize>)> {
        self.steps.iter().find_map(|step| match step {
            Step::Load(load) => Some((load.form, None)),
            Step::EachChunk(chunks) => Some((chunks.form, Some(chunks.most))),
            Step::EachRow(_) => Some((Form::Cells, None)),
            Step::Run(..) | Step::Either(_) | Step::EachKeys(_) => None,
        })
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }
}
