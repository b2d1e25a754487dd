//! Text on MariaDB and MySQL.

use super::{Flavour, Mysql};
use crate::dialect::spelling::TextSql;
use crate::dialect::{Capability, Dialect, like_pattern, like_sql};
use crate::error::Result;
use crate::sql::{Fragment, Needle, Pattern, Place, Typed};
use crate::value::{DataType, Value};

/// Not the backslash, which some `sql_mode`s make an ordinary character.
const ESCAPE: char = '|';

impl TextSql for Mysql {
    fn text(&self, value: Typed) -> Fragment {
        match value.data_type {
            Some(DataType::Uuid) if self.supports(Capability::NativeUuid) => {
                Fragment::format("CAST({} AS CHAR)", [value.sql])
            }
            _ => value.sql,
        }
    }

    /// `LIKE` has the case of the column's collation, which Django takes to ignore it. With case a binary collation says so:
    /// Django's `LIKE BINARY` compares bytes, and so fails on columns that are not in UTF-8.
    fn matches(&self, text: Fragment, pattern: Pattern, needle: Needle) -> Result<Fragment> {
        let by_prefix = matches!((&needle, pattern.place), (Needle::Value(_), Place::Start));
        let needle = match needle {
            Needle::Value(needle) => Needle::Value(like_pattern(pattern.place, &needle, ESCAPE)).sql(self)?,
            Needle::Sql(needle) => like_sql(self, pattern.place, needle, ESCAPE),
        };
        let any_case = |text, needle| Fragment::format("{} LIKE {} ESCAPE '|'", [text, needle]);
        if pattern.any_case {
            return Ok(any_case(text, needle));
        }
        let exact =
            Fragment::format("{} LIKE ({} COLLATE utf8mb4_bin) ESCAPE '|'", [text.clone(), needle.clone()]);
        Ok(match by_prefix {
            // Only this can use the column's index.
            true => Fragment::format("({} AND {})", [any_case(text, needle), exact]),
            false => exact,
        })
    }

    /// On MariaDB with a flag in the expression: `REGEXP BINARY` would take a character of two bytes for two.
    fn matches_regex(&self, text: Fragment, expression: Needle, any_case: bool) -> Result<Fragment> {
        if self.flavour == Flavour::Mysql {
            let template = if any_case { "REGEXP_LIKE({}, {}, 'i')" } else { "REGEXP_LIKE({}, {}, 'c')" };
            return Ok(Fragment::format(template, [text, expression.sql(self)?]));
        }
        let flag = if any_case { "(?i)" } else { "(?-i)" };
        let expression = match expression {
            Needle::Value(expression) => Needle::Value(format!("{flag}{expression}")).sql(self)?,
            Needle::Sql(expression) => Fragment::format(&format!("CONCAT('{flag}', {{}})"), [expression]),
        };
        Ok(Fragment::format("{} REGEXP {}", [text, expression]))
    }

    fn concatenation(&self, parts: Vec<Fragment>) -> Fragment {
        Fragment::format("CONCAT({})", [Fragment::join(parts, ", ")])
    }

    fn length(&self, value: Fragment, of_bytes: bool) -> Fragment {
        Fragment::format(if of_bytes { "LENGTH({})" } else { "CHAR_LENGTH({})" }, [value])
    }

    fn substring(&self, value: Fragment, from: Fragment, length: Option<Fragment>) -> Fragment {
        let parts = [Some(value), Some(from), length];
        Fragment::format("SUBSTRING({})", [Fragment::join(parts.into_iter().flatten(), ", ")])
    }
}

impl Mysql {
    pub(super) fn text_parameter(&self, text: impl Into<String>) -> Result<Fragment> {
        Fragment::value(self, &Value::Text(text.into()), &DataType::TEXT)
    }
}
