//! The rows of a batch, in each way in which a database takes them.

use enmasse_core::encode::Chunk;
use enmasse_core::plan::EachRow;
use enmasse_core::sql::{Bind, RowStatement, Statement};
use enmasse_core::value::{DataType, Value};
use enmasse_core::{ErrorKind, Result};
use enmasse_testing::{Kind, test_on};
use std::sync::Arc;

use super::given::{Given, Way, as_work, numbered, write_only};
use super::{ids, make_table, on_database, statement};
use crate::backend::{Chunks, Connection, Row};
use crate::database::handle::{Executor, Handle};

/// Names the rows of `t` whose numbers are given, and says how many there were.
async fn name_rows(connection: &mut dyn Connection, way: Way, mut rows: Given) -> Result<u64> {
    let plain = |sql: &str| Statement { sql: sql.to_owned(), params: Vec::new() };
    let write = RowStatement {
        sql: "UPDATE t SET name = ? WHERE id = ?".to_owned(),
        binds: vec![Bind::Cell(1), Bind::Cell(0)],
    };
    match way {
        Way::Rows => {
            let write = write_only(write, false);
            let written = connection.write_rows(&write, &mut rows).await?;
            assert_eq!((written.changed, written.missing.len()), (written.matched, 997));
            assert_eq!(written.missing[2][..1], [Value::Int(4)]);
            Ok(written.matched)
        }
        Way::Bulk => {
            let mut matched = 0;
            while let Some((Chunk::Rows(rows), _)) = rows.next().await? {
                matched += connection.execute_bulk(&write, rows).await?;
            }
            Ok(matched)
        }
        Way::Copy | Way::Load => {
            connection.script("CREATE TEMPORARY TABLE s (id integer, name text)").await?;
            let staged = connection.load(&way.load("s"), &mut rows).await;
            let update = match way {
                Way::Copy => "UPDATE t SET name = s.name FROM s WHERE t.id = s.id",
                _ => "UPDATE t JOIN s ON t.id = s.id SET t.name = s.name",
            };
            let done = match &staged {
                Ok(()) => connection.execute(&plain(update)).await.map(|done| done.rows),
                Err(_) => Ok(0),
            };
            // MariaDB's outlives what is rolled back; PostgreSQL runs nothing more after an error
            match way {
                Way::Load => connection.script("DROP TEMPORARY TABLE s").await?,
                _ if staged.is_ok() => connection.script("DROP TABLE s").await?,
                _ => {}
            }
            staged.and(done)
        }
    }
}

/// [`name_rows`] in a transaction or a savepoint.
fn run_each(executor: &Executor, way: Way, refused: i64) -> impl Future<Output = Result<u64>> {
    let executor = executor.clone();
    async move {
        let dialect = executor.dialect();
        let work = as_work(move |connection| {
            Box::pin(name_rows(connection, way, numbered(&dialect, way.form(), 1000, refused)))
        });
        executor.atomic(work).await
    }
}

#[test_on(all)]
fn takes_the_rows_of_a_batch(kind: Kind) {
    on_database(kind, async |db| {
        make_table(&db).await;
        let executor = db.executor();
        executor.script("INSERT INTO t (id, name) VALUES (3, ''), (500, ''), (1000, '')").await.unwrap();
        let names = async || {
            let named = statement(&executor, "SELECT name FROM t ORDER BY id", []);
            let names = executor.query(&named, &[DataType::TEXT]).await.unwrap();
            names.concat().iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
        };
        for way in Way::of(&db) {
            executor.script("UPDATE t SET name = ''").await.unwrap();
            assert_eq!(run_each(&executor, way, 0).await.unwrap(), 3, "{way:?}");
            assert_eq!(names().await, "'n3' 'n500' 'n1000'", "{way:?}");

            // an error in the rows ends it, and nothing stays
            executor.script("UPDATE t SET name = ''").await.unwrap();
            let error = run_each(&executor, way, 700).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Value, "{way:?}");
            assert_eq!(names().await, "'' '' ''", "{way:?}");

            // in the caller's transaction only the savepoint is lost
            db.transaction(async |tx| {
                tx.execute_raw("UPDATE t SET name = 'kept' WHERE id = 500", []).await?;
                assert!(run_each(&tx.executor(), way, 700).await.is_err());
                run_each(&tx.executor(), way, 0).await?;
                assert!(run_each(&tx.executor(), way, 900).await.is_err());
                tx.execute_raw("UPDATE t SET name = 'kept' WHERE id = 3", []).await
            })
            .await
            .unwrap();
            assert_eq!(names().await, "'kept' 'n500' 'n1000'", "{way:?}");
        }
    });
}

/// Inserts rows of these numbers into `t`.
pub async fn insert_rows(
    connection: &mut dyn Connection,
    way: Way,
    mut rows: Given,
    returned: Vec<DataType>,
) -> Result<Vec<Row>> {
    let insert = "INSERT INTO t (name, id) VALUES (?, ?)";
    match way {
        Way::Rows => {
            let returning = if returned.is_empty() { "" } else { " RETURNING id, name" };
            let sql = format!("{insert}{returning}");
            let write = RowStatement { sql, binds: vec![Bind::Cell(1), Bind::Cell(0)] };
            let write = EachRow { returned, missing: false, ..EachRow::plain(write) };
            Ok(connection.write_rows(&Arc::new(write), &mut rows).await?.returned)
        }
        Way::Bulk => {
            let insert = RowStatement { sql: insert.to_owned(), binds: vec![Bind::Cell(1), Bind::Cell(0)] };
            while let Some((Chunk::Rows(rows), _)) = rows.next().await? {
                connection.execute_bulk(&insert, rows).await?;
            }
            Ok(Vec::new())
        }
        Way::Copy | Way::Load => connection.load(&way.load("t"), &mut rows).await.map(|()| Vec::new()),
    }
}

#[test_on(all)]
fn a_row_that_the_database_refuses_undoes_all(kind: Kind) {
    on_database(kind, async |db| {
        make_table(&db).await;
        let executor = db.executor();
        for way in Way::of(&db) {
            executor.script("DELETE FROM t").await.unwrap();
            executor.script("INSERT INTO t (id, name) VALUES (700, '')").await.unwrap();
            let dialect = executor.dialect();
            let work = as_work(move |connection| {
                let rows = numbered(&dialect, way.form(), 1000, 0);
                Box::pin(insert_rows(connection, way, rows, Vec::new()))
            });
            // what LOAD DATA would do about it in silence is an error of our own
            let kind = if matches!(way, Way::Load) { ErrorKind::Database } else { ErrorKind::Integrity };
            assert_eq!(executor.atomic(&work).await.unwrap_err().kind(), kind, "{way:?}");
            assert_eq!(ids(&db).await, [700], "{way:?}");
            db.transaction(async |tx| {
                assert_eq!(tx.executor().atomic(&work).await.unwrap_err().kind(), kind, "{way:?}");
                tx.execute_raw("DELETE FROM t", []).await?;
                tx.executor().atomic(&work).await
            })
            .await
            .unwrap();
            assert_eq!(ids(&db).await.len(), 1000, "{way:?}");
        }
    });
}

#[test_on(all)]
fn a_step_that_a_database_has_not_is_an_error(kind: Kind) {
    on_database(kind, async |db| {
        make_table(&db).await;
        let executor = db.executor();
        for way in [Way::Rows, Way::Copy, Way::Bulk] {
            if Way::of(&db).iter().any(|own| own.form() == way.form() || own.is_staged() && way.is_staged()) {
                continue;
            }
            let dialect = executor.dialect();
            let work = as_work(move |connection| {
                let rows = numbered(&dialect, way.form(), 3, 0);
                Box::pin(insert_rows(connection, way, rows, Vec::new()))
            });
            assert_eq!(executor.atomic(work).await.unwrap_err().kind(), ErrorKind::NotSupported, "{way:?}");
        }
        assert!(ids(&db).await.is_empty());
    });
}
