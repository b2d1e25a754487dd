//! Updates in chunks, on every database.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use enmasse::backfill::{Ended, State};
use enmasse::expr::Expr;
use enmasse::prelude::*;
use enmasse::{DataType, ErrorKind, Record};
use enmasse_testing::{Kind, number, on_each_database, on_each_scratch};

/// A table `t` with a key of these columns, from rows of SQL values, with `points` 0.
async fn make(db: &Database, columns: &str, key: &str, rows: &[String]) {
    let engine = if Kind::of(db).in_mysql_family() { " ENGINE=InnoDB" } else { "" };
    let sql = format!("CREATE TABLE t ({columns}, points integer NOT NULL, PRIMARY KEY ({key})){engine}");
    db.execute_raw(&sql, []).await.unwrap();
    for some in rows.chunks(200) {
        let values: Vec<_> = some.iter().map(|row| format!("({row}, 0)")).collect();
        db.execute_raw(&format!("INSERT INTO t VALUES {}", values.join(", ")), []).await.unwrap();
    }
}

async fn make_ids(db: &Database, ids: impl Iterator<Item = i64>) {
    let rows: Vec<_> = ids.map(|id| id.to_string()).collect();
    make(db, "id bigint NOT NULL", "id", &rows).await;
}

async fn rows(db: &Database) -> QuerySet<Record> {
    QuerySet::of(&db.inspect_table("t", []).await.unwrap(), db)
}

/// `points = points + 1` in chunks, of all rows.
async fn more(db: &Database, name: &str) -> enmasse::backfill::Backfill<Record> {
    let more = Expr::field("points").binary(enmasse::expr::Operator::Add, Expr::value(1));
    rows(db).await.update_by([("points", more)]).in_chunks(name).nice(0.0)
}

async fn count(db: &Database, condition: &str) -> i64 {
    let sql = format!("SELECT COUNT(*) FROM t WHERE {condition}");
    number(&db.query_raw(&sql, []).await.unwrap()[0])
}

/// The key of a row, in SQL, by its number.
type KeyOf = Box<dyn Fn(i64) -> String>;

#[test]
fn each_row_is_written_once_whatever_its_key() {
    on_each_scratch(&Kind::ALL, async |scratch| {
        let kind = scratch.kind;
        let text =
            if kind.in_mysql_family() { "varchar(40) COLLATE utf8mb4_general_ci" } else { "varchar(40)" };
        let uuid = if kind == Kind::Postgres { "uuid" } else { "char(32)" };
        // an order that is not the one of insertion
        let mixed = |n: i64| (n * 7_919) % 1_009;
        let keys: [(String, &str, KeyOf); 5] = [
            ("id bigint NOT NULL".into(), "id", Box::new(|n| (n * n * 1_000_003 - 500_000).to_string())),
            (
                format!("id {text} NOT NULL"),
                "id",
                Box::new(move |n| {
                    format!("'{}{}'", ["Zoë ", "abc", "Ä_'' ", "zz"][n as usize % 4], mixed(n))
                }),
            ),
            (
                format!("id {uuid} NOT NULL"),
                "id",
                Box::new(move |n| format!("'{:032x}'", ((mixed(n) as u128) << 90) | n as u128)),
            ),
            (
                "a integer NOT NULL, b integer NOT NULL".into(),
                "a, b",
                Box::new(|n| format!("{}, {}", n % 7, n)),
            ),
            (
                "a integer NOT NULL, b varchar(20) NOT NULL, c date NOT NULL".into(),
                "a, b, c",
                Box::new(|n| format!("{}, 'x{}', '2024-01-{:02}'", n % 3, n % 11, n % 28 + 1)),
            ),
        ];
        for (columns, key, row) in &keys {
            let db = scratch.connect().await;
            let mut all: Vec<_> = (1..=1_000).map(row).collect();
            all.sort();
            all.dedup();
            make(&db, columns, key, &all).await;
            let calls = Arc::new(AtomicU64::new(0));
            let called = calls.clone();
            let done = more(&db, "r").await.on_progress(move |progress| {
                assert!(progress.share().is_none_or(|share| share <= 0.99));
                called.fetch_add(1, Ordering::Relaxed);
                ControlFlow::Continue(())
            });
            let done = done.await.unwrap();
            let expected = all.len() as u64;
            assert_eq!(
                (done.scanned, done.changed, done.ended),
                (expected, expected, Ended::Done),
                "{kind:?} {columns}"
            );
            assert!(done.chunks >= 3 && calls.load(Ordering::Relaxed) >= done.chunks, "{}", done.chunks);
            assert_eq!(count(&db, "points <> 1").await, 0, "{kind:?} {columns}");
            let run = db.runs().get("r").await.unwrap();
            assert_eq!((run.state, run.changed, run.last_key), (State::Done, expected, run.upper_key));
            // done is done
            assert_eq!(more(&db, "r").await.await.unwrap().changed, expected);
            assert_eq!(count(&db, "points <> 1").await, 0);
            db.runs().forget("r").await.unwrap();
            db.execute_raw("DROP TABLE t", []).await.unwrap();
            db.close().await;
        }
    });
}

#[test]
fn a_run_that_was_ended_goes_on_where_it_was() {
    on_each_database(async |db| {
        make_ids(&db, 1..=2_000).await;
        let mut sessions = 0;
        loop {
            sessions += 1;
            let done = more(&db, "r").await.on_progress(|_| ControlFlow::Break(())).await.unwrap();
            let run = db.runs().get("r").await.unwrap();
            assert_eq!(count(&db, "points = 1").await as u64, run.changed);
            match done.ended {
                Ended::Done => break,
                Ended::Paused(_) => assert_eq!(run.state, State::Paused),
                Ended::FencedOff => panic!("nobody else has it"),
                other => panic!("{other:?}"),
            }
        }
        assert!(sessions > 3, "{sessions}");
        assert_eq!(count(&db, "points <> 1").await, 0);
        assert_eq!(db.runs().get("r").await.unwrap().epoch, sessions);
    });
}

#[test]
fn a_second_program_fences_the_first_off() {
    on_each_database(async |db| {
        make_ids(&db, 1..=3_000).await;
        // the first runs at a pace at which it cannot end
        let first = more(&db, "r").await.max_rate(500.0).chunk_time(Duration::from_millis(5));
        let first = tokio::spawn(first);
        tokio::time::sleep(Duration::from_millis(400)).await;
        let second = more(&db, "r").await.max_rate(1e9).await.unwrap();
        assert_eq!(second.ended, Ended::Done);
        assert_eq!(first.await.unwrap().unwrap().ended, Ended::FencedOff);
        assert_eq!((second.changed, count(&db, "points <> 1").await), (3_000, 0));
    });
}

#[test]
fn rows_that_do_not_match_are_scanned_and_left_alone() {
    on_each_database(async |db| {
        make_ids(&db, (1..=1_500).map(|n| n * 1_000_000_000_000)).await;
        db.execute_raw("UPDATE t SET points = 5 WHERE id > 700000000000000", []).await.unwrap();
        let update = rows(&db).await.filter_by(Q::named("points__gte", 5)).update_by([("points", 9)]);
        let done = update.in_chunks("r").await.unwrap();
        assert_eq!((done.scanned, done.changed), (1_500, 800));
        assert_eq!(count(&db, "points = 9").await, 800);
    });
}

#[test]
fn new_rows_do_not_keep_it_from_ending() {
    on_each_database(async |db| {
        make_ids(&db, 1..=500).await;
        let next = Arc::new(AtomicU64::new(1_000));
        let (inner, task) = (db.clone(), Arc::new(Mutex::new(None)));
        let slot = task.clone();
        let done = more(&db, "r").await.on_progress(move |_| {
            let (db, id) = (inner.clone(), next.fetch_add(1, Ordering::Relaxed));
            let insert = async move { db.execute_raw(&format!("INSERT INTO t VALUES ({id}, 0)"), []).await };
            *slot.lock().unwrap() = Some(tokio::spawn(insert));
            ControlFlow::Continue(())
        });
        let done = done.await.unwrap();
        let last = task.lock().unwrap().take();
        last.unwrap().await.unwrap().unwrap();
        assert_eq!((done.scanned, done.changed), (500, 500));
        assert_eq!(count(&db, "id <= 500 AND points = 1").await, 500);
        assert_eq!(count(&db, "id > 500 AND points <> 0").await, 0);
    });
}

#[test]
fn a_run_goes_on_with_the_very_same_update_only() {
    on_each_database(async |db| {
        make_ids(&db, 1..=10).await;
        assert_eq!(more(&db, "r").await.await.unwrap().changed, 10);
        let other = rows(&db).await.update_by([("points", 7)]).in_chunks("r").await.unwrap_err();
        assert_eq!(other.kind(), ErrorKind::Request);
        assert!(other.to_string().contains("does another update"), "{other}");
        let inside = db
            .transaction(async |tx| {
                let rows = rows(&db).await.using(&tx);
                rows.update_by([("points", 7)]).in_chunks("s").await
            })
            .await
            .unwrap_err();
        assert!(inside.to_string().contains("cannot be inside of a transaction"), "{inside}");
        assert_eq!(count(&db, "points <> 1").await, 0);
        // an empty table is done at once
        db.execute_raw("DELETE FROM t", []).await.unwrap();
        assert_eq!(more(&db, "empty").await.await.unwrap().ended, Ended::Done);
    });
}

#[test]
fn runs_are_paused_set_resumed_stopped_and_forgotten() {
    on_each_database(async |db| {
        assert!(db.runs().list().await.unwrap().is_empty());
        assert_eq!(db.runs().pause("r").await.unwrap_err().kind(), ErrorKind::NotFound);
        make_ids(&db, 1..=2_000).await;
        let run = tokio::spawn(more(&db, "r").await.max_rate(200.0));
        let runs = db.runs();
        let state = async |wanted: State| {
            for _ in 0..100 {
                let run = runs.list().await.unwrap().pop();
                if run.is_some_and(|run| run.state == wanted && (wanted != State::Running || run.chunks > 0))
                {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            panic!("never {wanted:?}: {:?}", runs.list().await);
        };
        state(State::Running).await;
        runs.pause("r").await.unwrap();
        state(State::Held).await;
        let held = runs.get("r").await.unwrap();
        tokio::time::sleep(Duration::from_millis(1_200)).await;
        assert_eq!(runs.get("r").await.unwrap().scanned, held.scanned);
        runs.resume("r").await.unwrap();
        state(State::Running).await;
        runs.stop("r").await.unwrap();
        let done = run.await.unwrap().unwrap();
        assert_eq!(done.ended, Ended::Paused("somebody stopped it".into()));
        assert!(done.scanned < 2_000 && count(&db, "points = 1").await as u64 == done.changed);
        runs.forget("r").await.unwrap();
        assert!(runs.list().await.unwrap().is_empty());
    });
}

#[test]
fn an_error_of_a_chunk_keeps_the_chunks_before_it() {
    on_each_database(async |db| {
        make_ids(&db, 1..=1_000).await;
        db.execute_raw("UPDATE t SET points = 2147483647 WHERE id = 777", []).await.unwrap();
        if Kind::of(&db) == Kind::Sqlite {
            db.execute_raw(
                "CREATE TRIGGER refuse BEFORE UPDATE ON t WHEN new.points > 2147483647 BEGIN SELECT RAISE(ABORT, 'too many'); END",
                [],
            )
            .await
            .unwrap();
        }
        let error = more(&db, "r").await.await.unwrap_err();
        let run = db.runs().get("r").await.unwrap();
        assert_eq!(run.state, State::Failed, "{error}");
        assert!(run.error.is_some() && run.scanned > 0 && run.scanned < 777);
        assert_eq!(count(&db, "points = 1").await as u64, run.changed);
        db.execute_raw("UPDATE t SET points = 0 WHERE id = 777", []).await.unwrap();
        assert_eq!(more(&db, "r").await.await.unwrap().changed, 1_000);
        assert_eq!(count(&db, "points <> 1").await, 0);
    });
}

#[derive(Model, Debug, Clone)]
#[model(table = "t")]
struct Row {
    #[model(primary_key)]
    id: i64,
    points: i32,
}

#[test]
fn signals_are_sent_once_a_chunk_in_its_transaction() {
    on_each_database(async |db| {
        make_ids(&db, 1..=600).await;
        let (batches, seen) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let (heard, of) = (batches.clone(), seen.clone());
        db.signals().post_save::<Row>().connect(move |batch, _| {
            let (heard, of) = (heard.clone(), of.clone());
            async move {
                heard.fetch_add(1, Ordering::Relaxed);
                of.fetch_add(batch.size(), Ordering::Relaxed);
                Ok(())
            }
        });
        let update = Row::objects(&db).update(|row| row.points.increment(1)).in_chunks("r");
        let done = update.await.unwrap();
        assert_eq!((done.changed, seen.load(Ordering::Relaxed)), (600, 600));
        assert!(done.chunks > 1 && batches.load(Ordering::Relaxed) == done.chunks);
        assert_eq!(count(&db, "points <> 1").await, 0);
    });
}

#[test]
fn a_chunk_reads_a_range_of_the_key() {
    on_each_database(async |db| {
        let rows: Vec<_> = (0..4_000).map(|n| format!("{}, {n}", n / 400)).collect();
        make(&db, "a integer NOT NULL, b integer NOT NULL", "a, b", &rows).await;
        let (explain, condition) = match Kind::of(&db) {
            Kind::Sqlite => ("EXPLAIN QUERY PLAN", "(a, b) > (3, 1300) AND (a, b) <= (3, 1400)"),
            Kind::Postgres => ("EXPLAIN", "(a, b) > (3, 1300) AND (a, b) <= (3, 1400)"),
            _ => (
                "EXPLAIN",
                "(a >= 3 AND (a > 3 OR (a = 3 AND b > 1300))) AND (a <= 3 AND (a < 3 OR (a = 3 AND b <= 1400)))",
            ),
        };
        if Kind::of(&db) == Kind::Postgres {
            db.execute_raw("ANALYZE t", []).await.unwrap();
        }
        let sql = format!("{explain} SELECT a, b FROM t WHERE {condition} ORDER BY a, b LIMIT 1 OFFSET 50");
        let plan = format!("{:?}", db.query_raw(&sql, []).await.unwrap());
        let (has, lacks) = match Kind::of(&db) {
            Kind::Sqlite => ("SEARCH t", "SCAN"),
            Kind::Postgres => ("Index Only Scan", "Seq Scan"),
            _ => ("range", "filesort"),
        };
        assert!(plan.contains(has) && !plan.contains(lacks), "{plan}");
    });
}

/// The type of a key is named where it is refused.
#[test]
fn a_key_without_an_order_is_refused() {
    on_each_database(async |db| {
        let sql = match Kind::of(&db) {
            Kind::Postgres => "CREATE TABLE t (id double precision PRIMARY KEY, points integer)",
            _ => "CREATE TABLE t (id double PRIMARY KEY, points integer)",
        };
        db.execute_raw(sql, []).await.unwrap();
        let update = rows(&db).await.update_by([("points", 1)]).in_chunks("r");
        let error = update.await.unwrap_err().to_string();
        assert!(error.contains(&DataType::Double.to_string()) && error.contains("is not exact"), "{error}");
    });
}
