//! `bulk_update(objects, fields)`: each row to values of its own.

use std::cmp::Ordering;

use chrono::{DateTime, Utc};

use crate::dialect::Dialect;
use crate::error::{Error, ErrorKind, Result};
use crate::expr::FieldPath;
use crate::plan::strategy::{self, Batch};
use crate::plan::update::{concrete, refuse};
use crate::plan::{Plan, set_auto};
use crate::query::Query;
use crate::schema::ModelRef;
use crate::value::Value;

/// What is asked of every row of a bulk update.
#[derive(Clone, Debug)]
pub struct BulkUpdate<'a> {
    /// Only rows of this query are written.
    pub query: &'a Query,
    /// The fields that are written.
    pub fields: &'a [FieldPath],
    /// How many rows one statement carries at most; the strategy's own choice where it is not said.
    pub batch_size: Option<usize>,
    /// What `auto_now` fields are set to.
    pub now: DateTime<Utc>,
}

/// The plan that writes fields of objects to the rows with their keys, as Django's `bulk_update` does.
///
/// `value` gives the value of an object's field by the field's position in the model. Fields with `auto_now` are set too,
/// unless they are among the fields. The rows are written in the order of their keys. The plan is empty where there are
/// no objects.
///
/// # Errors
///
/// Checked in Django's order, also where there are no objects:
///
/// - [`Request`](ErrorKind::Request): the batch size is 0, no field is named, or the query is a slice.
/// - [`Unsaved`](ErrorKind::Unsaved): an object has no primary key.
/// - [`UnknownField`](ErrorKind::UnknownField), [`Field`](ErrorKind::Field): a field is not there, not concrete, or part of the
///   primary key.
/// - [`Value`](ErrorKind::Value): a value does not fit its field; the message has the row's key.
/// - [`DuplicateKey`](ErrorKind::DuplicateKey): two objects have one key. (Django lets one of them win.)
pub fn bulk_update<T>(
    dialect: &dyn Dialect,
    request: &BulkUpdate<'_>,
    objects: &[T],
    value: impl Fn(&T, usize) -> Value,
) -> Result<Plan> {
    request.query.check()?;
    let model = &request.query.model;
    if request.batch_size == Some(0) {
        return Err(Error::request("The batch size must be positive."));
    }
    if request.fields.is_empty() {
        return Err(Error::request("bulk_update needs the names of the fields to write."));
    }
    let key = model.key();
    for (number, object) in objects.iter().enumerate() {
        if key.iter().any(|&position| value(object, position).is_null()) {
            return Err(Error::new(
                ErrorKind::Unsaved,
                format!(
                    "All {} objects must have a primary key; number {} has none.",
                    model.name,
                    number + 1
                ),
            ));
        }
    }
    let fields = fields(model, request.fields)?;
    refuse(request.query)?;
    if objects.is_empty() || fields.is_empty() {
        return Ok(Plan::default());
    }

    let mut rows = Vec::with_capacity(objects.len());
    for object in objects {
        let mut row = Vec::with_capacity(key.len() + fields.len());
        for &position in key.iter().chain(&fields) {
            let field = &model.fields[position];
            let store = |value| {
                let place = |error: Error| error.at(format!("{}.{}", model.name, field.name));
                dialect.store(&value, &field.data_type).map_err(place)
            };
            let stored =
                field.clean(&model.name, value(object, position)).and_then(store).map_err(|error| {
                    error.at(shown_key(model, key.iter().map(|&position| value(object, position))))
                })?;
            row.push(stored);
        }
        rows.push(row);
    }
    let width = key.len();
    rows.sort_by(|a, b| compare(&a[..width], &b[..width]));
    refuse_duplicates(dialect, model, &rows, width)?;

    let mut constants = Vec::new();
    for (position, field) in model.fields.iter().enumerate() {
        if let Some(now) = set_auto(field, false, request.now)
            && !fields.contains(&position)
        {
            constants.push((position, dialect.store(&now, &field.data_type)?));
        }
    }
    let count = rows.len() as u64;
    let key_types = key.iter().map(|&position| model.fields[position].data_type.clone()).collect();
    let batch = Batch { query: request.query, key, fields, constants, rows, size: request.batch_size };
    let steps = strategy::choose(dialect, &batch)(dialect, batch)?;
    Ok(Plan { steps, rows: count, key: key_types })
}

/// The positions of the fields to write; generated columns are left out.
fn fields(model: &ModelRef, names: &[FieldPath]) -> Result<Vec<usize>> {
    let found: Vec<_> = names.iter().map(|name| concrete(model, name)).collect();
    // As in Django: first that all are there, then that all are concrete, then that none is part of the key.
    let mut errors: Vec<_> = found.iter().filter_map(|found| found.as_ref().err()).collect();
    errors.sort_by_key(|error| error.kind() != ErrorKind::UnknownField);
    if let Some(error) = errors.first() {
        return Err(error.again());
    }
    let mut fields = Vec::new();
    for position in found.into_iter().flatten() {
        let field = &model.fields[position];
        if field.primary_key {
            return Err(Error::field(format!(
                "{}.{}: bulk_update cannot be used with primary key fields.",
                model.name, field.name
            )));
        }
        if field.is_writable() && !fields.contains(&position) {
            fields.push(position);
        }
    }
    Ok(fields)
}

fn refuse_duplicates(
    dialect: &dyn Dialect,
    model: &ModelRef,
    rows: &[Vec<Value>],
    width: usize,
) -> Result<()> {
    let mut twice = Vec::new();
    for pair in rows.windows(2) {
        let [first, second] = [&pair[0][..width], &pair[1][..width]];
        if compare(first, second) == Ordering::Equal && twice.last().is_none_or(|last| *last != first) {
            twice.push(first);
        }
    }
    if twice.is_empty() {
        return Ok(());
    }
    Err(duplicate_keys(model, twice.into_iter().map(|key| loaded_key(dialect, model, key))))
}

/// A key in stored form as the values that the program gave.
pub fn loaded_key(dialect: &dyn Dialect, model: &ModelRef, key: &[Value]) -> Vec<Value> {
    let load = |(position, stored): (usize, &Value)| {
        let loaded = dialect.load(stored.clone(), &model.fields[position].data_type);
        loaded.unwrap_or_else(|_| stored.clone())
    };
    model.key().into_iter().zip(key).map(load).collect()
}

/// The error for keys that are several times in one batch; the first few are named.
pub fn duplicate_keys(model: &ModelRef, keys: impl ExactSizeIterator<Item = Vec<Value>>) -> Error {
    const NAMED: usize = 10;
    let count = keys.len();
    let mut named: Vec<_> = keys.take(NAMED).map(|key| shown_key(model, key)).collect();
    if count > NAMED {
        named.push(format!("and {} more", count - NAMED));
    }
    Error::new(
        ErrorKind::DuplicateKey,
        format!(
            "{}: keys that are several times in one batch: {}. Nothing was written.",
            model.name,
            named.join("; ")
        ),
    )
}

/// A key for a message: `id=5`.
fn shown_key(model: &ModelRef, key: impl IntoIterator<Item = Value>) -> String {
    let parts = model.key().into_iter().zip(key);
    let parts = parts.map(|(position, value)| format!("{}={value}", model.fields[position].name));
    parts.collect::<Vec<_>>().join(", ")
}

/// An order of keys: the same for every batch, so that two batches lock the rows they share in the same order.
fn compare(a: &[Value], b: &[Value]) -> Ordering {
    a.iter().zip(b).map(|(a, b)| compare_values(a, b)).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}

fn compare_values(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::Int(a), Value::Int(b)) => a.cmp(b),
        (Value::Text(a), Value::Text(b)) => a.cmp(b),
        (Value::Bytes(a), Value::Bytes(b)) => a.cmp(b),
        (Value::Uuid(a), Value::Uuid(b)) => a.cmp(b),
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::Decimal(a), Value::Decimal(b)) => a.cmp(b),
        (Value::Date(a), Value::Date(b)) => a.cmp(b),
        (Value::DateTime(a), Value::DateTime(b)) => a.cmp(b),
        (Value::NaiveDateTime(a), Value::NaiveDateTime(b)) => a.cmp(b),
        (Value::Time(a), Value::Time(b)) => a.cmp(b),
        (Value::Duration(a), Value::Duration(b)) => a.cmp(b),
        // Zero and minus zero are one key.
        (Value::Float(a), Value::Float(b)) => (a + 0.0).total_cmp(&(b + 0.0)),
        _ => format!("{a:?}").cmp(&format!("{b:?}")),
    }
}
