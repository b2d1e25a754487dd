//! Rows that are read one by one.

use std::time::Duration;

use enmasse_core::sql::Statement;
use enmasse_core::value::{DataType, Value};
use enmasse_core::{ErrorKind, Result};
use enmasse_testing::{Kind, on_scratch, runtime, test_on, with_parameter};
use futures_util::StreamExt;
use tokio::time::timeout;

use super::{connect, number, on_database, one_number, statement};
use crate::Database;
use crate::database::handle::{Executor, Handle};

/// As many rows as there are, from a table of ten.
async fn many(executor: &Executor) -> Statement {
    executor.script("CREATE TABLE d (n integer)").await.unwrap();
    executor.script("INSERT INTO d VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)").await.unwrap();
    let sql = "SELECT a.n + 10 * b.n + 100 * c.n + 1000 * d.n + 10000 * e.n + 100000 * f.n FROM d a, d b, d c, d d, d e, d f \
               WHERE f.n < 2";
    statement(executor, sql, [])
}

#[test_on(all)]
fn streams_many_rows(kind: Kind) {
    on_database(kind, async |db| {
        let executor = db.executor();
        let many = many(&executor).await;
        let mut stream = Box::pin(executor.stream(many, vec![DataType::BigInt]));
        let (mut count, mut sum) = (0, 0);
        while let Some(row) = stream.next().await {
            sum += one_number(&row.unwrap());
            count += 1;
        }
        assert_eq!((count, sum), (200_000, 199_999 * 100_000));
    });
}

#[test_on(all)]
fn a_stream_that_is_dropped_gives_its_connection_back(kind: Kind) {
    on_scratch(kind, async |scratch| {
        let db = connect(&with_parameter(&scratch.url, "pool_size=1")).await;
        let executor = db.executor();
        let many = many(&executor).await;
        for _ in 0..3 {
            let stream = executor.stream(many.clone(), vec![DataType::BigInt]);
            let some: Vec<_> = stream.take(10).collect().await;
            assert!(some.len() == 10 && some.iter().all(Result::is_ok));
        }
        drop(executor.stream(many.clone(), vec![DataType::BigInt]));
        let one = statement(&executor, "SELECT n FROM d WHERE n = ?", [number(7)]);
        let found = timeout(Duration::from_secs(5), executor.query(&one, &[DataType::Integer])).await;
        assert_eq!(found.unwrap().unwrap(), [[Value::Int(7)]]);
        let wrong = statement(&executor, "SELECT nothing FROM d", []);
        let failed: Vec<_> = executor.stream(wrong, vec![DataType::Integer]).collect().await;
        assert!(matches!(&failed[..], [Err(error)] if error.kind() == ErrorKind::Database), "{failed:?}");
        db.close().await;
    });
}

#[test_on(all)]
fn a_transaction_waits_for_no_stream_of_its_own(kind: Kind) {
    on_database(kind, async |db| {
        let executor = db.executor();
        let many = &many(&executor).await;
        db.transaction(async |tx| {
            let executor = tx.executor();
            let mut stream = Box::pin(executor.stream(many.clone(), vec![DataType::BigInt]));
            stream.next().await.unwrap()?;
            let refused = tx.execute_raw("DELETE FROM d WHERE n = 9", []).await;
            assert_eq!(refused.unwrap_err().kind(), ErrorKind::Request);
            let second: Vec<_> = executor.stream(many.clone(), vec![DataType::BigInt]).collect().await;
            assert!(matches!(&second[..], [Err(error)] if error.kind() == ErrorKind::Request));
            drop(stream);
            assert_eq!(tx.execute_raw("DELETE FROM d WHERE n = 9", []).await?, 1);
            // read to its end, it keeps nobody out, though it is still there
            let few = statement(&executor, "SELECT n FROM d WHERE n < ?", [number(3)]);
            let mut stream = Box::pin(executor.stream(few, vec![DataType::BigInt]));
            let mut count = 0;
            while let Some(row) = stream.next().await {
                row?;
                count += 1;
            }
            assert_eq!(count, 3);
            tx.execute_raw("DELETE FROM d WHERE n = 8", []).await
        })
        .await
        .unwrap();
    });
}

#[test_on(sqlite)]
fn a_stream_of_a_database_with_one_connection_keeps_nobody_out(_: Kind) {
    runtime().block_on(async {
        let db = Database::connect("sqlite::memory:?busy_timeout=50").await.unwrap();
        let executor = db.executor();
        let many = many(&executor).await;
        let mut stream = Box::pin(executor.stream(many, vec![DataType::BigInt]));
        stream.next().await.unwrap().unwrap();
        assert_eq!(db.execute_raw("DELETE FROM d WHERE n = 9", []).await.unwrap(), 1);
        assert_eq!(stream.count().await, 199_999);
    });
}
