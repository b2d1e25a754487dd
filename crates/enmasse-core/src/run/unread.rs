//! A value that a database has and that cannot be read: where it stands, until the one who asked for it says of which field and row it is.

use std::fmt;

use crate::dialect::Dialect;
use crate::error::{Error, ErrorKind, Result};
use crate::plan::shown_key;
use crate::run::Row;
use crate::schema::ModelRef;
use crate::value::{DataType, Value};

/// The place of such a value.
#[derive(Debug)]
struct Unread {
    column: usize,
    /// The row as far as it could be read, with NULL for what could not.
    row: Row,
    /// Why it could not be read.
    cause: Error,
}

/// The error for the value in this column of the row.
fn unread(cause: Error, column: usize, row: Row) -> Error {
    let error = cause.again();
    error.with_source(Unread { column, row, cause })
}

/// Makes a row of the driver's values, as the columns' types say. Without types they stay as they are.
pub fn load_row(
    dialect: &dyn Dialect,
    raw: impl IntoIterator<Item = Result<Value>>,
    columns: &[DataType],
) -> Result<Row> {
    let mut row = Row::with_capacity(columns.len());
    let mut failed = None;
    for (position, value) in raw.into_iter().enumerate() {
        let loaded = value.and_then(|value| match columns.get(position) {
            Some(data_type) => dialect.load(value, data_type),
            None => Ok(value),
        });
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

/// Names the value where the columns are those of a model's fields, in order, once or several times: as the rows were and as they are.
pub fn in_rows_of(model: &ModelRef, error: Error) -> Error {
    let all: Vec<usize> = (0..model.fields.len()).collect();
    in_fields(model, &all, error)
}

/// Names the value where the columns are those of the fields at these positions, once or several times.
pub fn in_fields(model: &ModelRef, positions: &[usize], error: Error) -> Error {
    named(error, |column, row| {
        let place = column % positions.len().max(1);
        let position = *positions.get(place)?;
        let row = &row[column - place..];
        let value = |of: usize| row.get(positions.iter().position(|&position| position == of)?);
        let name = format!("{}.{}", model.name, model.fields[position].name);
        Some(format!("{name}{}", of_key(model, value)))
    })
}

/// Names the value by its column.
pub fn named(error: Error, name: impl FnOnce(usize, &Row) -> Option<String>) -> Error {
    let source = std::error::Error::source(&error).and_then(|source| source.downcast_ref::<Unread>());
    match source.and_then(|unread| name(unread.column, &unread.row)) {
        Some(place) => error.at(place),
        None => error,
    }
}

/// ` of id=1`, where the key is known.
pub fn of_key<'v>(model: &ModelRef, value: impl Fn(usize) -> Option<&'v Value>) -> String {
    let key = model.key();
    let values = key.iter().map(|&position| value(position).filter(|value| !value.is_null()).cloned());
    match values.collect::<Option<Vec<_>>>() {
        Some(values) if !values.is_empty() => format!(" of {}", shown_key(model, &key, values)),
        _ => String::new(),
    }
}

impl fmt::Display for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "column {} of the row: {}", self.column + 1, self.cause)
    }
}

impl std::error::Error for Unread {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        std::error::Error::source(&self.cause)
    }
}
