//! Decimals of any length, JSON and values of unknown types as text: checked, and written as they stand.

use std::sync::Arc;

use chrono::DateTime;
use enmasse_core::dialect::{Dialect, Flavour, Mysql, Postgres, Sqlite};
use enmasse_core::encode::{
    Added, BatchColumn, BatchEncoder, BatchShape, Chunk, Duplicates, LoadData, Stored,
};
use enmasse_core::plan::{self, Assignment, BulkUpdate, Strategy};
use enmasse_core::query::{FieldPath, Query};
use enmasse_core::schema::{Field, Model, ModelRef, Schema};
use enmasse_core::{DataType, Value, ValueRef};

const LONG: &str = "-1234567890123456789012345678901234.50";
const DOCUMENT: &str = r#"{"z": 100000000000000000000000000000000000000001, "a": 1.50, "z": [1e-400]}"#;

fn decimal(max_digits: u32, decimal_places: u32) -> DataType {
    DataType::Decimal { max_digits: Some(max_digits), decimal_places: Some(decimal_places) }
}

fn number(text: &str) -> Value {
    Value::DecimalText(text.to_owned())
}

fn document(text: &str) -> Value {
    Value::JsonText(text.to_owned())
}

/// A model whose types a host knows at run time only.
fn model() -> ModelRef {
    let host = Model::new("Host", "host")
        .add(Field::new("id", DataType::BigInt).primary_key())
        .add(Field::new("price", decimal(40, 2)).null())
        .add(Field::new("data", DataType::Json))
        .add(Field::new("address", DataType::Native(String::from("inet"))));
    Schema::new(vec![host]).unwrap().model("Host").unwrap()
}

fn dialects() -> [Arc<dyn Dialect>; 4] {
    let mysql = Mysql { flavour: Flavour::Mysql, version: (8, 0), ..Mysql::default() };
    [Arc::new(Sqlite::default()), Arc::new(Postgres::default()), Arc::new(Mysql::default()), Arc::new(mysql)]
}

#[test]
fn a_decimal_is_checked_against_its_field() {
    let clean =
        |field: &Field, text: &str| field.clean("Host", number(text)).map_err(|error| error.to_string());
    let price = Field::new("price", decimal(40, 2));
    for text in [LONG, "0", "-0.00", "12.5", "007.50", "1.00000"] {
        assert_eq!(clean(&price, text), Ok(number(text)));
    }
    assert_eq!(clean(&price, " 1.2e3 "), Ok(number("1200")));
    assert_eq!(
        clean(&price, "0.125").unwrap_err(),
        "Host.price: 0.125 has 3 decimal places, and at most 2 fit."
    );
    assert_eq!(
        clean(&price, &format!("1{}", "0".repeat(38))).unwrap_err(),
        "Host.price: 100000000000000000000000000000000000000 has 39 digits before the decimal point, \
         and at most 38 fit (40 digits in all, 2 of them decimal places)."
    );
    for text in ["NaN", "Infinity", "", "1,5", "0x1"] {
        assert!(clean(&price, text).unwrap_err().contains("expected a decimal number but got"), "{text}");
    }
    let mut unsigned = price.clone();
    unsigned.limits.unsigned = true;
    assert!(clean(&unsigned, "-0.01").unwrap_err().contains("negative"));
    assert_eq!(clean(&unsigned, "-0.00"), Ok(number("-0.00")));
    let few = price.choices(vec![Value::Decimal("1.5".parse().unwrap())]);
    assert_eq!(clean(&few, "1.50"), Ok(number("1.50")));
    assert!(clean(&few, "1.51").unwrap_err().contains("not one of its choices"));
}

#[test]
fn a_decimal_is_a_value_of_other_types_too() {
    assert_eq!(DataType::Integer.clean(number("5.0")).unwrap(), Value::Int(5));
    assert_eq!(DataType::Double.clean(number("0.50")).unwrap(), Value::Float(0.5));
    assert_eq!(DataType::TEXT.clean(number(LONG)).unwrap(), LONG.into());
    assert!(DataType::Integer.clean(number("5.5")).is_err());
    assert!(DataType::BigInt.clean(number(LONG)).is_err());
}

#[test]
fn a_document_is_checked() {
    let data = Field::new("data", DataType::Json);
    assert_eq!(data.clean("Host", document(DOCUMENT)).unwrap(), document(DOCUMENT));
    for text in ["", "NaN", "{\"a\": Infinity}", "{'a': 1}", "[1] 2", "[1,]"] {
        let error = data.clean("Host", document(text)).unwrap_err().to_string();
        assert!(error.starts_with("Host.data: expected a JSON document but got"), "{error}");
    }
    let mut odd = data;
    odd.limits.makes_numbers = true;
    assert!(odd.clean("Host", document("10000000000000000000000")).is_err());
    assert!(odd.clean("Host", document("[10000000000000000000000]")).is_ok());
}

#[test]
fn each_database_stores_the_text() {
    let store = |dialect: &dyn Dialect, value: Value, data_type: &DataType| dialect.store(&value, data_type);
    let [sqlite, postgres, mariadb, mysql] = dialects();
    for dialect in [&*sqlite, &*mariadb, &*mysql] {
        assert_eq!(
            store(dialect, document(DOCUMENT), &DataType::Json).unwrap(),
            Value::Text(DOCUMENT.into())
        );
    }
    assert_eq!(store(&*postgres, document(DOCUMENT), &DataType::Json).unwrap(), document(DOCUMENT));
    assert_eq!(store(&*postgres, number(LONG), &DataType::DECIMAL).unwrap(), number(LONG));
    for dialect in [&*mariadb, &*mysql] {
        assert_eq!(store(dialect, number(LONG), &DataType::DECIMAL).unwrap(), Value::Text(LONG.into()));
        let refused =
            |text: String| store(dialect, number(&text), &DataType::DECIMAL).unwrap_err().to_string();
        assert!(refused("1".repeat(66)).contains("66 digits before the decimal point"));
        assert!(refused(format!("0.{}1", "0".repeat(30))).contains("31 after it"));
    }
    assert_eq!(store(&*sqlite, number("-12.50"), &DataType::DECIMAL).unwrap(), Value::Float(-12.5));
    let error = store(&*sqlite, number(LONG), &DataType::DECIMAL).unwrap_err().to_string();
    assert_eq!(error, format!("{LONG} has more than 15 significant digits, which SQLite would not keep."));
    for text in [r#""\u0000""#, r#"{"\ud800": 1}"#] {
        assert!(store(&*postgres, document(text), &DataType::Json).is_err(), "{text}");
    }
    for dialect in dialects() {
        for bad in [document("{"), number("NaN")] {
            let data_type = bad.natural_type().unwrap();
            assert!(dialect.store(&bad, &data_type).is_err(), "{} takes {bad}", dialect.name());
        }
    }
}

/// Rows of the model's columns, encoded.
fn encoder(
    encoder: Box<dyn enmasse_core::encode::Encoder>,
    key: usize,
    duplicates: Duplicates,
) -> BatchEncoder {
    let model = model();
    let positions: Vec<usize> = if key == 0 { vec![0, 1, 2, 3] } else { vec![1, 0, 2, 3] };
    let columns = positions.iter().map(|&position| BatchColumn::of(&model, position)).collect();
    let shape = BatchShape { columns, positions, masks: 0, key: 1, duplicates };
    BatchEncoder::new(Arc::new(shape), encoder, 100)
}

#[test]
fn a_batch_takes_text() {
    let mariadb: Arc<dyn Dialect> = Arc::new(Mysql::default());
    let types: Vec<DataType> = model().fields.iter().map(|field| field.data_type.clone()).collect();
    let row = [
        ValueRef::Int(1),
        ValueRef::DecimalText(LONG),
        ValueRef::JsonText("[\"\\n\", NaN]"),
        ValueRef::Text("::1"),
    ];
    let mut load = encoder(Box::new(LoadData::new(mariadb.clone(), types.clone())), 0, Duplicates::Integers);
    let error = load.row(|column| Ok(row[column].clone())).unwrap_err();
    assert!(error.to_string().starts_with("Host.data: expected a JSON document but got"), "{error}");

    let mut load = encoder(Box::new(LoadData::new(mariadb.clone(), types.clone())), 0, Duplicates::Integers);
    let row = [
        ValueRef::Int(1),
        ValueRef::DecimalText(LONG),
        ValueRef::JsonText("[\"\\n\", 1.0]"),
        ValueRef::Text("::1"),
    ];
    assert_eq!(load.row(|column| Ok(row[column].clone())).unwrap(), Added::Yes);
    let (Chunk::Bytes(bytes), 1) = load.finish_rows() else { panic!("one row of bytes") };
    assert_eq!(String::from_utf8(bytes).unwrap(), format!("1\t{LONG}\t[\"\\\\n\", 1.0]\t::1\n"));

    let mut stored =
        encoder(Box::new(Stored::new(Arc::new(Postgres::default()), types)), 0, Duplicates::Integers);
    assert_eq!(stored.row(|column| Ok(row[column].clone())).unwrap(), Added::Yes);
    let (Chunk::Rows(rows), 1) = stored.finish_rows() else { panic!("one row of values") };
    assert_eq!(rows, [[Value::Int(1), number(LONG), document("[\"\\n\", 1.0]"), "::1".into()]]);
}

#[test]
fn a_key_in_text_is_the_same_however_it_is_written() {
    let types = vec![decimal(40, 2), DataType::BigInt, DataType::Json, DataType::Native("inet".into())];
    let mut batch =
        encoder(Box::new(Stored::new(Arc::new(Postgres::default()), types)), 1, Duplicates::Hashes);
    let mut add = |key: ValueRef<'static>| {
        let row = [key, ValueRef::Int(1), ValueRef::JsonText("1"), ValueRef::Text("::1")];
        batch.row(|column| Ok(row[column].clone())).unwrap()
    };
    assert_eq!(add(ValueRef::DecimalText("1.5")), Added::Yes);
    assert_eq!(add(ValueRef::DecimalText("15")), Added::Yes);
    assert_eq!(add(ValueRef::DecimalText(LONG)), Added::Yes);
    assert_eq!(add(ValueRef::DecimalText("01.50")), Added::Twice);
    assert_eq!(add(ValueRef::Decimal("1.5".parse().unwrap())), Added::Twice);
    assert_eq!(add(ValueRef::Decimal("1.51".parse().unwrap())), Added::Yes);
}

#[test]
fn statements_carry_text_as_parameters() {
    let query = Query::new(model());
    let set = [
        Assignment::new("price", number(LONG)),
        Assignment::new("data", document(DOCUMENT)),
        Assignment::new("address", Value::from("::1")),
    ];
    let shown = |dialect: Arc<dyn Dialect>| {
        plan::update(&*dialect, &query, &set, DateTime::UNIX_EPOCH).map(|plan| plan.to_string())
    };
    let [sqlite, postgres, mariadb, mysql] = dialects();
    assert!(shown(sqlite).unwrap_err().to_string().contains("significant digits"));
    let params = "-- params: -1234567890123456789012345678901234.50, \
                  the JSON {\"z\": 100000000000000000000000000000000000000001, \"a\": 1.50,…, '::1'";
    assert_eq!(
        shown(postgres).unwrap(),
        format!("UPDATE \"host\" SET \"price\" = $1, \"data\" = $2, \"address\" = $3::inet\n{params}")
    );
    for (dialect, document) in [(mariadb, "?"), (mysql, "CAST(? AS JSON)")] {
        let sql = shown(dialect).unwrap();
        let expected =
            format!("UPDATE `host` SET `price` = CAST(? AS DECIMAL(65, 1)), `data` = {document}, ");
        assert!(sql.starts_with(&expected), "{sql}");
        assert!(sql.contains("-- params: '-1234567890123456789012345678901234.50', '{\"z\": 1000"), "{sql}");
    }
}

/// The type is known by its name only: its values travel as text, and are cast to it.
#[test]
fn a_field_of_any_type_is_made_at_run_time() {
    let query = Query::new(model());
    let fields = [FieldPath::from("address")];
    let shown = |strategy| {
        let asked =
            BulkUpdate { strategy: Some(strategy), ..BulkUpdate::new(&query, &fields, DateTime::UNIX_EPOCH) };
        plan::bulk_update(&Postgres::default(), &asked).unwrap().to_string()
    };
    let copy = shown(Strategy::Copy);
    assert!(copy.contains("NULL::text v0"), "{copy}");
    assert!(copy.contains("v0::inet v0"), "{copy}");
    let list = shown(Strategy::Values);
    assert!(list.contains("::inet"), "{list}");
}
