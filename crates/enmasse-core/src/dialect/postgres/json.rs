//! JSON on PostgreSQL: `jsonb`.

use serde_json::Value as Json;

use super::Postgres;
use crate::dialect::spelling::{JsonSql, ValueSql};
use crate::error::Result;
use crate::query::JsonStep;
use crate::sql::{Comparison, Fragment, JsonOperand};
use crate::value::{DataType, Value};

impl JsonSql for Postgres {
    fn json_at(&self, document: &Fragment, path: &[JsonStep]) -> Result<Fragment> {
        self.steps(document, path, ["->", "#>"])
    }

    fn json_text(&self, document: &Fragment, path: &[JsonStep]) -> Result<Fragment> {
        self.steps(document, path, ["->>", "#>>"])
    }

    fn json_exists(&self, document: &Fragment, path: &[JsonStep], exists: bool) -> Result<Fragment> {
        let template = if exists { "{} IS NOT NULL" } else { "{} IS NULL" };
        Ok(Fragment::format(template, [self.json_at(document, path)?]))
    }

    fn json_compare(
        &self,
        document: &Fragment,
        path: &[JsonStep],
        comparison: Comparison,
        right: JsonOperand,
    ) -> Result<Fragment> {
        let left = self.json_at(document, path)?;
        let right = match right {
            JsonOperand::Value(value) => Fragment::value(self, &Value::Json(value), &DataType::Json)?,
            JsonOperand::Sql(right) if right.data_type == Some(DataType::Json) => right.sql,
            JsonOperand::Sql(right) => Fragment::format("to_jsonb({})", [right.sql]),
        };
        let compared = comparison.sql(left.clone(), right.clone());
        Ok(match comparison {
            Comparison::Equal => compared,
            // `jsonb` puts numbers above text and below truth values.
            _ => Fragment::format("(jsonb_typeof({}) = jsonb_typeof({}) AND {})", [left, right, compared]),
        })
    }

    fn json_is_one_of(&self, document: &Fragment, path: &[JsonStep], values: &[Json]) -> Result<Fragment> {
        let values: Vec<Value> = values.iter().cloned().map(Value::Json).collect();
        self.is_one_of(self.json_at(document, path)?, &values, &DataType::Json)
    }

    fn json_has_keys(
        &self,
        document: &Fragment,
        path: &[JsonStep],
        keys: &[String],
        all: bool,
    ) -> Result<Fragment> {
        let left = match path {
            [] => document.clone(),
            path => self.json_at(document, path)?,
        };
        Ok(match keys {
            [key] => {
                let key = Fragment::value(self, &Value::Text(key.clone()), &DataType::TEXT)?;
                Fragment::format("{} ? {}", [left, key])
            }
            keys => {
                let keys = self.texts(keys.iter().cloned())?;
                Fragment::format(if all { "{} ?& {}" } else { "{} ?| {}" }, [left, keys])
            }
        })
    }

    fn json_contains(&self, outer: Fragment, inner: Fragment) -> Result<Fragment> {
        Ok(Fragment::format("{} @> {}", [outer, inner]))
    }
}

impl Postgres {
    /// One key has an operator of its own, which an index on `data -> 'key'` serves; `#>` takes any path, and in it digits
    /// for an element of an array as well as for a key.
    fn steps(&self, document: &Fragment, path: &[JsonStep], [one, many]: [&str; 2]) -> Result<Fragment> {
        let (operator, path) = match path {
            [] if one == "->" => return Ok(document.clone()),
            [JsonStep::Key(key)] if key.parse::<i64>().is_err() => {
                (one, Fragment::value(self, &Value::Text(key.clone()), &DataType::TEXT)?)
            }
            path => {
                let steps = path.iter().map(|step| match step {
                    JsonStep::Key(key) => key.clone(),
                    JsonStep::Index(index) => index.to_string(),
                });
                (many, self.texts(steps)?)
            }
        };
        Ok(Fragment::format(&format!("({{}} {operator} {{}})"), [document.clone(), path]))
    }
}

/// Whether two documents are read as the same: `jsonb` keeps 1.50 as it is spelled, which is 1.5, and 1.0 is not 1. Texts are looked at where the
/// documents are equal and their bytes are not.
pub(super) fn same(column: Fragment, value: Fragment) -> Fragment {
    let texts = |document: &Fragment| {
        let without_zeros =
            r"regexp_replace({}::text, '(\.[0-9]*?[1-9])0+(?![0-9])|(\.0)0+(?![0-9])', '\1\2', 'g')";
        Fragment::format(without_zeros, [document.clone()])
    };
    let (old, new) = (texts(&column), texts(&value));
    let same = "(ROW({})::record *= ROW({})::record OR COALESCE({} = {} AND {} = {}, FALSE))";
    Fragment::format(same, [column.clone(), value.clone(), column, value, old, new])
}
