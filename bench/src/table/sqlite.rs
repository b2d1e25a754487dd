//! The table in an SQLite file.

use std::path::Path;

use anyhow::Result;
use async_trait::async_trait;
use rusqlite::Connection;
use tempfile::TempDir;

use super::Table;
use crate::batch::Size;
use crate::formula::{BEGINNING, REST};

pub struct SqliteTable {
    folder: Option<TempDir>,
    connection: Connection,
    url: String,
    server: String,
}

/// A connection with Enmasse's settings.
pub fn connect(url: &str) -> Result<Connection> {
    let connection = Connection::open(url.trim_start_matches("sqlite://"))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    Ok(connection)
}

impl SqliteTable {
    pub async fn make() -> Result<Self> {
        // In memory if such a folder exists: the servers do not wait for the disk either.
        let memory = Path::new("/dev/shm");
        let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }?;
        let url = format!("sqlite://{}", folder.path().join("bench.db").display());
        super::create(&url).await?;
        let connection = connect(&url)?;
        let server = format!("SQLite {}", rusqlite::version());
        Ok(SqliteTable { folder: Some(folder), connection, url, server })
    }
}

#[async_trait]
impl Table for SqliteTable {
    fn url(&self) -> &str {
        &self.url
    }

    fn server(&self) -> &str {
        &self.server
    }

    async fn fill(&mut self, size: Size) -> Result<()> {
        self.connection.execute_batch("DELETE FROM item; VACUUM")?;
        let keys = format!(
            "(WITH RECURSIVE ids(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM ids WHERE id < {}) \
             SELECT id FROM ids)",
            size.table
        );
        self.connection.execute_batch(&super::insert(self.columns(0), &keys))?;
        self.restore(size, 0).await?;
        Ok(())
    }

    /// The rows are written in place: only the log must be emptied.
    async fn restore(&mut self, _: Size, version: i64) -> Result<i64> {
        self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        Ok(version)
    }

    async fn number(&mut self, sql: &str) -> Result<i64> {
        Ok(self.connection.query_row(sql, [], |row| row.get(0))?)
    }

    fn columns(&self, version: i64) -> [(&'static str, String); 6] {
        let points = format!("(100000 + (id * 7919 + {}) % 900000)", version * 104_729);
        let price = format!(
            "((100001 + (id * 104729 + {}) % 90000 * 100 + (id + {version}) % 99) / 100.0)",
            version * 7_919
        );
        let seen = format!(
            "strftime('%Y-%m-%d %H:%M:%S', {BEGINNING} + id * 61 + {version}, 'unixepoch') \
             || printf('.%06d', 1 + (id * 7919 + {version}) % 999999)"
        );
        [
            ("name", format!("('name ' || id || ' v{version:06}')")),
            ("points", points),
            ("price", price),
            ("seen", seen),
            ("active", format!("((id + {version}) % 2 = 0)")),
            ("note", format!("('note ' || id || ' v{version:06}: {REST}')")),
        ]
    }

    /// Some ways write a `T` into the text of a time, and a time zone at its end.
    fn comparable(&self, column: &str, value: &str) -> String {
        if column == "seen" { format!("strftime('%Y-%m-%d %H:%M:%f', {value})") } else { value.to_owned() }
    }

    /// Locks of other connections end with their process.
    async fn disconnect_others(&mut self) -> Result<()> {
        Ok(())
    }

    async fn remove(&mut self) -> Result<()> {
        if let Some(folder) = self.folder.take() {
            folder.close()?;
        }
        Ok(())
    }
}
