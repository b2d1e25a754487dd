//! One `UPDATE` with a `CASE` for each field, for a few rows.
//!
//! ```sql
//! UPDATE `users` SET `name` = CASE `id` WHEN ? THEN ? WHEN ? THEN ? END, …
//!     WHERE `id` IN (?, ?) ORDER BY `id`
//! ```
//!
//! It needs no transaction around it and makes no table, so that it takes one round trip; but each row looks through the cases of all,
//! for each field.

use std::sync::Arc;

use crate::dialect::Dialect;
use crate::encode::Chunk;
use crate::error::Result;
use crate::plan::bulk::{Job, New};
use crate::plan::step::stored;
use crate::plan::strategy::values::{self, List};
use crate::plan::{Call, ChunkGives, ChunkStatement, EachChunk, Form, Step};
use crate::sql::{Fragment, Param, Statement};
use crate::value::{DataType, Value};

/// Rows in one statement.
const ROWS: usize = 100;

pub(in crate::plan::strategy) fn steps(dialect: &dyn Dialect, job: &Job<'_>) -> Result<Vec<Step>> {
    let Some(filter) = job.filter(dialect)? else { return Ok(Vec::new()) };
    let settings = job.settings(dialect, &Fragment::cell)?;
    let mut set = Vec::new();
    for (setting, (_, new)) in settings.into_iter().zip(&job.set) {
        let value = match new {
            New::Carried(column) => Source::Cell(*column),
            _ => Source::Same(setting.value.statement(dialect)),
        };
        set.push((setting.column, value));
    }
    let own = job.own(dialect);
    let key = format!("{own}.{}", job.column(dialect, job.key[0]));
    let missing = values::missing(dialect, job, &filter)?;
    let gives = ChunkGives::Matched { missing_before: !filter.is_empty() };
    let cases = Cases {
        head: format!("UPDATE {} SET ", job.table(dialect)),
        set,
        place: dialect.placeholder(1),
        key,
        filter: filter.statement(dialect),
        types: job.types(),
        missing,
    };
    let each = 2 * job.columns.len() + cases.filter.params.len();
    let most = (dialect.max_params() / each).clamp(1, job.size.unwrap_or(ROWS));
    let sql = cases.update(vec![vec![Value::Null; job.columns.len()]]).sql;
    let make = Arc::new(cases);
    Ok(vec![Step::EachChunk(EachChunk { sql, form: Form::Stored, most, make, gives, is_atomic: true })])
}

struct Cases {
    head: String,
    set: Vec<(String, Source)>,
    place: String,
    key: String,
    filter: Statement,
    types: Vec<DataType>,
    missing: List,
}

/// What a column is set to.
enum Source {
    /// The row's cell in this column.
    Cell(usize),
    /// The same for all rows.
    Same(Statement),
}

impl Cases {
    fn update(&self, rows: Vec<Vec<Value>>) -> Statement {
        let cell = |row: &[Value], column: usize| Param {
            value: row[column].clone(),
            data_type: self.types[column].clone(),
        };
        let mut sql = self.head.clone();
        let mut params = Vec::new();
        for (number, (column, source)) in self.set.iter().enumerate() {
            sql.push_str(if number > 0 { ", " } else { "" });
            match source {
                Source::Cell(position) => {
                    let whens = format!(" WHEN {0} THEN {0}", self.place).repeat(rows.len());
                    sql.push_str(&format!("{column} = CASE {}{whens} END", self.key));
                    params.extend(rows.iter().flat_map(|row| [cell(row, 0), cell(row, *position)]));
                }
                Source::Same(value) => {
                    sql.push_str(&format!("{column} = {}", value.sql));
                    params.extend(value.params.iter().cloned());
                }
            }
        }
        let places = vec![self.place.as_str(); rows.len()].join(", ");
        sql.push_str(&format!(" WHERE {} IN ({places}){} ORDER BY {}", self.key, self.filter.sql, self.key));
        params.extend(rows.iter().map(|row| cell(row, 0)));
        params.extend(self.filter.params.iter().cloned());
        Statement { sql, params }
    }
}

impl ChunkStatement for Cases {
    fn call(&self, rows: Chunk) -> Call {
        Call::Once(self.update(stored(rows)))
    }

    fn missing(&self, rows: &Chunk) -> Option<Statement> {
        self.missing.missing(rows)
    }
}
