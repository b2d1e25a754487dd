//! `isnull`.

use crate::compile::lookup::{Compared, one};
use crate::dialect::Dialect;
use crate::error::{Error, Result};
use crate::sql::{Condition, Fragment, Term, Typed};
use crate::value::{DataType, Value};

pub(super) fn compile(dialect: &dyn Dialect, left: Typed, right: Compared) -> Result<Condition> {
    match one("isnull", right)? {
        Term::Value(Value::Bool(is_null)) => is(dialect, left, is_null),
        Term::Value(other) => Err(Error::value(format!("'isnull' takes true or false, not {other}."))),
        Term::Sql(_) => Err(Error::value("'isnull' takes true or false, not an expression.")),
    }
}

/// That something is NULL, or is not; of a JSON path, that nothing stands there, or something.
pub(super) fn is(dialect: &dyn Dialect, left: Typed, null: bool) -> Result<Condition> {
    if left.data_type == Some(DataType::Json) && left.origin.is_some() {
        let (document, path) = left.json_path();
        return dialect.json_exists(&document, &path, !null).map(Condition::Sql);
    }
    let template = if null { "{} IS NULL" } else { "{} IS NOT NULL" };
    Ok(Condition::Sql(Fragment::format(template, [left.sql])))
}
