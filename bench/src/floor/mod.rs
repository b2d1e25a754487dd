//! The floor: the fastest way of each database itself. Each form of it is measured, and the fastest counts.
//!
//! Every form locks the rows in key order, as Enmasse does, so that concurrent runs do not deadlock. For a
//! few rows the floor is one hand-written statement, because staging does not pay off.

mod mysql;
mod postgres;
mod sqlite;
pub mod text;

use anyhow::Result;

use crate::options::Database;
use crate::way::Way;

/// Up to this number of rows, the floor is one hand-written statement.
const FEW: usize = 100;

/// The named forms for a number of rows.
pub async fn forms(database: Database, url: &str, rows: usize) -> Result<Vec<(&'static str, Box<dyn Way>)>> {
    match database {
        Database::Sqlite => sqlite::forms(url),
        Database::Postgres if rows <= FEW => postgres::statements(url).await,
        Database::Postgres => postgres::staged(url).await,
        Database::MariaDb | Database::Mysql if rows <= FEW => mysql::statements(url).await,
        Database::MariaDb | Database::Mysql => mysql::staged(database, url).await,
    }
}
