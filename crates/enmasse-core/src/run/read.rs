//! Makes rows of what a driver gives.

use crate::dialect::Dialect;
use crate::error::{Error, ErrorKind, Result};
use crate::run::Row;
use crate::run::unread::unread;
use crate::value::{DataType, Value};

/// What becomes of a value that its column's type does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// It is an error.
    Exact,
    /// It is text, in the database's own spelling: in rows that are only shown.
    OrText,
}

/// A value that none of ours can be.
#[derive(Debug)]
pub struct Unfit {
    /// Why.
    pub error: Error,
    /// What it is in the database's own spelling, where that is known.
    pub shown: Option<Value>,
}

impl From<Error> for Unfit {
    fn from(error: Error) -> Self {
        Unfit { error, shown: None }
    }
}

/// Makes a row of the driver's values, as the columns' types say. Without types they stay as they are.
///
/// # Errors
///
/// [`Value`](ErrorKind::Value) where a value cannot be read; [`Database`](ErrorKind::Database) where there are more or fewer columns.
pub fn load_row(
    dialect: &dyn Dialect,
    raw: impl IntoIterator<Item = Result<Value, Unfit>>,
    columns: &[DataType],
    reading: Reading,
) -> Result<Row> {
    let mut row = Row::with_capacity(columns.len());
    let mut failed = None;
    for (position, value) in raw.into_iter().enumerate() {
        let loaded = match (value, columns.get(position), reading) {
            (Err(Unfit { shown: Some(shown), .. }), _, Reading::OrText) => Ok(shown),
            (Err(unfit), ..) => Err(unfit.error),
            (Ok(value), None, _) => Ok(value),
            (Ok(value), Some(data_type), Reading::OrText) if !data_type.holds(&value) => {
                dialect.load(value.clone(), data_type).or_else(|_| Ok(as_text(value)))
            }
            (Ok(value), Some(data_type), _) => dialect.load(value, data_type),
        };
        row.push(loaded.unwrap_or_else(|error| {
            failed.get_or_insert((position, error));
            Value::Null
        }));
    }
    if !columns.is_empty() && row.len() != columns.len() {
        return Err(Error::new(
            ErrorKind::Database,
            format!("The statement gave {} columns where {} were expected.", row.len(), columns.len()),
        ));
    }
    match failed {
        Some((column, error)) => Err(unread(error, column, row)),
        None => Ok(row),
    }
}

/// A number, or a time longer than a day, as the database spells it; others stay as they are.
fn as_text(value: Value) -> Value {
    Value::Text(match value {
        Value::Int(number) => number.to_string(),
        Value::Float(number) => format!("{number:?}"),
        Value::Duration(length) => {
            let sign = if length < chrono::TimeDelta::zero() { "-" } else { "" };
            let (seconds, micros) = (length.abs().num_seconds(), length.abs().subsec_micros());
            let fraction = if micros == 0 { String::new() } else { format!(".{micros:06}") };
            format!("{sign}{:02}:{:02}:{:02}{fraction}", seconds / 3_600, seconds / 60 % 60, seconds % 60)
        }
        other => return other,
    })
}
