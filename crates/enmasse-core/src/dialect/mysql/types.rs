//! The column types of MariaDB and MySQL.

use super::{Flavour, Mysql};
use crate::dialect::{Capability, Dialect};
use crate::error::{Error, Result};
use crate::schema::{Field, TableRules};
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

pub(super) fn identity_column(dialect: &Mysql, field: &Field) -> Result<String> {
    Ok(format!("{} AUTO_INCREMENT", column_type(dialect, &field.data_type)?))
}
