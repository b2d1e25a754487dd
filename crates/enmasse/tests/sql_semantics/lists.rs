use enmasse::chrono::{NaiveDate, NaiveTime, TimeDelta};
use enmasse::rust_decimal::Decimal;
use enmasse::uuid::Uuid;
use enmasse::{DataType, Value};
use enmasse_core::compile::lookup::Compared;
use enmasse_core::query::Lookup;
use enmasse_testing::{Kind, on_database, test_on};

use super::Table;

const LENGTH: i64 = 100_000;

/// A type, and the value of it with a number.
type Listed = (&'static str, DataType, fn(i64) -> Value);

fn types() -> Vec<Listed> {
    vec![
        ("ints", DataType::Integer, Value::Int),
        ("bigs", DataType::BigInt, |n| Value::Int(i64::MAX - n)),
        ("texts", DataType::Text { max_length: Some(20) }, |n| Value::Text(format!("é'\"\\{n}"))),
        ("long_texts", DataType::TEXT, |n| Value::Text(format!("text {n}"))),
        ("bytes", DataType::Bytes, |n| Value::Bytes(n.to_be_bytes().to_vec())),
        ("doubles", DataType::Double, |n| Value::Float(n as f64 / 7.0)),
        ("reals", DataType::Real, |n| Value::Float(f64::from(n as f32 / 7.0))),
        ("decimals", DataType::Decimal { max_digits: Some(12), decimal_places: Some(2) }, |n| {
            Value::Decimal(Decimal::new(n * 10, 2))
        }),
        ("uuids", DataType::Uuid, |n| Value::Uuid(Uuid::from_u128(n as u128))),
        ("dates", DataType::Date, |n| Value::Date(day(n))),
        ("datetimes", DataType::DateTime, |n| {
            Value::DateTime(
                (day(0).and_time(NaiveTime::MIN) + TimeDelta::microseconds(n * 500_000)).and_utc(),
            )
        }),
        ("times", DataType::Time, |n| Value::Time(NaiveTime::MIN + TimeDelta::milliseconds(n * 500))),
        ("durations", DataType::Duration, |n| Value::Duration(TimeDelta::microseconds(n))),
    ]
}

fn day(number: i64) -> NaiveDate {
    NaiveDate::from_ymd_opt(1900, 1, 1).unwrap() + TimeDelta::days(number)
}

#[test_on(all)]
fn long_lists_of_every_type(kind: Kind) {
    on_database(kind, async |db| {
        for (name, data_type, value) in types() {
            let stored: Vec<Value> =
                [5, 99_999, LENGTH + 1].iter().map(|n| value(*n)).chain([Value::Null]).collect();
            let table = Table::of(&db, name, data_type, &stored).await;
            for length in [2, 900, LENGTH] {
                // The second is in all lists.
                let list = (0..length - 1).map(value).chain([value(99_999), value(99_999), Value::Null]);
                let expected: &[i64] = if length > 5 { &[0, 1] } else { &[1] };
                let list = Compared::Many(list.collect());
                let found = table.which(table.column("v"), Lookup::In, list).await;
                assert_eq!(
                    found.unwrap_or_else(|error| panic!("{name}: {:.300}", error.to_string())),
                    expected,
                    "{name}, {length}"
                );
            }
        }
    });
}

/// Every float of a long list is found: none is changed on its way.
#[test_on(all)]
fn long_lists_keep_floats(kind: Kind) {
    on_database(kind, async |db| {
        let mut seed = 1_u64;
        let mut floats = Vec::new();
        while floats.len() < 2_000 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let float = f64::from_bits(seed);
            if float.is_finite() && float.abs() > 1e-300 {
                floats.push(Value::Float(float));
            }
        }
        let rows: Vec<Vec<Value>> = floats.iter().take(500).map(|float| vec![float.clone()]).collect();
        let table = Table::new(&db, "floats", &[("v", DataType::Double)], &rows).await;
        floats.extend((0..20_000).map(|n| Value::Float(f64::from(n))));
        let found = table.which(table.column("v"), Lookup::In, Compared::Many(floats)).await.unwrap();
        assert_eq!(found, (0..500).collect::<Vec<i64>>());
    });
}

/// Texts of a long list are found, with any characters.
#[test_on(all)]
fn long_lists_keep_texts(kind: Kind) {
    on_database(kind, async |db| {
        let odd = ["", " ", "é☃😀", "'\"\\%_`$1?", "\n\r\t\u{1}\u{1a}\\N", "null", "[1]", "</x>\u{2028}"];
        let table =
            Table::of(&db, "odd", DataType::Text { max_length: Some(20) }, &odd.map(Value::from)).await;
        let others = (0..20_000).map(|n| Value::Text(format!("other {n}")));
        for text in odd {
            let list = Compared::Many(others.clone().chain([text.into()]).collect());
            let found = table.which(table.column("v"), Lookup::In, list).await.unwrap();
            let exact = table.which(table.column("v"), Lookup::Exact, super::one(text)).await.unwrap();
            assert_eq!(found, exact, "{text:?}");
        }
    });
}
