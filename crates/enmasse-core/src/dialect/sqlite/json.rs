//! JSON on SQLite: text, read by its JSON functions.

use serde_json::Value as Json;

use super::Sqlite;
use crate::dialect::json::{guarded, json_path};
use crate::dialect::rows::{number, numbers};
use crate::dialect::spelling::{JsonSql, ValueSql};
use crate::error::{Error, Result};
use crate::query::JsonStep;
use crate::sql::{Comparison, Fragment, JsonOperand};
use crate::value::{DataType, Value};

impl JsonSql for Sqlite {
    /// As JSON text, so that a string has its quotes and true is not 1.
    fn json_at(&self, document: &Fragment, path: &[JsonStep]) -> Result<Fragment> {
        if path.is_empty() {
            return Ok(document.clone());
        }
        let (kind, value) = (self.kind(document, path)?, self.value(document, path)?);
        Ok(Fragment::format(
            "(CASE WHEN {} IN ('true', 'false', 'null') THEN {} WHEN {} IS NOT NULL THEN json_quote({}) END)",
            [kind.clone(), kind.clone(), kind, value],
        ))
    }

    fn json_text(&self, document: &Fragment, path: &[JsonStep]) -> Result<Fragment> {
        self.value(document, path)
    }

    fn json_exists(&self, document: &Fragment, path: &[JsonStep], exists: bool) -> Result<Fragment> {
        let template = if exists { "{} IS NOT NULL" } else { "{} IS NULL" };
        Ok(Fragment::format(template, [self.kind(document, path)?]))
    }

    fn json_compare(
        &self,
        document: &Fragment,
        path: &[JsonStep],
        comparison: Comparison,
        right: JsonOperand,
    ) -> Result<Fragment> {
        let right = match right {
            JsonOperand::Sql(right) => return self.compare_sql(document, path, comparison, right),
            JsonOperand::Value(right) => right,
        };
        let kind = self.kind(document, path)?;
        if let Some((test, right)) = self.scalar(&right)? {
            let compared = comparison.sql(self.value(document, path)?, right);
            return Ok(guarded(kind, test, compared));
        }
        Ok(match right {
            Json::Null => Fragment::format("{} = 'null'", [kind]),
            Json::Bool(true) => Fragment::format("{} = 'true'", [kind]),
            Json::Bool(false) => Fragment::format("{} = 'false'", [kind]),
            whole => Fragment::format(
                "enmasse_json_equal({}, {})",
                [self.json_at(document, path)?, self.parameter(&Value::Json(whole), &DataType::Json)?],
            ),
        })
    }

    fn json_is_one_of(&self, document: &Fragment, path: &[JsonStep], values: &[Json]) -> Result<Fragment> {
        let left = self.value(document, path)?;
        let (test, list) = if values.iter().all(Json::is_string) {
            let texts: Vec<Value> = values.iter().filter_map(Json::as_str).map(Value::from).collect();
            (TEXT, self.is_one_of(left, &texts, &DataType::TEXT)?)
        } else {
            let (numbers, data_type) = numbers(values);
            (NUMBER, self.is_one_of(left, &numbers, &data_type)?)
        };
        Ok(guarded(self.kind(document, path)?, test, list))
    }

    fn json_has_keys(
        &self,
        document: &Fragment,
        path: &[JsonStep],
        keys: &[String],
        all: bool,
    ) -> Result<Fragment> {
        let mut parts = Vec::new();
        for key in keys {
            let path = self.text_parameter(json_path(path, Some(key), |index| format!("#{index}")))?;
            parts.push(Fragment::format("JSON_TYPE({}, {}) IS NOT NULL", [document.clone(), path]));
        }
        Ok(match &parts[..] {
            [one] => one.clone(),
            _ => Fragment::format("({})", [Fragment::join(parts, if all { " AND " } else { " OR " })]),
        })
    }

    fn json_contains(&self, _outer: Fragment, _inner: Fragment) -> Result<Fragment> {
        Err(Error::not_supported(
            "SQLite cannot tell whether a JSON document contains another: \
             'contains' and 'contained_by' of JSON work on PostgreSQL, MariaDB and MySQL.",
        ))
    }
}

const TEXT: &str = "= 'text'";
const NUMBER: &str = "IN ('integer', 'real')";
const BOOL: &str = "IN ('true', 'false')";

impl Sqlite {
    fn path(&self, path: &[JsonStep]) -> Result<Fragment> {
        self.text_parameter(json_path(path, None, |index| format!("#{index}")))
    }

    /// The name of the JSON type of what stands there; NULL where nothing does.
    fn kind(&self, document: &Fragment, path: &[JsonStep]) -> Result<Fragment> {
        Ok(Fragment::format("JSON_TYPE({}, {})", [document.clone(), self.path(path)?]))
    }

    /// What stands there as SQL has it: a number, a text, 1 for true; an object or an array is JSON text.
    fn value(&self, document: &Fragment, path: &[JsonStep]) -> Result<Fragment> {
        Ok(Fragment::format("JSON_EXTRACT({}, {})", [document.clone(), self.path(path)?]))
    }

    /// A number or a text with the JSON types that it compares with.
    fn scalar(&self, value: &Json) -> Result<Option<(&'static str, Fragment)>> {
        Ok(match value {
            Json::String(text) => Some((TEXT, self.text_parameter(text.as_str())?)),
            Json::Number(_) => match number(value) {
                Some(whole @ Value::Int(_)) => Some((NUMBER, self.parameter(&whole, &DataType::BigInt)?)),
                Some(float) => Some((NUMBER, self.parameter(&float, &DataType::Double)?)),
                None => None,
            },
            _ => None,
        })
    }

    fn compare_sql(
        &self,
        document: &Fragment,
        path: &[JsonStep],
        comparison: Comparison,
        right: crate::sql::Typed,
    ) -> Result<Fragment> {
        let test = match &right.data_type {
            Some(DataType::Json) if comparison == Comparison::Equal => {
                let left = self.json_at(document, path)?;
                return Ok(Fragment::format("enmasse_json_equal({}, {})", [left, right.sql]));
            }
            Some(DataType::Json) => {
                let (other, steps) = right.json_path();
                let kind = self.kind(document, path)?;
                let numbers = |kind: Fragment| Fragment::format(&format!("({{}} {NUMBER})"), [kind]);
                let compared = comparison.sql(self.value(document, path)?, self.value(&other, &steps)?);
                let ordered = Fragment::format("{} IN ('text', 'integer', 'real')", [kind.clone()]);
                let alike = Fragment::format("{} = {}", [numbers(kind), numbers(self.kind(&other, &steps)?)]);
                return Ok(Fragment::format("({} AND {} AND {})", [ordered, alike, compared]));
            }
            Some(DataType::Text { .. }) => TEXT,
            Some(DataType::Bool) => BOOL,
            _ => NUMBER,
        };
        let compared = comparison.sql(self.value(document, path)?, right.sql);
        Ok(guarded(self.kind(document, path)?, test, compared))
    }
}
