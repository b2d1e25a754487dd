//! Connections, pools and transactions, on every database.

mod common;

use std::sync::{Arc, Mutex};

use common::{Kind, on_each_database};
use enmasse::{Database, Error, ErrorKind, Result, Transaction, Value};

/// A table `t` of numbers and names.
async fn make_table(db: &Database) {
    let engine = if Kind::of(db) == Kind::Mysql { " ENGINE=InnoDB" } else { "" };
    let sql = format!("CREATE TABLE t (id integer PRIMARY KEY, name varchar(200)){engine}");
    db.execute_raw(&sql, []).await.unwrap();
}

async fn insert(tx: &Transaction, id: i64) -> Result<u64> {
    tx.execute_raw(&format!("INSERT INTO t (id, name) VALUES ({id}, 'x')"), []).await
}

/// The numbers in the table.
async fn ids(db: &Database) -> Vec<i64> {
    let rows = db.query_raw("SELECT id FROM t ORDER BY id", []).await.unwrap();
    rows.into_iter()
        .map(|row| match row[..] {
            [Value::Int(id)] => id,
            _ => panic!("not a row of one number: {row:?}"),
        })
        .collect()
}

fn refuse() -> Error {
    Error::new(ErrorKind::Request, "no")
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
            let _ = tx
                .transaction(async |inner| {
                    inner.on_commit(hear("undone"));
                    Err::<(), _>(refuse())
                })
                .await;
            tx.on_commit(hear("third"));
            assert!(heard.lock().unwrap().is_empty());
            Ok(())
        })
        .await
        .unwrap();
        assert_eq!(*heard.lock().unwrap(), ["first", "second", "third"]);

        let _ = db
            .transaction(async |tx| {
                tx.on_commit(hear("rolled back"));
                Err::<(), _>(refuse())
            })
            .await;
        assert_eq!(heard.lock().unwrap().len(), 3);
    });
}
