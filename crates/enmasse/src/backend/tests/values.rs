//! Parameters of every type.

use enmasse_core::value::{DataType, Value};
use enmasse_testing::{Kind, leave_out, test_on};

use super::{number, on_database, statement};
use crate::database::handle::Handle;

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

#[test_on(all)]
fn parameters_of_every_type_are_bound_and_read(kind: Kind) {
    on_database(kind, async |db| {
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

#[test_on(postgres)]
fn postgres_takes_arrays_of_every_type(kind: Kind) {
    on_database(kind, async |db| {
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

#[test_on(postgres)]
fn postgres_takes_text_for_columns_of_every_text_type(kind: Kind) {
    on_database(kind, async |db| {
        let executor = db.executor();
        let has_citext = executor.script("CREATE EXTENSION citext").await.is_ok();
        for column in ["text", "varchar(5)", "char(3)", "name", "citext"] {
            if column == "citext" && !has_citext {
                leave_out("PostgreSQL's citext: the server does not have it");
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
