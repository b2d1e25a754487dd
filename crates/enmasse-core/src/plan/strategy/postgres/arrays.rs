//! One array for the key and one for each column, joined with the table.
//!
//! Few rows are one statement, which locks them in the order of their keys whatever plan the server makes of it, and gives back the keys
//! that matched no row:
//!
//! ```sql
//! WITH b AS MATERIALIZED (SELECT * FROM unnest((SELECT $1::bigint[]), (SELECT $2::text[])) AS b(k0, v0)),
//! locked AS MATERIALIZED (
//!     SELECT "users"."id" k0 FROM "users" JOIN b ON "users"."id" = b.k0 ORDER BY k0 FOR NO KEY UPDATE OF "users"),
//! written AS (
//!     UPDATE "users" SET "name" = b.v0 FROM b JOIN locked USING (k0) WHERE "users"."id" = b.k0 RETURNING b.k0)
//! SELECT k0, EXISTS (SELECT 1 FROM "users" WHERE "users"."id" = b.k0) FROM (SELECT k0 FROM b EXCEPT SELECT k0 FROM written) b
//! ```
//!
//! More are sorted, and only nested loops are on, so that the join takes them, and their locks, in the order of the keys:
//!
//! ```sql
//! UPDATE "users" SET "name" = b.v0 FROM (SELECT * FROM unnest(…) AS b(k0, v0) ORDER BY k0) b WHERE "users"."id" = b.k0
//! ```
//!
//! The planner does not see how long an array is that comes from a `SELECT`. It takes the index then; else it would read the
//! whole table for a thousand rows.

use std::sync::Arc;

use crate::dialect::Dialect;
use crate::encode::Chunk;
use crate::error::Result;
use crate::plan::bulk::Job;
use crate::plan::strategy::postgres::account::Account;
use crate::plan::strategy::postgres::settings;
use crate::plan::strategy::staging::unchanged;
use crate::plan::{Call, ChunkGives, ChunkStatement, EachChunk, Form, Step, free_name};
use crate::sql::{Fragment, Param, Statement};
use crate::value::{DataType, Value};

/// Rows in one statement, where there is no other way for more.
const ROWS: usize = 10_000;

/// Up to so many rows, one statement that locks is faster than a transaction with settings of its own.
pub(in crate::plan::strategy) const FEW: u64 = 50;

pub(in crate::plan::strategy) fn steps(dialect: &dyn Dialect, job: &Job<'_>) -> Result<Vec<Step>> {
    let Some(filter) = job.filter(dialect)? else { return Ok(Vec::new()) };
    let arrays = Arrays::new(dialect, job)?;
    let is_few = job.rows.is_some_and(|rows| rows <= FEW);
    // with a filter, one statement tells which keys pass it and which of these are written
    if job.skip_unchanged || is_few || !filter.is_empty() {
        let Some((rest, gives)) = write(dialect, job)? else { return Ok(Vec::new()) };
        let head = format!("WITH {} AS MATERIALIZED (SELECT * FROM {}), ", arrays.b, arrays.list);
        return Ok(vec![arrays.step(dialect, job, head, rest, gives, None)]);
    }
    let settings =
        job.settings(dialect, &|column| Fragment::text(format!("{}.{}", arrays.b, arrays.names[column])))?;
    let set = settings
        .iter()
        .map(|setting| Fragment::format("{} = {}", [setting.column.as_str().into(), setting.value.clone()]));
    let set = Fragment::join(set, ", ");
    let (table, b) = (job.table(dialect), &arrays.b);
    let on = job.on(dialect, b);
    let gives = ChunkGives::Matched { missing_before: false };

    let missing = Fragment::text(format!("EXISTS (SELECT 1 FROM {table} WHERE {on})"));
    let mut update = Fragment::text(format!("UPDATE {table} SET "));
    update.push(set);
    let keys = arrays.names[..job.key.len()].join(", ");
    update.push(format!(" FROM (SELECT * FROM {} ORDER BY {keys}) {b} WHERE {on}", arrays.list));
    let step = arrays.step(dialect, job, String::new(), update, gives, Some(missing));
    let mut steps = vec![settings::nested_loops(), step];
    if !job.ends {
        steps.push(settings::restore(settings::JOINS));
    }
    Ok(steps)
}

/// Puts all rows of the batch into a temporary table.
pub(in crate::plan::strategy) fn stage(dialect: &dyn Dialect, job: &Job<'_>, batch: &str) -> Result<Step> {
    let arrays = Arrays::new(dialect, job)?;
    let insert = Fragment::text(format!("INSERT INTO {batch} SELECT * FROM {}", arrays.list));
    Ok(arrays.step(dialect, job, String::new(), insert, ChunkGives::Nothing, None))
}

/// The arrays as a list of rows.
struct Arrays {
    b: String,
    names: Vec<String>,
    types: Vec<DataType>,
    /// `unnest((SELECT $1::bigint[]), …) AS b(k0, …)`
    list: String,
    /// The same of the key alone.
    keys: String,
}

impl Arrays {
    fn new(dialect: &dyn Dialect, job: &Job<'_>) -> Result<Self> {
        let b = free_name(job.model(), "b");
        let names = job.names();
        let types: Vec<_> =
            job.types().into_iter().map(|data_type| DataType::Array(Box::new(data_type))).collect();
        let mut arrays = Vec::new();
        for (number, data_type) in types.iter().enumerate() {
            arrays.push(format!(
                "(SELECT {}::{})",
                dialect.placeholder(number + 1),
                dialect.cast_type(data_type)?
            ));
        }
        let list = |width: usize| {
            format!("unnest({}) AS {b}({})", arrays[..width].join(", "), names[..width].join(", "))
        };
        Ok(Arrays { list: list(types.len()), keys: list(job.key.len()), b, names, types })
    }

    /// The step that runs a statement which has `head` before it; `matches` holds for the keys of the list that match a row.
    fn step(
        &self,
        dialect: &dyn Dialect,
        job: &Job<'_>,
        head: String,
        rest: Fragment,
        gives: ChunkGives,
        matches: Option<Fragment>,
    ) -> Step {
        let Statement { sql, params } = rest.statement_from(dialect, self.types.len());
        let sql = head + &sql;
        let width = job.key.len();
        let missing = matches.map(|matches| {
            let Statement { sql, params } = matches.statement_from(dialect, width);
            let names = self.names[..width].join(", ");
            Statement { sql: format!("SELECT {names} FROM {} WHERE NOT {sql}", self.keys), params }
        });
        Step::EachChunk(EachChunk {
            sql: sql.clone(),
            form: Form::Arrays,
            most: job.size.unwrap_or(ROWS),
            make: Arc::new(Unnest {
                write: Statement { sql, params },
                missing,
                types: self.types.clone(),
                width,
            }),
            gives,
            is_atomic: true,
        })
    }
}

/// Statements to which the arrays are still to be added.
struct Unnest {
    write: Statement,
    missing: Option<Statement>,
    types: Vec<DataType>,
    /// How many columns are the key.
    width: usize,
}

impl Unnest {
    fn with(&self, statement: &Statement, mut arrays: Vec<Param>) -> Statement {
        arrays.extend(statement.params.iter().cloned());
        Statement { sql: statement.sql.clone(), params: arrays }
    }
}

impl ChunkStatement for Unnest {
    fn call(&self, rows: Chunk) -> Call {
        Call::Once(self.with(&self.write, encoded(rows, &self.types)))
    }

    fn missing(&self, rows: &Chunk) -> Option<Statement> {
        let (Chunk::Columns(columns), Some(missing)) = (rows, &self.missing) else { return None };
        let keys = Chunk::Columns(columns[..self.width].to_vec());
        Some(self.with(missing, encoded(keys, &self.types)))
    }
}

/// One array parameter for each column of a chunk.
pub(in crate::plan) fn encoded(rows: Chunk, types: &[DataType]) -> Vec<Param> {
    let Chunk::Columns(columns) = rows else { unreachable!("asked for columns, given {rows:?}") };
    let arrays = columns.into_iter().zip(types);
    arrays
        .map(|(bytes, data_type)| Param { value: Value::Encoded(bytes), data_type: data_type.clone() })
        .collect()
}

/// The statement after the list `b` of the rows of the batch; `None` where no row can pass the query's filter.
pub(in crate::plan::strategy) fn write(
    dialect: &dyn Dialect,
    job: &Job<'_>,
) -> Result<Option<(Fragment, ChunkGives)>> {
    let Some(filter) = job.filter(dialect)? else { return Ok(None) };
    let (table, own) = (job.table(dialect), job.own(dialect));
    let [b, locked, written] = ["b", "locked", "written"].map(|name| free_name(job.model(), name));
    let names = job.names();
    let keys = names[..job.key.len()].join(", ");
    let settings = job.settings(dialect, &|column| Fragment::text(format!("{b}.{}", names[column])))?;
    let set = settings
        .iter()
        .map(|setting| Fragment::format("{} = {}", [setting.column.as_str().into(), setting.value.clone()]));
    let on = job.on(dialect, &b);

    let own_keys = job.key.iter().zip(&names);
    let own_keys =
        own_keys.map(|(&position, name)| format!("{own}.{} {name}", job.column(dialect, position)));
    let mut sql = Fragment::text(format!(
        "{locked} AS MATERIALIZED (SELECT {} FROM {table} JOIN {b} ON {on}",
        own_keys.collect::<Vec<_>>().join(", ")
    ));
    if !filter.is_empty() {
        sql.push(" WHERE true");
        sql.push(filter.clone());
    }
    let strength = if job.writes_key() { "" } else { "NO KEY " };
    sql.push(format!(" ORDER BY {keys} FOR {strength}UPDATE OF {own}), {written} AS (UPDATE {table} SET "));
    sql.push(Fragment::join(set, ", "));
    sql.push(format!(" FROM {b} JOIN {locked} USING ({keys}) WHERE {on}"));
    sql.push(filter.clone());
    Ok(Some(if job.skip_unchanged {
        sql.push(Fragment::format(" AND NOT ({})", [unchanged(dialect, &own, &settings)?]));
        sql.push(" RETURNING 1)");
        let account = Account { batch: (&b, &b), written: &written, filter: &filter, settings: &settings };
        let (rest, _) = account.rest(dialect, job)?;
        sql.push(rest);
        (sql, ChunkGives::Account)
    } else {
        let given = names[..job.key.len()].iter().map(|key| format!("{b}.{key}"));
        sql.push(format!(
            " RETURNING {}) SELECT {keys}, EXISTS (SELECT 1 FROM {table} WHERE {on}",
            given.collect::<Vec<_>>().join(", ")
        ));
        sql.push(filter);
        sql.push(format!(") FROM (SELECT {keys} FROM {b} EXCEPT SELECT {keys} FROM {written}) {b}"));
        (sql, ChunkGives::NotWritten)
    }))
}

pub(in crate::plan) fn placeholders(dialect: &dyn Dialect, types: &[DataType]) -> String {
    let typed = (1..).zip(types).map(|(number, data_type)| dialect.typed_placeholder(number, data_type));
    typed.collect::<Vec<_>>().join(", ")
}
