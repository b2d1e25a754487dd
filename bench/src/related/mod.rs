//! Writes that keep related data consistent: an update of two tables of a chain, and an update with a
//! receiver that updates a related table; compared with hand-written SQL.

mod tables;
mod ways;

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, ensure};
use enmasse::prelude::*;

use crate::batch::{Batch, Size};
use crate::options::{self, Options};
use crate::peer::{Language, Peer, Program};
use crate::table;
use crate::way::Way;

use tables::ROWS;
use ways::Task;

/// The default number of measurements of each way.
const REPEATS: usize = 7;

/// All tasks on one database, printed as the rows of a table.
pub async fn measure(options: &Options, database: options::Database) -> Result<()> {
    let place = table::make(database).await?;
    let url = place.url().to_owned();
    let measured = measure_at(options, database, &url, place.server()).await;
    let mut place = place;
    place.disconnect_others().await.ok();
    place.remove().await?;
    measured
}

async fn measure_at(options: &Options, database: options::Database, url: &str, server: &str) -> Result<()> {
    let db = Database::connect(url).await?;
    tables::make(&db).await?;
    eprintln!("{server}, {ROWS} rows in each table");
    for task in Task::ALL {
        let mut contenders: Vec<Contender> = Vec::new();
        for (name, way) in ways::of(task, &db, database) {
            contenders.push(Contender { name, way, seconds: Vec::new() });
        }
        if task == Task::Chain {
            for name in ["django-chain", "fast_update-chain"] {
                let way = Peer::new(Program::new(Language::Python, url), name);
                contenders.push(Contender { name, way: Box::new(way), seconds: Vec::new() });
            }
        }
        measure_task(options, &db, database, task, contenders).await?;
    }
    db.close().await;
    Ok(())
}

struct Contender {
    name: &'static str,
    way: Box<dyn Way>,
    seconds: Vec<f64>,
}

async fn measure_task(
    options: &Options,
    db: &Database,
    database: options::Database,
    task: Task,
    mut contenders: Vec<Contender>,
) -> Result<()> {
    let repeats = options.repeat.unwrap_or(REPEATS);
    let count = contenders.len();
    let mut version = 0;
    // The first round is a warm-up.
    for round in 0..=repeats {
        for turn in 0..count {
            let contender = &mut contenders[(turn + round) % count];
            // A way that takes seconds is measured once.
            if contender.seconds.iter().sum::<f64>() > 10.0 {
                continue;
            }
            version += 1;
            let batch = Arc::new(Batch { size: Size::of(ROWS), version, items: Vec::new() });
            contender.way.prepare(&batch).await?;
            let took: Duration = contender.way.run(&batch).await?;
            let done = tables::written(db, task, version).await?;
            ensure!(done, "{}: {} has not done its work", task.title(), contender.name);
            if round > 0 || took > Duration::from_secs(5) {
                contender.seconds.push(took.as_secs_f64());
            }
            tables::settle(db, database).await?;
        }
    }
    let floor = median(&mut contenders[0].seconds);
    eprintln!("  {}", task.title());
    for contender in &mut contenders {
        let middle = median(&mut contender.seconds);
        let (low, high) = (contender.seconds[0], contender.seconds[contender.seconds.len() - 1]);
        let us = |seconds: f64| seconds * 1e6 / ROWS as f64;
        eprintln!(
            "    {:<18} {:>8.2} µs/row ({:.2}–{:.2}, {} runs)  × {:.2}",
            contender.name,
            us(middle),
            us(low),
            us(high),
            contender.seconds.len(),
            middle / floor
        );
    }
    Ok(())
}

fn median(seconds: &mut [f64]) -> f64 {
    seconds.sort_by(f64::total_cmp);
    seconds[seconds.len() / 2]
}
