//! Runs the Rust libraries for the benchmark, which controls this program by lines on standard input:
//!
//! ```text
//! prepare WAY ROWS STRIDE VERSION   makes the objects; answers: ready
//! run                               writes them; answers: took SECONDS
//! ```
//!
//! Any answer may be `error MESSAGE` instead. The one argument is the database's URL.

#[path = "../../src/formula.rs"]
mod formula;
mod item;
mod rustango_bulk_update;
mod sea_orm_saves;
mod sqlx_by_hand;

use std::collections::HashMap;
use std::io::Write;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use async_trait::async_trait;
use tokio::io::{AsyncBufReadExt, BufReader};

use crate::item::{Item, items};

#[async_trait]
trait Peer: Send {
    /// Converts the objects to this way's types.
    fn take(&mut self, items: Vec<Item>);

    /// Writes them.
    async fn write(&mut self) -> Result<()>;
}

struct Peers {
    url: String,
    connected: HashMap<String, Box<dyn Peer>>,
    current: String,
}

#[tokio::main]
async fn main() -> Result<()> {
    let url = std::env::args().nth(1).context("usage: enmasse-bench-peers URL")?;
    // In a task, as the benchmark's own ways.
    tokio::spawn(serve(url)).await?
}

async fn serve(url: String) -> Result<()> {
    let mut peers = Peers { url, connected: HashMap::new(), current: String::new() };
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Some(line) = lines.next_line().await? {
        match peers.answer(&line).await {
            Ok(answer) => println!("{answer}"),
            Err(error) => println!("error {}", error.to_string().replace('\n', " ")),
        }
        std::io::stdout().flush()?;
    }
    Ok(())
}

impl Peers {
    async fn answer(&mut self, line: &str) -> Result<String> {
        match line.split(' ').collect::<Vec<_>>()[..] {
            ["prepare", way, rows, stride, version] => {
                let items = items(rows.parse()?, stride.parse()?, version.parse()?);
                self.current = way.to_owned();
                self.peer().await?.take(items);
                Ok("ready".to_owned())
            }
            ["run"] => {
                let took = timed(self.peer().await?).await?;
                Ok(format!("took {}", took.as_secs_f64()))
            }
            _ => bail!("not a command: {line}"),
        }
    }

    /// Connects, unless already connected.
    async fn peer(&mut self) -> Result<&mut Box<dyn Peer>> {
        if !self.connected.contains_key(&self.current) {
            let peer: Box<dyn Peer> = match self.current.as_str() {
                "sea-orm" => Box::new(sea_orm_saves::connect(&self.url).await?),
                "rustango" => Box::new(rustango_bulk_update::connect(&self.url).await?),
                "sqlx" => sqlx_by_hand::connect(&self.url).await?,
                other => bail!("not a way: {other}"),
            };
            self.connected.insert(self.current.clone(), peer);
        }
        Ok(self.connected.get_mut(&self.current).expect("connected"))
    }
}

async fn timed(peer: &mut Box<dyn Peer>) -> Result<Duration> {
    let begun = Instant::now();
    peer.write().await?;
    Ok(begun.elapsed())
}
