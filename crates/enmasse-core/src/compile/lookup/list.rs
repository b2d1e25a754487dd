//! `in`.

use std::collections::HashSet;

use crate::compile::expr;
use crate::compile::lookup::Compared;
use crate::compile::lookup::fit::{Fit, comparable, fit};
use crate::dialect::Dialect;
use crate::error::{Error, Result};
use crate::sql::{Comparison, Condition, Fragment, Term, Typed};
use crate::value::digits::Digits;
use crate::value::{DataType, Value};

pub(super) fn compile(dialect: &dyn Dialect, left: Typed, right: Compared) -> Result<Condition> {
    match right {
        Compared::Many(values) | Compared::One(Term::Value(Value::Array(values))) => {
            in_values(dialect, left, values)
        }
        Compared::Several(terms) => in_terms(dialect, left, terms),
        Compared::Query(query) => Ok(Condition::Sql(Fragment::format("{} IN ({})", [left.sql, query]))),
        Compared::One(Term::Sql(array)) if matches!(array.data_type, Some(DataType::Array(_))) => {
            Ok(Condition::Sql(Fragment::format("{} = ANY({})", [left.sql, array.sql])))
        }
        Compared::One(_) => Err(Error::value("'in' takes a list of values or a query.")),
    }
}

fn in_values(dialect: &dyn Dialect, left: Typed, values: Vec<Value>) -> Result<Condition> {
    let (values, data_type) = match &left.data_type {
        Some(data_type) => fitting(values, data_type)?,
        None => natural(values)?,
    };
    let values = distinct(values);
    Ok(match &values[..] {
        [] => Condition::Nothing,
        [value] => Condition::Sql(Comparison::Equal.sql(left.sql, dialect.parameter(value, &data_type)?)),
        values => Condition::Sql(dialect.is_one_of(left.sql, values, &data_type)?),
    })
}

/// The values that a column can have, NULL aside.
fn fitting(values: Vec<Value>, data_type: &DataType) -> Result<(Vec<Value>, DataType)> {
    let mut common = comparable(data_type);
    let mut fitting = Vec::with_capacity(values.len());
    for value in values.iter().filter(|value| !value.is_null()) {
        if let Fit::At(value, data_type) = fit(value, data_type)? {
            common = data_type.wider(common);
            fitting.push(value);
        }
    }
    Ok((fitting, common))
}

impl DataType {
    /// Of two types of one column's values the one that holds both: a float of 64 bits among those of 32.
    fn wider(self, other: DataType) -> DataType {
        if self == DataType::Double { self } else { other }
    }
}

fn natural(values: Vec<Value>) -> Result<(Vec<Value>, DataType)> {
    let values: Vec<Value> = values.into_iter().filter(|value| !value.is_null()).collect();
    let data_type = values.iter().find_map(Value::natural_type).unwrap_or(DataType::TEXT);
    let values = values.into_iter().map(|value| data_type.coerce(value)).collect::<Result<_>>()?;
    Ok((values, data_type))
}

fn distinct(mut values: Vec<Value>) -> Vec<Value> {
    let mut seen = HashSet::with_capacity(values.len());
    values.retain(|value| seen.insert(key(value)));
    values
}

/// What two equal values have in common.
#[derive(PartialEq, Eq, Hash)]
enum Key {
    Int(i64),
    Bits(u64),
    Text(String),
    Bytes(Vec<u8>),
    Shown(String),
}

fn key(value: &Value) -> Key {
    match value {
        Value::Int(value) => Key::Int(*value),
        Value::Float(value) => Key::Bits(value.to_bits()),
        Value::Text(value) => Key::Text(value.clone()),
        Value::Bytes(value) => Key::Bytes(value.clone()),
        Value::Decimal(value) => Key::Shown(value.normalize().to_string()),
        Value::DecimalText(text) => {
            Key::Shown(Digits::plain(text).map_or_else(|| text.clone(), |digits| digits.canonical()))
        }
        other => Key::Shown(format!("{other:?}")),
    }
}

fn in_terms(dialect: &dyn Dialect, left: Typed, terms: Vec<Term>) -> Result<Condition> {
    let mut parts = Vec::new();
    for term in terms {
        match term {
            Term::Sql(right) => {
                let (_, right) = expr::aligned(dialect, left.clone(), right)?;
                parts.push(right.sql);
            }
            Term::Value(Value::Null) => {}
            Term::Value(value) => match &left.data_type {
                None => parts.push(expr::literal(dialect, &value, None)?.sql),
                Some(data_type) => {
                    if let Fit::At(value, data_type) = fit(&value, data_type)? {
                        parts.push(dialect.parameter(&value, &data_type)?);
                    }
                }
            },
        }
    }
    Ok(if parts.is_empty() {
        Condition::Nothing
    } else {
        Condition::Sql(Fragment::format("{} IN ({})", [left.sql, Fragment::join(parts, ", ")]))
    })
}
