//! Models that extend others: three deep, with two parents, and a proxy.

use enmasse::expr::Expr;
use enmasse::prelude::*;
use enmasse::schema::ModelRef;
use serde_json::json;

use crate::models::{BookCafe, Cafe, Note, Pizzeria, Place, Restaurant, Shop, StarredNote};
use crate::project::Project;
use crate::rows::{Row, Rows, assert_same, read, read_of, rows, rows_of, shown};

fn models() -> Result<[ModelRef; 8]> {
    Ok([
        Place::model()?,
        Restaurant::model()?,
        Pizzeria::model()?,
        Shop::model()?,
        Cafe::model()?,
        BookCafe::model()?,
        Note::model()?,
        StarredNote::model()?,
    ])
}

pub async fn check(db: &Database, project: &Project) {
    let models = models().unwrap();
    assert_all(db, project, &models, "reading").await;
    update_of_three_tables(db, project, &models[..3]).await;
    bulk_update_of_three_tables(db, project, &models[..3]).await;
    create_save_and_delete(db, project, &models[..3]).await;
    typed(db, project, &models[2..3]).await;
    two_parents(db, project, &models[3..6]).await;
    proxy(db, project, &models[6..]).await;
    assert_all(db, project, &models, "all that was written").await;
}

/// Both see the same rows in every model.
async fn assert_all(db: &Database, project: &Project, models: &[ModelRef], place: &str) {
    for (model, expected) in models.iter().zip(dump(project, models)) {
        let found = read_of::<Record>(db, model).await;
        assert_same(&rows_of(model, &found), &expected, &format!("{place} {}", model.name));
    }
}

fn dump(project: &Project, models: &[ModelRef]) -> Vec<Rows> {
    let labels: Vec<String> = models.iter().map(|model| format!("shop.{}", model.name)).collect();
    project.dump(&labels.iter().map(String::as_str).collect::<Vec<_>>())
}

fn objects(model: &ModelRef, db: &Database) -> QuerySet<Record> {
    QuerySet::of(model, db)
}

fn record(model: &ModelRef, values: &[(&str, Value)]) -> Record {
    let mut record = Record::new(model);
    values.iter().for_each(|(name, value)| record.set(name, value.clone()).unwrap());
    record
}

/// What is expected of Django's rows after writes.
struct Expected<'a> {
    models: &'a [ModelRef],
    rows: Vec<Rows>,
    began: serde_json::Value,
}

impl<'a> Expected<'a> {
    fn new(project: &Project, models: &'a [ModelRef]) -> Self {
        Expected { models, rows: dump(project, models), began: shown(Utc::now().into()) }
    }

    /// Changes what each model has of the fields, in the row with this key.
    fn change(&mut self, key: &str, id: &serde_json::Value, changes: serde_json::Value) {
        for row in self.rows.iter_mut().flatten().filter(|row| row.get(key) == Some(id)) {
            for (name, value) in changes.as_object().expect("fields") {
                row.entry(name.as_str()).and_modify(|old| *old = value.clone());
            }
        }
    }

    fn change_time(&mut self, found: &[Rows], id: &serde_json::Value) {
        let place = found[0].iter().find(|row| row["id"] == *id).expect("its place");
        assert!(place["updated"].as_str() >= self.began.as_str(), "{place:?}");
        self.change("id", id, json!({"updated": place["updated"]}));
    }

    fn assert(&self, found: &[Rows], what: &str) {
        for ((model, found), expected) in self.models.iter().zip(found).zip(&self.rows) {
            assert_same(found, expected, &format!("{what}: {}", model.name));
        }
    }
}

/// Fields of every table, one that the filter reads, and one computed from two tables.
async fn update_of_three_tables(db: &Database, project: &Project, models: &[ModelRef]) {
    let [_, _, pizzeria] = models else { panic!("three models") };
    let mut expected = Expected::new(project, models);
    let changes = [
        ("rating", Value::from(0).into()),
        ("serves_wine", Value::from(true).into()),
        ("seats", Expr::from(F("seats") + F("rating"))),
        ("oven", Value::Null.into()),
        ("best_price", Value::from("9.9").into()),
    ];
    let some = objects(pizzeria, db).filter_by(Q::named("rating__gte", 3));
    let n = some.update_by(changes).await.unwrap();
    let changed: Vec<Row> =
        expected.rows[2].iter().filter(|row| row["rating"].as_i64() >= Some(3)).cloned().collect();
    assert_eq!((n, changed.len()), (3, 3));
    let found = dump(project, models);
    for row in &changed {
        let seats = row["seats"].as_i64().unwrap() + row["rating"].as_i64().unwrap();
        let changes =
            json!({"rating": 0, "serves_wine": true, "seats": seats, "oven": null, "best_price": "9.9"});
        expected.change("id", &row["id"], changes);
        expected.change_time(&found, &row["id"]);
    }
    expected.assert(&found, "update");
}

/// Each row has individual values; a restaurant that is not a pizzeria is missing.
async fn bulk_update_of_three_tables(db: &Database, project: &Project, models: &[ModelRef]) {
    let [_, restaurant, pizzeria] = models else { panic!("three models") };
    let mut expected = Expected::new(project, models);
    let mut pizzerias = read_of::<Record>(db, pizzeria).await;
    for (number, record) in pizzerias.iter_mut().enumerate() {
        record.set("name", format!("Pizza ☃ '{number}'")).unwrap();
        record.set("seats", number as i64).unwrap();
        record.set("oven", if number % 2 == 0 { Value::Null } else { "\\N".into() }).unwrap();
    }
    let id = read_of::<Record>(db, restaurant).await[0].get("id").unwrap().clone();
    let mut stranger = pizzerias[0].clone();
    for key in ["id", "place_ptr", "restaurant_ptr"] {
        stranger.set(key, id.clone()).unwrap();
    }
    let written = pizzerias.iter().chain([&stranger]);
    let report = objects(pizzeria, db).bulk_update(written, |_| ["name", "seats", "oven"]).await.unwrap();
    assert_eq!((report.matched, report.missing), (5, vec![vec![id]]));
    let found = dump(project, models);
    for row in rows_of(pizzeria, &pizzerias) {
        let changes = json!({"name": row["name"], "seats": row["seats"], "oven": row["oven"]});
        expected.change("id", &row["id"], changes);
        expected.change_time(&found, &row["id"]);
    }
    expected.assert(&found, "bulk_update");
}

/// New rows in every table, a place that becomes a restaurant, a row less in every table.
async fn create_save_and_delete(db: &Database, project: &Project, models: &[ModelRef]) {
    let [place, restaurant, pizzeria] = models else { panic!("three models") };
    let all = || objects(pizzeria, db);
    let mut expected = Expected::new(project, models);
    let new = |name: &str| {
        let (wine, price) = (Value::from(true), Value::from("0.01"));
        record(
            pizzeria,
            &[
                ("name", name.into()),
                ("rating", 9.into()),
                ("serves_wine", wine),
                ("seats", 1.into()),
                ("best_price", price),
            ],
        )
    };
    let mut made = all().bulk_create([new("new 1"), new("new 2")]).await.unwrap();
    made.push(all().create(new("new 3")).await.unwrap());
    made[0].set("oven", "saved").unwrap();
    made[0].set("rating", -9).unwrap();
    assert!(!all().save(&mut made[0]).await.unwrap().created);
    let park = objects(place, db).filter_by(Q::named("name", "Park")).get().await.unwrap();
    let mut grown = record(restaurant, &[("serves_wine", false.into()), ("seats", 0.into())]);
    for field in &place.fields {
        grown.set(&field.name, park.get(&field.name).unwrap().clone()).unwrap();
    }
    assert!(objects(restaurant, db).save(&mut grown).await.unwrap().created);
    let gone = expected.rows[2][0]["id"].clone();
    let first = all().filter_by(Q::named("pk", gone.as_i64().unwrap()));
    assert_eq!(first.delete().await.unwrap(), 1);

    expected.rows.iter_mut().for_each(|rows| rows.retain(|row| row["id"] != gone));
    let grown = rows_of(restaurant, &[grown]).remove(0);
    expected.change("id", &grown["id"], serde_json::Value::Object(grown.clone()));
    expected.rows[1].insert(0, grown);
    let made = rows_of(pizzeria, &made);
    for (model, rows) in models.iter().zip(&mut expected.rows) {
        let names: Vec<_> = rows[0].keys().cloned().collect();
        let part = |row: &Row| names.iter().map(|name| (name.clone(), row[name].clone())).collect();
        rows.extend(made.iter().map(part));
        rows.sort_by_key(|row| row["id"].as_i64());
        assert!(rows.len() > 5, "{}", model.name);
    }
    expected.assert(&dump(project, models), "create, save and delete");
}

/// Every field in the object and in the closure, whichever table it is in.
async fn typed(db: &Database, project: &Project, models: &[ModelRef]) {
    let mut pizzerias = read::<Pizzeria>(db).await;
    let mut expected = Expected::new(project, models);
    assert_same(&rows(&pizzerias), &expected.rows[0], "reading");
    for (number, pizzeria) in pizzerias.iter_mut().enumerate() {
        pizzeria.name = format!("Typed {number}");
        pizzeria.seats = number as i32;
        pizzeria.oven = Some("☃".into());
    }
    let report = Pizzeria::objects(db).bulk_update(&pizzerias, |p| (p.name, p.seats, p.oven)).await.unwrap();
    assert_eq!(report.matched, pizzerias.len() as u64);
    let n = Pizzeria::objects(db)
        .filter(q!(name = "Typed 1", seats__lt = 2))
        .update(|p| (p.rating.set(p.seats + 76), p.best_price.increment(1)))
        .await
        .unwrap();
    assert_eq!(n, 1);
    pizzerias[1].rating = 77;
    pizzerias[1].best_price += Decimal::ONE;
    expected.rows = vec![rows(&pizzerias)];
    let found = dump(project, models);
    for row in &found[0] {
        expected.change_time(&found, &row["id"]);
    }
    expected.assert(&found, "typed");
}

async fn two_parents(db: &Database, project: &Project, models: &[ModelRef]) {
    let [_, _, book_cafe] = models else { panic!("three models") };
    let all = || objects(book_cafe, db);

    let mut expected = Expected::new(project, models);
    let n = all()
        .filter_by(Q::named("title", "☃"))
        .update_by([("title", Value::from("é")), ("cups", 5.into()), ("books", Value::from(-2))])
        .await
        .unwrap();
    assert_eq!(n, 3);
    let changed: Vec<Row> = expected.rows[2].iter().filter(|row| row["title"] == "☃").cloned().collect();
    for row in changed {
        expected.change("shop_id", &row["shop_id"], json!({"title": "é", "books": -2}));
        expected.change("cafe_id", &row["cafe_id"], json!({"cups": 5}));
    }
    expected.assert(&dump(project, models), "update");

    let mut expected = Expected::new(project, models);
    let mut records = read_of::<Record>(db, book_cafe).await;
    for (number, record) in records.iter_mut().enumerate() {
        record.set("title", format!("☃ {number}")).unwrap();
        record.set("cups", 100 + number as i64).unwrap();
        record.set("books", 200 + number as i64).unwrap();
    }
    let report = all().bulk_update(&records, |_| ["title", "cups", "books"]).await.unwrap();
    assert_eq!(report.matched, 5);
    for row in rows_of(book_cafe, &records) {
        expected.change("shop_id", &row["shop_id"], json!({"title": row["title"], "books": row["books"]}));
        expected.change("cafe_id", &row["cafe_id"], json!({"cups": row["cups"]}));
    }
    expected.assert(&dump(project, models), "bulk_update");

    let new = record(book_cafe, &[("title", "new".into()), ("cups", 1.into()), ("books", 2.into())]);
    let made = rows_of(book_cafe, &all().bulk_create([new]).await.unwrap());
    let found = dump(project, models);
    assert_eq!(found[2].last(), made.last());
}

/// It updates the rows of its own manager, in the table of its model.
async fn proxy(db: &Database, project: &Project, models: &[ModelRef]) {
    let [_, starred] = models else { panic!("two models") };
    let before = dump(project, models);
    let n = objects(starred, db).filter_by(Q::named("stars__gt", 0)).update_by([("stars", 7)]).await.unwrap();
    let found = dump(project, models);
    assert_same(&found[0], &found[1], "the proxy");
    let mut changed = 0;
    for (found, before) in found[0].iter().zip(&before[0]) {
        let is_starred = before["stars"].as_i64() > Some(0);
        assert_eq!(found["stars"], if is_starred { json!(7) } else { before["stars"].clone() });
        assert_eq!(found["updated"] != before["updated"], is_starred);
        changed += u64::from(is_starred);
    }
    assert_eq!(n, changed);
}
