//! What a field accepts comes back from every database's storage form as it was; what would change is refused.

use chrono::{NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use enmasse_core::dialect::{Dialect, Flavour, Mysql, Postgres, Sqlite};
use enmasse_core::schema::Field;
use enmasse_core::{DataType, ErrorKind, Value};
use proptest::prelude::*;
use rust_decimal::Decimal;
use uuid::Uuid;

use DataType::{
    Array, BigInt, Bool, Bytes, Date, Double, Duration, Integer, Json, Real, SmallInt, Text, Time,
};

fn dialects() -> [Box<dyn Dialect>; 4] {
    let mysql = Mysql { flavour: Flavour::Mysql, version: (8, 0), ..Mysql::default() };
    [Box::new(Sqlite::default()), Box::new(Postgres::default()), Box::new(Mysql::default()), Box::new(mysql)]
}

fn numeric(max_digits: u32, decimal_places: u32) -> DataType {
    DataType::Decimal { max_digits: Some(max_digits), decimal_places: Some(decimal_places) }
}

fn text(max_length: u32) -> DataType {
    Text { max_length: Some(max_length) }
}

/// Moments that every database holds, to the nanosecond.
fn moments() -> impl Strategy<Value = NaiveDateTime> {
    (-62_135_596_800_i64..253_402_300_800, 0_u32..1_000_000_000)
        .prop_map(|(seconds, nanos)| chrono::DateTime::from_timestamp(seconds, nanos).unwrap().naive_utc())
}

fn documents() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        "[^\0]*".prop_map(serde_json::Value::String),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(serde_json::Value::Array),
            prop::collection::btree_map("[^\0]*", inner, 0..4)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    })
}

/// A type and a value for it, as given by a program.
fn typed_values() -> impl Strategy<Value = (DataType, Value)> {
    let fifteen_digits = -999_999_999_999_999_i64..=999_999_999_999_999;
    prop_oneof![
        any::<bool>().prop_map(|v| (Bool, v.into())),
        any::<i16>().prop_map(|v| (SmallInt, v.into())),
        any::<i32>().prop_map(|v| (Integer, v.into())),
        any::<i64>().prop_map(|v| (BigInt, v.into())),
        any::<i64>().prop_map(|v| (BigInt, v.to_string().into())),
        prop::num::f32::NORMAL.prop_map(|v| (Real, v.into())),
        prop::num::f64::NORMAL.prop_map(|v| (Double, v.into())),
        "[^\0]{0,9}".prop_map(|v| (text(9), v.into())),
        any::<Vec<u8>>().prop_map(|v| (Bytes, v.into())),
        moments().prop_map(|v| (DataType::DateTime, v.and_utc().into())),
        moments().prop_map(|v| (DataType::DateTime, v.and_utc().to_rfc3339().into())),
        moments().prop_map(|v| (DataType::NaiveDateTime, v.into())),
        moments().prop_map(|v| (Date, v.date().into())),
        moments().prop_map(|v| (Time, v.time().into())),
        any::<i64>().prop_map(|v| (Duration, TimeDelta::microseconds(v).into())),
        (fifteen_digits, 0_u32..=6).prop_map(|(v, scale)| (numeric(21, 6), Decimal::new(v, scale).into())),
        (any::<i32>(), 0_u32..=5)
            .prop_map(|(v, scale)| (numeric(15, 5), Decimal::new(v.into(), scale).to_string().into())),
        // MariaDB holds no UUIDs of versions above 7 without the usual variant.
        any::<u128>().prop_map(|v| (DataType::Uuid, Uuid::from_u128(v & !(1 << 79)).into())),
        documents().prop_map(|v| (Json, v.into())),
        any_scalar().prop_map(|data_type| (data_type, Value::Null)),
    ]
}

fn any_type() -> impl Strategy<Value = DataType> {
    prop_oneof![19 => any_scalar(), 1 => Just(Array(Box::new(Integer)))]
}

fn any_scalar() -> impl Strategy<Value = DataType> {
    prop::sample::select(vec![
        Bool,
        SmallInt,
        Integer,
        BigInt,
        Real,
        Double,
        DataType::TEXT,
        text(3),
        Bytes,
        DataType::DateTime,
        DataType::NaiveDateTime,
        Date,
        Time,
        Duration,
        DataType::DECIMAL,
        numeric(4, 2),
        DataType::Uuid,
        Json,
    ])
}

fn any_value() -> impl Strategy<Value = Value> {
    let dates = prop_oneof![Just(NaiveDate::MIN), Just(NaiveDate::MAX), moments().prop_map(|m| m.date())];
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "[-+0-9:. eEPTDHMSZ/]{0,30}".prop_map(Value::from),
        any::<Vec<u8>>().prop_map(Value::from),
        (dates, 0_u32..86_400, 0_u32..2_000_000_000).prop_map(|(date, seconds, nanos)| {
            let time =
                NaiveTime::from_num_seconds_from_midnight_opt(seconds, nanos).unwrap_or(NaiveTime::MIN);
            date.and_time(time).into()
        }),
        (any::<i64>(), 0_u32..=28).prop_map(|(v, scale)| Value::from(Decimal::new(v, scale))),
        any::<i64>().prop_map(|v| TimeDelta::milliseconds(v.max(-i64::MAX)).into()),
        documents().prop_map(Value::from),
        prop::collection::vec(any::<i64>().prop_map(Value::from), 0..3).prop_map(Value::Array),
    ]
}

proptest! {
    #[test]
    fn what_a_field_accepts_comes_back((data_type, value) in typed_values()) {
        let clean = Field::new("f", data_type.clone()).null().clean("M", value.clone()).unwrap();
        prop_assert_eq!(&data_type.clean(clean.clone()).unwrap(), &clean, "cleaning twice");
        for dialect in dialects() {
            let stored = dialect.store(&clean, &data_type).unwrap();
            prop_assert_eq!(&dialect.load(stored.clone(), &data_type).unwrap(), &clean, "{}", dialect.name());
            prop_assert_eq!(dialect.store(&value, &data_type).unwrap(), stored, "{}", dialect.name());
        }
    }

    #[test]
    fn nothing_given_to_a_field_panics(value in any_value(), data_type in any_type()) {
        let clean = data_type.clean(value.clone());
        for dialect in dialects() {
            let _ = dialect.store(&value, &data_type);
            let _ = dialect.load(value.clone(), &data_type);
        }
        if let Ok(clean) = clean {
            prop_assert!(data_type.holds(&clean));
            prop_assert!(data_type.fits(&clean).is_ok());
        }
    }
}

fn refused(data_type: DataType, value: impl Into<Value>) -> String {
    let error = Field::new("f", data_type).clean("M", value.into()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Value);
    error.to_string()
}

#[test]
fn a_value_that_does_not_fit_is_refused_with_what_would() {
    let numbers = Value::Array(vec![1.into(), 40_000.into()]);
    for (found, expected) in [
        (refused(text(2), "ÉÉÉ"), "M.f: 'ÉÉÉ' has 3 characters, and at most 2 fit."),
        (refused(SmallInt, 40_000), "M.f: 40000 is not between -32768 and 32767."),
        (refused(Integer, i64::MIN), "M.f: -9223372036854775808 is not between -2147483648 and 2147483647."),
        (refused(Integer, 5.5), "M.f: expected a whole number but got 5.5."),
        (refused(Integer, "abc"), "M.f: expected a whole number but got 'abc'."),
        (refused(BigInt, 2_f64.powi(63)), "M.f: expected a whole number but got 9223372036854776000."),
        (refused(Double, i64::MAX), "M.f: expected a number but got 9223372036854775807."),
        (refused(Real, 1e39), "M.f: 1e39 is too large for a float of 32 bits."),
        (refused(numeric(5, 2), "1.505"), "M.f: 1.505 has 3 decimal places, and at most 2 fit."),
        (
            refused(numeric(5, 2), "1234.5"),
            "M.f: 1234.5 has 4 digits before the decimal point, and at most 3 fit \
             (5 digits in all, 2 of them decimal places).",
        ),
        (refused(numeric(5, 2), f64::NAN), "M.f: expected a decimal number but got NaN."),
        (refused(Bool, 2), "M.f: expected true or false but got 2."),
        (refused(DataType::TEXT, true), "M.f: expected text but got true."),
        (refused(DataType::TEXT, Value::Null), "M.f: NULL is not allowed."),
        (refused(Date, "2023-02-29"), "M.f: expected a date but got '2023-02-29'."),
        (
            refused(DataType::NaiveDateTime, "2024-02-29T10:00Z"),
            "M.f: expected a date and time without a zone but got '2024-02-29T10:00Z'.",
        ),
        (refused(DataType::Uuid, "not-a-uuid"), "M.f: expected a UUID but got 'not-a-uuid'."),
        (refused(Duration, 5), "M.f: expected a duration but got 5."),
        (refused(Array(Box::new(SmallInt)), numbers), "M.f: 40000 is not between -32768 and 32767."),
    ] {
        assert_eq!(found, expected);
    }
}

#[test]
fn what_is_the_same_in_another_form_is_accepted() {
    let clean = |data_type: DataType, value: Value| data_type.clean(value).unwrap();
    let decimal = |text: &str| Value::Decimal(text.parse().unwrap());
    assert_eq!(clean(numeric(5, 2), "1.500".into()), decimal("1.5"));
    assert_eq!(clean(numeric(5, 2), 7.into()), decimal("7"));
    assert_eq!(clean(numeric(5, 2), 0.1.into()), decimal("0.1"));
    assert_eq!(clean(Double, decimal("0.1")), Value::Float(0.1));
    assert_eq!(clean(Integer, 5.0.into()), Value::Int(5));
    assert_eq!(clean(Integer, true.into()), Value::Int(1));
    assert_eq!(clean(Bool, 0.into()), Value::Bool(false));
    assert_eq!(clean(DataType::TEXT, 5.into()), Value::from("5"));
    assert_eq!(clean(Json, "a".into()), Value::Json("a".into()));
    let noon: chrono::DateTime<Utc> = "2024-02-29T12:00:00Z".parse().unwrap();
    for text in ["2024-02-29 12:00", "2024-02-29T14:00:00+02:00", "2024-02-29 12:00:00.0000009"] {
        assert_eq!(clean(DataType::DateTime, text.into()), Value::DateTime(noon));
    }
    assert_eq!(clean(Date, "2024-2-29".into()), Value::Date(noon.date_naive()));
    assert_eq!(clean(DataType::DateTime, noon.date_naive().into()).to_string(), "2024-02-29 00:00:00Z");
    assert!(Field::new("id", BigInt).identity().clean("M", Value::Null).is_ok(), "the database gives it");
}

#[test]
fn values_are_stored_as_django_stores_them() {
    let moment: chrono::DateTime<Utc> = "2024-02-29T09:05:00.25Z".parse().unwrap();
    let uuid = Uuid::from_u128(0x0011_2233_4455_6677_8899_aabb_ccdd_eeff);
    let [sqlite, postgres, maria, mysql] = dialects();
    let store =
        |dialect: &dyn Dialect, value: Value, data_type: DataType| dialect.store(&value, &data_type).unwrap();
    let (sqlite, postgres, maria, mysql) = (&*sqlite, &*postgres, &*maria, &*mysql);

    assert_eq!(store(sqlite, moment.into(), DataType::DateTime), "2024-02-29 09:05:00.250000".into());
    assert_eq!(store(maria, moment.into(), DataType::DateTime), moment.naive_utc().into());
    assert_eq!(store(postgres, moment.into(), DataType::DateTime), moment.into());
    assert_eq!(store(sqlite, uuid.into(), DataType::Uuid), "00112233445566778899aabbccddeeff".into());
    assert_eq!(store(maria, uuid.into(), DataType::Uuid), "00112233-4455-6677-8899-aabbccddeeff".into());
    assert_eq!(store(mysql, uuid.into(), DataType::Uuid), "00112233445566778899aabbccddeeff".into());
    assert_eq!(store(postgres, uuid.into(), DataType::Uuid), uuid.into());
    assert_eq!(store(sqlite, true.into(), Bool), Value::Int(1));
    assert_eq!(store(sqlite, TimeDelta::seconds(2).into(), Duration), Value::Int(2_000_000));
    assert_eq!(store(maria, TimeDelta::seconds(2).into(), Duration), Value::Int(2_000_000));
    assert_eq!(store(sqlite, Decimal::new(150, 2).into(), numeric(5, 2)), Value::Float(1.5));
    assert_eq!(store(maria, Decimal::new(15, 1).into(), numeric(5, 2)), "1.5".into());
    assert_eq!(store(maria, serde_json::json!({"a": [1, null]}).into(), Json), r#"{"a": [1, null]}"#.into());
    assert_eq!(store(sqlite, serde_json::Value::Null.into(), Json), "null".into());
    assert_eq!(store(sqlite, Value::Null, Json), Value::Null);
}

#[test]
fn a_uuid_that_mariadb_cannot_hold_is_refused() {
    let [sqlite, postgres, maria, mysql] = dialects();
    for (uuid, held) in [
        ("12345678-1234-8234-0034-123456789abc", true),
        ("12345678-1234-8234-0134-123456789abc", false),
        ("12345678-1234-f234-8034-123456789abc", false),
        ("12345678-1234-f234-8134-123456789abc", true),
        ("12345678-1234-7234-0134-123456789abc", true),
    ] {
        let value = Value::Uuid(uuid.parse().unwrap());
        assert_eq!(maria.store(&value, &DataType::Uuid).is_ok(), held, "{uuid}");
        for other in [&sqlite, &postgres, &mysql] {
            assert!(other.store(&value, &DataType::Uuid).is_ok());
        }
    }
    let error = maria.store(&Uuid::from_u128(0x8000 << 64 | 0x10 << 56).into(), &DataType::Uuid).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the type uuid of MariaDB 10.11 cannot hold 00000000-0000-8000-1000-000000000000."
    );
}

#[test]
fn what_django_wrote_is_read() {
    let (sqlite, maria) = (Sqlite::default(), Mysql::default());
    let moment: NaiveDateTime = "2024-02-29T09:05:00".parse().unwrap();
    let uuid = Uuid::from_u128(0x0011_2233_4455_6677_8899_aabb_ccdd_eeff);
    for (raw, data_type, expected) in [
        (Value::from("2024-02-29 09:05:00"), DataType::DateTime, Value::from(moment.and_utc())),
        ("2024-02-29 09:05:00".into(), DataType::NaiveDateTime, moment.into()),
        ((0.1 + 0.2).into(), numeric(5, 2), Decimal::new(30, 2).into()),
        (7.into(), numeric(5, 2), Decimal::new(700, 2).into()),
        ("7.50".into(), numeric(5, 2), Decimal::new(750, 2).into()),
        (format!("7.5{:029}", 0).into(), DataType::DECIMAL, Decimal::new(75, 1).into()),
        (1.into(), Bool, true.into()),
        (3.0.into(), BigInt, 3.into()),
        (3.into(), Double, 3.0.into()),
        (2.5.into(), Duration, TimeDelta::microseconds(2).into()),
        (r#"{"a": 1}"#.into(), Json, serde_json::json!({"a": 1}).into()),
        ("00112233-4455-6677-8899-aabbccddeeff".into(), DataType::Uuid, uuid.into()),
        ("00112233445566778899aabbccddeeff".into(), DataType::Uuid, uuid.into()),
    ] {
        assert_eq!(sqlite.load(raw.clone(), &data_type).unwrap(), expected, "{raw}");
        assert_eq!(maria.load(raw.clone(), &data_type).unwrap(), expected, "{raw}");
    }
    assert_eq!(maria.load(Value::Bytes(b"12".to_vec()), &BigInt).unwrap(), Value::Int(12));
    assert_eq!(
        sqlite.load("abc".into(), &Integer).unwrap_err().to_string(),
        "expected a whole number but the column has 'abc'."
    );
    assert_eq!(
        Postgres::default().load(Decimal::new(15, 1).into(), &Integer).unwrap_err().to_string(),
        "expected a whole number but the column has 1.5."
    );
}

#[test]
fn what_a_database_would_change_is_refused() {
    let [sqlite, postgres, maria, _] = dialects();
    let refused = |dialect: &dyn Dialect, value: Value, data_type: DataType| {
        dialect.store(&value, &data_type).unwrap_err().to_string()
    };
    let (sqlite, postgres, maria) = (&*sqlite, &*postgres, &*maria);
    let ancient = NaiveDate::from_ymd_opt(-5000, 1, 1).unwrap();
    let leap = NaiveTime::from_hms_nano_opt(23, 59, 59, 1_500_000_000).unwrap();
    let nul = "the text has a NUL character, which PostgreSQL cannot store.";
    for (found, expected) in [
        (refused(sqlite, f64::NAN.into(), Double), "NaN cannot be stored: SQLite makes NULL of it."),
        (refused(maria, f64::INFINITY.into(), Double), "inf cannot be stored in MariaDB 10.11."),
        (
            refused(sqlite, Decimal::new(1_234_567_890_123_456, 2).into(), numeric(20, 2)),
            "12345678901234.56 has more than 15 significant digits, which SQLite would not keep.",
        ),
        (
            refused(sqlite, ancient.into(), Date),
            "-5000-01-01 is not in the years 1 to 9999, which SQLite can keep as text.",
        ),
        (
            refused(maria, ancient.into(), Date),
            "-5000-01-01 is not in the years 0 to 9999, which MariaDB 10.11 holds.",
        ),
        (
            refused(postgres, ancient.into(), Date),
            "-5000-01-01 is before 4713 BC, where PostgreSQL's calendar starts.",
        ),
        (refused(postgres, "a\0b".into(), DataType::TEXT), nul),
        (refused(postgres, serde_json::json!({"a": ["\0"]}).into(), Json), nul),
        (
            refused(postgres, leap.into(), Time),
            "23:59:59.500000 is within a leap second, which databases cannot hold.",
        ),
        (refused(sqlite, Value::Array(vec![]), Array(Box::new(Integer))), "SQLite has no arrays."),
    ] {
        assert_eq!(found, expected);
    }
    assert!(sqlite.store(&f64::INFINITY.into(), &Double).is_ok());
    assert!(sqlite.store(&Decimal::from(10_i64.pow(18)).into(), &DataType::DECIMAL).is_ok());
}
