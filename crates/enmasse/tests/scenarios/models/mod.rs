//! What a model can be: every type of field, every kind of key, and what the model and the database make.

mod arrays;
mod keys;
mod made;
mod types;

use enmasse::prelude::*;
use enmasse::serde_json::{self, json};

#[derive(Choices, Clone, Copy, Debug, PartialEq)]
enum Level {
    Free,
    #[choice(value = "gold!")]
    Gold,
}

#[derive(Choices, Clone, Copy, Debug, PartialEq)]
#[choices(integer)]
enum Rank {
    Low = -1,
    High = 100_000,
}

/// Every type, and with columns whose names mean something in SQL.
#[derive(Model, Clone, Debug, PartialEq)]
#[model(table = "everything")]
struct Everything {
    #[model(primary_key)]
    id: i64,
    bool: bool,
    smallint: i16,
    int: i32,
    bigint: i64,
    real: f32,
    double: f64,
    text: String,
    #[model(max_length = 12)]
    varchar: String,
    blob: Vec<u8>,
    timestamp: DateTime<Utc>,
    datetime: NaiveDateTime,
    date: NaiveDate,
    time: NaiveTime,
    interval: TimeDelta,
    #[model(max_digits = 15, decimal_places = 6)]
    decimal: Decimal,
    number: Decimal,
    uuid: Uuid,
    json: serde_json::Value,
    #[model(max_length = 10)]
    level: Level,
    rank: Rank,
}

/// Every type, with NULL.
#[derive(Model, Clone, Debug, PartialEq)]
#[model(table = "perhaps")]
struct Perhaps {
    #[model(primary_key)]
    id: i64,
    bool: Option<bool>,
    smallint: Option<i16>,
    int: Option<i32>,
    bigint: Option<i64>,
    real: Option<f32>,
    double: Option<f64>,
    text: Option<String>,
    #[model(max_length = 12)]
    varchar: Option<String>,
    blob: Option<Vec<u8>>,
    timestamp: Option<DateTime<Utc>>,
    datetime: Option<NaiveDateTime>,
    date: Option<NaiveDate>,
    time: Option<NaiveTime>,
    interval: Option<TimeDelta>,
    #[model(max_digits = 15, decimal_places = 6)]
    decimal: Option<Decimal>,
    number: Option<Decimal>,
    uuid: Option<Uuid>,
    json: Option<serde_json::Value>,
    #[model(max_length = 10)]
    level: Option<Level>,
    rank: Option<Rank>,
}

impl Everything {
    fn plain(id: i64) -> Self {
        let moment: NaiveDateTime = "2024-02-29T12:34:56.789012".parse().unwrap();
        Everything {
            id,
            bool: true,
            smallint: 7,
            int: -70_000,
            bigint: 1 << 53,
            real: 1.5,
            double: 0.1,
            text: "text".into(),
            varchar: "varchar".into(),
            blob: b"\0\xff'\\".to_vec(),
            timestamp: moment.and_utc(),
            datetime: moment,
            date: moment.date(),
            time: moment.time(),
            interval: TimeDelta::milliseconds(1_500),
            decimal: "12.345".parse().unwrap(),
            number: "0.0000000001".parse().unwrap(),
            uuid: Uuid::from_u128(0x1234_5678),
            json: json!({"a": [1, null, "x"], "b": {"c": true}}),
            level: Level::Gold,
            rank: Rank::High,
        }
    }

    fn least(id: i64) -> Self {
        let moment: NaiveDateTime = "0001-01-01T00:00:00".parse().unwrap();
        Everything {
            id,
            bool: false,
            smallint: i16::MIN,
            int: i32::MIN,
            bigint: i64::MIN,
            real: f32::MIN,
            double: f64::MIN,
            text: String::new(),
            varchar: String::new(),
            blob: Vec::new(),
            timestamp: moment.and_utc(),
            datetime: moment,
            date: moment.date(),
            time: moment.time(),
            interval: TimeDelta::microseconds(i64::MIN),
            decimal: "-999999999.999999".parse().unwrap(),
            number: "-0.00000000000000012345".parse().unwrap(),
            uuid: Uuid::nil(),
            json: serde_json::Value::Null,
            level: Level::Free,
            rank: Rank::Low,
        }
    }

    fn greatest(id: i64) -> Self {
        let moment: NaiveDateTime = "9999-12-31T23:59:59.999999".parse().unwrap();
        Everything {
            id,
            bool: true,
            smallint: i16::MAX,
            int: i32::MAX,
            bigint: i64::MAX,
            real: f32::MAX,
            double: f64::MAX,
            text: "é☃😀 '\"\\%_`$1?:x{}--/*\n\r\t\u{1a}\u{10ffff}".repeat(2_000),
            varchar: "é☃😀\t\\'\"\n%_ ".into(),
            blob: (0..=255).cycle().take(70_000).collect(),
            timestamp: moment.and_utc(),
            datetime: moment,
            date: moment.date(),
            time: moment.time(),
            interval: TimeDelta::microseconds(i64::MAX),
            decimal: "999999999.999999".parse().unwrap(),
            number: Decimal::from(999_999_999_999_999_i64),
            uuid: Uuid::max(),
            json: json!(["\"\\\n\u{1}é😀", 1e300, -9_223_372_036_854_775_808_i64, u64::MAX, {"": {}}]),
            level: Level::Gold,
            rank: Rank::High,
        }
    }

    fn perhaps(self) -> Perhaps {
        Perhaps {
            id: self.id,
            bool: Some(self.bool),
            smallint: Some(self.smallint),
            int: Some(self.int),
            bigint: Some(self.bigint),
            real: Some(self.real),
            double: Some(self.double),
            text: Some(self.text),
            varchar: Some(self.varchar),
            blob: Some(self.blob),
            timestamp: Some(self.timestamp),
            datetime: Some(self.datetime),
            date: Some(self.date),
            time: Some(self.time),
            interval: Some(self.interval),
            decimal: Some(self.decimal),
            number: Some(self.number),
            uuid: Some(self.uuid),
            json: Some(self.json),
            level: Some(self.level),
            rank: Some(self.rank),
        }
    }
}

impl Perhaps {
    fn null(id: i64) -> Self {
        Perhaps {
            id,
            bool: None,
            smallint: None,
            int: None,
            bigint: None,
            real: None,
            double: None,
            text: None,
            varchar: None,
            blob: None,
            timestamp: None,
            datetime: None,
            date: None,
            time: None,
            interval: None,
            decimal: None,
            number: None,
            uuid: None,
            json: None,
            level: None,
            rank: None,
        }
    }
}
