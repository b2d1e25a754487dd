//! `--where` and `--exclude`: Django's lookups with values from a shell.

use enmasse::expr::Expr;
use enmasse::lookup::{Lookup, Operand};
use enmasse::serde_json::Value as Json;
use enmasse::{DataType, Q, QuerySet, Record, Value};

use super::literal::{self, Given, Item};
use super::{expression, halves, misspelt};
use crate::failure::{Failure, Result};

/// Combines all conditions with AND; `None` without conditions.
pub fn all(rows: &QuerySet<Record>, option: &str, texts: &[String]) -> Result<Option<Q>> {
    let mut all = None;
    for text in texts {
        let next = condition(rows, option, text)?;
        all = Some(all.map_or(next.clone(), |all: Q| all & next));
    }
    Ok(all)
}

fn condition(rows: &QuerySet<Record>, option: &str, text: &str) -> Result<Q> {
    let (name, value) = halves(option, text)?;
    let keyword = rows.keyword(name).map_err(|error| misspelt(error, option, name, value))?;
    let right = operand(keyword.lookup, keyword.data_type.as_ref(), value);
    let right = right.map_err(|problem| {
        if problem.contains('\n') {
            Failure::usage(format!("{option}: {problem}"))
        } else {
            Failure::usage(format!("{option} {text}: {problem}"))
        }
    })?;
    Ok(Q::named(name, right))
}

fn operand(lookup: Lookup, data_type: Option<&DataType>, text: &str) -> Result<Operand, String> {
    let is_json = data_type == Some(&DataType::Json);
    Ok(match lookup {
        Lookup::IsNull => match text {
            "true" | "True" | "1" => true.into(),
            "false" | "False" | "0" => false.into(),
            _ => return Err(format!("expected true or false but got '{text}'")),
        },
        Lookup::In => Operand::Many(many(data_type, text)?),
        Lookup::Range => {
            let ends = many(data_type, text)?;
            if ends.len() != 2 {
                let found = ends.len();
                return Err(format!(
                    "expected two values, the first and the last, separated by a comma, but got {found}"
                ));
            }
            Operand::Many(ends)
        }
        Lookup::HasKeys | Lookup::HasAnyKeys => Operand::Many(many(Some(&DataType::TEXT), text)?),
        Lookup::Exact | Lookup::Gt | Lookup::Gte | Lookup::Lt | Lookup::Lte => match literal::given(text)? {
            Given::Null => Value::Null.into(),
            Given::Plain(text) if expression::is_one(&text) => expression::parse(&text)?.into(),
            Given::Plain(text) => Expr::value(of_row(data_type, text, false)?).into(),
            Given::Quoted(text) => Expr::value(of_row(data_type, text, true)?).into(),
        },
        Lookup::Contains | Lookup::ContainedBy
            if is_json || matches!(data_type, Some(DataType::Array(_))) =>
        {
            match literal::given(text)? {
                Given::Quoted(text) => Expr::value(of_row(data_type, text, true)?).into(),
                _ => Expr::value(of_row(data_type, text.to_owned(), false)?).into(),
            }
        }
        // A pattern is taken literally, except for quotes around the whole of it.
        _ => match literal::given(text)? {
            Given::Quoted(text) => text.into(),
            Given::Plain(_) | Given::Null => text.into(),
        },
    })
}

fn many(data_type: Option<&DataType>, text: &str) -> Result<Vec<Value>, String> {
    // An empty value is most likely an unset shell variable; with --exclude it would match every row.
    if text.is_empty() {
        return Err(
            "expected a list of values but got nothing; an empty text in a list is written \"\"".to_owned()
        );
    }
    let one = |Item { text, is_quoted }: Item| of_row(data_type, text, is_quoted);
    literal::list(text)?.into_iter().map(one).collect()
}

/// Parses a value to compare with. In a JSON document, unquoted text that is not JSON is a string.
fn of_row(data_type: Option<&DataType>, text: String, is_quoted: bool) -> Result<Value, String> {
    match literal::value(data_type, text.clone(), is_quoted) {
        Err(_) if data_type == Some(&DataType::Json) && !text.starts_with(['{', '[', '"']) => {
            Ok(Value::Json(Json::String(text)))
        }
        Err(_) if matches!(data_type, Some(DataType::Array(_))) && !text.starts_with('[') => {
            Ok(Value::Array(literal::list(&text)?.into_iter().map(|item| item.text.into()).collect()))
        }
        value => value,
    }
}
