//! What work that is dropped, and what a table that changes, leave behind.

use std::time::Duration;

use enmasse_core::Result;
use enmasse_core::value::DataType;
use enmasse_testing::{Kind, test_on};
use futures_util::future::BoxFuture;
use tokio::time::timeout;

use super::{ids, make_table, on_database, statement};
use crate::database::handle::Handle;

#[test_on(all)]
fn dropped_work_leaves_nothing_behind(kind: Kind) {
    on_database(kind, async |db| {
        make_table(&db).await;
        db.transaction(async |tx| {
            tx.execute_raw("INSERT INTO t (id, name) VALUES (1, '')", []).await?;
            let never = tx.executor();
            let never = never.atomic(|connection| -> BoxFuture<'_, Result<()>> {
                Box::pin(async move {
                    connection.script("INSERT INTO t (id, name) VALUES (2, '')").await?;
                    std::future::pending().await
                })
            });
            assert!(timeout(Duration::from_millis(100), never).await.is_err());
            tx.execute_raw("INSERT INTO t (id, name) VALUES (3, '')", []).await
        })
        .await
        .unwrap();
        assert_eq!(ids(&db).await, [1, 3]);
    });
}

#[test_on(all)]
fn a_statement_prepared_before_its_table_changed_still_runs(kind: Kind) {
    on_database(kind, async |db| {
        make_table(&db).await;
        let executor = db.executor();
        executor.script("INSERT INTO t (id, name) VALUES (1, '5')").await.unwrap();
        let all = statement(&executor, "SELECT * FROM t", []);
        let (two, three) =
            ([DataType::Integer, DataType::TEXT], [DataType::Integer, DataType::TEXT, DataType::TEXT]);
        assert_eq!(executor.query(&all, &two).await.unwrap().len(), 1);
        executor.script("ALTER TABLE t ADD COLUMN more varchar(5)").await.unwrap();
        assert_eq!(executor.query(&all, &three).await.unwrap()[0].len(), 3);
    });
}
