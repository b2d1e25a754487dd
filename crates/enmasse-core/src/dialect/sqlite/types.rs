//! The column types of SQLite.

use crate::dialect::TableRules;
use crate::error::{Error, Result};
use crate::schema::Field;
use crate::value::DataType;

pub(super) const TABLE_RULES: TableRules = TableRules {
    suffix: "",
    reference_suffix: " DEFERRABLE INITIALLY DEFERRED",
    refers_forward: true,
    indexes_references: false,
    // This very type makes the key the row's own number, which saves an index.
    integer_key: Some("integer"),
    identity_is_key: true,
    keys_are_short: false,
    json_check: Some("JSON_VALID({}) OR {} IS NULL"),
};

pub(super) fn column_type(data_type: &DataType) -> Result<String> {
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
        // SQLite ignores the digits, but whoever reads the catalogue learns them.
        DataType::Decimal { max_digits: Some(digits), decimal_places } => {
            format!("decimal({digits}, {})", decimal_places.unwrap_or(0))
        }
        DataType::Decimal { max_digits: None, .. } => "decimal".to_owned(),
        DataType::Uuid => "char(32)".to_owned(),
        DataType::Array(_) => return Err(Error::not_supported("SQLite has no arrays.")),
        DataType::Native(name) => name.clone(),
    })
}

/// A cast to `datetime` would make the number 2024 of it: SQLite takes that for a numeric type.
pub(super) fn cast_type(data_type: &DataType) -> Result<String> {
    match data_type {
        DataType::DateTime | DataType::NaiveDateTime | DataType::Date | DataType::Time => {
            Ok("text".to_owned())
        }
        DataType::Native(_) => Ok("text".to_owned()),
        other => column_type(other),
    }
}

pub(super) fn identity_column(_field: &Field) -> Result<String> {
    Ok("integer NOT NULL PRIMARY KEY AUTOINCREMENT".to_owned())
}
