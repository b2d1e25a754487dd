//! The column types of MariaDB and MySQL.

use super::{Flavour, Mysql};
use crate::dialect::TableRules;
use crate::dialect::{Capability, Dialect};
use crate::error::{Error, Result};
use crate::schema::Field;
use crate::value::DataType;

pub(super) const TABLE_RULES: TableRules = TableRules {
    suffix: " ENGINE=InnoDB DEFAULT CHARSET=utf8mb4",
    reference_suffix: "",
    refers_forward: false,
    indexes_references: true,
    integer_key: None,
    identity_is_key: false,
    keys_are_short: true,
    json_check: None,
};

pub(super) fn column_type(dialect: &Mysql, data_type: &DataType) -> Result<String> {
    Ok(match data_type {
        DataType::Bool => "bool".to_owned(),
        DataType::SmallInt => "smallint".to_owned(),
        DataType::Integer => "integer".to_owned(),
        DataType::BigInt | DataType::Duration => "bigint".to_owned(),
        DataType::Real => "float".to_owned(),
        DataType::Double => "double precision".to_owned(),
        DataType::Text { max_length: Some(length) } => format!("varchar({length})"),
        DataType::Text { max_length: None } => "longtext".to_owned(),
        DataType::Bytes => "longblob".to_owned(),
        DataType::DateTime | DataType::NaiveDateTime => "datetime(6)".to_owned(),
        DataType::Date => "date".to_owned(),
        DataType::Time => "time(6)".to_owned(),
        DataType::Decimal { max_digits, decimal_places } => {
            format!("numeric({}, {})", max_digits.unwrap_or(65), decimal_places.unwrap_or(30))
        }
        DataType::Uuid if dialect.supports(Capability::NativeUuid) => "uuid".to_owned(),
        DataType::Uuid => "char(32)".to_owned(),
        DataType::Json => "json".to_owned(),
        DataType::Array(_) => {
            return Err(Error::not_supported(format!("{} has no arrays.", dialect.name())));
        }
        DataType::Native(name) => name.clone(),
    })
}

/// `CAST` knows fewer types than `CREATE TABLE`; a decimal keeps all its digits, as a cast to fewer would cut it silently.
pub(super) fn cast_type(dialect: &Mysql, data_type: &DataType) -> Result<String> {
    Ok(match data_type {
        DataType::Bool | DataType::SmallInt | DataType::Integer | DataType::BigInt | DataType::Duration => {
            "signed integer".to_owned()
        }
        DataType::Real | DataType::Double => "double".to_owned(),
        DataType::Text { .. } => "char".to_owned(),
        // MariaDB has no JSON but text.
        DataType::Json if dialect.flavour == Flavour::MariaDb => "char".to_owned(),
        DataType::Decimal { .. } => "decimal(65, 30)".to_owned(),
        DataType::Bytes => "binary".to_owned(),
        DataType::Uuid if !dialect.supports(Capability::NativeUuid) => "char(32)".to_owned(),
        other => column_type(dialect, other)?,
    })
}

/// Without a cast, a list of a moment and NULL has no fractions of a second on MySQL, and one of decimals is one of text.
///
/// Text and bytes take on the type and the collation that the list has from the table's own columns; a cast would have a collation of
/// its own, and on MySQL a length.
pub(super) fn listed(dialect: &Mysql, place: String, data_type: &DataType) -> Result<String> {
    let is_text = match data_type {
        DataType::Text { .. } | DataType::Bytes => true,
        DataType::Uuid => !dialect.supports(Capability::NativeUuid),
        DataType::Json => dialect.flavour == Flavour::MariaDb,
        _ => false,
    };
    if is_text {
        return Ok(place);
    }
    Ok(format!("CAST({place} AS {})", cast_type(dialect, data_type)?))
}

/// MySQL's prepared statements keep the types of their parameters: after an `INSERT` of numbers the same text would not take JSON, nor text
/// any letter that latin1 has not.
pub(super) fn staged(dialect: &Mysql, place: &str, data_type: &DataType) -> Result<String> {
    match (dialect.flavour, data_type) {
        (Flavour::MariaDb, _) | (_, DataType::Bytes) => Ok(place.to_owned()),
        (_, DataType::Text { .. } | DataType::Uuid) => Ok(format!("CONVERT({place} USING utf8mb4)")),
        _ => listed(dialect, place.to_owned(), data_type),
    }
}

pub(super) fn identity_column(dialect: &Mysql, field: &Field) -> Result<String> {
    Ok(format!("{} AUTO_INCREMENT", column_type(dialect, &field.data_type)?))
}
