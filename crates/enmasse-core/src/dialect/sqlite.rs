//! SQLite, from 3.35.

use crate::dialect::{Capability, Dialect};
use crate::error::{Error, Result};
use crate::schema::Field;
use crate::value::{DataType, Value};

/// SQLite.
#[derive(Clone, Debug)]
pub struct Sqlite {
    /// The library's version, as `(3, 50)`.
    pub version: (u32, u32),
    /// `SQLITE_LIMIT_VARIABLE_NUMBER`.
    pub max_params: usize,
}

impl Default for Sqlite {
    /// The least version that is supported, with SQLite's default limits.
    fn default() -> Self {
        Sqlite { version: (3, 35), max_params: 32_766 }
    }
}

impl Dialect for Sqlite {
    fn name(&self) -> String {
        format!("SQLite {}.{}", self.version.0, self.version.1)
    }

    fn supports(&self, capability: Capability) -> bool {
        use Capability::*;
        matches!(capability, InsertReturning | UpdateReturning | LocalCalls | JsonTable)
    }

    fn max_params(&self) -> usize {
        self.max_params
    }

    fn quote(&self, identifier: &str) -> String {
        format!("\"{}\"", identifier.replace('"', "\"\""))
    }

    fn placeholder(&self, _number: usize) -> String {
        "?".to_owned()
    }

    fn column_type(&self, data_type: &DataType) -> Result<String> {
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

    fn cast_type(&self, data_type: &DataType) -> Result<String> {
        self.column_type(data_type)
    }

    fn store(&self, value: &Value, _data_type: &DataType) -> Result<Value> {
        Ok(value.clone())
    }

    fn load(&self, raw: Value, _data_type: &DataType) -> Result<Value> {
        Ok(raw)
    }

    fn identity_column(&self, _field: &Field) -> Result<String> {
        Ok("integer PRIMARY KEY AUTOINCREMENT".to_owned())
    }
}
