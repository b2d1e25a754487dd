//! `contains` and `contained_by` of PostgreSQL's arrays.

use crate::compile::lookup::{Compared, one};
use crate::compile::{expr, lookup};
use crate::dialect::Dialect;
use crate::error::Result;
use crate::query::Lookup;
use crate::sql::{Condition, Fragment, Term, Typed};
use crate::value::Value;

pub(super) fn compile(
    dialect: &dyn Dialect,
    left: Typed,
    lookup: Lookup,
    right: Compared,
) -> Result<Condition> {
    let right = match one(lookup.name(), right)? {
        Term::Sql(right) => right.sql,
        // One element is a list of it.
        Term::Value(value) => {
            let value = match value {
                Value::Array(_) => value,
                one => Value::Array(vec![one]),
            };
            let data_type = left.data_type.as_ref().map(lookup::comparable);
            expr::literal(dialect, &value, data_type.as_ref())?.sql
        }
    };
    let template = if lookup == Lookup::Contains { "{} @> {}" } else { "{} <@ {}" };
    Ok(Condition::Sql(Fragment::format(template, [left.sql, right])))
}
