//! Converts values to and from SQLite, and classifies its errors.

use enmasse_core::error::{Error, ErrorKind, Result};
use enmasse_core::value::Value;
use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Row, Statement};

use crate::backend::{Unfit, wrong_count};

/// A value to be bound.
struct Bound<'a>(&'a Value);

impl ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        bound(self.0)
    }
}

/// A stored value in SQLite's form.
pub(super) fn bound(value: &Value) -> rusqlite::Result<ToSqlOutput<'_>> {
    Ok(ToSqlOutput::Borrowed(match value {
        Value::Null => ValueRef::Null,
        Value::Bool(value) => ValueRef::Integer((*value).into()),
        Value::Int(value) => ValueRef::Integer(*value),
        Value::Float(value) => ValueRef::Real(*value),
        Value::Text(value) => ValueRef::Text(value.as_bytes()),
        Value::Bytes(value) => ValueRef::Blob(value),
        other => {
            let message = format!("SQLite does not accept {other}: it was not converted to its storage form");
            return Err(rusqlite::Error::ToSqlConversionFailure(message.into()));
        }
    }))
}

/// Binds the parameters of one run.
pub(super) fn bind<'a>(
    statement: &mut Statement<'_>,
    params: impl ExactSizeIterator<Item = &'a Value>,
) -> Result<()> {
    let expected = statement.parameter_count();
    if params.len() != expected {
        return Err(wrong_count(expected, params.len()));
    }
    for (position, value) in params.enumerate() {
        statement.raw_bind_parameter(position + 1, Bound(value)).map_err(error)?;
    }
    Ok(())
}

/// Binds one parameter; numbers start at 1.
pub(super) fn bind_one(statement: &mut Statement<'_>, number: usize, value: &Value) -> Result<()> {
    statement.raw_bind_parameter(number, Bound(value)).map_err(error)
}

/// The values of a row as SQLite returns them. A text that is not UTF-8 is returned as its bytes.
pub(super) fn raw_row(row: &Row<'_>) -> impl Iterator<Item = Result<Value, Unfit>> {
    // Counted here: if a table has changed, the first step prepares the statement again.
    let columns = row.as_ref().column_count();
    (0..columns).map(|column| {
        let found = row.get_ref(column).map_err(error)?;
        value(found).map_err(|error| Unfit {
            error,
            shown: found.as_bytes().ok().map(|bytes| Value::Bytes(bytes.to_owned())),
        })
    })
}

/// A value as SQLite returns it.
pub(super) fn value(value: ValueRef<'_>) -> Result<Value> {
    Ok(match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(value) => Value::Int(value),
        ValueRef::Real(value) => Value::Float(value),
        ValueRef::Blob(value) => Value::Bytes(value.to_owned()),
        ValueRef::Text(value) => Value::Text(
            String::from_utf8(value.to_owned())
                .map_err(|error| Error::new(ErrorKind::Value, "A text is not UTF-8.").with_source(error))?,
        ),
    })
}

/// Classifies SQLite's errors by their result codes: <https://sqlite.org/rescode.html>.
pub(super) fn error(error: rusqlite::Error) -> Error {
    use rusqlite::Error as E;
    let (failure, message) = match &error {
        E::SqliteFailure(failure, message) => (failure, message.clone()),
        E::SqlInputError { error, msg, .. } => (error, Some(msg.clone())),
        other => return Error::new(ErrorKind::Database, other.to_string()).with_source(error),
    };
    let kind = match failure.extended_code & 0xff {
        18 | 20 => ErrorKind::Data,
        19 => ErrorKind::Integrity,
        5 | 6 => ErrorKind::Conflict,
        14 | 23 | 26 => ErrorKind::Connection,
        _ => ErrorKind::Database,
    };
    let message = message.unwrap_or_else(|| failure.to_string());
    Error::new(kind, message).with_code(code_name(failure.extended_code)).with_source(error)
}

/// The name of a result code.
fn code_name(code: i32) -> String {
    let name = match code {
        1 => "ERROR",
        3 => "PERM",
        4 => "ABORT",
        5 => "BUSY",
        6 => "LOCKED",
        7 => "NOMEM",
        8 => "READONLY",
        9 => "INTERRUPT",
        10 => "IOERR",
        11 => "CORRUPT",
        13 => "FULL",
        14 => "CANTOPEN",
        17 => "SCHEMA",
        18 => "TOOBIG",
        19 => "CONSTRAINT",
        20 => "MISMATCH",
        21 => "MISUSE",
        23 => "AUTH",
        25 => "RANGE",
        26 => "NOTADB",
        261 => "BUSY_RECOVERY",
        262 => "LOCKED_SHAREDCACHE",
        275 => "CONSTRAINT_CHECK",
        517 => "BUSY_SNAPSHOT",
        531 => "CONSTRAINT_COMMITHOOK",
        773 => "BUSY_TIMEOUT",
        787 => "CONSTRAINT_FOREIGNKEY",
        1043 => "CONSTRAINT_FUNCTION",
        1299 => "CONSTRAINT_NOTNULL",
        1555 => "CONSTRAINT_PRIMARYKEY",
        1811 => "CONSTRAINT_TRIGGER",
        2067 => "CONSTRAINT_UNIQUE",
        2323 => "CONSTRAINT_VTAB",
        2579 => "CONSTRAINT_ROWID",
        2835 => "CONSTRAINT_PINNED",
        3091 => "CONSTRAINT_DATATYPE",
        other if other > 0xff => return code_name(other & 0xff),
        other => return format!("SQLITE_{other}"),
    };
    format!("SQLITE_{name}")
}
