//! Text on PostgreSQL.

use super::Postgres;
use super::time::in_utc;
use super::types::shown;
use crate::dialect::spelling::TextSql;
use crate::dialect::{like_pattern, like_sql};
use crate::error::Result;
use crate::sql::{Fragment, Needle, Pattern, Place, Typed};
use crate::value::{DataType, Value};

/// The escape character that `LIKE` has by itself.
const ESCAPE: char = '\\';

impl TextSql for Postgres {
    fn text(&self, value: Typed) -> Fragment {
        match value.data_type {
            Some(DataType::Text { .. }) => value.sql,
            Some(DataType::Native(_)) => Fragment::format("({})", [shown(value.sql)]),
            _ => Fragment::format("{}::text", [in_utc(value)]),
        }
    }

    fn matches(&self, text: Fragment, pattern: Pattern, needle: Needle) -> Result<Fragment> {
        let right = match (needle, pattern.place) {
            (needle, Place::Whole) => needle.sql(self)?,
            (Needle::Value(needle), place) => {
                Needle::Value(like_pattern(place, &needle, ESCAPE)).sql(self)?
            }
            (Needle::Sql(needle), place) => like_sql(self, place, needle, ESCAPE),
        };
        let template = match (pattern.place, pattern.any_case) {
            (Place::Whole, true) => "UPPER({}) = UPPER({})",
            (Place::Whole, false) => "{} = {}",
            (_, true) => "UPPER({}) LIKE UPPER({})",
            (_, false) => "{} LIKE {}",
        };
        Ok(Fragment::format(template, [text, right]))
    }

    fn matches_regex(&self, text: Fragment, expression: Needle, any_case: bool) -> Result<Fragment> {
        let template = if any_case { "{} ~* {}" } else { "{} ~ {}" };
        Ok(Fragment::format(template, [text, expression.sql(self)?]))
    }

    fn concatenation(&self, parts: Vec<Fragment>) -> Fragment {
        Fragment::format("({})", [Fragment::join(parts, " || ")])
    }

    fn length(&self, value: Fragment, _of_bytes: bool) -> Fragment {
        Fragment::format("LENGTH({})", [value])
    }

    fn substring(&self, value: Fragment, from: Fragment, length: Option<Fragment>) -> Fragment {
        let parts = [Some(value), Some(from), length];
        Fragment::format("SUBSTRING({})", [Fragment::join(parts.into_iter().flatten(), ", ")])
    }
}

impl Postgres {
    /// A text array as a parameter: the steps of a JSON path, or keys.
    pub(super) fn texts(&self, texts: impl IntoIterator<Item = String>) -> Result<Fragment> {
        let texts = Value::Array(texts.into_iter().map(Value::Text).collect());
        Fragment::value(self, &texts, &DataType::Array(Box::new(DataType::TEXT)))
    }
}
