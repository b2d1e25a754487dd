//! The column types of SQLite.

use super::Sqlite;
use crate::error::{Error, Result};
use crate::schema::Field;
use crate::value::DataType;

pub(super) fn column_type(_dialect: &Sqlite, data_type: &DataType) -> Result<String> {
    Ok(match data_type {
        DataType::Bool => "bool".to_owned(),
        DataType::SmallInt => "smallint".to_owned(),
        DataType::Integer => "integer".to_owned(),
        DataType::BigInt | DataType::Duration => "bigint".to_owned(),
        DataType::Real | DataType::Double => "real".to_owned(),
        DataType::Text { max_length: Some(length) } => format!("varchar({length})"),
        DataType::Text { max_length: None } | DataType::Json => "text".to_owned(),
        DataType::Bytes => "BLOB".to_owned(),
        DataType::DateTime | DataType::NaiveDateTime => "datetime".to_owned(),
        DataType::Date => "date".to_owned(),
        DataType::Time => "time".to_owned(),
        DataType::Decimal { .. } => "decimal".to_owned(),
        DataType::Uuid => "char(32)".to_owned(),
        DataType::Array(_) => return Err(Error::not_supported("SQLite has no arrays.")),
    })
}

pub(super) fn cast_type(dialect: &Sqlite, data_type: &DataType) -> Result<String> {
    column_type(dialect, data_type)
}

pub(super) fn identity_column(_dialect: &Sqlite, _field: &Field) -> Result<String> {
    Ok("integer PRIMARY KEY AUTOINCREMENT".to_owned())
}
