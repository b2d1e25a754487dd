//! What each database spells in its own way: one file a database.

mod declared;
mod driver;
mod json;
mod like;
mod list;
pub(crate) mod mysql;
pub(crate) mod postgres;
mod questions;
mod rows;
mod spelling;
pub(crate) mod sqlite;
mod table_rules;
mod write;

pub use declared::Declared;
pub(crate) use declared::Spelling;
pub use driver::Driver;
pub(crate) use like::{like_pattern, like_sql};
pub(crate) use list::{LONG_LIST, placeholders};
pub use mysql::{Flavour, Mysql};
pub use postgres::Postgres;
pub use questions::{Queries, ReachQueries, StorageQueries, Tables};
pub use spelling::{Digits, JsonSql, NumberSql, TextSql, TimeSql, ValueSql};
pub use sqlite::Sqlite;
#[cfg(feature = "sqlite-functions")]
pub use sqlite::{SqlFunction, sqlite_functions};

pub use table_rules::TableRules;
pub use write::{DeleteBy, Lock, UpdateBy, WriteSql};

use std::fmt::Debug;

use crate::error::Result;
use crate::schema::{Field, table_parts};
use crate::sql::{Fragment, Parameters};
use crate::value::{DataType, Value};

/// One database: its quoting, its types and what its SQL spells differently.
///
/// What a database can do is asked with [`supports`](Dialect::supports), never by its name. How it spells lookups and
/// expressions is in the traits below this one, one a family.
pub trait Dialect:
    Parameters + ValueSql + TextSql + NumberSql + TimeSql + JsonSql + WriteSql + Debug + Send + Sync
{
    /// The database's name and version, for messages: `PostgreSQL 15.18`.
    fn name(&self) -> String;

    /// The host's driver.
    fn driver(&self) -> Driver;

    /// Whether the server can do this.
    fn server_supports(&self, capability: Capability) -> bool;

    /// Whether the server can do this and the driver can ask for it.
    fn supports(&self, capability: Capability) -> bool {
        self.driver().can(capability) && self.server_supports(capability)
    }

    /// The most columns that a query may give, of which the rows may be kept in a temporary table.
    fn max_result_columns(&self) -> usize;

    /// The most parameters that one statement may have.
    fn max_params(&self) -> usize;

    /// About how many bytes the parameters of one statement may have.
    fn max_statement_bytes(&self) -> usize;

    /// `INSERT INTO` a table a row that is given no value.
    fn insert_nothing(&self, table: &str) -> String;

    /// A query of the distance between the identity values of the rows of one insert, where the database tells only the first of them.
    fn identity_step(&self) -> Option<&'static str>;

    /// An identifier in quotes, with any quote in it doubled.
    fn quote(&self, identifier: &str) -> String;

    /// A column as it is selected, so that the driver can read it.
    fn selected(&self, column: Fragment, _data_type: &DataType) -> Fragment {
        column
    }

    /// What `LIMIT` says where an `OFFSET` needs one and all rows are wanted; `None` where it needs none.
    fn limit_for_offset(&self) -> Option<&'static str>;

    /// What lets a user make temporary tables, for messages.
    fn grant_temporary_tables(&self) -> &'static str {
        "every user may"
    }

    /// The name of a temporary table, in quotes.
    fn temporary(&self, name: &str) -> String {
        self.quote(name)
    }

    /// The beginning of the statement that makes a temporary table.
    fn create_temporary(&self, table: &str) -> String {
        format!("CREATE TEMPORARY TABLE {table}")
    }

    /// The statement that tells the planner what is in a temporary table, where it does not look by itself.
    fn analyze(&self, _table: &str) -> Option<String> {
        None
    }

    /// The statement that drops a temporary table, if it is there.
    fn drop_temporary(&self, table: &str) -> String {
        format!("DROP TABLE IF EXISTS {table}")
    }

    /// A condition that holds where row security keeps rows of a table, whose name is in quotes, from the user; `None` where the
    /// database has no row security.
    fn hides_rows(&self, _table: &str) -> Option<Fragment> {
        None
    }

    /// The query that says whether a table, whose name is in quotes, has child tables, in which its keys may come once more; `None` where no table
    /// of the database has.
    fn has_child_tables(&self, _table: &str) -> Option<Fragment> {
        None
    }

    /// A query that gives a row where a table has so many rows at most, by the database's own estimate. `None` where it is of no use: where
    /// the database itself chooses between reading the table and looking up each of the keys in a query inside of an update.
    fn has_at_most(&self, _table: &str, _rows: u64) -> Option<Fragment> {
        None
    }

    /// A column's value as a column of this type is set to it, where the database would not look by itself whether it fits.
    fn fitting(&self, value: Fragment, _data_type: &DataType) -> Fragment {
        value
    }

    /// A condition that holds where each column has the new value beside it already, compared byte by byte, decimals as numbers, documents as what is
    /// read of them.
    ///
    /// # Errors
    ///
    /// As [`column_type`](Dialect::column_type).
    fn unchanged(&self, pairs: Vec<(Fragment, Fragment, &DataType)>) -> Result<Fragment>;

    /// The database's type of a column, for `CREATE TABLE`, without constraints.
    ///
    /// # Errors
    ///
    /// [`NotSupported`](crate::ErrorKind::NotSupported) where it has no such type.
    fn column_type(&self, data_type: &DataType) -> Result<String>;

    /// The type's name in a `CAST`.
    ///
    /// # Errors
    ///
    /// [`NotSupported`](crate::ErrorKind::NotSupported) where it has no such type.
    fn cast_type(&self, data_type: &DataType) -> Result<String>;

    /// The place of a parameter in a list of rows, where nothing but the list says what type it has: the list is to have the types of the
    /// columns that it stands for, whatever values and NULLs are in it.
    ///
    /// # Errors
    ///
    /// As [`cast_type`](Dialect::cast_type).
    fn listed(&self, place: String, data_type: &DataType) -> Result<String>;

    /// The place of a parameter in an insert into a table that may be made anew with columns of other types: a prepared statement may keep the
    /// types that it has found the first time, so that its text has to say them.
    ///
    /// # Errors
    ///
    /// As [`cast_type`](Dialect::cast_type).
    fn staged(&self, place: &str, data_type: &DataType) -> Result<String>;

    /// The value that the driver's value of a column of this type stands for.
    ///
    /// # Errors
    ///
    /// [`Value`](crate::ErrorKind::Value) where it is no such value.
    fn load(&self, raw: Value, data_type: &DataType) -> Result<Value>;

    /// The clause that makes a column an identity column in `CREATE TABLE`, with its type and `PRIMARY KEY` where the
    /// database needs these said together.
    ///
    /// # Errors
    ///
    /// As [`column_type`](Dialect::column_type).
    fn identity_column(&self, field: &Field) -> Result<String>;

    /// A query that moves the counter of an identity column past the greatest value in the column, after one that gives a row where the user has
    /// the rights for it; `None` where an insert of a greater value does that.
    fn advance_identity(&self, _table: &str, _column: &str) -> Option<[Fragment; 2]> {
        None
    }

    /// What its `CREATE TABLE` has of its own.
    fn table_rules(&self) -> TableRules;

    /// The statement that checks now what the transaction's constraints would check at its commit; `None` where the database has no such
    /// statement: MySQL and MariaDB check all at once, and of SQLite the connection itself tells.
    fn check_deferred(&self) -> Option<&'static str>;

    /// The queries that read the database's catalogue; see [`catalog`](crate::catalog). For tables that refer to others, the names of these
    /// tables are all that `tables` gives, and the other queries are of no use.
    ///
    /// # Errors
    ///
    /// Where the schema's name cannot be a parameter.
    fn catalog(&self, schema: Option<&str>, tables: Tables<'_>) -> Result<Queries>;

    /// The queries that tell whether what is written to a table can be undone; `None` where it always can.
    ///
    /// # Errors
    ///
    /// Where the table's name cannot be a parameter.
    fn storage(&self, _table: &str) -> Result<Option<StorageQueries>> {
        Ok(None)
    }

    /// The query that gives the texts of these procedures and functions.
    ///
    /// # Errors
    ///
    /// Where a name cannot be a parameter.
    fn routines(&self, _names: &[String]) -> Result<Fragment> {
        Ok(Fragment::default())
    }

    /// What a type means that the catalogue spells so; `None` where it is not known here.
    fn declared_type(&self, declared: &str) -> Option<Declared>;
}

/// Something that one database can do and another cannot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Capability {
    /// `INSERT … RETURNING`.
    InsertReturning,
    /// `UPDATE … RETURNING`.
    UpdateReturning,
    /// A parameter that is an array, and `unnest`.
    ArrayParams,
    /// `UPDATE a JOIN b … SET`, which may set columns of both.
    JoinedUpdate,
    /// A query inside of a write may read the table that is written.
    TargetInSubquery,
    /// A temporary table stays when the transaction in which it was made is rolled back.
    LastingTemporaryTables,
    /// A trigger or a row policy may skip a row of a write without an error.
    SkippedRows,
    /// A table may be of an engine without transactions.
    StorageEngines,
    /// Rows are staged in columns of the target's own types and collations, so that keys compare as they do there.
    StagedAsTarget,
    /// Where rows are known to be the same as before, an update finds them fastest by asking each for its key among those that were kept.
    KeyLookups,
    /// A subquery in the rows that a joined update begins with is joined with them, as it is in a query.
    SemijoinsInUpdate,
    /// `SELECT … FOR UPDATE`.
    RowLocks,
    /// A query can lock the rows of some of its tables only.
    LockOf,
    /// A query locks a row when it reads it, and not in the order in which it gives the rows.
    LocksAsRead,
    /// An expression sees what the same update has set before it.
    SetInOrder,
    /// `CREATE TABLE … AS SELECT … FOR UPDATE`.
    LockingCreate,
    /// `SELECT DISTINCT ON (…)`.
    DistinctOn,
    /// An update that has an order.
    OrderedUpdate,
    /// A prepared statement costs so little that rows are best sent one by one.
    LocalCalls,
    /// JSON documents that contain one another.
    JsonContainment,
    /// Integer parameters in bulk through one JSON text, where a statement has too few parameters.
    JsonTable,
    /// A column keeps values of its own type only.
    TypedColumns,
    /// A type for UUIDs.
    NativeUuid,
    /// Tables of a session's own, which the user may make.
    TemporaryTables,
    /// `COPY … FROM STDIN BINARY`.
    CopyStream,
    /// `LOAD DATA LOCAL INFILE`, which the server allows.
    LoadStream,
    /// One prepared statement, sent with many rows of parameters.
    BulkExecute,
    /// `RETURNING` of what a row was before it was updated.
    ReturningOld,
    /// `WITH a AS (UPDATE …)`: several tables written in one statement.
    WritingQueries,
    /// Tables without an index are joined by hashes.
    HashJoins,
    /// A prepared statement keeps the types of its columns.
    PreparedTypes,
    /// A name without quotes stands for the one in lower case.
    FoldedNames,
}

/// A table's name in quotes: `table`, or `schema.table` as two identifiers; a part may stand in quotes already.
pub fn quote_table(dialect: &dyn Dialect, table: &str) -> String {
    table_parts(table).iter().map(|part| dialect.quote(part)).collect::<Vec<_>>().join(".")
}
