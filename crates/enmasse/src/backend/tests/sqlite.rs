//! SQLite, which is given rows one by one.

use std::collections::VecDeque;
use std::sync::Arc;

use enmasse_core::ValueRef;
use enmasse_core::encode::{BatchColumn, BatchShape, Duplicates};
use enmasse_core::plan::{EachRow, Form};
use enmasse_core::sql::{Bind, RowStatement};
use enmasse_core::value::{DataType, Value};
use enmasse_testing::{Kind, test_on};

use super::given::{Given, Way, as_work, numbered, write_only};
use super::rows::insert_rows;
use super::{make_table, on_database, one_number};
use crate::backend::Row;
use crate::database::handle::Handle;

#[test_on(sqlite)]
fn sqlite_gives_back_what_each_run_returns(kind: Kind) {
    on_database(kind, async |db| {
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

#[test_on(sqlite)]
fn sqlite_writes_rows_in_a_transaction_of_their_own(kind: Kind) {
    on_database(kind, async |db| {
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
            assert_eq!(one_number(&rows[0]), named as i64);
        }
    });
}

#[test_on(sqlite)]
fn sqlite_tells_a_key_that_the_column_takes_for_another(kind: Kind) {
    on_database(kind, async |db| {
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
