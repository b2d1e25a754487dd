//! A few rows, of every type, with NULL and values in every combination: the stored values equal the given
//! ones, for every way of sending rows.
//!
//! If rows are a list in the statement, and nothing else determines the types of its columns, a database
//! derives the types from the list: fractions of a second, digits and texts could be truncated to what the
//! first row has.

use enmasse::batch::Strategy;
use enmasse::expr::Expr;
use enmasse::prelude::*;
use enmasse::query_set::Patch;
use enmasse::schema::{Field, Model, ModelRef, Schema};
use enmasse::serde_json::json;
use enmasse_testing::{Kind, on_database, test_on};

/// Rows in the table; a batch has three of them.
const ROWS: usize = 3;

fn text(max_length: u32) -> DataType {
    DataType::Text { max_length: Some(max_length) }
}

/// Three values of each type, so different that a column made for one of them could not hold the others.
fn types() -> Vec<(DataType, [Value; 3])> {
    let moment = |text: &str| text.parse::<NaiveDateTime>().unwrap();
    let moments =
        ["2024-02-29T03:04:05.000001", "1999-12-31T23:59:59", "0001-01-01T00:00:00.999999"].map(moment);
    let decimal = |text: &str| Value::Decimal(text.parse().unwrap());
    vec![
        (DataType::Bool, [true, false, true].map(Value::from)),
        (DataType::SmallInt, [0, i16::MIN, i16::MAX].map(Value::from)),
        (DataType::Integer, [0, i32::MIN, i32::MAX].map(Value::from)),
        (DataType::BigInt, [0, i64::MIN, i64::MAX].map(Value::from)),
        (DataType::Real, [0.0, 0.1, f32::MAX].map(Value::from)),
        (DataType::Double, [1.0, 0.1, f64::MAX].map(Value::from)),
        (DataType::TEXT, ["", "é☃😀", &"long ".repeat(14_000)].map(Value::from)),
        (text(200), ["a", "1e5", &"é".repeat(200)].map(Value::from)),
        (DataType::Bytes, [vec![], vec![0, 255, 128], vec![200; 70_000]].map(Value::from)),
        (DataType::DateTime, moments.map(|moment| moment.and_utc()).map(Value::from)),
        (DataType::NaiveDateTime, moments.map(Value::from)),
        (DataType::Date, moments.map(|moment| moment.date()).map(Value::from)),
        (DataType::Time, moments.map(|moment| moment.time()).map(Value::from)),
        (DataType::Duration, [1, -86_400_000_001, 0].map(TimeDelta::microseconds).map(Value::from)),
        (
            DataType::Decimal { max_digits: Some(15), decimal_places: Some(5) },
            ["7", "0.00001", "-9999999999.5"].map(decimal),
        ),
        (DataType::Uuid, [Uuid::nil(), Uuid::from_u128(0x12 << 64), Uuid::from_u128(7)].map(Value::from)),
        (DataType::Json, [json!(null), json!({"a": [1, 2.5, "é"]}), json!("x".repeat(300))].map(Value::from)),
    ]
}

/// A model with a field of each type, and the three values of each.
fn model(table: &str, key: DataType) -> (ModelRef, Vec<[Value; 3]>) {
    let mut model = Model::new("Row", table).add(Field::new("id", key).primary_key());
    let mut values = Vec::new();
    for (number, (data_type, of_type)) in types().into_iter().enumerate() {
        model = model.add(Field::new(format!("f{number}"), data_type).null());
        values.push(of_type);
    }
    (Schema::new(vec![model]).unwrap().model("Row").unwrap(), values)
}

/// Every combination of the three values and NULL in three rows, as numbers: 3 is NULL.
fn combinations() -> impl Iterator<Item = [usize; ROWS]> {
    (0..64).map(|number| [number % 4, number / 4 % 4, number / 16])
}

/// Whole rows of a combination, keys first.
fn rows(keys: &[Value; ROWS], values: &[[Value; 3]], combination: [usize; ROWS]) -> Vec<Vec<Value>> {
    let row = |(key, chosen): (&Value, usize)| {
        let of = values.iter().map(|of_type| of_type.get(chosen).cloned().unwrap_or(Value::Null));
        std::iter::once(key.clone()).chain(of).collect()
    };
    keys.iter().zip(combination).map(row).collect()
}

fn record(model: &ModelRef, row: &[Value]) -> Record {
    let mut record = Record::new(model);
    for (field, value) in model.fields.iter().zip(row) {
        record.set(&field.name, value.clone()).unwrap();
    }
    record
}

async fn stored(model: &ModelRef, db: &Database) -> Vec<Vec<Value>> {
    let read = QuerySet::<Record>::of(model, db).order_by_names(["pk"]).fetch().await.unwrap();
    read.iter().map(|record| record.values().to_vec()).collect()
}

/// Fails with the fields that differ, and not with whole rows.
fn assert_same(model: &ModelRef, found: &[Vec<Value>], expected: &[Vec<Value>], what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (row, (found, expected)) in found.iter().zip(expected).enumerate() {
        for (field, (found, expected)) in model.fields.iter().zip(found.iter().zip(expected)) {
            assert!(found == expected, "{what}, row {row}, {:?}: {found} is not {expected}", field.data_type);
        }
    }
}

/// The ways of carrying rows that a database has, after the one that it chooses itself. Keys of text need a table in which the database compares
/// them.
fn ways(kind: Kind, integer_key: bool) -> Vec<Option<Strategy>> {
    use Strategy::*;
    let (by_any_key, by_integers) = match kind {
        Kind::Sqlite => (vec![PreparedLoop], vec![]),
        Kind::Postgres => (vec![Copy], vec![Arrays, Values]),
        Kind::MariaDb => (vec![LoadData, StagedInserts], vec![Values, Cases, BulkExecute]),
        Kind::Mysql => (vec![LoadData, StagedInserts], vec![Values, Cases]),
    };
    let ways = by_any_key.into_iter().chain(by_integers.into_iter().filter(|_| integer_key));
    std::iter::once(None).chain(ways.map(Some)).collect()
}

async fn holds(db: &Database, table: &str, key: DataType, keys: [Value; ROWS]) {
    let kind = Kind::of(db);
    let integer_key = key != text(20);
    let (model, values) = model(table, key);
    db.create_tables([model.clone()]).await.unwrap();
    let all = || QuerySet::<Record>::of(&model, db);
    let names: Vec<String> = model.fields[1..].iter().map(|field| field.name.clone()).collect();

    // inserted
    for combination in combinations() {
        let rows = rows(&keys, &values, combination);
        all().bulk_create(rows.iter().map(|row| record(&model, row))).await.unwrap();
        assert_same(&model, &stored(&model, db).await, &rows, &format!("bulk_create of {combination:?}"));
        all().delete().await.unwrap();
    }
    let nothing = rows(&keys, &values, [3, 3, 3]);
    all().bulk_create(nothing.iter().map(|row| record(&model, row))).await.unwrap();

    // updated in bulk, all rows and those that differ
    for way in ways(kind, integer_key) {
        for skip in [false, true] {
            if skip && matches!(way, Some(Strategy::Cases | Strategy::BulkExecute)) {
                continue; // they cannot compare
            }
            for combination in combinations() {
                let rows = rows(&keys, &values, combination);
                let records: Vec<_> = rows.iter().map(|row| record(&model, row)).collect();
                let mut update = all().bulk_update(&records, |_| names.clone());
                if skip {
                    update = update.skip_unchanged();
                }
                if let Some(way) = way {
                    update = update.strategy(way);
                }
                let what = format!("bulk_update of {combination:?} by {way:?}, skipping: {skip}");
                let report = update.await.unwrap_or_else(|error| panic!("{what}: {error}"));
                assert_eq!(report.matched, 3, "{what}");
                assert_same(&model, &stored(&model, db).await, &rows, &what);
            }
        }
    }

    // updated by patches, and by cases that are written out
    for combination in combinations() {
        let rows = rows(&keys, &values, combination);
        let patches = rows.iter().map(|row| {
            let fields = names.iter().zip(&row[1..]);
            fields.fold(Patch::of(row[0].clone()), |patch, (name, value)| {
                patch.set_by(name.as_str(), value.clone())
            })
        });
        all().bulk_patch(patches.collect::<Vec<_>>()).await.unwrap();
        let what = format!("patches of {combination:?}");
        assert_same(&model, &stored(&model, db).await, &rows, &what);
    }
    for combination in combinations() {
        let rows = rows(&keys, &values, combination);
        let set = names.iter().enumerate().map(|(number, name)| {
            let whens = rows
                .iter()
                .map(|row| (Q::named("pk", row[0].clone()), Expr::Value(row[number + 1].clone(), None)));
            (name.as_str(), Expr::Case { whens: whens.collect(), default: None })
        });
        all().update_by(set.collect::<Vec<_>>()).await.unwrap();
        let what = format!("cases of {combination:?}");
        assert_same(&model, &stored(&model, db).await, &rows, &what);
    }
}

#[test_on(all)]
fn a16_null_beside_values_by_an_integer_key(kind: Kind) {
    on_database(kind, async |db| {
        holds(&db, "numbered", DataType::Integer, [1, 2, 3].map(Value::from)).await;
    });
}

#[test_on(all)]
fn a16_null_beside_values_by_a_key_of_text(kind: Kind) {
    on_database(kind, async |db| {
        holds(&db, "coded", text(20), ["a", "b", "c"].map(Value::from)).await;
    });
}
