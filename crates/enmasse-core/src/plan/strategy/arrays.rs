//! One array for the key and one for each column, joined with the table.
//!
//! ```sql
//! WITH enmasse_batch AS MATERIALIZED (SELECT * FROM unnest($1, $2) AS b(k0, v0)),
//! enmasse_written AS (
//!     UPDATE "users" SET "name" = b.v0 FROM (SELECT * FROM enmasse_batch ORDER BY k0) b
//!     WHERE "users"."id" = b.k0 RETURNING b.k0)
//! SELECT k0 FROM enmasse_batch EXCEPT SELECT k0 FROM enmasse_written
//! ```
//!
//! The rows are sorted and only nested loops are on, so that the join takes them, and their locks, in the order of the keys,
//! and never reads the whole target as a merge join or a hash join does. The statement gives back the keys that matched no
//! row.

use crate::dialect::{Dialect, quote_table};
use crate::error::Result;
use crate::plan::insert::below;
use crate::plan::strategy::{Batch, parts};
use crate::plan::{Statements, Step, free_name};
use crate::sql::{Param, Statement};
use crate::value::{DataType, Value};

/// Rows in one statement: past this, the batch gets larger but not faster.
const ROWS: usize = 10_000;

/// What the planner may not use while the rows are written, until the end of the transaction or [`restore`].
const OFF: [&str; 3] = ["enable_hashjoin", "enable_mergejoin", "jit"];

pub(super) fn steps(dialect: &dyn Dialect, batch: Batch<'_>) -> Result<Vec<Step>> {
    let Some(filter) = batch.filter(dialect)? else { return Ok(Vec::new()) };
    let model = batch.model().clone();
    let table = quote_table(dialect, &model.table);
    let own = dialect.quote(model.table.rsplit('.').next().unwrap_or_default());
    let column = |position: usize| dialect.quote(&model.fields[position].column);
    let b = free_name(&model, "b");
    let batched = free_name(&model, "enmasse_batch");
    let written = free_name(&model, "enmasse_written");

    let keys: Vec<_> = (0..batch.key.len()).map(|number| format!("k{number}")).collect();
    let values: Vec<_> = (0..batch.fields.len()).map(|number| format!("v{number}")).collect();
    let width = keys.len() + values.len();
    let mut set = Vec::new();
    for (&position, value) in batch.fields.iter().zip(&values) {
        set.push(format!("{} = {b}.{value}", column(position)));
    }
    for (number, (position, _)) in batch.constants.iter().enumerate() {
        set.push(format!("{} = {}", column(*position), dialect.placeholder(width + number + 1)));
    }
    let on =
        batch.key.iter().zip(&keys).map(|(&position, key)| format!("{own}.{} = {b}.{key}", column(position)));
    let filter = filter.statement_from(dialect, width + batch.constants.len());
    let sql = format!(
        "WITH {batched} AS MATERIALIZED (SELECT * FROM unnest({arrays}) AS {b}({names})), \
         {written} AS (UPDATE {table} SET {set} FROM (SELECT * FROM {batched} ORDER BY {keys}) {b} \
         WHERE {on}{filter} RETURNING {given}) \
         SELECT {keys} FROM {batched} EXCEPT SELECT {keys} FROM {written}",
        arrays = placeholders(dialect, width),
        names = [keys.as_slice(), values.as_slice()].concat().join(", "),
        set = set.join(", "),
        on = on.collect::<Vec<_>>().join(" AND "),
        filter = filter.sql,
        given = keys.iter().map(|key| format!("{b}.{key}")).collect::<Vec<_>>().join(", "),
        keys = keys.join(", "),
    );

    let types: Vec<_> =
        batch.columns().map(|field| DataType::Array(Box::new(field.data_type.clone()))).collect();
    let mut steps = vec![switch_off()];
    if batch.has_text_key() {
        steps.push(Step::RefuseDuplicates(duplicates(dialect, &batch, &table, &types)));
    }
    let mut tail = Vec::new();
    for (position, value) in batch.constants {
        tail.push(Param { value, data_type: model.fields[position].data_type.clone() });
    }
    tail.extend(filter.params);
    let size = batch.size.unwrap_or(ROWS);
    let most = dialect.max_statement_bytes();
    let chunks = parts(batch.rows, size).flat_map(move |part| below(part, most));
    steps.push(Step::WriteChunks(Statements::chunks(chunks, move |rows| {
        let mut params = columns(&types, rows.into_iter());
        params.extend(tail.iter().cloned());
        Statement { sql: sql.clone(), params }
    })));
    steps.push(restore());
    Ok(steps)
}

/// Keeps each setting in one of our own and switches it off.
fn switch_off() -> Step {
    settings(|name| {
        format!(
            "set_config('enmasse.{name}', current_setting('{name}'), true), set_config('{name}', 'off', true)"
        )
    })
}

/// Puts each setting back: the transaction may be the caller's.
fn restore() -> Step {
    settings(|name| format!("set_config('{name}', current_setting('enmasse.{name}'), true)"))
}

fn settings(change: fn(&str) -> String) -> Step {
    let sql = format!("SELECT {}", OFF.map(change).join(", "));
    Step::Prepare(Statement { sql, params: Vec::new() })
}

/// The keys that the column's own collation takes for the same: a union takes on the collation of the column.
fn duplicates(dialect: &dyn Dialect, batch: &Batch<'_>, table: &str, types: &[DataType]) -> Statement {
    let width = batch.key.len();
    let own = batch.key.iter().map(|&position| dialect.quote(&batch.model().fields[position].column));
    let own = own.collect::<Vec<_>>().join(", ");
    let sql = format!(
        "SELECT {own} FROM (SELECT {own} FROM {table} WHERE false UNION ALL SELECT * FROM unnest({})) keys \
         GROUP BY {own} HAVING count(*) > 1",
        placeholders(dialect, width)
    );
    let keys = batch.rows.iter().map(|row| row[..width].to_vec());
    Statement { sql, params: columns(&types[..width], keys) }
}

pub(in crate::plan) fn placeholders(dialect: &dyn Dialect, count: usize) -> String {
    (1..=count).map(|number| dialect.placeholder(number)).collect::<Vec<_>>().join(", ")
}

/// Rows turned into one array parameter a column.
pub(in crate::plan) fn columns(
    types: &[DataType],
    rows: impl ExactSizeIterator<Item = Vec<Value>>,
) -> Vec<Param> {
    let mut columns: Vec<Vec<Value>> = types.iter().map(|_| Vec::with_capacity(rows.len())).collect();
    for row in rows {
        for (column, value) in columns.iter_mut().zip(row) {
            column.push(value);
        }
    }
    let params = columns.into_iter().zip(types);
    params
        .map(|(values, data_type)| Param { value: Value::Array(values), data_type: data_type.clone() })
        .collect()
}
