//! sqlx with hand-written SQL: arrays on PostgreSQL, on the others a prepared statement for each row, in one
//! transaction.

use anyhow::Result;
use async_trait::async_trait;
use sqlx::{Connection, MySqlConnection, PgConnection, SqliteConnection};

use crate::Peer;
use crate::item::Item;

const UPDATE: &str =
    "UPDATE item SET name = ?, points = ?, price = ?, seen = ?, active = ?, note = ? WHERE id = ?";

const UPDATE_FROM_ARRAYS: &str = "UPDATE item SET name = b.name, points = b.points, price = b.price, seen = b.seen, \
     active = b.active, note = b.note \
     FROM unnest($1::bigint[], $2::text[], $3::int[], $4::numeric[], $5::timestamptz[], $6::bool[], $7::text[]) \
     AS b(id, name, points, price, seen, active, note) WHERE item.id = b.id";

pub async fn connect(url: &str) -> Result<Box<dyn Peer>> {
    Ok(match url.split(':').next() {
        Some("sqlite") => Box::new(Sqlite(SqliteConnection::connect(url).await?, Vec::new())),
        Some("mysql") => Box::new(Mysql(MySqlConnection::connect(url).await?, Vec::new())),
        _ => Box::new(Postgres(PgConnection::connect(url).await?, Vec::new())),
    })
}

struct Postgres(PgConnection, Vec<Item>);

#[async_trait]
impl Peer for Postgres {
    fn take(&mut self, items: Vec<Item>) {
        self.1 = items;
    }

    async fn write(&mut self) -> Result<()> {
        let items = &self.1;
        let ids: Vec<_> = items.iter().map(|item| item.id).collect();
        let names: Vec<_> = items.iter().map(|item| item.name.as_str()).collect();
        let points: Vec<_> = items.iter().map(|item| item.points).collect();
        let prices: Vec<_> = items.iter().map(|item| item.price).collect();
        let seens: Vec<_> = items.iter().map(|item| item.seen).collect();
        let actives: Vec<_> = items.iter().map(|item| item.active).collect();
        let notes: Vec<_> = items.iter().map(|item| item.note.as_str()).collect();
        sqlx::query(UPDATE_FROM_ARRAYS)
            .bind(ids)
            .bind(names)
            .bind(points)
            .bind(prices)
            .bind(seens)
            .bind(actives)
            .bind(notes)
            .execute(&mut self.0)
            .await?;
        Ok(())
    }
}

struct Mysql(MySqlConnection, Vec<Item>);

#[async_trait]
impl Peer for Mysql {
    fn take(&mut self, items: Vec<Item>) {
        self.1 = items;
    }

    async fn write(&mut self) -> Result<()> {
        let mut transaction = self.0.begin().await?;
        for item in &self.1 {
            sqlx::query(UPDATE)
                .bind(&item.name)
                .bind(item.points)
                .bind(item.price)
                .bind(item.seen)
                .bind(item.active)
                .bind(&item.note)
                .bind(item.id)
                .execute(&mut *transaction)
                .await?;
        }
        Ok(transaction.commit().await?)
    }
}

struct Sqlite(SqliteConnection, Vec<Item>);

#[async_trait]
impl Peer for Sqlite {
    fn take(&mut self, items: Vec<Item>) {
        self.1 = items;
    }

    async fn write(&mut self) -> Result<()> {
        let mut transaction = self.0.begin().await?;
        for item in &self.1 {
            sqlx::query(UPDATE)
                .bind(&item.name)
                .bind(item.points)
                .bind(item.price.to_string()) // sqlx has no decimals for SQLite
                .bind(item.seen)
                .bind(item.active)
                .bind(&item.note)
                .bind(item.id)
                .execute(&mut *transaction)
                .await?;
        }
        Ok(transaction.commit().await?)
    }
}
