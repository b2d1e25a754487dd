//! What the rest of the crate asks of a connection, on every database.

#[path = "../../tests/common/mod.rs"]
mod common;

use std::collections::VecDeque;
use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use enmasse_core::dialect::{Capability, Dialect};
use enmasse_core::encode::{BatchColumn, BatchShape, Chunk, Duplicates};
use enmasse_core::plan::{EachRow, Form, Load};
use enmasse_core::sql::{Bind, Param, RowStatement, Statement};
use enmasse_core::value::{DataType, Value};
use enmasse_core::{Error, ErrorKind, Result, ValueRef};
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use tokio::time::timeout;
use tracing::instrument::WithSubscriber;

use self::common::{Kind, ids, make_table, on_database, on_each_database, on_each_scratch, runtime};
use super::{Chunks, Connection, Row};
use crate::Database;
use crate::database::handle::{Executor, Handle};

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
        text.push_str(&dialect.typed_placeholder(position + 1, &params[position].data_type));
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
        // a table for each type: MySQL's prepared statements keep the types that their parameters had first
        for (number_of, (data_type, value)) in samples().into_iter().enumerate() {
            let v = format!("v{number_of}");
            let column = executor.dialect().column_type(&data_type).unwrap();
            executor.script(&format!("CREATE TABLE {v} (id integer, v {column})")).await.unwrap();
            for (id, value) in [(1, value.clone()), (2, Value::Null)] {
                let params = [number(id), (value, data_type.clone())];
                let insert = statement(&executor, &format!("INSERT INTO {v} (id, v) VALUES (?, ?)"), params);
                assert_eq!(executor.execute(&insert).await.unwrap().rows, 1, "{data_type:?}");
            }
            let all = statement(&executor, &format!("SELECT v FROM {v} ORDER BY id"), []);
            let rows = executor.query(&all, std::slice::from_ref(&data_type)).await.unwrap();
            assert_eq!(rows, [[value.clone()], [Value::Null]], "{data_type:?}");
            if data_type != DataType::Real && data_type != DataType::Json {
                let params = [(value, data_type.clone())];
                let one = statement(&executor, &format!("SELECT id FROM {v} WHERE v = ?"), params);
                let rows = executor.query(&one, &[DataType::Integer]).await.unwrap();
                assert_eq!(rows, [[Value::Int(1)]], "{data_type:?}");
            }
            executor.script(&format!("DROP TABLE {v}")).await.unwrap();
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

/// The rows of a batch, encoded beforehand.
struct Given(VecDeque<Result<(Chunk, usize)>>);

impl Chunks for Given {
    fn next(&mut self) -> BoxFuture<'_, Result<Option<(Chunk, usize)>>> {
        Box::pin(std::future::ready(self.0.pop_front().transpose()))
    }

    fn recycle(&mut self, _chunk: Chunk) {}
}

/// Rows `(1, 'n1')`, `(2, 'n2')` and so on, a hundred at a time; in place of the row with the number `refused` is an error.
fn numbered(dialect: &Arc<dyn Dialect>, form: Form, count: i64, refused: i64) -> Given {
    let shape = Arc::new(BatchShape {
        columns: vec![BatchColumn::own(DataType::Integer), BatchColumn::own(DataType::TEXT)],
        positions: vec![0, 1],
        masks: 0,
        key: 1,
        duplicates: Duplicates::InDatabase,
    });
    let mut encoder = form.encoder(dialect, &shape, Some(100));
    let mut chunks = VecDeque::new();
    for id in 1..=count {
        if id == refused {
            chunks.push_back(Err(Error::new(ErrorKind::Value, "that one")));
            return Given(chunks);
        }
        let name = Value::Text(format!("n{id}"));
        let cell = |column| Ok(if column == 0 { ValueRef::Int(id) } else { ValueRef::from(&name) });
        encoder.row(cell).unwrap();
        if encoder.is_full() {
            chunks.push_back(Ok(encoder.take()));
        }
    }
    // of the streams it has the end, of the others no rows
    let (rest, rows) = encoder.finish_rows();
    if rows > 0 || !matches!(rest, Chunk::Rows(_)) {
        chunks.push_back(Ok((rest, rows)));
    }
    Given(chunks)
}

/// How a database takes rows.
#[derive(Clone, Copy, Debug)]
enum Way {
    Rows,
    Copy,
    Load,
    Bulk,
}

impl Way {
    fn of(db: &Database) -> Vec<Way> {
        let dialect = db.executor().dialect();
        let ways = [
            (Way::Rows, Capability::LocalCalls),
            (Way::Copy, Capability::CopyStream),
            (Way::Load, Capability::LoadStream),
            (Way::Bulk, Capability::BulkExecute),
        ];
        ways.into_iter().filter(|(_, needs)| dialect.supports(*needs)).map(|(way, _)| way).collect()
    }

    fn form(self) -> Form {
        match self {
            Way::Rows => Form::Cells,
            Way::Copy => Form::CopyBinary,
            Way::Load => Form::LoadData,
            Way::Bulk => Form::Stored,
        }
    }

    fn is_staged(self) -> bool {
        matches!(self, Way::Copy | Way::Load)
    }

    /// The statement that takes the rows `(id, name)` into a table.
    fn load(self, table: &str) -> Load {
        let sql = match self {
            Way::Copy => format!("COPY {table} (id, name) FROM STDIN BINARY"),
            _ => format!(
                "LOAD DATA LOCAL INFILE 'enmasse' REPLACE INTO TABLE {table} CHARACTER SET utf8mb4 \
                 FIELDS TERMINATED BY 0x09 ESCAPED BY 0x5C LINES TERMINATED BY 0x0A (id, name)"
            ),
        };
        Load { sql, form: self.form() }
    }
}

/// Writes rows and nothing more; `alone` is a transaction of its own.
fn write_only(write: RowStatement, own_transaction: bool) -> Arc<EachRow> {
    Arc::new(EachRow { own_transaction, ..EachRow::plain(write) })
}

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

/// Says what the closure is: by itself it would not be found to give back the borrow that it was given.
fn as_work<T, F>(work: F) -> F
where
    F: for<'c> Fn(&'c mut (dyn Connection + 'static)) -> BoxFuture<'c, Result<T>>,
{
    work
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

#[test]
fn takes_the_rows_of_a_batch() {
    on_each_database(async |db| {
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
async fn insert_rows(
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

#[test]
fn a_row_that_the_database_refuses_undoes_all() {
    on_each_database(async |db| {
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

#[test]
fn sqlite_gives_back_what_each_run_returns() {
    on_database(Kind::Sqlite, async |db| {
        make_table(&db).await;
        let executor = db.executor();
        let dialect = executor.dialect();
        let types = || vec![DataType::Integer, DataType::TEXT];
        let inserted = as_work(move |connection| {
            let rows = numbered(&dialect, Form::Cells, 1000, 0);
            Box::pin(insert_rows(connection, Way::Rows, rows, types()))
        });
        let expected: Vec<Row> = (1..=1000).map(|id| vec![Value::Int(id), format!("n{id}").into()]).collect();
        assert_eq!(executor.atomic(inserted).await.unwrap(), expected);

        // old rows, and those that are left as they are
        executor.script("DELETE FROM t WHERE id = 2").await.unwrap();
        executor.script("UPDATE t SET name = 'old' WHERE id = 3").await.unwrap();
        let row = |sql: &str, columns: &[usize]| RowStatement {
            sql: sql.to_owned(),
            binds: columns.iter().map(|&column| Bind::Cell(column)).collect(),
        };
        let dialect = executor.dialect();
        let updated = as_work(move |connection| {
            let mut rows = numbered(&dialect, Form::Cells, 3, 0);
            let write = Arc::new(EachRow {
                keep: None,
                write: row(
                    "UPDATE t SET name = ? WHERE id = ? AND name IS NOT ? RETURNING id, name",
                    &[1, 0, 1],
                ),
                matches: Some(row("SELECT id, name, name IS ? FROM t WHERE id = ?", &[1, 0])),
                old: Some(row("SELECT id, name FROM t WHERE id = ?", &[0])),
                returned: types(),
                own_transaction: false,
                stored_key: 0,
                missing: true,
                counts: true,
            });
            Box::pin(async move { connection.write_rows(&write, &mut rows).await })
        });
        let written = executor.atomic(updated).await.unwrap();
        assert_eq!((written.matched, written.changed), (2, 1));
        assert_eq!(written.missing, [[Value::Int(2), "n2".into()]]);
        let both = |id: i64, old: &str, new: &str| [id.into(), old.into(), id.into(), Value::from(new)];
        assert_eq!(written.returned, [both(1, "n1", "n1"), both(3, "old", "n3")]);
        assert!(written.duplicate.is_none());
    });
}

#[test]
fn sqlite_writes_rows_in_a_transaction_of_their_own() {
    on_database(Kind::Sqlite, async |db| {
        make_table(&db).await;
        let executor = db.executor();
        for (refused, named) in [(700, 0), (0, 2)] {
            executor.script("DELETE FROM t").await.unwrap();
            executor.script("INSERT INTO t (id, name) VALUES (3, ''), (500, '')").await.unwrap();
            let dialect = executor.dialect();
            let work = as_work(move |connection| {
                let mut rows = numbered(&dialect, Form::Cells, 1000, refused);
                let write = RowStatement {
                    sql: "UPDATE t SET name = ? WHERE id = ?".to_owned(),
                    binds: vec![Bind::Cell(1), Bind::Cell(0)],
                };
                Box::pin(async move { connection.write_rows(&write_only(write, true), &mut rows).await })
            });
            let written = executor.atomic_once(true, work).await;
            assert_eq!(written.map_or(0, |written| written.matched), named);
            let rows = db.query_raw("SELECT COUNT(*) FROM t WHERE name <> ''", []).await.unwrap();
            assert_eq!(common::number(&rows[0]), named as i64);
        }
    });
}

#[test]
fn sqlite_tells_a_key_that_the_column_takes_for_another() {
    on_database(Kind::Sqlite, async |db| {
        let executor = db.executor();
        executor.script("CREATE TABLE w (id integer, name text COLLATE NOCASE)").await.unwrap();
        executor.script("INSERT INTO w VALUES (1, 'N1')").await.unwrap();
        let dialect = executor.dialect();
        let work = as_work(move |connection| {
            let shape = Arc::new(BatchShape {
                columns: vec![BatchColumn::own(DataType::TEXT)],
                positions: vec![0],
                masks: 0,
                key: 1,
                duplicates: Duplicates::InDatabase,
            });
            let mut encoder = Form::Cells.encoder(&dialect, &shape, None);
            for name in ["n1", "N1"] {
                encoder.row(|_| Ok(ValueRef::Text(name))).unwrap();
            }
            let mut rows = Given(VecDeque::from([Ok(encoder.finish_rows())]));
            let write = Arc::new(EachRow {
                keep: None,
                write: RowStatement {
                    sql: "UPDATE w SET id = 2 WHERE name = ? RETURNING name".to_owned(),
                    binds: vec![Bind::Cell(0)],
                },
                matches: None,
                old: None,
                returned: vec![DataType::TEXT],
                own_transaction: false,
                stored_key: 1,
                missing: true,
                counts: true,
            });
            Box::pin(async move { connection.write_rows(&write, &mut rows).await })
        });
        let written = executor.atomic(work).await.unwrap();
        assert_eq!(written.duplicate, Some(vec!["N1".into()]));
    });
}

#[test]
fn a_step_that_a_database_has_not_is_an_error() {
    on_each_database(async |db| {
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
