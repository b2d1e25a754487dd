//! Each encoder writes the same as `Dialect::store`, for values of every type.
//!
//! The cases are fixed; the variables of proptest select others: `PROPTEST_CASES=1000 PROPTEST_RNG_SEED=7`.

mod decode;
mod values;

use std::fmt::Debug;
use std::sync::Arc;

use enmasse_core::dialect::{Dialect, Flavour, Mysql, Postgres, Sqlite};
use enmasse_core::encode::{Arrays, Cell, Cells, Chunk, CopyBinary, Encoder, LoadData};
use enmasse_core::{DataType, Error, Value};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestRunner};

/// Checks columns of every type.
fn holds(types: &[DataType], check: impl Fn(&DataType, &[Value]) -> Result<(), TestCaseError>) {
    let mut config = Config { failure_persistence: None, ..Config::default() };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = 16;
    }
    if std::env::var_os("PROPTEST_RNG_SEED").is_none() {
        config.rng_seed = RngSeed::Fixed(2026);
    }
    for data_type in types {
        let column = proptest::collection::vec(values::of_type(data_type), 1..30);
        let checked = TestRunner::new(config.clone()).run(&column, |values| check(data_type, &values));
        if let Err(error) = checked {
            panic!("{data_type:?}: {error}");
        }
    }
}

/// The values that the dialect stores, as it stores them. What it refuses, the encoder must refuse with the same words.
fn stored(
    dialect: &dyn Dialect,
    data_type: &DataType,
    values: &[Value],
    encoder: &mut dyn Encoder,
) -> Result<Vec<Value>, TestCaseError> {
    let mut kept = Vec::new();
    for value in values {
        let message = |error: Error| (error.kind(), error.to_string());
        match dialect.store(value, data_type) {
            Ok(stored) => {
                let written = encoder.cell(0, &value.into());
                prop_assert!(written.is_ok(), "{value:?} is {stored:?}, but {written:?}");
                encoder.end_row();
                kept.push(stored);
            }
            Err(expected) => {
                let mut other = fresh(dialect, data_type);
                let found = other.cell(0, &value.into());
                prop_assert_eq!(found.map_err(message), Err(message(expected)), "{:?}", value);
            }
        }
    }
    Ok(kept)
}

/// An encoder of the dialect, for one column.
fn fresh(dialect: &dyn Dialect, data_type: &DataType) -> Box<dyn Encoder> {
    let types = vec![data_type.clone()];
    match dialect.name() {
        name if name.starts_with("SQLite") => Box::new(Cells::new(types, false)),
        name if name.starts_with("PostgreSQL") => Box::new(CopyBinary::new(types)),
        name if name.starts_with("MySQL") => Box::new(LoadData::new(Arc::new(mysql()), types)),
        _ => Box::new(LoadData::new(Arc::new(Mysql::default()), types)),
    }
}

fn mysql() -> Mysql {
    Mysql { flavour: Flavour::Mysql, version: (8, 0), ..Mysql::default() }
}

/// Compares as text: minus zero is not zero here, and NaN is NaN.
fn same(found: impl Debug, expected: impl Debug) -> Result<(), TestCaseError> {
    prop_assert_eq!(format!("{found:?}"), format!("{expected:?}"));
    Ok(())
}

#[test]
fn cells_are_as_sqlite_stores_them() {
    let dialect = Sqlite::default();
    let cell = |cell: Cell<'_>| match cell {
        Cell::Null => Value::Null,
        Cell::Int(number) => Value::Int(number),
        Cell::Float(number) => Value::Float(number),
        Cell::Text(text) => text.into(),
        Cell::Bytes(bytes) => bytes.into(),
    };
    holds(&values::types(), |data_type, values| {
        let mut cells = Cells::new(vec![data_type.clone()], false);
        let expected = stored(&dialect, data_type, values, &mut cells)?;
        let Chunk::Cells(chunk) = cells.take() else { panic!("cells are written") };
        same(chunk.rows().flat_map(|row| row.cells().map(cell)).collect::<Vec<_>>(), expected)
    });
}

#[test]
fn load_data_has_what_mariadb_and_mysql_store() {
    for dialect in [Mysql::default(), mysql()] {
        holds(&values::types(), |data_type, values| {
            let mut load = LoadData::new(Arc::new(dialect.clone()), vec![data_type.clone()]);
            let expected = stored(&dialect, data_type, values, &mut load)?;
            let Chunk::Bytes(bytes) = load.take() else { panic!("bytes are written") };
            let cells = decode::load_data(&bytes).into_iter().flatten();
            let found: Vec<Value> =
                cells.zip(&expected).map(|(cell, like)| decode::cell(cell, data_type, like)).collect();
            same(found, expected)
        });
    }
}

/// A number or a document as PostgreSQL has it: in text.
fn in_text(value: Value) -> Value {
    match value {
        Value::Decimal(number) => in_text(Value::DecimalText(number.to_string())),
        Value::DecimalText(text) => {
            let (sign, digits) = text.strip_prefix('-').map_or(("", text.as_str()), |digits| ("-", digits));
            let digits = digits.trim_start_matches('0');
            let zero = if digits.is_empty() || digits.starts_with('.') { "0" } else { "" };
            let is_zero = digits.bytes().all(|byte| byte == b'0' || byte == b'.');
            Value::DecimalText([if is_zero { "" } else { sign }, zero, digits].concat())
        }
        Value::Json(document) => Value::JsonText(document.to_string()),
        Value::Array(items) => Value::Array(items.into_iter().map(in_text).collect()),
        other => other,
    }
}

#[test]
fn copy_has_what_postgres_stores() {
    let dialect = Postgres::default();
    let arrays = values::types().into_iter().map(|item| DataType::Array(Box::new(item)));
    let types: Vec<DataType> = values::types().into_iter().chain(arrays).collect();
    holds(&types, |data_type, values| {
        let mut copy = CopyBinary::new(vec![data_type.clone()]);
        let expected = stored(&dialect, data_type, values, &mut copy)?;
        let mut bytes = Vec::new();
        for chunk in [copy.take(), copy.finish()] {
            let Chunk::Bytes(more) = chunk else { panic!("bytes are written") };
            bytes.extend(more);
        }
        same(
            decode::copy(&bytes, std::slice::from_ref(data_type)),
            expected.into_iter().map(|value| [in_text(value)]).collect::<Vec<_>>(),
        )
    });
}

#[test]
fn arrays_have_what_postgres_stores() {
    let dialect = Postgres::default();
    holds(&values::types(), |data_type, values| {
        let mut arrays = Arrays::new(vec![data_type.clone()]);
        let expected = stored(&dialect, data_type, values, &mut arrays)?;
        let Chunk::Columns(columns) = arrays.take() else { panic!("columns are written") };
        same(decode::array(&columns[0], data_type), expected.into_iter().map(in_text).collect::<Vec<_>>())
    });
}
