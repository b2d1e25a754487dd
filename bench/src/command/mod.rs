//! `enmasse apply` as a whole program on a CSV file, compared with the way by hand in the database's own
//! client: a temporary table, the file loaded into it, and one joined update, in one transaction.

mod by_hand;
mod catalogue;
mod file;
mod program;

use anyhow::{Context, Result, anyhow, ensure};
use tempfile::TempDir;
use tokio::signal::ctrl_c;
use tokio::signal::unix::{SignalKind, signal};

use crate::batch::Size;
use crate::figures::{Figure, Record};
use crate::options::{Database, Options};
use crate::table::{self, Table};

use by_hand::ByHand;
use program::{Program, Spent};

/// The default number of rows in the file.
const ROWS: u32 = 1_000_000;

/// The default number of measurements of each way.
const REPEATS: usize = 5;

/// In a nightly file, one row in this many has changed.
const STRIDE: usize = 50;

/// Which of the file's rows differ from the table's, and their order.
#[derive(Clone, Copy, PartialEq)]
pub enum Case {
    Every,
    /// In key order, as programs write files; the other cases are unordered.
    EveryInOrder,
    Few,
}

impl Case {
    const ALL: [Case; 3] = [Case::Every, Case::EveryInOrder, Case::Few];

    fn title(self) -> &'static str {
        match self {
            Case::Every => "every row changed",
            Case::EveryInOrder => "every row changed, in the order of the keys",
            Case::Few => "2% of the rows changed",
        }
    }

    fn is_ordered(self) -> bool {
        self == Case::EveryInOrder
    }

    /// The changed rows, in a table with as many rows as the file.
    fn size(self, rows: usize) -> Size {
        let stride = if self == Case::Few { STRIDE } else { 1 };
        Size { rows: rows / stride, table: rows / stride * stride, stride }
    }
}

/// Both cases on one database.
pub async fn measure(options: &Options, database: Database, record: &mut Record) -> Result<()> {
    let enmasse = program::enmasse().await?;
    let mut end = signal(SignalKind::terminate())?;
    let mut table = table::make(database).await?;
    let measured = tokio::select! {
        measured = measure_cases(options, database, &enmasse, &mut *table, record) => measured,
        _ = ctrl_c() => Err(anyhow!("interrupted")),
        _ = end.recv() => Err(anyhow!("ended")),
    };
    table.disconnect_others().await.ok();
    table.remove().await?;
    measured
}

async fn measure_cases(
    options: &Options,
    database: Database,
    enmasse: &std::path::Path,
    table: &mut dyn Table,
    record: &mut Record,
) -> Result<()> {
    let all_rows = if options.rows.is_empty() { &[ROWS][..] } else { &options.rows };
    for &rows in all_rows {
        for case in Case::ALL {
            let size = case.size(rows as usize);
            ensure!(size.rows > 0, "{rows} rows are too few");
            eprintln!("{}, a file of {} rows, {}", table.server(), size.table, case.title());
            let comparison = Comparison { database, case, size, repeats: options.repeat.unwrap_or(REPEATS) };
            record.add(comparison.measure(enmasse, table).await?)?;
        }
    }
    eprintln!("{}, one row, with few other tables and with many", table.server());
    record.add(catalogue::measure(database, options.repeat.unwrap_or(REPEATS), enmasse, table).await?)
}

/// One case on one database.
struct Comparison {
    database: Database,
    case: Case,
    size: Size,
    repeats: usize,
}

/// A way and its measurements.
struct Contender {
    name: &'static str,
    program: Program,
    seconds: Vec<f64>,
    peak_memory: u64,
}

impl Comparison {
    async fn measure(&self, enmasse: &std::path::Path, table: &mut dyn Table) -> Result<Vec<Figure>> {
        let folder = folder()?;
        let file = folder.path().join("items.csv");
        let by_hand = ByHand { database: self.database, case: self.case, url: table.url(), file: &file };
        let contender = |name, program| Contender { name, program, seconds: Vec::new(), peak_memory: 0 };
        let mut contenders = [
            contender("by hand", by_hand.program()?),
            contender("enmasse", Program::apply(enmasse, table.url(), &file)),
        ];
        table.fill(self.size).await?;
        let mut stored = 0;
        // The first round is a warm-up.
        for round in 0..=self.repeats {
            let count = contenders.len();
            for turn in 0..count {
                let contender = &mut contenders[(turn + round) % count];
                let version = stored + 1;
                let ordered = self.case.is_ordered();
                tokio::task::block_in_place(|| {
                    file::write(&file, self.database, self.size, ordered, version)
                })
                .with_context(|| file.display().to_string())?;
                let Spent { seconds, peak_memory } = contender.program.run().await?;
                // A way with wrong results is not a valid measure.
                table::check(table, self.size, version).await.with_context(|| contender.name)?;
                contender.peak_memory = contender.peak_memory.max(peak_memory);
                if round > 0 {
                    contender.seconds.push(seconds);
                }
                stored = table.restore(self.size, version).await?;
            }
        }
        let mut by_hand = None;
        Ok(contenders
            .map(|contender| {
                let mut figure = Figure::new(self.database, contender.name, self.size, table.server());
                figure.of_command(self.case.title(), contender.peak_memory);
                figure.add(None, &contender.seconds, false);
                by_hand = by_hand.or(figure.us_per_row);
                figure.compare(by_hand);
                eprintln!("  {figure}");
                figure
            })
            .into())
    }
}

/// A folder for the file, in memory if possible, so that writing it causes no disk activity later.
fn folder() -> Result<TempDir> {
    let memory = std::path::Path::new("/dev/shm");
    Ok(if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }?)
}
