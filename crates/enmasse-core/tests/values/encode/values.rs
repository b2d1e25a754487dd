//! Values of every type: any, and the odd ones often; also such as have to be converted or cut, and such as are refused.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};
use enmasse_core::{DataType, Value};
use proptest::collection::{btree_map, vec};
use proptest::num::{f32, f64};
use proptest::prelude::*;
use proptest::sample::select;
use rust_decimal::Decimal;
use uuid::Uuid;

/// All scalar types.
pub fn types() -> Vec<DataType> {
    vec![
        DataType::Bool,
        DataType::SmallInt,
        DataType::Integer,
        DataType::BigInt,
        DataType::Real,
        DataType::Double,
        DataType::TEXT,
        DataType::Text { max_length: Some(1_000) },
        DataType::Bytes,
        DataType::DateTime,
        DataType::NaiveDateTime,
        DataType::Date,
        DataType::Time,
        DataType::Duration,
        DataType::DECIMAL,
        DataType::Decimal { max_digits: Some(12), decimal_places: Some(3) },
        DataType::Uuid,
        DataType::Json,
    ]
}

pub fn of_type(data_type: &DataType) -> BoxedStrategy<Value> {
    prop_oneof![1 => Just(Value::Null), 8 => set(data_type)].boxed()
}

fn set(data_type: &DataType) -> BoxedStrategy<Value> {
    match data_type {
        DataType::Bool => some([Value::Int(1), "true".into(), "no".into()], any::<bool>()),
        DataType::SmallInt => {
            some([i16::MIN.into(), (-1_i16).into(), i16::MAX.into(), "7".into(), "x".into()], any::<i16>())
        }
        DataType::Integer => {
            some([i32::MIN.into(), (-1_i32).into(), i32::MAX.into(), Value::Float(5.0)], any::<i32>())
        }
        DataType::BigInt => {
            some([i64::MIN.into(), 0_i64.into(), i64::MAX.into(), Value::Float(0.5)], any::<i64>())
        }
        DataType::Real => {
            let odd =
                [f32::MIN, -0.0, 0.1, 16_777_217.0, f32::MIN_POSITIVE, f32::MAX, f32::NAN, f32::INFINITY];
            some(odd.map(Value::from).into_iter().chain([Value::Float(0.1), Value::Int(3)]), f32::ANY)
        }
        DataType::Double => {
            let odd = [f64::MIN, -0.0, 0.1 + 0.2, 1e22, 5e-324, f64::MAX, f64::NAN, f64::NEG_INFINITY];
            some(odd.map(Value::from).into_iter().chain(["1.5".into(), Value::Int(3)]), f64::ANY)
        }
        DataType::Text { .. } => some(["x\0y".into(), Value::Int(5), true.into()], text()),
        DataType::Bytes => some(
            [vec![].into(), vec![0].into(), b"it's \\x00 \xff\t".to_vec().into(), "x".into()],
            vec(any::<u8>(), 0..300),
        ),
        DataType::DateTime => some(
            ["2024-02-29 01:02:03.5+02:00".into(), "soon".into(), leap_second().and_utc().into()],
            moment().prop_map(|moment| moment.and_utc()),
        ),
        DataType::NaiveDateTime => some(["2024-02-29".into(), "soon".into(), leap_second().into()], moment()),
        DataType::Date => {
            some(["2024-02-29".into(), "2023-02-29".into()], moment().prop_map(|moment| moment.date()))
        }
        DataType::Time => {
            some(["9:05".into(), leap_second().time().into()], moment().prop_map(|moment| moment.time()))
        }
        DataType::Duration => some(
            [
                TimeDelta::MIN,
                TimeDelta::MAX,
                TimeDelta::nanoseconds(-1_500),
                TimeDelta::zero(),
                TimeDelta::days(-1),
            ]
            .map(Value::from)
            .into_iter()
            .chain(
                [i64::MIN, -1, -86_400_000_001, i64::MAX]
                    .map(|micros| TimeDelta::microseconds(micros).into()),
            )
            .chain(["1:30".into()]),
            any::<i64>().prop_map(TimeDelta::microseconds),
        ),
        DataType::Decimal { max_digits: None, .. } => some(odd_decimals(), decimal()),
        DataType::Decimal { .. } => {
            let number = (-999_999_999_999_i64..=999_999_999_999, Just(3))
                .prop_map(|(number, scale)| Decimal::new(number, scale));
            some(
                [Decimal::new(-1, 3).into(), Decimal::new(10_000, 3).into(), "12.5".into(), Value::Int(7)]
                    .into_iter()
                    .chain(["-00.500", "1e3", "999999999.999"].map(|text| Value::DecimalText(text.into()))),
                number,
            )
        }
        DataType::Uuid => some(
            [Uuid::nil().into(), Uuid::max().into(), Uuid::nil().to_string().into()],
            any::<u128>().prop_map(Uuid::from_u128),
        ),
        DataType::Json => {
            let texts = [
                r#"{"b": 1, "a": 12345678901234567890123456789012345678901234567890, "b": -0.0}"#,
                r#"["\u00e9\ud83d\ude00\\u0000", "a\tb é\u007f"]"#,
                r#""\u0000""#,
                r#""\ud83d""#,
                " 1e999\n",
            ];
            let odd = [serde_json::json!({"x\0": 1}).into(), Value::Float(0.5), "text".into()];
            some(odd.into_iter().chain(texts.map(|text| Value::JsonText(text.into()))), document())
        }
        DataType::Array(item) => {
            some([Value::Array(vec![]), "x".into()], vec(of_type(item), 0..5).prop_map(Value::Array))
        }
        other => panic!("no values of {other}"),
    }
}

fn some<T: Into<Value> + std::fmt::Debug + 'static>(
    odd: impl IntoIterator<Item = Value>,
    any: impl Strategy<Value = T> + 'static,
) -> BoxedStrategy<Value> {
    let odd: Vec<Value> = odd.into_iter().collect();
    prop_oneof![1 => select(odd), 3 => any.prop_map_into()].boxed()
}

/// Text of all planes, short and long, with everything that means something to somebody.
fn text() -> impl Strategy<Value = String> {
    const ODD: [&str; 18] = [
        "",
        " ",
        "a ",
        " a",
        "NULL",
        "null",
        "\\N",
        "\\",
        "\t",
        "\n",
        "\r\n",
        "\u{1a}",
        "\u{1}\u{1b}\u{7f}",
        "é☃😀",
        "e\u{301}",
        "'\"\\%_`$1?",
        "{a,\"b\"}",
        "\u{10ffff}",
    ];
    let any = vec(any::<char>().prop_filter("NUL", |&character| character != '\0'), 0..40);
    prop_oneof![
        4 => select(&ODD[..]).prop_map_into(),
        4 => any.prop_map(String::from_iter),
        4 => "[ -~]{0,80}",
        1 => ("[a-z]{1,9}", select(&ODD[..]), 1_000..10_000_usize).prop_map(|(text, odd, times)| text.repeat(times) + odd),
    ]
}

/// A moment that chrono has, most often one of the years 1 to 9999; to the microsecond, and finer.
fn moment() -> impl Strategy<Value = NaiveDateTime> {
    let day = |year, month, day| NaiveDate::from_ymd_opt(year, month, day).unwrap().and_time(NaiveTime::MIN);
    let odd = vec![
        NaiveDateTime::MIN,
        day(-4713, 11, 23),
        day(-4713, 11, 24),
        day(0, 1, 1) - TimeDelta::microseconds(1),
        day(0, 1, 1),
        day(1, 1, 1),
        day(1969, 12, 31) + TimeDelta::nanoseconds(86_399_999_999_999),
        day(2000, 1, 1) - TimeDelta::nanoseconds(1),
        day(2000, 2, 29),
        day(10_000, 1, 1) - TimeDelta::microseconds(1),
        day(10_000, 1, 1),
        NaiveDateTime::MAX,
    ];
    let seconds = day(1, 1, 1).and_utc().timestamp()..day(10_000, 1, 1).and_utc().timestamp();
    let fraction =
        prop_oneof![Just(0), (0..1_000_000_u32).prop_map(|micros| micros * 1_000), 0..1_000_000_000_u32];
    let any = (seconds, fraction)
        .prop_map(|(seconds, nanos)| DateTime::from_timestamp(seconds, nanos).unwrap().naive_utc());
    prop_oneof![1 => select(odd), 3 => any]
}

fn leap_second() -> NaiveDateTime {
    NaiveDate::from_ymd_opt(2016, 12, 31).unwrap().and_hms_milli_opt(23, 59, 59, 1_500).unwrap()
}

fn odd_decimals() -> Vec<Value> {
    let odd = [
        "0",
        "0.00",
        "-0.001",
        "100",
        "1e3",
        "12.50",
        "999999999999999",
        "1000000000000000",
        "123456789012345000",
        "1234567890123456",
        "0.0000000000000000000000000001",
        "79228162514264337593543950335",
        "-79228162514264337593543950335",
        "7.9228162514264337593543950335",
        "18446744073709551616",
        "184467440737095516.15",
        "1844674407370955.1616",
        "9999.9999",
        "10000.0001",
        "100000000",
    ];
    let long = [
        "-0.00",
        "+007.50",
        "1234567890123456789012345678901234.5",
        "-0.000000000000000000000000000000000000012500",
        "12345678901234567890123456789012345678901234567890123456789012345678901234567890",
        "1e40",
        "1.5E-30",
        "NaN",
        "12a",
    ];
    let negative_zero = -Decimal::new(0, 2);
    let scientific = |text: &str| Decimal::from_scientific(text).unwrap();
    let number = |text: &&str| if text.contains('e') { scientific(text) } else { text.parse().unwrap() };
    odd.iter()
        .map(number)
        .chain([negative_zero])
        .map(Value::from)
        .chain(["1.5".into(), Value::Float(0.1)])
        .chain(odd.map(|text| Value::DecimalText(text.into())))
        .chain(long.map(|text| Value::DecimalText(text.into())))
        .collect()
}

fn decimal() -> impl Strategy<Value = Decimal> {
    let narrow = (any::<i64>(), 0..=28_u32, 0..19_u32)
        .prop_map(|(number, scale, cut)| Decimal::new(number / 10_i64.pow(cut), scale));
    let wide = (-(1_i128 << 96) + 1..1 << 96, 0..=28_u32)
        .prop_map(|(number, scale)| Decimal::from_i128_with_scale(number, scale));
    prop_oneof![4 => narrow, 1 => wide]
}

/// A JSON document.
fn document() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map_into(),
        any::<i64>().prop_map_into(),
        any::<u64>().prop_map_into(),
        f64::NORMAL.prop_map_into(),
        text().prop_map_into(),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map_into(),
            btree_map("[ -~é\n]{0,8}", inner, 0..4).prop_map(|members| members.into_iter().collect()),
        ]
    })
}
