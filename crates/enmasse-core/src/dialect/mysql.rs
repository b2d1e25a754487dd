//! MariaDB, from 10.5, and MySQL, from 8.0.

use crate::dialect::{Capability, Dialect};
use crate::error::{Error, Result};
use crate::schema::Field;
use crate::value::{DataType, Value};

/// MariaDB or MySQL.
#[derive(Clone, Debug)]
pub struct Mysql {
    /// Which of the two.
    pub flavour: Flavour,
    /// The server's version, as `(10, 11)`.
    pub version: (u32, u32),
    /// `max_allowed_packet`, in bytes.
    pub max_packet: usize,
}

/// Which of the two servers it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Flavour {
    MariaDb,
    Mysql,
}

impl std::default::Default for Mysql {
    /// MariaDB 10.11 with its default limits.
    fn default() -> Self {
        Mysql { flavour: Flavour::MariaDb, version: (10, 11), max_packet: 16 << 20 }
    }
}

impl Dialect for Mysql {
    fn name(&self) -> String {
        let name = match self.flavour {
            Flavour::MariaDb => "MariaDB",
            Flavour::Mysql => "MySQL",
        };
        format!("{name} {}.{}", self.version.0, self.version.1)
    }

    fn supports(&self, capability: Capability) -> bool {
        use Capability::*;
        match capability {
            InsertReturning => self.flavour == Flavour::MariaDb && self.version >= (10, 5),
            NativeUuid => self.flavour == Flavour::MariaDb && self.version >= (10, 7),
            JsonTable => self.flavour == Flavour::Mysql || self.version >= (10, 6),
            JoinedUpdate | RowLocks | OrderedUpdate | JsonContainment => true,
            _ => false,
        }
    }

    fn max_params(&self) -> usize {
        65_535
    }

    fn quote(&self, identifier: &str) -> String {
        format!("`{}`", identifier.replace('`', "``"))
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
            DataType::Uuid if self.supports(Capability::NativeUuid) => "uuid".to_owned(),
            DataType::Uuid => "char(32)".to_owned(),
            DataType::Json => "json".to_owned(),
            DataType::Array(_) => {
                return Err(Error::not_supported(format!("{} has no arrays.", self.name())));
            }
        })
    }

    fn cast_type(&self, data_type: &DataType) -> Result<String> {
        Ok(match data_type {
            DataType::Bool
            | DataType::SmallInt
            | DataType::Integer
            | DataType::BigInt
            | DataType::Duration => "signed integer".to_owned(),
            DataType::Real | DataType::Double => "double".to_owned(),
            DataType::Text { .. } => "char".to_owned(),
            DataType::Bytes => "binary".to_owned(),
            DataType::Uuid if !self.supports(Capability::NativeUuid) => "char(32)".to_owned(),
            other => self.column_type(other)?,
        })
    }

    fn store(&self, value: &Value, _data_type: &DataType) -> Result<Value> {
        Ok(value.clone())
    }

    fn load(&self, raw: Value, _data_type: &DataType) -> Result<Value> {
        Ok(raw)
    }

    fn identity_column(&self, field: &Field) -> Result<String> {
        Ok(format!("{} AUTO_INCREMENT", self.column_type(&field.data_type)?))
    }
}
