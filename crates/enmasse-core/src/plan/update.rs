//! `filter(…).update(…)`: one statement, whatever the number of rows.

use std::collections::HashSet;

use chrono::{DateTime, Utc};

use crate::compile::expr::{for_column, literal};
use crate::compile::{Compiler, refuse_results};
use crate::dialect::{Capability, Dialect, Lock, quote_table};
use crate::error::{Error, ErrorKind, Result};
use crate::plan::bulk::Returning;
use crate::plan::taken::{TAKEN, take};
use crate::plan::{Either, Plan, Step, chain, free_name, set_auto};
use crate::query::{Distinct, Expr, FieldPath, Query};
use crate::schema::{Field, ModelRef};
use crate::sql::{Condition, Fragment};
use crate::value::DataType;

/// A field and what it is set to.
#[derive(Clone, Debug)]
pub struct Assignment {
    /// The field.
    pub field: FieldPath,
    /// Its new value.
    pub value: Expr,
}

impl Assignment {
    /// A field by name, and its value.
    ///
    /// ```
    /// use enmasse_core::plan::Assignment;
    ///
    /// let assignment = Assignment::new("is_active", false);
    /// assert_eq!(assignment.field.to_string(), "is_active");
    /// ```
    pub fn new(field: impl Into<FieldPath>, value: impl Into<Expr>) -> Self {
        Assignment { field: field.into(), value: value.into() }
    }
}

/// The plan that sets fields of all rows of a query, as Django's `QuerySet.update` does.
///
/// Fields with `auto_now` that are not among the assignments are set to `now`. Generated columns are left out. The
/// plan is empty where there is nothing to set or the query has no rows.
///
/// # Errors
///
/// - [`Request`](ErrorKind::Request): the query is a slice, or distinct on fields.
/// - [`UnknownField`](ErrorKind::UnknownField): a name is no field of the model.
/// - [`Field`](ErrorKind::Field): a relation from another model, a field set twice, a value that refers to a joined field or is an
///   aggregate.
/// - [`Value`](ErrorKind::Value): a value does not fit its field.
pub fn update(
    dialect: &dyn Dialect,
    query: &Query,
    assignments: &[Assignment],
    now: DateTime<Utc>,
) -> Result<Plan> {
    planned(dialect, query, assignments, now, false)
}

/// [`update`] of a row's several tables in a statement each, where one for all was refused: a trigger on one of them writes another.
///
/// # Errors
///
/// As [`update`].
pub fn update_apart(
    dialect: &dyn Dialect,
    query: &Query,
    assignments: &[Assignment],
    now: DateTime<Utc>,
) -> Result<Plan> {
    planned(dialect, query, assignments, now, true)
}

fn planned(
    dialect: &dyn Dialect,
    query: &Query,
    assignments: &[Assignment],
    now: DateTime<Utc>,
    apart: bool,
) -> Result<Plan> {
    refuse(query)?;
    let set = assigned(&query.model, assignments, now)?;
    if chain::concerns(dialect, query, &set)? {
        return chain::update(dialect, query, &set, Returning::Nothing, apart);
    }
    let step = update_step(dialect, query, set)?;
    Ok(step.map_or_else(Plan::default, |step| Plan::of(vec![step])))
}

/// Where there are so many stored keys, and the table has no more than [`TIMES`] as many rows, each row is looked up among the keys: on MariaDB
/// 100,000 of 100,000 rows took 0.4 s in place of 0.8 s, of 400,000 about the same. Fewer keys are not worth the question.
const KEYS: u64 = 1_000;

/// See [`KEYS`].
const TIMES: u64 = 2;

/// The step that writes the rows; `None` where there is nothing to set or the query has no rows.
pub(super) fn update_step(
    dialect: &dyn Dialect,
    query: &Query,
    set: Vec<(usize, Expr)>,
) -> Result<Option<Step>> {
    let Some((sql, keys)) = update_form(dialect, query, &set, false)? else { return Ok(None) };
    let otherwise = sql.statement(dialect);
    let keys = keys.filter(|&keys| keys >= KEYS);
    let Some(ask) = keys.and_then(|keys| dialect.has_at_most(&query.model.table, keys * TIMES)) else {
        return Ok(Some(Step::write(otherwise)));
    };
    let each = update_form(dialect, query, &set, true)?;
    Ok(each.map(|(then, _)| {
        let then = Fragment::format("{}{}", [dialect.row_by_row().into(), then]);
        Step::Either(Either { ask: ask.statement(dialect), then: then.statement(dialect), otherwise })
    }))
}

/// The statement; `None` where there is nothing to set or the query has no rows.
pub(super) fn update_sql(
    dialect: &dyn Dialect,
    query: &Query,
    set: Vec<(usize, Expr)>,
) -> Result<Option<Fragment>> {
    Ok(update_form(dialect, query, &set, false)?.map(|(sql, _)| sql))
}

/// The statement, and the number of stored keys where it could look up each row among them. It does so if `row_by_row`.
fn update_form(
    dialect: &dyn Dialect,
    query: &Query,
    set: &[(usize, Expr)],
    row_by_row: bool,
) -> Result<Option<(Fragment, Option<u64>)>> {
    let model = &query.model;
    if set.is_empty() {
        return Ok(None);
    }
    // Where an order has no meaning it is dropped, but its names are checked all the same.
    Compiler::new(dialect, query).order(query)?;

    let mut compiler = Compiler::new(dialect, query);
    compiler.allow_joins(false);
    let values = set
        .iter()
        .map(|(position, value)| new_value(&mut compiler, model, *position, value))
        .collect::<Result<Vec<_>>>()?;
    compiler.allow_joins(true);
    let condition = compiler.filters(query)?;
    if condition == Condition::Nothing {
        return Ok(None);
    }
    let ordered = dialect.supports(Capability::OrderedUpdate);
    let mut order = if ordered { compiler.order(query)? } else { Fragment::default() };
    let in_order = query.lock_in_order && dialect.supports(Capability::RowLocks);
    if in_order {
        order = Fragment::format(" ORDER BY {}", [Fragment::join(compiler.own_key(), ", ")]);
    }
    let joined = dialect.supports(Capability::JoinedUpdate);
    let seen = dialect.supports(Capability::SetInOrder) && !is_sequential(query, set);
    let together = !in_order && !seen;
    let apart = !together || compiler.finds_apart() && !row_by_row;
    let keys = compiler.looks_up().filter(|_| together);

    let table = Fragment::text(quote_table(dialect, &model.table));
    let columns = set.iter().map(|(position, _)| dialect.quote(&model.fields[*position].column));
    let sql = if !apart {
        let values = values.into_iter().zip(set).map(|(value, (position, expr))| match expr {
            Expr::Field(_) => dialect.fitting(value, &model.fields[*position].data_type),
            _ => value,
        });
        let settings = settings(columns.zip(values));
        let mut whole = filtered(Fragment::format("UPDATE {} SET {}", [table, settings]), condition);
        whole.push(order);
        whole
    } else if joined {
        let new = columns.zip(values).zip(set).map(|((column, value), (position, expr))| New {
            column,
            data_type: &model.fields[*position].data_type,
            value,
            computed: !matches!(expr, Expr::Value(..)),
        });
        from_taken(&mut compiler, table, new.collect(), condition, order)
    } else {
        let key = compiler.own_key();
        let whole = Fragment::join(key.clone(), ", ");
        let left = if key.len() == 1 { whole } else { Fragment::format("({})", [whole]) };
        let mut found = select(&mut compiler, key, condition);
        if in_order {
            let keyed = writes_key(model, set.iter().map(|(position, _)| *position));
            let lock = dialect.lock(Lock::of(keyed), &[compiler.table()]).unwrap_or_default();
            found.push(order);
            found.push(format!(" {lock}"));
        }
        Fragment::format(
            "UPDATE {} SET {} WHERE {} IN ({})",
            [table, settings(columns.zip(values)), left, found],
        )
    };
    Ok(Some((sql, keys)))
}

/// The positions of the fields that are set, with their new values.
pub(super) fn assigned(
    model: &ModelRef,
    assignments: &[Assignment],
    now: DateTime<Utc>,
) -> Result<Vec<(usize, Expr)>> {
    let mut set: Vec<(usize, Expr)> = Vec::new();
    for assignment in assignments {
        let position = concrete(model, &assignment.field)?;
        let field = &model.fields[position];
        if set.iter().any(|(other, _)| *other == position) {
            return Err(Error::field(format!("{}.{} is set twice.", model.name, field.name)));
        }
        if field.is_writable() {
            set.push((position, assignment.value.clone()));
        }
    }
    if set.is_empty() {
        return Ok(set);
    }
    for (position, field) in model.fields.iter().enumerate() {
        if let Some(value) = set_auto(field, false, now)
            && set.iter().all(|(other, _)| *other != position)
        {
            set.push((position, Expr::Value(value, None)));
        }
    }
    Ok(set)
}

/// A column and what it is set to.
struct New<'a> {
    column: String,
    data_type: &'a DataType,
    value: Fragment,
    /// Whether the value is one of the row, and not the same for all.
    computed: bool,
}

/// `UPDATE (SELECT …) taken STRAIGHT_JOIN table ON … SET …`: the values that are computed are taken along with the keys,
/// before the first write.
fn from_taken(
    compiler: &mut Compiler<'_>,
    table: Fragment,
    new: Vec<New<'_>>,
    condition: Condition,
    order: Fragment,
) -> Fragment {
    let own = compiler.table();
    let mut taken = Vec::new();
    let mut set = Vec::new();
    let name = free_name(compiler.model(), TAKEN);
    let dialect = compiler.dialect();
    for New { column, data_type, value, computed } in new {
        let column = format!("{own}.{column}");
        if computed {
            let read = format!("{name}.v{}", taken.len()).into();
            set.push((column, dialect.fitting(read, data_type)));
            taken.push(value);
        } else {
            set.push((column, value));
        }
    }
    let rows = take(compiler, taken, condition, order);
    Fragment::format("UPDATE {} STRAIGHT_JOIN {} ON {} SET {}", [rows.sql, table, rows.on, settings(set)])
}

/// Whether one of the fields is a key that others may refer to, which takes the stronger lock.
pub(super) fn writes_key(model: &ModelRef, mut positions: impl Iterator<Item = usize>) -> bool {
    positions.any(|position| {
        let Field { unique, primary_key, name, .. } = &model.fields[position];
        *unique || *primary_key || model.unique_together.iter().flatten().any(|other| other == name)
    })
}

pub(super) fn refuse(query: &Query) -> Result<()> {
    query.check()?;
    if query.is_sliced() {
        return Err(Error::request("Cannot update a query once a slice has been taken."));
    }
    if let Distinct::On(_) = query.distinct {
        return Err(Error::request("Cannot update a query after .distinct(fields)."));
    }
    if query.order_by.iter().any(|order| order.by.has_aggregate()) {
        return Err(Error::field("Cannot update a query that is ordered by an aggregate."));
    }
    Ok(())
}

/// The position of a field that a write may name: one with a column of its own in the model's table.
///
/// # Errors
///
/// [`UnknownField`](ErrorKind::UnknownField) where there is none of that name; [`Field`](ErrorKind::Field) for a relation from
/// another model.
pub fn concrete(model: &ModelRef, path: &FieldPath) -> Result<usize> {
    let [name] = path.names() else {
        return Err(Error::new(
            ErrorKind::UnknownField,
            format!("{} has no field '{path}': what is set are fields of the row itself.", model.name),
        ));
    };
    if name == "pk" && model.position(name).is_none() {
        let key = model.key().into_iter().map(|position| model.fields[position].name.as_str());
        let key = key.collect::<Vec<_>>().join(", ");
        return Err(Error::new(
            ErrorKind::UnknownField,
            format!("{} has no field 'pk'; its primary key is called {key}.", model.name),
        ));
    }
    model.find(name).map_err(|error| match model.relation(name) {
        Some(relation) => Error::field(format!(
            "Cannot update {}.{name}: it is a relation from {}, and only concrete fields are permitted.",
            model.name, relation.model.name
        )),
        None => error,
    })
}

pub(super) fn new_value<'q>(
    compiler: &mut Compiler<'q>,
    model: &ModelRef,
    position: usize,
    value: &'q Expr,
) -> Result<Fragment> {
    let field = &model.fields[position];
    let place = |error: Error| error.at(format!("{}.{}", model.name, field.name));
    if let Expr::Value(value, _) = value {
        let value = field.clean(&model.name, value.clone())?;
        return Ok(literal(compiler.dialect(), &value, Some(&field.data_type)).map_err(place)?.sql);
    }
    refuse_results(field, &model.name, value)?;
    let value = compiler.typed(value, Some(&field.data_type)).map_err(place)?;
    Ok(for_column(compiler.dialect(), value, &field.data_type).map_err(place)?.sql)
}

pub(super) fn settings(settings: impl IntoIterator<Item = (String, Fragment)>) -> Fragment {
    let settings = settings.into_iter();
    Fragment::join(settings.map(|(column, value)| Fragment::format("{} = {}", [column.into(), value])), ", ")
}

/// `SELECT … FROM … WHERE …`
pub(super) fn select(compiler: &mut Compiler<'_>, output: Vec<Fragment>, condition: Condition) -> Fragment {
    let from = compiler.from();
    filtered(Fragment::format("SELECT {} FROM {}", [Fragment::join(output, ", "), from.into()]), condition)
}

/// With ` WHERE …` where there is a condition.
pub(super) fn filtered(mut sql: Fragment, condition: Condition) -> Fragment {
    if let Condition::Sql(condition) = condition {
        sql.push(" WHERE ");
        sql.push(condition);
    }
    sql
}

/// Whether the values come out the same when they are set one after the other: none reads what is set before it.
fn is_sequential(query: &Query, set: &[(usize, Expr)]) -> bool {
    let model = &query.model;
    let mut before = HashSet::new();
    set.iter().all(|(position, value)| {
        let mut reads = false;
        value.visit(&mut |part| match part {
            Expr::Field(path) => {
                let name = &path.names()[0];
                let annotated = query.annotations.iter().any(|(annotation, _)| annotation == name);
                reads |= match model.find(name) {
                    Ok(read) if !annotated && model.fields[read].is_writable() => before.contains(&read),
                    // An annotation, or a column that is generated of others.
                    _ => !before.is_empty(),
                };
            }
            Expr::Raw { .. } | Expr::Host { .. } => reads |= !before.is_empty(),
            _ => {}
        });
        before.insert(*position);
        !reads
    })
}

/// The query's condition for rows of its own table, each once: a row that a join gives several times is one row.
pub(super) fn each_once<'q>(compiler: &mut Compiler<'q>, query: &'q Query) -> Result<Condition> {
    let dialect = compiler.dialect();
    let mut probe = Compiler::new(dialect, query);
    probe.filters(query)?;
    if !probe.multiplies() {
        return compiler.filters(query);
    }
    let mut inner = Compiler::inside(dialect, query);
    let passing = inner.filters(query)?;
    let key = inner.own_key();
    let form = if key.len() == 1 { "{} IN ({})" } else { "({}) IN ({})" };
    let keys = select(&mut inner, key, passing);
    let own = Fragment::join(compiler.own_key(), ", ");
    Ok(Condition::Sql(Fragment::format(form, [own, keys])))
}
