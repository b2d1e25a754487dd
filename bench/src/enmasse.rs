//! Enmasse's `bulk_update`, called as a user calls it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use async_trait::async_trait;
use enmasse::prelude::*;

use crate::batch::{Batch, Item};
use crate::way::Way;

pub struct Enmasse {
    db: Database,
}

impl Enmasse {
    pub async fn connect(url: &str) -> Result<Self> {
        Ok(Enmasse { db: Database::connect(url).await? })
    }
}

#[async_trait]
impl Way for Enmasse {
    async fn run(&mut self, batch: &Arc<Batch>) -> Result<Duration> {
        let begun = Instant::now();
        let report = Item::objects(&self.db)
            .bulk_update(&batch.items, |i| (i.name, i.points, i.price, i.seen, i.active, i.note))
            .await?;
        let took = begun.elapsed();
        ensure!(report.matched == batch.size.rows as u64, "{} rows matched", report.matched);
        Ok(took)
    }
}
