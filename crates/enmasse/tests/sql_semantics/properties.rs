//! Random rows and random changes have the same result by `bulk_update` as by saving one object at a time, on
//! every database.
//!
//! The cases are fixed; the variables of proptest select others: `PROPTEST_CASES=1000 PROPTEST_RNG_SEED=7`.

use std::collections::{BTreeMap, BTreeSet};

use enmasse::batch::Strategy as Way;
use enmasse::chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use enmasse::rust_decimal::Decimal;
use enmasse::schema::{Field, ModelRef};
use enmasse::uuid::Uuid;
use enmasse::{Choices, DataType, Database, Error, ErrorKind, Model, Objects, Value};
use enmasse_testing::{Kind, Scratch, runtime, test_on};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestError, TestRunner};

#[derive(Choices, Clone, Copy, Debug, PartialEq)]
enum Level {
    Free,
    #[choice(value = "it's \"premium\"")]
    Premium,
}

#[derive(Choices, Clone, Copy, Debug, PartialEq)]
#[choices(integer)]
enum Rank {
    Low = -1,
    High = 7,
}

/// Models with every type of field that all three databases have, once that is never NULL and once that may be.
macro_rules! tables {
    ($($name:ident, $table:literal: { $($key:tt)* })*) => {$(
        #[derive(Model, Clone, Debug, PartialEq)]
        #[model(table = $table)]
        struct $name {
            $($key)*
            flag: bool,
            flag_or_null: Option<bool>,
            small: i16,
            small_or_null: Option<i16>,
            number: i32,
            number_or_null: Option<i32>,
            big: i64,
            big_or_null: Option<i64>,
            real: f32,
            real_or_null: Option<f32>,
            double: f64,
            double_or_null: Option<f64>,
            text: String,
            text_or_null: Option<String>,
            #[model(max_length = 12)]
            short: String,
            #[model(max_length = 12, db_column = "The \"short`")]
            short_or_null: Option<String>,
            bytes: Vec<u8>,
            bytes_or_null: Option<Vec<u8>>,
            moment: DateTime<Utc>,
            moment_or_null: Option<DateTime<Utc>>,
            naive: NaiveDateTime,
            naive_or_null: Option<NaiveDateTime>,
            date: NaiveDate,
            date_or_null: Option<NaiveDate>,
            time: NaiveTime,
            time_or_null: Option<NaiveTime>,
            length: TimeDelta,
            length_or_null: Option<TimeDelta>,
            #[model(max_digits = 14, decimal_places = 3)]
            price: Decimal,
            #[model(max_digits = 14, decimal_places = 3)]
            price_or_null: Option<Decimal>,
            uuid: Uuid,
            uuid_or_null: Option<Uuid>,
            json: serde_json::Value,
            json_or_null: Option<serde_json::Value>,
            level: Level,
            level_or_null: Option<Level>,
            rank: Rank,
            rank_or_null: Option<Rank>,
        }
    )*};
}

tables! {
    Numbered, "numbered": { #[model(primary_key)] id: i64, }
    Coded, "coded": { #[model(primary_key, max_length = 20)] code: String, }
    Identified, "identified": { #[model(primary_key)] id: Uuid, }
    Composite, "composite": {
        #[model(primary_key)]
        shop: i32,
        #[model(primary_key, max_length = 20)]
        article: String,
        #[model(primary_key)]
        day: NaiveDate,
    }
}

/// What PostgreSQL has besides.
#[derive(Model, Clone, Debug, PartialEq)]
#[model(table = "lists")]
struct Lists {
    #[model(primary_key)]
    id: i64,
    flags: Vec<bool>,
    smalls: Option<Vec<i16>>,
    numbers: Vec<i32>,
    bigs: Option<Vec<i64>>,
    reals: Vec<f32>,
    doubles: Option<Vec<f64>>,
    texts: Vec<String>,
    texts_or_null: Option<Vec<String>>,
    moments: Vec<DateTime<Utc>>,
    naives: Option<Vec<NaiveDateTime>>,
    dates: Vec<NaiveDate>,
    times: Option<Vec<NaiveTime>>,
    lengths: Vec<TimeDelta>,
    #[allow(clippy::struct_field_names)]
    prices: Option<Vec<Decimal>>,
    uuids: Vec<Uuid>,
}

#[test_on(all)]
fn an_integer_key(kind: Kind) {
    holds::<Numbered>(kind);
}

#[test_on(all)]
fn a_text_key(kind: Kind) {
    holds::<Coded>(kind);
}

#[test_on(all)]
fn a_uuid_key(kind: Kind) {
    holds::<Identified>(kind);
}

#[test_on(all)]
fn a_composite_key(kind: Kind) {
    holds::<Composite>(kind);
}

#[test_on(postgres)]
fn arrays(kind: Kind) {
    holds::<Lists>(kind);
}

/// A table, and objects to write to it.
#[derive(Clone, Debug)]
struct Case {
    /// The rows of the table: all values of each, in the order of the model's fields.
    rows: Vec<Row>,
    /// The objects, with keys that are in the table and keys that are not, in any order.
    objects: Vec<Row>,
    /// The fields that are written.
    fields: Vec<String>,
    batch_size: Option<usize>,
}

type Row = Vec<Value>;

fn holds<M: Model + Clone + PartialEq + std::fmt::Debug>(kind: Kind) {
    let model = M::model().unwrap();
    let cases = cases(&model);
    let runtime = runtime();
    let Some(scratch) = runtime.block_on(Scratch::new(kind)) else { return };
    let db = runtime.block_on(scratch.connect());
    runtime.block_on(db.create_tables([model.clone()])).unwrap();
    let mut runner = TestRunner::new(config());
    let result = runner.run(&cases, |case| runtime.block_on(check::<M>(&db, &model, case)));
    let name = db.name();
    drop(db);
    runtime.block_on(scratch.drop());
    match result {
        Ok(()) => {}
        Err(TestError::Fail(reason, case)) => {
            panic!("{name}: {reason}; the smallest such case: {case:?}")
        }
        Err(abort) => panic!("{name}: {abort}"),
    }
}

fn config() -> Config {
    let mut config = Config { failure_persistence: None, max_shrink_iters: 500, ..Config::default() };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = 24;
    }
    if std::env::var_os("PROPTEST_RNG_SEED").is_none() {
        config.rng_seed = RngSeed::Fixed(2026);
    }
    config
}

async fn check<M>(db: &Database, model: &ModelRef, case: Case) -> Result<(), TestCaseError>
where
    M: Model + Clone + PartialEq + std::fmt::Debug,
{
    let objects = |rows: &[Row]| -> Result<Vec<M>, Error> {
        rows.iter().map(|row| M::from_row(model, row.clone())).collect()
    };
    let (rows, changed) = (objects(&case.rows)?, objects(&case.objects)?);
    let wanted: Vec<usize> = case.fields.iter().map(|name| model.find(name)).collect::<Result<_, _>>()?;

    // What it should be.
    let key = |object: &M| -> Row { model.key().into_iter().map(|at| object.value(model, at)).collect() };
    let there = |object: &&M| rows.iter().any(|row| key(row) == key(object));
    let mut expected = rows.clone();
    for row in &mut expected {
        if let Some(object) = changed.iter().find(|object| key(object) == key(row)) {
            for &position in &wanted {
                row.set_value(model, position, object.value(model, position))?;
            }
        }
    }

    // In bulk, in each way.
    let mut in_bulk = None;
    for way in ways(Kind::of(db)) {
        M::all_rows(db).delete().await?;
        M::all_rows(db).bulk_create(rows.clone()).await?;
        same("bulk_create", &table::<M>(db, model).await?, &shown(model, &rows))?;
        let mut update = M::all_rows(db).bulk_update(&changed, |_| case.fields.clone());
        if let Some(size) = case.batch_size {
            update = update.batch_size(size);
        }
        if let Some(way) = way {
            update = update.strategy(way);
        }
        let report = match update.await {
            // each way can carry rows with integer keys
            Err(error)
                if way.is_some() && error.kind() == ErrorKind::NotSupported && model.table != "numbered" =>
            {
                continue;
            }
            done => done.map_err(|error| TestCaseError::fail(format!("{way:?}: {error}")))?,
        };
        prop_assert_eq!(report.matched, changed.iter().filter(there).count() as u64, "{:?}", way);
        let missing: BTreeSet<String> = report.missing.iter().map(|key| format!("{key:?}")).collect();
        let absent = changed.iter().filter(|object| !there(object));
        prop_assert_eq!(missing.len(), report.missing.len());
        let absent = absent.map(|object| format!("{:?}", key(object))).collect::<BTreeSet<_>>();
        prop_assert_eq!(missing, absent, "{:?}", way);
        let written = table::<M>(db, model).await?;
        same(&format!("{way:?}, and what it should be"), &written, &shown(model, &expected))?;
        in_bulk = Some(written);
    }
    let in_bulk = in_bulk.expect("there is always one way");

    // One at a time.
    M::all_rows(db).delete().await?;
    let one_by_one = db
        .transaction(async |tx| {
            for row in &rows {
                M::all_rows(&tx).save(&mut row.clone()).await?;
            }
            for object in changed.iter().filter(there) {
                let mut row = rows.iter().find(|row| key(row) == key(object)).cloned().unwrap();
                for &position in &wanted {
                    row.set_value(model, position, object.value(model, position))?;
                }
                M::all_rows(&tx).save(&mut row).await?;
            }
            Ok(())
        })
        .await;
    one_by_one?;

    same("bulk_update, and saving one at a time", &in_bulk, &table::<M>(db, model).await?)
}

/// The ways of carrying rows that a database has, after the one that it chooses itself.
fn ways(kind: Kind) -> Vec<Option<Way>> {
    let ways: &[Way] = match kind {
        Kind::Sqlite => &[Way::PreparedLoop],
        Kind::Postgres => &[Way::Arrays, Way::Copy, Way::Values],
        Kind::Mysql => &[Way::LoadData, Way::StagedInserts, Way::Values, Way::Cases],
        Kind::MariaDb => &[Way::LoadData, Way::StagedInserts, Way::BulkExecute, Way::Values, Way::Cases],
    };
    std::iter::once(None).chain(ways.iter().copied().map(Some)).collect()
}

type Table = BTreeMap<String, Vec<String>>;

/// Fails with the values that differ.
fn same(what: &str, left: &Table, right: &Table) -> Result<(), TestCaseError> {
    prop_assert!(left.keys().eq(right.keys()), "{what}: {:?} but {:?}", left.keys(), right.keys());
    for (left, right) in left.values().zip(right.values()) {
        let pairs: Vec<_> = left.iter().zip(right).filter(|(left, right)| left != right).collect();
        prop_assert!(pairs.is_empty(), "{what}: {pairs:?}");
    }
    Ok(())
}

/// The rows in the database, by key.
async fn table<M: Model>(db: &Database, model: &ModelRef) -> Result<Table, Error> {
    Ok(shown(model, &M::all_rows(db).fetch().await?))
}

/// Rows by key, each value with its field's name, so that a difference is easily seen.
fn shown<M: Model>(model: &ModelRef, rows: &[M]) -> Table {
    let row = |row: &M| {
        let value = |(at, field): (usize, &Field)| {
            format!("{}: {:?}", field.name, settled(field, row.value(model, at)))
        };
        let values: Vec<String> = model.fields.iter().enumerate().map(value).collect();
        (values[..model.key().len()].join(", "), values)
    };
    rows.iter().map(row).collect()
}

/// A value as a column keeps it: datetimes to the microsecond, decimals without zeros at the end.
fn settled(field: &Field, value: Value) -> Value {
    match field.data_type.clean(value).expect("only values that fit are written") {
        Value::Float(number) => Value::Float(number + 0.0), // SQLite keeps no minus zero
        value => value,
    }
}

fn cases(model: &ModelRef) -> impl Strategy<Value = Case> {
    let row = |fields: Vec<usize>| -> Vec<BoxedStrategy<Value>> {
        fields.into_iter().map(|position| values(&model.fields[position])).collect()
    };
    let key = model.key();
    assert_eq!(key, (0..key.len()).collect::<Vec<_>>(), "the key is first in the models of this test");
    let rest: Vec<usize> = (key.len()..model.fields.len()).collect();
    let names: Vec<String> = rest.iter().map(|&position| model.fields[position].name.clone()).collect();
    // Each key is in the table, among the objects, or both.
    let presence = select(vec![(true, true), (true, true), (true, false), (false, true)]);
    let entry = (presence, row(key.clone()), row(rest.clone()), row(rest));
    let entries = btree_map(0..100_u8, entry, 0..12);
    let fields = prop_oneof![subsequence(names.clone(), 1..=names.len()), Just(names)];
    let batch_size = prop_oneof![2 => Just(None), 1 => (1..5_usize).prop_map(Some)];
    (entries, fields.prop_shuffle(), batch_size).prop_flat_map(|(entries, fields, batch_size)| {
        let (mut rows, mut objects, mut keys) = (Vec::new(), Vec::new(), BTreeSet::new());
        for (number, ((in_table, in_batch), mut key, before, after)) in entries {
            // What a collation takes for one text is not one here: each begins with another number.
            for value in &mut key {
                if let Value::Text(text) = value {
                    *text = format!("{number:02}{text}");
                }
            }
            if keys.insert(format!("{key:?}")) {
                if in_table {
                    rows.push([&key[..], &before].concat());
                }
                if in_batch {
                    objects.push([&key[..], &after].concat());
                }
            }
        }
        (Just(rows), Just(objects).prop_shuffle(), Just(fields), Just(batch_size))
            .prop_map(|(rows, objects, fields, batch_size)| Case { rows, objects, fields, batch_size })
    })
}

/// Any value that fits the field.
fn values(field: &Field) -> BoxedStrategy<Value> {
    let value = match &field.choices {
        Some(choices) => select(choices.clone()).boxed(),
        None => of_type(&field.data_type, if field.primary_key { 18 } else { usize::MAX }),
    };
    if field.null { prop_oneof![1 => Just(Value::Null), 3 => value].boxed() } else { value }
}

/// Any value of the type, and the odd ones often.
fn of_type(data_type: &DataType, most: usize) -> BoxedStrategy<Value> {
    fn some<T: Into<Value> + Clone + std::fmt::Debug + 'static>(
        odd: impl IntoIterator<Item = T>,
        any: impl Strategy<Value = T> + 'static,
    ) -> BoxedStrategy<Value> {
        let odd: Vec<T> = odd.into_iter().collect();
        prop_oneof![1 => select(odd), 2 => any].prop_map_into().boxed()
    }
    use proptest::num::{f32, f64};
    match data_type {
        DataType::Bool => any::<bool>().prop_map_into().boxed(),
        DataType::SmallInt => some([i16::MIN, -1, 0, i16::MAX], any::<i16>()),
        DataType::Integer => some([i32::MIN, -1, 0, i32::MAX], any::<i32>()),
        DataType::BigInt => some([i64::MIN, -1, 0, (1 << 53) + 1, i64::MAX], any::<i64>()),
        DataType::Real => some(
            [f32::MIN, 0.1, 16_777_217.0, f32::MIN_POSITIVE, f32::MAX],
            f32::NORMAL | f32::NEGATIVE | f32::POSITIVE | f32::ZERO,
        ),
        DataType::Double => some(
            [f64::MIN, 0.1 + 0.2, 9_007_199_254_740_993.0, f64::MIN_POSITIVE, f64::MAX],
            f64::NORMAL | f64::NEGATIVE | f64::POSITIVE | f64::ZERO,
        ),
        DataType::Text { max_length } => {
            let most = max_length.map_or(40, |most| most as usize).min(most);
            text(most).prop_map_into().boxed()
        }
        DataType::Bytes => some([vec![], vec![0], b"it's \\x00 \xff".to_vec()], vec(any::<u8>(), 0..40)),
        DataType::DateTime => moment().prop_map(|moment| moment.and_utc().into()).boxed(),
        DataType::NaiveDateTime => moment().prop_map_into().boxed(),
        DataType::Date => moment().prop_map(|moment| moment.date().into()).boxed(),
        DataType::Time => moment().prop_map(|moment| moment.time().into()).boxed(),
        DataType::Duration => some(
            [i64::MIN, -1, 0, 86_400_000_001, i64::MAX].map(TimeDelta::microseconds),
            any::<i64>().prop_map(TimeDelta::microseconds),
        ),
        DataType::Decimal { .. } => {
            let greatest = 99_999_999_999_999_i64;
            let decimal = |(number, scale): (i64, u32)| Decimal::new(number, scale);
            some(
                [
                    Decimal::new(greatest, 3),
                    Decimal::new(-greatest, 3),
                    Decimal::new(10_000, 3),
                    Decimal::ZERO,
                ],
                (-greatest / 1_000..=greatest / 1_000, 0..=3_u32).prop_map(decimal),
            )
        }
        DataType::Uuid => {
            // MariaDB's type holds no UUIDs of versions above 7 without the usual variant.
            let uuid = |number: u128| Uuid::from_u128(number & !(1 << 79));
            some([Uuid::nil(), Uuid::max()], any::<u128>().prop_map(uuid))
        }
        DataType::Json => document().prop_map_into().boxed(),
        DataType::Array(item) => vec(of_type(item, most), 0..5).prop_map(Value::Array).boxed(),
        other => panic!("no values of {other}"),
    }
}

/// Text of at most `most` characters. Only the character that PostgreSQL cannot store is left out.
fn text(most: usize) -> impl Strategy<Value = String> + Clone {
    const ODD: [&str; 16] = [
        "",
        " ",
        "a ",
        " a",
        "NULL",
        "null",
        "007",
        "1e5",
        "true",
        "\\N",
        "é☃😀",
        "e\u{301}",
        "'\"\\%_`$1?",
        "{a,\"b\"}",
        "\n\r\t\u{1}\u{1a}",
        "2024-01-01",
    ];
    let any = vec(any::<char>().prop_filter("NUL", |&character| character != '\0'), 0..most.min(20));
    let plain = "[ -~]*";
    let text = prop_oneof![select(&ODD[..]).prop_map_into(), any.prop_map(String::from_iter), plain];
    text.prop_map(move |text: String| text.chars().take(most).collect())
}

/// A moment of the years 1 to 9999, to the nanosecond.
fn moment() -> impl Strategy<Value = NaiveDateTime> {
    let odd = [
        "0001-01-01T00:00:00",
        "1000-01-01T00:00:00.000001",
        "1969-12-31T23:59:59.999999999",
        "2000-02-29T00:00:00",
        "2025-03-30T02:30:00.100",
        "9999-12-31T23:59:59.999999",
    ];
    let odd: Vec<NaiveDateTime> = odd.map(|text| text.parse().unwrap()).into();
    let seconds = odd[0].and_utc().timestamp()..=odd[5].and_utc().timestamp();
    let any = (seconds, 0..1_000_000_000_u32)
        .prop_map(|(seconds, nanos)| DateTime::from_timestamp(seconds, nanos).unwrap().naive_utc());
    prop_oneof![1 => select(odd), 2 => any]
}

/// A JSON document. Its fractions are eighths: PostgreSQL makes a whole number of `1e17`.
fn document() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map_into(),
        any::<i64>().prop_map_into(),
        // by itself it is none that SQLite takes
        Just(serde_json::json!([u64::MAX])),
        any::<i32>().prop_map(|number| serde_json::Value::from(f64::from(number) / 8.0)),
        text(20).prop_map_into(),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map_into(),
            btree_map(text(8), inner, 0..4).prop_map(|members| members.into_iter().collect()),
        ]
    })
}
