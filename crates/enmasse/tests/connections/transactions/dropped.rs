//! Transactions whose future is dropped, or panics, and handles that outlive them.

use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use enmasse::{Database, ErrorKind, Result, Transaction};
use enmasse_testing::{Kind, ids, insert, make_table, on_database, on_scratch, test_on};
use futures_util::FutureExt;
use tokio::time::timeout;

/// A statement that takes ten seconds.
fn slow(db: &Database) -> &'static str {
    match Kind::of(db) {
        Kind::Postgres => "SELECT pg_sleep(10)",
        Kind::MariaDb | Kind::Mysql => "SELECT SLEEP(10)",
        Kind::Sqlite => {
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000000) SELECT max(i) FROM n"
        }
    }
}

/// Runs a scenario on a database whose pool has one connection, so that one that is lost or dirty is found out.
fn on_single_connection(kind: Kind, scenario: impl AsyncFnOnce(Database)) {
    on_scratch(kind, async |scratch| {
        let db = scratch.connect_with("pool_size=1").await;
        make_table(&db).await;
        scenario(db.clone()).await;
        db.close().await;
    });
}

#[test_on(all)]
fn a_dropped_future_rolls_back(kind: Kind) {
    on_single_connection(kind, async |db| {
        let never = db.transaction(async |tx| {
            insert(&tx, 1).await?;
            tx.transaction(async |inner| insert(&inner, 2).await).await?;
            std::future::pending::<Result<()>>().await
        });
        assert!(timeout(Duration::from_millis(200), never).await.is_err());
        assert!(ids(&db).await.is_empty());
        db.transaction(async |tx| insert(&tx, 3).await).await.unwrap();
        assert_eq!(ids(&db).await, [3]);
    });
}

#[test_on(all)]
fn a_future_dropped_in_a_statement_rolls_back(kind: Kind) {
    on_single_connection(kind, async |db| {
        let slow = slow(&db);
        let started = Instant::now();
        let never = db.transaction(async |tx| {
            insert(&tx, 1).await?;
            tx.query_raw(slow, []).await
        });
        assert!(timeout(Duration::from_millis(300), never).await.is_err());
        assert!(ids(&db).await.is_empty());
        db.transaction(async |tx| insert(&tx, 2).await).await.unwrap();
        assert_eq!(ids(&db).await, [2]);
        assert!(started.elapsed() < Duration::from_secs(5), "waited {:?}", started.elapsed());
    });
}

#[test_on(all)]
fn a_dropped_statement_ends_its_savepoint_or_its_transaction(kind: Kind) {
    on_single_connection(kind, async |db| {
        let slow = slow(&db);
        let started = Instant::now();
        let result = db
            .transaction(async |tx| {
                insert(&tx, 1).await?;
                assert!(timeout(Duration::from_millis(300), tx.query_raw(slow, [])).await.is_err());
                // what it did is not known
                assert!(insert(&tx, 2).await.is_err());
                Ok(())
            })
            .await;
        assert!(result.is_err());
        assert!(ids(&db).await.is_empty());
        db.execute_raw("DROP TABLE t", []).await.unwrap(); // the server too has let go of it
        assert!(started.elapsed() < Duration::from_secs(5), "waited {:?}", started.elapsed());
    });
}

#[test_on(all)]
fn a_dropped_savepoint_is_undone(kind: Kind) {
    on_single_connection(kind, async |db| {
        db.transaction(async |tx| {
            insert(&tx, 1).await?;
            let heard = Arc::new(AtomicU32::new(0));
            let never = tx.transaction(async |inner| {
                insert(&inner, 2).await?;
                let heard = heard.clone();
                inner.on_commit(move || async move { _ = heard.fetch_add(1, Ordering::SeqCst) });
                inner
                    .transaction(async |innermost| {
                        insert(&innermost, 3).await?;
                        std::future::pending::<Result<()>>().await
                    })
                    .await
            });
            assert!(timeout(Duration::from_millis(200), never).await.is_err());
            insert(&tx, 4).await?;
            tx.on_commit(move || async move { assert_eq!(heard.load(Ordering::SeqCst), 0) });
            Ok(())
        })
        .await
        .unwrap();
        assert_eq!(ids(&db).await, [1, 4]);
    });
}

#[test_on(all)]
fn a_savepoint_dropped_last_is_not_committed(kind: Kind) {
    on_single_connection(kind, async |db| {
        db.transaction(async |tx| {
            insert(&tx, 1).await?;
            let never = tx.transaction(async |inner| {
                insert(&inner, 2).await?;
                std::future::pending::<Result<()>>().await
            });
            assert!(timeout(Duration::from_millis(200), never).await.is_err());
            Ok(())
        })
        .await
        .unwrap();
        assert_eq!(ids(&db).await, [1]);
    });
}

#[test_on(all)]
fn a_panic_rolls_back(kind: Kind) {
    on_single_connection(kind, async |db| {
        let panics = AssertUnwindSafe(db.transaction(async |tx| {
            insert(&tx, 1).await?;
            if tx.database().name().is_empty() {
                return Ok(());
            }
            panic!("this panic is part of the test");
        }));
        assert!(panics.catch_unwind().await.is_err());
        assert!(ids(&db).await.is_empty());
        db.transaction(async |tx| {
            insert(&tx, 1).await?;
            let panics = AssertUnwindSafe(tx.transaction(async |inner| {
                insert(&inner, 2).await?;
                if inner.database().name().is_empty() {
                    return Ok(());
                }
                panic!("this panic is part of the test");
            }));
            assert!(panics.catch_unwind().await.is_err());
            insert(&tx, 3).await
        })
        .await
        .unwrap();
        assert_eq!(ids(&db).await, [1, 3]);
    });
}

#[test_on(all)]
fn a_handle_ends_with_its_transaction(kind: Kind) {
    on_database(kind, async |db| {
        make_table(&db).await;
        let kept: Mutex<Vec<Transaction>> = Mutex::default();
        db.transaction(async |tx| {
            kept.lock().unwrap().push(tx.clone());
            tx.transaction(async |inner| {
                kept.lock().unwrap().push(inner.clone());
                Ok(())
            })
            .await?;
            let inner = kept.lock().unwrap()[1].clone();
            assert_eq!(insert(&inner, 1).await.unwrap_err().kind(), ErrorKind::TransactionEnded);
            insert(&tx, 2).await
        })
        .await
        .unwrap();
        for handle in kept.into_inner().unwrap() {
            assert_eq!(insert(&handle, 3).await.unwrap_err().kind(), ErrorKind::TransactionEnded);
            let savepoint = handle.transaction(async |_| Ok(())).await;
            assert_eq!(savepoint.unwrap_err().kind(), ErrorKind::TransactionEnded);
        }
        assert_eq!(ids(&db).await, [2]);
    });
}

#[test_on(all)]
fn a_clone_that_is_still_busy_does_not_outlive_the_transaction(kind: Kind) {
    on_single_connection(kind, async |db| {
        let slow = slow(&db);
        let busy: Mutex<Option<tokio::task::JoinHandle<Result<u64>>>> = Mutex::default();
        let never = db.transaction(async |tx| {
            insert(&tx, 1).await?;
            let clone = tx.clone();
            *busy.lock().unwrap() = Some(tokio::spawn(async move {
                _ = timeout(Duration::from_millis(400), clone.query_raw(slow, [])).await;
                insert(&clone, 2).await
            }));
            std::future::pending::<Result<()>>().await
        });
        assert!(timeout(Duration::from_millis(200), never).await.is_err());
        let busy = busy.into_inner().unwrap().unwrap();
        assert_eq!(busy.await.unwrap().unwrap_err().kind(), ErrorKind::TransactionEnded);
        assert!(ids(&db).await.is_empty());
    });
}
