//! Two bulk updates over the same rows, in opposite orders, at once.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use enmasse::prelude::*;
use enmasse_testing::{Kind, number, on_database, test_on};
use tokio::sync::Barrier;
use tracing::field::{Field, Visit};
use tracing::instrument::WithSubscriber;
use tracing::{Level, span};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Context, SubscriberExt};

#[derive(Model, Clone, Debug, PartialEq)]
#[model(table = "counter")]
struct Counter {
    #[model(primary_key)]
    id: i64,
    /// In an order that is the opposite of the keys'.
    #[model(unique)]
    number: i64,
    points: i32,
    note: String,
}

/// Rows of a batch: each goes another way to the server.
const SIZES: [i64; 3] = [40, 2_000, 6_000];

/// How often two batches meet.
const ROUNDS: u32 = 200;

/// The maximum time; if it is too short for all rounds, the test reports it.
const PATIENCE: Duration = Duration::from_secs(10);

/// So many rounds there are in any case.
const FEWEST: u32 = 20;

fn counter(id: i64) -> Counter {
    Counter { id, number: -id, points: 0, note: "note".into() }
}

/// The first rows in an order that each round and each writer has its own of.
fn batch(rows: i64, round: u32, writer: u32) -> Vec<Counter> {
    let mut batch: Vec<_> = (1..=rows).map(|id| Counter { points: writer as i32, ..counter(id) }).collect();
    match (round + writer) % 4 {
        0 => {}
        1 | 2 => batch.reverse(),
        // coprime to the number of rows
        _ => batch.sort_by_key(|counter| counter.id * 7_919 % 104_729),
    }
    batch
}

/// Counts the deadlocks that statements have met, also those after which they were tried again: the servers' own numbers are
/// told late, or for all databases together.
#[derive(Clone, Default)]
struct Deadlocks(Arc<AtomicU32>);

impl<S: tracing::Subscriber> Layer<S> for Deadlocks {
    fn on_record(&self, _: &span::Id, values: &span::Record<'_>, _: Context<'_, S>) {
        values.record(&mut self.clone());
    }
}

impl Visit for Deadlocks {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let text = format!("{value:?}");
        if field.name() == "error" && (text.contains("40P01") || text.contains("1213")) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
}

/// Has two batches meet, in every order, on the database's own handle and in transactions.
async fn meet(db: &Database, deadlocks: &Deadlocks, rows: i64, by_number: bool) {
    let before = deadlocks.0.load(Ordering::SeqCst);
    let started = Instant::now();
    let mut round = 0;
    while round < ROUNDS && (round < FEWEST || started.elapsed() < PATIENCE) {
        let write = |writer: u32| {
            let (db, batch) = (db.clone(), batch(rows, round, writer));
            let update = move |objects: QuerySet<Counter>, batch: Vec<Counter>| {
                let update = objects.bulk_update(batch, |c| (c.points, c.note));
                if by_number && writer == 1 { update.matching_on(|c| c.number) } else { update }
            };
            let work = async move {
                let report = match round % 2 {
                    0 => update(Counter::objects(&db), batch).await,
                    _ => db.transaction(|tx| update(Counter::objects(&tx), batch.clone())).await,
                };
                assert_eq!(report.unwrap().matched, rows as u64);
            };
            tokio::spawn(work.with_current_subscriber())
        };
        let (first, second) = tokio::join!(write(0), write(1));
        first.unwrap();
        second.unwrap();
        let points: Vec<i32> = Counter::objects(db).values(|c| c.points).await.unwrap();
        assert!(points.iter().all(|&winner| winner == points[0]), "the last one wrote all rows");
        round += 1;
    }
    let name = db.name();
    if round < ROUNDS {
        eprintln!("{name}: {rows} rows: only {round} rounds in {PATIENCE:?}");
    }
    let met = deadlocks.0.load(Ordering::SeqCst) - before;
    assert_eq!(met, 0, "{name}: deadlocks in {round} rounds of {rows} rows, by number: {by_number}");
}

impl Deadlocks {
    /// Hears of the deadlocks that the work meets.
    fn subscriber(&self) -> impl tracing::Subscriber + Send + Sync + use<> {
        let layer = self.clone().with_filter(Targets::new().with_target("enmasse", Level::DEBUG));
        tracing_subscriber::registry().with(layer)
    }
}

/// SQLite has one writer at a time.
#[test_on(servers)]
fn there_are_none(kind: Kind) {
    on_database(kind, async |db| {
        let deadlocks = Deadlocks::default();
        for rows in SIZES {
            db.create_tables([Counter::model().unwrap()]).await.unwrap();
            Counter::objects(&db).bulk_create((1..=rows).map(counter)).await.unwrap();
            for by_number in [false, true] {
                meet(&db, &deadlocks, rows, by_number).with_subscriber(deadlocks.subscriber()).await;
            }
            db.execute_raw("DROP TABLE counter", []).await.unwrap();
        }
        if kind == Kind::Postgres {
            // A connection's counts are reported at most a second later.
            tokio::time::sleep(Duration::from_millis(1_200)).await;
            let sql = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()";
            assert_eq!(number(&db.query_raw(sql, []).await.unwrap()[0]), 0);
        }
    });
}

/// Two transactions that lock two rows in opposite orders: what counts deadlocks does count them.
#[test_on(servers)]
fn one_is_heard_of(kind: Kind) {
    on_database(kind, async |db| {
        db.create_tables([Counter::model().unwrap()]).await.unwrap();
        Counter::objects(&db).bulk_create((1..=2).map(counter)).await.unwrap();
        let (deadlocks, both) = (Deadlocks::default(), Arc::new(Barrier::new(2)));
        let write = |order: [i64; 2]| {
            let (db, both) = (db.clone(), both.clone());
            let work = async move {
                let is_first_try = AtomicBool::new(true);
                db.transaction(async |tx| {
                    for id in order {
                        Counter::objects(&tx)
                            .filter(|c| c.id.eq(id))
                            .update(|c| c.points.increment(1))
                            .await?;
                        if id == order[0] && is_first_try.swap(false, Ordering::SeqCst) {
                            both.wait().await;
                        }
                    }
                    Ok(())
                })
                .await
                .unwrap();
            };
            tokio::spawn(work.with_current_subscriber())
        };
        let meeting = async {
            let (first, second) = tokio::join!(write([1, 2]), write([2, 1]));
            first.unwrap();
            second.unwrap();
        };
        meeting.with_subscriber(deadlocks.subscriber()).await;
        assert!(deadlocks.0.load(Ordering::SeqCst) > 0, "the deadlock was not heard of");
        assert_eq!(Counter::objects(&db).order_by(|c| c.id).values(|c| c.points).await.unwrap(), [2, 2]);
    });
}
