//! Models that extend others, as the catalogue finds them.

use enmasse::expr::Expr;
use enmasse::prelude::*;
use serde_json::json;

use crate::project::Project;
use crate::rows::{Rows, assert_same, read_of, set};

/// A parent before its children: the rows of a child have the parents' values too.
const PLACES: [&str; 3] = ["shop.Place", "shop.Restaurant", "shop.Pizzeria"];
const SHOPS: [&str; 3] = ["shop.Shop", "shop.Cafe", "shop.BookCafe"];

pub async fn check(db: &Database, project: &Project) {
    let catalogue = db.inspect().await.unwrap();
    let all = |table: &str| QuerySet::<Record>::of(&catalogue.model(table).unwrap(), db);

    let mut expected = project.dump(&PLACES);
    let changes = [("oven", Value::from("new").into()), ("rating", Expr::from(F("rating") + 10))];
    let n = all("shop_pizzeria").filter_by(Q::named("rating__gte", 3)).update_by(changes).await.unwrap();
    assert_eq!(n, 3);
    let mut restaurants = read_of::<Record>(db, &catalogue.model("shop_restaurant").unwrap()).await;
    for restaurant in &mut restaurants {
        let Value::Int(seats) = restaurant.get("seats").unwrap() else { panic!("seats") };
        restaurant.set("seats", seats * 2 + 1).unwrap();
    }
    let report = all("shop_restaurant").bulk_update(&restaurants, |_| "seats").await.unwrap();
    assert_eq!(report.matched, 8);
    let new = ["Pizzeria 3", "Pizzeria 4", "Pizzeria 5"];
    for row in expected.iter_mut().flatten() {
        if row["name"].as_str().is_some_and(|name| new.contains(&name)) {
            row["rating"] = json!(row["rating"].as_i64().unwrap() + 10);
            row.entry("oven").and_modify(|oven| *oven = json!("new"));
        }
        row.entry("seats").and_modify(|seats| *seats = json!(seats.as_i64().unwrap() * 2 + 1));
    }
    assert_all(&project.dump(&PLACES), &expected, PLACES);

    // with two parents
    let mut expected = project.dump(&SHOPS);
    let changes = [("books", Value::from(-1)), ("title", "☃".into()), ("cups", 0.into())];
    let some = Q::named("cups__gt", 4) & Q::named("shop_ptr__title__contains", "é");
    assert_eq!(all("shop_bookcafe").filter_by(some).update_by(changes).await.unwrap(), 3);
    let [shops, cafes, book_cafes] = &mut expected[..] else { panic!("the rows of each model") };
    for row in &mut book_cafes[2..] {
        row["books"] = json!(-1);
        row["title"] = json!("☃");
        row["cups"] = json!(0);
        set(shops, |shop| shop["shop_id"] == row["shop_id"], json!({"title": "☃"}));
        set(cafes, |cafe| cafe["cafe_id"] == row["cafe_id"], json!({"cups": 0}));
    }
    assert_all(&project.dump(&SHOPS), &expected, SHOPS);
}

fn assert_all(found: &[Rows], expected: &[Rows], models: [&str; 3]) {
    for ((found, expected), model) in found.iter().zip(expected).zip(models) {
        assert_same(found, expected, model);
    }
}
