//! The rows in the statement itself: no temporary table, so that few rows are faster, and a server that has none can be written to.
//!
//! ```sql
//! UPDATE (SELECT `id` k0, `name` v0 FROM `users` WHERE false UNION ALL SELECT CAST(? AS signed integer), ? UNION ALL …
//!     ORDER BY k0 LIMIT 18446744073709551615) b STRAIGHT_JOIN `users` ON `users`.`id` = b.k0 SET `users`.`name` = b.v0
//! ```
//!
//! The first part of the list, which has no rows, gives it the collations of the columns; each value has its column's type. Where arrays can be
//! parameters, the statement is that of arrays with `VALUES` in their place.

use std::sync::Arc;

use crate::dialect::{Capability, Dialect};
use crate::encode::Chunk;
use crate::error::Result;
use crate::plan::bulk::Job;
use crate::plan::insert::values;
use crate::plan::step::stored;
use crate::plan::strategy::mysql::load_data::set;
use crate::plan::strategy::postgres::arrays;
use crate::plan::{Call, ChunkGives, ChunkStatement, EachChunk, Form, Step, free_name};
use crate::sql::{Fragment, Param, Statement};
use crate::value::{DataType, Value};

/// Rows in one statement.
const ROWS: usize = 500;

pub(super) fn steps(dialect: &dyn Dialect, job: &Job<'_>) -> Result<Vec<Step>> {
    let most = (dialect.max_params() / 2 / job.columns.len()).clamp(1, job.size.unwrap_or(ROWS));
    let parts = if dialect.supports(Capability::JoinedUpdate) {
        joined(dialect, job)?
    } else {
        listed(dialect, job, most)?
    };
    let Some((sql, make, gives)) = parts else { return Ok(Vec::new()) };
    Ok(vec![Step::EachChunk(EachChunk { sql, form: Form::Stored, most, make, gives, is_atomic: true })])
}

type Made = Option<(String, Arc<dyn ChunkStatement>, ChunkGives)>;

/// `WITH b (k0, v0) AS MATERIALIZED (VALUES ($1, $2), …), …`
fn listed(dialect: &dyn Dialect, job: &Job<'_>, most: usize) -> Result<Made> {
    let Some((rest, gives)) = arrays::write(dialect, job)? else { return Ok(None) };
    // the parameters of the rest come first, so that their numbers stay
    let Statement { sql, params } = rest.statement(dialect);
    let types = job.types();
    let mut places = Vec::new();
    for number in 0..most * types.len() {
        let at = params.len() + number + 1;
        // the first row says the types
        places.push(match types.get(number) {
            Some(data_type) => dialect.listed(dialect.placeholder(at), data_type)?,
            None => dialect.typed_placeholder(at, &types[number % types.len()]),
        });
    }
    let b = free_name(job.model(), "b");
    let head = format!("WITH {b} ({}) AS MATERIALIZED (VALUES ", job.names().join(", "));
    let part = Listed { head, places, tail: format!("), {sql}"), params, types };
    Ok(Some((part.sql(1), Arc::new(part), gives)))
}

struct Listed {
    head: String,
    places: Vec<String>,
    tail: String,
    params: Vec<Param>,
    types: Vec<DataType>,
}

impl Listed {
    fn sql(&self, rows: usize) -> String {
        values(&self.head, self.types.len(), rows, |place| self.places[place].clone(), &self.tail)
    }
}

impl ChunkStatement for Listed {
    fn call(&self, rows: Chunk) -> Call {
        let rows = stored(rows);
        let sql = self.sql(rows.len());
        let params = self.params.iter().cloned().chain(params(rows, &self.types)).collect();
        Call::Once(Statement { sql, params })
    }
}

/// `UPDATE (SELECT … UNION ALL SELECT ?, ? …) b STRAIGHT_JOIN …`
fn joined(dialect: &dyn Dialect, job: &Job<'_>) -> Result<Made> {
    let Some(filter) = job.filter(dialect)? else { return Ok(None) };
    let (table, own) = (job.table(dialect), job.own(dialect));
    let b = free_name(job.model(), "b");
    let names = job.names();
    let positions = job.key.iter().chain(&job.carried);
    let mut typed: Vec<_> = positions
        .zip(&names)
        .map(|(&position, name)| format!("{own}.{} {name}", job.column(dialect, position)))
        .collect();
    typed.extend((0..job.masks).map(|number| format!("CAST(9223372036854775807 AS SIGNED) m{number}")));
    let end = end(dialect, job, &b);
    let on = job.on(dialect, &b);

    // a list may have longer texts than the columns that it takes its types from
    let types = job.types();
    let spell =
        |column: usize| dialect.fitting(Fragment::text(format!("{b}.{}", names[column])), &types[column]);
    let settings = job.settings(dialect, &spell)?;
    let mut tail = Fragment::text(format!("{end} STRAIGHT_JOIN {table} ON {on}"));
    tail.push(filter.clone());
    tail.push(" SET ");
    tail.push(set(dialect, job, &own, &settings)?);
    let (nothing, row) = list(dialect, &table, &typed, &job.types())?;
    let write =
        List { head: format!("UPDATE ({nothing}"), row, tail: tail.statement(dialect), types: job.types() };

    let missing = missing(dialect, job, &filter)?;
    let sql = write.statement_of(vec![vec![Value::Null; job.columns.len()]]).sql;
    let gives = ChunkGives::Matched { missing_before: !filter.is_empty() };
    Ok(Some((sql, Arc::new(Joined { write, missing }), gives)))
}

/// A list of rows of columns: its beginning, which has no row, and what each row adds.
fn list(
    dialect: &dyn Dialect,
    table: &str,
    columns: &[String],
    types: &[DataType],
) -> Result<(String, String)> {
    let nothing = format!("SELECT {} FROM {table} WHERE false", columns.join(", "));
    let mut places = Vec::new();
    for data_type in types {
        places.push(dialect.listed(dialect.placeholder(places.len() + 1), data_type)?);
    }
    Ok((nothing, format!(" UNION ALL SELECT {}", places.join(", "))))
}

/// The end of the list, in the order of its keys.
fn end(dialect: &dyn Dialect, job: &Job<'_>, b: &str) -> String {
    let keys = job.names()[..job.key.len()].join(", ");
    format!(" ORDER BY {keys} LIMIT {}) {b}", dialect.limit_for_offset().unwrap_or_default())
}

/// Gives the keys of a part that match no row.
pub(super) fn missing(dialect: &dyn Dialect, job: &Job<'_>, filter: &Fragment) -> Result<List> {
    let (table, own) = (job.table(dialect), job.own(dialect));
    let b = free_name(job.model(), "b");
    let names = job.names();
    let keys = job.key.iter().zip(&names);
    let keys: Vec<_> =
        keys.map(|(&position, name)| format!("{own}.{} {name}", job.column(dialect, position))).collect();
    let mut tail = Fragment::text(format!(
        "{} WHERE NOT EXISTS (SELECT 1 FROM {table} WHERE {}",
        end(dialect, job, &b),
        job.on(dialect, &b)
    ));
    tail.push(filter.clone());
    tail.push(")");
    let (nothing, row) = list(dialect, &table, &keys, &job.key_types())?;
    let head = format!("SELECT {} FROM ({nothing}", names[..keys.len()].join(", "));
    Ok(List { head, row, tail: tail.statement(dialect), types: job.key_types() })
}

struct Joined {
    write: List,
    missing: List,
}

/// A statement with a list of rows.
pub(super) struct List {
    head: String,
    row: String,
    tail: Statement,
    types: Vec<DataType>,
}

impl List {
    fn statement_of(&self, rows: Vec<Vec<Value>>) -> Statement {
        let sql = format!("{}{}{}", self.head, self.row.repeat(rows.len()), self.tail.sql);
        Statement { sql, params: params(rows, &self.types).chain(self.tail.params.iter().cloned()).collect() }
    }
}

impl ChunkStatement for Joined {
    fn call(&self, rows: Chunk) -> Call {
        Call::Once(self.write.statement_of(stored(rows)))
    }

    fn missing(&self, rows: &Chunk) -> Option<Statement> {
        self.missing.missing(rows)
    }
}

impl ChunkStatement for List {
    fn call(&self, rows: Chunk) -> Call {
        Call::Once(self.statement_of(stored(rows)))
    }

    fn missing(&self, rows: &Chunk) -> Option<Statement> {
        let Chunk::Rows(rows) = rows else { return None };
        Some(self.statement_of(rows.iter().map(|row| row[..self.types.len()].to_vec()).collect()))
    }
}

fn params(rows: Vec<Vec<Value>>, types: &[DataType]) -> impl Iterator<Item = Param> {
    let types = types.iter().cycle().cloned();
    rows.into_iter().flatten().zip(types).map(|(value, data_type)| Param { value, data_type })
}
