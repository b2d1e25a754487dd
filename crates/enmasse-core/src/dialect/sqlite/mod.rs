//! SQLite, from 3.35.

mod catalog;
pub(crate) mod codec;
#[cfg(feature = "sqlite-functions")]
mod collation;
#[cfg(feature = "sqlite-functions")]
mod functions;
mod json;
mod number;
mod text;
mod time;
mod types;
mod value;
mod write;

use crate::dialect::{Capability, Declared, Dialect, Driver, Queries, TableRules, Tables};
use crate::error::Result;
use crate::schema::Field;
use crate::sql::{Fragment, Parameters};
use crate::value::{DataType, Value};
#[cfg(feature = "sqlite-functions")]
pub use functions::{SqlFunction, sqlite_functions};

/// SQLite.
#[derive(Clone, Debug)]
pub struct Sqlite {
    /// The library's version, as `(3, 50)`.
    pub version: (u32, u32),
    /// `SQLITE_LIMIT_VARIABLE_NUMBER`.
    pub max_params: usize,
    /// The host's driver.
    pub driver: Driver,
}

impl Default for Sqlite {
    /// The least version that is supported, with SQLite's default limits.
    fn default() -> Self {
        Sqlite { version: (3, 35), max_params: 32_766, driver: Driver::default() }
    }
}

impl Parameters for Sqlite {
    fn placeholder(&self, _number: usize) -> String {
        self.driver.place(None)
    }

    fn store(&self, value: &Value, data_type: &DataType) -> Result<Value> {
        codec::store(value, data_type)
    }
}

impl Dialect for Sqlite {
    fn name(&self) -> String {
        format!("SQLite {}.{}", self.version.0, self.version.1)
    }

    fn driver(&self) -> Driver {
        self.driver
    }

    fn server_supports(&self, capability: Capability) -> bool {
        use Capability::*;
        matches!(
            capability,
            InsertReturning
                | UpdateReturning
                | LocalCalls
                | JsonTable
                | TemporaryTables
                | TargetInSubquery
                | SkippedRows
        )
    }

    fn temporary(&self, name: &str) -> String {
        format!("temp.{}", self.quote(name))
    }

    fn unchanged(&self, pairs: Vec<(Fragment, Fragment, &DataType)>) -> Result<Fragment> {
        let same = |(column, value, data_type): (Fragment, Fragment, &DataType)| match data_type {
            DataType::Json => Fragment::format(
                "({} COLLATE BINARY IS {} OR COALESCE(enmasse_json_same({}, {}), 0))",
                [column.clone(), value.clone(), column, value],
            ),
            _ => Fragment::format("{} COLLATE BINARY IS {}", [column, value]),
        };
        Ok(Fragment::chain(pairs.into_iter().map(same).collect(), " AND "))
    }

    fn max_result_columns(&self) -> usize {
        2_000
    }

    fn max_params(&self) -> usize {
        self.max_params
    }

    fn max_statement_bytes(&self) -> usize {
        500_000_000
    }

    fn insert_nothing(&self, table: &str) -> String {
        format!("INSERT INTO {table} DEFAULT VALUES")
    }

    fn identity_step(&self) -> Option<&'static str> {
        None
    }

    fn quote(&self, identifier: &str) -> String {
        format!("\"{}\"", identifier.replace('"', "\"\""))
    }

    fn limit_for_offset(&self) -> Option<&'static str> {
        Some("-1")
    }

    fn column_type(&self, data_type: &DataType) -> Result<String> {
        types::column_type(data_type)
    }

    fn cast_type(&self, data_type: &DataType) -> Result<String> {
        types::cast_type(data_type)
    }

    /// A value has its type with it.
    fn listed(&self, place: String, _data_type: &DataType) -> Result<String> {
        Ok(place)
    }

    fn staged(&self, place: &str, _data_type: &DataType) -> Result<String> {
        Ok(place.to_owned())
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

    fn check_deferred(&self) -> Option<&'static str> {
        None
    }

    fn catalog(&self, schema: Option<&str>, tables: Tables<'_>) -> Result<Queries> {
        catalog::queries(self, schema, tables)
    }

    fn declared_type(&self, declared: &str) -> Option<Declared> {
        catalog::declared_type(declared)
    }
}
