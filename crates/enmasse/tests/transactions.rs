//! Transactions, on every database.

mod common;

use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use common::{
    Kind, ids, insert, make_table, number, on_database, on_each_database, on_each_of, on_each_scratch,
    runtime,
};
use enmasse::{Database, Error, ErrorKind, Result, Transaction};
use futures_util::FutureExt;
use tokio::sync::Barrier;
use tokio::time::timeout;

fn refuse() -> Error {
    Error::new(ErrorKind::Request, "no")
}

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

#[test]
fn commits_on_ok_and_rolls_back_on_err() {
    on_each_database(async |db| {
        make_table(&db).await;
        let given = db.transaction(async |tx| insert(&tx, 1).await).await.unwrap();
        assert_eq!(given, 1);
        let refused = db
            .transaction(async |tx| {
                insert(&tx, 2).await?;
                Err::<(), _>(refuse())
            })
            .await;
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::Request);
        assert_eq!(ids(&db).await, [1]);
    });
}

#[test]
fn an_error_type_of_the_callers_own_comes_through() {
    #[derive(Debug)]
    enum Mine {
        Refused(u8),
        Database(ErrorKind),
    }
    impl From<Error> for Mine {
        fn from(error: Error) -> Self {
            Mine::Database(error.kind())
        }
    }
    on_each_database(async |db| {
        make_table(&db).await;
        let refused = db
            .transaction_with(async |tx| {
                insert(&tx, 1).await?;
                tx.transaction_with(async |_| Err::<(), _>(Mine::Refused(7))).await
            })
            .await;
        assert!(matches!(refused, Err(Mine::Refused(7))), "{refused:?}");
        let failed = db
            .transaction_with(async |tx| {
                insert(&tx, 1).await?;
                insert(&tx, 1).await?;
                Ok::<_, Mine>(())
            })
            .await;
        assert!(matches!(failed, Err(Mine::Database(ErrorKind::Integrity))), "{failed:?}");
        assert!(ids(&db).await.is_empty());
    });
}

#[test]
fn a_savepoint_is_undone_alone() {
    on_each_database(async |db| {
        make_table(&db).await;
        db.transaction(async |tx| {
            insert(&tx, 1).await?;
            tx.transaction(async |inner| {
                insert(&inner, 2).await?;
                inner.transaction(async |innermost| insert(&innermost, 3).await).await
            })
            .await?;
            let undone = tx
                .transaction(async |inner| {
                    insert(&inner, 4).await?;
                    inner.transaction(async |innermost| insert(&innermost, 5).await).await?;
                    Err::<(), _>(refuse())
                })
                .await;
            assert_eq!(undone.unwrap_err().kind(), ErrorKind::Request);
            // an error of the database does not reach further either
            let duplicate = tx.transaction(async |inner| insert(&inner, 1).await).await;
            assert_eq!(duplicate.unwrap_err().kind(), ErrorKind::Integrity);
            insert(&tx, 6).await
        })
        .await
        .unwrap();
        assert_eq!(ids(&db).await, [1, 2, 3, 6]);
    });
}

#[test]
fn the_outer_handle_works_in_the_savepoint_but_opens_no_second_one() {
    on_each_database(async |db| {
        make_table(&db).await;
        db.transaction(async |tx| {
            let undone = tx
                .transaction(async |_| {
                    insert(&tx, 1).await?;
                    let second = tx.transaction(async |_| Ok(())).await;
                    assert_eq!(second.unwrap_err().kind(), ErrorKind::Request);
                    Err::<(), _>(refuse())
                })
                .await;
            assert!(undone.is_err());
            // the first has ended
            tx.transaction(async |inner| insert(&inner, 2).await).await
        })
        .await
        .unwrap();
        assert_eq!(ids(&db).await, [2]);
    });
}

#[test]
fn on_commit_runs_in_order_after_the_outermost_commit() {
    on_each_database(async |db| {
        make_table(&db).await;
        let heard = Arc::new(Mutex::new(Vec::new()));
        let hear = |word: &'static str| {
            let heard = heard.clone();
            move || async move { heard.lock().unwrap().push(word) }
        };
        db.transaction(async |tx| {
            tx.on_commit(hear("first"));
            tx.transaction(async |inner| {
                inner.on_commit(hear("second"));
                Ok(())
            })
            .await?;
            let undone = tx
                .transaction(async |inner| {
                    inner.on_commit(hear("undone"));
                    Err::<(), _>(refuse())
                })
                .await;
            assert!(undone.is_err());
            tx.on_commit(hear("third"));
            assert!(heard.lock().unwrap().is_empty());
            Ok(())
        })
        .await
        .unwrap();
        assert_eq!(*heard.lock().unwrap(), ["first", "second", "third"]);

        let rolled_back = db
            .transaction(async |tx| {
                tx.on_commit(hear("rolled back"));
                Err::<(), _>(refuse())
            })
            .await;
        assert!(rolled_back.is_err());
        assert_eq!(heard.lock().unwrap().len(), 3);
    });
}

#[test]
fn on_commit_sees_what_was_committed() {
    on_each_database(async |db| {
        make_table(&db).await;
        let seen = Arc::new(Mutex::new(Vec::new()));
        db.transaction(async |tx| {
            insert(&tx, 1).await?;
            let (db, seen) = (tx.database().clone(), seen.clone());
            tx.on_commit(move || async move { *seen.lock().unwrap() = ids(&db).await });
            Ok(())
        })
        .await
        .unwrap();
        assert_eq!(*seen.lock().unwrap(), [1]);
    });
}

/// Runs a scenario on a database whose pool has one connection, so that one that is lost or dirty is found out.
fn on_each_single_connection<Fut: Future<Output = ()>>(scenario: impl Fn(Database) -> Fut) {
    on_each_scratch(&Kind::ALL, async |scratch| {
        let db = scratch.connect_with("pool_size=1").await;
        make_table(&db).await;
        scenario(db.clone()).await;
        db.close().await;
    });
}

#[test]
fn a_dropped_future_rolls_back() {
    on_each_single_connection(async |db| {
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

#[test]
fn a_future_dropped_in_a_statement_rolls_back() {
    on_each_single_connection(async |db| {
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

#[test]
fn a_dropped_statement_ends_its_savepoint_or_its_transaction() {
    on_each_single_connection(async |db| {
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

#[test]
fn a_dropped_savepoint_is_undone() {
    on_each_single_connection(async |db| {
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

#[test]
fn a_savepoint_dropped_last_is_not_committed() {
    on_each_single_connection(async |db| {
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

#[test]
fn a_panic_rolls_back() {
    on_each_single_connection(async |db| {
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

#[test]
fn a_handle_ends_with_its_transaction() {
    on_each_database(async |db| {
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

#[test]
fn a_clone_that_is_still_busy_does_not_outlive_the_transaction() {
    on_each_single_connection(async |db| {
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

#[test]
fn a_failed_statement_is_not_committed_over() {
    on_each_database(async |db| {
        make_table(&db).await;
        let result = db
            .transaction(async |tx| {
                insert(&tx, 1).await?;
                assert_eq!(insert(&tx, 1).await.unwrap_err().kind(), ErrorKind::Integrity);
                Ok(())
            })
            .await;
        if Kind::of(&db) == Kind::Postgres {
            // PostgreSQL would roll back at COMMIT, and not say so
            assert_eq!(result.unwrap_err().kind(), ErrorKind::Integrity);
            assert!(ids(&db).await.is_empty());
        } else {
            result.unwrap();
            assert_eq!(ids(&db).await, [1]);
        }
    });
}

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

#[test]
fn a_deadlock_is_retried() {
    on_each_of(&Kind::SERVERS, async |db| assert_eq!(deadlock(db, false).await, (3, 0)));
}

#[test]
fn a_deadlock_that_was_swallowed_is_retried_and_poisons_the_handle() {
    on_each_of(&Kind::SERVERS, async |db| assert_eq!(deadlock(db, true).await, (3, 1)));
}

#[test]
fn a_deadlock_in_a_savepoint_poisons_all_handles_on_mysql() {
    on_each_of(&Kind::MYSQL_FAMILY, async |db| {
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

#[test]
fn a_serialisation_failure_is_retried() {
    on_database(Kind::Postgres, async |db| {
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

#[test]
fn a_conflict_is_not_retried_for_ever() {
    on_each_database(async |db| {
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

#[test]
#[cfg(feature = "sqlite")]
fn a_busy_sqlite_database_is_waited_for() {
    on_each_scratch(&[Kind::Sqlite], async |scratch| {
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

#[test]
#[cfg(feature = "sqlite")]
fn sqlite_reads_beside_a_transaction() {
    on_database(Kind::Sqlite, async |db| {
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

#[test]
fn a_lost_connection_is_an_error_and_the_pool_recovers() {
    on_each_scratch(&Kind::SERVERS, async |scratch| {
        let kind = scratch.kind;
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

#[test]
fn futures_can_be_sent_to_other_threads() {
    on_each_database(async |db| {
        make_table(&db).await;
        let task = tokio::spawn({
            let db = db.clone();
            async move {
                db.transaction(|tx| async move {
                    insert(&tx, 1).await?;
                    tx.transaction(|inner| async move { insert(&inner, 2).await }).await
                })
                .await
            }
        });
        task.await.unwrap().unwrap();
        // Outside of a spawned task, the closures may borrow.
        let name = String::from("borrowed");
        let update = format!("UPDATE t SET name = '{name}'");
        assert_eq!(db.transaction(async |tx| tx.execute_raw(&update, []).await).await.unwrap(), 2);
        assert_eq!(ids(&db).await, [1, 2]);
    });
}
