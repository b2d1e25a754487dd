//! The lookups of JSON documents and of what stands at a path in them.

use crate::query::JsonStep;
use crate::sql::JsonOperand;
use serde_json::Value as Json;

use crate::compile::lookup::{Compared, no_such_lookup, null, one};
use crate::dialect::Dialect;
use crate::error::{Error, Result};
use crate::query::Lookup;
use crate::sql::{Comparison, Condition, Term, Typed};
use crate::value::{DataType, Value};

/// As in Django, NULL compared with a path is JSON's null; a path where nothing stands is found with `isnull`.
pub(super) fn compare(
    dialect: &dyn Dialect,
    left: Typed,
    comparison: Comparison,
    right: Term,
) -> Result<Condition> {
    let right = match right {
        Term::Sql(right) => JsonOperand::Sql(right),
        Term::Value(Value::Null) if left.origin.is_none() && comparison == Comparison::Equal => {
            return null::is(dialect, left, true);
        }
        Term::Value(value) => JsonOperand::Value(document(value)?),
    };
    if let (true, JsonOperand::Value(value)) = (comparison != Comparison::Equal, &right)
        && !(value.is_number() || value.is_string())
    {
        return Err(Error::value(format!("JSON is ordered by numbers and text only, not by {value}.")));
    }
    let (document, path) = left.json_path();
    dialect.json_compare(&document, &path, comparison, right).map(Condition::Sql)
}

/// `in`: texts and numbers as two lists, anything else one by one.
pub(super) fn is_in(dialect: &dyn Dialect, left: Typed, right: Compared) -> Result<Condition> {
    let values = match right {
        Compared::Many(values) | Compared::One(Term::Value(Value::Array(values))) => values,
        Compared::Several(terms) => {
            let each = terms.into_iter().filter(|term| !matches!(term, Term::Value(Value::Null)));
            let parts = each.map(|term| compare(dialect, left.clone(), Comparison::Equal, term));
            return Ok(Condition::any(parts.collect::<Result<_>>()?));
        }
        _ => return Err(Error::value("'in' of JSON takes a list of values.")),
    };
    let mut values: Vec<Json> =
        values.into_iter().filter(|value| !value.is_null()).map(document).collect::<Result<_>>()?;
    let mut seen = std::collections::HashSet::new();
    values.retain(|value| seen.insert(value.to_string()));

    let (document, path) = left.json_path();
    let (texts, values): (Vec<_>, Vec<_>) = values.into_iter().partition(Json::is_string);
    let (numbers, others): (Vec<_>, Vec<_>) = values.into_iter().partition(Json::is_number);
    let mut parts = Vec::new();
    for list in [texts, numbers] {
        match &list[..] {
            [] => {}
            [one] => parts.push(equal(dialect, &document, &path, one)?),
            many => parts.push(Condition::Sql(dialect.json_is_one_of(&document, &path, many)?)),
        }
    }
    for other in &others {
        parts.push(equal(dialect, &document, &path, other)?);
    }
    Ok(Condition::any(parts))
}

fn equal(
    dialect: &dyn Dialect,
    document: &crate::sql::Fragment,
    path: &[JsonStep],
    value: &Json,
) -> Result<Condition> {
    let right = JsonOperand::Value(value.clone());
    dialect.json_compare(document, path, Comparison::Equal, right).map(Condition::Sql)
}

/// `contains` and `contained_by`.
pub(super) fn contains(
    dialect: &dyn Dialect,
    left: Typed,
    lookup: Lookup,
    right: Compared,
) -> Result<Condition> {
    let right = match one(lookup.name(), right)? {
        Term::Sql(right) => right.sql,
        Term::Value(value) => dialect.parameter(&Value::Json(document(value)?), &DataType::Json)?,
    };
    let condition = match lookup {
        Lookup::ContainedBy => dialect.json_contains(right, left.sql),
        _ => dialect.json_contains(left.sql, right),
    };
    condition.map(Condition::Sql)
}

/// `has_key`, `has_keys` and `has_any_keys`. A key of digits is the key of an object here, as in Django.
pub(super) fn has_keys(
    dialect: &dyn Dialect,
    left: Typed,
    lookup: Lookup,
    right: Compared,
) -> Result<Condition> {
    if left.data_type != Some(DataType::Json) {
        return Err(no_such_lookup(lookup, &left));
    }
    let keys = match (lookup, right) {
        (Lookup::HasKey, Compared::One(Term::Value(key))) => vec![key],
        (Lookup::HasKeys | Lookup::HasAnyKeys, Compared::Many(keys))
        | (Lookup::HasKeys | Lookup::HasAnyKeys, Compared::One(Term::Value(Value::Array(keys)))) => keys,
        (Lookup::HasKey, _) => return Err(Error::value("'has_key' takes one key.")),
        _ => return Err(Error::value(format!("'{}' takes a list of keys.", lookup.name()))),
    };
    let keys: Vec<String> = keys.into_iter().map(key).collect::<Result<_>>()?;
    let all = lookup != Lookup::HasAnyKeys;
    match (keys.is_empty(), all) {
        (true, true) => null::is(dialect, left, false),
        (true, false) => Ok(Condition::Nothing),
        _ => {
            let (document, path) = left.json_path();
            dialect.json_has_keys(&document, &path, &keys, all).map(Condition::Sql)
        }
    }
}

fn key(value: Value) -> Result<String> {
    match DataType::TEXT.coerce(value)? {
        Value::Text(key) => Ok(key),
        other => Err(Error::value(format!("a key is text, not {other}."))),
    }
}

/// A value as JSON; a decimal is a number there.
fn document(value: Value) -> Result<Json> {
    let value = match value {
        Value::Null => return Ok(Json::Null),
        decimal @ (Value::Decimal(_) | Value::DecimalText(_)) => DataType::Double.coerce(decimal)?,
        other => other,
    };
    if let Value::JsonText(_) = value {
        return Err(Error::value(format!("{value} is in text, which can be written but not compared with.")));
    }
    match DataType::Json.coerce(value)? {
        Value::Json(document) => Ok(document),
        other => Err(Error::value(format!("expected a JSON document but got {other}."))),
    }
}
