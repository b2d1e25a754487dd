//! Conflicts, which are retried, and connections that are lost.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use enmasse::{Database, ErrorKind};
use enmasse_testing::{Kind, ids, insert, make_table, number, on_database, on_scratch, runtime, test_on};
use tokio::sync::Barrier;

/// Two transactions that take two rows in opposite order, once.
async fn deadlock(db: Database, swallow: bool) -> (u32, u32) {
    make_table(&db).await;
    db.execute_raw("INSERT INTO t (id, name) VALUES (1, ''), (2, '')", []).await.unwrap();
    let barrier = Barrier::new(2);
    let tries = AtomicU32::new(0);
    let refused = AtomicU32::new(0);
    let (barrier, tries, refused) = (&barrier, &tries, &refused);
    let add = |first: i64, second: i64| {
        let db = db.clone();
        async move {
            let mine = AtomicU32::new(0);
            db.transaction(async |tx| {
                tries.fetch_add(1, Ordering::SeqCst);
                let sql = |id| format!("UPDATE t SET name = CONCAT(name, 'x') WHERE id = {id}");
                tx.execute_raw(&sql(first), []).await?;
                if mine.fetch_add(1, Ordering::SeqCst) == 0 {
                    barrier.wait().await;
                }
                match tx.execute_raw(&sql(second), []).await {
                    Err(error) if swallow => {
                        assert_eq!(error.kind(), ErrorKind::Conflict);
                        // nothing more runs: it would take effect outside of the transaction
                        let next = insert(&tx, 3).await;
                        assert_eq!(next.unwrap_err().kind(), ErrorKind::Conflict);
                        refused.fetch_add(1, Ordering::SeqCst);
                        Ok(())
                    }
                    result => result.map(|_| ()),
                }
            })
            .await
        }
    };
    let (one, other) = tokio::join!(add(1, 2), add(2, 1));
    one.unwrap();
    other.unwrap();
    let rows = db.query_raw("SELECT id FROM t WHERE name = 'xx' ORDER BY id", []).await.unwrap();
    assert_eq!(rows.iter().map(|row| number(row)).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(ids(&db).await, [1, 2]);
    (tries.load(Ordering::SeqCst), refused.load(Ordering::SeqCst))
}

#[test_on(servers)]
fn a_deadlock_is_retried(kind: Kind) {
    on_database(kind, async |db| assert_eq!(deadlock(db, false).await, (3, 0)));
}

#[test_on(servers)]
fn a_deadlock_that_was_swallowed_is_retried_and_poisons_the_handle(kind: Kind) {
    on_database(kind, async |db| assert_eq!(deadlock(db, true).await, (3, 1)));
}

#[test_on(mysql_family)]
fn a_deadlock_in_a_savepoint_poisons_all_handles_on_mysql(kind: Kind) {
    on_database(kind, async |db| {
        make_table(&db).await;
        db.execute_raw("INSERT INTO t (id, name) VALUES (1, ''), (2, '')", []).await.unwrap();
        let (barrier, tries) = (Barrier::new(2), AtomicU32::new(0));
        let add = |first: i64, second: i64| {
            let (db, barrier, tries) = (&db, &barrier, &tries);
            async move {
                let waited = AtomicU32::new(0);
                db.transaction(async |tx| {
                    tries.fetch_add(1, Ordering::SeqCst);
                    let sql = |id| format!("UPDATE t SET name = CONCAT(name, 'x') WHERE id = {id}");
                    tx.execute_raw(&sql(first), []).await?;
                    if waited.fetch_add(1, Ordering::SeqCst) == 0 {
                        barrier.wait().await;
                    }
                    let inner = tx.transaction(async |inner| inner.execute_raw(&sql(second), []).await).await;
                    if inner.is_err() {
                        assert_eq!(insert(&tx, 3).await.unwrap_err().kind(), ErrorKind::Conflict);
                        let again = tx.transaction(async |inner| insert(&inner, 4).await).await;
                        assert_eq!(again.unwrap_err().kind(), ErrorKind::Conflict);
                    }
                    Ok(())
                })
                .await
            }
        };
        let (one, other) = tokio::join!(add(1, 2), add(2, 1));
        one.unwrap();
        other.unwrap();
        assert_eq!(tries.load(Ordering::SeqCst), 3);
        assert_eq!(ids(&db).await, [1, 2]);
    });
}

#[test_on(postgres)]
fn a_serialisation_failure_is_retried(kind: Kind) {
    on_database(kind, async |db| {
        make_table(&db).await;
        db.execute_raw("INSERT INTO t (id, name) VALUES (1, '')", []).await.unwrap();
        let tries = AtomicU32::new(0);
        db.transaction(async |tx| {
            tx.execute_raw("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", []).await?;
            tx.query_raw("SELECT name FROM t", []).await?;
            if tries.fetch_add(1, Ordering::SeqCst) == 0 {
                db.execute_raw("UPDATE t SET name = name || 'a'", []).await?;
            }
            tx.execute_raw("UPDATE t SET name = name || 'b'", []).await
        })
        .await
        .unwrap();
        assert_eq!(tries.load(Ordering::SeqCst), 2);
        let rows = db.query_raw("SELECT 1::int4 FROM t WHERE name = 'ab'", []).await.unwrap();
        assert_eq!(rows.len(), 1);
    });
}

#[test_on(all)]
fn a_conflict_is_not_retried_for_ever(kind: Kind) {
    on_database(kind, async |db| {
        let db = db.with_retries(7);
        let tries = AtomicU32::new(0);
        let error = match Kind::of(&db) {
            Kind::Postgres => {
                db.transaction(async |tx| {
                    tries.fetch_add(1, Ordering::SeqCst);
                    let raise = "DO $$ BEGIN RAISE EXCEPTION 'never' USING ERRCODE = '40001'; END $$";
                    tx.execute_raw(raise, []).await
                })
                .await
            }
            Kind::MariaDb | Kind::Mysql => {
                db.transaction(async |tx| {
                    tries.fetch_add(1, Ordering::SeqCst);
                    let raise = "SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213, MESSAGE_TEXT = 'never'";
                    tx.execute_raw(raise, []).await
                })
                .await
            }
            Kind::Sqlite => return,
        };
        let error = error.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict);
        assert!(error.to_string().contains("never"), "{error}");
        assert_eq!(tries.load(Ordering::SeqCst), 8);
    });
}

#[test_on(sqlite)]
#[cfg(feature = "sqlite")]
fn a_busy_sqlite_database_is_waited_for(kind: Kind) {
    on_scratch(kind, async |scratch| {
        let db = scratch.connect_with("busy_timeout=20").await;
        make_table(&db).await;
        let file = scratch.url.strip_prefix("sqlite://").unwrap().to_owned();
        let (locked, wait) = tokio::sync::oneshot::channel();
        let other = std::thread::spawn(move || {
            let other = rusqlite::Connection::open(file).unwrap();
            other.execute_batch("BEGIN IMMEDIATE; INSERT INTO t (id, name) VALUES (1, '')").unwrap();
            locked.send(()).unwrap();
            std::thread::sleep(Duration::from_millis(100));
            other.execute_batch("COMMIT").unwrap();
        });
        wait.await.unwrap();
        db.transaction(async |tx| insert(&tx, 2).await).await.unwrap();
        other.join().unwrap();
        assert_eq!(ids(&db).await, [1, 2]);
    });
}

#[test_on(sqlite)]
#[cfg(feature = "sqlite")]
fn sqlite_reads_beside_a_transaction(kind: Kind) {
    on_database(kind, async |db| {
        make_table(&db).await;
        db.transaction(async |tx| {
            insert(&tx, 1).await?;
            // another connection reads, and what is not committed is not there for it
            assert!(ids(&db).await.is_empty());
            Ok(())
        })
        .await
        .unwrap();
        assert_eq!(ids(&db).await, [1]);
    });
}

#[test]
#[cfg(feature = "sqlite")]
fn the_wrong_handle_in_a_sqlite_transaction_says_so() {
    runtime().block_on(async {
        let db = Database::connect("sqlite::memory:?busy_timeout=20").await.unwrap();
        make_table(&db).await;
        let wrong = db.transaction(async |_| db.query_raw("SELECT id FROM t", []).await).await;
        let error = wrong.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict);
        assert!(error.to_string().contains("use its handle"), "{error}");
        assert!(ids(&db).await.is_empty());
    });
}

#[test_on(servers)]
fn a_lost_connection_is_an_error_and_the_pool_recovers(kind: Kind) {
    on_scratch(kind, async |scratch| {
        let killer = scratch.connect().await;
        make_table(&killer).await;
        let db = scratch.connect_with("pool_size=1").await;
        let (number_of, kill) = match kind {
            Kind::Postgres => ("SELECT pg_backend_pid()", "SELECT pg_terminate_backend"),
            _ => ("SELECT CONNECTION_ID()", "KILL "),
        };
        let tries = AtomicU32::new(0);
        let lost = db
            .transaction(async |tx| {
                tries.fetch_add(1, Ordering::SeqCst);
                insert(&tx, 1).await?;
                let id = number(&tx.query_raw(number_of, []).await?[0]);
                killer.execute_raw(&format!("{kill}({id})"), []).await?;
                tokio::time::sleep(Duration::from_millis(100)).await;
                assert_eq!(insert(&tx, 2).await.unwrap_err().kind(), ErrorKind::Connection);
                insert(&tx, 3).await
            })
            .await;
        assert_eq!(lost.unwrap_err().kind(), ErrorKind::Connection, "{kind:?}");
        assert_eq!(tries.load(Ordering::SeqCst), 1);
        db.transaction(async |tx| insert(&tx, 4).await).await.unwrap();
        assert_eq!(ids(&db).await, [4]);
        db.close().await;
    });
}
