//! The values that an insert returns, and the number of rows per statement.

use std::sync::Arc;

use enmasse_core::dialect::{Dialect, Flavour, Mysql, Postgres, Sqlite};
use enmasse_core::encode::Added;
use enmasse_core::plan::{ChunkGives, Step, given_back, insert};
use enmasse_core::schema::{Field, Model, ModelRef, Schema};
use enmasse_core::{DataType, ValueRef};

/// The generated column is before the key.
fn orders() -> ModelRef {
    let order = Model::new("Order", "orders")
        .add(Field::new("doubled", DataType::Integer).generated("amount * 2"))
        .add(Field::new("id", DataType::BigInt).primary_key().identity())
        .add(Field::new("amount", DataType::Integer));
    Schema::new(vec![order]).unwrap().model("Order").unwrap()
}

fn returned(dialect: &dyn Dialect, keyless: bool) -> usize {
    let rows = if keyless { 2 } else { 1 };
    let plan = insert(dialect, &orders(), Some(rows), keyless, None).unwrap();
    match &plan.steps[..] {
        [Step::EachChunk(chunks)] => {
            let ChunkGives::Inserted(returned) = &chunks.gives else { panic!("{chunks:?}") };
            assert_eq!(chunks.sql.contains("RETURNING"), !returned.is_empty());
            returned.len()
        }
        [Step::EachRow(rows)] => rows.returned.len(),
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
    let dialect: Arc<dyn Dialect> = Arc::new(Postgres::default());
    let plan = insert(&*dialect, &pages, Some(20), false, None).unwrap();
    let (form, most) = plan.form().unwrap();
    let mut encoder = form.encoder(&dialect, plan.batch.as_ref().unwrap(), most);
    let text = "x".repeat(30_000_000);
    let mut chunks = Vec::new();
    for id in 0..20 {
        let cell = |column| Ok(if column == 0 { ValueRef::Int(id) } else { ValueRef::Text(&text) });
        assert_eq!(encoder.row(cell).unwrap(), Added::Yes);
        if encoder.is_full() {
            chunks.push(encoder.take().1);
        }
    }
    assert_eq!(chunks, [1; 20]);
}
