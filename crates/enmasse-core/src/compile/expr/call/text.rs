//! Functions of text.

use crate::compile::expr::literal::{literal, typed};
use crate::compile::expr::types::converted;
use crate::dialect::Dialect;
use crate::error::{Error, Result};
use crate::sql::{Fragment, Term, Typed};
use crate::value::{DataType, Value};

/// A function that has the same name everywhere.
pub(super) fn call(dialect: &dyn Dialect, name: &str, [arg]: [Term; 1]) -> Result<Typed> {
    let arg = text(dialect, arg)?;
    Ok(Typed::new(Fragment::format(&format!("{name}({{}})"), [arg]), DataType::TEXT))
}

/// NULL counts as empty, as in Django.
pub(super) fn concat(dialect: &dyn Dialect, args: Vec<Term>) -> Result<Typed> {
    let mut parts = Vec::new();
    for arg in args {
        match arg {
            Term::Value(Value::Null) => {}
            Term::Value(value) => parts.push(text(dialect, Term::Value(value))?),
            sql => parts.push(Fragment::format("COALESCE({}, '')", [text(dialect, sql)?])),
        }
    }
    if parts.is_empty() {
        return Err(Error::request("Concat takes at least one text."));
    }
    Ok(Typed::new(dialect.concatenation(parts), DataType::TEXT))
}

pub(super) fn length(dialect: &dyn Dialect, [arg]: [Term; 1]) -> Result<Typed> {
    let arg = bytes_or_text(dialect, arg)?;
    let of_bytes = arg.data_type == Some(DataType::Bytes);
    Ok(Typed::new(dialect.length(arg.sql, of_bytes), DataType::Integer))
}

pub(super) fn substr(dialect: &dyn Dialect, args: Vec<Term>) -> Result<Typed> {
    let mut args = args.into_iter();
    let (Some(value), Some(from), length, None) = (args.next(), args.next(), args.next(), args.next()) else {
        return Err(Error::request("Substr takes a text, a position and perhaps a length."));
    };
    if let Term::Value(Value::Int(..1)) = from {
        return Err(Error::value("Substr counts positions from 1."));
    }
    if let Some(Term::Value(Value::Int(..0))) = length {
        return Err(Error::value("the length that Substr takes cannot be negative."));
    }
    let value = bytes_or_text(dialect, value)?;
    let from = position(dialect, from)?;
    let length = length.map(|length| position(dialect, length)).transpose()?;
    Ok(Typed::new(dialect.substring(value.sql, from, length), value.data_type))
}

/// Without a third argument the second is taken out.
pub(super) fn replace(dialect: &dyn Dialect, args: Vec<Term>) -> Result<Typed> {
    let mut args = args.into_iter();
    let (Some(value), Some(old), new, None) = (args.next(), args.next(), args.next(), args.next()) else {
        return Err(Error::request("Replace takes a text, what is replaced and perhaps by what."));
    };
    let new = new.unwrap_or_else(|| Term::Value("".into()));
    let parts = [text(dialect, value)?, text(dialect, old)?, text(dialect, new)?];
    Ok(Typed::new(Fragment::format("REPLACE({}, {}, {})", parts), DataType::TEXT))
}

fn text(dialect: &dyn Dialect, arg: Term) -> Result<Fragment> {
    let arg = typed(dialect, arg, Some(&DataType::TEXT))?;
    match (&arg.data_type, &arg.origin) {
        (Some(DataType::Json), Some(_)) => {
            let (document, path) = arg.json_path();
            dialect.json_text(&document, &path)
        }
        _ => Ok(dialect.text(arg)),
    }
}

fn bytes_or_text(dialect: &dyn Dialect, arg: Term) -> Result<Typed> {
    let arg = typed(dialect, arg, Some(&DataType::TEXT))?;
    match arg.data_type {
        Some(DataType::Bytes) => Ok(arg),
        _ => Ok(Typed::new(text(dialect, Term::Sql(arg))?, DataType::TEXT)),
    }
}

/// A position or a length, which PostgreSQL takes as `integer` only.
pub(super) fn position(dialect: &dyn Dialect, arg: Term) -> Result<Fragment> {
    match arg {
        Term::Value(value) => {
            let value = literal(dialect, &value, Some(&DataType::Integer))?;
            match value.data_type {
                Some(DataType::Integer) => Ok(value.sql),
                _ => Err(Error::value("a position or a length is a whole number of 32 bits.")),
            }
        }
        Term::Sql(value) => Ok(converted(dialect, value, &DataType::Integer)?.sql),
    }
}
