//! `iexact`, `contains`, `startswith`, `endswith`, `regex` and their forms that ignore case.

use crate::compile::lookup::{Compared, null, one};
use crate::dialect::{Capability, Dialect};
use crate::error::{Error, Result};
use crate::query::Lookup;
use crate::sql::Needle;
use crate::sql::Pattern;
use crate::sql::Place;
use crate::sql::{Condition, Fragment, Term, Typed};
use crate::value::{DataType, Value};

pub(super) fn compile(
    dialect: &dyn Dialect,
    left: Typed,
    lookup: Lookup,
    right: Compared,
) -> Result<Condition> {
    let place = match lookup {
        Lookup::IExact => Place::Whole,
        Lookup::StartsWith | Lookup::IStartsWith => Place::Start,
        Lookup::EndsWith | Lookup::IEndsWith => Place::End,
        _ => Place::Within,
    };
    let any_case =
        matches!(lookup, Lookup::IExact | Lookup::IContains | Lookup::IStartsWith | Lookup::IEndsWith);
    let right = one(lookup.name(), right)?;
    if let (Lookup::IExact, Term::Value(Value::Null)) = (lookup, &right) {
        return null::is(dialect, left, true);
    }
    let mut needle = needle(dialect, lookup.name(), right)?;
    if left.data_type == Some(DataType::Uuid) && !dialect.supports(Capability::NativeUuid) {
        // Django keeps a UUID as 32 digits there.
        needle = match needle {
            Needle::Value(text) => Needle::Value(text.replace('-', "")),
            Needle::Sql(sql) => Needle::Sql(Fragment::format("REPLACE({}, '-', '')", [sql])),
        };
    }
    let text = text_of(dialect, left)?;
    dialect.matches(text, Pattern { place, any_case }, needle).map(Condition::Sql)
}

/// `regex` and `iregex`, in the syntax of the database; on SQLite that of the crate `regex`.
pub(super) fn regex(
    dialect: &dyn Dialect,
    left: Typed,
    any_case: bool,
    right: Compared,
) -> Result<Condition> {
    let name = if any_case { "iregex" } else { "regex" };
    let expression = needle(dialect, name, one(name, right)?)?;
    let text = text_of(dialect, left)?;
    dialect.matches_regex(text, expression, any_case).map(Condition::Sql)
}

fn text_of(dialect: &dyn Dialect, left: Typed) -> Result<Fragment> {
    if left.data_type == Some(DataType::Json) && left.origin.is_some() {
        let (document, path) = left.json_path();
        return dialect.json_text(&document, &path);
    }
    Ok(dialect.text(left))
}

fn needle(dialect: &dyn Dialect, lookup: &str, right: Term) -> Result<Needle> {
    Ok(match right {
        Term::Value(Value::Null) => {
            return Err(Error::value(format!("'{lookup}' cannot compare with NULL; use isnull.")));
        }
        Term::Value(Value::Bool(value)) => Needle::Value(value.to_string()),
        Term::Value(Value::Float(value)) => Needle::Value(value.to_string()),
        Term::Value(Value::Json(serde_json::Value::String(text))) => Needle::Value(text),
        Term::Value(value) => match DataType::TEXT.coerce(value)? {
            Value::Text(text) => Needle::Value(text),
            other => return Err(Error::value(format!("'{lookup}' takes text, not {other}."))),
        },
        Term::Sql(right) => Needle::Sql(text_of(dialect, right)?),
    })
}
