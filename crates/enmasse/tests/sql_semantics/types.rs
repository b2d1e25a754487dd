use enmasse::chrono::{NaiveDate, NaiveTime, TimeDelta};
use enmasse::rust_decimal::Decimal;
use enmasse::serde_json::json;
use enmasse::uuid::Uuid;
use enmasse::{DataType, Value};
use enmasse_core::compile::expr;
use enmasse_core::compile::lookup;
use enmasse_core::query::Lookup;
use enmasse_core::sql::Term;
use enmasse_testing::{Kind, on_database, test_on};

use super::{Table, one};

fn of_each_type() -> Vec<(&'static str, DataType, Value)> {
    let moment = NaiveDate::from_ymd_opt(2024, 5, 6)
        .unwrap()
        .and_time(NaiveTime::from_hms_micro_opt(7, 8, 9, 10).unwrap());
    vec![
        ("a_bool", DataType::Bool, true.into()),
        ("a_small", DataType::SmallInt, 5.into()),
        ("an_int", DataType::Integer, 5.into()),
        ("a_big", DataType::BigInt, (1_i64 << 60).into()),
        ("a_real", DataType::Real, 0.5.into()),
        ("a_double", DataType::Double, 0.1.into()),
        ("a_text", DataType::Text { max_length: Some(10) }, "é".into()),
        ("a_long_text", DataType::TEXT, "long".into()),
        ("some_bytes", DataType::Bytes, vec![0_u8, 255].into()),
        ("a_moment", DataType::DateTime, moment.and_utc().into()),
        ("a_local", DataType::NaiveDateTime, moment.into()),
        ("a_day", DataType::Date, moment.date().into()),
        ("a_clock", DataType::Time, moment.time().into()),
        ("a_span", DataType::Duration, TimeDelta::microseconds(90_000_001).into()),
        (
            "a_price",
            DataType::Decimal { max_digits: Some(8), decimal_places: Some(2) },
            Decimal::new(150, 2).into(),
        ),
        ("a_uuid", DataType::Uuid, Uuid::from_u128(0xABCD).into()),
        ("a_json", DataType::Json, json!({"a": [1, "é"]}).into()),
    ]
}

/// `Case` over every type, with values that are parameters: selected, compared and written.
#[test_on(all)]
fn case_over_every_type(kind: Kind) {
    on_database(kind, async |db| {
        for (name, data_type, value) in of_each_type() {
            let columns = [("n", DataType::Integer), ("v", data_type.clone())];
            let rows =
                [vec![1.into(), Value::Null], vec![2.into(), value.clone()], vec![3.into(), value.clone()]];
            let table = Table::new(&db, name, &columns, &rows).await;
            let dialect = table.dialect();
            let is = |number: i64| {
                lookup::compile(dialect, table.column("n"), Lookup::Exact, one(number)).unwrap()
            };
            let case = |expected: Option<&DataType>| {
                let whens = vec![(is(1), Term::Value(value.clone())), (is(2), Term::Value(Value::Null))];
                expr::case(dialect, whens, Some(table.term("v")), expected).unwrap()
            };
            for expected in [None, Some(&data_type)] {
                let found = table.values(case(expected)).await;
                let found = found.unwrap_or_else(|error| panic!("{name}: {error}"));
                assert_eq!(found, [value.clone(), Value::Null, value.clone()], "{name}");
            }
            if data_type != DataType::Json {
                let found = table.which(case(None), Lookup::Exact, one(value.clone())).await;
                assert_eq!(found.unwrap_or_else(|error| panic!("{name}: {error}")), [0, 2], "{name}");
            }
            let mut update = enmasse_core::sql::Fragment::text(format!("UPDATE {name} SET v = "));
            let only_values = vec![(is(1), Term::Value(value.clone())), (is(2), Term::Value(Value::Null))];
            update.push(expr::case(dialect, only_values, None, Some(&data_type)).unwrap().sql);
            table.run(update).await.unwrap_or_else(|error| panic!("{name}: {error}"));
            let found = table.values(table.column("v")).await.unwrap();
            assert_eq!(found, [value.clone(), Value::Null, Value::Null], "{name}");
        }
    });
}

/// Every value finds the row that has it, alone and in a list, and none finds NULL.
#[test_on(all)]
fn every_type_is_compared(kind: Kind) {
    on_database(kind, async |db| {
        for (name, data_type, value) in of_each_type() {
            let table = Table::of(&db, name, data_type.clone(), &[Value::Null, value.clone()]).await;
            let of = |lookup, right| table.which(table.column("v"), lookup, right);
            assert_eq!(of(Lookup::Exact, one(value.clone())).await.unwrap(), [1], "{name}");
            assert_eq!(of(Lookup::Exact, one(Value::Null)).await.unwrap(), [0], "{name}");
            assert_eq!(of(Lookup::IsNull, one(false)).await.unwrap(), [1], "{name}");
            let list = lookup::Compared::Many(vec![Value::Null, value.clone(), value.clone()]);
            assert_eq!(of(Lookup::In, list).await.unwrap(), [1], "{name}");
            let of_column = lookup::Compared::One(table.term("v"));
            assert_eq!(of(Lookup::Exact, of_column).await.unwrap(), [1], "{name}");
            if data_type != DataType::Json && data_type != DataType::Bool {
                assert_eq!(of(Lookup::Gte, one(value.clone())).await.unwrap(), [1], "{name}");
                assert_eq!(of(Lookup::Lt, one(value.clone())).await.unwrap(), Vec::<i64>::new(), "{name}");
            }
            // COALESCE, NULLIF and GREATEST take a parameter of the type.
            let args = vec![table.term("v"), Term::Value(value.clone())];
            let of = expr::function(table.dialect(), &enmasse_core::query::Function::Coalesce, args).unwrap();
            assert_eq!(table.values(of).await.unwrap(), [value.clone(), value], "{name}");
        }
    });
}

#[test_on(all)]
fn values_are_cast(kind: Kind) {
    on_database(kind, async |db| {
        let columns = [
            ("name", DataType::Text { max_length: Some(30) }),
            ("n", DataType::Integer),
            ("ratio", DataType::Double),
            ("price", DataType::Decimal { max_digits: Some(8), decimal_places: Some(2) }),
            ("active", DataType::Bool),
            ("at", DataType::DateTime),
            ("day", DataType::Date),
            ("data", DataType::Json),
            ("data_text", DataType::Json),
            ("data_null", DataType::Json),
        ];
        let day = NaiveDate::from_ymd_opt(2024, 5, 6).unwrap();
        let at = day.and_time(NaiveTime::from_hms_micro_opt(7, 8, 9, 10).unwrap());
        let row: Vec<Value> = vec![
            "42".into(),
            7.into(),
            2.675.into(),
            Decimal::new(250, 2).into(),
            true.into(),
            at.and_utc().into(),
            day.into(),
            json!(12).into(),
            json!("word").into(),
            json!(null).into(),
        ];
        let table = Table::new(&db, "casts", &columns, &[row]).await;
        let places =
            |decimal_places| DataType::Decimal { max_digits: Some(8), decimal_places: Some(decimal_places) };
        for (column, to, expected) in [
            ("name", DataType::Integer, Value::from(42)),
            ("name", DataType::Double, 42.0.into()),
            ("name", places(2), Decimal::new(4200, 2).into()),
            ("name", DataType::TEXT, "42".into()),
            ("n", DataType::Text { max_length: Some(1) }, "7".into()),
            ("n", DataType::Double, 7.0.into()),
            ("n", DataType::Bool, true.into()),
            ("n", DataType::Duration, TimeDelta::microseconds(7).into()),
            ("n", DataType::Json, json!(7).into()),
            ("name", DataType::Json, json!(42).into()),
            ("ratio", DataType::Integer, 3.into()),
            ("ratio", places(1), Decimal::new(27, 1).into()),
            ("price", DataType::Double, 2.5.into()),
            ("price", places(2), Decimal::new(250, 2).into()),
            ("active", DataType::BigInt, 1.into()),
            ("at", DataType::Date, day.into()),
            ("at", DataType::Time, at.time().into()),
            ("at", DataType::NaiveDateTime, at.into()),
            ("day", DataType::DateTime, day.and_time(NaiveTime::MIN).and_utc().into()),
            ("day", DataType::NaiveDateTime, day.and_time(NaiveTime::MIN).into()),
            ("data", DataType::Integer, 12.into()),
            ("data", DataType::TEXT, "12".into()),
            ("data_text", DataType::TEXT, "word".into()),
            ("data_null", DataType::TEXT, Value::Null),
            ("data_null", DataType::Integer, Value::Null),
            ("data_null", DataType::Bool, Value::Null),
        ] {
            let of = expr::cast(table.dialect(), table.term(column), &to).unwrap();
            let found = table.values(of).await.unwrap_or_else(|error| panic!("{column} as {to:?}: {error}"));
            assert_eq!(found, [expected], "{column} as {to:?}");
        }
        for (text, to, expected) in [
            ("2024-05-06 07:08:09.000010", DataType::NaiveDateTime, Value::from(at)),
            ("2024-05-06", DataType::Date, day.into()),
            ("07:08:09.000010", DataType::Time, at.time().into()),
            ("00000000-0000-0000-0000-00000000ABCD", DataType::Uuid, Uuid::from_u128(0xABCD).into()),
            ("{\"a\": 1}", DataType::Json, json!({"a": 1}).into()),
        ] {
            let table = Table::of(&db, &format!("cast_{}", text.len()), DataType::TEXT, &[text.into()]).await;
            let of = expr::cast(table.dialect(), table.term("v"), &to).unwrap();
            assert_eq!(table.values(of).await.unwrap(), [expected], "{text} as {to:?}");
        }
    });
}

/// PostgreSQL's arrays; elsewhere there are none.
#[test_on(postgres)]
fn arrays_contain_one_another(kind: Kind) {
    on_database(kind, async |db| {
        let array = |items: &[i64]| Value::Array(items.iter().map(|item| (*item).into()).collect());
        let values = [array(&[1, 2, 3]), array(&[3]), array(&[]), Value::Null];
        let table = Table::of(&db, "arrays", DataType::Array(Box::new(DataType::Integer)), &values).await;
        let of = |lookup, right| table.which(table.column("v"), lookup, right);
        assert_eq!(of(Lookup::Contains, one(array(&[3]))).await.unwrap(), [0, 1]);
        assert_eq!(of(Lookup::ContainedBy, one(array(&[3, 4]))).await.unwrap(), [1, 2]);
        assert_eq!(of(Lookup::Exact, one(array(&[1, 2, 3]))).await.unwrap(), [0]);
        let list = lookup::Compared::Many(vec![array(&[3]), array(&[])]);
        assert_eq!(of(Lookup::In, list).await.unwrap(), [1, 2]);
    });
}
