//! One prepared `UPDATE`, sent once with the parameters of many rows.
//!
//! ```sql
//! UPDATE `users` SET `name` = ?, `points` = ? WHERE `id` = ?
//! ```
//!
//! MariaDB's `COM_STMT_BULK_EXECUTE`: there is nothing to set up, so that it is the fastest way for few rows, and for any number where the
//! server takes no `LOAD DATA`. The server runs the rows one after the other, in the order of their keys.

use std::sync::Arc;

use crate::dialect::Dialect;
use crate::encode::Chunk;
use crate::error::Result;
use crate::plan::bulk::Job;
use crate::plan::step::stored;
use crate::plan::strategy::values;
use crate::plan::strategy::values::List;
use crate::plan::{Call, ChunkGives, ChunkStatement, EachChunk, Form, Step};
use crate::sql::{Fragment, RowStatement, Statement};

/// Rows in one message.
const ROWS: usize = 1_000;

pub(in crate::plan::strategy) fn steps(dialect: &dyn Dialect, job: &Job<'_>) -> Result<Vec<Step>> {
    let Some(filter) = job.filter(dialect)? else { return Ok(Vec::new()) };
    // computed fields first: from left to right each sees what was set before it
    let mut settings = job.settings(dialect, &Fragment::cell)?;
    settings.sort_by_key(|setting| !setting.is_computed);
    let set = settings
        .iter()
        .map(|setting| Fragment::format("{} = {}", [setting.column.as_str().into(), setting.value.clone()]));
    let keys = job.key.iter().enumerate().map(|(number, &position)| {
        Fragment::format("{} = {}", [job.column(dialect, position).into(), Fragment::cell(number)])
    });
    let mut write = Fragment::text(format!("UPDATE {} SET ", job.table(dialect)));
    write.push(Fragment::join(set, ", "));
    write.push(" WHERE ");
    write.push(Fragment::join(keys, " AND "));
    write.push(filter.clone());
    let write = write.row_statement(dialect);
    let missing = values::missing(dialect, job, &filter)?;
    Ok(vec![Step::EachChunk(EachChunk {
        sql: write.sql.clone(),
        form: Form::Stored,
        most: job.size.unwrap_or(ROWS),
        make: Arc::new(Bulk { write, missing }),
        gives: ChunkGives::Matched { missing_before: !filter.is_empty() },
        // each row is a statement of its own
        is_atomic: false,
    })])
}

struct Bulk {
    write: RowStatement,
    missing: List,
}

impl ChunkStatement for Bulk {
    fn call(&self, rows: Chunk) -> Call {
        Call::Bulk(self.write.clone(), stored(rows))
    }

    fn missing(&self, rows: &Chunk) -> Option<Statement> {
        self.missing.missing(rows)
    }
}
