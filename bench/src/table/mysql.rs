//! The table on MariaDB and MySQL.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use async_trait::async_trait;
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Opts, OptsBuilder};
use url::Url;

use super::Table;
use crate::batch::Size;
use crate::formula::{BEGINNING, REST};

/// Maximum wait for MySQL, which has no statement that waits until old versions are purged.
const PURGE: Duration = Duration::from_secs(5);

pub struct MysqlTable {
    conn: Conn,
    url: String,
    server: String,
    name: String,
    is_mariadb: bool,
}

/// A connection with Enmasse's settings.
pub async fn connect(url: &str) -> Result<Conn> {
    let options = OptsBuilder::from_opts(Opts::from_url(url)?).prefer_socket(false).stmt_cache_size(128).init(vec![
        "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
        "SET time_zone = '+00:00', sql_mode = CONCAT_WS(',', NULLIF(@@sql_mode, ''), 'STRICT_ALL_TABLES')",
    ]);
    Ok(Conn::new(options).await?)
}

impl MysqlTable {
    /// On the server whose URL is in this variable.
    pub async fn make(variable: &str) -> Result<Self> {
        let given = std::env::var(variable).with_context(|| format!("{variable} is not set"))?;
        let mut url = Url::parse(&given)?;
        let name = super::own_name();
        let mut conn = connect(url.as_str()).await?;
        conn.query_drop(format!("DROP DATABASE IF EXISTS {name}")).await?;
        conn.query_drop(format!("CREATE DATABASE {name} CHARACTER SET utf8mb4")).await?;
        url.set_path(&name);
        super::create(url.as_str()).await?;

        conn.query_drop(format!("USE {name}")).await?;
        let version: Option<String> = conn.query_first("SELECT VERSION()").await?;
        let version = version.unwrap_or_default();
        let number = version.split('-').next().unwrap_or_default();
        let is_mariadb = version.contains("MariaDB");
        let kind = if is_mariadb { "MariaDB" } else { "MySQL" };
        Ok(MysqlTable { conn, url: url.into(), server: format!("{kind} {number}"), name, is_mariadb })
    }

    /// Whether MySQL has purged the old versions of the last transaction.
    async fn is_purged(&mut self) -> Result<bool> {
        let status: Option<(String, String, String)> =
            self.conn.query_first("SHOW ENGINE INNODB STATUS").await?;
        let (_, _, status) = status.unwrap_or_default();
        let number = |after: &str| status.split_once(after)?.1.split_whitespace().next()?.parse::<u64>().ok();
        Ok(number("Trx id counter ") == number("Purge done for trx's n:o < "))
    }
}

#[async_trait]
impl Table for MysqlTable {
    fn url(&self) -> &str {
        &self.url
    }

    fn server(&self) -> &str {
        &self.server
    }

    async fn fill(&mut self, size: Size) -> Result<()> {
        self.conn.query_drop("TRUNCATE item").await?;
        let rows = size.table;
        let keys = if self.is_mariadb {
            format!("(SELECT seq AS id FROM seq_1_to_{rows}) ids")
        } else {
            format!(
                "JSON_TABLE(CONCAT('[0', REPEAT(',0', {rows} - 1), ']'), '$[*]' COLUMNS (id FOR ORDINALITY)) ids"
            )
        };
        self.conn.query_drop(super::insert(self.columns(0), &keys)).await?;
        self.conn.query_drop("ANALYZE TABLE item").await?;
        self.restore(size, 0).await?;
        Ok(())
    }

    /// InnoDB writes in place, and the texts keep their lengths: only old versions must be purged.
    async fn restore(&mut self, _: Size, version: i64) -> Result<i64> {
        if self.is_mariadb {
            self.conn.query_drop("SET GLOBAL innodb_max_purge_lag_wait = 0").await?;
            return Ok(version);
        }
        let begun = Instant::now();
        while begun.elapsed() < PURGE && !self.is_purged().await? {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(version)
    }

    async fn number(&mut self, sql: &str) -> Result<i64> {
        self.conn.query_first(sql).await?.ok_or_else(|| anyhow!("no number"))
    }

    fn columns(&self, version: i64) -> [(&'static str, String); 6] {
        let points = format!("(100000 + (id * 7919 + {}) % 900000)", version * 104_729);
        let price = format!(
            "((100001 + (id * 104729 + {}) % 90000 * 100 + (id + {version}) % 99) / 100)",
            version * 7_919
        );
        let seen = format!(
            "(TIMESTAMP'1970-01-01 00:00:00' + INTERVAL {BEGINNING} + id * 61 + {version} SECOND \
             + INTERVAL 1 + (id * 7919 + {version}) % 999999 MICROSECOND)"
        );
        [
            ("name", format!("CONCAT('name ', id, ' v{version:06}')")),
            ("points", points),
            ("price", price),
            ("seen", seen),
            ("active", format!("((id + {version}) % 2 = 0)")),
            ("note", format!("CONCAT('note ', id, ' v{version:06}: {REST}')")),
        ]
    }

    async fn disconnect_others(&mut self) -> Result<()> {
        let others =
            "SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()";
        let others: Vec<u64> = self.conn.query(others).await?;
        for id in others {
            // An error means that it has just ended by itself.
            _ = self.conn.query_drop(format!("KILL {id}")).await;
        }
        Ok(())
    }

    async fn remove(&mut self) -> Result<()> {
        self.conn.query_drop(format!("DROP DATABASE {}", self.name)).await?;
        Ok(())
    }
}
