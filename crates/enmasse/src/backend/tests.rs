//! What the rest of the crate asks of a connection, on every database.

#[path = "../../tests/common/mod.rs"]
mod common;

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use enmasse_core::plan::Rows;
use enmasse_core::sql::{Param, Statement};
use enmasse_core::value::{DataType, Value};
use enmasse_core::{Error, ErrorKind, Result};
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use tokio::time::timeout;
use tracing::instrument::WithSubscriber;

use self::common::{Kind, ids, make_table, on_database, on_each_database, on_each_scratch, runtime};
use super::{Connection, Row};
use crate::Database;
use crate::handle::{Executor, Handle};

/// A statement whose question marks become the dialect's placeholders.
fn statement(
    executor: &Executor,
    sql: &str,
    params: impl IntoIterator<Item = (Value, DataType)>,
) -> Statement {
    let dialect = executor.dialect();
    let params: Vec<Param> = params
        .into_iter()
        .map(|(value, data_type)| Param { value: dialect.store(&value, &data_type).unwrap(), data_type })
        .collect();
    let mut parts = sql.split('?');
    let mut text = parts.next().unwrap().to_owned();
    for (position, part) in parts.enumerate() {
        text.push_str(&dialect.placeholder(position + 1));
        text.push_str(part);
    }
    Statement { sql: text, params }
}

fn number(value: i64) -> (Value, DataType) {
    (value.into(), DataType::Integer)
}

fn samples() -> Vec<(DataType, Value)> {
    let day = chrono::NaiveDate::from_ymd_opt(2024, 2, 29).unwrap();
    let moment = day.and_hms_micro_opt(23, 59, 59, 999_999).unwrap();
    vec![
        (DataType::Bool, true.into()),
        (DataType::SmallInt, i16::MIN.into()),
        (DataType::Integer, i32::MAX.into()),
        (DataType::BigInt, i64::MIN.into()),
        (DataType::Real, 0.1_f32.into()),
        (DataType::Double, f64::MAX.into()),
        (DataType::TEXT, "é☃😀'".into()),
        (DataType::Text { max_length: Some(5) }, "abc".into()),
        (DataType::Bytes, vec![0_u8, 255, 39].into()),
        (DataType::DateTime, moment.and_utc().into()),
        (DataType::NaiveDateTime, moment.into()),
        (DataType::Date, day.into()),
        (DataType::Time, moment.time().into()),
        (DataType::Duration, chrono::TimeDelta::microseconds(-86_400_000_001).into()),
        (DataType::DECIMAL, "-12345.678".parse::<rust_decimal::Decimal>().unwrap().into()),
        (DataType::Uuid, uuid::Uuid::from_u128(7).into()),
        (DataType::Json, serde_json::json!({"a": [1, null]}).into()),
        (DataType::Json, serde_json::Value::Null.into()),
    ]
}

#[test]
fn parameters_of_every_type_are_bound_and_read() {
    on_each_database(async |db| {
        let executor = db.executor();
        for (data_type, value) in samples() {
            let column = executor.dialect().column_type(&data_type).unwrap();
            executor.script(&format!("CREATE TABLE v (id integer, v {column})")).await.unwrap();
            for (id, value) in [(1, value.clone()), (2, Value::Null)] {
                let params = [number(id), (value, data_type.clone())];
                let insert = statement(&executor, "INSERT INTO v (id, v) VALUES (?, ?)", params);
                assert_eq!(executor.execute(&insert).await.unwrap().rows, 1, "{data_type:?}");
            }
            let all = statement(&executor, "SELECT v FROM v ORDER BY id", []);
            let rows = executor.query(&all, std::slice::from_ref(&data_type)).await.unwrap();
            assert_eq!(rows, [[value.clone()], [Value::Null]], "{data_type:?}");
            if data_type != DataType::Real && data_type != DataType::Json {
                let params = [(value, data_type.clone())];
                let one = statement(&executor, "SELECT id FROM v WHERE v = ?", params);
                let rows = executor.query(&one, &[DataType::Integer]).await.unwrap();
                assert_eq!(rows, [[Value::Int(1)]], "{data_type:?}");
            }
            executor.script("DROP TABLE v").await.unwrap();
        }
    });
}

#[test]
fn postgres_takes_arrays_of_every_type() {
    on_database(Kind::Postgres, async |db| {
        let executor = db.executor();
        for (data_type, value) in samples() {
            let array = DataType::Array(Box::new(data_type));
            for value in [Value::Array(vec![value, Value::Null]), Value::Array(Vec::new()), Value::Null] {
                let select = statement(&executor, "SELECT ?", [(value.clone(), array.clone())]);
                let rows = executor.query(&select, std::slice::from_ref(&array)).await.unwrap();
                assert_eq!(rows, [[value]], "{array:?}");
            }
        }
    });
}

#[test]
fn postgres_takes_text_for_columns_of_every_text_type() {
    on_database(Kind::Postgres, async |db| {
        let executor = db.executor();
        let has_citext = executor.script("CREATE EXTENSION citext").await.is_ok();
        for column in ["text", "varchar(5)", "char(3)", "name", "citext"] {
            if column == "citext" && !has_citext {
                eprintln!("NOT TESTED: the server has no citext");
                continue;
            }
            executor.script(&format!("CREATE TABLE v (id integer, v {column})")).await.unwrap();
            for value in [Value::from("abc"), Value::Null] {
                let params = [number(1), (value, DataType::TEXT)];
                let insert = statement(&executor, "INSERT INTO v (id, v) VALUES (?, ?)", params);
                assert_eq!(executor.execute(&insert).await.unwrap().rows, 1, "{column}");
            }
            let params = [("abc".into(), DataType::TEXT)];
            let one = statement(&executor, "SELECT v FROM v WHERE v = ?", params);
            assert_eq!(executor.query(&one, &[DataType::TEXT]).await.unwrap(), [["abc".into()]], "{column}");
            executor.script("DROP TABLE v").await.unwrap();
        }
    });
}

/// As many rows as there are, from a table of ten.
async fn many(executor: &Executor) -> Statement {
    executor.script("CREATE TABLE d (n integer)").await.unwrap();
    executor.script("INSERT INTO d VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)").await.unwrap();
    let sql = "SELECT a.n + 10 * b.n + 100 * c.n + 1000 * d.n + 10000 * e.n + 100000 * f.n FROM d a, d b, d c, d d, d e, d f \
               WHERE f.n < 2";
    statement(executor, sql, [])
}

#[test]
fn streams_many_rows() {
    on_each_database(async |db| {
        let executor = db.executor();
        let many = many(&executor).await;
        let mut stream = Box::pin(executor.stream(many, vec![DataType::BigInt]));
        let (mut count, mut sum) = (0, 0);
        while let Some(row) = stream.next().await {
            sum += common::number(&row.unwrap());
            count += 1;
        }
        assert_eq!((count, sum), (200_000, 199_999 * 100_000));
    });
}

#[test]
fn a_stream_that_is_dropped_gives_its_connection_back() {
    on_each_scratch(&Kind::ALL, async |scratch| {
        let db = scratch.connect_with("pool_size=1").await;
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

#[test]
fn a_transaction_waits_for_no_stream_of_its_own() {
    on_each_database(async |db| {
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

#[test]
fn a_stream_of_a_database_with_one_connection_keeps_nobody_out() {
    runtime().block_on(async {
        if !Kind::Sqlite.is_switched_on() {
            return;
        }
        let db = Database::connect("sqlite::memory:?busy_timeout=50").await.unwrap();
        let executor = db.executor();
        let many = many(&executor).await;
        let mut stream = Box::pin(executor.stream(many, vec![DataType::BigInt]));
        stream.next().await.unwrap().unwrap();
        assert_eq!(db.execute_raw("DELETE FROM d WHERE n = 9", []).await.unwrap(), 1);
        assert_eq!(stream.count().await, 199_999);
    });
}

fn rows(executor: &Executor, sql: &str, count: i64) -> Rows {
    Rows {
        sql: statement(executor, sql, [(Value::Null, DataType::TEXT), number(0)]).sql,
        types: vec![DataType::TEXT, DataType::Integer],
        rows: Box::new((1..=count).map(|id| vec![Value::Text(format!("n{id}")), Value::Int(id)])),
        key: 1..2,
        returned: Vec::new(),
    }
}

/// Says what the closure is: by itself it would not be found to give back the borrow that it was given.
fn as_work<F>(work: F) -> F
where
    F: for<'c> Fn(&'c mut (dyn Connection + 'static)) -> BoxFuture<'c, Result<()>>,
{
    work
}

type Heard = Arc<Mutex<Vec<(i64, u64)>>>;

/// Runs an update for each row, and hears of them; the row with the number `refused` is an error.
fn run_each(executor: &Executor, heard: Heard, refused: i64) -> impl Future<Output = Result<()>> {
    let executor = executor.clone();
    async move {
        let inside = executor.clone();
        let work = as_work(move |connection| {
            let rows = rows(&inside, "UPDATE t SET name = ? WHERE id = ?", 1000);
            let heard = heard.clone();
            let each = move |params: &[Value], matched: u64, _: Vec<Row>| {
                let id = common::number(&params[1..]);
                heard.lock().unwrap().push((id, matched));
                if id == refused { Err(Error::new(ErrorKind::Value, "that one")) } else { Ok(()) }
            };
            connection.execute_each(rows, Box::new(each))
        });
        executor.atomic(work).await
    }
}

#[test]
fn runs_a_statement_for_each_row_in_order() {
    on_each_database(async |db| {
        make_table(&db).await;
        let executor = db.executor();
        executor.script("INSERT INTO t (id, name) VALUES (3, ''), (500, ''), (1000, '')").await.unwrap();
        let heard = Heard::default();
        run_each(&executor, heard.clone(), 0).await.unwrap();
        let expected: Vec<(i64, u64)> =
            (1..=1000).map(|id| (id, u64::from([3, 500, 1000].contains(&id)))).collect();
        assert_eq!(*heard.lock().unwrap(), expected);
        let named = statement(&executor, "SELECT name FROM t ORDER BY id", []);
        let names = executor.query(&named, &[DataType::TEXT]).await.unwrap();
        assert_eq!(names, [["n3".into()], ["n500".into()], [Value::from("n1000")]]);

        // an error of the caller's ends it, and nothing stays
        executor.script("UPDATE t SET name = ''").await.unwrap();
        let heard = Heard::default();
        let error = run_each(&executor, heard.clone(), 700).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Value);
        assert_eq!(heard.lock().unwrap().len(), 700);
        let names = executor.query(&named, &[DataType::TEXT]).await.unwrap();
        assert_eq!(names, [["".into()], ["".into()], [Value::from("")]]);

        // in the caller's transaction only the savepoint is lost
        db.transaction(async |tx| {
            tx.execute_raw("UPDATE t SET name = 'kept' WHERE id = 500", []).await?;
            assert!(run_each(&tx.executor(), Heard::default(), 700).await.is_err());
            run_each(&tx.executor(), Heard::default(), 0).await?;
            assert!(run_each(&tx.executor(), Heard::default(), 900).await.is_err());
            tx.execute_raw("UPDATE t SET name = 'kept' WHERE id = 3", []).await
        })
        .await
        .unwrap();
        let names = executor.query(&named, &[DataType::TEXT]).await.unwrap();
        assert_eq!(names, [["kept".into()], ["n500".into()], [Value::from("n1000")]]);
    });
}

#[test]
fn a_row_that_the_database_refuses_undoes_all() {
    on_each_database(async |db| {
        make_table(&db).await;
        let executor = db.executor();
        executor.script("INSERT INTO t (id, name) VALUES (700, '')").await.unwrap();
        let inside = executor.clone();
        let work = as_work(move |connection| {
            let rows = rows(&inside, "INSERT INTO t (name, id) VALUES (?, ?)", 1000);
            connection.execute_each(rows, Box::new(|_, _, _| Ok(())))
        });
        assert_eq!(executor.atomic(&work).await.unwrap_err().kind(), ErrorKind::Integrity);
        assert_eq!(ids(&db).await, [700]);
        db.transaction(async |tx| {
            assert_eq!(tx.executor().atomic(&work).await.unwrap_err().kind(), ErrorKind::Integrity);
            tx.execute_raw("DELETE FROM t", []).await?;
            tx.executor().atomic(&work).await
        })
        .await
        .unwrap();
        assert_eq!(ids(&db).await.len(), 1000);
    });
}

#[test]
fn gives_back_what_each_run_returns() {
    on_each_database(async |db| {
        use enmasse_core::dialect::Capability;
        make_table(&db).await;
        let executor = db.executor();
        if !executor.dialect().supports(Capability::InsertReturning) {
            return;
        }
        let heard = Arc::new(Mutex::new(Vec::new()));
        let work = {
            let (inside, heard) = (executor.clone(), heard.clone());
            as_work(move |connection| {
                let mut rows =
                    rows(&inside, "INSERT INTO t (name, id) VALUES (?, ?) RETURNING id, name", 300);
                rows.returned = vec![DataType::Integer, DataType::TEXT];
                let heard = heard.clone();
                connection.execute_each(
                    rows,
                    Box::new(move |_, matched, rows| {
                        assert_eq!(matched, 1);
                        heard.lock().unwrap().extend(rows);
                        Ok(())
                    }),
                )
            })
        };
        executor.atomic(work).await.unwrap();
        let expected: Vec<Row> = (1..=300).map(|id| vec![Value::Int(id), format!("n{id}").into()]).collect();
        assert_eq!(*heard.lock().unwrap(), expected);
    });
}

#[test]
fn dropped_work_leaves_nothing_behind() {
    on_each_database(async |db| {
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

#[test]
fn a_statement_prepared_before_its_table_changed_still_runs() {
    on_each_database(async |db| {
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

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn traces_statements_but_no_parameters() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::DEBUG)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let subscriber = tracing::Dispatch::new(subscriber);
    on_each_scratch(&Kind::ALL, async |scratch| {
        let work = async {
            let db = scratch.connect().await;
            make_table(&db).await;
            let executor = db.executor();
            let params = [number(1), ("hushhush".into(), DataType::TEXT)];
            let insert = statement(&executor, "INSERT INTO t (id, name) VALUES (?, ?)", params);
            executor.execute(&insert).await.unwrap();
            executor.execute(&insert).await.unwrap_err();
            db.close().await;
        };
        work.with_subscriber(subscriber.clone()).await;
    });
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    let ours: Vec<&str> =
        text.lines().filter(|line| line.contains("INSERT INTO t (id, name) VALUES (")).collect();
    let count = Kind::ALL.into_iter().filter(|kind| *kind == Kind::Sqlite || kind.server().is_some()).count();
    let ran =
        |what: &str| ours.iter().filter(|line| line.contains("enmasse: ran") && line.contains(what)).count();
    assert!(ran("rows=1 elapsed_us=") <= count && ran("elapsed_us=") == 2 * count, "{text}");
    assert!(ran("error=\"Integrity") == count, "{text}");
    assert!(!text.contains("hush"), "{text}");
}
