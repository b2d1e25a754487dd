//! The table on each database, and its maintenance between measurements.

pub mod mysql;
pub mod postgres;
pub mod sqlite;

use anyhow::{Result, ensure};
use async_trait::async_trait;
use enmasse::prelude::*;

use crate::batch::{Item, Size};
use crate::options;

#[async_trait]
pub trait Table: Send {
    /// The ways' URL of the table.
    fn url(&self) -> &str;

    /// The database's name and version.
    fn server(&self) -> &str;

    /// Refills the table with version 0.
    async fn fill(&mut self, size: Size) -> Result<()>;

    /// After a run has updated the rows to a version: completes its background work, so that the next run
    /// starts from the same state. Returns the version of the rows.
    async fn restore(&mut self, size: Size, version: i64) -> Result<i64>;

    /// Runs a query that returns a number.
    async fn number(&mut self, sql: &str) -> Result<i64>;

    /// SQL for each column's value in a version, for the row `id`.
    fn columns(&self, version: i64) -> [(&'static str, String); 6];

    /// Normalises a value for comparison, if ways write it differently.
    fn comparable(&self, _column: &str, value: &str) -> String {
        value.to_owned()
    }

    /// Ends every connection but our own, and releases their locks.
    async fn disconnect_others(&mut self) -> Result<()>;

    /// Removes everything.
    async fn remove(&mut self) -> Result<()>;
}

/// Creates the table in a separate database.
pub async fn make(database: options::Database) -> Result<Box<dyn Table>> {
    let table: Box<dyn Table> = match database {
        options::Database::Sqlite => Box::new(sqlite::SqliteTable::make().await?),
        options::Database::Postgres => Box::new(postgres::PostgresTable::make().await?),
        options::Database::MariaDb => Box::new(mysql::MysqlTable::make("ENMASSE_TEST_MARIADB_URL").await?),
        options::Database::Mysql => Box::new(mysql::MysqlTable::make("ENMASSE_TEST_MYSQL_URL").await?),
    };
    Ok(table)
}

/// Checks that every row of the batch has the version's values, and every other row those of version 0.
pub async fn check(table: &mut dyn Table, size: Size, version: i64) -> Result<()> {
    let sql = format!(
        "SELECT COUNT(*) FROM item WHERE (id % {stride} = 0 AND {new}) OR (id % {stride} <> 0 AND {old})",
        stride = size.stride,
        new = has_version(table, version),
        old = has_version(table, 0),
    );
    let right = table.number(&sql).await?;
    let all = size.table as i64;
    ensure!(right == all, "it did not do its work: {} of {all} rows are not as they should be", all - right);
    Ok(())
}

fn has_version(table: &dyn Table, version: i64) -> String {
    let columns = table.columns(version).map(|(column, value)| {
        format!("{} = {}", table.comparable(column, column), table.comparable(column, &value))
    });
    columns.join(" AND ")
}

async fn create(url: &str) -> Result<()> {
    let db = Database::connect(url).await?;
    db.create_tables([Item::model()?]).await?;
    db.close().await;
    Ok(())
}

/// The name of our database, unique among benchmarks on the same server.
fn own_name() -> String {
    format!("enmasse_bench_{}", std::process::id())
}

fn insert(values: [(&str, String); 6], keys: &str) -> String {
    let values = values.map(|(_, value)| value).join(", ");
    format!("INSERT INTO item (id, name, points, price, seen, active, note) SELECT id, {values} FROM {keys}")
}
