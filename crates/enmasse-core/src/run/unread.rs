//! A value that a database has and that cannot be read: where it stands, until the one who asked for it says of which field and row it is.

use std::fmt;

use crate::error::Error;
use crate::plan::shown_key;
use crate::run::Row;
use crate::schema::ModelRef;
use crate::value::Value;

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
pub(super) fn unread(cause: Error, column: usize, row: Row) -> Error {
    let error = cause.again();
    error.with_source(Unread { column, row, cause })
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
