//! Bulk updates of records that report each missing and each changed row; and fields that are not set.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use enmasse::prelude::*;
use enmasse::schema::{Field, Model, ModelRef, Schema};
use enmasse_testing::{Kind, on_database, test_on};

type Row = Vec<Option<Value>>;
/// The values before and after.
type Changed = (Vec<Value>, Vec<Value>);

fn text() -> DataType {
    DataType::Text { max_length: Some(20) }
}

/// Goods, whose code is unique; places of goods, with a composite key; and toys, which are goods.
fn models() -> [ModelRef; 3] {
    let good = Model::new("Good", "good")
        .add(Field::new("id", DataType::BigInt).primary_key())
        .add(Field::new("code", text()).unique())
        .add(Field::new("name", text()).null())
        .add(Field::new("price", DataType::Decimal { max_digits: Some(8), decimal_places: Some(2) }).null())
        .add(Field::new("stock", DataType::Integer));
    let place = Model::new("Place", "place")
        .add(Field::new("hall", text()).primary_key())
        .add(Field::new("shelf", DataType::Integer).primary_key())
        .add(Field::new("good", DataType::BigInt).null());
    let toy = Model::new("Toy", "toy").extends("Good").add(Field::new("age", DataType::Integer));
    let schema = Schema::new(vec![good, place, toy]).unwrap();
    ["Good", "Place", "Toy"].map(|label| schema.model(label).unwrap())
}

fn record<const N: usize>(model: &ModelRef, values: [Option<Value>; N]) -> Record {
    Record::of_some(model, values).unwrap()
}

fn good(model: &ModelRef, id: i64, name: &str, stock: i64) -> Record {
    let price = Value::from(Decimal::new(id * 10, 2));
    let code = format!("c{id}");
    record(model, [id.into(), code.as_str().into(), name.into(), price, stock.into()].map(Some))
}

async fn fill(db: &Database, goods: i64) -> [ModelRef; 3] {
    let models = models();
    db.create_tables(models.clone()).await.unwrap();
    let rows = (1..=goods).map(|id| good(&models[0], id, "old", id));
    QuerySet::of(&models[0], db).bulk_create(rows.collect::<Vec<_>>()).await.unwrap();
    models
}

/// The reports, in order.
#[derive(Clone, Default)]
struct Told {
    missing: Arc<Mutex<Vec<Row>>>,
    changes: Arc<Mutex<Vec<Changed>>>,
}

impl Told {
    fn note_missing(&self) -> impl FnMut(Record) -> Result<()> + Send + 'static {
        let missing = self.missing.clone();
        move |record: Record| {
            let values = record.values().iter().enumerate();
            let row = values.map(|(position, value)| record.is_set(position).then(|| value.clone()));
            missing.lock().unwrap().push(row.collect());
            Ok(())
        }
    }

    fn note_change(&self) -> impl FnMut(enmasse::query_set::Change<Record>) -> Result<()> + Send + 'static {
        let changes = self.changes.clone();
        move |change| {
            changes.lock().unwrap().push((change.old.values().to_vec(), change.new.values().to_vec()));
            Ok(())
        }
    }

    fn missing(&self) -> Vec<Row> {
        let mut missing = self.missing.lock().unwrap().clone();
        missing.sort_by_key(|row| format!("{row:?}"));
        missing
    }
}

#[test_on(all)]
fn missing_rows_and_changes_are_told(kind: Kind) {
    on_database(kind, async |db| {
        let [goods, ..] = fill(&db, 300).await;
        let told = Told::default();
        // 100 change, 150 are unchanged, and two are missing.
        let mut rows: Vec<_> = (1..=100).map(|id| good(&goods, id, "new", id)).collect();
        rows.extend((101..=250).map(|id| good(&goods, id, "old", id)));
        rows.extend([good(&goods, 901, "x", 1), good(&goods, 900, "y", 2)]);
        rows.reverse();
        let report = QuerySet::of(&goods, &db)
            .bulk_update(rows, |_| ["name", "stock"])
            .skip_unchanged()
            .each_missing(told.note_missing())
            .each_change(told.note_change())
            .await
            .unwrap();
        assert_eq!((report.matched, report.changed, report.missing_count), (250, 100, 2));
        assert!(report.missing.is_empty());
        let absent = |id: i64, name: &str, stock: i64| {
            vec![Some(id.into()), None, Some(name.into()), None, Some(stock.into())]
        };
        assert_eq!(told.missing(), [absent(900, "y", 2), absent(901, "x", 1)]);
        let changes = told.changes.lock().unwrap().clone();
        assert_eq!(changes.len(), 100);
        for (id, (old, new)) in (1..).zip(&changes) {
            assert_eq!(old, good(&goods, id, "old", id).values());
            assert_eq!(new, good(&goods, id, "new", id).values());
        }
        let names = QuerySet::<Record>::of(&goods, &db).filter_by(Q::named("name", "new")).count().await;
        assert_eq!(names.unwrap(), 100);
    });
}

#[test_on(all)]
fn missing_rows_are_counted(kind: Kind) {
    on_database(kind, async |db| {
        let [goods, ..] = fill(&db, 60).await;
        // few rows, more, many: in each way in which they can be carried
        for rows in [5, 40, 3_000] {
            let of = |id| good(&goods, id * 2, "new", rows);
            let report = QuerySet::of(&goods, &db)
                .bulk_update((1..=rows).map(of).collect::<Vec<_>>(), |_| ["name", "stock"])
                .count_missing()
                .await
                .unwrap();
            let there = rows.min(30) as u64;
            assert_eq!((report.matched, report.missing_count), (there, rows as u64 - there), "{rows}");
            assert!(report.missing.is_empty());
            let named = QuerySet::of(&goods, &db).bulk_update([of(3_000)], |_| ["stock"]).await.unwrap();
            assert_eq!((named.missing.len(), named.missing_count), (1, 1));
        }
    });
}

#[test_on(all)]
fn fields_that_are_not_set_are_left_alone(kind: Kind) {
    on_database(kind, async |db| {
        let [goods, ..] = fill(&db, 4).await;
        let told = Told::default();
        let row = |id: i64, name: Option<Value>, stock: Option<i64>| {
            record(&goods, [Some(id.into()), None, name, None, stock.map(Value::from)])
        };
        let mut unset = good(&goods, 4, "new", 9);
        unset.unset("stock").unwrap();
        assert!(!unset.is_set(4) && unset.is_set(2));
        let rows = [
            row(1, Some("new".into()), None),
            row(2, Some(Value::Null), Some(7)),
            row(3, None, None),
            row(9, None, Some(1)),
            unset,
        ];
        let report = QuerySet::of(&goods, &db)
            .bulk_update(rows, |_| ["name", "stock"])
            .only_set_fields()
            .skip_unchanged()
            .each_missing(told.note_missing())
            .each_change(told.note_change())
            .await
            .unwrap();
        assert_eq!((report.matched, report.changed, report.missing_count), (4, 3, 1));
        assert_eq!(told.missing(), [vec![Some(9.into()), None, None, None, Some(1.into())]]);
        let rows = QuerySet::<Record>::of(&goods, &db).order_by_names(["id"]);
        let rows = rows.values_by(["name", "stock"]).await.unwrap();
        let expected: [[Value; 2]; 4] = [
            ["new".into(), 1.into()],
            [Value::Null, 7.into()],
            ["old".into(), 3.into()],
            ["new".into(), 4.into()],
        ];
        assert_eq!(rows, expected);
    });
}

#[test_on(all)]
fn rows_are_told_by_other_keys(kind: Kind) {
    on_database(kind, async |db| {
        let [goods, places, toys] = fill(&db, 3).await;
        // a unique text
        let told = Told::default();
        let coded = |code: &str, stock: i64| {
            record(&goods, [None, Some(code.into()), None, None, Some(stock.into())])
        };
        let report = QuerySet::of(&goods, &db)
            .bulk_update([coded("c2", 20), coded("c1", 1), coded("zz", 5)], |_| ["stock"])
            .matching_on(|_| ["code"])
            .skip_unchanged()
            .each_missing(told.note_missing())
            .each_change(told.note_change())
            .await
            .unwrap();
        assert_eq!((report.matched, report.changed, report.missing_count), (2, 1, 1));
        assert_eq!(told.missing(), [vec![None, Some("zz".into()), None, None, Some(5.into())]]);
        let changes = std::mem::take(&mut *told.changes.lock().unwrap());
        assert_eq!((&changes[0].0[4], &changes[0].1[4]), (&Value::Int(2), &Value::Int(20)));

        // a composite key
        let at = |hall: &str, shelf: i64, good: i64| {
            record(&places, [Some(hall.into()), Some(shelf.into()), Some(good.into())])
        };
        let all = [at("a", 1, 1), at("a", 2, 1), at("b", 1, 1)];
        QuerySet::of(&places, &db).bulk_create(all).await.unwrap();
        let told = Told::default();
        let report = QuerySet::of(&places, &db)
            .bulk_update([at("b", 1, 2), at("a", 2, 1), at("c", 1, 3), at("a", 1, 2)], |_| ["good"])
            .skip_unchanged()
            .each_missing(told.note_missing())
            .each_change(told.note_change())
            .await
            .unwrap();
        assert_eq!((report.matched, report.changed, report.missing_count), (3, 2, 1));
        assert_eq!(told.missing(), [vec![Some("c".into()), Some(1.into()), Some(3.into())]]);
        let changes = told.changes.lock().unwrap().clone();
        assert_eq!(changes[0].1, at("a", 1, 2).values());
        assert_eq!(changes[1], (at("b", 1, 1).values().to_vec(), at("b", 1, 2).values().to_vec()));
        let rows = QuerySet::<Record>::of(&places, &db).order_by_names(["hall", "shelf"]);
        let now = rows.values_by(["good"]).await.unwrap();
        assert_eq!(now, [[Value::Int(2)], [Value::Int(1)], [Value::Int(2)]]);

        // a row that is in two tables
        let toy = |id: i64, name: &str, age: i64| {
            let code = format!("t{id}");
            let parent = [id.into(), code.as_str().into(), name.into(), Value::Null, 1.into()];
            let own = [id.into(), age.into()];
            Record::of_some(&toys, parent.into_iter().chain(own).map(Some)).unwrap()
        };
        QuerySet::of(&toys, &db).bulk_create([toy(11, "kite", 3), toy(12, "top", 4)]).await.unwrap();
        let told = Told::default();
        let report = QuerySet::of(&toys, &db)
            .bulk_update([toy(12, "top", 5), toy(11, "kite", 3), toy(1, "doll", 1)], |_| ["name", "age"])
            .skip_unchanged()
            .each_missing(told.note_missing())
            .each_change(told.note_change())
            .await
            .unwrap();
        assert_eq!((report.matched, report.changed, report.missing_count), (2, 1, 1));
        let missing = told.missing();
        let said: Vec<_> = missing[0].iter().flatten().collect();
        assert!(said.contains(&&Value::from("doll")) && said.contains(&&Value::Int(1)), "{missing:?}");
        let changes = told.changes.lock().unwrap().clone();
        assert_eq!(changes, [(toy(12, "top", 4).values().to_vec(), toy(12, "top", 5).values().to_vec())]);
    });
}

#[test_on(all)]
fn what_a_filter_leaves_out_is_missing(kind: Kind) {
    on_database(kind, async |db| {
        let [goods, ..] = fill(&db, 4).await;
        let told = Told::default();
        let rows: Vec<_> = (1..=4).map(|id| good(&goods, id, "new", 100)).collect();
        let report = QuerySet::<Record>::of(&goods, &db)
            .filter_by(Q::named("stock__gt", 2))
            .bulk_update(rows, |_| ["name", "stock"])
            .each_missing(told.note_missing())
            .await
            .unwrap();
        assert_eq!((report.matched, report.missing_count), (2, 2));
        let ids: Vec<_> = told.missing().into_iter().map(|row| row[0].clone()).collect();
        assert_eq!(ids, [Some(1.into()), Some(2.into())]);
        let nothing = QuerySet::<Record>::of(&goods, &db)
            .none()
            .bulk_update([good(&goods, 1, "x", 1)], |_| ["name"])
            .each_missing(told.note_missing())
            .await
            .unwrap();
        assert_eq!((nothing.matched, nothing.missing_count, told.missing().len()), (0, 1, 3));
    });
}

#[test_on(all)]
fn an_error_of_who_is_told_undoes_all(kind: Kind) {
    on_database(kind, async |db| {
        let [goods, ..] = fill(&db, 2_000).await;
        let refuse = || Error::new(ErrorKind::Request, "enough");
        let rows = || (1..=3_000).map(|id| good(&goods, id, "new", 0)).collect::<Vec<_>>();
        let (mut seen, mut absent) = (0, 0);
        let changes = QuerySet::of(&goods, &db)
            .bulk_update(rows(), |_| ["name", "stock"])
            .skip_unchanged()
            .each_change(move |_| {
                seen += 1;
                if seen == 700 { Err(refuse()) } else { Ok(()) }
            })
            .await;
        assert_eq!(changes.unwrap_err().to_string(), "enough");
        let missing = QuerySet::of(&goods, &db)
            .bulk_update(rows(), |_| ["name", "stock"])
            .each_missing(move |_| {
                absent += 1;
                if absent == 900 { Err(refuse()) } else { Ok(()) }
            })
            .await;
        assert_eq!(missing.unwrap_err().to_string(), "enough");
        let new = QuerySet::<Record>::of(&goods, &db).filter_by(Q::named("name", "new")).count().await;
        assert_eq!(new.unwrap(), 0);
    });
}

#[test_on(all)]
fn a_narrowed_model_reads_and_writes_its_fields_only(kind: Kind) {
    on_database(kind, async |db| {
        let [_, _, toys] = fill(&db, 1).await;
        let names =
            |model: &ModelRef| model.fields.iter().map(|field| field.name.clone()).collect::<Vec<_>>();
        let toys = toys.narrowed(["age", "code"]).unwrap();
        assert_eq!(names(&toys), ["id", "code", "good_ptr", "age"]);
        assert!(toys.narrowed(["agee"]).unwrap_err().to_string().contains("Did you mean 'age'?"));
        db.execute_raw("INSERT INTO good VALUES (5, 't5', 'ball', 1, 1)", []).await.unwrap();
        db.execute_raw("INSERT INTO toy VALUES (5, 2)", []).await.unwrap();
        let row = |code: &str, age: i64| {
            record(&toys, [Some(5.into()), Some(code.into()), Some(5.into()), Some(age.into())])
        };
        let rows = || QuerySet::<Record>::of(&toys, &db);
        assert_eq!(rows().get().await.unwrap(), row("t5", 2));
        rows().bulk_update([row("u5", 3)], |_| ["code", "age"]).await.unwrap();
        assert_eq!(rows().get().await.unwrap(), row("u5", 3));
        let by_code =
            rows().bulk_update([row("u5", 4)], |_| ["age"]).matching_on(|_| ["code"]).await.unwrap();
        assert_eq!(by_code.matched, 1);
    });
}

#[test_on(all)]
fn e09_what_was_told_is_not_told_again_after_a_conflict(kind: Kind) {
    on_database(kind, async |db| {
        let [goods, ..] = fill(&db, 30).await;
        let rows = || QuerySet::<Record>::of(&goods, &db);
        let conflict = || Error::new(ErrorKind::Conflict, "this conflict is part of the test");
        for hears in [false, true] {
            if hears {
                db.signals().of_every_model().post_save().connect(async |_, _| Ok(()));
            }
            let batch = || [good(&goods, 1, "new", 1), good(&goods, 2, "new", 2), good(&goods, 900, "y", 2)];
            let calls = Arc::new(AtomicU32::new(0));
            let called = calls.clone();
            let error = rows()
                .bulk_update(batch(), |_| ["name"])
                .each_change(move |_| {
                    called.fetch_add(1, Ordering::SeqCst);
                    Err(conflict())
                })
                .await
                .unwrap_err();
            assert_eq!((error.kind(), calls.swap(0, Ordering::SeqCst)), (ErrorKind::Conflict, 1));
            let called = calls.clone();
            let error = rows()
                .bulk_update(batch(), |_| ["name"])
                .each_missing(move |_| {
                    called.fetch_add(1, Ordering::SeqCst);
                    Err(conflict())
                })
                .await
                .unwrap_err();
            assert_eq!((error.kind(), calls.swap(0, Ordering::SeqCst)), (ErrorKind::Conflict, 1));
            assert_eq!(rows().filter_by(Q::named("name", "new")).count().await.unwrap(), 0);
        }
    });
}

#[test_on(postgres)]
fn e09_a_conflict_before_anything_was_told_is_tried_again(kind: Kind) {
    on_database(kind, async |db| {
        let [goods, ..] = fill(&db, 30).await;
        let rows = || QuerySet::<Record>::of(&goods, &db);
        let raises = |name: &str, when: &str| {
            [
                format!("CREATE SEQUENCE {name}_calls"),
                format!(
                    "CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
                     IF nextval('{name}_calls') = 1 THEN RAISE 'a conflict' USING ERRCODE = '40001'; END IF; RETURN NEW; END $$"
                ),
                format!("CREATE {when} ON {} FOR EACH ROW EXECUTE FUNCTION {name}()", goods.table),
            ]
        };
        let batch = || [good(&goods, 1, "new", 1), good(&goods, 2, "new", 2)];
        let update = async || {
            let told = Told::default();
            let done = rows().bulk_update(batch(), |_| ["name"]).each_change(told.note_change()).await;
            let changes = told.changes.lock().unwrap().len();
            (done, changes)
        };
        for sql in raises("early", "TRIGGER early BEFORE UPDATE") {
            db.execute_raw(&sql, []).await.unwrap();
        }
        let (done, changes) = update().await;
        assert_eq!((done.unwrap().changed, changes), (2, 2));
        // At the commit everything has been reported.
        for sql in raises("late", "CONSTRAINT TRIGGER late AFTER UPDATE") {
            let sql = sql.replace("FOR EACH ROW", "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW");
            db.execute_raw(&sql, []).await.unwrap();
        }
        let (done, changes) = update().await;
        assert_eq!((done.unwrap_err().kind(), changes), (ErrorKind::Conflict, 2));
        let (done, changes) = update().await;
        assert_eq!((done.unwrap().changed, changes), (2, 2));
    });
}
