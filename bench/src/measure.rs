//! Measures the ways in turn, round after round, so that other load on the machine affects all of them
//! equally.

use std::collections::HashMap;
use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, anyhow};
use tokio::signal::ctrl_c;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::timeout;

use crate::batch::{Batch, Size};
use crate::enmasse::Enmasse;
use crate::figures::{Figure, Record};
use crate::floor;
use crate::options::{Database, Options, WayName};
use crate::peer::{Language, Peer, Program};
use crate::table::{self, Table};
use crate::way::Way;

/// A form of the floor that is this many times slower than another is not measured again.
const HOPELESS: f64 = 1.5;

const NOT_TRIED: &str = "not tried";

/// The reason why a way is not tried any more.
type Out = HashMap<WayName, String>;

/// A run was stopped at the limit.
#[derive(Debug)]
struct TooLong(Duration);

impl fmt::Display for TooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "> {} s", self.0.as_secs())
    }
}

impl Error for TooLong {}

/// All measurements on one database.
pub async fn measure(options: &Options, database: Database, record: &mut Record) -> Result<()> {
    let mut end = signal(SignalKind::terminate())?;
    let mut table = table::make(database).await?;
    let measured = tokio::select! {
        measured = measure_sizes(options, database, &mut *table, record) => measured,
        _ = ctrl_c() => Err(anyhow!("interrupted")),
        _ = end.recv() => Err(anyhow!("ended")),
    };
    table.remove().await?;
    measured
}

async fn measure_sizes(
    options: &Options,
    database: Database,
    table: &mut dyn Table,
    record: &mut Record,
) -> Result<()> {
    let mut out = Out::new();
    for rows in options.sizes() {
        let comparison = Comparison { options, database, size: Size::of(rows) };
        record.add(comparison.measure(table, &mut out).await?)?;
    }
    Ok(())
}

/// One number of rows on one database.
struct Comparison<'a> {
    options: &'a Options,
    database: Database,
    size: Size,
}

/// A way, or a form of the floor, with its measurements.
struct Contender {
    way: WayName,
    form: Option<&'static str>,
    runner: Box<dyn Way>,
    seconds: Vec<f64>,
    /// The total time of all runs, including the first.
    spent: Duration,
    is_done: bool,
    is_given_up: bool,
}

impl Comparison<'_> {
    async fn measure(&self, table: &mut dyn Table, out: &mut Out) -> Result<Vec<Figure>> {
        eprintln!("{}, {} rows of {}", table.server(), self.size.rows, self.size.table);
        // A way that took too long is not tried with more rows.
        for reason in out.values_mut().filter(|reason| reason.starts_with('>')) {
            *reason = NOT_TRIED.to_owned();
        }
        let mut contenders = self.contenders(table.url(), out).await?;
        table.fill(self.size).await?;
        let mut stored = 0;
        // The first round is a warm-up, and checks the results of each way.
        for round in 0..=self.options.repeats(self.size.rows) {
            let count = contenders.len();
            for turn in 0..count {
                let contender = &mut contenders[(turn + round) % count];
                if contender.is_done {
                    continue;
                }
                let batch = Arc::new(Batch::new(self.size, stored + 1));
                match self.run(contender, &batch, round, table).await {
                    Ok(()) => stored = table.restore(self.size, batch.version).await?,
                    Err(error) => {
                        self.give_up(&mut contenders, (turn + round) % count, error, table, out).await?;
                        table.fill(self.size).await?;
                        stored = 0;
                    }
                }
            }
            give_up_slow_forms(&mut contenders);
        }
        Ok(self.figures(table.server(), &contenders, out))
    }

    async fn contenders(&self, url: &str, out: &mut Out) -> Result<Vec<Contender>> {
        let rust = Program::new(Language::Rust, url);
        let python = Program::new(Language::Python, url);
        let mut contenders = Vec::new();
        for way in self.options.ways(self.database) {
            if out.contains_key(&way) {
                continue;
            }
            let mut add = |form, runner| {
                contenders.push(Contender {
                    way,
                    form,
                    runner,
                    seconds: Vec::new(),
                    spent: Duration::ZERO,
                    is_done: false,
                    is_given_up: false,
                });
            };
            match way {
                WayName::Floor => {
                    for (form, runner) in floor::forms(self.database, url, self.size.rows).await? {
                        add(Some(form), runner);
                    }
                }
                WayName::Enmasse => add(None, Box::new(Enmasse::connect(url).await?)),
                WayName::Sqlx | WayName::SeaOrm | WayName::Rustango => {
                    add(None, Box::new(Peer::new(rust.clone(), way.name())));
                }
                WayName::Django | WayName::FastUpdate | WayName::CopyUpdate | WayName::PgBulkUpdate => {
                    add(None, Box::new(Peer::new(python.clone(), way.name())));
                }
            }
        }
        Ok(contenders)
    }

    async fn run(
        &self,
        contender: &mut Contender,
        batch: &Arc<Batch>,
        round: usize,
        table: &mut dyn Table,
    ) -> Result<()> {
        let limit = self.options.limit();
        contender.runner.prepare(batch).await?;
        let took = match timeout(limit, contender.runner.run(batch)).await {
            Ok(took) => took?,
            Err(_) => return Err(TooLong(limit).into()),
        };
        if round == 0 {
            table::check(table, self.size, batch.version).await?;
        }
        contender.count(took, round, self.options.patience());
        Ok(())
    }

    /// A failed way may still hold locks: its connections and all others are closed and reopened.
    async fn give_up(
        &self,
        contenders: &mut [Contender],
        failed: usize,
        error: anyhow::Error,
        table: &mut dyn Table,
        out: &mut Out,
    ) -> Result<()> {
        let failed = &mut contenders[failed];
        let reason = format!("{error:#}");
        eprintln!("  {}: {reason}", failed.title());
        failed.is_done = true;
        if failed.way != WayName::Floor {
            out.insert(failed.way, reason);
        } else if error.is::<TooLong>() {
            // Another form will be faster.
            failed.is_given_up = true;
        } else {
            return Err(error.context(failed.title()));
        }
        table.disconnect_others().await?;
        let fresh = self.contenders(table.url(), out).await?;
        let others = contenders.iter_mut().filter(|contender| !out.contains_key(&contender.way));
        for (contender, fresh) in others.zip(fresh) {
            contender.runner = fresh.runner;
        }
        Ok(())
    }

    fn figures(&self, server: &str, contenders: &[Contender], out: &Out) -> Vec<Figure> {
        let mut figures = Vec::new();
        for way in self.options.ways(self.database) {
            let mut figure = Figure::new(self.database, way.name(), self.size, server);
            for contender in contenders.iter().filter(|contender| contender.way == way) {
                figure.add(contender.form, &contender.seconds, contender.is_given_up);
            }
            if let Some(reason) = out.get(&way) {
                figure.stop(reason);
            }
            figures.push(figure);
        }
        let floor = figures.iter().find(|figure| figure.way == WayName::Floor.name());
        let floor = floor.and_then(|floor| floor.us_per_row);
        for figure in &mut figures {
            figure.compare(floor);
            eprintln!("  {figure}");
        }
        figures
    }
}

impl Contender {
    fn title(&self) -> String {
        let way = self.way.name();
        self.form.map_or_else(|| way.to_owned(), |form| format!("{way} ({form})"))
    }

    /// The first round counts only if a slow way has no other.
    fn count(&mut self, took: Duration, round: usize, patience: Duration) {
        self.spent += took;
        if round > 0 || took > patience / 4 {
            self.seconds.push(took.as_secs_f64());
        }
        self.is_done = self.spent > patience && !self.seconds.is_empty();
    }
}

/// Compares the forms of the floor once each has two measurements.
fn give_up_slow_forms(contenders: &mut [Contender]) {
    let best = |contender: &Contender| {
        let seconds = contender.seconds.iter().copied();
        seconds.min_by(f64::total_cmp).filter(|_| contender.form.is_some() && contender.seconds.len() > 1)
    };
    let Some(fastest) = contenders.iter().filter_map(best).min_by(f64::total_cmp) else { return };
    for contender in contenders {
        if best(contender).is_some_and(|best| best > fastest * HOPELESS) {
            contender.is_given_up = true;
            contender.is_done = true;
        }
    }
}
