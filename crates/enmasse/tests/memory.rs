//! Any number of rows in the memory that a few take.
//!
//! `ENMASSE_TEST_ROWS=10000000` is the real thing.

mod common;

use std::fs;
use std::time::Instant;

use common::{Kind, on_each_scratch};
use enmasse::batch::IntoRows;
use enmasse::prelude::*;
use futures_util::stream;
use peak_alloc::PeakAlloc;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// The maximum memory of a bulk update, in addition to the caller's, for any number of rows.
const MOST: usize = 100 << 20;

#[derive(Model, Debug, Clone)]
#[model(table = "item")]
struct Item {
    #[model(primary_key)]
    id: i64,
    #[model(max_length = 100)]
    name: String,
    points: i32,
    #[model(max_digits = 12, decimal_places = 2)]
    price: Decimal,
    seen: DateTime<Utc>,
    active: bool,
    note: String,
}

fn item(id: i64) -> Item {
    Item {
        id,
        name: format!("name {id}"),
        points: (id % 1_000_000) as i32,
        price: Decimal::new(id % 9_000_000, 2),
        seen: DateTime::from_timestamp(1_577_836_800 + id, 1_000).expect("a time after 2020"),
        active: id % 2 == 0,
        note: format!("note {id}: the quick brown fox jumps over the lazy dog"),
    }
}

fn rows() -> i64 {
    std::env::var("ENMASSE_TEST_ROWS").map_or(300_000, |rows| rows.parse().expect("a number of rows"))
}

/// Makes the table, with as many rows.
async fn fill(db: &Database, rows: i64) {
    db.create_tables([Item::model().unwrap()]).await.unwrap();
    let kind = Kind::of(db);
    let ids = kind.numbers(rows);
    let seen = match kind {
        Kind::Sqlite => "'2020-01-01 00:00:00'",
        Kind::Postgres => "now()",
        Kind::MariaDb | Kind::Mysql => "now(6)",
    };
    let sql = format!(
        "INSERT INTO item (id, name, points, price, seen, active, note) \
         SELECT id, 'old', 0, 0, {seen}, true, 'the quick brown fox jumps over the lazy dog' FROM {ids}"
    );
    db.execute_raw(&sql, []).await.unwrap();
}

/// A line of `/proc/self/status`, in bytes; 0 without such a file.
fn status(name: &str) -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
    line.trim_matches(|c: char| !c.is_ascii_digit()).parse::<usize>().unwrap_or_default() << 10
}

/// Runs the bulk update, and refuses it more memory than it may take.
async fn measured<'o, K>(db: &Database, what: &str, objects: impl IntoRows<'o, Item, K>, rows: i64) {
    let update =
        Item::objects(db).bulk_update(objects, |i| (i.name, i.points, i.price, i.seen, i.active, i.note));
    // Resets the peak: https://docs.kernel.org/filesystems/proc.html
    let is_reset = fs::write("/proc/self/clear_refs", "5").is_ok();
    MEMORY.reset_peak_usage();
    let (live, resident) = (MEMORY.current_usage(), status("VmRSS:"));
    let started = Instant::now();
    let report = update.await.unwrap();
    let seconds = started.elapsed().as_secs_f64();
    let allocated = MEMORY.peak_usage().saturating_sub(live);
    // also what C allocates
    let held = if is_reset { status("VmHWM:").saturating_sub(resident) } else { 0 };

    assert_eq!((report.matched, report.missing.len()), (rows as u64, 0));
    println!(
        "{}: {rows} rows from {what}: {} MB allocated, {} MB resident, {seconds:.1} s",
        db.name(),
        allocated >> 20,
        held >> 20
    );
    assert!(allocated < MOST && held < MOST, "{what} took {allocated} bytes, of the process {held}");
}

/// In one test, for the memory is that of all.
#[test]
fn a_bulk_update_takes_little_memory_whatever_its_size() {
    let rows = rows();
    on_each_scratch(&Kind::ALL, async |scratch| {
        let db = scratch.connect().await;
        fill(&db, rows).await;
        measured(&db, "an iterator", (1..=rows).map(item), rows).await;
        measured(&db, "a stream", stream::iter((1..=rows).rev().map(item)), rows).await;
        // Unordered; their memory is the caller's.
        let objects: Vec<_> = (1..=rows.min(1_000_000)).map(|id| item(id * 7 % rows + 1)).collect();
        measured(&db, "a slice", &objects, objects.len() as i64).await;
        db.close().await;
    });
}
