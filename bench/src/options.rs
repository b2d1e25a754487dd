//! The command line's options.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, ValueEnum};

/// Measures bulk updates on each database: the database's own floor, Enmasse, and other libraries.
///
/// Each way writes the same objects to the same table in turn, round after round; the figures are medians, in
/// microseconds per row. Without ENMASSE_TEST_POSTGRES_URL, ENMASSE_TEST_MARIADB_URL and
/// ENMASSE_TEST_MYSQL_URL it starts throwaway servers.
#[derive(Parser, Debug)]
#[command(name = "scripts/bench", bin_name = "scripts/bench", max_term_width = 100)]
pub struct Options {
    /// Measure only 1,000 and 10,000 rows, in five minutes
    #[arg(long)]
    pub quick: bool,

    /// Measure related data instead: a chain of inherited tables, and signals, 100,000 rows in each table
    #[arg(long, conflicts_with_all = ["quick", "rows", "way", "json"])]
    pub related: bool,

    /// Measure the command instead: `enmasse apply` on a CSV file of a million rows, compared with the
    /// database's own client
    #[arg(long, conflicts_with_all = ["quick", "related", "way", "limit"])]
    pub command: bool,

    /// Measure only these databases
    #[arg(long, value_delimiter = ',', value_enum, value_name = "NAME,…")]
    pub database: Vec<Database>,

    /// Measure only these numbers of rows
    #[arg(long, value_delimiter = ',', value_name = "NUMBER,…", value_parser = clap::value_parser!(u32).range(1..))]
    pub rows: Vec<u32>,

    /// Measure only these ways
    #[arg(long, value_delimiter = ',', value_enum, value_name = "NAME,…")]
    pub way: Vec<WayName>,

    /// Measure each way at most this many times [default: by the number of rows]
    #[arg(long, value_name = "TIMES")]
    pub repeat: Option<usize>,

    /// Stop a run that takes longer, and do not try it with more rows
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    pub limit: u64,

    /// Write the figures to a file as JSON
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,

    /// Measure nothing, and write the figures of a JSON file into docs/BENCHMARKS.md, with a chart
    #[arg(long, value_name = "FILE", conflicts_with_all = ["related", "command", "quick", "database", "rows", "way", "repeat", "json"])]
    pub report: Option<PathBuf>,
}

#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Database {
    Sqlite,
    Postgres,
    #[value(name = "mariadb")]
    MariaDb,
    Mysql,
}

#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WayName {
    /// The fastest way of the database itself
    Floor,
    Enmasse,
    /// sqlx, with hand-written SQL: unnest on PostgreSQL, on the others a prepared statement for each row
    Sqlx,
    /// sea-orm, saving each object
    SeaOrm,
    /// rustango's bulk_update
    Rustango,
    /// Django's bulk_update, in batches of 1,000
    Django,
    /// django-fast-update's fast_update
    #[value(name = "fast_update")]
    FastUpdate,
    /// django-fast-update's copy_update
    #[value(name = "copy_update")]
    CopyUpdate,
    /// django-pg-bulk-update's bulk_update
    PgBulkUpdate,
}

impl Options {
    /// The selected databases, or all. MySQL, whose packages are not available everywhere, is left out if it
    /// has no server.
    pub fn databases(&self) -> Vec<Database> {
        let mut databases = all_or(&self.database);
        if self.database.is_empty() && std::env::var_os("ENMASSE_TEST_MYSQL_URL").is_none() {
            eprintln!("MySQL is left out: ENMASSE_TEST_MYSQL_URL is not set");
            databases.retain(|database| *database != Database::Mysql);
        }
        databases
    }

    pub fn ways(&self, database: Database) -> Vec<WayName> {
        let mut ways = all_or(&self.way);
        ways.retain(|way| way.is_for(database));
        ways
    }

    pub fn sizes(&self) -> Vec<usize> {
        if !self.rows.is_empty() {
            self.rows.iter().map(|&rows| rows as usize).collect()
        } else if self.quick {
            vec![1_000, 10_000]
        } else {
            vec![10, 1_000, 10_000, 100_000, 1_000_000]
        }
    }

    pub fn repeats(&self, rows: usize) -> usize {
        self.repeat.unwrap_or(match rows {
            0..=100 => 101,
            101..=1_000 => 25,
            1_001..=10_000 => 11,
            10_001..=100_000 => 7,
            _ => 3,
        })
    }

    pub fn limit(&self) -> Duration {
        Duration::from_secs(self.limit)
    }

    /// Maximum time for one way at one number of rows; after it, the way is not repeated.
    pub fn patience(&self) -> Duration {
        Duration::from_secs(if self.quick { 3 } else { 30 })
    }
}

fn all_or<T: ValueEnum + Copy>(some: &[T]) -> Vec<T> {
    if some.is_empty() { T::value_variants().to_vec() } else { some.to_vec() }
}

impl Database {
    /// The name in figures and options.
    pub fn name(self) -> &'static str {
        match self {
            Database::Sqlite => "sqlite",
            Database::Postgres => "postgres",
            Database::MariaDb => "mariadb",
            Database::Mysql => "mysql",
        }
    }

    /// Whether it is MariaDB or MySQL.
    pub fn in_mysql_family(self) -> bool {
        matches!(self, Database::MariaDb | Database::Mysql)
    }
}

impl WayName {
    pub fn name(self) -> &'static str {
        match self {
            WayName::Floor => "floor",
            WayName::Enmasse => "enmasse",
            WayName::Sqlx => "sqlx",
            WayName::SeaOrm => "sea-orm",
            WayName::Rustango => "rustango",
            WayName::Django => "django",
            WayName::FastUpdate => "fast_update",
            WayName::CopyUpdate => "copy_update",
            WayName::PgBulkUpdate => "pg-bulk-update",
        }
    }

    /// Whether the way exists on a database.
    pub fn is_for(self, database: Database) -> bool {
        !matches!(self, WayName::CopyUpdate | WayName::PgBulkUpdate) || database == Database::Postgres
    }
}
