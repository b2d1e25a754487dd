//! JSON on MariaDB, where a document is text, and on MySQL, which has a type for it.

use serde_json::Value as Json;

use super::{Flavour, Mysql};
use crate::dialect::json::{guarded, json_path};
use crate::dialect::rows::{number, numbers};
use crate::dialect::spelling::{JsonSql, ValueSql};
use crate::error::Result;
use crate::query::JsonStep;
use crate::sql::{Comparison, Fragment, JsonOperand, Typed};
use crate::value::{DataType, Value};

impl JsonSql for Mysql {
    fn json_at(&self, document: &Fragment, path: &[JsonStep]) -> Result<Fragment> {
        match path {
            [] => Ok(document.clone()),
            path => self.extract(document, path),
        }
    }

    /// In the collation that the server has for UTF-8, so that `LIKE` ignores case as it does for columns.
    fn json_text(&self, document: &Fragment, path: &[JsonStep]) -> Result<Fragment> {
        let value = self.extract(document, path)?;
        Ok(Fragment::format(
            "CASE WHEN JSON_TYPE({}) <> 'NULL' THEN CONVERT(JSON_UNQUOTE({}) USING utf8mb4) END",
            [value.clone(), value],
        ))
    }

    fn json_exists(&self, document: &Fragment, path: &[JsonStep], exists: bool) -> Result<Fragment> {
        let template = if exists { "{} IS NOT NULL" } else { "{} IS NULL" };
        Ok(Fragment::format(template, [self.extract(document, path)?]))
    }

    fn json_compare(
        &self,
        document: &Fragment,
        path: &[JsonStep],
        comparison: Comparison,
        right: JsonOperand,
    ) -> Result<Fragment> {
        let left = self.extract(document, path)?;
        let right = match right {
            JsonOperand::Sql(right) => return self.compare_sql(left, comparison, right),
            JsonOperand::Value(right) => right,
        };
        let kind = Fragment::format("JSON_TYPE({})", [left.clone()]);
        Ok(match &right {
            Json::String(text) => {
                let right = self.text_parameter(text.as_str())?;
                guarded(kind, TEXT, comparison.sql(bytes(left), right))
            }
            Json::Number(_) => {
                let right = match number(&right) {
                    Some(whole @ Value::Int(_)) => self.parameter(&whole, &DataType::BigInt)?,
                    Some(float) => self.parameter(&float, &DataType::Double)?,
                    None => Fragment::text("NULL"),
                };
                guarded(kind, NUMBER, comparison.sql(left, right))
            }
            Json::Null => Fragment::format("{} = 'NULL'", [kind]),
            Json::Bool(truth) => {
                let compared = Fragment::format(&format!("JSON_UNQUOTE({{}}) = '{truth}'"), [left]);
                guarded(kind, BOOL, compared)
            }
            whole => {
                let right = self.parameter(&Value::Json(whole.clone()), &DataType::Json)?;
                self.equal(left, right)
            }
        })
    }

    fn json_is_one_of(&self, document: &Fragment, path: &[JsonStep], values: &[Json]) -> Result<Fragment> {
        let left = self.extract(document, path)?;
        let kind = Fragment::format("JSON_TYPE({})", [left.clone()]);
        Ok(if values.iter().all(Json::is_string) {
            let texts: Vec<Value> = values.iter().filter_map(Json::as_str).map(Value::from).collect();
            guarded(kind, TEXT, self.is_one_of(bytes(left), &texts, &DataType::TEXT)?)
        } else {
            let (numbers, data_type) = numbers(values);
            guarded(kind, NUMBER, self.is_one_of(left, &numbers, &data_type)?)
        })
    }

    fn json_has_keys(
        &self,
        document: &Fragment,
        path: &[JsonStep],
        keys: &[String],
        all: bool,
    ) -> Result<Fragment> {
        let paths = keys.iter().map(|key| self.text_parameter(json_path(path, Some(key), from_end)));
        let paths = Fragment::join(paths.collect::<Result<Vec<_>>>()?, ", ");
        let template =
            if all { "JSON_CONTAINS_PATH({}, 'all', {})" } else { "JSON_CONTAINS_PATH({}, 'one', {})" };
        Ok(Fragment::format(template, [document.clone(), paths]))
    }

    fn json_contains(&self, outer: Fragment, inner: Fragment) -> Result<Fragment> {
        Ok(Fragment::format("JSON_CONTAINS({}, {})", [outer, inner]))
    }
}

const TEXT: &str = "= 'STRING'";
const NUMBER: &str = "IN ('INTEGER', 'UNSIGNED INTEGER', 'DOUBLE', 'DECIMAL')";
const BOOL: &str = "= 'BOOLEAN'";

/// A JSON string as bytes: JSON has no collation.
fn bytes(value: Fragment) -> Fragment {
    Fragment::format("CAST(JSON_UNQUOTE({}) AS BINARY)", [value])
}

fn from_end(index: i64) -> String {
    match index {
        -1 => "last".to_owned(),
        index => format!("last{}", index + 1),
    }
}

impl Mysql {
    fn extract(&self, document: &Fragment, path: &[JsonStep]) -> Result<Fragment> {
        let path = self.text_parameter(json_path(path, None, from_end))?;
        Ok(Fragment::format("JSON_EXTRACT({}, {})", [document.clone(), path]))
    }

    /// Two documents that mean the same, whatever the order of their keys.
    fn equal(&self, left: Fragment, right: Fragment) -> Fragment {
        let template = match (self.flavour, self.version) {
            (Flavour::Mysql, _) => "{} = {}",
            (Flavour::MariaDb, version) if version >= (10, 7) => {
                "BINARY JSON_NORMALIZE({}) = JSON_NORMALIZE({})"
            }
            (Flavour::MariaDb, _) => "BINARY JSON_COMPACT({}) = JSON_COMPACT({})",
        };
        Fragment::format(template, [left, right])
    }

    fn compare_sql(&self, left: Fragment, comparison: Comparison, right: Typed) -> Result<Fragment> {
        let kind = Fragment::format("JSON_TYPE({})", [left.clone()]);
        Ok(match &right.data_type {
            Some(DataType::Json) if comparison == Comparison::Equal => self.equal(left, right.sql),
            Some(DataType::Json) => {
                let other = Fragment::format("JSON_TYPE({})", [right.sql.clone()]);
                let texts = Fragment::format(
                    &format!("({{}} {TEXT} AND {{}} {TEXT} AND {{}})"),
                    [
                        kind.clone(),
                        other.clone(),
                        comparison.sql(bytes(left.clone()), bytes(right.sql.clone())),
                    ],
                );
                let numbers = Fragment::format(
                    &format!("({{}} {NUMBER} AND {{}} {NUMBER} AND {{}})"),
                    [kind, other, comparison.sql(double(left), double(right.sql))],
                );
                Fragment::format("({} OR {})", [texts, numbers])
            }
            Some(DataType::Text { .. }) => guarded(kind, TEXT, comparison.sql(bytes(left), right.sql)),
            Some(DataType::Bool) => {
                let truth = Fragment::format("(JSON_UNQUOTE({}) = 'true')", [left]);
                guarded(kind, BOOL, comparison.sql(truth, right.sql))
            }
            _ => guarded(kind, NUMBER, comparison.sql(double(left), right.sql)),
        })
    }
}

fn double(value: Fragment) -> Fragment {
    Fragment::format("CAST({} AS DOUBLE)", [value])
}

/// Whether two documents of MariaDB, which keeps them as the texts that they are, are read as the same.
///
/// Where the texts differ, both are written anew: without spaces, with the characters that `\u00e9` and its like stand for, with numbers that have
/// a point or an exponent apart from whole ones, and, from 10.7 on, with keys in order and each number in one spelling.
pub(super) fn same(version: (u32, u32), column: Fragment, value: Fragment) -> Fragment {
    let anew = |document: &Fragment| {
        let marked = Fragment::format(MARK_NUMBERS, [Fragment::format(UNESCAPE, [document.clone()])]);
        let normal =
            if version >= (10, 7) { "CAST(JSON_NORMALIZE({}) AS BINARY)" } else { "CAST({} AS BINARY)" };
        Fragment::format(normal, [marked])
    };
    let (old, new) = (anew(&column), anew(&value));
    // what is no document is NULL there
    let same = "(CAST({} AS BINARY) <=> CAST({} AS BINARY) OR COALESCE({} = {}, FALSE))";
    Fragment::format(same, [column, value, old, new])
}

/// The document as a JSON text, which is then unquoted: its backslashes and quotes are doubled, but for those of `\u`, where these are not of a
/// control character, a quote or a backslash. The `u` after an escaped backslash is a letter.
const UNESCAPE: &str = r#"JSON_UNQUOTE(CONCAT('"', REGEXP_REPLACE(REPLACE(REPLACE(CONVERT(JSON_COMPACT({}) USING utf8mb4), '\\', '\\\\'), '"', '\\"'), '\\\\{4}(*SKIP)(*F)|\\\\{2}u(?!00[01]|0022|005[cC])', '\\\\u'), '"'))"#;

/// 1.0 is not 1. What is in strings is skipped.
const MARK_NUMBERS: &str = r#"REGEXP_REPLACE({}, '"[^"\\\\]*+(?:\\\\.[^"\\\\]*+)*+"(*SKIP)(*F)|-?[0-9]++(?:\\.[0-9]++(?:[eE][-+]?[0-9]++)?|[eE][-+]?[0-9]++)|-0(?![0-9])', '{"enmasse float":\\0}')"#;
