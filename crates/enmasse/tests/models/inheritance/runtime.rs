//! With models that are known only at run time: three deep, and one with two parents.

use enmasse::expr::Expr;
use enmasse::prelude::*;
use enmasse::schema::{Auto, Field, ForeignKey, Model, ModelRef, Schema};
use enmasse_testing::{Kind, on_database, test_on};

fn text(max_length: u32) -> DataType {
    DataType::Text { max_length: Some(max_length) }
}

/// Place <- Restaurant <- Pizzeria, Deli of a Place and a Shop, and visits of places.
pub fn models() -> [ModelRef; 6] {
    let place = Model::new("Place", "place")
        .add(Field::new("id", DataType::BigInt).primary_key().identity())
        .add(Field::new("name", text(20)))
        .add(Field::new("address", text(40)).unique())
        .add(Field::new("rating", DataType::Integer))
        .add(Field::new("updated", DataType::DateTime).auto(Auto::OnWrite));
    let restaurant = Model::new("Restaurant", "restaurant")
        .extends("Place")
        .add(Field::new("stars", DataType::Integer))
        .add(Field::new("open", DataType::Bool));
    let pizzeria =
        Model::new("Pizzeria", "pizzeria").extends("Restaurant").add(Field::new("ovens", DataType::Integer));
    let shop = Model::new("Shop", "shop")
        .add(Field::new("number", DataType::BigInt).primary_key().identity())
        .add(Field::new("owner", text(20)))
        .add(Field::new("level", DataType::Integer));
    let deli = Model::new("Deli", "deli")
        .extends("Place")
        .extends("Shop")
        .add(Field::new("cheeses", DataType::Integer));
    let of = ForeignKey { model: "Place".into(), to_field: None, related_name: Some("visits".into()) };
    let visit = Model::new("Visit", "visit")
        .add(Field::new("id", DataType::BigInt).primary_key().identity())
        .add(Field::new("place", DataType::BigInt).references(of))
        .add(Field::new("guests", DataType::Integer));
    let schema = Schema::new(vec![pizzeria, deli, place, shop, restaurant, visit]).unwrap();
    ["Place", "Restaurant", "Pizzeria", "Shop", "Deli", "Visit"].map(|label| schema.model(label).unwrap())
}

fn rows(model: &ModelRef, db: &impl enmasse::Handle) -> QuerySet<Record> {
    QuerySet::of(model, db)
}

fn record(model: &ModelRef, values: &[(&str, Value)]) -> Record {
    let mut record = Record::new(model);
    values.iter().for_each(|(name, value)| record.set(name, value.clone()).unwrap());
    record
}

fn pizzerias(model: &ModelRef, count: i64) -> Vec<Record> {
    let one = |n: i64| {
        record(
            model,
            &[
                ("name", format!("P{n}").into()),
                ("address", format!("Street {n}").into()),
                ("rating", n.into()),
                ("stars", (n % 3).into()),
                ("open", true.into()),
                ("ovens", 1.into()),
            ],
        )
    };
    (1..=count).map(one).collect()
}

fn delis(model: &ModelRef, count: i64) -> Vec<Record> {
    let one = |n: i64| {
        record(
            model,
            &[
                ("name", format!("D{n}").into()),
                ("address", format!("Road {n}").into()),
                ("rating", n.into()),
                ("owner", format!("O{n}").into()),
                ("level", (10 * n).into()),
                ("cheeses", 3.into()),
            ],
        )
    };
    (1..=count).map(one).collect()
}

/// These fields of all rows, in the order of the keys.
async fn values(rows: QuerySet<Record>, fields: &[&str]) -> Vec<Vec<Value>> {
    rows.order_by_names(["pk"]).values_by(fields.iter().copied()).await.unwrap()
}

fn ints(rows: &[Vec<Value>]) -> Vec<Vec<i64>> {
    let number = |value: &Value| match value {
        Value::Int(number) => *number,
        other => panic!("{other:?}"),
    };
    rows.iter().map(|row| row.iter().map(number).collect()).collect()
}

#[test_on(all)]
fn rows_are_created_read_saved_and_deleted_in_all_tables(kind: Kind) {
    on_database(kind, async |db| {
        let models = models();
        db.create_tables(models.clone()).await.unwrap();
        let [place, restaurant, pizzeria, ..] = &models;
        let made = rows(pizzeria, &db).bulk_create(pizzerias(pizzeria, 3)).await.unwrap();
        assert_eq!(made[2].get("id").unwrap(), &Value::Int(3));
        assert_eq!(made[2].get("pk").unwrap(), &Value::Int(3));
        let read = rows(pizzeria, &db).order_by_names(["-rating"]).fetch().await.unwrap();
        assert_eq!(read.iter().rev().cloned().collect::<Vec<_>>(), made);
        assert_eq!(rows(restaurant, &db).count().await.unwrap(), 3);

        // filters on inherited fields, transforms, relations of a parent
        let found = rows(pizzeria, &db).filter_by(Q::named("name__in", vec!["P1", "P3"]));
        assert_eq!(found.filter_by(Q::named("id__gt", 1)).count().await.unwrap(), 1);
        assert_eq!(
            rows(place, &db).filter_by(Q::named("restaurant__pizzeria__ovens", 1)).count().await.unwrap(),
            3
        );

        // a save writes all parts; a row of a parent becomes one of a child
        let mut changed = made[0].clone();
        changed.set("name", "Q1").unwrap();
        changed.set("ovens", 7).unwrap();
        assert!(!rows(pizzeria, &db).save(&mut changed).await.unwrap().created);
        assert_eq!(
            values(rows(pizzeria, &db), &["name", "ovens"]).await[0],
            [Value::from("Q1"), Value::Int(7)]
        );
        let plain = rows(place, &db)
            .create(record(place, &[("name", "X".into()), ("address", "A".into()), ("rating", 1.into())]))
            .await
            .unwrap();
        let mut grown = record(
            restaurant,
            &[
                ("id", plain.get("id").unwrap().clone()),
                ("name", "Y".into()),
                ("address", "A".into()),
                ("rating", 2.into()),
                ("stars", 3.into()),
                ("open", false.into()),
            ],
        );
        assert!(rows(restaurant, &db).save(&mut grown).await.unwrap().created);
        assert_eq!(rows(place, &db).count().await.unwrap(), 4);
        assert_eq!(rows(place, &db).filter_by(Q::named("name", "Y")).count().await.unwrap(), 1);

        assert_eq!(rows(pizzeria, &db).filter_by(Q::named("rating__gte", 2)).delete().await.unwrap(), 2);
        assert_eq!(rows(place, &db).count().await.unwrap(), 2);
        assert_eq!(rows(restaurant, &db).count().await.unwrap(), 2);
    });
}

#[test_on(all)]
fn an_update_writes_each_field_to_the_table_that_has_it(kind: Kind) {
    on_database(kind, async |db| {
        let models = models();
        db.create_tables(models.clone()).await.unwrap();
        let [place, restaurant, pizzeria, .., visit] = &models;
        rows(pizzeria, &db).bulk_create(pizzerias(pizzeria, 5)).await.unwrap();
        rows(visit, &db).create_by([("place", 2), ("guests", 4)]).await.unwrap();
        rows(visit, &db).create_by([("place", 2), ("guests", 5)]).await.unwrap();
        let all = || rows(pizzeria, &db);

        // three tables at once, by a filter on a field that is set; the time of the write too
        let before = values(all(), &["updated"]).await;
        let some = all().filter_by(Q::named("rating__lte", 2));
        let n = some.update_by([("rating", 100), ("stars", 5), ("ovens", 9)]).await.unwrap();
        assert_eq!(n, 2);
        let after = values(all(), &["rating", "stars", "ovens"]).await;
        assert_eq!(ints(&after), [[100, 5, 9], [100, 5, 9], [3, 0, 1], [4, 1, 1], [5, 2, 1]]);
        let updated = values(all(), &["updated"]).await;
        assert!(updated[0] != before[0] && updated[2] == before[2]);

        // expressions over the tables of the chain, each from the row as it was
        let swapped = [("rating", Expr::field("ovens")), ("ovens", Expr::field("rating"))];
        assert_eq!(all().update_by(swapped).await.unwrap(), 5);
        let after = values(all(), &["rating", "ovens"]).await;
        assert_eq!(ints(&after), [[9, 100], [9, 100], [1, 3], [1, 4], [1, 5]]);
        assert_eq!(all().update_by([("ovens", Expr::field("stars"))]).await.unwrap(), 5);
        assert_eq!(ints(&values(all(), &["ovens"]).await), [[5], [5], [0], [1], [2]]);

        // a filter over a relation with many rows; a parent's field only; from the middle of the chain
        let visited = all().filter_by(Q::named("visits__guests__gt", 3));
        assert_eq!(visited.update_by([("rating", 50), ("ovens", 50)]).await.unwrap(), 1);
        assert_eq!(
            all().exclude_by(Q::named("visits__guests__gt", 3)).update_by([("rating", 7)]).await.unwrap(),
            4
        );
        assert_eq!(
            rows(restaurant, &db)
                .filter_by(Q::named("pizzeria__ovens", 50))
                .update_by([("stars", 1)])
                .await
                .unwrap(),
            1
        );
        assert_eq!(ints(&values(rows(place, &db), &["rating"]).await), [[7], [50], [7], [7], [7]]);
        assert_eq!(all().none().update_by([("rating", 1)]).await.unwrap(), 0);
    });
}

#[test_on(all)]
fn a_failure_in_one_table_leaves_all_as_they_were(kind: Kind) {
    on_database(kind, async |db| {
        let models = models();
        db.create_tables(models.clone()).await.unwrap();
        let pizzeria = &models[2];
        let made = rows(pizzeria, &db).bulk_create(pizzerias(pizzeria, 3)).await.unwrap();
        let before = values(rows(pizzeria, &db), &["address", "ovens", "stars"]).await;
        let error = rows(pizzeria, &db)
            .update_by([("ovens", Value::Int(8)), ("stars", Value::Int(8)), ("address", "Street 3".into())])
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Integrity);
        assert_eq!(values(rows(pizzeria, &db), &["address", "ovens", "stars"]).await, before);

        let mut changed = made.clone();
        changed[0].set("ovens", 5).unwrap();
        changed[0].set("address", "Street 2").unwrap();
        let error = rows(pizzeria, &db).bulk_update(&changed, |_| ["ovens", "address"]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Integrity);
        assert_eq!(values(rows(pizzeria, &db), &["address", "ovens", "stars"]).await, before);

        let twice = [made[0].clone(), record(pizzeria, &[("address", "Street 2".into())])];
        let mut twice = twice.to_vec();
        twice[0] = record(
            pizzeria,
            &[
                ("name", "N".into()),
                ("address", "New".into()),
                ("rating", 1.into()),
                ("stars", 1.into()),
                ("open", true.into()),
                ("ovens", 1.into()),
            ],
        );
        twice[1] = twice[0].clone();
        let error = rows(pizzeria, &db).bulk_create(twice).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Integrity);
        assert_eq!(rows(&models[0], &db).count().await.unwrap(), 3);
    });
}

#[test_on(all)]
fn rows_of_values_of_their_own_are_written_to_all_tables(kind: Kind) {
    on_database(kind, async |db| {
        let models = models();
        db.create_tables(models.clone()).await.unwrap();
        let [place, _, pizzeria, ..] = &models;
        let made = rows(pizzeria, &db).bulk_create(pizzerias(pizzeria, 40)).await.unwrap();
        rows(place, &db)
            .create(record(place, &[("name", "X".into()), ("address", "A".into()), ("rating", 1.into())]))
            .await
            .unwrap();
        let all = || rows(pizzeria, &db);
        let mut changed = made.clone();
        for (n, row) in changed.iter_mut().enumerate() {
            row.set("rating", 1_000 + n as i64).unwrap();
            row.set("ovens", n as i64).unwrap();
        }
        // A place that is not a pizzeria is missing, and stays unchanged.
        let mut stranger = changed[0].clone();
        stranger.set("id", 41).unwrap();
        changed.push(stranger);
        let report = all().bulk_update(&changed, |_| ["rating", "ovens"]).await.unwrap();
        assert_eq!((report.matched, report.missing), (40, vec![vec![Value::Int(41)]]));
        let expected: Vec<_> = (0..40).map(|n| vec![1_000 + n, n]).collect();
        assert_eq!(ints(&values(all(), &["rating", "ovens"]).await), expected);
        assert_eq!(rows(place, &db).filter_by(Q::named("rating", 1)).count().await.unwrap(), 1);

        // with a filter, computed over both tables, only what differs, what comes back
        let some = all().filter_by(Q::named("rating__lt", 1_010));
        let report = some.bulk_update(&made, |_| ["rating"]).await.unwrap();
        assert_eq!((report.matched, report.missing.len()), (10, 30));
        let changes = all()
            .bulk_update(&made, |_| ["stars"])
            .set(|old, new| old.col("ovens").set(new.col("rating") + old.col("rating")))
            .skip_unchanged()
            .returning_old()
            .await
            .unwrap();
        assert_eq!((changes.report.matched, changes.rows.len()), (40, 40));
        assert_eq!(changes.rows[10].old.get("ovens").unwrap(), &Value::Int(10));
        assert_eq!(changes.rows[10].new.get("ovens").unwrap(), &Value::Int(1_021));
        let report = all().bulk_update(&made, |_| ["rating", "stars"]).skip_unchanged().await.unwrap();
        assert_eq!((report.matched, report.changed), (40, 30));
        let report =
            all().bulk_update(&made, |_| ["ovens", "rating"]).matching_on(|_| ["address"]).await.unwrap();
        assert_eq!((report.matched, report.missing.len()), (40, 0));
        assert_eq!(all().filter_by(Q::named("ovens", 1)).count().await.unwrap(), 40);
        let mut strangers = made.clone();
        for (number, stranger) in strangers.iter_mut().enumerate().skip(1) {
            stranger.set("address", format!("nowhere {number:02}")).unwrap();
        }
        let report = all().bulk_update(&strangers, |_| ["ovens"]).matching_on(|_| ["address"]).await.unwrap();
        assert_eq!((report.matched, report.missing.len()), (1, 39));
        assert!(report.missing.contains(&vec![Value::Text("nowhere 39".into())]), "{:?}", report.missing);

        // what is part of a key is refused, an inherited one too
        for name in ["id", "pk", "restaurant_ptr", "place_ptr"] {
            let error = all().bulk_update(&made, |_| [name]).await.unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::Field | ErrorKind::UnknownField), "{name}: {error}");
        }
        let error = all().bulk_update([made[0].clone(), made[0].clone()], |_| ["rating"]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::DuplicateKey);
    });
}

#[test_on(all)]
fn a_second_parent_has_keys_of_its_own(kind: Kind) {
    on_database(kind, async |db| {
        let models = models();
        db.create_tables(models.clone()).await.unwrap();
        let [place, _, _, shop, deli, _] = &models;
        // so that the keys of the two parents differ
        for n in 0..7 {
            let owner = format!("S{n}");
            rows(shop, &db)
                .create(record(shop, &[("owner", owner.into()), ("level", 0.into())]))
                .await
                .unwrap();
        }
        let made = rows(deli, &db).bulk_create(delis(deli, 5)).await.unwrap();
        assert_eq!(
            (made[0].get("id").unwrap(), made[0].get("number").unwrap()),
            (&Value::Int(1), &Value::Int(8))
        );
        let all = || rows(deli, &db);
        let n = all()
            .filter_by(Q::named("level__gte", 30))
            .update_by([("level", 1), ("cheeses", 9)])
            .await
            .unwrap();
        assert_eq!(n, 3);
        let mixed = [("level", Expr::from(F("level") + F("rating"))), ("rating", Expr::field("level"))];
        assert_eq!(all().update_by(mixed).await.unwrap(), 5);
        let after = values(all(), &["rating", "level", "cheeses"]).await;
        assert_eq!(ints(&after), [[10, 11, 3], [20, 22, 3], [1, 4, 9], [1, 5, 9], [1, 6, 9]]);
        assert_eq!(rows(shop, &db).filter_by(Q::named("level", 0)).count().await.unwrap(), 7);

        let report = all().bulk_update(&made, |_| ["level", "rating", "name"]).await.unwrap();
        assert_eq!(report.matched, 5);
        let after = values(all(), &["rating", "level"]).await;
        assert_eq!(ints(&after), [[1, 10], [2, 20], [3, 30], [4, 40], [5, 50]]);
        let shown = all().update_by([("level", 3)]).returning_old().await.unwrap();
        assert_eq!(shown[1].old.get("level").unwrap(), &Value::Int(20));
        assert_eq!(shown[1].new.get("level").unwrap(), &Value::Int(3));
        assert_eq!(all().filter_by(Q::named("owner", "O2")).delete().await.unwrap(), 1);
        assert_eq!(rows(shop, &db).count().await.unwrap(), 11);
        assert_eq!(rows(place, &db).count().await.unwrap(), 4);
    });
}

#[test_on(all)]
fn a_row_that_leaves_the_filter_meanwhile_is_not_written(kind: Kind) {
    on_database(kind, async |db| {
        let models = models();
        db.create_tables(models.clone()).await.unwrap();
        let pizzeria = &models[2];
        rows(pizzeria, &db).bulk_create(pizzerias(pizzeria, 3)).await.unwrap();
        // the filter reads one table, and the other is written; a sum of both
        let waiting = db
            .transaction(async |tx| {
                let first = rows(pizzeria, &tx).filter_by(Q::named("id", 1));
                first.update_by([("ovens", 2), ("rating", 50)]).await?;
                let rest = rows(pizzeria, &db).filter_by(Q::named("ovens", 1));
                let left = tokio::spawn(async move { rest.update_by([("rating", 9)]).await });
                let summed = rows(pizzeria, &db).filter_by(Q::named("id", 1));
                let sum = [("rating", Expr::from(F("rating") + F("ovens")))];
                let summed = tokio::spawn(async move { summed.update_by(sum).await });
                tokio::time::sleep(std::time::Duration::from_millis(300)).await;
                Ok((left, summed))
            })
            .await
            .unwrap();
        assert_eq!(waiting.0.await.unwrap().unwrap(), 2);
        assert_eq!(waiting.1.await.unwrap().unwrap(), 1);
        let after = ints(&values(rows(pizzeria, &db), &["rating", "ovens"]).await);
        assert_eq!(after, [[52, 2], [9, 1], [9, 1]]);
    });
}

#[test_on(all)]
fn a_trigger_may_write_another_table_of_the_chain(kind: Kind) {
    on_database(kind, async |db| {
        let models = models();
        db.create_tables(models.clone()).await.unwrap();
        let pizzeria = &models[2];
        rows(pizzeria, &db).bulk_create(pizzerias(pizzeria, 2)).await.unwrap();
        // elsewhere triggers of the kind are no obstacle
        if Kind::of(&db) == Kind::Postgres {
            for sql in [
                "CREATE FUNCTION rate() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
                 UPDATE place SET name = 'T' WHERE id = NEW.restaurant_ptr_id; RETURN NEW; END $$",
                "CREATE TRIGGER rate BEFORE UPDATE ON pizzeria FOR EACH ROW EXECUTE FUNCTION rate()",
            ] {
                db.execute_raw(sql, []).await.unwrap();
            }
        }
        let update = rows(pizzeria, &db).update_by([("ovens", 5), ("rating", 6)]);
        assert_eq!(update.await.unwrap(), 2);
        let after = ints(&values(rows(pizzeria, &db), &["ovens", "rating"]).await);
        assert_eq!(after, [[5, 6], [5, 6]]);
    });
}

#[test_on(all)]
fn a_key_is_one_in_all_tables(kind: Kind) {
    on_database(kind, async |db| {
        let models = models();
        db.create_tables(models.clone()).await.unwrap();
        let [place, restaurant, ..] = &models;
        let named = [("name", "A".into()), ("address", "B".into()), ("rating", Value::Int(1))];
        let more = [("stars", Value::Int(1)), ("open", true.into())];
        let new = |key: &[(&'static str, i64)]| {
            let keys = key.iter().map(|(name, key)| (*name, Value::Int(*key)));
            rows(restaurant, &db).create_by(keys.chain(named.clone()).chain(more.clone()).collect::<Vec<_>>())
        };
        let made = new(&[("place_ptr", 5)]).await.unwrap();
        assert_eq!(made.get("id").unwrap(), &Value::Int(5));
        assert_eq!(rows(place, &db).filter_by(Q::named("id", 5)).count().await.unwrap(), 1);
        let error = new(&[("place_ptr", 6), ("id", 7)]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Value);
        let error = rows(restaurant, &db).order_by_names(["nonsense"]).update_by([("rating", 1)]).await;
        assert_eq!(error.unwrap_err().kind(), ErrorKind::UnknownField);
    });
}

#[test_on(all)]
fn a_catalogue_finds_the_parents(kind: Kind) {
    on_database(kind, async |db| {
        db.create_tables(models()).await.unwrap();
        let found = db.inspect().await.unwrap();
        let [_, _, _, _, deli, _] = models().map(|model| found.schema.model(&model.table).unwrap());
        let names: Vec<_> = deli.extended().iter().map(|(model, _)| model.name.clone()).collect();
        assert_eq!(names, ["place", "shop"]);
        let mut new = delis(&deli, 3);
        // what sets itself is not in a catalogue
        new.iter_mut().for_each(|deli| deli.set("updated", Utc::now()).unwrap());
        let made = rows(&deli, &db).bulk_create(new).await.unwrap();
        assert_eq!(made[1].get("number").unwrap(), &Value::Int(2));
        let new = [("level", 7), ("rating", 8), ("cheeses", 9)];
        assert_eq!(rows(&deli, &db).filter_by(Q::named("name__gt", "D1")).update_by(new).await.unwrap(), 2);
        let after = values(rows(&deli, &db), &["level", "rating", "cheeses"]).await;
        assert_eq!(ints(&after), [[10, 1, 3], [7, 8, 9], [7, 8, 9]]);
    });
}

#[test_on(all)]
fn fifty_thousand_children_are_updated_at_once(kind: Kind) {
    on_database(kind, async |db| {
        let models = models();
        db.create_tables(models.clone()).await.unwrap();
        let pizzeria = &models[2];
        rows(pizzeria, &db).bulk_create(pizzerias(pizzeria, 50_000)).await.unwrap();
        let keys: Vec<i64> = (1..=50_000).collect();
        let chosen = rows(pizzeria, &db).filter_by(Q::named("id__in", keys));
        assert_eq!(chosen.update_by([("rating", 1), ("ovens", 2)]).await.unwrap(), 50_000);
        let done = rows(pizzeria, &db).filter_by(Q::named("rating", 1)).filter_by(Q::named("ovens", 2));
        assert_eq!(done.count().await.unwrap(), 50_000);
    });
}
