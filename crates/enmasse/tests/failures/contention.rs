//! Many writers of the same rows in different orders: deadlocks occur, and no caller sees them.

use std::time::{Duration, Instant};

use enmasse::prelude::*;
use enmasse_testing::{Kind, number, on_scratch, test_on};

#[derive(Model, Clone, Debug, PartialEq)]
#[model(table = "account")]
struct Account {
    #[model(primary_key)]
    id: i64,
    balance: i64,
    note: String,
}

/// How often they meet: `ENMASSE_TEST_ROUNDS`.
fn rounds(otherwise: i64) -> i64 {
    std::env::var("ENMASSE_TEST_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(otherwise)
}

async fn make(db: &Database, rows: i64) {
    db.create_tables([Account::model().unwrap()]).await.unwrap();
    // in the table in an order that is the opposite of the keys'
    for id in (1..=rows).rev().step_by(50) {
        let accounts = (1.max(id - 49)..=id).rev().map(|id| Account { id, balance: 0, note: "old".into() });
        Account::objects(db).bulk_create(accounts).await.unwrap();
    }
}

/// The server's own count of deadlocks.
async fn deadlocks(db: &Database) -> i64 {
    let sql = match Kind::of(db) {
        Kind::Sqlite => return 0,
        Kind::Postgres => "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()",
        _ => {
            "SELECT CAST(COUNT AS SIGNED) FROM information_schema.innodb_metrics WHERE name = 'lock_deadlocks'"
        }
    };
    number(&db.query_raw(sql, []).await.unwrap()[0])
}

#[test_on(all)]
fn b05_fifty_that_lock_two_rows_in_opposed_order(kind: Kind) {
    on_scratch(kind, async |scratch| {
        if scratch.kind == Kind::Postgres && rounds(0) == 0 {
            // it finds them sooner, so that the test is no longer than it must be
            let db = scratch.connect().await;
            let alter =
                "EXECUTE format('ALTER DATABASE %I SET deadlock_timeout = ''100ms''', current_database())";
            db.execute_raw(&format!("DO $$ BEGIN {alter}; END $$"), []).await.unwrap();
            db.close().await;
        }
        let db = scratch.connect().await;
        make(&db, 2).await;
        let (before, started) = (deadlocks(&db).await, Instant::now());
        let tasks = (0..50).map(|task| {
            let db = db.clone();
            tokio::spawn(async move {
                let order = if task % 2 == 0 { [1, 2] } else { [2, 1] };
                db.transaction(async |tx| {
                    for id in order {
                        let one = Account::objects(&tx).filter(|a| a.id.eq(id));
                        one.update(|a| a.balance.increment(1)).await?;
                        tokio::time::sleep(Duration::from_millis(2)).await;
                    }
                    Ok(())
                })
                .await
            })
        });
        for task in tasks.collect::<Vec<_>>() {
            task.await.unwrap().unwrap_or_else(|error| panic!("{:?}: {error}", scratch.kind));
        }
        let balances: Vec<i64> = Account::objects(&db).values(|a| a.balance).await.unwrap();
        assert_eq!(balances, [50, 50]);
        let met = deadlocks(&db).await - before;
        eprintln!("{:?}: fifty tasks, {met} deadlocks, {:?}", scratch.kind, started.elapsed());
        db.close().await;
    });
}

#[test_on(all)]
fn b05_an_update_and_a_bulk_update_of_the_same_rows(kind: Kind) {
    on_scratch(kind, async |scratch| {
        const ROWS: i64 = 400;
        let db = scratch.connect().await;
        make(&db, ROWS).await;
        for in_order in [true, false] {
            let before = deadlocks(&db).await;
            for round in 0..rounds(15) {
                let one = tokio::spawn({
                    let db = db.clone();
                    async move {
                        let update = Account::objects(&db).update(|a| a.balance.increment(1));
                        if in_order { update.lock_in_order().await } else { update.await }
                    }
                });
                let other = tokio::spawn({
                    let db = db.clone();
                    async move {
                        let note = format!("round {round}");
                        let rows = (1..=ROWS).map(|id| Account { id, balance: 0, note: note.clone() });
                        Account::objects(&db).bulk_update(rows, |a| a.note).await
                    }
                });
                assert_eq!(one.await.unwrap().unwrap(), ROWS as u64, "round {round}");
                assert_eq!(other.await.unwrap().unwrap().matched, ROWS as u64, "round {round}");
            }
            if Kind::of(&db) == Kind::Postgres {
                // A connection's counts are reported at most a second later.
                tokio::time::sleep(Duration::from_millis(1_200)).await;
            }
            let met = deadlocks(&db).await - before;
            eprintln!("{:?}: in order: {in_order}, {} rounds, {met} deadlocks", scratch.kind, rounds(15));
            if in_order && Kind::of(&db) == Kind::Postgres {
                assert_eq!(met, 0);
            }
        }
        let balances: Vec<i64> = Account::objects(&db).values(|a| a.balance).await.unwrap();
        assert!(balances.iter().all(|balance| *balance == 2 * rounds(15)));
        db.close().await;
    });
}
