//! The floor: the fastest that each database itself can do. Each form of it is measured, and the fastest counts.
//!
//! Every form locks the rows in the order of their keys, as Enmasse does, so that two at once do not deadlock. For a few rows the floor is one
//! statement written by hand: nobody stages ten rows.

mod mysql;
mod postgres;
mod sqlite;
pub mod text;

use anyhow::Result;

use crate::options::Database;
use crate::way::Way;

/// Up to here, one statement written by hand is the floor.
const FEW: usize = 100;

/// The forms for a number of rows, each with a name.
pub async fn forms(database: Database, url: &str, rows: usize) -> Result<Vec<(&'static str, Box<dyn Way>)>> {
    match database {
        Database::Sqlite => sqlite::forms(url),
        Database::Postgres if rows <= FEW => postgres::statements(url).await,
        Database::Postgres => postgres::staged(url).await,
        Database::MariaDb | Database::Mysql if rows <= FEW => mysql::statements(url).await,
        Database::MariaDb | Database::Mysql => mysql::staged(database, url).await,
    }
}
