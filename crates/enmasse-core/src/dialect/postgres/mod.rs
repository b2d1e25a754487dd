//! PostgreSQL, from 13.

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
use crate::schema::Field;
use crate::sql::{Fragment, Parameters};
use crate::value::{DataType, Value};

/// PostgreSQL.
#[derive(Clone, Debug)]
pub struct Postgres {
    /// The server's version, as `(15, 18)`.
    pub version: (u32, u32),
    /// Whether the user may make temporary tables.
    pub temporary_tables: bool,
    /// Whether rows can be copied: not through every pooler.
    pub copy_stream: bool,
    /// The host's driver.
    pub driver: Driver,
}

impl Default for Postgres {
    /// The least version that is supported.
    fn default() -> Self {
        Postgres { version: (13, 0), temporary_tables: true, copy_stream: true, driver: Driver::default() }
    }
}

impl Parameters for Postgres {
    fn placeholder(&self, number: usize) -> String {
        self.driver.place(Some(number))
    }

    fn typed_placeholder(&self, number: usize, data_type: &DataType) -> String {
        match types::read_as(data_type) {
            Some(name) => format!("{}::{name}", self.placeholder(number)),
            None => self.placeholder(number),
        }
    }

    fn store(&self, value: &Value, data_type: &DataType) -> Result<Value> {
        codec::store(value, data_type)
    }
}

impl Dialect for Postgres {
    fn name(&self) -> String {
        format!("PostgreSQL {}.{}", self.version.0, self.version.1)
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
                | ArrayParams
                | RowLocks
                | LockOf
                | LockingCreate
                | TypedColumns
                | DistinctOn
                | JsonContainment
                | NativeUuid
                | WritingQueries
                | HashJoins
                | PreparedTypes
                | FoldedNames
                | TargetInSubquery
                | SkippedRows
        ) || capability == TemporaryTables && self.temporary_tables
            || capability == CopyStream && self.copy_stream
            || capability == ReturningOld && self.version >= (18, 0)
    }

    fn max_result_columns(&self) -> usize {
        1_664
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

    fn identity_step(&self) -> Option<&'static str> {
        None
    }

    fn quote(&self, identifier: &str) -> String {
        format!("\"{}\"", identifier.replace('"', "\"\""))
    }

    fn selected(&self, column: Fragment, data_type: &DataType) -> Fragment {
        match data_type {
            DataType::Native(_) => types::shown(column),
            _ => column,
        }
    }

    fn limit_for_offset(&self) -> Option<&'static str> {
        None
    }

    fn grant_temporary_tables(&self) -> &'static str {
        "GRANT TEMPORARY ON DATABASE … TO …"
    }

    fn temporary(&self, name: &str) -> String {
        format!("pg_temp.{}", self.quote(name))
    }

    fn analyze(&self, table: &str) -> Option<String> {
        Some(format!("ANALYZE {table}"))
    }

    fn hides_rows(&self, table: &str) -> Option<Fragment> {
        let table = Fragment::stored(Value::Text(table.to_owned()), DataType::TEXT);
        Some(Fragment::format("(SELECT row_security_active({}::text::regclass))", [table]))
    }

    /// A partitioned table's keys are those of all its partitions.
    fn has_child_tables(&self, table: &str) -> Option<Fragment> {
        let table = Fragment::stored(Value::Text(table.to_owned()), DataType::TEXT);
        Some(Fragment::format(
            "SELECT EXISTS (SELECT 1 FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhparent \
             WHERE c.relkind = 'r' AND c.oid = to_regclass({}::text))",
            [table],
        ))
    }

    /// A value that the sequence cannot have leaves it where it is.
    fn advance_identity(&self, table: &str, column: &str) -> Option<[Fragment; 2]> {
        const SEQUENCE: &str = "(SELECT pg_get_serial_sequence({}::text, {}::text)::regclass s)";
        let names =
            || [table, column].map(|name| Fragment::stored(Value::Text(name.to_owned()), DataType::TEXT));
        let may = format!(
            "SELECT 1::bigint FROM {SEQUENCE} counter WHERE has_sequence_privilege(s, 'UPDATE') \
             AND has_sequence_privilege(s, 'SELECT, USAGE') AND has_column_privilege({{}}::text, {{}}::text, 'SELECT')"
        );
        let advance = format!(
            "SELECT setval(s, most) FROM {SEQUENCE} counter JOIN pg_sequence q ON q.seqrelid = s, \
             (SELECT max({})::bigint most FROM {table}) greatest \
             WHERE most BETWEEN q.seqmin AND q.seqmax AND most > COALESCE(pg_sequence_last_value(s), 0)",
            self.quote(column)
        );
        let advance = Fragment::format(&advance, names());
        let ([t, c], [table, column]) = (names(), names());
        Some([Fragment::format(&may, [t, c, table, column]), advance])
    }

    /// One by one, so that the first that differs decides, where equal values are the same. The others as the record's bytes: `IS DISTINCT FROM`
    /// takes -0.0 for 0.0, and has no answer for some types. Documents may also differ in the zeros that end a number.
    fn unchanged(&self, pairs: Vec<(Fragment, Fragment, &DataType)>) -> Result<Fragment> {
        let (mut same, mut old, mut new) = (Vec::new(), Vec::new(), Vec::new());
        for (column, value, data_type) in pairs {
            // a cast to a length would cut; but the digits of a decimal are those of the column
            let cast = match data_type {
                DataType::Decimal { .. } => types::column_type(data_type)?,
                other => types::cast_type(other)?,
            };
            // whatever the column's collation takes for the same
            let collation = if matches!(data_type, DataType::Text { .. }) { " COLLATE \"C\"" } else { "" };
            let column = Fragment::format(&format!("{{}}::{cast}{collation}"), [column]);
            let value = Fragment::format(&format!("({{}})::{cast}{collation}"), [value]);
            if matches!(data_type, DataType::Json) {
                same.push(json::same(column, value));
            } else if types::equal_is_same(data_type) {
                same.push(Fragment::format("{} IS NOT DISTINCT FROM {}", [column, value]));
            } else {
                old.push(column);
                new.push(value);
            }
        }
        if !old.is_empty() {
            let [old, new] = [old, new].map(|parts| Fragment::join(parts, ", "));
            same.push(Fragment::format("ROW({})::record *= ROW({})::record", [old, new]));
        }
        Ok(Fragment::join(same, " AND "))
    }

    fn column_type(&self, data_type: &DataType) -> Result<String> {
        types::column_type(data_type)
    }

    fn cast_type(&self, data_type: &DataType) -> Result<String> {
        types::cast_type(data_type)
    }

    fn listed(&self, place: String, data_type: &DataType) -> Result<String> {
        Ok(format!("{place}::{}", self.cast_type(data_type)?))
    }

    fn staged(&self, place: &str, data_type: &DataType) -> Result<String> {
        Ok(match (data_type, types::read_as(data_type)) {
            (DataType::Array(_), Some(name)) => format!("{place}::{name}"),
            // what travels as text is staged as text
            _ => place.to_owned(),
        })
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
        Some("SET CONSTRAINTS ALL IMMEDIATE")
    }

    fn catalog(&self, schema: Option<&str>, tables: Tables<'_>) -> Result<Queries> {
        catalog::queries(self, schema, tables)
    }

    fn storage(&self, table: &str) -> Result<Option<StorageQueries>> {
        catalog::storage(self, table).map(Some)
    }

    fn declared_type(&self, declared: &str) -> Option<Declared> {
        catalog::declared_type(declared)
    }
}
