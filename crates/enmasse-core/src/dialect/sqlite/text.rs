//! Text on SQLite.

use super::Sqlite;
use crate::dialect::spelling::TextSql;
use crate::dialect::{like_pattern, like_sql};
use crate::error::Result;
use crate::sql::{Fragment, Needle, Pattern, Place, Typed};
use crate::value::{DataType, Value};

/// SQLite takes patterns of up to 50,000 bytes.
const MAX_PATTERN: usize = 10_000;

impl TextSql for Sqlite {
    fn text(&self, value: Typed) -> Fragment {
        value.sql
    }

    /// `LIKE` ignores the case of ASCII letters, whatever the collation. Where case matters functions compare bytes; only
    /// `GLOB` can use an index.
    fn matches(&self, text: Fragment, pattern: Pattern, needle: Needle) -> Result<Fragment> {
        match (pattern.any_case, pattern.place, needle) {
            (true, place, Needle::Value(needle)) if fits_pattern(&needle) => {
                let needle = Needle::Value(like_pattern(place, &needle, '\\')).sql(self)?;
                Ok(Fragment::format(r"{} LIKE {} ESCAPE '\'", [text, needle]))
            }
            (true, place, Needle::Sql(needle)) => {
                let needle = like_sql(self, place, needle, '\\');
                Ok(Fragment::format(r"{} LIKE {} ESCAPE '\'", [text, needle]))
            }
            // As `LIKE`, of what does not go into a pattern.
            (true, place, needle) => {
                let needle = Fragment::format("LOWER({})", [needle.sql(self)?]);
                Ok(stands(Fragment::format("LOWER({})", [text]), place, needle))
            }
            (false, Place::Start, Needle::Value(needle)) if fits_pattern(&needle) => {
                Ok(Fragment::format("{} GLOB {}", [text, Needle::Value(glob_prefix(&needle)).sql(self)?]))
            }
            (false, place, needle) => Ok(stands(text, place, needle.sql(self)?)),
        }
    }

    fn matches_regex(&self, text: Fragment, expression: Needle, any_case: bool) -> Result<Fragment> {
        let expression = match expression {
            Needle::Value(expression) if any_case => Needle::Value(format!("(?i){expression}")),
            Needle::Sql(expression) if any_case => {
                Needle::Sql(Fragment::format("('(?i)' || {})", [expression]))
            }
            expression => expression,
        };
        Ok(Fragment::format("enmasse_regex({}, {})", [text, expression.sql(self)?]))
    }

    fn concatenation(&self, parts: Vec<Fragment>) -> Fragment {
        Fragment::format("({})", [Fragment::join(parts, " || ")])
    }

    fn length(&self, value: Fragment, _of_bytes: bool) -> Fragment {
        Fragment::format("LENGTH({})", [value])
    }

    fn substring(&self, value: Fragment, from: Fragment, length: Option<Fragment>) -> Fragment {
        let parts = [Some(value), Some(from), length];
        Fragment::format("SUBSTR({})", [Fragment::join(parts.into_iter().flatten(), ", ")])
    }
}

/// Whether SQLite takes a text in a pattern: not too long, and without the character that ends it.
fn fits_pattern(needle: &str) -> bool {
    needle.len() <= MAX_PATTERN && !needle.contains('\0')
}

/// The pattern of `GLOB` for texts that start so.
fn glob_prefix(needle: &str) -> String {
    let mut pattern = String::with_capacity(needle.len() + 1);
    for character in needle.chars() {
        match character {
            '*' | '?' | '[' => pattern.extend(['[', character, ']']),
            other => pattern.push(other),
        }
    }
    pattern.push('*');
    pattern
}

fn stands(text: Fragment, place: Place, needle: Fragment) -> Fragment {
    match place {
        Place::Whole => Fragment::format("{} = {}", [text, needle]),
        Place::Within => Fragment::format("INSTR({}, {}) > 0", [text, needle]),
        Place::Start => Fragment::format("INSTR({}, {}) = 1", [text, needle]),
        // As bytes, because SQLite counts the characters of a text to its first NUL only. Of no bytes `SUBSTR` makes NULL.
        Place::End => {
            let bytes = |text| Fragment::format("CAST({} AS BLOB)", [text]);
            let (text, needle) = (bytes(text), bytes(needle));
            Fragment::format(
                "COALESCE(SUBSTR({}, LENGTH({}) - LENGTH({}) + 1), {}) = {}",
                [text.clone(), text.clone(), needle.clone(), text, needle],
            )
        }
    }
}

impl Sqlite {
    pub(super) fn text_parameter(&self, text: impl Into<String>) -> Result<Fragment> {
        Fragment::value(self, &Value::Text(text.into()), &DataType::TEXT)
    }
}
