//! What is committed, and what is undone.

use std::sync::{Arc, Mutex};

use enmasse::{Error, ErrorKind};
use enmasse_testing::{Kind, ids, insert, make_table, on_database, test_on};

fn refuse() -> Error {
    Error::new(ErrorKind::Request, "no")
}

#[test_on(all)]
fn commits_on_ok_and_rolls_back_on_err(kind: Kind) {
    on_database(kind, async |db| {
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

#[test_on(all)]
fn an_error_type_of_the_callers_own_comes_through(kind: Kind) {
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
    on_database(kind, async |db| {
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

#[test_on(all)]
fn a_savepoint_is_undone_alone(kind: Kind) {
    on_database(kind, async |db| {
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

#[test_on(all)]
fn the_outer_handle_works_in_the_savepoint_but_opens_no_second_one(kind: Kind) {
    on_database(kind, async |db| {
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

#[test_on(all)]
fn on_commit_runs_in_order_after_the_outermost_commit(kind: Kind) {
    on_database(kind, async |db| {
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

#[test_on(all)]
fn on_commit_sees_what_was_committed(kind: Kind) {
    on_database(kind, async |db| {
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

#[test_on(all)]
fn a_failed_statement_is_not_committed_over(kind: Kind) {
    on_database(kind, async |db| {
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

#[test_on(all)]
fn futures_can_be_sent_to_other_threads(kind: Kind) {
    on_database(kind, async |db| {
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
