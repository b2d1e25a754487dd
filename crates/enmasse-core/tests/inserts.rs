//! What an insert gives back, and how many rows one statement of it carries.

use enmasse_core::dialect::{Dialect, Flavour, Mysql, Postgres, Sqlite};
use enmasse_core::plan::{Step, given_back, insert};
use enmasse_core::schema::{Field, Model, ModelRef, Schema};
use enmasse_core::{DataType, Value};

/// The generated column stands before the key.
fn orders() -> ModelRef {
    let order = Model::new("Order", "orders")
        .add(Field::new("doubled", DataType::Integer).generated("amount * 2"))
        .add(Field::new("id", DataType::BigInt).primary_key().identity())
        .add(Field::new("amount", DataType::Integer));
    Schema::new(vec![order]).unwrap().model("Order").unwrap()
}

fn returned(dialect: &dyn Dialect, keyless: bool) -> usize {
    let key = if keyless { Value::Null } else { 5.into() };
    let rows = vec![vec![Value::Null, key, 7.into()], vec![Value::Null, Value::Null, 8.into()]];
    let rows = if keyless { rows } else { rows[..1].to_vec() };
    let plan = insert(dialect, &orders(), rows, keyless, None).unwrap();
    match &plan.steps[..] {
        [Step::Insert { returned, statements }] => {
            assert_eq!(statements.sql.contains("RETURNING"), !returned.is_empty());
            returned.len()
        }
        [Step::InsertEach(rows)] => rows.returned.len(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn all_that_the_database_makes_comes_back_where_it_can() {
    for dialect in [&Sqlite::default() as &dyn Dialect, &Postgres::default(), &Mysql::default()] {
        assert_eq!(given_back(dialect, &orders(), true), [0, 1], "{}", dialect.name());
        assert_eq!(given_back(dialect, &orders(), false), [0], "{}", dialect.name());
        assert_eq!((returned(dialect, true), returned(dialect, false)), (2, 1), "{}", dialect.name());
    }
}

#[test]
fn the_key_alone_comes_back_where_the_database_returns_no_rows() {
    let mysql = Mysql { flavour: Flavour::Mysql, version: (8, 0), ..Mysql::default() };
    assert_eq!(given_back(&mysql, &orders(), true), [1]);
    assert!(given_back(&mysql, &orders(), false).is_empty());
    // It counts the keys up from the first one that the server names: no rows are asked for.
    assert_eq!((returned(&mysql, true), returned(&mysql, false)), (0, 0));
}

#[test]
fn a_statement_carries_no_more_bytes_than_the_server_takes() {
    let page = Model::new("Page", "pages")
        .add(Field::new("id", DataType::BigInt).primary_key())
        .add(Field::new("text", DataType::TEXT));
    let pages = Schema::new(vec![page]).unwrap().model("Page").unwrap();
    let row = |id: i64| vec![Value::Int(id), Value::Text("x".repeat(30_000_000))];
    let plan = insert(&Postgres::default(), &pages, (0..20).map(row).collect(), false, None).unwrap();
    let Some(Step::Insert { statements, .. }) = plan.steps.into_iter().next() else { panic!("an insert") };
    let rows: Vec<u64> = statements.each.map(|(_, rows)| rows).collect();
    assert_eq!(rows, [16, 4]);
}
