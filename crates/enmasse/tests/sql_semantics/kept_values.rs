//! Every value that a column accepts comes back from the database itself as it was.

use enmasse::chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};
use enmasse::rust_decimal::Decimal;
use enmasse::schema::{Field, Model, Schema};
use enmasse::uuid::Uuid;
use enmasse::{DataType, Value, serde_json};
use enmasse_core::dialect::{Dialect, Flavour, Mysql, Postgres, Sqlite};
use enmasse_testing::{Kind, on_database, test_on};

fn text(max_length: u32) -> DataType {
    DataType::Text { max_length: Some(max_length) }
}

fn numeric(max_digits: u32, decimal_places: u32) -> DataType {
    DataType::Decimal { max_digits: Some(max_digits), decimal_places: Some(decimal_places) }
}

fn all<T: Into<Value>>(values: impl IntoIterator<Item = T>) -> Vec<Value> {
    values.into_iter().map(Into::into).collect()
}

/// The least, the greatest and the odd values of each type.
fn edges() -> Vec<(DataType, Vec<Value>)> {
    let moments: Vec<NaiveDateTime> = [
        "0001-01-01T00:00:00",
        "0999-02-28T01:02:03.000001",
        "1900-02-28T23:59:59.999999",
        "1970-01-01T00:00:00",
        "2024-02-29T12:00:00.120",
        "9999-12-31T23:59:59.999999",
    ]
    .iter()
    .map(|text| text.parse().unwrap())
    .collect();
    let times: Vec<NaiveTime> = moments.iter().map(NaiveDateTime::time).collect();
    let dates: Vec<NaiveDate> = moments.iter().map(NaiveDateTime::date).collect();
    let utc: Vec<DateTime<_>> = moments.iter().map(NaiveDateTime::and_utc).collect();
    let texts =
        ["", " ", "a ", "007", "1e5", "NULL", "é☃😀", "'\"\\%_`$1?", "\n\r\t\u{1}\u{1a}\\N", "2024-01-01"];
    let decimals = |texts: &[&str]| all(texts.iter().map(|text| text.parse::<Decimal>().unwrap()));
    let json = [
        r#"null"#,
        r#"true"#,
        r#"-9223372036854775808"#,
        r#"[18446744073709551615]"#,
        r#"0.1"#,
        r#"1e300"#,
        r#""it's \"é☃😀\" \\ \n \u0001""#,
        r#"[]"#,
        r#"{"b":[1,2.5,null,{"":false}],"a":{"é":"x"}}"#,
    ];
    vec![
        (DataType::Bool, all([true, false])),
        (DataType::SmallInt, all([i16::MIN, -1, 0, i16::MAX])),
        (DataType::Integer, all([i32::MIN, -1, 0, i32::MAX])),
        (DataType::BigInt, all([i64::MIN, -1, 0, (1 << 53) + 1, i64::MAX])),
        (DataType::Real, all([f32::MIN, 0.0, 0.1, 16_777_217.0, f32::MIN_POSITIVE, f32::MAX])),
        (
            DataType::Double,
            all([f64::MIN, 0.0, 0.1 + 0.2, 9_007_199_254_740_993.0, f64::MIN_POSITIVE, f64::MAX]),
        ),
        (DataType::TEXT, all(texts)),
        (text(12), all(texts)),
        (DataType::Bytes, vec![vec![].into(), (0..=255).collect::<Vec<u8>>().into()]),
        (DataType::DateTime, all(utc)),
        (DataType::NaiveDateTime, all(moments)),
        (DataType::Date, all(dates)),
        (DataType::Time, all(times)),
        (DataType::Duration, all([i64::MIN, -1, 0, 86_400_000_001, i64::MAX].map(TimeDelta::microseconds))),
        (numeric(10, 2), decimals(&["0", "-0.01", "1.5", "99999999.99", "-99999999.99"])),
        (numeric(15, 15), decimals(&["0.000000000000001", "0.999999999999999"])),
        (numeric(28, 4), decimals(&["123456789012345678901234.5678", "1000000000000000000000"])),
        (
            DataType::DECIMAL,
            decimals(&["79228162514264337593543950335", "0.0000000000000000000000000001", "7"]),
        ),
        (DataType::Uuid, all([Uuid::nil(), Uuid::max(), Uuid::from_u128(0x12 << 64)])),
        (DataType::Json, all(json.map(|text| serde_json::from_str::<serde_json::Value>(text).unwrap()))),
    ]
}

/// The codec alone; what the server can do besides does not matter here.
fn dialect(kind: Kind) -> Box<dyn Dialect> {
    match kind {
        Kind::Sqlite => Box::new(Sqlite::default()),
        Kind::Postgres => Box::new(Postgres::default()),
        Kind::MariaDb => Box::new(Mysql::default()),
        Kind::Mysql => Box::new(Mysql { flavour: Flavour::Mysql, version: (9, 7), ..Mysql::default() }),
    }
}

#[test_on(all)]
fn every_value_comes_back(kind: Kind) {
    on_database(kind, async |db| {
        let dialect = dialect(kind);
        for (number, (data_type, mut values)) in edges().into_iter().enumerate() {
            values.push(Value::Null);
            let table = format!("values_{number}");
            let model = Model::new("Values", &table)
                .add(Field::new("id", DataType::Integer).primary_key())
                .add(Field::new("v", data_type.clone()).null());
            db.create_tables(Schema::new(vec![model]).unwrap().models()).await.unwrap();
            let insert = match kind {
                Kind::Postgres => format!("INSERT INTO {table} (id, v) VALUES ($1, $2)"),
                _ => format!("INSERT INTO {table} (id, v) VALUES (?, ?)"),
            };
            let mut written = Vec::new();
            for value in values {
                let clean = data_type.clean(value.clone()).unwrap();
                assert_eq!(clean, value, "what is at the edge fits as it is");
                match dialect.store(&clean, &data_type) {
                    Ok(stored) => {
                        let id = Value::Int(written.len() as i64);
                        db.execute_raw(&insert, [id, stored])
                            .await
                            .unwrap_or_else(|e| panic!("{value}: {e}"));
                        written.push(value);
                    }
                    // SQLite says what it would not keep.
                    Err(error) => {
                        assert!(error.to_string().contains("more than 15 significant digits"), "{error}")
                    }
                }
            }
            let rows = db.query_raw(&format!("SELECT v FROM {table} ORDER BY id"), []).await.unwrap();
            let read = rows.into_iter().map(|mut row| dialect.load(row.remove(0), &data_type).unwrap());
            assert_eq!(read.collect::<Vec<_>>(), written, "{data_type:?}");
        }
    });
}
