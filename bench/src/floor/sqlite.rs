//! SQLite's floor: one prepared statement in a loop, in one transaction.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use async_trait::async_trait;
use rusqlite::Connection;

use super::text::{push_price, push_time};
use crate::batch::Batch;
use crate::table;
use crate::way::Way;

struct Loop(Connection);

pub fn forms(url: &str) -> Result<Vec<(&'static str, Box<dyn Way>)>> {
    Ok(vec![("prepared loop", Box::new(Loop(table::sqlite::connect(url)?)))])
}

#[async_trait]
impl Way for Loop {
    async fn run(&mut self, batch: &Arc<Batch>) -> Result<Duration> {
        tokio::task::block_in_place(|| self.write(batch))
    }
}

impl Loop {
    fn write(&mut self, batch: &Batch) -> Result<Duration> {
        let begun = Instant::now();
        self.0.execute_batch("BEGIN IMMEDIATE")?;
        let mut update = self.0.prepare_cached(
            "UPDATE item SET name = ?, points = ?, price = ?, seen = ?, active = ?, note = ? WHERE id = ?",
        )?;
        let mut text = Vec::new();
        for item in batch.sorted() {
            update.raw_bind_parameter(1, &item.name)?;
            update.raw_bind_parameter(2, item.points)?;
            text.clear();
            push_price(&mut text, item.price);
            update.raw_bind_parameter(3, str::from_utf8(&text)?)?;
            text.clear();
            push_time(&mut text, item.seen);
            update.raw_bind_parameter(4, str::from_utf8(&text)?)?;
            update.raw_bind_parameter(5, item.active)?;
            update.raw_bind_parameter(6, &item.note)?;
            update.raw_bind_parameter(7, item.id)?;
            update.raw_execute()?;
        }
        drop(update);
        self.0.execute_batch("COMMIT")?;
        Ok(begun.elapsed())
    }
}
