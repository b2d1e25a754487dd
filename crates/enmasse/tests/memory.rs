//! Any number of rows in the memory that a few take.
//!
//! `ENMASSE_TEST_ROWS=10000000` is the real thing.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use enmasse::batch::IntoRows;
use enmasse::prelude::*;
use enmasse_testing::{Kind, on_scratch, test_on};
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

/// What the process holds, also what C allocates.
///
/// https://docs.kernel.org/filesystems/proc.html
#[cfg(target_os = "linux")]
mod process {
    use std::fs;

    /// A line of `/proc/self/status`, in bytes.
    fn status(name: &str) -> usize {
        let status = fs::read_to_string("/proc/self/status").expect("the status of this process");
        let line = status.lines().find_map(|line| line.strip_prefix(name)).expect(name);
        line.trim_matches(|c: char| !c.is_ascii_digit()).parse::<usize>().expect(name) << 10
    }

    pub fn now() -> usize {
        status("VmRSS:")
    }

    /// The most since [`reset_most`].
    pub fn most() -> usize {
        status("VmHWM:")
    }

    pub fn reset_most() {
        fs::write("/proc/self/clear_refs", "5").expect("the most that the process has held begins anew");
        // a kernel that takes this and does nothing would leave the most of the whole run
        assert!(most() < now() + (8 << 20), "{} and {}", most(), now());
    }
}

/// Elsewhere only what Rust allocates is measured.
#[cfg(not(target_os = "linux"))]
mod process {
    pub fn now() -> usize {
        0
    }

    pub fn most() -> usize {
        0
    }

    pub fn reset_most() {}
}

/// Runs the bulk update, and refuses it more memory than it may take.
async fn measured<'o, K>(db: &Database, what: &str, objects: impl IntoRows<'o, Item, K>, rows: i64) {
    let update =
        Item::objects(db).bulk_update(objects, |i| (i.name, i.points, i.price, i.seen, i.active, i.note));
    process::reset_most();
    MEMORY.reset_peak_usage();
    let (live, resident) = (MEMORY.current_usage(), process::now());
    let started = Instant::now();
    let report = update.await.unwrap();
    let seconds = started.elapsed().as_secs_f64();
    let allocated = MEMORY.peak_usage().saturating_sub(live);
    let held = process::most().saturating_sub(resident);

    assert!(allocated > 0, "nothing was measured");
    assert_eq!((report.matched, report.missing.len()), (rows as u64, 0));
    println!(
        "{}: {rows} rows from {what}: {} MB allocated, {} MB resident, {seconds:.1} s",
        db.name(),
        allocated >> 20,
        held >> 20
    );
    assert!(allocated < MOST && held < MOST, "{what} took {allocated} bytes, of the process {held}");
}

/// One after the other, for the memory is that of all.
static ALONE: Mutex<()> = Mutex::new(());

#[test_on(all)]
fn a_bulk_update_takes_little_memory_whatever_its_size(kind: Kind) {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let rows = rows();
    on_scratch(kind, async |scratch| {
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
