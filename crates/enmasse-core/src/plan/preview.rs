//! What an update would change, as the database itself tells before it is made.

use chrono::{DateTime, Utc};

use crate::compile::expr::{cast, for_column};
use crate::compile::{Compiler, Selection};
use crate::dialect::Dialect;
use crate::error::{Error, Result};
use crate::plan::Assignment;
use crate::plan::update::{assigned, each_once, new_value, refuse, select};
use crate::query::{Expr, Query};
use crate::schema::ModelRef;
use crate::sql::{Condition, Fragment, Term};
use crate::value::DataType;

/// Queries that tell what an update would change, and write nothing.
#[derive(Clone, Debug)]
pub struct Preview {
    /// The positions of the fields that it sets.
    pub fields: Vec<usize>,
    /// Gives one row of numbers: the rows that match, those in which a value would change, and for each field those whose value of it
    /// would.
    pub counts: Selection,
    /// For each field: the key, the value before and the value after of the first rows, by their keys, whose value would change.
    pub examples: Vec<Selection>,
}

/// The queries that tell what [`update`](crate::plan::update()) would change. Values are compared bytewise, as where a bulk update skips
/// what is unchanged, so that a change of case is one whatever the collation.
///
/// The database counts, so that it costs the same memory for any number of rows. What triggers and generated columns would do is
/// not foreseen. `None` where the update would do nothing.
///
/// # Errors
///
/// As [`update`](crate::plan::update()).
pub fn preview(
    dialect: &dyn Dialect,
    query: &Query,
    assignments: &[Assignment],
    now: DateTime<Utc>,
    examples: u64,
) -> Result<Option<Preview>> {
    refuse(query)?;
    let set = assigned(&query.model, assignments, now)?;
    if set.is_empty() {
        return Ok(None);
    }
    let fields: Vec<usize> = set.iter().map(|(position, _)| *position).collect();
    let Some(counts) = counts(dialect, query, &set)? else { return Ok(None) };
    let mut found = Vec::new();
    for changed in 0..set.len() {
        found.extend(example(dialect, query, &set, changed, examples)?);
    }
    Ok(Some(Preview { fields, counts, examples: found }))
}

/// `SELECT COUNT(*), COUNT(…), … FROM (SELECT … c0, … c1 FROM … WHERE …) changes`
fn counts(dialect: &dyn Dialect, query: &Query, set: &[(usize, Expr)]) -> Result<Option<Selection>> {
    let Some(mut rows) = Rows::new(dialect, query, set)? else { return Ok(None) };
    let changes = (0..set.len()).map(|number| {
        let changes = rows.unchanged(number)?;
        Ok(Fragment::format(&format!("CASE WHEN {{}} THEN 0 ELSE 1 END c{number}"), [changes]))
    });
    let changes = changes.collect::<Result<Vec<_>>>()?;
    let inner = select(&mut rows.compiler, changes, rows.condition);
    let any: Vec<_> = (0..set.len()).map(|number| Fragment::text(format!("c{number} = 1"))).collect();
    let counted = std::iter::once(Fragment::chain(any.clone(), " OR ")).chain(any);
    let counted = counted.map(|changes| Fragment::format("COUNT(CASE WHEN {} THEN 1 END)", [changes]));
    let counted = Fragment::join(counted, ", ");
    let whole = Fragment::format("SELECT COUNT(*), {} FROM ({}) changes", [counted, inner]);
    let columns = vec![DataType::BigInt; set.len() + 2];
    Ok(Some(Selection { statement: whole.statement(dialect), columns }))
}

/// `SELECT key, old, new FROM … WHERE … AND NOT (…) ORDER BY key LIMIT …`
fn example(
    dialect: &dyn Dialect,
    query: &Query,
    set: &[(usize, Expr)],
    number: usize,
    limit: u64,
) -> Result<Option<Selection>> {
    let Some(mut rows) = Rows::new(dialect, query, set)? else { return Ok(None) };
    let model = &query.model;
    let key = rows.compiler.own_key();
    let data_type = model.fields[set[number].0].data_type.clone();
    let mut columns: Vec<DataType> =
        model.key().into_iter().map(|position| model.fields[position].data_type.clone()).collect();
    columns.extend([data_type.clone(), data_type]);
    let output = key.iter().cloned().chain([rows.old[number].clone(), rows.new[number].clone()]);
    let output =
        output.zip(&columns).map(|(column, data_type)| dialect.selected(column, data_type)).collect();
    let changes = Fragment::format("NOT ({})", [rows.unchanged(number)?]);
    let condition = Condition::all(vec![rows.condition.clone(), Condition::Sql(changes)]);
    let mut sql = select(&mut rows.compiler, output, condition);
    sql.push(Fragment::format(&format!(" ORDER BY {{}} LIMIT {limit}"), [Fragment::join(key, ", ")]));
    Ok(Some(Selection { statement: sql.statement(dialect), columns }))
}

/// The rows of an update, each once, with their values before and after.
struct Rows<'q> {
    compiler: Compiler<'q>,
    condition: Condition,
    old: Vec<Fragment>,
    new: Vec<Fragment>,
    types: Vec<&'q DataType>,
}

impl<'q> Rows<'q> {
    fn new(dialect: &'q dyn Dialect, query: &'q Query, set: &'q [(usize, Expr)]) -> Result<Option<Self>> {
        let model = &query.model;
        let mut compiler = Compiler::new(dialect, query);
        compiler.allow_joins(false);
        let new = set.iter().map(|(position, value)| after(&mut compiler, model, *position, value));
        let new = new.collect::<Result<Vec<_>>>()?;
        compiler.allow_joins(true);
        let old = set.iter().map(|(position, _)| compiler.own_column(*position)).collect();
        let condition = each_once(&mut compiler, query)?;
        let types = set.iter().map(|(position, _)| &model.fields[*position].data_type).collect();
        Ok((condition != Condition::Nothing).then_some(Rows { compiler, condition, old, new, types }))
    }

    fn unchanged(&self, number: usize) -> Result<Fragment> {
        let pair = (self.old[number].clone(), self.new[number].clone(), self.types[number]);
        self.compiler.dialect().unchanged(vec![pair])
    }
}

/// A new value as its column keeps it: where the column would round, this does.
fn after<'q>(
    compiler: &mut Compiler<'q>,
    model: &ModelRef,
    position: usize,
    value: &'q Expr,
) -> Result<Fragment> {
    if let Expr::Value(..) = value {
        return new_value(compiler, model, position, value);
    }
    let field = &model.fields[position];
    let place = |error: Error| error.at(format!("{}.{}", model.name, field.name));
    let dialect = compiler.dialect();
    let value = compiler.typed(value, Some(&field.data_type)).map_err(place)?;
    let value = for_column(dialect, value, &field.data_type).map_err(place)?;
    let is_kept = match (&value.data_type, &field.data_type) {
        (None, _) | (Some(DataType::Text { .. }), DataType::Text { .. }) => true,
        (Some(from), to) => from == to,
    };
    if is_kept {
        Ok(value.sql)
    } else {
        Ok(cast(dialect, Term::Sql(value), &field.data_type).map_err(place)?.sql)
    }
}
