//! The patterns of `LIKE`.

use crate::dialect::Dialect;
use crate::error::Result;
use crate::sql::{Fragment, Needle, Place};
use crate::value::{DataType, Value};

impl Needle {
    /// As a parameter, or as the SQL that it is.
    pub(crate) fn sql(self, dialect: &dyn Dialect) -> Result<Fragment> {
        match self {
            Needle::Value(text) => Fragment::value(dialect, &Value::Text(text), &DataType::TEXT),
            Needle::Sql(sql) => Ok(sql),
        }
    }
}

/// The pattern of `LIKE` that has this text as data, with `%`, `_` and the escape character itself escaped.
pub(crate) fn like_pattern(place: Place, text: &str, escape: char) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    if matches!(place, Place::Within | Place::End) {
        pattern.push('%');
    }
    for character in text.chars() {
        if character == '%' || character == '_' || character == escape {
            pattern.push(escape);
        }
        pattern.push(character);
    }
    if matches!(place, Place::Within | Place::Start) {
        pattern.push('%');
    }
    pattern
}

/// The same of a text that SQL gives.
pub(crate) fn like_sql(dialect: &dyn Dialect, place: Place, text: Fragment, escape: char) -> Fragment {
    let escaped = Fragment::format(
        &format!(
            "REPLACE(REPLACE(REPLACE({{}}, '{escape}', '{escape}{escape}'), '%', '{escape}%'), '_', '{escape}_')"
        ),
        [text],
    );
    let any = || Fragment::text("'%'");
    match place {
        Place::Whole => escaped,
        Place::Within => dialect.concatenation(vec![any(), escaped, any()]),
        Place::Start => dialect.concatenation(vec![escaped, any()]),
        Place::End => dialect.concatenation(vec![any(), escaped]),
    }
}
