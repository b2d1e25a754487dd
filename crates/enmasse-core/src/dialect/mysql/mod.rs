//! MariaDB, from 10.5, and MySQL, from 8.0.

mod catalog;
pub(crate) mod codec;
mod json;
mod number;
mod text;
mod time;
mod types;
mod value;
mod write;

use crate::dialect::{Capability, Declared, Dialect, Driver, Queries, StorageQueries, TableRules, Tables};
use crate::error::Result;
use crate::schema::{Field, table_parts};
use crate::sql::{Fragment, Parameters};
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
    /// `local_infile`: whether the server takes `LOAD DATA LOCAL`.
    pub local_infile: bool,
    /// Whether the user may make temporary tables.
    pub temporary_tables: bool,
    /// The host's driver.
    pub driver: Driver,
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
        Mysql {
            flavour: Flavour::MariaDb,
            version: (10, 11),
            max_packet: 16 << 20,
            local_infile: true,
            temporary_tables: true,
            driver: Driver::default(),
        }
    }
}

impl Parameters for Mysql {
    fn placeholder(&self, _number: usize) -> String {
        self.driver.place(None)
    }

    fn typed_placeholder(&self, _number: usize, data_type: &DataType) -> String {
        match (self.flavour, data_type) {
            (Flavour::Mysql, DataType::Bytes) => format!("CAST({} AS BINARY)", self.driver.place(None)),
            _ => self.driver.place(None),
        }
    }

    fn store(&self, value: &Value, data_type: &DataType) -> Result<Value> {
        codec::store(self, value, data_type)
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

    fn driver(&self) -> Driver {
        self.driver
    }

    fn server_supports(&self, capability: Capability) -> bool {
        use Capability::*;
        match capability {
            InsertReturning => self.flavour == Flavour::MariaDb && self.version >= (10, 5),
            NativeUuid => self.flavour == Flavour::MariaDb && self.version >= (10, 7),
            JsonTable => self.flavour == Flavour::Mysql || self.version >= (10, 6),
            BulkExecute | LockingCreate | SemijoinsInUpdate => self.flavour == Flavour::MariaDb,
            TemporaryTables => self.temporary_tables,
            LoadStream => self.local_infile,
            LocksAsRead
            | SetInOrder
            | JoinedUpdate
            | LastingTemporaryTables
            | StorageEngines
            | StagedAsTarget
            | KeyLookups => true,
            RowLocks | OrderedUpdate | JsonContainment | TypedColumns => true,
            _ => false,
        }
    }

    /// Without the word, it would commit.
    fn drop_temporary(&self, table: &str) -> String {
        format!("DROP TEMPORARY TABLE IF EXISTS {table}")
    }

    fn has_at_most(&self, table: &str, rows: u64) -> Option<Fragment> {
        if self.flavour != Flavour::MariaDb {
            return None;
        }
        let text = |text: &str| Fragment::stored(Value::Text(text.into()), DataType::TEXT);
        let parts = table_parts(table);
        let (schema, table) = match &parts[..] {
            [schema, table] => (text(schema), table.as_str()),
            _ => ("DATABASE()".into(), table),
        };
        let rows = Fragment::stored(Value::Int(i64::try_from(rows).unwrap_or(i64::MAX)), DataType::BigInt);
        Some(Fragment::format(
            "SELECT 1 FROM information_schema.tables WHERE table_schema = {} AND table_name = {} AND table_rows <= {}",
            [schema, text(table), rows],
        ))
    }

    /// MariaDB copies a text of one column to another without a look at the length: 65,536 bytes are none in a `text`, also in strict mode.
    /// What a function gives is checked.
    fn fitting(&self, value: Fragment, data_type: &DataType) -> Fragment {
        match data_type {
            DataType::Text { .. } | DataType::Bytes | DataType::Json if self.flavour == Flavour::MariaDb => {
                Fragment::format("COALESCE({})", [value])
            }
            _ => value,
        }
    }

    fn unchanged(&self, pairs: Vec<(Fragment, Fragment, &DataType)>) -> Result<Fragment> {
        let same = |(column, value, data_type): (Fragment, Fragment, &DataType)| match data_type {
            DataType::Json if self.flavour == Flavour::MariaDb => json::same(self.version, column, value),
            // an update leaves a document alone that is equal, 1 where it is to be 1.0
            DataType::Json => Fragment::format(
                "(CAST({} AS BINARY) <=> CAST({} AS BINARY) OR COALESCE({} = {}, FALSE))",
                [column.clone(), value.clone(), column, value],
            ),
            // a column may be of any character set; a conversion takes 0.2 microseconds
            DataType::Text { .. } => {
                let bytes = "CAST(CONVERT({} USING utf8mb4) AS BINARY)";
                Fragment::format(&format!("{bytes} <=> {bytes}"), [column, value])
            }
            _ => Fragment::format("{} <=> {}", [column, value]),
        };
        Ok(Fragment::join(pairs.into_iter().map(same), " AND "))
    }

    fn max_result_columns(&self) -> usize {
        // of a table, in which such rows are kept
        1_017
    }

    fn max_params(&self) -> usize {
        65_535
    }

    fn max_statement_bytes(&self) -> usize {
        self.max_packet / 2
    }

    fn insert_nothing(&self, table: &str) -> String {
        format!("INSERT INTO {table} () VALUES ()")
    }

    /// One, unless several servers take turns.
    fn identity_step(&self) -> Option<&'static str> {
        (!self.supports(Capability::InsertReturning)).then_some("SELECT @@auto_increment_increment")
    }

    fn quote(&self, identifier: &str) -> String {
        format!("`{}`", identifier.replace('`', "``"))
    }

    fn grant_temporary_tables(&self) -> &'static str {
        "GRANT CREATE TEMPORARY TABLES ON …"
    }

    /// MySQL takes bytes that come by themselves for text, and what is no UTF-8 is then cut off.
    fn limit_for_offset(&self) -> Option<&'static str> {
        Some("18446744073709551615")
    }

    fn column_type(&self, data_type: &DataType) -> Result<String> {
        types::column_type(self, data_type)
    }

    fn cast_type(&self, data_type: &DataType) -> Result<String> {
        types::cast_type(self, data_type)
    }

    fn listed(&self, place: String, data_type: &DataType) -> Result<String> {
        types::listed(self, place, data_type)
    }

    fn staged(&self, place: &str, data_type: &DataType) -> Result<String> {
        types::staged(self, place, data_type)
    }

    fn load(&self, raw: Value, data_type: &DataType) -> Result<Value> {
        codec::load(raw, data_type)
    }

    fn identity_column(&self, field: &Field) -> Result<String> {
        types::identity_column(self, field)
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

    fn storage(&self, table: &str) -> Result<Option<StorageQueries>> {
        catalog::storage(self, table).map(Some)
    }

    fn routines(&self, names: &[String]) -> Result<Fragment> {
        catalog::routines(self, names)
    }

    fn declared_type(&self, declared: &str) -> Option<Declared> {
        catalog::declared_type(self, declared)
    }
}
