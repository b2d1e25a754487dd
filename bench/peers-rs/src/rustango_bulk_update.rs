//! rustango's own `bulk_update`.

use anyhow::Result;
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use rustango::Model;
use rustango::sql::Pool;

use crate::Peer;

#[derive(Model, Debug, Clone)]
#[rustango(table = "item")]
pub struct Item {
    #[rustango(primary_key)]
    pub id: i64,
    #[rustango(max_length = 100)]
    pub name: String,
    pub points: i32,
    pub price: Decimal,
    pub seen: DateTime<Utc>,
    pub active: bool,
    pub note: String,
}

pub struct Rustango {
    pool: Pool,
    items: Vec<Item>,
}

pub async fn connect(url: &str) -> Result<Rustango> {
    Ok(Rustango { pool: Pool::connect(url).await?, items: Vec::new() })
}

#[async_trait]
impl Peer for Rustango {
    fn take(&mut self, items: Vec<crate::Item>) {
        let own = |crate::Item { id, name, points, price, seen, active, note }| Item {
            id,
            name,
            points,
            price,
            seen,
            active,
            note,
        };
        self.items = items.into_iter().map(own).collect();
    }

    async fn write(&mut self) -> Result<()> {
        Item::bulk_update(&self.items, &["name", "points", "price", "seen", "active", "note"], &self.pool)
            .await?;
        Ok(())
    }
}
