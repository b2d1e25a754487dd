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
use crate::error::Result;
use crate::plan::bulk::Job;
use crate::plan::strategy::values;
use crate::plan::{Step, WriteBulk};
use crate::sql::Fragment;

/// Rows in one message.
const ROWS: usize = 1_000;

pub(super) fn steps(dialect: &dyn Dialect, job: &Job<'_>) -> Result<Vec<Step>> {
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
    Ok(vec![Step::WriteBulk(WriteBulk {
        write: write.row_statement(dialect),
        most: job.size.unwrap_or(ROWS),
        missing: Arc::new(values::missing(dialect, job, &filter)?),
        missing_before: !filter.is_empty(),
    })])
}
