//! What a model can be: every type of field, every kind of key, and what the model and the database make.

use std::collections::HashSet;

use enmasse::prelude::*;
use enmasse::serde_json::{self, json};
use enmasse_testing::{Kind, on_database, test_on};

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

/// The names of all fields but the key.
fn all_fields<C>(_: C) -> [&'static str; 20] {
    [
        "bool",
        "smallint",
        "int",
        "bigint",
        "real",
        "double",
        "text",
        "varchar",
        "blob",
        "timestamp",
        "datetime",
        "date",
        "time",
        "interval",
        "decimal",
        "number",
        "uuid",
        "json",
        "level",
        "rank",
    ]
}

#[test_on(all)]
fn every_type_is_written_and_read_in_every_way(kind: Kind) {
    on_database(kind, async |db| {
        db.create_tables([Everything::model().unwrap()]).await.unwrap();
        let rows = [Everything::least(-1), Everything::plain(0), Everything::greatest(1)];
        for row in &rows {
            assert_eq!(Everything::objects(&db).create(row.clone()).await.unwrap(), *row);
            assert_eq!(Everything::objects(&db).filter(|e| e.id.eq(row.id)).get().await.unwrap(), *row);
        }
        let read = Everything::objects(&db).order_by(|e| e.id).fetch().await.unwrap();
        assert_eq!(read, rows);

        assert_eq!(Everything::objects(&db).delete().await.unwrap(), 3);
        assert_eq!(Everything::objects(&db).bulk_create(rows.clone()).await.unwrap(), rows);
        assert_eq!(Everything::objects(&db).order_by(|e| e.id).fetch().await.unwrap(), rows);

        // Each row gets another's values.
        let mut turned = rows.clone();
        turned.rotate_left(1);
        for (row, id) in turned.iter_mut().zip(-1..) {
            row.id = id;
        }
        let report = Everything::objects(&db).bulk_update(&turned, all_fields).await.unwrap();
        assert_eq!((report.matched, report.missing.len()), (3, 0));
        assert_eq!(Everything::objects(&db).order_by(|e| e.id).fetch().await.unwrap(), turned);

        for row in &rows {
            let saved = Everything::objects(&db).save(&mut row.clone()).await.unwrap();
            assert!(!saved.created);
        }
        assert_eq!(Everything::objects(&db).order_by(|e| e.id).fetch().await.unwrap(), rows);

        for to in &rows {
            let set = Everything::objects(&db).update(|e| {
                [
                    e.bool.set(to.bool),
                    e.smallint.set(to.smallint),
                    e.int.set(to.int),
                    e.bigint.set(to.bigint),
                    e.real.set(to.real),
                    e.double.set(to.double),
                    e.text.set(&to.text),
                    e.varchar.set(&to.varchar),
                    e.blob.set(&to.blob[..]),
                    e.timestamp.set(to.timestamp),
                    e.datetime.set(to.datetime),
                    e.date.set(to.date),
                    e.time.set(to.time),
                    e.interval.set(to.interval),
                    e.decimal.set(to.decimal),
                    e.number.set(to.number),
                    e.uuid.set(to.uuid),
                    e.json.set(to.json.clone()),
                    e.level.set(to.level),
                    e.rank.set(to.rank),
                ]
            });
            assert_eq!(set.await.unwrap(), 3);
            for read in Everything::objects(&db).fetch().await.unwrap() {
                assert_eq!(read, Everything { id: read.id, ..to.clone() });
            }
        }
    });
}

#[test_on(all)]
fn every_type_compares_as_equal_to_what_was_written(kind: Kind) {
    on_database(kind, async |db| {
        db.create_tables([Everything::model().unwrap()]).await.unwrap();
        let rows = [Everything::least(-1), Everything::plain(0), Everything::greatest(1)];
        Everything::objects(&db).bulk_create(rows.clone()).await.unwrap();
        for row in rows {
            let e = <Everything as Entity>::columns(enmasse::Path::root());
            let of_row = [
                ("smallint", e.smallint.eq(row.smallint)),
                ("int", e.int.eq(row.int)),
                ("bigint", e.bigint.eq(row.bigint)),
                ("double", e.double.eq(row.double)),
                ("text", e.text.eq(&row.text)),
                ("varchar", e.varchar.eq(&row.varchar)),
                ("blob", e.blob.eq(&row.blob[..])),
                ("timestamp", e.timestamp.eq(row.timestamp)),
                ("datetime", e.datetime.eq(row.datetime)),
                ("date", e.date.eq(row.date)),
                ("time", e.time.eq(row.time)),
                ("interval", e.interval.eq(row.interval)),
                ("decimal", e.decimal.eq(row.decimal)),
                ("uuid", e.uuid.eq(row.uuid)),
            ];
            for (field, is_row) in of_row {
                let found = Everything::objects(&db).filter_by(is_row).values(|e| e.id).await;
                assert_eq!(found.unwrap(), [row.id], "{field} of {}", row.id);
            }
        }
    });
}

#[test_on(all)]
fn every_type_takes_null(kind: Kind) {
    on_database(kind, async |db| {
        db.create_tables([Perhaps::model().unwrap()]).await.unwrap();
        let rows = vec![
            Perhaps::null(1),
            Everything::plain(2).perhaps(),
            Perhaps::null(3),
            Everything::greatest(4).perhaps(),
        ];
        assert_eq!(Perhaps::objects(&db).bulk_create(rows.clone()).await.unwrap(), rows);
        assert_eq!(Perhaps::objects(&db).order_by(|p| p.id).fetch().await.unwrap(), rows);

        let turned = vec![
            Everything::least(1).perhaps(),
            Perhaps::null(2),
            Perhaps { text: Some(String::new()), ..Perhaps::null(3) },
            Perhaps { json: Some(serde_json::Value::Null), ..Perhaps::null(4) },
        ];
        assert_eq!(Perhaps::objects(&db).bulk_update(&turned, all_fields).await.unwrap().matched, 4);
        assert_eq!(Perhaps::objects(&db).order_by(|p| p.id).fetch().await.unwrap(), turned);

        let set = Perhaps::objects(&db).update(|p| {
            [
                p.bool.set(None),
                p.smallint.set(None),
                p.int.set(None),
                p.bigint.set(None),
                p.real.set(None),
                p.double.set(None),
                p.text.set(None::<String>),
                p.varchar.set(None::<String>),
                p.blob.set(None::<Vec<u8>>),
                p.timestamp.set(None),
                p.datetime.set(None),
                p.date.set(None),
                p.time.set(None),
                p.interval.set(None),
                p.decimal.set(None),
                p.number.set(None),
                p.uuid.set(None),
                p.json.set(None),
                p.level.set(None),
                p.rank.set(None),
            ]
        });
        assert_eq!(set.await.unwrap(), 4);
        let all_null: Vec<_> = (1..=4).map(Perhaps::null).collect();
        assert_eq!(Perhaps::objects(&db).order_by(|p| p.id).fetch().await.unwrap(), all_null);
    });
}

#[derive(Model, Clone, Debug, PartialEq)]
#[model(table = "arrays")]
struct Arrays {
    #[model(primary_key)]
    id: i64,
    bools: Vec<bool>,
    smallints: Vec<i16>,
    ints: Vec<i32>,
    bigints: Vec<i64>,
    reals: Vec<f32>,
    doubles: Vec<f64>,
    texts: Vec<String>,
    timestamps: Vec<DateTime<Utc>>,
    datetimes: Vec<NaiveDateTime>,
    dates: Vec<NaiveDate>,
    times: Vec<NaiveTime>,
    intervals: Vec<TimeDelta>,
    decimals: Vec<Decimal>,
    uuids: Vec<Uuid>,
    perhaps: Option<Vec<i32>>,
}

impl Arrays {
    fn empty(id: i64) -> Self {
        Arrays {
            id,
            bools: vec![],
            smallints: vec![],
            ints: vec![],
            bigints: vec![],
            reals: vec![],
            doubles: vec![],
            texts: vec![],
            timestamps: vec![],
            datetimes: vec![],
            dates: vec![],
            times: vec![],
            intervals: vec![],
            decimals: vec![],
            uuids: vec![],
            perhaps: None,
        }
    }

    /// Arrays of the values of the three rows of every type.
    fn full(id: i64) -> Self {
        let rows = [Everything::least(0), Everything::plain(0), Everything::greatest(0)];
        fn of<T>(rows: &[Everything; 3], value: impl Fn(&Everything) -> T) -> Vec<T> {
            rows.iter().map(value).collect()
        }
        Arrays {
            id,
            bools: of(&rows, |e| e.bool),
            smallints: of(&rows, |e| e.smallint),
            ints: of(&rows, |e| e.int),
            bigints: of(&rows, |e| e.bigint),
            reals: of(&rows, |e| e.real),
            doubles: of(&rows, |e| e.double),
            texts: of(&rows, |e| e.varchar.clone()),
            timestamps: of(&rows, |e| e.timestamp),
            datetimes: of(&rows, |e| e.datetime),
            dates: of(&rows, |e| e.date),
            times: of(&rows, |e| e.time),
            intervals: of(&rows, |e| e.interval),
            decimals: of(&rows, |e| e.decimal),
            uuids: of(&rows, |e| e.uuid),
            perhaps: Some(vec![1, 2]),
        }
    }
}

#[test_on(postgres)]
fn arrays_are_written_and_read(kind: Kind) {
    on_database(kind, async |db| {
        db.create_tables([Arrays::model().unwrap()]).await.unwrap();
        let rows = [Arrays::empty(1), Arrays::full(2)];
        assert_eq!(Arrays::objects(&db).bulk_create(rows.clone()).await.unwrap(), rows);
        let turned = [Arrays::full(1), Arrays::empty(2)];
        let fields = |_| {
            let names = Arrays::model().unwrap();
            names.fields[1..].iter().map(|field| field.name.clone()).collect::<Vec<_>>()
        };
        assert_eq!(Arrays::objects(&db).bulk_update(&turned, fields).await.unwrap().matched, 2);
        assert_eq!(Arrays::objects(&db).order_by(|a| a.id).fetch().await.unwrap(), turned);

        let of = |condition: Q| Arrays::objects(&db).filter_by(condition).values(|a| a.id);
        assert_eq!(of(Q::named("ints__contains", vec![i32::MAX])).await.unwrap(), [1]);
        assert_eq!(of(Q::named("texts__contains", vec!["varchar"])).await.unwrap(), [1]);
        assert_eq!(of(Q::named("perhaps__contained_by", vec![1, 2, 3])).await.unwrap(), [1]);
        let set =
            Arrays::objects(&db).update(|a| (a.ints.set(vec![1, 2]), a.texts.set(Vec::<String>::new())));
        assert_eq!(set.await.unwrap(), 2);
        let read = Arrays::objects(&db).values(|a| (a.ints, a.texts)).await.unwrap();
        assert_eq!(read, [(vec![1, 2], vec![]), (vec![1, 2], vec![])]);
    });
}

#[test_on(sqlite, mysql_family)]
fn arrays_are_for_postgresql(kind: Kind) {
    on_database(kind, async |db| {
        let error = db.create_tables([Arrays::model().unwrap()]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotSupported, "{error}");
    });
}

#[derive(Model, Clone, Debug, PartialEq)]
#[model(table = "countries")]
struct Country {
    #[model(primary_key, max_length = 20)]
    code: String,
    people: i64,
}

#[derive(Model, Clone, Debug, PartialEq)]
#[model(table = "tokens")]
struct Token {
    #[model(primary_key, db_column = "the token")]
    token: Uuid,
    uses: i32,
}

#[derive(Model, Clone, Debug, PartialEq)]
#[model(table = "seats")]
struct Seat {
    #[model(primary_key)]
    hall: i32,
    #[model(primary_key, max_length = 4)]
    row: String,
    #[model(primary_key)]
    number: i16,
    taken: bool,
}

#[test_on(all)]
fn a_key_can_be_text(kind: Kind) {
    on_database(kind, async |db| {
        db.create_tables([Country::model().unwrap()]).await.unwrap();
        let of = |code: &str, people| Country { code: code.into(), people };
        let codes = ["", "-", "AT", "at2", "it's", "ü\"☃", "a\\b"];
        let rows: Vec<_> = codes.iter().zip(0..).map(|(code, people)| of(code, people)).collect();
        assert_eq!(Country::objects(&db).bulk_create(rows.clone()).await.unwrap(), rows);
        let changed: Vec<_> = rows.iter().map(|row| of(&row.code, row.people + 100)).collect();
        let gone = [of("nowhere", 1), of("no'where", 2)];
        let all: Vec<_> = changed.iter().chain(&gone).collect();
        let report = Country::objects(&db).bulk_update(all, |c| c.people).await.unwrap();
        assert_eq!(report.matched, 7);
        let missing: HashSet<_> = report.missing.iter().map(|key| format!("{key:?}")).collect();
        let expected = ["nowhere", "no'where"].map(|key| format!("{:?}", [Value::from(key)]));
        assert_eq!(missing, expected.into());
        for row in &changed {
            let found = Country::objects(&db).filter(|c| c.code.eq(&row.code)).get().await.unwrap();
            assert_eq!(found, *row);
        }
        let saved = Country::objects(&db).save(&mut of("new", 5)).await.unwrap();
        assert!(saved.created);
        assert!(!Country::objects(&db).save(&mut of("new", 6)).await.unwrap().created);
        assert!(Country::objects(&db).delete_object(&of("new", 0)).await.unwrap());
        assert!(!Country::objects(&db).delete_object(&of("new", 0)).await.unwrap());
        assert_eq!(Country::objects(&db).count().await.unwrap(), 7);
    });
}

#[test_on(all)]
fn a_key_can_be_a_uuid(kind: Kind) {
    on_database(kind, async |db| {
        db.create_tables([Token::model().unwrap()]).await.unwrap();
        let rows: Vec<_> =
            [0, 5, u128::MAX].map(|bits| Token { token: Uuid::from_u128(bits), uses: 0 }).into();
        Token::objects(&db).bulk_create(rows.clone()).await.unwrap();
        let changed: Vec<_> = rows.iter().map(|row| Token { uses: 7, ..row.clone() }).collect();
        let gone = Token { token: Uuid::from_u128(6), uses: 1 };
        let report =
            Token::objects(&db).bulk_update(changed.iter().chain([&gone]), |t| t.uses).await.unwrap();
        assert_eq!((report.matched, report.missing), (3, vec![vec![Value::Uuid(gone.token)]]));
        let read = Token::objects(&db).order_by(|t| t.token).fetch().await.unwrap();
        assert_eq!(read, changed);
        let one = Token::objects(&db).filter(q!(pk = Uuid::from_u128(5))).update(set!(uses += 1));
        assert_eq!(one.await.unwrap(), 1);
        let used = Token::objects(&db).filter(q!(uses = 8)).get().await.unwrap();
        assert_eq!(used.token, Uuid::from_u128(5));
        assert!(Token::objects(&db).save(&mut gone.clone()).await.unwrap().created);
    });
}

#[test_on(all)]
fn a_key_can_be_composite(kind: Kind) {
    on_database(kind, async |db| {
        db.create_tables([Seat::model().unwrap()]).await.unwrap();
        let seat = |hall, row: &str, number, taken| Seat { hall, row: row.into(), number, taken };
        let rows = vec![
            seat(0, "A", 0, false),
            seat(0, "A", 1, false),
            seat(0, "B", 0, false),
            seat(1, "A", 0, false),
            seat(-1, "", i16::MIN, false),
        ];
        assert_eq!(Seat::objects(&db).bulk_create(rows.clone()).await.unwrap(), rows);
        let batch = [seat(0, "A", 1, true), seat(1, "A", 0, true), seat(1, "A", 1, true)];
        let report = Seat::objects(&db).bulk_update(&batch, |s| s.taken).await.unwrap();
        assert_eq!(report.matched, 2);
        assert_eq!(report.missing, [vec![Value::Int(1), Value::from("A"), Value::Int(1)]]);
        let taken = Seat::objects(&db).filter(q!(taken = true)).order_by(|s| s.hall).fetch().await.unwrap();
        assert_eq!(taken, [seat(0, "A", 1, true), seat(1, "A", 0, true)]);

        assert!(!Seat::objects(&db).save(&mut seat(0, "B", 0, true)).await.unwrap().created);
        assert!(Seat::objects(&db).save(&mut seat(0, "B", 1, true)).await.unwrap().created);
        assert_eq!(Seat::objects(&db).count().await.unwrap(), 6);
        assert!(Seat::objects(&db).delete_object(&seat(0, "B", 1, false)).await.unwrap());
        assert_eq!(Seat::objects(&db).filter(q!(hall = 0, row = "B")).count().await.unwrap(), 1);
        let twice = Seat::objects(&db).create(seat(0, "A", 0, true)).await.unwrap_err();
        assert_eq!(twice.kind(), ErrorKind::Integrity, "{twice}");
    });
}

fn third() -> i32 {
    333
}

#[derive(Model, Clone, Debug, PartialEq)]
#[model(table = "made", unique_together(part, number))]
struct Made {
    #[model(primary_key)]
    id: Option<i64>,
    #[model(default = 5)]
    number: i32,
    #[model(default = third())]
    third: i32,
    #[model(default, max_length = 10)]
    part: String,
    #[model(default = Level::Gold, max_length = 10, db_column = "the \"level\"")]
    level: Level,
    #[model(generated = "number * 2")]
    doubled: i32,
    #[model(unique)]
    serial: Option<i32>,
    #[model(auto_now_add)]
    created_at: DateTime<Utc>,
    #[model(auto_now)]
    updated_at: DateTime<Utc>,
    #[model(auto_now)]
    updated_on: NaiveDate,
}

impl Made {
    fn new(number: i32) -> Self {
        Made {
            id: None,
            number,
            third: 3,
            part: String::new(),
            level: Level::Free,
            doubled: -1,
            serial: None,
            created_at: DateTime::UNIX_EPOCH,
            updated_at: DateTime::UNIX_EPOCH,
            updated_on: NaiveDate::MIN,
        }
    }
}

#[test_on(all)]
fn what_the_model_and_the_database_make_comes_back(kind: Kind) {
    on_database(kind, async |db| {
        db.create_tables([Made::model().unwrap()]).await.unwrap();
        let before = Utc::now() - TimeDelta::milliseconds(1);
        let first = Made::objects(&db).create(Made::new(21)).await.unwrap();
        assert_eq!((first.id, first.doubled), (Some(1), 42));
        assert!(before < first.created_at && first.created_at <= Utc::now(), "{first:?}");
        assert_eq!(first.created_at, first.updated_at);
        assert_eq!(Made::objects(&db).get().await.unwrap(), first);

        let with = Made::objects(&db).create_with(|m| m.serial.set(9)).await.unwrap();
        assert_eq!((with.id, with.number, with.third, with.doubled), (Some(2), 5, 333, 10));
        assert_eq!((with.part.as_str(), with.level, with.serial), ("", Level::Gold, Some(9)));
        assert_eq!(Made::objects(&db).filter(q!(id = 2)).get().await.unwrap(), with);

        let many = Made::objects(&db).bulk_create((1..=50).map(|n| Made::new(n + 100))).await.unwrap();
        let ids: Vec<_> = many.iter().map(|made| made.id).collect();
        assert_eq!(ids, (3..=52).map(Some).collect::<Vec<_>>());
        assert!(many.iter().all(|made| made.doubled == made.number * 2));
        let read = Made::objects(&db).filter(q!(id__gt = 2)).order_by(|m| m.id).fetch().await.unwrap();
        assert_eq!(read, many);
    });
}

#[test_on(all)]
fn auto_now_is_set_by_every_write(kind: Kind) {
    on_database(kind, async |db| {
        db.create_tables([Made::model().unwrap()]).await.unwrap();
        let old = DateTime::UNIX_EPOCH;
        let reset = async |id: i64| {
            let set = Made::objects(&db).filter(|m| m.id.eq(id));
            let set = set.update(|m| {
                (m.updated_at.set(old), m.created_at.set(old), m.updated_on.set(old.date_naive()))
            });
            assert_eq!(set.await.unwrap(), 1);
        };
        let mut made = Made::objects(&db).create(Made::new(1)).await.unwrap();
        reset(1).await;
        let read = || Made::objects(&db).get();
        assert_eq!(read().await.unwrap().updated_at, old, "set by the caller, it stays so");

        let recent =
            |made: &Made| made.updated_at > Utc::now() - TimeDelta::minutes(5) && made.created_at == old;
        assert_eq!(Made::objects(&db).update(set!(number += 1)).await.unwrap(), 1);
        assert!(recent(&read().await.unwrap()));
        assert_eq!(read().await.unwrap().doubled, 4);

        reset(1).await;
        made.number = 10;
        made.created_at = old;
        Made::objects(&db).bulk_update([&made], |m| m.number).await.unwrap();
        assert!(recent(&read().await.unwrap()));
        assert_eq!(read().await.unwrap().doubled, 20);

        reset(1).await;
        Made::objects(&db).save(&mut made).await.unwrap();
        assert!(recent(&made) && recent(&read().await.unwrap()));

        reset(1).await;
        made.number = 11;
        made.third = 12;
        Made::objects(&db).save(&mut made).update_fields(|m| m.number).await.unwrap();
        let now = read().await.unwrap();
        assert!(recent(&now));
        assert_eq!((now.number, now.third), (11, 3), "only the field that was named");

        reset(1).await;
        made.updated_at = old;
        Made::objects(&db).bulk_update([&made], |m| (m.number, m.updated_at)).await.unwrap();
        assert_eq!(read().await.unwrap().updated_at, old, "among the fields, it is the caller's");
    });
}

#[test_on(all)]
fn unique_fields_refuse_a_second_row(kind: Kind) {
    on_database(kind, async |db| {
        db.create_tables([Made::model().unwrap()]).await.unwrap();
        let serial = |number, serial| Made { serial: Some(serial), ..Made::new(number) };
        Made::objects(&db).create(serial(1, 1)).await.unwrap();
        Made::objects(&db).create(serial(2, 2)).await.unwrap();
        Made::objects(&db).create(Made::new(3)).await.unwrap();
        Made::objects(&db).create(Made::new(4)).await.unwrap(); // NULL is not equal to NULL
        for wrong in [serial(5, 1), serial(1, 5)] {
            let error = Made::objects(&db).create(wrong).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Integrity, "{error}");
            assert!(error.code().is_some());
        }
        let error = Made::objects(&db).filter(q!(id = 2)).update(set!(serial = 1)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Integrity, "{error}");
        let error = Made::objects(&db).bulk_create([serial(6, 6), serial(7, 6)]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Integrity, "{error}");
        assert_eq!(Made::objects(&db).count().await.unwrap(), 4, "all or none");
    });
}

#[test_on(all)]
fn generated_columns_are_left_out_of_updates(kind: Kind) {
    on_database(kind, async |db| {
        db.create_tables([Made::model().unwrap()]).await.unwrap();
        let mut made = Made::objects(&db).create(Made::new(4)).await.unwrap();
        assert_eq!(Made::objects(&db).update(|m| m.doubled.set(1)).await.unwrap(), 0);
        assert_eq!(Made::objects(&db).update(|m| (m.doubled.set(1), m.number.set(6))).await.unwrap(), 1);
        assert_eq!(Made::objects(&db).get().await.unwrap().doubled, 12);
        made.doubled = 1_000;
        made.number = 8;
        Made::objects(&db).bulk_update([&made], |m| (m.doubled, m.number)).await.unwrap();
        assert_eq!(Made::objects(&db).get().await.unwrap().doubled, 16);
        assert_eq!(Made::objects(&db).filter(q!(doubled__gt = 15)).count().await.unwrap(), 1);
    });
}

#[derive(Model, Clone, Debug, PartialEq)]
#[model(table = "ticket")]
struct Ticket {
    #[model(primary_key)]
    id: Option<i64>,
}

#[test_on(all)]
fn a_model_can_be_nothing_but_its_key(kind: Kind) {
    on_database(kind, async |db| {
        db.create_tables([Ticket::model().unwrap()]).await.unwrap();
        let ticket = |id| Ticket { id };
        let rows = || Ticket::objects(&db);
        assert_eq!(rows().create(ticket(None)).await.unwrap(), ticket(Some(1)));
        assert_eq!(rows().create(ticket(Some(10))).await.unwrap(), ticket(Some(10)));
        if Kind::of(&db) == Kind::Postgres {
            // A key that was given is not known to the sequence.
            db.query_raw("SELECT setval(pg_get_serial_sequence('ticket', 'id'), 10)", []).await.unwrap();
        }
        let many = rows().bulk_create([ticket(None), ticket(Some(20)), ticket(None)]).await.unwrap();
        let ids: Vec<_> = many.iter().map(|ticket| ticket.id.unwrap()).collect();
        assert!(ids[0] > 10 && ids[1] == 20 && ids[2] == ids[0] + 1, "{ids:?}");
        let mut one = ticket(Some(1));
        assert!(!rows().save(&mut one).await.unwrap().created, "it is there");
        assert!(rows().save(&mut ticket(Some(100))).await.unwrap().created);
        let mut new = ticket(None);
        assert!(rows().save(&mut new).await.unwrap().created);
        assert!(new.id.is_some());
        assert_eq!(rows().count().await.unwrap(), 7);
        assert_eq!(rows().filter(q!(id__lte = 10)).delete().await.unwrap(), 2);
    });
}

#[test_on(all)]
fn choices_refuse_what_is_none_of_them(kind: Kind) {
    on_database(kind, async |db| {
        db.create_tables([Everything::model().unwrap()]).await.unwrap();
        Everything::objects(&db).create(Everything::plain(1)).await.unwrap();
        let (e, gold) =
            (Everything::objects(&db), Everything::objects(&db).filter(|e| e.level.eq(Level::Gold)));
        assert_eq!(gold.clone().count().await.unwrap(), 1);
        assert_eq!(e.clone().filter(|e| e.level.in_([Level::Free, Level::Gold])).count().await.unwrap(), 1);
        assert_eq!(gold.update(|e| (e.level.set(Level::Free), e.rank.set(Rank::Low))).await.unwrap(), 1);
        let read = e.clone().values(|e| (e.level, e.rank)).await.unwrap();
        assert_eq!(read, [(Level::Free, Rank::Low)]);
        db.execute_raw("UPDATE everything SET level = 'odd'", []).await.unwrap();
        let error = e.fetch().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Value);
        assert!(
            error.to_string().contains("Everything.level") && error.to_string().contains("odd"),
            "{error}"
        );
    });
}
