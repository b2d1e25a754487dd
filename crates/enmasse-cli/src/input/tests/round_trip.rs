use enmasse::chrono::{DateTime, NaiveDateTime, TimeDelta};
use enmasse::rust_decimal::Decimal;
use enmasse::uuid::Uuid;
use proptest::prelude::*;

use super::*;

/// The text for NULL, which distinguishes it from an empty text in CSV.
const NULL: &str = "\\N";

fn text() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        any::<char>()
            .prop_filter("no text of rows has it", |character| *character != '\0')
            .prop_map(String::from),
        Just("\"".to_owned()),
        Just("\r\n".to_owned()),
        Just(",".to_owned()),
        Just(" ".to_owned()),
    ];
    let text = prop::collection::vec(part, 0..8).prop_map(|parts| parts.concat());
    text.prop_filter("it stands for NULL", |text| text != NULL)
}

fn document() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(serde_json::Value::from),
        any::<i64>().prop_map(serde_json::Value::from),
        any::<u64>().prop_map(serde_json::Value::from),
        prop::num::f64::NORMAL.prop_map(serde_json::Value::from),
        text().prop_map(serde_json::Value::from),
    ];
    leaf.prop_recursive(2, 8, 4, |inner| {
        prop_oneof![
            prop::collection::vec(prop_oneof![inner.clone(), Just(serde_json::Value::Null)], 0..4)
                .prop_map(serde_json::Value::from),
            prop::collection::hash_map(text(), inner, 0..4)
                .prop_map(|members| members.into_iter().collect::<serde_json::Value>()),
        ]
    })
}

/// Any moment that databases keep.
fn moment() -> impl Strategy<Value = NaiveDateTime> {
    (-62_135_596_800_000_000_i64..253_402_300_800_000_000)
        .prop_map(|micros| DateTime::from_timestamp_micros(micros).unwrap().naive_utc())
}

fn of_type(data_type: &DataType) -> BoxedStrategy<Value> {
    match data_type {
        DataType::Bool => any::<bool>().prop_map(Value::from).boxed(),
        DataType::SmallInt => any::<i16>().prop_map(Value::from).boxed(),
        DataType::Integer => any::<i32>().prop_map(|number| Value::Int(number.into())).boxed(),
        DataType::BigInt => any::<i64>().prop_map(Value::from).boxed(),
        DataType::Real => (prop::num::f32::NORMAL
            | prop::num::f32::SUBNORMAL
            | prop::num::f32::ZERO
            | prop::num::f32::INFINITE
            | prop::num::f32::NEGATIVE)
            .prop_map(Value::from)
            .boxed(),
        DataType::Double => (prop::num::f64::NORMAL
            | prop::num::f64::SUBNORMAL
            | prop::num::f64::ZERO
            | prop::num::f64::INFINITE
            | prop::num::f64::NEGATIVE)
            .prop_map(Value::from)
            .boxed(),
        DataType::Text { .. } => text().prop_map(Value::from).boxed(),
        DataType::Bytes => prop::collection::vec(any::<u8>(), 0..8).prop_map(Value::from).boxed(),
        DataType::DateTime => moment().prop_map(|moment| Value::DateTime(moment.and_utc())).boxed(),
        DataType::NaiveDateTime => moment().prop_map(Value::from).boxed(),
        DataType::Date => moment().prop_map(|moment| Value::Date(moment.date())).boxed(),
        DataType::Time => moment().prop_map(|moment| Value::Time(moment.time())).boxed(),
        DataType::Duration => {
            any::<i64>().prop_map(|micros| Value::Duration(TimeDelta::microseconds(micros))).boxed()
        }
        DataType::Decimal { .. } => (-(1_i128 << 96) + 1..1 << 96, 0_u32..=28)
            .prop_map(|(digits, scale)| Decimal::from_i128_with_scale(digits, scale).normalize().into())
            .boxed(),
        DataType::Uuid => any::<u128>().prop_map(|uuid| Uuid::from_u128(uuid).into()).boxed(),
        DataType::Json => document().prop_map(Value::from).boxed(),
        DataType::Array(item) => {
            let item = prop_oneof![4 => of_type(item), 1 => Just(Value::Null)];
            prop::collection::vec(item, 0..4).prop_map(Value::Array).boxed()
        }
        other => panic!("{other} has no values here"),
    }
}

fn types() -> Vec<DataType> {
    let scalars = vec![
        DataType::Bool,
        DataType::SmallInt,
        DataType::Integer,
        DataType::BigInt,
        DataType::Real,
        DataType::Double,
        DataType::TEXT,
        DataType::Bytes,
        DataType::DateTime,
        DataType::NaiveDateTime,
        DataType::Date,
        DataType::Time,
        DataType::Duration,
        DataType::DECIMAL,
        DataType::Uuid,
        DataType::Json,
    ];
    let arrays: Vec<_> = scalars.iter().cloned().map(|item| DataType::Array(Box::new(item))).collect();
    [scalars, arrays].concat()
}

/// A row with a value of each type, any of which may be NULL.
fn values() -> impl Strategy<Value = Vec<Value>> {
    let value = |data_type: &DataType| prop_oneof![6 => of_type(data_type), 1 => Just(Value::Null)].boxed();
    types().iter().map(value).collect::<Vec<_>>()
}

fn reads_back(name: &str, rows: &[Vec<Option<Value>>]) {
    let directory = tempfile::tempdir().unwrap();
    let path = in_directory(directory.path(), name);
    let wanted: Vec<_> = types()
        .into_iter()
        .enumerate()
        .map(|(at, data_type)| nullable(&format!("c{at}"), data_type))
        .collect();
    let columns: Vec<_> = wanted.iter().map(|wanted| wanted.column.clone()).collect();
    let options = InputOptions { nulls: vec![NULL.into()], ..options() };
    let mut writer = RowWriter::create(&path, &columns, &options).unwrap();
    for row in rows {
        writer.write(row).unwrap();
    }
    writer.finish().unwrap();
    let mut read = Input::open(&path, &options).unwrap().rows(&wanted).unwrap();
    for row in rows {
        match read.next() {
            Some(Ok(Item::Row(found))) => assert_eq!(&found.values, row, "{name}"),
            Some(Ok(Item::Bad(bad))) => panic!("{bad}"),
            other => panic!("{other:?}"),
        }
    }
    assert!(read.next().is_none());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_value_reads_back_as_it_was(rows in prop::collection::vec(values(), 1..4)) {
        let rows: Vec<Vec<_>> = rows.into_iter().map(|row| row.into_iter().map(Some).collect()).collect();
        for name in ["a.csv", "a.tsv.gz", "a.jsonl", "a.ndjson.zst"] {
            reads_back(name, &rows);
        }
    }

    #[test]
    fn json_lines_keep_what_a_row_lacks(present in prop::collection::vec(any::<bool>(), types().len()), row in values()) {
        let row = row.into_iter().zip(present).map(|(value, present)| present.then_some(value)).collect();
        reads_back("a.jsonl", &[row]);
    }
}

#[test]
fn not_a_number_reads_back_too() {
    for name in ["a.csv", "a.jsonl"] {
        let directory = tempfile::tempdir().unwrap();
        let path = in_directory(directory.path(), name);
        let mut writer = RowWriter::create(&path, &["x".to_owned()], &options()).unwrap();
        writer.write(&[Some(Value::Float(f64::NAN))]).unwrap();
        writer.finish().unwrap();
        let rows = Input::open(&path, &options()).unwrap().rows(&[wanted("x", DataType::Double)]).unwrap();
        let rows: Vec<_> = rows.collect::<Result<_>>().unwrap();
        assert!(
            matches!(&rows[..], [Item::Row(row)] if matches!(row.values[..], [Some(Value::Float(x))] if x.is_nan()))
        );
    }
}

#[test]
fn null_of_json_and_null_are_told_apart_where_documents_are_boxed() {
    let directory = tempfile::tempdir().unwrap();
    let path = in_directory(directory.path(), "a.jsonl");
    let options = InputOptions { boxed_documents: true, ..options() };
    let json = |text: &str| Some(Value::Json(serde_json::from_str(text).unwrap()));
    let array = Some(Value::Array(vec!["a".into()]));
    let rows = [
        [json("null"), array.clone()],
        [Some(Value::Null), Some(Value::Null)],
        [None, array],
        [json("[null]"), None],
        [json("{\"a\": [1, \"]\"]}"), None],
    ];
    let mut writer = RowWriter::create(&path, &["x", "y"].map(String::from), &options).unwrap();
    rows.iter().for_each(|row| writer.write(row).unwrap());
    writer.finish().unwrap();
    let wanted = [nullable("x", DataType::Json), nullable("y", DataType::Array(Box::new(DataType::TEXT)))];
    let read = Input::open(&path, &options).unwrap().rows(&wanted).unwrap();
    let values = read.map(|item| match item.unwrap() {
        Item::Row(row) => row.values,
        Item::Bad(bad) => panic!("{bad}"),
    });
    assert_eq!(values.collect::<Vec<_>>(), rows);
}

#[test]
fn csv_refuses_what_would_read_back_as_something_else() {
    let directory = tempfile::tempdir().unwrap();
    let path = in_directory(directory.path(), "a.csv");
    let options = InputOptions { nulls: vec!["NULL".into()], ..options() };
    let mut writer = RowWriter::create(&path, &["x".to_owned()], &options).unwrap();
    let mut message = |value| writer.write(&[value]).unwrap_err().message().replace(&path, "a.csv");
    assert_eq!(
        message(Some("NULL".into())),
        "cannot write 'x' to a.csv: 'NULL' would read back as NULL; use another text for NULL."
    );
    assert_eq!(
        message(None),
        "cannot write 'x' to a.csv: CSV cannot leave out a column of a row; write JSON Lines."
    );
}

#[test]
fn files_are_written_as_their_names_say() {
    let directory = tempfile::tempdir().unwrap();
    let row = [Some(Value::Int(1)), Some("a\tb".into()), None];
    let columns = ["id", "name", "x"].map(String::from);
    for (name, values, content) in [
        ("a.csv", 2, "id,name\n1,a\tb\n"),
        ("a.tsv", 2, "id\tname\n1\t\"a\tb\"\n"),
        ("a.txt", 2, "id,name\n1,a\tb\n"),
        ("a.jsonl", 3, "{\"id\":1,\"name\":\"a\\tb\"}\n"),
    ] {
        let path = in_directory(directory.path(), name);
        let mut writer = RowWriter::create(&path, &columns[..values], &options()).unwrap();
        writer.write(&row[..values]).unwrap();
        writer.finish().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), content);
    }
    let message = RowWriter::create("a.parquet", &columns, &options()).err().unwrap().message().to_owned();
    assert_eq!(message, "rows are written as CSV or JSON Lines, and a.parquet is Parquet.");
}
