//! The table on PostgreSQL.

use anyhow::{Context, Result};
use async_trait::async_trait;
use tokio_postgres::{Client, NoTls};
use url::Url;

use super::Table;
use crate::batch::Size;
use crate::formula::{BEGINNING, REST};

pub const URL: &str = "ENMASSE_TEST_POSTGRES_URL";

pub struct PostgresTable {
    /// In the original database.
    outside: Client,
    client: Client,
    url: String,
    server: String,
    name: String,
}

pub async fn connect(url: &str) -> Result<Client> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

/// SQL for the values of a version, for the row `id`.
pub fn values(version: i64) -> [(&'static str, String); 6] {
    let points = format!("(100000 + (id * 7919 + {}) % 900000)::int", version * 104_729);
    let price = format!(
        "((100001 + (id * 104729 + {}) % 90000 * 100 + (id + {version}) % 99) / 100.0)::numeric(12,2)",
        version * 7_919
    );
    let seen = format!(
        "to_timestamp({BEGINNING} + id * 61 + {version}) \
         + (1 + (id * 7919 + {version}) % 999999) * interval '1 microsecond'"
    );
    [
        ("name", format!("'name ' || id || ' v{version:06}'")),
        ("points", points),
        ("price", price),
        ("seen", seen),
        ("active", format!("((id + {version}) % 2 = 0)")),
        ("note", format!("'note ' || id || ' v{version:06}: {REST}'")),
    ]
}

impl PostgresTable {
    pub async fn make() -> Result<Self> {
        let given = std::env::var(URL).with_context(|| format!("{URL} is not set"))?;
        let mut url = Url::parse(&given)?;
        // Not all ways support TLS, and on one machine it only adds cost.
        url.set_query(Some("sslmode=disable"));
        let outside = connect(url.as_str()).await?;
        let name = super::own_name();
        outside.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await?;
        outside.batch_execute(&format!("CREATE DATABASE {name}")).await?;
        url.set_path(&name);
        super::create(url.as_str()).await?;

        let client = connect(url.as_str()).await?;
        // Vacuumed by us, and not during a run.
        client.batch_execute("ALTER TABLE item SET (autovacuum_enabled = off)").await?;
        let version: String = client.query_one("SHOW server_version", &[]).await?.get(0);
        let version = version.split(' ').next().unwrap_or_default();
        Ok(PostgresTable { outside, client, url: url.into(), server: format!("PostgreSQL {version}"), name })
    }
}

#[async_trait]
impl Table for PostgresTable {
    fn url(&self) -> &str {
        &self.url
    }

    fn server(&self) -> &str {
        &self.server
    }

    async fn fill(&mut self, size: Size) -> Result<()> {
        self.client.batch_execute("TRUNCATE item").await?;
        let keys = format!("generate_series(1, {}::bigint) AS id", size.table);
        self.client.batch_execute(&super::insert(values(0), &keys)).await?;
        self.client.batch_execute("VACUUM (ANALYZE) item").await?;
        self.client.batch_execute("CHECKPOINT").await?;
        Ok(())
    }

    /// A small batch leaves a few dead rows, which VACUUM removes; a large one leaves as many as the table
    /// has live ones.
    async fn restore(&mut self, size: Size, version: i64) -> Result<i64> {
        if size.stride < 10 {
            self.fill(size).await?;
            return Ok(0);
        }
        self.client.batch_execute("VACUUM item").await?;
        Ok(version)
    }

    async fn number(&mut self, sql: &str) -> Result<i64> {
        Ok(self.client.query_one(sql, &[]).await?.get(0))
    }

    fn columns(&self, version: i64) -> [(&'static str, String); 6] {
        values(version)
    }

    async fn disconnect_others(&mut self) -> Result<()> {
        let end = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity \
                   WHERE datname = current_database() AND pid <> pg_backend_pid()";
        self.client.batch_execute(end).await?;
        Ok(())
    }

    async fn remove(&mut self) -> Result<()> {
        self.outside.batch_execute(&format!("DROP DATABASE {} WITH (FORCE)", self.name)).await?;
        Ok(())
    }
}
