//! PostgreSQL, from 13.

mod catalog;
pub(crate) mod codec;
mod json;
mod number;
mod text;
mod time;
mod types;
mod value;

use crate::catalog::{Declared, Queries};
use crate::dialect::{Capability, Dialect};
use crate::error::Result;
use crate::schema::{Field, TableRules};
use crate::value::{DataType, Value};

/// PostgreSQL.
#[derive(Clone, Debug)]
pub struct Postgres {
    /// The server's version, as `(15, 18)`.
    pub version: (u32, u32),
}

impl Default for Postgres {
    /// The least version that is supported.
    fn default() -> Self {
        Postgres { version: (13, 0) }
    }
}

impl Dialect for Postgres {
    fn name(&self) -> String {
        format!("PostgreSQL {}.{}", self.version.0, self.version.1)
    }

    fn supports(&self, capability: Capability) -> bool {
        use Capability::*;
        matches!(
            capability,
            InsertReturning
                | UpdateReturning
                | ArrayParams
                | RowLocks
                | TypedColumns
                | DistinctOn
                | JsonContainment
                | NativeUuid
        )
    }

    fn max_params(&self) -> usize {
        65_535
    }

    fn max_statement_bytes(&self) -> usize {
        500_000_000
    }

    fn insert_nothing(&self, table: &str) -> String {
        format!("INSERT INTO {table} DEFAULT VALUES")
    }

    fn quote(&self, identifier: &str) -> String {
        format!("\"{}\"", identifier.replace('"', "\"\""))
    }

    fn placeholder(&self, number: usize) -> String {
        format!("${number}")
    }

    fn limit_for_offset(&self) -> Option<&'static str> {
        None
    }

    fn column_type(&self, data_type: &DataType) -> Result<String> {
        types::column_type(data_type)
    }

    fn cast_type(&self, data_type: &DataType) -> Result<String> {
        types::cast_type(data_type)
    }

    fn store(&self, value: &Value, data_type: &DataType) -> Result<Value> {
        codec::store(value, data_type)
    }

    fn load(&self, raw: Value, data_type: &DataType) -> Result<Value> {
        codec::load(raw, data_type)
    }

    fn identity_column(&self, field: &Field) -> Result<String> {
        types::identity_column(field)
    }

    fn table_rules(&self) -> TableRules {
        types::TABLE_RULES
    }

    fn catalog(&self, schema: Option<&str>) -> Result<Queries> {
        catalog::queries(self, schema)
    }

    fn declared_type(&self, declared: &str) -> Option<Declared> {
        catalog::declared_type(declared)
    }
}
